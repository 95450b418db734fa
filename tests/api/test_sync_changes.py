# SPDX-License-Identifier: MIT
"""GET /api/sync/changes: what a phone asks to have the caller's farmers at hand."""
import os
import random
import sqlite3
import threading
import time

import people
import pictures
import psycopg2
import pytest
import trail
from client import Client, faulty, refused
from conftest import CHIBOMBO
from people import path
from server import poll
from test_document import PDF

HOUR = 3600
SETTLED = 60  # seconds: SETTLED of farmer_sync_feed.c
WRITERS, CHANGES = 4, 25


def stamp(server, farmer, seconds_ago):
    """As if the farmer had been changed then."""
    then = int((time.time() - seconds_ago) * 1e6)
    server.sql("UPDATE farmer SET updated_at = %d WHERE farmer_id = '%s'"
               % (then, farmer["farmer_id"]))


class Phone:
    """What an app has to do to work offline."""

    def __init__(self, client, limit=100):
        self.client, self.limit = client, limit
        self.have, self.since = {}, None
        self.seen, self.gone, self.resets = set(), set(), 0

    def page(self):
        query = {"limit": self.limit}
        if self.since is not None:
            query["since"] = self.since
        reply = self.client.get("/api/sync/changes", params=query)
        assert reply.status_code == 200, reply.text
        page = reply.json()
        if page["reset"]:
            self.have.clear()
            self.resets += 1
        for farmer in page["farmers"]:
            self.have[farmer["farmer_id"]] = farmer
        for farmer in page["gone"]:
            assert farmer["deleted"] is True and farmer["changed_at"]
            self.have.pop(farmer["farmer_id"], None)
        assert len(page["farmers"]) + len(page["gone"]) <= self.limit
        self.seen |= {f["farmer_id"] for f in page["farmers"]}
        self.gone |= {f["farmer_id"] for f in page["gone"]}
        self.since = page["next"]
        return page

    def sync(self):
        """One round; self.seen and self.gone are what came in it."""
        self.seen, self.gone = set(), set()
        while self.page()["more"]:
            pass
        return self


def shown(client):
    """The same through the list and the records, as the server has it."""
    ids, skip = [], 0
    while True:
        part = client.get("/api/farmers", params={"skip": skip, "limit": 100}).json()
        ids += [f["farmer_id"] for f in part]
        if len(part) < 100:
            break
        skip += 100
    return {i: client.get("/api/farmers/" + i).json() for i in ids}


def new_place(admin):
    """A district that no other test has, and the client's body for it."""
    reply = admin.post("/api/geo/custom/districts", json={
        "province_code": "CP", "district_name": people.word(12)})
    assert reply.status_code in (200, 201), reply.text
    made = reply.json()
    made = made.get("district", made)
    return dict(people.CHIBOMBO, chiefdom_code=None, chiefdom_name=None,
                district_code=made["district_code"],
                district_name=made["district_name"])


@pytest.fixture
def place(admin):
    return new_place(admin)


@pytest.fixture
def clerk(new_user, place):
    return new_user([place["district_name"]])


def test_a_phone_has_what_the_office_has(clerk, enrol, place):
    made = [enrol(clerk, place=place) for _ in range(7)]
    phone = Phone(clerk, limit=3).sync()
    assert phone.resets == 1
    assert phone.have == {f["farmer_id"]: clerk.get(path(f)).json() for f in made}


def test_the_reply(clerk, enrol, place):
    farmer = enrol(clerk, place=place)
    page = clerk.get("/api/sync/changes").json()
    assert set(page) == {"farmers", "gone", "next", "more", "reset"}
    assert page["reset"] is True and page["more"] is False and page["gone"] == []
    assert page["farmers"] == [clerk.get(path(farmer)).json()]
    again = clerk.get("/api/sync/changes", params={"since": page["next"]}).json()
    assert again["reset"] is False


def test_nothing_new(server, clerk, enrol, place):
    """What was sent and is settled is not sent again."""
    farmers = [enrol(clerk, place=place) for _ in range(3)]
    phone = Phone(clerk).sync()
    for farmer in farmers:
        stamp(server, farmer, HOUR)
    phone.sync()
    assert phone.seen == set() and len(phone.have) == 3 and phone.resets == 1


def test_who_may(anyone, clerk, farmer, as_farmer):
    refused(anyone.get("/api/sync/changes"), 403)
    refused(anyone.get("/api/sync/changes", token=clerk.refresh_token), 401)
    refused(as_farmer(farmer).get("/api/sync/changes"), 403)


def test_the_read_is_recorded(server, clerk, enrol, place):
    """One row a page, that says how many records went out."""
    enrol(clerk, place=place), enrol(clerk, place=place)
    reply = clerk.get("/api/sync/changes")

    def recorded():
        return [r for r in trail.rows(server, action="changes")
                if r["request_id"] == reply.headers["X-Request-ID"]]
    [row] = poll(recorded)
    assert row["module"] == "sync" and row["details"]["rows"] == 2


def test_the_scope(admin, clerk, lost_operator, enrol, place):
    mine, theirs = enrol(clerk, place=place), enrol(admin)
    ids = Phone(clerk).sync().have
    assert mine["farmer_id"] in ids and theirs["farmer_id"] not in ids
    assert Phone(lost_operator).sync().have == {}
    ids = Phone(admin, limit=200).sync().have
    assert mine["farmer_id"] in ids and theirs["farmer_id"] in ids


def test_every_change_of_a_record_is_told(server, admin, clerk, enrol, place):
    """Whatever changes what GET shows puts the farmer into the next round."""
    farmer = enrol(clerk, place=place)
    photo = pictures.jpeg()
    steps = [
        lambda: clerk.put(path(farmer), json={"address": {"village": "Elsewhere"}}),
        lambda: clerk.put(path(farmer), json={"is_active": False}),
        lambda: clerk.call("PATCH", path(
            farmer, "/review?new_status=under_review&review_notes=soon")),
        lambda: clerk.call("PATCH", path(farmer, "/status?new_status=verified")),
        lambda: clerk.upload(path(farmer, "/upload-photo"), photo),
        lambda: clerk.upload(path(farmer, "/documents/nrc"), PDF, "a.pdf",
                             "application/pdf"),
        lambda: clerk.post(path(farmer, "/generate-idcard")),
        lambda: clerk.delete(path(farmer, "/documents/nrc")),
        lambda: clerk.delete(path(farmer, "/photo")),
    ]
    phone = Phone(clerk).sync()
    for number, step in enumerate(steps):
        stamp(server, farmer, HOUR)
        assert phone.sync().seen == set(), number
        before = clerk.get(path(farmer)).json()
        reply = step()
        assert reply.status_code in (200, 201, 202), (number, reply.text)
        after = clerk.get(path(farmer)).json()
        assert after != before and after["updated_at"] > before["updated_at"], number
        phone.sync()
        assert phone.have == {farmer["farmer_id"]: after}, number


def test_deleted_and_restored(server, admin, clerk, enrol, place):
    farmer = enrol(clerk, place=place)
    phone = Phone(clerk).sync()
    assert admin.delete(path(farmer)).status_code == 200
    phone.sync()
    assert phone.gone == {farmer["farmer_id"]} and phone.have == {}
    server.cem("farmer", "restore", farmer["farmer_id"], "--config", server.config)
    phone.sync()
    assert phone.have == {farmer["farmer_id"]: clerk.get(path(farmer)).json()}


def test_a_move_out_and_back(server, admin, other_operator, clerk, enrol, place):
    """Who leaves the district is gone there, and comes back with the way back."""
    farmer = enrol(clerk, place=place)
    number = farmer["farmer_id"]
    here, there = Phone(clerk).sync(), Phone(other_operator).sync()
    assert number in here.have and number not in there.have
    assert admin.put(path(farmer), json={"address": people.KAWAMBWA}).status_code == 200
    here.sync(), there.sync()
    assert number in here.gone and number not in here.have and number in there.have
    assert admin.put(path(farmer), json={"address": place}).status_code == 200
    here.sync(), there.sync()
    assert number in here.have and number not in there.have and number in there.gone


def moves(server, farmer):
    """How many districts the farmer is known to have left."""
    base = psycopg2.connect(server.database) if server.database else sqlite3.connect(
        os.path.join(server.state, "db", "cem.db"), timeout=30)
    try:
        cursor = base.cursor()
        cursor.execute("SELECT COUNT(*) FROM farmer_move WHERE farmer_id = '%s'"
                       % farmer["farmer_id"])
        return cursor.fetchone()[0]
    finally:
        base.close()


def test_old_moves_are_forgotten(server, admin, clerk, enrol, place):
    """By the schedule, when no cursor asks for them any more; others are not."""
    old, new = enrol(clerk, place=place), enrol(clerk, place=place)
    for farmer in (old, new):
        reply = admin.put(path(farmer), json={"address": people.KAWAMBWA})
        assert reply.status_code == 200 and moves(server, farmer) == 1
    for farmer, days in ((old, 92), (new, 89)):
        server.sql("UPDATE farmer_move SET updated_at = %d WHERE farmer_id = '%s'" % (
            (time.time() - days * 86400) * 1e6, farmer["farmer_id"]))
    [job] = admin.get("/api/jobs", params={"kind": "moves"}).json()["jobs"]

    def asked():  # refused while it is running
        return admin.post("/api/jobs/%s/retry" % job["job_id"]).status_code == 200
    poll(asked)

    def forgotten():
        return moves(server, old) == 0
    poll(forgotten)
    assert moves(server, new) == 1


def test_a_move_within_the_scope(admin, new_user, enrol, place):
    """Two keys, one farmer: shown once, and never as gone."""
    there = new_place(admin)
    clerk = new_user([place["district_name"], there["district_name"]])
    farmer = enrol(clerk, place=place)
    phone = Phone(clerk).sync()
    assert admin.put(path(farmer), json={"address": there}).status_code == 200
    page = phone.page()
    assert page["gone"] == []
    assert [f["address"]["district_name"] for f in page["farmers"]] == [
        there["district_name"]]


def test_another_district_begins_anew(server, admin, new_user, enrol, place):
    """Farmers of a district that is new to the caller are old; those of one that is
    taken away are nobody's change."""
    clerk = new_user([CHIBOMBO])
    farmer = enrol(admin, place=place)
    stamp(server, farmer, HOUR)
    phone = Phone(clerk).sync()
    was = set(phone.have)
    operator_id = clerk.get("/api/operators/me").json()["operator_id"]
    reply = admin.put("/api/operators/" + operator_id, json={
        "assigned_districts": [place["district_name"]]})
    assert reply.status_code == 200, reply.text
    phone.sync()
    assert phone.resets == 2 and set(phone.have) == {farmer["farmer_id"]} != was


def test_the_change_that_was_committed_late(server, clerk, enrol, place):
    """A row whose time is older than the cursor's round, but which was not there."""
    late, lost = enrol(clerk, place=place), enrol(clerk, place=place)
    for farmer in (late, lost):
        stamp(server, farmer, HOUR)
    phone = Phone(clerk).sync()
    stamp(server, late, SETTLED / 2)
    stamp(server, lost, 3 * SETTLED)  # db_stamp would not have let it be committed
    phone.sync()
    assert phone.seen == {late["farmer_id"]}


def test_a_transaction_that_takes_its_time(server, clerk, enrol, place):
    """PostgreSQL knows of it: no cursor goes beyond its beginning."""
    def settled():
        since = clerk.get("/api/sync/changes").json()["next"]
        return int(since.split("-")[1]) / 1e6 + SETTLED

    def catches_up():
        return now <= settled() <= time.time()
    farmer, now = enrol(clerk, place=place), time.time()
    poll(catches_up)
    if not server.database:
        return
    base = psycopg2.connect(server.database)
    base.cursor().execute("UPDATE farmer SET updated_at = updated_at WHERE farmer_id = "
                          "%s", [farmer["farmer_id"]])
    begun = time.time()
    while time.time() < begun + 1:
        assert settled() <= begun
    base.commit()
    base.close()
    now = time.time()
    poll(catches_up)


def test_a_round_that_was_left_begins_where_it_was(server, clerk, enrol, place):
    """Pages go beyond what is settled, the next round does not."""
    first, second = enrol(clerk, place=place), enrol(clerk, place=place)
    phone = Phone(clerk, limit=1)
    assert phone.page()["more"] and first["farmer_id"] in phone.have
    stamp(server, first, SETTLED / 4)
    while phone.page()["more"]:
        pass
    assert phone.sync().seen == {first["farmer_id"], second["farmer_id"]}


def test_changes_of_one_moment(server, clerk, enrol, place):
    """Equal times: the row's id keeps the order, none is skipped."""
    farmers = [enrol(clerk, place=place) for _ in range(9)]
    server.sql("UPDATE farmer SET updated_at = %d WHERE district_name = '%s'"
               % ((time.time() - HOUR) * 1e6, place["district_name"]))
    for limit in (1, 2, 4, 9, 10):
        phone = Phone(clerk, limit=limit).sync()
        assert set(phone.have) == {f["farmer_id"] for f in farmers}, limit


def cursor(**change):
    parts = dict(version="1", settled=str(int((time.time() - SETTLED) * 1e6)),
                 at="5", row="", scope="0" * 32)
    parts.update(change)
    return "-".join(parts.values())


@pytest.mark.parametrize("bad", [
    "x", "1", "1-2-3-4-5", "2-1-1--00", "1-1-1-", "1--1--00", "1-1-x--00",
    "1-99999999999999999999-1--00", "1-1-1--00-", "1-1-1-%s-00" % ("g" * 24),
    "-".join("1" * 90), "'; DROP TABLE farmer; --",
])
def test_bad_cursors(clerk, bad):
    faulty(clerk.get("/api/sync/changes", params={"since": bad}), "query.since")


def test_limits(clerk):
    for limit in (0, 201, -1, "x"):
        faulty(clerk.get("/api/sync/changes", params={"limit": limit}), "query.limit")
    faulty(clerk.get("/api/sync/changes", params={"since": "1" * 201}), "query.since")


def test_what_begins_anew(clerk, enrol, place):
    """Another scope, a time long ago, a time to come."""
    enrol(clerk, place=place)
    good = clerk.get("/api/sync/changes").json()["next"]
    scope = good.rsplit("-", 1)[1]
    fresh = clerk.get("/api/sync/changes", params={"since": cursor(scope=scope)})
    assert fresh.json()["reset"] is False
    for change in ({}, {"scope": scope, "settled": "5"},
                   {"scope": scope, "settled": str(int((time.time() - 91 * 86400) * 1e6))},
                   {"scope": scope, "settled": str(int((time.time() + HOUR) * 1e6))}):
        page = clerk.get("/api/sync/changes", params={"since": cursor(**change)}).json()
        assert page["reset"] is True and len(page["farmers"]) == 1, change


def test_the_clock_was_set_back(server, clerk, enrol, place):
    """What changes in an hour that is there twice is stamped before cursors that were
    told in it the first time: also who comes back later must not miss it."""
    farmer = enrol(clerk, place=place)
    phone = Phone(clerk).sync()
    was = phone.resets
    stamp(server, farmer, 3 * SETTLED)
    assert not phone.sync().seen and phone.resets == was
    server.sql("UPDATE clock_seen SET seen_at = seen_at + 3600000000")
    server.cem("work", "--once", "--config", server.config)
    assert phone.sync().resets == was + 1 and farmer["farmer_id"] in phone.seen
    assert phone.sync().resets == was + 1


def test_a_cursor_opens_no_other_scope(admin, clerk, lost_operator, enrol, place):
    """An administrator's cursor in an operator's hand shows the operator's farmers."""
    enrol(admin), enrol(clerk, place=place)
    stolen = admin.get("/api/sync/changes", params={"limit": 1}).json()["next"]
    page = clerk.get("/api/sync/changes", params={"since": stolen}).json()
    assert page["reset"] and {f["address"]["district_name"] for f in page["farmers"]} \
        == {place["district_name"]}
    assert lost_operator.get("/api/sync/changes",
                             params={"since": stolen}).json()["farmers"] == []


# the property


class Writer(threading.Thread):
    """Registers, changes, moves and deletes at random, mostly the own farmers."""

    def __init__(self, server, recorder, admin, places, seed):
        super().__init__()
        self.client = Client(server, recorder)
        self.client.token = admin.token
        self.places, self.random, self.mine = places, random.Random(seed), []
        self.wrong = None

    def step(self):
        choice = self.random.random()
        if choice < 0.4 or not self.mine:
            reply = self.client.post("/api/farmers", json=people.form(
                place=self.random.choice(self.places)))
            assert reply.status_code == 201, reply.text
            self.mine.append(reply.json())
            return
        farmer = self.random.choice(self.mine)
        if choice < 0.6:
            reply = self.client.put(path(farmer), json={
                "address": {"village": people.word()}})
        elif choice < 0.8:
            reply = self.client.put(path(farmer), json={
                "address": self.random.choice(self.places)})
        elif choice < 0.9:
            reply = self.client.call("PATCH", path(farmer, "/status?new_status=verified"))
        else:
            self.mine.remove(farmer)
            reply = self.client.delete(path(farmer))
        assert reply.status_code == 200, reply.text

    def run(self):
        try:
            for _ in range(CHANGES):
                self.step()
        except Exception as why:  # told by the test, in its own thread
            self.wrong = why


@pytest.mark.parametrize("limit", [1, 7, 100])
def test_a_phone_that_asks_while_others_write(server, recorder, admin, clerk, place,
                                              limit):
    """At the end it has exactly what the server has: what came to light behind the
    round that was under way comes with the next."""
    places = [place, place, people.KAWAMBWA]
    writers = [Writer(server, recorder, admin, places, limit * 100 + n)
               for n in range(WRITERS)]
    phone = Phone(clerk, limit=limit)
    for writer in writers:
        writer.start()
    while any(w.is_alive() for w in writers):
        phone.page()
    for writer in writers:
        writer.join()
        assert writer.wrong is None, writer.wrong
    phone.sync().sync()
    assert phone.have == shown(clerk) and phone.have
    assert phone.resets == 1
