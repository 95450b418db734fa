# SPDX-License-Identifier: MIT
"""Deleting a farmer (contract 21), everywhere, and putting one back."""
import json
import re
import threading
import time

import cards
import held
import people
import pictures
import pytest
import trail
from client import Client, refused
from conftest import figures_agree
from people import path
from server import ADMIN_EMAIL, ADMIN_PASSWORD, Server
from test_document import PDF, put


def drop(admin, farmer):
    reply = admin.delete(path(farmer))
    assert reply.status_code == 200, reply.text
    return reply.json()


def restore(server, farmer, check=True):
    return server.cem("farmer", "restore", farmer["farmer_id"], "--config",
                      server.config, check=check)


@pytest.fixture
def full(operator, enrol):
    """A farmer with photo, document and card; (record, paths, text of the card)."""
    farmer = enrol(operator)
    photo = operator.upload(path(farmer, "/upload-photo"), pictures.jpeg()).json()
    document = put(operator, farmer).json()
    operator.post(path(farmer, "/generate-idcard"))
    out = operator.get(path(farmer)).json()
    return out, (photo["photo_path"], document["file_path"], out["id_card_path"])


def card_text(operator, farmer, tmp_path):
    name = tmp_path / "qr.png"
    name.write_bytes(operator.get(path(farmer, "/qr")).content)
    [text] = cards.qr_of(str(name))
    return text


def test_reply_and_audit(server, admin, farmer):
    assert drop(admin, farmer) == {
        "message": "Farmer %s deleted successfully" % farmer["farmer_id"],
        "farmer_id": farmer["farmer_id"]}
    row = trail.last(server, farmer["farmer_id"], "delete_success")
    assert row["role"] == "ADMIN" and row["user_id"] == admin.email
    assert refused(admin.delete(path(farmer)), 404) == \
        "Farmer %s not found" % farmer["farmer_id"]


def test_who_may(anyone, operator, as_farmer, farmer):
    refused(anyone.delete(path(farmer)), 403)
    refused(operator.delete(path(farmer)), 403)
    refused(as_farmer(farmer).delete(path(farmer)), 403)
    assert operator.get(path(farmer)).status_code == 200


def test_gone_from_everywhere(anyone, admin, operator, as_farmer, full, tmp_path):
    """Flaw 42: files, cards and sessions stayed."""
    farmer, files = full
    info = farmer["personal_info"]
    mine = as_farmer(farmer)
    text = card_text(operator, farmer, tmp_path)
    assert anyone.post("/api/farmers/verify-qr", json={"qr": text}).json()["verified"]
    total = admin.get("/api/farmers/count").json()["total"]
    drop(admin, farmer)
    for client in (admin, operator):
        for query in ({"search": info["last_name"]}, {"nrc": info["nrc"]},
                      {"search": info["phone_primary"]},
                      {"farmer_id_exact": farmer["farmer_id"]}):
            assert client.get("/api/farmers", params=query).json() == [], query
        listed = client.get("/api/farmers", params={"limit": 100}).json()
        assert farmer["farmer_id"] not in [f["farmer_id"] for f in listed]
        for tail in ("", "/qr", "/download-idcard"):
            refused(client.get(path(farmer, tail)), 404)
        for name in files:
            refused(client.get(name), 404)
            refused(client.get(name.replace("files/", "files/metadata/")), 404)
        refused(client.put(path(farmer), json={"is_active": True}), 404)
        refused(client.call("PATCH", path(farmer, "/review"),
                            params={"new_status": "verified"}), 404)
        refused(client.post(path(farmer, "/generate-idcard")), 404)
        refused(client.upload(path(farmer, "/upload-photo"), pictures.jpeg()), 404)
        refused(client.delete(path(farmer, "/photo")), 404)
        refused(put(client, farmer), 404)
        refused(client.delete(path(farmer, "/documents/nrc")), 404)
    for query in ({"nrc": info["nrc"]}, {"farmer_id_exact": farmer["farmer_id"]}):
        assert admin.get("/api/farmers/count", params=query).json()["total"] == 0
    assert admin.get("/api/farmers/count").json()["total"] == total - 1
    assert admin.get("/api/farmers/stats/overview").json()["total_farmers"] == total - 1
    refused(anyone.post("/api/farmers/verify-qr", json={"qr": text}), 404)
    refused(mine.get("/api/auth/me"), 401)
    refused(mine.post("/api/auth/refresh", token=None, json={
        "refresh_token": mine.refresh_token}), 401)
    login = {"email": info["nrc"], "password": info["date_of_birth"], "role": "farmer"}
    assert refused(anyone.post("/api/auth/login", json=login), 401) == \
        "Invalid NRC or date of birth"


def test_restore(server, anyone, admin, operator, as_farmer, full, tmp_path):
    farmer, files = full
    old = operator.get(files[0]).content
    text = card_text(operator, farmer, tmp_path)
    mine = as_farmer(farmer)
    drop(admin, farmer)
    _, listed, _ = server.cem("farmer", "deleted", "--config", server.config)
    assert re.search(r"(?m)^%s\t\d{4}-\d\d-\d\d\t%s$" % (
        farmer["farmer_id"], re.escape(admin.email)), listed)
    _, words, _ = restore(server, farmer)
    assert farmer["farmer_id"] in words
    out = operator.get(path(farmer)).json()
    without_card = {"updated_at", "id_card_file_id", "id_card_path", "qr_code_path",
                    "id_card_generated_at", "documents"}
    assert {k: v for k, v in out.items() if k not in without_card} == {
        k: v for k, v in farmer.items() if k not in without_card}
    assert out["updated_at"] > farmer["updated_at"]
    assert out["documents"] == {**farmer["documents"], "qr_code": None}
    assert operator.get(files[0]).content == old
    assert operator.get(files[1]).content == PDF
    refused(operator.get(files[2]), 404)
    assert out["id_card_generated_at"] is None
    check = anyone.post("/api/farmers/verify-qr", json={"qr": text}).json()
    assert check["verified"] is False and check["card_status"] == "revoked"
    refused(mine.get("/api/auth/me"), 401)
    assert as_farmer(farmer).get("/api/auth/me").status_code == 200
    assert operator.get("/api/farmers", params={
        "search": farmer["personal_info"]["last_name"]}).json()
    assert operator.post(path(farmer, "/generate-idcard")).status_code == 202
    row = trail.last(server, farmer["farmer_id"], "restore")
    assert row["endpoint"] == "cem farmer restore"
    assert restore(server, farmer, check=False)[0] == 1  # it is not deleted now


def test_an_older_photo_stays_out_of_use(server, admin, operator, farmer):
    """Only what went with the farmer comes back with him."""
    first = operator.upload(path(farmer, "/upload-photo"), pictures.jpeg()).json()
    operator.delete(path(farmer, "/photo"))
    drop(admin, farmer)
    restore(server, farmer)
    out = operator.get(path(farmer)).json()
    assert out["photo_file_id"] is None and out["documents"] is None
    refused(operator.get(first["photo_path"]), 404)


def test_the_nrc_is_free_and_then_taken(server, admin, operator, enrol, farmer):
    nrc = farmer["personal_info"]["nrc"]
    drop(admin, farmer)
    again = enrol(operator, personal={"nrc": nrc})
    assert again["farmer_id"] != farmer["farmer_id"]
    status, _, words = restore(server, farmer, check=False)
    assert status == 1 and again["farmer_id"] in words and nrc not in words
    refused(admin.get(path(farmer)), 404)
    assert admin.get(path(again)).json() == again
    drop(admin, again)
    assert restore(server, farmer)[0] == 0
    assert admin.get("/api/farmers", params={"nrc": nrc}).json()[0]["farmer_id"] == \
        farmer["farmer_id"]
    refused(operator.post("/api/farmers", json=people.form(personal={"nrc": nrc})), 409)


def test_deleted_twice_with_one_nrc(server, admin, operator, enrol):
    """Two deleted rows of one NRC stand beside each other."""
    nrc = people.nrc()
    for _ in range(3):
        drop(admin, enrol(operator, personal={"nrc": nrc}))
    assert enrol(operator, personal={"nrc": nrc})


def test_a_change_of_keys_keeps_the_nrc_free(recorder):
    """cem key rotate seals the deleted anew too, and they can be restored after."""
    server = Server()
    try:
        server.start()
        root = Client(server, recorder).login(ADMIN_EMAIL, ADMIN_PASSWORD)
        form = people.form()
        gone = root.post("/api/farmers", json=form).json()
        drop(root, gone)
        again = root.post("/api/farmers", json=form).json()
        server.settings["SECRET_KEY_PREVIOUS"] = server.setting("SECRET_KEY")
        server.settings["SECRET_KEY"] = "an entirely different key, 32 letters"
        words = server.cem("key", "rotate", "--config", server.config)[1]
        assert "sealed 2 rows anew" in words
        server.settings["SECRET_KEY_PREVIOUS"] = ""
        assert restore(server, gone, check=False)[0] == 1
        server.stop()
        server.start()
        root.login(ADMIN_EMAIL, ADMIN_PASSWORD)
        drop(root, again)
        assert restore(server, gone)[0] == 0
        found = root.get("/api/farmers", params={"nrc": form["personal_info"]["nrc"]})
        assert [f["farmer_id"] for f in found.json()] == [gone["farmer_id"]]
        assert found.json()[0]["nrc"] == form["personal_info"]["nrc"]
    finally:
        server.end()


def test_restore_of_nobody(server):
    status, _, words = restore(server, {"farmer_id": "ZM00000000"}, check=False)
    assert status == 1 and "ZM00000000" in words
    assert server.cem("farmer", "--config", server.config, check=False)[0] == 2


def test_every_statement_leaves_the_deleted_out(server):
    """A statement on the farmers' table says what it does with the deleted ones,
    but for those that are only about the farmer who is signed in."""
    _, out, _ = server.cem("check", "statements", "--config", server.config)
    looked, wrong = 0, []
    for statement in map(json.loads, out.splitlines()):
        sql = statement["pgsql"] or statement["sqlite"]
        for n, name in enumerate(statement["params"], 1):
            sql = re.sub(r"[$?]%d\b" % n, ":" + name, sql)
        if not re.search(r"\b(FROM|JOIN|UPDATE)\s+farmer\b", sql):
            continue
        looked += 1
        if "deleted_at" not in sql and statement["name"] != "farmer_sealed" and \
                not re.search(r"WHERE (\w\.)?farmer_id = :viewer_farmer_id", sql):
            wrong.append(statement["name"])
    assert looked > 30 and not wrong, wrong


def test_deleted_while_it_changes(server, recorder, admin, enrol):
    """What is taken off the figures is what the farmer was when he was deleted."""
    threads, told = [], []

    def ask(method, *words, **more):
        client = Client(server, recorder)
        client.token = admin.token

        def run():
            told.append((method, client.call(method, *words, **more).status_code))
        threads.append(threading.Thread(target=run))
        threads[-1].start()
    for _ in range(3):
        farmer = enrol(farm_info=people.FARM)
        with held.farmer(server, farmer["farmer_id"]):
            ask("PATCH", path(farmer, "/review"), params={"new_status": "verified"})
            time.sleep(0.5)  # the first waits longest, and so goes first
            ask("DELETE", path(farmer))
            time.sleep(0.5)
        for thread in threads:
            thread.join()
        assert {status for _, status in told} <= {200, 404, 409}, told
        found = admin.get(path(farmer)).status_code
        assert found == (404 if ("DELETE", 200) in told else 200)
        threads.clear()
        told.clear()
    figures_agree(server)
