# SPDX-License-Identifier: MIT
"""Organisations: the first keeps the register; all others see nothing of it, and nothing
of each other."""
import json
import os

import people
import pictures
import pytest
import spaces
import trail
from browser import Browser, goes
from client import refused
from spaces import listed
from test_doors import fill, routes  # noqa: F401  (a fixture)

OPEN_TO_ALL = "operators and administrators of any organisation"


def organise(server, *words, check=True):
    return server.cem("organisation", words[0], "--config", server.config, *words[1:],
                      check=check)


@pytest.fixture(scope="module")
def guests(server):
    """The name of an organisation that does not keep the register."""
    return spaces.organise(server)


@pytest.fixture(scope="module")
def guest(new_user, guests):
    return new_user(organisation=guests)


def test_the_first_one_keeps_the_register(server, guests):
    """It has the register's id, and is there from the start."""
    found = listed(server)
    keepers = [row for row in found.values() if row[1] == "register"]
    assert len(keepers) == 1 and found["Register"] == keepers[0]
    with open(server.state + "/store/ID", encoding="ascii") as f:
        assert f.read() == found["Register"][0]
    assert found[guests][1:] == ("files", "0", "0")


def test_the_command(server):
    name = "Ñango " + people.word()
    out = organise(server, "add", name, "--quota", "5")[1].strip()
    assert out == "added %s %s" % (listed(server)[name][0], name)
    assert listed(server)[name][3] == str(5 << 20)
    assert organise(server, "quota", name, "0")[1].strip() == "changed " + name
    assert listed(server)[name][3] == "0"
    for words in (("add", name), ("add", ""), ("add", " \t"), ("add", "x" * 101),
                  ("add", "a\nb"), ("add", "x", "--quota", "-1"), ("add",),
                  ("add", "x", "--quota", "2000000000000"), ("add", "x", "y"),
                  ("quota", "no such", "1"), ("quota", name), ("quota", name, "x"),
                  ("list", "x"), ("rename", name), ("rename", name, ""),
                  ("rename", name, "a\nb"), ("rename", name, "Register"),
                  ("rename", "no such", "x"), ("purge",), ("purge", "no such"),
                  ("purge", name, "x"), ("purge", "no such", "--dry-run")):
        status, out, err = organise(server, *words, check=False)
        assert status != 0 and not out and err, words
    assert listed(server)[name][3] == "0"
    rows = trail.rows(server, name, "set_quota")
    assert [(r["before_values"], r["after_values"]) for r in rows] == [
        ({"quota_bytes": 5 << 20}, {"quota_bytes": 0})]


def test_rename(server, new_user):
    """Its accounts and files stay, and its name is free for another."""
    name, new = spaces.organise(server), 'Other "%s" ŋ' % people.word()
    client = new_user(organisation=name)
    spaces.put(client, "a", b"x")
    before = listed(server)[name]
    assert organise(server, "rename", name, " %s " % new)[1].strip() == "changed " + name
    found = listed(server)
    assert found[new] == before and name not in found
    assert client.get("/api/storage/usage").json()["organisation"] == new
    assert spaces.show(client, "a").content == b"x"
    [row] = trail.rows(server, name, "rename")
    assert row["details"] == {"organisation_id": before[0]}
    assert (row["before_values"], row["after_values"]) == (
        {"organisation_name": name}, {"organisation_name": new})
    spaces.organise(server, name)
    assert organise(server, "rename", new, new)[1].strip() == "changed " + new


def test_purge(server, new_user):
    """The trash and all versions of one organisation, in several batches; what is live
    stays, and so does all that others have."""
    home, other = (spaces.organise(server) for _ in range(2))
    mine, theirs = (new_user(organisation=name) for name in (home, other))
    for client, some in ((mine, 520), (theirs, 3)):
        spaces.put_all(client, ["%03d" % n for n in range(some)], "d")
        spaces.put_all(client, ["%03d" % n for n in range(some)], "d", b"22")
        spaces.put(client, "live", b"1")
        spaces.put(client, "live", b"4444")
        client.delete("/files/folder/delete", params={"folder_path": "d"})
    before = theirs.get("/api/storage/usage").json()
    stored = len(server.stored())
    told = "%s has 521 versions, 521 bytes, and 520 deleted files, 1040 bytes" % home
    used = mine.get("/api/storage/usage").json()
    assert organise(server, "purge", home, "--dry-run")[1].splitlines() == [told]
    assert mine.get("/api/storage/usage").json() == used
    assert len(server.stored()) == stored
    assert organise(server, "purge", home)[1].splitlines() == [
        told, "purged 1041, 1561 bytes"]
    used = mine.get("/api/storage/usage").json()
    assert [used[n] for n in ("used_bytes", "live", "versions", "trash")] == [
        4, {"files": 1, "bytes": 4}, {"files": 0, "bytes": 0}, {"files": 0, "bytes": 0}]
    assert stored - len(server.stored()) == 1041
    assert spaces.show(mine, "live").content == b"4444"
    assert theirs.get("/api/storage/usage").json() == before
    [row] = trail.rows(server, home, "purge")
    assert row["before_values"] == {"version_files": 521, "version_bytes": 521,
                                    "trash_files": 520, "trash_bytes": 1040}
    assert organise(server, "purge", home)[1].splitlines()[1] == "purged 0, 0 bytes"


def test_no_administrator_and_no_district(server, guests, guest, admin, new_user):
    """Who is of another organisation never gets what only the register's people have."""
    email = people.word(12).lower() + "@cem.example"
    for more in ({"role": "admin"}, {"districts": ["Kabwe District"]}):
        with pytest.raises(AssertionError) as why:
            server.user_add(email, "Passw0rd-first", organisation=guests, **more)
        assert "keeps the register" in str(why.value)
    with pytest.raises(AssertionError) as why:
        server.user_add(email, "Passw0rd-first", organisation="no such")
    assert "no organisation" in str(why.value)
    assert "keeps the register" in refused(
        admin.put("/api/users/" + guest.email, json={"roles": ["ADMIN"]}), 400)
    number = [o["operator_id"] for o in admin.get("/api/operators").json()["results"]
              if o["email"] == guest.email][0]
    assert "keeps the register" in refused(admin.put(
        "/api/operators/" + number, json={"assigned_districts": ["Kabwe District"]}), 400)
    assert admin.get("/api/operators/" + number).json()["assigned_districts"] == []
    assert guest.get("/api/auth/me").json()["roles"] == ["OPERATOR"]
    theirs = [u for u in admin.get("/api/users?limit=200").json()["users"]
              if u["email"] == guest.email]
    assert [u["roles"] for u in theirs] == [["OPERATOR"]]


def test_rights_that_got_into_the_table_count_nothing(server, guests, new_user, admin,
                                                      enrol, routes):  # noqa: F811
    """The second lock: whatever the rows of a guest say, the session drops it."""
    client = new_user(organisation=guests)
    farmer = enrol()
    where = "(SELECT account_id FROM account WHERE email = '%s')" % client.email
    server.sql("UPDATE account SET is_admin = TRUE, is_farmer = TRUE WHERE email = '%s'"
               % client.email)
    server.sql("INSERT INTO account_district (account_id, district_name)"
               " SELECT account_id, 'Chibombo District' FROM account WHERE account_id = %s"
               % where)
    try:
        assert client.get("/api/farmers").json() == []
        refused(client.get(people.path(farmer)), 404)
        for method, path, operation in routes:
            if operation["x-who"] not in ("anybody signed in", OPEN_TO_ALL):
                refused(client.call(method, fill(path)), 403)
    finally:
        server.sql("UPDATE account SET is_admin = FALSE, is_farmer = FALSE"
                   " WHERE email = '%s'" % client.email)
        server.sql("DELETE FROM account_district WHERE account_id = %s" % where)


def test_a_guest_is_told_nothing_of_the_register(server, guest, admin, operator, enrol,
                                                 routes):  # noqa: F811
    """Every route, with the real names of what is there: nothing but refusals and empty
    lists, and nothing is changed."""
    farmer = enrol(operator)
    one = people.path(farmer)
    photo = operator.upload(one + "/upload-photo", pictures.jpeg()).json()["file_id"]
    job = admin.post("/api/imports", files={"file": (
        "x.csv", b"nrc\n1\n", "text/csv")}).json()
    before = admin.get(one).json()
    names = {"farmer_id": farmer["farmer_id"], "file_id": photo,
             "operator_id": operator.get("/api/operators/me").json()["operator_id"],
             "user": operator.email, "doc_type": "nrc", "document_type": "nrc",
             "job_id": job.get("import_id", "0" * 24),
             "import_id": job.get("import_id", "0" * 24)}
    secrets = [farmer["farmer_id"], farmer["personal_info"]["last_name"], photo,
               operator.email, farmer["personal_info"]["nrc"]]
    tried = 0
    for method, path, operation in routes:
        if path in ("/api/auth/logout", "/api/auth/change-password"):
            continue
        who, target = operation["x-who"], fill(path, **names)
        reply = guest.call(method, target)
        if who not in ("anybody signed in", OPEN_TO_ALL):
            assert refused(reply, 403) == ("Access denied. Your organisation does not "
                                           "keep the register."), target
        elif reply.status_code == 200 and path.startswith("/api/farmers"):
            shown = reply.json()
            assert shown == [] or shown["total"] == 0, target
        else:
            assert reply.status_code in (200, 400, 403, 404, 405, 422), target
        text = reply.text
        for name in set(names.values()):  # what was asked for may be repeated
            if name in target:
                text = text.replace(name, "")
        for secret in secrets:
            assert secret not in text, target
        tried += 1
    assert tried > 60
    assert admin.get(one).json() == before
    pages = ["/farmers", "/farmers/new", one.replace("/api", "")]
    for page in pages:
        reply = guest.get(page, headers={"Accept": "text/html"})
        assert reply.status_code in (303, 403), page


def test_accounts_of_before_are_the_first_ones(server, new_user, connect):
    """A program of before, that still runs while the database is new, leaves NULL."""
    client = new_user(["Chibombo District"])
    server.sql("UPDATE account SET organisation_id = NULL WHERE email = '%s'"
               % client.email)
    assert client.get("/api/operators/me").status_code == 200
    with connect(server) as db:
        cursor = db.cursor()
        cursor.execute("SELECT COUNT(*) FROM account WHERE organisation_id IS NULL")
        assert cursor.fetchone()[0] == 1
    server.sql("UPDATE account SET organisation_id = (SELECT organisation_id FROM"
               " organisation WHERE keeps_register) WHERE organisation_id IS NULL")


def test_imported_accounts_are_the_first_ones(server, tmp_path):
    """Operators and users of the system before, with their ids."""
    email = people.word(12).lower() + "@cem.example"
    os.chmod(tmp_path.parent, 0o755)
    os.chmod(tmp_path, 0o755)
    with open(tmp_path / "users.json", "w", encoding="utf-8") as f:
        json.dump([{"_id": {"$oid": "65f0c0ffee65f0c0ffee00aa"}, "email": email,
                    "password_hash": "$2b$12$" + "a" * 53, "roles": ["OPERATOR"],
                    "is_active": True}], f)
    done = server.cem("import", "cem", str(tmp_path), "--config", server.config,
                      check=False)
    assert "users: 1 taken" in done[1], done
    rows = trail.ask(server, "SELECT o.keeps_register FROM account AS a JOIN organisation"
                     " AS o ON o.organisation_id = a.organisation_id WHERE a.email = '%s'"
                     % email)
    assert len(rows) == 1 and rows[0]["keeps_register"]


def test_the_list_of_accounts_names_them(server, guests, guest, admin):
    out = server.cem("user", "list", "--config", server.config)[1]
    rows = {line.split("\t")[0]: line.split("\t") for line in out.splitlines()}
    assert rows[guest.email][5] == guests and rows[admin.email][5] == "Register"


def test_pages(server, guest):
    """A guest signs in and finds the way, not a refusal."""
    browser = Browser(server)
    browser.get("/sign-in")
    reply = browser.post("/sign-in", {"email": guest.email, "password": guest.password})
    goes(reply, "/")
    goes(browser.get("/sign-in"), "/")
    first = browser.get("/")
    assert first.status_code == 200 and "Operator" in first.text
    assert 'href="/farmers' not in first.text
    assert browser.get("/farmers").status_code == 403


PARAMETERS = ("folder", "folder_path", "source_path", "destination_path", "file_path",
              "path")


def test_no_route_tells_of_the_files_of_another(server, new_user, guest, admin,
                                                routes):  # noqa: F811
    """Every route, with another organisation's paths, folders and ids: nothing comes
    back, and nothing there changes."""
    theirs = new_user(organisation=spaces.organise(server))
    folder, content = "f" + people.word(12), b"%PDF-1.4 " + people.word(20).encode()
    number = spaces.put(theirs, folder + "/a.pdf", content).headers["X-File-Id"]
    before = theirs.get("/files/list", params={"folder": folder}).text
    secrets = [content[9:].decode(), spaces.md5(content), number]
    values = [folder + "/a.pdf", folder, folder + "/", number]
    tried = 0
    for client in (guest, admin):
        for method, path, operation in routes:
            if operation["x-who"] not in ("anybody signed in", OPEN_TO_ALL) or path in (
                    "/api/auth/logout", "/api/auth/change-password"):
                continue
            asked = [p["name"] for p in operation.get("parameters", ())
                     if p["in"] == "query" and p["name"] in PARAMETERS]
            for value in values:
                names = {n: value for n in ("file_path", "file_id", "key")}
                reply = client.call(method, fill(path, **names),
                                    params=dict.fromkeys(asked, value),
                                    **({"json": [value]} if "multiple" in path else {}))
                text = reply.text.replace(value, "")
                for secret in secrets:
                    assert secret not in text, (method, path, value)
                tried += 1
    assert tried > 100
    assert theirs.get("/files/list", params={"folder": folder}).text == before
    assert spaces.show(theirs, folder + "/a.pdf").content == content
