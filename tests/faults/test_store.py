# SPDX-License-Identifier: MIT
"""Stored files between disk and S3: moved while people work, cut off, damaged, S3 away,
and a bucket that others write to. No file is lost, and no row without its bytes."""
import fcntl
import http.server
import os
import random
import secrets
import socket
import sqlite3
import subprocess
import threading
from urllib.parse import quote

import hurt
import people
import psycopg2
import pytest
import requests
import server as servers

PDF = b"%PDF-1.4\n"


def rows(running, statement):
    if running.database:
        link = psycopg2.connect(running.database)
    else:
        link = sqlite3.connect(os.path.join(running.state, "db", "cem.db"), timeout=30)
    try:
        cursor = link.cursor()
        cursor.execute(statement)
        return cursor.fetchall()
    finally:
        link.close()


def places(running):
    """{object id: where it lies}"""
    return dict(rows(running, "SELECT object_id, stored_in FROM object"))


def document(admin, farmer_id, content):
    """Upload one; its address."""
    reply = admin.upload("/api/farmers/%s/documents/nrc" % farmer_id, content, "a.pdf",
                         "application/pdf")
    assert reply.status_code == 200, reply.text
    return reply.json()["file_path"]


def fill(running, n):
    """{address: bytes} of n stored documents of different sizes."""
    admin = hurt.sign_in(running)
    found = {}
    for i in range(n):
        farmer = admin.post("/api/farmers", json=people.form()).json()["farmer_id"]
        content = PDF + secrets.token_bytes(random.randrange(1, 30000) if i else 700000)
        found[document(admin, farmer, content)] = content
    return found


def fill_space(running):
    """The same in a space: one file is written over, and copied. Copies share their
    bytes on the disk, versions their key in S3."""
    admin, found = hurt.sign_in(running), {}
    for i, content in enumerate((b"first", b"second", b"")):
        for name in ("same.txt", "own ŋ %d.txt" % i):
            reply = admin.post("/files/upload", files={"file": (name, content)})
            assert reply.status_code == 200, reply.text
            found["/files/download/" + quote(name)] = content
        reply = admin.post("/files/copy", params={"source_path": "same.txt",
                                                  "destination_path": "b/%d.txt" % i})
        assert reply.status_code == 200, reply.text
        found["/files/download/b/%d.txt" % i] = content
    return found


def all_there(running, files):
    admin = hurt.sign_in(running)
    for path, content in files.items():
        reply = admin.get(path)
        assert (reply.status_code, reply.content) == (200, content), path


def store(running, *words, check=True):
    return running.cem("store", *words, "--config", running.config, check=check)


def checked(running, n):
    """Every row has its bytes, and the right ones."""
    _, out, _ = store(running, "check", "--deep")
    assert out.startswith("%d objects are there and whole" % n), out
    assert out.rstrip().endswith("; 0 are not")


class Readers(hurt.Crowd):
    """Threads that read files all the time, and remember what was wrong."""

    def __init__(self, running, files):
        super().__init__(2)
        self.admin, self.files, self.wrong, self.n = hurt.sign_in(running), files, [], 0

    def work(self, number):
        client = hurt.twin(self.admin)
        while not self.stopping.is_set():
            path = random.choice(list(self.files))
            reply = client.get(path)
            self.n += 1
            if (reply.status_code, reply.content) != (200, self.files[path]):
                self.wrong.append((path, reply.status_code))


class Senders(hurt.Crowd):
    """Threads that upload documents all the time."""

    def __init__(self, running):
        super().__init__(2)
        self.admin, self.files, self.wrong = hurt.sign_in(running), {}, []

    def work(self, number):
        client = hurt.twin(self.admin)
        while not self.stopping.is_set():
            try:
                farmer = client.post("/api/farmers", json=people.form()).json()
                content = PDF + secrets.token_bytes(random.randrange(1, 20000))
                self.files[document(client, farmer["farmer_id"], content)] = content
            except (AssertionError, KeyError, requests.RequestException) as why:
                self.wrong.append(repr(why))


@pytest.fixture
def running(start):
    return start(store="disk", workers=4)


def test_there_and_back_while_people_work(running):
    files = dict(fill(running, 25), **fill_space(running))
    with Readers(running, files) as readers, Senders(running) as senders:
        status, out, _ = store(running, "copy", "disk", "s3")
    assert not readers.wrong and not senders.wrong and readers.n
    assert out.startswith("copied ") and out.rstrip().endswith("; 0 could not be")
    files.update(senders.files)
    found = places(running)
    moved = {p: "s3" for p in found if found[p] == "s3"}
    assert len(moved) >= 25
    assert len(running.bucket.versions()) == len(moved)
    assert len([n for n in running.stored() if n.startswith(running.state)]) \
        == len(found), "without --remove nothing goes"
    all_there(running, files)
    checked(running, len(found))
    # Once more, with those that came meanwhile, and then without the disk's.
    store(running, "copy", "disk", "s3", "--remove")
    assert set(places(running).values()) == {"s3"}
    assert len(running.bucket.versions()) == len(running.stored()) == len(found)
    all_there(running, files)
    with Readers(running, files) as readers:
        store(running, "copy", "s3", "disk", "--remove")
    assert not readers.wrong
    assert set(places(running).values()) == {"disk"}
    assert not running.bucket.versions()
    assert len(running.stored()) == len(found)
    all_there(running, files)
    checked(running, len(found))


def test_a_second_way_there_sends_nothing_again(running):
    """What still lies in S3 from the time before is looked at, not sent anew."""
    files = fill(running, 5)
    store(running, "copy", "disk", "s3")
    before = running.bucket.versions()
    store(running, "copy", "s3", "disk")
    hurt.sweep(running)
    running.cem("sweep", "--s3-age", "0", "--config", running.config)
    assert running.bucket.versions() == before, "it is known that they lie there too"
    store(running, "copy", "disk", "s3")
    assert running.bucket.versions() == before
    all_there(running, files)


@pytest.mark.parametrize("way", [("disk", "s3"), ("s3", "disk")])
def test_killed_in_the_middle(start, way):
    """kill -9 at ten moments; said again it goes on, and at the end all is there."""
    running = start(store="disk", workers=2)
    files = fill(running, 30)
    if way[0] == "s3":
        store(running, "copy", "disk", "s3", "--remove")
    env = running.environment()
    for name in ("SEED_ADMIN_EMAIL", "SEED_ADMIN_PASSWORD"):
        env.pop(name)
    for i in range(10):
        with subprocess.Popen([servers.CEM, "store", "copy", *way, "--config",
                               running.config], env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              start_new_session=True) as process:
            def moved(least=2 * i):
                return process.poll() is not None or \
                    list(places(running).values()).count(way[1]) > least
            servers.poll(moved)
            process.kill()  # the last may have ended
        all_there(running, dict(list(files.items())[:5]))
    store(running, "copy", *way, "--remove")
    assert set(places(running).values()) == {way[1]}
    all_there(running, files)
    checked(running, len(files))
    running.cem("sweep", "--age", "0", "--s3-age", "0", "--config", running.config)
    checked(running, len(files))
    assert len(running.stored()) == len(files), "what was cut off is swept"


def object_of(path):
    return path.rpartition("/")[2]


def disk_path(running, object_id):
    return os.path.join(running.state, "store", object_id[-2:], object_id)


def test_damaged_bytes_are_told_and_not_moved(running):
    files = fill(running, 6)
    damaged, gone = list(map(object_of, files))[:2]
    with open(disk_path(running, damaged), "r+b") as f:
        f.write(b"#")
    os.unlink(disk_path(running, gone))
    status, out, _ = store(running, "check", check=False)
    assert status == 1 and "object %s in disk: there are no bytes" % gone in out
    assert damaged not in out, "its size is right"
    status, out, _ = store(running, "check", "--deep", check=False)
    assert status == 1 and "object %s in disk: its bytes are not those" % damaged in out
    status, out, _ = store(running, "copy", "disk", "s3", "--remove", check=False)
    assert status == 1 and "; 2 could not be" in out and damaged in out and gone in out
    found = places(running)
    assert found.pop(damaged) == "disk" and found.pop(gone) == "disk"
    assert set(found.values()) == {"s3"}
    assert os.path.exists(disk_path(running, damaged)), "who knows what can be saved"


def test_two_do_not_move_at_once(running):
    """The second would take what the first has brought for its own, and remove it."""
    files = fill(running, 2)
    folder = os.open(os.path.join(running.state, "store"), os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)  # as one does that is at work
        status, _, err = store(running, "copy", "disk", "s3", check=False)
        assert status == 1 and "another cem store copy is at work" in err
        assert set(places(running).values()) == {"disk"}
        checked(running, 2)
    finally:
        os.close(folder)
    store(running, "copy", "disk", "s3")
    all_there(running, files)


def test_what_is_hidden_stays_hidden(running):
    """What nginx may not read on the disk it may not read when it has been in S3."""
    fill(running, 2)
    hidden, plain = places(running)
    os.chmod(disk_path(running, hidden), 0o600)  # as the tables of imports are
    store(running, "copy", "disk", "s3", "--remove")
    keys = {key.rpartition("/")[2]: key.partition("/")[0]
            for key, _, _ in running.bucket.versions()}
    assert keys == {hidden: "hidden", plain: "objects"}
    store(running, "copy", "s3", "disk", "--remove")
    modes = {id: os.stat(disk_path(running, id)).st_mode & 0o777
             for id in (hidden, plain)}
    assert modes == {hidden: 0o600, plain: 0o640}


def test_words(running):
    for words in (("copy",), ("copy", "disk"), ("copy", "disk", "disk"),
                  ("copy", "s3", "tape"), ("check", "--remove"), ("list",),
                  ("copy", "disk", "s3", "--deep")):
        status, _, err = store(running, *words, check=False)
        assert status == 2 and "usage: cem store copy FROM TO" in err, words


def test_versions_are_what_a_row_means(start):
    """Somebody else writes under our key, and deletes it: a row means its version."""
    running = start(store="s3")
    files = fill(running, 3)
    bucket = running.bucket
    for key, _, _ in bucket.versions():
        bucket.client.put_object(Bucket=bucket.name, Key=key, Body=b"other")
        bucket.client.delete_object(Bucket=bucket.name, Key=key)
    all_there(running, files)
    checked(running, 3)
    running.cem("sweep", "--s3-age", "0", "--config", running.config)
    assert len(bucket.versions()) == 6, "what is not ours is left alone"
    all_there(running, files)


def test_sweep_takes_only_what_says_it_is_ours(start):
    running = start(store="s3")
    files = fill(running, 2)
    bucket = running.bucket
    kept = bucket.versions()
    name = "6b00000000000000000000"
    for key, about in (("objects/01/%s01" % name, {"cem-object": name + "01"}),
                       ("tenants/%s/a.txt" % name, {"cem-object": name + "02"}),
                       ("hidden/05/%s05" % name, {"cem-object": name + "05"}),
                       ("tenants/%s/b.txt" % name, {}),
                       ("objects/other", {"cem-object": "x"}),
                       ("elsewhere/c.txt", {"cem-object": name + "03"})):
        bucket.client.put_object(Bucket=bucket.name, Key=key, Body=b"x", Metadata=about)
    running.cem("sweep", "--config", running.config)
    assert len(bucket.versions()) == len(kept) + 6, "all of it is young"
    _, out, _ = running.cem("sweep", "--s3-age", "0", "--config", running.config)
    assert "removed 3 objects that no row names from S3" in out
    left = {v[0] for v in bucket.versions()} - {v[0] for v in kept}
    assert left == {"tenants/%s/b.txt" % name, "objects/other", "elsewhere/c.txt"}
    all_there(running, files)


def test_a_bucket_without_versions_is_refused(start):
    running = start(store="s3")
    from bucket import Bucket
    plain = Bucket(running.bucket.s3, versions=False)
    running.stop()
    running.settings["S3_BUCKET"] = plain.name
    with pytest.raises(AssertionError) as why:
        running.start()
    assert "keeps no versions" in str(why.value)


def test_the_bucket_of_another_register_is_refused(start):
    first, second = start(store="s3"), start(store="s3")
    second.stop()
    second.settings["S3_BUCKET"] = first.bucket.name
    with pytest.raises(AssertionError) as why:
        second.start()
    assert "the files of another register" in str(why.value)
    status, _, err = second.cem("store", "check", "--config", second.config, check=False)
    assert status == 1 and "another register" in err
    status, _, _ = second.cem("sweep", "--s3-age", "0", "--config", second.config,
                              check=False)
    assert status == 1 and first.bucket.client.head_object(
        Bucket=first.bucket.name, Key="objects/ID")


def test_what_is_gone_from_s3(start):
    running = start(store="s3")
    files = fill(running, 3)
    (key, version, _), *_ = running.bucket.versions()
    running.bucket.remove(key, version)
    admin = hurt.sign_in(running)
    replies = {path: admin.get(path) for path in files}
    missing = [p for p, r in replies.items() if r.status_code == 404]
    assert len(missing) == 1 and replies[missing[0]].json() == {"detail": "Not Found"}
    status, out, _ = store(running, "check", check=False)
    assert status == 1 and object_of(missing[0]) in out


def test_without_s3_the_rest_works(start):
    """S3 does not answer: files can wait, the register can't."""
    running = start(store="s3", workers=3)
    files = fill(running, 1)
    running.stop()
    settings = dict(running.settings)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        running.settings["S3_ENDPOINT"] = "https://127.0.0.1:%d" % nobody.getsockname()[1]
        running.start()
        admin = hurt.sign_in(running)
        made = admin.post("/api/farmers", json=people.form())
        assert made.status_code == 201
        farmer = made.json()["farmer_id"]
        reply = admin.upload("/api/farmers/%s/documents/nrc" % farmer, PDF, "a.pdf",
                             "application/pdf")
        hurt.gave_up(reply)
        assert reply.status_code == 503 and reply.headers["Retry-After"]
        for path in files:
            reply = admin.get(path)
            hurt.gave_up(reply)
            assert reply.status_code == 503 and reply.headers["Retry-After"]
        assert not admin.get("/api/farmers/" + farmer).json()["documents"]
        status, _, err = store(running, "copy", "s3", "disk", check=False)
        assert status == 1 and err
        running.stop()
    running.settings = settings
    running.start()
    all_there(running, files)
    assert not os.listdir(os.path.join(running.state, "store", "tmp"))


class Odd(http.server.BaseHTTPRequestHandler):
    """An S3 that answers as the test says, and remembers what it was asked."""
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.server.asked.append((self.command, self.path, dict(self.headers)))
        status, headers, body = self.server.answer
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, *words):
        pass


@pytest.fixture(scope="module")
def odd(start):
    """A server whose S3 answers as the test says; (server, S3, address of a file)."""
    s3 = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Odd)
    s3.asked, s3.answer = [], (403, [], b"")  # so it counts as one that is away
    threading.Thread(target=s3.serve_forever, daemon=True).start()
    running = start(settings={
        "JOB_WORKERS": "0",  # it asks S3 now and then
        "S3_BUCKET": "odd-bucket", "S3_STYLE": "path", "S3_ACCESS_KEY": "AKIATEST",
        "S3_SECRET_KEY": "the-secret-of-this-test",
        "S3_ENDPOINT": "http://127.0.0.1:%d" % s3.server_address[1]})
    (path, _), = fill(running, 1).items()
    running.sql("UPDATE object SET stored_in = 's3', object_version = 'v/1',"
                " object_key = 'tenants/o/a b+%25ŋ.pdf'")
    s3.answer = 200, [], b"bytes"
    yield running, s3, path
    s3.shutdown()


def ask(odd, method="GET", **headers):
    running, s3, path = odd
    del s3.asked[:]
    admin = hurt.sign_in(running)
    return admin.call(method, path, headers={n.replace("_", "-"): v
                                             for n, v in headers.items()})


def test_s3_learns_nothing_of_the_client(odd):
    reply = ask(odd, Cookie="a=b", X_Forwarded_For="1.2.3.4", Range="bytes=0-3",
                Accept_Language="bem", User_Agent="phone", Referer="https://x.example/")
    assert reply.status_code == 200 and reply.content == b"bytes"
    (_, path, headers), = odd[1].asked
    assert set(headers) == {"Host", "Range"} and headers["Range"] == "bytes=0-3"
    assert path.startswith("/odd-bucket/tenants/o/a%20b%2B%2525%C5%8B.pdf?")
    assert "versionId=v%2F1" in path and "X-Amz-Signature=" in path


def test_the_client_learns_nothing_of_s3(odd):
    odd[1].answer = (200, [
        ("Content-Type", "text/html"), ("Content-Disposition", "inline"),
        ("Content-Encoding", "gzip"), ("Set-Cookie", "a=b"), ("ETag", '"theirs"'),
        ("Last-Modified", "Sun, 06 Nov 1994 08:49:37 GMT"), ("Server", "theirs"),
        ("Cache-Control", "public"), ("X-Accel-Redirect", "/store/../cem.conf"),
        ("X-Accel-Expires", "9"), ("x-amz-request-id", "1"), ("x-amz-id-2", "2"),
        ("x-amz-version-id", "3"), ("x-amz-meta-tenant_id", "4"),
        ("x-amz-meta-original_filename", "5"), ("x-amz-meta-cem-object", "6"),
        ("x-amz-server-side-encryption", "AES256"),
        ("Access-Control-Allow-Origin", "*"), ("Strict-Transport-Security", "max-age=1"),
        ("Location", "https://elsewhere.example/"), ("Vary", "X"),
        *[(name, "theirs") for name in (
            "X-Request-ID", "X-File-Id", "X-Content-Type-Options", "Pragma", "Link",
            "Content-Security-Policy", "Referrer-Policy", "Refresh", "Alt-Svc",
            "Clear-Site-Data", "WWW-Authenticate", "Retry-After", "Via", "Age")]],
        b"bytes")
    for method in ("GET", "HEAD"):
        reply = ask(odd, method)
        assert reply.status_code == 200
        assert reply.content == (b"bytes" if method == "GET" else b"")
        assert odd[1].asked[0][0] == method
        text = str(reply.headers).lower()
        for word in ("amz", "theirs", "nov 1994", "text/html", "cookie", "gzip", "public",
                     "elsewhere", "strict-", "odd-bucket", "'*'", "signature"):
            assert word not in text, word
        assert reply.headers["Content-Type"] == "application/pdf"
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert reply.headers["Content-Disposition"].startswith("inline; filename=")


@pytest.mark.parametrize("theirs,ours", [
    (301, 503), (302, 503), (307, 503), (400, 503), (401, 503), (403, 503), (404, 404),
    (405, 503), (409, 503), (412, 503), (416, 416), (429, 503), (500, 503), (503, 503),
])
def test_what_s3_refuses(odd, theirs, ours):
    """In our words; its own, with the bucket's name and our key in it, stay away."""
    odd[1].answer = (theirs, [("Content-Type", "application/xml"),
                              ("Location", "https://elsewhere.example/")],
                     b"<Error><BucketName>odd-bucket</BucketName></Error>")
    reply = ask(odd)
    assert reply.status_code == ours
    assert reply.headers["Content-Type"] == "application/json"
    assert list(reply.json()) == ["detail"] and "odd-bucket" not in reply.text
    assert "Location" not in reply.headers


def test_the_log_names_the_request(odd):
    """By the id that the program knows it by, whoever sent the bytes."""
    odd[1].answer = (200, [("X-Request-ID", "theirs")], b"bytes")
    replies = [ask(odd), ask(odd, If_Match="*")]
    name = os.path.join(odd[0].state, "log", "nginx-access.log")

    def written():
        with open(name, encoding="utf-8") as f:
            text = f.read()
        return all("request=%s\n" % r.headers["X-Request-ID"] in text for r in replies)
    servers.poll(written)


def test_a_condition_needs_no_s3(odd):
    odd[1].answer = (200, [], b"bytes")
    tag = ask(odd).headers["ETag"]
    assert ask(odd, If_None_Match=tag).status_code == 304 and not odd[1].asked
    assert ask(odd, If_Match='"other"').status_code == 412 and not odd[1].asked
    assert ask(odd, If_Range='"other"', Range="bytes=0-1").status_code == 200
    assert "Range" not in odd[1].asked[0][2]


def test_nobody_else_reaches_it(odd):
    running, s3, _ = odd
    del s3.asked[:]
    admin = hurt.sign_in(running)
    for path in ("/remote", "/remote/", "/stored/a", "/store/a"):
        reply = admin.get(path, headers={
            "X-File-Address": "http://127.0.0.1:%d/x" % s3.server_address[1]})
        assert reply.status_code == 404, path
    assert not s3.asked
