# SPDX-License-Identifier: MIT
"""A full disk and a broken one. The binary is static, so faults come from a small
file system, or through ptrace: strace -e inject."""
import os
import subprocess
import tempfile

import hurt
import people
import pictures
import pytest
import server as servers


@pytest.fixture(scope="module")
def small():
    """A server whose state folder lies on 64 MB of memory."""
    folder = tempfile.mkdtemp(prefix="cem-small-", dir="/tmp")
    os.chmod(folder, 0o755)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m,mode=755", "tmpfs", folder],
                   check=True)
    running = None
    try:
        running = servers.Server(workers=2, state=os.path.join(folder, "state"))
        yield running.start()
    finally:
        if running:
            running.end()
        subprocess.run(["umount", "-l", folder], check=True)
        os.rmdir(folder)


def fill(folder):
    """Take every byte of the file system; the name of the filler."""
    name = os.path.join(folder, "filler")
    with open(name, "wb", buffering=0) as f:
        for size in (1 << 20, 1 << 16, 1 << 12):
            try:
                while f.write(bytes(size)) == size:
                    pass
            except OSError:
                continue
    return name


@pytest.mark.skipif(os.getuid() != 0, reason="a mount needs root; strace tests below")
def test_full_disk(small):
    admin = hurt.sign_in(small)
    photo = pictures.jpeg(width=1200, height=1600, quality=95)
    first = admin.post("/api/farmers", json=people.form()).json()
    acked, failed = {first["farmer_id"]}, 0
    filler = fill(os.path.dirname(small.state))
    try:
        assert admin.get("/api/farmers").status_code == 200, "reading goes on"
        reply = admin.upload("/api/farmers/%s/upload-photo" % first["farmer_id"], photo)
        hurt.gave_up(reply)
        for _ in range(400):
            reply = admin.post("/api/farmers", json=people.form())
            if reply.status_code == 201:
                acked.add(reply.json()["farmer_id"])
            else:
                hurt.gave_up(reply)
                failed += 1
            if failed > 5:
                break
        if small.kind == "sqlite":  # a PostgreSQL elsewhere has a disk of its own
            assert failed
        assert admin.get("/api/health").status_code in (200, 503)
        assert admin.get("/api/farmers/" + first["farmer_id"]).status_code == 200
    finally:
        os.unlink(filler)
    admin = hurt.recovered(small)
    assert hurt.total(admin) == len(acked)
    for number in acked:
        assert admin.get("/api/farmers/" + number).status_code == 200
    reply = admin.upload("/api/farmers/%s/upload-photo" % first["farmer_id"], photo)
    assert reply.status_code == 200
    assert admin.post("/api/farmers", json=people.form()).status_code == 201


@pytest.mark.skipif(os.getuid() != 0, reason="a mount needs root; test_files.py has more")
@pytest.mark.parametrize("room_mb", [2, 14])
def test_full_disk_refuses_files(small, room_mb):
    """It is full for nginx, or once the program makes its copy."""
    admin = hurt.recovered(small)
    hurt.sweep(small)
    before, large = small.stored(), os.urandom(10 * 1024 * 1024)
    filler = fill(os.path.dirname(small.state))
    try:
        os.truncate(filler, os.path.getsize(filler) - room_mb * 1024 * 1024)
        reply = admin.upload("/files/upload?folder=full", large, "large.bin")
        hurt.gave_up(reply)
        assert small.stored() == before

        def nothing_spooled():
            return not hurt.spooled(small)
        servers.poll(nothing_spooled)
        assert admin.get("/files/list?folder=full").json() == []
        assert admin.upload("/files/upload?folder=full", b"small", "a").status_code == 200
        assert admin.delete("/files/delete/full/a").status_code == 200
    finally:
        os.unlink(filler)
    reply = admin.upload("/files/upload?folder=full", large, "large.bin")
    assert reply.status_code == 200, reply.text
    assert admin.get("/files/download/full/large.bin").content == large
    assert admin.delete("/files/delete/full/large.bin").status_code == 200
    [item] = [i for i in admin.get("/api/storage/trash").json()["items"]
              if i["path"] == "full/large.bin"]
    assert admin.post("/api/files/%s/purge" % item["file_id"]).status_code == 200


@pytest.fixture(scope="module")
def running(start):
    return start(workers=1, settings={"DURABLE": "true"})


@pytest.fixture
def farmer_id(running):
    admin = hurt.recovered(running)
    return admin.post("/api/farmers", json=people.form()).json()["farmer_id"]


SYNCS = "fsync,fdatasync"
MOVES = "rename,renameat,renameat2,link,linkat,copy_file_range,sendfile"


def upload_under(running, farmer_id, calls, fault):
    """One upload while calls fail; the reply. Afterwards nothing of it is left."""
    admin = hurt.recovered(running)
    hurt.sweep(running)
    before = running.stored()
    path = "/api/farmers/%s/upload-photo" % farmer_id
    with hurt.Strace(running, calls + ":" + fault, calls=calls):
        reply = hurt.twin(admin).upload(path, pictures.jpeg())
    hurt.gave_up(reply)
    admin = hurt.recovered(running)
    out = admin.get("/api/farmers/" + farmer_id).json()
    assert out["photo_file_id"] is None
    hurt.sweep(running)
    assert running.stored() == before

    def nothing_spooled():
        return not hurt.spooled(running)
    servers.poll(nothing_spooled)
    assert admin.upload(path, pictures.jpeg()).status_code == 200


def test_upload_when_syncing_fails(running, farmer_id):
    upload_under(running, farmer_id, SYNCS, "error=EIO")


def test_upload_when_killed_at_sync(running, farmer_id):
    upload_under(running, farmer_id, SYNCS, "signal=KILL:when=1")


def test_upload_when_moving_fails(running, farmer_id):
    upload_under(running, farmer_id, MOVES, "error=ENOSPC")


def test_upload_when_killed_at_moving(running, farmer_id):
    upload_under(running, farmer_id, MOVES, "signal=KILL:when=1")


def write_under(running, calls, fault):
    """Registrations while the database's calls fail."""
    admin = hurt.recovered(running)
    before = hurt.total(admin)
    nrc = people.nrc()
    with hurt.Strace(running, calls + ":" + fault, calls=calls):
        reply = hurt.twin(admin).post("/api/farmers",
                                      json=people.form(personal={"nrc": nrc}))
    hurt.gave_up(reply)
    admin = hurt.recovered(running)
    rows = admin.get("/api/farmers", params={"nrc": nrc}).json()
    assert len(rows) == hurt.total(admin) - before <= 1
    for row in rows:
        assert admin.get("/api/farmers/" + row["farmer_id"]).status_code == 200
    if not rows:
        again = admin.post("/api/farmers", json=people.form(personal={"nrc": nrc}))
        assert again.status_code == 201, again.text
    return rows


SQLITE = pytest.mark.skipif(
    os.environ.get("CEM_TEST_DATABASE") == "pgsql",
    reason="PostgreSQL writes its files itself; test_database.py stops it")


@SQLITE
def test_database_file_is_full(running):
    assert not write_under(running, "pwrite64", "error=ENOSPC")


@SQLITE
def test_database_file_cannot_be_written(running):
    assert not write_under(running, "pwrite64", "error=EIO")


@SQLITE
@pytest.mark.parametrize("when", [1, 2, 3, 5])
def test_killed_while_writing_the_database(running, when):
    write_under(running, "pwrite64", "signal=KILL:when=%d" % when)


@SQLITE
def test_killed_while_syncing_the_database(running):
    write_under(running, SYNCS, "signal=KILL:when=1")
