# SPDX-License-Identifier: MIT
"""Accounts as administrators manage them, and the last administrator's protection."""
import threading

import people
import pictures
import pytest
import server as servers
from client import Client, faulty, refused
from conftest import CHIBOMBO

PASSWORD = "Passw0rdX"
USER = {"_id", "email", "roles", "is_active", "created_at", "updated_at", "last_login",
        "full_name", "phone", "farmer_id"}


def address():
    return people.word(12).lower() + "@cem.example"


@pytest.fixture
def make(admin):
    def one(roles=("OPERATOR",), path="/api/users/", **more):
        body = dict({"email": address(), "password": PASSWORD, "roles": list(roles)},
                    **more)
        reply = admin.post(path, json=body)
        assert reply.status_code == 200, reply.text
        return reply.json()
    return one


@pytest.fixture
def sign_in(server, recorder):
    def one(user, password=PASSWORD, role=None):
        return Client(server, recorder).login(user["email"], password, role)
    return one


def at(user, tail=""):
    return "/api/users/" + user["email"] + tail


def patch(client, path, **body):
    return client.call("PATCH", path, **({"json": body} if body else {}))


# making


@pytest.mark.parametrize("path", ["/api/auth/register", "/api/users/"])
def test_make(make, sign_in, path):
    word = people.word(12)
    user = make(["ADMIN", "OPERATOR"], path, email=word + "@CEM.Example",
                full_name="Ann Both", phone="0977123456")
    assert set(user) == USER
    assert user["email"] == word.lower() + "@cem.example"
    assert user["roles"] == ["ADMIN", "OPERATOR"] and user["is_active"] is True
    assert user["full_name"] == "Ann Both" and user["last_login"] is None
    client = sign_in(user, role="admin")
    assert client.get("/api/auth/me").json()["_id"] == user["_id"]
    assert client.get("/api/users/me").json() == client.get("/api/auth/me").json()


def test_a_farmers_account_without_farmer_sees_nobody(admin, sign_in, farmer):
    """Flaw 16: it saw everybody."""
    reply = admin.post("/api/users", json={"email": address(), "password": PASSWORD})
    assert reply.status_code == 200 and reply.json()["roles"] == ["FARMER"]
    client = sign_in(reply.json(), role="farmer")
    assert client.user["roles"] == ["FARMER"] and client.user["farmer_id"] is None
    me = client.get("/api/auth/me")
    assert me.status_code == 200 and me.json()["email"] == reply.json()["email"]
    assert client.get("/api/farmers").json() == []
    assert client.get("/api/farmers/count").json()["total"] == 0
    refused(client.get(people.path(farmer)), 403, 404)
    refused(client.put(people.path(farmer), json={"is_active": False}), 403, 404)
    refused(client.post("/api/farmers", json=people.form()), 403)
    refused(client.post("/api/supplies/request", json={
        "items": ["Seeds"], "quantity": "1 bag", "urgency": "low"}), 404)
    assert client.get("/api/supplies/my-requests").json()["requests"] == []
    assert client.post("/api/auth/change-password", json={
        "current_password": PASSWORD, "new_password": "Other-Passw0rd"}).status_code == 200
    assert client.post("/api/auth/logout").json()["email"] == reply.json()["email"]


def test_an_operator_so_made_can_get_districts(admin, make, sign_in):
    user = make(["OPERATOR"])
    client = sign_in(user)
    me = client.get("/api/operators/me").json()
    assert me["assigned_districts"] == [] and me["name"] == user["email"]
    assert client.get("/api/farmers").json() == []
    reply = admin.put("/api/operators/" + me["operator_id"], json={
        "assigned_districts": ["Chibombo District"]})
    assert reply.status_code == 200
    assert client.post("/api/farmers", json=people.form()).status_code == 201


@pytest.mark.parametrize("path", ["/api/auth/register", "/api/users"])
@pytest.mark.parametrize("field,value,kind", [
    ("email", "nobody", "value_error"), ("email", "a@b.invalid", "value_error"),
    ("password", "short1A", "string_too_short"),
    ("password", "lower-case-1", "value_error"),
    ("password", "UPPER-CASE-1", "value_error"),
    ("password", "No-digits-here", "value_error"),
    ("roles", [], "too_short"), ("roles", None, "list_type"), ("roles", "ADMIN", "list_type"),
])
def test_make_refusals(admin, path, field, value, kind):
    """Flaw 48: a weak password was a 500."""
    body = {"email": address(), "password": PASSWORD, "roles": ["OPERATOR"]}
    body[field] = value
    found = faulty(admin.post(path, json=body), "body." + field, kind)
    if kind == "value_error" and field == "password":
        assert found["msg"].startswith("Value error, Password must contain at least one ")
        assert found["input"] is None
    refused(admin.call("PATCH", "/api/users/%s/status" % body["email"],
                       json={"is_active": True}), 404, 405)


def test_roles_are_of_the_list(admin):
    for role in ("admin", "VIEWER", ""):
        faulty(admin.post("/api/users", json={
            "email": address(), "password": PASSWORD, "roles": ["ADMIN", role]}),
            "body.roles.1", "literal_error")


def test_an_address_has_one_account(admin, make):
    user = make()
    body = {"email": user["email"].upper(), "password": PASSWORD, "roles": ["ADMIN"]}
    assert refused(admin.post("/api/auth/register", json=body), 409) == \
        "User with email %s already exists" % user["email"]
    assert refused(admin.post("/api/users", json=body), 400) == "User already exists"
    assert admin.get("/api/users/?limit=1").json()["users"][0]["roles"] == ["OPERATOR"]


def test_one_of_many_at_once_wins(admin, server):
    """Flaw 34: check-then-insert made doubles."""
    body = {"email": address(), "password": PASSWORD, "roles": ["OPERATOR"]}
    statuses = []

    def ask():
        client = Client(server)
        client.token = admin.token
        statuses.append(client.post("/api/auth/register", json=body).status_code)
    threads = [threading.Thread(target=ask) for _ in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert sorted(statuses) == [200] + [409] * 5


def test_one_address_by_every_way_at_once(admin, server):
    """Flaw 34: each way looked for itself, and inserted."""
    for _ in range(3):
        email = address()
        ways = (("/api/operators", {"email": email, "full_name": "Op One"}),
                ("/api/users", {"email": email.upper()}),
                ("/api/auth/register", {"email": " %s " % email, "roles": ["ADMIN"]}))
        statuses = []

        def ask(path, body):
            client = Client(server)
            client.token = admin.token
            statuses.append(client.post(path, json=dict(
                body, password=PASSWORD)).status_code)
        threads = [threading.Thread(target=ask, args=w) for w in ways]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        assert len([s for s in statuses if s < 300]) == 1, statuses
        assert {s for s in statuses if s >= 300} <= {400, 409}, statuses


def test_times_of_an_account_stay(admin, make, sign_in):
    """Flaw 46: what an account lacked was the present time, anew at each look."""
    user = make()
    client = sign_in(user)
    first = client.get("/api/auth/me").json()
    assert first["created_at"] == user["created_at"]
    assert client.get("/api/auth/me").json() == first
    listed = admin.get("/api/users?limit=1").json()["users"][0]
    assert (listed["_id"], listed["created_at"]) == (user["_id"], user["created_at"])


def test_only_administrators_manage(operator, farmer, as_farmer, anyone, make):
    user = make()
    body = {"email": address(), "password": PASSWORD}
    for client in (operator, as_farmer(farmer), anyone):
        for method, path, data in (
                ("GET", "/api/users/", None), ("GET", "/api/users/me", None),
                ("POST", "/api/users/", body), ("POST", "/api/auth/register", body),
                ("PUT", at(user), {"roles": ["ADMIN"]}), ("DELETE", at(user), None),
                ("PATCH", at(user, "/status"), {"is_active": False}),
                ("PATCH", at(user, "/deactivate"), None)):
            refused(client.call(method, path, json=data), 403)


# the list


def test_list(admin, make):
    first, second = make(["ADMIN"]), make(["FARMER", "OPERATOR"])
    body = admin.get("/api/users/?limit=2").json()
    assert [u["email"] for u in body["users"]] == [second["email"], first["email"]]
    assert [u["role"] for u in body["users"]] == ["OPERATOR", "ADMIN"]
    assert body["users"][0]["roles"] == ["OPERATOR", "FARMER"]
    assert body["users"][0]["created_at"] == second["created_at"]
    assert body["count"] == 2 and body["total"] > 2
    rest = admin.get("/api/users/?skip=1&limit=1&t=77").json()
    assert rest["users"] == body["users"][1:] and rest["total"] == body["total"]


def test_list_of_one_role(admin, make):
    """Flaw 58: total was the number returned."""
    make(["FARMER"])
    whole = admin.get("/api/users?role=FARMER&limit=1").json()
    assert whole["count"] == 1 <= whole["total"]
    user = make(["ADMIN", "FARMER"])
    more = admin.get("/api/users?role=FARMER&limit=1").json()
    assert more["total"] == whole["total"] + 1
    assert more["users"][0]["email"] == user["email"]
    assert more["users"][0]["role"] == "ADMIN"
    assert admin.get("/api/users?role=VIEWER").json() == {
        "users": [], "count": 0, "total": 0}
    for query in ("limit=0", "limit=201", "skip=-1"):
        faulty(admin.get("/api/users?" + query), "query." + query.split("=")[0])


# changes


@pytest.mark.parametrize("way", ["status", "deactivate", "put"])
def test_switching_off_ends_the_login(admin, anyone, make, sign_in, way):
    """Flaw 24: tokens outlived it."""
    user = make()
    client = sign_in(user)
    if way == "status":
        reply = patch(admin, at(user, "/status"), is_active=False)
    elif way == "deactivate":
        reply = patch(admin, "/api/users/%s/deactivate" % user["_id"])
    else:
        reply = admin.put(at(user), json={"is_active": False})
    assert reply.status_code == 200
    if way != "put":
        assert reply.json() == {"message": "User deactivated successfully",
                                "email": user["email"]}
    refused(client.get("/api/auth/me"), 401)
    refused(anyone.post("/api/auth/refresh", json={
        "refresh_token": client.refresh_token}, token=None), 401)
    refused(anyone.post("/api/auth/login", json={
        "email": user["email"], "password": PASSWORD}, token=None), 403)
    reply = patch(admin, "/api/users/%s/status" % user["email"].upper(), is_active=True)
    assert reply.json()["message"] == "User activated successfully"
    refused(client.get("/api/auth/me"), 401)
    sign_in(user)


def test_an_address_with_a_plus(admin, make):
    word = people.word(10).lower()
    user = make(email=word + "+one@cem.example")
    assert patch(admin, at(user, "/status"), is_active=False).status_code == 200
    assert admin.delete(at(user)).status_code == 200


def test_edit(admin, make, sign_in):
    user = make(["OPERATOR"], full_name="Before", phone="0977000000")
    client = sign_in(user)
    body = admin.put(at(user), json={"full_name": "After", "phone": ""}).json()
    assert body["full_name"] == "After" and body["phone"] is None
    assert body["roles"] == ["OPERATOR"] and body["updated_at"] > user["updated_at"]
    assert client.get("/api/auth/me").json()["full_name"] == "After"
    body = admin.put("/api/users/" + user["_id"], json={"roles": ["ADMIN"]}).json()
    assert body["roles"] == ["ADMIN"]
    refused(client.get("/api/auth/me"), 401)  # it was let in as an operator
    email = address()
    body = admin.put(at(user), json={"email": email, "password": "Second-Passw0rd"})
    assert body.json()["email"] == email
    assert sign_in(body.json(), "Second-Passw0rd").user["roles"] == ["ADMIN"]
    refused(admin.put(at(user), json={"full_name": "Nobody"}), 404)


def test_edit_refusals(admin, make):
    user, other = make(), make()
    assert refused(admin.put(at(user), json={}), 400) == "No fields to update"
    assert refused(admin.put(at(user), json={"email": other["email"]}), 409) == \
        "User with email %s already exists" % other["email"]
    for field, value in (("email", "x"), ("password", "all-lower-1"), ("roles", []),
                         ("full_name", ""), ("is_active", "perhaps")):
        faulty(admin.put(at(user), json={field: value}), "body." + field)
    faulty(patch(admin, at(user, "/status"), is_active="perhaps"), "body.is_active")


def test_delete(admin, anyone, make, sign_in):
    user = make()
    client = sign_in(user)
    reply = admin.delete(at(user))
    assert reply.json() == {"message": "User deleted successfully",
                            "email": user["email"]}
    refused(client.get("/api/auth/me"), 401)
    refused(anyone.post("/api/auth/login", json={
        "email": user["email"], "password": PASSWORD}, token=None), 401)
    for reply in (admin.delete(at(user)), patch(admin, at(user, "/status"), is_active=True),
                  patch(admin, at(user, "/deactivate")),
                  admin.put(at(user), json={"full_name": "A"})):
        assert refused(reply, 404) == "User not found"


def test_who_registered_farmers_stays_at_this_door_too(admin, make, sign_in, enrol):
    """He could not be deleted as an operator, but as an account; then the register did not
    know any more who had registered them."""
    user = make()
    assert admin.put("/api/operators/" + user["_id"],
                     json={"assigned_districts": [CHIBOMBO]}).status_code == 200
    client = sign_in(user)
    farmer = enrol(client)
    assert admin.put(at(user), json={"roles": ["FARMER"]}).status_code == 200
    for name in (user["email"], user["_id"]):
        assert refused(admin.delete("/api/users/" + name), 400) == (
            "Cannot delete operator with 1 assigned farmers")
    shown = [o for o in admin.get("/api/reports/operator-performance").json()["operators"]
             if o["operator_id"] == farmer["created_by"]]
    assert [o["email"] for o in shown] == [user["email"]]
    assert admin.delete(people.path(farmer)).status_code == 200
    assert admin.delete(at(user)).status_code == 200


# the audit


def logged(admin, subject, module="users"):
    """What the audit has of one subject: (action, row), the oldest first."""
    items = admin.get("/api/logs/?page_size=100&module=" + module).json()["items"]
    return [(i["action"], i) for i in reversed(items) if i["subject"] == subject]


def test_every_change_is_in_the_audit(admin, server, make):
    user = make(["OPERATOR"], full_name="Ann")
    admin.put(at(user), json={"password": "Second-Passw0rd", "full_name": "Bea"})
    patch(admin, at(user, "/status"), is_active=False)
    server.cem("user", "on", user["email"], "--config", server.config)
    admin.delete(at(user))
    rows = logged(admin, user["email"])
    assert [a for a, _ in rows] == [
        "create_user_success", "update_user", "update_user_status",
        "update_user_status", "delete_user_success"]
    made, edited, off, on, deleted = [row for _, row in rows]
    assert made["after"] == {"email": user["email"], "roles": ["OPERATOR"],
                             "full_name": "Ann", "is_active": True}
    assert made["user_id"] == servers.ADMIN_EMAIL and made["role"] == "ADMIN"
    assert edited["before"]["full_name"] == "Ann"
    assert edited["after"]["full_name"] == "Bea"
    assert edited["details"] == {"password_changed": True}
    assert off["before"]["is_active"] and not off["after"]["is_active"]
    assert on["details"] == {"is_active": True} and on["user_id"] == "command line"
    assert deleted["before"]["email"] == user["email"]
    assert PASSWORD not in str(rows) and "Second-Passw0rd" not in str(rows)
    registered = make(["ADMIN"], "/api/auth/register")
    assert [a for a, _ in logged(admin, registered["email"], "auth")] == ["register"]


def test_what_was_refused_is_not_in_the_audit(admin, make):
    user = make()
    refused(admin.put(at(user), json={"email": "root@cem.example"}), 409)
    assert [a for a, _ in logged(admin, user["email"])] == ["create_user_success"]


# the last administrator, on a server of its own


@pytest.fixture(scope="module")
def lonely(recorder):
    running = servers.Server()
    try:
        running.start()
        yield running
    finally:
        running.end()


@pytest.fixture
def only(lonely, recorder):
    return Client(lonely, recorder).login(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)


def test_the_last_administrator_stays(lonely, only):
    """Flaw 19: he could lock everybody out, himself too."""
    own = "/api/users/" + servers.ADMIN_EMAIL
    assert refused(only.delete(own), 400) == \
        "Cannot delete the last active admin account"
    for reply in (patch(only, own + "/status", is_active=False),
                  patch(only, own + "/deactivate"),
                  only.put(own, json={"roles": ["OPERATOR"]}),
                  only.put(own, json={"is_active": False})):
        assert "last active admin" in refused(reply, 400)
    status, _, words = lonely.cem("user", "off", servers.ADMIN_EMAIL, "--config",
                                  lonely.config, check=False)
    assert status and "last active administrator" in words
    # an administrator who is switched off does not count
    body = {"email": address(), "password": PASSWORD, "roles": ["ADMIN"]}
    second = only.post("/api/users", json=body).json()
    assert patch(only, at(second, "/status"), is_active=False).status_code == 200
    assert refused(only.delete(own), 400).startswith("Cannot delete the last active")
    assert only.delete(at(second)).status_code == 200
    assert only.get("/api/auth/me").status_code == 200


def test_nobody_ends_himself(admin, make, sign_in):
    user = make(["ADMIN", "OPERATOR"])
    client = sign_in(user)
    for reply in (client.delete(at(user)), patch(client, at(user, "/deactivate")),
                  client.put(at(user), json={"roles": ["OPERATOR"]}),
                  client.delete("/api/operators/" + user["_id"]),
                  client.put("/api/operators/" + user["_id"], json={"is_active": False})):
        assert "your own account" in refused(reply, 400)
    assert client.get("/api/auth/me").status_code == 200
    assert client.put(at(user), json={"full_name": "Still There"}).status_code == 200
    assert admin.delete(at(user)).status_code == 200


def switch(client, other):
    return patch(client, "/api/users/%s/status" % other.email, is_active=False)


def delete(client, other):
    return client.delete("/api/users/" + other.email)


def demote(client, other):
    return client.put("/api/users/" + other.email, json={"roles": ["OPERATOR"]})


def delete_operator(client, other):
    return client.delete("/api/operators/" + other.user["_id"])


def switch_operator(client, other):
    return client.put("/api/operators/" + other.user["_id"], json={"is_active": False})


@pytest.mark.parametrize("ways", [
    (switch, switch), (delete, delete), (demote, demote), (switch, delete),
    (delete_operator, demote), (switch_operator, delete_operator)],
    ids=lambda ways: "-".join(w.__name__ for w in ways))
def test_two_who_end_each_other(lonely, only, recorder, ways):
    """Flaw 19: check-then-act let both win, whichever way each took."""
    for _ in range(3):
        pair = []
        for _ in range(2):
            body = {"email": address(), "password": PASSWORD, "roles": ["ADMIN", "OPERATOR"]}
            assert only.post("/api/users", json=body).status_code == 200
            pair.append(Client(lonely, recorder).login(body["email"], PASSWORD))
        lonely.cem("user", "off", servers.ADMIN_EMAIL, "--config", lonely.config)
        statuses = []

        def ask(way, client, other):
            statuses.append(way(client, other).status_code)
        threads = [threading.Thread(target=ask, args=(way, *p))
                   for way, p in zip(ways, (pair, pair[::-1]))]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        left = [c for c in pair if c.get("/api/users/me").status_code == 200]
        assert len(left) == 1, statuses
        lonely.cem("user", "on", servers.ADMIN_EMAIL, "--config", lonely.config)
        only.login(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)
        for client in pair:
            only.delete("/api/users/" + client.email)


def test_an_operator_no_more(admin, make, sign_in, enrol):
    """His districts stay his, should he be one again, but show him nobody till then."""
    farmer = enrol()
    nrc = farmer["personal_info"]["nrc"]
    user = make()
    reply = admin.put("/api/operators/" + user["_id"],
                      json={"assigned_districts": [CHIBOMBO]})
    assert reply.status_code == 200, reply.text
    photo = admin.upload(people.path(farmer, "/upload-photo"), pictures.jpeg()).json()
    admin.post(people.path(farmer, "/generate-idcard"))
    places = ["/api/farmers", "/api/farmers?nrc=" + nrc, "/api/farmers?search=Mary",
              "/api/farmers?farmer_id_exact=" + farmer["farmer_id"],
              "/api/farmers?district=" + CHIBOMBO]
    client = sign_in(user)
    assert all(client.get(place).json() for place in places)
    assert client.get(photo["photo_path"]).status_code == 200
    assert admin.put(at(user), json={"roles": ["FARMER"]}).status_code == 200
    client = sign_in(user)
    assert client.user["roles"] == ["FARMER"]
    for place in places:
        assert client.get(place).json() == [], place
        count = client.get(place.replace("/farmers", "/farmers/count"))
        assert count.json()["total"] == 0, place
    for place in (photo["photo_path"], people.path(farmer), people.path(farmer, "/qr"),
                  people.path(farmer, "/download-idcard")):
        refused(client.get(place), 403, 404)
