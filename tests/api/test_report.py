# SPDX-License-Identifier: MIT
"""Reports (contract 53-57), as JSON and as tables for a spreadsheet."""
import csv
import datetime
import io
import re

import people
import pytest
from client import faulty, refused
from conftest import CHIBOMBO

PATHS = ["dashboard", "farmers-by-region", "operator-performance", "activity-trends",
         "farmers-details"]


def report(admin, name, **query):
    reply = admin.get("/api/reports/" + name, params=query)
    assert reply.status_code == 200, reply.text
    return reply.json()


def table(admin, name, **query):
    reply = admin.get("/api/reports/" + name, params=dict(query, format="csv"))
    assert reply.status_code == 200, reply.text
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"] == (
        'attachment; filename="%s.csv"' % name)
    assert reply.content.startswith(b"\xef\xbb\xbf") and reply.content.endswith(b"\r\n")
    return list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"),
                                           newline="")))


def same(cell, value):
    """Is this what the table should have for a value of the JSON?"""
    if value is None:
        return cell == ""
    if isinstance(value, str):
        signs = tuple("=+-@\t\r\n＝＋－＠")
        return cell == ("'" if value.strip(" \u00a0\u3000")[:1] in signs else "") + value
    return float(cell) == value


@pytest.mark.parametrize("name", PATHS)
def test_for_administrators_only(anyone, operator, farmer, as_farmer, name):
    for client in (anyone, operator, as_farmer(farmer)):
        refused(client.get("/api/reports/" + name), 403)


@pytest.mark.parametrize("name", PATHS)
def test_formats(admin, name):
    faulty(admin.get("/api/reports/" + name, params={"format": "xlsx"}), "query.format")
    assert "metrics" in report(admin, name, format="json") or name != "dashboard"


def test_the_table_says_what_the_json_says(admin, operator, enrol):
    enrol(operator)
    for name, key in (("farmers-by-region", "regions"), ("activity-trends", "trends"),
                      ("operator-performance", "operators"),
                      ("farmers-details", "farmers")):
        whole, cells = report(admin, name)[key], table(admin, name)
        assert len(whole) == len(cells) > 0, name
        for item, row in zip(whole, cells):
            assert list(row) == list(item)
            wrong = [(k, row[k], v) for k, v in item.items() if not same(row[k], v)]
            assert not wrong
    metrics = report(admin, "dashboard")["metrics"]
    assert table(admin, "dashboard") == [{k: str(v) for k, v in metrics.items()}]


def test_metrics_agree_with_the_register(admin, enrol):
    before = report(admin, "dashboard")
    farmer = enrol()
    after = report(admin, "dashboard")
    if before["timestamp"][:7] != after["timestamp"][:7]:
        pytest.skip("a month has ended meanwhile")
    assert set(after) == {"timestamp", "metrics", "pending_verification"}
    for name in ("farmers_total", "farmers_registered_this_month"):
        assert after["metrics"][name] == before["metrics"][name] + 1
    assert after["pending_verification"] == before["pending_verification"] + 1
    assert after["metrics"]["farmers_total"] == admin.get(
        "/api/farmers/count").json()["total"]
    assert admin.delete(people.path(farmer)).status_code == 200
    again = report(admin, "dashboard")
    assert again["metrics"] == before["metrics"]
    assert again["pending_verification"] == before["pending_verification"]


def test_regions(admin, enrol):
    def count():
        return {(r["province"], r["district"]): r["farmer_count"]
                for r in report(admin, "farmers-by-region")["regions"]}
    place = ("Luapula Province", "Kawambwa District")
    before = count()
    enrol(place=people.KAWAMBWA)
    after = count()
    assert after[place] == before.get(place, 0) + 1
    assert sum(after.values()) == report(admin, "dashboard")["metrics"]["farmers_total"]
    assert list(after) == sorted(after)


def test_operators_have_their_names(admin, new_user, enrol):
    """Flaw 56: looked up one by one, and not found. Not the raw created_by as name and
    e-mail."""
    operator = new_user(["Chibombo District"], name="Ŋoma Operator")
    enrol(operator)
    enrol(operator)
    found = {o["email"]: o for o in report(admin, "operator-performance")["operators"]}
    row = found[operator.email]
    assert row["operator_name"] == "Ŋoma Operator"
    assert row["operator_id"].startswith("OP")
    assert (row["total_farmers"], row["recent_farmers_30d"]) == (2, 2)
    enrol(admin)
    found = {o["email"]: o for o in report(admin, "operator-performance")["operators"]}
    assert found[admin.email]["operator_id"] == admin.email
    totals = [o["total_farmers"]
              for o in report(admin, "operator-performance")["operators"]]
    assert totals == sorted(totals, reverse=True)
    assert sum(totals) == report(admin, "dashboard")["metrics"]["farmers_total"]


def test_trends_have_all_days(admin, enrol):
    enrol()
    trends = report(admin, "activity-trends")["trends"]
    days = [datetime.date.fromisoformat(t["date"]) for t in trends]
    assert len(days) == 14
    assert all((b - a).days == 1 for a, b in zip(days, days[1:]))
    now = datetime.datetime.now(datetime.timezone.utc).date()
    assert abs((now - days[-1]).days) <= 1
    assert trends[-1]["registrations"] > 0 or trends[-2]["registrations"] > 0


def test_details_bear_missing_parts(admin, enrol):
    """Flaw 55: one farmer without farm made it a 500. A farmer without farm is no
    failure."""
    bare, whole = enrol(), enrol(farm_info=people.FARM)
    found = {f["farmer_id"]: f for f in report(admin, "farmers-details")["farmers"]}
    row = found[bare["farmer_id"]]
    info = bare["personal_info"]
    assert row["nrc_number"] == info["nrc"]
    assert row["date_of_birth"] == info["date_of_birth"]
    assert (row["total_land_size"], row["crops"], row["years_farming"]) == (0, "None",
                                                                           None)
    assert (row["constituency"], row["ward"]) == ("", "")
    assert row["full_name"] == info["first_name"] + " " + info["last_name"]
    row = found[whole["farmer_id"]]
    assert (row["total_land_size"], row["crops"], row["years_farming"]) == (
        2.5, "maize, groundnuts", 7)
    assert row["registration_date"] == whole["created_at"][:10]


def test_details_come_in_pages(admin, enrol):
    """Flaw 55: it had no end."""
    enrol()
    last = enrol()
    whole = report(admin, "farmers-details")
    first = report(admin, "farmers-details", limit=1)
    second = report(admin, "farmers-details", skip=1, limit=1)
    assert first["farmers"][0]["farmer_id"] == last["farmer_id"]
    assert first["farmers"] + second["farmers"] == whole["farmers"][:2]
    beyond = report(admin, "farmers-details", skip=100000)
    assert beyond["farmers"] == []
    totals = {p["total_farmers"] for p in (whole, first, second, beyond)}
    assert totals == {admin.get("/api/farmers/count").json()["total"]}
    reply = admin.get("/api/reports/farmers-details",
                      params={"format": "csv", "limit": 1})
    assert reply.headers["X-Total"] == str(whole["total_farmers"])


@pytest.mark.parametrize("name,value", [("skip", -1), ("limit", 0), ("limit", 1001)])
def test_bad_pages(admin, name, value):
    faulty(admin.get("/api/reports/farmers-details", params={name: value}),
           "query." + name)


@pytest.mark.parametrize("first_name", [
    "=HYPERLINK(0)", "+1", "-1+1", "@SUM(A1)", "a,b", 'say "no"', '="a",b', "＝1+1",
    "  =1+1", "\u00a0@A"])
def test_formulas_are_not_run(admin, enrol, first_name):
    farmer = enrol(personal={"first_name": first_name, "last_name": "Banda"})
    rows = table(admin, "farmers-details", limit=1)
    assert rows[0]["farmer_id"] == farmer["farmer_id"]
    mark = "" if first_name in ("a,b", 'say "no"') else "'"
    assert rows[0]["full_name"] == mark + first_name + " Banda"
    assert rows[0]["phone_primary"] == "'" + farmer["personal_info"]["phone_primary"]


def test_long_records_end_no_worker(server, admin, new_user):
    """An operator's longest records, and a page of them was more than a request may hold:
    the report of all was 503, and each time a worker ended."""
    client = new_user([CHIBOMBO])
    corn = ["\U0001f33d" * 98 + "%02d" % i for i in range(20)]
    farm = dict(people.FARM, crops_grown=corn, livestock_types=corn)
    names = {"first_name": "\U0001f33d" * 100, "last_name": "\U0001f33d" * 100}
    before = server.children()
    made = [client.post("/api/farmers", json=people.form(personal=names, farm_info=farm))
            for _ in range(200)]
    try:
        details = "/api/reports/farmers-details"
        own = "/api/operators/%s/farmers" % made[0].json()["created_by"]
        for asks, path in ((client, own), (admin, details), (admin, details + "?format=csv")):
            more = "&" if "?" in path else "?"
            found = re.search(r"limit=(\d+)\.$", refused(asks.get(
                path + more + "limit=200"), 413))
            assert 20 < int(found[1]) < 200, path
            reply = asks.get(path + more + "limit=" + found[1])
            assert reply.status_code == 200 and len(reply.content) > 200000, path
        assert server.children() == before
    finally:
        for reply in made:
            admin.delete(people.path(reply.json()))
