# SPDX-License-Identifier: MIT
"""Figures 1 and 3: requests a second against the bare program, and downloads."""
import hashlib
import os
import secrets
import time

import bed as beds
import people

FILE_SIZE = 5 * 1000 * 1000


def requests_per_second(table, bed, label, goals, quick):
    """goals: {"health": least ratio, "get": ..., "list": ...}"""
    base, token = bed.server.base, bed.admin.token
    one = bed.admin.get("/api/farmers?limit=1").json()[0]["farmer_id"]
    if len(bed.admin.get("/api/farmers?limit=20").json()) != 20:
        raise AssertionError("the list does not have 20 farmers")
    names = {"bare": "bare libfcgi, 30 bytes", "health": "GET /api/health",
             "get": "GET /api/farmers/{id}", "list": "GET /api/farmers, 20 of them"}
    targets = {"bare": (base + "/api/bare", None),
               "health": (base + "/api/health", None),
               "get": (base + "/api/farmers/" + one, token),
               "list": (base + "/api/farmers?limit=20", token)}
    targets = {name: target for name, target in targets.items()
               if name == "bare" or name in goals}
    rates = beds.rounds(targets, 3 if quick else 14, 1)
    for name in targets:
        table.add("%s: %s" % (label, names[name]), (rates[name], "/s"),
                  rates[name] / rates["bare"], goals.get(name))


def cpu_per_request(table, bed, label, quick):
    """For comparison: what the program's own processes spend on a request."""
    one = bed.admin.get("/api/farmers?limit=1").json()[0]["farmer_id"]
    for path in ("/api/health", "/api/farmers/" + one, "/api/farmers?limit=20"):
        before = bed.cpu_s()
        run = beds.Wrk(bed.server.base + path, 1 if quick else 2, bed.admin.token).good()
        spent = bed.cpu_s() - before
        words = path.replace(one, "{id}").replace("?limit=20", ", 20 of them")
        table.add("%s: CPU of the workers, %s" % (label, words),
                  (spent * 1e6 / run.n, "us"))


def add_file(bed, content):
    """A farmer's document in the store, as an upload would leave it; its id."""
    file_id = people.row_id(time.time_ns() // 1000)
    farmer_id = bed.admin.get("/api/farmers?limit=1").json()[0]["farmer_id"]
    name = bed.store_path(file_id)
    with open(name, "wb") as f:
        f.write(content)
    os.chmod(name, 0o644)
    with bed.connect("rw") as db:
        db.execute("INSERT INTO file (file_id, farmer_id, file_type, file_name,"
                   " content_type, file_size, sha256, uploaded_at, uploaded_by)"
                   " VALUES (?, ?, 'document', 'bench.bin',"
                   " 'application/octet-stream', ?, ?, ?, 'bench')",
                   (file_id, farmer_id, len(content),
                    hashlib.sha256(content).hexdigest(), time.time_ns() // 1000))
        db.execute("INSERT INTO object (object_id, stored_in, file_size, sha256,"
                   " created_at) VALUES (?, 'disk', ?, ?, ?)",
                   (file_id, len(content), hashlib.sha256(content).hexdigest(),
                    time.time_ns() // 1000))
    return file_id


def downloads(table, bed, quick):
    content = secrets.token_bytes(FILE_SIZE)
    file_id = add_file(bed, content)
    with open(os.path.join(bed.server.state, "static", "bench.bin"), "wb") as f:
        f.write(content)
    os.chmod(f.name, 0o644)
    for path in ("/api/files/" + file_id, "/static/bench.bin"):
        if bed.admin.get(path).content != content:
            raise AssertionError("other bytes came back from " + path)
    base, token = bed.server.base, bed.admin.token
    rates = beds.rounds({"nginx": (base + "/static/bench.bin", token),
                         "ours": (base + "/api/files/" + file_id, token)},
                        3 if quick else 14, 1)
    table.add("nginx's own static file of 5 MB", (rates["nginx"], "/s"), 1.0)
    table.add("GET /api/files/{id} of 5 MB", (rates["ours"], "/s"),
              rates["ours"] / rates["nginx"], 0.8)
