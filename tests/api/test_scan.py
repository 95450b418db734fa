# SPDX-License-Identifier: MIT
"""Uploads are looked through for viruses before they are kept (setting CLAMD). Without a
clear answer nothing is stored: whoever can stop the scanner gets nothing past it."""
import clamd
import people
import pictures
import pytest
import server as servers
import trail
from client import Client, refused
from people import path

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
UNCHECKED = ("The file could not be checked for viruses; nothing was stored. "
             "Try again later.")
FOUND = "The file was refused: it contains " + clamd.NAME
HEAD = ("first_name,last_name,nrc,date_of_birth,gender,phone_primary,village,"
        "district_name\n")


class Register:
    """A server with a scanner, an administrator, and one farmer."""

    def __init__(self, scanner, recorder, **settings):
        self.scanner = scanner
        self.server = servers.Server({"CLAMD": scanner.place, **settings})
        try:
            self.server.start()
            self.admin = Client(self.server, recorder).login(servers.ADMIN_EMAIL,
                                                             servers.ADMIN_PASSWORD)
            reply = self.admin.post("/api/farmers", json=people.form())
            assert reply.status_code == 201, reply.text
            self.farmer = reply.json()
        except BaseException:
            self.end()
            raise

    def end(self):
        self.server.end()
        self.scanner.end()

    def put(self, content=PDF, what="/documents/nrc", name="a.pdf", **more):
        return self.admin.upload(path(self.farmer, what), content, name, **more)


@pytest.fixture(scope="module")
def real(recorder):
    one = Register(clamd.Clamd().start(), recorder)
    yield one
    one.end()


@pytest.fixture(scope="module")
def rogue(recorder):
    one = Register(clamd.Rogue(), recorder, SCAN_SECONDS="5",
                   JOB_WORKERS="0")  # one asks it now and then
    yield one
    one.end()


@pytest.mark.parametrize("what,content", [
    ("/documents/nrc", PDF + clamd.EICAR),
    ("/upload-photo", pictures.jpeg() + clamd.EICAR),
    ("import", (HEAD + clamd.EICAR.decode()).encode()),
], ids=["document", "photo", "import"])
def test_found(real, what, content):
    before = real.server.stored()
    if what == "import":
        reply = real.admin.upload("/api/imports", content, "a.csv")
    else:
        reply = real.put(content, what)
    assert refused(reply, 400) == FOUND
    assert not real.server.added(before)
    row = trail.rows(real.server, action="virus_refused")[-1]
    assert row["details"] == {"found": clamd.NAME} and row["module"] == "files"
    assert row["user_id"] and row["role"] == "ADMIN" and row["ip_address"]


def test_files_of_an_organisation(real):
    """Of several files one is enough, and none is stored; also with a signed form."""
    admin, before = real.admin, real.server.stored()
    files = [("files", ("%d.bin" % i, b"clean", "a/b")) for i in range(3)]
    files.insert(2, ("files", ("bad.bin", b"x" * 70000 + clamd.EICAR, "a/b")))
    reply = admin.post("/files/upload-multiple?folder=scan", files=files)
    assert refused(reply, 400) == FOUND
    assert refused(admin.upload("/files/upload", clamd.EICAR), 400) == FOUND
    reply = admin.post("/files/presigned-upload?file_path=scan/form.bin")
    assert reply.status_code == 200, reply.text
    sent = admin.post("/files/presigned", data=reply.json()["fields"],
                      files={"file": ("a", clamd.EICAR)}, token=None)
    assert refused(sent, 400) == FOUND
    assert not real.server.added(before)
    assert admin.get("/files/list?folder=scan").json() == []
    assert admin.upload("/files/upload", b"clean").status_code == 200


def test_clean(real):
    for what, content in (("/documents/nrc", PDF), ("/upload-photo", pictures.jpeg())):
        reply = real.put(content, what)
        assert reply.status_code == 200, reply.text
    reply = real.admin.upload("/api/imports?dry_run=true", HEAD.encode(), "a.csv")
    assert reply.status_code == 202, reply.text
    address = "/api/imports/" + reply.json()["import_id"]
    servers.poll(lambda: real.admin.get(address).json()["state"] == "done")


def test_in_the_middle_of_what_is_large(real):
    """The signature lies across the pieces in which it is sent."""
    for before in (65536 - len(PDF) - 20, 1000 * 1000):
        content = PDF + b"\n" * before + clamd.EICAR + b"\n" * 1000
        assert refused(real.put(content), 400) == FOUND


def test_larger_than_the_scanner_takes(real):
    before = real.server.stored()
    content = PDF + b"\n" * (clamd.LIMIT_MB * 1024 * 1024)
    assert "larger than the virus scanner takes" in refused(real.put(content), 413)
    assert not real.server.added(before)


def test_it_is_checked_with_the_rest(real):
    status, out, _ = real.server.cem("check", "--config", real.server.config)
    assert status == 0 and "clamd at %s: ok" % real.scanner.place in out


def test_stopped(real):
    before = real.server.stored()
    real.scanner.stop()
    try:
        reply = real.put(internal=True)
        assert refused(reply, 503) == UNCHECKED
        assert int(reply.headers["Retry-After"]) > 0
        assert not real.server.added(before)
        status, out, _ = real.server.cem("check", "--config", real.server.config,
                                         check=False)
        assert status != 0 and "does not answer" in out
    finally:
        real.scanner.start()
    assert real.put().status_code == 200


@pytest.mark.parametrize("manner", [
    "gone", "deaf", "silent", "stream: OK", "OK\0", "\0", "stream: OKstream: OK\0",
    "stream: Can't allocate memory ERROR\0", "HTTP/1.1 200 OK\r\n\r\n", "x" * 5000,
], ids=["goes", "takes nothing", "says nothing", "cut", "other words", "no words", "twice",
        "error", "HTTP", "garbage"])
def test_no_verdict(rogue, manner):
    before = rogue.server.stored()
    rogue.scanner.manner = manner
    try:
        assert refused(rogue.put(internal=True), 503) == UNCHECKED
    finally:
        rogue.scanner.manner = "stream: OK\0"
    assert not rogue.server.added(before)
    assert rogue.put().status_code == 200


def test_no_verdict_on_a_file_of_an_organisation(rogue):
    before = rogue.server.stored()
    rogue.scanner.manner = "gone"
    try:
        reply = rogue.admin.upload("/files/upload?folder=scan", b"x", internal=True)
    finally:
        rogue.scanner.manner = "stream: OK\0"
    assert refused(reply, 503) == UNCHECKED
    assert not rogue.server.added(before)


def test_it_sees_what_is_kept(rogue):
    content = PDF + bytes(range(256)) * 1000
    assert rogue.put(content).status_code == 200
    assert rogue.scanner.seen[-1] == content


def test_a_name_can_do_nothing(rogue):
    rogue.scanner.manner = 'stream: <b>"\\\r\nX-Y: z FOUND\0'
    try:
        reply = rogue.put()
    finally:
        rogue.scanner.manner = "stream: OK\0"
    assert refused(reply, 400) == "The file was refused: it contains _b_____X-Y: z"
    assert "X-Y" not in reply.headers


def test_the_sandbox_lets_only_it_through(real, rogue, server):
    """Without CLAMD a worker on SQLite may make no connection at all."""
    for one in (real.server, rogue.server):
        assert one.cem("check", "sandbox", "--config", one.config)[0] == 0
    if not server.database:
        out = server.cem("check", "sandbox", "--config", server.config)[1]
        assert [line for line in out.split("\n") if "connect" in line], out
        assert not [line for line in out.split("\n") if "connect" in line
                    and "allowed" in line], out


@pytest.mark.parametrize("value", ["localhost", "tcp:localhost:3310", "unix:relative",
                                   "tcp:127.0.0.1:0", "tcp:127.0.0.1"])
def test_bad_setting(server, value):
    before = dict(server.settings)
    server.settings["CLAMD"] = value
    try:
        status, _, err = server.cem("check", "database", "--config", server.config,
                                    check=False)
    finally:
        server.settings = before
    assert status != 0 and "CLAMD must be unix:/path or tcp:ADDRESS:PORT" in err
