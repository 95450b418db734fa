# SPDX-License-Identifier: MIT
"""A real S3 server for the tests (tests/ceph-up.sh), and clients of it that are not ours."""
import json
import os
import random
import shutil
import subprocess
import tempfile

import boto3
from botocore.config import Config

from server import PORTS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
UP = os.path.join(ROOT, "tests", "ceph-up.sh")
ACCESS = "TESTACCESSKEY0000000"
SECRET = "test/secret+key/with=signs00000000000000"
BUCKET = "farm"


class Ceph:
    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="cem-s3-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        self.port = PORTS.take(41)
        done = subprocess.run([UP, self.folder, str(self.port), ACCESS, SECRET],
                              stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=180, check=False)
        assert done.returncode == 0, done.stderr
        self.http, self.https, self.authorities = done.stdout.split()

    def end(self):
        subprocess.run([UP, self.folder, "stop"], timeout=60, check=True)
        shutil.rmtree(self.folder)

    def client(self, what="s3", tls=False, access=ACCESS, secret=SECRET, token=None):
        return boto3.client(
            what, endpoint_url=self.https if tls else self.http, region_name="us-east-1",
            aws_access_key_id=access, aws_secret_access_key=secret,
            aws_session_token=token, verify=self.authorities if tls else None,
            config=Config(s3={"addressing_style": "path"}, signature_version="s3v4"
                          if what == "s3" else None, retries={"max_attempts": 1}))

    def bucket(self, name, versions=True):
        s3 = self.client()
        s3.create_bucket(Bucket=name)
        if versions:
            s3.put_bucket_versioning(Bucket=name,
                                     VersioningConfiguration={"Status": "Enabled"})
        return name

    def role(self, actions):
        """Temporary credentials (access, secret, token) that may do these on everything.
        radosgw reads + in a body as itself, so the documents have no blanks."""
        iam, sts = self.client("iam"), self.client("sts")
        name = "role%d" % random.randrange(10**9)
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam:::user/test"]},
             "Action": ["sts:AssumeRole"]}]}
        may = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": "arn:aws:s3:::*"}]}
        text = {"separators": (",", ":")}
        arn = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(
            trust, **text))["Role"]["Arn"]
        iam.put_role_policy(RoleName=name, PolicyName="p",
                            PolicyDocument=json.dumps(may, **text))
        made = sts.assume_role(RoleArn=arn, RoleSessionName="session")["Credentials"]
        return made["AccessKeyId"], made["SecretAccessKey"], made["SessionToken"]
