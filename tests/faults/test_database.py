# SPDX-License-Identifier: MIT
"""PostgreSQL goes away and comes back."""
import os

import hurt
import people
import pictures
import pytest
import server as servers

pytestmark = pytest.mark.skipif(
    os.environ.get("CEM_TEST_DATABASE") != "pgsql",
    reason="SQLite is a file and does not go away by itself; test_disk.py breaks it")


@pytest.fixture(scope="module")
def running(start):
    return start(workers=3)


def test_gone_and_back(running):
    admin = hurt.sign_in(running)
    made = admin.post("/api/farmers", json=people.form()).json()
    one = "/api/farmers/" + made["farmer_id"]
    before = hurt.total(admin)
    running.cluster.stop()
    try:
        for _ in range(2 * running.workers):
            hurt.gave_up(admin.get(one))
            hurt.gave_up(admin.post("/api/farmers", json=people.form()))
            hurt.gave_up(admin.upload(one + "/upload-photo", pictures.jpeg()))
            hurt.gave_up(admin.post("/api/auth/login", json={
                "email": servers.ADMIN_EMAIL, "password": servers.ADMIN_PASSWORD}))
            assert admin.get("/api/health").status_code in (200, 503)
            assert admin.get("/api/nope").status_code == 404
    finally:
        running.cluster.start()
    admin = hurt.recovered(running)
    for _ in range(2 * running.workers):
        assert admin.get(one).json() == made
    assert hurt.total(admin) == before
    assert admin.post("/api/farmers", json=people.form()).status_code == 201
    hurt.sweep(running)


def test_a_quick_restart_disturbs_no_reader(running):
    """Connections die, a read is tried again once."""
    admin = hurt.recovered(running)
    for _ in range(2 * running.workers):
        assert admin.get("/api/farmers").status_code == 200
    running.cluster.stop()
    running.cluster.start()
    for _ in range(4 * running.workers):
        assert admin.get("/api/farmers").status_code == 200


def test_restarts_during_writes(running):
    """A write that may have happened is not repeated: no farmer twice, none lost."""
    admin = hurt.recovered(running)
    before = hurt.total(admin)
    with hurt.Writers(admin, threads=3) as writers:
        for _ in range(3):
            writers.grown(5)
            running.cluster.stop()
            running.cluster.start()
        writers.grown(10)
    admin = hurt.recovered(running)
    assert hurt.total(admin) == before + writers.check(admin)
