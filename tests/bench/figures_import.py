# SPDX-License-Identifier: MIT
"""Importing a table of farmers, checked, without duplicates and audited, beside what the
database's own shell does with the same rows: it loads them into the same table, with the
same indexes, in a register that is as empty."""
import os
import random
import statistics
import subprocess
import time

import server as servers

ROWS, ROWS_QUICK, ROUNDS = 100000, 20000, 3
NAMES = ("first_name,last_name,nrc,date_of_birth,gender,phone_primary,district_code,"
         "village,farm_size_hectares,years_farming,crops_grown,household_size,"
         "number_of_dependents,primary_income_source\r\n")
FIRST = ("Mutale Chanda Mwansa Thandiwe Bwalya Mulenga Namukolo Lubinda Chipo Monde "
         "Inonge Kabwe Natasha Sepiso Mapalo Luyando Mutinta Kelvin Brian Esnart").split()
LAST = ("Banda Phiri Mwale Tembo Sakala Zulu Mumba Kaunda Mwanza Siame Chilufya Imasiku "
        "Nyambe Kalaba Musonda Lungu Daka").split()
DISTRICTS = "CP01 CP02 EP01 EP02 SP01 LP05 WP03 NW02 CB01 LK01".split()


def write_table(path, n):
    pick = random.Random(1)
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(NAMES)
        for i in range(n):
            f.write("%s,%s,%06d/%02d/%d,19%02d-%02d-%02d,%s,+2609%08d,%s,Kayosha,%.1f,%d,"
                    "maize; groundnuts,%d,%d,Farming\r\n" % (
                        pick.choice(FIRST), pick.choice(LAST), i // 1000, i // 10 % 100,
                        i % 10, pick.randrange(40, 99), pick.randrange(1, 13),
                        pick.randrange(1, 29), pick.choice(("Male", "Female")),
                        pick.randrange(10 ** 8), pick.choice(DISTRICTS),
                        pick.uniform(0.5, 20), pick.randrange(40),
                        pick.randrange(1, 9), pick.randrange(6)))
    os.chmod(path, 0o644)


def shell(*words):
    return subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          check=True, timeout=600).stdout.decode()


class Lite:
    """sqlite3, in the way that the server has its database open."""

    def __init__(self, server, folder):
        self.file = os.path.join(server.state, "db", "cem.db")
        self.rows = os.path.join(folder, "rows.csv")

    def empty(self):
        tables = shell("sqlite3", self.file, "SELECT name FROM sqlite_schema WHERE type ="
                       " 'table' AND name IN ('farmer', 'farmer_term', 'farmer_tally',"
                       " 'import', 'import_row', 'audit', 'job')").split()
        shell("sqlite3", self.file, *["DELETE FROM " + t for t in sorted(tables)],
              "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)")

    def save(self):
        shell("sqlite3", self.file, ".mode csv", ".once " + self.rows,
              "SELECT * FROM farmer ORDER BY farmer_row_id")

    def load(self):
        shell("sqlite3", self.file, "PRAGMA synchronous = FULL", ".mode csv",
              ".import %s farmer" % self.rows)


class Pg:
    """psql and COPY."""

    def __init__(self, server, folder):
        self.url = server.database
        self.rows = os.path.join(folder, "rows.copy")

    def run(self, statement):
        shell("psql", self.url, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement)

    def empty(self):
        self.run("TRUNCATE farmer, farmer_term, farmer_tally, import, import_row, audit,"
                 " job CASCADE")
        self.run("ANALYZE")

    def save(self):
        self.run("\\copy (SELECT * FROM farmer ORDER BY farmer_row_id) TO '%s'"
                 % self.rows)

    def load(self):
        self.run("\\copy farmer FROM '%s'" % self.rows)


def timed(what, *words):
    start = time.monotonic()
    found = what(*words)
    return time.monotonic() - start, found


def one_round(server, base, table, n):
    base.empty()
    ours, found = timed(server.cem, "import", "farmers", table, "--config", server.config)
    if "%d registered, 0 there already, 0 invalid" % n not in found[1]:
        raise AssertionError(found[1])
    base.save()
    base.empty()
    theirs, _ = timed(base.load)
    return ours, theirs


def imports(table, folder, label, database, quick):
    n = ROWS_QUICK if quick else ROWS
    os.mkdir(folder)
    os.chmod(folder, 0o755)
    rows = os.path.join(folder, "farmers.csv")
    write_table(rows, n)
    server = servers.Server({"JOB_WORKERS": "0"}, workers=2, state=folder + "/state",
                            database=database)
    try:
        server.start()
        base = Pg(server, folder) if database else Lite(server, folder)
        found = [one_round(server, base, rows, n) for _ in range(ROUNDS)]
    finally:
        server.stop()
    ours = statistics.median(pair[0] for pair in found)
    theirs = statistics.median(pair[1] for pair in found)
    table.add("%s: %s loads %d rows" % (label, "psql" if database else "sqlite3", n),
              (n / theirs, "/s"))
    table.add("%s: import of %d rows, of that" % (label, n), (n / ours, "/s"),
              statistics.median(pair[1] / pair[0] for pair in found), least=0.25)
