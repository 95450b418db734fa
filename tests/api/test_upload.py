# SPDX-License-Identifier: MIT
"""Uploads as they come over the wire: their sizes, names, and bodies that are made to
hurt. The files go into the space of an organisation, where they can be looked at."""
import re

import pytest
import server as servers
import wire
from client import Client, refused

MB = 1024 * 1024
KIND = "multipart/form-data; boundary=b"


@pytest.fixture(scope="module")
def small(recorder):
    """A server where a file may have one megabyte."""
    one = servers.Server({"MAX_FILE_SIZE_MB": "1"})
    try:
        one.start()
        yield Client(one, recorder).login(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)
    finally:
        one.end()


def part(name="file", filename=b"a.bin", content=b"x", more=b""):
    head = b'--b\r\nContent-Disposition: form-data; name="%s"' % name.encode()
    if filename is not None:
        head += b'; filename="%s"' % filename
    return head + b"\r\n" + more + b"\r\n" + content + b"\r\n"


def send(client, *parts, path="/files/upload?folder=sent", end=b"--b--\r\n"):
    return client.post(path, data=b"".join(parts) + end, headers={"Content-Type": KIND})


def test_the_largest_file(small):
    """A file may be as large as the setting says, to the byte, whoever refuses it."""
    for size in (MB, MB + 1, 2 * MB, 4 * MB):
        reply = small.upload("/files/upload", b"x" * size, "size.bin")
        if size > MB:
            assert refused(reply, 413) == "File too large. Max size: 1MB", size
        else:
            assert reply.status_code == 200, reply.text
    files = [("files", ("a", b"x")), ("files", ("b", b"x" * (MB + 1)))]
    assert "1MB" in refused(small.post("/files/upload-multiple", files=files), 413)
    names = [f["key"] for f in small.get("/files/list").json()]
    assert "size.bin" in names and "a" not in names


@pytest.mark.parametrize("sent,kept", [
    (b"plain.txt", "plain.txt"), (b"../../../etc/passwd", "passwd"),
    (b"C:\\\\Users\\\\x\\\\y.doc", "y.doc"), (b"a/b\\\\c.txt", "c.txt"),
    ("ŋandu ñ.pdf".encode(), "ŋandu ñ.pdf"), (b"a%22b\\\"c.txt", 'a"b"c.txt'),
    (b"100%25.txt", "100%25.txt"), (b"a%0D%0Ab", "a__b"), (b"...", "..."),
    (b"n" * 255, "n" * 255),
])
def test_name(admin, sent, kept):
    reply = send(admin, part(filename=sent), path="/files/upload?folder=names")
    assert reply.status_code == 200, reply.text
    assert reply.json()["key"].endswith("/names/" + kept)


@pytest.mark.parametrize("sent", [b"", b"..", b".", b"a/", b"a\\\\..", b"\xff", b"n" * 256],
                         ids=["none", "dots", "dot", "slash", "dots behind", "no UTF-8",
                              "too long"])
def test_bad_name(admin, sent):
    refused(send(admin, part(filename=sent)), 400)


def test_several_and_what_is_beside_them(admin):
    """Texts beside the files, parts of other names, and a part without a name."""
    reply = send(admin, part("note", None), part("files", b"1"), part("file", b"no"),
                 b"--b\r\n\r\n\r\n", part("files", b"2", b""),
                 path="/files/upload-multiple?folder=several")
    assert reply.status_code == 200 and reply.json()["uploaded"] == 2
    names = [f["key"] for f in admin.get("/files/list?folder=several").json()]
    assert names == ["several/1", "several/2"]


def test_as_many_files_as_there_may_be(admin):
    parts = [part("files", b"%d" % i) for i in range(1001)]
    detail = refused(send(admin, *parts, path="/files/upload-multiple?folder=many"), 400)
    assert detail == "The body has more than 1000 files"
    assert admin.get("/files/list?folder=many").json() == []


@pytest.mark.parametrize("body", [
    b"", b"--b--", b"--b\r\n", part()[:-2], part() + b"--b", part() + part() + b"--b--",
    part(more=b"X: " + b"y" * 9000 + b"\r\n") + b"--b--",
    part(more=b"Content-Transfer-Encoding: base64\r\n") + b"--b--",
    part("x", None) * 21 + b"--b--", b"\r\n--b" * 50000, b"\r\n--b--x\r\n" + b"-" * 9999,
    part(more=b"no header\r\n") + b"--b--", part(more=b"A: \0\r\n") + b"--b--",
], ids=["empty", "no parts", "half a part", "no end", "half an end", "two", "long header",
        "encoded", "many parts", "delimiters only", "epilogue", "no header", "NUL"])
def test_bad_body(admin, body):
    reply = send(admin, body, end=b"")
    assert reply.status_code in (400, 422), reply.text
    assert reply.json()["detail"]


def test_headers_of_many_parts(admin):
    """Each is within its limit, all together would fill the memory of a request."""
    parts = [part("files", b"%d" % i, more=b"X: " + b"y" * 8000 + b"\r\n")
             for i in range(1000)]
    detail = refused(send(admin, *parts, path="/files/upload-multiple"), 400)
    assert "too long together" in detail


def test_who_asks_comes_before_what_is_sent(anyone):
    """Strangers learn nothing of the body's faults, and nobody looks through it."""
    refused(send(anyone, b"nonsense"), 403)
    reply = anyone.call("POST", "/files/upload", data=b"x", token="a.b.c",
                        headers={"Content-Type": KIND})
    refused(reply, 401)


def test_a_body_without_its_end(server, admin):
    """The client goes away in the middle: nothing comes of it."""
    head = wire.request("POST", "/files/upload?folder=cut", [
        ("Authorization", "Bearer " + admin.token), ("Content-Type", KIND)],
        part(content=b"x" * 1000), length=5000)
    with wire.connect(server) as link:
        link.sendall(head)
    assert admin.get("/files/list?folder=cut").json() == []


def peaks(server):
    """The most memory that each process has had, in KB."""
    found = {}
    for pid in server.children():
        with open("/proc/%d/status" % pid, encoding="ascii") as f:
            found[pid] = int(re.search(r"VmHWM:\s*(\d+)", f.read()).group(1))
    return found


def test_memory_does_not_grow_with_a_file(server, admin):
    """A worker that mapped the body, or read it, would have all of it at once."""
    size = 150 * MB

    def body():
        yield part(filename=b"large.bin", content=b"")[:-2]
        for _ in range(size // MB):
            yield b"\r\n--large-" * (MB // 10) + b"." * (MB - 10 * (MB // 10))
        yield b"\r\n--b--"
    reply = admin.post("/files/upload?folder=large", data=body(),
                       headers={"Content-Type": KIND})
    assert reply.status_code == 200, reply.text
    [entry] = admin.get("/files/list?folder=large").json()
    assert entry["size"] == size
    assert max(peaks(server).values()) < 64 * 1024, peaks(server)
