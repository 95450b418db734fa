# SPDX-License-Identifier: MIT
"""What every route has in common: methods, slashes, CORS, errors, headers."""
import concurrent.futures
import json
import re
import socket
import subprocess

import pictures
import pytest
import requests
import wire
from client import Client, refused

ID = re.compile(r"[0-9a-f]{8}")
ORIGINS = ["https://localhost", "capacitor://localhost", "https://office.cem.example"]


# unknown paths and methods


@pytest.mark.parametrize("path", [
    "/api/nope", "/api/api/app/nope", "/nope", "/api/farmers/ZM00000000/nope",
    "/api//farmers",
    "/api/farmers//", "/API/health", "/api/health.json", "/api/healthx",
    "/uploads/x.jpg", "/api/files/legacy/x", "/redoc/x", "/index.php", "/.env",
])
def test_unknown_path(anyone, operator, path):
    """Flaw 66: they were 405. 404, never 401: a 401 would make the client sign out."""
    wanted = {400, 404} if "//" in path else {404}
    for client in (anyone, operator):
        for method in ("GET", "POST", "DELETE"):
            refused(client.call(method, path), *wanted)
    refused(anyone.get(path, token="broken.token.here"), *wanted)


@pytest.mark.parametrize("path,methods", [
    ("/api/health", {"GET", "HEAD", "OPTIONS"}), ("/api/auth/login", {"POST", "OPTIONS"}),
    ("/api/farmers", {"GET", "HEAD", "POST", "OPTIONS"}),
    ("/api/farmers/", {"GET", "HEAD", "POST", "OPTIONS"}),
    ("/api/geo/provinces", {"GET", "HEAD", "OPTIONS"}),
    # PUT and DELETE: of a farmer called count
    ("/api/farmers/count", {"GET", "HEAD", "PUT", "DELETE", "OPTIONS"}),
    ("/api/farmers/ZM00000000/upload-photo", {"POST", "OPTIONS"}),
    ("/api/farmers/ZM00000000/generate-idcard", {"POST", "OPTIONS"}),
    ("/api/files/" + "0" * 24, {"GET", "HEAD", "OPTIONS"}),
])
def test_wrong_method(admin, path, methods):
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - methods:
        reply = admin.call(method, path)
        refused(reply, 405)
        allowed = {m.strip() for m in reply.headers["Allow"].split(",")}
        assert allowed >= methods, (method, allowed)
        assert method not in allowed


@pytest.mark.parametrize("method",
                         ["TRACE", "CONNECT", "PROPFIND", "get", "X" * 100, "PRI"])
def test_odd_methods(server, method):
    reply = wire.exchange(server, wire.request(method, "/api/health"))
    assert reply.status_code in (400, 405, 501), reply.status_code
    assert b"health" not in reply.content


# slashes


def test_both_slash_forms(anyone, admin, farmer):
    """Flaw 66: each path had its own rule."""
    one = "/api/farmers/" + farmer["farmer_id"]
    for method, path, status in (
            ("GET", "/api/health", 200), ("GET", "/api/auth/me", 200),
            ("POST", "/api/auth/login", 422), ("POST", "/api/auth/refresh", 422),
            ("POST", "/api/auth/change-password", 422), ("POST", "/api/farmers", 422),
            ("GET", "/api/farmers", 200), ("GET", one, 200), ("PUT", one, 200),
            ("POST", one + "/generate-idcard", 202), ("GET", one + "/qr", 200),
            ("GET", one + "/download-idcard", 200), ("POST", one + "/upload-photo", 422),
            ("DELETE", one + "/photo", 200), ("GET", "/openapi.json", 200),
            ("POST", "/api/farmers/verify-qr", 400)):
        body = {"json": {}} if method in ("POST", "PUT") and "upload" not in path else {}
        for form in (path, path + "/"):
            reply = admin.call(method, form, **body)
            wanted = (status, 404) if method == "DELETE" else (status,)
            if path.endswith("upload-photo"):
                wanted = (400, 422)
            assert reply.status_code in wanted, (method, form, reply.text[:200])
            assert "Location" not in reply.headers


def test_no_body_and_no_length(server, admin, farmer):
    """The client sends DELETE and POST without Content-Type and Content-Length."""
    sign = [("Authorization", "Bearer " + admin.token)]
    one = "/api/farmers/" + farmer["farmer_id"]
    for method, path, wanted in (("POST", one + "/generate-idcard", {202}),
                                 ("DELETE", one + "/photo", {200, 404}),
                                 ("POST", "/api/auth/login", {422}),
                                 ("PUT", one, {200, 422})):
        reply = wire.exchange(server, wire.request(method, path, sign), method)
        assert reply.status_code in wanted, (method, path, reply.content)


def test_paths_are_decoded_once(admin, farmer):
    coded = "".join("%%%02X" % ord(c) for c in farmer["farmer_id"])
    assert admin.get("/api/farmers/" + coded).status_code == 200
    twice = coded.replace("%", "%25")
    refused(admin.get("/api/farmers/" + twice), 404)
    reply = admin.get("/api/farmers/a+b@c")
    assert "a+b@c" in refused(reply, 404), "+ is no blank in a path"


# HEAD


def test_head_is_get_without_body(admin, farmer):
    """Flaw 66: it was 405 everywhere."""
    for path in ("/api/health", "/api/geo/provinces", "/api/farmers", "/api/auth/me",
                 "/api/farmers/" + farmer["farmer_id"], "/", "/docs",
                 "/api/farmers/ZM00000000", "/api/nope"):
        get, head = admin.get(path), admin.call("HEAD", path)
        assert head.status_code == get.status_code and head.content == b"", path
        assert head.headers["Content-Type"] == get.headers["Content-Type"]
        if "Content-Length" in head.headers and "Content-Encoding" not in get.headers:
            assert int(head.headers["Content-Length"]) == len(get.content), path


# OPTIONS and CORS


def preflight(client, path, origin, method="POST", headers="authorization, content-type"):
    return client.call("OPTIONS", path, token=None, headers={
        "Origin": origin, "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers})


def allowed_for(reply, origin):
    return reply.headers.get("Access-Control-Allow-Origin") in (origin, "*")


@pytest.mark.parametrize("origin", ORIGINS)
def test_preflight(anyone, origin):
    for path in ("/api/auth/login", "/api/farmers/", "/api/farmers/ZM00000000/photo",
                 "/api/files/" + "0" * 24, "/api/nope"):
        reply = preflight(anyone, path, origin)
        assert reply.status_code in (200, 204), path
        assert allowed_for(reply, origin), path
        methods = reply.headers["Access-Control-Allow-Methods"].upper()
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
            assert method in methods
        headers = reply.headers["Access-Control-Allow-Headers"].lower()
        assert headers == "*" or ("authorization" in headers
                                  and "content-type" in headers)
        assert int(reply.headers["Access-Control-Max-Age"]) > 0


@pytest.mark.parametrize("origin", ORIGINS)
def test_every_reply_may_be_read_by_allowed_origins(server, anyone, admin, origin):
    """Flaw 64: errors too, or the browser shows a network error instead of the text."""
    head = {"Origin": origin}
    replies = [
        anyone.get("/api/health", headers=head), anyone.get("/api/nope", headers=head),
        anyone.call("DELETE", "/api/health", headers=head),
        anyone.get("/api/farmers", headers=head),
        anyone.get("/api/farmers", headers=head, token="a.b.c"),
        admin.post("/api/farmers", headers=head, json={}),
        admin.post("/api/farmers", headers={**head, "Content-Type": "application/json"},
                   data=b"{"),
        admin.get("/api/farmers/ZM00000000", headers=head),
    ]
    big = wire.request("POST", "/api/auth/login", [
        ("Origin", origin), ("Content-Type", "application/json")], b" " * 30000000)
    replies.append(wire.exchange(server, big, "POST"))
    for reply in replies:
        assert allowed_for(reply, origin), (reply.status_code, dict(reply.headers))
        if reply.headers.get("X-Request-ID"):  # what nginx says has none
            exposed = reply.headers["Access-Control-Expose-Headers"].lower()
            assert "x-request-id" in exposed


@pytest.mark.parametrize("origin", [
    "https://evil.example", "null", "https://localhost.evil.example",
    "http://localhost:1",
    "https://office.cem.example.evil.example", "https://xoffice.cem.example",
    "https://localhost\"", "https://evil.example https://localhost",
])
def test_other_origins(anyone, origin):
    """Flaw 64: every origin was welcome."""
    for reply in (preflight(anyone, "/api/auth/login", origin),
                  anyone.get("/api/health", headers={"Origin": origin})):
        said = reply.headers.get("Access-Control-Allow-Origin")
        assert said in (None, "*"), said
        if said == "*":
            assert reply.headers.get("Access-Control-Allow-Credentials") != "true"


def test_what_files_say_in_headers_may_be_read(anyone):
    """The id, the next page, the version, the name and the size of a file stand in headers,
    how many were deleted, and when to ask again."""
    head = {"Origin": ORIGINS[0]}
    for reply in (anyone.get("/api/health", headers=head),
                  anyone.get("/files/none", headers=head)):
        exposed = reply.headers["Access-Control-Expose-Headers"].lower()
        for name in ("x-file-id", "x-next-cursor", "etag", "content-disposition",
                     "content-range", "accept-ranges", "x-deleted-count", "retry-after"):
            assert name in exposed.split(", "), exposed
    allowed = preflight(anyone, "/files/none", ORIGINS[0]).headers
    for name in ("x-tenant-id", "range", "if-none-match", "if-range"):
        assert name in allowed["Access-Control-Allow-Headers"].split(", ")


@pytest.mark.parametrize("path", ["/files/", "/files/none", "/files/none/a",
                                  "/files/uploads"])
def test_files_answer_programs(anyone, path):
    """Below /files nobody gets a page, and nothing is kept by a browser."""
    for accept in ("text/html,*/*", "*/*"):
        reply = anyone.get(path, headers={"Accept": accept}, token=None)
        assert refused(reply, 404) == "Not Found"
        assert "no-store" in reply.headers["Cache-Control"]


@pytest.mark.parametrize("target", [
    "/files//upload", "/files/../files/upload", "//files/download/a",
    "/files/upload/%2e%2e/upload", "/files/upload%0a", "/files/./list",
    "/api/..%2ffiles/download/a", "/files%2f..%2ffiles/download/a",
])
def test_a_path_means_one_thing(server, target):
    """Only behind the beginning of a route for files may anything stand; what is in
    front of it is not repaired."""
    for method in ("GET", "POST", "DELETE"):
        reply = wire.exchange(server, wire.request(method, target, length=0), method)
        assert reply.status_code in (400, 404, 405), (method, reply.text)
        assert json.loads(reply.content)["detail"]


@pytest.mark.parametrize("path", ["/files/upload", "/files/upload/",
                                  "/files/upload-multiple"])
def test_the_largest_upload_has_its_own_words(server, path):
    """MAX_FILE_SIZE_MB; refused before it is sent."""
    data = wire.request("POST", path, [
        ("Content-Type", "multipart/form-data; boundary=b"), ("Expect", "100-continue")],
        length=5122 * 1024 * 1024 + 1)
    reply = wire.exchange(server, data, "POST")
    assert reply.status_code == 413
    assert json.loads(reply.content) == {"detail": "File too large. Max size: 5120MB"}
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


def test_bare_options(anyone):
    """Flaw 64: it named every origin as welcome, with credentials."""
    for path in ("/api/health", "/api/farmers/", "/api/farmers/ZM00000000"):
        reply = anyone.call("OPTIONS", path)
        assert reply.status_code in (200, 204) and reply.content in (b"", b"OK")


def test_origin_is_not_reflected_as_header(server):
    for value in (b"https://localhost\x0bX: 1", b"https://localhost\x00", b"\xff\xfe",
                  b"https://localhost\tX-Evil: 1"):
        reply = wire.exchange(server, wire.request("GET", "/api/health",
                                                   [("Origin", value)]))
        assert "X-Evil" not in reply.headers
        said = reply.headers.get("Access-Control-Allow-Origin")
        assert said in (None, "*", "https://localhost")


# headers of every reply


def test_headers(anyone, admin):
    seen = set()
    for reply in (anyone.get("/api/health"), anyone.get("/api/nope"),
                  anyone.get("/api/farmers"), admin.get("/api/farmers"),
                  admin.post("/api/farmers", json={}), anyone.call("HEAD", "/api/health"),
                  anyone.call("OPTIONS", "/api/health")):
        assert ID.fullmatch(reply.headers["X-Request-ID"]), reply.headers
        seen.add(reply.headers["X-Request-ID"])
        assert "no-store" in reply.headers["Cache-Control"]
        vary = reply.headers.get("Vary", "").lower()
        assert "origin" in vary and "authorization" in vary, vary
        assert reply.headers.get("X-Content-Type-Options") == "nosniff"
    assert len(seen) == 7, "request ids repeat"


def test_no_duplicate_headers(server, admin):
    for path in ("/api/health", "/api/farmers", "/api/nope"):
        reply = wire.exchange(server, wire.request("GET", path, [
            ("Authorization", "Bearer " + admin.token), ("Origin", ORIGINS[0])]))
        names = [k.lower() for k, _ in reply.pairs]
        for name in names:
            assert names.count(name) == 1 or name in ("vary", "set-cookie"), names


def test_server_tells_no_version(anyone):
    for path in ("/api/health", "/nope"):
        reply = anyone.get(path)
        assert not re.search(r"\d", reply.headers.get("Server", "")), reply.headers
        assert "X-Powered-By" not in reply.headers


def test_sent_request_id_is_not_taken(anyone):
    reply = anyone.get("/api/health", headers={"X-Request-ID": "attack-0123"})
    assert ID.fullmatch(reply.headers["X-Request-ID"])
    assert reply.headers["X-Request-ID"] != "attack-0123"[:8]


def test_json_is_compact_utf8(admin, enrol):
    farmer = enrol(personal={"first_name": "Ŋoma"})
    reply = admin.get("/api/farmers/" + farmer["farmer_id"])
    assert reply.headers["Content-Type"] == "application/json"
    assert '"first_name":"Ŋoma"' in reply.content.decode("utf-8")
    assert b'": ' not in reply.content


# errors


def test_missing_and_odd_authorization(server, anyone):
    assert refused(anyone.get("/api/farmers"), 403) == "Not authenticated"
    for value in ("Basic YTpi", "Token x", "x"):
        reply = anyone.get("/api/farmers", headers={"Authorization": value})
        assert refused(reply, 403) in ("Invalid authentication credentials",
                                       "Not authenticated")
    for value in ("", "Bearer", "Bearer ", " "):
        data = wire.request("GET", "/api/farmers", [("Authorization", value)])
        refused(wire.exchange(server, data), 401, 403)


def test_bad_token(anyone):
    reply = anyone.get("/api/farmers", token="not-a-token")
    detail = refused(reply, 401)
    assert detail.startswith(("Invalid token", "Could not validate credentials"))
    assert reply.headers["WWW-Authenticate"] == "Bearer"


def test_scheme_is_case_free(admin):
    for scheme in ("bearer", "BEARER", "Bearer"):
        reply = admin.get("/api/auth/me", headers={
            "Authorization": "%s %s" % (scheme, admin.token)})
        assert reply.status_code == 200


def test_wrong_role(farmer, as_farmer):
    reply = as_farmer(farmer).post("/api/farmers", json={})
    refused(reply, 403)


def test_order_of_errors(anyone, farmer, as_farmer):
    """Syntax, then sign-in, then fields."""
    head = {"Content-Type": "application/json"}
    refused(anyone.post("/api/farmers", data=b"{", headers=head), 422)
    refused(anyone.post("/api/farmers", json={}), 403)
    refused(as_farmer(farmer).post("/api/farmers", json={}), 403)


def test_405_comes_before_sign_in(anyone):
    refused(anyone.call("DELETE", "/api/farmers"), 405)


# the connection


def curl(server, *words):
    """Another client, which speaks HTTP/2: (version, status, body)."""
    done = subprocess.run(
        ["curl", "-s", "--noproxy", "*", "--cacert", server.certificate, "--http2",
         "-m", "120", "-w", "\n%{http_version} %{http_code}", *words],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=180, check=False)
    body, _, last = done.stdout.decode("utf-8", "replace").rpartition("\n")
    version, status = last.split()
    return version, int(status), body


def test_http2(server, admin, farmer, tmp_path):
    sign = ["-H", "Authorization: Bearer " + admin.token]
    one = "%s/api/farmers/%s" % (server.base, farmer["farmer_id"])
    assert curl(server, server.base + "/api/health") == ("2", 200, '{"status":"ok"}')
    assert curl(server, *sign, one)[:2] == ("2", 200)
    picture = tmp_path / "p.jpg"
    picture.write_bytes(pictures.jpeg())
    assert curl(server, *sign, "-F", "file=@%s" % picture,
                one + "/upload-photo")[:2] == ("2", 200)
    assert curl(server, *sign, "-X", "POST", one + "/generate-idcard")[:2] == ("2", 202)
    version, status, body = curl(server, *sign, "-X", "DELETE", one + "/photo")
    assert (version, status) == ("2", 200), body
    large = tmp_path / "large.jpg"
    large.write_bytes(bytes(40 * 1024 * 1024))
    _, status, body = curl(server, *sign, "-F", "file=@%s" % large, one + "/upload-photo")
    assert status in (400, 413) and json.loads(body)["detail"]
    _, status, body = curl(server, *sign, "--data-binary", "@%s" % large,
                           server.base + "/api/farmers")
    assert status == 413 and json.loads(body)["detail"]


def test_plain_http_redirects(server):
    reply = requests.get("http://localhost:%d/api/health?x=1" % (server.port - 1),
                         allow_redirects=False, timeout=60)
    assert reply.status_code in (301, 308)
    assert reply.headers["Location"] == ("https://localhost:%d/api/health?x=1"
                                         % server.port)


def test_redirect_follows_no_made_up_host(server):
    """A made-up Host must not send people elsewhere with a broken header."""
    with socket.create_connection(("localhost", server.port - 1), timeout=60) as link:
        link.sendall(b"GET /x%0d%0aX-Evil:1 HTTP/1.1\r\nHost: localhost\r\n"
                     b"Connection: close\r\n\r\n")
        reply = wire.receive(link, "GET")
    assert "X-Evil" not in reply.headers


def test_many_requests_on_one_connection(anyone):
    for _ in range(150):
        assert anyone.get("/api/health").status_code == 200


def test_more_kept_connections_than_workers(server, recorder):
    """Idle kept connections must not starve anybody."""
    clients = [Client(server, recorder) for _ in range(40)]
    for _ in range(2):
        for client in clients:
            assert client.get("/api/health").status_code == 200
    with concurrent.futures.ThreadPoolExecutor(40) as pool:
        statuses = list(pool.map(lambda c: c.get("/api/health").status_code, clients))
    assert statuses == [200] * 40


@pytest.mark.parametrize("data", [
    b"GET /api/health HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
    b"GET /api/health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n"
    b"Connection: close\r\n\r\nx",
    b"GET /api/health HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n"
    b"Connection: close\r\n\r\n",
    b"GET /api/health HTTP/1.1\r\nHost: a b\r\nConnection: close\r\n\r\n",
    b"GET /api/\x00health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
])
def test_smuggling(server, data):
    assert wire.exchange(server, data).status_code in (400, 404)


@pytest.mark.parametrize("line,header,status", [
    (b"HTTP/1.1", b"Transfer-Encoding: gzip, chunked", 501), (b"HTTP/3.0", b"X: y", 505),
    (b"HTTP/1.1", b"Authorization: a\r\nAuthorization: b", 400),
    (b"HTTP/1.1", b"X:\r\n folded", 400), (b"HTTP/1.1", b"X : y", 400)])
def test_odd_requests_have_words_too(server, line, header, status):
    reply = wire.exchange(server, b"POST /api/auth/login %s\r\nHost: localhost\r\n%s\r\n"
                                  b"Connection: close\r\n\r\n0\r\n\r\n" % (line, header))
    assert refused(reply, status) == "Bad request"


def test_large_headers(server):
    data = wire.request("GET", "/api/health", [("X-Large", "x" * 100000)])
    assert wire.exchange(server, data).status_code in (400, 413, 414, 431, 494)
    data = wire.request("GET", "/api/farmers",
                        [("Authorization", "Bearer " + "x" * 6000)])
    refused(wire.exchange(server, data), 400, 401, 403)
    many = [("X-%d" % i, "y") for i in range(60)]
    assert wire.exchange(server, wire.request("GET", "/api/health",
                                              many)).status_code == 200


def test_proxy_header_is_not_taken(server):
    """httpoxy, and parameters that nginx must not pass from outside."""
    data = wire.request("GET", "/api/health", [("Proxy", "http://evil.example"),
                                               ("Body-File", "/etc/passwd"),
                                               ("X_Forwarded_For", "198.51.100.1")])
    assert wire.exchange(server, data).status_code == 200


def test_port_answers_for_both_names(server):
    reply = requests.get(
        "https://127.0.0.1:%d/api/health" % server.port, verify=server.certificate,
        timeout=60)
    assert reply.status_code == 200


def times(value):
    """Each text in a reply that is a time."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [t for item in value for t in times(item)]
    whole = isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d[T ]\d\d:", value)
    return [value] if whole else []


def test_times_name_their_zone(admin, operator, as_farmer, enrol):
    """Flaw 47: without one, browsers took them for local time, two hours off."""
    farmer = enrol(operator)
    one = "/api/farmers/" + farmer["farmer_id"]
    operator.post(one + "/generate-idcard")
    operator.call("PATCH", one + "/review?new_status=verified")
    as_farmer(farmer).post("/api/supplies/request", json={
        "items": ["Seeds"], "quantity": "1", "urgency": "low"})
    file_id = operator.get(one).json()["id_card_file_id"]
    seen = 0
    for path in (one, "/api/farmers", "/api/auth/me", "/api/users", "/api/operators",
                 "/api/ethnic-groups", "/api/supplies/all", "/api/dashboard/stats",
                 "/api/reports/dashboard", "/api/logs", "/api/files/metadata/" + file_id):
        found = times(admin.get(path).json())
        assert found, path
        for text in found:
            assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}\.\d{6}\+00:00", text), (path, text)
        seen += len(found)
    assert seen > 20
