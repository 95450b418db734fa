# SPDX-License-Identifier: MIT
"""The files of an organisation: upload, download, metadata (contract A1.2, 1 to 3 and 7,
with the rules of E4)."""
import concurrent.futures
import os
import re
from urllib.parse import quote

import people
import pictures
import pytest
import server as servers
import trail
import wire
from client import refused
from spaces import (faults, listed, md5, multipart, names, organise, put, raw_upload,
                    show, used)

NOT_FOUND = "File not found"
BAD_PATH = "Invalid file path"


@pytest.fixture(scope="module")
def home(server):
    return organise(server)


@pytest.fixture(scope="module")
def client(new_user, home):
    """Somebody with a space that only this module uses."""
    return new_user(organisation=home)


@pytest.fixture(scope="module")
def tenant(server, home):
    return listed(server)[home][0]


@pytest.fixture
def folder():
    return "t" + people.word(12)


# upload


def test_upload(client, tenant, folder):
    reply = put(client, folder + "/x/b.pdf", b"%PDF-1.4 x", "application/pdf")
    body = reply.json()
    assert list(body) == ["success", "bucket", "key", "url", "region"]
    key = "tenants/%s/%s/x/b.pdf" % (tenant, folder)
    bucket = client.server.bucket
    place = {"bucket": "local", "region": "local",
             "url": "%s/files/local/%s" % (client.server.base, key)}
    if bucket:
        place = {"bucket": bucket.name, "region": "us-east-1",
                 "url": "%s/%s/%s" % (bucket.s3.https, bucket.name, key)}
    assert body == {"success": True, "key": key, **place}
    assert re.fullmatch("[0-9a-f]{24}", reply.headers["X-File-Id"])
    assert ": " not in reply.text and ", " not in reply.text
    assert show(client, folder + "/x/b.pdf").content == b"%PDF-1.4 x"


def test_the_folder_is_a_query_parameter(client, folder):
    """What is sent as a field of the form is none, as ever."""
    name = people.word(12)
    reply = client.post("/files/upload", data={"folder": folder},
                        files={"file": (name, b"x", "text/plain")})
    assert reply.json()["key"].endswith("/" + name)
    assert folder not in reply.json()["key"]


@pytest.mark.parametrize("given", ["F", "/F", "F/", "//F//", "///F"])
def test_a_folder_is_normalised_once(client, folder, given):
    name = people.word(8)
    reply = client.upload("/files/upload", b"x", name,
                          params={"folder": given.replace("F", folder + "//a b")})
    assert reply.json()["key"].endswith("/%s/a b/%s" % (folder, name))
    assert show(client, folder + "/a b/" + name).status_code == 200


def test_no_folder_is_the_root(client):
    for query in ({}, {"folder": ""}, {"folder": "/"}, {"folder": "///"}):
        name = people.word(12)
        reply = client.upload("/files/upload", b"x", name, params=query)
        assert reply.json()["key"].split("/")[2:] == [name]


def test_writing_over_keeps_the_id_and_the_old_bytes(server, client, home, folder):
    path, before = folder + "/a.txt", used(server, home)
    first = put(client, path, b"old")
    second = put(client, path, b"newer")
    assert first.headers["X-File-Id"] == second.headers["X-File-Id"]
    assert first.json() == second.json()
    assert show(client, path).content == b"newer"
    assert names(client, folder) == [path]
    assert used(server, home) == before + 8
    kept = trail.ask(server, "SELECT o.object_id, o.object_key, o.object_version FROM"
                     " space_version AS v JOIN object AS o ON o.object_id = v.object_id"
                     " WHERE v.file_id = '%s'" % first.headers["X-File-Id"])
    assert len(kept) == 1
    number, key, version = (kept[0]["object_" + n] for n in ("id", "key", "version"))
    if server.bucket:
        assert server.bucket.read(key, version) == b"old"
        return
    with open(os.path.join(server.state, "store", number[-2:], number), "rb") as f:
        assert f.read() == b"old"


def test_an_empty_file(client, folder):
    path = folder + "/nothing"
    put(client, path, b"")
    reply = show(client, path)
    assert reply.status_code == 200 and reply.content == b""
    assert reply.headers["ETag"] == '"%s"' % md5(b"")
    assert reply.headers["Content-Length"] == "0"
    assert client.get("/files/metadata/" + path).json()["size"] == 0
    assert show(client, path, headers={"Range": "bytes=0-"}).status_code in (200, 416)


def test_a_file_and_a_folder_of_one_name(client, folder):
    put(client, folder + "/a", b"file")
    put(client, folder + "/a/b", b"below")
    assert show(client, folder + "/a").content == b"file"
    assert show(client, folder + "/a/b").content == b"below"
    assert names(client, folder) == [folder + "/a", folder + "/a/"]


def test_upload_multiple(client, tenant, folder):
    reply = client.post("/files/upload-multiple", params={"folder": folder}, files=[
        ("files", ("z.txt", b"1", "text/plain")), ("files", ("a.txt", b"2", "")),
        ("files", ("z.txt", b"3", "text/plain"))])
    body = reply.json()
    assert reply.status_code == 200
    assert list(body) == ["success", "uploaded", "files"]
    assert (body["success"], body["uploaded"]) == (True, 3)
    assert [list(f) for f in body["files"]] == [
        ["success", "bucket", "key", "url", "region"]] * 3
    key = "tenants/%s/%s/" % (tenant, folder)
    assert [f["key"] for f in body["files"]] == [key + "z.txt", key + "a.txt",
                                                 key + "z.txt"]
    assert show(client, folder + "/z.txt").content == b"3", "the last of one name"
    assert names(client, folder) == [folder + "/a.txt", folder + "/z.txt"]


def test_a_missing_part(client):
    for target, part, wrong in (("/files/upload", "file", "files"),
                                ("/files/upload-multiple", "files", "file")):
        for more in ({"files": {wrong: ("a", b"x", "text/plain")}},
                     {"data": {part: "no file"}}, {"json": {part: "x"}}, {}):
            fault = faults(client.post(target, **more), "body", part)
            assert (fault["type"], fault["msg"]) == ("missing", "Field required")


def test_two_files_where_one_is_expected(client, folder):
    reply = client.post("/files/upload", params={"folder": folder}, files=[
        ("file", ("a", b"1", "text/plain")), ("file", ("b", b"2", "text/plain"))])
    refused(reply, 400)
    assert names(client, folder) == []


def test_as_many_files_as_there_may_be(server, client, folder):
    many = [("files", ("%04d" % i, b"x", "text/plain")) for i in range(1001)]
    before = server.stored()
    reply = client.post("/files/upload-multiple", params={"folder": folder}, files=many)
    assert "1000" in refused(reply, 400)
    assert not server.added(before) and names(client, folder) == []
    reply = client.post("/files/upload-multiple", params={"folder": folder},
                        files=many[:1000])
    assert reply.status_code == 200 and reply.json()["uploaded"] == 1000
    assert names(client, folder) == [folder + "/%04d" % i for i in range(1000)]


def test_many_files_of_the_longest_paths(client, folder):
    """What is said of them may take more memory than a request has: so many are too
    many, and as many as fit are stored. In neither case does a worker end."""
    deep = "/".join([folder + '"' * (255 - len(folder)), '"' * 255, "é" * 127])
    name = '%03d"' + "é" * 120
    for n, status in ((1000, 400), (190, 200)):
        reply = client.post("/files/upload-multiple", params={"folder": deep}, files=[
            ("files", (name % i, b"x", "text/plain")) for i in range(n)])
        assert reply.status_code == status, reply.text[:300]
    assert len(names(client, deep)) == 190
    reply = client.post("/files/upload-multiple", params={"folder": folder}, files=[
        ("files", ("%03d" % i + "é" * 85, b"x", "text/plain")) for i in range(1000)])
    assert reply.status_code == 200 and reply.json()["uploaded"] == 1000


# what is refused leaves nothing


def test_over_the_quota(server, new_user):
    home = organise(server, quota=1)
    client = new_user(organisation=home)
    put(client, "a", b"x" * 600000)
    before = server.stored()
    for _ in range(2):
        reply = client.upload("/files/upload", b"y" * 500000, "b")
        assert refused(reply, 413) == "The organisation's space is full"
    reply = client.post("/files/upload-multiple", files=[
        ("files", ("c", b"y" * 300000, "text/plain")),
        ("files", ("d", b"y" * 300000, "text/plain"))])
    assert refused(reply, 413) == "The organisation's space is full"
    assert client.upload("/files/upload", b"y" * 500000, "a").status_code == 413, \
        "a version counts too"
    assert names(client) == ["a"] and not server.added(before)
    assert show(client, "a").content == b"x" * 600000
    put(client, "e", b"y" * (1048576 - 600000))
    assert used(server, home) == 1 << 20
    put(client, "f", b"")
    server.cem("organisation", "quota", "--config", server.config, home, "2")
    put(client, "b", b"y" * 500000)
    assert names(client) == ["a", "b", "e", "f"]


def test_who_shares_a_quota_does_not_exceed_it_together(server, new_user):
    """Each upload alone would fit; what was asked before the bytes were stored is out of
    date when the rows are written."""
    home = organise(server, quota=1)
    clients = [new_user(organisation=home) for _ in range(4)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        replies = list(pool.map(lambda i: clients[i].upload(
            "/files/upload", b"x" * 400000, "n%d" % i), range(4)))
    assert sorted(r.status_code for r in replies) == [200, 200, 413, 413]
    assert used(server, home) == 800000
    assert len(names(clients[0])) == 2


def test_a_failure_after_the_bytes_were_stored(server, client, home, folder):
    """The last row can't be written: nothing may be left, in the store either."""
    before, had = server.stored(), used(server, home)
    if server.database:
        server.sql("ALTER TABLE space_file ADD CONSTRAINT block CHECK (file_size <> 77)"
                   " NOT VALID")
    else:
        server.sql("CREATE TRIGGER block BEFORE INSERT ON space_file WHEN NEW.file_size"
                   " = 77 BEGIN SELECT RAISE(ABORT, 'no'); END")
    try:
        for target, part in (("upload", "file"), ("upload-multiple", "files")):
            files = [(part, ("b", b"x" * 77, "text/plain"))]
            if part == "files":
                files.insert(0, (part, ("a", b"y", "text/plain")))
            reply = client.post("/files/" + target, params={"folder": folder},
                                files=files)
            refused(reply, 409, 500, 503)
    finally:
        server.sql("ALTER TABLE space_file DROP CONSTRAINT block" if server.database
                   else "DROP TRIGGER block")
    assert not server.added(before) and used(server, home) == had
    assert names(client, folder) == [] and folder + "/" not in names(client)
    put(client, folder + "/b", b"x" * 77)


@pytest.mark.parametrize("path", [
    "..", ".", "a/..", "a/../b", "../a", "./a", "a/./b", "/..", "..//", "a\\b", "\\",
    "..\\..\\x", "a\x01b", "a\nb", "a\rb", "\x7f", "a\u0085b", "\u009f", "x" * 256,
    "a/" + "x" * 256, "é" * 128, "a/" * 513 + "a", "x/" * 600, "x/" * 1500, "a\x1f",
    "\t",
], ids=lambda p: repr(p[:16]))
def test_paths_that_are_none(server, client, path):
    """What was before: each of these was stored as it came, or left the store."""
    before = server.stored()
    for target in ("/files/upload", "/files/upload-multiple"):
        part = "files" if target.endswith("multiple") else "file"
        reply = client.post(target, params={"folder": path},
                            files={part: ("a", b"x", "text/plain")})
        assert refused(reply, 400) == BAD_PATH
    assert refused(client.get("/files/list", params={"folder": path}), 400) == BAD_PATH
    for target in ("/files/download/", "/files/metadata/"):
        data = wire.request("GET", target + quote(path, safe=""),
                            [("Authorization", "Bearer " + client.token)])
        assert refused(wire.exchange(server, data), 400) == BAD_PATH
    assert not server.added(before)


def test_the_longest_path(client, folder):
    segments = ["s" * 255, "é" * 127 + "x", "t" * 255]
    parent = "/".join([folder] + segments)
    last = "l" * (1024 - len(parent.encode()) - 1)
    put(client, parent + "/" + last, b"deep")
    assert show(client, parent + "/" + last).content == b"deep"
    assert refused(client.upload("/files/upload", b"x", last + "l",
                                 params={"folder": parent}), 400) == BAD_PATH
    assert names(client, parent) == [parent + "/" + last]
    assert names(client, folder) == [folder + "/" + segments[0] + "/"]


def test_bytes_that_are_no_text(server, client):
    before = server.stored()
    for escape in ("%00", "a%00b", "%ff", "%c3", "%c0%af", "%ed%a0%80", "%f5%80%80%80"):
        for method, target in (("GET", "/files/download/" + escape),
                               ("GET", "/files/metadata/" + escape),
                               ("GET", "/files/list?folder=" + escape),
                               ("POST", "/files/upload?folder=" + escape)):
            body, media = multipart([(b'Content-Disposition: form-data; name="file";'
                                      b' filename="a"', b"x")])
            data = wire.request(method, target, [
                ("Authorization", "Bearer " + client.token), ("Content-Type", media)],
                body if method == "POST" else b"")
            reply = wire.exchange(server, data, method)
            assert reply.status_code in (400, 404, 422), (target, reply.text)
    assert not server.added(before)


@pytest.mark.parametrize("target", [
    "%2e%2e/X", "%2e%2e%2fX", "..%2fX", "a/%2e%2e/X", "%2e/X", "a/..", "..%5cX", "%5cX",
    "..%2f..%2f..%2fetc%2fpasswd", "/X/..", "....//X", "..;/X", "%252e%252e/X",
])
def test_no_way_out(server, client, other_space, target):
    """Whoever asks for another's file by a path gets no further than his own space."""
    put(other_space, "X", b"theirs")
    for door in ("/files/download/", "/files/metadata/"):
        data = wire.request("GET", door + target,
                            [("Authorization", "Bearer " + client.token)])
        reply = wire.exchange(server, data)
        assert reply.status_code in (400, 404), (target, reply.text)
        assert "theirs" not in reply.text and "root:" not in reply.text


@pytest.mark.parametrize("name,stored", [
    (b"../../etc/passwd", "passwd"), (b"..\\\\..\\\\boot.ini", "boot.ini"),
    (b"C:\\\\Users\\\\x\\\\a.txt", "a.txt"), (b"/etc/shadow", "shadow"),
    (b"a/b\\\\c/d", "d"), (b"%2e%2e%2fx", None), ("ŋ ñ ŵ 雪.txt".encode(), "ŋ ñ ŵ 雪.txt"),
    (b"a%22b.txt", None), (b"x" * 255, "x" * 255), (b" a ", None),
], ids=lambda n: repr(n[:16]) if n else "as it is")
def test_names_of_files(client, folder, name, stored):
    """The last segment, whichever way the slashes lean; it may be anything else."""
    reply = raw_upload(client, name, target="/files/upload?folder=" + folder)
    assert reply.status_code == 200, reply.text
    key = reply.json()["key"]
    assert key.split("/")[2] == folder and key.count("/") == 3
    if stored:
        assert key.endswith("/" + stored)
    assert names(client, folder) == [key.split("/", 2)[2]]


@pytest.mark.parametrize("name", [
    b"x" * 256, b"\xff.txt", b"\xc3", b"a\xc2\x80b"], ids=lambda n: repr(n[:16]))
def test_names_that_are_none(client, folder, name):
    refused(raw_upload(client, name, target="/files/upload?folder=" + folder), 400)
    assert names(client, folder) == []


@pytest.mark.parametrize("name", [b"", b"..", b".", b"a/", b"a/..", b"\\\\", b"a\tb"])
def test_names_of_nothing(client, folder, name):
    """Refused, or a plain name instead; never a path."""
    reply = raw_upload(client, name, target="/files/upload?folder=" + folder)
    assert reply.status_code in (200, 400, 422), reply.text
    for key in names(client, folder):
        assert key.count("/") == 1 and not key.endswith(("/.", "/..", "/"))


def test_names_and_types_inject_no_header(client, folder):
    """A name goes into Content-Disposition, a type into Content-Type."""
    evil = b'a%0d%0aX-Evil: 1%0d%0a%0d%0a<script>'
    for name, media in ((evil, b"text/plain"), (b"b", evil), (b"c", b"text/plain\tX: y"),
                        (b"d", b'text/plain; a="\xff"'), (b"e", b"text/plain, a/b"),
                        (b"f", b"x" * 300 + b"/" + b"y" * 300), (b"g", b"/"),
                        (b'q\\"x.txt', b"text/plain"), (b"h;i=j", b"TEXT/Plain;x=y"),
                        ("雪'*%.txt".encode(), b"text/plain")):
        reply = raw_upload(client, name, media=media,
                           target="/files/upload?folder=" + folder)
        assert reply.status_code in (200, 400), (name, reply.text)
    for key in names(client, folder):
        reply = show(client, key)
        assert reply.status_code == 200
        assert "X-Evil" not in reply.headers and "X" not in reply.headers
        assert reply.headers["Content-Type"] in ("application/octet-stream",
                                                 "text/plain; charset=utf-8"), key
        shown = reply.headers["Content-Disposition"]
        name = key.split("/")[-1]
        assert re.fullmatch(r'attachment; filename="[^"\\%]*"'
                            r"(; filename\*=UTF-8''[A-Za-z0-9%._~-]+)?", shown), shown
        assert (shown.endswith("''" + quote(name, safe="~"))
                or shown.endswith('="%s"' % name)), shown


# types


@pytest.mark.parametrize("content,claimed,served,inline", [
    (b"hello", "text/plain", "text/plain; charset=utf-8", True),
    (b"hello", "text/plain; charset=latin-1", "text/plain; charset=utf-8", True),
    (b"a,b", "text/csv", "text/csv; charset=utf-8", None),
    (b"\x01\xff", "application/x-thing", "application/x-thing", False),
    (b"\x01\xff", "", "application/octet-stream", False),
    (b"%PDF-1.4", "text/plain", "application/pdf", True),
    (b"<script>alert(1)</script>", "image/jpeg", None, False),
    (b"<html>", "text/html", None, False),
    (b"<svg xmlns='http://www.w3.org/2000/svg'>", "image/svg+xml", None, False),
    (b"<?xml version='1.0'?><a/>", "application/xhtml+xml", None, False),
    (b"\x01\xff", "text/html", "application/octet-stream", False),
    (b"\x01\xff", "image/svg+xml", "application/octet-stream", False),
    (b"\x01\xff", "application/xhtml+xml", "application/octet-stream", False),
    (b"\x01\xff", "TEXT/XML", "application/octet-stream", False),
    (b"\x01\xff", "text/javascript", "application/octet-stream", False),
    (b"\x01\xff", "application/javascript", "application/octet-stream", False),
    (b"\x01\xff", "multipart/mixed", "application/octet-stream", False),
    (b"\x01\xff", "message/rfc822", "application/octet-stream", False),
    (b"\x01\xff", "application/pdf", "application/octet-stream", False),
    (b"\x01\xff", "image/png", "application/octet-stream", False),
], ids=lambda v: repr(v)[:24])
def test_types(client, folder, content, claimed, served, inline):
    """The first bytes decide, and no name or claim makes a page or a picture of
    something else; whatever it is, it is saved and not shown."""
    put(client, folder + "/page.html", content, claimed)
    reply = show(client, folder + "/page.html")
    if served:
        assert reply.headers["Content-Type"] == served
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert reply.headers["Content-Disposition"].startswith("attachment;")
    assert "sandbox" in reply.headers["Content-Security-Policy"]
    shown = client.get("/api/files/" + reply.headers["X-File-Id"])
    assert shown.headers["Content-Type"] == reply.headers["Content-Type"]
    if inline is not None:
        assert shown.headers["Content-Disposition"].startswith(
            "inline;" if inline else "attachment;")


def test_a_picture_is_one_whatever_it_is_called(client, folder):
    put(client, folder + "/a.html", pictures.jpeg(), "text/html")
    reply = show(client, folder + "/a.html")
    assert reply.headers["Content-Type"] == "image/jpeg"
    assert client.get("/files/metadata/%s/a.html" % folder).json()[
        "content_type"] == "image/jpeg"


# download


@pytest.fixture(scope="module")
def text(client):
    """(path, bytes) of a file to be read in parts."""
    content = bytes(range(256)) * 500
    put(client, "read/ŋ 1.bin", content, "application/x-thing")
    return "read/ŋ 1.bin", content


def test_download(client, text):
    path, content = text
    reply = show(client, path)
    assert reply.status_code == 200 and reply.content == content
    headers = reply.headers
    assert headers["Content-Type"] == "application/x-thing"
    assert headers["Content-Length"] == str(len(content))
    assert headers["Content-Disposition"] == (
        "attachment; filename=\"_ 1.bin\"; filename*=UTF-8''%C5%8B%201.bin")
    assert headers["ETag"] == '"%s"' % md5(content)
    assert headers["Accept-Ranges"] == "bytes" and headers["Last-Modified"]
    assert re.fullmatch("[0-9a-f]{24}", headers["X-File-Id"])
    head = client.call("HEAD", "/files/download/" + quote(path))
    assert head.status_code == 200 and head.content == b""
    for name in ("Content-Type", "Content-Length", "ETag", "Last-Modified", "X-File-Id",
                 "Content-Disposition", "Accept-Ranges"):
        assert head.headers[name] == headers[name], name
    for other in (quote(path, safe=""), "/" + quote(path), quote(path) + "/",
                  quote(path).replace("/", "//")):
        assert client.get("/files/download/" + other).content == content, other


def test_parts(client, text):
    path, content = text
    for asked, start, end in (("0-9", 0, 10), ("500-", 500, len(content)),
                              ("-7", len(content) - 7, len(content)),
                              ("127999-9999999", 127999, 128000)):
        reply = show(client, path, headers={"Range": "bytes=" + asked})
        assert reply.status_code == 206 and reply.content == content[start:end], asked
        assert reply.headers["Content-Range"] == "bytes %d-%d/%d" % (start, end - 1,
                                                                     len(content))
        assert reply.headers["ETag"] == '"%s"' % md5(content)
        assert reply.headers["X-File-Id"]
    reply = show(client, path, headers={"Range": "bytes=128000-"})
    assert reply.status_code == 416
    if not client.server.bucket:
        assert reply.headers["Content-Range"] == "bytes */128000"


def test_conditions(client, text):
    path, content = text
    tag = '"%s"' % md5(content)
    for headers, status in (({"If-None-Match": tag}, 304), ({"If-None-Match": "*"}, 304),
                            ({"If-None-Match": '"x"'}, 200), ({"If-Match": tag}, 200),
                            ({"If-Match": '"x"'}, 412),
                            ({"If-Range": tag, "Range": "bytes=0-0"}, 206),
                            ({"If-Range": '"x"', "Range": "bytes=0-0"}, 200)):
        reply = show(client, path, headers=headers)
        assert reply.status_code == status, headers
        if status == 304:
            assert reply.headers["ETag"] == tag and not reply.content


def test_a_new_version_has_a_new_etag(client, folder):
    """Whoever goes on with a download after it was written over begins anew."""
    path = folder + "/a"
    put(client, path, b"first")
    tag = show(client, path).headers["ETag"]
    put(client, path, b"other")
    reply = show(client, path, headers={"If-Range": tag, "Range": "bytes=3-"})
    assert reply.status_code == 200 and reply.content == b"other"
    assert show(client, path, headers={"If-None-Match": tag}).status_code == 200


def test_what_is_not_there(client, folder):
    put(client, folder + "/a/b", b"x")
    for path in (folder, folder + "/a", folder + "/a/b/c", folder + "/A/b", "no",
                 folder + "/a/B", folder + "/%61/b"):
        for target in ("/files/download/", "/files/metadata/"):
            reply = client.get(target + quote(path))
            assert reply.status_code == 404 and reply.json() == {"detail": NOT_FOUND}
    for target in ("/files/download", "/files/download/", "/files/metadata/",
                   "/files/download//", "/files/metadata"):
        assert refused(client.get(target), 400) == BAD_PATH


def test_wrong_methods(client):
    for method, target, allow in (
            ("GET", "/files/upload", "POST, OPTIONS"),
            ("DELETE", "/files/upload-multiple", "POST, OPTIONS"),
            ("POST", "/files/download/a/b", "GET, HEAD, OPTIONS"),
            ("PUT", "/files/metadata/a", "GET, HEAD, OPTIONS"),
            ("POST", "/files/list", "GET, HEAD, OPTIONS")):
        reply = client.call(method, target)
        assert refused(reply, 405) == "Method Not Allowed"
        assert reply.headers["Allow"] == allow, target
    assert refused(client.get("/files/nothing"), 404) == "Not Found"


# metadata


def test_metadata(client, tenant, folder):
    path = folder + "/ñ.txt"
    reply = put(client, path, b"12345", "text/plain; charset=utf-8")
    got = client.get("/files/metadata/" + quote(path))
    body = got.json()
    assert list(body) == ["key", "size", "content_type", "last_modified", "etag",
                          "metadata"]
    stamp = body.pop("last_modified")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", stamp)
    assert body == {"key": "tenants/%s/%s" % (tenant, path), "size": 5,
                    "content_type": "text/plain", "etag": md5(b"12345"),
                    "metadata": {"tenant_id": tenant, "original_filename": "ñ.txt"}}
    assert list(body["metadata"]) == ["tenant_id", "original_filename"]
    assert got.headers["X-File-Id"] == reply.headers["X-File-Id"]
    assert client.call("HEAD", "/files/metadata/" + quote(path)).status_code == 200


def test_by_its_id(client, folder):
    """E4: what came by /files can be opened at /api/files."""
    content = pictures.jpeg()
    number = put(client, folder + "/p.jpg", content, "image/jpeg").headers["X-File-Id"]
    reply = client.get("/api/files/" + number)
    assert reply.status_code == 200 and reply.content == content
    assert reply.headers["Content-Disposition"].startswith('inline; filename="p.jpg"')
    assert reply.headers["ETag"] == '"%s"' % md5(content)
    body = client.get("/api/files/metadata/" + number).json()
    assert list(body) == ["file_id", "filename", "content_type", "size", "sha256",
                          "uploaded_at", "farmer_id", "file_type"]
    assert (body["file_id"], body["filename"], body["farmer_id"], body["file_type"],
            body["size"]) == (number, "p.jpg", None, "file", len(content))


# whose files


@pytest.fixture(scope="module")
def other_space(server, new_user):
    return new_user(organisation=organise(server))


def test_colleagues_share_a_space(new_user, client, home, folder):
    put(client, folder + "/a", b"x")
    colleague = new_user(organisation=home)
    assert show(colleague, folder + "/a").content == b"x"
    put(colleague, folder + "/a", b"y")
    assert show(client, folder + "/a").content == b"y"
    assert colleague.token != client.token


def test_others_see_nothing(server, client, other_space, operator, tenant, folder):
    """Neither by the path, nor by the full key, nor by the id; and the same path is
    theirs alone."""
    number = put(client, folder + "/a", b"mine").headers["X-File-Id"]
    for stranger in (other_space, operator):
        for path in (folder + "/a", "tenants/%s/%s/a" % (tenant, folder),
                     "/tenants/%s/%s/a" % (tenant, folder)):
            for door in ("/files/download/", "/files/metadata/"):
                assert refused(stranger.get(door + path), 404) == NOT_FOUND
        assert names(stranger, folder) == [] and folder + "/" not in names(stranger)
        for door in ("/api/files/", "/api/files/metadata/"):
            there = refused(stranger.get(door + number), 404)
            none = refused(stranger.get(door + "0" * 24), 404)
            assert there.replace(number, "") == none.replace("0" * 24, "")
        put(stranger, folder + "/a", b"theirs")
        assert show(stranger, folder + "/a").content == b"theirs"
    assert show(client, folder + "/a").content == b"mine"
    assert len(trail.ask(server, "SELECT file_id FROM space_file WHERE file_path = '%s/a'"
                         % folder)) == 3


def test_the_tenant_of_a_header(client, other_space, tenant, folder):
    put(client, folder + "/a", b"x")
    for value in (tenant, ""):
        assert show(client, folder + "/a",
                    headers={"X-Tenant-ID": value}).status_code == 200
    for value in ("0" * 24, tenant.upper() + "x", "*", tenant + "," + tenant):
        for reply in (show(client, folder + "/a", headers={"X-Tenant-ID": value}),
                      client.get("/files/list", headers={"X-Tenant-ID": value}),
                      client.upload("/files/upload", b"x", "b",
                                    headers={"X-Tenant-ID": value})):
            assert refused(reply, 403) == "You are not of this organisation"
    refused(show(other_space, folder + "/a", headers={"X-Tenant-ID": tenant}), 403)


def test_farmers_have_no_space(farmer, as_farmer, client, folder):
    number = put(client, folder + "/a").headers["X-File-Id"]
    mine = as_farmer(farmer)
    refused(mine.get("/files/list"), 403)
    refused(mine.upload("/files/upload", b"x", "a"), 403)
    refused(show(mine, folder + "/a"), 403)
    refused(mine.get("/api/files/" + number), 404)


def test_without_a_token(client, anyone, folder):
    put(client, folder + "/a")
    for reply in (show(anyone, folder + "/a"), anyone.get("/files/list"),
                  anyone.upload("/files/upload", b"x", "a")):
        assert refused(reply, 403) == "Not authenticated"
    for reply in (show(anyone, folder + "/a", token="a.b.c"),
                  anyone.upload("/files/upload", b"x", "a", token="a.b.c")):
        refused(reply, 401)


# what is kept of it


def test_the_audit_has_ids_only(server, client, tenant, folder):
    """People put NRCs into the names of files."""
    secret = folder + "/123456-10-1 " + people.word()
    reply = put(client, secret, b"12345")
    number = reply.headers["X-File-Id"]
    put(client, secret, b"1234567")
    rows = trail.rows(server, number)
    assert [(r["module"], r["action"], r["user_id"], r["role"], r["endpoint"])
            for r in rows] == [
        ("files", action, rows[0]["user_id"], "OPERATOR", "/files/upload")
        for action in ("upload", "overwrite")]
    assert rows[0]["request_id"] == reply.headers["X-Request-ID"]
    assert rows[0]["details"].pop("sha256")
    assert rows[0]["details"] == {"organisation_id": tenant, "size": 5}
    asked = [show(client, secret), client.get("/files/metadata/" + quote(secret)),
             client.get("/files/list", params={"folder": folder}),
             client.get("/api/files/" + number)]

    def recorded():
        found = {r["request_id"]: r for r in trail.rows(server)}
        found = [found.get(a.headers["X-Request-ID"]) for a in asked]
        return all(found) and found
    rows = servers.poll(recorded)
    assert [(r["module"], r["action"], r["subject"]) for r in rows] == [
        ("files", "download", number), ("files", "metadata", number),
        ("files", "list", None), ("files", "download", number)]
    text = repr(trail.rows(server))
    assert secret not in text and folder not in text


# at once


def test_two_uploads_to_one_path(server, new_user, home):
    """One wins whole, the others are its versions; none is lost, and none is mixed."""
    clients = [new_user(organisation=home) for _ in range(6)]
    path, before = "race/" + people.word(12), used(server, home)
    contents = [bytes([65 + i]) * (200000 + i) for i in range(6)]
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        replies = list(pool.map(lambda i: put(clients[i], path, contents[i]), range(6)))
    ids = {r.headers["X-File-Id"] for r in replies}
    assert len(ids) == 1
    won = show(clients[0], path)
    assert won.content in contents and won.headers["ETag"] == '"%s"' % md5(won.content)
    kept = trail.ask(server, "SELECT md5, file_size FROM space_version WHERE file_id ="
                     " '%s'" % ids.pop())
    assert sorted([k["md5"] for k in kept] + [md5(won.content)]) == sorted(
        md5(c) for c in contents)
    assert used(server, home) == before + sum(map(len, contents))


def test_many_paths_crosswise(server, new_user, home):
    """The same files in the other order: nobody waits for the one who waits for him."""
    clients = [new_user(organisation=home) for _ in range(4)]
    paths = ["%02d" % i for i in range(40)]
    folder = "cross" + people.word(12)

    def go(i):
        order = paths if i % 2 else paths[::-1]
        for _ in range(4):
            reply = clients[i].post("/files/upload-multiple", params={"folder": folder},
                                    files=[("files", (p, b"%d" % i, "text/plain"))
                                           for p in order])
            assert reply.status_code == 200, reply.text
        return True
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        assert all(pool.map(go, range(4)))
    assert names(clients[0], folder) == [folder + "/" + p for p in paths]
    found = {show(clients[0], folder + "/" + p).content for p in paths}
    assert len(found) == 1, "all of one request, or of another"
