# SPDX-License-Identifier: MIT
"""Empty jobs: how fast they are taken and ended, by 1, 2 and 4 workers, beside what the
same database does when one client changes one row in each transaction."""
import os
import sqlite3
import subprocess
import time

import bed as beds
import psycopg2
import server as servers

JOBS, JOBS_QUICK, COMMITS = 10000, 2000, 2000


def connect(server):
    if server.database:
        return psycopg2.connect(server.database)
    base = sqlite3.connect(os.path.join(server.state, "db", "cem.db"), timeout=60)
    base.execute("PRAGMA synchronous = FULL")
    return base


def commits_per_second(server):
    base = connect(server)
    cursor = base.cursor()
    start = time.monotonic()
    for i in range(COMMITS):
        cursor.execute("UPDATE heartbeat SET beat_at = %d" % i)
        base.commit()
    took = time.monotonic() - start
    base.close()
    return COMMITS / took


def seconds(server, n, workers):
    """From the first start to the last end of n new jobs."""
    server.sql("DELETE FROM job WHERE job_kind = 'ping'")
    server.cem("job", "ping", str(n), "--config", server.config)
    made = [subprocess.Popen([servers.CEM, "work", "--once", "--config", server.config],
                             env=server.environment(), stdin=subprocess.DEVNULL,
                             stdout=subprocess.DEVNULL) for _ in range(workers)]
    for worker in made:
        worker.wait(timeout=600)
    base = connect(server)
    cursor = base.cursor()
    cursor.execute("SELECT COUNT(*), MAX(ended_at) - MIN(started_at) FROM job"
                   " WHERE job_kind = 'ping' AND job_state = 'done'")
    done, took = cursor.fetchone()
    base.close()
    if done != n:
        raise AssertionError("%d of %d jobs are done" % (done, n))
    return took / 1e6


def jobs(table, folder, label, database, quick):
    n = JOBS_QUICK if quick else JOBS
    server = servers.Server({"JOB_WORKERS": "0"}, workers=2, state=folder + "/state",
                            database=database)
    os.mkdir(folder)
    os.chmod(folder, 0o755)
    try:
        server.start()
        server.cem("work", "--once", "--config", server.config)
        bare = commits_per_second(server)
        table.add("%s: commits of one row, one client" % label, (bare, "/s"))
        for workers in (1, 2, 4):
            beds.wait_quiet()
            took = seconds(server, n, workers)
            table.add("%s: %d empty jobs, %d worker%s" % (
                label, n, workers, "s" if workers > 1 else ""), (took, "s"))
            table.add("%s: empty jobs, of those commits" % label, (n / took, "/s"),
                      n / took / bare)
    finally:
        server.stop()
