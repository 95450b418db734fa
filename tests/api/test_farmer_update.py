# SPDX-License-Identifier: MIT
"""Changing a farmer's record (contract 18), and who may change what."""
import concurrent.futures

import people
import pytest
from client import Client, faulty, refused
from people import path, years_ago

def test_update_merges(operator, enrol):
    farmer = enrol(operator, farm_info=people.FARM, household_info=people.HOME)
    reply = operator.put(path(farmer), json={
        "personal_info": {"phone_secondary": "0966000000", "first_name": "Maria"},
        "farm_info": {"farm_size_hectares": 9.25},
        "household_info": {"household_size": 6}})
    assert reply.status_code == 200
    out = reply.json()
    assert out["personal_info"] == {**farmer["personal_info"], "first_name": "Maria",
                                    "phone_secondary": "0966000000"}
    assert out["farm_info"] == {**people.FARM, "farm_size_hectares": 9.25}
    assert out["household_info"] == {**people.HOME, "household_size": 6}
    assert out["address"] == farmer["address"]
    assert out["updated_at"] > farmer["updated_at"]
    assert out["created_at"] == farmer["created_at"]
    assert operator.get(path(farmer)).json() == out
    listed = operator.get("/api/farmers", params={"farmer_id_exact": farmer["farmer_id"]})
    assert listed.json()[0]["first_name"] == "Maria"


def test_update_of_nothing(operator, farmer):
    for body in ({}, {"personal_info": None, "address": None}, {"personal_info": {}},
                 {"nonsense": 1}):
        out = operator.put(path(farmer), json=body)
        assert out.status_code == 200
        assert {**out.json(), "updated_at": 0} == {**farmer, "updated_at": 0}


def test_update_with_the_whole_object(operator, enrol):
    """The edit form sends back all that it got, and unknown keys."""
    farmer = enrol(operator, farm_info=people.FARM)
    body = {k: farmer[k] for k in ("personal_info", "address", "farm_info")}
    body["personal_info"] = {k: v for k, v in body["personal_info"].items()
                             if v is not None}
    body["address"] = {k: v for k, v in body["address"].items() if v is not None}
    out = operator.put(path(farmer), json={**body, "ward": "x"})
    assert out.status_code == 200
    assert out.json()["personal_info"] == farmer["personal_info"]


def test_null_clears_nothing(operator, enrol):
    farmer = enrol(operator, personal={"email": "f@cem.example"}, farm_info=people.FARM)
    out = operator.put(path(farmer), json={
        "personal_info": {"email": None, "first_name": None}, "farm_info": None,
        "registration_status": None, "is_active": None}).json()
    assert out["personal_info"] == farmer["personal_info"]
    assert out["farm_info"] == people.FARM and out["is_active"] is True


def test_the_clients_edit_form_writes_genders_small(operator, farmer, as_farmer):
    """It offers male, female and other: its users could save nothing. What is stored, and
    printed on cards, stays as the registration writes it."""
    body = {"personal_info": dict(farmer["personal_info"], gender="female")}
    body["personal_info"] = {k: v for k, v in body["personal_info"].items() if v}
    for client in (operator, as_farmer(farmer)):
        reply = client.put(path(farmer), json=body)
        assert reply.status_code == 200, reply.text
        assert reply.json()["personal_info"] == farmer["personal_info"]
    body["personal_info"]["gender"] = "other"
    refused(as_farmer(farmer).put(path(farmer), json=body), 403)
    reply = operator.put(path(farmer), json=body)
    assert reply.json()["personal_info"]["gender"] == "Other"


@pytest.mark.parametrize("body,field", [
    ({"personal_info": {"phone_primary": "1"}}, "personal_info.phone_primary"),
    ({"personal_info": {"first_name": ""}}, "personal_info.first_name"),
    ({"personal_info": {"gender": "m"}}, "personal_info.gender"),
    ({"personal_info": {"gender": ""}}, "personal_info.gender"),
    ({"personal_info": 5}, "personal_info"), ({"address": []}, "address"),
    ({"address": {"village": "x" * 101}}, "address.village"),
    ({"registration_status": "nonsense"}, "registration_status"),
    ({"is_active": "perhaps"}, "is_active"), ({"is_active": []}, "is_active"),
    ({"review_notes": 5}, "review_notes"),
])
def test_update_fields(operator, farmer, body, field):
    faulty(operator.put(path(farmer), json=body), "body." + field)
    assert operator.get(path(farmer)).json() == farmer


@pytest.mark.parametrize("section,part", [
    ("farm_info", {"farm_size_hectares": 2}), ("farm_info", {"years_farming": 2}),
    ("farm_info", {"crops_grown": ["maize"]}), ("household_info", {"household_size": 2}),
])
def test_half_a_section_onto_nothing(operator, farmer, section, part):
    """Flaw 37: it was stored, and the farmer was a 500 for ever."""
    refused(operator.put(path(farmer), json={section: part}), 422)
    assert operator.get(path(farmer)).json()[section] is None


def test_whole_section_onto_nothing(operator, farmer):
    out = operator.put(path(farmer), json={"farm_info": people.FARM}).json()
    assert out["farm_info"] == people.FARM


def test_update_of_nrc(admin, anyone, enrol):
    """Flaw 36: a change was not checked, and searched by the old NRC."""
    farmer, other = enrol(), enrol()
    old, new = farmer["personal_info"]["nrc"], people.nrc()
    for bad in ("", "1", "123456/12/1\n"):
        refused(admin.put(path(farmer), json={"personal_info": {"nrc": bad}}), 400, 422)
    reply = admin.put(path(farmer),
                      json={"personal_info": {"nrc": other["personal_info"]["nrc"]}})
    refused(reply, 409)
    assert admin.get(path(farmer)).json()["personal_info"]["nrc"] == old
    same = admin.put(path(farmer), json={"personal_info": {"nrc": old}})
    assert same.status_code == 200
    out = admin.put(path(farmer), json={"personal_info": {"nrc": new}}).json()
    assert out["personal_info"]["nrc"] == new

    def find(nrc):
        return [r["farmer_id"] for r in admin.get("/api/farmers",
                                                  params={"nrc": nrc}).json()]
    assert find(old) == [] and find(new) == [farmer["farmer_id"]]
    birth = farmer["personal_info"]["date_of_birth"]
    body = {"email": old, "password": birth, "role": "farmer"}
    refused(anyone.post("/api/auth/login", json=body), 401)
    assert anyone.post("/api/auth/login",
                       json={**body, "email": new}).status_code == 200
    again = admin.post("/api/farmers", json=people.form(personal={"nrc": old}))
    assert again.status_code == 201


@pytest.mark.parametrize("birth", ["", "1990-02-30", years_ago(17), years_ago(122), "x"])
def test_update_of_birth_date(admin, farmer, birth):
    """Flaw 36: a change was not checked."""
    body = {"personal_info": {"date_of_birth": birth}}
    refused(admin.put(path(farmer), json=body), 400, 422)
    assert admin.get(path(farmer)).json() == farmer


def test_status_synonym(operator, farmer):
    out = operator.put(path(farmer), json={"registration_status": "under_verification",
                                           "review_notes": "papers seen"}).json()
    assert out["registration_status"] == "under_review"
    assert out["review_notes"] == "papers seen"


def test_a_farmer_changes_own_contact(farmer, as_farmer):
    mine = as_farmer(farmer)
    reply = mine.put(path(farmer),
                     json={"personal_info": {"phone_secondary": "0966111111"},
                                         "farm_info": people.FARM})
    assert reply.status_code == 200
    assert reply.json()["personal_info"]["phone_secondary"] == "0966111111"


@pytest.mark.parametrize("body", [
    {"registration_status": "verified"}, {"registration_status": "approved"},
    {"is_active": False}, {"review_notes": "fine"},
    {"personal_info": {"nrc": "999999/99/9"}},
    {"personal_info": {"date_of_birth": "1980-01-01"}},
    {"personal_info": {"first_name": "Allowed", "nrc": "999999/99/9"}},
])
def test_a_farmer_changes_no_privileged_field(farmer, as_farmer, body):
    """Flaw 2: a farmer could verify himself."""
    mine = as_farmer(farmer)
    refused(mine.put(path(farmer), json=body), 403)
    assert mine.get(path(farmer)).json() == farmer


def test_a_farmer_may_send_privileged_fields_unchanged(farmer, as_farmer):
    info = farmer["personal_info"]
    reply = as_farmer(farmer).put(path(farmer), json={
        "registration_status": "pending", "is_active": True, "review_notes": None,
        "personal_info": {"nrc": info["nrc"], "date_of_birth": info["date_of_birth"],
                          "first_name": info["first_name"],
                          "phone_secondary": "0966000001"}})
    assert reply.status_code == 200
    assert reply.json()["personal_info"]["phone_secondary"] == "0966000001"


def test_a_farmer_may_send_nothing_as_empty(enrol, as_farmer):
    """Where nobody noted a chiefdom, the client's form sends "" for it."""
    farmer = enrol(address={"chiefdom_code": ..., "chiefdom_name": ...})
    none = {"chiefdom_code": "", "chiefdom_name": ""}
    reply = as_farmer(farmer).put(path(farmer), json={"address": dict(none, street="A")})
    assert reply.status_code == 200, reply.text
    refused(as_farmer(farmer).put(path(farmer), json={
        "address": {"chiefdom_name": "Chief Chitanda"}}), 403)


@pytest.mark.parametrize("part,change", [
    ("personal_info", {"first_name": "Minister"}),
    ("personal_info", {"last_name": "Somebody Else"}), ("personal_info", {"gender": "Other"}),
    ("address", {"province_name": "Lusaka Province"}), ("address", {"district_code": "LP99"}),
    ("address", {"chiefdom_name": "Chief Nobody"})])
def test_a_farmer_may_not_rewrite_who_he_is(farmer, as_farmer, part, change):
    """What is printed and signed on the card is the office's to change."""
    refused(as_farmer(farmer).put(path(farmer), json={part: change}), 403)


def test_a_new_birth_date_ends_the_sessions(admin, farmer, as_farmer):
    """NRC and birth date are the way in: who came in by the old ones is out."""
    session = as_farmer(farmer)
    assert session.get("/api/auth/me").status_code == 200
    reply = admin.put(path(farmer), json={"personal_info": {"date_of_birth": "1981-02-03"}})
    assert reply.status_code == 200
    refused(session.get("/api/auth/me"), 401)


def test_an_operator_moves_nobody_out_of_scope(operator, farmer):
    reply = operator.put(path(farmer), json={"address": people.KAWAMBWA})
    refused(reply, 403)
    assert operator.get(path(farmer)).json() == farmer


def test_nothing_happens_to_unknown_farmers(admin):
    reply = admin.put("/api/farmers/ZM00000000", json={"is_active": False})
    assert refused(reply, 404) == "Farmer ZM00000000 not found"


@pytest.mark.parametrize("body", [
    {"created_by": "me"}, {"farmer_id": "ZM00000000"}, {"_id": "0" * 24},
    {"photo_file_id": "0" * 24}, {"documents": {"photo": "/api/files/" + "0" * 24}},
    {"identification_documents": [{"doc_type": "nrc"}]}, {"reviewed_by": "me"},
    {"id_card_generated_at": "2026-01-01T00:00:00Z"}, {"deleted_at": 1},
    {"nrc_hash": "0" * 64}, {"nrc": "999999/99/9"}, {"verified": True},
    {"personal_info": {"farmer_id": "ZM00000000", "is_active": False}},
    {"personal_info": {"registration_status": "verified"}},
    {"registration_status": None}, {"is_active": None}, {"personal_info": {"nrc": None}},
], ids=str)
def test_what_is_no_field_of_the_form_changes_nothing(operator, farmer, as_farmer, body):
    """Flaw 2: any key that somebody added was taken over."""
    for client in (as_farmer(farmer), operator):
        assert client.put(path(farmer), json=body).status_code == 200
        now = operator.get(path(farmer)).json()
        assert {**now, "updated_at": farmer["updated_at"]} == farmer


@pytest.mark.parametrize("change", [
    {"gps_latitude": 15.4, "gps_longitude": 28.3}, {"gps_longitude": -28.3}])
def test_update_of_a_place_on_earth(operator, enrol, change):
    """Flaw 36: a change was not checked, nor is the half of it that stays."""
    farmer = enrol(address={"gps_latitude": -15.4, "gps_longitude": 28.3})
    refused(operator.put(path(farmer), json={"address": change}), 400)
    assert operator.get(path(farmer)).json() == farmer


@pytest.mark.parametrize("name,value", [
    ("nrc", "１２３４５６/12/1"), ("nrc", "١٢٣٤٥٦/12/1"), ("nrc", "123456/12/1\n"),
    ("nrc", "123456∕12∕1"), ("date_of_birth", "١٩٩٠-01-15"),
    ("date_of_birth", "1990-01-15\n"), ("date_of_birth", "1990-1-15"),
    ("phone_primary", "٠977123456"), ("phone_primary", "0977123456\n"),
    ("phone_secondary", "+26097712345６"), ("email", "a@b.example\n"),
])
def test_other_digits_and_line_ends_are_refused(operator, farmer, name, value):
    """Flaw 40: they passed, also when registering."""
    body = {"personal_info": {name: value}}
    refused(operator.put(path(farmer), json=body), 400, 422)
    refused(operator.post("/api/farmers", json=people.form(**{
        "personal": body["personal_info"]})), 400, 422)
    assert operator.get(path(farmer)).json() == farmer


def test_one_nrc_of_many_changes_at_once(server, recorder, admin, enrol):
    """Flaw 34: two changes and a registration of one NRC: exactly one is done."""
    clients = [Client(server, recorder) for _ in range(3)]
    for client in clients:
        client.token = admin.token
    for _ in range(4):
        nrc, pair = people.nrc(), (enrol(), enrol())

        def ask(i, nrc=nrc, pair=pair):
            if i == 2:
                return clients[i].post("/api/farmers", json=people.form(
                    personal={"nrc": nrc})).status_code
            return clients[i].put(path(pair[i]), json={
                "personal_info": {"nrc": nrc}}).status_code
        with concurrent.futures.ThreadPoolExecutor(3) as pool:
            statuses = list(pool.map(ask, range(3)))
        assert sorted(statuses)[1:] == [409, 409] and min(statuses) < 300, statuses
        assert len(admin.get("/api/farmers", params={"nrc": nrc}).json()) == 1


def test_who_may_not_register_learns_of_no_nrc(anyone, operator, lost_operator, enrol,
                                               as_farmer, farmer):
    """Flaw 65: that an NRC is taken, and by whom, is for those who may register there."""
    taken = enrol(place=people.KAWAMBWA)["personal_info"]["nrc"]
    mine = as_farmer(farmer)
    for client in (anyone, mine, operator, lost_operator):
        answers = {refused(client.post("/api/farmers", json=people.form(
            personal={"nrc": nrc}, place=people.KAWAMBWA)), 403)
            for nrc in (taken, people.nrc())}
        assert len(answers) == 1, answers
    answers = {refused(mine.put(path(farmer), json={"personal_info": {"nrc": nrc}}), 403)
               for nrc in (taken, people.nrc())}
    assert len(answers) == 1, answers
