# SPDX-License-Identifier: MIT
"""Our side: the courier as a worker asks it, by tests/s3/carry.c."""
import collections
import os
import subprocess

from ceph import ACCESS, BUCKET, ROOT, SECRET

CARRY = os.path.join(ROOT, "build", "unit", "carry")

SETTINGS = {
    "DATABASE_URL": "sqlite:/nonexistent/cem.db", "STATE_DIR": "/nonexistent",
    "SOCKET": "/nonexistent/socket", "JWT_SECRET": "j" * 32, "SECRET_KEY": "k" * 32,
    "S3_BUCKET": BUCKET, "S3_STYLE": "path", "S3_ACCESS_KEY": ACCESS,
    "S3_SECRET_KEY": SECRET,
}

# A worker gets nothing else of the bucket: what tests call a key lies below this.
BELOW = "objects/t/"

Found = collections.namedtuple("Found", "size modified etag version media object_id")
Entry = collections.namedtuple("Entry", "key version size modified marker")


class Courier:
    """Each method gives what carry answered: the words after ok, else the error's name."""

    def __init__(self, folder, patience=5000, preload=(), **settings):
        self.folder = str(folder)
        env = {"PATH": os.environ["PATH"], "CARRY_DIR": self.folder,
               "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0",
               "FAKETIME_DONT_FAKE_MONOTONIC": "1", **SETTINGS, **settings}
        self.log_path = os.path.join(self.folder, "carry.log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*preload, CARRY], env=env, stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=log)
        self.started = self.ask("start", patience)

    def ask(self, *words):
        self.send(*words)
        return self.answer()

    def send(self, *words):
        line = "\t".join(str(word) for word in words)
        assert "\n" not in line
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def line(self):
        line = self.process.stdout.readline()
        assert line.endswith(b"\n"), "carry has ended: " + self.log()
        return line.decode()[:-1].split("\t")

    def answer(self):
        name, *rest = self.line()
        return rest if name == "ok" else name

    def log(self):
        with open(self.log_path, encoding="utf-8") as f:
            return f.read()

    def file(self, name, content=None):
        path = os.path.join(self.folder, name)
        if content is not None:
            with open(path, "wb") as f:
                f.write(content)
        return path

    def put(self, content, key, media="", object_id="", tenant="", name="", etag="",
            sha256=""):
        path = content if isinstance(content, str) else self.file("sent", content)
        answer = self.ask("put", path, below(key), media, object_id, tenant, name, etag, sha256)
        self.etag = None if isinstance(answer, str) else answer[1]
        return answer if isinstance(answer, str) else answer[0]

    def get(self, key, version="", most=""):
        """The bytes and what S3 said of them; or the error's name."""
        path = self.file("got")
        answer = self.ask("get", below(key), version, path, most)
        if isinstance(answer, str):
            return answer
        with open(path, "rb") as f:
            return f.read(), found(answer)

    def head(self, key, version=""):
        answer = self.ask("head", below(key), version)
        return answer if isinstance(answer, str) else found(answer)

    def copy(self, source, version, key, size, media="", object_id=""):
        answer = self.ask("copy", below(source), version, below(key), size, media, object_id)
        return answer if isinstance(answer, str) else answer[0]

    def remove(self, key, version):
        answer = self.ask("remove", below(key), version)
        return answer if isinstance(answer, str) else "ok"

    def presign(self, method, key, version="", seconds=60, disposition="", media=""):
        answer = self.ask("presign", method, below(key), version, seconds, disposition, media)
        return answer if isinstance(answer, str) else answer[0]

    def form(self, key, most=1000, seconds=60):
        """(url, fields) or the error's name."""
        answer = self.ask("form", below(key), most, seconds)
        if isinstance(answer, str):
            return answer
        return answer[0], dict(zip(answer[2::2], answer[3::2]))

    def list(self, prefix, limit=1000, after=("", "")):
        """(entries, (more, next_key, next_version)) or the error's name."""
        self.send("list", below(prefix), below(after[0]), after[1], limit)
        entries = []
        while True:
            name, *rest = self.line()
            if name == "ok":
                return entries, (rest[0] == "1", bare(rest[1]), rest[2])
            if name != "entry":
                return name
            entries.append(Entry(bare(rest[0]), rest[1], int(rest[2]), int(rest[3]),
                                 rest[4] == "1"))

    def check(self):
        """(error, versions, skew, words)"""
        self.send("check")
        error, versions, skew, words = self.line()
        return error, int(versions), int(skew), words

    def end(self):
        self.process.stdin.close()
        assert self.process.wait(timeout=60) == 0, self.log()


def below(key):
    """The key itself; "" stays, and what begins with / is taken as it is behind that."""
    return key[1:] if key.startswith("/") else key and BELOW + key


def bare(key):
    return key[len(BELOW):] if key.startswith(BELOW) else key


def found(words):
    return Found(int(words[0]), int(words[1]), *words[2:])
