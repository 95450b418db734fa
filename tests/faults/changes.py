# SPDX-License-Identifier: MIT
"""What changes an organisation's files, what it must lead to, and a look at what is there
afterwards: in the database, and behind the program's back where the bytes lie."""
import collections
import hashlib
import itertools
import os

import hurt
import requests
import trail
from server import poll

STATES = """
SELECT 'live' AS kind, file_path, sha256 FROM space_file WHERE deleted_at IS NULL
UNION ALL
SELECT 'trash', file_path, sha256 FROM space_file WHERE deleted_at IS NOT NULL
UNION ALL
SELECT 'version', f.file_path, v.sha256
  FROM space_version AS v JOIN space_file AS f ON f.file_id = v.file_id"""

OBJECTS_OF = """
 WHERE object_id IN (SELECT object_id FROM space_file WHERE file_path LIKE '%(folder)s/%%')
    OR object_id IN (SELECT v.object_id FROM space_version AS v
                       JOIN space_file AS f ON f.file_id = v.file_id
                      WHERE f.file_path LIKE '%(folder)s/%%')"""

number = itertools.count(1)


def content(folder, label):
    """The bytes that `label` stands for in a folder: some blocks, and a bit."""
    return ("%s %s\n" % (folder, label)).encode() * 5000


def upload(path, label):
    """As the words of a request; so are the others."""
    folder, _, name = path.rpartition("/")
    return "POST", "/files/upload?folder=" + folder, {
        "files": {"file": (name, content(folder, label), "application/octet-stream")}}


def delete(path):
    return "DELETE", "/files/delete/" + path, {}


def do(client, request):
    method, path, more = request
    return client.call(method, path, **more)


def states(running, folder):
    """How often each (kind, path, SHA-256) is there."""
    return collections.Counter(
        (r["kind"], r["file_path"], r["sha256"]) for r in trail.ask(running, STATES)
        if r["file_path"].startswith(folder + "/"))


def key_of(row):
    return row["object_key"] or "objects/%s/%s" % (row["object_id"][-2:],
                                                   row["object_id"])


def bytes_of(running, row):
    """Of a row of object, read where it says that they are."""
    if row["stored_in"] == "s3":
        return running.bucket.read(key_of(row), row["object_version"])
    name = os.path.join(running.state, "store", row["object_id"][-2:], row["object_id"])
    with open(name, "rb") as f:
        return f.read()


def objects(running, where=""):
    """The rows of object, each of which has its bytes."""
    rows = trail.ask(running, "SELECT object_id, stored_in, object_key, object_version,"
                              " file_size, sha256 FROM object " + where)
    for row in rows:
        found = bytes_of(running, row)
        assert len(found) == row["file_size"], row
        assert hashlib.sha256(found).hexdigest() == row["sha256"], row
    return rows


def intact(running):
    """Each row has its bytes, and the figures agree; the rows."""
    rows = objects(running)
    status, out, err = running.cem("check", "space", "--config", running.config)
    assert status == 0, out + err
    return rows


def on_disk(running):
    """The names of what lies in the store's folder, temporary or not."""
    return [name for where, _, files in os.walk(os.path.join(running.state, "store"))
            if os.path.basename(where) != "swept" for name in files if name != "ID"]


def swept(running):
    """The sweep leaves what rows name, and nothing else, not even in nginx's spool."""
    running.cem("sweep", "--config", running.config, "--age", "0",
                *(["--s3-age", "0"] if running.bucket else []))
    rows = intact(running)
    assert sorted(on_disk(running)) == sorted(
        row["object_id"] for row in rows if row["stored_in"] == "disk")
    if running.bucket:
        assert {(key, version) for key, version, _ in running.bucket.versions()} == {
            (key_of(row), row["object_version"]) for row in rows
            if row["stored_in"] == "s3"}

    def nothing_spooled():
        return not hurt.spooled(running)
    poll(nothing_spooled)


class Case:
    """A change of what lies in a folder. What is there before and after is told as "kind
    name label", with a comma between two."""

    def __init__(self, before, after, act):
        self.before, self.after, self.act = before, after, act

    @staticmethod
    def words(state):
        return [each.split() for each in state.split(",") if each]

    def prepare(self, client, folder):
        """Versions are what was overwritten, trash is what was deleted."""
        order = ("version", "live", "trash")
        for kind, name, label in sorted(self.words(self.before),
                                        key=lambda words: order.index(words[0])):
            path = folder + "/" + name
            assert do(client, upload(path, label)).status_code == 200
            if kind == "trash":
                assert do(client, delete(path)).status_code == 200

    def expected(self, state, folder):
        return collections.Counter(
            (kind, folder + "/" + name,
             hashlib.sha256(content(folder, label)).hexdigest())
            for kind, name, label in self.words(state))


def two_paths(verb):
    """copy or move from a to b."""
    return lambda client, folder: ("POST", "/files/" + verb, {"params": {
        "source_path": folder + "/a", "destination_path": folder + "/b"}})


def kept(verb):
    """restore or purge `a`, if it is in the trash, or else its first version."""
    def request(client, folder):
        path = folder + "/a"
        for item in client.get("/api/storage/trash").json()["items"]:
            if item["path"] == path:
                return "POST", "/api/files/%s/%s" % (item["file_id"], verb), {}
        file_id = client.get("/files/metadata/" + path).headers["X-File-Id"]
        first = client.get("/api/files/%s/versions" % file_id).json()["items"][0]
        return "POST", "/api/files/%s/%s" % (file_id, verb), {
            "params": {"version": first["version_id"]}}
    return request


CASES = {
    "upload": Case("", "live a 1", lambda c, f: upload(f + "/a", 1)),
    "overwrite": Case("live a 1", "live a 2,version a 1",
                      lambda c, f: upload(f + "/a", 2)),
    "copy": Case("live a 1", "live a 1,live b 1", two_paths("copy")),
    "copy over": Case("live a 1,live b 2", "live a 1,live b 1,version b 2",
                      two_paths("copy")),
    "move": Case("live a 1", "live b 1", two_paths("move")),
    "move over": Case("live a 1,live b 2", "live b 1,trash b 2", two_paths("move")),
    "delete": Case("live a 1", "trash a 1", lambda c, f: delete(f + "/a")),
    "delete many": Case("live a 1,live b 2", "trash a 1,trash b 2",
                        lambda c, f: ("POST", "/files/delete-multiple",
                                      {"json": [f + "/a", f + "/b"]})),
    "restore": Case("trash a 1", "live a 1", kept("restore")),
    "restore version": Case("version a 1,live a 2", "live a 1,version a 2",
                            kept("restore")),
    "purge": Case("trash a 1", "", kept("purge")),
    "purge version": Case("version a 1,live a 2", "live a 2", kept("purge")),
}


def attempt(client, request):
    """The reply's status; None if there was none."""
    try:
        reply = do(client, request)
    except requests.RequestException:
        return None
    if reply.status_code != 200:
        hurt.gave_up(reply)
    return reply.status_code


def complete(running, client):
    """The workers, when all are there and one has answered."""
    def found():
        workers = hurt.web_workers(running)
        return workers if len(workers) == running.workers else None
    workers = poll(found)
    assert client.get("/api/farmers?limit=1").status_code == 200
    return workers


def killed_at(running, admin, name, call, k, victims=complete):
    """Kill one of the processes victims(running, admin) at its k-th call while a case is
    done: it is done whole or not at all. False: all lived."""
    case, folder = CASES[name], "kill%d" % next(number)
    case.prepare(admin, folder)
    request = case.act(admin, folder)
    before, after = (case.expected(s, folder) for s in (case.before, case.after))
    assert states(running, folder) == before
    pids = victims(running, admin)
    with hurt.Strace(running, "%s:signal=KILL:when=%d" % (call, k), calls=call,
                     pids=pids):
        status = attempt(hurt.twin(admin), request)
    lived = victims(running, admin) == pids
    now = states(running, folder)
    objects(running, OBJECTS_OF % {"folder": folder})
    assert now == after or (now == before and status != 200), (call, k, status, now)
    assert status == 200 or not lived, (call, k, status)
    if now == before != after:
        assert attempt(admin, request) == 200, "it works the next time"
        assert states(running, folder) == after
    for kind, path, sha256 in after:
        if kind == "live":
            got = admin.get("/files/download/" + path)
            assert hashlib.sha256(got.content).hexdigest() == sha256
    return not lived


def killed_at_all(running, admin, name, calls, victims=complete):
    """calls: [(call, first, stride)]: at the first one, and every stride further ones,
    until it lives. How often one was killed."""
    killed = 0
    for call, first, stride in calls:
        k = first
        while killed_at(running, admin, name, call, k, victims):
            killed += 1
            k += stride
    return killed


class Uploaders(hurt.Crowd):
    """Threads that all upload to one path, each time another content."""

    def __init__(self, admin, path, threads=4):
        super().__init__(threads)
        self.admin, self.path = admin, path
        self.confirmed, self.unsure = set(), set()  # labels

    def work(self, number):
        client = hurt.twin(self.admin)
        for turn in itertools.count():
            if self.stopping.is_set():
                return
            label = "%d-%d" % (number, turn)
            status = attempt(client, upload(self.path, label))
            (self.confirmed if status == 200 else self.unsure).add(label)

    def grown(self, n):
        goal = len(self.confirmed) + n

        def enough():
            return len(self.confirmed) >= goal
        poll(enough)

    def check(self, running):
        """One of them is the file, each other is its version, and none is there twice."""
        folder = self.path.partition("/")[0]
        known = {hashlib.sha256(content(folder, label)).hexdigest(): label
                 for label in self.confirmed | self.unsure}
        found = states(running, folder)
        labels = [known[sha256] for _, _, sha256 in found]
        assert set(found.values()) == {1} and len(set(labels)) == len(labels)
        assert self.confirmed <= set(labels)
        live = [known[sha256] for kind, _, sha256 in found if kind == "live"]
        got = self.admin.get("/files/download/" + self.path)
        assert [got.content] == [content(folder, label) for label in live]
