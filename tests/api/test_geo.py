# SPDX-License-Identifier: MIT
"""Provinces, districts, chiefdoms (contract 29-35); all public."""
import csv
import os

import pytest
import server as servers
from client import refused


def table(name):
    path = os.path.join(servers.ROOT, "sql", "data", name + ".csv")
    with open(path, encoding="utf-8", newline="") as f:
        return list(csv.DictReader(f))


def test_provinces(anyone):
    rows = anyone.get("/api/geo/provinces").json()
    assert len(rows) == 10
    assert rows == sorted(rows, key=lambda r: r["province_name"])
    assert rows[0] == {"province_code": "CP", "province_name": "Central Province"}
    assert {r["province_code"] for r in rows} == {r["province_id"]
                                                 for r in table("provinces")}


def test_one_province(anyone):
    whole = {"province_code": "CP", "province_name": "Central Province"}
    assert anyone.get("/api/geo/provinces/CP").json() == whole
    assert anyone.get("/api/geo/provinces/cp").json() == whole
    assert refused(anyone.get("/api/geo/provinces/xx"), 404) == "Province xx not found"


def test_districts(anyone):
    rows = anyone.get("/api/geo/districts").json()
    expected = {(r["district_id"], r["district_name"], r["province_id"])
                for r in table("districts")}
    assert len(rows) == 116
    assert {(r["district_code"], r["district_name"], r["province_code"])
            for r in rows} == expected
    assert all(set(r) == {"district_code", "district_name", "province_code"}
               for r in rows)


@pytest.mark.parametrize("code,count", [
    ("WP", 16), ("EP", 15), ("SP", 15), ("LP", 12), ("NP", 12), ("CP", 11), ("NW", 11),
    ("CB", 10), ("MP", 8), ("LK", 6), ("wp", 16), ("OTHER", 0), ("' OR 1=1", 0),
])
def test_districts_of_a_province(anyone, code, count):
    rows = anyone.get("/api/geo/districts", params={"province_code": code}).json()
    assert len(rows) == count
    assert all(r["province_code"] == code.upper() for r in rows)
    assert rows == sorted(rows, key=lambda r: r["district_name"])


def test_one_district(anyone):
    assert anyone.get("/api/geo/districts/cp01").json() == {
        "district_code": "CP01", "district_name": "Chibombo District",
        "province_code": "CP"}
    assert refused(anyone.get("/api/geo/districts/ZZ99"),
                   404) == "District ZZ99 not found"


def test_chiefdoms(anyone):
    rows = anyone.get("/api/geo/chiefdoms").json()
    expected = {(r["chiefdom_id"], r["chief_name"], r["district_id"])
                for r in table("chiefdoms")}
    assert len(rows) == 204
    assert {(r["chiefdom_code"], r["chiefdom_name"], r["district_code"])
            for r in rows} == expected
    assert all(set(r) == {"chiefdom_code", "chiefdom_name", "district_code"}
               for r in rows)


def test_chiefdoms_of_a_district(anyone):
    rows = anyone.get("/api/geo/chiefdoms?district_code=cp01").json()
    assert {"chiefdom_code": "CP01-001", "chiefdom_name": "Chief Chitanda",
            "district_code": "CP01"} in rows
    assert {r["district_code"] for r in rows} == {"CP01"}
    for nobody in ("OTHER", ".*", "CP0_", "CP0%25", "CP01%27"):
        assert anyone.get("/api/geo/chiefdoms?district_code=" + nobody).json() == []


def test_one_chiefdom(anyone):
    row = anyone.get("/api/geo/chiefdoms/CP01-001").json()
    assert row["chiefdom_name"] == "Chief Chitanda"
    reply = anyone.get("/api/geo/chiefdoms/CP01-999")
    assert refused(reply, 404) == "Chiefdom CP01-999 not found"


def test_hierarchy(anyone):
    whole = anyone.get("/api/geo/hierarchy").json()
    assert set(whole) == {"provinces"}
    assert len(whole["provinces"]) == 10
    districts = [d for p in whole["provinces"] for d in p["districts"]]
    chiefdoms = [c for d in districts for c in d["chiefdoms"]]
    assert (len(districts), len(chiefdoms)) == (116, 204)
    one = [p for p in whole["provinces"] if p["province_code"] == "CP"][0]
    assert one["capital"] == "Kabwe" and one["total_districts"] == 11
    assert set(one) <= {"province_name", "capital", "total_districts", "province_code",
                        "districts"}
    assert all(set(d) <= {"district_name", "province_name", "province_code",
                          "district_code", "chiefdoms"} for d in districts)
    assert all(set(c) <= {"title", "ethnic_group", "district_name", "province_code",
                          "district_code", "chiefdom_code", "chiefdom_name"}
               for c in chiefdoms)
    unknown = [c for c in chiefdoms if not c.get("ethnic_group")]
    assert len(unknown) == 48
    assert all(c.get("ethnic_group") is None for c in unknown)


def test_both_slash_forms_and_unknown_keys(anyone):
    for path in ("/api/geo/provinces", "/api/geo/districts", "/api/geo/chiefdoms",
                 "/api/geo/hierarchy", "/api/geo/provinces/CP", "/api/geo/districts/CP01",
                 "/api/geo/chiefdoms/CP01-001"):
        plain = anyone.get(path)
        assert plain.status_code == 200
        assert anyone.get(path + "/").json() == plain.json()
        assert anyone.get(path + "?t=1&nonsense=x").json() == plain.json()


def test_sent_codes_come_back_as_text(anyone):
    """The code stands in the error text as sent, and breaks nothing."""
    reply = anyone.get("/api/geo/provinces/%22%3Cscript%3E")
    assert refused(reply, 404) == 'Province "<script> not found'
    assert reply.headers["Content-Type"].startswith("application/json")
