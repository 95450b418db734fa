# SPDX-License-Identifier: MIT
"""What is kept of files: versions, the trash, the way back, and the end of both; and how
much an organisation has stored."""
import json
import re

import people
import pictures
import pytest
import server as servers
import trail
from client import faulty, refused
from people import path as of
from spaces import listed, names, organise, put, show
from test_document import PDF
from test_document import put as put_document
from test_space_change import (at_once, changed, delete, facts, figures, trash,
                               twins, usage, versions)

DAY = 24 * 3600 * 10 ** 6
FULL = "The organisation's space is full"


@pytest.fixture(scope="module")
def home(server):
    return organise(server)


@pytest.fixture(scope="module")
def client(new_user, home):
    return new_user(organisation=home)


@pytest.fixture(scope="module")
def stranger(server, new_user):
    return new_user(organisation=organise(server))


@pytest.fixture
def folder():
    return "t" + people.word(12)


def restore(client, file_id, **query):
    return client.post("/api/files/%s/restore" % file_id, params=query)


def purge(client, file_id, **query):
    return client.post("/api/files/%s/purge" % file_id, params=query)


def put_id(client, path, content):
    return put(client, path, content).headers["X-File-Id"]


def older(server, table, column, days, where):
    """As if it had happened so many days before."""
    server.sql("UPDATE %s SET %s = %s - %d WHERE %s"
               % (table, column, column, days * DAY, where))


def stored(server):
    """What there are bytes of: ids on the disk, keys with their versions in a bucket."""
    return {name if "?" in name else name.rsplit("/", 1)[1] for name in server.stored()}


def bare(server):
    """Rows without bytes, but for those that a test made without any."""
    rows = trail.ask(server, "SELECT object_id, stored_in, object_key, object_version"
                             " FROM object WHERE sha256 <> ''")
    names_of = {"%s?%s" % (row["object_key"], row["object_version"])
                if row["stored_in"] == "s3" else row["object_id"] for row in rows}
    return names_of - stored(server)


# versions


def test_versions(client, folder):
    path = folder + "/x"
    file_id = put_id(client, path, b"one")
    assert client.get("/api/files/%s/versions" % file_id).json() == {
        "file_id": file_id, "path": path, "in_trash": False, "items": [],
        "next_cursor": None}
    before = figures(client)
    for content in (b"two!", b"three"):
        assert put_id(client, path, content) == file_id
    assert changed(client, before) == (0, 2, 2, 7, 0, 0)
    two, one = versions(client, file_id)
    assert (one["size"], two["size"]) == (3, 4)
    assert one["replaced_at"] <= two["replaced_at"] < one["purged_after"]
    assert one["uploaded_by"] == one["replaced_by"] != ""
    assert re.fullmatch("[0-9a-f]{64}", one["sha256"])


def test_pages_of_versions(client, folder):
    file_id = [put_id(client, folder + "/x", b"%d" % n) for n in range(8)][0]
    found, cursor = [], None
    for size in (3, 3, 1):
        query = {"limit": 3, **({"cursor": cursor} if cursor else {})}
        body = client.get("/api/files/%s/versions" % file_id, params=query).json()
        assert len(body["items"]) == size
        found += body["items"]
        cursor = body["next_cursor"]
    assert cursor is None and [i["version_id"] for i in found] == [
        i["version_id"] for i in versions(client, file_id)]
    here = "/api/files/%s/versions" % file_id
    faulty(client.get(here, params={"limit": 0}), "query.limit")
    faulty(client.get(here, params={"limit": 201}), "query.limit")
    faulty(client.get(here, params={"cursor": "' OR 1"}), "query.cursor")


def test_versions_of_one_request(client, folder):
    """Several files of one name: the last is the file, and the one before it the newest
    of its versions."""
    reply = client.post("/files/upload-multiple", params={"folder": folder}, files=[
        ("files", ("x", b"x" * n, "text/plain")) for n in range(1, 9)])
    assert reply.status_code == 200, reply.text
    file_id = facts(client, folder + "/x")["file_id"]
    assert [v["size"] for v in versions(client, file_id)] == [7, 6, 5, 4, 3, 2, 1]


def test_restore_a_version(server, client, folder):
    """It changes places with what is there: nothing is lost, nothing grows."""
    path = folder + "/x"
    file_id = put_id(client, path, b"one")
    put(client, path, b"two two", media="text/csv")
    was, before = facts(client, path), figures(client)
    [version] = versions(client, file_id)
    reply = restore(client, file_id, version=version["version_id"])
    assert reply.json() == {"message": "File restored", "file_id": file_id, "path": path}
    assert show(client, path).content == b"one"
    assert changed(client, before) == (0, -4, 0, 4, 0, 0)
    [other] = versions(client, file_id)
    assert other["size"] == 7 and other["version_id"] != version["version_id"]
    refused(restore(client, file_id, version=version["version_id"]), 404)
    assert restore(client, file_id, version=other["version_id"]).status_code == 200
    now = facts(client, path)
    assert now == was and show(client, path).content == b"two two"
    assert figures(client) == before
    rows = trail.rows(server, file_id, "restore")
    assert [r["details"]["version_id"] for r in rows] == [version["version_id"],
                                                          other["version_id"]]


def test_what_can_not_be_restored(client, folder):
    file_id = put_id(client, folder + "/x", b"one")
    other = put_id(client, folder + "/y", b"one")
    put(client, folder + "/y", b"two")
    [version] = versions(client, other)
    assert "not in the trash" in refused(restore(client, file_id), 409)
    for wrong in (version["version_id"], file_id, "0" * 24):
        assert refused(restore(client, file_id, version=wrong), 404) == \
            "Version not found"
    refused(restore(client, other, version=version["version_id"], path="z"), 400)
    refused(restore(client, "0" * 24), 404)
    refused(restore(client, "x"), 404)
    faulty(restore(client, file_id, version="x"), "query.version")
    assert show(client, folder + "/y").content == b"two"


# trash


def test_restore_from_the_trash(client, folder):
    path = folder + "/a/x"
    file_id = put_id(client, path, b"one")
    put(client, path, b"two")
    before = figures(client)
    delete(client, path)
    refused(client.get("/api/files/" + file_id), 404)
    assert client.get("/api/files/%s/versions" % file_id).json()["in_trash"] is True
    assert restore(client, file_id).json()["path"] == path
    assert show(client, path).content == b"two" and len(versions(client, file_id)) == 1
    assert names(client, folder) == [folder + "/a/"]
    assert figures(client) == before
    refused(restore(client, file_id), 409)


def test_a_path_that_is_taken(client, folder):
    path = folder + "/x"
    old = put_id(client, path, b"old")
    delete(client, path)
    put(client, path, b"new")
    assert "?path=" in refused(restore(client, old), 409)
    assert "?path=" in refused(restore(client, old, path="/%s//x" % folder), 409)
    assert refused(restore(client, old, path="../x"), 400) == "Invalid file path"
    assert refused(restore(client, old, path="/"), 400) == "Invalid file path"
    reply = restore(client, old, path=folder + "//new/place")
    assert reply.json()["path"] == folder + "/new/place"
    assert show(client, folder + "/new/place").content == b"old"
    assert show(client, path).content == b"new"


def test_a_version_out_of_the_trash(client, folder):
    path = folder + "/x"
    file_id = put_id(client, path, b"one")
    put(client, path, b"two!")
    before = figures(client)
    [version] = versions(client, file_id)
    delete(client, path)
    assert restore(client, file_id, version=version["version_id"]).status_code == 200
    assert show(client, path).content == b"one"
    assert changed(client, before) == (0, -1, 0, 1, 0, 0)


def test_the_trash_by_pages(client, folder):
    made = [put_id(client, "%s/%d" % (folder, n), b"x") for n in range(5)]
    client.post("/files/delete-multiple", json=["%s/%d" % (folder, n) for n in range(5)])
    found = [i["file_id"] for i in trash(client, limit=2)]
    assert set(found[:5]) == set(made) and len(found) == len(set(found))
    assert found == [i["file_id"] for i in trash(client, limit=200)]
    item = trash(client)[0]
    assert list(item) == ["file_id", "path", "size", "content_type", "sha256",
                          "uploaded_at", "uploaded_by", "deleted_at", "deleted_by",
                          "purged_after"]
    here = "/api/storage/trash"
    for cursor in ("x", "1", "1-", "-1-" + made[0], "1-" + made[0] + "0"):
        faulty(client.get(here, params={"cursor": cursor}), "query.cursor")
    faulty(client.get(here, params={"limit": 0}), "query.limit")
    body = client.get(here, params={"cursor": "99999999999999999999999-" + made[0]})
    assert body.status_code == 200


def test_usage(client, home, server):
    body = usage(client)
    assert list(body) == ["organisation_id", "organisation", "used_bytes", "quota_bytes",
                          "free_bytes", "live", "versions", "trash", "register_files"]
    assert body["organisation"] == home and body["register_files"] == []
    assert body["organisation_id"] == listed(server)[home][0]
    assert body["quota_bytes"] is None and body["free_bytes"] is None


def test_usage_of_the_register(server, admin, operator, farmer):
    """The farmers' files by kind, for administrators, as they were counted last."""
    put_document(operator, farmer)
    put_document(operator, farmer, content=PDF + b"2")
    servers.run_schedule(server, "usage")
    kinds = {k["file_type"]: k for k in usage(admin)["register_files"]}
    count = trail.ask(server, "SELECT COUNT(*) AS n, SUM(file_size) AS b FROM file WHERE"
                              " file_type = 'document' AND replaced_at IS NULL")[0]
    assert (kinds["document"]["files"], kinds["document"]["bytes"]) == (
        count["n"], count["b"])
    assert kinds["document"]["replaced_files"] >= 1
    assert usage(operator)["register_files"] == []


# purge


@pytest.fixture(scope="module")
def keeper(admin):
    """Who may purge: administrators, what is their organisation's."""
    return admin


def test_purge_a_version(server, keeper, folder):
    path = folder + "/x"
    file_id = put_id(keeper, path, b"one")
    put(keeper, path, b"two!")
    before, kept = figures(keeper), stored(server)
    [version] = versions(keeper, file_id)
    reply = purge(keeper, file_id, version=version["version_id"])
    assert reply.json() == {"message": "Purged", "file_id": file_id, "freed_bytes": 3}
    assert changed(keeper, before) == (0, 0, -1, -3, 0, 0)
    assert versions(keeper, file_id) == [] and show(keeper, path).content == b"two!"
    assert len(kept - stored(server)) == 1
    refused(purge(keeper, file_id, version=version["version_id"]), 404)
    row = trail.last(server, file_id, "purge")
    assert row["details"]["version_id"] == version["version_id"]


def test_purge_a_file(server, keeper, folder):
    """With all of its versions, more than go in one batch."""
    path = folder + "/x"
    file_id = put_id(keeper, path, b"12345")
    [first] = put(keeper, path, b"1234") and versions(keeper, file_id)
    more = 700 if server.bucket is None else 4
    copies(server, keeper, path, first["version_id"], more)
    server.cem("check", "space", "--config", server.config, check=False)
    before = figures(keeper)
    assert "delete it first" in refused(purge(keeper, file_id), 409)
    delete(keeper, path)
    reply = purge(keeper, file_id)
    assert reply.json()["freed_bytes"] == 4 + 5 * (more + 1)
    assert changed(keeper, before) == (-1, -4, -more - 1, -5 * (more + 1), 0, 0)
    refused(purge(keeper, file_id), 404)
    refused(restore(keeper, file_id), 404)
    assert not bare(server)


def copies(server, client, path, version_id, n):
    """n further versions of as many bytes, made at once where that can be."""
    if server.bucket is not None:
        for _ in range(n):
            put(client, path, b"12345")
        put(client, path, b"1234")
        client.post("/api/files/%s/purge" % facts(client, path)["file_id"],
                    params={"version": [v for v in versions(
                        client, facts(client, path)["file_id"])
                        if v["size"] == 4][0]["version_id"]})
        return
    names_of = trail.ask(server, "SELECT * FROM space_version WHERE version_id = '%s'"
                         % version_id)[0]
    source = [name for name in server.stored() if name.endswith(names_of["object_id"])]
    columns = [c for c in names_of if c not in ("version_id", "object_id")]
    for i in range(n):
        other = "%016x%s" % (int(version_id[:16], 16) - 1 - i, version_id[16:])
        folder = other[-2:]
        target = "%s/store/%s/%s" % (server.state, folder, other)
        servers.os.makedirs(servers.os.path.dirname(target), exist_ok=True)
        servers.os.link(source[0], target)
    values = ", ".join("('%016x%s')" % (int(version_id[:16], 16) - 1 - i, version_id[16:])
                       for i in range(n))
    server.sql("INSERT INTO object (object_id, stored_in, file_size, sha256, md5,"
               " created_at) SELECT x.column1, 'disk', o.file_size, o.sha256, o.md5, 0"
               " FROM object AS o, (VALUES %s) AS x WHERE o.object_id = '%s'"
               % (values, names_of["object_id"]))
    server.sql("INSERT INTO space_version (version_id, object_id, %s) SELECT x.column1,"
               " x.column1, %s FROM space_version AS v, (VALUES %s) AS x"
               " WHERE v.version_id = '%s'" % (
                   ", ".join(columns), ", ".join("v." + c for c in columns), values,
                   version_id))


def test_only_administrators_purge(client, stranger, operator, anyone, keeper, folder):
    file_id = put_id(client, folder + "/x", b"one")
    delete(client, folder + "/x")
    for other in (client, stranger, operator):
        refused(purge(other, file_id), 403)
    refused(purge(anyone, file_id), 403)
    refused(purge(keeper, file_id), 404)  # of another organisation
    assert restore(client, file_id).status_code == 200


def test_nobody_sees_what_others_keep(client, stranger, admin, operator, anyone, farmer,
                                      as_farmer, folder):
    path = folder + "/x"
    file_id = put_id(client, path, b"one")
    put(client, path, b"two")
    [version] = versions(client, file_id)
    for other in (stranger, admin, operator, as_farmer(farmer)):
        refused(other.get("/api/files/%s/versions" % file_id), 404)
        refused(restore(other, file_id, version=version["version_id"]), 404)
    delete(client, path)
    for other in (stranger, admin, operator, as_farmer(farmer)):
        refused(restore(other, file_id), 404)
        if other is not admin:
            continue
        refused(purge(other, file_id), 404)
        refused(purge(other, file_id, version=version["version_id"]), 404)
    assert file_id not in [i["file_id"] for i in trash(stranger)]
    for where in ("/api/files/%s/versions" % file_id, "/api/storage/usage",
                  "/api/storage/trash"):
        refused(anyone.get(where), 403)
    refused(restore(anyone, file_id), 403)
    assert restore(client, file_id).status_code == 200


# the end of their time


def test_what_is_old_goes_by_itself(server, client, folder):
    """Versions, then the files of the trash, rows first; what is younger stays."""
    old, young = folder + "/old", folder + "/young"
    ids = {}
    for path in (old, young):
        ids[path] = put_id(client, path, b"12345")
        put(client, path, b"678")
        delete(client, path)
    live = put_id(client, folder + "/live", b"1")
    put(client, folder + "/live", b"2")
    before = figures(client)
    for path, days in ((old, 91), (young, 89)):
        older(server, "space_version", "replaced_at", days,
              "file_id = '%s'" % ids[path])
        older(server, "space_file", "deleted_at", days, "file_id = '%s'" % ids[path])
    older(server, "space_version", "replaced_at", 91, "file_id = '%s'" % live)
    servers.run_schedule(server, "trash")
    assert changed(client, before) == (0, 0, -2, -6, -1, -3)
    refused(restore(client, ids[old]), 404)
    assert len(versions(client, ids[young])) == 1 and versions(client, live) == []
    assert restore(client, ids[young]).status_code == 200
    assert show(client, young).content == b"678"
    assert not bare(server)


def test_how_long_is_a_setting(server, connect):
    """TRASH_DAYS is in the replies, and the farmers' files obey it too."""
    one = servers.Server({"TRASH_DAYS": "2"})
    try:
        one.start()
        client = servers_client(one)
        file_id = put_id(client, "x", b"1")
        delete(client, "x")
        item = trash(client)[0]
        assert item["purged_after"][:10] > item["deleted_at"][:10]
        older(one, "space_file", "deleted_at", 1, "file_id = '%s'" % file_id)
        servers.run_schedule(one, "trash")
        assert len(trash(client)) == 1
        older(one, "space_file", "deleted_at", 1, "file_id = '%s'" % file_id)
        servers.run_schedule(one, "trash")
        assert trash(client) == [] and one.stored() == []
    finally:
        one.end()


def servers_client(one):
    from client import Client  # pylint: disable=import-outside-toplevel
    return Client(one).login(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)


def test_purge_against_restore(server, client, folder):
    """Whoever comes second finds nothing: never a live row without its bytes."""
    ids = [put_id(client, "%s/%d" % (folder, n), b"%d" % n) for n in range(40)]
    for n in range(40):
        put(client, "%s/%d" % (folder, n), b"new %d" % n)
    kept = [versions(client, i)[0]["version_id"] for i in ids]
    client.post("/files/delete-multiple",
                json=["%s/%d" % (folder, n) for n in range(20)])
    wanted = ", ".join("'%s'" % i for i in ids)
    older(server, "space_version", "replaced_at", 91, "file_id IN (%s)" % wanted)
    older(server, "space_file", "deleted_at", 91,
          "deleted_at IS NOT NULL AND file_id IN (%s)" % wanted)
    mine = twins(client, 4)

    def raise_all(which, one):
        return [restore(one, ids[n], **({} if n < 20 else {"version": kept[n]}))
                for n in which]
    done = at_once(lambda: servers.run_schedule(server, "trash"),
                   *[lambda c=c, k=k: raise_all(range(k, 40, 4), c)
                     for k, c in enumerate(mine)])[1:]
    statuses = {r.status_code for some in done for r in some}
    assert statuses <= {200, 404}, statuses
    for n, file_id in enumerate(ids):
        reply = client.get("/api/files/%s/versions" % file_id)
        if reply.status_code == 404 or reply.json()["in_trash"]:
            assert n < 20
            continue
        got = show(client, "%s/%d" % (folder, n))
        assert got.status_code == 200 and got.content in (b"%d" % n, b"new %d" % n)
    assert not bare(server)


def test_empty_folders_are_tidied_away(server, client, home, folder):
    """Their rows too, from the deepest up; what somebody made, or has a file, stays."""
    def rows():
        found = trail.ask(server, "SELECT folder_path FROM space_folder WHERE folder_path"
                                  " LIKE '%s%%' ORDER BY folder_path" % folder)
        return [r["folder_path"] for r in found]
    put(client, folder + "/a/b/c/d/x")
    put(client, folder + "/e/f/y")
    client.post("/files/folder/create", params={"folder_path": folder + "/k/made"})
    assert len(rows()) == 9
    delete(client, folder + "/a/b/c/d/x")
    servers.run_schedule(server, "folders")
    assert rows() == [folder, folder + "/e", folder + "/e/f", folder + "/k",
                      folder + "/k/made"]
    put(client, folder + "/a/b/x")
    assert names(client, folder) == [folder + "/a/", folder + "/e/", folder + "/k/"]


def test_uploads_into_folders_that_are_tidied_away(server, client, folder):
    def upload(one):
        found = []
        for n in range(25):
            path = "%s/%d/deep/er" % (folder, n)
            reply = one.upload("/files/upload", b"x", "f", params={"folder": path})
            found.append(reply.status_code)
            if n % 2:
                found.append(delete(one, path + "/f").status_code)
        return found
    one, two = twins(client, 2)
    done = at_once(lambda: upload(one), lambda: upload(two),
                   *[lambda: servers.run_schedule(server, "folders")])
    assert set(done[0] + done[1]) <= {200, 404}, done[:2]
    for n in range(0, 25, 2):
        assert show(client, "%s/%d/deep/er/f" % (folder, n)).status_code == 200


# farmers' files


def document_versions(client, file_id):
    return client.get("/api/files/%s/versions" % file_id)


def test_versions_of_a_document(server, operator, farmer):
    """Of this kind of this farmer; a restored one takes the place of the one in use."""
    old = put_document(operator, farmer).json()["file_id"]
    put_document(operator, farmer, "license", PDF + b"other kind")
    new = put_document(operator, farmer, content=PDF + b"2").json()["file_id"]
    for asked in (old, new):
        body = document_versions(operator, asked).json()
        assert [i["version_id"] for i in body["items"]] == [old]
        assert body["in_trash"] is (asked == old) and body["path"] is None
    refused(restore(operator, new), 409)
    reply = restore(operator, old)
    assert reply.json() == {"message": "File restored", "file_id": old, "path": None}
    assert operator.get("/api/files/" + old).content == PDF
    refused(operator.get("/api/files/" + new), 404)
    out = operator.get(of(farmer)).json()
    assert out["documents"]["nrc_card"] == "/api/files/" + old
    assert len(out["identification_documents"]) == 2
    row = trail.last(server, farmer["farmer_id"], "document_restore")
    assert row["details"]["file_id"] == old and row["details"]["doc_type"] == "nrc"
    assert [i["version_id"] for i in document_versions(operator, old).json()["items"]] \
        == [new]


def test_a_deleted_document_comes_back(operator, farmer):
    file_id = put_document(operator, farmer, "land_title").json()["file_id"]
    operator.delete(of(farmer, "/documents/land_title"))
    assert restore(operator, file_id).status_code == 200
    assert operator.get(of(farmer)).json()["documents"]["land_title"] == \
        "/api/files/" + file_id


def test_versions_of_a_photo(server, operator, farmer):
    """The portrait comes back with it, and the card shows it."""
    first = operator.upload(of(farmer, "/upload-photo"), pictures.jpeg()).json()
    bytes_of = operator.get(first["photo_path"]).content
    second = operator.upload(of(farmer, "/upload-photo"),
                             pictures.jpeg(width=300, height=400)).json()
    assert [i["version_id"] for i in document_versions(
        operator, second["file_id"]).json()["items"]] == [first["file_id"]]
    before = trail.ask(server, "SELECT portrait_file_id FROM farmer WHERE farmer_id = '%s'"
                       % farmer["farmer_id"])[0]["portrait_file_id"]
    assert restore(operator, first["file_id"]).status_code == 200
    out = operator.get(of(farmer)).json()
    assert out["photo_file_id"] == first["file_id"]
    assert operator.get("/api/files/" + first["file_id"]).content == bytes_of
    now = trail.ask(server, "SELECT f.portrait_file_id, x.replaced_at FROM farmer AS f"
                            " JOIN file AS x ON x.file_id = f.portrait_file_id"
                            " WHERE f.farmer_id = '%s'" % farmer["farmer_id"])[0]
    assert now["portrait_file_id"] != before and now["replaced_at"] is None
    assert operator.post(of(farmer, "/generate-idcard")).status_code == 202
    [in_use] = trail.ask(server, "SELECT COUNT(*) AS n FROM file WHERE farmer_id = '%s'"
                                 " AND file_type IN ('photo', 'portrait') AND replaced_at"
                                 " IS NULL" % farmer["farmer_id"])
    assert in_use["n"] == 2


def test_a_card_does_not_come_back(operator, farmer):
    operator.post(of(farmer, "/generate-idcard"))
    old = operator.get(of(farmer)).json()["id_card_file_id"]
    operator.post(of(farmer, "/generate-idcard"))
    assert "issued anew" in refused(restore(operator, old), 409)


def test_whose_documents_come_back(anyone, admin, operator, other_operator, lost_operator,
                                   stranger, enrol, as_farmer):
    farmer, neighbour = enrol(operator), enrol(operator)
    mine = as_farmer(farmer)
    old = put_document(mine, farmer).json()["file_id"]
    put_document(mine, farmer, content=PDF + b"2")
    for other in (other_operator, lost_operator, as_farmer(neighbour), stranger):
        refused(document_versions(other, old), 404)
        refused(restore(other, old), 404)
    refused(restore(anyone, old), 403)
    refused(document_versions(anyone, old), 403)
    refused(purge(mine, old), 403)
    refused(restore(mine, old, path="x"), 400)
    refused(restore(mine, old, version=old), 400)
    assert restore(mine, old).status_code == 200
    assert len(document_versions(admin, old).json()["items"]) == 1


def test_purge_a_document_and_a_photo(server, admin, operator, farmer):
    old = put_document(operator, farmer).json()["file_id"]
    new = put_document(operator, farmer, content=PDF + b"2").json()["file_id"]
    refused(purge(admin, new), 409)
    refused(purge(admin, old, version=old), 400)
    assert purge(admin, old).json() == {"message": "Purged", "file_id": old,
                                        "freed_bytes": len(PDF)}
    refused(purge(admin, old), 404)
    refused(restore(admin, old), 404)
    photo = operator.upload(of(farmer, "/upload-photo"), pictures.jpeg()).json()
    operator.delete(of(farmer, "/photo"))
    kept = stored(server)
    assert purge(admin, photo["file_id"]).status_code == 200
    assert len(kept - stored(server)) == 2 and not bare(server)
    assert trail.last(server, farmer["farmer_id"], "file_purge")["details"][
        "file_id"] == photo["file_id"]


def test_documents_purged_while_they_are_restored(server, operator, farmer):
    kinds = ("nrc", "license", "certificate", "land_title")
    old = {kind: put_document(operator, farmer, kind).json()["file_id"] for kind in kinds}
    for kind in kinds:
        operator.delete(of(farmer, "/documents/" + kind))
    older(server, "file", "replaced_at", 91, "farmer_id = '%s'" % farmer["farmer_id"])
    one = twins(operator, 1)[0]
    replies = at_once(lambda: [restore(one, i) for i in old.values()],
                      lambda: servers.run_schedule(server, "expired"))[0]
    assert {r.status_code for r in replies} <= {200, 404}
    out = operator.get(of(farmer)).json()
    assert len(out["identification_documents"]) == \
        [r.status_code for r in replies].count(200)
    for item in out["identification_documents"]:
        assert operator.get(item["file_path"]).content == PDF
    assert not bare(server)


def test_reads_are_recorded(server, admin, client, folder):
    file_id = put_id(client, folder + "/x", b"one")
    for where, action, subject in (("/api/files/%s/versions" % file_id, "versions",
                                    file_id), ("/api/storage/trash", "trash", None)):
        reply = client.get(where)

        def noted(wanted=reply.headers["X-Request-ID"]):
            return [r for r in trail.rows(server) if r["request_id"] == wanted]
        [row] = servers.poll(noted)
        assert (row["module"], row["action"], row["subject"]) == ("files", action, subject)
        assert folder not in json.dumps(row)
