# SPDX-License-Identifier: MIT
"""What all figures stand on: a server made by ./run, the bare program behind the same
nginx, wrk, the CPU time of processes, and the table."""
import os
import re
import signal
import sqlite3
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "api"))

import server as servers  # noqa: E402  (the path above must come first)
from client import Client  # noqa: E402

WORKERS, CONNECTIONS = 8, 8


class Table:
    """The figures as they come, and all of them at the end."""

    def __init__(self):
        self.rows = []

    def add(self, name, value, ratio=None, least=None, most=None):
        """`least` or `most` is the goal: of the ratio if there is one, else of the
        value, a pair of number and unit. Without a goal it is told for comparison."""
        number = ratio if ratio is not None else value[0]
        goal, verdict = "", ""
        if least is not None:
            goal, verdict = ">= %g" % least, "ok" if number >= least else "short"
        if most is not None:
            goal, verdict = "<= %g" % most, "ok" if number <= most else "short"
        words = ("%.0f %s" if value[0] >= 1000 else "%.1f %s" if value[0] >= 20
                 else "%.2f %s") % value
        self.rows.append((name, words, "" if ratio is None else "%.2f" % ratio, goal,
                          verdict))
        print("  " + "  ".join(w for w in self.rows[-1] if w), file=sys.stderr)

    def show(self):
        head = ("figure", "value", "ratio", "goal", "")
        wide = [max(len(row[i]) for row in [head] + self.rows) for i in range(5)]
        for row in [head] + self.rows:
            print("  ".join([row[0].ljust(wide[0])] +
                            [row[i].rjust(wide[i]) for i in (1, 2, 3)] +
                            [row[4]]).rstrip())


def say(words):
    print("bench: " + words, file=sys.stderr, flush=True)


class Bare:
    """The bare libfcgi program, with as many processes as the server has workers. With a
    path it has nginx send that file."""

    def __init__(self, build, folder, *path):
        self.socket = os.path.join(folder, "bare.sock")
        self.process = subprocess.Popen(
            [os.path.join(build, "bare_fcgi"), self.socket, str(WORKERS), *path],
            stdin=subprocess.DEVNULL)
        servers.poll(lambda: os.path.exists(self.socket))

    def end(self):
        self.process.terminate()
        self.process.wait(timeout=10)


class Bed:
    """One server with sample farmers; `bare` is reached through its nginx."""

    def __init__(self, folder, samples, database=None, bare=None, settings=None):
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        self.server = servers.Server(state=os.path.join(folder, "state"),
                                     workers=WORKERS, sample=samples,
                                     database=database, settings=settings)
        try:
            self.server.start()
            if bare:
                self.add_bare(bare)
            self.admin = Client(self.server).login(servers.ADMIN_EMAIL,
                                                   servers.ADMIN_PASSWORD)
        except BaseException:
            self.end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind and issubclass(kind, Exception):
            print(self.server.tails(), file=sys.stderr)
        self.end()

    def end(self):
        self.server.stop()

    def add_bare(self, bare):
        """Into nginx.conf: the upstream and the location of the API once more, with
        the bare program in the place of ours."""
        name = os.path.join(self.server.state, "nginx", "nginx.conf")
        with open(name, encoding="utf-8") as f:
            text = f.read()
        upstream = re.search(r"\tupstream cem \{.*?\n\t\}\n", text, re.S).group()
        place = re.search(r"\t\tlocation /api/? \{.*?\n\t\t\}\n", text, re.S).group()
        twin = re.sub(r"server unix:\S+;", "server unix:%s;" % bare.socket, upstream)
        text = text.replace(upstream, upstream + twin.replace("cem", "bare", 1))
        other = re.sub(r"location /api/? ", "location /api/bare ", place)
        text = text.replace(place, place + other.replace("fastcgi_pass cem",
                                                         "fastcgi_pass bare"))
        with open(name, "w", encoding="utf-8") as f:
            f.write(text)
        self.reload_nginx()
        reply = Client(self.server).get("/api/bare")
        if reply.status_code != 200 or len(reply.content) != 30:
            raise AssertionError("the bare program does not answer: %s" % reply.text)

    def reload_nginx(self):
        with open(os.path.join(self.server.state, "nginx", "nginx.pid"),
                  encoding="ascii") as f:
            master = int(f.read())
        old = set(servers.descendants(master))
        os.kill(master, signal.SIGHUP)

        def only_new_workers():
            now = set(servers.descendants(master))
            return now and not now & old
        servers.poll(only_new_workers)

    def rows(self, statement, *values):
        """Of the SQLite database, read while the server runs."""
        with self.connect("ro") as db:
            return db.execute(statement, values).fetchall()

    def connect(self, mode):
        name = self.server.setting("DATABASE_URL").partition(":")[2]
        return sqlite3.connect("file:%s?mode=%s" % (name, mode), uri=True, timeout=10)

    def store_path(self, file_id):
        return os.path.join(self.server.state, "store", file_id[-2:], file_id)

    def processes(self):
        """All processes of the program: parent, workers, and their helpers."""
        top = self.server.parent()
        return [top] + servers.descendants(top)

    def cpu_s(self):
        return sum(cpu_of(pid) for pid in self.processes())


def cpu_of(pid):
    """Seconds that a process has run, user and system; 0 if it has ended. schedstat
    counts in nanoseconds, but not every kernel has it, and only the first thread."""
    try:
        with open("/proc/%d/schedstat" % pid, encoding="ascii") as f:
            return int(f.read().split()[0]) / 1e9
    except OSError:
        return cpu_of_all(pid)


def cpu_of_all(pid):
    """The same of all threads, those that have ended too, in ticks of 10 ms."""
    try:
        with open("/proc/%d/stat" % pid, encoding="latin-1") as f:
            rest = f.read().rpartition(")")[2].split()
        return (int(rest[11]) + int(rest[12])) / os.sysconf("SC_CLK_TCK")
    except OSError:
        return 0.0


class Wrk:
    """One run of wrk: requests a second, how many, and how many went wrong."""

    def __init__(self, url, seconds, token=None, script=None, words=()):
        command = ["wrk", "-t1", "-c%d" % CONNECTIONS, "-d%ds" % seconds,
                   "--timeout", "30s"]
        if token:
            command += ["-H", "Authorization: Bearer " + token]
        if script:
            command += ["-s", script]
        done = subprocess.run(command + [url, *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=seconds + 60, check=False)
        self.text = done.stdout.decode()
        if done.returncode:
            raise AssertionError("wrk: " + self.text)
        self.rate = float(re.search(r"Requests/sec:\s+([\d.]+)", self.text).group(1))
        self.n = int(re.search(r"(\d+) requests in", self.text).group(1))
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", self.text)
        lost = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), "
                         r"timeout (\d+)", self.text)
        self.bad = (int(bad.group(1)) if bad else 0) + (
            sum(map(int, lost.groups())) if lost else 0)

    def good(self):
        """self, if every answer was 2xx or 3xx."""
        if self.bad:
            raise AssertionError("%d bad answers:\n%s" % (self.bad, self.text))
        return self


def rounds(targets, n, seconds):
    """{name: requests a second}: the medians of n rounds in which all targets
    ({name: (url, token)}) take turns, so that a slow moment hits them all alike."""
    found = {name: [] for name in targets}
    for url, token in targets.values():
        Wrk(url, 1, token).good()
    for _ in range(n):
        for name, (url, token) in targets.items():
            found[name].append(Wrk(url, seconds, token).good().rate)
    return {name: statistics.median(rates) for name, rates in found.items()}


def wait_quiet():
    """A moment for what was begun to end."""
    time.sleep(0.3)
