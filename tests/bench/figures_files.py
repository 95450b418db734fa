# SPDX-License-Identifier: MIT
"""Files of an organisation, against nginx alone: its own PUT (the dav module, which
writes the body to a file and renames it, as we do) and its own static files, in the
same nginx, with the same TLS, on the same disk, from the same client.

A permission costs a question to another process: a bare libfcgi program that lets
everybody have the file is told for comparison.

nginx's PUT waits for no disk. So DURABLE=false is compared with it as it is, and
DURABLE=true with a PUT after which the file and its folder are flushed. nginx has its
own default for the body's buffer (16 KB); with ours it is told for comparison."""
import os
import re
import resource
import secrets
import shutil
import statistics
import subprocess
import time

import bed as beds
from figures_worker import private_mb, web_workers
from server import descendants

LARGE, SMALL = 100 * 1000 * 1000, 10 * 1000

# An ext4 without a journal makes files slowly where others were deleted just before, as
# nginx's spooled ones are: who comes next must not pay for it.
FORGOTTEN_S = 6

PLACES = """
		location ^~ /bench/put/ {
			alias %(folder)s/put/;
			client_max_body_size 0;
			client_body_buffer_size 16k;
			dav_methods PUT;
		}
		location ^~ /bench/put1m/ {
			alias %(folder)s/put/;
			client_max_body_size 0;
			client_body_buffer_size 1m;
			dav_methods PUT;
		}
		location ^~ /bench/get/ {
			alias %(folder)s/get/;
		}
		location ^~ /bench/ask/ {
			fastcgi_pass bare;
		}
"""


class Place:
    """nginx alone beside a server, in its nginx and on its disk."""

    def __init__(self, bed, bare):
        self.bed, self.server = bed, bed.server
        self.folder = os.path.join(self.server.state, "bench")
        owner = os.stat(self.server.state)
        for name in ("", "put", "get"):
            path = os.path.join(self.folder, name)
            os.mkdir(path)
            os.chown(path, owner.st_uid, owner.st_gid)
            os.chmod(path, 0o755)
        name = os.path.join(self.server.state, "nginx", "nginx.conf")
        with open(name, encoding="utf-8") as f:
            text = f.read()
        mark = "\t\tlocation ^~ /static/ {"
        upstream = re.search(r"\tupstream cem \{.*?\n\t\}\n", text, re.S).group()
        twin = re.sub(r"server unix:\S+;", "server unix:%s;" % bare.socket, upstream)
        text = text.replace(upstream, upstream + twin.replace("cem", "bare", 1))
        if text.count(mark) != 1:
            raise AssertionError("no place for nginx alone in nginx.conf")
        with open(name, "w", encoding="utf-8") as f:
            f.write(text.replace(mark, PLACES % {"folder": self.folder} + mark))
        bed.reload_nginx()

    def static(self, name, content):
        path = os.path.join(self.folder, "get", name)
        with open(path, "wb") as f:
            f.write(content)
        os.chmod(path, 0o644)
        return path

    def empty(self):
        shutil.rmtree(os.path.join(self.folder, "put"))
        os.mkdir(os.path.join(self.folder, "put"))
        owner = os.stat(self.server.state)
        os.chown(os.path.join(self.folder, "put"), owner.st_uid, owner.st_gid)

    def flush(self):
        """What was put becomes as durable as what we confirm."""
        where = os.path.join(self.folder, "put")
        for path in [os.path.join(where, name) for name in os.listdir(where)] + [where]:
            fd = os.open(path, os.O_RDONLY)
            os.fsync(fd)
            os.close(fd)

    def nginx_cpu_s(self):
        with open(os.path.join(self.server.state, "nginx", "nginx.pid"),
                  encoding="ascii") as f:
            return sum(map(beds.cpu_of, descendants(int(f.read()))))


class Mover:
    """The client of large files, and the CPU time of all that took part."""

    def __init__(self, place, build, folder):
        self.place, self.build = place, build
        self.source = os.path.join(folder, "large.bin")
        self.content = secrets.token_bytes(LARGE)
        with open(self.source, "wb") as f:
            f.write(self.content)
        self.cpu = {}

    def ours_cpu_s(self):
        """With the threads that hash."""
        return sum(map(beds.cpu_of_all, self.place.bed.processes()))

    def move(self, name, method, path, token=None):
        """Milliseconds of one file, on a connection of its own that is there already."""
        words = [os.path.join(self.build, "mover"), str(self.place.server.port), method,
                 path, self.source, "1"]
        if token:
            words.append("Authorization: Bearer " + token)
        nginx, ours = self.place.nginx_cpu_s(), self.ours_cpu_s()
        done = subprocess.run(words, stdin=subprocess.DEVNULL, check=True, timeout=120,
                              stdout=subprocess.PIPE).stdout.decode().split()
        self.cpu.setdefault(name, []).append((
            float(done[2]), (self.place.nginx_cpu_s() - nginx) * 1e3,
            (self.ours_cpu_s() - ours) * 1e3))
        return float(done[0])

    def say_cpu(self, label):
        for name, rows in self.cpu.items():
            client, nginx, ours = (statistics.median(r) for r in zip(*rows))
            beds.say("%s, %s: CPU of the client %.0f ms, nginx %.0f ms, cem %.0f ms"
                     % (label, name, client, nginx, ours))
        self.cpu = {}


def make_ready(mover):
    """What was written before must not be written during the next one. And a virtual
    machine gives memory that was free for seconds back to its host; to get it again costs
    ten times what writing to it does. So all begin with as much that was just in use."""
    os.sync()
    name = os.path.join(mover.place.folder, "memory")
    with open(name, "wb") as f:
        for _ in range(3):
            f.write(mover.content)
    os.unlink(name)


def put_times(mover, token, durable, n):
    """{name: milliseconds}, medians of n uploads each, which take turns."""
    times = {"nginx": [], "nginx, 1 MB buffer": [], "ours": []}
    where = {"nginx": "/bench/put/", "nginx, 1 MB buffer": "/bench/put1m/"}
    for number in range(-1, n):  # the first round is not counted
        for name, taken in times.items():
            make_ready(mover)
            if name in where:
                ms = mover.move(name, "put", where[name] + "%s" % number)
                began = time.monotonic()
                if durable:
                    mover.place.flush()
                ms += (time.monotonic() - began) * 1e3
                mover.place.empty()
            else:
                ms = mover.move(name, "post", "/files/upload?folder=large", token)
            if number >= 0:
                taken.append(ms)
    return {name: statistics.median(taken) for name, taken in times.items()}


def large_up(table, mover, label, durable, quick, least):
    token = mover.place.bed.admin.token
    times = put_times(mover, token, durable, 3 if quick else 10)
    flushed = ", flushed" if durable else ""
    for name in ("nginx", "nginx, 1 MB buffer"):
        table.add("%s: %s, alone: PUT of 100 MB%s" % (label, name, flushed),
                  (times[name], "ms"), times["nginx"] / times[name])
    table.add("%s: POST /files/upload of 100 MB, DURABLE=%s" %
              (label, str(durable).lower()), (times["ours"], "ms"),
              times["nginx"] / times["ours"], least)
    mover.say_cpu("up" + flushed)


def stored_path(bed, content, name):
    """A file that was uploaded, as download has it."""
    reply = bed.admin.upload("/files/upload?folder=down", content, name,
                             "application/octet-stream")
    if reply.status_code != 200:
        raise AssertionError("upload: %d %s" % (reply.status_code, reply.text[:300]))
    return "/files/download/down/" + name


def large_down(table, mover, label, quick):
    bed, token = mover.place.bed, mover.place.bed.admin.token
    path = stored_path(bed, mover.content, "large.bin")
    mover.place.static("large.bin", mover.content)
    targets = {"nginx": ("/bench/get/large.bin", None), "ours": (path, token)}
    for where, _ in targets.values():
        if bed.admin.get(where).content != mover.content:
            raise AssertionError("other bytes came back from " + where)
    times = {name: [] for name in targets}
    for _ in range(3 if quick else 20):
        for name, (where, who) in targets.items():
            times[name].append(mover.move(name, "get", where, who))
    nginx, ours = (statistics.median(times[name]) for name in ("nginx", "ours"))
    table.add("%s: nginx's own static file of 100 MB" % label, (nginx, "ms"), 1.0)
    table.add("%s: GET /files/download of 100 MB" % label, (ours, "ms"), nginx / ours,
              0.95)
    mover.say_cpu("down")


def small_rates(place, targets, n, seconds):
    """{name: a second}, medians of n runs each, which take turns. A target is the
    words for files.lua, or a path to get; and a token."""
    found, spent = {name: [] for name in targets}, {}
    for number in range(-1, n):
        for name, (words, token) in targets.items():
            before = (resource.getrusage(resource.RUSAGE_CHILDREN), place.nginx_cpu_s(),
                      place.bed.cpu_s())
            if isinstance(words, str):
                run = beds.Wrk(place.server.base + words, seconds, token)
            else:
                time.sleep(FORGOTTEN_S)
                run = beds.Wrk(place.server.base, seconds, token,
                               os.path.join(beds.HERE, "files.lua"),
                               ["--", *words, str(SMALL), "%s%d" % (name[:1], number)])
            run.good()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent[name] = [1e6 * s / run.n for s in (
                after.ru_utime - before[0].ru_utime +
                after.ru_stime - before[0].ru_stime,
                place.nginx_cpu_s() - before[1], place.bed.cpu_s() - before[2])]
            if number >= 0:
                found[name].append(run.rate)
    for name, each in spent.items():
        beds.say("%s: CPU of a request: wrk %.0f us, nginx %.0f us, cem %.0f us"
                 % (name, *each))
    return {name: statistics.median(rates) for name, rates in found.items()}


def small_up(table, place, label, durable, quick, least):
    rates = small_rates(place, {
        "nginx": (["put", "/bench/put/"], None),
        "ours": (["post", "/files/upload?folder=small"], place.bed.admin.token)},
        2 if quick else 7, 1 if quick else 2)
    table.add("%s: nginx, alone: PUT of 10 KB" % label, (rates["nginx"], "/s"), 1.0)
    table.add("%s: POST /files/upload of 10 KB, DURABLE=%s" %
              (label, str(durable).lower()), (rates["ours"], "/s"),
              rates["ours"] / rates["nginx"], least)


def small_down(table, place, label, quick, least):
    content = secrets.token_bytes(SMALL)
    path = stored_path(place.bed, content, "small.bin")
    place.static("small.bin", content)
    for where in (path, "/bench/get/small.bin", "/bench/ask/it"):
        if place.bed.admin.get(where).content != content:
            raise AssertionError("other bytes came back from " + where)
    rates = small_rates(place, {
        "nginx": ("/bench/get/small.bin", None), "bare": ("/bench/ask/it", None),
        "ours": (path, place.bed.admin.token)}, 2 if quick else 7, 1 if quick else 2)
    table.add("%s: nginx's own static file of 10 KB" % label, (rates["nginx"], "/s"), 1.0)
    table.add("%s: the same, asking a bare libfcgi program" % label,
              (rates["bare"], "/s"), rates["bare"] / rates["nginx"])
    table.add("%s: GET /files/download of 10 KB" % label, (rates["ours"], "/s"),
              rates["ours"] / rates["nginx"], least)


def resident_mb(pid):
    with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as f:
        for line in f:
            if line.startswith("Rss:"):
                return int(line.split()[1]) / 1024
    raise AssertionError("no Rss of %d" % pid)


class Memory:
    """The largest of the web workers and of their helpers."""

    def __init__(self, bed):
        self.pids = web_workers(bed)
        self.pids += [p for worker in self.pids for p in descendants(worker)]
        self.before = self.now()

    def now(self):
        return max(map(private_mb, self.pids)), max(map(resident_mb, self.pids))

    def tell(self, table, label):
        private, resident = self.now()
        table.add("%s: private memory, largest worker or helper, before" % label,
                  (self.before[0], "MB"))
        table.add("%s: after all of this" % label, (private, "MB"), most=20)
        table.add("%s: with shared pages: %.1f MB before, after" %
                  (label, self.before[1]), (resident, "MB"), most=20)


def with_bed(build, folder, database, durable, measure):
    settings = {"DURABLE": "true" if durable else "false"}
    os.mkdir(folder)
    bare = beds.Bare(build, folder, "/bench/get/small.bin")
    try:
        with beds.Bed(folder + "/bed", 0, database, settings=settings) as bed:
            measure(Place(bed, bare))
    finally:
        bare.end()


def files(table, folder, label, database, build, quick):
    """Goals are for SQLite; PostgreSQL is told for comparison."""
    sqlite = database is None
    os.mkdir(folder)

    def loose(place):
        memory = Memory(place.bed)
        mover = Mover(place, build, folder)
        small_up(table, place, label, False, quick, 0.3 if sqlite else None)
        small_down(table, place, label, quick, 0.5 if sqlite else None)
        large_up(table, mover, label, False, quick, 0.85 if sqlite else None)
        large_down(table, mover, label, quick)
        memory.tell(table, label)

    def durable(place):
        small_up(table, place, label, True, quick, None)
        large_up(table, Mover(place, build, folder), label, True, quick, None)

    with_bed(build, folder + "/loose", database, False, loose)
    with_bed(build, folder + "/durable", database, True, durable)
