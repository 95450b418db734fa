# SPDX-License-Identifier: MIT
"""cem import cem: the register of the system before, from an invented dump
(tests/data/cem). Ids, hashes and dates stay; what can't be taken is told."""
import os
import shutil

import pytest
import server as servers
import trail
from client import Client, refused
from server import CEM

DUMP = os.path.join(os.path.dirname(CEM), "..", "..", "tests", "data", "cem")
FAR = "Far District"
MARY, CHANDA, BWALYA = "ZM0LD00001", "LEGACY_FFEE0202", "ZM0LD00007"


def oid(n):
    return "65f0c0ffee65f0c0ffee%04x" % n


def run(server, folder, *words):
    status, out, err = server.cem("import", "cem", folder, "--config", server.config,
                                  *words, check=False)
    lines = [line for line in out.split("\n") if line]
    return status, {line for line in lines if "there already" not in line}, {
        line.split(":")[0]: line.split(": ")[1] for line in lines
        if "there already" in line}, err


@pytest.fixture(scope="module")
def server():
    """One of its own: the old ids would stand before all others in every list."""
    running = servers.Server(workers=2)
    try:
        yield running.start()
    finally:
        running.end()


@pytest.fixture(scope="module")
def admin(server, recorder):
    return Client(server, recorder).login(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)


@pytest.fixture(scope="module")
def folder(server):
    path = os.path.join(os.path.dirname(server.state), "dump")
    shutil.copytree(os.path.normpath(DUMP), path)
    return path


@pytest.fixture(scope="module")
def dump(server, admin, folder):
    """The dump as it is tried, imported, and imported once more."""
    before = admin.get("/api/farmers/count").json()["total"]
    tried = run(server, folder, "--dry-run")
    assert admin.get("/api/farmers/count").json()["total"] == before
    refused(admin.get("/api/farmers/" + MARY), 404)
    return tried, run(server, folder), run(server, folder)


def test_what_is_taken(dump):
    tried, done, again = dump
    assert (tried[0], done[0], again[0]) == (1, 1, 1)  # some records are refused
    assert done[2] == {
        "ethnic_groups": "1 taken, 1 there already, 0 refused",
        "users": "3 taken, 0 there already, 5 refused",
        "operators": "2 taken, 0 there already, 1 refused",
        "farmers": "3 taken, 0 there already, 5 refused",
        "supply_requests": "1 taken, 0 there already, 4 refused"}
    assert {k: v.replace("would be taken", "taken") for k, v in tried[2].items()
            } == done[2]
    assert again[2] == {
        "ethnic_groups": "0 taken, 2 there already, 0 refused",
        "users": "0 taken, 3 there already, 5 refused",
        "operators": "0 taken, 2 there already, 1 refused",
        "farmers": "0 taken, 3 there already, 5 refused",
        "supply_requests": "0 taken, 1 there already, 4 refused"}


def test_what_is_refused_is_told(dump):
    told = dump[1][1]
    for n, words in (
            (0x005, "refused: its password hash is of no kind that can be checked"),
            (0x006, "refused: its e-mail address is none"),
            (0x007, "refused: another account has its e-mail address"),
            (0x004, "refused: it has no role"),
            (0x102, "note: a district of it is in no list: Far District"),
            (0x104, "refused: its account is not there"),
            (0x203, "refused: Validation failed: Invalid NRC format"),
            (0x204, "refused: farmer ZM0LD00001 has the same NRC"),
            (0x205, "refused: its status is unknown"),
            (0x206, "refused: its number, or its id, is another farmer's"),
            (0x208, "refused: its farmer_id has other signs"),
            (0x201, "note: photo, documents and card are not in an export"),
            (0x202, "note: its farm_info is not whole and was left out"),
            (0x302, "refused: its farmer is not in the register"),
            (0x303, "refused: Validation error: request.urgency"),
            (0x304, "refused: Validation error: request.items")):
        assert [line for line in told if oid(n) + " " + words in line], (n, told)
    assert "supply_requests record 5 refused: is no JSON object, or larger than 1 MB" \
        in told
    for text in list(told) + [dump[1][3]]:  # a time's digits may be any
        assert "765432/" not in text and "1990-" not in text and "$2b$" not in text


def test_old_passwords_still_open(server, dump, recorder):
    old = Client(server, recorder).login("root.old@cem.example", "Old-Passw0rd", "admin")
    assert old.user["_id"] == oid(1) and old.user["full_name"] == "Old Root"
    assert old.user["created_at"] == "2025-03-01T08:00:00.123000+00:00"
    # the hash is a new one now; the password the same
    Client(server, recorder).login("root.old@cem.example", "Old-Passw0rd", "admin")
    wrong = Client(server).post("/api/auth/login", json={
        "email": "op.old@cem.example", "password": "wrong"})
    assert refused(wrong, 401) == "Invalid email or password"
    off = Client(server).post("/api/auth/login", json={
        "email": "off@cem.example", "password": "Off-Passw0rd"})
    assert "disabled" in refused(off, 403)


def test_operators_see_their_districts(server, dump, recorder):
    client = Client(server, recorder).login("op.old@cem.example", "Op-Passw0rd1",
                                            "operator")
    me = client.get("/api/operators/me").json()
    assert me["operator_id"] == "OP5C43AB42" and me["name"] == "Op Old"
    assert sorted(me["assigned_districts"]) == ["Chibombo District", FAR]
    for number in (MARY, CHANDA, BWALYA):
        assert client.get("/api/farmers/" + number).status_code == 200
    found = client.get("/api/operators/OP5C43AB42/farmers").json()["results"]
    assert {f["farmer_id"] for f in found} == {MARY, CHANDA}


def test_farmers_are_what_they_were(admin, dump):
    mary = admin.get("/api/farmers/" + MARY).json()
    assert mary["_id"] == oid(0x201) and mary["registration_status"] == "verified"
    assert mary["created_at"] == "2025-04-05T06:07:08.900000+00:00"
    assert mary["created_by"] == "OP5C43AB42" and mary["review_notes"] == "seen"
    assert mary["reviewed_by"] == "root.old@cem.example" and mary["reviewed_at"]
    assert mary["personal_info"]["nrc"] == "765432/10/1"
    assert mary["personal_info"]["phone_secondary"] is None
    assert mary["farm_info"] == {
        "farm_size_hectares": 2.5, "crops_grown": ["maize", "beans"],
        "livestock_types": [], "has_irrigation": False, "years_farming": 3}
    assert (mary["address"]["gps_latitude"], mary["address"]["gps_longitude"]) == (
        -15.5, 28)
    chanda = admin.get("/api/farmers/" + CHANDA).json()
    assert chanda["personal_info"]["date_of_birth"] == "1985-01-05"
    assert chanda["personal_info"]["gender"] == "Male"
    assert chanda["address"]["district_code"] == "CP01"
    assert chanda["created_by"] == "OP5C43AB42" and chanda["farm_info"] is None
    assert chanda["created_at"].startswith("2024-03-12")  # by its id
    bwalya = admin.get("/api/farmers/" + BWALYA).json()
    assert bwalya["address"]["district_code"] == "LEGACY" and not bwalya["is_active"]
    assert bwalya["registration_status"] == "registered"


def test_farmers_sign_in_and_are_found(server, admin, dump, recorder):
    client = Client(server, recorder).login("765432/10/1", "1990-01-15", "farmer")
    assert client.user["farmer_id"] == MARY
    [request] = client.get("/api/supplies/my-requests").json()["requests"]
    assert (request["id"], request["status"]) == (oid(0x301), "approved")
    assert request["created_at"] == "2025-05-01T00:00:00.000000+00:00"
    Client(server, recorder).login("765432/10/2", "1985-01-05", "farmer")
    off = Client(server).post("/api/auth/login", json={
        "email": "765432/10/7", "password": "1990-01-15", "role": "farmer"})
    refused(off, 403)
    found = admin.get("/api/farmers?search=noma").json()
    assert BWALYA in [f["farmer_id"] for f in found]
    group = admin.get("/api/ethnic-groups/" + oid(0x402)).json()
    assert group["name"] == "Ila of old" and not group["is_active"]


def test_figures_and_audit(server, dump):
    status, out, _ = server.cem("check", "figures", "--config", server.config)
    assert status == 0 and "agree" in out
    for subject, module in ((MARY, "farmers"), ("OP5C43AB42", "operators"),
                            ("root.old@cem.example", "users"), (oid(0x301), "supplies")):
        rows = [r for r in trail.rows(server, subject)
                if r["endpoint"] == "cem import cem"]
        assert [r["module"] for r in rows] == [module], rows
        assert rows[0]["user_id"] == "command line"


def test_folders_that_are_none(server, folder):
    status, _, _, err = run(server, folder + "/nowhere")
    assert status == 1 and "nowhere" in err
    empty = folder + "-empty"
    os.mkdir(empty)
    status, told, _, _ = run(server, empty)
    assert status == 0 and "farmers: no file" in told
