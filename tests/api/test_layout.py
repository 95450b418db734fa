# SPDX-License-Identifier: MIT
"""The program as a thing: static, locked down, started and stopped by ./run."""
import os
import re
import shutil
import signal
import stat
import subprocess
import tempfile

import people
import pytest
import server as servers
from client import Client


def tool(*words, check=True):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120, check=check, cwd="/")
    return done.stdout.decode()


# the binary


def test_it_is_static_pie():
    words = tool("file", "-L", servers.CEM)
    assert "static-pie linked" in words, words
    assert "statically linked" in tool("ldd", servers.CEM, check=False)


def test_nothing_is_missing_in_it():
    """A linker that is told to be quiet makes a program of calls to nowhere: of a route
    without a handler, or of what libpq asks of Kerberos and LDAP (nolibs.c)."""
    names = {line.split()[-1] for line in tool("nm", "-u", servers.CEM).splitlines()}
    assert names <= {"__tls_get_addr"}  # of dynamic programs


def test_it_is_hardened():
    headers = tool("readelf", "-lW", servers.CEM)
    assert "INTERP" not in headers
    assert re.search(r"GNU_STACK.* RW +0x", headers), headers
    assert "GNU_RELRO" in headers
    assert "BIND_NOW" in tool("readelf", "-dW", servers.CEM)


def test_it_knows_its_version():
    status = subprocess.run([servers.CEM, "version"], stdout=subprocess.PIPE, timeout=60,
                            check=True)
    assert re.search(rb"\d+\.\d+", status.stdout)


def test_it_runs_in_an_empty_room():
    """No library, no file, no variable: the static binary needs none of them."""
    done = subprocess.run(["env", "-i", servers.CEM, "openapi"], stdout=subprocess.PIPE,
                          timeout=60, check=True)
    assert done.stdout.startswith(b"{")


def test_help_names_every_command():
    words = tool(servers.CEM, "help")
    for name in ("serve", "work", "job", "migrate", "check", "user", "organisation", "import",
                 "conf"):
        assert re.search(r"^  %s +[a-z]" % name, words, re.M), name
    assert tool(servers.CEM, "--help") == words


def test_a_command_says_how_it_is_used(server):
    for name in ("user", "organisation", "key", "farmer", "job", "import"):
        status, _, err = server.cem(name, "--config", server.config, check=False)
        assert status == 2 and err.startswith("usage: cem %s " % name), err
    done = subprocess.run([servers.CEM, "user", "list"], stderr=subprocess.PIPE,
                          env={}, timeout=60, check=False)
    assert b"--config FILE" in done.stderr


@pytest.mark.parametrize("words", [["nonsense"], ["serve", "--nonsense"], ["user"],
                                   ["user", "add"], ["migrate", "--config", "/nonsense"]])
def test_unknown_words_are_refused(words):
    done = subprocess.run([servers.CEM, *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=60,
                          check=False)
    assert done.returncode not in (0, -11, -6) and done.stderr


# locked down


def test_sandbox(server):
    """A locked worker tries what it must not: each line says that it was refused."""
    _, out, err = server.cem("check", "sandbox", "--config", server.config)
    lines = out.strip().split("\n")
    assert not err, err
    assert lines.pop() == "the sandbox holds"
    assert all(re.match(r"ok +(allowed|refused) ", line) for line in lines), out
    for attempt in ("run a program", "make another process", "read a file outside",
                    "write to a file outside", "connect to another tcp port",
                    "connect to a unix socket", "signal another process"):
        assert any("refused " + attempt in line.lower() for line in lines), (attempt, out)


def status_of(pid):
    with open("/proc/%d/status" % pid, encoding="utf-8") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def test_workers_are_locked(server):
    workers = server.children()
    assert len(workers) >= server.workers
    for pid in workers:
        state = status_of(pid)
        assert state["NoNewPrivs"] == "1", pid
        assert state["Seccomp"] == "2", (pid, state["Seccomp"])
        assert int(state["CapEff"], 16) == 0 and int(state["CapPrm"], 16) == 0
        assert "0" not in state["Uid"].split() and "0" not in state["Gid"].split()
        assert "0" not in state["Groups"].split()


@pytest.mark.skipif(os.getuid() != 0, reason="root only: nobody else can change users")
def test_nothing_that_listens_is_root(server):
    for pid in servers.descendants(server.process.pid):
        try:
            state, name = status_of(pid), servers.processes()[pid][1]
        except (OSError, KeyError):
            continue
        if name in ("cem", "nginx"):
            assert state["Uid"].split()[1] != "0", (pid, name)


def test_secrets_are_in_no_environment_and_no_command_line(server):
    secrets = [server.setting("JWT_SECRET").encode(),
               server.setting("SECRET_KEY").encode()]
    seen = 0
    for pid in servers.descendants(server.process.pid):
        for name in ("environ", "cmdline"):
            try:
                with open("/proc/%d/%s" % (pid, name), "rb") as f:
                    data = f.read()
            except OSError:
                continue
            seen += 1
            for secret in secrets:
                assert secret not in data, (pid, name)
    assert seen


def test_state_folder_is_private(server):
    others = stat.S_IROTH | stat.S_IWOTH
    for name in ("cem.conf", "db/cem.db", "tls/key.pem", "store", "spool"):
        path = os.path.join(server.state, name)
        if name == "db/cem.db" and server.kind != "sqlite":
            continue
        assert not os.stat(path).st_mode & others, name
    for path in server.stored():
        assert not os.stat(path).st_mode & stat.S_IROTH, path


def test_no_personal_data_on_the_disk_in_clear(server, operator):
    """NRC and birth date are encrypted; logs hold neither, nor secrets."""
    info = {"nrc": people.nrc(), "date_of_birth": "1961-07-29"}
    made = operator.post("/api/farmers", json=people.form(personal=info)).json()
    one = "/api/farmers/" + made["farmer_id"]
    assert operator.get(one).json()["personal_info"]["nrc"] == info["nrc"]
    operator.get("/api/farmers", params={"nrc": info["nrc"]})
    operator.post("/api/auth/login", json={"email": info["nrc"], "role": "farmer",
                                           "password": info["date_of_birth"]}, token=None)
    where = [server.state, server.log]
    if server.cluster:
        where.append(server.cluster.folder)
    hidden = [info["nrc"].encode(), operator.password.encode(), operator.token.encode()]
    names = [n for w in where if os.path.isfile(w) for n in [w]]
    for w in where:
        for folder, _, files in os.walk(w):
            names += [os.path.join(folder, f) for f in files]
    assert len(names) > 5
    for name in names:
        try:
            with open(name, "rb") as f:
                data = f.read()
        except OSError:
            continue  # a socket, or a file that went away
        for secret in hidden:
            assert secret not in data, (name, secret)
        if name.endswith((".db", ".db-wal")):
            assert info["date_of_birth"].encode() not in data, name


def logs(server):
    """All that server has written so far."""
    text = ""
    for folder in (server.home, os.path.join(server.state, "nginx"), server.state,
                   os.path.join(server.state, "log")):
        if os.path.isdir(folder):
            for name in os.listdir(folder):
                if name.endswith(".log"):
                    with open(os.path.join(folder, name), encoding="utf-8",
                              errors="replace") as f:
                        text += f.read()
    return text


def test_logs_have_one_line_an_event(server, anyone):
    reply = anyone.get("/api/farmers/x%0aINJECTED%20line", token="a.b.c")
    line = r"request=%s GET " % reply.headers["X-Request-ID"]
    servers.poll(lambda: re.search(line, logs(server)))  # written after the reply
    assert not re.search(r"^INJECTED", logs(server), re.M)


# configuration


@pytest.fixture
def folder():
    made = tempfile.mkdtemp(prefix="cem-conf-", dir="/tmp")
    os.chmod(made, 0o755)
    yield made
    shutil.rmtree(made)


def refuse_start(folder, text, command="check"):
    """The words with which a configuration is refused."""
    name = os.path.join(folder, "cem.conf")
    with open(name, "w", encoding="utf-8") as f:
        f.write(text)
    os.chmod(name, 0o600)
    done = subprocess.run([servers.CEM, command, "--config", name], cwd="/",
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=60, check=False,
                          env={"PATH": os.environ["PATH"]})
    assert done.returncode > 0, done
    return done.stderr.decode()


SECRETS = ("STATE_DIR=/tmp/x\nSOCKET=/tmp/x/s\nDATABASE_URL=sqlite:/tmp/x/cem.db\n"
           "JWT_SECRET=%s\nSECRET_KEY=%s\n" % ("a1" * 20, "b2" * 20))


@pytest.mark.parametrize("line,word", [
    ("NONSENSE=1", "NONSENSE"), ("WORKERS=many", "WORKERS"), ("WORKERS=0", "WORKERS"),
    ("WORKERS=-1", "WORKERS"), ("ACCESS_TOKEN_EXPIRE_MINUTES=1",
                                "ACCESS_TOKEN_EXPIRE_MINUTES"),
    ("MAX_UPLOAD_SIZE_MB=1000", "MAX_UPLOAD_SIZE_MB"),
    ("METRICS_FROM=all", "METRICS_FROM"), ("METRICS_FROM=10.0.0.0/33", "METRICS_FROM"),
    ("PUBLIC_URL=files.example", "PUBLIC_URL"), ("PUBLIC_URL=https://", "PUBLIC_URL"),
    ("PUBLIC_URL=https://a/b", "PUBLIC_URL"), ("PUBLIC_URL=ftp://a", "PUBLIC_URL"),
    ("ENVIRONMENT=home", "ENVIRONMENT"),
    ("DOCS=perhaps", "DOCS"), ("database_url=x", "database_url"),
    ("a line without sign", "line 6"),
    ("DATABASE_URL=mysql://x", "DATABASE_URL"), ("WORKERS=4 # four", "WORKERS"),
])
def test_bad_settings_stop_the_start(folder, line, word):
    for command in ("serve", "migrate"):
        words = refuse_start(folder, SECRETS + line + "\n", command)
        assert word in words, words


@pytest.mark.parametrize("text", ["", "JWT_SECRET=short\nSECRET_KEY=%s\n" % ("b2" * 20),
                                  "JWT_SECRET=%s\n" % ("a1" * 20)])
def test_secrets_are_needed(folder, text):
    words = refuse_start(folder, text, "serve")
    assert "JWT_SECRET" in words or "SECRET_KEY" in words, words
    assert "short" not in words.split(), "a secret is not repeated"


def test_run_refuses_a_bad_environment(folder):
    """./run ends by itself with a clear line, and starts nothing."""
    bad = servers.Server({"LOGIN_ATTEMPTS": "many"}, state=os.path.join(folder, "state"),
                         database="sqlite:" + os.path.join(folder, "cem.db"))
    bad.launch()
    try:
        assert bad.process.wait(timeout=300) != 0
        assert "LOGIN_ATTEMPTS" in bad.tails()
    finally:
        bad.stop()


def test_run_refuses_bad_words():
    for words in (["serve", "--nonsense"], ["serve", "--port", "x"], ["nonsense"],
                  ["serve", "--workers", "0"], ["serve", "--port", "99999"]):
        done = subprocess.run([os.path.join(servers.ROOT, "run"), *words],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=300, check=False)
        assert done.returncode != 0 and done.stderr, words


# two starts


def fresh(**more):
    running = servers.Server(workers=2, **more)
    try:
        return running.start()
    except BaseException:
        running.end()
        raise


def sign_in(running):
    return Client(running).login(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)


def test_a_second_start_keeps_everything():
    """Flaw 30: each start reset the administrator's password."""
    running = fresh()
    try:
        admin = sign_in(running)
        made = admin.post("/api/farmers", json=people.form()).json()
        before = {name: running.setting(name) for name in ("JWT_SECRET", "SECRET_KEY")}
        with open(running.certificate, "rb") as f:
            certificate = f.read()
        running.stop(signal.SIGINT)
        running.settings["SEED_ADMIN_PASSWORD"] = "Another-Passw0rd"
        running.start()
        assert {name: running.setting(name) for name in before} == before
        with open(running.certificate, "rb") as f:
            assert f.read() == certificate
        again = sign_in(running)  # a start resets no password
        assert again.get("/api/farmers/" + made["farmer_id"]).json() == made
        assert admin.get("/api/auth/me").status_code == 200, "sessions outlive a restart"
        assert again.get("/api/geo/provinces").json()[0]["province_code"] == "CP"
        assert len(again.get("/api/geo/chiefdoms").json()) == 204
    finally:
        running.end()


def test_two_side_by_side_share_nothing(server, admin, farmer):
    other = fresh()
    try:
        assert other.setting("JWT_SECRET") != server.setting("JWT_SECRET")
        assert other.setting("SECRET_KEY") != server.setting("SECRET_KEY")
        there = Client(other)
        assert there.get("/api/auth/me", token=admin.token).status_code == 401
        boss = sign_in(other)
        assert boss.get("/api/farmers").json() == []
        assert boss.get("/api/farmers/" + farmer["farmer_id"]).status_code == 404
        assert admin.get("/api/farmers/" + farmer["farmer_id"]).status_code == 200
    finally:
        other.end()


def test_two_on_one_state_folder(server, admin):
    second = servers.Server(state=server.state, database=server.database)
    second.log = os.path.join(server.home, "second.log")
    second.launch()
    try:
        assert second.process.wait(timeout=300) != 0
        assert os.path.getsize(second.log) > 0
    finally:
        second.stop()
    assert admin.get("/api/auth/me").status_code == 200, "the first one runs on"


def test_two_on_one_port(server, admin):
    second = servers.Server(port=server.port)
    second.launch()
    try:
        assert second.process.wait(timeout=300) != 0
        assert str(server.port) in second.tails()
    finally:
        second.end()
    assert admin.get("/api/auth/me").status_code == 200


def test_stop_leaves_nothing_behind():
    """Also when the terminal's Ctrl-C comes; the next start needs no cleaning."""
    running = fresh()
    try:
        family = servers.descendants(running.process.pid)
        assert len(family) > 3
        running.stop(signal.SIGINT)
        assert not [p for p in family if servers.alive(p)]
        running.start()
        family = servers.descendants(running.process.pid)
        running.process.send_signal(signal.SIGKILL)  # ./run itself dies suddenly
        running.process.wait(timeout=60)

        def all_gone():
            return not [p for p in family if servers.alive(p)]
        servers.poll(all_gone)
        running.process = None
        running.start()
    finally:
        running.end()


def test_sample_farmers():
    running = fresh(sample=3)
    try:
        admin = sign_in(running)
        assert admin.get("/api/farmers/count").json()["total"] == 3
        row = admin.get("/api/farmers").json()[0]
        out = admin.get("/api/farmers/" + row["farmer_id"]).json()
        assert out["photo_file_id"]
        photo = admin.get("/api/files/" + out["photo_file_id"])
        assert photo.status_code == 200 and photo.content[:2] == b"\xff\xd8"
        running.stop()
        running.start()
        assert sign_in(running).get("/api/farmers/count").json()["total"] == 3
    finally:
        running.end()
