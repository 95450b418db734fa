# SPDX-License-Identifier: MIT
"""Shares: links by which people without an account get some of an organisation's files,
and nobody anything else."""
import concurrent.futures
import datetime
import os
import re
import time
from urllib.parse import quote

import people
import pytest
import server as servers
import trail
from browser import EVIL, Browser, Tags, heading, words
from client import Client, faulty, refused
from test_organisation import guest, guests  # noqa: F401  (fixtures)

HOSTILE = b"<!doctype html><script>alert(document.cookie)</script>"


def put(client, path, content=b"what is in it"):
    """Upload a file; its id."""
    folder, _, name = path.rpartition("/")
    reply = client.upload("/files/upload?folder=" + quote(folder), content, name,
                          "application/octet-stream")
    assert reply.status_code == 200, reply.text
    return reply.headers["X-File-Id"]


def share(client, *paths, **more):
    """Make a share; the reply's JSON."""
    reply = client.post("/api/shares", json=dict({"paths": list(paths)}, **more))
    assert reply.status_code == 201, reply.text
    return reply.json()


def at(made, number=None):
    """The address of a share, or of its file."""
    return "/s/" + made["token"] + ("/content/%d" % number if number else "")


def log(client, made):
    """What the share's log says: [(outcome, number)], oldest first."""
    reply = client.get("/api/shares/" + made["share_id"] + "?limit=200")
    assert reply.status_code == 200, reply.text
    return [(u["outcome"], u["n"]) for u in reversed(reply.json()["log"])]


def state(client, made):
    return client.get("/api/shares/" + made["share_id"]).json()["share"]["state"]


def nowhere(reply):
    """The one page for all that does not hold."""
    assert reply.status_code == 404, (reply.status_code, words(reply)[:300])
    assert heading(reply) == "This link opens nothing"
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["Cache-Control"] == "no-store"
    return reply.text


def fetched(reply, content, name):
    """A file, as something to be saved and never to be shown."""
    assert reply.status_code == 200, (reply.status_code, words(reply)[:300])
    assert reply.content == content
    head = reply.headers
    assert head["Content-Disposition"].startswith("attachment; "), head
    assert head["Content-Disposition"].endswith((
        '; filename="%s"' % name, "; filename*=UTF-8''" + quote(name))), head
    assert head["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in head["Content-Security-Policy"]
    assert head["Cache-Control"] == "no-store"


@pytest.fixture(scope="module")
def owner(new_user):
    return new_user()


@pytest.fixture(scope="module")
def folder(owner):
    """Two files of the owner's, in a folder of its own; its path."""
    name = "shares/" + people.word()
    put(owner, name + "/plan 1.txt", b"the first")
    put(owner, name + "/Ŋoma.csv", b"a;b\n1;2\n")
    return name


@pytest.fixture
def browser(server):
    return Browser(server)


def test_a_link_gives_its_files(server, owner, folder, browser):
    made = share(owner, folder + "/plan 1.txt", folder + "/Ŋoma.csv")
    assert made["url"] == server.base + "/s/" + made["token"]
    assert re.fullmatch(r"[A-Za-z0-9_-]{32}", made["token"])
    assert made["max_uses"] is None and made["has_password"] is False
    assert [(f["n"], f["path"], f["size"]) for f in made["files"]] == [
        (1, folder + "/plan 1.txt", 9), (2, folder + "/Ŋoma.csv", 8)]
    reply = browser.get(at(made))
    assert reply.status_code == 200
    text = words(reply)
    assert "plan 1.txt" in text and "9 bytes" in text and "Ŋoma.csv" in text
    assert folder not in reply.text and owner.email not in reply.text
    assert made["share_id"] not in reply.text
    Tags().check(reply.text)
    assert reply.headers["Referrer-Policy"] == "no-referrer"
    assert reply.headers["Cache-Control"] == "no-store"
    fetched(browser.get(at(made, 1)), b"the first", "plan 1.txt")
    fetched(browser.get(at(made, 2)), b"a;b\n1;2\n", "Ŋoma.csv")
    assert browser.get(at(made, 3)).status_code == 404
    for n in ("0", "-1", "x", "101", "1x", "%31%20", "99999999999999999999"):
        assert browser.get(at(made) + "/content/" + n).status_code == 404, n


def test_by_ids_and_each_file_once(owner, folder):
    first = put(owner, folder + "/by id.txt")
    reply = owner.post("/api/shares", json={"file_ids": [first, first]})
    assert reply.status_code == 201
    assert [f["file_id"] for f in reply.json()["files"]] == [first]


def test_the_token_is_nowhere_else(server, owner, folder, browser, connect):
    """Who reads the database, the audit, the logs or a list has no way in."""
    made = share(owner, folder + "/plan 1.txt", password="Sesame, open")
    browser.get(at(made))
    browser.post(at(made) + "/unlock", {"password": "Sesame, open"})
    browser.get(at(made, 1))
    browser.get("/s/" + made["token"] + "/no/such?x=" + made["token"])
    browser.get(at(made) + "/content/x", headers={"Referer": server.base + at(made)})
    shown = owner.get("/api/shares").text + owner.get(
        "/api/shares/" + made["share_id"]).text
    assert made["share_id"] in shown
    assert made["token"] not in shown and "hash" not in shown
    with connect(server) as db:
        cursor = db.cursor()
        cursor.execute("SELECT * FROM share")
        text = repr(cursor.fetchall())
    assert made["share_id"] in text
    assert made["token"] not in text and "Sesame" not in text

    def arrived():
        return [r for r in trail.rows(server, made["share_id"])
                if r["action"] == "download"]
    servers.poll(arrived)
    assert made["token"] not in repr(trail.rows(server))

    def logged():  # nginx writes its log once a second
        folder_of_logs = os.path.join(server.state, "log")
        seen = b""
        for name in [server.log] + [os.path.join(folder_of_logs, n)
                                    for n in os.listdir(folder_of_logs)]:
            with open(name, "rb") as f:
                seen += f.read()
        return b'"/s"' in seen and b"/s/{token}/content/{n}" in seen and seen
    seen = servers.poll(logged)
    assert made["token"].encode() not in seen and b"Sesame" not in seen


def test_what_is_wrong_with_the_form(owner, folder):
    path = folder + "/plan 1.txt"
    now = datetime.datetime.now(datetime.timezone.utc)

    def later(**span):
        return (now + datetime.timedelta(**span)).isoformat()
    for body, field in (
            ({}, "body.paths"), ({"paths": []}, "body.paths"),
            ({"paths": [path], "file_ids": ["0" * 24]}, "body.paths"),
            ({"paths": [path] * 101}, "body.paths"), ({"paths": path}, "body.paths"),
            ({"paths": [path], "expires_in": 59}, "body.expires_in"),
            ({"paths": [path], "expires_in": 366 * 86400 + 1}, "body.expires_in"),
            ({"paths": [path], "expires_in": 60, "expires_at": later(days=1)},
             "body.expires_at"),
            ({"paths": [path], "expires_at": later(days=-1)}, "body.expires_at"),
            ({"paths": [path], "expires_at": later(days=367)}, "body.expires_at"),
            ({"paths": [path], "expires_at": "soon"}, "body.expires_at"),
            ({"paths": [path], "max_uses": 0}, "body.max_uses"),
            ({"paths": [path], "max_uses": 1000001}, "body.max_uses"),
            ({"paths": [path], "password": ""}, "body.password"),
            ({"paths": [path], "password": "short"}, "body.password"),
            ({"paths": [path], "password": "x" * 101}, "body.password")):
        faulty(owner.post("/api/shares", json=body), field)
    for query in ("?limit=0", "?limit=201", "?limit=x"):
        faulty(owner.get("/api/shares" + query), "query.limit")
    faulty(owner.get("/api/shares?cursor=x"), "query.cursor")
    made = share(owner, path, expires_at=later(days=3))
    assert made["expires_at"][:19] == later(days=3)[:19]


def test_only_files_of_the_own_space(server, owner, folder, guest, farmer, admin,
                                     as_farmer, anyone):
    """Neither another organisation's file nor a farmer's can be shared, nor seen."""
    path = folder + "/plan 1.txt"
    file_id = share(owner, path)["files"][0]["file_id"]
    for body in ({"paths": [path]}, {"file_ids": [file_id]}):
        assert "not found" in refused(guest.post("/api/shares", json=body), 404)
    photo = admin.upload("/api/farmers/%s/documents/nrc" % farmer["farmer_id"],
                         b"%PDF-1.4 x", "nrc.pdf", "application/pdf").json()["file_id"]
    for wrong in (photo, "0" * 24, "x", file_id.upper()):
        refused(owner.post("/api/shares", json={"file_ids": [wrong]}), 404)
    for wrong in ("no such.txt", "../" + path, folder, "", "/", "a\x01b",
                  path + "/x", "x" * 2000):
        refused(owner.post("/api/shares", json={"paths": [wrong]}), 404)
    made = share(owner, path)
    one = "/api/shares/" + made["share_id"]
    for client, more in ((guest, {}), (as_farmer(farmer), {}), (anyone, {"token": None})):
        refused(client.get(one, **more), 403, 404)
        refused(client.delete(one, **more), 403, 404)
        if client is not guest:
            refused(client.get("/api/shares", **more), 403)
            refused(client.post("/api/shares", json={"paths": [path]}, **more), 403)
    assert made["share_id"] not in guest.get("/api/shares?limit=200").text
    assert state(owner, made) == "active"


def test_colleagues_see_and_end_it(owner, folder, new_user, browser):
    made = share(owner, folder + "/plan 1.txt")
    colleague = new_user()
    assert made["share_id"] in colleague.get("/api/shares?limit=200").text
    one = "/api/shares/" + made["share_id"]
    assert colleague.delete(one).json() == {"message": "Share revoked",
                                            "share_id": made["share_id"]}
    assert colleague.delete(one).status_code == 200
    found = owner.get(one).json()["share"]
    assert found["state"] == "revoked" and found["revoked_at"]
    assert found["revoked_by"] == colleague.user["operator_id"] if \
        "operator_id" in colleague.user else found["revoked_by"]
    nowhere(browser.get(at(made)))
    refused(owner.get("/api/shares/" + "0" * 24), 404)
    refused(owner.delete("/api/shares/x"), 404)


def test_the_list_goes_on_by_cursor(new_user, guests):  # noqa: F811
    client = new_user(organisation=guests)
    put(client, "cursor/a.txt")
    made = [share(client, "cursor/a.txt")["share_id"] for _ in range(5)]
    found, cursor = [], ""
    while cursor is not None:
        page = client.get("/api/shares?limit=2" + cursor).json()
        found += [s["share_id"] for s in page["items"]]
        assert len(page["items"]) <= 2
        cursor = page["next_cursor"] and "&cursor=" + page["next_cursor"]
    assert [s for s in found if s in made] == list(reversed(made))


def test_strangers_learn_nothing(server, owner, folder, browser):
    """Made up, cut off, expired, revoked and used up look the same."""
    path = folder + "/plan 1.txt"
    gone = [share(owner, path, max_uses=1) for _ in range(3)]
    server.sql("UPDATE share SET expires_at = 1, ends_at = 1 WHERE share_id = '%s'"
               % gone[0]["share_id"])
    owner.delete("/api/shares/" + gone[1]["share_id"])
    fetched(Browser(server).get(at(gone[2], 1)), b"the first", "plan 1.txt")
    pages = {nowhere(browser.get(where + more)) for more in ("", "/content/1")
             for where in [at(g) for g in gone] + [
                 "/s/" + "A" * 32, "/s/x", at(gone[1])[:-1], at(gone[1]) + "A",
                 at(gone[1]).swapcase().replace("/S/", "/s/"), "/s/%20", "/s/ñ"]}
    assert len(pages) == 1
    for made, why in zip(gone, ("expired", "revoked", "used_up")):
        assert state(owner, made) == why
        assert log(owner, made)[-1][0] == why
    for made in gone:
        nowhere(browser.post(at(made) + "/unlock", {"password": "x"}))


def test_uses_are_visits(server, owner, folder):
    """With one use left, a visitor gets each file once and can go on with it."""
    made = share(owner, folder + "/plan 1.txt", folder + "/Ŋoma.csv", max_uses=1)
    one, other = Browser(server), Browser(server)
    assert one.get(at(made)).status_code == 200
    assert one.call("HEAD", at(made, 1)).status_code == 200
    assert owner.get("/api/shares/" + made["share_id"]).json()["share"]["uses"] == 0
    fetched(one.get(at(made, 1)), b"the first", "plan 1.txt")
    fetched(one.get(at(made, 2)), b"a;b\n1;2\n", "Ŋoma.csv")
    part = one.get(at(made, 1), headers={"Range": "bytes=4-"})
    assert part.status_code == 206 and part.content == b"first"
    assert one.get(at(made)).status_code == 200
    for more in ({}, {"Range": "bytes=4-"}, {"Range": "bytes=-3"}):
        nowhere(other.get(at(made, 1), headers=more))
    nowhere(other.get(at(made)))
    nowhere(one.get(at(made, 1)))  # from the beginning once more: a further use
    for whole in ("bytes=0-", "bytes=00-3", "bytes=-999999", "bytes=-3", "bytes=1-,0-0"):
        nowhere(one.get(at(made, 1), headers={"Range": whole}))
    found = owner.get("/api/shares/" + made["share_id"]).json()
    assert found["share"]["uses"] == 1
    rows = [u for u in found["log"] if u["outcome"] == "downloaded"]
    assert sorted((u["n"], u["resumed"]) for u in rows) == [(1, 1), (2, 0)]
    assert all(u["address"] == "127.0.0.1" or ":" in u["address"] for u in rows)


def test_a_part_that_is_the_whole(server, owner, folder):
    """What asks for a later part and is answered with all of it is no later part."""
    wholes = [{"Range": "bytes=1-", "If-Range": tag} for tag in (
        '"x"', "x", "Sun, 06 Nov 1994 08:49:37 GMT")]
    wholes += [{"Range": piece, "If-Match": "*"} for piece in (
        "BYTES=1-", "bytes=1", "bytes=5-2", "bytes=1x-", "bytes=%s1-" % ("0" * 300))]
    for whole in wholes:
        made = share(owner, folder + "/plan 1.txt", max_uses=1)
        one = Browser(server)
        first = one.get(at(made, 1))
        fetched(first, b"the first", "plan 1.txt")
        nowhere(one.get(at(made, 1), headers=whole))
        for tag in first.headers["ETag"], first.headers["Last-Modified"]:
            part = one.get(at(made, 1), headers={"Range": "bytes=4-", "If-Range": tag})
            assert (part.status_code, part.content) == (206, b"first"), tag
        assert owner.get("/api/shares/" + made["share_id"]).json()["share"]["uses"] == 1


def test_a_part_of_what_was_begun(server, owner, folder):
    """What has been written over a file is not given in parts to who took the old one."""
    path = folder + "/begun.txt"
    put(owner, path, b"old content")
    made, more = share(owner, path, max_uses=1), share(owner, path)
    one = Browser(server)
    part = {"Range": "bytes=4-"}
    for link in (made, more):
        fetched(one.get(at(link, 1)), b"old content", "begun.txt")
        assert one.get(at(link, 1), headers=part).content == b"content"
    put(owner, path, b"new content")
    nowhere(one.get(at(made, 1), headers=part))
    nowhere(one.get(at(made, 1)))
    for _ in range(2):
        assert one.get(at(more, 1), headers=part).content == b"content"
    found = owner.get("/api/shares/" + more["share_id"]).json()
    assert found["share"]["uses"] == 2
    assert [u["resumed"] for u in reversed(found["log"]) if u["n"]] == [1, 1]


def test_a_foreign_visit_is_none(server, owner, folder):
    """The cookie of one share opens no other, nor does one that was changed."""
    path = folder + "/plan 1.txt"
    first, second = share(owner, path, max_uses=1), share(owner, path, max_uses=1)
    one = Browser(server)
    cookie = one.get(at(first, 1)).headers["Set-Cookie"]
    assert re.fullmatch(r"__Secure-cem_visit=[0-9a-f]{24}\.\d+\.[0-9a-f]{64}; "
                        r"Path=%s; Max-Age=86400; HttpOnly; Secure; SameSite=Lax"
                        % re.escape(at(first)), cookie), cookie
    value = cookie.split(";")[0]
    fetched(Browser(server).get(at(second, 1)), b"the first", "plan 1.txt")
    name, _, text = value.partition("=")
    visit, until, mac = text.split(".")
    later = "%d" % (int(until) + 1)
    other = visit[:-1] + ("0" if visit[-1] != "0" else "1")
    plain = Client(server)
    for made, tried in ((second, text), (first, ".".join((visit, later, mac))),
                        (first, ".".join((other, until, mac))),
                        (first, ".".join((visit, until, mac[:-1]))),
                        (first, ".".join((visit, until, ""))), (first, visit),
                        (first, ""), (first, ".."), (first, visit + "." + until)):
        reply = plain.get(at(made, 1), headers={"Cookie": name + "=" + tried,
                                                "Range": "bytes=1-"})
        nowhere(reply)
    good = plain.get(at(first, 1), headers={"Cookie": value, "Range": "bytes=1-"})
    assert good.status_code == 206


def test_the_last_use_is_given_once(server, owner, folder, connect):
    """Several visitors have seen that there is one, and wait for each other."""
    made = share(owner, folder + "/plan 1.txt", max_uses=1)
    if not server.database:
        pytest.skip("SQLite has one writer, who is done before another looks")
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        with connect(server) as db:
            db.cursor().execute("SELECT 1 FROM share WHERE share_id = %s FOR UPDATE",
                                [made["share_id"]])
            asked = [pool.submit(lambda: Client(server).get(at(made, 1)))
                     for _ in range(3)]

            def waiting():
                return trail.ask(server, "SELECT COUNT(*) AS n FROM pg_locks"
                                         " WHERE NOT granted")[0]["n"] >= 3
            servers.poll(waiting)
        assert sorted(a.result().status_code for a in asked) == [200, 404, 404]
    assert owner.get("/api/shares/" + made["share_id"]).json()["share"]["uses"] == 1


def test_no_race_gives_one_too_many(server, owner, folder):
    made = share(owner, folder + "/plan 1.txt", max_uses=3)
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        replies = list(pool.map(lambda _: Client(server).get(at(made, 1)), range(12)))
    assert sorted(r.status_code for r in replies) == [200] * 3 + [404] * 9
    found = owner.get("/api/shares/" + made["share_id"]).json()["share"]
    assert (found["uses"], found["max_uses"], found["state"]) == (3, 3, "used_up")


def test_the_password(server, owner, folder, browser):
    made = share(owner, folder + "/plan 1.txt", password="Sesame, öffne dich")
    assert made["has_password"] is True
    reply = browser.get(at(made))
    assert reply.status_code == 200 and "Password" in words(reply)
    assert "plan" not in reply.text
    Tags().check(reply.text)
    reply = browser.get(at(made, 1))
    assert reply.status_code == 303 and reply.headers["Location"] == at(made)
    unlock = at(made) + "/unlock"
    assert browser.post(unlock, {"password": ""}).status_code == 422
    assert browser.post(unlock, {}).status_code == 422
    reply = browser.post(unlock, {"password": "Sesame"})
    assert reply.status_code == 403 and "not the password" in words(reply)
    assert "Set-Cookie" not in reply.headers
    reply = browser.post(unlock, {"password": "Sesame, öffne dich"},
                         headers={"Origin": EVIL})
    assert reply.status_code == 403 and "Set-Cookie" not in reply.headers
    reply = browser.post(unlock, {"password": "Sesame, öffne dich"})
    assert reply.status_code == 303 and reply.headers["Location"] == at(made)
    assert re.fullmatch(r"__Secure-cem_unlock=1\.\d+\.[0-9a-f]{64}; Path=%s; "
                        r"Max-Age=3600; HttpOnly; Secure; SameSite=Lax"
                        % re.escape(at(made)), reply.headers["Set-Cookie"])
    assert "plan 1.txt" in words(browser.get(at(made)))
    fetched(browser.get(at(made, 1)), b"the first", "plan 1.txt")
    assert browser.post(unlock, {"password": "whatever"}).status_code == 303
    assert log(owner, made) == [("wrong_password", None), ("unlocked", None),
                                ("downloaded", 1)]
    # Another visitor is asked again, and one share's cookie does not open another.
    cookie = reply.headers["Set-Cookie"].split(";")[0]
    other = share(owner, folder + "/plan 1.txt", password="Sesame, öffne dich")
    plain = Client(server)
    assert plain.get(at(made, 1)).status_code == 303
    assert plain.get(at(other, 1), headers={"Cookie": cookie}).status_code == 303
    assert plain.get(at(made, 1), headers={"Cookie": cookie}).status_code == 200


def test_a_password_cannot_be_tried_out(server, owner, folder, browser):
    """Ten guesses of an address, and then not even the right one is looked at."""
    made = share(owner, folder + "/plan 1.txt", password="Sesame, open")
    unlock = at(made) + "/unlock"
    for i in range(10):
        assert browser.post(unlock, {"password": "guess %d" % i}).status_code == 403
    reply = Browser(server).post(unlock, {"password": "Sesame, open"})
    assert reply.status_code == 429 and "Too many attempts" in words(reply)
    assert int(reply.headers["Retry-After"]) > 0 and "Set-Cookie" not in reply.headers
    assert [o for o, _ in log(owner, made)] == ["wrong_password"] * 10
    # Of another share he may.
    other = share(owner, folder + "/plan 1.txt", password="Sesame, open")
    assert browser.post(at(other) + "/unlock",
                        {"password": "Sesame, open"}).status_code == 303


def test_guesses_from_everywhere_end_too(server, owner, folder, browser):
    """A hundred of all addresses together: the right one, then, counts no more."""
    made = share(owner, folder + "/plan 1.txt", password="Sesame, open")
    server.sql("DELETE FROM throttle")
    assert browser.post(at(made) + "/unlock", {"password": "wrong"}).status_code == 403
    server.sql("UPDATE throttle SET n_attempts = n_attempts + 99 WHERE n_attempts = 1")
    reply = browser.post(at(made) + "/unlock", {"password": "Sesame, open"})
    assert reply.status_code == 429
    server.sql("DELETE FROM throttle")
    assert browser.post(at(made) + "/unlock",
                        {"password": "Sesame, open"}).status_code == 303


def test_one_address_cannot_ask_for_ever(server, owner, folder, browser):
    """Neither to guess tokens nor to fill the log."""
    made = share(owner, folder + "/plan 1.txt")
    server.sql("DELETE FROM throttle")
    nowhere(browser.get("/s/" + "A" * 32))
    server.sql("UPDATE throttle SET n_attempts = 1000")
    for where in ("/s/" + "A" * 32, at(made), at(made, 1)):
        reply = browser.get(where)
        assert reply.status_code == 429 and reply.headers["Retry-After"], where
    server.sql("DELETE FROM throttle")
    assert browser.get(at(made)).status_code == 200


def test_the_file_of_now(owner, folder, browser):
    """What is written over it is what the link gives; a moved file stays in it."""
    path = folder + "/changing.txt"
    put(owner, path, b"old")
    made = share(owner, path)
    fetched(browser.get(at(made, 1)), b"old", "changing.txt")
    put(owner, path, b"newer")
    fetched(browser.get(at(made, 1)), b"newer", "changing.txt")
    reply = owner.post("/files/move?source_path=%s&destination_path=%s"
                       % (quote(path), quote(folder + "/moved.txt")))
    assert reply.status_code == 200
    fetched(browser.get(at(made, 1)), b"newer", "moved.txt")


def test_a_file_in_the_trash_is_gone(owner, folder, browser):
    path = folder + "/going.txt"
    put(owner, path, b"bytes")
    made = share(owner, path, folder + "/plan 1.txt", max_uses=5)
    assert owner.delete("/files/delete/" + quote(path)).status_code == 200
    text = words(browser.get(at(made)))
    assert "going.txt no longer there" in text and "plan 1.txt" in text
    reply = browser.get(at(made, 1))
    assert reply.status_code == 404 and heading(reply) == "This file is gone"
    found = owner.get("/api/shares/" + made["share_id"]).json()
    assert found["files"][0]["size"] is None and found["files"][0]["path"] == path
    assert found["share"]["uses"] == 0
    assert log(owner, made) == [("gone", 1)]
    refused(owner.post("/api/shares", json={"paths": [path]}), 404)
    refused(owner.post("/api/shares", json={
        "file_ids": [found["files"][0]["file_id"]]}), 404)
    # Another file of that path is not the one that was shared.
    put(owner, path, b"secret")
    assert browser.get(at(made, 1)).status_code == 404


def test_a_file_comes_back_or_never(owner, admin, folder, browser):
    """Out of the trash it is in its links again; purged, it is gone for good."""
    path = folder + "/back.txt"
    file_id = put(owner, path, b"bytes")
    made = share(owner, path)
    for _ in range(2):
        assert owner.delete("/files/delete/" + quote(path)).status_code == 200
        assert browser.get(at(made, 1)).status_code == 404
        assert owner.post("/api/files/%s/restore" % file_id).status_code == 200
        fetched(browser.get(at(made, 1)), b"bytes", "back.txt")
    assert owner.delete("/files/delete/" + quote(path)).status_code == 200
    assert admin.post("/api/files/%s/purge" % file_id).status_code == 200
    assert browser.get(at(made, 1)).status_code == 404
    assert "back.txt no longer there" in words(browser.get(at(made)))
    assert owner.get("/api/shares/" + made["share_id"]).json()["files"][0]["path"] == path


def test_html_is_only_to_be_saved(owner, folder, browser):
    for name in ("page.html", "drawing.svg"):
        put(owner, folder + "/" + name, HOSTILE)
        made = share(owner, folder + "/" + name)
        fetched(browser.get(at(made, 1)), HOSTILE, name)


def test_names_are_shown_as_text(owner, folder, browser):
    name = "<b onclick=alert(1)>\"'&.txt"
    put(owner, folder + "/" + name)
    made = share(owner, folder + "/" + name)
    reply = browser.get(at(made))
    Tags().check(reply.text)
    assert "<b onclick" not in reply.text and name in words(reply)


def test_revoked_in_the_middle(server, owner, folder):
    """What nginx is sending goes on; not one further byte is asked for with success."""
    put(owner, folder + "/large.bin", bytes(1000000))
    made = share(owner, folder + "/large.bin")
    one = Browser(server)
    reply = one.get(at(made, 1), stream=True)
    assert reply.status_code == 200
    assert owner.delete("/api/shares/" + made["share_id"]).status_code == 200
    reply.close()
    nowhere(one.get(at(made, 1), headers={"Range": "bytes=500000-"}))
    nowhere(one.get(at(made)))
    assert log(owner, made)[-1] == ("revoked", None)


def test_it_ends_with_its_maker(server, new_user, folder, admin, browser):
    """Who has left can't come in by a link he made for himself; nor can his guests."""
    maker = new_user()
    made = share(maker, folder + "/plan 1.txt")
    assert browser.get(at(made)).status_code == 200
    where = "/api/users/%s/status" % quote(maker.email)
    assert admin.call("PATCH", where, json={"is_active": False}).status_code == 200
    nowhere(browser.get(at(made)))
    assert state(admin, made) == "suspended"
    assert log(admin, made)[-1][0] == "suspended"
    assert admin.call("PATCH", where, json={"is_active": True}).status_code == 200
    assert browser.get(at(made)).status_code == 200
    assert admin.delete("/api/users/" + quote(maker.email)).status_code == 200
    nowhere(browser.get(at(made, 1)))


def test_the_log_does_not_grow_with_refusals(server, owner, folder, browser):
    made = share(owner, folder + "/plan 1.txt")
    owner.delete("/api/shares/" + made["share_id"])
    server.sql("DELETE FROM throttle")
    nowhere(browser.get(at(made)))
    server.sql("UPDATE throttle SET n_attempts = 200 WHERE n_attempts = 1")
    for _ in range(3):
        nowhere(browser.get(at(made)))
    assert log(owner, made) == [("revoked", None)]
    server.sql("DELETE FROM throttle")


def test_visits_are_in_the_audit(server, owner, folder, browser):
    made = share(owner, folder + "/plan 1.txt")
    browser.get(at(made))
    browser.get(at(made, 1))

    def arrived():
        found = [r["action"] for r in trail.rows(server, made["share_id"])]
        return found if found[-2:] == ["open", "download"] else None
    assert servers.poll(arrived) == ["create", "open", "download"]
    row = trail.rows(server, made["share_id"], "download")[0]
    assert row["module"] == "shares" and row["user_id"] is None
    assert row["details"] == {"file_id": made["files"][0]["file_id"]}
    reply = owner.get("/api/shares/" + made["share_id"])

    def shown():
        return [r for r in trail.rows(server, made["share_id"], "get_success")
                if r["request_id"] == reply.headers["X-Request-ID"]]
    assert len(servers.poll(shown)) == 1
    owner.delete("/api/shares/" + made["share_id"])
    assert trail.last(server, made["share_id"], "revoke")["user_id"]


def test_old_shares_are_forgotten(server, owner, folder, browser, connect):
    """Ninety days after their end, with their log; no earlier."""
    path = folder + "/plan 1.txt"
    old, young = share(owner, path), share(owner, path)
    for made in (old, young):
        browser.get(at(made, 1))
    now = time.time_ns() // 1000
    for made, days in ((old, 91), (young, 89)):
        server.sql("UPDATE share SET ends_at = %d WHERE share_id = '%s'"
                   % (now - days * 86400 * 1000000, made["share_id"]))
    servers.run_schedule(server, "shares")
    assert owner.get("/api/shares/" + old["share_id"]).status_code == 404
    assert log(owner, young) == [("downloaded", 1)]
    with connect(server) as db:
        cursor = db.cursor()
        for table in ("share", "share_file", "share_use"):
            cursor.execute("SELECT COUNT(*) FROM %s WHERE share_id = '%s'"
                           % (table, old["share_id"]))
            assert cursor.fetchone()[0] == 0, table


def test_the_address_of_links(owner, folder, server):
    """What a client says of hosts makes no address, but the one it came to does."""
    body = {"paths": [folder + "/plan 1.txt"]}
    for more, begins in (
            ({"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"},
             server.base + "/s/"),
            ({"Host": "register.example:8443"}, "https://register.example:8443/s/"),
            ({"Host": "evil.example_<x>"}, "/s/")):
        reply = owner.post("/api/shares", json=body, headers=more)
        assert reply.status_code == 201
        assert reply.json()["url"].startswith(begins), reply.json()["url"]


def test_the_address_that_is_set(folder):
    """PUBLIC_URL wins over whatever a request says."""
    one = servers.Server({"PUBLIC_URL": "https://files.example"})
    try:
        one.start()
        admin = Client(one).login(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)
        put(admin, "a.txt")
        reply = admin.post("/api/shares", json={"paths": ["a.txt"]},
                           headers={"Host": "evil.example"})
        assert reply.json()["url"] == "https://files.example/s/" + reply.json()["token"]
    finally:
        one.end()
