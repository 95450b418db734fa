# SPDX-License-Identifier: MIT
"""An organisation's files in S3 (a real radosgw) under faults: workers and the processes
that carry bytes for them are killed at every step, S3 stands still, ends and comes
back, and a move between disk and S3 is interrupted. What was confirmed stays; no row
lacks its bytes; what no row names goes with the sweep, from S3 too."""
import os
import random
import signal
import subprocess
import time

import big
import changes
import hurt
import pytest
import server as servers
from changes import CASES, Uploaders, attempt, complete, killed_at_all, swept
from server import CEM, poll

SIZE = 300 * big.MB + 12345
LIMIT_MB = 20

once = pytest.mark.skipif(os.environ.get("CEM_TEST_DATABASE") == "pgsql",
                          reason="it is not about the database")


@pytest.fixture(scope="module")
def running(start):
    return start(workers=2, store="s3", settings={"JOB_WORKERS": "0"})


@pytest.fixture
def admin(running):
    return hurt.recovered(running)


def couriers(running, client):
    """Each worker has one: they, when all are there."""
    workers = complete(running, client)

    def found():
        table = servers.processes()
        pids = [pid for pid, (parent, name, _) in table.items()
                if parent in workers and name == "courier"]
        return sorted(pids) if len(pids) == len(workers) else None
    return poll(found)


WORKER = {
    "sqlite": [("sendmsg", 1, 1), ("recvmsg", 1, 1), ("unlinkat", 1, 1),
               ("fdatasync", 1, 1), ("write", 2, 1)],
    "pgsql": [("sendmsg", 1, 1), ("recvmsg", 1, 1), ("unlinkat", 1, 1),
              ("sendto", 3, 3)],
}
COURIER = [("pread64", 1, 1), ("sendto", 1, 3), ("recvfrom", 1, 2), ("sendmsg", 1, 1)]


@pytest.mark.parametrize("name", ["upload", "overwrite"])
def test_worker_killed_at_every_step(running, admin, name):
    assert killed_at_all(running, admin, name, WORKER[running.kind]) >= 3
    swept(running)


@pytest.mark.parametrize("name", ["upload", "overwrite"])
def test_courier_killed_at_every_step(running, admin, name):
    assert killed_at_all(running, admin, name, COURIER, couriers) >= 3
    swept(running)


class Gateway:
    """The process that speaks S3. What it stores is another's and stays."""

    def __init__(self, running):
        self.file = os.path.join(running.bucket.s3.folder, "ceph", "run", "radosgw.pid")
        with open(self.file, encoding="ascii") as f:
            self.pid = int(f.read())
        with open("/proc/%d/cmdline" % self.pid, "rb") as f:
            self.words = f.read().split(b"\0")[:-1]
        with open("/proc/%d/environ" % self.pid, "rb") as f:
            self.env = dict(w.split(b"=", 1) for w in f.read().split(b"\0") if b"=" in w)
        self.folder = os.readlink("/proc/%d/cwd" % self.pid)
        self.owner = os.stat("/proc/%d" % self.pid)

    def signal(self, number):
        os.kill(self.pid, number)

    def start(self, running):
        poll(lambda: not servers.alive(self.pid))  # it has its port to the end
        who = {}
        if os.getuid() != self.owner.st_uid:
            who = {"user": self.owner.st_uid, "group": self.owner.st_gid,
                   "extra_groups": []}
        self.pid = subprocess.Popen(
            self.words, env=self.env, cwd=self.folder, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, **who).pid
        with open(self.file, "w", encoding="ascii") as f:
            f.write("%d\n" % self.pid)
        self.serves(running)

    @staticmethod
    def serves(running):
        def answers():
            try:
                running.bucket.client.list_buckets()
            except Exception:  # boto has many ways to say that nobody listens
                return False
            return True
        poll(answers)


def known_to_answer(running):
    """All workers are told when one of them has found S3 silent, and when it answers
    again; who asks in between is refused at once."""
    def taken():
        return attempt(hurt.sign_in(running), changes.upload("again/a", 1)) == 200
    poll(taken)


@pytest.fixture
def gateway(running):
    one = Gateway(running)
    yield one
    if not servers.alive(one.pid):
        one.start(running)
    one.signal(signal.SIGCONT)
    one.serves(running)
    known_to_answer(running)


@once
def test_s3_stands_still(running, admin, gateway):
    """It takes the bytes and says nothing: refused in time; others are served, and what
    it may have stored in the end is nobody's."""
    case, folder = CASES["upload"], "still%d" % next(changes.number)
    gateway.signal(signal.SIGSTOP)
    reply = changes.do(hurt.twin(admin), case.act(admin, folder))
    assert reply.status_code == 503 and reply.json()["detail"]
    assert hurt.twin(admin).get("/files/list").status_code == 200
    gateway.signal(signal.SIGCONT)
    gateway.serves(running)
    known_to_answer(running)
    assert changes.states(running, folder) == case.expected("", folder)
    assert attempt(admin, case.act(admin, folder)) == 200
    assert changes.states(running, folder) == case.expected(case.after, folder)
    swept(running)


class Senders(hurt.Crowd):
    """Each sends one file, and notes what became of it."""

    def __init__(self, admin, folder, threads):
        super().__init__(threads)
        self.admin, self.folder, self.statuses = admin, folder, {}

    def work(self, number):
        self.statuses[number] = attempt(
            hurt.twin(self.admin), changes.upload("%s/%d" % (self.folder, number), 1))


@once
def test_s3_hangs_and_the_register_does_not(running, admin, gateway):
    """More uploads than workers, all at once, while S3 takes connections and says nothing:
    people are signed in, and see the register, while the first of them still waits. If
    workers were all that is waited for, it would have been given up long before. Then
    all know that S3 is silent, and so do those who watch."""
    tmp = os.path.join(running.state, "store", "tmp")

    def served_meanwhile():
        couriers(running, admin)
        gateway.serves(running)
        known_to_answer(running)
        gateway.signal(signal.SIGSTOP)
        with Senders(admin, "hangs%d" % next(changes.number), 12) as crowd:
            poll(lambda: os.listdir(tmp))
            time.sleep(1)  # the others stand in line
            first = set(os.listdir(tmp))
            assert hurt.sign_in(running).get("/api/farmers").status_code == 200
            waiting = first & set(os.listdir(tmp))
        health = admin.get("/api/health/full", token=None).json()
        figures = admin.get("/metrics", token=None).text
        gateway.signal(signal.SIGCONT)
        assert set(crowd.statuses.values()) == {503}
        assert health["status"] == "degraded" and health["components"]["s3"] is False
        assert health["components"]["s3_error"] == "S3 does not answer"
        assert "\ncem_s3_up 0\n" in figures
        return waiting
    poll(served_meanwhile, 3 * servers.LIMIT)
    known_to_answer(running)
    health = admin.get("/api/health/full", token=None).json()
    assert health["components"]["s3"] is True
    swept(running)


@once
def test_s3_is_away(running, admin, gateway):
    folder = "away%d" % next(changes.number)
    case = CASES["upload"]
    assert attempt(admin, changes.upload("here/a", 1)) == 200
    gateway.signal(signal.SIGKILL)
    assert attempt(admin, case.act(admin, folder)) == 503
    got = admin.get("/files/download/here/a")
    assert got.status_code in (502, 503, 504) and got.json()["detail"]
    assert admin.get("/files/list").status_code == 200
    gateway.start(running)
    known_to_answer(running)
    assert attempt(admin, case.act(admin, folder)) == 200
    got = admin.get("/files/download/here/a")
    assert got.content == changes.content("here", 1)
    swept(running)


def test_one_path_while_all_are_killed(running, admin, gateway):
    """Workers, couriers and S3 itself, in turns."""
    with Uploaders(admin, "crowd/one", threads=3) as crowd:
        for turn in range(9):
            crowd.grown(2)
            if turn % 3 == 0:
                hurt.kill(random.choice(hurt.web_workers(running)))
            elif turn % 3 == 1:
                hurt.kill(random.choice(couriers(running, admin)))
            else:
                gateway.signal(signal.SIGKILL)
                gateway.start(running)
        crowd.grown(4)
    couriers(running, admin)
    crowd.check(running)
    swept(running)


def copied(running, source, target, *more, before=()):
    """cem store copy, or what stands before it; its status."""
    return subprocess.run(
        [*before, CEM, "store", "copy", source, target, *more, "--config",
         running.config], env=running.environment(), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=120,
        check=False).returncode


def places(running):
    rows = changes.trail.ask(running, "SELECT stored_in FROM object")
    return {row["stored_in"] for row in rows}


@pytest.mark.parametrize("source,target,calls", [
    ("disk", "s3", ["sendmsg", "recvmsg"]), ("s3", "disk", ["fsync", "renameat"])])
def test_move_killed_and_continued(start, source, target, calls):
    """Wherever it was killed, each row tells where its bytes are; said again, it goes on,
    and in the end nothing is left in the old place."""
    running = start(workers=2, store=source, settings={"JOB_WORKERS": "0",
                                                       "DURABLE": "true"})
    admin = hurt.sign_in(running)
    for label in range(16):
        assert attempt(admin, changes.upload("many/%d" % label, label)) == 200
    for call in calls + (["fdatasync"] if running.kind == "sqlite" else ["sendto"]):
        for k in (1, 4):
            assert copied(running, source, target, before=[
                "strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e",
                "inject=%s:signal=KILL:when=%d" % (call, k)]), (call, k)
            changes.intact(running)
    assert copied(running, source, target, "--remove") == 0
    assert places(running) == {target}
    for label in range(16):
        got = admin.get("/files/download/many/%d" % label)
        assert got.content == changes.content("many", label)
    swept(running)


@once
def test_large_both_ways(running, admin, tmp_path):
    """300 MB (this S3 lies in memory) go both ways, and nobody here holds them."""
    name = str(tmp_path / "big.bin")
    big.make(name, SIZE)
    etag = big.far_etag(name)
    path = "/files/download/far/big.bin"
    couriers(running, admin)
    with big.Watch(running) as watch:
        big.send(running, admin.token, "far", name)
        assert big.same(running, path, name, "-H", "Authorization: Bearer " + admin.token)
        got = admin.get(path, headers={"Range": "bytes=-4097"})
        with open(name, "rb") as f:
            f.seek(SIZE - 4097)
            assert got.status_code == 206 and got.content == f.read()
    os.unlink(name)
    assert got.headers["ETag"] == etag, "as S3 has it"
    print("private and resident MB: %s" % watch.most)
    assert watch.below(LIMIT_MB), watch.most
