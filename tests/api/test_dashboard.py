# SPDX-License-Identifier: MIT
"""The first figures of the office (contract 52)."""
import people
from client import refused


def figures(client):
    reply = client.get("/api/dashboard/stats")
    assert reply.status_code == 200, reply.text
    return reply.json()


def test_shape(admin, farmer):
    found = figures(admin)
    assert set(found) == {"farmers", "users", "operators", "generated_at"}
    assert isinstance(found["operators"], int) and found["users"] > found["operators"] - 1
    assert found["generated_at"].endswith("+00:00")
    first = found["farmers"]["recent"][0]
    info = farmer["personal_info"]
    assert first["farmer_id"] == farmer["farmer_id"]
    assert first["name"] == info["first_name"] + " " + info["last_name"]
    assert first["district"] == "Chibombo District"
    assert len(found["farmers"]["recent"]) <= 5


def test_no_status_is_in_no_group(admin, enrol):
    """Flaw 38: every status counts: approved and verified as active, others as
    pending."""
    before = figures(admin)["farmers"]
    groups = {"pending": "pending", "registered": "pending", "under_review": "pending",
              "pending_documents": "pending", "verified": "active",
              "approved": "active", "rejected": "rejected"}
    for status, group in groups.items():
        farmer = enrol()
        reply = admin.put(people.path(farmer), json={"registration_status": status})
        assert reply.status_code == 200, reply.text
        after = figures(admin)["farmers"]
        assert after["total"] == before["total"] + 1
        assert after[group] == before[group] + 1, status
        assert after["total"] == after["active"] + after["pending"] + after["rejected"]
        before = after


def test_operators_see_their_districts(admin, new_user, enrol):
    """Flaw 12: figures were of the whole register."""
    here = new_user(["Kabwe District"])
    before, whole = figures(here)["farmers"], figures(admin)["farmers"]
    enrol()
    assert figures(here)["farmers"] == before
    assert figures(admin)["farmers"]["total"] == whole["total"] + 1
    kabwe = enrol(address={"district_code": "CP03", "district_name": "Kabwe District"})
    after = figures(here)["farmers"]
    assert after["total"] == before["total"] + 1
    assert after["recent"][0]["farmer_id"] == kabwe["farmer_id"]
    assert {f["district"] for f in after["recent"]} == {"Kabwe District"}


def test_without_districts_there_is_nothing(lost_operator, farmer):
    assert figures(lost_operator)["farmers"] == {
        "total": 0, "active": 0, "pending": 0, "rejected": 0, "recent": []}


def test_not_for_farmers(anyone, farmer, as_farmer):
    refused(anyone.get("/api/dashboard/stats"), 403)
    refused(as_farmer(farmer).get("/api/dashboard/stats"), 403)
