# SPDX-License-Identifier: MIT
"""Large bodies of strangers: nginx would write them to the disk, which the database
shares, long before anybody asks who sends them."""
import os

import pictures
import pytest
import wire
from browser import EVIL, HTML, Browser, boss, page  # noqa: F401  (a fixture)
from client import refused

MB = 1024 * 1024
KIND = ("Content-Type", "multipart/form-data; boundary=b")


def spooled(server):
    folder = os.path.join(server.state, "spool")
    return sum(os.path.getsize(os.path.join(folder, name)) for name in os.listdir(folder))


def begin(server, path, headers=(), method="POST", size=500 * MB):
    """Announce much and send four megabytes of it, or as many as are taken."""
    link = wire.connect(server, timeout=20)
    try:
        link.sendall(wire.request(method, path, [KIND, *headers], length=size))
        for _ in range(64):
            link.sendall(b"x" * (MB // 16))
    except OSError:
        pass  # nobody listens any more
    return link


@pytest.mark.parametrize("path", ["/files/upload", "/files/upload-multiple",
                                  "/files/upload/?folder=a"])
def test_nothing_is_taken_from_strangers(server, farmer, as_farmer, path):
    """Five hundred connections of five gigabytes each would fill any disk."""
    for headers, status, words in [
            ((), 403, "Not authenticated"),
            ([("Authorization", "Basic x")], 403, "Invalid authentication credentials"),
            ([("Authorization", "Bearer a.b.c")], 401, "Invalid token"),
            ([("Authorization", "Bearer " + as_farmer(farmer).token)], 403, "Access denied")]:
        with begin(server, path, headers) as link:
            reply = wire.receive(link, "POST")
            assert spooled(server) == 0
        assert reply.status_code == status, reply.text
        assert reply.json()["detail"].startswith(words)
        assert reply.headers["X-Request-ID"]
        assert reply.headers["Content-Type"] == "application/json"
        if status == 401:
            assert reply.headers["Www-Authenticate"] == "Bearer"


def test_no_more_is_asked_for(server):
    """Who waits to be asked for the rest need not send what is refused."""
    with wire.connect(server, timeout=20) as link:
        link.sendall(wire.request("POST", "/files/upload", [
            KIND, ("Expect", "100-continue")], length=5 * MB))
        assert link.recv(1000).startswith(b"HTTP/1.1 403 ")


@pytest.mark.parametrize("tail", ["/documents/nrc", "/upload-photo"])
def test_pictures_of_strangers(server, farmer, tail):
    path = "/api/farmers/" + farmer["farmer_id"] + tail
    for headers, status in ((), 403), ([("Authorization", "Bearer a.b.c")], 401):
        with wire.connect(server, timeout=20) as link:
            link.sendall(wire.request("POST", path, [KIND, *headers], b"x" * MB,
                                      length=5 * MB))
            assert wire.receive(link, "POST").status_code == status
            assert spooled(server) == 0


def test_imports_of_strangers(server):
    with wire.connect(server, timeout=20) as link:
        link.sendall(wire.request("POST", "/api/imports", [KIND], b"x" * MB,
                                  length=40 * MB))
        assert wire.receive(link, "POST").status_code == 403
        assert spooled(server) == 0


@pytest.mark.parametrize("path,status", [
    ("/api/uploads/x", 404), ("/api/uploads/x/y/photo", 404), ("/files/upload#x", 404),
    ("/api/imports#", 404), ("/farmers/ZM1/photo#x", 404), ("/api/x/../imports", 400),
    ("/files/./upload", 400)])
def test_what_only_nginx_takes_for_an_upload(server, path, status):
    """It reads addresses in its own way, and these are nobody's: they were let in."""
    with begin(server, path, size=9 * MB) as link:
        reply = wire.receive(link, "POST")
        assert spooled(server) == 0
    assert reply.status_code == status, reply.text
    with wire.connect(server, timeout=20) as link:
        link.sendall(wire.request("POST", path, [
            KIND, ("Transfer-Encoding", "chunked")]) + b"100000\r\n" + b"x" * MB)
        reply = wire.receive(link, "POST")
        assert spooled(server) == 0
    assert refused(reply, status) == (
        "Not Found" if status == 404 else "The request target makes no sense")
    assert reply.headers["Content-Type"] == "application/json"


def large(server, path, headers):
    """A form of 5 MB, of which the first is sent, and how much nginx has kept of it."""
    with wire.connect(server, timeout=20) as link:
        link.sendall(wire.request("POST", path, [KIND, ("Accept", HTML), *headers],
                                  b"x" * MB, length=5 * MB))
        return wire.receive(link, "POST"), spooled(server)


def test_photos_of_strangers_by_the_page(server, boss, farmer):  # noqa: F811
    """The form comes with a cookie, which was looked at when all had come."""
    where = "/farmers/" + farmer["farmer_id"]
    ours, theirs = ("Origin", "https://localhost"), ("Origin", EVIL)
    mine = ("Cookie", "__Host-cem_session=" + boss.cookie)
    no = ("Cookie", "__Host-cem_session=a.b.c")
    for headers, way in ([ours], "/sign-in"), ([ours, no], "/sign-in?done=ended"), (
            [ours, ("Referer", "https://localhost" + where)], "/sign-in?next=" + where):
        reply, kept = large(server, where + "/photo", headers)
        assert (reply.status_code, reply.headers["Location"], kept) == (303, way, 0)
        assert reply.headers["Cache-Control"] == "no-store"
        assert ("Max-Age=0" in reply.headers.get("Set-Cookie", "")) == ("ended" in way)
    for headers in ([theirs], [theirs, mine], [mine]):
        reply, kept = large(server, where + "/photo", headers)
        assert "This form was sent from another site" in page(reply, 403) and kept == 0
    reply, kept = large(server, where + "/photo#x", [ours, mine])
    assert "There is nothing at this address." in page(reply, 404) and kept == 0
    photo = pictures.jpeg(width=2000, height=2000, quality=100)
    assert len(photo) > 64 * 1024
    assert boss.upload(farmer, photo).headers["Location"] == where + "?done=photo"


@pytest.mark.parametrize("method", ["GET", "PUT", "OPTIONS", "DELETE"])
def test_other_methods(server, anyone, method):
    """A method that has no business with a body takes none either."""
    with begin(server, "/files/upload", method=method) as link:
        assert wire.receive(link, method).status_code == 413
        assert spooled(server) == 0
    reply = anyone.call(method, "/files/upload")
    assert reply.status_code == (200 if method == "OPTIONS" else 405), reply.text


def test_forms_of_strangers(server):
    """Only the body of a form says whether it is signed: few are taken at once."""
    links = [begin(server, "/files/presigned", size=90 * MB) for _ in range(10)]
    try:
        with begin(server, "/files/presigned", size=90 * MB) as link:
            reply = wire.receive(link, "POST")
        assert reply.status_code == 429, reply.text
    finally:
        for link in links:
            link.close()


def test_the_door_is_not_for_clients(server, anyone, admin):
    for path in ("/door", "/bodiless"):
        assert anyone.get(path).status_code == 404
    reply = admin.post("/files/list", headers={"Door": "only"})
    refused(reply, 405)
