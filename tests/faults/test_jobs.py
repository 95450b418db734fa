# SPDX-License-Identifier: MIT
"""Whatever happens to a worker, each step of a job counts once, and each job ends: done,
or dead for all to see."""
import os
import random
import signal
import subprocess
import time

import hurt
import jobs
import pytest
import server as servers
from server import poll

SETTINGS = {"JOB_LEASE_SECONDS": "2"}


@pytest.fixture(scope="module")
def idle(start):
    """A server without job workers; the tests bring their own."""
    running = start(workers=2, settings=dict(SETTINGS, JOB_WORKERS="0"))
    work_once(running)  # the first round of the schedules
    return running


@pytest.fixture(scope="module")
def busy(start):
    return start(workers=2, settings=dict(SETTINGS, JOB_WORKERS="3"))


def job_workers(running):
    table = servers.processes()
    return [pid for pid in running.children()
            if pid in table and table[pid][1] == "job worker"]


def work(running, *before):
    """A worker of our own: cem work, or what stands before it."""
    env = running.environment()
    return subprocess.Popen([*before, servers.CEM, "work", "--config", running.config],
                            env=env, stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def end(worker, with_signal=signal.SIGTERM):
    worker.send_signal(with_signal)
    _, err = worker.communicate(timeout=servers.LIMIT)
    return err.decode()


def work_once(running):
    return running.cem("work", "--once", "--config", running.config, check=False)[0]


def expire(running, job):
    """As if the lease of a worker that has gone had run out."""
    running.sql("UPDATE job SET due_at = 1 WHERE job_id = '%s' AND job_state = 'running'"
                % job)


def finished(running, job, n):
    """Do what is left of a job of n steps: it is done, each step once."""
    def done():
        work_once(running)
        return jobs.shown(running, job)["state"] in jobs.ENDED
    poll(done)
    assert jobs.shown(running, job)["state"] == "done"
    assert jobs.steps(running, job) == list(range(1, n + 1))


def killed_at(running, call, k):
    """Let a worker do a job and kill it at its k-th call; False: it lived."""
    job = jobs.ping(running, "--steps", "3")
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e",
         "inject=%s:signal=KILL:when=%d" % (call, k), servers.CEM, "work", "--once",
         "--config", running.config], env=running.environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        timeout=120, check=False)
    before = jobs.shown(running, job)
    counted = jobs.steps(running, job)
    assert before["state"] in ("queued", "running", "done"), before
    assert counted == list(range(1, len(counted) + 1)), (call, k, counted)
    assert before["done"] == "%d/%d" % (len(counted), 3 if counted else 0), (call, k)
    if before["state"] == "done":
        assert len(counted) == 3
    expire(running, job)
    finished(running, job, 3)
    return done.returncode != 0


@pytest.mark.parametrize("database, call, stride", [
    ("sqlite", "fdatasync", 1), ("sqlite", "pwrite64", 3),
    ("pgsql", "sendto", 2), ("pgsql", "recvfrom", 3)])
def test_killed_at_every_call(idle, database, call, stride):
    """In the take, in a step, before each commit and after it."""
    if database != idle.kind:
        pytest.skip("for the other database")
    k = 1
    while killed_at(idle, call, k):
        k += stride
        assert k < 1000
    assert k > 4, "no worker was killed"


def test_workers_killed_at_random(busy):
    """Three workers, thirty jobs, and somebody with kill -9."""
    made = jobs.ping(busy, "30", "--steps", "6", "--pause", "20")

    def open_jobs():
        listed = jobs.cem(busy, "list", "--kind", "ping")
        return [j for j in made if j in listed and not any(
            line.startswith(j) and line.split("\t")[2] in jobs.ENDED
            for line in listed.splitlines())]
    for _ in range(8):
        time.sleep(random.uniform(0.1, 0.4))
        victims = job_workers(busy)
        if victims and open_jobs():
            hurt.kill(random.choice(victims))
    poll(lambda: not open_jobs(), servers.LIMIT * 2)
    for job in made:
        found = jobs.shown(busy, job)
        # A job that met five kills is dead, and says so; its steps still count once.
        if found["state"] == "dead":
            assert found["error"] == "the worker died", found
        counted = jobs.steps(busy, job)
        assert counted == list(range(1, len(counted) + 1)), job
        assert found["done"].split("/")[0] == str(len(counted)), found
        if found["state"] == "done":
            assert len(counted) == 6


def test_workers_never_share_a_job(start):
    """With leases that no slow disk lets run out."""
    running = start(workers=2, settings={"JOB_WORKERS": "3"})
    made = jobs.ping(running, "60", "--steps", "3")
    for job in made:
        found = jobs.until(running, job)
        assert found["state"] == "done" and found["attempt"] == "1/5", found
        assert jobs.steps(running, job) == [1, 2, 3]


def test_a_worker_that_comes_back(idle):
    """Stopped for longer than its lease, it finds that the job is somebody else's."""
    for _ in range(10):
        job = jobs.ping(idle, "--steps", "40", "--pause", "100")
        slow, other = work(idle), None
        try:
            jobs.underway(idle, job, 3)
            slow.send_signal(signal.SIGSTOP)
            if idle.cem("job", "ping", "--config", idle.config, check=False)[0]:
                continue  # it was stopped with a lock: the register waits for it
            done = int(jobs.shown(idle, job)["done"].split("/")[0])
            other = work(idle)
            jobs.underway(idle, job, done + 3)
            slow.send_signal(signal.SIGCONT)
            assert jobs.until(idle, job)["state"] == "done"
        finally:
            slow.send_signal(signal.SIGCONT)
            err = end(slow)
            if other:
                end(other)
        assert "goes on elsewhere" in err, err
        assert jobs.steps(idle, job) == list(range(1, 41))
        return
    raise AssertionError("it was always stopped with a lock")


def test_a_worker_is_told_to_stop(idle):
    """The job goes back with what was done, and the attempt does not count."""
    job = jobs.ping(idle, "--steps", "400", "--pause", "50")
    worker = work(idle)
    jobs.underway(idle, job, 2)
    end(worker)
    assert worker.returncode == 0
    found = jobs.shown(idle, job)
    assert found["state"] == "queued" and found["attempt"] == "0/5", found
    done = int(found["done"].split("/")[0])
    assert 2 <= done < 400
    assert jobs.steps(idle, job) == list(range(1, done + 1))
    idle.sql("UPDATE job SET job_state = 'dead', due_at = NULL WHERE job_id = '%s'" % job)


def test_an_idle_worker_stops_at_once(idle):
    worker = work(idle)
    jobs.until(idle, jobs.ping(idle))
    time.sleep(0.2)
    end(worker, signal.SIGINT)
    assert worker.returncode == 0


def test_killed_five_times(idle):
    """Then it is dead; who wants it tried again says so, and it goes on."""
    job = jobs.ping(idle, "--steps", "40", "--pause", "300")
    for attempt in range(1, 6):
        worker = work(idle)
        jobs.underway(idle, job, attempt)
        end(worker, signal.SIGKILL)
        assert jobs.shown(idle, job)["state"] == "running"
        expire(idle, job)
    assert work_once(idle) != 0
    found = jobs.shown(idle, job)
    assert found["state"] == "dead" and found["error"] == "the worker died", found
    jobs.cem(idle, "retry", job)
    finished(idle, job, 40)


def test_jobs_keep_nobody_out(busy):
    """Workers that write without a pause leave room for those who register farmers."""
    made = jobs.ping(busy, "3000")
    with hurt.Writers(hurt.sign_in(busy)) as writers:
        writers.grown(40)
    assert not writers.errors, writers.errors
    assert jobs.until(busy, made[-1])["state"] == "done"


def test_reload_in_the_middle(busy):
    made = jobs.ping(busy, "6", "--steps", "20", "--pause", "50")
    jobs.underway(busy, made[0])
    old = job_workers(busy)
    os.kill(busy.parent(), signal.SIGHUP)
    for job in made:
        assert jobs.until(busy, job)["state"] == "done"
        assert jobs.steps(busy, job) == list(range(1, 21))
    poll(lambda: len(job_workers(busy)) == 3 and not set(old) & set(job_workers(busy)))


def test_stop_and_start_in_the_middle(busy):
    made = jobs.ping(busy, "6", "--steps", "20", "--pause", "50")
    jobs.underway(busy, made[0])
    busy.stop()
    states = [jobs.shown(busy, job)["state"] for job in made]
    assert set(states) <= {"queued", "done"}, states
    busy.start()
    for job in made:
        assert jobs.until(busy, job)["state"] == "done"
        assert jobs.steps(busy, job) == list(range(1, 21))


def test_the_database_restarts(busy):
    """PostgreSQL goes away in the middle, and comes back."""
    if busy.kind != "pgsql":
        pytest.skip("for PostgreSQL")
    made = jobs.ping(busy, "12", "--steps", "20", "--pause", "50")
    jobs.underway(busy, made[0], 2)
    busy.cluster.stop()
    time.sleep(1)
    busy.cluster.start()
    for job in made:
        def over():
            found = jobs.shown(busy, job)
            if found["state"] == "queued":  # its worker could still say that it failed
                busy.sql("UPDATE job SET due_at = 1 WHERE job_id = '%s' AND "
                         "job_state = 'queued'" % job)
            return found if found["state"] in jobs.ENDED else None
        assert poll(over)["state"] == "done"
        assert jobs.steps(busy, job) == list(range(1, 21))


def test_a_schedule_that_fails(idle):
    """It never dies: it keeps its error, and goes on with its next time."""
    idle.sql("ALTER TABLE throttle RENAME TO throttle_gone")
    try:
        for _ in range(7):
            jobs.cem(idle, "retry", "expired")
            assert work_once(idle) != 0
            line = jobs.cem(idle, "list", "--kind", "expired").splitlines()
            assert len(line) == 1 and line[0].split("\t")[2:] == ["queued", "0/0",
                                                                  "broken"], line
    finally:
        idle.sql("ALTER TABLE throttle_gone RENAME TO throttle")
    jobs.cem(idle, "retry", "expired")
    assert work_once(idle) == 0
    assert jobs.cem(idle, "list", "--kind", "expired").split("\t")[2:] \
        == ["queued", "0/0", "\n"]
