# SPDX-License-Identifier: MIT
"""kill -9 in the middle of an import, of the workers and of the command: it goes on
where the last batch ended, no row twice, none lost."""
import os
import random
import subprocess

import hurt
import jobs
import pytest
import server as servers

ROWS = 20000
NAMES = ("first_name,last_name,nrc,date_of_birth,gender,phone_primary,district_code,"
         "village\r\n")


def table(first, rows=ROWS):
    """Rows whose NRCs nobody else has; every tenth stands there twice."""
    lines = []
    for i in range(rows):
        n = first + i - (i % 10 == 9)
        lines.append("Mary,Banda,%06d/%02d/%d,1990-01-15,Female,+2609%08d,CP01,Kayosha\r\n"
                     % (n // 1000, n // 10 % 100, n % 10, n % 10 ** 8))
    return (NAMES + "".join(lines)).encode()


@pytest.fixture(scope="module")
def running(start):
    return start(workers=2, settings={"JOB_LEASE_SECONDS": "5"})


@pytest.fixture(scope="module")
def idle(start):
    """A server whose jobs nobody does."""
    return start(workers=2, settings={"JOB_LEASE_SECONDS": "5", "JOB_WORKERS": "0"})


def check(running, import_id, before):
    admin = hurt.recovered(running)
    done = admin.get("/api/imports/" + import_id).json()
    good = ROWS - ROWS // 10
    assert (done["state"], done["ok"], done["duplicate"], done["invalid"]) == (
        "done", good, ROWS // 10, 0), done
    seen, after = [], 0
    while after is not None:
        page = admin.get("/api/imports/%s/rows?after=%d" % (import_id, after)).json()
        seen += page["rows"]
        after = page["next"]
    assert [row["row"] for row in seen] == list(range(2, ROWS + 2))
    assert len({row["farmer_id"] for row in seen if row["outcome"] == "ok"}) == good
    for row in seen:
        if row["outcome"] == "duplicate":
            assert row["message"] == "The NRC is that of row %d" % (row["row"] - 1)
    assert hurt.total(admin) == before + good
    status, out, _ = running.cem("check", "figures", "--config", running.config)
    assert status == 0 and "agree" in out

    def bytes_gone():
        return not [p for p in running.stored()
                    if os.path.exists(p) and os.stat(p).st_mode & 0o77 == 0]
    servers.poll(bytes_gone)


def progress(running, import_id):
    return hurt.recovered(running).get("/api/imports/" + import_id).json()


def test_workers_are_killed(running):
    admin = hurt.sign_in(running)
    before = hurt.total(admin)
    reply = admin.upload("/api/imports", table(10 ** 8), "farmers.csv", "text/csv")
    assert reply.status_code == 202, reply.text
    import_id, kills, last = reply.json()["import_id"], 0, 0

    def moved():
        found = progress(running, import_id)
        return found if (found["bytes_done"] or 0) > last or found["finished_at"] else 0
    while True:
        found = servers.poll(moved, servers.LIMIT * 3)
        if found["finished_at"]:
            break
        last = found["bytes_done"]
        if kills < 3:
            for pid in running.children():
                hurt.kill(pid)
            kills += 1
    assert kills

    def ended():
        return progress(running, import_id)["state"] == "done"
    servers.poll(ended)
    check(running, import_id, before)


def test_the_command_is_killed(idle):
    """Said again, it finds its import and goes on, when the lease of the dead ends."""
    before = hurt.total(hurt.sign_in(idle))
    path = os.path.join(os.path.dirname(idle.state), "farmers.csv")
    with open(path, "wb") as f:
        f.write(table(2 * 10 ** 8))
    words = [servers.CEM, "import", "farmers", path, "--config", idle.config]
    with open(os.devnull, "w", encoding="utf-8") as null:
        process = subprocess.Popen(words, cwd="/", stdin=null, stdout=null, stderr=null,
                                   env=idle.environment())
    admin = hurt.recovered(idle)

    def begun():
        return [i for i in admin.get("/api/imports").json() if i["bytes_done"]]
    [found] = servers.poll(begun)
    process.kill()
    process.wait()
    import_id = found["import_id"]
    assert progress(idle, import_id)["state"] == "running"
    status, out, err = idle.cem(*words[1:], check=False)
    assert status == 0 and "import " + import_id in out, (out, err)
    assert "waiting for another process" in err
    check(idle, import_id, before)


def test_the_same_farmers_at_once(start):
    """In tables of other orders: nobody waits in a circle, each farmer is there once."""
    running = start(workers=2, settings={"JOB_WORKERS": "3"})
    admin = hurt.sign_in(running)
    head, *lines = table(5 * 10 ** 8, 1500).decode().splitlines(True)
    made = []
    for _ in range(6):
        random.shuffle(lines)
        reply = admin.upload("/api/imports", (head + "".join(lines)).encode(),
                             "farmers.csv", "text/csv")
        assert reply.status_code == 202, reply.text
        made.append(reply.json()["import_id"])
    told = [jobs.until(running, job) for job in made]
    assert {(t["state"], t["attempt"]) for t in told} == {("done", "1/20")}, told
    ok = [progress(running, job)["ok"] for job in made]
    assert sum(ok) == hurt.total(admin) == 1500 * 9 // 10
    status, out, _ = running.cem("check", "figures", "--config", running.config)
    assert status == 0 and "agree" in out


def test_it_goes_on_though_a_name_is_of_two_places_now(idle):
    """Rows that were taken stay so; those to come are refused as they would be."""
    admin = hurt.sign_in(idle)
    content = table(7 * 10 ** 8).replace(b"district_code", b"district_name").replace(
        b"CP01", b"Chibombo District")
    reply = admin.upload("/api/imports", content, "farmers.csv", "text/csv")
    assert reply.status_code == 202, reply.text
    job = reply.json()["import_id"]
    worker = subprocess.Popen([servers.CEM, "work", "--config", idle.config],
                              env=idle.environment(), stderr=subprocess.DEVNULL)
    jobs.underway(idle, job)
    worker.terminate()
    worker.wait(timeout=servers.LIMIT)
    before = jobs.shown(idle, job)
    assert before["state"] == "queued", before
    reply = admin.post("/api/geo/custom/districts", json={
        "district_name": "Chibombo District", "province_code": "LP"})
    assert reply.status_code == 201, reply.text
    idle.cem("work", "--once", "--config", idle.config)
    assert jobs.shown(idle, job)["state"] == "done"
    done = progress(idle, job)
    assert done["ok"] and done["invalid"]
    assert sum(done[k] for k in ("ok", "duplicate", "invalid")) == ROWS


def test_a_long_one_gives_way(start):
    """To what came later, when its worker had it for a while."""
    running = start(workers=2, settings={"JOB_LEASE_SECONDS": "2", "JOB_WORKERS": "0"})
    admin = hurt.sign_in(running)
    running.cem("work", "--once", "--config", running.config)  # the schedules
    reply = admin.upload("/api/imports?dry_run=true", table(10 ** 8, 2 * ROWS),
                         "farmers.csv", "text/csv")
    assert reply.status_code == 202, reply.text
    ping = jobs.ping(running)
    running.cem("work", "--once", "--config", running.config)
    done = jobs.shown(running, reply.json()["import_id"])
    assert done["state"] == jobs.shown(running, ping)["state"] == "done"
    assert jobs.shown(running, ping)["ended"] < done["ended"]
    assert done["attempt"] == "1/20"
    assert progress(running, reply.json()["import_id"])["ok"] == 2 * ROWS * 9 // 10
