# SPDX-License-Identifier: MIT
"""One S3 server for all tests of this folder; couriers end with their test."""
import os
import sys

import pytest

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "api")]

from ceph import BUCKET, Ceph  # noqa: E402  (the path above must come first)
from courier import Courier  # noqa: E402


@pytest.fixture(scope="session")
def ceph():
    running = Ceph()
    try:
        running.bucket(BUCKET)
        yield running
    finally:
        running.end()


@pytest.fixture
def start(ceph, tmp_path):
    """start(**settings): a courier; by plain http unless they say otherwise."""
    made = []

    def make(**more):
        settings = {"S3_ENDPOINT": ceph.http, "S3_CA_FILE": ceph.authorities, **more}
        folder = tmp_path / str(len(made))
        folder.mkdir()
        made.append(Courier(folder, **settings))
        return made[-1]
    yield make
    for one in made:
        one.end()


@pytest.fixture
def courier(start):
    one = start()
    assert one.started == []
    return one
