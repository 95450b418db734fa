# SPDX-License-Identifier: MIT
"""kill -9 while the files of an organisation are changed, at any moment and at each commit:
nothing that was acknowledged is lost, no row is without its bytes, and the figures are
what a count gives."""
import hashlib
import os
import random
import subprocess
import threading
import time

import hurt
import people
import pytest
import requests
import server as servers
import trail
from client import Client

DAY = 24 * 3600 * 10 ** 6


@pytest.fixture(scope="module")
def running(start):
    return start(workers=3, settings={"JOB_LEASE_SECONDS": "2"})


@pytest.fixture(scope="module")
def alone(start):
    """One worker, so that a fault surely hits it; jobs only when a test does them."""
    return start(workers=1, settings={"JOB_WORKERS": "0", "JOB_LEASE_SECONDS": "2"})


def sha256(content):
    return hashlib.sha256(content).hexdigest()


def rows(running):
    """(all rows that have bytes, {object: its row})"""
    having = trail.ask(running, "SELECT object_id, sha256 FROM space_file UNION ALL"
                                " SELECT object_id, sha256 FROM space_version")
    known = trail.ask(running, "SELECT object_id, sha256 FROM object")
    return having, {row["object_id"]: row["sha256"] for row in known}


def stored(running):
    return {os.path.basename(name): name for name in running.stored()}


def check_bytes(running):
    """Every row has an object, and each object its bytes; the sweep takes the rest away
    and nothing else."""
    having, known = rows(running)
    assert len({r["object_id"] for r in having}) == len(having)
    for row in having:
        assert known[row["object_id"]] == row["sha256"]
    files = stored(running)
    for object_id, digest in known.items():
        with open(files[object_id], "rb") as f:
            assert sha256(f.read()) == digest, object_id
    hurt.sweep(running)
    assert set(stored(running)) == set(known)


def check_figures(running):
    status, out, err = running.cem("check", "space", "--config", running.config,
                                   check=False)
    assert status == 0, out + err


def upload(client, path, content):
    folder, _, name = path.rpartition("/")
    return client.upload("/files/upload", content, name, "text/plain",
                         params={"folder": folder})


def ends(client, verb, source, destination):
    return client.post("/files/" + verb, params={
        "source_path": source, "destination_path": destination})


def trashed(client):
    return client.get("/api/storage/trash", params={"limit": 20}).json()["items"]


class Changers(hurt.Crowd):
    """Threads that change the same few files in every way."""

    def __init__(self, admin, folder, threads=4):
        super().__init__(threads)
        self.admin, self.folder = admin, folder
        self.acked, self.statuses, self.n = set(), set(), 0
        self.lock = threading.Lock()

    def path(self):
        return "%s/%s/%d" % (self.folder, random.choice("ab"), random.randrange(3))

    def restore(self, client):
        found = client.get("/api/storage/trash", params={"limit": 2})
        for item in found.json().get("items", ()):  # a killed worker tells of none
            client.post("/api/files/%s/restore" % item["file_id"],
                        params={"path": "%s/back/%s" % (self.folder, item["file_id"])})
        return found

    def version(self, client):
        reply = client.get("/files/metadata/" + self.path())
        file_id = reply.headers.get("X-File-Id")
        found = client.get("/api/files/%s/versions" % file_id)
        if found.status_code != 200 or not found.json()["items"]:
            return found
        return client.post("/api/files/%s/restore" % file_id, params={
            "version": random.choice(found.json()["items"])["version_id"]})

    def store(self, client):
        content = os.urandom(random.randrange(1, 5000))
        reply = upload(client, self.path(), content)
        if reply.status_code == 200:
            with self.lock:
                self.acked.add(sha256(content))
        return reply

    def work(self, number):
        client = hurt.twin(self.admin)
        while not self.stopping.is_set():
            act = random.choice([
                self.store, self.store, self.store, self.restore, self.version,
                lambda c: ends(c, "move", self.path(), self.path()),
                lambda c: ends(c, "copy", self.path(), self.path()),
                lambda c: c.delete("/files/delete/" + self.path()),
                lambda c: c.post("/files/delete-multiple",
                                 json=[self.path() for _ in range(3)]),
                lambda c: c.delete("/files/folder/delete", params={
                    "folder_path": self.folder + "/b"})])
            try:
                reply = act(client)
            except requests.RequestException:
                client = hurt.twin(self.admin)
                continue
            with self.lock:
                self.statuses.add(reply.status_code)
                self.n += 1

    def grown(self, n):
        goal = self.n + n

        def enough():
            return self.n >= goal
        servers.poll(enough)


def test_kill_during_changes(running):
    admin = hurt.sign_in(running)
    with Changers(admin, "k" + people.word(8)) as crowd:
        crowd.grown(40)
        for _ in range(12):
            crowd.grown(15)
            time.sleep(random.uniform(0, 0.03))
            victims = running.children()
            if victims:
                hurt.kill(random.choice(victims))
        crowd.grown(40)
    hurt.recovered(running)
    assert crowd.statuses <= {200, 404, 409, 502, 503}, crowd.statuses
    having, _ = rows(running)
    lost = crowd.acked - {r["sha256"] for r in having}
    assert crowd.acked and not lost, (len(lost), len(crowd.acked))
    check_bytes(running)
    check_figures(running)


# at each commit

CALLS = "fdatasync,fsync,pwrite64,sendto,linkat,renameat,renameat2"


def settled(alone, folder):
    """Files of every kind, made before the fault."""
    client = hurt.recovered(alone)
    for name in ("a", "b", "gone", "d/1", "d/2"):
        for turn in (b"first ", b"then "):
            path = "%s/%s" % (folder, name)
            assert upload(client, path, turn + name.encode()).status_code == 200
    client.delete("/files/delete/%s/gone" % folder)
    return client


def id_of(client, path):
    return client.get("/files/metadata/" + path).headers.get("X-File-Id")


def act(client, verb, folder):
    a, b = folder + "/a", folder + "/b"
    file_id = id_of(client, a)
    [version] = client.get("/api/files/%s/versions" % file_id).json()["items"]
    gone = trashed(client)[0]["file_id"]
    return {
        "move": lambda: ends(client, "move", a, folder + "/new/c"),
        "move over": lambda: ends(client, "move", a, b),
        "copy": lambda: ends(client, "copy", a, folder + "/new/c"),
        "copy over": lambda: ends(client, "copy", a, b),
        "delete": lambda: client.delete("/files/delete/" + a),
        "folder": lambda: client.delete("/files/folder/delete",
                                        params={"folder_path": folder + "/d"}),
        "restore": lambda: client.post("/api/files/%s/restore" % gone),
        "version": lambda: client.post("/api/files/%s/restore" % file_id, params={
            "version": version["version_id"]}),
        "purge": lambda: client.post("/api/files/%s/purge" % gone),
    }[verb]


def contents(running, folder):
    """What every row of the folder's files says, as a multiset of hashes."""
    found = trail.ask(running, "SELECT f.sha256 FROM space_file AS f WHERE f.file_path"
                               " LIKE '%s/%%' UNION ALL SELECT v.sha256 FROM"
                               " space_version AS v JOIN space_file AS f ON f.file_id ="
                               " v.file_id WHERE f.file_path LIKE '%s/%%'"
                      % (folder, folder))
    return sorted(r["sha256"] for r in found)


@pytest.mark.parametrize("verb", ["move", "move over", "copy", "copy over", "delete",
                                  "folder", "restore", "version", "purge"])
def test_kill_at_each_commit(alone, verb):
    """Done or not, never half; and what was answered is done."""
    cut = []
    for at in (1, 2, 3, 5):
        folder = "c" + people.word(8)
        client = settled(alone, folder)
        before = contents(alone, folder)
        do = act(client, verb, folder)
        live = client.get("/files/list", params={"folder": folder}).text
        with hurt.Strace(alone, "%s:signal=SIGKILL:when=%d" % (CALLS, at), calls=CALLS):
            try:
                done = do().status_code
            except requests.RequestException:
                done = None
        cut += [at] if done != 200 else []
        client = hurt.recovered(alone)
        after = contents(alone, folder)
        if verb == "purge":
            assert len(before) - len(after) in (0, 1, 2), at
        elif verb.startswith("copy"):
            assert len(after) - len(before) in (0, 1), at
        else:
            assert after == before, at
        now = client.get("/files/list", params={"folder": folder}).text
        if done == 200 and verb not in ("purge",):
            assert now != live or verb == "version", at
        check_bytes(alone)
        check_figures(alone)
    print(verb, "was cut short at", cut)
    assert cut


def test_kill_the_purge(alone):
    """At every commit and at every removal: rows go first, so none is without bytes."""
    folder = "p" + people.word(8)
    client = hurt.recovered(alone)
    for n in range(30):
        for turn in range(2):
            upload(client, "%s/%d" % (folder, n), b"%d %d" % (turn, n))
    client.delete("/files/folder/delete", params={"folder_path": folder})
    for table, column in (("space_version", "replaced_at"), ("space_file", "deleted_at")):
        alone.sql("UPDATE %s SET %s = %s - %d WHERE %s IS NOT NULL"
                  % (table, column, column, 91 * DAY, column))
    for calls in ("unlinkat", "fdatasync,fsync,sendto"):
        for at in (1, 2, 3, 5, 9, 14):
            alone.sql("UPDATE job SET due_at = 1, job_state = 'queued'"
                      " WHERE job_kind = 'trash'")
            subprocess.run(
                ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + calls, "-e",
                 "inject=%s:signal=SIGKILL:when=%d" % (calls, at), servers.CEM, "work",
                 "--once", "--config", alone.config], env=alone.environment(),
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL, timeout=servers.LIMIT, check=False)
            having, known = rows(alone)
            assert not set(known) - set(stored(alone)), (calls, at)
            assert {r["object_id"] for r in having} <= set(known)
            check_figures(alone)
    alone.sql("UPDATE job SET due_at = 1, job_state = 'queued' WHERE job_kind = 'trash'")
    alone.cem("work", "--once", "--config", alone.config)
    assert not contents(alone, folder)
    check_bytes(alone)
    assert Client(alone).get("/api/health").status_code == 200
