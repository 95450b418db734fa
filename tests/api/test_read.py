# SPDX-License-Identifier: MIT
"""Reads of people's data are in the audit: each once, soon, with who, whom and from
where, and without what was read."""
import json

import people
import pictures
import pytest
import server as servers
import trail
from browser import boss, officer  # noqa: F401  (fixtures)
from client import refused

# Each route that gives something, and what the audit says of it. A new one must be
# added: with its words, or with None and the reason in the comment above it.
READS = {
    # Nobody's data, or only the caller's own account.
    "/": None, "/api/health": None, "/api/health/full": None, "/api/app/version": None,
    "/api/api/app/version": None, "/api/app/health": None, "/openapi.json": None,
    "/metrics": None, "/docs": None, "/sign-in": None, "/verify": None,
    "/farmers/new": None,
    "/api/auth/me": None, "/api/users/me": None, "/api/operators/me": None,
    "/api/geo/provinces": None, "/api/geo/provinces/{province_code}": None,
    "/api/geo/districts": None, "/api/geo/districts/{district_code}": None,
    "/api/geo/chiefdoms": None, "/api/geo/chiefdoms/{chiefdom_code}": None,
    "/api/geo/hierarchy": None, "/api/ethnic-groups": None,
    "/api/ethnic-groups/{ethnic_id}": None,
    # Figures without a name in them.
    "/api/farmers/stats/overview": None, "/api/logs/stats": None, "/api/stats": None,
    # The caller's own batch; once it has a result, that is recorded (test_sync.py).
    "/api/sync/status": None,
    # Work in the background, for administrators.
    "/api/jobs": None, "/api/jobs/{job_id}": None,
    # How far an import is: figures. What became of its rows is recorded
    # (test_import.py).
    "/api/imports": None, "/api/imports/{import_id}": None,
    "/api/imports/{import_id}/rows": None,
    # One share, and what its visitors are shown: recorded (test_share.py).
    "/api/shares/{share_id}": None, "/s/{token}": None, "/s/{token}/content/{n}": None,
    # An address, and what it leads to: recorded (test_space_link.py).
    "/files/presigned-url/{file_path:path}": None, "/files/local/{file_path:path}": None,
    # The audit itself: the client asks for it every five seconds.
    "/api/logs": None, "/api": None,
    # People's data.
    "/api/farmers": ("farmers", "list_result"),
    "/api/farmers/count": ("farmers", "count_result"),
    "/api/farmers/{farmer_id}": ("farmers", "get_success"),
    "/api/farmers/{farmer_id}/qr": ("farmers", "card_qr"),
    "/api/farmers/{farmer_id}/download-idcard": ("files", "download"),
    "/api/files/{file_id}": ("files", "download"),
    "/api/files/metadata/{file_id}": ("files", "metadata"),
    # The files of an organisation (test_space.py).
    "/files/download/{file_path:path}": ("files", "download"),
    "/files/metadata/{file_path:path}": ("files", "metadata"),
    "/files/list": ("files", "list"),
    "/api/files/{file_id}/versions": ("files", "versions"),
    "/api/storage/trash": ("files", "trash"), "/api/storage/usage": None,
    "/api/operators": ("operators", "list_result"),
    "/api/operators/{operator_id}": ("operators", "get_success"),
    "/api/operators/{operator_id}/stats": ("operators", "get_success"),
    "/api/operators/{operator_id}/farmers": ("farmers", "list_result"),
    "/api/users": ("users", "list_users"),
    "/api/supplies/my-requests": ("supplies", "get_my_requests"),
    "/api/supplies/all": ("supplies", "get_all_requests"),
    "/api/dashboard/stats": ("dashboard", "get_stats"),
    "/api/reports/dashboard": ("reports", "dashboard_summary"),
    "/api/reports/farmers-by-region": ("reports", "farmers_by_region"),
    "/api/reports/operator-performance": ("reports", "operator_performance"),
    "/api/reports/activity-trends": ("reports", "activity_trends"),
    "/api/reports/farmers-details": ("reports", "farmers_details"),
    "/api/sync/changes": ("sync", "changes"),
    "/api/shares": ("shares", "list_result"),
    "/farmers": ("farmers", "list_result"),
    "/farmers/{farmer_id}": ("farmers", "get_success"),
    "/farmers/{farmer_id}/edit": ("farmers", "get_success"),
    "/farmers/{farmer_id}/photo": ("files", "download"),
    "/farmers/{farmer_id}/card": ("files", "download"),
}


def noted(server, reply):
    """The audit's rows of one request, when the recorder has been there."""
    wanted = reply.headers["X-Request-ID"]

    def arrived():
        # Of the last ones: ids of requests are short, and two may be alike.
        return [r for r in trail.rows(server)[-300:] if r["request_id"] == wanted]
    return servers.poll(arrived)


def settled(server, client):
    """Wait until what was read before is in the audit."""
    return noted(server, client.get("/api/dashboard/stats"))


@pytest.fixture(scope="module")
def subject(admin, operator, enrol):
    """A farmer who has everything there is to see, and is not alone."""
    for _ in range(4):
        enrol(operator)
    farmer = enrol(operator)
    here = people.path(farmer)
    assert operator.upload(here + "/upload-photo", pictures.jpeg()).status_code == 200
    assert operator.post(here + "/generate-idcard").status_code == 202
    return admin.get(here).json()


def addresses(route, farmer, operator):
    """The routes as they are asked for, with the subject the audit shall name."""
    number, mine = farmer["farmer_id"], operator.get("/api/operators/me").json()
    photo = farmer["photo_file_id"]
    known = {
        "/api/farmers/count": ("?farmer_id_exact=" + number, number),
        "/api/files/{file_id}": (photo, number),
        "/api/files/metadata/{file_id}": (photo, number),
        "/api/files/{file_id}/versions": (photo, number),
        "/api/operators/{operator_id}": (mine["operator_id"], mine["operator_id"]),
        "/api/operators/{operator_id}/stats": (mine["operator_id"],
                                               mine["operator_id"]),
        "/api/operators/{operator_id}/farmers": (mine["operator_id"],
                                                 mine["operator_id"]),
    }
    value, whom = known.get(route, (number, number if "{" in route else None))
    if value.startswith("?"):
        return route + value, whom
    for name in ("{farmer_id}", "{file_id}", "{operator_id}"):
        route = route.replace(name, value)
    return route, whom


def test_every_route_has_been_thought_of(server):
    lines = server.cem("routes")[1].splitlines()
    gets = {line.split()[1] for line in lines if line.startswith("GET ")}
    assert gets == set(READS)


@pytest.mark.parametrize("route", [r for r, words in READS.items()
                                   if words and r.startswith("/api/")])
def test_a_read_is_recorded_once(server, admin, operator, as_farmer, subject, route):
    client = as_farmer(subject) if route == "/api/supplies/my-requests" else admin
    target, whom = addresses(route, subject, operator)
    reply = client.get(target)
    assert reply.status_code == 200, reply.text
    found = noted(server, reply)
    assert len(found) == 1
    row = found[0]
    assert (row["module"], row["action"]) == READS[route]
    assert row["endpoint"] == route
    if client is admin:
        assert row["user_id"] == admin.email and "ADMIN" in row["role"]
        assert row["subject"] == whom
    else:
        assert row["user_id"] == row["subject"] == subject["farmer_id"]
    assert row["ip_address"] in ("127.0.0.1", "::1")
    assert row["before_values"] is row["after_values"] is None


@pytest.mark.parametrize("route", [r for r, words in READS.items()
                                   if words and not r.startswith(("/api/", "/files/"))])
def test_a_page_is_recorded_once(server, boss, admin,  # noqa: F811
                                 operator, subject, route):
    target, whom = addresses(route, subject, operator)
    reply = boss.get(target)
    assert reply.status_code == 200, reply.text
    found = noted(server, reply)
    assert [(r["module"], r["action"], r["subject"], r["endpoint"], r["user_id"])
            for r in found] == [READS[route] + (whom, route, admin.email)]


def test_a_read_is_in_the_logs_within_a_moment(admin, subject):
    """As administrators see it, not only in the table."""
    reply = admin.get(people.path(subject))

    def shown():
        items = admin.get("/api/logs", params={"module": "farmers"}).json()["items"]
        return [i for i in items
                if i["request_id"] == reply.headers["X-Request-ID"]]
    item = servers.poll(shown)[0]
    assert item["action"] == "get_success" and item["level"] == "INFO"
    assert item["user_id"] == admin.email and item["subject"] == subject["farmer_id"]


def test_how_lists_were_asked_for(server, admin, subject):
    person, number = subject["personal_info"], subject["farmer_id"]
    for query, details, whom in (
            ({"limit": 2, "skip": 1}, {"skip": 1, "rows": 2}, None),
            ({"search": person["last_name"]},
             {"how": "search", "skip": 0, "rows": 1}, None),
            ({"nrc": person["nrc"]}, {"how": "nrc", "skip": 0, "rows": 1}, number),
            ({"nrc": people.nrc()}, {"how": "nrc", "skip": 0, "rows": 0}, None),
            ({"farmer_id_exact": number},
             {"how": "farmer_id", "skip": 0, "rows": 1}, number)):
        row = noted(server, admin.get("/api/farmers", params=query))[0]
        assert (row["details"], row["subject"]) == (details, whom), query


@pytest.mark.usefixtures("subject")
def test_an_export_is_recorded_as_one(server, admin):
    reply = admin.get("/api/reports/farmers-details",
                      params={"format": "csv", "skip": 1, "limit": 3})
    found = noted(server, reply)
    assert [r["details"] for r in found] == [{"how": "csv", "skip": 1, "rows": 3}]


def test_nothing_secret_is_recorded(server, admin, boss, subject):  # noqa: F811
    """Not even what was typed in to find somebody."""
    person = subject["personal_info"]
    for secret in (person["nrc"], person["date_of_birth"]):
        admin.get("/api/farmers", params={"search": secret})
        admin.get("/api/farmers", params={"nrc": secret, "farmer_id_exact": secret})
        admin.get("/api/farmers/count", params={"nrc": secret, "district": secret})
        admin.get("/api/farmers/" + secret)
        admin.get("/api/operators/%s/farmers" % secret)
        boss.get("/farmers?search=" + secret)
    settled(server, admin)
    text = json.dumps(trail.rows(server))
    assert person["nrc"] not in text and person["date_of_birth"] not in text
    assert person["nrc"].replace("/", "") not in text


def test_what_is_refused_was_not_read(server, admin, anyone, other_operator, subject,
                                      enrol, as_farmer):
    here, number = people.path(subject), subject["farmer_id"]
    settled(server, admin)
    before = len(trail.rows(server, number))
    replies = [client.get(where, **more)
               for client, more in ((anyone, {"token": None}), (other_operator, {}),
                                    (as_farmer(enrol()), {}))
               for where in (here, here + "/qr", here + "/download-idcard",
                             "/api/files/" + subject["photo_file_id"])]
    for reply in replies:
        refused(reply, 403, 404)
    settled(server, admin)
    assert len(trail.rows(server, number)) == before
    ids = {r["request_id"] for r in trail.rows(server)}
    assert not ids & {r.headers["X-Request-ID"] for r in replies}


def test_head_shows_that_it_is_there_and_is_recorded(server, admin, subject):
    reply = admin.call("HEAD", people.path(subject))
    assert reply.status_code == 200 and not reply.content
    assert [r["subject"] for r in noted(server, reply)] == [subject["farmer_id"]]


def test_a_part_of_a_file_is_recorded_too(server, admin, subject):
    reply = admin.get("/api/files/" + subject["photo_file_id"],
                      headers={"Range": "bytes=0-9"})
    assert reply.status_code == 206 and len(reply.content) == 10
    assert [r["action"] for r in noted(server, reply)] == ["download"]


def test_ids_of_requests_tell_the_rows_apart(server, admin, subject):
    replies = [admin.get(people.path(subject)) for _ in range(30)]
    settled(server, admin)
    ids = [r["request_id"] for r in trail.rows(server, subject["farmer_id"])]
    for reply in replies:
        assert ids.count(reply.headers["X-Request-ID"]) == 1
