# SPDX-License-Identifier: MIT
"""The journal of reads under faults: whatever is killed, a read that was answered is in
the audit once; when nothing can be recorded, nothing is shown."""
import os
import random
import signal
import time
from collections import Counter

import hurt
import people
import pytest
import requests
import server as servers
import trail

TIME = time.time_ns() // 1000
ODD = "aaaaaaaaaaaaaaaaaaaaaaa%d"


@pytest.fixture(scope="module")
def running(start):
    return start(workers=4)


@pytest.fixture
def farmer(running):
    reply = hurt.recovered(running).post("/api/farmers", json=people.form())
    assert reply.status_code == 201, reply.text
    return reply.json()["farmer_id"]


class Readers(hurt.Crowd):
    """Threads that read one farmer until told to stop, and remember the answers."""

    def __init__(self, admin, farmer, threads=3):
        super().__init__(threads)
        self.admin, self.farmer = admin, farmer
        self.answered, self.failed = [], []

    def work(self, number):
        while not self.stopping.is_set():
            client = hurt.twin(self.admin)
            try:
                for _ in range(20):
                    reply = client.get("/api/farmers/" + self.farmer)
                    if reply.status_code == 200:
                        self.answered.append(reply.headers["X-Request-ID"])
                    else:
                        hurt.gave_up(reply)
                        self.failed.append(reply.status_code)
                    time.sleep(0.005)
            except requests.RequestException as why:
                self.failed.append(str(why))

    def grown(self, n):
        goal = len(self.answered) + n

        def enough():
            return len(self.answered) >= goal
        servers.poll(enough)


def recorder(running):
    """The process that holds the lock of the journal."""
    name = os.path.join(running.state, "journal", "LOCK")

    def holder():
        inode = os.stat(name).st_ino
        with open("/proc/locks", encoding="ascii") as f:
            held = [line.split() for line in f]
        found = [int(w[4]) for w in held if w[1] == "FLOCK" and
                 w[5].endswith(":%d" % inode)]
        return [p for p in found if p in running.children()]
    return servers.poll(holder)[0]


def recorded(running, farmer, answered):
    """Wait until each of the answered is in the audit, as often as it was answered (ids
    of requests are short: two may be alike); how many rows there are besides."""
    def arrived():
        rows = Counter(r["request_id"]
                       for r in trail.rows(running, farmer, "get_success"))
        return None if Counter(answered) - rows else [rows]
    rows = servers.poll(arrived)[0]
    return (rows - Counter(answered)).total()


def files(running):
    folder = os.path.join(running.state, "journal")
    return [n for n in os.listdir(folder) if n != "LOCK"]


def stop_recorder(running, admin, farmer):
    """Stop it while it has nothing to do; its pid."""
    reply = admin.get("/api/farmers/" + farmer)
    recorded(running, farmer, [reply.headers["X-Request-ID"]])
    pid = recorder(running)
    os.kill(pid, signal.SIGSTOP)
    return pid


def put(running, name, content):
    """A file as a process that has ended would leave it."""
    folder = os.path.join(running.state, "journal")
    path = os.path.join(folder, name)
    with open(path + ".new", "wb") as f:
        f.write(content)
    owner = os.stat(folder)
    os.chown(path + ".new", owner.st_uid, owner.st_gid)
    os.rename(path + ".new", path)


def line(farmer, number):
    return "\x1f".join([
        people.row_id(TIME, number), "INFO", "farmers",
        "get_success", "/api/farmers/{farmer_id}", "mary@cem.example", "OPERATOR",
        farmer, "", "192.0.2.1", "%08x" % number, "%d" % TIME]).encode() + b"\n"


def test_kill_the_recorder_again_and_again(running, farmer):
    admin = hurt.sign_in(running)
    with Readers(admin, farmer) as readers:
        for _ in range(6):
            readers.grown(30)
            time.sleep(random.uniform(0, 0.5))
            hurt.kill(recorder(running))
    assert not readers.failed  # nobody noticed
    assert recorded(running, farmer, readers.answered) == 0


def test_kill_the_readers_workers(running, farmer):
    admin = hurt.recovered(running)
    with Readers(admin, farmer) as readers:
        for _ in range(12):
            readers.grown(30)
            time.sleep(random.uniform(0, 0.05))
            keeps = recorder(running)
            victims = [p for p in running.children() if p != keeps]
            hurt.kill(random.choice(victims))
    hurt.recovered(running)
    # A killed worker may have written its line and not answered any more.
    assert recorded(running, farmer, readers.answered) <= len(readers.failed)


def test_kill_all_at_once(running, farmer):
    admin = hurt.recovered(running)
    with Readers(admin, farmer) as readers:
        for _ in range(3):
            readers.grown(50)
            for pid in running.children():
                hurt.kill(pid)
    hurt.recovered(running)
    assert recorded(running, farmer, readers.answered) <= len(readers.failed)

    def tidy():
        return len(files(running)) <= running.workers
    servers.poll(tidy)


def test_a_full_journal_slows_and_then_refuses(running, farmer):
    """Its files wait for a recorder that does not come; the workers are new, so each
    needs a file of its own for its first read."""
    admin = hurt.recovered(running)
    stopped = stop_recorder(running, admin, farmer)
    try:
        for number in range(64 + 2 * running.workers):
            put(running, "%024x" % number, line(farmer, number))
        for pid in running.children():
            if pid != stopped:
                hurt.kill(pid)

        def refused():
            try:
                reply = hurt.twin(admin).get("/api/farmers/" + farmer)
            except requests.RequestException:
                return None
            return [reply] if reply.status_code == 503 and \
                "Retry-After" in reply.headers else None
        reply = servers.poll(refused)[0]
        assert "recorded" in reply.json()["detail"]
        assert farmer not in reply.text
        # What needs no record goes on; so does what writes its own.
        assert admin.get("/api/geo/provinces").status_code == 200
        done = admin.post("/api/farmers", json=people.form())
        assert done.status_code == 201, done.text
    finally:
        os.kill(stopped, signal.SIGCONT)

    def shown():
        return admin.get("/api/farmers/" + farmer).status_code == 200
    servers.poll(shown)
    recorded(running, farmer, ["%08x" % n for n in range(64 + 2 * running.workers)])
    ids = [r["request_id"] for r in trail.rows(running, farmer)]
    assert reply.headers["X-Request-ID"] not in ids


def test_readers_wait_while_it_is_full(running, farmer):
    """They go on when the recorder comes back, and nothing is lost or there twice."""
    admin = hurt.recovered(running)
    stopped = stop_recorder(running, admin, farmer)
    try:
        for number in range(1000, 1100):
            put(running, "%024x" % number, line(farmer, number))
        for pid in running.children():
            if pid != stopped:
                hurt.kill(pid)
        with Readers(admin, farmer) as readers:
            time.sleep(1)
            assert not readers.answered
            os.kill(stopped, signal.SIGCONT)
            readers.grown(100)
    finally:
        os.kill(stopped, signal.SIGCONT)
    mine = readers.answered + ["%08x" % n for n in range(1000, 1100)]
    assert recorded(running, farmer, mine) <= len(readers.failed) + 1


def test_what_a_power_cut_leaves(running, farmer):
    """Half a line, zeros, rubbish: told in the log, left out, in nobody's way."""
    asked = hurt.sign_in(running).get("/api/farmers/" + farmer).headers["X-Request-ID"]
    recorded(running, farmer, [asked])  # nothing else comes now
    put(running, ODD % 5, line(farmer, 1999) + b"\xff" * 60000 + b"\n")
    assert recorded(running, farmer, [asked, "000007cf"]) == 0
    put(running, ODD % 1, line(farmer, 2000) + line(farmer, 2001)[:50])
    put(running, ODD % 2, line(farmer, 2002) + bytes(100000))
    put(running, ODD % 3, os.urandom(70000) + b"\n" + line(farmer, 2003))
    put(running, ODD % 4, b"")
    assert recorded(running, farmer, [asked, "000007cf", "000007d0", "000007d2",
                                      "000007d3"]) == 0

    def gone():
        return not [n for n in files(running) if n.startswith("aaaa")]
    servers.poll(gone)
    with open(os.path.join(running.state, "log", "cem.log"), encoding="utf-8") as f:
        text = f.read()
    for number in (1, 2, 3):
        assert ODD % number in text
    assert "mary@cem.example" not in text


def test_what_a_stop_leaves_the_next_start_records():
    running = servers.Server(workers=2)
    try:
        running.start()
        admin = hurt.sign_in(running)
        farmer = admin.post("/api/farmers", json=people.form()).json()["farmer_id"]
        with Readers(admin, farmer, threads=2) as readers:
            readers.grown(100)
            family = servers.descendants(running.process.pid)
            os.kill(running.parent(), signal.SIGKILL)
            assert running.process.wait(timeout=120) != 0
            readers.stopping.set()

        def all_gone():
            return not [p for p in family if servers.alive(p)]
        servers.poll(all_gone)
        running.process = None
        running.start()
        recorded(running, farmer, readers.answered)
    finally:
        running.end()
