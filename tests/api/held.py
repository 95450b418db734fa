# SPDX-License-Identifier: MIT
"""Holding a row, so that requests which come meanwhile all wait at the same place."""
import contextlib
import os
import sqlite3
import subprocess


@contextlib.contextmanager
def farmer(server, farmer_id):
    """Nobody writes this farmer meanwhile (on SQLite nobody writes anything)."""
    if not server.database:
        base = sqlite3.connect(os.path.join(server.state, "db", "cem.db"), timeout=30,
                               isolation_level=None)
        try:
            base.execute("BEGIN IMMEDIATE")
            yield
            base.execute("ROLLBACK")
        finally:
            base.close()
        return
    psql = subprocess.Popen(["psql", server.database, "-X", "-q", "-t", "-A"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        psql.stdin.write(b"BEGIN;\nSELECT farmer_id FROM farmer WHERE farmer_id = '%s' "
                         b"FOR UPDATE;\n" % farmer_id.encode())
        psql.stdin.flush()
        assert psql.stdout.readline().strip() == farmer_id.encode()
        yield
    finally:
        psql.communicate(b"ROLLBACK;\n", timeout=60)
