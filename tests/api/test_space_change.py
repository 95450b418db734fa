# SPDX-License-Identifier: MIT
"""Deleting, copying and moving the files of an organisation, and its folders (contract
A1.2, 4, 5 and 8 to 11, with the rules of E4)."""
import concurrent.futures
import json
import time
from urllib.parse import quote

import people
import pytest
import trail
import wire
from client import refused
from spaces import faults, listed, names, organise, put, put_all, show, used

BAD_PATH = "Invalid file path"
BAD = ("a/../b", "..", "./a", "a\\b", "a\x01b", "x" * 256, "/".join(["y" * 250] * 5), "",
       "/", "//")


@pytest.fixture(scope="module")
def home(server):
    return organise(server)


@pytest.fixture(scope="module")
def client(new_user, home):
    """Somebody with a space that only this module uses."""
    return new_user(organisation=home)


@pytest.fixture(scope="module")
def root(server, home):
    """What the full keys begin with."""
    return "tenants/%s/" % listed(server)[home][0]


@pytest.fixture(scope="module")
def stranger(server, new_user):
    return new_user(organisation=organise(server))


@pytest.fixture
def folder():
    return "t" + people.word(12)


def delete(client, path, **more):
    """The dots are sent as they are; requests would follow them."""
    if not {".", ".."} & set(path.split("/")):
        return client.delete("/files/delete/" + quote(path), **more)
    link = wire.connect(client.server)
    link.sendall(wire.request("DELETE", "/files/delete/" + quote(path).replace("/", "%2F"),
                              [("Authorization", "Bearer " + client.token)]))
    return wire.receive(link, "DELETE")


def delete_all(client, paths, **more):
    return client.post("/files/delete-multiple", json=paths, **more)


def drop_folder(client, path, **more):
    return client.delete("/files/folder/delete", params={"folder_path": path}, **more)


def ends(client, verb, source, destination, **more):
    return client.post("/files/" + verb, params={
        "source_path": source, "destination_path": destination}, **more)


def trash(client, **more):
    """Everything in the trash, page by page."""
    found, cursor = [], None
    while True:
        query = dict(more, **({"cursor": cursor} if cursor else {}))
        body = client.get("/api/storage/trash", params=query).json()
        found += body["items"]
        cursor = body["next_cursor"]
        if not cursor:
            return found


def usage(client):
    body = client.get("/api/storage/usage").json()
    assert body["used_bytes"] == sum(body[n]["bytes"]
                                     for n in ("live", "versions", "trash"))
    return body


def figures(client):
    body = usage(client)
    return tuple(body[n][m] for n in ("live", "versions", "trash")
                 for m in ("files", "bytes"))


def changed(client, before):
    return tuple(b - a for a, b in zip(before, figures(client)))


def versions(client, file_id):
    return client.get("/api/files/%s/versions" % file_id).json()["items"]


def facts(client, path):
    reply = client.get("/files/metadata/" + quote(path))
    return dict(reply.json(), file_id=reply.headers.get("X-File-Id"))


# delete


def test_delete(server, client, root, folder):
    path = folder + "/ünï code.txt"
    file_id = put(client, path, b"12345").headers["X-File-Id"]
    before = figures(client)
    reply = delete(client, path)
    assert reply.text == json.dumps({
        "success": True, "message": "File deleted successfully", "key": root + path},
        ensure_ascii=False, separators=(",", ":"))
    assert changed(client, before) == (-1, -5, 0, 0, 1, 5)
    refused(show(client, path), 404)
    assert names(client, folder) == [] and folder + "/" not in names(client)
    assert refused(delete(client, path), 404) == "File not found"
    item = trash(client)[0]
    assert (item["file_id"], item["path"], item["size"]) == (file_id, path, 5)
    row = trail.last(server, file_id, "delete")
    assert row["module"] == "files" and path not in json.dumps(row)


def test_paths_are_normalised(client, root, folder):
    put(client, folder + "/a/b")
    reply = delete(client, "//%s//a/b/" % folder)
    assert reply.json()["key"] == root + folder + "/a/b"


@pytest.mark.parametrize("path", BAD)
def test_bad_paths(client, path, folder):
    put(client, folder + "/x")
    assert refused(delete(client, path), 400) == BAD_PATH
    for source, destination in ((path, folder + "/x"), (folder + "/x", path)):
        for verb in ("copy", "move"):
            assert refused(ends(client, verb, source, destination), 400) == BAD_PATH
    assert refused(drop_folder(client, path), 400) == BAD_PATH
    assert show(client, folder + "/x").content == b"x"


def test_a_new_file_in_its_place_is_another(client, folder):
    path = folder + "/x"
    old = put(client, path, b"old").headers["X-File-Id"]
    delete(client, path)
    new = put(client, path, b"new").headers["X-File-Id"]
    assert new != old and versions(client, new) == []
    delete(client, path)
    found = [i["file_id"] for i in trash(client) if i["path"] == path]
    assert found == [new, old]


# delete-multiple


def test_delete_many(client, root, folder):
    put_all(client, ["1", "2", "3"], folder)
    before = figures(client)
    one = facts(client, folder + "/1")["file_id"]
    two = facts(client, folder + "/2")["file_id"]
    reply = delete_all(client, [folder + "/1", folder + "/nope", folder + "//2/"])
    assert reply.status_code == 200
    assert reply.text == json.dumps({"success": True, "deleted": [
        {"Key": root + folder + "/1", "DeleteMarker": True, "DeleteMarkerVersionId": one},
        {"Key": root + folder + "/nope", "DeleteMarker": True},
        {"Key": root + folder + "/2", "DeleteMarker": True, "DeleteMarkerVersionId": two},
    ], "errors": []}, separators=(",", ":"))
    assert names(client, folder) == [folder + "/3"]
    assert changed(client, before) == (-2, -2, 0, 0, 2, 2)


def test_delete_many_bad_paths(client, root, folder):
    """They are told one by one, and keep nothing else from being deleted."""
    put_all(client, ["1"], folder)
    reply = delete_all(client, ["../" + folder + "/1", "", "/", folder + "/1",
                                folder + "/1", "a\u0000b"[:1] + "\\"])
    body = reply.json()
    assert body["success"] is True
    assert [d["Key"] for d in body["deleted"]] == [root + folder + "/1"] * 2
    assert ["DeleteMarkerVersionId" in d for d in body["deleted"]] == [True, False]
    assert body["errors"] == [
        {"Key": key, "Code": "InvalidArgument", "Message": BAD_PATH}
        for key in ("../" + folder + "/1", "", "/", "a\\")]


def test_delete_nothing(client):
    before = figures(client)
    assert delete_all(client, []).json() == {"success": True, "deleted": [],
                                             "errors": []}
    assert changed(client, before) == (0,) * 6


@pytest.mark.parametrize("body", [{"paths": ["a"]}, "a", 1, None])
def test_delete_many_takes_a_list(client, body):
    faults(delete_all(client, body), "body")


def test_delete_many_takes_texts(client, folder):
    put_all(client, ["1"], folder)
    fault = faults(delete_all(client, [folder + "/1", 7, ["x"]]), "body", 1)
    assert fault["type"] == "string_type"
    assert names(client, folder) == [folder + "/1"]


def test_delete_as_many_as_there_can_be(client, folder):
    """More than S3 takes at once, in batches; one more is refused."""
    put_all(client, ["%04d" % n for n in range(1000)], folder)
    put_all(client, ["%04d" % n for n in range(1000, 1700)], folder)
    before = figures(client)
    paths = [folder + "/%04d" % n for n in range(10000)]
    too_many = delete_all(client, paths + ["x"])
    assert faults(too_many, "body")["type"] == "too_long"
    reply = delete_all(client, list(reversed(paths)))
    body = reply.json()
    assert len(body["deleted"]) == 10000 and body["errors"] == []
    assert sum("DeleteMarkerVersionId" in d for d in body["deleted"]) == 1700
    assert changed(client, before) == (-1700, -1700, 0, 0, 1700, 1700)
    assert names(client, folder) == []


def test_the_longest_body(client):
    """A megabyte of paths: the worker's memory is enough, and the next byte too much."""
    paths = ["%05d/" % n + "/".join(["é" * 45] * 1) for n in range(9990)]
    text = json.dumps(paths, ensure_ascii=False).encode()
    assert 900000 < len(text) <= 1024 * 1024
    reply = client.post("/files/delete-multiple", data=text,
                        headers={"Content-Type": "application/json"})
    assert reply.status_code == 200, reply.text[:300]
    assert len(reply.json()["deleted"]) == 9990
    bad = json.dumps(["\\" + "é" * 45 for _ in range(9990)], ensure_ascii=False)
    reply = client.post("/files/delete-multiple", data=bad.encode(),
                        headers={"Content-Type": "application/json"})
    assert len(reply.json()["errors"]) == 9990
    long = json.dumps(["/".join(["z" * 200] * 5)] * 1030).encode()
    reply = client.post("/files/delete-multiple", data=long,
                        headers={"Content-Type": "application/json"})
    assert reply.status_code == 200, reply.text[:300]
    refused(client.post("/files/delete-multiple", data=b"[" + b" " * 1024 * 1024 + b"]",
                        headers={"Content-Type": "application/json"}), 413)


# folders


def create(client, path):
    return client.post("/files/folder/create", params={"folder_path": path})


@pytest.mark.parametrize("given", ["F", "/F/", "F//"])
def test_folder_create(server, client, folder, given):
    given = given.replace("F", folder + "/new")
    for _ in range(2):
        reply = create(client, given)
        assert reply.status_code == 200
        assert reply.text == json.dumps({"success": True, "folder_path": given},
                                        separators=(",", ":"))
    assert folder + "/" in names(client) and names(client, folder) == [folder + "/new/"]
    assert names(client, folder + "/new") == []


def test_folder_create_at_the_edges(client):
    before = names(client)
    for path in ("", "/", "//"):
        assert create(client, path).json() == {"success": True, "folder_path": path}
    assert names(client) == before
    for path in BAD[:-3]:
        assert refused(create(client, path), 400) == BAD_PATH
    faults(client.post("/files/folder/create"), "query", "folder_path")


def test_folder_delete(server, client, root, folder):
    """With all below it, and nothing beside it: also what begins alike."""
    gone = [folder + "/d/" + n for n in ("1", "a/2", "a/b/3", "z")]
    stay = [folder + "/" + n for n in ("d", "d.txt", "d0", "d-x/1", "dd/1")]
    for path in gone + stay:
        put(client, path)
    create(client, folder + "/d/hand/made")
    create(client, folder + "/d-x/kept")
    before = figures(client)
    reply = drop_folder(client, "/%s/d/" % folder)
    body = reply.json()
    assert list(body) == ["success", "message", "details"]
    assert (body["success"], body["message"]) == (True, "Folder deleted successfully")
    assert list(body["details"]) == ["success", "deleted", "errors"]
    assert [d["Key"] for d in body["details"]["deleted"]] == [
        root + p for p in sorted(gone)] + [root + folder + "/d/hand/made/"]
    assert all(d["DeleteMarker"] for d in body["details"]["deleted"])
    assert reply.headers["X-Deleted-Count"] == "4"
    assert changed(client, before) == (-4, -4, 0, 0, 4, 4)
    assert names(client, folder + "/d") == []
    assert names(client, folder) == [folder + "/d", folder + "/d.txt", folder + "/d0",
                                     folder + "/d-x/", folder + "/dd/"]
    assert names(client, folder + "/d-x") == [folder + "/d-x/1", folder + "/d-x/kept/"]
    row = trail.rows(server, action="folder_delete")[-1]
    assert row["details"] == {"files": 4, "bytes": 4} and folder not in json.dumps(row)


def test_folder_delete_of_what_is_not_there(client, folder):
    reply = drop_folder(client, folder)
    assert reply.json() == {
        "success": True, "message": "Folder deleted successfully",
        "details": {"success": True, "deleted": [], "errors": []}}


def test_the_whole_space_is_never_deleted(client, folder):
    put(client, folder + "/x")
    for path in ("", "/", "//", ".", "..", "a/.."):
        assert refused(drop_folder(client, path), 400) == BAD_PATH
    faults(client.delete("/files/folder/delete"), "query", "folder_path")
    assert show(client, folder + "/x").status_code == 200


def test_a_huge_folder(server, new_user, connect, folder):
    """A hundred thousand files, in eleven steps: each in the trash, the first of
    them named."""
    n, home = 100300, organise(server)
    client = new_user(organisation=home)
    put(client, folder + "/a/x", b"12")
    with connect(server) as db:
        fill(db, server, home, folder, n)
    server.cem("check", "space", "--config", server.config, check=False)
    before = figures(client)
    began = time.monotonic()
    reply = drop_folder(client, folder, timeout=300)
    print("deleted in %.1f s" % (time.monotonic() - began))
    assert reply.status_code == 200, reply.text[:300]
    assert reply.headers["X-Deleted-Count"] == str(n + 1)
    assert len(reply.json()["details"]["deleted"]) == 10000
    assert changed(client, before) == (-n - 1, -n - 2, 0, 0, n + 1, n + 2)
    assert names(client, folder + "/a") == []


def fill(db, server, home, folder, n):
    """n further files beside FOLDER/a/x, each with an object of its own."""
    marks = ", ".join(["%s" if server.database else "?"] * 1)
    cursor = db.cursor()
    cursor.execute("SELECT organisation_id FROM organisation WHERE organisation_name = "
                   + marks, (home,))
    home_id = cursor.fetchone()[0]
    numbers = ("SELECT i FROM generate_series(1, %d) AS g (i)" % n if server.database else
               "WITH RECURSIVE g (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM g"
               " WHERE i < %d) SELECT i FROM g" % n)
    hexed = ("LPAD(TO_HEX(i), 12, '0')" if server.database else "PRINTF('%012x', i)")
    head = people.word(1) and "%012x" % int(time.time() * 1000)
    cursor.execute("CREATE TEMPORARY TABLE number AS " + numbers)
    cursor.execute(
        "INSERT INTO object (object_id, stored_in, file_size, sha256, md5, created_at)"
        " SELECT '%s' || %s, 'disk', 1, '', '', 0 FROM number" % (head, hexed))
    cursor.execute(
        "INSERT INTO space_file (file_id, organisation_id, file_path, path_folder,"
        " object_id, content_type, file_size, md5, sha256, uploaded_at, uploaded_by,"
        " created_at) SELECT '%s' || %s, '%s', '%s/a/f' || %s, '%s/a', '%s' || %s,"
        " 'text/plain', 1, '', '', 0, 'x', 0 FROM number"
        % (head, hexed, home_id, folder, hexed, folder, head, hexed))
    cursor.execute("DROP TABLE number")


# copy


def test_copy(server, client, folder):
    source, there = folder + "/a.txt", folder + "/docs/ä2.txt"
    put(client, source, b"12345")
    before = figures(client)
    reply = ends(client, "copy", "/" + source, there)
    assert reply.text == json.dumps({
        "success": True, "message": "File copied successfully", "source": "/" + source,
        "destination": there}, ensure_ascii=False, separators=(",", ":"))
    assert changed(client, before) == (1, 5, 0, 0, 0, 0)
    old, new = facts(client, source), facts(client, there)
    assert new["file_id"] != old["file_id"]
    assert new["metadata"]["original_filename"] == "a.txt"
    assert (new["etag"], new["content_type"]) == (old["etag"], old["content_type"])
    assert names(client, folder + "/docs") == [there]
    delete(client, source)
    assert show(client, there).content == b"12345"
    row = trail.last(server, new["file_id"], "copy")
    assert row["details"]["source_id"] == old["file_id"]
    assert folder not in json.dumps(row)


def test_copy_over_something(client, folder):
    put(client, folder + "/a", b"new!")
    put(client, folder + "/b", b"old")
    before, was = figures(client), facts(client, folder + "/b")
    assert ends(client, "copy", folder + "/a", folder + "/b").status_code == 200
    assert show(client, folder + "/b").content == b"new!"
    assert facts(client, folder + "/b")["file_id"] == was["file_id"]
    [version] = versions(client, was["file_id"])
    assert version["size"] == 3 and version["sha256"]
    assert changed(client, before) == (0, 1, 1, 3, 0, 0)


@pytest.mark.parametrize("verb", ["copy", "move"])
def test_onto_itself(client, folder, verb):
    """On some stores the original loses the file."""
    put(client, folder + "/a", b"1")
    before, was = figures(client), facts(client, folder + "/a")
    reply = ends(client, verb, folder + "/a", "/%s//a/" % folder)
    assert reply.status_code == 200 and reply.json()["destination"] == "/%s//a/" % folder
    assert facts(client, folder + "/a") == was and changed(client, before) == (0,) * 6
    assert versions(client, was["file_id"]) == []


@pytest.mark.parametrize("verb", ["copy", "move"])
def test_there_is_no_source(client, folder, verb):
    put(client, folder + "/dir/x")
    put(client, folder + "/b", b"b")
    for source in (folder + "/nope", folder + "/dir"):
        for there in (folder + "/b", folder + "/new/place", source):
            assert refused(ends(client, verb, source, there), 404) == \
                "Source file not found"
    assert show(client, folder + "/b").content == b"b"
    assert names(client, folder) == [folder + "/b", folder + "/dir/"]
    faults(client.post("/files/" + verb, params={"source_path": "a"}),
           "query", "destination_path")
    faults(client.post("/files/" + verb, params={"destination_path": "a"}),
           "query", "source_path")


# move


def test_move(server, client, folder):
    source, there = folder + "/a.txt", folder + "/b/ß/c.txt"
    put(client, source, b"first")
    put(client, source, b"12345")
    was, before = facts(client, source), figures(client)
    reply = ends(client, "move", source, there + "/")
    assert reply.text == json.dumps({
        "success": True, "message": "File moved successfully", "source": source,
        "destination": there + "/"}, ensure_ascii=False, separators=(",", ":"))
    assert changed(client, before) == (0,) * 6
    refused(show(client, source), 404)
    assert show(client, there).content == b"12345"
    now = facts(client, there)
    assert now["file_id"] == was["file_id"] and len(versions(client, was["file_id"])) == 1
    assert now["last_modified"] == was["last_modified"]
    assert names(client, folder) == [folder + "/b/"]
    row = trail.last(server, was["file_id"], "move")
    assert folder not in json.dumps(row)


def test_move_over_something(client, folder):
    """What was there is in the trash, with its versions; what comes keeps its own."""
    put(client, folder + "/b", b"older")
    put(client, folder + "/b", b"old")
    put(client, folder + "/a", b"newer")
    before = figures(client)
    old, new = (facts(client, folder + n)["file_id"] for n in ("/b", "/a"))
    assert ends(client, "move", folder + "/a", folder + "/b").status_code == 200
    assert show(client, folder + "/b").content == b"newer"
    assert facts(client, folder + "/b")["file_id"] == new
    assert trash(client)[0]["file_id"] == old
    assert len(versions(client, old)) == 1 and versions(client, new) == []
    assert changed(client, before) == (-1, -3, 0, 0, 1, 3)


def test_a_file_and_a_folder_of_one_name(client, folder):
    put(client, folder + "/a", b"file")
    assert ends(client, "move", folder + "/a", folder + "/a/b").status_code == 200
    assert names(client, folder) == [folder + "/a/"]
    assert ends(client, "copy", folder + "/a/b", folder + "/a").status_code == 200
    assert names(client, folder) == [folder + "/a", folder + "/a/"]


# whose


def test_nobody_touches_the_files_of_others(client, stranger, admin, operator, anyone,
                                            folder):
    put(client, folder + "/x", b"mine")
    for other in (stranger, admin, operator):
        refused(delete(other, folder + "/x"), 404)
        assert "DeleteMarkerVersionId" not in delete_all(
            other, [folder + "/x"]).json()["deleted"][0]
        assert drop_folder(other, folder).headers["X-Deleted-Count"] == "0"
        refused(ends(other, "copy", folder + "/x", people.word(9)), 404)
        refused(ends(other, "move", folder + "/x", people.word(9)), 404)
        put(other, folder + "/y", b"theirs")
        ends(other, "move", folder + "/y", folder + "/x")
        assert delete(other, folder + "/x").status_code == 200
    assert show(client, folder + "/x").content == b"mine"
    for call in (lambda: delete(anyone, folder + "/x"),
                 lambda: delete_all(anyone, [folder + "/x"]),
                 lambda: drop_folder(anyone, folder), lambda: create(anyone, folder),
                 lambda: ends(anyone, "copy", folder + "/x", "y"),
                 lambda: ends(anyone, "move", folder + "/x", "y")):
        assert refused(call(), 403) == "Not authenticated"


def test_farmers_have_no_space(as_farmer, farmer, folder):
    mine = as_farmer(farmer)
    for reply in (delete(mine, folder), delete_all(mine, [folder]),
                  drop_folder(mine, folder), create(mine, folder),
                  ends(mine, "copy", folder, "y"), ends(mine, "move", folder, "y"),
                  mine.get("/api/storage/usage"), mine.get("/api/storage/trash")):
        refused(reply, 403)


# the quota


@pytest.fixture(scope="module")
def poor(server, new_user):
    """Somebody of an organisation that may have one megabyte."""
    name = organise(server, quota=1)
    return name, new_user(organisation=name)


def test_a_full_space(server, poor):
    name, client = poor
    full = "The organisation's space is full"
    stored = server.stored()
    put(client, "a", b"a" * 600000)
    assert refused(ends(client, "copy", "a", "b"), 413) == full
    assert len(server.added(stored)) == 1
    assert ends(client, "move", "a", "c").status_code == 200
    assert delete(client, "c").status_code == 200
    assert used(server, name) == 600000  # the trash counts
    refused(client.upload("/files/upload", b"b" * 600000, "b"), 413)
    [item] = trash(client)
    reply = client.post("/api/files/%s/restore" % item["file_id"])
    assert reply.status_code == 200, reply.text
    body = client.get("/api/storage/usage").json()
    assert body["quota_bytes"] == 1024 * 1024
    assert body["free_bytes"] == 1024 * 1024 - 600000


# at once


def at_once(*calls):
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [f.result() for f in [pool.submit(call) for call in calls]]


def twins(client, n):
    """n clients with one token, each with a connection."""
    made = []
    for _ in range(n):
        other = type(client)(client.server, client.recorder)
        other.token = client.token
        made.append(other)
    return made


def whole(client, folder):
    """{path: content} of a folder, and of the trash all that lay below it."""
    live = {path: show(client, path).content for path in names(client, folder)
            if not path.endswith("/")}
    return live, [i for i in trash(client) if i["path"].startswith(folder + "/")]


@pytest.mark.parametrize("turn", range(3))
def test_moves_that_cross(client, folder, turn):
    """a to b while b goes to a, and others: nothing is lost, nobody waits for ever."""
    contents = {n: (n * 3).encode() for n in "abcd"}
    for name, content in contents.items():
        put(client, "%s/%s" % (folder, name), content)
    pairs = ["ab", "ba", "bc", "cb", "cd", "dc", "da", "ad"]
    calls = [lambda c=c, p=p: ends(c, "move", "%s/%s" % (folder, p[0]),
                                   "%s/%s" % (folder, p[1]))
             for c, p in zip(twins(client, 8), pairs)]
    statuses = {r.status_code for r in at_once(*calls)}
    assert statuses <= {200, 404, 409}, statuses
    live, gone = whole(client, folder)
    assert len(live) + len(gone) == 4
    assert set(live.values()) <= set(contents.values())
    assert len(set(live.values())) == len(live)
    for item in gone:
        reply = client.post("/api/files/%s/restore" % item["file_id"],
                            params={"path": "%s/back/%s" % (folder, item["file_id"])})
        assert reply.status_code == 200, reply.text
    live.update(whole(client, folder + "/back")[0])
    assert sorted(live.values()) == sorted(contents.values())


def test_a_move_while_something_is_uploaded_there(client, folder):
    """The destination is the one or the other, and neither content is lost."""
    for turn in range(6):
        source, there = ("%s/%d/%s" % (folder, turn, n) for n in ("a", "b"))
        put(client, source, b"moved")
        one, two = twins(client, 2)
        moved, stored = at_once(lambda: ends(one, "move", source, there),  # noqa: B023
                                lambda: one.call and put(two, there, b"sent"))  # noqa: B023
        assert (moved.status_code, stored.status_code) in ((200, 200), (409, 200))
        live, gone = whole(client, "%s/%d" % (folder, turn))
        n_versions = sum(len(versions(client, facts(client, p)["file_id"])) for p in live)
        assert len(live) + len(gone) + n_versions == 2, (live, gone)


def test_everything_at_once(client, folder):
    """Deletes, copies, moves and uploads of the same files: the figures agree at the end
    (conftest), and each reply is an honest one."""
    files = ["%s/%d" % (folder, n) for n in range(6)]
    for path in files:
        put(client, path, path.encode())
    workers = twins(client, 6)

    def work(mine, seed):
        found = []
        for turn in range(12):
            a, b = files[(seed + turn) % 6], files[(seed * 5 + turn * 3 + 1) % 6]
            found += [ends(mine, "move", a, b), ends(mine, "copy", b, a),
                      delete_all(mine, [b, a]), drop_folder(mine, folder),
                      mine.upload("/files/upload", a.encode(), a.rpartition("/")[2],
                                  params={"folder": folder}), delete(mine, a)]
        return [r.status_code for r in found]
    statuses = sum(at_once(*[lambda c=c, n=n: work(c, n)
                             for n, c in enumerate(workers)]), [])
    assert set(statuses) <= {200, 404, 409}, {s: statuses.count(s) for s in set(statuses)}
