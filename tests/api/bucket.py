# SPDX-License-Identifier: MIT
"""A private S3 for tests, from tests/ceph-up.sh, and buckets in it: one S3 for all servers
of a run, started when the first one asks. With CEM_TEST_STORE=s3 every server keeps its
files in a bucket of its own."""
import atexit
import os
import secrets
import shutil
import subprocess
import tempfile

import boto3
import botocore.config

UP = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                  "ceph-up.sh")
ACCESS, SECRET = "AKIATESTS", secrets.token_hex(20)
REGION = "us-east-1"


class S3:
    """A running radosgw."""

    def __init__(self, port):
        self.folder = tempfile.mkdtemp(prefix="cem-s3-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        atexit.register(self.end)
        done = subprocess.run([UP, self.folder, str(port), ACCESS, SECRET],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=180, check=False)
        if done.returncode:
            raise AssertionError("tests/ceph-up.sh: %r" % done.stderr)
        self.http, self.https, self.authorities = done.stdout.decode().split()

    def client(self):
        """A boto3 client that needs no certificate."""
        return boto3.client("s3", endpoint_url=self.http, region_name=REGION,
                            aws_access_key_id=ACCESS, aws_secret_access_key=SECRET,
                            config=botocore.config.Config(
                                s3={"addressing_style": "path"},
                                retries={"max_attempts": 1}))

    def end(self):
        subprocess.run([UP, self.folder, "stop"], stdin=subprocess.DEVNULL, timeout=180,
                       check=False)
        shutil.rmtree(self.folder, ignore_errors=True)


class Bucket:
    """A bucket of one server: what is in it, behind the program's back."""

    def __init__(self, s3, versions=True):
        self.s3, self.client = s3, s3.client()
        self.name = "cem-" + secrets.token_hex(8)
        self.client.create_bucket(Bucket=self.name)
        if versions:
            self.client.put_bucket_versioning(
                Bucket=self.name, VersioningConfiguration={"Status": "Enabled"})

    def settings(self, store="s3"):
        return {"STORE": store, "S3_BUCKET": self.name, "S3_ENDPOINT": self.s3.https,
                "S3_STYLE": "path", "S3_REGION": REGION, "S3_ACCESS_KEY": ACCESS,
                "S3_SECRET_KEY": SECRET, "S3_CA_FILE": self.s3.authorities}

    def versions(self, prefix=""):
        """[(key, version, size)] of all versions, but for the register's own mark."""
        found = []
        for page in self.client.get_paginator("list_object_versions").paginate(
                Bucket=self.name, Prefix=prefix):
            found += [(v["Key"], v["VersionId"], v["Size"])
                      for v in page.get("Versions", []) if v["Key"] != "objects/ID"]
        return sorted(found)

    def read(self, key, version):
        return self.client.get_object(Bucket=self.name, Key=key,
                                      VersionId=version)["Body"].read()

    def head(self, key, version):
        return self.client.head_object(Bucket=self.name, Key=key, VersionId=version)

    def remove(self, key, version):
        self.client.delete_object(Bucket=self.name, Key=key, VersionId=version)


_running = None


def s3(port):
    """The one S3 of this run; port is a free one, for the first call."""
    global _running
    if _running is None:
        _running = S3(port())
    return _running
