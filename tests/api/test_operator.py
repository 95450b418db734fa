# SPDX-License-Identifier: MIT
"""Operators: made, listed with figures, changed, ended; who may see whom."""
import json

import people
import pytest
from client import Client, faulty, refused
from conftest import CHIBOMBO, KAWAMBWA

PASSWORD = "Passw0rdX"
FIGURES = ("farmer_count", "recent_registrations_30d", "total_land_hectares",
           "avg_land_hectares")
KEYS = {"_id", "operator_id", "user_id", "email", "full_name", "phone",
        "assigned_regions", "assigned_district", "assigned_districts", "is_active",
        "created_at", "updated_at"}


def form(**more):
    body = {"email": people.word(12).lower() + "@cem.example", "full_name": "Op One",
            "phone": "+260971234567", "password": PASSWORD}
    body.update(more)
    return {k: v for k, v in body.items() if v is not ...}


@pytest.fixture
def make(admin):
    def one(**more):
        reply = admin.post("/api/operators/", json=form(**more))
        assert reply.status_code == 201, reply.text
        assert reply.json()["message"] == "Operator created"
        return reply.json()["operator"]
    return one


@pytest.fixture
def sign_in(server, recorder):
    def one(operator, password=PASSWORD):
        return Client(server, recorder).login(operator["email"], password, "operator")
    return one


@pytest.fixture(scope="module")
def district(admin):
    """A district of this test run alone, so that its figures are known."""
    def one():
        name = "District " + people.word()
        reply = admin.post("/api/geo/custom/districts", json={
            "district_name": name, "province_code": "CP"})
        assert reply.status_code == 201, reply.text
        return dict(people.CHIBOMBO, district_name=name,
                    district_code=reply.json()["district_code"])
    return one


def at(operator, tail=""):
    return "/api/operators/" + operator["operator_id"] + tail


def page(admin, **query):
    reply = admin.get("/api/operators/", params=query)
    assert reply.status_code == 200, reply.text
    return reply.json()


def find(admin, operator):
    """The operator's row in the list, wherever it stands."""
    for skip in range(0, 10000, 200):
        rows = page(admin, limit=200, skip=skip)["results"]
        for row in rows:
            if row["operator_id"] == operator["operator_id"]:
                return row
        if not rows:
            return None


# making


def test_make(make, sign_in):
    operator = make(email=people.word(12) + "@CEM.example", role="OPERATOR",
                    assigned_districts=[CHIBOMBO],
                    assigned_regions=["Central Province"])
    assert operator["operator_id"].startswith("OP") and len(operator["operator_id"]) == 10
    assert operator["email"] == operator["email"].lower()
    assert operator["assigned_districts"] == [CHIBOMBO]
    assert operator["assigned_district"] == CHIBOMBO
    assert operator["assigned_regions"] == ["Central Province"]
    assert operator["is_active"] is True and operator["full_name"] == "Op One"
    assert isinstance(operator["farmer_count"], int)
    client = sign_in(operator)
    assert client.user["roles"] == ["OPERATOR"]
    assert client.post("/api/farmers", json=people.form()).status_code == 201
    refused(client.post("/api/farmers", json=people.form(place=people.KAWAMBWA)), 403)


def test_make_with_as_little_as_may_be(make):
    operator = make(phone="", assigned_districts=[], assigned_regions=[])
    assert operator["phone"] is None and operator["assigned_district"] is None
    assert operator["assigned_districts"] == operator["assigned_regions"] == []
    operator = make(phone=...)
    assert operator["phone"] is None


@pytest.mark.parametrize("field,value,kind", [
    ("email", ..., "missing"), ("email", "nobody", "value_error"),
    ("email", "a b@cem.example", "value_error"), ("email", "a@cem", "value_error"),
    ("email", "a@-cem.example", "value_error"), ("email", "a..b@cem.example", "value_error"),
    ("email", "@cem.example", "value_error"), ("email", "a@cem.test", "value_error"),
    ("email", "a@cem.local", "value_error"), ("email", "a@mail.LOCALHOST", "value_error"),
    ("email", "x" * 65 + "@cem.example", "value_error"), ("email", 5, "string_type"),
    ("full_name", ..., "missing"), ("full_name", "", "string_too_short"),
    ("full_name", "a\u0007b", "value_error"),
    ("password", ..., "missing"), ("password", "Short1x", "string_too_short"),
    ("password", "Aa1" * 40, "string_too_long"),
    ("assigned_districts", "Chibombo District", "list_type"),
])
def test_make_refusals(admin, field, value, kind):
    reply = admin.post("/api/operators", json=form(**{field: value}))
    found = faulty(reply, "body." + field, kind)
    if field == "password":
        assert found["input"] is None
    if field == "email" and kind == "value_error":
        assert found["msg"].startswith("value is not a valid email address: ")


def test_make_accepts_a_name_before_the_address(make):
    word = people.word(12).lower()
    assert make(email="  Op One <%s@Cem.Example> " % word)["email"] == word + "@cem.example"
    assert make(email="o'%s+zm@cem.example" % word)["email"] == "o'%s+zm@cem.example" % word


def test_unknown_districts_are_refused(admin, make):
    """Flaw 45: districts were not checked."""
    faulty(admin.post("/api/operators", json=form(
        assigned_districts=[CHIBOMBO, "Nowhere"])), "body.assigned_districts.1",
        "value_error")
    operator = make(assigned_districts=[CHIBOMBO])
    faulty(admin.put(at(operator), json={"assigned_districts": ["chibombo district"]}),
           "body.assigned_districts.0", "value_error")
    assert admin.get(at(operator)).json()["assigned_districts"] == [CHIBOMBO]


def test_an_address_has_one_operator(admin, make):
    operator = make()
    reply = admin.post("/api/operators", json=form(email=operator["email"].upper()))
    assert refused(reply, 409) == "Email already registered"
    other = make()
    reply = admin.put(at(other), json={"email": operator["email"]})
    assert refused(reply, 409) == "Email already registered"
    assert admin.get(at(other)).json()["email"] == other["email"]


def test_only_administrators_manage(operator, farmer, as_farmer, anyone, make):
    other = make()
    for client in (operator, as_farmer(farmer), anyone):
        for method, path, body in (
                ("GET", "/api/operators/", None), ("POST", "/api/operators/", form()),
                ("PUT", at(other), {"full_name": "Evil"}), ("DELETE", at(other), None),
                ("PATCH", at(other, "/status"), {"is_active": False}),
                ("GET", at(other, "/stats"), None)):
            refused(client.call(method, path, json=body), 403)


# the list


def test_list(admin, make):
    region = people.word()
    made = [make(assigned_regions=[region, "Other"], assigned_districts=[KAWAMBWA])
            for _ in range(3)]
    body = page(admin, region=region, t=12345)
    assert body["count"] == body["total"] == 3
    assert [r["operator_id"] for r in body["results"]] == \
        [o["operator_id"] for o in reversed(made)]
    for row in body["results"]:
        assert set(row) == KEYS | set(FIGURES)
        assert row["_id"] == row["user_id"] and len(row["_id"]) == 24
        assert row["assigned_districts"] == [KAWAMBWA]
        assert row["assigned_regions"] == sorted([region, "Other"])
        assert all(isinstance(row[n], (int, float)) for n in FIGURES)
    body = page(admin, region=region, limit=1, skip=1)
    assert body["count"] == 1 and body["total"] == 3
    assert body["results"][0]["operator_id"] == made[1]["operator_id"]
    assert body["results"][0]["assigned_districts"] == [KAWAMBWA]
    assert page(admin, region=region, skip=9) == {"count": 0, "total": 3, "results": []}
    assert page(admin, region=region[:-1])["total"] == 0
    admin.put(at(made[0]), json={"is_active": False})
    assert page(admin, region=region, is_active="true")["total"] == 2
    rows = page(admin, region=region, is_active="false")["results"]
    assert [r["operator_id"] for r in rows] == [made[0]["operator_id"]]


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=201", "skip=-1",
                                   "is_active=perhaps", "limit=x"])
def test_limits_are_kept(admin, make, query):
    """Flaw 57: limits without bounds."""
    name = query.split("=")[0]
    faulty(admin.get("/api/operators/?" + query), "query." + name)
    if name != "is_active":
        faulty(admin.get(at(make(), "/farmers?" + query)), "query." + name)


def test_figures(admin, make, enrol, district):
    """Of the assigned districts, the same everywhere; numbers, never null."""
    place, second = district(), district()
    operator = make(assigned_districts=[place["district_name"], second["district_name"]])
    empty = dict.fromkeys(FIGURES, 0)
    assert {n: operator[n] for n in FIGURES} == empty
    gone = enrol(place=place, farm_info=people.FARM)
    enrol(place=place, farm_info=dict(people.FARM, farm_size_hectares=2.5))
    enrol(place=second, farm_info=dict(people.FARM, farm_size_hectares=1.25))
    enrol(place=second)
    assert admin.delete(people.path(gone)).status_code == 200
    expected = {"farmer_count": 3, "recent_registrations_30d": 3,
                "total_land_hectares": 3.75, "avg_land_hectares": 1.88}
    for row in (admin.get(at(operator)).json(), find(admin, operator),
                admin.get(at(operator, "/stats")).json()):
        assert {n: row[n] for n in FIGURES} == expected
    stats = admin.get(at(operator, "/stats")).json()
    assert set(stats) == set(FIGURES) | {"operator_id", "operator_name"}
    assert stats["operator_name"] == "Op One"
    # one district, many operators: nobody's farmers are counted twice
    twin = make(assigned_districts=[place["district_name"]])
    assert find(admin, twin)["farmer_count"] == 1
    assert find(admin, operator)["farmer_count"] == 3


def test_figures_without_districts_are_of_own_registrations(admin, make, sign_in,
                                                            district):
    place = district()
    operator = make(assigned_districts=[place["district_name"]])
    client = sign_in(operator)
    body = people.form(place=place, farm_info=people.FARM)
    assert client.post("/api/farmers", json=body).status_code == 201
    admin.put(at(operator), json={"assigned_districts": []})
    for row in (admin.get(at(operator)).json(), find(admin, operator)):
        assert row["farmer_count"] == 1 and row["total_land_hectares"] == 2.5


def test_the_list_is_read_in_one_go(admin, make):
    """Flaw 56: one grouped query, whatever the number of operators."""
    region = people.word()
    made = [make(assigned_regions=[region], assigned_districts=[CHIBOMBO, KAWAMBWA])
            for _ in range(12)]
    rows = page(admin, region=region, limit=12)["results"]
    alone = admin.get(at(made[0])).json()
    assert len(rows) == 12
    assert {tuple(r[n] for n in FIGURES) for r in rows} == \
        {tuple(alone[n] for n in FIGURES)}
    assert all(r["assigned_districts"] == [CHIBOMBO, KAWAMBWA] for r in rows)


# who sees whom


def test_me(admin, make, sign_in, farmer, as_farmer):
    operator = make(assigned_districts=[KAWAMBWA, CHIBOMBO])
    assert sign_in(operator).get("/api/operators/me").json() == {
        "operator_id": operator["operator_id"], "name": "Op One",
        "assigned_district": CHIBOMBO, "assigned_districts": [CHIBOMBO, KAWAMBWA],
        "phone": "+260971234567", "email": operator["email"]}
    reply = admin.get("/api/operators/me")
    assert refused(reply, 404) == "Operator profile not found"
    refused(as_farmer(farmer).get("/api/operators/me"), 403)


def test_operators_see_themselves_only(admin, make, sign_in):
    """Flaw 14: any operator read any operator."""
    one, other = make(assigned_districts=[CHIBOMBO]), make(assigned_districts=[CHIBOMBO])
    client = sign_in(one)
    assert client.get(at(one)).json() == admin.get(at(one)).json()
    for tail in ("", "/farmers"):
        detail = refused(client.get(at(other, tail)), 404)
        assert detail == "Operator not found"
        assert refused(client.get("/api/operators/OP00000000" + tail), 404) == detail
    refused(admin.get("/api/operators/OP00000000"), 404)
    refused(admin.get("/api/operators/OP00000000/stats"), 404)
    assert admin.get("/api/operators/" + one["user_id"]).json()["email"] == one["email"]


def test_farmers_of_an_operator(admin, make, sign_in, district):
    """Flaw 14: raw rows gave hashes away; and what left the scope stays unseen."""
    place = district()
    operator = make(assigned_districts=[place["district_name"]])
    client = sign_in(operator)
    made = [client.post("/api/farmers", json=people.form(place=place)).json()
            for _ in range(3)]
    for reader in (admin, client):
        reply = reader.get(at(operator, "/farmers"))
        body = reply.json()
        assert body["count"] == body["total"] == 3
        assert [f["farmer_id"] for f in body["results"]] == \
            [f["farmer_id"] for f in reversed(made)]
        row = body["results"][0]
        assert row["created_by"] == operator["operator_id"]
        assert row["personal_info"] == made[2]["personal_info"]
        assert "hash" not in reply.text and "sealed" not in reply.text
    body = client.get(at(operator, "/farmers?skip=1&limit=1")).json()
    assert body["count"] == 1 and body["total"] == 3
    assert body["results"][0]["farmer_id"] == made[1]["farmer_id"]
    admin.put(at(operator), json={"assigned_districts": []})
    assert client.get(at(operator, "/farmers")).json() == {
        "count": 0, "total": 0, "results": []}
    assert admin.get(at(operator, "/farmers")).json()["total"] == 3
    assert admin.get("/api/operators/OP00000000/farmers").json()["count"] == 0


# changes


def test_edit(admin, make):
    operator = make(assigned_districts=[CHIBOMBO], assigned_regions=["Central Province"])
    reply = admin.put(at(operator), json={"full_name": "Op Two", "phone": ""})
    assert reply.status_code == 200
    body = reply.json()
    assert set(body) == KEYS
    assert body["full_name"] == "Op Two" and body["phone"] is None
    assert body["assigned_districts"] == [CHIBOMBO]
    assert body["assigned_regions"] == ["Central Province"]
    assert body["updated_at"] > operator["updated_at"]
    assert body["created_at"] == operator["created_at"]
    for nothing in ({}, {"role": "ADMIN"}, {"full_name": None}):
        assert refused(admin.put(at(operator), json=nothing), 400) == "No fields to update"
    refused(admin.put("/api/operators/OP00000000", json={"full_name": "A"}), 404)
    for bad in ({"full_name": ""}, {"email": "x"}, {"password": "short"},
                {"is_active": "perhaps"}):
        faulty(admin.put(at(operator), json=bad), "body." + list(bad)[0])


def test_a_district_of_an_older_list_stays(server, admin, make):
    """Who was taken over has it; the client sends all districts back, whatever is edited,
    and so nothing of him could be."""
    operator = make(assigned_districts=[CHIBOMBO])
    server.sql("INSERT INTO account_district (account_id, district_name) SELECT account_id,"
               " 'Older District' FROM account WHERE email = '%s'" % operator["email"])
    both = [CHIBOMBO, "Older District"]
    reply = admin.put(at(operator), json={"assigned_districts": both, "full_name": "New"})
    assert reply.status_code == 200, reply.text
    assert reply.json()["assigned_districts"] == both
    faulty(admin.put(at(operator), json={"assigned_districts": both + ["No District"]}),
           "body.assigned_districts.2")
    assert admin.put(at(operator), json={"assigned_districts": [CHIBOMBO]}).status_code == 200
    faulty(admin.put(at(operator), json={"assigned_districts": both}),
           "body.assigned_districts.1")


def test_empty_lists_clear(admin, make, sign_in, enrol):
    """Flaw 45: an empty list was ignored. It holds for sessions that are open."""
    farmer = enrol()
    operator = make(assigned_districts=[CHIBOMBO], assigned_regions=["Central Province"])
    client = sign_in(operator)
    assert client.get(people.path(farmer)).status_code == 200
    body = admin.put(at(operator), json={"assigned_districts": [],
                                         "assigned_regions": []}).json()
    assert body["assigned_districts"] == body["assigned_regions"] == []
    refused(client.get(people.path(farmer)), 404)
    body = admin.put(at(operator), json={"assigned_districts": [KAWAMBWA]}).json()
    assert body["assigned_districts"] == [KAWAMBWA]


def test_new_email_and_password_count(admin, anyone, make, sign_in):
    """The client's edit form: never ignored without a word."""
    operator = make()
    client = sign_in(operator)
    email = people.word(12).lower() + "@cem.example"
    body = admin.put(at(operator), json={"email": email.upper(),
                                         "password": "Second-Passw0rd"}).json()
    assert body["email"] == email and body["operator_id"] == operator["operator_id"]
    refused(client.get("/api/auth/me"), 401)
    refused(anyone.post("/api/auth/refresh", json={
        "refresh_token": client.refresh_token}, token=None), 401)
    refused(anyone.post("/api/auth/login", json={
        "email": email, "password": PASSWORD}, token=None), 401)
    sign_in({"email": email}, "Second-Passw0rd")


@pytest.mark.parametrize("way", ["put", "status"])
def test_switching_off_ends_the_login(admin, anyone, make, sign_in, way):
    """Flaw 24: tokens outlived it."""
    operator = make()
    client = sign_in(operator)
    if way == "put":
        reply = admin.put(at(operator), json={"is_active": False})
    else:
        reply = admin.call("PATCH", "/api/operators/%s/status" % operator["user_id"],
                           json={"is_active": False})
    assert reply.status_code == 200 and reply.json()["is_active"] is False
    refused(client.get("/api/auth/me"), 401)
    refused(anyone.post("/api/auth/login", json={
        "email": operator["email"], "password": PASSWORD}, token=None), 403)
    reply = admin.call("PATCH", at(operator, "/status"), json={"is_active": True})
    assert reply.json()["is_active"] is True
    refused(client.get("/api/auth/me"), 401)  # the old session is over
    sign_in(operator)
    faulty(admin.call("PATCH", at(operator, "/status"), json={}), "body.is_active")
    refused(admin.call("PATCH", "/api/operators/OP00000000/status",
                       json={"is_active": True}), 404)


def test_delete_ends_the_login(admin, anyone, make, sign_in):
    """Flaw 15: the login survived its operator."""
    operator = make(assigned_districts=[CHIBOMBO])
    client = sign_in(operator)
    reply = admin.delete(at(operator))
    assert reply.status_code == 200
    assert reply.json()["message"] == "Operator deleted"
    refused(client.get("/api/auth/me"), 401)
    refused(anyone.post("/api/auth/login", json={
        "email": operator["email"], "password": PASSWORD}, token=None), 401)
    assert refused(admin.delete(at(operator)), 404) == "Operator not found"
    refused(admin.get(at(operator)), 404)
    make(email=operator["email"])  # the address is free again


def test_who_registered_farmers_stays(admin, make, sign_in):
    operator = make(assigned_districts=[CHIBOMBO])
    client = sign_in(operator)
    for _ in range(2):
        assert client.post("/api/farmers", json=people.form()).status_code == 201
    detail = refused(admin.delete(at(operator)), 400)
    assert detail == "Cannot delete operator with 2 assigned farmers"
    assert client.get("/api/auth/me").status_code == 200


def test_every_change_is_in_the_audit(admin, make):
    operator = make(assigned_districts=[CHIBOMBO])
    admin.put(at(operator), json={"assigned_districts": [], "password": "Other-Passw0rd"})
    admin.call("PATCH", at(operator, "/status"), json={"is_active": False})
    admin.delete(at(operator))
    items = admin.get("/api/logs/?page_size=50&module=operators").json()["items"]
    rows = [i for i in reversed(items) if i["subject"] == operator["operator_id"]]
    assert [i["action"] for i in rows] == ["create_success", "update_success",
                                           "update_status", "delete_success"]
    assert rows[1]["before"]["assigned_districts"] == [CHIBOMBO]
    assert rows[1]["after"]["assigned_districts"] == []
    assert rows[1]["details"] == {"password_changed": True}
    assert PASSWORD not in str(rows) and "Other-Passw0rd" not in str(rows)


def test_no_secret_comes_out(admin, make):
    operator = make()
    text = json.dumps(find(admin, operator)) + admin.get(at(operator)).text
    assert "password" not in text and "argon2" not in text
