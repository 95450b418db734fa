# SPDX-License-Identifier: MIT
"""Signed addresses and upload forms of the files of an organisation (contract A1.2, 12 to
14, with the rules of E4), and what must not be done with them."""
import base64
import json
import os
import re
import time
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import people
import pytest
import requests
import server as servers
import trail
import wire
from client import Client, refused
from spaces import faults, md5, multipart, organise, put, show, tenant_of

HOSTILE = b"<!doctype html><script>alert(document.cookie)</script>"
# Where files lie in S3, their addresses are S3's: test_space_arrive.py.
pytestmark = pytest.mark.skipif(os.environ.get("CEM_TEST_STORE") == "s3",
                                reason="these are signed for the disk")

FIELDS = ["key", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "policy",
          "x-amz-signature"]


@pytest.fixture(scope="module")
def home(server):
    return organise(server)


@pytest.fixture(scope="module")
def client(new_user, home):
    return new_user(organisation=home)


@pytest.fixture(scope="module")
def tenant(server, home):
    return tenant_of(server, home)


@pytest.fixture(scope="module")
def other(server, new_user):
    """Somebody of another organisation."""
    return new_user(organisation=organise(server))


@pytest.fixture
def path():
    return "links/" + people.word(12) + "/Ŋoma & 1+1.txt"


def link(client, path, **query):
    reply = client.get("/files/presigned-url/" + quote(path), params=query)
    assert reply.status_code == 200, reply.text
    return reply.json()["url"]


def target(client, url):
    """The address without its host, as a client of ours asks for it."""
    assert url.startswith(client.server.base + "/"), url
    return url[len(client.server.base):]


def fetch(client, url, method="GET", **more):
    """Without a token, as a stranger who has the address."""
    return client.call(method, target(client, url), token=None, **more)


def changed(url, **values):
    """The address with other values in its query; None takes one out."""
    where, _, query = url.partition("?")
    pairs = dict(parse_qsl(query))
    for name, value in values.items():
        pairs[name.replace("_", "-")] = value
    return where + "?" + urlencode({k: v for k, v in pairs.items() if v is not None})


def form(client, path, **query):
    reply = client.post("/files/presigned-upload", params=dict(query, file_path=path))
    assert reply.status_code == 200, reply.text
    return reply.json()


def send(client, made, content=b"by a form", name="of the client.txt",
         media="text/plain", **fields):
    """Post a form as a browser would, without a token; None leaves a field out."""
    parts = dict(made["fields"])
    parts.update({k.replace("_", "-"): v for k, v in fields.items()})
    return client.post(target(client, made["url"]), token=None,
                       data={k: v for k, v in parts.items() if v is not None},
                       files={"file": (name, content, media)})


def said(client, made):
    """What the policy says, as {name: value} and the list of the rest."""
    policy = json.loads(base64.b64decode(made["fields"]["policy"], validate=True))
    assert set(policy) == {"expiration", "conditions"}
    exact = {}
    for condition in policy["conditions"]:
        if isinstance(condition, dict):
            exact.update(condition)
    return policy, exact, [c for c in policy["conditions"] if isinstance(c, list)]


# addresses to download


def test_an_address_opens_the_file(server, client, tenant, path):
    put(client, path, b"0123456789")
    reply = client.get("/files/presigned-url/" + quote(path))
    assert list(reply.json()) == ["url", "expires_in"]
    assert reply.json()["expires_in"] == 3600
    url = reply.json()["url"]
    parts = urlsplit(url)
    assert parts.path == "/files/local/tenants/%s/%s" % (tenant, quote(path))
    query = dict(parse_qsl(parts.query))
    assert query["X-Amz-Expires"] == "3600"
    assert re.fullmatch(r"\d{8}T\d{6}Z", query["X-Amz-Date"])
    assert re.fullmatch("[0-9a-f]{64}", query["X-Amz-Signature"])
    plain = requests.get(url, verify=server.certificate, timeout=servers.LIMIT)
    assert plain.status_code == 200 and plain.content == b"0123456789"
    head = plain.headers
    assert head["Content-Type"] == "text/plain; charset=utf-8"
    assert head["Content-Disposition"].startswith("attachment; ")
    assert head["X-Content-Type-Options"] == "nosniff"
    assert head["ETag"] == '"%s"' % md5(b"0123456789")
    assert head["Access-Control-Allow-Origin"] == "*"
    assert "no-store" in head["Cache-Control"]
    assert fetch(client, url, "HEAD").headers["Content-Length"] == "10"
    part = fetch(client, url, headers={"Range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    again = fetch(client, url, headers={"If-None-Match": head["ETag"]})
    assert again.status_code == 304


def test_what_may_be_asked_for(client, other, path, anyone, farmer, as_farmer):
    put(client, path)
    for value, kind, bound in (("0", "greater_than_equal", {"ge": 1}),
                               ("-5", "greater_than_equal", {"ge": 1}),
                               ("604801", "less_than_equal", {"le": 604800}),
                               ("x", "int_parsing", None)):
        reply = client.get("/files/presigned-url/" + quote(path),
                           params={"expiration": value})
        fault = faults(reply, "query", "expiration")
        assert fault["type"] == kind and fault.get("ctx") == bound, fault
    assert "X-Amz-Expires=604800&" in link(client, path, expiration=604800)
    assert "X-Amz-Expires=1&" in link(client, path, expiration=1)
    here = "/files/presigned-url/" + quote(path)
    assert refused(other.get(here), 404) == "File not found"
    assert refused(client.get(here + "x"), 404) == "File not found"
    for wrong in ("", "%2e%2e/a", "a%00b", "a%5cb", "x" * 256):
        refused(client.get("/files/presigned-url/" + wrong), 400)
    assert refused(anyone.get(here, token=None), 403) == "Not authenticated"
    refused(as_farmer(farmer).get(here), 403)
    refused(client.post(target(client, link(client, path))), 405)


def test_nothing_in_an_address_can_be_changed(client, other, tenant, path):
    put(client, path, b"mine")
    put(client, path + ".other", b"not meant")
    file_id = put(other, path, b"theirs").headers["X-File-Id"]
    url, twin = link(client, path), link(client, path + ".other")
    query = dict(parse_qsl(urlsplit(url).query))
    foreign = dict(parse_qsl(urlsplit(link(other, path)).query))
    signature = query["X-Amz-Signature"]
    for values in (
            {"X_Amz_Signature": None}, {"X_Amz_Signature": ""},
            {"X_Amz_Signature": signature[:-1]}, {"X_Amz_Signature": signature + "0"},
            {"X_Amz_Signature": signature.upper()},
            {"X_Amz_Signature": "0" * 64},
            {"X_Amz_Signature": foreign["X-Amz-Signature"]},
            {"X_Amz_Expires": "3601"}, {"X_Amz_Expires": "604800"},
            {"X_Amz_Expires": "604801"}, {"X_Amz_Expires": "0"},
            {"X_Amz_Expires": None},
            {"X_Amz_Expires": "9" * 30},
            {"X_Amz_Date": "20990101T000000Z"}, {"X_Amz_Date": None},
            {"X_Amz_Date": query["X-Amz-Date"] + " "}, {"X_Amz_Date": "now"},
            {"X_Amz_Credential": foreign["X-Amz-Credential"]},
            {"X_Amz_Credential": None}, {"X_Amz_Credential": "x"},
            {"versionId": file_id}, {"versionId": None},
            {"versionId": dict(parse_qsl(urlsplit(twin).query))["versionId"]}):
        reply = fetch(client, changed(url, **values))
        assert refused(reply, 403), values
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
    for where in (twin.partition("?")[0], url.partition("?")[0] + "/",
                  url.partition("?")[0].replace("/links/", "//links/"),
                  url.partition("?")[0].replace(tenant, "0" * 24),
                  client.server.base + "/files/local/",
                  client.server.base + "/files/local/tenants"):
        refused(fetch(client, where + "?" + url.partition("?")[2]), 403, 400)
    sly = target(client, url).replace("/links/", "/links/x/../")
    assert wire.exchange(client.server, wire.request("GET", sly)).status_code in (400, 403)
    for more in ("", "?", "?X-Amz-Signature=", "?x-amz-signature=" + signature):
        refused(fetch(client, url.partition("?")[0] + more), 403)
    # A token changes nothing about it, neither way.
    refused(client.get(target(client, url.partition("?")[0])), 403)
    assert other.get(target(client, url)).content == b"mine"
    assert fetch(client, url).content == b"mine"


def test_an_address_expires(client, path):
    put(client, path)
    url = link(client, path, expiration=1)
    time.sleep(2)
    assert "expired" in refused(fetch(client, url), 403)


def test_an_address_never_means_something_else(client, path):
    """Written over, moved and deleted, the file is not there; back again, it is."""
    put(client, path, b"first")
    url = link(client, path)
    put(client, path, b"second")
    assert refused(fetch(client, url), 404) == "File not found"
    url = link(client, path)
    assert fetch(client, url).content == b"second"
    away = {"source_path": path, "destination_path": path + ".away"}
    assert client.post("/files/move", params=away).status_code == 200
    refused(fetch(client, url), 404)
    refused(fetch(client, url.replace(quote(path), quote(path + ".away"))), 403)
    back = {"source_path": path + ".away", "destination_path": path}
    assert client.post("/files/move", params=back).status_code == 200
    assert fetch(client, url).content == b"second"
    assert client.delete("/files/delete/" + quote(path)).status_code == 200
    refused(fetch(client, url), 404)
    put(client, path, b"second")
    refused(fetch(client, url), 404)


def test_an_address_ends_with_the_account(server, new_user, home, admin, path):
    """Who was sent away has nothing left, and gave nothing away for longer."""
    leaver = new_user(organisation=home)
    put(leaver, path)
    url, made = link(leaver, path), form(leaver, path + ".up")
    assert fetch(leaver, url).status_code == 200
    server.cem("user", "off", "--config", server.config, leaver.email)
    assert "no access" in refused(fetch(leaver, url), 403)
    assert "no access" in refused(send(leaver, made), 403)
    server.cem("user", "on", "--config", server.config, leaver.email)
    assert fetch(leaver, url).status_code == 200
    assert send(leaver, made).status_code == 204
    assert admin.delete("/api/users/" + quote(leaver.email)).status_code == 200
    refused(fetch(leaver, url), 403)
    refused(send(leaver, made), 403)


def test_html_is_only_to_be_saved(client, path):
    for name in (path + ".html", path + ".svg"):
        put(client, name, HOSTILE, "text/html")
        reply = fetch(client, link(client, name))
        assert reply.content == HOSTILE
        assert reply.headers["Content-Disposition"].startswith("attachment; ")
        assert reply.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in reply.headers["Content-Security-Policy"]


def test_addresses_are_audited(server, client, path):
    """Given out and used, with the account that signed; no path, no signature."""
    file_id = put(client, path).headers["X-File-Id"]
    url = link(client, path)
    fetch(client, url)

    def arrived():
        found = [r for r in trail.rows(server, file_id) if r["action"] != "upload"]
        return found if len(found) == 2 else None
    given, used = servers.poll(arrived)
    assert (given["module"], given["action"]) == ("files", "presign")
    assert (used["module"], used["action"]) == ("files", "download")
    assert used["endpoint"] == "/files/local/{file_path:path}"
    assert given["user_id"] == used["user_id"]
    made = form(client, path)
    assert send(client, made).status_code == 204
    time.sleep(1.5)  # nginx writes its log once a second
    names = [server.log] + [os.path.join(server.state, "log", n)
                            for n in os.listdir(os.path.join(server.state, "log"))]
    text = repr(trail.rows(server)).encode()
    for name in names:
        with open(name, "rb") as f:
            text += f.read()
    signature = dict(parse_qsl(urlsplit(url).query))["X-Amz-Signature"]
    for secret in (signature, made["fields"]["x-amz-signature"], "links/"):
        assert secret.encode() not in text, secret


def test_the_host_of_addresses(client, path):
    """As the client came, and nothing else that it says."""
    put(client, path)
    for headers, begins in (
            ({"X-Forwarded-Host": "evil.example", "Forwarded": "host=evil.example"},
             client.server.base + "/files/"),
            ({"Host": "register.example:8443"}, "https://register.example:8443/files/"),
            ({"Host": "evil.example_"}, "/files/")):
        reply = client.get("/files/presigned-url/" + quote(path), headers=headers)
        assert reply.json()["url"].startswith(begins)
        reply = client.post("/files/presigned-upload", params={"file_path": path},
                            headers=headers)
        assert reply.json()["url"] == begins + "presigned"


# forms to upload


def test_a_form_uploads_a_file(server, client, tenant, path):
    made = form(client, path)
    assert list(made) == ["success", "url", "fields", "expires_in"]
    assert made["success"] is True and made["expires_in"] == 3600
    assert made["url"] == server.base + "/files/presigned"
    assert list(made["fields"]) == FIELDS
    key = "tenants/%s/%s" % (tenant, path)
    assert made["fields"]["key"] == key
    policy, exact, ranges = said(client, made)
    assert exact == {"bucket": "local", "key": key,
                     **{n: made["fields"][n] for n in FIELDS[1:4]}}
    assert ranges == [["content-length-range", 0, 10485760]]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", policy["expiration"])
    reply = requests.post(made["url"], data=made["fields"], timeout=servers.LIMIT,
                          files={"file": ("../../evil.txt", b"by a form", "text/plain")},
                          verify=server.certificate)
    assert (reply.status_code, reply.content) == (204, b"")
    assert reply.headers["ETag"] == '"%s"' % md5(b"by a form")
    assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert show(client, path).content == b"by a form"
    facts = client.get("/files/metadata/" + quote(path)).json()
    assert facts["metadata"] == {} and facts["key"] == key and facts["size"] == 9


def test_a_form_makes_versions(client, path):
    """It can be sent as often as it holds; nothing that was there is lost."""
    file_id = put(client, path, b"before").headers["X-File-Id"]
    made = form(client, path)
    for content in (b"one", b"two"):
        assert send(client, made, content).status_code == 204
    reply = show(client, path)
    assert reply.content == b"two" and reply.headers["X-File-Id"] == file_id


def test_which_forms_may_be_asked_for(client, path):
    for name, value, kind, bound in (
            ("expiration", "0", "greater_than_equal", {"ge": 1}),
            ("expiration", "3601", "less_than_equal", {"le": 3600}),
            ("expiration", "x", "int_parsing", None),
            ("max_file_size", "0", "greater_than_equal", {"ge": 1}),
            ("max_file_size", "-1", "greater_than_equal", {"ge": 1}),
            ("max_file_size", "104857601", "less_than_equal", {"le": 104857600})):
        reply = client.post("/files/presigned-upload",
                            params={"file_path": path, name: value})
        fault = faults(reply, "query", name)
        assert fault["type"] == kind and fault.get("ctx") == bound, fault
    assert faults(client.post("/files/presigned-upload"), "query",
                  "file_path")["type"] == "missing"
    for wrong in ("", "/", "..", "a/../b", "a\\b", "a\x01", "x" * 256,
                  "img/${filename}", "${filename}", "a${filename}b/c"):
        reply = client.post("/files/presigned-upload", params={"file_path": wrong})
        assert refused(reply, 400) == "Invalid file path", wrong
    refused(client.post("/files/presigned-upload", params={"file_path": path},
                        token=None), 403)
    assert form(client, "//links///x.txt/")["fields"]["key"].endswith("/links/x.txt")


def test_nothing_in_a_form_can_be_changed(client, other, tenant, path):
    made = form(client, path, max_file_size=100)
    fields = made["fields"]
    foreign = form(other, path)["fields"]
    policy = json.loads(base64.b64decode(fields["policy"]))
    policy["conditions"][1][2] = 1000
    looser = base64.b64encode(json.dumps(policy).encode()).decode()
    for values in (
            {"key": "tenants/%s/elsewhere.txt" % tenant}, {"key": foreign["key"]},
            {"key": fields["key"] + "/"}, {"key": path}, {"key": ""},
            {"policy": looser}, {"policy": foreign["policy"]}, {"policy": ""},
            {"policy": fields["policy"] + "="}, {"policy": fields["policy"][:-4]},
            {"policy": None}, {"x_amz_signature": None}, {"x_amz_date": None},
            {"x_amz_credential": None}, {"x_amz_algorithm": None},
            {"x_amz_signature": foreign["x-amz-signature"]},
            {"x_amz_signature": fields["x-amz-signature"][:-1]},
            {"x_amz_signature": ""}, {"x_amz_algorithm": "none"},
            {"x_amz_date": "20990101T000000Z"},
            {"x_amz_credential": foreign["x-amz-credential"]},
            {"Content_Type": "text/html"}, {"acl": "public-read"},
            {"success-action-status": "200"}, {"x-amz-security-token": "x"}):
        reply = send(client, made, **values)
        detail = refused(reply, 403)
        assert detail.startswith(("AccessDenied: ", "SignatureDoesNotMatch: ")), values
        assert reply.headers["Access-Control-Allow-Origin"] == "*"
    assert refused(send(client, made, key=None), 400).startswith("InvalidArgument: ")
    refused(show(client, path), 404)
    refused(show(other, path), 404)
    # The signature of an address is none of a form.
    put(client, path)
    address = dict(parse_qsl(urlsplit(link(client, path)).query))
    refused(send(client, made, x_amz_signature=address["X-Amz-Signature"]), 403)


def test_how_large_it_may_be(client, path):
    made = form(client, path, max_file_size=10)
    assert refused(send(client, made, b"x" * 11), 400).startswith("EntityTooLarge: ")
    assert send(client, made, b"").status_code == 204
    assert send(client, made, b"x" * 10).status_code == 204
    # Beyond all forms, nginx says it, before the body has come.
    reply = wire.exchange(client.server, wire.request(
        "POST", "/files/presigned", [("Content-Type", "multipart/form-data; boundary=x")],
        length=110 * 1024 * 1024), "POST")
    assert refused(reply, 400).startswith("EntityTooLarge: ")
    assert reply.headers["Access-Control-Allow-Origin"] == "*"


def test_a_form_expires(client, path):
    made = form(client, path, expiration=1)
    time.sleep(2)
    assert "Policy expired." in refused(send(client, made), 403)


def test_the_file_comes_last(client, path):
    """What follows it does not count, as with S3; two files are none."""
    made = form(client, path)
    head = b'Content-Disposition: form-data; name="%s"'
    fields = [(head % k.encode(), v.encode()) for k, v in made["fields"].items()]
    file = (head % b"file" + b'; filename="x.txt"', b"content")
    for parts in ([file] + fields, fields[:3] + [file] + fields[3:]):
        body, kind = multipart(parts)
        reply = client.post("/files/presigned", data=body, token=None,
                            headers={"Content-Type": kind})
        refused(reply, 400, 403)
    for parts in (fields, fields + [file, file]):
        body, kind = multipart(parts)
        reply = client.post("/files/presigned", data=body, token=None,
                            headers={"Content-Type": kind})
        assert reply.status_code in (400, 422), reply.text
    body, kind = multipart(fields + fields[:1] + [file])
    reply = client.post("/files/presigned", data=body, token=None,
                        headers={"Content-Type": kind})
    refused(reply, 400)
    refused(show(client, path), 404)
    body, kind = multipart(fields + [file] + [(head % b"submit", b"Upload")])
    reply = client.post("/files/presigned", data=body, token=None,
                        headers={"Content-Type": kind})
    assert reply.status_code == 204


def test_a_full_space_takes_no_form(server, new_user):
    client = new_user(organisation=organise(server, quota=1))
    made = form(client, "a.bin", max_file_size=3000000)
    assert "full" in refused(send(client, made, bytes(1024 * 1024 + 1)), 413)
    assert send(client, made, bytes(1000)).status_code == 204


def test_what_came_by_a_form_is_audited(server, client, tenant, path):
    made = form(client, path)
    asked = trail.last(server, tenant, "presign_upload")
    assert asked["details"] == {"expires_in": 3600, "max_size": 10485760}
    assert send(client, made).status_code == 204
    file_id = show(client, path).headers["X-File-Id"]
    row = trail.last(server, file_id, "upload")
    assert row["endpoint"] == "/files/presigned" and row["user_id"] == asked["user_id"]


def test_browsers_may_ask_first(client):
    """Other pages' scripts: the form itself needs no such question."""
    for where in ("/files/presigned", "/files/local/x"):
        reply = client.call("OPTIONS", where, token=None,
                            headers={"Origin": "https://elsewhere.example"})
        assert reply.status_code == 200 and "OPTIONS" in reply.headers["Allow"]


def test_the_types_of_forms_are_judged(client, path):
    """As of any upload: by the bytes."""
    made = form(client, path)
    assert send(client, made, b"\x89PNG\r\n\x1a\n" + bytes(100),
                media="text/html").status_code == 204
    assert client.get("/files/metadata/" + quote(path)).json()[
        "content_type"] == "image/png"


def test_nobody_signs_from_outside(server, anyone):
    """Every combination of nothing."""
    for where in ("/files/local/a", "/files/local/a?X-Amz-Signature=" + "0" * 64):
        refused(anyone.get(where, token=None), 403)
    reply = Client(server).post("/files/presigned", files={"file": ("a", b"x")})
    refused(reply, 400)
