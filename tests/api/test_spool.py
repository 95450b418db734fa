# SPDX-License-Identifier: MIT
"""Large bodies of strangers: nginx would write them to the disk, which the database
shares, long before anybody asks who sends them."""
import os

import pytest
import wire
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
