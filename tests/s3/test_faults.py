# SPDX-License-Identifier: MIT
"""What goes wrong on the way to S3, and in it: the right result, or an end."""
import hashlib
import os
import random
import time

import pytest

import faulty
from ceph import BUCKET
from courier import BELOW
from faulty import (close, cut_body, cut_head, drip, endless_body, endless_head, error,
                    hang, lose_answer, reply, reset, rubbish)
from roles import Roles

PASSING = {
    "internal": error(500, "InternalError"), "slow down": error(503, "SlowDown"),
    "gateway": reply(502, b"<html>Bad Gateway</html>"), "late": reply(504),
    "many": reply(429), "timeout": error(400, "RequestTimeout"),
    "busy": error(409, "OperationAborted"), "close": close, "reset": reset,
    "lost": lose_answer, "cut head": cut_head,
}


@pytest.fixture
def way(ceph):
    made = faulty.Way(ceph)
    with made.serve() as made.url:
        yield made


@pytest.fixture
def courier(start, way):
    return start(S3_ENDPOINT=way.url)


def everything(courier, name):
    """All operations once; each answer is checked."""
    key = "faults/" + name
    body = os.urandom(5000)
    version = courier.put(body, key, "text/plain", "a" * 24)
    assert len(version) > 10, version
    assert courier.get(key, version)[0] == body
    assert courier.head(key, version).size == 5000
    copied = courier.copy(key, version, key + " copy", 5000, "", "b" * 24)
    assert courier.head(key + " copy", copied).object_id == "b" * 24
    entries, _ = courier.list(key + " copy")
    assert copied in [e.version for e in entries]
    assert courier.remove(key + " copy", copied) == "ok"
    assert courier.head(key + " copy", copied) == "missing"
    assert courier.check()[0] == "ok"


@pytest.mark.parametrize("name", sorted(PASSING))
def test_passing(way, courier, name):
    """Twice wrong, then right, for every request there is."""
    class Plan(list):
        def __init__(self):
            super().__init__()
            self.n = 0

        def __bool__(self):
            return True

        def pop(self, _):
            self.n += 1
            return faulty.through if self.n % 3 == 0 else PASSING[name]
    way.plan = Plan()
    everything(courier, name)
    assert len(way.asked) >= 27


@pytest.mark.parametrize("name", sorted(PASSING))
def test_lasting(way, start, name):
    """It never gets right: an end, and nothing that looks like a success."""
    courier = start(S3_ENDPOINT=way.url, patience=300)
    way.always = PASSING[name]
    for answer in (courier.put(b"x", "lasting"), courier.get("lasting"),
                   courier.head("lasting"), courier.list("lasting"),
                   courier.copy("lasting", "", "lasting2", 1),
                   courier.remove("lasting", "v"), courier.check()[0]):
        # HEAD has no body, so no code: then the status decides.
        assert answer in ("down", "broken", "conflict"), name
    assert courier.put(b"x", "lasting") == "down"
    assert "down" in courier.log()


@pytest.mark.parametrize("others", ["none", "one", "many", "removed"])
def test_written_meanwhile(ceph, way, courier, others):
    """radosgw does not say which version a copy became. Whatever else is written to its
    key, or deleted, before we ask: the copy is found, and is ours."""
    s3, key = ceph.client(), "faults/meanwhile " + others
    version = courier.put(b"ours", key, "text/plain", "a" * 24)

    def write(way, client, request):
        answer = way.forward(request)
        for _ in range({"none": 0, "one": 1, "many": 10, "removed": 3}[others]):
            s3.put_object(Bucket=BUCKET, Key=BELOW + key, Body=b"theirs")
        if others == "removed":
            s3.delete_object(Bucket=BUCKET, Key=BELOW + key)
        client.sendall(answer)
    way.plan = [write]
    copied = courier.copy(key, version, key, 4, "text/csv", "b" * 24)
    assert copied != version
    body, said = courier.get(key, copied)
    assert (body, said.object_id) == (b"ours", "b" * 24), courier.log()


def test_buried_meanwhile(ceph, way, courier):
    """Under more than anybody writes it is not found: an error, nobody else's version."""
    s3, key = ceph.client(), "faults/buried"
    version = courier.put(b"ours", key, "text/plain", "a" * 24)

    def bury(way, client, request):
        answer = way.forward(request)
        for _ in range(25):
            s3.put_object(Bucket=BUCKET, Key=BELOW + key, Body=b"theirs")
        client.sendall(answer)
    way.plan = [bury]
    assert courier.copy(key, version, key, 4, "", "b" * 24) == "down"
    assert "not to be found" in courier.log()


def test_silent(way, start):
    """A server that accepts and says nothing, and one that drips: given up in time. The
    worker waits that long, as its courier is alive."""
    way.plan = [hang, hang]
    silent = start(S3_ENDPOINT=way.url, patience=100000)
    silent.send("head", BELOW + "k", "")
    while len(way.asked) < 1:
        time.sleep(0.01)
    dripping = start(S3_ENDPOINT=way.url, patience=1000)
    way.plan.append(drip)
    while len(way.asked) < 2:
        time.sleep(0.05)
    dripping.send("head", BELOW + "k", "")
    began = time.monotonic()
    assert dripping.answer() == "down"
    assert silent.answer() == "missing", "the third time, after half a minute"
    assert time.monotonic() - began < 120
    assert "given up" not in silent.log() + dripping.log()


def test_resumed(way, courier):
    """What was cut off in the middle goes on there, and only if it is the same."""
    body = os.urandom(300000)
    version = courier.put(body, "faults/resumed")
    way.asked.clear()
    way.plan = [cut_body, cut_body, close, cut_body]
    got, said = courier.get("faults/resumed", version)
    assert got == body and said.size == 300000
    ranges = [r.headers.get("range") for r in way.asked]
    assert ranges == [None, "bytes=150000-", "bytes=225000-", "bytes=225000-",
                      "bytes=262500-"]
    etag = '"%s"' % hashlib.md5(body).hexdigest()
    assert {r.headers.get("if-match") for r in way.asked[1:]} == {etag}


def test_resumed_other(way, courier, ceph):
    """Overwritten meanwhile: half of each is no file."""
    def cut_and_overwrite(way, client, request):
        cut_body(way, client, request)
        ceph.client().put_object(Bucket=BUCKET, Key=BELOW + "faults/other", Body=b"y" * 300000)
    courier.put(b"x" * 300000, "faults/other")
    way.plan = [cut_and_overwrite]
    assert courier.get("faults/other") == "conflict"


def test_lies_about_size(way, courier):
    head = ("ETag: \"%s\"" % ("0" * 32), "x-amz-version-id: v")
    way.plan = [reply(200, b"12345", *head, length=10), reply(200, b"1234567890", *head)]
    assert courier.get("k") == "broken", "a part was asked for, and all came"
    way.plan = [reply(200, b"12345", *head, length=10), reply(206, b"67890", *head)]
    assert courier.get("k")[0] == b"1234567890"
    way.plan = [reply(200, b"12345", *head, length=10), reply(206, b"678", *head)]
    assert courier.get("k") == "broken"
    way.plan = [reply(200, b"12345", "x: y")]
    assert courier.get("k") == "broken", "no ETag"
    way.plan = [reply(200, b"12345", *head)]
    assert courier.get("k", most=4) == "big"


def test_wrong_etag(way, courier):
    """S3 says that it has stored something else."""
    way.plan = [reply(200, b"", "ETag: \"%s\"" % ("0" * 32))]
    assert courier.put(b"x", "k") == "conflict"
    way.plan = [reply(200)]
    assert courier.put(b"x", "k") == "broken"
    way.plan = [reply(200, b"", "ETag: \"%s\"" % ("0" * 32),
                      "x-amz-server-side-encryption: aws:kms", "x-amz-version-id: v1")]
    assert courier.put(b"x", "k") == "v1", "of what KMS encrypted it is no MD5"


@pytest.mark.parametrize("step", [rubbish, endless_head, endless_body], ids=range(3))
def test_endless(way, start, step):
    courier = start(S3_ENDPOINT=way.url, patience=300)
    way.always = step
    wanted = ("broken", "big", "down")
    assert courier.get("k", most=10**6) in wanted
    assert courier.list("k") in wanted
    assert courier.put(b"x", "k") in wanted
    assert courier.copy("k", "", "l", 1) in wanted
    assert courier.check()[0] in wanted
    assert os.stat(courier.file("got")).st_size <= 10**6
    way.always = None
    assert courier.head("no such") == "missing", "and it goes on"


XML = {
    "empty": b"", "text": b"hello", "open": b"<ListVersionsResult>",
    "other": b"<html><body>Welcome!</body></html>",
    "bomb": b"<!DOCTYPE a [<!ENTITY b \"cccccccccc\"><!ENTITY d \"&b;&b;&b;\">]>"
            b"<ListVersionsResult><Name>&d;</Name></ListVersionsResult>",
    "file": b"<!DOCTYPE a [<!ENTITY b SYSTEM \"file:///etc/passwd\">]>"
            b"<ListVersionsResult><NextKeyMarker>&b;</NextKeyMarker></ListVersionsResult>",
    "deep": b"<a>" * 10000 + b"</a>" * 10000,
    "long": b"<ListVersionsResult><Name>" + b"x" * 100000 + b"</Name></ListVersionsResult>",
    "latin": b"<ListVersionsResult><Name>\xff</Name></ListVersionsResult>",
    "no key": b"<ListVersionsResult><Version></Version></ListVersionsResult>",
    "bad size": b"<ListVersionsResult><Version><Key>k</Key><Size>-1</Size></Version>"
                b"</ListVersionsResult>",
    "bad date": b"<ListVersionsResult><Version><Key>k</Key><LastModified>now"
                b"</LastModified></Version></ListVersionsResult>",
    "no marker": b"<ListVersionsResult><IsTruncated>true</IsTruncated>"
                 b"</ListVersionsResult>",
    "many": b"<ListVersionsResult>" + b"<Version><Key>k</Key></Version>" * 11 +
            b"</ListVersionsResult>",
}


@pytest.mark.parametrize("name", sorted(XML))
def test_xml(way, courier, name):
    way.plan = [reply(200, XML[name])]
    answer = courier.list("k", 10)
    if name in ("other",):
        assert answer == ([], (False, "", ""))
    else:
        assert answer == "broken"
    assert courier.list("no such") == ([], (False, "", ""))


CODES = [
    (403, "RequestTimeTooSkewed", "denied", "clock"),
    (403, "InvalidAccessKeyId", "denied", "S3_ACCESS_KEY"),
    (403, "SignatureDoesNotMatch", "denied", "S3_SECRET_KEY"),
    (400, "ExpiredToken", "denied", "S3_SESSION_TOKEN"),
    (400, "InvalidToken", "denied", "S3_SESSION_TOKEN"),
    (403, "AccessDenied", "denied", "right"), (403, "New", "denied", "right"),
    (400, "AuthorizationHeaderMalformed", "denied", "S3_REGION"),
    (301, "PermanentRedirect", "down", "S3_REGION"), (302, "", "down", "S3_REGION"),
    (404, "NoSuchBucket", "down", "S3_BUCKET"), (404, "NoSuchKey", "missing", ""),
    (400, "Strange", "broken", "refused"), (418, "", "broken", "refused"),
    (412, "PreconditionFailed", "conflict", ""), (400, "KeyTooLongError", "bad", ""),
    (400, "EntityTooLarge", "big", ""), (200, "SlowDown", "down", "fewer"),
    (200, "AccessDenied", "denied", "right"),
]


@pytest.mark.parametrize("status,code,wanted,words", CODES)
def test_codes(way, start, status, code, wanted, words):
    courier = start(S3_ENDPOINT=way.url, patience=1)
    way.always = error(status, code)
    answer, _, _, said = courier.check()
    assert (answer, words in said) == (wanted, True), said


def test_redirect_not_followed(way, start, ceph):
    """What is signed for S3 goes nowhere else."""
    courier = start(S3_ENDPOINT=way.url, patience=1)
    for status in (301, 302, 307, 308):
        way.always = reply(status, b"", "Location: %s/%s/k" % (ceph.http, BUCKET))
        assert courier.put(b"x", "k") == "down"
        assert courier.get("k") == "down"


def test_copy_late_error(way, courier):
    """Copies begin with 200 and may yet fail."""
    version = courier.put(b"x", "faults/late")
    way.plan = [error(200, "InternalError"), error(200, "SlowDown")]
    assert len(courier.copy("faults/late", version, "faults/late2", 1)) > 10
    way.plan = [error(200, "AccessDenied")]
    assert courier.copy("faults/late", version, "faults/late3", 1) == "denied"
    way.plan = [reply(200, b" \n \n<?xml version='1.0'?>\n <CopyObjectResult><ETag>e"
                      b"</ETag></CopyObjectResult>", "x-amz-version-id: v1")]
    assert courier.copy("faults/late", version, "faults/late3", 1) == "v1"
    way.plan = [reply(200, b"<CopyObjectResult></CopyObjectResult>")]
    assert courier.copy("faults/late", version, "faults/late3", 1) == "broken"


def test_role_expired_in_flight(way, start, ceph):
    """S3 says that the role's credentials have expired: new ones, and again."""
    roles = Roles()
    roles.keys = ceph.role(["s3:*"])
    with roles.serve() as url:
        courier = start(S3_ENDPOINT=way.url, S3_ACCESS_KEY="", S3_SECRET_KEY="",
                        AWS_CONTAINER_CREDENTIALS_FULL_URI=url + "/c")
        assert courier.head("none") == "missing"
        way.plan = [error(400, "ExpiredToken"), error(400, "ExpiredToken")]
        assert len(courier.put(b"x", "faults/expired")) > 10
        assert len(roles.asked) <= 2


def test_parts(way, courier, ceph):
    """Faults between and in the parts of a large object."""
    s3 = ceph.client()
    body = random.Random(3).randbytes((64 << 20) + 100)
    path = courier.file("large", body)
    slow, lost = error(503, "SlowDown"), lose_answer
    try:
        way.plan = [slow, faulty.through, slow, close, faulty.through, lost] + \
            [faulty.through] * 8 + [lost, lost]  # also of the first joinings
        version = courier.put(path, "faultyparts/k")
        assert len(version) > 10, version
        assert not way.plan
        got, said = courier.get("faultyparts/k", version)
        assert said.etag.endswith("-9")
        assert hashlib.md5(got).digest() == hashlib.md5(body).digest()

        def vanish(way, client, request):
            for upload in s3.list_multipart_uploads(Bucket=BUCKET)["Uploads"]:
                s3.abort_multipart_upload(Bucket=BUCKET, Key=upload["Key"],
                                          UploadId=upload["UploadId"])
            client.sendall(way.forward(request))
        for steps, wanted in (([faulty.through] * 4 + [error(403, "AccessDenied")],
                               "denied"),
                              ([faulty.through] * 4 + [vanish], "down"),
                              ([reply(200, b"<x/>")], "broken")):
            way.plan = steps
            assert courier.put(path, "faultyparts/failed") == wanted
            assert not s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads")
        assert courier.head("faultyparts/failed") == "missing"
    finally:  # the server keeps all in memory
        for v in s3.list_object_versions(Bucket=BUCKET,
                                         Prefix=BELOW + "faultyparts/").get("Versions", []):
            s3.delete_object(Bucket=BUCKET, Key=v["Key"], VersionId=v["VersionId"])
