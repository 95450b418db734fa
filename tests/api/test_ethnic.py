# SPDX-License-Identifier: MIT
"""Ethnic groups (contract 39-43): read by anybody, changed by administrators."""
import people
import pytest
from client import Client, faulty, refused

GROUPS = "/api/ethnic-groups"
FIRST = {"Bemba", "Tonga", "Chewa", "Lozi", "Nsenga", "Tumbuka", "Ngoni", "Lala",
         "Kaonde", "Lunda", "Luvale", "Mambwe", "Namwanga"}
NOBODY = "0123456789abcdef01234567"


@pytest.fixture
def group(admin):
    reply = admin.post(GROUPS, json={"name": people.word()})
    assert reply.status_code == 201, reply.text
    return reply.json()


def one(group):
    return GROUPS + "/" + group["_id"]


def names(client, query=""):
    return [g["name"] for g in client.get(GROUPS + query).json()]


def test_the_first_ones(anyone):
    rows = anyone.get(GROUPS).json()
    assert FIRST <= {g["name"] for g in rows}
    assert all(set(g) == {"name", "is_active", "_id", "created_at", "updated_at"}
               for g in rows)
    assert all(g["is_active"] for g in rows)
    assert names(anyone) == sorted(names(anyone))
    assert names(anyone, "/") == names(anyone, "?t=1") == names(anyone)


def test_one(anyone, group):
    assert set(group) == {"name", "is_active", "_id", "created_at", "updated_at"}
    assert group["is_active"] is True and group["created_at"] == group["updated_at"]
    assert anyone.get(one(group)).json() == group
    assert anyone.get(GROUPS + "/" + group["_id"].upper()).json() == group
    assert group["name"] in names(anyone)


@pytest.mark.parametrize("bad", ["zzz", "1", NOBODY, NOBODY + "0", "%27", "x" * 200])
def test_an_id_of_nothing_is_404(anyone, admin, bad):
    for reply in (anyone.get(GROUPS + "/" + bad), admin.delete(GROUPS + "/" + bad),
                  admin.put(GROUPS + "/" + bad, json={"is_active": True})):
        assert refused(reply, 404) == "Ethnic group not found"


def test_active_only(anyone, admin):
    name = people.word()
    group = admin.post(GROUPS, json={"name": name, "is_active": False}).json()
    assert group["is_active"] is False
    assert name not in names(anyone) and name not in names(anyone, "?active_only=true")
    assert name in names(anyone, "?active_only=false")
    assert name in names(anyone, "?active_only=0")
    faulty(anyone.get(GROUPS + "?active_only=perhaps"), "query.active_only")


@pytest.mark.parametrize("change", [str.upper, str.lower, lambda s: "  " + s + " ",
                                    lambda s: s[0] + "'" + s[1:]])
def test_a_name_is_there_once(admin, group, change):
    name = change(group["name"])
    reply = admin.post(GROUPS, json={"name": name})
    assert refused(reply, 409) == "Ethnic group '%s' already exists" % name


def test_a_name_is_no_pattern(admin, anyone):
    """Flaw 52: names were compared as patterns."""
    tail = people.word()
    for name in (".* " + tail, "[ " + tail + " x", "(a+)+$ " + tail):
        assert admin.post(GROUPS, json={"name": name}).status_code == 201
        assert name in names(anyone)


def test_change(anyone, admin, group):
    name = people.word()
    changed = admin.put(one(group), json={"name": name}).json()
    assert changed["name"] == name and changed["is_active"] is True
    assert changed["created_at"] == group["created_at"]
    assert changed["updated_at"] > group["updated_at"]
    off = admin.put(one(group), json={"is_active": False}).json()
    assert off["name"] == name and off["is_active"] is False
    assert admin.put(one(group), json={}).json() == off
    assert admin.put(one(group), json={"nonsense": 1}).json() == off
    assert anyone.get(one(group)).json() == off
    # its own name in other letters is no clash
    assert admin.put(one(group), json={"name": name.upper()}).json()["name"] == \
        name.upper()


def test_a_change_to_a_taken_name(anyone, admin, group):
    other = admin.post(GROUPS, json={"name": people.word()}).json()
    reply = admin.put(one(other), json={"name": group["name"].upper()})
    assert refused(reply, 409) == \
        "Ethnic group '%s' already exists" % group["name"].upper()
    assert anyone.get(one(other)).json() == other


@pytest.mark.parametrize("body,field,kind", [
    ({"name": None}, "name", None), ({"name": ""}, "name", "string_too_short"),
    ({"name": "x" * 101}, "name", "string_too_long"), ({"name": 1}, "name", "string_type"),
    ({"name": "a\tb"}, "name", "value_error"), ({"name": " - "}, "name", "value_error"),
    ({"name": "Good", "is_active": None}, "is_active", None),
    ({"name": "Good", "is_active": "maybe"}, "is_active", "bool_parsing"),
])
def test_bad_bodies(anyone, admin, group, body, field, kind):
    """CEM: name null made the row, and with it the whole list, a 500."""
    faulty(admin.put(one(group), json=body), "body." + field, kind)
    faulty(admin.post(GROUPS, json=body), "body." + field, kind)
    assert anyone.get(one(group)).json() == group
    assert anyone.get(GROUPS).status_code == 200


def test_a_name_is_needed(admin):
    faulty(admin.post(GROUPS, json={}), "body.name", "missing")


def test_delete_switches_off(anyone, admin, group):
    for _ in range(2):
        reply = admin.delete(one(group))
        assert reply.status_code == 204 and reply.content == b""
    assert anyone.get(one(group)).json()["is_active"] is False
    assert group["name"] not in names(anyone)
    assert admin.put(one(group), json={"is_active": True}).status_code == 200
    assert group["name"] in names(anyone)


def test_writes_need_an_administrator(anyone, operator, as_farmer, farmer, group):
    """Flaw 1: anybody could write here without signing in."""
    body = {"name": people.word()}
    for client in (operator, as_farmer(farmer)):
        for reply in (client.post(GROUPS, json=body), client.put(one(group), json=body),
                      client.delete(one(group))):
            assert "Required roles: ['ADMIN']" in refused(reply, 403)
    for reply in (anyone.post(GROUPS, json=body), anyone.put(one(group), json=body),
                  anyone.delete(one(group))):
        assert refused(reply, 403) == "Not authenticated"
    refused(anyone.post(GROUPS, json=body, token="nonsense"), 401)
    assert anyone.get(one(group)).json() == group


def test_writes_are_in_the_audit(admin, group):
    admin.put(one(group), json={"is_active": False})
    admin.put(one(group), json={})  # changes nothing
    admin.delete(one(group))
    rows = [r for r in admin.get("/api/logs?module=ethnic_groups&page_size=5").json()[
        "items"] if r["subject"] == group["_id"]]
    assert [r["action"] for r in rows] == ["delete_success", "update_success",
                                           "create_success"]
    assert rows[1]["before"] == {"name": group["name"], "is_active": True}
    assert rows[1]["after"] == {"name": group["name"], "is_active": False}
    assert {r["user_id"] for r in rows} == {admin.email}


def test_the_form_proposes_those_in_use(server, admin, operator, group):
    """The page on which operators register farmers."""
    page = Client(server)
    reply = page.post("/sign-in", headers={"Origin": server.base}, data={
        "email": operator.email, "password": operator.password})
    assert reply.status_code == 303, reply.text

    def proposals():
        text = page.get("/farmers/new").text
        part = text.split('<datalist id="ethnic-groups">')[1].split("</datalist>")[0]
        return [p.split('"')[0] for p in part.split('value="')[1:]]
    assert FIRST | {group["name"]} <= set(proposals())
    admin.delete(one(group))
    assert group["name"] not in proposals()
