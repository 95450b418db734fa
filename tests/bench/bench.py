# SPDX-License-Identifier: MIT
"""All figures in one run; started by tests/bench.sh.

    bench.py BUILD FOLDER [quick] [sqlite] [FIGURE...]

BUILD has the bare programs, FOLDER is empty and ours. FIGUREs are web, pgsql, card,
file, start, memory, jobs, import, files; none means all. scale and list are others, that
must be named.
"""
import os
import signal
import sys

import psycopg2

import bed as beds
import figures_card
import figures_files
import figures_import
import figures_jobs
import figures_list
import figures_scale
import figures_web
import figures_worker
from server import Cluster

SAMPLES = 2000


def conditions():
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return ("%d cores (%s), load before %.1f; %d workers, 2 nginx workers with TLS on "
            "loopback, wrk -t1 -c%d; %d sample farmers"
            % (os.cpu_count(), model, os.getloadavg()[0], beds.WORKERS,
               beds.CONNECTIONS, SAMPLES))


def on_sqlite(table, run):
    with beds.Bed(run.folder + "/sqlite", SAMPLES, bare=run.bare) as bed:
        if run.wants("web"):
            beds.say("requests on SQLite")
            figures_web.requests_per_second(table, bed, "SQLite", {
                "health": 0.85, "get": 0.5, "list": 0.3}, run.quick)
            figures_web.cpu_per_request(table, bed, "SQLite", run.quick)
        if run.wants("file"):
            beds.say("downloads")
            figures_web.downloads(table, bed, run.quick)
        if run.wants("card"):
            beds.say("cards")
            figures_card.cards(table, bed, run.build, run.folder, run.quick)
    if run.wants("start"):
        beds.say("starts")
        figures_worker.starts(table, bed)


def analyze(cluster):
    """What autovacuum does within a minute of so many new rows."""
    with psycopg2.connect(cluster.url) as db:
        db.cursor().execute("ANALYZE")


def on_pgsql(table, run):
    cluster = Cluster()
    try:
        with beds.Bed(run.folder + "/pgsql", SAMPLES, cluster.url, run.bare) as bed:
            beds.say("requests on PostgreSQL")
            analyze(cluster)
            figures_web.requests_per_second(table, bed, "PostgreSQL", {
                "get": 0.3, "list": 0.2}, run.quick)
            figures_web.cpu_per_request(table, bed, "PostgreSQL", run.quick)
    finally:
        cluster.end()


def on_fresh(table, run):
    """Memory is that of a server that has done nothing else."""
    with beds.Bed(run.folder + "/memory", SAMPLES) as bed:
        beds.say("memory under mixed requests")
        figures_worker.memory(table, bed, run.folder, run.quick)


def on_both(table, run, name, measure):
    beds.say(name)
    measure(table, run.folder + "/" + name, "SQLite", None, run.quick)
    if not run.pgsql:
        return
    cluster = Cluster()
    try:
        measure(table, run.folder + "/pg" + name, "PostgreSQL", cluster.url, run.quick)
    finally:
        cluster.end()


class Run:
    def __init__(self, words):
        self.build, self.folder = words[:2]
        self.quick = "quick" in words
        self.pgsql = "sqlite" not in words
        self.figures = [w for w in words[2:] if w not in ("quick", "sqlite")]
        self.bare = beds.Bare(self.build, self.folder)

    def wants(self, *names):
        return not self.figures or any(n in self.figures for n in names)


def stop(number, _):
    raise SystemExit(128 + number)


def main():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, stop)
    table, words = beds.Table(), conditions()
    run = Run(sys.argv[1:])
    try:
        if run.wants("web", "file", "card", "start"):
            on_sqlite(table, run)
        if run.wants("pgsql") and run.pgsql:
            on_pgsql(table, run)
        if run.wants("memory"):
            on_fresh(table, run)
        if run.wants("jobs"):
            on_both(table, run, "jobs", figures_jobs.jobs)
        if run.wants("import"):
            on_both(table, run, "import", figures_import.imports)
        if run.wants("files"):
            on_both(table, run, "files", lambda table, folder, label, url, quick:
                    figures_files.files(table, folder, label, url, run.build, quick))
        if "list" in run.figures:
            for pgsql in (False, True)[:1 + run.pgsql]:
                label = "PostgreSQL" if pgsql else "SQLite"
                beds.say("lists on " + label)
                figures_list.lists(table, run.folder + "/list" + label, label, pgsql,
                                   run.quick)
        if "scale" in run.figures:
            for pgsql in (False, True)[:1 + run.pgsql]:
                figures_scale.scale(table, run.folder, pgsql, run.quick)
    finally:
        run.bare.end()
    print(words)
    table.show()


main()
