# SPDX-License-Identifier: MIT
"""`cem check s3`, by the program as it is shipped: static, with its own TLS and names."""
import os
import subprocess

import pytest

from ceph import BUCKET, ROOT
from courier import SETTINGS

CEM = os.path.join(ROOT, "build", "release", "cem")


@pytest.fixture
def check(ceph):
    def run(**settings):
        env = {"PATH": os.environ["PATH"], **SETTINGS, "S3_ENDPOINT": ceph.http,
               "S3_CA_FILE": ceph.authorities, "WORKER_USER": "65534:65534", **settings}
        done = subprocess.run([CEM, "check", "s3"], env=env, capture_output=True,
                              text=True, timeout=120, check=False)
        return done.returncode, done.stdout
    return run


@pytest.mark.parametrize("style", ["path", "host"])
@pytest.mark.parametrize("tls", [False, True])
def test_good(ceph, check, style, tls):
    s3 = ceph.client()
    before = s3.list_object_versions(Bucket=BUCKET, Prefix="objects/check/")
    status, out = check(S3_STYLE=style, S3_ENDPOINT=ceph.https if tls else ceph.http)
    assert status == 0 and out.count("ok  ") == 8 and "WRONG" not in out, out
    after = s3.list_object_versions(Bucket=BUCKET, Prefix="objects/check/")
    assert before.get("Versions") == after.get("Versions"), "it leaves nothing"


def test_wrong(ceph, check):
    status, out = check(S3_SECRET_KEY="wrong")
    assert status == 1 and "WRONG" in out and "S3_SECRET_KEY" in out
    status, out = check(S3_ENDPOINT="https://localhost:1")
    assert status == 1 and "can't be reached" in out
    status, out = check(S3_BUCKET="nosuchbucket")
    assert status == 1 and "S3_BUCKET" in out
    status, out = check(S3_ENDPOINT="http://s3.example.org")
    assert status == 1 and "can't be used" in out
    assert check(S3_BUCKET="")[0] == 0


def test_without_versions(ceph, check):
    ceph.bucket("unversioned", versions=False)
    status, out = check(S3_BUCKET="unversioned")
    assert status == 1 and "versioning" in out
    assert "Contents" not in ceph.client().list_objects_v2(Bucket="unversioned")


def test_rights(ceph, check):
    """Each that is missing is named; what was stored is removed all the same."""
    keys = ceph.role(["s3:PutObject", "s3:GetBucketVersioning", "s3:DeleteObjectVersion"])
    status, out = check(**dict(zip(
        ("S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_SESSION_TOKEN"), keys)))
    assert status == 1
    assert "ok       an object is stored" in out and "WRONG    and read" in out
    assert "ok       and removed" in out
