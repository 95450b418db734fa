# SPDX-License-Identifier: MIT
"""Clients that stop in the middle, or take their time."""
import socket
import struct
import threading

import hurt
import people
import pictures
import pytest
import server as servers
import wire


@pytest.fixture(scope="module")
def running(start):
    return start(workers=3)


@pytest.fixture
def farmer_id(running):
    admin = hurt.sign_in(running)
    return admin.post("/api/farmers", json=people.form()).json()["farmer_id"]


def nothing_spooled(running):
    def empty():
        return not hurt.spooled(running)
    servers.poll(empty)


@pytest.mark.parametrize("part", [0.02, 0.3, 0.7, 0.999])
@pytest.mark.parametrize("reset", [False, True])
def test_socket_closed_in_the_middle(running, farmer_id, part, reset):
    admin = hurt.sign_in(running)
    photo = pictures.jpeg(width=2000, height=2500, quality=95)
    hurt.sweep(running)
    before = running.stored()
    data = hurt.upload_bytes(admin, farmer_id, photo)
    for _ in range(5):
        link = wire.connect(running)
        link.sendall(data[:int(len(data) * part)])
        if reset:
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                            struct.pack("ii", 1, 0))
        link.close()
    assert admin.get("/api/farmers/" + farmer_id).json()["photo_file_id"] is None
    nothing_spooled(running)
    hurt.sweep(running)
    assert running.stored() == before
    path = "/api/farmers/%s/upload-photo" % farmer_id
    assert admin.upload(path, photo).status_code == 200


def test_gone_before_the_answer(running, farmer_id):
    """The whole body came, nobody waits for the reply: done or not, never half."""
    admin = hurt.sign_in(running)
    data = hurt.upload_bytes(admin, farmer_id, pictures.jpeg(width=2000, height=2500))
    for _ in range(5):
        link = wire.connect(running)
        link.sendall(data)
        link.close()
    nothing_spooled(running)
    hurt.recovered(running)

    def whole():
        number = admin.get("/api/farmers/" + farmer_id).json()["photo_file_id"]
        got = number and admin.get("/api/files/" + number)
        # 404: the next one has taken its place meanwhile
        return not number or got.status_code == 200 and got.content[-2:] == b"\xff\xd9"
    servers.poll(whole)
    assert admin.upload("/api/farmers/%s/upload-photo" % farmer_id,
                        pictures.jpeg()).status_code == 200


def test_slow_senders_hold_nobody(running, farmer_id):
    """More stalled clients than workers; the others are served, then these too."""
    admin = hurt.sign_in(running)
    data = hurt.upload_bytes(admin, farmer_id, pictures.jpeg())
    login = wire.request("POST", "/api/auth/login",
                         [("Content-Type", "application/json")],
                         b'{"email":"a@b.example","password":"x"}')
    stalled = []
    for whole in [data] * 8 + [login] * 8 + [b"GET /api/health HTTP/1.1\r\nHost: l"] * 8:
        link = wire.connect(running)
        link.sendall(whole[:len(whole) // 2])
        stalled.append((link, whole[len(whole) // 2:]))
    for _ in range(30):
        assert hurt.twin(admin).get("/api/farmers").status_code == 200
    link, rest = stalled[0]
    for i in range(0, len(rest), max(1, len(rest) // 40)):
        link.sendall(rest[i:i + max(1, len(rest) // 40)])
    assert wire.receive(link, "POST").status_code == 200
    link, rest = stalled[8]
    link.sendall(rest)
    assert wire.receive(link, "POST").status_code == 401
    for link, _ in stalled:
        link.close()


def test_slow_readers_hold_nobody(running, farmer_id):
    admin = hurt.sign_in(running)
    reply = admin.upload("/api/farmers/%s/upload-photo" % farmer_id,
                         pictures.jpeg(width=1600, height=1600, quality=95))
    path = reply.json()["photo_path"]
    links = []
    for target in [path] * 8 + ["/api/geo/hierarchy"] * 8:
        link = wire.connect(running)
        link.sendall(wire.request("GET", target, [
            ("Authorization", "Bearer " + admin.token)]))
        links.append(link)
    for _ in range(30):
        assert hurt.twin(admin).get("/api/farmers").status_code == 200
    assert wire.receive(links[0], "GET").content[-2:] == b"\xff\xd9"
    for link in links:
        link.close()


def test_same_farmer_many_uploads_at_once(running, farmer_id):
    """The last one wins; every stored object has a row (replaced ones are kept)."""
    admin = hurt.sign_in(running)
    hurt.sweep(running)
    before = set(running.stored())
    path = "/api/farmers/%s/upload-photo" % farmer_id
    assert admin.upload(path, pictures.jpeg()).status_code == 200
    each = len(set(running.stored()) - before)
    statuses = []

    def send(i):
        reply = hurt.twin(admin).upload(path, pictures.jpeg(width=100 + i, height=200))
        statuses.append(reply.status_code)
    threads = [threading.Thread(target=send, args=(i,)) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(statuses) <= {200, 409} and 200 in statuses
    out = admin.get("/api/farmers/" + farmer_id).json()
    assert admin.get(out["documents"]["photo"]).status_code == 200
    hurt.sweep(running)
    assert len(set(running.stored()) - before) == each * (1 + statuses.count(200))
