# SPDX-License-Identifier: MIT
"""What must stand nowhere in clear: passwords, tokens, NRCs, birth dates. Looked for in
all that the tests before this one left: the logs, the audit and the database."""
import json
import os
import re
import subprocess

import people
import pytest
import trail
from client import Client, refused

BIRTHS = ("1991-07-23", "23-07-1991", "23/07/1991", "1991/07/23", "19910723",
          "1990-01-15")
NRC = re.compile(rb"\d{6}/\d{2}/\d")
# Digits alone stand in many a number and id, which is why what is beside them counts.
SECRETS = re.compile(rb"Passw0rd|passw0rd|eyJhbGciOi|%s" % "|".join(
    r"(?<![0-9A-Za-z])%s(?![0-9A-Za-z])" % b if b.isdigit() else b
    for b in BIRTHS).encode())


@pytest.fixture(scope="module")
def busy(server, anyone, admin, operator, new_user, enrol, as_farmer):
    """Every way in which a secret comes in, also with a mistake and in an address."""
    farmer = enrol(operator, personal={"date_of_birth": "1991-07-23"})
    nrc, other = farmer["personal_info"]["nrc"], people.nrc()
    one, pages = people.path(farmer), Client(server)
    as_farmer(farmer).get("/api/auth/me")
    for birth in BIRTHS:
        anyone.post("/api/auth/login", json={"email": nrc, "password": birth})
        anyone.post("/api/auth/login", json={"email": other, "password": birth})
    user = new_user()
    user.post("/api/auth/change-password", json={
        "current_password": user.password, "new_password": "Passw0rd-second"})
    user.post("/api/auth/change-password", json={
        "current_password": "Passw0rd-wrong", "new_password": ["Passw0rd-list"]})
    anyone.post("/api/auth/refresh", json={"refresh_token": user.refresh_token})
    anyone.post("/api/auth/refresh", json={"refresh_token": {"x": user.refresh_token}})
    anyone.get("/api/auth/me", token=user.refresh_token)
    for query in ("nrc=", "search=", "farmer_id_exact=", "district=", "limit=x&nrc="):
        operator.get("/api/farmers?" + query + nrc)
        operator.get("/api/farmers/count?" + query + nrc)
        pages.get("/farmers?" + query + nrc)
    operator.get("/api/farmers/" + nrc.replace("/", "%2f"))
    operator.get("/api/farmers/" + nrc)
    operator.get("/api/files/" + nrc + "?token=" + user.token)
    pages.get("/" + nrc)
    pages.get("/sign-in?next=/farmers?nrc=" + nrc)
    operator.post("/api/farmers", json=people.form(personal={"nrc": nrc}))
    operator.post("/api/farmers", json=people.form(personal={"nrc": nrc + "1"}))
    operator.post("/api/farmers", data=json.dumps(people.form())[:-1].encode(), headers={
        "Content-Type": "application/json"})
    operator.put(one, json={"personal_info": {"nrc": other}})
    operator.put(one, json={"personal_info": {"date_of_birth": "19910723"}})
    operator.put(one, json={"personal_info": {"date_of_birth": "1990-01-15"}})
    operator.post(one + "/generate-idcard")
    admin.get("/api/reports/farmers-details?format=csv")
    admin.post("/api/operators", json={"email": "x", "password": "Passw0rd-third"})
    server.cem("farmer", "restore", nrc, "--config", server.config, check=False)
    admin.get("/api/logs?user_id=" + nrc)
    return farmer


def test_no_secret_is_in_the_logs(server, busy):
    """Flaw 26: whole bodies were written down, and addresses with what is searched."""
    names = [server.log]
    folder = os.path.join(server.state, "log")
    names += [os.path.join(folder, n) for n in os.listdir(folder)]
    assert len(names) >= 4
    lines = 0
    for name in names:
        with open(name, "rb") as f:
            for line in f:
                assert not NRC.search(line) and not SECRETS.search(line), (name, line)
                lines += 1
    assert lines > 50


def test_no_secret_is_in_the_audit(server, busy):
    """Flaw 26: administrators read them there."""
    rows = trail.rows(server)
    assert len(rows) > 10
    for row in rows:
        text = json.dumps(row).encode()
        assert not NRC.search(text) and not SECRETS.search(text), row


def contents(server):
    """All bytes of the database."""
    if server.kind == "sqlite":
        folder = os.path.join(server.state, "db")
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as f:
                yield name, f.read()
        return

    def ask(statement):
        return subprocess.run(["psql", server.database, "-X", "-A", "-t", "-c", statement],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              timeout=300, check=True).stdout
    for name in ask("SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
                    ).decode().split():
        yield name, ask('SELECT t FROM "%s" AS t' % name)


def test_no_secret_is_in_the_database(server, busy):
    """Flaw 27: NRCs lay in clear beside their hash. Bytes may be shown as hex there."""
    size = 0
    wanted = [busy["personal_info"]["nrc"].encode()]
    for name, data in contents(server):
        size += len(data)
        for text in [m.group() for m in re.finditer(NRC, data)]:
            raise AssertionError((name, text))
        found = SECRETS.search(data)
        assert not found, (name, data[max(0, found.start() - 80):found.end() + 20])
        for text in wanted + [b.encode() for b in BIRTHS] + [b"Passw0rd"]:
            assert text.hex().encode() not in data, (name, text)
    assert size > 100000
    # The search itself works: what is meant to be readable is found.
    assert any(busy["farmer_id"].encode() in data for _, data in contents(server))


def test_no_secret_is_in_a_refusal(anyone, operator, admin):
    """Flaw 26: what is wrong is sent back, but never a password, a token or an object
    in which one may stand."""
    for path, body in (
            ("/api/auth/login", {"email": "a@b.example", "password": ["Passw0rd-list"]}),
            ("/api/auth/login", {"email": {"password": "Passw0rd-deep"}, "password": "x"}),
            ("/api/auth/refresh", {"refresh_token": [operator.refresh_token]}),
            ("/api/auth/change-password", {"current_password": "x",
                                           "new_password": "passw0rd-weak"}),
            ("/api/users", {"email": "x", "password": "passw0rd-weak"}),
            ("/api/operators", {"email": "x", "password": "Passw0rd-good"})):
        reply = admin.post(path, json=body)
        refused(reply, 401, 422)
        assert not SECRETS.search(reply.content), (path, reply.text)
