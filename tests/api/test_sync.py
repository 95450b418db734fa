# SPDX-License-Identifier: MIT
"""Batches of farmers that phones noted without a network (contract 6, 68 and 69)."""
import json
import threading
import time

import people
import pytest
import trail
from client import Client, faulty, refused
from conftest import CHIBOMBO, KAWAMBWA
from people import path
from server import poll

MOST, BATCHES = 500, 60  # SYNC_ITEMS and BATCHES of the program


def item(temp_id=None, **parts):
    """A farmer as a phone sends it."""
    return dict(people.form(**parts), temp_id=temp_id or people.word(16))


def send(client, *items, **more):
    """Queue a batch; the job's id."""
    reply = client.post("/api/sync/batch", json={"farmers": items, **more})
    assert reply.status_code == 200, reply.text
    body = reply.json()
    assert body["status"] == "queued" and set(body) == {"job_id", "status"}
    return body["job_id"]


def state(client, job_id):
    reply = client.get("/api/sync/status", params={"job_id": job_id})
    assert reply.status_code == 200, reply.text
    return reply.json()


def results(client, job_id, limit=120):
    """What became of it, when it has ended."""
    def ended():
        found = state(client, job_id)
        assert found["job_id"] == job_id
        if found["state"] == "PENDING":
            assert found["result"] is None
            return None
        return found
    found = poll(ended, limit)
    assert found["state"] == "SUCCESS", found
    assert found["result"]["job_id"] == job_id
    return found["result"]["results"]


def sync(client, *items):
    done = results(client, send(client, *items))
    assert [r["temp_id"] for r in done] == [i.get("temp_id") for i in items]
    for one in done:
        assert set(one) == {"temp_id", "farmer_id", "status", "errors"}
        assert (one["status"] == "error") == bool(one["errors"]), one
    return done


def named(client, word):
    """The farmers whose name begins with word."""
    return client.get("/api/farmers", params={"search": word, "limit": 100}).json()


@pytest.fixture
def clerk(new_user):
    return new_user([CHIBOMBO])


def test_a_batch(server, clerk):
    first = item(farm_info=people.FARM, household_info=people.HOME)
    second = item()
    reply = clerk.post("/api/sync/batch", json={
        "farmers": [first, second], "last_sync": "2026-01-01T00:00:00Z"})
    job_id = reply.json()["job_id"]
    done = results(clerk, job_id)
    assert [(r["temp_id"], r["status"], r["errors"]) for r in done] == [
        (first["temp_id"], "created", []), (second["temp_id"], "created", [])]
    farmer = clerk.get("/api/farmers/" + done[0]["farmer_id"]).json()
    for name, value in first["personal_info"].items():
        assert farmer["personal_info"][name] == value
    assert farmer["farm_info"] == people.FARM and farmer["household_info"] == people.HOME
    assert farmer["registration_status"] == "pending"
    mark = clerk.get("/api/operators/me").json()["operator_id"]
    assert farmer["created_by"] == mark
    asked = trail.last(server, job_id, "batch_queued")
    assert asked["details"] == {"farmers": 2} and asked["user_id"] == mark
    made = trail.last(server, farmer["farmer_id"], "create_success")
    assert made["request_id"] == asked["request_id"] == reply.headers["X-Request-ID"]
    assert made["user_id"] == mark and made["endpoint"] == "/api/sync/batch"
    assert made["ip_address"] == asked["ip_address"]


def test_the_envelope_of_the_contract(clerk):
    """Sections that are missing are an item's fault, not the batch's."""
    [done] = sync(clerk, {"temp_id": "t-1", "nrc_number": None,
                          "personal_info": {"first_name": "Mary"},
                          "address": {"village": "Kayosha"}})
    assert done["status"] == "error" and done["farmer_id"] is None
    assert "personal_info.last_name: Field required" in done["errors"]


def test_the_description(anyone):
    """temp_id must be there, but may be null."""
    schema = anyone.get("/openapi.json").json()["components"]["schemas"]["SyncItem"]
    assert schema["required"] == ["temp_id"]
    assert "null" in schema["properties"]["temp_id"]["type"]


def test_nrc_number(clerk):
    """It stands for personal_info.nrc, and must not say another."""
    bare, null, both, two = item(), item(), item(), item()
    bare["nrc_number"] = bare["personal_info"].pop("nrc")
    null["nrc_number"], null["personal_info"]["nrc"] = null["personal_info"]["nrc"], None
    both["nrc_number"] = both["personal_info"]["nrc"]
    two["nrc_number"] = people.nrc()
    done = sync(clerk, bare, null, both, two)
    assert [r["status"] for r in done] == ["created"] * 3 + ["error"]
    assert done[3]["errors"] == ["nrc_number and personal_info.nrc differ"]
    for sent, made in zip((bare, null), done):
        farmer = clerk.get("/api/farmers/" + made["farmer_id"]).json()
        assert farmer["personal_info"]["nrc"] == sent["nrc_number"]


def test_what_is_wrong_is_said_as_by_post(clerk, operator, enrol):
    """The others go on."""
    there = enrol(operator)["personal_info"]["nrc"]
    wrong = [item(personal={"phone_primary": "12"}), item(personal={"nrc": "1"}),
             item(personal={"nrc": there}), item(place=people.KAWAMBWA),
             item(personal={"date_of_birth": people.years_ago(17)}),
             item(personal={"nrc": "1", "date_of_birth": "x"}), item(farm_info={}),
             item(address={"gps_latitude": 50, "gps_longitude": 1})]
    good = [item() for _ in range(len(wrong) + 1)]
    mixed = [one for pair in zip(good, wrong) for one in pair] + good[-1:]
    done = sync(clerk, *mixed)
    assert [r["status"] for r in done] == ["created", "error"] * len(wrong) + ["created"]
    for sent, said in zip(mixed, done):
        if said["status"] == "created":
            continue
        assert said["farmer_id"] is None
        reply = clerk.post("/api/farmers", json=sent)
        body = reply.json()
        if reply.status_code == 422:
            assert said["errors"] == ["%s: %s" % (".".join(map(str, e["loc"][1:])),
                                                  e["msg"]) for e in body["errors"]][:5]
        else:
            assert said["errors"] == [body["detail"]], (reply.status_code, said)


def test_sections_of_every_kind(clerk):
    """No section can hurt the batch, whatever it is."""
    things = [None, 1, "x", [], [[]], {}, True, {"first_name": {"a": [1]}}, 1e300, "\u0001"]
    items = [dict(item(), personal_info=t) for t in things] + \
            [dict(item(), address=t) for t in things] + \
            [dict(item(), farm_info=t) for t in things if t is not None] + [item()]
    done = sync(clerk, *items)
    assert [r["status"] for r in done] == ["error"] * (len(items) - 1) + ["created"]


def test_five_hundred(clerk, server):
    """A whole batch of whole farmers fits, and is worked off in order."""
    family = people.word()
    items = [item(personal={"last_name": family, "email": "somebody@long.cem.example",
                            "phone_secondary": people.phone(), "ethnic_group": "Bemba"},
                  address={"street": "Plot 12345, Great North Road", "gps_latitude":
                           -14.123456, "gps_longitude": 28.123456},
                  farm_info=people.FARM, household_info=people.HOME)
             for _ in range(MOST)]
    began = time.monotonic()
    done = sync(clerk, *items)
    print("%s: %d farmers in %.1f s, %d bytes" % (
        server.kind, MOST, time.monotonic() - began, len(json.dumps(items))))
    assert {r["status"] for r in done} == {"created"}
    assert len({r["farmer_id"] for r in done}) == MOST
    count = clerk.get("/api/farmers/count").json()
    assert count["total"] >= MOST


def test_too_many(clerk):
    fault = faulty(clerk.post("/api/sync/batch", json={
        "farmers": [{"temp_id": str(i)} for i in range(MOST + 1)]}), "body.farmers")
    assert fault["type"] == "too_long"


def test_none(clerk):
    assert sync(clerk) == []


@pytest.mark.parametrize("body, field", [
    ({}, "body.farmers"), ({"farmers": None}, "body.farmers"),
    ({"farmers": {}}, "body.farmers"), ({"farmers": [1]}, "body.farmers.0"),
    ({"farmers": [None]}, "body.farmers.0"),
    ({"farmers": [{}]}, "body.farmers.0.temp_id"),
    ({"farmers": [{"temp_id": 1}]}, "body.farmers.0.temp_id"),
    ({"farmers": [{"temp_id": ""}]}, "body.farmers.0.temp_id"),
    ({"farmers": [{"temp_id": "x" * 101}]}, "body.farmers.0.temp_id"),
    ({"farmers": [{"temp_id": "a\nb"}]}, "body.farmers.0.temp_id"),
    ({"farmers": [{"temp_id": "a", "nrc_number": 5}]}, "body.farmers.0.nrc_number"),
    ({"farmers": [{"temp_id": "a", "farmer_id": []}]}, "body.farmers.0.farmer_id"),
    ({"farmers": [], "last_sync": 5}, "body.last_sync"),
    ({"farmers": [{"temp_id": "a", "address": "x" * 40000}]}, "body.farmers.0.address"),
])
def test_bad_envelopes(clerk, body, field):
    faulty(clerk.post("/api/sync/batch", json=body), field)


def test_a_body_of_the_largest_size(clerk):
    """Just below a megabyte, in the shapes that grow most when they are kept."""
    for filler in ([0.1] * 6000, ["\u0001" * 50] * 90, {str(i): i for i in range(2000)},
                   [1e22] * 4000, ["x"] * 20, {"first_name": "\u00e9" * 900}):
        one = json.dumps({"temp_id": "x" * 36, "personal_info": filler})
        items = [dict(json.loads(one), temp_id=people.word(36))
                 for _ in range(min(MOST, 1040000 // (len(one) + 2)))]
        done = sync(clerk, *items)
        assert {r["status"] for r in done} == {"error"}


def test_mass_assignment(clerk, admin):
    """Flaw 54: what is not in the form does nothing, in no section."""
    extra = {"registration_status": "approved", "created_by": "me", "is_active": False,
             "reviewed_by": "me", "deleted_at": 1, "farmer_row_id": "0" * 24,
             "id_card_path": "/etc/passwd", "review_notes": "fine", "version": 9,
             "account_id": admin.user["email"], "status": "updated", "job_id": "0" * 24}
    sent = dict(item(), **extra)
    sent["personal_info"].update(extra)
    sent["address"].update(extra)
    [done] = sync(clerk, sent)
    assert done["status"] == "created"
    farmer = clerk.get("/api/farmers/" + done["farmer_id"]).json()
    assert farmer["registration_status"] == "pending" and farmer["is_active"] is True
    assert farmer["created_by"] == clerk.get("/api/operators/me").json()["operator_id"]
    assert farmer["review_notes"] is None and farmer["id_card_path"] is None


def test_a_shared_phone_overwrites_nobody(clerk, operator, enrol):
    """Flaw 54: households share telephones."""
    there = enrol(operator)
    sent = item(personal={"phone_primary": there["personal_info"]["phone_primary"]})
    [done] = sync(clerk, sent)
    assert done["status"] == "created" and done["farmer_id"] != there["farmer_id"]
    assert operator.get(path(there)).json() == there


def test_an_nrc_overwrites_nobody(clerk, enrol):
    """Neither another's registration nor the own: only temp_id or farmer_id do."""
    for owner in (None, clerk):
        there = enrol(owner)
        sent = item(personal={"nrc": there["personal_info"]["nrc"]})
        [done] = sync(clerk, sent)
        assert done["status"] == "error" and done["farmer_id"] is None
        assert done["errors"] == ["Farmer with NRC %s already exists (Farmer ID: %s)" % (
            there["personal_info"]["nrc"], there["farmer_id"])]
        assert clerk.get(path(there)).json() == there


# once, however often it is sent


def updates(server, farmer_id):
    return len(trail.rows(server, farmer_id, "update_success"))


def test_sent_again(server, clerk):
    """The same farmers, no second ones, nothing in the audit."""
    items = [item() for _ in range(3)]
    first = sync(clerk, *items)
    records = [clerk.get("/api/farmers/" + r["farmer_id"]).json() for r in first]
    assert sync(clerk, *items) == first
    assert sync(clerk, *reversed(items)) == first[::-1]
    for record in records:
        assert clerk.get(path(record)).json() == record
        assert updates(server, record["farmer_id"]) == 0
        assert len(trail.rows(server, record["farmer_id"], "create_success")) == 1


def test_sent_again_does_not_undo_the_office(clerk, admin):
    """Who only did not hear the answer has nothing new to say."""
    sent = item()
    [done] = sync(clerk, sent)
    where = "/api/farmers/" + done["farmer_id"]
    assert admin.put(where, json={"address": {"village": "Office"}}).status_code == 200
    assert sync(clerk, sent) == [done]
    assert clerk.get(where).json()["address"]["village"] == "Office"


def test_said_anew(server, clerk):
    """The last word counts, checked as before; what is left out stays."""
    sent = item(farm_info=people.FARM)
    [done] = sync(clerk, sent)
    where = "/api/farmers/" + done["farmer_id"]
    sent["address"]["village"] = "Further On"
    sent["personal_info"]["nrc"] = people.nrc()
    del sent["farm_info"]
    [again] = sync(clerk, sent)
    assert again == dict(done, status="updated")
    assert sync(clerk, sent) == [again]
    farmer = clerk.get(where).json()
    assert farmer["address"]["village"] == "Further On"
    assert farmer["personal_info"]["nrc"] == sent["personal_info"]["nrc"]
    assert farmer["farm_info"] == people.FARM
    assert updates(server, done["farmer_id"]) == 1
    sent["personal_info"]["phone_primary"] = "x"
    [bad] = sync(clerk, sent)
    assert bad["status"] == "error" and clerk.get(where).json() == farmer


def test_an_update_can_clash(clerk, enrol):
    there, sent = enrol(), item()
    [done] = sync(clerk, sent)
    before = clerk.get("/api/farmers/" + done["farmer_id"]).json()
    sent["personal_info"]["nrc"] = there["personal_info"]["nrc"]
    [bad] = sync(clerk, sent)
    assert bad["status"] == "error" and there["farmer_id"] in bad["errors"][0]
    assert clerk.get(path(before)).json() == before


def test_said_anew_when_the_clock_was_set_back(server, clerk):
    """What is sent later is later, whatever the clock says."""
    sent = item()
    job = send(clerk, sent)
    [done] = results(clerk, job)
    ahead = "%08x%s" % (int(job[:8], 16) + 3600, job[8:])
    for table in ("job", "sync_item"):
        server.sql("UPDATE %s SET job_id = '%s' WHERE job_id = '%s'"
                   % (table, ahead, job))
    sent["address"]["village"] = "Further On"
    job = send(clerk, sent)
    assert job > ahead
    assert results(clerk, job) == [dict(done, status="updated")]
    farmer = clerk.get("/api/farmers/" + done["farmer_id"]).json()
    assert farmer["address"]["village"] == "Further On"


def test_an_error_can_be_mended(clerk):
    """An item that was refused has left no trace: its temp_id is free."""
    sent = item(personal={"nrc": "wrong"})
    assert sync(clerk, sent)[0]["status"] == "error"
    sent["personal_info"]["nrc"] = people.nrc()
    assert sync(clerk, sent)[0]["status"] == "created"


def test_twice_in_one_batch(clerk):
    sent = item()
    newer = json.loads(json.dumps(sent))
    newer["address"]["village"] = "Newer"
    done = sync(clerk, sent, sent, newer, newer)
    assert [r["status"] for r in done] == ["created", "created", "updated", "updated"]
    [farmer_id] = {r["farmer_id"] for r in done}
    farmer = clerk.get("/api/farmers/" + farmer_id).json()
    assert farmer["address"]["village"] == "Newer"


def test_a_temp_id_belongs_to_its_account(clerk, new_user):
    """Two phones may count alike."""
    other = new_user([CHIBOMBO])
    [mine], [theirs] = sync(clerk, item("t-1")), sync(other, item("t-1"))
    assert mine["status"] == theirs["status"] == "created"
    assert mine["farmer_id"] != theirs["farmer_id"]


def test_without_temp_id(clerk):
    """The NRC alone decides."""
    sent = dict(item(), temp_id=None)
    assert sync(clerk, sent)[0]["status"] == "created"
    again = sync(clerk, sent, dict(item(), temp_id=None))
    assert [r["status"] for r in again] == ["error", "created"]
    assert "already exists" in again[0]["errors"][0]


def test_deleted_since(clerk, admin):
    """A repeated item is answered as before; a new word about nobody is an error."""
    sent = item()
    [done] = sync(clerk, sent)
    assert admin.delete("/api/farmers/" + done["farmer_id"]).status_code == 200
    assert sync(clerk, sent) == [done]
    sent["address"]["village"] = "Elsewhere"
    [bad] = sync(clerk, sent)
    assert bad["errors"] == ["Farmer %s not found" % done["farmer_id"]]


def test_moved_out_of_reach(clerk, admin):
    """An own registration that is another district's now can't be changed."""
    sent = item()
    [done] = sync(clerk, sent)
    where = "/api/farmers/" + done["farmer_id"]
    assert admin.put(where, json={"address": people.KAWAMBWA}).status_code == 200
    sent["address"]["village"] = "Elsewhere"
    [bad] = sync(clerk, sent)
    assert bad["status"] == "error"
    assert admin.get(where).json()["address"]["village"] == "Chisenga"


# farmers that the phone has from the register


def test_a_registered_farmer_is_changed(server, clerk, enrol):
    there = enrol(clerk)
    sent = dict(item(personal=there["personal_info"], address={"village": "Changed"}),
                farmer_id=there["farmer_id"])
    done = sync(clerk, sent)
    assert done == [{"temp_id": sent["temp_id"], "farmer_id": there["farmer_id"],
                     "status": "updated", "errors": []}]
    assert clerk.get(path(there)).json()["address"]["village"] == "Changed"
    assert sync(clerk, sent) == done and updates(server, there["farmer_id"]) == 1


def test_a_wrong_number_changes_nobody(clerk, enrol):
    """Flaw 54: farmer_id and NRC must be one person's."""
    one, two = enrol(clerk), enrol(clerk)
    sent = dict(item(personal=one["personal_info"]), farmer_id=two["farmer_id"])
    fresh = dict(item(), farmer_id=two["farmer_id"])
    nobody = dict(item(), farmer_id="ZM00000000")
    for said in sync(clerk, sent, fresh, nobody):
        assert said["status"] == "error" and "The NRC is not that of" in said["errors"][0]
    assert clerk.get(path(one)).json() == one and clerk.get(path(two)).json() == two


def test_a_farmer_of_others_is_not_changed(clerk, other_operator, enrol):
    there = enrol(other_operator, place=people.KAWAMBWA)
    sent = dict(item(personal=there["personal_info"]), farmer_id=there["farmer_id"])
    [done] = sync(clerk, sent)
    assert done["errors"] == ["Farmer %s not found" % there["farmer_id"]]
    assert other_operator.get(path(there)).json() == there


def test_a_temp_id_stays_with_its_farmer(clerk, enrol):
    sent, there = item(), enrol(clerk)
    [done] = sync(clerk, sent)
    stolen = dict(item(sent["temp_id"], personal=there["personal_info"]),
                  farmer_id=there["farmer_id"])
    [bad] = sync(clerk, stolen)
    assert bad["status"] == "error" and done["farmer_id"] in bad["errors"][0]
    assert clerk.get(path(there)).json() == there


# at once


def test_the_same_batches_at_once(server, recorder, clerk):
    """Each farmer once, and all batches say the same."""
    family = people.word()
    items = [item(personal={"last_name": family}) for _ in range(30)]
    jobs, gate = [], threading.Barrier(6)

    def one(number):
        client = Client(server, recorder)
        client.token = clerk.token
        gate.wait()
        jobs.append(send(client, *(items if number % 2 else items[::-1])))
    threads = [threading.Thread(target=one, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    told = [{r["temp_id"]: (r["farmer_id"], r["status"]) for r in results(clerk, j)}
            for j in jobs]
    assert len(told) == 6 and all(t == told[0] for t in told)
    assert {status for _, status in told[0].values()} == {"created"}
    assert len(named(clerk, family)) == 30


# who may


def test_who_may(anyone, clerk, farmer, as_farmer):
    """Flaw 9: the same sign-in as everywhere."""
    for method, where in (("POST", "/api/sync/batch"), ("GET", "/api/sync/status")):
        more = {"json": {"farmers": []}} if method == "POST" else \
            {"params": {"job_id": "x"}}
        refused(anyone.call(method, where, **more), 403)
        refused(anyone.call(method, where, token="x.y.z", **more), 401)
        refused(anyone.call(method, where, token=clerk.refresh_token, **more), 401)
        refused(anyone.call(method, where, headers={
            "Authorization": "Whatever " + clerk.token}, **more), 403)
        refused(as_farmer(farmer).call(method, where, **more), 403)


def test_an_account_that_was_switched_off(server, anyone, new_user):
    user = new_user([CHIBOMBO])
    server.cem("user", "off", "--config", server.config, user.email)
    refused(user.post("/api/sync/batch", json={"farmers": []}), 401)


def test_only_the_owner_reads_results(admin, clerk, new_user):
    """Others, administrators too, see what they see of a job that never was."""
    job_id = send(clerk, item())
    results(clerk, job_id)
    unknown = "0" * 24
    for client in (admin, new_user([CHIBOMBO])):
        assert state(client, job_id) == dict(state(client, unknown), job_id=job_id)
        assert state(client, job_id)["state"] == "PENDING"
    for odd in ("x", "697e2952-b4f8-4c33-9084-73f805eb62f4", "'", "\u00e9" * 100):
        assert state(clerk, odd) == {"job_id": odd, "state": "PENDING", "result": None}
    faulty(clerk.get("/api/sync/status"), "query.job_id")
    faulty(clerk.get("/api/sync/status", params={"job_id": "x" * 101}), "query.job_id")


def test_the_read_of_results_is_recorded(server, clerk):
    job_id = send(clerk, item())
    results(clerk, job_id)

    def recorded():
        return trail.rows(server, job_id, "view_result")
    assert poll(recorded)[0]["endpoint"] == "/api/sync/status"


def test_other_jobs_are_not_batches(server, clerk):
    """Nor is what they found."""
    job_id = send(clerk, item())
    results(clerk, job_id)
    assert state(clerk, job_id)["state"] == "SUCCESS"
    server.sql("UPDATE job SET job_kind = 'ping' WHERE job_id = '%s'" % job_id)
    assert state(clerk, job_id)["state"] == "PENDING"


def test_a_batch_that_failed(server, clerk, admin):
    """Cancelled, or dead: {} and no farmers."""
    job_id = send(clerk, item())
    results(clerk, job_id)
    for ended in ("cancelled", "dead"):
        server.sql("UPDATE job SET job_state = '%s' WHERE job_id = '%s'"
                   % (ended, job_id))
        assert state(clerk, job_id) == {"job_id": job_id, "state": "FAILURE",
                                        "result": {}}


def test_districts(new_user, admin):
    """The scope is that of the account when the job runs."""
    nobody, both = new_user([]), new_user([CHIBOMBO, KAWAMBWA])
    [bad] = sync(nobody, item())
    assert bad["errors"] == ["No district is assigned to you yet. Ask an administrator."]
    done = sync(both, item(), item(place=people.KAWAMBWA))
    assert [r["status"] for r in done] == ["created", "created"]
    assert sync(admin, item())[0]["status"] == "created"


def test_batches_are_limited(new_user):
    """429, and the account can go on with all else."""
    user = new_user([CHIBOMBO])
    for _ in range(BATCHES):
        last = send(user)
    reply = user.post("/api/sync/batch", json={"farmers": []})
    refused(reply, 429)
    assert int(reply.headers["Retry-After"]) > 0
    assert results(user, last) == []
    assert user.get("/api/sync/changes").status_code == 200


def test_what_waits_is_limited(server, new_user):
    """When nobody does them, batches of one account do not pile up."""
    user, other = new_user([CHIBOMBO]), new_user([CHIBOMBO])
    sync(user)
    now = time.time_ns() // 1000
    for n in range(100):
        server.sql("INSERT INTO job (job_id, job_kind, job_state, is_scheduled, account_id,"
                   " due_at, attempt, n_done, n_total, created_at) SELECT '%s', "
                   "'sync', 'queued', FALSE, account_id, %d, 0, 0, 0, 1 FROM account "
                   "WHERE email = '%s'" % (people.row_id(now - 10**9, n), now + 3600 * 10**6,
                                      user.email))
    reply = user.post("/api/sync/batch", json={"farmers": []})
    assert "not done yet" in refused(reply, 429)
    assert int(reply.headers["Retry-After"]) > 0
    sync(other)
    server.sql("DELETE FROM job WHERE created_at = 1 AND job_kind = 'sync'")
    sync(user)


def test_no_nrc_in_log_or_audit(server, clerk):
    """Nor a birth date, of items that are fine and of items that are not."""
    items = [item(personal={"date_of_birth": "1961-03-%02d" % day}) for day in (7, 8)]
    items[1]["personal_info"]["phone_primary"] = "x"
    clash = dict(item(), personal_info=dict(items[0]["personal_info"]))
    job_id = send(clerk, *items, clash)
    assert [r["status"] for r in results(clerk, job_id)] == ["created", "error", "error"]
    text = json.dumps(trail.rows(server)) + server.tails(100000)
    for one in items:
        assert one["personal_info"]["nrc"] not in text
        assert one["personal_info"]["date_of_birth"] not in text
