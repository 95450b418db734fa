# SPDX-License-Identifier: MIT
"""What the tests of the system before this one asserted, by their names. Left out are
those that contradict the app: custom places at /api/geo/provinces with a key "name",
passwords of seven letters, logs as a bare list, and a document that is only the words
"fake pdf content"."""
import people
import pytest
import server as servers
from client import Client, refused


def login(client, email, password, role):
    return client.post("/api/auth/login", token=None, json={
        "email": email, "password": password, "role": role})


@pytest.fixture
def account(admin):
    """(its reply, password) of a new operator's login."""
    password = "Oper4tor-123"
    reply = admin.post("/api/operators/", json={
        "email": people.word(12).lower() + "@cem.example", "password": password,
        "full_name": "Test Operator", "assigned_districts": ["Chibombo District"]})
    assert reply.status_code == 201
    return reply.json()["operator"], password


# auth


def test_admin_login_success(anyone):
    reply = login(anyone, servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD, "admin")
    assert reply.status_code == 200 and reply.json()["access_token"]
    assert reply.json()["user"]["roles"] == ["ADMIN"]


def test_operator_login_success(anyone, account):
    reply = login(anyone, account[0]["email"], account[1], "operator")
    assert reply.status_code == 200 and "OPERATOR" in reply.json()["user"]["roles"]


def test_farmer_login_with_nrc(anyone, farmer):
    info = farmer["personal_info"]
    reply = login(anyone, info["nrc"], info["date_of_birth"], "farmer")
    assert reply.status_code == 200 and reply.json()["user"]["roles"] == ["FARMER"]


def test_role_mismatch_admin_as_operator(anyone):
    reply = login(anyone, servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD, "operator")
    assert "Invalid credentials for operator login" in refused(reply, 401)


def test_role_mismatch_operator_as_admin(anyone, account):
    reply = login(anyone, account[0]["email"], account[1], "admin")
    assert "Invalid credentials for admin login" in refused(reply, 401)


def test_invalid_credentials(anyone):
    refused(login(anyone, "nobody@cem.example", "Wrong-Passw0rd", "admin"), 401)


def test_refresh_token_success(anyone, account):
    body = login(anyone, account[0]["email"], account[1], "operator").json()
    reply = anyone.post("/api/auth/refresh", json={
        "refresh_token": body["refresh_token"]})
    assert reply.status_code == 200 and reply.json()["access_token"]


# operators, by the id of their login


@pytest.mark.parametrize("way", ["status", "put"])
def test_deactivated_operator_cannot_login(anyone, admin, account, way):
    one = "/api/operators/" + account[0]["user_id"]
    if way == "status":
        reply = admin.call("PATCH", one + "/status", json={"is_active": False})
    else:
        reply = admin.put(one, json={"is_active": False})
    assert reply.status_code == 200
    reply = login(anyone, account[0]["email"], account[1], "operator")
    assert "disabled" in refused(reply, 403)


def test_edit_operator(admin, account):
    reply = admin.put("/api/operators/" + account[0]["user_id"],
                      json={"full_name": "Updated Operator"})
    assert reply.status_code == 200
    assert reply.json()["full_name"] == "Updated Operator"


# farmers


def test_list_farmers(admin, farmer):
    reply = admin.get("/api/farmers/?limit=10&skip=0")
    assert reply.status_code == 200 and isinstance(reply.json(), list)


def test_get_farmer_details(admin, farmer):
    reply = admin.get(people.path(farmer))
    assert reply.status_code == 200
    assert reply.json()["farmer_id"] == farmer["farmer_id"]


def test_deactivate_farmer(anyone, admin, farmer):
    admin.put(people.path(farmer), json={"is_active": False})
    info = farmer["personal_info"]
    refused(login(anyone, info["nrc"], info["date_of_birth"], "farmer"), 403)


def test_operator_cannot_delete_farmer(server, recorder, account, farmer):
    client = Client(server, recorder).login(account[0]["email"], account[1])
    refused(client.delete(people.path(farmer)), 403)


def test_farmer_cannot_access_admin_routes(farmer, as_farmer):
    refused(as_farmer(farmer).get("/api/operators"), 403)


# places


def test_get_provinces(anyone):
    reply = anyone.get("/api/geo/provinces")
    assert reply.status_code == 200 and isinstance(reply.json(), list)


@pytest.mark.parametrize("path", ["districts?province=Central", "chiefdoms?district=X"])
def test_places_by_a_key_that_is_ignored(anyone, path):
    reply = anyone.get("/api/geo/" + path)
    assert reply.status_code == 200 and len(reply.json()) > 100


def test_prevent_duplicate_custom_geo(admin):
    body = {"name": "Southern Province"}
    codes = {admin.post("/api/geo/custom/provinces", json=body).json()["province_code"]
             for _ in range(2)}
    assert codes == {"SP"}


# logs


def test_logging_structure(admin, account):
    rows = admin.get("/api/logs?page_size=3").json()["items"]
    assert 0 < len(rows) <= 3
    for row in rows:
        assert {"level", "action", "endpoint", "user_id", "role", "timestamp",
                "details"} <= set(row)


def test_logs_filter_by_level(admin, account):
    rows = admin.get("/api/logs?level=INFO").json()["items"]
    assert rows and {r["level"] for r in rows} == {"INFO"}


def test_logs_stats_endpoint(admin):
    reply = admin.get("/api/logs/stats")
    assert reply.status_code == 200 and isinstance(reply.json(), dict)
