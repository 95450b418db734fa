# SPDX-License-Identifier: MIT
"""Signed addresses and forms where files lie in S3, which takes the bytes and tells nobody:
what arrives becomes a file once, whoever looks first."""
import base64
import concurrent.futures
import json
import socket
import time
from urllib.parse import parse_qsl, quote, urlsplit

import clamd
import people
import pytest
import requests
import server as servers
import trail
from client import Client, refused
from spaces import md5, names, organise, put, show, tenant_of

HOSTILE = b"<!doctype html><script>alert(document.cookie)</script>"


@pytest.fixture(scope="module")
def far():
    """A register that keeps new files in S3; jobs run when a test says so."""
    one = servers.Server({"JOB_WORKERS": "0"})
    one.bucket or one.use_bucket("s3")
    try:
        one.start()
        one.cem("work", "--once", "--config", one.config)
        yield one
        assert one.cem("check", "space", "--config", one.config)
    finally:
        one.end()


@pytest.fixture(scope="module")
def home(far):
    return organise(far)


@pytest.fixture(scope="module")
def tenant(far, home):
    return tenant_of(far, home)


def member(far, home):
    email = people.word(12).lower() + "@cem.example"
    far.user_add(email, "Passw0rd-first", organisation=home)
    return Client(far).login(email, "Passw0rd-first")


@pytest.fixture(scope="module")
def client(far, home):
    return member(far, home)


@pytest.fixture
def path():
    return "arrivals/" + people.word(12) + "/Ŋoma & 1+1.txt"


def key_of(tenant, path):
    return "tenants/%s/%s" % (tenant, path)


def form(client, path, **query):
    reply = client.post("/files/presigned-upload", params=dict(query, file_path=path))
    assert reply.status_code == 200, reply.text
    return reply.json()


def post(far, made, content=b"by a form"):
    """What a browser does, with nothing of ours."""
    return requests.post(made["url"], data=made["fields"], timeout=servers.LIMIT,
                         files={"file": ("x.txt", content, "text/plain")},
                         verify=far.bucket.s3.authorities)


def link(far, client, path, **query):
    reply = client.get("/files/presigned-url/" + quote(path), params=query)
    assert reply.status_code == 200, reply.text
    return reply.json()["url"]


def fetch(far, url):
    return requests.get(url, timeout=servers.LIMIT, verify=far.bucket.s3.authorities)


def look(far):
    """Have the job run; nothing of it fails."""
    servers.run_schedule(far, "pending")
    out = far.cem("job", "list", "--kind", "pending", "--config", far.config)[1]
    assert "error" not in out.lower(), out


def versions(far, path):
    """The hashes of what was written over, oldest first."""
    return [r["md5"] for r in trail.ask(
        far, "SELECT v.md5 FROM space_version AS v JOIN space_file AS f ON"
             " f.file_id = v.file_id WHERE f.file_path = '%s'"
             " ORDER BY v.version_id" % path)]


def open_forms(far, path):
    return trail.ask(far, "SELECT pending_id FROM space_pending WHERE file_path = '%s'"
                     % path)


# addresses


def test_an_address_is_of_s3(far, client, tenant, path):
    put(client, path, b"0123456789")
    url = link(far, client, path, expiration=60)
    query = dict(parse_qsl(urlsplit(url).query))
    assert url.startswith(far.bucket.s3.https) and quote(key_of(tenant, path)) in url
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert query["X-Amz-Expires"] == "60" and query["X-Amz-SignedHeaders"] == "host"
    reply = fetch(far, url)
    assert (reply.status_code, reply.content) == (200, b"0123456789")
    assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert reply.headers["Content-Disposition"].startswith("attachment; ")
    put(client, path, b"other")
    assert fetch(far, url).content == b"0123456789", "an address means one version"
    assert fetch(far, url.replace("X-Amz-Expires=60", "X-Amz-Expires=61")
                 ).status_code == 403


def test_html_in_s3_is_only_to_be_saved(far, client, path):
    put(client, path + ".html", HOSTILE, "text/html")
    reply = fetch(far, link(far, client, path + ".html"))
    assert reply.headers["Content-Disposition"].startswith("attachment; ")


# forms


def test_a_form_is_of_s3(far, client, tenant, path):
    made = form(client, path, max_file_size=1000, expiration=600)
    assert list(made) == ["success", "url", "fields", "expires_in"]
    assert made["expires_in"] == 600
    assert list(made["fields"]) == ["key", "x-amz-algorithm", "x-amz-credential",
                                    "x-amz-date", "policy", "x-amz-signature"]
    policy = json.loads(base64.b64decode(made["fields"]["policy"]))
    assert {"bucket": far.bucket.name} in policy["conditions"]
    assert {"key": key_of(tenant, path)} in policy["conditions"]
    assert ["content-length-range", 0, 1000] in policy["conditions"]
    assert post(far, made, b"x" * 1001).status_code == 400
    made["fields"]["key"] += "x"
    assert post(far, made).status_code == 403
    refused(show(client, path), 404)


def put_behind(far, tenant, path, content):
    """What lies under the key of a path and is not by a form: as an upload of ours does
    that is not committed."""
    far.bucket.client.put_object(
        Bucket=far.bucket.name, Key=key_of(tenant, path), Body=content,
        Metadata={"cem-object": "0" * 24})


def asked(client, path, how):
    where = quote(path)
    if how == "list":
        return path in names(client, path.rpartition("/")[0])
    reply = client.get("/files/" + how + "/" + where)
    assert reply.status_code in (200, 404), reply.text
    return reply.status_code == 200


@pytest.mark.parametrize("how", ["download", "metadata", "list", "presigned-url"])
def test_who_asks_first_takes_it(far, client, tenant, path, how):
    made = form(client, path)
    assert not asked(client, path, how)
    assert post(far, made).status_code == 204
    assert asked(client, path, how)
    reply = show(client, path)
    assert reply.content == b"by a form"
    assert reply.headers["ETag"] == '"%s"' % md5(b"by a form")
    facts = client.get("/files/metadata/" + quote(path)).json()
    assert facts["metadata"] == {} and facts["size"] == 9
    assert facts["key"] == key_of(tenant, path)
    assert len(far.bucket.versions(key_of(tenant, path))) == 1, "nothing is copied"
    row = trail.last(far, reply.headers["X-File-Id"], "upload")
    assert row["user_id"] and row["details"]["size"] == 9
    assert fetch(far, link(far, client, path)).content == b"by a form"


def test_of_what_is_large_there_is_one_etag(far, client, path):
    """S3 may send it itself: it has the MD5 of what came at once, however large."""
    content = bytes(range(256)) * 4 * 1024 * 64 + b"."
    made = form(client, path, max_file_size=len(content))
    assert post(far, made, content).status_code == 204
    tag = '"%s"' % md5(content)
    assert show(client, path).headers["ETag"] == tag
    assert fetch(far, link(far, client, path)).headers["ETag"] == tag


def test_the_job_takes_it(far, client, path):
    made = form(client, path)
    look(far)
    assert post(far, made).status_code == 204
    look(far)
    assert trail.ask(far, "SELECT file_id FROM space_file WHERE file_path = '%s'" % path)
    look(far)
    assert show(client, path).content == b"by a form" and not versions(far, path)
    assert open_forms(far, path), "it may be sent again while it holds"


def test_all_that_arrives_is_kept(far, client, path):
    """In its order: the last is the file, the others are its versions."""
    made, twin = form(client, path), form(client, path)
    for content in (b"first", b"second", b"third"):
        assert post(far, twin if content == b"second" else made, content
                    ).status_code == 204
    assert show(client, path).content == b"third"
    assert versions(far, path) == [md5(b"first"), md5(b"second")]
    assert post(far, made, b"fourth").status_code == 204
    look(far)
    assert show(client, path).content == b"fourth"
    assert versions(far, path) == [md5(b"first"), md5(b"second"), md5(b"third")]


def test_one_arrival_is_one_file(far, client, path):
    """However many look at once."""
    made = form(client, path)
    assert post(far, made).status_code == 204
    clients = [Client(far) for _ in range(8)]
    for one in clients:
        one.token = client.token

    def ask(one):
        return show(one, path)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(ask, clients))
    assert {r.status_code for r in replies} == {200}, [r.text[:200] for r in replies]
    assert {r.headers["X-File-Id"] for r in replies} == {
        show(client, path).headers["X-File-Id"]}
    assert not versions(far, path)


def test_what_is_newer_stays_on_top(far, client, path):
    """An upload came after what S3 had taken, and was known before."""
    made = form(client, path)
    assert post(far, made, b"by a form").status_code == 204
    time.sleep(2.1)  # S3 tells whole seconds
    put(client, path, b"newer")
    look(far)
    assert show(client, path).content == b"newer"
    assert versions(far, path) == [md5(b"by a form")]


def test_what_is_put_there_later_stays_on_top(far, client, path):
    """A file that is older, and comes to the path after what S3 has taken: moved there, or
    restored. The job, which finds that after it, does not undo what was done."""
    older, there = path + ".older", path + ".restored"
    put(client, older, b"moved")
    number = put(client, there, b"restored").headers["X-File-Id"]
    put(client, there, b"written over")
    time.sleep(1.1)  # S3 tells whole seconds
    for target in (path, there):
        assert post(far, form(client, target), b"by a form").status_code == 204
    reply = client.post("/files/move", params={"source_path": older,
                                               "destination_path": path})
    assert reply.status_code == 200, reply.text
    kept = client.get("/api/files/%s/versions" % number).json()["items"]
    reply = client.post("/api/files/%s/restore" % number,
                        params={"version": kept[-1]["version_id"]})
    assert reply.status_code == 200, reply.text
    look(far)
    assert show(client, path).content == b"moved"
    assert show(client, there).content == b"restored"
    assert md5(b"by a form") in versions(far, there)
    deleted = client.get("/api/storage/trash").json()["items"]
    assert path in [item["path"] for item in deleted]


@pytest.mark.parametrize("how", ["one", "many", "folder"])
def test_what_is_deleted_does_not_come_up_afterwards(far, client, path, how):
    """Nobody has seen yet what S3 took; it is deleted all the same, and can come back."""
    folder = path.rpartition("/")[0]
    beside = folder + "0/x"
    for target in (path, beside):
        assert post(far, form(client, target), b"by a form").status_code == 204
    if how == "one":
        reply = client.delete("/files/delete/" + quote(path))
    elif how == "many":
        reply = client.post("/files/delete-multiple", json=[
            folder + "/a", path, folder + "/z", beside + "/y"])
        assert "DeleteMarkerVersionId" in reply.json()["deleted"][1]
    else:
        reply = client.delete("/files/folder/delete", params={"folder_path": folder})
        assert reply.headers["X-Deleted-Count"] == "1"
    assert reply.status_code == 200, reply.text
    look(far)
    refused(show(client, path), 404)
    assert names(client, folder) == [] and names(client, folder + "0") == [beside]
    [item] = [i for i in client.get("/api/storage/trash").json()["items"]
              if i["path"] == path]
    reply = client.post("/api/files/%s/restore" % item["file_id"])
    assert reply.status_code == 200 and show(client, path).content == b"by a form"


def test_uploads_of_ours_do_not_arrive(far, client, tenant, path):
    """They lie under the same key, and are there already."""
    form(client, path)
    for content in (b"one", b"two"):
        put(client, path, content)
    look(far)
    assert show(client, path).content == b"two"
    assert versions(far, path) == [md5(b"one")]
    # Nor does one whose row is not written yet, or was lost: it bears our mark.
    far.bucket.client.put_object(Bucket=far.bucket.name, Key=key_of(tenant, path),
                                 Body=b"lost", Metadata={"cem-object": "0" * 24})
    assert show(client, path).content == b"two"


def test_what_s3_should_not_have_taken(far, client, tenant, path):
    """Larger than the form allows: it is removed, and the audit says so."""
    form(client, path, max_file_size=5)
    far.bucket.client.put_object(Bucket=far.bucket.name, Key=key_of(tenant, path),
                                 Body=b"123456")
    refused(show(client, path), 404)
    assert not far.bucket.versions(key_of(tenant, path))
    row = trail.last(far, tenant, "refuse_upload")
    assert row["details"] == {"found": "too large", "size": 6}


def test_each_form_has_its_own_limit(far, client, path):
    """What one form allows is not removed because another allows less; what none allows
    is."""
    small, large = form(client, path, max_file_size=5), form(client, path)
    assert post(far, small, b"1234").status_code == 204
    assert post(far, large, b"123456789").status_code == 204
    look(far)
    assert show(client, path).content == b"123456789"
    assert versions(far, path) == [md5(b"1234")]


def test_without_versions_nothing_is_taken(far, client, tenant, path):
    """What may be overwritten any moment can't be what a row stands for."""
    s3, name = far.bucket.client, far.bucket.name
    made = form(client, path)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Suspended"})
    try:
        assert post(far, made).status_code == 204
        refused(show(client, path), 404)
        look(far)
        refused(show(client, path), 404)
    finally:
        s3.put_bucket_versioning(Bucket=name,
                                 VersioningConfiguration={"Status": "Enabled"})
    assert post(far, made, b"versioned").status_code == 204
    assert show(client, path).content == b"versioned" and not versions(far, path)


def test_one_form_holds_up_no_other(far, client, tenant, path):
    """What S3 does not let us remove stays refused; forms that end later are looked after
    all the same."""
    form(client, path, max_file_size=5, expiration=1000)
    far.bucket.client.put_object(Bucket=far.bucket.name, Key=key_of(tenant, path),
                                 Body=b"123456")
    far.bucket.client.put_bucket_policy(Bucket=far.bucket.name, Policy=json.dumps({
        "Version": "2012-10-17", "Statement": [{
            "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObjectVersion",
            "Resource": "arn:aws:s3:::%s/*" % far.bucket.name}]}))
    try:
        made = form(client, path + ".later", expiration=2000)
        assert post(far, made).status_code == 204
        look(far)
        assert trail.last(far, tenant, "refuse_upload")["details"]["size"] == 6
        assert len(far.bucket.versions(key_of(tenant, path) + ".later")) == 1
        assert trail.ask(far, "SELECT file_id FROM space_file WHERE file_path ="
                              " '%s.later'" % path), "the job took it"
    finally:
        far.bucket.client.delete_bucket_policy(Bucket=far.bucket.name)
    look(far)
    assert len(far.bucket.versions(key_of(tenant, path))) == 1


def test_under_many_versions(far, tenant, client, path):
    """However much was uploaded in other ways since, what arrived is found."""
    made = form(client, path)
    assert post(far, made).status_code == 204
    for i in range(110):
        put_behind(far, tenant, path, b"%d" % i)
    look(far)
    assert trail.ask(far, "SELECT COUNT(*) AS n FROM space_file WHERE file_path = '%s'"
                     % path) == [{"n": 1}]
    assert show(client, path).content == b"by a form"


def test_what_is_left_in_the_bucket(far, path):
    """There was no room to the end: it stays where it is, and the audit says so."""
    name = organise(far, quota=1)
    client = member(far, name)
    tenant = tenant_of(far, name)
    made = form(client, path, max_file_size=3000000)
    assert post(far, made, bytes(1500000)).status_code == 204
    ended = int((time.time() - 3599) * 1000000)
    far.sql("UPDATE space_pending SET expires_at = %d WHERE file_path = '%s'"
            % (ended, path))
    time.sleep(2)  # it came in time, and now that is over
    look(far)
    assert not open_forms(far, path)
    assert trail.last(far, tenant, "leave_upload")["details"] == {"size": 1500000}
    assert len(far.bucket.versions(key_of(tenant, path))) == 1


def test_what_comes_too_late(far, client, tenant, path):
    """An hour after its end a form is forgotten, and what comes then is not ours; what
    came before is taken even so."""
    made = form(client, path)
    assert post(far, made).status_code == 204
    ago = int((time.time() - 2 * 3600) * 1000000)
    far.sql("UPDATE space_pending SET created_at = %d, expires_at = %d"
            " WHERE file_path = '%s'" % (ago - 3600 * 1000000, ago, path))
    refused(show(client, path), 404)
    look(far)
    assert not open_forms(far, path)
    refused(show(client, path), 404)
    assert len(far.bucket.versions(key_of(tenant, path))) == 1, "it is not removed"
    late = int((time.time() - 3500) * 1000000)
    form(client, path)
    far.sql("UPDATE space_pending SET expires_at = %d WHERE file_path = '%s'"
            % (late, path))
    assert show(client, path).content == b"by a form"


def test_it_ends_with_the_account(far, home, tenant, client, path):
    leaver = member(far, home)
    made = form(leaver, path)
    assert post(far, made).status_code == 204
    far.cem("user", "off", "--config", far.config, leaver.email)
    refused(show(client, path), 404)
    look(far)
    refused(show(client, path), 404)
    far.cem("user", "on", "--config", far.config, leaver.email)
    assert show(client, path).content == b"by a form"
    assert trail.last(far, show(client, path).headers["X-File-Id"], "upload")["user_id"] \
        != client.email


def test_a_full_space_waits(far, path):
    name = organise(far, quota=1)
    client = member(far, name)
    made = form(client, path, max_file_size=3000000)
    assert post(far, made, bytes(1500000)).status_code == 204
    refused(show(client, path), 404)
    look(far)
    refused(show(client, path), 404)
    far.cem("organisation", "quota", "--config", far.config, name, "5")
    assert len(show(client, path).content) == 1500000


def test_so_many_forms_and_no_more(far, path):
    client = member(far, organise(far))
    form(client, path)
    row = trail.ask(far, "SELECT organisation_id, account_id FROM space_pending"
                         " WHERE file_path = '%s'" % path)[0]
    values = ", ".join("('f%d', '%s', '%s', 'x', '', 'tenants/k', 1, 1, 1)"
                       % (i, row["organisation_id"], row["account_id"])
                       for i in range(999))
    far.sql("INSERT INTO space_pending (pending_id, organisation_id, account_id,"
            " file_path, path_folder, object_key, max_size, created_at, expires_at)"
            " VALUES " + values)
    reply = client.post("/files/presigned-upload", params={"file_path": path})
    assert "forms are open" in refused(reply, 429) and reply.headers["Retry-After"]
    look(far)
    form(client, path)


def test_many_open_forms(far, tenant, client, path):
    """However many forms are out, the job does not need more memory than for one."""
    far.sql("INSERT INTO space_pending (pending_id, organisation_id, account_id,"
            " file_path, path_folder, object_key, max_size, created_at, expires_at)"
            " WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
            " WHERE i < 4500) SELECT 'many' || CAST(i AS TEXT), '%s', 'nobody',"
            " '%s' || CAST(i AS TEXT), 'many', '%s' || CAST(i AS TEXT), 1, 0, 1000 + i"
            " FROM n" % (tenant, "p" * 1000, "k" * 1000))
    post(far, form(client, path))
    look(far)
    assert trail.ask(far, "SELECT COUNT(*) AS n FROM space_pending"
                          " WHERE account_id = 'nobody'") == [{"n": 0}]
    assert show(client, path).content == b"by a form"


def test_a_virus_by_a_form(path):
    """Fetched, found, removed; it was never a file. What is clean is taken."""
    scanner = clamd.Clamd()
    one = servers.Server({"JOB_WORKERS": "0", "CLAMD": scanner.place}, workers=2)
    one.bucket or one.use_bucket("s3")
    try:
        scanner.start()
        one.start()
        admin = Client(one).login(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)
        made = form(admin, path)
        assert post(one, made, b"clean").status_code == 204
        assert post(one, made, clamd.EICAR).status_code == 204
        assert show(admin, path).content == b"clean"
        assert len(one.bucket.versions("tenants/")) == 1
        row = trail.rows(one, action="refuse_upload")[-1]
        assert row["details"] == {"found": clamd.NAME, "size": len(clamd.EICAR)}
        scanner.stop()
        assert post(one, made, b"not looked at").status_code == 204
        reply = show(admin, path)
        assert reply.status_code == 503, "it fails closed"
        scanner.start()
        assert show(admin, path).content == b"not looked at"
    finally:
        one.end()
        scanner.end()


def test_a_form_has_all_that_its_policy_asks_for(path):
    """Also how to encrypt, else S3 takes nothing by it. S3 need not answer for that."""
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        one = servers.Server({
            "JOB_WORKERS": "0", "STORE": "s3", "S3_BUCKET": "farm", "S3_STYLE": "path",
            "S3_ACCESS_KEY": "AKIATEST", "S3_SECRET_KEY": "secret",
            "S3_ENCRYPTION": "aws:kms", "S3_KMS_KEY": "alias/files",
            "S3_ENDPOINT": "https://127.0.0.1:%d" % nobody.getsockname()[1]}, workers=2)
        try:
            one.start()
            admin = Client(one).login(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)
            fields = form(admin, path)["fields"]
            policy = json.loads(base64.b64decode(fields["policy"]))
            asked = {name: value for c in policy["conditions"] if isinstance(c, dict)
                     for name, value in c.items() if name != "bucket"}
            assert asked.items() <= fields.items()
            assert asked["x-amz-server-side-encryption-aws-kms-key-id"] == "alias/files"
        finally:
            one.end()


def test_other_organisations_are_not_reached(far, client, path):
    other = member(far, organise(far))
    made = form(other, path)
    assert post(far, made, b"theirs").status_code == 204
    refused(show(client, path), 404)
    assert show(other, path).content == b"theirs"


def test_while_s3_is_away(far, client, path):
    """What may have arrived nobody can know; all else is as it is. The last test here."""
    put(client, path + ".other")
    made = form(client, path)
    assert post(far, made).status_code == 204
    far.stop()
    settings = dict(far.settings)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        far.settings["S3_ENDPOINT"] = "https://127.0.0.1:%d" % nobody.getsockname()[1]
        far.start()
        refused(show(client, path), 503)
        assert names(client, path.rpartition("/")[0]) == [path + ".other"]
        facts = client.get("/files/metadata/" + quote(path + ".other"))
        assert facts.status_code == 200
        far.stop()
    far.settings = settings
    far.start()
    assert show(client, path).content == b"by a form"
