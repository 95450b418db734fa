# SPDX-License-Identifier: MIT
"""Objects: what we wrote others read, and what they wrote we read."""
import base64
import hashlib
import os
import random
import subprocess
import urllib.parse

import pytest

from ceph import ACCESS, BUCKET, SECRET
from courier import BELOW

ID = "0123456789abcdef01234567"

KEYS = [
    "objects/67/" + ID, "a b", "a+b", "a~b", "a%20b", "100%", "é/ñ/ŋ", "日本語.pdf",
    "a//b", "a/.b/..c/...", "x'(1)*!;,:@&=$#?[].txt", "=", "-._~",
    "🌾" * 250, "k" * (1024 - len(BELOW)),
]


@pytest.mark.parametrize("style,tls", [("path", False), ("path", True), ("host", False),
                                       ("host", True)])
def test_every_way(ceph, start, style, tls):
    courier = start(S3_STYLE=style, S3_ENDPOINT=ceph.https if tls else ceph.http)
    body = os.urandom(100000)
    key = "ways/%s-%s ü" % (style, tls)
    version = courier.put(body, key, "image/png", ID, "tenant", "Käse + 1.png")
    theirs = ceph.client(tls=tls).get_object(Bucket=BUCKET, Key=BELOW + key, VersionId=version)
    assert theirs["Body"].read() == body
    assert theirs["ContentType"] == "image/png"
    assert theirs["ETag"] == '"%s"' % hashlib.md5(body).hexdigest()
    about = {name.replace("-", "_"): value  # radosgw knows no _ in these names
             for name, value in theirs["Metadata"].items()}
    assert about == {"cem_object": ID, "tenant_id": "tenant",
                     "original_filename": urllib.parse.quote("Käse + 1.png", safe="")}
    got, said = courier.get(key, version)
    assert got == body
    assert (said.size, said.version, said.media, said.object_id) == \
        (len(body), version, "image/png", ID)
    assert said.modified // 1000000 == int(theirs["LastModified"].timestamp())
    assert courier.head(key)[2:] == said[2:]


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_keys_ours_theirs(ceph, courier, key):
    s3 = ceph.client()
    version = courier.put(b"ours " + key.encode(), key)
    assert len(version) > 5, version
    assert s3.get_object(Bucket=BUCKET, Key=BELOW + key)["Body"].read() == b"ours " + key.encode()
    theirs = s3.put_object(Bucket=BUCKET, Key=BELOW + key, Body=b"theirs")["VersionId"]
    assert courier.get(key)[0] == b"theirs"
    assert courier.get(key, version)[0] == b"ours " + key.encode()
    to = key[:100] + " copy"
    copied = courier.copy(key, version, to, len(key))
    assert courier.get(to, copied)[0] == b"ours " + key.encode()
    entries, _ = courier.list(key)
    assert [e.version for e in entries if e.key == key] == [theirs, version]
    assert courier.remove(key, theirs) == "ok"
    assert courier.get(key)[0] == b"ours " + key.encode()


def test_keys_refused(courier):
    for key in ("", "k" * (1025 - len(BELOW)), "🌾" * 257):
        assert courier.put(b"x", key) == "bad"
        assert courier.get(key) == "bad"
        assert courier.head(key) == "bad"


def test_what_is_none_of_a_workers(ceph, courier):
    """Who has taken a worker over can't have the rest of the bucket signed for, fetched,
    told, copied to where he may read it, or removed; the leading / is for below()."""
    s3 = ceph.client()
    theirs = s3.put_object(Bucket=BUCKET, Key="backup/db", Body=b"theirs")["VersionId"]
    for key in ("/backup/db", "/objects", "/tenants", "/objectsx/a", "//objects/a",
                "/objects/../backup/db", "/tenants/a/./b", "/objects/a/..",
                "/tenants/../../other/k", "/objects/.."):
        assert courier.get(key) == "bad", key
        assert courier.head(key) == "bad"
        assert courier.put(b"x", key) == "bad"
        assert courier.presign("GET", key) == "bad"
        assert courier.presign("PUT", key) == "bad"
        assert courier.form(key) == "bad"
        assert courier.list(key) == "bad"
        assert courier.copy(key, "", "stolen", 6) == "bad"
        assert courier.copy("stolen", "", key, 6) == "bad"
        assert courier.remove(key, theirs) == "bad"
    assert courier.list("") == "bad", "all of the bucket"
    assert s3.get_object(Bucket=BUCKET, Key="backup/db")["Body"].read() == b"theirs"


def test_s3cmd(ceph, courier, tmp_path):
    """A second client that shares no code with the first."""
    conf = tmp_path / "s3cfg"
    conf.write_text("[default]\naccess_key = %s\nsecret_key = %s\nhost_base = %s\n"
                    "host_bucket = %s\nuse_https = False\nsignature_v2 = False\n"
                    % (ACCESS, SECRET, ceph.http[7:], ceph.http[7:]))

    def s3cmd(*words):
        return subprocess.run(["s3cmd", "-c", str(conf), *words], check=True,
                              capture_output=True, timeout=60).stdout
    body = os.urandom(20 * 1024 * 1024)
    (tmp_path / "f").write_bytes(body)
    s3cmd("put", str(tmp_path / "f"), "s3://%s/objects/t/cmd/t h ë" % BUCKET)  # in two parts
    assert courier.get("cmd/t h ë")[0] == body
    courier.put(body[:1000], "cmd/ours")
    s3cmd("get", "--force", "s3://%s/objects/t/cmd/ours" % BUCKET, str(tmp_path / "g"))
    assert (tmp_path / "g").read_bytes() == body[:1000]
    assert b"cmd/ours" in s3cmd("ls", "s3://%s/objects/t/cmd/" % BUCKET)


def test_nothing_and_missing(courier):
    version = courier.put(b"", "empty")
    assert courier.get("empty", version)[0] == b""
    assert courier.head("empty").size == 0
    assert courier.get("no such key") == "missing"
    assert courier.head("no such key") == "missing"
    assert courier.copy("no such key", "", "k", 1) == "missing"
    assert courier.remove("no such key", "null") == "ok"
    assert courier.remove("empty", "") == "bad", "that would only hide it"
    assert courier.remove("empty", version) == "ok"
    assert courier.remove("empty", version) == "ok", "again"
    assert courier.get("empty") == "missing"


def test_marker(ceph, courier):
    """Deleted by another client: missing, and there under its version."""
    version = courier.put(b"kept", "marked")
    marker = ceph.client().delete_object(Bucket=BUCKET, Key=BELOW + "marked")["VersionId"]
    assert courier.get("marked") == "missing"
    assert courier.get("marked", marker) == "missing"
    assert courier.head("marked", marker) == "missing"
    assert courier.get("marked", version)[0] == b"kept"
    entries, _ = courier.list("marked")
    assert [(e.version, e.marker) for e in entries] == [(marker, True), (version, False)]


def test_size_limit(courier):
    courier.put(b"x" * 1000, "limited")
    assert courier.get("limited", most=1000)[0] == b"x" * 1000
    assert courier.get("limited", most=999) == "big"


def test_wrong_hash(courier):
    """What does not arrive as it was hashed is not stored."""
    body = b"these bytes"
    wrong_md5, wrong_sha = hashlib.md5(b"x").hexdigest(), hashlib.sha256(b"x").hexdigest()
    assert courier.put(body, "hashed", etag=wrong_md5) == "conflict"
    assert courier.put(body, "hashed", sha256=wrong_sha) == "conflict"
    assert courier.head("hashed") == "missing"
    assert courier.put(body, "hashed", etag="nonsense") == "bad"
    assert courier.put(body, "hashed", sha256="nonsense") == "bad"


def test_parts(ceph, courier):
    """Above 64 MB it goes in parts, and the ETag is that of parts of 8 MB."""
    s3 = ceph.client()
    body = random.Random(7).randbytes((64 << 20) + 5)
    size = 8 << 20
    hashes = [hashlib.md5(body[i:i + size]).digest() for i in range(0, len(body), size)]
    etag = "%s-%d" % (hashlib.md5(b"".join(hashes)).hexdigest(), len(hashes))
    try:
        version = courier.put(body, "parts/large", "video/mp4", ID)
        assert len(version) > 5, version
        assert courier.etag == etag
        said = courier.head("parts/large", version)
        assert (said.size, said.etag, said.media, said.object_id) == \
            (len(body), etag, "video/mp4", ID)
        got, _ = courier.get("parts/large", version)
        assert hashlib.sha256(got).digest() == hashlib.sha256(body).digest()
        whole = courier.put(body[:64 << 20], "parts/whole")
        assert courier.head("parts/whole", whole).etag == courier.etag == \
            hashlib.md5(body[:64 << 20]).hexdigest(), "64 MB go at once"
        path = courier.file("sent", body)
        other = hashlib.sha256(body[:-1]).hexdigest()
        assert courier.put(path, "parts/bad", sha256=other) == "conflict"
        assert courier.put(path, "parts/bad", sha256="nonsense") == "bad"
        assert courier.head("parts/bad") == "missing"
        assert not s3.list_multipart_uploads(Bucket=BUCKET).get("Uploads"), \
            "what was begun in vain is given up"
    finally:  # the server keeps all in memory
        for v in s3.list_object_versions(Bucket=BUCKET, Prefix=BELOW + "parts/")["Versions"]:
            s3.delete_object(Bucket=BUCKET, Key=v["Key"], VersionId=v["VersionId"])


def test_copy_about(ceph, courier):
    version = courier.put(b"original", "copy/from", "text/plain", ID)
    other = "f" * 24
    copied = courier.copy("copy/from", version, "copy/to", 8, "text/csv", other)
    said = courier.head("copy/to", copied)
    assert (said.media, said.object_id, said.size) == ("text/csv", other, 8)
    assert courier.head("copy/from").object_id == ID
    again = courier.copy("copy/to", copied, "copy/to", 8, "text/csv", ID)
    assert again != copied and courier.get("copy/to", copied)[0] == b"original"


def test_copy_in_parts(ceph, courier):
    """What S3 does not copy at once."""
    body = os.urandom((11 << 20) + 1)
    version = courier.put(body, "copyparts/from é", "text/plain", ID)
    other = "e" * 24
    answer = courier.ask("copy-parts", BELOW + "copyparts/from é", version,
                         BELOW + "copyparts/to", len(body), "text/csv", other)
    got, said = courier.get("copyparts/to", answer[0])
    assert got == body
    assert (said.etag[-2:], said.media, said.object_id) == ("-3", "text/csv", other)
    assert courier.ask("copy-parts", BELOW + "copyparts/from é", version,
                       BELOW + "copyparts/to2", len(body) + 10**7, "", other) in ("bad", "broken"), "it has no more"
    assert courier.head("copyparts/to2") == "missing"
    assert not ceph.client().list_multipart_uploads(Bucket=BUCKET).get("Uploads")


def test_lists(ceph, courier):
    s3 = ceph.client()
    keys = sorted("list/%03d é&<+%%2B" % i for i in range(25))
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=BELOW + key, Body=b"1")
    second = {key: s3.put_object(Bucket=BUCKET, Key=BELOW + key, Body=b"22")["VersionId"]
              for key in keys[::5]}
    seen, after = [], ("", "")
    while True:
        entries, (more, *after) = courier.list("list/", 4, after)
        assert len(entries) <= 4
        seen += entries
        if not more:
            break
    assert len(seen) == 30 and sorted({e.key for e in seen}) == keys
    assert len({(e.key, e.version) for e in seen}) == len(seen)
    newest = {e.key: e for e in reversed(seen)}
    assert all(newest[key].version == version and newest[key].size == 2
               for key, version in second.items())
    assert courier.list("list/", 0) == "bad"
    assert courier.list("list/", 1001) == "bad"
    assert courier.list("nothing/") == ([], (False, "", ""))


def test_list_strange_keys(ceph, courier):
    """Keys of others that XML has no characters for do not stop us."""
    s3 = ceph.client()
    keys = ["strange/\x01", "strange/ ", "strange/%20", "strange/+", "strange/\x7f"]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=BELOW + key, Body=b"")
    entries, _ = courier.list("strange/")
    assert sorted(e.key for e in entries) == sorted(keys)


def test_encryption_asked_for(ceph, start):
    """The header is sent: this server has no keys for it and says so."""
    courier = start(S3_ENCRYPTION="AES256")
    assert courier.put(b"x", "encrypted") in ("broken", "bad", "denied")
    assert courier.form("k")[1]["x-amz-server-side-encryption"] == "AES256"
    assert base64.b64decode(courier.form("k")[1]["policy"]).count(b"AES256") == 1


def test_bucket_without_versions(ceph, start):
    ceph.bucket("plain", versions=False)
    courier = start(S3_BUCKET="plain")
    assert courier.put(b"1", "k") == ""
    assert courier.get("k")[0] == b"1" and courier.head("k").version == ""
    assert courier.check()[:2] == ("ok", 0)
    ceph.client().put_bucket_versioning(
        Bucket="plain", VersioningConfiguration={"Status": "Suspended"})
    assert courier.check()[:2] == ("ok", 2)
