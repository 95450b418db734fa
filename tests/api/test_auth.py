# SPDX-License-Identifier: MIT
"""Sign-in, refresh, me, change-password, logout (contract 1, 3-6)."""
import concurrent.futures
import threading

import people
import pytest
import server as servers
import tokens
from client import Client, faulty, refused

USER_KEYS = {"_id", "email", "roles", "is_active", "created_at", "updated_at",
             "last_login", "full_name", "phone", "farmer_id"}


def login(client, email, password, role=None):
    body = {"email": email, "password": password}
    if role is not None:
        body["role"] = role
    return client.post("/api/auth/login", json=body, token=None)


# login


def test_admin_login(anyone):
    reply = login(anyone, servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD, "admin")
    assert reply.status_code == 200
    body = reply.json()
    assert body["token_type"] == "bearer"
    assert isinstance(body["expires_in"], int) and body["expires_in"] >= 300
    assert set(body["user"]) >= USER_KEYS
    assert body["user"]["roles"] == ["ADMIN"] and body["user"]["is_active"] is True
    assert body["user"]["email"] == servers.ADMIN_EMAIL
    assert body["user"]["farmer_id"] is None


def test_operator_login(anyone, operator):
    body = login(anyone, operator.email, operator.password, "operator").json()
    assert body["user"]["roles"] == ["OPERATOR"]
    assert body["user"]["full_name"] == "Op One"


def test_farmer_login(anyone, farmer):
    info = farmer["personal_info"]
    body = login(anyone, info["nrc"], info["date_of_birth"], "farmer").json()
    user = body["user"]
    assert set(user) >= USER_KEYS
    assert user["roles"] == ["FARMER"] and user["farmer_id"] == farmer["farmer_id"]
    assert user["full_name"] == "%s %s" % (info["first_name"], info["last_name"])
    assert user["phone"] == info["phone_primary"]


def test_token_claims(operator, farmer, as_farmer):
    head, claims, _ = tokens.parts(operator.token)
    assert head == {"alg": "HS256", "typ": "JWT"}
    assert claims["type"] == "access" and claims["aud"] == "zambian_farmer_system"
    assert claims["sub"] == operator.email and claims["roles"] == ["OPERATOR"]
    assert claims["exp"] > claims["iat"]
    assert tokens.parts(operator.refresh_token)[1]["type"] == "refresh"
    assert tokens.parts(as_farmer(farmer).token)[1]["sub"] == farmer["farmer_id"]


@pytest.mark.parametrize("change", [str.upper, str.title, lambda e: "  %s\t" % e])
def test_email_is_trimmed_and_lowered(anyone, operator, change):
    assert login(anyone, change(operator.email), operator.password).status_code == 200


def test_role_is_optional_and_case_free(anyone, operator):
    for role in (None, "operator", "OPERATOR", "Operator"):
        assert login(anyone, operator.email, operator.password, role).status_code == 200
    reply = anyone.post("/api/auth/login", json={
        "email": operator.email, "password": operator.password, "role": None})
    assert reply.status_code == 200


def test_wrong_role(anyone, operator, farmer):
    reply = login(anyone, operator.email, operator.password, "admin")
    assert refused(reply, 401) == "Invalid credentials for admin login"
    reply = login(anyone, servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD, "operator")
    assert refused(reply, 401) == "Invalid credentials for operator login"
    info = farmer["personal_info"]
    reply = login(anyone, info["nrc"], info["date_of_birth"], "admin")
    assert refused(reply, 401) == "Invalid credentials for admin login"


def same_answer(one, two):
    def kept(reply):
        changing = {"x-request-id", "date", "content-length"}
        return {k.lower(): v for k, v in reply.headers.items()
                if k.lower() not in changing}
    assert (one.status_code, one.json()) == (two.status_code, two.json())
    assert kept(one) == kept(two)


def test_unknown_user_answers_like_wrong_password(anyone, operator):
    """Flaw 23: answers told who is known."""
    wrong = login(anyone, operator.email, "Wrong-Passw0rd")
    unknown = login(anyone, "nobody-at-all@cem.example", "Wrong-Passw0rd")
    assert refused(wrong, 401) == "Invalid email or password"
    assert wrong.headers["WWW-Authenticate"] == "Bearer"
    same_answer(wrong, unknown)


def test_unknown_nrc_answers_like_wrong_birth_date(anyone, farmer):
    """Flaw 23: answers told who is known."""
    wrong = login(anyone, farmer["personal_info"]["nrc"], "1971-02-03", "farmer")
    unknown = login(anyone, people.nrc(), "1971-02-03", "farmer")
    assert refused(wrong, 401) == "Invalid NRC or date of birth"
    same_answer(wrong, unknown)


def ticks(server):
    """The processor time that its workers have used so far."""
    used = 0
    for pid in server.children():
        with open("/proc/%d/stat" % pid, encoding="latin-1") as f:
            fields = f.read().rpartition(")")[2].split()
        used += int(fields[11]) + int(fields[12])
    return used


def test_unknown_users_cost_as_much_as_wrong_passwords(server, anyone, new_user):
    """Flaw 23: who is not known was refused sooner. Counted in work, not in time, which
    other programs would stretch."""
    user, off = new_user(), new_user()
    server.cem("user", "off", "--config", server.config, off.email)
    spent = dict.fromkeys((user.email, "nobody-at-all@cem.example", off.email), 0)
    for _ in range(10):  # in turns: what else happens hits all of them
        for name in spent:
            before = ticks(server)
            for _ in range(4):
                refused(login(anyone, name, "Wrong-Passw0rd"), 401)
            spent[name] += ticks(server) - before
    assert min(spent.values()) >= 10, spent
    assert max(spent.values()) <= 2 * min(spent.values()), spent


def test_wrong_secret_with_wrong_role_says_nothing_of_the_role(anyone, operator):
    reply = login(anyone, operator.email, "Wrong-Passw0rd", "admin")
    assert refused(reply, 401) == "Invalid email or password"


@pytest.mark.parametrize("email,password", [
    ("", ""), ("", "1990-01-15"), ("@", "x"), ("a@b", ""), ("123456/12/1", ""),
    ("000000/00/0", "1980-01-01"), ("x" * 1000, "y" * 1000), ("null", "null"),
])
def test_no_login_with_nothing(anyone, email, password):
    """Flaw 22: two empty strings signed in as a farmer without either."""
    refused(login(anyone, email, password), 401, 422)


@pytest.mark.parametrize("written", ["15-01-1990", "15/01/1990", "1990/01/15"])
def test_birth_date_in_other_spellings(anyone, farmer, written):
    assert login(anyone, farmer["personal_info"]["nrc"], written).status_code == 200


@pytest.mark.parametrize("written", ["1990-15-01", "1990-1", "01-15-1990", "1990-01-150",
                                     "1990-01-15x", "19900115 ", "%", "1990-01-15' --"])
def test_birth_date_nonsense(anyone, farmer, written):
    refused(login(anyone, farmer["personal_info"]["nrc"], written), 401, 422)


def test_a_farmer_switched_off_is_out_at_once(admin, anyone, farmer, as_farmer):
    """Flaws 11, 23: his tokens worked on, and a 403 before the birth date told that
    his NRC exists."""
    mine = as_farmer(farmer)
    path = "/api/farmers/" + farmer["farmer_id"]
    assert admin.put(path, json={"is_active": False}).json()["is_active"] is False
    info = farmer["personal_info"]
    right = login(anyone, info["nrc"], info["date_of_birth"], "farmer")
    assert refused(right, 403) == "Account is disabled. Contact administrator."
    wrong = login(anyone, info["nrc"], "1971-02-03", "farmer")
    assert refused(wrong, 401) == "Invalid NRC or date of birth"
    refused(mine.get(path), 401)
    refused(anyone.post("/api/auth/refresh",
                        json={"refresh_token": mine.refresh_token}), 401, 403)
    assert admin.put(path, json={"is_active": True}).status_code == 200
    assert login(anyone, info["nrc"], info["date_of_birth"]).status_code == 200


def test_inactive_user(server, anyone, new_user):
    user = new_user(["Chibombo District"])
    server.cem("user", "off", "--config", server.config, user.email)
    right = login(anyone, user.email, user.password, "operator")
    assert refused(right, 403) == "Account is disabled. Contact administrator."
    wrong = login(anyone, user.email, "Wrong-Passw0rd")
    assert refused(wrong, 401) == "Invalid email or password"


def test_login_fields(anyone):
    faulty(anyone.post("/api/auth/login", json={"email": "a@b.example"}),
           "body.password", "missing")
    faulty(anyone.post("/api/auth/login", json={"password": "x"}), "body.email",
           "missing")
    faulty(anyone.post("/api/auth/login", json={"email": ["a"], "password": "x"}),
           "body.email", "string_type")


def test_last_login_is_kept(anyone, operator):
    login(anyone, operator.email, operator.password)
    before = operator.get("/api/auth/me").json()["last_login"]
    login(anyone, operator.email, operator.password)
    assert operator.get("/api/auth/me").json()["last_login"] > before


# refresh


def test_refresh(anyone, new_user):
    user = new_user(["Chibombo District"])
    reply = anyone.post("/api/auth/refresh", json={"refresh_token": user.refresh_token})
    assert reply.status_code == 200
    body = reply.json()
    assert body["token_type"] == "bearer" and body["expires_in"] > 0
    assert anyone.get("/api/auth/me", token=body["access_token"]).status_code == 200
    assert user.get("/api/auth/me").status_code == 200


def test_refresh_for_a_farmer(anyone, farmer, as_farmer):
    """Flaw 25: farmers never could."""
    mine = as_farmer(farmer)
    reply = anyone.post("/api/auth/refresh", json={"refresh_token": mine.refresh_token})
    assert reply.status_code == 200
    me = anyone.get("/api/auth/me", token=reply.json()["access_token"]).json()
    assert me["farmer_id"] == farmer["farmer_id"]


def test_refresh_is_not_single_use(server, recorder, new_user):
    """The client sends one refresh token from three parallel calls."""
    user = new_user()

    def again(_):
        return Client(server, recorder).post(
            "/api/auth/refresh", json={"refresh_token": user.refresh_token})
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        replies = list(pool.map(again, range(6)))
    assert [r.status_code for r in replies] == [200] * 6
    for reply in replies:
        assert user.get("/api/auth/me",
                        token=reply.json()["access_token"]).status_code == 200


def test_refresh_refuses_other_tokens(anyone, operator):
    reply = anyone.post("/api/auth/refresh", json={"refresh_token": operator.token})
    assert refused(reply, 401) == "Invalid token type. Must be a refresh token."
    for token in ("", "x", "a.b.c", operator.refresh_token[:-2], "." * 5000):
        refused(anyone.post("/api/auth/refresh", json={"refresh_token": token}), 401, 422)
    faulty(anyone.post("/api/auth/refresh", json={}), "body.refresh_token", "missing")


def test_refresh_of_a_switched_off_user(server, anyone, new_user):
    user = new_user()
    server.cem("user", "off", "--config", server.config, user.email)
    refused(anyone.post("/api/auth/refresh", json={"refresh_token": user.refresh_token}),
            401, 403)


# me


def test_me(operator, farmer, as_farmer):
    me = operator.get("/api/auth/me").json()
    assert set(me) >= USER_KEYS
    assert me["email"] == operator.email and me["roles"] == ["OPERATOR"]
    mine = as_farmer(farmer).get("/api/auth/me").json()
    assert set(mine) >= USER_KEYS
    assert mine["roles"] == ["FARMER"] and mine["farmer_id"] == farmer["farmer_id"]
    assert mine["full_name"].startswith("Mary ")


# change-password


def change(client, current, new):
    return client.post("/api/auth/change-password",
                       json={"current_password": current, "new_password": new})


def test_change_password_ends_the_other_sessions(server, recorder, new_user):
    """Flaw 24: tokens outlived it."""
    user = new_user(["Chibombo District"])
    other = Client(server, recorder).login(user.email, user.password)
    reply = change(user, user.password, "Second-Passw0rd")
    assert reply.status_code == 200
    assert reply.json() == {"message": "Password changed successfully",
                            "email": user.email}
    refused(other.get("/api/auth/me"), 401)
    refused(other.post("/api/auth/refresh", json={"refresh_token": other.refresh_token}),
            401)
    refused(login(other, user.email, user.password), 401)
    assert login(other, user.email, "Second-Passw0rd").status_code == 200
    assert user.get("/api/auth/me").status_code == 200


def sign_in_and_on(server, name, password, meanwhile):
    """Three who keep signing in while meanwhile() is done; all tokens that they got."""
    got, over = [], threading.Event()

    def keep_on():
        client = Client(server)
        while not over.is_set():
            reply = login(client, name, password)
            if reply.status_code == 200:
                got.append(reply.json()["access_token"])
    threads = [threading.Thread(target=keep_on) for _ in range(3)]
    for thread in threads:
        thread.start()
    try:
        servers.poll(lambda: len(got) > 3)
        reply = meanwhile()
        assert reply.status_code == 200, reply.text
    finally:
        over.set()
        for thread in threads:
            thread.join()
    return got


@pytest.mark.parametrize("way", ["himself", "administrator", "switched off"])
def test_no_session_outlives_its_password(server, anyone, admin, new_user, way):
    """Flaw 24: who signs in while it is changed has checked the old one before, and got
    his session after the others were ended."""
    for _ in range(4):
        user = new_user()
        one = "/api/users/" + user.email
        new = {"is_active": False} if way == "switched off" else {
            "password": "Second-Passw0rd"}

        def end(user=user, one=one, new=new):
            if way == "himself":
                return change(user, user.password, new["password"])
            return admin.put(one, json=new)
        got = sign_in_and_on(server, user.email, user.password, end)
        if way == "switched off":
            assert admin.put(one, json={"is_active": True}).status_code == 200
        alive = [t for t in got if anyone.get("/api/auth/me", token=t).ok]
        assert not alive, "%d of %d" % (len(alive), len(got))


@pytest.mark.parametrize("new", [
    {"personal_info": {"date_of_birth": "1981-02-03"}}, {"is_active": False}], ids=str)
def test_no_session_outlives_its_birth_date(server, anyone, admin, enrol, new):
    """Flaw 24: the same for farmers, whose password it is."""
    for _ in range(4):
        farmer = enrol()
        one, info = people.path(farmer), farmer["personal_info"]
        got = sign_in_and_on(server, info["nrc"], info["date_of_birth"],
                             lambda one=one: admin.put(one, json=new))
        assert admin.put(one, json={"is_active": True}).status_code == 200
        alive = [t for t in got if anyone.get("/api/auth/me", token=t).ok]
        assert not alive, "%d of %d" % (len(alive), len(got))


def test_change_password_refusals(new_user):
    user = new_user()
    reply = change(user, "Wrong-Passw0rd", "Second-Passw0rd")
    assert refused(reply, 401) == "Current password is incorrect"
    reply = change(user, user.password, user.password)
    assert refused(reply, 400) == "New password must be different from current password"
    faulty(change(user, user.password, "Sh0rt"), "body.new_password", "string_too_short")
    for weak, lack in (("all-lower-1", "uppercase letter"), ("ALL-UPPER-1",
                       "lowercase letter"), ("No-digit-here", "digit")):
        fault = faulty(change(user, user.password, weak), "body.new_password",
                       "value_error")
        assert fault["msg"] == ("Value error, Password must contain at least one " + lack)
    refused(change(user, user.password, "Aa1" + "x" * 5000), 422)
    assert user.get("/api/auth/me").status_code == 200


def test_a_long_password_counts_to_its_end(anyone, new_user):
    """Flaw 32: bcrypt cut at 72 characters; ours must not."""
    long = "Aa1" + "x" * 80
    user = new_user(password=long + "y")
    refused(login(anyone, user.email, long + "z"), 401)


def test_an_old_hash_is_renewed_by_whoever_comes_first(server, new_user):
    """Those who sign in beside him have checked the old one, and come in all the same."""
    old = "$2b$10$abcdefghijklmnopqrstuuaa2Az0iCPNNoJ/njb7il7vXZJg/aHeO"  # bcrypt
    for _ in range(3):
        user = new_user()
        server.sql("UPDATE account SET password_hash = '%s' "
                   "WHERE email = '%s'" % (old, user.email))
        clients = [Client(server) for _ in range(4)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            replies = list(pool.map(
                lambda c, user=user: login(c, user.email, user.password), clients))
        assert [r.status_code for r in replies] == [200] * 4
        for client, reply in zip(clients, replies):
            token = reply.json()["access_token"]
            assert client.get("/api/auth/me", token=token).status_code == 200
        assert login(user, user.email, user.password).status_code == 200
        refused(login(user, user.email, "Passw0rd-firsT"), 401)


def test_password_is_not_trimmed(anyone, new_user):
    user = new_user(password="Passw0rd ŋ ñ ")
    assert login(anyone, user.email, "Passw0rd ŋ ñ ").status_code == 200
    refused(login(anyone, user.email, "Passw0rd ŋ ñ"), 401)


def test_a_farmer_has_no_password(farmer, as_farmer):
    """Flaw 31: changing it was a 500."""
    refused(change(as_farmer(farmer), "1990-01-15", "Second-Passw0rd"), 400)


# logout


def test_logout_ends_this_session_only(server, recorder, new_user):
    """Flaw 24: tokens outlived it."""
    user = new_user()
    other = Client(server, recorder).login(user.email, user.password)
    reply = user.post("/api/auth/logout")
    assert reply.status_code == 200
    assert reply.json() == {"message": "Logged out successfully", "email": user.email}
    refused(user.get("/api/auth/me"), 401)
    refused(user.post("/api/auth/refresh", json={"refresh_token": user.refresh_token}),
            401)
    assert other.get("/api/auth/me").status_code == 200


def test_logout_of_a_farmer(farmer, as_farmer):
    mine = as_farmer(farmer)
    assert mine.post("/api/auth/logout").status_code == 200
    refused(mine.get("/api/auth/me"), 401)


def test_logout_needs_a_session(anyone):
    refused(anyone.post("/api/auth/logout"), 403)


# throttle


@pytest.fixture(scope="module")
def strict():
    """A server that allows few attempts."""
    running = servers.Server({"LOGIN_ATTEMPTS": "5", "LOGIN_ATTEMPTS_ADDRESS": "40"},
                             workers=2)
    try:
        yield running.start()
    finally:
        running.end()


def throttled(reply):
    assert refused(reply, 429) == "Too many attempts. Try again later."
    assert 0 < int(reply.headers["Retry-After"]) <= 3600


def test_throttle_by_account(strict, recorder):
    """Flaw 21: NRC and birth date could be tried without end."""
    client = Client(strict, recorder)
    strict.user_add("one@cem.example", "Passw0rd-first")
    strict.user_add("two@cem.example", "Passw0rd-first")
    answers = [login(client, "one@cem.example", "Wrong-Passw0rd") for _ in range(7)]
    statuses = [a.status_code for a in answers]
    assert statuses[:4] == [401] * 4 and statuses[-1] == 429, statuses
    throttled(answers[-1])
    throttled(login(client, "ONE@cem.example ", "Passw0rd-first"))
    assert login(client, "two@cem.example", "Passw0rd-first").status_code == 200
    unknown = [login(client, "none@cem.example", "Wrong-Passw0rd") for _ in range(7)]
    assert [u.status_code for u in unknown] == statuses


def test_many_at_once_get_no_more_tries(strict):
    """Flaw 21: nor does it help to ask before the first answer is there."""
    nrc, clients = people.nrc(), [Client(strict) for _ in range(12)]
    with concurrent.futures.ThreadPoolExecutor(12) as pool:
        statuses = list(pool.map(
            lambda c: login(c, nrc, "1971-02-03", "farmer").status_code, clients))
    assert sorted(statuses) == [401] * 5 + [429] * 7, statuses


def test_throttle_by_address(strict, recorder):
    """Flaws 21, 67: the same from one place; behind a proxy all had its address. Many
    accounts from one place; a made-up X-Forwarded-For does not help."""
    client = Client(strict, recorder)
    last = None
    for i in range(60):
        last = client.post("/api/auth/login", token=None,
                           headers={"X-Forwarded-For": "198.51.100.%d" % (i + 1),
                                    "X-Real-IP": "198.51.100.%d" % (i + 1)},
                           json={"email": people.nrc(), "password": "1971-02-03"})
        if last.status_code == 429:
            break
    throttled(last)
    throttled(login(client, "two@cem.example", "Passw0rd-first"))
    assert client.get("/api/health").status_code == 200


def test_throttle_of_card_checks(strict, recorder):
    """Flaw 20: they were not limited. Anybody may check cards, but not try them out by
    the thousand."""
    client = Client(strict, recorder)
    replies = []
    for _ in range(2000):
        replies.append(client.post("/api/farmers/verify-qr", json={"qr": "NCF"}))
        if replies[-1].status_code == 429:
            break
    assert {r.status_code for r in replies[:50]} == {400}
    throttled(replies[-1])
