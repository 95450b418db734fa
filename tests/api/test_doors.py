# SPDX-License-Identifier: MIT
"""Every route of the program's own description, new ones too, tried by everybody who may
not: no row of the table is forgotten, and none tells who or what is there."""
import people
import pictures
import pytest
from client import refused

NAMES = {"doc_type": "nrc", "document_type": "nrc", "province_code": "CP",
         "district_code": "CP01", "chiefdom_code": "CP01-001", "ethnic_id": "0" * 24,
         "operator_id": "OP00000000", "request_id": "0" * 24, "file_id": "0" * 24,
         "user": "nobody@cem.example", "farmer_id": "ZM00000000"}


@pytest.fixture(scope="module")
def routes(anyone):
    """(method, path, operation) of all that is not open to anybody."""
    found = []
    for path, methods in anyone.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            if operation["x-who"] != "anybody":
                found.append((method.upper(), path, operation))
    assert len(found) > 50
    return found


def fill(path, **names):
    """A path with its names replaced; a name that this file does not know fails."""
    parts = []
    for part in path.split("/"):
        if part.startswith("{"):
            part = names.get(part[1:-1]) or NAMES.get(part[1:-1], "0" * 24)
        parts.append(part)
    return "/".join(parts)


def spellings(method, path):
    """All ways to the same door."""
    yield method, path
    yield method, path + "/"
    yield method, path + "?t=1"
    if method == "GET":
        yield "HEAD", path


def test_nobody_comes_in_without_a_session(anyone, operator, routes):
    """Flaws 1, 10: some doors had no lock, and a refresh token opened all."""
    for method, path, _ in routes:
        for method, target in spellings(method, fill(path)):
            bare = anyone.call(method, target)
            assert bare.status_code == 403, (method, target, bare.status_code)
            for token in (operator.refresh_token, "a.b.c"):
                reply = anyone.call(method, target, token=token)
                assert reply.status_code == 401, (method, target, reply.status_code)
                assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_an_ended_session_opens_nothing(server, recorder, new_user, admin, enrol,
                                        as_farmer, routes):
    """Flaws 11, 24: it went on until its token's end."""
    farmer = enrol()
    off, out, switched = new_user(role="admin"), new_user(role="admin"), as_farmer(farmer)
    server.cem("user", "off", "--config", server.config, off.email)
    assert out.post("/api/auth/logout").status_code == 200
    assert admin.put(people.path(farmer), json={"is_active": False}).status_code == 200
    for client in (off, out, switched):
        for method, path, _ in routes:
            reply = client.call(method, fill(path))
            assert reply.status_code == 401, (method, path, reply.status_code)


def test_the_wrong_role_is_refused_everywhere(operator, farmer, as_farmer, routes):
    """Flaw 12: who may is asked before what is there, and before what was sent."""
    mine = as_farmer(farmer)
    for method, path, operation in routes:
        who = operation["x-who"]
        barred = {"administrators": (operator, mine), "farmers": (operator,),
                  "operators and administrators": (mine,), "anybody signed in": (),
                  "operators and administrators of any organisation": (mine,)}[who]
        for client in barred:
            for method, target in spellings(method, fill(path)):
                reply = client.call(method, target)
                assert reply.status_code == 403, (method, target, reply.status_code)


def ask(client, method, path):
    """A request that would be done, were it allowed."""
    more = {}
    if method == "POST" and ("upload" in path or "documents" in path):
        more["files"] = {"file": ("p.jpg", pictures.jpeg(width=30, height=40),
                                  "image/jpeg")}
    elif method in ("POST", "PUT"):
        more["json"] = {"is_active": True}
    elif method == "PATCH" and "/farmers/" in path:
        more["params"] = {"new_status": "verified"}
    elif method == "PATCH":
        more["json"] = {"is_active": True, "status": "approved"}
    return client.call(method, path, **more)


@pytest.mark.parametrize("who", ["operator", "lost_operator", "farmer"])
def test_what_is_not_ones_own_is_as_if_it_were_not(request, server, recorder, admin,
                                                   other_operator, enrol, as_farmer,
                                                   routes, who):
    """Flaws 12, 16: other answers for what is there than for what is not told who is a
    farmer, and which files and requests there are."""
    farmer = enrol(other_operator, place=people.KAWAMBWA)
    one = people.path(farmer)
    photo = admin.upload(one + "/upload-photo", pictures.jpeg()).json()["file_id"]
    assert admin.post(one + "/generate-idcard").status_code == 202
    theirs = as_farmer(farmer)
    supply = theirs.post("/api/supplies/request", json={
        "items": ["Seeds"], "quantity": "1", "urgency": "low"}).json()["request_id"]
    operator_id = other_operator.get("/api/operators/me").json()["operator_id"]
    before = admin.get(one).json()
    there = {"farmer_id": farmer["farmer_id"], "file_id": photo, "request_id": supply,
             "operator_id": operator_id, "user": other_operator.email}
    client = as_farmer(enrol()) if who == "farmer" else request.getfixturevalue(who)
    tried = 0
    for method, path, _ in routes:
        if not any("{%s}" % name in path for name in there):
            continue
        real, none = (ask(client, method, fill(path, **names)) for names in (there, {}))
        detail, other = refused(real, 403, 404), refused(none, 403, 404)
        for name, value in there.items():
            detail, other = detail.replace(value, "X"), other.replace(NAMES[name], "X")
        assert (real.status_code, detail) == (none.status_code, other), (method, path)
        if method == "GET":
            head = client.call("HEAD", fill(path, **there))
            assert head.status_code == real.status_code
        tried += 1
    assert tried > 20
    assert admin.get(one).json() == before
    assert len(theirs.get("/api/supplies/my-requests").json()["requests"]) == 1
    assert other_operator.get("/api/auth/me").status_code == 200


@pytest.fixture(scope="module")
def open_routes(anyone):
    """(method, path, operation) of what is open to anybody."""
    return [(method.upper(), path, operation) for path, methods
            in anyone.get("/openapi.json").json()["paths"].items()
            for method, operation in methods.items() if operation["x-who"] == "anybody"]


def who_may(operation, admin, farmer):
    return farmer if operation["x-who"] == "farmers" else admin


@pytest.mark.parametrize("body", [
    b"[]", b"[{}]", b"5", b'"x"', b"null", b"true", b"{", b'{"a":NaN}',
    b'{"a":-Infinity}', b'{"a":1e999}', b'{"a":"\xff"}', b'{"a":"\\ud800"}', b"\x00",
    b'{"a":1,"a":2}', b"[" * 3000], ids=lambda b: repr(b[:16]))
def test_what_is_no_object_is_422_everywhere(admin, farmer, as_farmer, routes, open_routes,
                                             body):
    """Flaws 48, 49: each of these was a 500 on some route, or on all."""
    mine, tried = as_farmer(farmer), 0
    for method, path, operation in routes + open_routes:
        if "application/json" not in operation.get("requestBody", {}).get("content", {}):
            continue
        for media in ("application/json", "application/json; charset=utf-8"):
            reply = who_may(operation, admin, mine).call(
                method, fill(path), data=body, headers={"Content-Type": media})
            if path == "/files/delete-multiple" and body == b"[]":
                assert reply.status_code == 200  # a bare list is what it takes
            elif path.startswith("/files/"):
                assert reply.status_code == 422, (path, reply.text)
                assert isinstance(reply.json()["detail"], list)
            else:
                refused(reply, 422)
        tried += 1
    assert tried > 15


@pytest.mark.parametrize("value", [
    "", "%00", "%ff", "x" * 3000, "-1", "99999999999999999999", "1e999", "NaN", "[", "(a+)+$",
    "%27%20OR%201=1--", "%0d%0aX-Evil:%201", "%F0%9F%98%80", "2026-02-30T25:61:61",
    "\u0661", "null"], ids=lambda v: repr(v[:16]))
def test_no_query_breaks_a_route(admin, farmer, as_farmer, routes, open_routes, value):
    """Flaw 52: a text that was used as a pattern was a 500; so were odd numbers."""
    mine, tried = as_farmer(farmer), 0
    for method, path, operation in routes + open_routes:
        if method != "GET":
            continue
        client = who_may(operation, admin, mine)
        for parameter in operation.get("parameters", []):
            if parameter["in"] == "query":
                target = "%s?%s=%s" % (fill(path), parameter["name"], value)
                reply = client.get(target)
                assert reply.status_code in (200, 400, 404, 414, 422), target
                assert "X-Evil" not in reply.headers
                tried += 1
    assert tried > 30
