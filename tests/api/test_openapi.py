# SPDX-License-Identifier: MIT
"""The document, and at the very end: did all replies of all tests fit it, and was
every route called, with success and with refusal?"""
import json
import subprocess

import pytest
import server as servers
import trail
from openapi import KNOWN, check

METHODS = {"get", "post", "put", "patch", "delete", "head", "options"}

NUMBERS = [  # what the contract numbers 1 to 76 ask of the main job
    ("POST", "/api/auth/login"), ("POST", "/api/auth/refresh"), ("GET", "/api/auth/me"),
    ("POST", "/api/auth/change-password"), ("POST", "/api/auth/logout"),
    ("GET", "/api/geo/provinces"), ("GET", "/api/geo/provinces/{}"),
    ("GET", "/api/geo/districts"), ("GET", "/api/geo/districts/{}"),
    ("GET", "/api/geo/chiefdoms"), ("GET", "/api/geo/chiefdoms/{}"),
    ("GET", "/api/geo/hierarchy"), ("POST", "/api/farmers"), ("GET", "/api/farmers"),
    ("GET", "/api/farmers/count"), ("GET", "/api/farmers/{}"), ("PUT", "/api/farmers/{}"),
    ("POST", "/api/farmers/{}/upload-photo"), ("DELETE", "/api/farmers/{}/photo"),
    ("POST", "/api/farmers/verify-qr"), ("POST", "/api/farmers/{}/generate-idcard"),
    ("GET", "/api/farmers/{}/download-idcard"), ("GET", "/api/farmers/{}/qr"),
    ("GET", "/api/files/{}"), ("GET", "/api/files/metadata/{}"), ("GET", "/api/health"),
    ("GET", "/"), ("POST", "/api/geo/custom/provinces"),
    ("POST", "/api/geo/custom/districts"), ("POST", "/api/geo/custom/chiefdoms"),
    ("GET", "/api/ethnic-groups"), ("POST", "/api/ethnic-groups"),
    ("GET", "/api/ethnic-groups/{}"), ("PUT", "/api/ethnic-groups/{}"),
    ("DELETE", "/api/ethnic-groups/{}"), ("POST", "/api/supplies/request"),
    ("GET", "/api/supplies/my-requests"), ("GET", "/api/supplies/all"),
    ("PATCH", "/api/supplies/{}"), ("DELETE", "/api/supplies/{}"),
    ("POST", "/api/auth/register"), ("GET", "/api/users"), ("POST", "/api/users"),
    ("GET", "/api/users/me"), ("PATCH", "/api/users/{}/status"),
    ("DELETE", "/api/users/{}"), ("PUT", "/api/users/{}"),
    ("PATCH", "/api/users/{}/deactivate"), ("GET", "/api/operators"),
    ("POST", "/api/operators"), ("GET", "/api/operators/me"),
    ("GET", "/api/operators/{}"), ("PUT", "/api/operators/{}"),
    ("DELETE", "/api/operators/{}"), ("GET", "/api/operators/{}/farmers"),
    ("GET", "/api/operators/{}/stats"), ("PATCH", "/api/operators/{}/status"),
]


@pytest.fixture(scope="module")
def document(anyone):
    reply = anyone.get("/openapi.json")
    assert reply.status_code == 200
    return reply.json()


def bare(template):
    parts = [("{}" if p.startswith("{") else p) for p in template.rstrip("/").split("/")]
    return "/".join(parts) or "/"


def operations(document):
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in METHODS:
                yield method.upper(), path, operation


def schemas(node):
    """Every schema in the document."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "schema":
                yield value
            elif key == "schemas":
                yield from value.values()
            else:
                yield from schemas(value)
    elif isinstance(node, list):
        for item in node:
            yield from schemas(item)


def test_document(document):
    assert document["openapi"].startswith("3.1")
    assert document["info"]["title"] and document["info"]["version"]
    names = [o["operationId"] for _, _, o in operations(document)]
    assert len(names) == len(set(names))
    for method, path, operation in operations(document):
        assert operation.get("summary") or operation.get("description"), (method, path)
        assert any(s.startswith("2") or s == "default" for s in operation["responses"])
        inside = {p["name"] for p in operation.get("parameters", [])
                  + document["paths"][path].get("parameters", []) if p["in"] == "path"}
        wanted = {p[1:-1] for p in path.split("/") if p.startswith("{")}
        assert inside == wanted, (method, path)


def test_references_lead_somewhere(document):
    text = json.dumps(document)
    for part in text.split('"$ref": "')[1:]:
        node = document
        for step in part.split('"')[0].lstrip("#/").split("/"):
            node = node[step]
        assert node


def test_schemas_use_known_words(document):
    def words(schema):
        if not isinstance(schema, dict):
            return
        assert set(schema) <= KNOWN, set(schema) - KNOWN
        for sub in list(schema.get("properties", {}).values()) + schema.get("anyOf", []):
            words(sub)
        if "items" in schema:
            words(schema["items"])
    found = list(schemas(document))
    assert found
    for schema in found:
        words(schema)


def test_the_main_job_is_in_it(document):
    there = {(method, bare(path)) for method, path, _ in operations(document)}
    assert not [n for n in NUMBERS if n not in there]


def test_permissions_are_in_it(document):
    """Each says who may call it; what is public and nothing else says: anybody."""
    public = {"/api/auth/login", "/api/auth/refresh", "/api/farmers/verify-qr",
              "/api/health", "/", "/openapi.json", "/api/health/full", "/api/app/version",
              "/api/api/app/version", "/api/app/health", "/metrics",
              "/files/local/{file_path}", "/files/presigned"}  # these are signed
    assert document["components"]["securitySchemes"]
    for method, path, operation in operations(document):
        expected = path in public or (method == "GET" and path.startswith(
            ("/api/geo/", "/api/ethnic-groups")))
        assert (operation["x-who"] == "anybody") == expected, (method, path)


def test_the_command_line_gives_the_same(document):
    done = subprocess.run([servers.CEM, "openapi"], stdout=subprocess.PIPE, timeout=60,
                          check=True)
    assert json.loads(done.stdout) == document


def test_the_validator_sees_faults():
    """Of the tests' own tool: it can fail."""
    schema = {"type": "object", "required": ["a"], "properties": {
        "a": {"type": ["string", "null"], "maxLength": 2}, "b": {
            "type": "array", "items": {"type": "integer", "minimum": 1}}}}
    assert not check({}, schema, {"a": None, "b": [1, 2]})
    for bad in ({}, {"a": 5}, {"a": "abc"}, {"a": "", "c": 1}, {"a": "", "b": [0]},
                {"a": "", "b": [True]}, [], None):
        assert check({}, schema, bad), bad


# the judgement


@pytest.mark.whole_run
def test_every_reply_fitted(recorder):
    assert not recorder.wrong, "\n".join(
        "%s\n    %s" % pair for pair in sorted(recorder.wrong.items()))


@pytest.mark.whole_run
def test_every_route_was_called(recorder, document):
    never = [(m, p) for m, p, _ in operations(document) if (m, p) not in recorder.calls]
    assert not never, never


@pytest.mark.whole_run
def test_every_route_succeeded_and_refused(recorder, document):
    """But where nothing can be wrong: public, without body and without names."""
    never = []
    for method, path, operation in operations(document):
        statuses = recorder.calls.get((method, path), set())
        if not any(s < 400 for s in statuses):
            never.append("%s %s never succeeded: %s" % (method, path, statuses))
        if operation.get("requestBody") or "{" in path or operation["x-who"] != "anybody":
            if not any(400 <= s < 500 for s in statuses):
                never.append("%s %s was never refused: %s" % (method, path, statuses))
    assert not never, "\n".join(never)


@pytest.mark.whole_run
def test_every_change_is_in_the_audit(recorder, server, document):
    """Each route that changes something, by the ids of the requests. A change of nothing
    needs no row, so not each request has one; and tests have servers of their own."""
    unaudited = {("POST", "/api/auth/refresh")}
    there = {row["request_id"] for row in trail.ask(
        server, "SELECT DISTINCT request_id FROM audit")}
    never = [(m, p) for m, p, _ in operations(document)
             if m != "GET" and not recorder.changes.get((m, p), set()) & there]
    assert set(never) == unaudited, never
