# SPDX-License-Identifier: MIT
"""Reading the audit table itself, on either database."""
import json
import os
import sqlite3
import subprocess

COLUMNS = ("audit_id", "module", "action", "endpoint", "user_id", "role", "subject",
           "details", "before_values", "after_values", "ip_address", "request_id")


AUDIT = "SELECT %s FROM audit ORDER BY audit_id" % ", ".join(COLUMNS)


def _sqlite(server, question):
    path = os.path.join(server.state, "db", "cem.db")
    base = sqlite3.connect("file:%s?mode=ro" % path, uri=True, timeout=30)
    try:
        base.row_factory = sqlite3.Row
        return [dict(row) for row in base.execute(question)]
    finally:
        base.close()


def _pgsql(server, question):
    done = subprocess.run(
        ["psql", server.database, "-X", "-A", "-t", "-c",
         "SELECT row_to_json(a) FROM (%s) AS a" % question],
        stdout=subprocess.PIPE, timeout=60, check=True)
    return [json.loads(line) for line in done.stdout.decode().split("\n") if line]


def ask(server, question):
    """The rows of any question."""
    return _pgsql(server, question) if server.database else _sqlite(server, question)


def rows(server, subject=None, action=None):
    """The audit's rows in order, their JSON read."""
    found = ask(server, AUDIT)
    found = [r for r in found if (subject is None or r["subject"] == subject)
             and (action is None or r["action"] == action)]
    for row in found:
        for name in ("details", "before_values", "after_values"):
            row[name] = row[name] and json.loads(row[name])
    return found


def last(server, subject, action):
    found = rows(server, subject, action)
    assert found, (subject, action, [r["action"] for r in rows(server, subject)])
    return found[-1]
