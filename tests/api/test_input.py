# SPDX-License-Identifier: MIT
"""Bad input gets the documented answer, and nothing is lost (issue, section 5)."""
import json
from urllib.parse import quote

import people
import pytest
import wire
from client import faulty, refused

JSON = {"Content-Type": "application/json"}


def login_body(text):
    """A login whose e-mail is given as raw bytes of JSON."""
    return b'{"email":' + text + b',"password":"x"}'


# syntax


@pytest.mark.parametrize("body", [
    b"", b" ", b"{", b"}", b"[", b'{"email"}', b'{"email":}', b'{"email":"a",}', b"nul",
    b'{"email":"a" "password":"b"}', b"{'email':'a'}", b'{"email":"a","password":"b"}x',
    b'{"email":"a","password":"b"}{}', b'{"email":"a\nb","password":"x"}', b"\x00",
    b"\xef",
    b'\xef\xbb\xbf{"email":"a","password":"b"}',
    login_body(b"NaN"), login_body(b"Infinity"), login_body(b"-Infinity"),
    login_body(b"1e999"), login_body(b"01"), login_body(b"0x1"), login_body(b".5"),
    login_body(b"undefined"), login_body(b"/* x */ 1"),
    login_body(b'"\xff"'), login_body(b'"\xc0\xaf"'), login_body(b'"\xed\xa0\x80"'),
    login_body(b'"\xf4\x90\x80\x80"'), login_body(b'"\xe2\x82"'),
    login_body(b'"\\ud800"'), login_body(b'"\\udc00\\ud800"'), login_body(b'"\\u12"'),
    login_body(b'"\\x41"'), login_body(b'"a\\u0000b"'), login_body(b'"a\x00b"'),
], ids=repr)
def test_bad_json(anyone, body):
    """Flaw 48: NaN and bad bytes were a 500."""
    reply = anyone.post("/api/auth/login", data=body, headers=JSON)
    detail = refused(reply, 422)
    assert detail.startswith("Validation error")
    assert reply.json()["errors"]


def test_syntax_fault_says_where(anyone):
    reply = anyone.post("/api/auth/login", data=b'{"email":x}', headers=JSON)
    fault = reply.json()["errors"][0]
    assert fault["type"] == "json_invalid" and fault["loc"][0] == "body"
    assert isinstance(fault["loc"][1], int)


@pytest.mark.parametrize("body", [b"[]", b"5", b'"x"', b"null", b"true", b"[{}]", b"1.5"])
def test_bodies_that_are_no_objects(anyone, admin, farmer, body):
    """Flaw 49: they were a 500 on every route."""
    for client, method, target in (
            (anyone, "POST", "/api/auth/login"), (anyone, "POST", "/api/auth/refresh"),
            (admin, "POST", "/api/farmers"),
            (admin, "PUT", "/api/farmers/" + farmer["farmer_id"]),
            (admin, "POST", "/api/auth/change-password")):
        refused(client.call(method, target, data=body, headers=JSON), 422)


def test_duplicate_keys(anyone, admin, operator):
    for body in (b'{"email":"a","email":"b","password":"x"}',
                 b'{"email":"a","password":"x","extra":{"k":1,"k":2}}',
                 b'{"email":"a","\\u0065mail":"b","password":"x"}'):
        refused(anyone.post("/api/auth/login", data=body, headers=JSON), 422)
    twice = json.dumps(people.form())[:-1] + ',"address":{}}'
    refused(admin.post("/api/farmers", data=twice.encode(), headers=JSON), 422)


@pytest.mark.parametrize("bomb", [
    b"[" * 100000, b"[" * 40 + b"]" * 40, b'{"a":' * 50000, b'{"a":' * 40 + b"1"
    + b"}" * 40,
    b'{"email":' + b"[" * 33 + b"]" * 33 + b"}", b"[" * 2000 + b"]" * 2000,
], ids=lambda b: "%d bytes" % len(b))
def test_depth_bombs(anyone, bomb):
    refused(anyone.post("/api/auth/login", data=bomb, headers=JSON), 413, 422)


def test_some_depth_is_fine(anyone):
    """Unknown keys may be deep, within reason."""
    body = b'{"email":"a@b.example","password":"x","more":' + b"[" * 20 + b"]" * 20 + b"}"
    refused(anyone.post("/api/auth/login", data=body, headers=JSON), 401)


@pytest.mark.parametrize("size", [3, 10, 30])
def test_megabytes_of_json(server, operator, size):
    """Flaw 49: whole bodies were read for the log."""
    filler = b"x" * (size * 1024 * 1024)
    for body in (b'{"personal_info":"' + filler + b'"}', b"["
                 + b"1," * (len(filler) // 2)):
        data = wire.request("POST", "/api/farmers", [
            ("Authorization", "Bearer " + operator.token),
            ("Content-Type", "application/json")], body)
        refused(wire.exchange(server, data, "POST"), 413)


def test_many_small_things(admin):
    """Thousands of keys, items and faults: one clear, short answer."""
    body = people.form()
    body.update({"key%d" % i: i for i in range(5000)})
    assert admin.post("/api/farmers", json=body).status_code in (201, 413)
    farm = {**people.FARM, "crops_grown": list(range(5000))}
    reply = admin.post("/api/farmers", json=people.form(farm_info=farm))
    refused(reply, 413, 422)
    assert len(reply.content) < 100000


def test_long_faulty_input_is_cut(admin):
    reply = admin.post("/api/farmers", json=people.form(
        personal={"first_name": "x" * 50000}))
    faulty(reply, "body.personal_info.first_name", "string_too_long")
    assert len(reply.content) < 5000


@pytest.mark.parametrize("media", ["application/json", "application/json; charset=utf-8",
                                   "application/vnd.api+json", None])
def test_content_types_that_are_json(server, anyone, media):
    body = b'{"email":"a@b.example","password":"x"}'
    headers = [] if media is None else [("Content-Type", media)]
    reply = wire.exchange(server, wire.request("POST", "/api/auth/login", headers, body),
                          "POST")
    refused(reply, 401)


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded",
                                   "multipart/form-data; boundary=x", "x",
                                   "application/xml"])
def test_content_types_that_are_not(anyone, operator, media):
    body = json.dumps({"email": operator.email, "password": operator.password}).encode()
    refused(anyone.post("/api/auth/login", data=body, headers={"Content-Type": media}),
            422)


def test_other_charsets(anyone):
    body = '{"email":"ŋ@b.example","password":"x"}'
    for name in ("utf-16", "utf-32", "latin-1"):
        data = body.replace("ŋ", "ñ").encode(name)
        refused(anyone.post("/api/auth/login", data=data, headers=JSON), 422)


# texts


INJECTIONS = [
    "'; DROP TABLE farmer; --", "' OR '1'='1", "\" OR \"\"=\"",
    "1); DELETE FROM file; --",
    "${7*7}", "{{7*7}}", "{% raw %}", "<%= 7*7 %>", "#{7*7}", "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>", "javascript:alert(1)", "=cmd|'/c calc'!A1",
    "../../../../etc/passwd", "%2e%2e%2f", "%s%s%s%n", "\\u0027", "\\", "\"", "$(id)",
    "`id`", "; id", "| id", ":name", "?1", "$1", "--", "/*", "\u2028\u2029",
    "\ufeffx",
    "{\"$ne\":null}", "NULL", "null", "true", "0", "-1", "1e999", "ŋ'ŋ",
]


@pytest.mark.parametrize("text", INJECTIONS)
def test_injections_stay_text(admin, text):
    body = people.form(personal={"first_name": text, "ethnic_group": text},
                       address={"village": text, "street": text, "chiefdom_name": text},
                       farm_info={**people.FARM, "crops_grown": [text, "x"]},
                       household_info={**people.HOME, "primary_income_source": text})
    made = admin.post("/api/farmers", json=body)
    assert made.status_code == 201, made.text
    one = "/api/farmers/" + made.json()["farmer_id"]
    out = admin.get(one).json()
    assert out["personal_info"]["first_name"] == text
    assert out["personal_info"]["ethnic_group"] == text
    assert out["address"]["village"] == out["address"]["street"] == text
    assert out["farm_info"]["crops_grown"] == [text, "x"]
    assert out["household_info"]["primary_income_source"] == text
    changed = admin.put(one, json={"review_notes": text})
    assert changed.json()["review_notes"] == text


@pytest.mark.parametrize("text", INJECTIONS)
def test_injections_in_queries_and_paths(admin, anyone, enrol, text):
    farmer = enrol(personal={"first_name": "Qx", "last_name": "Q" + people.word()})
    for name in ("search", "nrc", "district", "farmer_id_exact"):
        reply = admin.get("/api/farmers", params={name: text})
        assert reply.status_code in (200, 422), reply.text
        if reply.status_code == 200 and (name, text) != ("search", "0"):
            assert farmer["farmer_id"] not in reply.text  # (a phone may begin with 0)
        count = admin.get("/api/farmers/count", params={name: text})
        assert count.status_code in (200, 422)
    refused(admin.get("/api/farmers/" + quote(text, safe="")), 400, 404)
    refused(anyone.get("/api/geo/districts/" + quote(text, safe="")), 400, 404)
    refused(admin.get("/api/files/" + quote(text, safe="")), 400, 404)
    refused(anyone.post("/api/auth/login", json={"email": text, "password": text}), 401)
    refused(anyone.post("/api/auth/login", json={"email": text + "@x.example",
                                                 "password": text}), 401)
    assert admin.get("/api/farmers/" + farmer["farmer_id"]).json() == farmer


@pytest.mark.parametrize("text",
                         ["a\tb", "a\nb", "a\rb", "\u0001", "a\u007fb", "a\u009fb"])
def test_control_characters(admin, text):
    """Refused, or kept as they are; never changed, never in a header."""
    reply = admin.post("/api/farmers", json=people.form(personal={"first_name": text}))
    if reply.status_code == 422:
        return
    one = "/api/farmers/" + reply.json()["farmer_id"]
    assert admin.get(one).json()["personal_info"]["first_name"] == text


def test_notes_have_lines(admin, farmer):
    """What is typed into a field of several lines keeps them."""
    reply = admin.put("/api/farmers/" + farmer["farmer_id"],
                      json={"review_notes": "seen\npapers missing"})
    assert reply.status_code == 200, reply.text
    assert reply.json()["review_notes"] == "seen\npapers missing"


@pytest.mark.parametrize("text", ["a\u0000b", "\u0000"])
def test_nul_in_texts(admin, anyone, text):
    for body in (people.form(personal={"first_name": text}),
                 people.form(address={"village": text}),
                 people.form(farm_info={**people.FARM, "crops_grown": [text]})):
        refused(admin.post("/api/farmers", json=body), 422)
    refused(anyone.post("/api/auth/login", json={"email": text, "password": "x"}), 401,
            422)


def test_nul_and_bad_bytes_in_queries_and_paths(server, admin):
    sign = [("Authorization", "Bearer " + admin.token)]
    for target in ("/api/farmers/a%00b", "/api/farmers/%ff", "/api/farmers/%c0%af",
                   "/api/farmers/%zz", "/api/farmers/%", "/api/farmers/%4",
                   b"/api/farmers/\xff", "/api/farmers/%ed%a0%80"):
        reply = wire.exchange(server, wire.request("GET", target, sign))
        refused(reply, 400, 404)
    for target in ("/api/farmers?search=%00", "/api/farmers?search=%ff",
                   "/api/farmers?search=%zz", b"/api/farmers?search=\xff",
                   "/api/farmers?search=%", "/api/farmers?nrc=a%00b"):
        reply = wire.exchange(server, wire.request("GET", target, sign))
        assert reply.status_code in (200, 400, 422), (target, reply.text)
        if reply.status_code == 200:
            assert reply.json() == []


@pytest.mark.parametrize("target", [
    "/api/farmers/../farmers", "/api/./health", "/api/x/../health",
    "/api/%2e%2e/api/health",
    "/api/farmers/..%2f..%2fetc%2fpasswd", "/api/farmers/%2e%2e/",
    "/api/geo/%2e%2e/health",
    "/api\\health", "/api/health%00.json", "/api/health%0d%0aX-Evil:%201",
    "/api/health;x=1",
    "/./api/health", "///api///health", "http://evil.example/api/health",
    "/api/farmers/ZM00000000%2fqr",
])
def test_path_tricks(server, target):
    reply = wire.exchange(server, wire.request("GET", target))
    assert reply.status_code in (200, 400, 403, 404), reply.status_code
    assert "X-Evil" not in reply.headers
    assert b"root:" not in reply.content
    if reply.status_code == 200:
        assert reply.json() == {"status": "ok"}


def test_long_query(server, admin):
    sign = [("Authorization", "Bearer " + admin.token)]
    for target in ("/api/farmers?search=" + "x" * 3000, "/api/farmers?" + "a=1&" * 1000,
                   "/api/farmers?" + "&" * 3000, "/api/farmers?" + "=" * 3000):
        reply = wire.exchange(server, wire.request("GET", target, sign))
        assert reply.status_code in (200, 400, 414, 422), reply.text[:200]
    data = wire.request("GET", "/api/farmers?search=" + "x" * 50000, sign)
    assert wire.exchange(server, data).status_code in (400, 414)


def test_repeated_query_keys(admin):
    for query in ("limit=1&limit=2", "status=pending&status=verified",
                  "search=a&search=b"):
        assert admin.get("/api/farmers?" + query).status_code in (200, 422)
    refused(admin.get("/api/farmers?limit[]=1&limit=x"), 422)


@pytest.mark.parametrize("value", [True, 1, 1.5, [], {}, ["a"], {"$gt": ""}])
def test_wrong_types_at_login(anyone, value):
    for name in ("email", "password", "role"):
        body = {"email": "a@b.example", "password": "x", name: value}
        faulty(anyone.post("/api/auth/login", json=body), "body." + name, "string_type")


def test_wrong_types_everywhere(admin):
    """Each field of the form as every other kind of value: never a 500."""
    good = people.form(farm_info=people.FARM, household_info=people.HOME,
                       address={"gps_latitude": -15.4, "gps_longitude": 28.3})
    for section, fields in good.items():
        for value in (None, 5, "x", [], [[]], True, {"a": {}}):
            if not (value is None and section.endswith("_info")
                    and section != "personal_info"):
                refused(admin.post("/api/farmers", json={**good, section: value}), 422)
        for name in fields:
            for value in ([[]], {"a": 1}, [None]):
                reply = admin.post("/api/farmers", json={
                    **good, section: {**fields, name: value}})
                refused(reply, 422)


def test_huge_numbers(admin):
    for number in ("1e400", "-1e400", "9" * 400, "1" + "0" * 30, "0." + "1" * 400):
        body = json.dumps(people.form(farm_info={**people.FARM, "years_farming": "@"}))
        body = body.replace('"@"', number)
        refused(admin.post("/api/farmers", data=body.encode(), headers=JSON), 422)


def test_login_with_long_texts(anyone):
    for size in (1000, 100000):
        reply = anyone.post("/api/auth/login", json={"email": "a" * size + "@b.example",
                                                     "password": "x" * size})
        refused(reply, 401, 413, 422)


def test_nothing_was_lost(admin, operator):
    """After all this the register still works."""
    made = operator.post("/api/farmers", json=people.form())
    assert made.status_code == 201
    assert admin.get("/api/farmers/count").json()["total"] > 0
