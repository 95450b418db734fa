# SPDX-License-Identifier: MIT
"""Requests for supplies (contract 58-62)."""
import re

import people
import pytest
from client import Client, faulty, refused

ASK, OWN, ALL = ("/api/supplies/" + n for n in ("request", "my-requests", "all"))
NOBODY = "0123456789abcdef01234567"
KEYS = {"farmer_id", "farmer_name", "items", "quantity", "urgency", "notes", "status",
        "admin_notes", "created_at", "updated_at"}


def body(**change):
    whole = {"items": ["Seeds", "Fertilizer"], "quantity": "10 bags", "urgency": "high",
             "notes": "before rains"}
    whole.update(change)
    return {k: v for k, v in whole.items() if v is not ...}


def ask(client, **change):
    reply = client.post(ASK, json=body(**change))
    assert reply.status_code == 200, reply.text
    return reply.json()["request"]


def patch(client, request, **change):
    number = request if isinstance(request, str) else request["_id"]
    return client.call("PATCH", "/api/supplies/" + number, json=change)


def remove(client, request):
    number = request if isinstance(request, str) else request["_id"]
    return client.delete("/api/supplies/" + number)


def own(client, query=""):
    reply = client.get(OWN + query)
    assert reply.status_code == 200, reply.text
    return reply.json()


def everybody(client, query=""):
    reply = client.get(ALL + query)
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.fixture
def someone(as_farmer, farmer):
    return as_farmer(farmer)


def test_ask(someone, farmer):
    reply = someone.post(ASK, json=body()).json()
    request = reply["request"]
    assert reply["message"] == "Supply request created successfully"
    assert reply["request_id"] == request["_id"]
    assert set(request) == KEYS | {"_id", "farmer_email"}
    info = farmer["personal_info"]
    assert request["farmer_id"] == farmer["farmer_id"]
    assert request["farmer_name"] == info["first_name"] + " " + info["last_name"]
    assert request["farmer_email"] is None and request["admin_notes"] is None
    assert {k: request[k] for k in body()} == body()
    assert request["status"] == "pending"
    assert request["created_at"] == request["updated_at"]
    assert ask(someone, notes=...)["notes"] is None
    assert ask(someone, notes="")["notes"] is None


def test_own_list(someone):
    assert own(someone) == {"requests": [], "total": 0}
    made = [ask(someone, quantity=str(i)) for i in range(5)]
    page = own(someone)
    assert page["total"] == 5
    assert [r["id"] for r in page["requests"]] == [m["_id"] for m in made[::-1]]
    assert all(set(r) == KEYS | {"id"} for r in page["requests"])
    assert own(someone, "/") == own(someone, "?t=5") == page


def test_requests_belong_to_the_farmer_of_the_token(as_farmer, enrol, admin):
    """Flaw 8: he was looked for by e-mail: those without one shared one list."""
    first, second = enrol(), enrol()
    third = enrol(personal={"email": "same@farm.example"})
    fourth = enrol(personal={"email": "same@farm.example"})
    clients = [as_farmer(f) for f in (first, second, third, fourth)]
    made = [ask(c, quantity="of %d" % i) for i, c in enumerate(clients)]
    for client, farmer, request in zip(clients, (first, second, third, fourth), made):
        assert request["farmer_id"] == farmer["farmer_id"]
        assert [r["id"] for r in own(client)["requests"]] == [request["_id"]]
    assert made[2]["farmer_email"] == "same@farm.example"
    # another farmer's request is not there
    assert refused(remove(clients[0], made[1]), 404) == "Supply request not found"
    assert own(clients[1])["total"] == 1


@pytest.mark.parametrize("change,field,kind", [
    ({"items": []}, "items", "too_short"), ({"items": ...}, "items", "missing"),
    ({"items": None}, "items", None), ({"items": "Seeds"}, "items", "list_type"),
    ({"items": ["x"] * 51}, "items", "too_long"), ({"items": [""]}, "items.0", None),
    ({"items": ["ok", "x" * 201]}, "items.1", "value_error"),
    ({"items": ["a\x1fb"]}, "items.0", "value_error"),
    ({"items": [5]}, "items.0", "string_type"),
    ({"items": [None]}, "items.0", "string_type"),
    ({"quantity": ...}, "quantity", "missing"),
    ({"quantity": ""}, "quantity", "string_too_short"),
    ({"quantity": "x" * 201}, "quantity", "string_too_long"),
    ({"urgency": ...}, "urgency", "missing"), ({"urgency": "HIGH"}, "urgency", None),
    ({"urgency": "soon"}, "urgency", "literal_error"), ({"urgency": ""}, "urgency", None),
    ({"notes": "x" * 2001}, "notes", "string_too_long"),
    ({"notes": "a\x00b"}, "notes", None), ({"notes": 5}, "notes", "string_type"),
])
def test_bad_requests(someone, change, field, kind):
    """Flaw 44: urgency was free text, items could be empty, notes endless."""
    reply = someone.post(ASK, json=body(**change))
    if "\x00" in str(change.get("notes")):
        refused(reply, 422)
    else:
        faulty(reply, "body." + field, kind)
    assert own(someone)["total"] == 0


def test_the_largest_request(someone):
    items = ["Ŋ%02d" % i + "é" * 197 for i in range(50)]
    request = ask(someone, items=items, quantity="é" * 200, notes="ŵ\n" * 1000)
    assert request["items"] == items
    again = own(someone)["requests"][0]
    assert (again["items"], again["quantity"]) == (items, "é" * 200)
    assert again["notes"] == "ŵ\n" * 1000


def test_the_longest_requests_of_one_farmer_stop_nobody(server, admin, enrol, as_farmer):
    """All that one farmer may ask for was more than a request may hold: the office's list
    was 503, and each time a worker ended."""
    client = as_farmer(enrol())
    before = server.children()
    items = ["\U0001f33d" * 198 + "%02d" % i for i in range(50)]
    made = [ask(client, items=items, quantity="\U0001f33d" * 200,
                notes="\U0001f33d" * 2000) for _ in range(50)]
    ids = [request["_id"] for request in reversed(made)]
    try:
        for reader, path in ((client, OWN + "?"), (admin, ALL + "?"),
                             (admin, ALL + "?status=pending&")):
            page = reader.get(path).json()
            shown = [request["id"] for request in page["requests"]]
            assert 20 < len(shown) < 50 and shown == ids[:len(shown)], path
            assert page["total"] >= 50 and page["requests"][0]["items"] == items
            detail = refused(reader.get(path + "skip=0"), 413)
            fit = int(re.search(r"limit=(\d+)\.$", detail)[1])
            rest = reader.get(path + "skip=%d&limit=%d" % (fit // 2, fit)).json()
            assert [request["id"] for request in rest["requests"]][:10] == \
                ids[fit // 2:fit // 2 + 10]
        assert server.children() == before
    finally:
        for one in ids:
            remove(admin, one)


def test_decide(admin, someone):
    request = ask(someone)
    reply = patch(admin, request, status="approved", admin_notes="collect Friday")
    assert reply.status_code == 200 and reply.json() == {
        "message": "Supply request updated successfully", "request_id": request["_id"]}
    row = own(someone)["requests"][0]
    assert (row["status"], row["admin_notes"]) == ("approved", "collect Friday")
    assert row["updated_at"] > row["created_at"] == request["created_at"]
    for notes in ("", None, ...):  # empty keeps the last ones
        change = {} if notes is ... else {"admin_notes": notes}
        assert patch(admin, request["_id"].upper(), status="fulfilled",
                     **change).status_code == 200
        row = own(someone)["requests"][0]
        assert (row["status"], row["admin_notes"]) == ("fulfilled", "collect Friday")
    for status in ("rejected", "pending"):
        assert patch(admin, request, status=status).status_code == 200
        assert own(someone)["requests"][0]["status"] == status


@pytest.mark.parametrize("change,field,kind", [
    ({}, "status", "missing"), ({"status": "done"}, "status", "literal_error"),
    ({"status": "Approved"}, "status", "literal_error"), ({"status": None}, "status", None),
    ({"status": "approved", "admin_notes": "x" * 2001}, "admin_notes", "string_too_long"),
    ({"status": "approved", "admin_notes": ["x"]}, "admin_notes", "string_type"),
])
def test_bad_decisions(admin, someone, change, field, kind):
    """Flaw 44: the status was free text."""
    request = ask(someone)
    faulty(patch(admin, request, **change), "body." + field, kind)
    assert own(someone)["requests"][0]["status"] == "pending"


@pytest.mark.parametrize("bad", ["zzz", "1", NOBODY[1:], NOBODY + "0", "g" * 24, "%27"])
def test_malformed_ids(admin, someone, bad):
    for reply in (patch(admin, bad, status="approved"), remove(admin, bad),
                  remove(someone, bad)):
        assert refused(reply, 400) == "Invalid request ID"


def test_ids_of_nothing(admin, someone):
    for reply in (patch(admin, NOBODY, status="approved"), remove(admin, NOBODY),
                  remove(someone, NOBODY)):
        assert refused(reply, 404) == "Supply request not found"


def test_an_administrator_deletes_any(admin, someone):
    request = ask(someone)
    assert patch(admin, request, status="fulfilled").status_code == 200
    reply = remove(admin, request)
    assert reply.status_code == 200
    assert reply.json()["message"] == "Supply request deleted successfully"
    assert own(someone)["total"] == 0
    refused(remove(admin, request), 404)


def test_a_farmer_takes_back_what_is_pending(admin, someone):
    request = ask(someone)
    assert remove(someone, request).status_code == 200
    assert own(someone)["total"] == 0
    refused(remove(someone, request), 404)
    for status in ("approved", "rejected", "fulfilled"):
        request = ask(someone)
        patch(admin, request, status=status)
        assert refused(remove(someone, request), 403) == \
            "Only a pending request can be deleted"
        patch(admin, request, status="pending")
        assert remove(someone, request).status_code == 200


def test_the_offices_list(admin, someone, farmer):
    made = [ask(someone, quantity=str(i)) for i in range(3)]
    page = everybody(admin)
    first = page["requests"][0]
    assert set(first) == KEYS | {"id", "farmer_email"}
    assert [r["id"] for r in page["requests"][:3]] == [m["_id"] for m in made[::-1]]
    assert all(isinstance(r["items"], list) and r["items"] for r in page["requests"])
    assert first["farmer_id"] == farmer["farmer_id"]
    patch(admin, made[1], status="rejected")
    rejected = everybody(admin, "?status=rejected")
    assert rejected["requests"][0]["id"] == made[1]["_id"]
    assert {r["status"] for r in rejected["requests"]} == {"rejected"}
    assert rejected["total"] < page["total"]
    faulty(admin.get(ALL + "?status=lost"), "query.status", "literal_error")


@pytest.mark.parametrize("path", [OWN, ALL])
def test_pages_and_true_totals(admin, someone, path):
    """Flaw 58: the list was cut, and the total was of what is left."""
    for i in range(5):
        ask(someone, quantity=str(i))
    client = someone if path == OWN else admin
    total = client.get(path).json()["total"]
    assert total >= 5
    found = []
    for skip in range(0, 4, 2):
        page = client.get(path + "?skip=%d&limit=2" % skip).json()
        assert page["total"] == total and len(page["requests"]) == 2
        found += [r["quantity"] for r in page["requests"]]
    assert found == ["4", "3", "2", "1"]
    past = client.get(path + "?skip=100000").json()
    assert past == {"requests": [], "total": total}
    for query, field in (("skip=-1", "skip"), ("limit=0", "limit"), ("limit=501", "limit"),
                         ("limit=x", "limit")):
        faulty(client.get(path + "?" + query), "query." + field)


def test_who_may(anyone, admin, operator, someone):
    request = ask(someone)
    for client in (admin, operator):
        for reply in (client.post(ASK, json=body()), client.get(OWN)):
            assert "Required roles: ['FARMER']" in refused(reply, 403)
    for client in (operator, someone):
        for reply in (client.get(ALL), patch(client, request, status="approved")):
            assert "Required roles: ['ADMIN']" in refused(reply, 403)
    assert "Required roles: ['ADMIN', 'FARMER']" in refused(remove(operator, request), 403)
    for reply in (anyone.post(ASK, json=body()), anyone.get(OWN), anyone.get(ALL),
                  patch(anyone, request, status="approved"), remove(anyone, request)):
        assert refused(reply, 403) == "Not authenticated"
    assert own(someone)["requests"][0]["status"] == "pending"


def test_a_deleted_farmers_requests_are_not_shown(admin, enrol, as_farmer):
    before = everybody(admin)["total"], everybody(admin, "?status=pending")["total"]
    farmer = enrol()
    request = ask(as_farmer(farmer))
    assert (everybody(admin)["total"],
            everybody(admin, "?status=pending")["total"]) == (before[0] + 1, before[1] + 1)
    assert admin.delete("/api/farmers/" + farmer["farmer_id"]).status_code == 200
    for query, total in (("", before[0]), ("?status=pending", before[1])):
        page = everybody(admin, query)
        assert page["total"] == total
        assert request["_id"] not in [r["id"] for r in page["requests"]]
    refused(patch(admin, request, status="approved"), 404)


def test_an_account_that_is_no_farmers(server, recorder, admin):
    """The role alone is no farmer: nothing is asked for in anybody's name."""
    email = people.word(12).lower() + "@cem.example"
    reply = admin.post("/api/auth/register", json={
        "email": email, "password": "Passw0rd-first", "roles": ["FARMER"]})
    assert reply.status_code == 200, reply.text
    client = Client(server, recorder).login(email, "Passw0rd-first")
    assert refused(client.post(ASK, json=body()), 404) == "Farmer profile not found"
    assert own(client) == {"requests": [], "total": 0}


def test_it_is_in_the_audit(admin, someone, farmer):
    request = ask(someone, notes="not for the audit")
    patch(admin, request, status="approved", admin_notes="nor this")
    remove(admin, request)
    found = admin.get("/api/logs?module=supplies&page_size=10")
    rows = [r for r in found.json()["items"] if r["subject"] == request["_id"]]
    assert [(r["action"], r["role"]) for r in rows] == [
        ("delete_request_success", "ADMIN"), ("update_request_success", "ADMIN"),
        ("create_request_success", "FARMER")]
    assert rows[2]["user_id"] == farmer["farmer_id"]
    assert rows[1]["before"]["status"] == "pending"
    assert rows[1]["after"] == {"farmer_id": farmer["farmer_id"], "status": "approved",
                                "urgency": "high"}
    assert "audit" not in str(rows) and "nor this" not in str(rows)


def test_a_farmer_cannot_flood(someone):
    for i in range(51):
        reply = someone.post(ASK, json=body())
        if reply.status_code != 200:
            break
    assert i == 50
    assert refused(reply, 429) == "Too many attempts. Try again later."
    assert int(reply.headers["Retry-After"]) > 0
    assert own(someone)["total"] == 50
