# SPDX-License-Identifier: MIT
"""Places that offices add (contract 36-38). Runs after test_geo, which counts."""
import concurrent.futures

import people
import pytest
from client import faulty, refused

PROVINCES, DISTRICTS, CHIEFDOMS = ("/api/geo/custom/" + n for n in (
    "provinces", "districts", "chiefdoms"))


def add(client, path, **body):
    reply = client.post(path, json=body)
    assert reply.status_code == 201, reply.text
    return reply.json()


def codes(anyone, kind):
    return [r[kind[:-1] + "_code"] for r in anyone.get("/api/geo/" + kind).json()]


@pytest.fixture(scope="module")
def province(operator):
    return add(operator, PROVINCES, province_name=people.word() + " Land")


@pytest.fixture(scope="module")
def district(operator, province):
    return add(operator, DISTRICTS, district_name=people.word(),
               province_code=province["province_code"])


def test_a_province(anyone, operator):
    new = add(operator, PROVINCES, province_name="Zealand")
    assert new == {"message": "Province added successfully", "province_code": "ZX",
                   "province_name": "Zealand"}
    assert anyone.get("/api/geo/provinces/zx").json() == {
        "province_code": "ZX", "province_name": "Zealand"}
    for again in ("Zealand", "zEALAND", "  Zéaland "):
        assert add(operator, PROVINCES, province_name=again) == dict(
            new, message="Province already exists")


def test_first_letters_make_the_code(operator):
    assert add(operator, PROVINCES, name="quiet Yonder land")["province_code"] == "QY"
    assert add(operator, PROVINCES, name="Quick Yard")["province_code"] == "QY1"
    assert add(operator, PROVINCES, name="Quirky & Yellow")["province_code"] == "QY2"
    assert add(operator, PROVINCES, name="Öland Üst")["province_code"] == "OU"
    assert add(operator, PROVINCES, name="Ŋala")["province_code"] == "NX"


def test_a_new_code_is_never_that_of_a_first_place(anyone, operator):
    """Flaw 35: "Copper Province" got CP, which is Central's; CP01 and CP01-001
    followed."""
    first = {kind: set(codes(anyone, kind))
             for kind in ("provinces", "districts", "chiefdoms")}
    new = add(operator, PROVINCES, province_name="Copper Province")
    assert new["province_code"] == "CP1"
    one = add(operator, DISTRICTS, district_name="Copper Hill", province_code="CP")
    assert one["district_code"] == "CP12"
    two = add(operator, CHIEFDOMS, chiefdom_name="Chief Copper", district_code="CP01")
    assert two["chiefdom_code"] not in first["chiefdoms"]
    for kind in first:
        now = codes(anyone, kind)
        assert len(now) == len(set(now)) == len(first[kind]) + 1
        assert first[kind] < set(now)


def test_a_district_and_a_chiefdom(anyone, operator, province):
    code = province["province_code"]
    name = people.word()
    new = add(operator, DISTRICTS, name=name, province_code=code.lower())
    assert new == {"message": "District added successfully",
                   "district_code": code + "01", "district_name": name}
    assert add(operator, DISTRICTS, district_name=name.upper(), province_code=code) == \
        dict(new, message="District already exists")
    assert add(operator, DISTRICTS, district_name=name + " B",
               province_code=code)["district_code"] == code + "02"
    chief = add(operator, CHIEFDOMS, chiefdom_name="Chief New",
                district_code=code + "01")
    assert chief == {"message": "Chiefdom added successfully",
                     "chiefdom_code": code + "01-001", "chiefdom_name": "Chief New"}
    assert add(operator, CHIEFDOMS, name="CHIEF  NEW", district_code=code + "01") == \
        dict(chief, message="Chiefdom already exists")
    assert anyone.get("/api/geo/chiefdoms?district_code=%s01" % code).json() == [{
        "chiefdom_code": code + "01-001", "chiefdom_name": "Chief New",
        "district_code": code + "01"}]


def test_the_first_places_exist_already(operator):
    assert add(operator, PROVINCES, name="central province") == {
        "message": "Province already exists", "province_code": "CP",
        "province_name": "Central Province"}
    assert add(operator, DISTRICTS, name="CHIBOMBO DISTRICT", province_code="cp")[
        "district_code"] == "CP01"
    assert add(operator, CHIEFDOMS, name="chief chitanda", district_code="cp01")[
        "chiefdom_code"] == "CP01-001"


def test_the_same_name_below_another_parent_is_another_place(operator, province):
    new = add(operator, DISTRICTS, name="Mumbwa District",
              province_code=province["province_code"])
    assert new["message"] == "District added successfully"
    assert new["district_code"].startswith(province["province_code"])


def test_the_tree_shows_them(anyone, operator, province, district):
    chief = add(operator, CHIEFDOMS, name="Chief Tree",
                district_code=district["district_code"])
    tree = anyone.get("/api/geo/hierarchy").json()["provinces"]
    one, = [p for p in tree if p["province_code"] == province["province_code"]]
    assert one["province_name"] == province["province_name"] and one["capital"] is None
    assert one["total_districts"] == len(one["districts"]) > 0
    two, = [d for d in one["districts"]
            if d["district_code"] == district["district_code"]]
    assert [c["chiefdom_code"] for c in two["chiefdoms"]] == [chief["chiefdom_code"]]
    assert two["chiefdoms"][0]["title"] is None


def test_the_tree_tells_nothing_of_who_added(anyone, operator, province):
    """Flaw 63: the public tree had e-mails of those who added places."""
    text = anyone.get("/api/geo/hierarchy").text
    assert province["province_code"] in text
    for leak in (operator.email, "added_by", "custom_added", "_ref", "place_key"):
        assert leak not in text


def test_a_farmer_of_an_added_place(admin, enrol, province, district):
    farmer = enrol(address={
        "province_code": province["province_code"],
        "province_name": province["province_name"],
        "district_code": district["district_code"],
        "district_name": district["district_name"], "chiefdom_code": None,
        "chiefdom_name": None})
    assert farmer["address"]["district_code"] == district["district_code"]


def test_the_parent_must_exist(operator):
    """Flaw 35: it was never looked for."""
    reply = operator.post(DISTRICTS, json={"name": "Nowhere", "province_code": "??"})
    assert refused(reply, 404) == "Province ?? not found"
    reply = operator.post(CHIEFDOMS, json={"name": "Nowhere", "district_code": "OTHER"})
    assert refused(reply, 404) == "District OTHER not found"


def test_a_name_is_no_pattern(operator):
    """Flaw 52: ".*" was found to exist already."""
    new = add(operator, PROVINCES, name="J.* [")
    assert new["message"] == "Province added successfully"
    assert add(operator, PROVINCES, name="(J+)+$ x")["message"] == \
        "Province added successfully"


@pytest.mark.parametrize("body,field,kind", [
    ({}, "province_name", "missing"), ({"province_name": None}, "province_name", None),
    ({"name": "x"}, "province_name", "string_too_short"),
    ({"name": "x" * 101}, "province_name", "string_too_long"),
    ({"name": 5}, "province_name", "string_type"),
    ({"name": "a\nb"}, "province_name", "value_error"),
    ({"name": "  "}, "province_name", "value_error"),
    ({"name": "''--"}, "province_name", "value_error"),
])
def test_bad_names(operator, body, field, kind):
    faulty(operator.post(PROVINCES, json=body), "body." + field, kind)


def test_the_longest_name(operator):
    name = "Ĝ" + "é" * 99
    assert add(operator, PROVINCES, name=name)["province_name"] == name


@pytest.mark.parametrize("path,parent", [
    (DISTRICTS, "province_code"), (CHIEFDOMS, "district_code")])
def test_bad_parents(operator, path, parent):
    faulty(operator.post(path, json={"name": "Good"}), "body." + parent, "missing")
    for code, kind in (("C", "string_too_short"), ("C" * 11, "string_too_long"),
                       (7, "string_type")):
        faulty(operator.post(path, json={"name": "Good", parent: code}),
               "body." + parent, kind)


@pytest.mark.parametrize("path", [PROVINCES, DISTRICTS, CHIEFDOMS])
def test_who_may(anyone, as_farmer, farmer, path):
    body = {"name": "Mine", "province_code": "CP", "district_code": "CP01"}
    assert refused(anyone.post(path, json=body), 403) == "Not authenticated"
    assert "Required roles: ['ADMIN', 'OPERATOR']" in refused(
        as_farmer(farmer).post(path, json=body), 403)


def test_who_added_it_is_in_the_audit(admin, operator):
    name = people.word() + " Zone"
    reply = operator.post(PROVINCES, json={"name": name})
    code = reply.json()["province_code"]
    operator.post(PROVINCES, json={"name": name})  # adds nothing
    rows = [r for r in admin.get("/api/logs?module=geo_custom&page_size=5").json()["items"]
            if r["subject"] == code]
    assert len(rows) == 1
    row = rows[0]
    assert row["action"] == "add_province" and row["level"] == "INFO"
    assert row["after"] == {"code": code, "name": name, "parent": None}
    assert row["user_id"] and row["role"] == "OPERATOR"
    assert row["request_id"] == reply.headers["X-Request-ID"]
    assert row["endpoint"] == PROVINCES


def test_many_at_once(new_user, anyone, province):
    """Flaw 35: codes were chosen in a loop that two could win. Two of one name become
    one place; different names become different codes."""
    clients = [new_user([], "admin") for _ in range(4)]
    names = [people.word() for _ in range(4)] * 4
    code = province["province_code"]

    def one(i):
        return add(clients[i % 4], DISTRICTS, name=names[(i + i // 4) % 4],
                   province_code=code)
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        found = list(pool.map(one, range(16)))
    assert len({f["district_code"] for f in found}) == 4
    assert len({(f["district_code"], f["district_name"]) for f in found}) == 4
    assert sum(f["message"] == "District added successfully" for f in found) == 4
    all_codes = codes(anyone, "districts")
    assert len(all_codes) == len(set(all_codes))


@pytest.mark.parametrize("kind", ["provinces", "districts", "chiefdoms"])
def test_every_code_leads_to_its_own_place(anyone, kind):
    """Flaw 41: of two places with one code only the first was found, and lists were cut
    without a word."""
    rows = anyone.get("/api/geo/" + kind).json()
    tree = anyone.get("/api/geo/hierarchy").json()["provinces"]
    if kind != "provinces":
        tree = [d for p in tree for d in p["districts"]]
    if kind == "chiefdoms":
        tree = [c for d in tree for c in d["chiefdoms"]]
    assert len(rows) == len(tree)
    for row in rows[::7] + rows[-3:]:
        code = row[kind[:-1] + "_code"]
        assert anyone.get("/api/geo/%s/%s" % (kind, code)).json() == row


def test_there_is_an_end(anyone, admin):
    """The public lists stay small. Last, as no province can be added afterwards."""
    for i in range(101):
        reply = admin.post(PROVINCES, json={"name": "Full %d" % i})
        if reply.status_code != 201:
            break
    assert refused(reply, 409) == "There is no room for one more province"
    assert len(codes(anyone, "provinces")) == 100
    assert add(admin, PROVINCES, name="full 0")["message"] == "Province already exists"
