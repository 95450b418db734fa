# SPDX-License-Identifier: MIT
"""Signed addresses and forms: S3 accepts exactly what we signed."""
import base64
import json
import subprocess
import time
import urllib.parse

import pytest
import requests

from ceph import BUCKET
from courier import BELOW

KEY = "links/ä + b~c'.pdf"


@pytest.fixture
def stored(courier):
    return courier.put(b"0123456789", KEY, "application/pdf")


def curl(*words):
    done = subprocess.run(["curl", "-s", "-w", "%{http_code}", *words], timeout=60,
                          capture_output=True, check=True)
    return int(done.stdout[-3:]), done.stdout[:-3]


@pytest.mark.parametrize("style", ["path", "host"])
@pytest.mark.parametrize("tls", [False, True])
def test_curl_gets_it(ceph, start, stored, style, tls):
    """Plain curl, which knows no signatures, by either style."""
    courier = start(S3_STYLE=style, S3_ENDPOINT=ceph.https if tls else ceph.http)
    url = courier.presign("GET", KEY, stored)
    assert url.startswith(
        "%s://%slocalhost:" % ("https" if tls else "http", "farm." * (style == "host")))
    assert curl("--cacert", ceph.authorities, url) == (200, b"0123456789")
    assert curl("--cacert", ceph.authorities, "-r", "2-4", url) == (206, b"234")
    head = courier.presign("HEAD", KEY, stored)
    assert curl("--cacert", ceph.authorities, "-I", head)[0] == 200


def test_what_is_signed(courier, stored):
    newer = courier.put(b"newer", KEY)
    assert requests.get(courier.presign("GET", KEY, stored)).content == b"0123456789"
    assert requests.get(courier.presign("GET", KEY, newer)).content == b"newer"
    assert requests.get(courier.presign("GET", KEY)).content == b"newer"
    reply = requests.get(courier.presign(
        "GET", KEY, stored, 60, "attachment; filename=\"ä;\"", "text/plain"))
    assert reply.headers["content-type"] == "text/plain"
    assert reply.headers["content-disposition"].startswith("attachment; filename=")
    url = courier.presign("PUT", "links/put")
    assert requests.put(url, data=b"by put").status_code == 200
    assert courier.get("links/put")[0] == b"by put"


def test_changed(courier, stored):
    """Whatever is changed in it makes it worthless."""
    url = courier.presign("GET", KEY, stored, 60, "attachment")
    assert requests.get(url).status_code == 200
    parts = urllib.parse.urlsplit(url)
    query = urllib.parse.parse_qsl(parts.query, keep_blank_values=True)
    for i, (name, value) in enumerate(query):
        wrong = value[:-1] + ("0" if value[-1] != "0" else "1")
        if name == "X-Amz-Expires":
            wrong = "3600"
        changed = query[:i] + [(name, wrong)] + query[i + 1:]
        again = parts._replace(query=urllib.parse.urlencode(
            changed, quote_via=urllib.parse.quote))
        assert requests.get(urllib.parse.urlunsplit(again)).status_code in (400, 403), name
    assert requests.get(url.replace(".pdf", ".pdg")).status_code == 403
    assert requests.get(url.replace("versionId=", "x=")).status_code == 403
    assert requests.put(url, data=b"x").status_code == 403
    assert requests.delete(url).status_code == 403


def test_expires(courier, stored):
    url = courier.presign("GET", KEY, stored, 1)
    for _ in range(100):
        if requests.get(url).status_code == 403:
            break
        time.sleep(0.1)
    else:
        pytest.fail("it works for ever")


def test_refused(courier):
    for seconds in (0, -1, 604801, 2**31):
        assert courier.presign("GET", KEY, "", seconds) == "bad", seconds
        assert courier.form("k", 1, seconds) == "bad", seconds
    assert courier.presign("GET", KEY, "", 604800).startswith("http")
    assert courier.presign("DELETE", KEY) == "bad"
    assert courier.presign("GET", "") == "bad"
    assert courier.form("k", -1) == "bad"
    assert courier.form("a/${filename}") == "bad", "S3 would let the sender name it"


def post(form, body, **changes):
    url, fields = form
    fields = {**fields, **changes}
    return requests.post(url, data={n: v for n, v in fields.items() if v is not None},
                         files={"file": ("client name.txt", body)})


def test_form(courier):
    key = 'forms/"quoted" \\ ä.txt'
    form = courier.form(key, 10)
    assert list(form[1]) == ["key", "x-amz-algorithm", "x-amz-credential", "x-amz-date",
                             "policy", "x-amz-signature"]
    policy = json.loads(base64.b64decode(form[1]["policy"]))
    assert {"bucket": BUCKET} in policy["conditions"] and {"key": BELOW + key} in \
        policy["conditions"] and ["content-length-range", 0, 10] in policy["conditions"]
    reply = post(form, b"0123456789")
    assert reply.status_code == 204 and reply.content == b""
    assert courier.get(key)[0] == b"0123456789"
    assert post(form, b"").status_code == 204, "until it expires"


def test_form_refused(courier):
    form = courier.form("forms/one", 10)
    assert post(form, b"0123456789x").status_code == 400, "too large"
    assert post(form, b"x", key=BELOW + "forms/other").status_code == 403
    assert post(form, b"x", **{"x-amz-signature": "0" * 64}).status_code == 403
    assert post(form, b"x", policy=None).status_code in (400, 403)
    other = courier.form("forms/other", 10)
    assert post(form, b"x", policy=other[1]["policy"]).status_code == 403
    assert post(form, b"x", **{"x-amz-meta-cem-object": "f" * 24}).status_code == 403
    assert courier.head("forms/one") == "missing"
    late = courier.form("forms/late", 10, 1)
    for _ in range(100):
        if post(late, b"x").status_code == 403:
            break
        time.sleep(0.1)
    else:
        pytest.fail("it works for ever")
