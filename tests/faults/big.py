# SPDX-License-Identifier: MIT
"""Files that are too large for anybody's memory: made, moved by curl, and a watch on
what the program's processes take meanwhile."""
import hashlib
import os
import random
import subprocess
import threading

import server as servers

MB = 1024 * 1024
PART = 8 * MB


def make(name, size):
    """Mostly holes, with other bytes in every 16 MB of it."""
    spots = random.Random(size)
    with open(name, "wb") as f:
        f.truncate(size)
        for start in range(0, size, 16 * MB):
            f.seek(min(start + spots.randrange(15 * MB), size - 1000))
            f.write(spots.randbytes(1000))


def blocks(name):
    with open(name, "rb") as f:
        yield from iter(lambda: f.read(PART), b"")


def etag(name):
    """What ours is known by on the disk."""
    whole, n = hashlib.sha256(), 0
    for n, block in enumerate(blocks(name), 1):
        whole.update(block)
    return '"%s-%d"' % (whole.hexdigest()[:32], n)


def far_etag(name):
    """What S3's clients know it by."""
    parts = [hashlib.md5(block).digest() for block in blocks(name)]
    return '"%s-%d"' % (hashlib.md5(b"".join(parts)).hexdigest(), len(parts))


def curl(running, path, *words, **more):
    return subprocess.Popen(
        ["curl", "-sS", "--fail-with-body", "--cacert", running.certificate, *words,
         path if "://" in path else running.base + path],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, **more)


def said(process):
    """What it wrote, when it has ended well."""
    out, _ = process.communicate(timeout=300)
    assert process.returncode == 0, (process.args, out[-500:])
    return out.decode()


def send(running, token, folder, name):
    return said(curl(running, "/files/upload?folder=" + folder,
                     "-H", "Authorization: Bearer " + token,
                     "-F", "file=@%s;type=application/octet-stream" % name))


def same(running, path, name, *words):
    """Does the address give the bytes of the file? Neither is held in memory."""
    got = curl(running, path, *words)
    done = subprocess.run(["cmp", "-", name], stdin=got.stdout, timeout=300, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    got.stdout.close()
    got.wait(timeout=60)
    return done.returncode == 0 and got.returncode == 0


def sizes_mb(pid):
    """Private and resident memory of a process; zeros if it has ended."""
    private = resident = 0
    try:
        with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as f:
            for line in f:
                if line.startswith(("Private_Clean:", "Private_Dirty:")):
                    private += int(line.split()[1])
                elif line.startswith("Rss:"):
                    resident = int(line.split()[1])
    except OSError:
        pass
    return private / 1024, resident / 1024


class Watch:
    """The most that any process of the program takes, while it is open."""

    def __init__(self, running):
        top = running.parent()
        self.pids = [top] + servers.descendants(top)
        self.most = {}  # name: (private, resident)
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self):
        table = servers.processes()
        while not self.ended.wait(0.02):
            for pid in filter(table.get, self.pids):
                name = table[pid][1]
                self.most[name] = tuple(map(max, zip(
                    sizes_mb(pid), self.most.get(name, (0, 0)))))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *why):
        self.ended.set()
        self.thread.join()

    def below(self, limit_mb):
        assert self.most["worker"][0] > 0, "it saw the workers"
        return all(resident < limit_mb for _, resident in self.most.values())


def space_for(running, size):
    """Whether the disk has room for the file, its upload and its copy in the store."""
    disk = os.statvfs(running.state)
    return disk.f_bavail * disk.f_frsize > 4 * size
