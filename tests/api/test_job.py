# SPDX-License-Identifier: MIT
"""Jobs: who sees them, cancel and retry, schedules, what becomes of one that fails."""
import time

import jobs
import people
import pytest
import trail
from client import faulty, refused
from server import poll, run_schedule

NOBODY = "0123456789abcdef01234567"
KEYS = {"job_id", "kind", "state", "is_schedule", "user_id", "done", "total", "attempt",
        "attempts", "error", "created_at", "due_at", "started_at", "ended_at",
        "request_id"}


def get(client, job_id):
    reply = client.get("/api/jobs/" + job_id)
    assert reply.status_code == 200, reply.text
    return reply.json()


def page(client, **filters):
    reply = client.get("/api/jobs", params=filters)
    assert reply.status_code == 200, reply.text
    out = reply.json()
    assert out["count"] == len(out["jobs"])
    return out["jobs"]


def cancel(client, job_id):
    return client.post("/api/jobs/%s/cancel" % job_id)


def retry(client, job_id):
    return client.post("/api/jobs/%s/retry" % job_id)


def ended(client, job_id):
    def there():
        out = get(client, job_id)
        return out if out["state"] in jobs.ENDED else None
    return poll(there)


def insert(server, kind, due_at, attempt):
    """A job as an earlier program or worker left it."""
    job = "%024x" % time.time_ns()
    server.sql("INSERT INTO job (job_id, job_kind, job_state, is_scheduled, due_at, "
               "attempt, n_done, n_total, created_at) VALUES ('%s', '%s', 'queued', "
               "FALSE, %d, %d, 0, 0, 1)" % (job, kind, due_at, attempt))
    return job


def account(client):
    return client.get("/api/auth/me").json()["_id"]


def test_a_job_is_done(server, admin):
    out = ended(admin, jobs.ping(server))
    assert set(out) == KEYS
    assert out["state"] == "done" and out["kind"] == "ping" and out["error"] is None
    assert out["attempt"] == 1 and out["attempts"] == 5 and out["due_at"] is None
    assert out["created_at"] <= out["started_at"] <= out["ended_at"]
    assert out["user_id"] is None and out["is_schedule"] is False


def test_progress_and_result(server, admin, operator):
    job = jobs.ping(server, "--steps", "7", "--as", operator.email)
    out = ended(operator, job)
    assert (out["state"], out["done"], out["total"]) == ("done", 7, 7)
    assert out["result"] == {"steps": 7}
    assert out["user_id"] == account(operator)
    assert jobs.steps(server, job) == [1, 2, 3, 4, 5, 6, 7]


def test_the_result_is_for_who_asked(server, admin, operator):
    """An administrator sees that it is done, not what came of it."""
    job = jobs.ping(server, "--steps", "1", "--as", operator.email)
    assert "result" in ended(operator, job)
    assert "result" not in get(admin, job)

    def recorded():
        return [r["user_id"] for r in trail.rows(server, subject=job,
                                                 action="view_result")]
    assert set(poll(recorded)) == {operator.get("/api/operators/me").json()["operator_id"]}


def test_operators_see_their_own(server, admin, operator, other_operator):
    job = jobs.ping(server, "--as", operator.email)
    ours = jobs.ping(server)
    ended(admin, job)
    assert [j["job_id"] for j in page(operator)][0] == job
    assert {j["user_id"] for j in page(operator, limit=100)} == {account(operator)}
    assert job not in [j["job_id"] for j in page(other_operator, limit=100)]
    assert {job, ours} <= {j["job_id"] for j in page(admin, limit=100)}
    for who, number in ((other_operator, job), (operator, ours), (operator, NOBODY),
                        (admin, NOBODY), (admin, "x' OR '1'='1")):
        assert refused(who.get("/api/jobs/" + number), 404) == "Job not found"
        refused(cancel(who, number), 404)


def test_farmers_and_strangers_see_none(server, anyone, as_farmer, farmer):
    someone = as_farmer(farmer)
    for who, status in ((anyone, 403), (someone, 403)):
        refused(who.get("/api/jobs"), status)
        refused(who.get("/api/jobs/" + NOBODY), status)
        refused(cancel(who, NOBODY), status)
        refused(retry(who, NOBODY), status)


def test_retry_is_for_administrators(server, operator):
    job = jobs.ping(server, "--as", operator.email)
    refused(retry(operator, job), 403)


def test_pages(server, admin):
    made = jobs.ping(server, "5")
    for job in made:
        ended(admin, job)
    newest = [j["job_id"] for j in page(admin, kind="ping", limit=5)]
    assert newest == sorted(made, reverse=True)
    assert [j["job_id"] for j in page(admin, kind="ping", skip=2, limit=2)] == newest[2:4]
    assert {j["job_id"] for j in page(admin, kind="ping", state="done", limit=5)} \
        == set(made)
    assert all(j["state"] == "done" for j in page(admin, state="done", limit=100))
    assert page(admin, kind="no such kind") == []
    assert page(admin, skip=100000) == []


@pytest.mark.parametrize("query, field", [
    ("state=lost", "state"), ("limit=0", "limit"), ("limit=101", "limit"),
    ("skip=-1", "skip"), ("skip=100001", "skip"), ("limit=x", "limit"),
    ("kind=" + "k" * 41, "kind")])
def test_bad_filters(admin, query, field):
    faulty(admin.get("/api/jobs?" + query), "query." + field)


def test_cancel_and_retry(server, admin, operator):
    """What was done stays, and a retry goes on after it."""
    job = jobs.ping(server, "--steps", "200", "--pause", "50", "--as", operator.email)
    jobs.underway(server, job, 2)
    out = cancel(operator, job).json()
    assert out["state"] == "cancelled" and out["due_at"] is None and out["ended_at"]
    n = len(jobs.steps(server, job))
    assert 2 <= out["done"] == n < 200
    assert refused(cancel(operator, job), 409) == "The job has already ended"

    server.sql("UPDATE job SET n_done = 198 WHERE job_id = '%s'" % job)
    out = retry(admin, job)
    assert out.status_code == 200 and out.json()["attempt"] in (0, 1)
    assert ended(operator, job)["state"] == "done"
    assert jobs.steps(server, job) == list(range(1, n + 1)) + [199, 200]
    refused(retry(admin, job), 409)
    assert [(r["action"], r["user_id"], r["before_values"]["state"])
            for r in trail.rows(server, subject=job) if r["action"] != "view_result"] \
        == [("cancel", operator.get("/api/operators/me").json()["operator_id"],
             "running"), ("retry", admin.email, "cancelled")]


def test_cancel_what_waits(server, admin):
    job = insert(server, "ping", time.time_ns() // 1000 + 86400 * 10**6, 1)
    assert get(admin, job)["state"] == "queued"
    out = cancel(admin, job)
    assert out.status_code == 200, out.text
    assert get(admin, job)["state"] == "cancelled"


def test_schedules(server, admin, operator):
    kinds = {}
    for kind in ("expired", "sweep", "audit"):
        found = page(admin, kind=kind)
        assert len(found) == 1 and found[0]["is_schedule"] is True, found
        kinds[kind] = found[0]
    job = kinds["expired"]["job_id"]
    refused(operator.get("/api/jobs/" + job), 404)
    assert refused(cancel(admin, job), 409) == "A schedule can't be cancelled"

    def again():
        out = get(admin, job)
        return out if out["ended_at"] not in (None, before["ended_at"]) else None
    before = get(admin, job)
    poll(lambda: retry(admin, job).status_code == 200)  # 409 while it is running
    after = poll(again)
    assert after["state"] == "queued" and after["due_at"] > after["ended_at"]


def test_ended_jobs_are_forgotten(server, admin):
    """After thirty days, counted from the end; what has not ended stays."""
    now = time.time_ns() // 1000
    day = 86400 * 10**6
    cases = [("done", None, now - 31 * day, False), ("dead", None, now - 31 * day, False),
             ("done", None, now - 29 * day, True), ("queued", now + day, None, True)]
    made = []
    for state, due, end, _ in cases:
        made.append(people.row_id(now - 40 * day + len(made)))
        server.sql("INSERT INTO job (job_id, job_kind, job_state, is_scheduled, due_at, "
                   "ended_at, attempt, n_done, n_total, created_at) VALUES ('%s', 'ping',"
                   " '%s', FALSE, %s, %s, 1, 0, 0, 1)" % (
                       made[-1], state, due or "NULL", end or "NULL"))
    run_schedule(server, "expired")
    for job, case in zip(made, cases):
        assert admin.get("/api/jobs/" + job).status_code == (200 if case[3] else 404)
    refused(admin.get("/api/jobs/" + made[0]), 404)
    server.sql("DELETE FROM job WHERE created_at = 1 AND job_kind = 'ping'")


def test_an_account_that_is_gone(server, admin, new_user):
    """The job runs as who asked is now: switched off, deleted, or of a lesser role."""
    off, gone, less = (new_user([]) for _ in range(3))
    made = [jobs.ping(server, "--steps", "1", "--as", who.email)
            for who in (off, gone, less)]
    for job in made:
        ended(admin, job)
    assert admin.call("PATCH", "/api/users/%s/deactivate" % off.email).status_code == 200
    assert admin.delete("/api/users/" + gone.email).status_code == 200
    assert admin.put("/api/users/" + less.email,
                     json={"roles": ["FARMER"]}).status_code == 200
    for job, words in zip(made, ("gone or switched off", "gone or switched off",
                                 "may not any more")):
        server.sql("UPDATE job SET job_state = 'cancelled' WHERE job_id = '%s'" % job)
        assert retry(admin, job).status_code == 200
        out = ended(admin, job)
        assert out["state"] == "dead" and words in out["error"], out
        assert jobs.steps(server, job) == [1]


def test_switched_off_in_the_middle(server, admin, new_user):
    """No further step is done for somebody who may not any more."""
    user = new_user([])
    job = jobs.ping(server, "--steps", "1000", "--pause", "50", "--as", user.email)
    jobs.underway(server, job)
    reply = admin.call("PATCH", "/api/users/%s/deactivate" % user.email)
    assert reply.status_code == 200
    out = ended(admin, job)
    assert out["state"] == "dead" and "switched off" in out["error"], out
    assert jobs.steps(server, job) == list(range(1, out["done"] + 1))
    assert 0 < out["done"] < 1000


def test_the_clock_was_ahead(server, admin):
    """What became due in some years is done now."""
    found = page(admin, kind="moves")[0]
    server.sql("UPDATE job SET due_at = due_at + %d WHERE job_id = '%s'"
               % (5 * 365 * 86400 * 10**6, found["job_id"]))
    server.cem("work", "--once", "--config", server.config)

    def ran():
        out = get(admin, found["job_id"])
        return out["state"] == "queued" and out["started_at"] > found["started_at"] and out
    assert poll(ran)["due_at"] < "%d" % (time.gmtime().tm_year + 2)


def test_nothing_is_forgotten_while_the_clock_may_be_wrong(server, admin):
    """A clock that is years ahead would delete what was deleted today, for good."""
    def held(until):
        server.sql("UPDATE clock_seen SET held_until = %d" % until)
        run_schedule(server, "expired")
        found = page(admin, kind="expired")[0]
        return admin.get("/api/jobs/" + job).status_code, found["error"]
    now = time.time_ns() // 1000
    job = people.row_id(now - 40 * 86400 * 10**6)
    server.sql("INSERT INTO job (job_id, job_kind, job_state, is_scheduled, ended_at, "
               "attempt, n_done, n_total, created_at) VALUES ('%s', 'ping', 'done', FALSE, "
               "%d, 1, 0, 0, 1)" % (job, now - 31 * 86400 * 10**6))
    try:
        status, error = held(now + 3600 * 10**6)
        assert status == 200 and error.startswith("the clock jumped"), (status, error)
    finally:
        status, error = held(0)
    assert status == 404 and error is None


def test_what_nobody_knows(server, admin):
    """A kind of a newer program: tried again, later and later, and dead in the end."""
    job = insert(server, "brew", 1, 3)
    server.cem("work", "--once", "--config", server.config, check=False)

    def tried():
        found = get(admin, job)
        return found["attempt"] == 4 and found["state"] == "queued" and found
    assert "no such kind" in poll(tried)["error"]
    server.sql("UPDATE job SET due_at = 1 WHERE job_id = '%s'" % job)
    server.cem("work", "--once", "--config", server.config, check=False)
    assert ended(admin, job)["state"] == "dead"
    assert job in [j["job_id"] for j in page(admin, state="dead", limit=100)]


def test_workers_that_died_with_it(server, admin):
    """The last attempt ended without a word: the job is dead, and says so."""
    job = jobs.ping(server)
    ended(admin, job)
    server.sql("UPDATE job SET job_state = 'running', due_at = 1, attempt = 5, "
               "lease_token = 'x', ended_at = NULL WHERE job_id = '%s'" % job)
    server.cem("work", "--once", "--config", server.config, check=False)
    out = ended(admin, job)
    assert out["state"] == "dead" and out["error"] == "the worker died", out


def test_a_refused_job_is_dead_at_once(server, admin):
    job = jobs.ping(server, "--steps", "many")
    out = ended(admin, job)
    assert out["state"] == "dead" and out["attempt"] == 1
    assert out["error"] == "a ping takes STEPS and PAUSE_MS"


def test_the_command_line(server):
    job = jobs.ping(server)
    assert jobs.until(server, job)["state"] == "done"
    assert job in jobs.cem(server, "list", "--kind", "ping", "--state", "done")
    for words in (("show", NOBODY), ("cancel", job), ("retry", job), ("cancel", "sweep"),
                  ("retry", "ping"), ("ping", "0"), ("ping", "--as", "no@cem.example"),
                  ("ping", "1", "2"), ("list", "all"), ("list", "--state", "sad"),
                  ("list", "--kind", "brew"), ("dance",), ()):
        status, _, err = server.cem("job", *words, "--config", server.config,
                                    check=False)
        assert status and err, words
    assert "sweep\tschedule\tPut " in jobs.cem(server, "kinds")
    jobs.cem(server, "retry", "sweep")
    assert [r["user_id"] for r in trail.rows(server, action="retry")][-1] \
        == "command line"
