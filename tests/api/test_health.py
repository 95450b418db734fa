# SPDX-License-Identifier: MIT
"""Health, root and the newest app (contract 70, 71, 74-76)."""
import contextlib
import os
import socket
import subprocess
import threading

import clamd
import pytest
import server as servers
from client import Client


def test_health(anyone):
    for path in ("/api/health", "/api/health/", "/api/health?t=1"):
        reply = anyone.get(path)
        assert reply.status_code == 200 and reply.json() == {"status": "ok"}


def test_health_needs_no_token_and_minds_none(anyone):
    reply = anyone.get("/api/health", headers={"Authorization": "nonsense"})
    assert reply.status_code == 200


def test_head(anyone):
    reply = anyone.call("HEAD", "/api/health")
    assert reply.status_code == 200 and reply.content == b""


def test_root_for_programs(anyone):
    for accept in ("application/json", "*/*"):
        body = anyone.get("/", headers={"Accept": accept}).json()
        assert set(body) >= {"message", "status", "version", "docs", "health"}
        assert body["status"] == "running" and body["version"] == "2.0.0"
        assert body["docs"] == "/docs" and body["health"] == "/api/health"


def test_root_for_people(anyone):
    reply = anyone.get("/",
                       headers={"Accept": "text/html,application/xhtml+xml,*/*;q=.8"})
    assert reply.status_code == 200
    assert reply.headers["Content-Type"].split(";")[0] in ("text/html",
                                                           "application/json")


def test_docs(anyone):
    page = anyone.get("/docs")
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    assert 'lang="' in page.text and "/api/farmers" in page.text
    for outside in ('src="http', "src='http", 'src="//',
                    '<link rel="stylesheet" href="http',
                    "@import", "cdn."):
        assert outside not in page.text, outside


def test_document(anyone):
    reply = anyone.get("/openapi.json")
    assert reply.headers["Content-Type"] == "application/json"
    assert reply.json()["openapi"].startswith("3.1")
    assert anyone.call("HEAD", "/openapi.json").status_code == 200


def test_the_description_is_off_unless_asked_for():
    """Flaw 18: it was open to the world in production. ./run, for those who try it out,
    writes DOCS=true; a settings file without it has none."""
    assert subprocess.run([servers.CEM, "conf"], stdout=subprocess.PIPE, timeout=60,
                          check=True).stdout.decode().count("| `DOCS` | false |") == 1
    running = servers.Server({"DOCS": "false"}, workers=2)
    try:
        running.start()
        client = Client(running)  # /docs is a page, and fails with one
        root = client.login(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)
        for path in ("/docs", "/docs/", "/openapi.json", "/openapi.json/"):
            for method in ("GET", "HEAD"):
                for token in (None, root.token):
                    reply = client.call(method, path, token=token)
                    assert reply.status_code == 404, (method, path)
                    assert "/api/" not in reply.text
    finally:
        running.end()


# every part of the service (contract 71)

PARTS = {"mongo", "redis", "celery", "disk", "mongo_error", "redis_error",
         "celery_error", "disk_error"}
WORDS = ("the database does not answer", "unknown, as the database does not answer",
         "no sign of the job worker for a minute", "the disk of stored files is full",
         "the folder of stored files can't be reached")


def test_the_public_learns_no_details(anyone, operator):
    """Flaw 17: anybody read the errors of drivers, with hosts. No driver errors, hosts
    or paths for who is no administrator."""
    for token in (None, "nonsense", operator.token):
        reply = anyone.get("/api/health/full", token=token)
        assert reply.status_code == 200
        body = reply.json()
        assert set(body) == {"status", "components"}
        assert set(body["components"]) == PARTS
        for name, value in body["components"].items():
            if name.endswith("_error"):
                assert value in (None,) + WORDS
            else:
                assert isinstance(value, bool)


def test_all_parts_work(anyone, admin):
    def good():
        return anyone.get("/api/health/full").json()["status"] == "ok"
    servers.poll(good)
    parts = anyone.get("/api/health/full").json()["components"]
    assert [parts[n] for n in ("mongo", "redis", "celery", "disk")] == [True] * 4
    assert [parts[n] for n in PARTS if n.endswith("_error")] == [None] * 4
    more = admin.get("/api/health/full").json()["components"]
    assert set(more) == PARTS | {"worker_seen_at", "disk_free_mb"}
    assert more["disk_free_mb"] > 0


def test_it_says_what_is_wrong(anyone, admin, server):
    """And blames no part for another: without the store only the disk is named."""
    store = os.path.join(server.state, "store")
    os.rename(store, store + ".away")
    try:
        for client in (anyone, admin):
            body = client.get("/api/health/full").json()
            parts = body["components"]
            assert body["status"] == "degraded" and not parts["disk"]
            assert parts["disk_error"] == WORDS[4]
            assert parts["mongo"] and parts["mongo_error"] is None
    finally:
        os.rename(store + ".away", store)
    assert anyone.get("/api/health/full").json()["components"]["disk"]


# the newest app (contract 74, 75)


def test_the_newest_app(anyone):
    for path in ("/api/app/version", "/api/api/app/version"):
        for token in (None, "nonsense"):  # 401 would sign the app out
            reply = anyone.get(path, token=token)
            assert reply.status_code == 200
            assert reply.json() == {"versionCode": 7, "versionName": "1.2.0",
                                    "downloadUrl": "", "releaseNotes": "",
                                    "mandatory": False}
    assert anyone.get("/api/app/health").json() == {"status": "ok",
                                                    "latestVersion": "1.2.0"}


# what the register leans on


@pytest.fixture
def silent():
    """An S3 that takes connections and drops them: (its address, who came)."""
    came = []
    listener = socket.create_server(("127.0.0.1", 0))

    def drop():
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                came.append(client)
                client.close()
    threading.Thread(target=drop, daemon=True).start()
    yield "http://127.0.0.1:%d" % listener.getsockname()[1], came
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def leaning(**settings):
    """A register that could use an S3, and keeps its files on the disk."""
    return servers.Server(dict(settings, S3_BUCKET="no-bucket", S3_STYLE="path",
                               S3_ACCESS_KEY="AKIATEST", S3_SECRET_KEY="secret"), workers=2)


def test_others_that_do_not_answer(silent):
    """Whoever looks at night sees what is down, in words that tell nothing of the host."""
    scanner = clamd.Clamd()
    running = leaning(S3_ENDPOINT=silent[0], CLAMD=scanner.place)
    try:
        running.start()
        anyone = Client(running)

        def parts():
            return anyone.get("/api/health/full").json()["components"]
        servers.poll(lambda: not parts()["s3"] and not parts()["clamd"])
        body = anyone.get("/api/health/full").json()
        assert body["status"] == "degraded"
        assert set(body["components"]) == PARTS | {"s3", "s3_error", "clamd",
                                                   "clamd_error"}
        assert body["components"]["s3_error"] == "S3 does not answer"
        assert body["components"]["clamd_error"] == "the virus scanner does not answer"
        figures = anyone.get("/metrics").text
        assert "\ncem_s3_up 0\n" in figures and "\ncem_clamd_up 0\n" in figures
        scanner.start()
        servers.poll(lambda: parts()["clamd"])
        assert "\ncem_clamd_up 1\n" in anyone.get("/metrics").text
        assert not parts()["s3"]
    finally:
        running.end()
        scanner.end()


def test_nobody_has_s3_asked(silent):
    """What is said of S3 is what is known: asking costs it nothing."""
    running = leaning(S3_ENDPOINT=silent[0], JOB_WORKERS="0")
    try:
        running.start()
        asked = len(silent[1])
        assert asked, "at the start"
        for _ in range(20):
            reply = Client(running).get("/api/health/full")
            assert reply.status_code == 200 and "s3" in reply.json()["components"]
        assert len(silent[1]) == asked
    finally:
        running.end()
