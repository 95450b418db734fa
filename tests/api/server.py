# SPDX-License-Identifier: MIT
"""A whole cem of its own for tests: `./run serve` in a fresh folder below /tmp.

Server() starts it as a user would, waits until the health page answers, and
stops it by its process id. The database is SQLite, or with
CEM_TEST_DATABASE=pgsql a private PostgreSQL cluster from tests/pg-up.sh.
"""
import atexit
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import tempfile
import time

import requests

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UP = os.path.join(ROOT, "tests", "pg-up.sh")
CEM = os.path.join(ROOT, "build", "release", "cem")
LIMIT = 180  # seconds that anything may take; tests assert results, not durations

ADMIN_EMAIL = "root@cem.example"
ADMIN_PASSWORD = "First-Passw0rd"


def end_by_term(*_):
    """SIGTERM ends the tests as Ctrl-C does: with all servers. It may come twice."""
    signal.signal(signal.SIGTERM, lambda *_: None)
    raise KeyboardInterrupt


signal.signal(signal.SIGTERM, end_by_term)

# Throttles must not hit tests that are about something else.
LOOSE = {"LOGIN_ATTEMPTS": "1000000", "LOGIN_ATTEMPTS_ADDRESS": "1000000"}


def poll(what, limit=LIMIT):
    """Call what() until it is true, and return that; fail after limit seconds."""
    end = time.monotonic() + limit
    while True:
        found = what()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError("waited %d s in vain for %s" % (limit, what.__name__))
        time.sleep(0.1)


def run_schedule(server, kind):
    """Have a scheduled job run now, here or by the server's own worker."""
    def asked():  # refused while it is running
        return server.cem("job", "retry", kind, "--config", server.config,
                          check=False)[0] == 0
    poll(asked)
    server.cem("work", "--once", "--config", server.config)

    def ended():
        return "running" not in server.cem("job", "list", "--kind", kind, "--config",
                                           server.config)[1]
    poll(ended)


class Ports:
    """500 ports that no other test takes while this process lives. They are below those
    that the kernel gives to connections, which may take one at any moment."""
    SPAN = 500

    def __init__(self):
        self.used = 0
        for self.first in range(12000, 32000, self.SPAN):
            self.mark = socket.socket(socket.AF_UNIX)
            try:
                self.mark.bind("\0cem-test-ports-%d" % self.first)
                return
            except OSError:
                self.mark.close()
        raise AssertionError("other tests have all the ports")

    def take(self, count):
        """The first of so many that nobody listens on; each comes round as late as can
        be."""
        for _ in range(self.SPAN):
            if self.used + count > self.SPAN:
                self.used = 0
            port = self.first + self.used
            self.used += count
            probes = [socket.socket() for _ in range(count)]
            try:
                for i, probe in enumerate(probes):
                    probe.bind(("127.0.0.1", port + i))
                return port
            except OSError:
                continue
            finally:
                for probe in probes:
                    probe.close()
        raise AssertionError("no free ports")


PORTS = Ports()


def processes():
    """{pid: (parent's pid, name, state)} of everything that runs."""
    table = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            with open("/proc/%s/stat" % entry, encoding="latin-1") as f:
                text = f.read()
        except OSError:
            continue
        name = text[text.index("(") + 1:text.rindex(")")]
        rest = text[text.rindex(")") + 2:].split()
        table[int(entry)] = (int(rest[1]), name, rest[0])
    return table


def descendants(pid):
    table = processes()
    found, wave = [], [pid]
    while wave:
        wave = [p for p, (parent, _, _) in table.items() if parent in wave]
        found += wave
    return found


def exe_of(pid):
    try:
        return os.readlink("/proc/%d/exe" % pid)
    except OSError:
        return ""


def alive(pid):
    entry = processes().get(pid)
    return entry is not None and entry[2] != "Z"


class Cluster:
    """A private PostgreSQL cluster."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="cem-pg-", dir="/tmp")
        atexit.register(self.end)
        os.chmod(self.folder, 0o755)
        self.port = PORTS.take(1)
        done = subprocess.run(
            [UP, self.folder, str(self.port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            timeout=LIMIT * 2, check=False)
        lines = done.stdout.decode().split("\n")
        urls = [line for line in lines if re.match(r"postgres(ql)?:", line)]
        if done.returncode or not urls:
            raise AssertionError("tests/pg-up.sh: %r %r" % (done.stdout, done.stderr))
        self.url = urls[-1].strip()
        self.data = self._find("postmaster.pid")

    def _find(self, name):
        for where, _, files in os.walk(self.folder):
            if name in files:
                return where
        raise AssertionError("no %s below %s" % (name, self.folder))

    def _ctl(self, *words):
        owner = os.stat(self.data).st_uid
        command = ["/usr/lib/postgresql/15/bin/pg_ctl", "-D", self.data, "-s", "-w",
                   "-t", str(LIMIT), *words]
        if os.getuid() == 0:
            group = os.stat(self.data).st_gid
            command = ["setpriv", "--reuid=%d" % owner, "--regid=%d" % group,
                       "--clear-groups", *command]
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=LIMIT * 2, check=True,
                       cwd=self.folder)

    def stop(self):
        self._ctl("-m", "fast", "stop")

    def start(self):
        self._ctl("-l", os.path.join(self.data, "restart.log"), "start")

    def end(self):
        """It may have been stopped by a test, or not have started."""
        subprocess.run([UP, self.folder, "stop"], stdin=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL, timeout=LIMIT * 2, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.end)


class Server:
    """One running cem. `settings` go into its environment. With `store` (disk or s3) it
    has a bucket, and keeps new files there."""

    def __init__(self, settings=None, workers=4, state=None, database=None, port=None,
                 sample=None, store=None):
        self.kind = os.environ.get("CEM_TEST_DATABASE", "sqlite")
        self.made = state is None
        self.home = None
        if self.made:
            self.home = tempfile.mkdtemp(prefix="cem-test-", dir="/tmp")
            os.chmod(self.home, 0o755)
            state = os.path.join(self.home, "state")
        self.state = state
        self.port = port or PORTS.take(2) + 1  # the lower one is plain HTTP's
        self.workers = workers
        self.sample = sample
        self.settings = dict(LOOSE)
        self.bucket = None
        if store or os.environ.get("CEM_TEST_STORE") == "s3":
            self.use_bucket(store or "s3")
        self.settings.update(settings or {})
        self.cluster = None
        self.database = database
        if database is None and self.kind == "pgsql":
            self.cluster = Cluster()
            self.database = self.cluster.url
        self.process = None
        atexit.register(self.end)
        self.log = os.path.join(self.home or os.path.dirname(state) or "/tmp",
                                "run-%d.log" % self.port)
        self.base = "https://localhost:%d" % self.port

    def use_bucket(self, store):
        """A bucket of its own in a private S3; new files go where store says."""
        from bucket import Bucket, s3  # boto3 takes its time
        self.bucket = Bucket(s3(lambda: PORTS.take(41)))
        self.settings.update(self.bucket.settings(store))
        return self.bucket

    # life

    def command(self):
        words = [os.path.join(ROOT, "run"), "serve", "--state", self.state,
                 "--port", str(self.port), "--workers", str(self.workers)]
        if self.database:
            words += ["--database", self.database]
        if self.sample:
            words += ["--sample", str(self.sample)]
        return words

    def environment(self):
        env = dict(os.environ)
        for name in ("DATABASE_URL", "JWT_SECRET", "SECRET_KEY", "STATE_DIR", "SOCKET"):
            env.pop(name, None)
        env.update(SEED_ADMIN_EMAIL=ADMIN_EMAIL, SEED_ADMIN_PASSWORD=ADMIN_PASSWORD)
        env.update(self.settings)
        return env

    def launch(self):
        """Start it and return at once."""
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=ROOT, env=self.environment(),
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT,
                start_new_session=True)

    def start(self, limit=300):
        self.launch()

        def answers():
            if self.process.poll() is not None:
                raise AssertionError("./run ended with %d\n%s"
                                     % (self.process.returncode, self.tails()))
            try:
                reply = requests.get(self.base + "/api/health", timeout=10,
                                     verify=self.certificate)
            except (OSError, requests.RequestException):
                return False
            return reply.status_code == 200
        try:
            poll(answers, limit)
        except AssertionError as why:
            raise AssertionError("%s\n%s" % (why, self.tails())) from None
        return self

    def stop(self, with_signal=signal.SIGTERM):
        """Stop it as Ctrl-C or a service manager would; nothing may be left."""
        if self.process is None:
            return
        family = descendants(self.process.pid)
        if self.process.poll() is None:
            self.process.send_signal(with_signal)
        try:
            self.process.wait(timeout=LIMIT)
            end = time.monotonic() + LIMIT
            while any(alive(p) for p in family) and time.monotonic() < end:
                time.sleep(0.1)
        finally:
            left = [p for p in family if alive(p)]
            for pid in left:
                os.kill(pid, signal.SIGKILL)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait(timeout=LIMIT)
            self.process = None
        if left:
            raise AssertionError("still there after the stop: %s" % left)

    def end(self):
        try:
            self.stop()
        finally:
            if self.cluster:
                self.cluster.end()
            if self.home:
                shutil.rmtree(self.home, ignore_errors=True)
            atexit.unregister(self.end)

    # what a test asks of it

    @property
    def certificate(self):
        return os.path.join(self.state, "tls", "cert.pem")

    @property
    def config(self):
        return os.path.join(self.state, "cem.conf")

    def setting(self, name):
        """One value from its cem.conf."""
        with open(self.config, encoding="utf-8") as f:
            for line in f:
                key, sign, value = line.strip().partition("=")
                if sign and key.strip() == name:
                    return value.strip()
        raise AssertionError("no %s in %s" % (name, self.config))

    def cem(self, *words, text="", check=True):
        """Run a cem command on this server's state; (status, stdout, stderr)."""
        env = self.environment()
        for name in ("SEED_ADMIN_EMAIL", "SEED_ADMIN_PASSWORD"):
            env.pop(name)
        done = subprocess.run([CEM, *words], input=text.encode(), cwd="/", env=env,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              timeout=LIMIT * 2, check=False)
        if check and done.returncode:
            raise AssertionError("cem %s ended with %d: %s %s"
                                 % (" ".join(words), done.returncode,
                                    done.stdout.decode(), done.stderr.decode()))
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def sql(self, statement):
        """Change the database behind the program's back."""
        if self.database:
            subprocess.run(["psql", self.database, "-X", "-q", "-c", statement],
                           check=True, stdin=subprocess.DEVNULL, timeout=60)
            return
        base = sqlite3.connect(os.path.join(self.state, "db", "cem.db"), timeout=30)
        try:
            with base:
                base.execute(statement)
        finally:
            base.close()

    def user_add(self, email, password, role="operator", name="Op One", districts=(),
                 organisation=None):
        words = ["user", "add", "--config", self.config, "--email", email,
                 "--role", role, "--name", name]
        if organisation:
            words += ["--organisation", organisation]
        for district in districts:
            words += ["--district", district]
        return self.cem(*words, "--password-stdin", text=password + "\n")

    def parent(self):
        """The pid of the cem that watches over the workers."""
        table = processes()
        programs = (CEM, os.path.join(self.state, "bin", "cem"))
        tops = [p for p, (parent, _, _) in table.items() if parent == self.process.pid
                and exe_of(p).replace(" (deleted)", "") in programs]
        if len(tops) != 1:
            raise AssertionError("one cem parent expected, found %s" % tops)
        return tops[0]

    def children(self):
        """The pids of its web workers (and job worker)."""
        top = self.parent()
        return sorted(p for p, (parent, _, state) in processes().items()
                      if parent == top and state != "Z")

    def stored(self):
        """Every object in the store, temporary ones too; of a bucket, its versions."""
        found = ["%s?%s" % v[:2] for v in self.bucket.versions()] if self.bucket else []
        for where, _, files in os.walk(os.path.join(self.state, "store")):
            if os.path.basename(where) not in ("store", "swept"):
                found += [os.path.join(where, name) for name in files]
        return sorted(found)

    def added(self, before):
        """What has been stored since; what was there may go at any time."""
        return sorted(set(self.stored()) - set(before))

    def tails(self, lines=40):
        """The ends of its logs, for a failure's report."""
        names = [self.log]
        for folder in (os.path.join(self.state, "nginx"), os.path.join(self.state, "run"),
                       os.path.join(self.state, "log"), self.state):
            if os.path.isdir(folder):
                names += [os.path.join(folder, n) for n in sorted(os.listdir(folder))
                          if n.endswith(".log")]
        parts = []
        for name in names:
            try:
                with open(name, encoding="utf-8", errors="replace") as f:
                    tail = f.readlines()[-lines:]
            except OSError:
                continue
            parts.append("--- %s\n%s" % (name, "".join(tail)))
        return "\n".join(parts)
