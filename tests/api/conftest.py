# SPDX-License-Identifier: MIT
"""The server under test, its users and its farmers."""
import contextlib
import os
import sqlite3
import sys

import psycopg2
import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

pytest.register_assert_rewrite("client", "cards")

import people  # noqa: E402  (the path above must come first)
import server as servers  # noqa: E402
import tokens  # noqa: E402
from client import Client  # noqa: E402
from openapi import Recorder  # noqa: E402

CHIBOMBO, KAWAMBWA = "Chibombo District", "Kawambwa District"
LAST = ("test_secrets.py", "test_openapi.py")


def pytest_collection_modifyitems(config, items):
    """What judges all replies goes last, and its coverage only after a whole run."""
    whole = {i.fspath.basename for i in items} >= {
        n for n in os.listdir(os.path.dirname(__file__)) if n.startswith("test_")}
    whole = whole and not config.getoption("keyword")
    items.sort(key=lambda i: LAST.index(i.fspath.basename)
               if i.fspath.basename in LAST else -1)
    if not whole:
        left_out = [i for i in items if i.get_closest_marker("whole_run")]
        items[:] = [i for i in items if i not in left_out]
        config.hook.pytest_deselected(items=left_out)


def pytest_configure(config):
    config.addinivalue_line("markers", "whole_run: makes sense after all other tests")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A failed test shows the ends of its server's logs."""
    report = (yield).get_result()
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if isinstance(value, servers.Server):
                report.sections.append(("logs of the server", value.tails()))
                break


@pytest.fixture(scope="session")
def recorder():
    return Recorder()


def figures_agree(running):
    """Whatever the tests did: what is kept is what a count of all of them gives."""
    for what, of in (("figures", "farmers"), ("space", "files")):
        status, out, err = running.cem("check", what, "--config", running.config,
                                       check=False)
        assert (status, out.strip()) == (0, "the figures agree with the " + of), err


@pytest.fixture(scope="session")
def server(recorder):
    running = servers.Server({"FRONTEND_ORIGIN": "https://office.cem.example",
                              "APP_VERSION_CODE": "7", "APP_VERSION_NAME": "1.2.0"})
    try:
        running.start()
        found = Client(running).get("/openapi.json")
        if found.status_code == 200:
            recorder.learn(found.json())
        yield running
        figures_agree(running)
    finally:
        running.end()


@pytest.fixture(scope="session")
def large():
    """A register of its own, of twenty thousand farmers."""
    one = servers.Server()
    try:
        one.start()
        one.cem("sample", "20000", "--without-portraits", "--config", one.config)
        yield one
    finally:
        one.end()


@pytest.fixture(scope="session")
def connect():
    """connect(server): its database, by itself; what is done in a with is committed."""
    @contextlib.contextmanager
    def open_one(running):
        if running.database:
            db = psycopg2.connect(running.database)
        else:
            name = running.setting("DATABASE_URL").partition(":")[2]
            db = sqlite3.connect(name, timeout=30)
        try:
            with db:
                yield db
        finally:
            db.close()
    return open_one


@pytest.fixture(scope="session")
def anyone(server, recorder):
    return Client(server, recorder)


@pytest.fixture(scope="session")
def admin(server, recorder):
    return Client(server, recorder).login(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)


@pytest.fixture(scope="session")
def new_user(server, recorder):
    """new_user(districts=(), role="operator", password=...): a signed-in new user."""
    def make(districts=(), role="operator", password="Passw0rd-first", name="Op One",
             organisation=None):
        email = people.word(12).lower() + "@cem.example"
        server.user_add(email, password, role, name, districts, organisation)
        return Client(server, recorder).login(email, password, role)
    return make


@pytest.fixture(scope="session")
def operator(new_user):
    return new_user([CHIBOMBO])


@pytest.fixture(scope="session")
def other_operator(new_user):
    return new_user([KAWAMBWA])


@pytest.fixture(scope="session")
def lost_operator(new_user):
    """An operator who has no district, and so no farmers."""
    return new_user([])


@pytest.fixture(scope="session")
def enrol(admin):
    """enrol(client=admin, **parts of people.form): the registered farmer."""
    def make(client=None, **parts):
        reply = (client or admin).post("/api/farmers", json=people.form(**parts))
        assert reply.status_code == 201, reply.text
        return reply.json()
    return make


@pytest.fixture
def farmer(enrol):
    return enrol()


@pytest.fixture(scope="session")
def as_farmer(server, recorder):
    """as_farmer(farmer): that farmer's own session."""
    def make(farmer):
        info = farmer["personal_info"]
        return Client(server, recorder).login(info["nrc"], info["date_of_birth"],
                                              "farmer")
    return make


@pytest.fixture(scope="session")
def signing_key(server, operator):
    """The key that signs access tokens: JWT_SECRET itself."""
    key = server.setting("JWT_SECRET").encode()
    signed, _, _ = operator.token.rpartition(".")
    assert tokens.sign(key, signed) == tokens.parts(operator.token)[2]
    return key
