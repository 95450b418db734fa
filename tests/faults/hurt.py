# SPDX-License-Identifier: MIT
"""What fault tests do to a server, and how they look at what is left of it."""
import os
import signal
import subprocess
import threading

import people
import requests
import server as servers
import wire
from client import Client
from server import poll


def sign_in(running):
    return Client(running).login(servers.ADMIN_EMAIL, servers.ADMIN_PASSWORD)


def twin(client):
    """Another connection with the same token."""
    other = Client(client.server)
    other.token = client.token
    return other


def recovered(running):
    """Wait until the server answers as if nothing had happened."""
    def answers():
        try:
            return sign_in(running).get("/api/farmers").status_code == 200
        except (AssertionError, OSError, requests.RequestException):
            return False
    poll(answers)
    return sign_in(running)


class Crowd:
    """Threads that each do self.work(its number) until told to stop."""

    def __init__(self, threads):
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.work, args=(i,))
                        for i in range(threads)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *why):
        self.stopping.set()
        for thread in self.threads:
            thread.join()


class Writers(Crowd):
    """Threads that register farmers until told to stop, and remember the answers."""

    def __init__(self, admin, threads=4, photo=None):
        super().__init__(threads)
        self.admin = admin
        self.photo = photo
        self.acked = {}     # NRC -> farmer id
        self.failed = set()  # NRCs without a good answer
        self.photos = {}    # farmer id -> file id, of the good answers
        self.errors = []    # what the failures were
        self.lock = threading.Lock()

    def work(self, number):
        while not self.stopping.is_set():
            client = twin(self.admin)
            nrc = people.nrc()
            try:
                reply = client.post("/api/farmers",
                                    json=people.form(personal={"nrc": nrc}))
            except requests.RequestException as why:
                self.note(nrc, None, str(why))
                continue
            farmer = reply.json()["farmer_id"] if reply.status_code == 201 else None
            self.note(nrc, farmer, reply.status_code)
            if farmer and self.photo:
                self.send_photo(client, farmer)

    def note(self, nrc, number, outcome):
        with self.lock:
            if number:
                self.acked[nrc] = number
            else:
                self.failed.add(nrc)
                self.errors.append(outcome)

    def send_photo(self, client, number):
        try:
            reply = client.upload("/api/farmers/%s/upload-photo" % number, self.photo)
        except requests.RequestException as why:
            self.errors.append(str(why))
            return
        if reply.status_code == 200:
            self.photos[number] = reply.json()["file_id"]
        else:
            self.errors.append(reply.status_code)

    def grown(self, n):
        """Wait for n further good answers."""
        goal = len(self.acked) + n

        def enough():
            return len(self.acked) >= goal
        poll(enough)

    def check(self, admin):
        """Every acknowledged farmer is whole; the others are whole or absent."""
        present = 0
        for nrc, number in self.acked.items():
            rows = admin.get("/api/farmers", params={"nrc": nrc}).json()
            assert [r["farmer_id"] for r in rows] == [number], nrc
            present += 1
        for nrc in self.failed:
            rows = admin.get("/api/farmers", params={"nrc": nrc}).json()
            assert len(rows) <= 1, nrc
            for row in rows:
                whole = admin.get("/api/farmers/" + row["farmer_id"])
                assert whole.status_code == 200, whole.text
                assert whole.json()["personal_info"]["nrc"] == nrc
                found = admin.get("/api/farmers", params={
                    "search": whole.json()["personal_info"]["last_name"]}).json()
                assert row["farmer_id"] in [r["farmer_id"] for r in found]
                present += 1
        return present


def total(admin):
    return admin.get("/api/farmers/count").json()["total"]


def kill(pid, with_signal=signal.SIGKILL):
    """It may have ended by itself in between."""
    try:
        os.kill(pid, with_signal)
    except ProcessLookupError:
        pass


def sweep(running):
    running.cem("sweep", "--config", running.config, "--age", "0")


class Strace:
    """strace on the workers of a server (or only some processes), with a fault injected
    into their calls."""

    def __init__(self, running, *injections, calls, pids=None):
        self.pids = pids or running.children()
        words = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=" + calls,
                 "-e", "signal=none"]
        for injection in injections:
            words += ["-e", "inject=" + injection]
        for pid in self.pids:
            words += ["-p", str(pid)]
        self.words = words

    def __enter__(self):
        self.process = subprocess.Popen(self.words, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE)

        def attached():
            if self.process.poll() is not None:
                raise AssertionError(self.process.stderr.read().decode())
            return all(tracer(pid) == self.process.pid or not servers.alive(pid)
                       for pid in self.pids)  # the fault may have struck already
        poll(attached)
        return self

    def __exit__(self, *why):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(timeout=60)
        self.process.stderr.close()

        def detached():
            return not any(tracer(pid) for pid in self.pids if servers.alive(pid))
        poll(detached)


def web_workers(running):
    table = servers.processes()
    return [pid for pid in running.children()
            if pid in table and table[pid][1] == "worker"]


def tracer(pid):
    try:
        with open("/proc/%d/status" % pid, encoding="utf-8") as f:
            for line in f:
                if line.startswith("TracerPid:"):
                    return int(line.split()[1])
    except OSError:
        pass
    return 0


def spooled(running):
    """The bodies that nginx keeps at the moment."""
    found = []
    for where, _, files in os.walk(os.path.join(running.state, "spool")):
        found += [os.path.join(where, f) for f in files]
    return found


def upload_bytes(client, farmer_id, photo):
    """An upload as the bytes of a request."""
    body = (b"--b\r\nContent-Disposition: form-data; name=\"file\"; "
            b"filename=\"p.jpg\"\r\nContent-Type: image/jpeg\r\n\r\n" + photo
            + b"\r\n--b--\r\n")
    return wire.request("POST", "/api/farmers/%s/upload-photo" % farmer_id, [
        ("Authorization", "Bearer " + client.token),
        ("Content-Type", "multipart/form-data; boundary=b")], body)


def gave_up(reply):
    """An honest error: 5xx, in the form that the client shows."""
    assert 500 <= reply.status_code < 600, (reply.status_code, reply.text[:300])
    media = reply.headers.get("Content-Type", "")
    assert media.startswith("application/json"), (reply.status_code, reply.text)
    assert reply.json()["detail"]
