# SPDX-License-Identifier: MIT
"""The audit as administrators read it (contract 72, 73), what signing in and out leaves
in it, and how long it stays."""
import datetime
import json
import time

import people
import pytest
import server as servers
import trail
from client import faulty, refused

FIELDS = {"timestamp", "level", "module", "endpoint", "user_id", "role", "action",
          "details", "ip_address", "request_id", "duration_ms", "_id", "subject",
          "before", "after"}


def rows(admin, **filters):
    reply = admin.get("/api/logs/", params=dict({"page_size": 100}, **filters))
    assert reply.status_code == 200, reply.text
    return reply.json()["items"]


def about(admin, subject, **filters):
    return [i for i in rows(admin, **filters) if i["subject"] == subject]


def sign_in(anyone, email, password, role=None):
    return anyone.post("/api/auth/login", token=None, json={
        "email": email, "password": password, "role": role})


@pytest.mark.parametrize("path", ["/api/logs/", "/api/logs", "/api/", "/api"])
def test_a_page(admin, operator, path):
    page = admin.get(path, params={"page": 1, "page_size": 2}).json()
    assert set(page) == {"items", "total", "page", "page_size"}
    assert (page["page"], page["page_size"]) == (1, 2)
    assert len(page["items"]) == 2 <= page["total"]
    for item in page["items"]:
        assert set(item) == FIELDS
        assert item["details"] is None or isinstance(item["details"], dict)


def test_pages_follow_each_other_newest_first(admin, new_user):
    for _ in range(3):
        new_user()
    # Of what is written at once: reads come later, between the others.
    end = rows(admin, page_size=1, module="auth")[0]["timestamp"]
    whole = rows(admin, page_size=6, end=end, module="auth")
    parts = sum((rows(admin, page_size=2, page=n, end=end, module="auth")
                 for n in (1, 2, 3)), [])
    assert [i["_id"] for i in parts] == [i["_id"] for i in whole]
    times = [i["timestamp"] for i in whole]
    assert times == sorted(times, reverse=True)


def test_the_last_page(admin, operator):
    page = admin.get("/api/logs", params={"module": "auth", "page_size": 100}).json()
    last = (page["total"] - 1) // 100 + 1
    shown = rows(admin, module="auth", page=last)
    assert 0 < len(shown) <= 100
    assert rows(admin, module="auth", page=last + 5) == []
    assert rows(admin, page=100000) == []


def test_filters(admin, anyone, operator, as_farmer, farmer):
    as_farmer(farmer)
    sign_in(anyone, "nobody@cem.example", "Wrong-passw0rd")
    for name, value in (("level", "WARNING"), ("module", "auth"), ("role", "FARMER"),
                        ("user_id", farmer["farmer_id"]), ("user_id", operator.email)):
        found = rows(admin, **{name: value})
        assert {i[name] for i in found} <= {value}, name
        assert found or value == operator.email, name
    end = rows(admin, level="WARNING")[0]["timestamp"]
    assert rows(admin, level="warning", end=end) == rows(admin, level="WARNING", end=end)
    both = rows(admin, user_id=farmer["farmer_id"], role="FARMER", module="auth",
                level="INFO")
    assert [i["action"] for i in both] == ["login_success"]
    assert rows(admin, user_id=farmer["farmer_id"], level="ERROR") == []
    assert rows(admin, user_id=farmer["farmer_id"], role="ADMIN") == []
    assert rows(admin, module="auth", level="NONE") == []


def test_the_total_is_of_the_filter(admin, farmer, as_farmer):
    as_farmer(farmer)
    as_farmer(farmer)
    page = admin.get("/api/logs", params={"user_id": farmer["farmer_id"],
                                          "page_size": 1}).json()
    assert page["total"] == 2 and len(page["items"]) == 1


def test_a_span_of_time_includes_its_ends(admin, farmer, as_farmer):
    as_farmer(farmer)
    item = rows(admin, user_id=farmer["farmer_id"])[0]
    when = item["timestamp"]
    assert rows(admin, user_id=farmer["farmer_id"], start=when, end=when) == [item]
    moment = datetime.datetime.fromisoformat(when)
    later = (moment + datetime.timedelta(microseconds=1)).isoformat()
    sooner = (moment - datetime.timedelta(microseconds=1)).isoformat()
    assert rows(admin, user_id=farmer["farmer_id"], start=later) == []
    assert rows(admin, user_id=farmer["farmer_id"], end=sooner) == []
    day = when[:10]
    assert rows(admin, user_id=farmer["farmer_id"], start=day, end=day) == [item]
    zulu = moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    lusaka = (moment + datetime.timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%S.%f+02:00")
    assert rows(admin, user_id=farmer["farmer_id"], start=zulu, end=lusaka) == [item]


@pytest.mark.parametrize("name,value", [
    ("page", 0), ("page", -1), ("page", "x"), ("page_size", 0), ("page_size", 101),
    ("start", "yesterday"), ("end", "2026-13-01"), ("end", "2026-01-01T25:00"),
])
def test_bad_filters(admin, name, value):
    faulty(admin.get("/api/logs", params={name: value}), "query." + name)


@pytest.mark.parametrize("path", ["/api/logs", "/api/logs/stats", "/api", "/api/stats"])
def test_for_administrators_only(anyone, operator, farmer, as_farmer, path):
    refused(anyone.get(path), 403)
    refused(operator.get(path), 403)
    refused(as_farmer(farmer).get(path), 403)


@pytest.mark.parametrize("path", ["/api/logs/stats", "/api/logs/stats/", "/api/stats"])
def test_stats(admin, operator, path):
    stats = admin.get(path).json()["stats"]
    assert all(set(s["_id"]) == {"level", "module"} for s in stats)
    counts = [s["count"] for s in stats]
    assert counts == sorted(counts, reverse=True)
    for group in stats:
        def agree(group=group["_id"]):  # but when a read is recorded in between
            total = admin.get("/api/logs", params=group).json()["total"]
            return [s["count"] for s in admin.get(path).json()["stats"]
                    if s["_id"] == group] == [total]
        servers.poll(agree)


# what signing in leaves


def test_success_is_recorded_with_the_request(admin, farmer, as_farmer, anyone):
    """Flaw 68: the log had other ids than the replies."""
    info = farmer["personal_info"]
    reply = sign_in(anyone, info["nrc"], info["date_of_birth"], "farmer")
    item = rows(admin, user_id=farmer["farmer_id"], module="auth")[0]
    assert item["action"] == "login_success" and item["level"] == "INFO"
    assert item["request_id"] == reply.headers["X-Request-ID"]
    assert item["role"] == "FARMER" and item["ip_address"]
    assert item["endpoint"] == "/api/auth/login"


def test_a_made_up_address_is_not_recorded(admin, anyone):
    """Flaw 67: the audit's address is the one that nginx sees, not one that is sent."""
    made_up = dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "Client-IP", "Forwarded",
                             "True-Client-IP", "Remote-Addr", "X_Real_IP"), "198.51.100.9")
    reply = anyone.post("/api/auth/login", token=None, headers=made_up, json={
        "email": "nobody@cem.example", "password": "Wrong-passw0rd"})
    refused(reply, 401)
    item, = [i for i in rows(admin, level="WARNING")
             if i["request_id"] == reply.headers["X-Request-ID"]]
    assert item["ip_address"] in ("127.0.0.1", "::1")


@pytest.mark.parametrize("change,reason", [
    ({"password": "Wrong-passw0rd"}, "password_mismatch"),
    ({"role": "admin"}, "role_mismatch"),
])
def test_failed_sign_ins_outlast_the_refusal(admin, anyone, new_user, change, reason):
    user = new_user()
    body = dict({"email": user.email, "password": user.password}, **change)
    refused(sign_in(anyone, **body), 401)
    found = about(admin, user.email, level="WARNING", module="auth")
    assert [(i["action"], i["details"]) for i in found] == [
        ("login_failed", {"reason": reason})]
    assert found[0]["user_id"] is None


def test_a_wrong_birth_date_is_recorded_without_it(admin, anyone, farmer):
    nrc = farmer["personal_info"]["nrc"]
    refused(sign_in(anyone, nrc, "1971-03-04", "farmer"), 401)
    found = about(admin, farmer["farmer_id"], level="WARNING")
    assert found[0]["details"] == {"reason": "dob_mismatch"}
    text = json.dumps(rows(admin))
    assert nrc not in text and "1971-03-04" not in text
    assert farmer["personal_info"]["date_of_birth"] not in text


def test_an_unknown_name_is_recorded_without_it(admin, anyone):
    typed = people.word() + "@cem.example"
    reply = sign_in(anyone, typed, "Wrong-passw0rd")
    refused(reply, 401)
    item = [i for i in rows(admin, level="WARNING")
            if i["request_id"] == reply.headers["X-Request-ID"]][0]
    assert item["details"] == {"reason": "unknown_user"} and item["subject"] is None
    assert typed not in json.dumps(rows(admin))


def test_a_switched_off_farmer_is_blocked(admin, anyone, farmer):
    info = farmer["personal_info"]
    assert admin.put(people.path(farmer), json={"is_active": False}).status_code == 200
    refused(sign_in(anyone, info["nrc"], info["date_of_birth"]), 403)
    found = about(admin, farmer["farmer_id"], level="WARNING")
    assert (found[0]["action"], found[0]["details"]) == (
        "login_blocked", {"reason": "farmer_inactive"})


def test_no_password_is_in_the_audit(admin, new_user):
    """Flaw 26: passwords stood in the log."""
    user = new_user()
    change = {"current_password": "Wrong-passw0rd", "new_password": "Passw0rd-second"}
    refused(user.post("/api/auth/change-password", json=change), 401)
    change["current_password"] = user.password
    assert user.post("/api/auth/change-password", json=change).status_code == 200
    assert user.post("/api/auth/logout").status_code == 200
    actions = [i["action"] for i in about(admin, user.email, module="auth")]
    assert actions == ["logout", "change_password", "change_password_failed",
                       "login_success"]
    text = json.dumps(rows(admin))
    assert "Passw0rd-second" not in text and user.password not in text


# how long it stays

DAY = 86400 * 1000000


def tally(server, level, module, n):
    """What the recorder does for rows that old."""
    server.sql("INSERT INTO audit_tally (level, module, n_rows) VALUES ('%s', '%s', %d) "
               "ON CONFLICT (level, module) DO UPDATE SET "
               "n_rows = audit_tally.n_rows + excluded.n_rows" % (level, module, n))


def test_what_is_old_is_counted_once(server, admin):
    """The figures are right before the recorder has counted, and after it."""
    word, then = people.word(), time.time_ns() // 1000 - DAY // 144 + 15000000
    server.sql("INSERT INTO audit (audit_id, level, module, action, endpoint, logged_at)"
               " VALUES ('%s', 'WARNING', '%s', 'x', '/', %d)"
               % (people.row_id(then), word, then))

    def ours():
        return [s["count"] for s in admin.get("/api/logs/stats").json()["stats"]
                if s["_id"] == {"level": "WARNING", "module": word}]

    def counted():
        assert ours() == [1]
        return trail.ask(server, "SELECT n_rows FROM audit_tally WHERE module = '%s'"
                         % word) == [{"n_rows": 1}]
    servers.poll(counted)
    test_stats(admin, None, "/api/logs/stats")
    server.sql("DELETE FROM audit WHERE module = '%s'" % word)
    server.sql("DELETE FROM audit_tally WHERE module = '%s'" % word)


def test_retention(server, admin):
    """Flaw 53: nothing was ever deleted. Technical rows go by their level, people's
    data after years; see sql/audit.sql."""
    now = time.time_ns() // 1000
    word = people.word()
    cases = [  # age in days, level, module, user, subject, is kept
        (0.9, "INFO", "auth", None, None, True),
        (1.1, "INFO", "auth", None, None, False),
        (1.1, "DEBUG", "middleware", None, None, False),
        (1.1, "WARNING", "auth", None, None, True),
        (6.9, "ERROR", "jobs", None, None, True),
        (7.1, "ERROR", "jobs", None, None, False),
        (7.1, "WARNING", "auth", None, None, False),
        (30, "WARNING", "auth", None, "mary@cem.example", True),
        (30, "INFO", "auth", "OP12345678", None, True),
        (30, "INFO", "farmers", None, None, True),
        (3600, "INFO", "farmers", "OP12345678", "ZM12345678", True),
        (3700, "INFO", "farmers", "OP12345678", "ZM12345678", False),
        (3700, "ERROR", "users", None, "mary@cem.example", False),
    ]
    values = []
    for i, (age, level, module, user, subject, _) in enumerate(cases):
        texts = [people.row_id(now - int(age * DAY)),
                 level, module,
                 "%s-%d" % (word, i), "/"]
        values.append("(%s, %d, %s, %s)" % (
            ", ".join("'%s'" % t for t in texts), now - int(age * DAY),
            "'%s'" % user if user else "NULL", "'%s'" % subject if subject else "NULL"))
    server.sql("INSERT INTO audit (audit_id, level, module, action, endpoint, "
               "logged_at, user_id, subject) VALUES " + ", ".join(values))
    for case in cases:
        tally(server, case[1], case[2], 1)
    servers.run_schedule(server, "audit")
    older = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(hours=12)
    left = [i["action"] for level, module in {(c[1], c[2]) for c in cases}
            for i in rows(admin, level=level, module=module, end=older.isoformat())]
    kept = {int(a.split("-")[1]) for a in left if a.startswith(word + "-")}
    test_stats(admin, None, "/api/logs/stats")
    server.sql("DELETE FROM audit WHERE action >= '%s-' AND action < '%s.'"
               % (word, word))
    for i in kept:
        tally(server, cases[i][1], cases[i][2], -1)
    assert kept == {i for i, c in enumerate(cases) if c[-1]}
