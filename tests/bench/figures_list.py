# SPDX-License-Identifier: MIT
"""GET /files/list of a folder of a thousand files, in a space of ten thousand and in one
of a million, side by side.

The files are made by SQL, with rows for bytes that are not there: a list needs none. A
folder's files come one by one between those of all others, as uploads of many people do,
so that their rows lie as far from each other as they can."""
import contextlib
import random
import ssl
import time
from http.client import HTTPSConnection

import psycopg2

import bed as beds
from figures_scale import rank
from server import Cluster

SMALL, LARGE, IN_FOLDER = 10000, 1000000, 1000
CHUNK = 100000  # rows of a transaction


@contextlib.contextmanager
def opened(bed, url):
    if not url:
        with bed.connect("rw") as db:
            yield db.cursor()
        return
    db = psycopg2.connect(url)
    try:
        with db:
            yield db.cursor()
    finally:
        db.close()


def numbers(url, first, last):
    if url:
        return "SELECT i FROM GENERATE_SERIES(%d, %d) AS g (i)" % (first, last)
    return ("WITH RECURSIVE g (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM g"
            " WHERE i < %d) SELECT i FROM g" % (first, last))


def fill(bed, url, n):
    folders = n // IN_FOLDER
    hexed, padded = (("LPAD(TO_HEX(i), 24, '0')", "LPAD(CAST(i AS TEXT), 7, '0')")
                     if url else ("PRINTF('%024x', i)", "PRINTF('%07d', i)"))
    with opened(bed, url) as cursor:
        cursor.execute("SELECT organisation_id FROM organisation WHERE keeps_register")
        home = cursor.fetchone()[0]
        cursor.execute("INSERT INTO space_folder VALUES ('%s', '', NULL, FALSE)" % home)
        cursor.execute("INSERT INTO space_folder SELECT '%s', 'f' || x.i, '', FALSE FROM"
                       " (%s) AS x" % (home, numbers(url, 0, folders - 1)))
    for first in range(1, n + 1, CHUNK):
        with opened(bed, url) as cursor:
            cursor.execute("CREATE TEMPORARY TABLE number AS "
                           + numbers(url, first, min(n, first + CHUNK - 1)))
            cursor.execute(
                "INSERT INTO object (object_id, stored_in, file_size, sha256, md5,"
                " created_at) SELECT %s, 'disk', i, %s, %s, 0 FROM number"
                % (hexed, hexed, hexed))
            cursor.execute(
                "INSERT INTO space_file (file_id, organisation_id, file_path,"
                " path_folder, object_id, content_type, file_size, md5, sha256,"
                " uploaded_at, uploaded_by, created_at) SELECT %s, '%s', 'f' || (i %% %d)"
                " || '/file-' || %s || '.pdf', 'f' || (i %% %d), %s, 'application/pdf', i,"
                " %s, %s, i, 'OP1', i FROM number" % (hexed, home, folders, padded,
                                                      folders, hexed, hexed, hexed))
            cursor.execute("DROP TABLE number")
    if url:
        with contextlib.closing(psycopg2.connect(url)) as db:
            db.autocommit = True
            db.cursor().execute("VACUUM ANALYZE")


class Space:
    """A running server whose space has n files."""

    def __init__(self, folder, url, n):
        self.bed = beds.Bed(folder, 0, url)
        try:
            began = time.monotonic()
            fill(self.bed, url, n)
            beds.say("%d files made in %.0f s" % (n, time.monotonic() - began))
        except BaseException:
            self.bed.end()
            raise
        self.folders = n // IN_FOLDER
        server = self.bed.server
        self.link = HTTPSConnection("localhost", server.port, context=ssl.
                                    create_default_context(cafile=server.certificate))

    def ask(self):
        """Seconds that a list of some folder took, from the first byte to the last."""
        path = "/files/list?folder=f%d" % random.randrange(self.folders)
        began = time.perf_counter()
        self.link.request("GET", path, headers={
            "Authorization": "Bearer " + self.bed.admin.token})
        reply = self.link.getresponse()
        body = reply.read()
        took = time.perf_counter() - began
        if reply.status != 200 or body.count(b'"key"') != IN_FOLDER:
            raise AssertionError("%s: %d %r" % (path, reply.status, body[:300]))
        return took


def lists(table, folder, label, pgsql, quick):
    with contextlib.ExitStack() as stack:
        spaces = []
        for n in (SMALL, LARGE):
            cluster = None
            if pgsql:
                cluster = Cluster()
                stack.callback(cluster.end)
            spaces.append(Space("%s-%d" % (folder, n), cluster and cluster.url, n))
            stack.callback(spaces[-1].bed.end)
        times = ([], [])
        for turn in range(210 if quick else 1010):
            for space, found in zip(spaces, times):
                took = space.ask()
                if turn >= 10:
                    found.append(took)
    for share, goal in ((0.5, None), (0.99, 1.5)):
        small, large = (rank(t, share) for t in times)
        table.add("%s: list of 1000 files among %d, p%d" % (label, SMALL, share * 100),
                  (small, "ms"), 1.0)
        table.add("%s: the same among %d" % (label, LARGE), (large, "ms"),
                  large / small, most=goal)
