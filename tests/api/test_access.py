# SPDX-License-Identifier: MIT
"""Attacks on the permissions: scope, other people's records, forged tokens."""
import base64
import copy
import hashlib
import os
import time

import people
import pictures
import pytest
import server as servers
import tokens
import trail
import wire
from client import Client, refused
from people import path


# scope of operators


@pytest.fixture(scope="module")
def theirs(operator, enrol):
    """A farmer of Chibombo with a photo and a card."""
    farmer = enrol(operator)
    operator.upload(path(farmer, "/upload-photo"), pictures.jpeg())
    operator.post(path(farmer, "/generate-idcard"))
    return operator.get(path(farmer)).json()


def file_ids(farmer):
    assert farmer["photo_file_id"] and farmer["id_card_file_id"]
    return [farmer[n] for n in ("photo_file_id", "id_card_file_id", "qr_code_file_id")
            if farmer[n]]


def every_door(client, farmer):
    """Each way to a farmer's record, as (method, path, more)."""
    yield "GET", path(farmer), {}
    yield "PUT", path(farmer), {"json": {"personal_info": {"first_name": "Evil"}}}
    yield "PUT", path(farmer), {"json": {}}
    yield "PUT", path(farmer), {"json": {"registration_status": "verified"}}
    yield "POST", path(farmer, "/upload-photo"), {
        "files": {"file": ("p.jpg", pictures.jpeg(width=30, height=40), "image/jpeg")}}
    yield "DELETE", path(farmer, "/photo"), {}
    yield "POST", path(farmer, "/generate-idcard"), {}
    yield "GET", path(farmer, "/download-idcard"), {}
    yield "GET", path(farmer, "/qr"), {}
    for file_id in file_ids(farmer):
        yield "GET", "/api/files/" + file_id, {}
        yield "GET", "/api/files/metadata/" + file_id, {}


def page_of(client, farmer):
    """The farmer as the client's browser shows him."""
    return Client(client.server).get("/farmers/" + farmer["farmer_id"], headers={
        "Cookie": "__Host-cem_session=" + client.token})


def known(client, farmer):
    """All workers have seen the client read the farmer, so they will guess who it is."""
    for _ in range(40):
        assert client.get(path(farmer)).status_code == 200
        assert page_of(client, farmer).status_code == 200


def reads(server, admin, client, farmer):
    """The rows of the audit for the client's reading, when all of them are there."""
    last = admin.get(path(farmer)).headers["X-Request-ID"]

    def arrived():
        found = trail.rows(server, farmer["farmer_id"], "get_success")
        return found if last in [r["request_id"] for r in found] else None
    found = servers.poll(arrived)
    assert len([r for r in found if r["user_id"] == admin.email]) == 1
    return [r for r in found if r["user_id"] != admin.email]


def asked_again(server):
    """How many times a worker's guess who asks was wrong."""
    with open(os.path.join(server.state, "log", "cem.log"), encoding="utf-8") as f:
        return f.read().count("session: changed, so all is asked again")


@pytest.mark.parametrize("role", ["admin", "operator", "farmer"])
def test_who_did_not_change_is_asked_for_once(server, new_user, enrol, as_farmer, role):
    """The guess must hold whatever columns the row of a session has, else all is done
    twice."""
    farmer = enrol()
    client = as_farmer(farmer) if role == "farmer" else new_user(
        ["Chibombo District"] if role == "operator" else [], role=role)
    farmer = enrol(client) if role == "operator" else farmer
    before = asked_again(server)
    for _ in range(40):
        assert client.get(path(farmer)).status_code == 200
    assert asked_again(server) == before


ENDED = [
    ("DELETE FROM session WHERE account_id = (SELECT account_id FROM account WHERE "
     "email = '%s')", 401),
    ("UPDATE session SET expires_at = 1 WHERE account_id = (SELECT account_id FROM "
     "account WHERE email = '%s')", 401),
    ("UPDATE account SET is_active = FALSE WHERE email = '%s'", 401),
    ("UPDATE account SET is_operator = FALSE, is_farmer = TRUE WHERE email = '%s'", 403),
    ("DELETE FROM account_district WHERE account_id = (SELECT account_id FROM account "
     "WHERE email = '%s')", 404),
]


@pytest.mark.parametrize("change,status", ENDED)
def test_nobody_is_taken_for_who_he_was(server, admin, new_user, enrol, change, status):
    """A worker guesses who asks by what it read before, and asks for the record together
    with the question whether that holds: nothing may be shown or noted if not."""
    client = new_user(["Chibombo District"])
    farmer = enrol(client)
    known(client, farmer)
    before = asked_again(server)
    server.sql(change % client.email)
    for _ in range(20):
        detail = refused(client.get(path(farmer)), status)
        assert farmer["personal_info"]["phone_primary"] not in detail
        shown = page_of(client, farmer)
        assert shown.status_code == (303 if status == 401 else status)
        assert farmer["personal_info"]["phone_primary"] not in shown.text
    assert len(reads(server, admin, client, farmer)) == 80
    if server.database and status != 404:  # SQLite has no need to guess
        assert asked_again(server) > before


def test_who_changed_is_seen_as_he_is(server, admin, new_user, enrol):
    client = new_user(["Chibombo District"])
    farmer = enrol(client)
    known(client, farmer)
    server.sql("UPDATE account SET is_admin = TRUE, full_name = 'Other Name' WHERE "
               "email = '%s'" % client.email)
    for _ in range(20):
        assert client.get(path(farmer)).status_code == 200
        assert client.get("/api/auth/me").json()["full_name"] == "Other Name"
        assert client.get("/api/users").status_code == 200
    noted = reads(server, admin, client, farmer)
    assert [r["role"] for r in noted].count("OPERATOR") == 80
    assert [r["role"] for r in noted].count("ADMIN,OPERATOR") == 20


def test_strangers_find_every_door_closed(admin, other_operator, lost_operator, enrol,
                                          as_farmer, theirs):
    """Flaws 7, 12: operators had all districts, farmers all cards."""
    for stranger in (other_operator, lost_operator, as_farmer(enrol())):
        for method, target, more in every_door(stranger, theirs):
            reply = stranger.call(method, target, **more)
            wanted = (404,) if "/api/files/" in target else (403, 404)
            detail = refused(reply, *wanted)
            for secret in (theirs["personal_info"]["nrc"],
                           theirs["personal_info"]["last_name"]):
                assert secret not in detail
    assert admin.get(path(theirs)).json() == theirs


def test_without_a_session_every_door_is_closed(anyone, admin, theirs):
    for method, target, more in every_door(anyone, theirs):
        assert refused(anyone.call(method, target, **more), 403) == "Not authenticated"
    assert admin.get(path(theirs)).json() == theirs


def test_lists_keep_to_the_scope(admin, operator, other_operator, lost_operator, enrol,
                                 theirs):
    """Flaw 13: no profile or no districts meant all farmers."""
    word = people.word()
    near = enrol(personal={"last_name": word})
    far = enrol(personal={"last_name": word}, place=people.KAWAMBWA)

    def ids(client, **query):
        rows = client.get("/api/farmers", params={"limit": 100, **query}).json()
        return {r["farmer_id"] for r in rows}
    assert ids(admin, search=word) == {near["farmer_id"], far["farmer_id"]}
    assert ids(operator, search=word) == {near["farmer_id"]}
    assert ids(other_operator, search=word) == {far["farmer_id"]}
    assert ids(lost_operator, search=word) == set()
    assert ids(lost_operator) == set()
    assert ids(operator, district="Kawambwa District") == set()
    assert ids(operator, farmer_id_exact=far["farmer_id"]) == set()
    assert ids(operator, nrc=far["personal_info"]["nrc"]) == set()
    rows = operator.get("/api/farmers?limit=100").json()
    assert {r["district_name"] for r in rows} == {"Chibombo District"}


def test_counts_keep_to_the_scope(operator, lost_operator, enrol):
    """Flaw 13: no districts meant all farmers."""
    far = enrol(place=people.KAWAMBWA)

    def count(client, **query):
        return client.get("/api/farmers/count", params=query).json()["total"]
    assert count(lost_operator) == 0
    assert count(lost_operator, district="Chibombo District") == 0
    assert count(operator) == count(operator, district="Chibombo District") > 0
    assert count(operator, district="Kawambwa District") == 0
    assert count(operator, nrc=far["personal_info"]["nrc"]) == 0


def test_an_operator_without_districts_registers_nobody(lost_operator):
    refused(lost_operator.post("/api/farmers", json=people.form()), 403)
    refused(lost_operator.post("/api/farmers", json=people.form(
        address={"district_name": ""})), 403)


def test_a_move_changes_who_sees(admin, operator, other_operator, enrol):
    farmer = enrol()
    assert operator.get(path(farmer)).status_code == 200
    refused(other_operator.get(path(farmer)), 403, 404)
    moved = admin.put(path(farmer), json={"address": people.KAWAMBWA})
    assert moved.status_code == 200
    refused(operator.get(path(farmer)), 403, 404)
    assert other_operator.get(path(farmer)).status_code == 200


def test_signed_routes_need_a_session(anyone):
    """With none, a broken or an ended one: 403 for nothing, 401 for something wrong."""
    for target in ("/api/farmers", "/api/farmers/count", "/api/auth/me"):
        assert refused(anyone.get(target), 403) == "Not authenticated"
        refused(anyone.get(target, token="a.b.c"), 401)
    body = {"current_password": "x", "new_password": "Passw0rd-other"}
    refused(anyone.post("/api/auth/change-password", json=body), 403)


# farmers among themselves


def test_a_farmer_lists_only_himself(farmer, enrol, as_farmer):
    """Flaw 3: he saw every name and phone, and nrc= told who is there."""
    mine, other = as_farmer(farmer), enrol()
    for query in ({}, {"search": "Mary"}, {"limit": 100}, {"status": "pending"},
                  {"district": "Chibombo District"}):
        rows = mine.get("/api/farmers", params=query).json()
        assert {r["farmer_id"] for r in rows} <= {farmer["farmer_id"]}
    assert [r["farmer_id"] for r in mine.get("/api/farmers").json()] == [
        farmer["farmer_id"]]
    nrc = other["personal_info"]["nrc"]
    assert mine.get("/api/farmers", params={"nrc": nrc}).json() == []
    assert mine.get("/api/farmers/count").json()["total"] == 1
    assert mine.get("/api/farmers/count", params={"nrc": nrc}).json()["total"] == 0


def test_a_farmer_reads_only_himself(farmer, enrol, as_farmer):
    """Flaw 16: 404 before 403 told who is there."""
    mine, other = as_farmer(farmer), enrol()
    assert mine.get(path(farmer)).status_code == 200
    there = mine.get(path(other))
    nowhere = mine.get("/api/farmers/ZM00000000")
    assert there.status_code == nowhere.status_code, "an oracle"
    assert (refused(there, 403, 404).replace(other["farmer_id"], "")
            == refused(nowhere, 403, 404).replace("ZM00000000", ""))


def test_a_farmer_is_told_no_files_of_others(farmer, as_farmer, operator):
    out = as_farmer(farmer).get(path(farmer)).json()
    assert out["photo_file_id"] is None
    operator.upload(path(farmer, "/upload-photo"), pictures.jpeg())
    mine = as_farmer(farmer).get(path(farmer)).json()
    assert mine["photo_file_id"]


# forged tokens


def attack(client, token):
    """Nothing but 401 for a bad token, at three kinds of doors."""
    for target in ("/api/auth/me", "/api/farmers", "/api/files/" + "0" * 24):
        reply = client.get(target, token=token)
        refused(reply, 401)
        assert reply.headers["WWW-Authenticate"] == "Bearer"
    refused(client.post("/api/farmers", json=people.form(), token=token), 401)
    refused(client.post("/api/auth/logout", token=token), 401)


def test_refresh_token_as_access_token(anyone, operator):
    """Flaw 10: it was taken as one."""
    attack(anyone, operator.refresh_token)


@pytest.mark.parametrize("alg", ["none", "None", "NONE", "nOnE", "", None, 0, []])
def test_no_algorithm(anyone, admin, alg):
    """Flaw 33: known of the library that read the tokens."""
    _, claims, signature = tokens.parts(admin.token)
    head = {"alg": alg, "typ": "JWT"}
    attack(anyone, tokens.mint(None, claims, head))
    attack(anyone, tokens.mint(None, claims, head) + tokens.b64(signature))


def test_other_algorithms(anyone, admin, signing_key):
    """Flaw 33: the algorithm is ours to choose, not the token's."""
    _, claims, _ = tokens.parts(admin.token)
    for alg, digest in (("HS384", hashlib.sha384), ("HS512", hashlib.sha512),
                        ("HS256 ", hashlib.sha256), ("hs256", hashlib.sha256),
                        ("RS256", hashlib.sha256), ("ES256", hashlib.sha256)):
        attack(anyone,
               tokens.mint(signing_key, claims, {"alg": alg, "typ": "JWT"}, digest))
    attack(anyone, tokens.mint(signing_key, claims, {"typ": "JWT"}))


def test_a_token_of_a_clock_that_was_ahead(anyone, admin, signing_key):
    """Made while the clock was a year ahead, it would open for a year and more."""
    _, claims, _ = tokens.parts(admin.token)
    year = 365 * 86400
    attack(anyone, tokens.mint(signing_key, dict(claims, iat=claims["iat"] + year,
                                                 exp=claims["exp"] + year)))
    soon = dict(claims, iat=claims["iat"] + 3600)
    assert anyone.get("/api/farmers", token=tokens.mint(signing_key, soon)
                      ).status_code == 200


@pytest.mark.parametrize("key", [b"", b"secret", b"0123456789abcdef0123456789abcdef",
                                 bytes(32), b"x" * 64])
def test_wrong_key(anyone, admin, key):
    attack(anyone, tokens.mint(key, tokens.parts(admin.token)[1]))


def test_other_keys_of_the_installation(server, anyone, admin, signing_key):
    """Flaw 27: one secret did everything. The secret for hashes signs no tokens."""
    secret = server.setting("SECRET_KEY").encode()
    assert secret != signing_key
    attack(anyone, tokens.mint(secret, tokens.parts(admin.token)[1]))


def test_a_key_that_works(anyone, admin, signing_key):
    """The forger of these tests can make good tokens, so the refusals mean something."""
    head, claims, _ = tokens.parts(admin.token)
    reply = anyone.get("/api/auth/me", token=tokens.mint(signing_key, claims, head))
    assert reply.status_code == 200


@pytest.mark.parametrize("change", [
    {"aud": "another_system"}, {"aud": None}, {"aud": ["zambian_farmer_system", "x"]},
    {"aud": ""}, {"aud": {}}, {"type": "refresh"}, {"type": None}, {"type": "Access"},
    {"type": 1}, {"exp": 1}, {"exp": -1}, {"exp": None}, {"exp": "9999999999"},
    {"exp": 1e300}, {"exp": True}, {"exp": []}, {"sub": "nobody@cem.example"},
    {"sub": ""}, {"sub": None}, {"sub": 5}, {"sub": "ZM00000000"}, {"sub": {"$ne": 1}},
    {"sub": "' OR '1'='1"}, {"sub": "x" * 3000},
], ids=str)
def test_wrong_claims(anyone, admin, signing_key, change):
    """Signed with the right key all the same."""
    claims = {**tokens.parts(admin.token)[1], **change}
    attack(anyone, tokens.mint(signing_key, claims))


@pytest.mark.parametrize("name", ["aud", "type", "exp", "sub"])
def test_missing_claims(anyone, admin, signing_key, name):
    claims = tokens.parts(admin.token)[1]
    del claims[name]
    attack(anyone, tokens.mint(signing_key, claims))


def test_expired(anyone, operator, signing_key):
    claims = {**tokens.parts(operator.token)[1], "exp": int(time.time()) - 1,
              "iat": int(time.time()) - 100}
    reply = anyone.get("/api/auth/me", token=tokens.mint(signing_key, claims))
    assert refused(reply, 401) == "Invalid token: Signature has expired."


def test_without_a_session_a_signed_token_is_nothing(anyone, admin, signing_key):
    """Claims of the contract only: the session is missing, or is made up."""
    claims = tokens.parts(admin.token)[1]
    plain = {k: claims[k] for k in ("sub", "type", "exp", "iat", "aud", "roles")}
    attack(anyone, tokens.mint(signing_key, plain))
    extra = [k for k in claims if k not in plain]
    assert extra, "a token names its session"
    for value in ("0" * 24, "", None, 5, "' OR 1=1 --"):
        attack(anyone, tokens.mint(signing_key, {**plain, **dict.fromkeys(extra, value)}))


def test_a_session_belongs_to_its_subject(anyone, admin, operator, signing_key):
    """An operator's session under the administrator's name."""
    mixed = copy.deepcopy(tokens.parts(operator.token)[1])
    mixed["sub"], mixed["roles"] = admin.email, ["ADMIN"]
    attack(anyone, tokens.mint(signing_key, mixed))


def test_roles_in_the_token_count_for_nothing(anyone, operator, signing_key, enrol):
    far = enrol(place=people.KAWAMBWA)
    claims = {**tokens.parts(operator.token)[1], "roles": ["ADMIN"]}
    token = tokens.mint(signing_key, claims)
    reply = anyone.get(path(far), token=token)
    refused(reply, 401, 403, 404)


def test_tampered_payload(anyone, operator):
    head, body, signature = operator.token.split(".")
    claims = tokens.parts(operator.token)[1]
    claims["roles"] = ["ADMIN"]
    attack(anyone, ".".join([head, tokens.b64(tokens.compact(claims)), signature]))
    attack(anyone, ".".join([tokens.b64(b'{"alg":"HS256"}'), body, signature]))


def test_one_token_has_one_spelling(anyone, operator):
    """Other texts that a careless decoder reads as the same bytes."""
    head, body, signature = operator.token.split(".")
    last = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    at = last.index(signature[-1])
    loose = signature[:-1] + last[at ^ 1]  # the last letter's unused bits
    for token in (head + "." + body + "." + loose, operator.token + ".",
                  operator.token + "A", "." + operator.token, head + "." + body + ".."
                  + signature, operator.token + ".x",
                  head + "." + body, head + "." + body + "."):
        attack(anyone, token)


@pytest.mark.parametrize("token", [
    "x", ".", "..", "...", "a.b.c", "e30.e30.e30", "eyJ", "x" * 4000, "%00", "..." * 500,
    base64.b64encode(b'{"alg":"HS256"}').decode() + "." + "e30" + "." + "AA",
])
def test_rubbish(anyone, token):
    attack(anyone, token)


def test_two_tokens(server, operator, admin):
    """Two Authorization headers: refused, not guessed."""
    data = wire.request("GET", "/api/auth/me", [
        ("Authorization", "Bearer " + operator.token),
        ("Authorization", "Bearer " + admin.token)])
    reply = wire.exchange(server, data)
    assert reply.status_code in (400, 401, 403), reply.text


def test_token_elsewhere(anyone, admin):
    for more in ({"params": {"token": admin.token, "access_token": admin.token}},
                 {"headers": {"Cookie": "access_token=%s; token=%s"
                              % ((admin.token,) * 2)}},
                 {"headers": {"X-Auth-Token": admin.token,
                              "Remote-User": "root@cem.example"}}):
        refused(anyone.get("/api/auth/me", **more), 403)


def test_header_injection(server, operator):
    for value in (b"Bearer a\x00b", b"Bearer a\x0bX: y", b"Bearer \xff\xfe",
                  b"Bearer a b",
                  b"Bearer a\tb", b"Bearer " + operator.token.encode() + b"\x00",
                  b"Bearer " + operator.token.encode() + b" x"):
        reply = wire.exchange(server, wire.request("GET", "/api/auth/me",
                                                   [("Authorization", value)]))
        assert reply.status_code in (400, 401, 403), (value, reply.text)
    for host in (b"evil.example", b"localhost\tx", b"a/b"):
        data = b"GET /api/health HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n" % host
        reply = wire.exchange(server, data)
        assert b"evil" not in str(reply.pairs).encode() + reply.content


# what ends a session


def test_deactivation_ends_all(server, recorder, anyone, new_user):
    user = new_user(["Chibombo District"])
    second = Client(server, recorder).login(user.email, user.password)
    server.cem("user", "off", "--config", server.config, user.email)
    for client in (user, second):
        refused(client.get("/api/auth/me"), 401)
        refused(client.get("/api/farmers"), 401)
        refused(anyone.post("/api/auth/refresh",
                            json={"refresh_token": client.refresh_token}), 401, 403)


def test_reactivation_does_not_revive_tokens(server, anyone, new_user):
    user = new_user()
    server.cem("user", "off", "--config", server.config, user.email)
    server.cem("user", "on", "--config", server.config, user.email)
    attack(anyone, user.token)
    assert anyone.post("/api/auth/login", json={
        "email": user.email, "password": user.password}).status_code == 200


def test_logout_and_password_change_end_refreshed_tokens(anyone, new_user):
    """Also access tokens that were made by refresh from the ended session."""
    user = new_user()
    fresh = anyone.post("/api/auth/refresh", json={
        "refresh_token": user.refresh_token}).json()["access_token"]
    assert anyone.get("/api/auth/me", token=fresh).status_code == 200
    user.post("/api/auth/logout")
    attack(anyone, fresh)
    attack(anyone, user.token)


def test_the_command_line_knows_its_users(server):
    email = people.word(12).lower() + "@cem.example"
    status, _, words = server.cem("user", "off", "--config", server.config,
                                  "nobody@cem.example", check=False)
    assert status != 0 and words
    server.user_add(email, "Passw0rd-first")
    for bad in ((email, "Passw0rd-first", "operator"),
                (email + "x", "short", "operator"),
                ("no-address", "Passw0rd-first", "admin"),
                (email + "y", "Passw0rd-first", "king")):
        with pytest.raises(AssertionError):
            server.user_add(*bad)
    with pytest.raises(AssertionError):
        server.user_add("z" + email, "Passw0rd-first", districts=["No Such District"])
