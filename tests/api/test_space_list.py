# SPDX-License-Identifier: MIT
"""Listing the files of an organisation (contract A1.2, 6, and E4)."""
import contextlib
import re

import people
import pytest
from client import refused
from spaces import faults, md5, names, organise, put, put_all


@pytest.fixture(scope="module")
def client(server, new_user):
    return new_user(organisation=organise(server))


@pytest.fixture
def folder():
    return "l" + people.word(12)


def test_one_level(client, folder):
    put(client, folder + "/b.txt", b"12345")
    put(client, folder + "/a.txt", b"1")
    put(client, folder + "/docs/x/deep", b"x")
    put(client, folder + "/ape/y", b"x")
    reply = client.get("/files/list", params={"folder": folder})
    assert reply.status_code == 200 and "X-Next-Cursor" not in reply.headers
    entries = reply.json()
    assert isinstance(entries, list)
    for entry in entries:
        assert list(entry) == ["key", "size", "last_modified", "etag", "type"]
    assert [(e["key"], e["size"], e["etag"], e["type"]) for e in entries] == [
        (folder + "/a.txt", 1, md5(b"1"), "file"),
        (folder + "/b.txt", 5, md5(b"12345"), "file"),
        (folder + "/ape/", None, None, "folder"),
        (folder + "/docs/", None, None, "folder")]
    assert all((e["last_modified"] is None) == (e["type"] == "folder") for e in entries)
    assert entries[0]["last_modified"].endswith("+00:00")
    assert names(client, folder + "/docs") == [folder + "/docs/x/"]
    assert names(client, "/%s//docs/x/" % folder) == [folder + "/docs/x/deep"]
    assert folder + "/" in names(client) and folder + "/" in names(client, "/")
    head = client.call("HEAD", "/files/list?folder=" + folder)
    assert head.status_code == 200 and head.content == b""


def test_nothing_there(client, folder):
    assert client.get("/files/list", params={"folder": folder}).json() == []
    put(client, folder + "/a")
    assert client.get("/files/list", params={"folder": folder + "/a"}).json() == []


def test_order_is_by_bytes(client, folder):
    """The same on both databases: capitals first, then letters with marks last."""
    some = ["Zebra", "a", "a b", "a-b", "a.b", "a0", "aa", "b", "é", "ŋ", "雪", "😀", "~"]
    put_all(client, sorted(some, key=lambda n: hash(n)), folder)
    for name in ("d", "d-e", "d.e", "d0"):
        put(client, "%s/%s/x" % (folder, name))
    want = sorted(some, key=lambda n: n.encode()) + [n + "/" for n in
                                                     ("d", "d-e", "d.e", "d0")]
    assert names(client, folder) == [folder + "/" + n for n in want]
    for step in (1, 2, 3, 5, 13):
        assert names(client, folder, max_keys=step) == [folder + "/" + n for n in want]


def test_how_many(client, folder):
    put_all(client, ["a", "b", "c"], folder)
    for wrong, kind in ((0, "greater_than_equal"), (-1, "greater_than_equal"),
                        (1001, "less_than_equal"), ("x", "int_parsing"),
                        ("1.5", "int_parsing"), ("", "int_parsing")):
        fault = faults(client.get("/files/list", params={"folder": folder,
                                                         "max_keys": wrong}),
                       "query", "max_keys")
        assert fault["type"] == kind and fault["input"] == str(wrong)
        if isinstance(wrong, int):
            assert fault["ctx"] == ({"le": 1000} if wrong > 1 else {"ge": 1})
    for right in (1, 1000):
        reply = client.get("/files/list", params={"folder": folder, "max_keys": right})
        assert len(reply.json()) == min(right, 3)
        assert ("X-Next-Cursor" in reply.headers) == (right == 1)


def test_the_last_page_tells_that_it_is(client, folder):
    """Also where the files or the folders fill a page."""
    put_all(client, ["a", "b"], folder)
    for name in ("x", "y"):
        put(client, "%s/%s/z" % (folder, name))
    for step, pages in ((1, 4), (2, 2), (3, 2), (4, 1), (5, 1)):
        found, query = 0, {"folder": folder, "max_keys": step}
        while True:
            reply = client.get("/files/list", params=query)
            assert reply.json()
            found += 1
            if "X-Next-Cursor" not in reply.headers:
                break
            query["cursor"] = reply.headers["X-Next-Cursor"]
        assert found == pages, step


@pytest.mark.parametrize("cursor", [
    "x", "=", "!!!!", "ZmE=x", "\u00e9", "Zi4u", "eA", "Zi9h", "ZmEv", "ZgA", "Zv8",
    "A" * 1400, "%00"])
def test_rubbish_for_a_cursor(client, cursor):
    """Of these some are base64 of ".." and the like."""
    reply = client.get("/files/list", params={"cursor": cursor})
    assert "cursor" in faults(reply, "query", "cursor")["msg"]


def test_too_long_a_cursor(client):
    faults(client.get("/files/list", params={"cursor": "A" * 1401}), "query", "cursor")


def test_a_cursor_shows_nothing_of_others(server, client, new_user, folder):
    """It is a place in the order of names, and no key to anything."""
    put_all(client, ["a", "b"], folder)
    cursor = client.get("/files/list", params={"folder": folder, "max_keys": 1}).headers[
        "X-Next-Cursor"]
    other = new_user(organisation=organise(server))
    put_all(other, ["c"], folder)
    reply = other.get("/files/list", params={"folder": folder, "cursor": cursor})
    assert [e["key"] for e in reply.json()] == [folder + "/c"]


def test_beyond_a_thousand(client, folder):
    want = ["%04d" % i for i in range(1001)]
    put_all(client, want[:1000], folder)
    put_all(client, want[1000:], folder)
    reply = client.get("/files/list", params={"folder": folder})
    assert len(reply.json()) == 1000 and reply.headers["X-Next-Cursor"]
    assert names(client, folder) == [folder + "/" + n for n in want]


@contextlib.contextmanager
def rows_of_many(server, connect, model, wanted):
    """Rows for that many files, all with the bytes of one that has none."""
    columns = ("organisation_id, path_folder, object_id, content_type, file_size, md5,"
               " sha256, uploaded_at, uploaded_by, created_at")
    mark = "%s" if server.database else "?"
    rows = [("%024x" % (0xabc << 60 | i), path, model) for i, path in enumerate(wanted)]

    def count(db, n):
        db.cursor().execute("UPDATE organisation SET live_files = live_files + %d WHERE"
                            " organisation_id = (SELECT organisation_id FROM space_file"
                            " WHERE file_id = '%s')" % (n, model))
    with connect(server) as db:
        db.cursor().executemany(
            "INSERT INTO space_file (file_id, file_path, %s) SELECT %s, %s, %s FROM"
            " space_file WHERE file_id = %s" % (columns, mark, mark, columns, mark), rows)
        count(db, len(rows))
    try:
        yield
    finally:
        with connect(server) as db:
            db.cursor().executemany("DELETE FROM space_file WHERE file_id = " + mark,
                                    [row[:1] for row in rows])
            count(db, -len(rows))


def test_ten_thousand(server, connect, client, folder):
    here = folder + "/many/"
    model = put(client, here + "0", b"").headers["X-File-Id"]
    put(client, here + "more/x")
    want = [here + "%05d" % i for i in range(10000)]
    with rows_of_many(server, connect, model, want):
        found = names(client, folder + "/many")
        assert found == [here + "0"] + want + [here + "more/"]
        found = names(client, folder + "/many", max_keys=999)
        assert len(found) == 10002 == len(set(found))
    assert names(client, here) == [here + "0", here + "more/"]


def test_the_longest_names(server, connect, client, folder):
    """A page of them has some megabytes, and still is answered."""
    segment = '"' * 254
    here = "/".join([folder + segment[len(folder):], segment + "b", segment + "c"])
    last = "é" * 125
    model = put(client, here + "/0", b"").headers["X-File-Id"]
    want = ["%s/%04d%s" % (here, i, last) for i in range(1500)]
    with rows_of_many(server, connect, model, want):
        assert names(client, here) == [here + "/0"] + want
        reply = client.get("/files/list", params={"folder": here, "max_keys": 2})
        assert len(reply.headers["X-Next-Cursor"]) > 1300


def statements(client):
    text = client.get("/metrics").text
    return int(float(re.search(r"^cem_database_statements_total (\S+)$", text, re.M)[1]))


def test_a_page_is_two_statements(client, folder):
    """And the one that finds who asks, and the audit's row, which comes later; whatever
    the folder holds. With S3 one more looks for what was sent there directly."""
    put_all(client, ["%03d" % i for i in range(300)], folder)
    for i in range(20):
        put(client, "%s/d%02d/x" % (folder, i))
    before, n = statements(client), 200
    for _ in range(n):
        reply = client.get("/files/list", params={"folder": folder})
        assert len(reply.json()) == 320
    spent = statements(client) - before
    more = n if client.server.bucket else 0
    assert 3 * n + more <= spent < 4.5 * n + more


def test_while_others_write(client, folder):
    """What is there from the first page to the last is told once."""
    put_all(client, ["b%02d" % i for i in range(20)], folder)
    first = client.get("/files/list", params={"folder": folder, "max_keys": 10})
    put_all(client, ["a", "b05", "c"], folder)
    rest = client.get("/files/list", params={
        "folder": folder, "cursor": first.headers["X-Next-Cursor"]})
    keys = [e["key"] for e in first.json() + rest.json()]
    assert keys == [folder + "/b%02d" % i for i in range(20)] + [folder + "/c"]


def test_refusals(client, anyone):
    refused(anyone.get("/files/list"), 403)
    refused(client.get("/files/list", params={"folder": "a/../b"}), 400)
