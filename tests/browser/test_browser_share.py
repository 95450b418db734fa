# SPDX-License-Identifier: MIT
"""A share as its visitor sees it, on a phone and on a desk, with and without scripts."""
import http.server
import os
import threading

import pytest
import server as servers
from client import Client
from test_browser import Hand, downloads, hand  # noqa: F401  (a fixture)

NAMES = {"plan.txt": b"the plan\n",
         "A table with a very long name, as programs like to make them "
         "2026-11-22_final_final(2).csv": b"a;b\n" * 400,
         "Ŋoma & <sons>.pdf": b"%PDF-1.4\n" + bytes(1400000)}


@pytest.fixture
def officer(server):
    return Client(server).login("officer@cem.example", "Passw0rd-first")


def put(client, name, content):
    reply = client.upload("/files/upload?folder=for the bank", content, name,
                          "application/octet-stream")
    assert reply.status_code == 200, reply.text
    return "for the bank/" + name


def take(hand, number, folder, content):  # noqa: F811
    """Download a file of the page, wholly."""
    hand.find('main a[href$="/content/%d"]' % number).click()

    def arrived():
        return [e for e in os.scandir(folder) if not e.name.endswith(".crdownload")
                and os.path.exists(e.path) and e.stat().st_size == len(content)]
    servers.poll(arrived)


def test_a_visitor(hand, window, officer, tmp_path):  # noqa: F811
    """The password, the list, a file that is gone, downloads, the end."""
    paths = [put(officer, name, content) for name, content in NAMES.items()]
    paths.append(put(officer, "old.txt", b"gone soon"))
    made = officer.post("/api/shares", json={
        "paths": paths, "password": "Sesame, open", "max_uses": 1}).json()
    assert officer.delete("/files/delete/for the bank/old.txt").status_code == 200
    where, folder = "/s/" + made["token"], downloads(window, tmp_path)
    hand.go(where)
    hand.sees("Shared files", "Password")
    window.look("share-locked")
    hand.fill(password="Simsalabim")
    hand.press("Open", "main")
    assert hand.where == where + "/unlock"
    hand.sees("This is not the password.")
    window.driver.get_log("browser")  # Chromium notes the 403
    window.look("share-wrong")
    hand.fill(password="Sesame, open")
    hand.press("Open", "main")
    assert hand.where == where
    hand.sees("plan.txt", "9 bytes", "1.6 kB", "Ŋoma & <sons>.pdf", "1.4 MB",
              "no longer there", "holds until")
    window.look("share")
    for number, content in enumerate(NAMES.values(), 1):
        take(hand, number, folder, content)
    assert officer.delete("/api/shares/" + made["share_id"]).status_code == 200
    hand.go(where)
    hand.sees("This link opens nothing")
    window.driver.get_log("browser")
    window.look("share-gone")


def test_from_a_letter(window, officer, elsewhere, tmp_path):
    """Who comes by the link in a letter a second time is still the same visitor, and
    somebody who is signed in can sign out there."""
    paths = [put(officer, name, content) for name, content in NAMES.items()]
    made = officer.post("/api/shares", json={"paths": paths, "max_uses": 1}).json()
    person, folder = Hand(window), downloads(window, tmp_path)
    for number, content in enumerate(NAMES.values(), 1):
        window.driver.get(elsewhere)
        old = person.find("html")
        window.driver.execute_script("location.href = arguments[0]", made["url"])
        person.wait_for_other(old)
        person.sees("Shared files", "It gives each file as it is when you take it.")
        take(person, number, folder, content)
    person.go("/sign-in?next=/s/" + made["token"])
    person.sign_in()
    person.sees("Shared files", "Olga Officer")
    person.press("Sign out")
    person.sees("You have signed out.")


SEND = """
const [url, fields, done] = [arguments[0], arguments[1], arguments[2]];
const form = new FormData();
for (const name in fields)
	form.append(name, fields[name]);
form.append("file", new Blob(["from a browser"], {type: "text/plain"}), "any.txt");
fetch(url, {method: "POST", body: form}).then(
	reply => done([reply.status, reply.headers.get("ETag")]), why => done(["" + why]));
"""


class Elsewhere(http.server.BaseHTTPRequestHandler):
    """A page of another origin."""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, *words):
        pass


@pytest.fixture
def elsewhere():
    one = http.server.HTTPServer(("127.0.0.1", 0), Elsewhere)
    threading.Thread(target=one.serve_forever, daemon=True).start()
    yield "http://127.0.0.1:%d/" % one.server_port
    one.shutdown()


def test_a_script_of_another_page_uploads(window, officer, elsewhere):
    """By a signed form, as the web front ends do; their pages are of another origin."""
    made = officer.post("/files/presigned-upload",
                        params={"file_path": "direct/a.txt"}).json()
    window.driver.get(elsewhere)
    found = window.driver.execute_async_script(SEND, made["url"], made["fields"])
    assert found[0] == 204 and found[1], (found, window.driver.get_log("browser"))
    assert officer.get("/files/download/direct/a.txt").content == b"from a browser"
    made["fields"]["key"] += "x"
    found = window.driver.execute_async_script(SEND, made["url"], made["fields"])
    assert found[0] == 403, found
