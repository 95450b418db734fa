# SPDX-License-Identifier: MIT
"""An organisation's files under faults: kill -9 at every step of what changes them, a disk
that is full or broken, many at once. Each change is done whole or not at all; no row
lacks its bytes; bytes without a row go with the sweep; what was confirmed stays."""
import random

import hurt
import pytest
import server as servers
from changes import CASES, Uploaders, attempt, complete, do, killed_at_all, number, \
    states, swept


@pytest.fixture(scope="module")
def running(start):
    return start(workers=4, settings={"DURABLE": "true", "JOB_WORKERS": "0"})


@pytest.fixture(scope="module")
def admin(running):
    return hurt.sign_in(running)


# Where a worker is killed, as killed_at_all has it. With PostgreSQL the commit is a
# message (sendto).
CALLS = {
    "sqlite": [("fsync", 1, 1), ("renameat", 1, 1), ("linkat", 1, 1), ("unlinkat", 1, 1),
               ("fdatasync", 1, 1), ("write", 2, 1), ("pwrite64", 2, 13)],
    "pgsql": [("fsync", 1, 1), ("renameat", 1, 1), ("linkat", 1, 1), ("unlinkat", 1, 1),
              ("sendto", 2, 4), ("recvfrom", 5, 9)],
}


@pytest.mark.parametrize("name", CASES)
def test_killed_at_every_step(running, admin, name):
    assert killed_at_all(running, admin, name, CALLS[running.kind]) >= 3
    swept(running)


# A disk that does not do what it is asked. The first write is the object's bytes.
BROKEN = [("upload", "write", "error=ENOSPC:when=1"),
          ("upload", "fsync", "error=EIO:when=1"),
          ("upload", "fsync", "error=EIO:when=2"),
          ("upload", "renameat", "error=ENOSPC"),
          ("overwrite", "fsync", "error=EIO:when=1"),
          ("copy", "linkat", "error=ENOSPC"),
          ("copy", "fsync", "error=EIO")]
SQLITE = [("upload", "pwrite64", "error=ENOSPC"), ("overwrite", "fdatasync", "error=EIO"),
          ("copy", "pwrite64", "error=ENOSPC"), ("move", "fdatasync", "error=EIO"),
          ("delete", "pwrite64", "error=EIO"), ("purge", "pwrite64", "error=ENOSPC")]


@pytest.mark.parametrize("name,call,fault", BROKEN + SQLITE)
def test_refused_by_the_disk(running, admin, name, call, fault):
    """An honest answer, and nothing changed. Where it was not the commit that failed, not
    even bytes are left that the sweep must find."""
    commit = (name, call, fault) in SQLITE
    if commit and running.kind != "sqlite":
        pytest.skip("PostgreSQL writes its files itself")
    swept(running)
    case, folder = CASES[name], "full%d" % next(number)
    case.prepare(admin, folder)
    request, stored = case.act(admin, folder), running.stored()
    workers = complete(running, admin)
    with hurt.Strace(running, "%s:%s" % (call, fault), calls=call, pids=workers):
        reply = do(hurt.twin(admin), request)
    hurt.gave_up(reply)
    assert reply.status_code in (500, 503)
    assert states(running, folder) == case.expected(case.before, folder)
    if commit:
        swept(running)
    assert running.stored() == stored
    assert complete(running, admin) == workers, "no worker ends of it"
    assert attempt(admin, request) == 200
    assert states(running, folder) == case.expected(case.after, folder)
    swept(running)


def test_one_path_while_workers_are_killed(running, admin):
    with Uploaders(admin, "crowd/one") as crowd:
        for _ in range(12):
            crowd.grown(3)
            hurt.kill(random.choice(hurt.web_workers(running)))
        crowd.grown(10)
    complete(running, admin)
    crowd.check(running)
    swept(running)


def test_killed_with_all_its_children():
    """Everything ends at once, nginx too, in the middle of uploads."""
    running = servers.Server(workers=3)
    try:
        running.start()
        with Uploaders(hurt.sign_in(running), "crowd/one") as crowd:
            crowd.grown(8)
            family = servers.descendants(running.process.pid)
            crowd.stopping.set()
            for pid in family:
                hurt.kill(pid)
            running.process.wait(timeout=120)

        def all_gone():
            return not [pid for pid in family if servers.alive(pid)]
        servers.poll(all_gone)
        running.process = None
        running.start()
        crowd.check(running)
        swept(running)
    finally:
        running.end()
