# SPDX-License-Identifier: MIT
"""A second S3 that shares no code with the first: our signatures are not only radosgw's
idea of them. ./run test swift"""
import hashlib
import os
import random
import shutil
import subprocess
import sys
import tempfile

import boto3
import pytest
import requests
from botocore.config import Config

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [os.path.join(HERE, "..", "s3"), os.path.join(HERE, "..", "api")]

from courier import BELOW, Courier  # noqa: E402  (the path above must come first)
from server import PORTS  # noqa: E402

UP = os.path.join(HERE, "..", "swift-up.sh")
ACCESS, SECRET, BUCKET, ID = "test:tester", "testing", "farm", "a" * 24
KEYS = ["objects/67/" + ID, "a b", "a+b", "a~b", "a%20b", "100%", "é/ñ/ŋ", "日本語.pdf",
        "a//b", "x'(1)*!;,:@&=$#?[].txt", "=", "-._~"]


@pytest.fixture(scope="module")
def swift():
    folder = tempfile.mkdtemp(prefix="cem-swift-", dir="/tmp")
    os.chmod(folder, 0o755)
    try:
        done = subprocess.run([UP, folder, str(PORTS.take(5))], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=180, check=False)
        assert done.returncode == 0, done.stderr
        url = done.stdout.strip()
        s3 = boto3.client("s3", endpoint_url=url, region_name="us-east-1",
                          aws_access_key_id=ACCESS, aws_secret_access_key=SECRET,
                          config=Config(s3={"addressing_style": "path"},
                                        signature_version="s3v4"))
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_versioning(Bucket=BUCKET,
                                 VersioningConfiguration={"Status": "Enabled"})
        s3.url = url
        yield s3
    finally:
        subprocess.run([UP, folder, "stop"], timeout=60, check=True)
        shutil.rmtree(folder)


@pytest.fixture
def start(swift, tmp_path):
    made = []

    def make(**more):
        made.append(Courier(tmp_path, S3_ENDPOINT=swift.url, S3_ACCESS_KEY=ACCESS,
                            **{"S3_SECRET_KEY": SECRET, **more}))
        return made[-1]
    yield make
    for one in made:
        one.end()


@pytest.mark.parametrize("key", KEYS, ids=range(len(KEYS)))
def test_keys(swift, start, key):
    courier = start()
    body = b"ours " + key.encode()
    version = courier.put(body, key, "text/plain", ID, "tenant", "n ä.txt")
    assert len(version) > 10, version
    assert swift.get_object(Bucket=BUCKET, Key=BELOW + key)["Body"].read() == body
    assert courier.get(key, version)[0] == body
    assert courier.head(key, version).object_id == ID
    assert requests.get(courier.presign("GET", key, version)).content == body
    copied = courier.copy(key, version, key + " copy", len(body), "text/csv", "b" * 24)
    assert courier.get(key + " copy", copied)[0] == body
    entries, _ = courier.list(key)
    assert {(key, version), (key + " copy", copied)} <= {(e.key, e.version)
                                                        for e in entries}
    assert courier.remove(key + " copy", copied) == "ok"
    assert courier.head(key + " copy") == "missing"


def test_refused(start):
    courier = start(S3_SECRET_KEY="wrong")
    assert courier.put(b"x", "k") == "denied"
    assert "S3_SECRET_KEY does not belong" in courier.check()[3]
    assert requests.get(courier.presign("GET", "k")).status_code == 403
    good = start()
    good.put(b"x", "k")
    url = good.presign("GET", "k")
    assert requests.get(url).content == b"x"
    assert requests.get(url.replace("Expires=60", "Expires=61")).status_code == 403
    assert good.put(b"x", "k", etag=hashlib.md5(b"y").hexdigest()) in ("conflict", "broken")
    assert good.check()[:2] == ("ok", 1)


def test_parts(start):
    courier = start()
    body = random.Random(5).randbytes((64 << 20) + 7)
    version = courier.put(body, "parts", "video/mp4", ID)
    got, said = courier.get("parts", version)
    assert hashlib.sha256(got).digest() == hashlib.sha256(body).digest()
    assert said.etag.endswith("-9") and said.media == "video/mp4"
