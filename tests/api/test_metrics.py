# SPDX-License-Identifier: MIT
"""/metrics: what it counts, that it counts exactly, and who may not see it.

The text is read by a strict parser of its own here, after the format's description
(prometheus.io/docs/instrumenting/exposition_formats), and by prometheus_client's.
"""
import os
import re
import signal
import sqlite3
import socket
import ssl
import subprocess
from concurrent.futures import ThreadPoolExecutor

import fastcgi
import people
import pytest
import server as servers
import wire
from client import Client, refused
from prometheus_client.parser import text_string_to_metric_families

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
PAIR = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"'
SAMPLE = re.compile(r"(%s)(?:\{(%s(?:,%s)*)\})? (-?[0-9]+(?:\.[0-9]+)?)"
                    % (NAME, PAIR, PAIR))
PARTS = {"counter": [""], "gauge": [""], "histogram": ["_bucket", "_sum", "_count"]}
REQUESTS, TIME = "cem_http_requests_total", "cem_http_request_duration_seconds"
SINGLE = {
    "process_start_time_seconds": "gauge", "cem_workers": "gauge",
    "cem_workers_busy": "gauge", "cem_process_starts_total": "counter",
    "cem_request_memory_max_bytes": "gauge", "cem_throttled_total": "counter",
    "cem_logins_refused_total": "counter", "cem_database_up": "gauge",
    "cem_database_statements_total": "counter",
    "cem_database_statements_failed_total": "counter",
    "cem_database_commits_total": "counter", "cem_database_rollbacks_total": "counter",
    "cem_jobs_overdue_seconds": "gauge", "cem_journal_files": "gauge", "cem_journal_files_max": "gauge",
    "cem_database_size_bytes": "gauge", "cem_job_worker_heartbeat_age_seconds": "gauge",
}


def parse(text):
    """({family: type}, {(sample, labels): value}); refuses all that is not in order."""
    types, samples, family, helped = {}, {}, None, None
    assert text.endswith("\n") and "\r" not in text
    for line in text[:-1].split("\n"):
        if line.startswith("# HELP "):
            family, words = line[7:].split(" ", 1)
            assert re.fullmatch(NAME, family) and family not in types, line
            assert words and "\\" not in words, line
            helped = family
        elif line.startswith("# TYPE "):
            name, kind = line[7:].split(" ")
            assert name == helped and name not in types and kind in PARTS, line
            types[name] = kind
        else:
            found = SAMPLE.fullmatch(line)
            assert found, line
            assert found[1] in [family + p for p in PARTS[types[family]]], line
            labels = dict(re.findall(PAIR, found[2] or ""))
            assert len(labels) == len(re.findall(PAIR, found[2] or "")), line
            key = found[1], frozenset(labels.items())
            assert key not in samples, "twice: " + line
            samples[key] = float(found[7])
    return types, samples


def test_the_parser_sees_faults():
    """Of the tests' own tool: it can fail."""
    head = "# HELP a Words.\n# TYPE a counter\n"
    assert parse(head + 'a{b="c\\"d"} 1\n')[1] == {("a", frozenset({("b", 'c\\"d')})): 1}
    for bad in ("a 1\n", "# TYPE a counter\na 1\n", head + "b 1\n", head + "a 1",
                head + "a 1\na 1\n", head + 'a{b="c"d"} 1\n', head + "a x\n",
                head + "a{b=c} 1\n", head + "a 1\n\n", head + head + "a 1\n",
                head + 'a{b="1",b="2"} 1\n', head + "a_total 1\n"):
        with pytest.raises((AssertionError, KeyError, TypeError)):
            parse(bad)


class Figures:
    """One answer, parsed."""

    def __init__(self, client):
        reply = client.get("/metrics", token=None)
        assert reply.status_code == 200, reply.text
        self.reply, self.text = reply, reply.text
        self.types, self.samples = parse(reply.text)

    def get(self, name, **labels):
        return self.samples.get((name, frozenset(labels.items())), 0)

    def requests(self, method, route, status, kind="api"):
        return self.get(REQUESTS, method=method, route=route, kind=kind,
                        status=str(status))

    def grown(self, before, asked=1):
        """What the counters of requests grew by, but for so many that asked for them."""
        found = {}
        for key, value in self.samples.items():
            labels = dict(key[1])
            if key[0] == REQUESTS and value != before.samples.get(key, 0):
                row = labels["method"], labels["route"], int(labels["status"])
                found[row] = value - before.samples.get(key, 0)
        assert found.pop(("GET", "/metrics", 200)) == asked
        return found


@pytest.fixture
def figures(anyone):
    return lambda: Figures(anyone)


# the text


def test_the_text(figures, anyone, server):
    servers.poll(lambda: "heartbeat_age" in figures().text)
    now = figures()
    assert now.reply.headers["Content-Type"] == \
        "text/plain; version=0.0.4; charset=utf-8"
    assert now.reply.headers["Cache-Control"] == "no-store"
    wanted = dict(SINGLE, cem_build_info="gauge", cem_disk_free_bytes="gauge")
    wanted.update({"cem_farmers": "gauge", "cem_jobs": "gauge",
                   "cem_job_runs_total": "counter"})
    wanted.update({REQUESTS: "counter", TIME: "histogram"})
    if server.kind == "pgsql":
        wanted["cem_database_connections"] = "gauge"
    assert {n: now.types.get(n) for n in wanted} == wanted
    for name in SINGLE:
        assert (name, frozenset()) in now.samples, name
    assert anyone.call("HEAD", "/metrics").status_code == 200
    refused(anyone.post("/metrics"), 405)


def test_the_readme_lists_them(figures):
    with open(os.path.join(servers.ROOT, "README.md"), encoding="utf-8") as f:
        listed = f.read().replace("`...", "`cem_database")
    assert not [n for n in figures().types if "`%s`" % n not in listed]


def test_another_parser_reads_the_same(figures):
    now = figures()
    found = {}
    for family in text_string_to_metric_families(now.text):
        kind = now.types.get(family.name) or now.types[family.name + "_total"]
        assert family.type == kind and family.documentation
        for sample in family.samples:
            labels = frozenset((k, v) for k, v in sample.labels.items())
            found[sample.name, labels] = sample.value
    assert found == now.samples


def test_histograms_add_up(figures, anyone, admin):
    anyone.get("/api/geo/provinces")
    admin.get("/api/farmers")
    now = figures()
    rows = {}
    for (name, labels), value in now.samples.items():
        if name.startswith(TIME):
            labels = dict(labels)
            at = labels.pop("le", None)
            row = rows.setdefault(frozenset(labels.items()), {"buckets": []})
            if at is None:
                row[name[len(TIME):]] = value
            else:
                row["buckets"].append((float(at.replace("+", "")), value))
    assert len(rows) >= 2
    for labels, row in rows.items():
        bounds = [b for b, _ in row["buckets"]]
        counts = [n for _, n in row["buckets"]]
        assert bounds == sorted(set(bounds)) and bounds[-1] == float("inf")
        assert bounds[0] == 0.001 and bounds[-2] == 10
        assert counts == sorted(counts) and counts[-1] == row["_count"] > 0
        assert row["_sum"] >= 0
        answered = sum(v for (name, of), v in now.samples.items()
                       if name == REQUESTS and labels <= of)
        assert answered == row["_count"], labels


# the counts


def test_requests_are_counted_exactly(figures, anyone, admin, operator, farmer):
    before = figures()
    for _ in range(7):
        anyone.get("/api/health?x=1")
    anyone.call("HEAD", "/api/health/")
    for path in ("/nothing", "/api/nothing/here", '/x"}%20evil%0a%5c'):
        anyone.get(path)
    anyone.call("PATCH", "/api/health")
    anyone.post("/api/auth/login", json={})
    anyone.get("/api/users")
    anyone.get("/api/users", token="a.b.c")
    operator.get("/api/users")
    admin.get("/api/users")
    admin.get("/api/farmers/" + farmer["farmer_id"])
    admin.get("/api/farmers/" + "0" * 24)
    assert figures().grown(before) == {
        ("GET", "/api/health", 200): 8, ("-", "-", 404): 2, ("-", "-", 400): 1,
        ("-", "-", 405): 1,
        ("POST", "/api/auth/login", 422): 1, ("GET", "/api/users", 401): 1,
        ("GET", "/api/users", 403): 2, ("GET", "/api/users", 200): 1,
        ("GET", "/api/farmers/{farmer_id}", 200): 1,
        ("GET", "/api/farmers/{farmer_id}", 404): 1}


def test_an_upload_is_counted_once(figures, admin):
    """nginx asks for a large one whether it may come, and passes refusals on itself."""
    before = figures()
    for content in (b"x", b"x" * 100_000):
        assert admin.upload("/files/upload?folder=counted", content).status_code == 200
        assert admin.upload("/files/upload", content, token=None).status_code == 403
    assert figures().grown(before) == {("POST", "/files/upload", 200): 2,
                                       ("POST", "/files/upload", 403): 2}


def test_pages_are_told_apart(figures, anyone):
    before = figures()
    anyone.get("/", headers={"Accept": "text/html"})
    anyone.get("/", headers={"Accept": "application/json"})
    now = figures()
    for kind in ("page", "api"):
        assert now.requests("GET", "/", 200, kind) == \
            before.requests("GET", "/", 200, kind) + 1


def test_what_makes_no_sense_is_counted(figures, server):
    before = figures()
    status, _ = fastcgi.ask(server, "GET", "no/path", "127.0.0.1")
    assert status == 400
    assert figures().grown(before) == {("-", "-", 400): 1}


def test_many_at_once_are_counted_exactly(figures, server):
    def some(_):
        client = Client(server)
        return [client.get("/api/geo/provinces/" + p).status_code
                for p in ("CP", "none") * 25]
    before = figures()
    with ThreadPoolExecutor(8) as pool:
        replies = sum(pool.map(some, range(8)), [])
    row = "/api/geo/provinces/{province_code}"
    assert figures().grown(before) == {("GET", row, 200): replies.count(200),
                                       ("GET", row, 404): replies.count(404)}
    assert replies.count(200) == replies.count(404) == 200


def test_the_database_is_counted(figures, admin):
    before = figures()
    admin.post("/api/farmers", json=people.form())
    now = figures()
    for name, least in (("statements_total", 3), ("commits_total", 1)):
        name = "cem_database_" + name
        assert now.get(name) >= before.get(name) + least, name
    name = "cem_database_statements_failed_total"
    assert now.get(name) == before.get(name)


def test_sizes_and_workers(figures, server):
    now = figures()
    assert now.get("cem_workers") == server.workers
    assert now.get("cem_process_starts_total") >= server.workers + 1
    assert now.get("cem_database_up") == 1
    assert now.get("cem_database_size_bytes") > 100000
    assert 0 < now.get("cem_request_memory_max_bytes") < 8 << 20
    assert now.get("cem_disk_free_bytes", holds="store") > 0
    assert 0 <= now.get("cem_journal_files") < now.get("cem_journal_files_max")
    _, version, _ = server.cem("version")
    assert now.get("cem_build_info", version=version.split()[1]) == 1
    if server.kind == "sqlite":
        assert now.get("cem_disk_free_bytes", holds="database") > 0
        assert now.get("cem_database_size_bytes") >= os.path.getsize(
            os.path.join(server.state, "db", "cem.db"))
    else:
        assert now.get("cem_database_connections") >= server.workers


def test_farmers_are_told(figures, enrol):
    def total():
        return sum(v for (name, _), v in figures().samples.items()
                   if name == "cem_farmers")
    before = total()
    made = enrol()
    assert total() == before + 1
    assert figures().get("cem_farmers", status=made["registration_status"]) >= 1


def test_jobs_are_counted(figures, server):
    runs = {"kind": "ping", "result": "done"}
    before = figures()
    server.cem("job", "ping", "7", "--config", server.config)

    def done():
        now = figures()
        return now.get("cem_job_runs_total", **runs) == \
            before.get("cem_job_runs_total", **runs) + 7 and not any(
                now.samples["cem_jobs", frozenset({("kind", "ping"), ("state", state)})]
                for state in ("queued", "running")) and now
    now = servers.poll(done)
    assert sum(now.get("cem_jobs", kind="expired", state=state)
               for state in ("queued", "running")) == 1
    failed = {"kind": "ping", "result": "failed"}
    assert now.get("cem_job_runs_total", **failed) == \
        before.get("cem_job_runs_total", **failed)


def test_busy_workers(figures, server):
    """One waits for a body that does not come; one answers us."""
    def busy(n):
        return lambda: figures().get("cem_workers_busy") == n
    servers.poll(busy(1))
    link = fastcgi.Link(server, "POST", "/api/auth/login", "127.0.0.1",
                        CONTENT_LENGTH="2", CONTENT_TYPE="application/json")
    servers.poll(busy(2))
    status, _ = link.finish(b"{}")
    assert status == 422
    servers.poll(busy(1))


# nothing of a client's in it


def test_labels_are_constants(figures, server, anyone, admin, farmer):
    """Whatever is asked for: a label is a row of the table, a status or a number."""
    info = farmer["personal_info"]
    evil = ["/%22%7D%200%0A", "/metrics%0A", "/api/farmers/%22,x=%22", "/\u00e9", "/a" * 500]
    for path in evil + ["/" + info["nrc"], "/api/farmers/" + info["nrc"]]:
        anyone.get(path)
        anyone.call("EVIL", path)
    admin.get("/api/farmers", params={"nrc": info["nrc"]})
    fastcgi.ask(server, 'X"} 1\n', '/"} 1\n', "127.0.0.1")
    now = figures()
    _, out, _ = server.cem("routes")
    rows = {tuple(line.split()[:2]) for line in out.splitlines()} | {("-", "-")}
    with open(os.path.join(servers.ROOT, "fcgi/app/jobs.def"), encoding="utf-8") as f:
        kinds = set(re.findall(r'^JOB\("([a-z_]+)"', f.read(), re.M)) | {"-"}
    assert "ping" in kinds
    for name, labels in now.samples:
        labels = dict(labels)
        if name == REQUESTS or name.startswith(TIME):
            assert (labels.pop("method"), labels.pop("route")) in rows
            assert labels.pop("kind") in ("api", "page", "-")
            assert re.fullmatch(r"[1-5]\d\d|other", labels.pop("status", "200"))
            assert re.fullmatch(r"[0-9.]+|\+Inf", labels.pop("le", "1"))
        elif name == "cem_disk_free_bytes":
            assert labels.pop("holds") in ("store", "database")
        elif name.startswith("cem_job"):
            assert labels.pop("kind", "-") in kinds
            assert labels.pop("state", "dead") in ("queued", "running", "dead")
            assert labels.pop("result", "done") in ("done", "failed")
        elif name == "cem_farmers":
            assert re.fullmatch("[a-z_]+", labels.pop("status"))
        elif name == "cem_build_info":
            assert re.fullmatch(r"[0-9.]+", labels.pop("version"))
        assert not labels, name
    for mine in (info["nrc"], info["first_name"], farmer["farmer_id"], admin.email, "EVIL",
                 server.state):
        assert mine not in now.text


# who may not


def from_address(server, source, target="/metrics", headers=(), method="GET"):
    """A request that comes from another of this machine's own addresses."""
    context = ssl.create_default_context(cafile=server.certificate)
    plain = socket.create_connection(("127.0.0.1", server.port), servers.LIMIT * 2,
                                     source_address=(source, 0))
    with context.wrap_socket(plain, server_hostname="localhost") as link:
        link.sendall(wire.request(method, target, headers))
        return wire.receive(link, method)


LIES = [("X-Forwarded-For", "127.0.0.1"), ("X-Real-IP", "127.0.0.1"),
        ("Forwarded", "for=127.0.0.1"), ("Remote-Addr", "127.0.0.1"),
        ("REMOTE_ADDR", "127.0.0.1"), ("X-Client-IP", "127.0.0.1"),
        ("True-Client-IP", "::1"), ("Proxy", "127.0.0.1")]


def test_nginx_refuses_other_addresses(server, figures, admin):
    """It asks no worker: so no X-Request-ID."""
    before = figures()
    for headers in ([], LIES, [("Authorization", "Bearer " + admin.token)]):
        for target in ("/metrics", "/metrics/", "/metrics?x=1", "/%6detrics",
                       "/x/../metrics", "/./metrics"):
            reply = from_address(server, "127.0.0.2", target, headers)
            assert "METRICS_FROM" in refused(reply, 403), (target, headers)
            assert not reply.headers["X-Request-ID"]
            assert "cem_" not in reply.text
    assert from_address(server, "127.0.0.1").status_code == 200
    assert not figures().grown(before, asked=2)


def test_other_spellings_lead_nowhere(server):
    for target in ("//metrics", "/METRICS", "/metrics/x", "/metrics//", "/api/metrics",
                   "/metrics%00", "/metrics;x", "/openapi.json/../metrics"):
        reply = from_address(server, "127.0.0.2", target)
        assert reply.status_code in (400, 403, 404), target
        assert "cem_" not in reply.text


def test_the_program_refuses_other_addresses(server, figures, admin):
    """The second lock, alone: as if nginx had let them through."""
    lies = {"HTTP_" + name.upper().replace("-", "_"): value for name, value in LIES}
    before = figures()
    wrong = ["203.0.113.9", "127.0.0.2", "10.0.0.1", "::2", "fd00::1", "", "unix:",
             "127.0.0.1, 203.0.113.9", "203.0.113.9 127.0.0.1", "localhost", "127.1"]
    for address in wrong:
        status, text = fastcgi.ask(server, "GET", "/metrics", address,
                                   HTTP_AUTHORIZATION="Bearer " + admin.token, **lies)
        assert status == 403 and "METRICS_FROM" in text and "cem_" not in text, address
    for address in ("127.0.0.1", "::1", "::ffff:127.0.0.1"):
        status, text = fastcgi.ask(server, "GET", "/metrics", address)
        assert status == 200 and "cem_workers" in text, address
    assert figures().grown(before, asked=4) == {("GET", "/metrics", 403): len(wrong)}


# a life of its own


@pytest.fixture(scope="module")
def own():
    """A server that may be hurt, seen from two addresses, and soon throttled."""
    running = servers.Server({"METRICS_FROM": "127.0.0.0/31 ::1 192.0.2.0/24",
                              "LOGIN_ATTEMPTS": "2"}, workers=3)
    try:
        yield running.start()
    finally:
        running.end()


def test_other_addresses_may_be_allowed(own):
    assert from_address(own, "127.0.0.1").status_code == 200
    assert from_address(own, "127.0.0.2").status_code == 403
    for address, expected in (("192.0.2.77", 200), ("192.0.3.1", 403)):
        status, _ = fastcgi.ask(own, "GET", "/metrics", address)
        assert status == expected


def test_refused_sign_ins_are_counted(own):
    client = Client(own)
    before = Figures(client)
    for _ in range(4):
        client.post("/api/auth/login", json={"email": "nobody@cem.example",
                                             "password": "Wrong-Passw0rd"})
    now = Figures(client)
    for name, more in (("cem_logins_refused_total", 2), ("cem_throttled_total", 2)):
        assert now.get(name) == before.get(name) + more, name


def sql(server, text):
    if server.database:
        subprocess.run(["psql", server.database, "-X", "-q", "-c", text], timeout=60,
                       check=True)
    else:
        base = sqlite3.connect(os.path.join(server.state, "db", "cem.db"), timeout=30)
        with base:
            base.execute(text)
        base.close()


def test_dead_and_late_jobs_are_told(own, connect):
    """Also of a kind that the program does not know: its name is not a label."""
    columns = "job_id, job_kind, job_state, is_scheduled, attempt, n_done, n_total, " \
        "created_at, due_at"
    client = Client(own)
    assert Figures(client).get("cem_jobs_overdue_seconds") < 60
    for i, kind in enumerate(("ping", "kind\"} 1", "other kind")):
        sql(own, "INSERT INTO job (%s) VALUES ('%024x', '%s', 'dead', FALSE, 5, 0, 1, 1, "
                 "NULL)" % (columns, i, kind))
    now = Figures(client)
    assert now.get("cem_jobs", kind="ping", state="dead") == 1
    assert now.get("cem_jobs", kind="-", state="dead") == 2
    assert "other" not in now.text.replace('status="other"', "")
    pids = [p for p in own.children() if servers.processes()[p][1].startswith("job")]
    try:
        with connect(own) as db:
            if not own.database:
                db.execute("BEGIN IMMEDIATE")  # so none is stopped with the lock
            for pid in pids:
                os.kill(pid, signal.SIGSTOP)
            db.cursor().execute(
                "INSERT INTO job (%s) VALUES ('%024x', 'ping', 'queued', FALSE, 0, 0, 1, 1,"
                " 1)" % (columns, 9))
        now = Figures(client)
        assert now.get("cem_jobs", kind="ping", state="queued") == 1
        assert now.get("cem_jobs_overdue_seconds") > 1e9
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_killed_worker_leaves_its_counts(own):
    client = Client(own)
    for _ in range(30):
        Client(own).get("/api/health")
    before = Figures(client)
    for pid in own.children():
        os.kill(pid, signal.SIGKILL)

    def restarted():
        try:
            return Figures(client).get("cem_process_starts_total") >= \
                before.get("cem_process_starts_total") + own.workers + 1
        except AssertionError:
            return False  # nobody is there to answer
    servers.poll(restarted)
    now = Figures(client)
    assert now.requests("GET", "/api/health", 200) == \
        before.requests("GET", "/api/health", 200)
    assert now.get("process_start_time_seconds") == \
        before.get("process_start_time_seconds")
    servers.poll(lambda: Figures(client).get("cem_workers_busy") == 1)


def test_a_reload_counts_anew(own):
    client = Client(own)
    client.get("/api/health")
    before = Figures(client)
    os.kill(own.parent(), signal.SIGHUP)

    def anew():
        now = Figures(client)
        return now.get("process_start_time_seconds") > \
            before.get("process_start_time_seconds") and now
    assert servers.poll(anew).requests("GET", "/api/health", 200) < \
        before.requests("GET", "/api/health", 200)


def test_a_database_that_is_gone(own):
    """Figures are given all the same: they say so."""
    client = Client(own)
    file = os.path.join(own.state, "db", "cem.db")

    def up(value):
        return lambda: Figures(client).get("cem_database_up") == value
    servers.poll(up(1))
    if own.kind == "pgsql":
        own.cluster.stop()
    else:
        os.rename(file, file + ".away")
    try:
        servers.poll(up(0))
        assert client.get("/api/geo/provinces").status_code == 503
        now = Figures(client)
        assert now.requests("GET", "/api/geo/provinces", 503) == 1
        assert now.get("cem_database_statements_failed_total") > 0
        parts = client.get("/api/health/full").json()["components"]
        assert parts["mongo_error"] == "the database does not answer"
        assert parts["redis_error"] == "unknown, as " + parts["mongo_error"]
        for name in ("cem_database_size_bytes", "cem_job_worker_heartbeat_age_seconds"):
            assert name not in now.types
    finally:
        if own.kind == "pgsql":
            own.cluster.start()
        else:
            os.rename(file + ".away", file)
    servers.poll(up(1))
