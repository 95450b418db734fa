# SPDX-License-Identifier: MIT
"""Workers that are killed at any point of a phone's batch, or meet at the same farmers:
each farmer exactly once, and the phone is told of each."""
import subprocess

import hurt
import people
import pytest
import server as servers
from server import poll

N, STEP = 50, 20  # STEP of farmer_sync_run.c
ROUNDS = 16


@pytest.fixture(scope="module")
def idle(start):
    """A server without job workers; the test brings its own."""
    running = start(workers=2, settings={"JOB_WORKERS": "0"})
    work(running)  # the first round of the schedules
    return running


def work(running):
    running.cem("work", "--once", "--config", running.config, check=False)


def batch(family):
    """New ones, one that is wrong, one said again and one said anew."""
    items = [dict(people.form(personal={"last_name": family}), temp_id="t-%d" % i)
             for i in range(N)]
    items[7]["personal_info"]["nrc"] = "wrong"
    again = [dict(items[3]), dict(items[5], address=dict(people.CHIBOMBO,
                                                         village="Newer"))]
    for number, item in enumerate(items + again):
        item["temp_id"] = family + item["temp_id"]
    again[0]["temp_id"], again[1]["temp_id"] = items[3]["temp_id"], items[5]["temp_id"]
    return items + again


def killed(running, call, k):
    """Let a worker begin and kill it at its k-th call; False: it lived."""
    done = subprocess.run(
        ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + call, "-e",
         "inject=%s:signal=KILL:when=%d" % (call, k), servers.CEM, "work", "--once",
         "--config", running.config], env=running.environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        timeout=120, check=False)
    return done.returncode != 0


def finish(running, client, job_id):
    """As if the lease had run out; the results when all is done."""
    def ended():
        running.sql("UPDATE job SET due_at = 1 WHERE job_id = '%s' AND due_at IS NOT "
                    "NULL" % job_id)
        work(running)
        found = client.get("/api/sync/status", params={"job_id": job_id}).json()
        assert found["state"] != "FAILURE", found
        return found if found["state"] == "SUCCESS" else None
    return poll(ended)["result"]["results"]


def check(client, family, items, results):
    assert [r["temp_id"] for r in results] == [i["temp_id"] for i in items]
    by_item = {r["temp_id"]: r for r in results}
    wanted = ["created"] * N + ["created", "updated"]
    wanted[7] = "error"
    assert [r["status"] for r in results] == wanted
    found = client.get("/api/farmers", params={"search": family, "limit": 100}).json()
    there = sorted(f["farmer_id"] for f in found)
    assert there == sorted({r["farmer_id"] for r in results if r["farmer_id"]})
    assert len(there) == N - 1
    assert [f["village"] for f in found].count("Newer") == 1
    assert results[3]["farmer_id"] == results[N]["farmer_id"] == \
        by_item[items[3]["temp_id"]]["farmer_id"]


def test_the_same_farmers_in_many_batches_at_once(start):
    """Workers meet at the same rows, from both ends: none is made twice, none is lost,
    and no batch has to be tried again."""
    busy = start(workers=4, settings={"JOB_WORKERS": "4"})
    client = hurt.sign_in(busy)
    family, ids = people.word(12), []
    items = batch(family)[:N]
    for number in range(8):
        reply = client.post("/api/sync/batch", json={
            "farmers": items[::-1] if number % 2 else items})
        ids.append(reply.json()["job_id"])
    told = []
    for job_id in ids:
        def ended():
            found = client.get("/api/sync/status", params={"job_id": job_id}).json()
            assert found["state"] != "FAILURE", found
            return found["state"] == "SUCCESS" and found["result"]["results"]
        told.append({r["temp_id"]: (r["farmer_id"], r["status"]) for r in poll(ended)})
        job = client.get("/api/jobs/" + job_id).json()
        assert job["attempt"] == 1 and job["error"] is None
    assert all(t == told[0] for t in told)
    assert sorted(s for _, s in told[0].values()) == ["created"] * (N - 1) + ["error"]
    found = client.get("/api/farmers", params={"search": family, "limit": 100}).json()
    assert len(found) == N - 1


def test_kill_at_every_kind_of_moment(idle):
    """The calls that write or send, from the first to the last."""
    client = hurt.sign_in(idle)
    calls = ("sendto",) if idle.database else ("pwrite64", "fdatasync")
    for call in calls:
        k, rounds, lived = 1, 0, False
        while not lived and rounds < ROUNDS:
            family = people.word(12)
            items = batch(family)
            reply = client.post("/api/sync/batch", json={"farmers": items})
            assert reply.status_code == 200, reply.text
            job_id = reply.json()["job_id"]
            lived = not killed(idle, call, k)
            results = finish(idle, client, job_id)
            check(client, family, items, results)
            k, rounds = k + 1 + k // 2, rounds + 1
        assert rounds > 3, (call, k)  # it was killed at some
    done = idle.cem("check", "figures", "--config", idle.config, check=False)
    assert done[0] == 0, done
