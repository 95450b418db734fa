# SPDX-License-Identifier: MIT
"""A file of 2 GB goes both ways, and no process of the program ever holds it."""
import os

import big
import hurt
import pytest

SIZE = 2048 * big.MB + 12345
LIMIT_MB = 20


pytestmark = pytest.mark.skipif(os.environ.get("CEM_TEST_DATABASE") == "pgsql",
                                reason="bytes do not pass the database")


@pytest.fixture(scope="module")
def running(start):
    made = start(workers=2)
    if not big.space_for(made, SIZE):
        pytest.skip("the disk has no room for it")
    return made


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    folder = tmp_path_factory.mktemp("big")
    name = str(folder / "big.bin")
    big.make(name, SIZE)
    yield name
    os.unlink(name)


def test_both_ways(running, source):
    name = source
    admin = hurt.sign_in(running)
    who = "Authorization: Bearer " + admin.token
    path = "/files/download/far/big.bin"
    with big.Watch(running) as watch:
        big.send(running, admin.token, "far", name)
        assert big.same(running, path, name, "-H", who)
        signed = admin.get("/files/presigned-url/far/big.bin").json()["url"]
        got = admin.get(signed[signed.index("/files/"):], token=None,
                        headers={"Range": "bytes=-4097"})
        with open(name, "rb") as f:
            f.seek(SIZE - 4097)
            assert got.status_code == 206 and got.content == f.read()
        head = admin.call("HEAD", path)
        for first, last in ((0, 0), (SIZE - 5000, SIZE - 1), (2**31 - 3, 2**31 + 4)):
            got = admin.get(path, headers={"Range": "bytes=%d-%d" % (first, last)})
            assert got.status_code == 206
            with open(name, "rb") as f:
                f.seek(first)
                assert got.content == f.read(last - first + 1)
    assert head.headers["Content-Length"] == str(SIZE)
    assert head.headers["ETag"] == big.etag(name)
    print("private and resident MB: %s" % watch.most)
    assert watch.below(LIMIT_MB), watch.most
