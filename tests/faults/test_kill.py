# SPDX-License-Identifier: MIT
"""kill -9 of any worker in the middle of its work: the client gets an error, there
is no half row, no orphan file after the sweep, and the server goes on."""
import os
import random
import signal
import time

import hurt
import people
import pictures
import pytest
import requests
import server as servers


@pytest.fixture(scope="module")
def running(start):
    return start(workers=4)


def kill_some(running, writers, rounds, goal):
    """Kill a random child rounds times, each after some good answers."""
    for _ in range(rounds):
        writers.grown(goal)
        time.sleep(random.uniform(0, 0.05))
        victims = running.children()
        if victims:
            hurt.kill(random.choice(victims))


def test_kill_during_writes(running):
    admin = hurt.sign_in(running)
    before = hurt.total(admin)
    with hurt.Writers(admin) as writers:
        kill_some(running, writers, 15, 5)
        writers.grown(20)
    admin = hurt.recovered(running)
    assert hurt.total(admin) == before + writers.check(admin)
    odd = [e for e in writers.errors if isinstance(e, int) and e < 500]
    assert not odd, odd

    def complete():
        return len(running.children()) >= running.workers
    servers.poll(complete)


def test_kill_during_uploads(running):
    """Photos: what was acknowledged is whole, the sweep removes what nobody owns."""
    admin = hurt.recovered(running)
    hurt.sweep(running)
    before = set(running.stored())
    photo = pictures.jpeg(width=900, height=1200)
    one = admin.post("/api/farmers", json=people.form()).json()["farmer_id"]
    assert admin.upload("/api/farmers/%s/upload-photo" % one, photo).status_code == 200
    each = len(set(running.stored()) - before)
    assert each >= 1
    with hurt.Writers(admin, threads=3, photo=photo) as writers:
        kill_some(running, writers, 10, 3)
    admin = hurt.recovered(running)
    assert writers.photos
    owners = 1
    for number in writers.acked.values():
        out = admin.get("/api/farmers/" + number).json()
        if number in writers.photos:
            assert out["photo_file_id"] == writers.photos[number]
        if out["photo_file_id"]:
            owners += 1
            got = admin.get("/api/files/" + out["photo_file_id"])
            assert got.status_code == 200 and got.content[-2:] == b"\xff\xd9"
    hurt.sweep(running)
    after = set(running.stored()) - before
    assert len(after) == each * owners, (len(after), each, owners)

    def nothing_spooled():
        return not hurt.spooled(running)
    servers.poll(nothing_spooled)


def test_kill_during_cards(running):
    admin = hurt.recovered(running)
    made = [admin.post("/api/farmers", json=people.form()).json()["farmer_id"]
            for _ in range(6)]
    for number in made:
        victim = random.choice(running.children())
        client = hurt.twin(admin)
        hurt.kill(victim)
        try:
            client.post("/api/farmers/%s/generate-idcard" % number)
        except requests.RequestException:
            pass
    admin = hurt.recovered(running)
    for number in made:
        out = admin.get("/api/farmers/" + number).json()
        have = [bool(out[n]) for n in ("id_card_file_id", "id_card_generated_at")]
        assert all(have) or not any(have), out
        got = admin.get("/api/farmers/%s/download-idcard" % number)
        assert got.status_code == (200 if all(have) else 404)


def test_kill_the_parent():
    """Everything ends, says so, and the next start has all that was acknowledged."""
    running = servers.Server(workers=2)
    try:
        running.start()
        admin = hurt.sign_in(running)
        with hurt.Writers(admin, threads=2) as writers:
            writers.grown(10)
            family = servers.descendants(running.process.pid)
            os.kill(running.parent(), signal.SIGKILL)
            assert running.process.wait(timeout=120) != 0
            writers.stopping.set()

        def all_gone():
            return not [p for p in family if servers.alive(p)]
        servers.poll(all_gone)
        running.process = None
        running.start()
        admin = hurt.sign_in(running)
        assert hurt.total(admin) == writers.check(admin)
    finally:
        running.end()
