# SPDX-License-Identifier: MIT
"""A million farmers against ten thousand: how long one client waits for lists, searches
and figures, in two registers side by side.

To make the large ones takes some minutes. They are kept in the folder that
CEM_BENCH_REGISTERS names, for the next run; without it they go with the others."""
import os
import ssl
import subprocess
import time
from http.client import HTTPSConnection
from urllib.parse import quote

import psycopg2

import bed as beds
import server as servers
from client import Client

SMALL, LARGE = 10000, 1000000
FILL_LIMIT_S = 3600
PASSWORD = "Passw0rd-bench"


class Cluster(servers.Cluster):
    """A PostgreSQL whose folder may be there already, with the memory that a register
    of this size would be given."""

    def __init__(self, folder):  # pylint: disable=super-init-not-called
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o755)
        self.up(servers.PORTS.take(2) + 1)
        self.data = self._find("postmaster.pid")
        with open(os.path.join(self.data, "postgresql.conf"), "r+",
                  encoding="utf-8") as f:
            if "512MB" not in f.read():
                f.write("shared_buffers = 512MB\nmax_wal_size = 4GB\n")
        self.stop()
        self.start()

    def up(self, port):
        done = subprocess.run(
            [os.path.join(servers.ROOT, "tests", "pg-up.sh"), self.folder, str(port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=120, check=True)
        self.url = done.stdout.decode().split("\n")[-2].strip()

    def end(self):
        self.stop()


class Register:
    """A running server with n farmers."""

    def __init__(self, folder, n, pgsql):
        os.makedirs(folder, exist_ok=True)
        os.chmod(folder, 0o755)
        self.cluster = Cluster(os.path.join(folder, "pg")) if pgsql else None
        self.server = servers.Server(state=os.path.join(folder, "state"), workers=4,
                                     database=self.cluster and self.cluster.url)
        try:
            self.server.start()
            self.fill(n, os.path.join(folder, "filled"))
            self.sign_in()
        except BaseException:
            self.end()
            raise

    def fill(self, n, mark):
        if os.path.exists(mark):
            return
        beds.say("%d farmers on %s" % (n, "PostgreSQL" if self.cluster else "SQLite"))
        began = time.monotonic()
        subprocess.run([servers.CEM, "sample", str(n), "--without-portraits", "--config",
                        self.server.config], env=self.server.environment(), cwd="/",
                       stdin=subprocess.DEVNULL, check=True, timeout=FILL_LIMIT_S,
                       stdout=subprocess.DEVNULL)
        beds.say("made in %.0f s" % (time.monotonic() - began))
        if self.cluster:
            db = psycopg2.connect(self.cluster.url)
            db.autocommit = True
            db.cursor().execute("VACUUM ANALYZE")
            db.close()
        with open(mark, "w", encoding="ascii"):
            pass

    def sign_in(self):
        """An administrator, and operators of one district and of ten."""
        self.tokens = {"admin": Client(self.server).login(
            servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD).token}
        places = Client(self.server).get("/api/geo/districts").json()
        names = sorted(p["district_name"] for p in places)
        for who, districts in (("one", names[:1]), ("ten", names[:100:10])):
            email = "%s-%d@cem.example" % (who, time.time_ns())
            self.server.user_add(email, PASSWORD, districts=districts)
            self.tokens[who] = Client(self.server).login(email, PASSWORD).token
        context = ssl.create_default_context(cafile=self.server.certificate)
        self.link = HTTPSConnection("localhost", self.server.port, context=context)

    def ask(self, who, path):
        """Seconds that a reply took, from the first byte sent to the last one read."""
        began = time.perf_counter()
        self.link.request("GET", path, headers={
            "Authorization": "Bearer " + self.tokens[who]})
        reply = self.link.getresponse()
        body = reply.read()
        took = time.perf_counter() - began
        if reply.status != 200:
            raise AssertionError("%s: %d %r" % (path, reply.status, body[:300]))
        return took

    def end(self):
        try:
            self.server.stop()
        finally:
            if self.cluster:
                self.cluster.end()


def search(words):
    return "/api/farmers?search=" + quote(words)


# What is asked, and by whom: an administrator, an operator of one district or of ten.
QUESTIONS = (
    ("list", "admin", "/api/farmers?limit=20"),
    ("list of a status", "admin", "/api/farmers?status=rejected"),
    ("list, one district", "one", "/api/farmers?limit=20"),
    ("list, ten districts", "ten", "/api/farmers?limit=20"),
    ("search: a common name", "admin", search("mutale")),
    ("search: its beginning", "admin", search("mut")),
    ("search: one letter", "admin", search("m")),
    ("search: two names", "admin", search("mutale banda")),
    ("search: two that nobody has", "admin", search("mutale chanda")),
    ("search: a name and a letter", "admin", search("mutale b")),
    ("search: few have it", "admin", search("ZM5A00012")),
    ("search: nobody", "admin", search("xyzzy")),
    ("search: a common name, one district", "one", search("mutale")),
    ("search: two names, ten districts", "ten", search("mutale banda")),
    ("phone", "admin", search("0971234567")),
    ("phone: its beginning", "admin", search("09712")),
    ("NRC", "admin", "/api/farmers?nrc=" + quote("900005/12/3")),
    ("count", "admin", "/api/farmers/count"),
    ("count, ten districts", "ten", "/api/farmers/count?status=pending"),
    ("dashboard", "admin", "/api/dashboard/stats"),
    ("dashboard, ten districts", "ten", "/api/dashboard/stats"),
    ("report by operator", "admin", "/api/reports/operator-performance"),
    ("operators with figures", "admin", "/api/operators/"),
)


def rank(times, share):
    return sorted(times)[min(len(times) - 1, int(len(times) * share))] * 1000


def compare(table, label, small, large, n):
    """Each question n times, turn by turn in both, so that a slow moment of the machine
    hits both."""
    for name, who, path in QUESTIONS:
        times = ([], [])
        for turn in range(n + 10):
            for register, found in zip((small, large), times):
                took = register.ask(who, path)
                if turn >= 10:
                    found.append(took)
        p99 = [rank(t, 0.99) for t in times]
        p50 = [rank(t, 0.50) for t in times]
        table.add("%s: %s, p50" % (label, name), (p50[1], "ms"), p50[1] / p50[0])
        table.add("%s: %s, p99" % (label, name), (p99[1], "ms"), p99[1] / p99[0],
                  most=1.5)


def scale(table, folder, pgsql, quick):
    kept = os.environ.get("CEM_BENCH_REGISTERS") or os.path.join(folder, "registers")
    kind = "pgsql" if pgsql else "sqlite"
    small = Register("%s/%s-%d" % (kept, kind, SMALL), SMALL, pgsql)
    try:
        large = Register("%s/%s-%d" % (kept, kind, LARGE), LARGE, pgsql)
        try:
            compare(table, "PostgreSQL" if pgsql else "SQLite", small, large,
                    100 if quick else 400)
        finally:
            large.end()
    finally:
        small.end()
