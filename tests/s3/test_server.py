# SPDX-License-Identifier: MIT
"""A whole cem whose files are in S3: who of its processes has what."""
import os
import re
import signal

import pytest

import server as servers
from client import Client
from server import descendants, exe_of, poll, processes


@pytest.fixture(scope="module")
def far():
    running = servers.Server(store="s3", workers=2)
    try:
        yield running.start()
    finally:
        running.end()


def memory(pid):
    """All that a process can read of its own, block by block."""
    with open("/proc/%d/maps" % pid, encoding="ascii", errors="replace") as maps, \
            open("/proc/%d/mem" % pid, "rb", buffering=0) as f:
        for line in maps:
            start, end, kind = re.match(r"([0-9a-f]+)-([0-9a-f]+) (....)", line).groups()
            if kind[0] != "r" or "[v" in line:
                continue
            at, end = int(start, 16), int(end, 16)
            while at < end:
                try:
                    f.seek(at)
                    yield f.read(min(end - at, 1 << 24))
                except OSError:
                    pass  # a guard page, or gone meanwhile
                at += 1 << 24


def names_of(server):
    table = processes()
    return {pid: table[pid][1] for pid in descendants(server.process.pid)
            if pid in table and table[pid][2] != "Z"}


def test_secret_only_in_couriers(far):
    """Neither a worker nor another helper has the key to the bucket."""
    if os.geteuid() != 0:
        pytest.skip("needs root to look into other processes")
    secret = far.settings["S3_SECRET_KEY"].encode()
    assert len(secret) >= 16
    having, seen = set(), set()
    for pid, name in names_of(far).items():
        if not exe_of(pid).endswith("/cem"):
            continue
        seen.add(name)
        if any(secret in block for block in memory(pid)):
            having.add(name)
    assert {"courier", "signer", "recorder"} <= seen and len(seen) >= 5, seen
    assert having <= {"courier", "cem"}, "cem is the parent, which starts them anew"
    assert "courier" in having, "else this test finds nothing"


def test_each_worker_has_one(far):
    table = processes()
    couriers = [pid for pid, name in names_of(far).items() if name == "courier"]
    parents = [table[table[pid][0]][1] for pid in couriers]
    assert len(couriers) == 3 and len(set(table[pid][0] for pid in couriers)) == 3
    assert "courier" not in parents
    for pid in couriers:
        with open("/proc/%d/status" % pid, encoding="ascii") as f:
            status = f.read()
        assert "NoNewPrivs:\t1" in status and "Seccomp:\t2" in status
        assert re.search(r"CapEff:\t0+\n", status)
        links = [os.readlink("/proc/%d/fd/%s" % (pid, fd))
                 for fd in os.listdir("/proc/%d/fd" % pid)]
        assert {link.rpartition("/")[2] for link in links if far.state in link} <= \
            {"cem.log"}, "of ours it has only the log, to write to"


def test_couriers_killed(far):
    """A worker whose courier has died refuses what needs it, and makes way for another
    that has one."""
    couriers = [pid for pid, name in names_of(far).items() if name == "courier"]
    user = Client(far).login(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)
    assert user.upload("/files/upload", b"before", "a.txt", "text/plain").ok
    for pid in couriers:
        os.kill(pid, signal.SIGKILL)

    def workers_are_fresh():
        reply = user.upload("/files/upload", b"after", "b.txt", "text/plain")
        assert reply.status_code in (200, 502, 503), reply.text
        now = [pid for pid, name in names_of(far).items() if name == "courier"]
        return reply.ok and len(set(now) - set(couriers)) >= 2
    poll(workers_are_fresh)
    assert user.get("/files/download/a.txt").content == b"before"
    assert user.get("/files/download/b.txt").content == b"after"
