# SPDX-License-Identifier: MIT
"""The life of SECRET_KEY: changed, everything moved off the old one, the old one gone."""
import base64
import hashlib
import hmac
import os
from urllib.parse import urlsplit

import cards
import client
import jobs
import people
from server import Server
from spaces import put

OLD_TIME = "2026-01-02T03:04:05.123456+00:00"


def change(running, **settings):
    """Write settings into cem.conf; "" takes one out."""
    with open(running.config, encoding="utf-8") as f:
        lines = [line for line in f if line.split("=")[0] not in settings]
    lines += ["%s=%s\n" % pair for pair in settings.items() if pair[1]]
    with open(running.config, "w", encoding="utf-8") as f:
        f.writelines(lines)


def qr_text(admin, farmer_id, folder):
    path = os.path.join(folder, "qr.png")
    with open(path, "wb") as f:
        f.write(admin.get("/api/farmers/%s/qr" % farmer_id).content)
    return cards.qr_of(path)[0]


def check(running, made, text, folder):
    """Everything of before still reads: record, list, sign-in, QR, card."""
    admin = client.Client(running)
    admin.login("admin@cem.example", running.settings["SEED_ADMIN_PASSWORD"])
    person = made["personal_info"]
    got = admin.get("/api/farmers/" + made["farmer_id"]).json()
    assert got["personal_info"] == person
    found = admin.get("/api/farmers", params={"nrc": person["nrc"]}).json()
    assert [row["farmer_id"] for row in found] == [made["farmer_id"]]
    assert qr_text(admin, made["farmer_id"], folder) == text
    reply = admin.post("/api/farmers/verify-qr", json={"qr": text})
    assert reply.status_code == 200 and reply.json()["verified"] is True
    farmer = client.Client(running)
    farmer.login(person["nrc"], person["date_of_birth"], "farmer")
    again = admin.post("/api/farmers", json=people.form(personal={"nrc": person["nrc"]}))
    client.refused(again, 409)
    return admin


def triple(secret, farmer_id):
    mac = hmac.new(secret.encode(), (farmer_id + "|" + OLD_TIME).encode(), hashlib.sha256)
    return {"farmer_id": farmer_id, "timestamp": OLD_TIME,
            "signature": base64.urlsafe_b64encode(mac.digest()).decode()}


def test_a_changed_secret_loses_nothing(tmp_path):
    running = Server({"SEED_ADMIN_EMAIL": "admin@cem.example",
                      "SEED_ADMIN_PASSWORD": "Passw0rd-keys"}, workers=2)
    try:
        running.start()
        admin = client.Client(running)
        admin.login("admin@cem.example", "Passw0rd-keys")
        made = admin.post("/api/farmers", json=people.form()).json()
        admin.post("/api/farmers/%s/generate-idcard" % made["farmer_id"])
        text = qr_text(admin, made["farmer_id"], tmp_path)
        put(admin, "a.txt", b"linked")
        where = urlsplit(admin.get("/files/presigned-url/a.txt").json()["url"])
        link = where.path + "?" + where.query
        shared = "/s/" + admin.post("/api/shares", json={
            "paths": ["a.txt"]}).json()["token"]
        done = jobs.ping(running, "--steps", "3", "--as", "admin@cem.example")
        jobs.until(running, done, "done")
        old = running.setting("SECRET_KEY")
        running.stop()
        waits = jobs.ping(running, "--steps", "4")

        change(running, SECRET_KEY="n" * 64, SECRET_KEY_PREVIOUS=old, JOB_WORKERS="0")
        running.start()
        admin = check(running, made, text, tmp_path)
        reply = admin.post("/api/farmers/verify-qr", json=triple(old, made["farmer_id"]))
        assert reply.status_code == 200, "cards without a serial still verify"
        if not running.bucket:
            assert admin.get(link, token=None).content == b"linked"
        _, out, _ = running.cem("key", "rotate", "--config", running.config)
        assert "all done" in out and not out.startswith("sealed 0 "), out
        check(running, made, text, tmp_path)
        running.stop()

        change(running, SECRET_KEY_PREVIOUS="", JOB_WORKERS="")
        running.start()
        admin = check(running, made, text, tmp_path)
        assert admin.get("/api/jobs/" + done).json()["result"] == {"steps": 3}
        assert jobs.until(running, waits)["state"] == "done"
        assert jobs.steps(running, waits) == [1, 2, 3, 4]
        reply = admin.post("/api/farmers/verify-qr", json=triple(old, made["farmer_id"]))
        client.refused(reply, 400)
        if not running.bucket:
            client.refused(admin.get(link, token=None), 403)
        assert admin.get(shared + "/content/1", token=None).content == b"linked"
    finally:
        running.end()


def test_the_previous_secret_must_be_another():
    running = Server({"SEED_ADMIN_PASSWORD": "Passw0rd-keys"}, workers=2)
    try:
        running.start()
        running.stop()
        change(running, SECRET_KEY_PREVIOUS=running.setting("SECRET_KEY"))
        status, _, err = running.cem("key", "rotate", "--config", running.config,
                                     check=False)
        assert status != 0 and "SECRET_KEY_PREVIOUS" in err
    finally:
        running.end()
