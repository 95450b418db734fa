# SPDX-License-Identifier: MIT
"""Who we are to S3: keys, temporary keys, roles, and what happens when they are wrong."""
import json
import os
import shutil
import signal

import pytest
import requests

from ceph import ACCESS, BUCKET, SECRET
from courier import BELOW
from roles import Roles

NO_KEYS = {"S3_ACCESS_KEY": "", "S3_SECRET_KEY": ""}


@pytest.fixture(scope="module")
def keys(ceph):
    """Temporary ones of S3's own making, which may do all."""
    return ceph.role(["s3:*"])


@pytest.fixture
def roles(keys):
    made = Roles()
    made.keys = keys
    with made.serve() as made.url:
        yield made


def settings(keys):
    return dict(zip(("S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_SESSION_TOKEN"), keys))


def test_session_token(ceph, start, keys):
    """In the header, in an address, and in a form."""
    courier = start(**settings(keys))
    version = courier.put(b"temporary", "token/1")
    assert courier.get("token/1", version)[0] == b"temporary"
    url = courier.presign("GET", "token/1", version)
    assert "X-Amz-Security-Token=" in url
    assert requests.get(url).content == b"temporary"
    assert requests.get(url.replace("X-Amz-Security-Token", "X-Amz-Security-Tokem")
                        ).status_code in (400, 403)
    url, fields = courier.form("token/form")
    assert fields["x-amz-security-token"] == keys[2]
    reply = requests.post(url, data=fields, files={"file": b"by form"})
    assert reply.status_code == 204, reply.text
    assert courier.get("token/form")[0] == b"by form"


def test_session_token_wrong(start, keys):
    for token in ("", "x", keys[2][:-8] + "AAAAAAA="):
        courier = start(**settings((keys[0], keys[1], token)))
        assert courier.put(b"x", "token/wrong") in ("denied", "broken"), token
    courier = start()
    assert courier.head("token/wrong") == "missing"


def test_role_without_rights(ceph, start):
    courier = start(**settings(ceph.role(["s3:GetObject", "s3:ListBucket"])))
    assert courier.put(b"x", "token/denied") == "denied"
    assert "right" in courier.log() and "denied" in courier.log()


def test_wrong_secret(ceph, start):
    courier = start(S3_SECRET_KEY=SECRET[:-1] + "1")
    assert courier.put(b"x", "k") == "denied"
    assert courier.get("k") == "denied"
    assert courier.head("k") == "denied"
    assert courier.list("k") == "denied"
    assert courier.remove("k", "v") == "denied"
    assert courier.copy("k", "", "l", 1) == "denied"
    error, _, _, words = courier.check()
    assert error == "denied" and "S3_SECRET_KEY" in words
    assert requests.get(courier.presign("GET", "k")).status_code == 403
    courier = start(S3_ACCESS_KEY="NOBODY")
    error, _, _, words = courier.check()
    assert error == "denied" and "S3_ACCESS_KEY" in words


def test_no_secret_in_the_log(start, keys):
    courier = start(**settings((keys[0], "wr0ngsecret", keys[2])))
    courier.put(b"x", "secret/key-of-somebody")
    assert "denied" in courier.log()
    for secret in ("wr0ngsecret", keys[2], "Signature=", "key-of-somebody", "j" * 32):
        assert secret not in courier.log()


def test_container(start, roles):
    for need in (None, "Bearer abc"):
        roles.need = need
        more = {"AWS_CONTAINER_AUTHORIZATION_TOKEN": need} if need else {}
        courier = start(**NO_KEYS, AWS_CONTAINER_CREDENTIALS_FULL_URI=roles.url + "/c",
                        **more)
        assert courier.started == []
        version = courier.put(b"x", "roles/container")
        assert courier.get("roles/container", version)[0] == b"x", courier.log()
        assert roles.asked == [("GET", "/c")], "once for many requests"
        roles.asked.clear()


def test_container_token_file(start, roles, tmp_path):
    """It is read anew each time."""
    file = tmp_path / "token"
    file.write_text("first\n")
    roles.need = "first"
    roles.seconds = 2
    courier = start(**NO_KEYS, AWS_CONTAINER_CREDENTIALS_FULL_URI=roles.url + "/c",
                    AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE=str(file))
    assert courier.head("none") == "missing"
    roles.need = "second"
    file.write_text("second")
    roles.asked.clear()
    while not roles.asked:
        assert courier.head("none") == "missing"
    assert roles.asked[0] == ("GET", "/c")


def test_host(start, roles):
    courier = start(**NO_KEYS, AWS_EC2_METADATA_SERVICE_ENDPOINT=roles.url + "/")
    assert courier.head("none") == "missing"
    assert roles.asked == [
        ("PUT", "/latest/api/token"),
        ("GET", "/latest/meta-data/iam/security-credentials/"),
        ("GET", "/latest/meta-data/iam/security-credentials/cem-role")]
    assert courier.head("none") == "missing"
    assert len(roles.asked) == 3


def test_renewed_in_time(start, roles):
    """Five minutes before their end they are renewed; a failure keeps the old ones."""
    roles.seconds = 299
    courier = start(**NO_KEYS, AWS_EC2_METADATA_SERVICE_ENDPOINT=roles.url)
    assert courier.head("none") == "missing"
    assert len(roles.asked) == 3
    roles.status = 500
    assert courier.head("none") == "missing", "the old ones are good"
    until = courier.ask("presign", "GET", BELOW + "k", "", "3600", "", "")[1]
    roles.status, roles.seconds = 200, 3600
    longer = start(**NO_KEYS, AWS_EC2_METADATA_SERVICE_ENDPOINT=roles.url)
    later = longer.ask("presign", "GET", BELOW + "k", "", "7200", "", "")[1]
    assert abs(int(later) - int(until) - 3301 * 10**6) < 60 * 10**6, \
        "a link ends with its credentials"


def test_expired_and_gone(start, roles):
    roles.seconds = 2
    courier = start(patience=300, **NO_KEYS,
                    AWS_EC2_METADATA_SERVICE_ENDPOINT=roles.url)
    assert courier.head("none") == "missing"
    roles.status = 500
    while courier.head("none") == "missing":
        pass
    assert courier.head("none") == "down"
    assert courier.presign("GET", "k") == "down"
    error, _, _, words = courier.check()
    assert error == "down" and "there are no credentials" in words and "500" in words
    roles.status = 200
    assert courier.head("none") == "missing", "and back"


@pytest.mark.parametrize("body", [
    b"", b"{", b"[]", b"null", b"{}", b"\xff\xfe", b"[" * 5000, b"{" * 10**5,
    json.dumps({"AccessKeyId": "A", "SecretAccessKey": "S", "Token": "T"}).encode(),
    json.dumps({"AccessKeyId": "A\r\nX: y", "SecretAccessKey": "S", "Token": "T",
                "Expiration": "2100-01-01T00:00:00Z"}).encode(),
    json.dumps({"AccessKeyId": "A" * 1000, "SecretAccessKey": "S", "Token": "T",
                "Expiration": "2100-01-01T00:00:00Z"}).encode(),
    json.dumps({"AccessKeyId": 1, "SecretAccessKey": "S", "Token": "T",
                "Expiration": "2100-01-01T00:00:00Z"}).encode(),
    json.dumps({"AccessKeyId": "A", "SecretAccessKey": "S", "Token": "T",
                "Expiration": "soon"}).encode(),
    json.dumps({"AccessKeyId": "A", "SecretAccessKey": "S", "Token": "T",
                "Expiration": "2001-01-01T00:00:00Z"}).encode(),
], ids=range(14))
def test_garbage(start, roles, body):
    roles.body = body
    courier = start(patience=100, **NO_KEYS,
                    AWS_CONTAINER_CREDENTIALS_FULL_URI=roles.url + "/c")
    assert courier.head("k") in ("down", "broken")


def test_host_names_no_role(start, roles):
    for name in ("", "../../evil", "a/b", "x" * 200, "a b", "<html>"):
        roles.name = name
        courier = start(patience=100, **NO_KEYS,
                        AWS_EC2_METADATA_SERVICE_ENDPOINT=roles.url)
        assert courier.head("k") == "down", name
    assert all("evil" not in path for _, path in roles.asked)


@pytest.mark.parametrize("name,value", [
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://10.0.0.1/x"),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost@example.org/x"),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://localhost.example.org/x"),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "file:///etc/passwd"),
    ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:99999/x"),
    ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "@example.org/"),
    ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://192.168.1.1"),
    ("AWS_EC2_METADATA_DISABLED", "true"),
])
def test_addresses_refused(start, name, value):
    """A secret does not go over the network in the clear."""
    assert start(**NO_KEYS, **{name: value}).started == "broken"


@pytest.mark.parametrize("wrong", [
    {"S3_ENDPOINT": "http://s3.example.org"}, {"S3_ENDPOINT": "ftp://localhost"},
    {"S3_ENDPOINT": "https://"}, {"S3_ENDPOINT": "https://host/path"},
    {"S3_ENDPOINT": "localhost:9000"}, {"S3_ENDPOINT": "https://host:0"},
    {"S3_BUCKET": "Not A Bucket"}, {"S3_BUCKET": "a..-"}, {"S3_BUCKET": "../x"},
    {"S3_BUCKET": "with.dots", "S3_STYLE": "host", "S3_ENDPOINT": "https://localhost"},
    {"S3_REGION": "a/b"}, {"S3_REGION": "EU West"}, {"S3_ACCESS_KEY": ""},
    {"S3_SECRET_KEY": ""}, {"S3_CA_FILE": "/nonexistent"},
])
def test_settings_refused(start, wrong):
    courier = start(**wrong)
    assert courier.started == "broken"
    assert courier.log().count("error") == 1, "one line that says why"
    assert courier.head("k") == "down"


def test_no_bucket_no_courier(start):
    courier = start(S3_BUCKET="")
    assert courier.started == [] and courier.head("k") == "down"


def test_check(ceph, start):
    courier = start()
    error, versions, skew, words = courier.check()
    assert (error, versions, words) == ("ok", 1, "") and abs(skew) < 60
    error, _, _, words = start(S3_BUCKET="nosuchbucket").check()
    assert error == "down" and "S3_BUCKET" in words
    courier = start(S3_ENDPOINT="https://localhost:1", patience=10)
    error, _, _, words = courier.check()
    assert error == "down" and "can't be reached" in words


def test_no_proxy(ceph, start):
    """What else programs take from the environment is not looked at."""
    nowhere = "http://127.0.0.1:1"
    for endpoint in (ceph.http, ceph.https):
        courier = start(S3_ENDPOINT=endpoint, http_proxy=nowhere, https_proxy=nowhere,
                        HTTPS_PROXY=nowhere, ALL_PROXY=nowhere, all_proxy=nowhere)
        assert courier.head("none") == "missing"


def test_certificate(ceph, start):
    """Another authority, another name: nothing is sent."""
    courier = start(S3_ENDPOINT=ceph.https,
                    S3_CA_FILE="/etc/ssl/certs/ca-certificates.crt")
    assert courier.put(b"x", "k") == "down"
    error, _, _, words = courier.check()
    assert error == "down" and "S3_CA_FILE" in words
    courier = start(S3_ENDPOINT=ceph.https, S3_STYLE="host", S3_BUCKET="elsewhere")
    assert courier.check()[0] == "down" and "certificate" in courier.check()[3]


@pytest.mark.parametrize("hours", ["-1h", "+1h"])
def test_clock(ceph, start, hours):
    """A wrong clock is told as such. (faketime does not reach a static program.)"""
    courier = start(preload=("faketime", "-m", "-f", hours))
    assert courier.put(b"x", "k") == "denied"
    error, _, skew, words = courier.check()
    wanted = 3600 if hours == "-1h" else -3600
    assert error == "denied" and abs(skew - wanted) < 60
    assert "clock" in words and ("behind" if skew > 0 else "before") in words
    assert "clock" in courier.log()


def test_locked_worker(ceph, start):
    """A worker without any right to the network uses its courier."""
    courier = start()
    assert courier.ask("lock") == []
    version = courier.put(courier.file("f", b"locked"), "locked")
    assert courier.head("locked", version).size == 6
    assert ceph.client().get_object(Bucket=BUCKET, Key=BELOW + "locked")["Body"].read() == \
        b"locked"


def test_names_replaced(ceph, start, tmp_path):
    """A new /etc/hosts or resolv.conf is not seen by who locked himself before: he makes
    way for one who sees it."""
    if os.geteuid() != 0:
        pytest.skip("needs root for an /etc of its own")
    etc = tmp_path / "etc"
    etc.mkdir()
    for name in ("hosts", "resolv.conf", "nsswitch.conf", "passwd"):
        shutil.copy("/etc/" + name, etc / name)
    courier = start(
        patience=300, S3_ENDPOINT=ceph.https.replace("localhost", "s3.cem.test"),
        preload=("unshare", "-m", "sh", "-c",
                 'mount --bind "$0" /etc && exec "$@"', str(etc)))
    assert "reached" in courier.check()[3]
    assert "reached" in courier.check()[3], "as long as nothing changes it goes on"
    (etc / "new").write_text("127.0.0.1 localhost s3.cem.test\n")
    (etc / "new").rename(etc / "hosts")
    assert courier.check()[0] == "down"
    assert courier.check()[0] == "down" and "/etc/hosts" in courier.log()
    assert courier.ask("stop") == [] and courier.ask("start", 300) == []
    assert "certificate" in courier.check()[3], "now the name is found"


def test_courier_dies(start):
    courier = start()
    children = "/proc/%d/task/%d/children" % ((courier.process.pid,) * 2)
    with open(children, encoding="ascii") as f:
        pid = int(f.read().split()[0])
    with open("/proc/%d/comm" % pid, encoding="ascii") as f:
        assert f.read() == "courier\n"
    with open("/proc/%d/environ" % pid, "rb") as f:
        environ = f.read()
    assert ACCESS.encode() not in environ and SECRET.encode() not in environ
    os.kill(pid, signal.SIGKILL)
    assert courier.head("k") == "down"
    assert courier.put(b"x", "k") == "down"
    assert courier.ask("stop") == []
    assert courier.ask("start", 5000) == [], "and can be started anew"
    assert courier.head("none") == "missing"
