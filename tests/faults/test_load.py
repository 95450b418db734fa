# SPDX-License-Identifier: MIT
"""Many clients at once, reload under load, and an end that loses nothing."""
import concurrent.futures
import os
import signal
import threading

import hurt
import people
import pictures
import pytest
import requests
import server as servers


@pytest.fixture(scope="module")
def running(start):
    return start(workers=4)


def test_two_hundred_clients(running):
    admin = hurt.sign_in(running)
    before = hurt.total(admin)

    def visit(_):
        client = hurt.twin(admin)
        made = client.post("/api/farmers", json=people.form())
        if made.status_code != 201:
            return made.status_code
        one = client.get("/api/farmers/" + made.json()["farmer_id"])
        if one.status_code != 200 or one.json() != made.json():
            return one.status_code
        return client.get("/api/farmers?limit=5").status_code
    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        answers = list(pool.map(visit, range(200)))
    assert answers == [200] * 200, sorted(set(answers))
    assert hurt.total(admin) == before + 200


class Load(hurt.Crowd):
    """Readers and writers that note every answer that is not good."""

    def __init__(self, admin):
        super().__init__(8)
        self.admin, self.bad, self.good = admin, [], 0

    def work(self, number):
        client = hurt.twin(self.admin)
        while not self.stopping.is_set():
            try:
                if number % 2:
                    reply = client.get("/api/farmers?limit=3")
                else:
                    reply = client.post("/api/farmers", json=people.form())
            except requests.RequestException as why:
                self.bad.append(str(why))
                continue
            if reply.status_code in (200, 201):
                self.good += 1
            else:
                self.bad.append((reply.status_code, reply.text[:200]))

    def more(self, n):
        goal = self.good + n

        def enough():
            return self.good >= goal
        servers.poll(enough)


def test_reload_loses_no_request(running):
    admin = hurt.sign_in(running)
    with Load(admin) as load:
        for _ in range(3):
            load.more(30)
            old = set(running.children())
            os.kill(running.parent(), signal.SIGHUP)

            def renewed(old=old):
                now = set(running.children())
                return len(now) >= running.workers and not old & now
            servers.poll(renewed)
        load.more(30)
    assert not load.bad, load.bad[:10]


def test_restarted_workers_lose_no_request(running):
    """A worker that is asked to end finishes what it has begun."""
    admin = hurt.sign_in(running)
    with Load(admin) as load:
        for _ in range(8):
            load.more(15)
            victim = running.children()[0]
            os.kill(victim, signal.SIGTERM)

            def replaced(victim=victim):
                now = running.children()
                return victim not in now and len(now) >= running.workers
            servers.poll(replaced)
    assert not load.bad, load.bad[:10]


@pytest.mark.parametrize("way", [signal.SIGTERM, signal.SIGINT])
def test_stop_finishes_what_has_begun(way):
    """An upload is held at its fsync while everything is told to stop."""
    running = servers.Server(workers=1)
    try:
        running.start()
        admin = hurt.sign_in(running)
        number = admin.post("/api/farmers", json=people.form()).json()["farmer_id"]
        answers = []
        before = running.stored()

        def send():
            answers.append(hurt.twin(admin).upload(
                "/api/farmers/%s/upload-photo" % number, pictures.jpeg()).status_code)
        sender = threading.Thread(target=send)
        with hurt.Strace(running, "fsync,fdatasync:delay_enter=2000000:when=1",
                         calls="fsync,fdatasync"):
            sender.start()

            def begun():
                return running.stored() != before
            servers.poll(begun)
            running.process.send_signal(way)
            sender.join()
        running.stop()
        assert answers == [200]
        running.start()
        out = hurt.sign_in(running).get("/api/farmers/" + number).json()
        assert out["photo_file_id"]
    finally:
        running.end()


def test_stop_under_load():
    """What was acknowledged is there after the next start."""
    running = servers.Server(workers=3)
    try:
        running.start()
        admin = hurt.sign_in(running)
        with hurt.Writers(admin, threads=4) as writers:
            writers.grown(20)
            running.stop()
        running.start()
        admin = hurt.sign_in(running)
        assert hurt.total(admin) == writers.check(admin)
    finally:
        running.end()
