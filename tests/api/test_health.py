# SPDX-License-Identifier: MIT
"""Health and root (contract 70, 76)."""


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
