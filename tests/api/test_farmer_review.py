# SPDX-License-Identifier: MIT
"""Standing: review, status and figures (contract 19, 20, 24), and the audit of what is
done to farmers."""
import json

import people
import pytest
import trail
from client import faulty, refused
from people import path

STATUSES = ["pending", "registered", "under_review", "verified", "rejected",
            "pending_documents", "approved"]
SESHEKE = {
    "province_code": "WP", "province_name": "Western Province", "district_code": "WP13",
    "district_name": "Sesheke District", "village": "Mwandi",
}


def review(client, farmer, tail="/review", **query):
    return client.call("PATCH", path(farmer, tail), params=query)


def test_review(operator, farmer):
    out = review(operator, farmer, new_status="verified", review_notes="seen ŋ").json()
    assert out["registration_status"] == "verified" and out["review_notes"] == "seen ŋ"
    assert out["reviewed_by"] == operator.email
    assert out["reviewed_at"] == out["updated_at"] > farmer["updated_at"]
    assert operator.get(path(farmer)).json() == out
    same = {k: v for k, v in farmer.items() if k not in (
        "registration_status", "review_notes", "reviewed_by", "reviewed_at",
        "updated_at")}
    assert {k: out[k] for k in same} == same


def test_notes_left_out_are_none(operator, farmer):
    review(operator, farmer, new_status="rejected", review_notes="blurred scan")
    assert review(operator, farmer, new_status="pending").json()["review_notes"] is None
    out = review(operator, farmer, new_status="pending", review_notes="").json()
    assert out["review_notes"] in ("", None)


@pytest.mark.parametrize("tail", ["/review", "/status"])
def test_every_status_and_the_synonym(operator, farmer, tail):
    """Flaw 38: each part of the program knew other words."""
    for status in STATUSES:
        out = review(operator, farmer, tail, new_status=status)
        assert out.status_code == 200, out.text
        assert out.json()["registration_status"] == status
    out = review(operator, farmer, tail, new_status="under_verification").json()
    assert out["registration_status"] == "under_review"


def test_status_keeps_the_notes(operator, farmer):
    review(operator, farmer, new_status="rejected", review_notes="no title deed")
    out = review(operator, farmer, "/status", new_status="approved").json()
    assert out["registration_status"] == "approved"
    assert out["review_notes"] == "no title deed"
    assert out["reviewed_by"] == operator.email


@pytest.mark.parametrize("tail", ["/review", "/status"])
def test_bad_status(operator, farmer, tail):
    faulty(review(operator, farmer, tail), "query.new_status", "missing")
    for bad in ("Verified", "nonsense", ""):
        faulty(review(operator, farmer, tail, new_status=bad), "query.new_status")
    assert operator.get(path(farmer)).json() == farmer


def test_long_notes(operator, farmer):
    """They travel in the query, where others keep little room for them."""
    for notes in ("x" * 2000, "ŋ" * 1000):
        out = review(operator, farmer, new_status="verified", review_notes=notes)
        assert out.status_code == 200 and out.json()["review_notes"] == notes


def test_bad_notes(operator, farmer):
    faulty(review(operator, farmer, new_status="verified", review_notes="x" * 2001),
           "query.review_notes", "string_too_long")
    refused(review(operator, farmer, new_status="verified", review_notes="a\x07b"),
            400, 422)
    assert operator.get(path(farmer)).json() == farmer


@pytest.mark.parametrize("tail", ["/review", "/status"])
def test_nobody_reviews_out_of_scope(anyone, admin, other_operator, lost_operator,
                                     as_farmer, farmer, tail):
    """Flaw 12: any operator reviewed anybody."""
    none = {"farmer_id": "ZM00000000"}
    assert refused(review(admin, none, tail, new_status="verified"), 404) == \
        "Farmer ZM00000000 not found"
    refused(review(other_operator, farmer, tail, new_status="verified"), 404)
    refused(review(lost_operator, farmer, tail, new_status="verified"), 404)
    refused(review(as_farmer(farmer), farmer, tail, new_status="verified"), 403)
    refused(review(anyone, farmer, tail, new_status="verified"), 403)
    assert admin.get(path(farmer)).json() == farmer


def test_every_transition_is_in_the_audit(server, operator, admin, farmer):
    first = review(operator, farmer, new_status="verified", review_notes="fine")
    review(admin, farmer, "/status", new_status="under_verification")
    operator.put(path(farmer), json={"registration_status": "rejected"})
    one, two, three = [r for r in trail.rows(server, farmer["farmer_id"])
                       if r["action"] != "create_success"]
    assert one["module"] == "farmers" and one["action"] == "review"
    assert one["before_values"] == {"registration_status": "pending",
                                    "review_notes": None}
    assert one["after_values"] == {"registration_status": "verified",
                                   "review_notes": "fine"}
    assert one["request_id"] == first.headers["X-Request-ID"]
    assert one["user_id"] and one["role"] == "OPERATOR" and one["ip_address"]
    assert one["endpoint"] == "/api/farmers/{farmer_id}/review"
    assert two["action"] == "status" and two["role"] == "ADMIN"
    assert two["before_values"] == {"registration_status": "verified"}
    assert two["after_values"] == {"registration_status": "under_review"}
    assert three["action"] == "update_success"
    assert three["after_values"] == {"registration_status": "rejected"}


def test_audit_of_registration_and_change(server, operator, enrol):
    """Flaw 26: NRC and birth date stood in the log."""
    farmer = enrol(operator, farm_info=people.FARM)
    made = trail.last(server, farmer["farmer_id"], "create_success")
    assert made["details"] == {"registration_status": "pending",
                               "district_name": "Chibombo District"}
    nrc = people.nrc()
    operator.put(path(farmer), json={
        "personal_info": {"nrc": nrc, "date_of_birth": "1977-07-07", "gender": "Other",
                          "first_name": "Mary"},
        "farm_info": {"crops_grown": ["rice", "\"beans\""], "farm_size_hectares": 3.5},
        "is_active": False})
    row = trail.last(server, farmer["farmer_id"], "update_success")
    assert row["before_values"] == {
        "gender": "Female", "farm_size_hectares": 2.5, "is_active": True,
        "crops_grown": ["maize", "groundnuts"], "nrc": "changed",
        "date_of_birth": "changed"}
    assert row["after_values"] == {
        "gender": "Other", "farm_size_hectares": 3.5, "is_active": False,
        "crops_grown": ["rice", "\"beans\""], "nrc": "changed",
        "date_of_birth": "changed"}
    words = json.dumps(trail.rows(server, farmer["farmer_id"]))
    for secret in (nrc, farmer["personal_info"]["nrc"], "1977-07-07", "1990-01-15"):
        assert secret not in words


def test_a_refused_change_leaves_no_trace(server, operator, farmer):
    refused(operator.put(path(farmer), json={"personal_info": {"nrc": "1"}}), 400)
    assert [r["action"] for r in trail.rows(server, farmer["farmer_id"])] == [
        "create_success"]


def test_audit_of_card_checks(server, operator, anyone, farmer):
    operator.post(path(farmer, "/generate-idcard"))
    made = trail.last(server, farmer["farmer_id"], "card_generate")
    before = len(trail.rows(server, action="qr_verify_failed"))
    refused(anyone.post("/api/farmers/verify-qr", json={"qr": "nonsense"}), 400)
    failed = trail.rows(server, action="qr_verify_failed")
    assert len(failed) == before + 1 and failed[-1]["user_id"] is None
    assert made["details"]["serial"]


def test_overview(new_user, anyone, admin, enrol, as_farmer):
    there = new_user(["Sesheke District"])
    zero = {"total_farmers": 0, "pending": 0, "approved": 0, "rejected": 0,
            "by_district": []}
    assert there.get("/api/farmers/stats/overview").json() == zero
    whole = admin.get("/api/farmers/stats/overview").json()
    farmers = [enrol(there, place=SESHEKE) for _ in STATUSES]
    for farmer, status in zip(farmers, STATUSES):
        review(there, farmer, new_status=status)
    assert there.get("/api/farmers/stats/overview").json() == {
        "total_farmers": 7, "pending": 4, "approved": 2, "rejected": 1,
        "by_district": [{"district": "Sesheke District", "count": 7}]}
    now = admin.get("/api/farmers/stats/overview").json()
    for name, more in (("total_farmers", 7), ("pending", 4), ("approved", 2),
                       ("rejected", 1)):
        assert now[name] == whole[name] + more
    counts = [d["count"] for d in now["by_district"]]
    assert counts == sorted(counts, reverse=True) and len(counts) <= 10
    assert now["total_farmers"] == admin.get("/api/farmers/count").json()["total"]
    refused(anyone.get("/api/farmers/stats/overview"), 403)
    refused(as_farmer(farmers[0]).get("/api/farmers/stats/overview"), 403)
