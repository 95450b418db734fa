# SPDX-License-Identifier: MIT
"""Figures 4 and 5: a worker's private memory, and the time of a start."""
import os
import pwd
import signal
import socket
import statistics
import struct
import subprocess
import time

import bed as beds
from server import CEM, descendants

SOON, HALF, LATE = 10000, 50000, 100000


def private_mb(pid):
    total = 0
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as f:
        for line in f:
            if line.startswith(("Private_Clean:", "Private_Dirty:")):
                total += int(line.split()[1])
    return total / 1024


def web_workers(bed):
    """They are the ones with helpers of their own."""
    found = [p for p in bed.server.children() if descendants(p)]
    if len(found) != beds.WORKERS:
        raise AssertionError("%d web workers instead of %d" % (len(found),
                                                               beds.WORKERS))
    return found


def mixed_load(bed, folder, goal, done, seconds):
    """Mixed requests until `goal` were answered in all, or time is up; how many."""
    end = time.monotonic() + seconds
    photo = bed.rows("SELECT photo_file_id FROM farmer"
                     " WHERE photo_file_id IS NOT NULL LIMIT 1")[0][0]
    while done < goal and time.monotonic() < end:
        run = beds.Wrk(bed.server.base, 1 if goal - done < 5000 else 5,
                       bed.admin.token, os.path.join(beds.HERE, "mixed.lua"),
                       ["--", str(100000 + done), folder + "/farmers",
                        bed.store_path(photo)]).good()
        done += run.n
    return done


def memory(table, bed, folder, quick):
    with open(folder + "/farmers", "w", encoding="ascii") as f:
        for row in bed.rows("SELECT farmer_id FROM farmer ORDER BY farmer_id LIMIT 300"):
            f.write(row[0] + "\n")
    workers = web_workers(bed)
    table.add("private memory of a worker at start, largest",
              (max(map(private_mb, workers)), "MB"))
    n, mean = 0, {}
    for goal in (SOON,) if quick else (SOON, HALF, LATE):
        n = mixed_load(bed, folder, goal, n, 120)
        beds.wait_quiet()
        if web_workers(bed) != workers:
            raise AssertionError("a worker was replaced")
        sizes = list(map(private_mb, workers))
        mean[goal] = statistics.mean(sizes)
        table.add("private memory after %d mixed requests, largest" % n,
                  (max(sizes), "MB"), most=12)
    if not quick:
        # By the half way every worker has done everything and the database's page
        # caches are full: what grows after that would grow for ever.
        table.add("private memory, mean of the workers, against half way",
                  (mean[LATE], "MB"), mean[LATE] / mean[HALF], most=1.05)


def record(kind, content):
    """A FastCGI record (specification 1.0, section 3.3) of request 1."""
    return struct.pack(">BBHHBx", 1, kind, 1, len(content), 0) + content


def health_request():
    """BEGIN_REQUEST as responder, PARAMS, STDIN."""
    params = b""
    for name, value in (("REQUEST_METHOD", "GET"), ("REQUEST_URI", "/api/health"),
                        ("QUERY_STRING", ""), ("REMOTE_ADDR", "127.0.0.1"),
                        ("SERVER_PROTOCOL", "HTTP/1.1"), ("HTTPS", "on")):
        params += bytes((len(name), len(value))) + (name + value).encode()
    return (record(1, struct.pack(">HB5x", 1, 0)) + record(4, params) + record(4, b"") +
            record(5, b""))


def ask(path):
    """The reply's bytes; b"" while nobody answers."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(10)
        try:
            s.connect(path)
            s.sendall(health_request())
            reply = b""
            while part := s.recv(65536):
                reply += part
        except OSError:
            return b""
    return reply


def start_once(bed, account):
    """Milliseconds from the start of the program to its first answer."""
    state = bed.server.state
    log = os.path.join(state, "log", "bench-start.log")
    began = time.monotonic()
    with open(log, "ab") as out:
        process = subprocess.Popen([CEM, "serve", "--config", state + "/cem.conf"],
                                   stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                   cwd="/", **account)
    try:
        while b"Status: 200" not in ask(state + "/run/cem.sock"):
            if process.poll() is not None or time.monotonic() - began > 10:
                raise AssertionError("the program does not start; see " + log)
            time.sleep(0.002)
        return (time.monotonic() - began) * 1000
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def starts(table, bed, n=10):
    """On the state folder of a server that has been stopped, as its owner."""
    owner = os.stat(bed.server.state).st_uid
    account = {}
    if os.getuid() != owner:
        one = pwd.getpwuid(owner)
        account = {"user": one.pw_uid, "group": one.pw_gid, "extra_groups": []}
    os.environ["WORKERS"] = str(beds.WORKERS)
    times = [start_once(bed, account) for _ in range(n)]
    table.add("start of the program to its first answer, median of %d" % n,
              (statistics.median(times), "ms"), most=150)
    table.add("  the slowest of them", (max(times), "ms"))
