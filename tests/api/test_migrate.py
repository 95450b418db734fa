# SPDX-License-Identifier: MIT
"""A database of before the tallies becomes what this version would have written."""
import glob
import os
import re
import subprocess

import pytest

import people
import server as servers
from client import Client

NAMES = (("Mary", "Banda"), ("Mary Jane", "Banda"), ("Anna Maria Rosa", "de Souza"),
         ("John", "26"), ("Peter", "0977"), ("Banda", "Banda"), ("O", "Zulu"),
         ("Mu", "Mutale"))
PHONES = (("+260977123456", None), ("0977123457", "+260260123456"),
          ("+260012345678", "0955555555"), ("0260000001", "0260000002"))


def old_terms(row):
    """What the version before wrote: words, the whole name, three forms of a phone."""
    _, farmer_id, first, last, phone, other = row
    name = (first + " " + last).lower()
    words = {farmer_id.lower(), name, *name.split()}
    for number in filter(None, (phone, other)):
        words |= {number[-9:], "0" + number[-9:], "260" + number[-9:]}
    return words


def steps_before(number):
    folder = os.path.join(servers.ROOT, "sql", "migrate")
    for path in sorted(glob.glob(os.path.join(folder, "*.sql"))):
        if int(os.path.basename(path)[:4]) < number:
            with open(path, encoding="utf-8") as f:
                yield int(os.path.basename(path)[:4]), f.read()


def script(db, pgsql, sql):
    if pgsql:
        db.cursor().execute(re.sub(r"\bTEXT\b", 'TEXT COLLATE "C"', sql))
    else:
        db.executescript(sql)


def copy_farmers(new, old, mark):
    """The farmers of one database into another that is older."""
    cursor = old.cursor()
    cursor.execute("SELECT * FROM farmer")
    columns = [d[0] for d in cursor.description]
    cursor = new.cursor()
    cursor.execute("SELECT %s FROM farmer WHERE deleted_at IS NULL" % ", ".join(columns))
    rows = cursor.fetchall()
    old.cursor().executemany("INSERT INTO farmer (%s) VALUES (%s)" % (
        ", ".join(columns), ", ".join([mark] * len(columns))), rows)
    at = [columns.index(n) for n in ("farmer_row_id", "farmer_id", "first_name",
                                     "last_name", "phone_primary", "phone_secondary")]
    old.cursor().executemany(
        "INSERT INTO farmer_term (term, farmer_id) VALUES (%s, %s)" % (mark, mark),
        [(term, row[at[1]]) for row in rows for term in old_terms([row[i] for i in at])])


def figures(db):
    cursor = db.cursor()
    cursor.execute("SELECT tally_by, day_number, created_by, district_name, province_name,"
                   " registration_status, n_farmers, n_farms, area_m2 FROM farmer_tally"
                   " WHERE tally_by <> 'checked' AND n_farmers <> 0")
    return sorted(cursor.fetchall())


def words(db):
    cursor = db.cursor()
    cursor.execute("SELECT farmer_row_id, term FROM farmer_term")
    return sorted(cursor.fetchall())


class Old:
    """A server's settings with a database of their own."""

    def __init__(self, running):
        self.running = running
        self.cluster = servers.Cluster() if running.database else None
        self.database = self.cluster and self.cluster.url
        self.file = os.path.join(running.state, "old.db")
        self.url = self.database or "sqlite:" + self.file

    def setting(self, _):
        return self.url

    def migrate(self):
        if not self.database:
            owner = os.stat(self.running.state)
            os.chown(self.file, owner.st_uid, owner.st_gid)
        env = dict(self.running.environment(), DATABASE_URL=self.url)
        subprocess.run([servers.CEM, "migrate", "--config", self.running.config], env=env,
                       cwd="/", stdin=subprocess.DEVNULL, check=True, timeout=120)

    def end(self):
        if self.cluster:
            self.cluster.end()


@pytest.fixture
def fresh():
    running = servers.Server()
    try:
        running.start()
        yield running
    finally:
        running.end()


def fill(running):
    admin = Client(running).login(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)
    for first, last in NAMES:
        for phone, other in PHONES:
            form = people.form(personal={"first_name": first, "last_name": last,
                                         "phone_primary": phone})
            if other:
                form["personal_info"]["phone_secondary"] = other
            if first == "Mary":
                form["farm_info"] = dict(people.FARM, farm_size_hectares=1.23455)
            reply = admin.post("/api/farmers", json=form)
            assert reply.status_code == 201, reply.text
    assert admin.delete(people.path(reply.json())).status_code == 200


def grow(db, pgsql, number):
    """What the versions before that step made of an empty database."""
    for step, sql in steps_before(number):
        script(db, pgsql, sql)
        if step == 1:
            script(db, pgsql, "CREATE TABLE schema_step (version BIGINT NOT NULL PRIMARY"
                   " KEY, name TEXT NOT NULL, done_at BIGINT NOT NULL)")
        db.cursor().execute("INSERT INTO schema_step VALUES (%d, 'x', 0)" % step)


def test_words_and_figures_are_made(fresh, connect):
    fill(fresh)
    old = Old(fresh)
    mark = "%s" if fresh.database else "?"
    try:
        with connect(old) as db:
            grow(db, fresh.database, 7)
            with connect(fresh) as new:
                copy_farmers(new, db, mark)
        old.migrate()
        with connect(old) as db, connect(fresh) as new:
            assert figures(db) == figures(new)
            assert words(db) == words(new)
    finally:
        old.end()


def test_all_that_was_there_is_the_first_organisation_s(fresh, connect):
    """Its id is the register's, so accounts, and the store, belong together."""
    old, number = Old(fresh), "65f0c0ffee65f0c0ffee0001"
    try:
        with connect(old) as db:
            grow(db, fresh.database, 15)
            script(db, fresh.database, "INSERT INTO register VALUES ('%s', 5)" % number)
            script(db, fresh.database, "INSERT INTO account (account_id, email,"
                   " password_hash, is_admin, is_operator, is_active, created_at,"
                   " updated_at) VALUES ('a', 'a@cem.example', 'x', TRUE, FALSE, TRUE, 1,"
                   " 1), ('b', 'b@cem.example', 'x', FALSE, TRUE, TRUE, 1, 1)")
        for _ in range(2):
            old.migrate()
        with connect(old) as db:
            cursor = db.cursor()
            cursor.execute("SELECT organisation_id, keeps_register, quota_bytes,"
                           " used_bytes, created_at FROM organisation")
            rows = [(r[0], bool(r[1]), *r[2:]) for r in cursor.fetchall()]
            assert rows == [(number, True, 0, 0, 5)]
            cursor.execute("SELECT account_id, organisation_id FROM account"
                           " ORDER BY account_id")
            assert [tuple(r) for r in cursor.fetchall()] == [("a", number), ("b", number)]
    finally:
        old.end()


def test_stored_files_of_before_are_known(fresh, connect):
    """Photos, cards and waiting tables lie on the disk, and are not swept: each gets the
    row that says so."""
    old, number = Old(fresh), "65f0c0ffee65f0c0ffee0001"
    photo, table = "65f0c0ffee65f0c0ffee000a", "65f0c0ffee65f0c0ffee000b"
    try:
        with connect(old) as db:
            grow(db, fresh.database, 14)
            script(db, fresh.database, "INSERT INTO register VALUES ('%s', 5);"
                   " INSERT INTO farmer (farmer_row_id, farmer_id, registration_status,"
                   " is_active, created_at, updated_at, created_by, first_name, last_name,"
                   " phone_primary, nrc_sealed, nrc_hash, birth_sealed, gender,"
                   " province_code, province_name, district_code, district_name, village)"
                   " VALUES ('r', 'ZM1', 'pending', TRUE, 1, 1, 'x', 'x', 'x', 'x', 'x',"
                   " 'x', 'x', 'x', 'x', 'x', 'x', 'x', 'x');"
                   " INSERT INTO file (file_id, farmer_id, file_type, file_name,"
                   " content_type, file_size, sha256, uploaded_at, uploaded_by) VALUES"
                   " ('%s', 'ZM1', 'photo', 'a.jpg', 'image/jpeg', 7, 'hash', 9, 'x');"
                   " INSERT INTO import (import_id, imported_by, file_name, file_size,"
                   " sha256, input_file_id, is_dry_run, created_at, n_ok, n_duplicate,"
                   " n_invalid, n_denied) VALUES ('i', 'x', 'a.csv', 8, 'other', '%s',"
                   " FALSE, 10, 0, 0, 0, 0), ('j', 'x', 'b.csv', 8, 'other', NULL, FALSE,"
                   " 10, 0, 0, 0, 0)" % (number, photo, table))
        for _ in range(2):
            old.migrate()
        with connect(old) as db:
            cursor = db.cursor()
            cursor.execute("SELECT object_id, stored_in, object_key, file_size, sha256, md5,"
                           " created_at FROM object ORDER BY object_id")
            assert [tuple(r) for r in cursor.fetchall()] == [
                (photo, "disk", None, 7, "hash", None, 9),
                (table, "disk", None, 8, "other", None, 10)]
    finally:
        old.end()


NUMBER = "65f0c0ffee65f0c0ffee0001"
# A session is not an account's and a farmer's, a table that waits is no photo.
NOTHING = (("session", "farmer_id"), ("import", "input_file_id"))


def shape(db, pgsql):
    """All columns, keys and indexes."""
    cursor, found = db.cursor(), []
    if pgsql:
        for sql in ("SELECT table_name, column_name, data_type, is_nullable,"
                    " column_default, collation_name FROM information_schema.columns"
                    " WHERE table_schema = 'public' AND table_name <> 'schema_step'",
                    "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'",
                    "SELECT conrelid::regclass::text, pg_get_constraintdef(oid)"
                    " FROM pg_constraint WHERE connamespace = 'public'::regnamespace"):
            cursor.execute(sql)
            found += [str(row) for row in cursor.fetchall()]
    else:
        cursor.execute("SELECT name, sql FROM sqlite_schema WHERE name <> 'schema_step'")
        found = [name + " " + " ".join((sql or "").split()) for name, sql in cursor]
    return sorted(found)


def columns(db, pgsql):
    """{table: [(column, type, may be NULL)]}"""
    cursor, found = db.cursor(), {}
    cursor.execute("SELECT table_name, column_name, upper(data_type), is_nullable = 'YES'"
                   " FROM information_schema.columns WHERE table_schema = 'public'"
                   if pgsql else
                   "SELECT t.name, c.name, c.type, NOT c.\"notnull\" FROM sqlite_schema AS t"
                   " JOIN pragma_table_info(t.name) AS c WHERE t.type = 'table'")
    for table, *column in cursor.fetchall():
        if table != "schema_step":
            found.setdefault(table, []).append(column)
    return found


def a_row_each(db, pgsql):
    """One row in every empty table. All texts are one id, so whatever refers to another
    row finds it."""
    cursor, left = db.cursor(), columns(db, pgsql)
    for _ in range(len(left)):  # what is referred to comes first
        for table in list(left):
            cursor.execute("SELECT COUNT(*) FROM " + table)
            values = [(name, "'%s'" % NUMBER if kind == "TEXT" and
                       (table, name) not in NOTHING else
                       "NULL" if optional else "TRUE" if kind == "BOOLEAN" else "1")
                      for name, kind, optional in left[table]]
            try:
                if not cursor.fetchone()[0]:
                    cursor.execute("SAVEPOINT one")
                    cursor.execute("INSERT INTO %s (%s) VALUES (%s)" % (
                        table, ", ".join(n for n, _ in values),
                        ", ".join(v for _, v in values)))
                    cursor.execute("RELEASE SAVEPOINT one")
                del left[table]
            except Exception:  # the two databases have each their own
                cursor.execute("ROLLBACK TO SAVEPOINT one")
    assert not left


def test_from_every_version(fresh, connect):
    """Whatever version a register comes from, and with something in all its tables, it
    becomes what a new one is. These are the versions before a step that moves data."""
    old, last = Old(fresh), len(list(steps_before(10000)))
    pgsql = fresh.database
    with connect(fresh) as db:
        wanted = shape(db, pgsql)
    try:
        for version in (1, 6, 13, 14, 15, 17, last - 1):
            with connect(old) as db:
                if pgsql:
                    script(db, pgsql, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
                grow(db, pgsql, version + 1)
                a_row_each(db, pgsql)
            old.migrate()
            with connect(old) as db:
                assert shape(db, pgsql) == wanted, version
                cursor = db.cursor()
                cursor.execute("SELECT MAX(version) FROM schema_step")
                assert cursor.fetchone()[0] == last
            if not pgsql:
                os.remove(old.file)
    finally:
        old.end()
