# SPDX-License-Identifier: MIT
"""No statement looks at all rows of a table that grows: the plans of all of them, on a
register of twenty thousand farmers. build/test/plans-sqlite.txt and plans-pgsql.txt show
them."""
import json
import os
import sqlite3

import psycopg2
import psycopg2.extras
import pytest

import plans
import server as servers

ROWS = 20000
FOLDERS = 200  # of files, and as many of folders in each

# Statements that look at a whole table, and why that is right.
WHOLE = {
    "farmer_tally_drift": "cem check figures counts all farmers anew",
    "file_figure_count": "once an hour, what the register itself has stored",
    "space_drift": "once a day, all files counted anew",
    "report_farmers": "its pages count from the newest, up to their own end",
    "report_operators": "its days: without values a third of all, with them an index",
    "job_list": "each of its branches ends with its own LIMIT",
    "job_purge": "once an hour, a batch at a time",
    "file_figure_count": "it counts the farmers' files, once a day",
    "space_folder_empty": "once a day the job folders looks at all folders, and reads only",
    "supply_count": "the number of all requests is counted in an index",
}


def statements(running):
    _, out, _ = running.cem("check", "statements", "--config", running.config)
    return [json.loads(line) for line in out.splitlines()]


def value(column, kind, n):
    """Something for a column, different in every row."""
    if kind == "BOOLEAN":
        return n % 2 == 0
    if kind in ("BIGINT", "DOUBLE PRECISION"):
        return n
    return "%s%024x" % ("" if column.endswith("_id") else column, n)


def rows_of(table, columns, farmers, account, organisation):
    """ROWS rows of a table, as lists of values."""
    for n in range(ROWS):
        row = {name: value(name, kind, n) for name, kind in columns}
        farmer = farmers[n % len(farmers)]
        for name in ("farmer_row_id", "farmer_id"):
            if name in row:
                row[name] = farmer[name]
        if "account_id" in row:
            row["account_id"] = account
        if "organisation_id" in row:
            row["organisation_id"] = organisation
        if "object_id" in row:
            row["object_id"] = value("object_id", "TEXT", n)
        if table.startswith("space_"):
            row.update(file_path="top/f%d/%d" % (n % FOLDERS + 2, n),
                       path_folder="top/f%d" % (n % FOLDERS + 2),
                       file_id=value("file_id", "TEXT", n))
        if table == "space_folder":
            row["folder_path"] = row["path_folder"] + "/g%d" % n
            if n < FOLDERS + 2:
                row.update(folder_path=("", "top", "top/f%d" % n)[min(n, 2)],
                           path_folder=(None, "", "top")[min(n, 2)])
        if table == "space_file" and n % 20 == 0:
            row.update(deleted_at=n, path_folder=None)
        elif table == "space_file":
            row["deleted_at"] = None
        if table == "session":
            row["account_id" if n % 2 else "farmer_id"] = None
        if table == "job":
            row.update(job_state="done", due_at=None)
        if table == "farmer_tally":
            row.update(tally_by="registrar day", day_number=n // 50,
                       created_by="OP%d" % (n % 50))
        if table == "card":
            row["revoked_at"] = None if n < len(farmers) else n
        yield [row[name] for name, _ in columns]


class Lite:
    def __init__(self, running):
        name = running.setting("DATABASE_URL").partition(":")[2]
        self.db = sqlite3.connect(name, timeout=30)
        self.plans = plans.Sqlite(self.db)

    def ask(self, sql):
        return self.db.execute(sql).fetchall()

    def columns(self, table):
        return [(r[1], r[2]) for r in self.ask("PRAGMA table_info(%s)" % table)]

    def fill(self, table, columns, rows):
        self.db.executemany("INSERT INTO %s (%s) VALUES (%s)" % (
            table, ", ".join(n for n, _ in columns), ", ".join("?" * len(columns))), rows)

    def finish(self):
        self.db.commit()  # and no ANALYZE: nothing runs it when we are at work

    def end(self):
        self.db.close()


class Pg:
    def __init__(self, running):
        self.db = psycopg2.connect(running.database)
        self.cursor = self.db.cursor()
        self.plans = plans.Pgsql(self.cursor)

    def ask(self, sql):
        self.cursor.execute(sql)
        return self.cursor.fetchall()

    def columns(self, table):
        return [(n, t.upper()) for n, t in self.ask(
            "SELECT column_name, data_type FROM information_schema.columns"
            " WHERE table_name = '%s' ORDER BY ordinal_position" % table)]

    def fill(self, table, columns, rows):
        psycopg2.extras.execute_values(self.cursor, "INSERT INTO %s (%s) VALUES %%s" % (
            table, ", ".join(n for n, _ in columns)), rows, page_size=1000)

    def finish(self):
        self.db.commit()
        self.db.autocommit = True
        # All rows are looked at, once: the plans are the same in every run.
        self.cursor.execute("SET default_statistics_target = 1000")
        for table in plans.GROWING:
            self.cursor.execute("ALTER TABLE %s SET (autovacuum_enabled = false)" % table)
        self.cursor.execute("VACUUM ANALYZE")
        self.cursor.execute("SET plan_cache_mode = force_generic_plan")

    def end(self):
        self.db.close()


@pytest.fixture(scope="module")
def database(large):
    db = (Pg if large.database else Lite)(large)
    farmers = [dict(zip(("farmer_row_id", "farmer_id"), row)) for row in db.ask(
        "SELECT farmer_row_id, farmer_id FROM farmer ORDER BY farmer_row_id LIMIT 10000")]
    account = db.ask("SELECT account_id FROM account")[0][0]
    organisation = db.ask("SELECT organisation_id FROM organisation")[0][0]
    for table in plans.GROWING:
        if table not in ("farmer", "farmer_term"):
            columns = db.columns(table)
            db.fill(table, columns, rows_of(table, columns, farmers, account,
                                             organisation))
    db.finish()
    try:
        yield db
    finally:
        db.end()


def test_no_statement_looks_at_all_rows(large, database):
    shown, wrong, kind = [], {}, "pgsql" if large.database else "sqlite"
    for statement in statements(large):
        if not statement[kind]:
            continue
        lines, complaints = database.plans.explain(statement)
        shown += ["-- %s" % statement["name"]] + lines + [""]
        if complaints and statement["name"] not in WHOLE:
            wrong[statement["name"]] = complaints
    folder = os.path.join(servers.ROOT, "build", "test")
    os.makedirs(folder, exist_ok=True)
    name = os.path.join(folder, "plans-%s.txt" % kind)
    with open(name, "w", encoding="utf-8") as f:
        f.write("\n".join(shown))
    print("the plans of all statements: " + name)
    assert not wrong, json.dumps(wrong, indent=1)


def test_a_list_of_files_reads_no_rows(large, database):
    """They lie all over a large table, and there are a thousand to a page."""
    one = [s for s in statements(large) if s["name"] == "space_files"]
    lines, _ = database.plans.explain(one[0])
    wanted = ("Index Only Scan space_file_in" if large.database
              else "USING COVERING INDEX space_file_in")
    assert any(wanted in line for line in lines), lines
