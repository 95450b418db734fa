# SPDX-License-Identifier: MIT
"""Identification documents (contract 25, 63, 64 and DELETE): byte for byte what was
sent, known by its first bytes, and served as nothing else."""
import hashlib
import threading

import pictures
import pytest
import trail
from client import Client, faulty, refused
from people import path

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PLACES = {"nrc": "nrc_card", "land_title": "land_title", "license": "license",
          "certificate": "certificate"}
MB = 1024 * 1024


def put(client, farmer, kind="nrc", content=PDF, name="scan.pdf", **more):
    return client.upload(path(farmer, "/documents/" + kind), content, name, **more)


@pytest.mark.parametrize("kind,content,media", [
    ("nrc", pictures.jpeg(), "image/jpeg"),
    ("land_title", PDF + bytes(range(256)) * 300, "application/pdf"),
    ("license", pictures.save("PNG", 40, 30), "image/png"),
    ("certificate", PDF, "application/pdf"),
], ids=["jpeg", "large pdf", "png", "pdf"])
def test_upload(server, operator, farmer, kind, content, media):
    reply = put(operator, farmer, kind, content, "x.exe", media="text/html")
    assert reply.status_code == 200, reply.text
    body = reply.json()
    assert body == {"message": kind + " uploaded successfully", "doc_type": kind,
                    "file_path": "/api/files/" + body["file_id"],
                    "file_id": body["file_id"]}
    got = operator.get(body["file_path"])
    assert got.content == content and got.headers["Content-Type"] == media
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Disposition"].startswith("inline")
    assert "sandbox" in got.headers["Content-Security-Policy"]
    out = operator.get(path(farmer)).json()
    [item] = out["identification_documents"]
    assert {k: item[k] for k in ("doc_type", "file_path", "file_id")} == {
        "doc_type": kind, "file_path": body["file_path"], "file_id": body["file_id"]}
    assert item["uploaded_at"] > farmer["created_at"]
    assert out["updated_at"] > farmer["updated_at"]
    assert {k: v for k, v in out["documents"].items() if v} == {
        PLACES[kind]: body["file_path"]}
    meta = operator.get("/api/files/metadata/" + body["file_id"]).json()
    assert meta["file_type"] == "document" and meta["content_type"] == media
    assert meta["sha256"] == hashlib.sha256(content).hexdigest()
    assert meta["size"] == len(content)
    row = trail.last(server, farmer["farmer_id"], "document_upload")
    assert row["details"] == {"doc_type": kind, "file_id": body["file_id"],
                              "content_type": media, "sha256": meta["sha256"]}


def test_all_four_and_photo_and_card(operator, farmer):
    ids = {kind: put(operator, farmer, kind).json()["file_id"] for kind in PLACES}
    operator.upload(path(farmer, "/upload-photo"), pictures.jpeg())
    operator.post(path(farmer, "/generate-idcard"))
    out = operator.get(path(farmer)).json()
    assert {d["doc_type"]: d["file_id"] for d in out["identification_documents"]} == ids
    assert set(out["documents"]) == set(PLACES.values()) | {"photo", "qr_code"}
    for name in out["documents"].values():
        assert operator.get(name).status_code == 200, name


def test_a_new_one_replaces_the_old(server, operator, farmer):
    old = put(operator, farmer).json()
    other = put(operator, farmer, "license").json()
    kept = server.stored()
    new = put(operator, farmer, content=PDF + b"2").json()
    assert new["file_id"] != old["file_id"]
    refused(operator.get(old["file_path"]), 404)
    assert operator.get(new["file_path"]).content == PDF + b"2"
    assert operator.get(other["file_path"]).status_code == 200
    found = operator.get(path(farmer)).json()["identification_documents"]
    assert {d["file_id"] for d in found} == {new["file_id"], other["file_id"]}
    assert len(server.added(kept)) == 1
    assert any(old["file_id"] in name for name in server.stored())  # until the purge


def test_delete(server, operator, farmer):
    old = put(operator, farmer, "land_title").json()
    reply = operator.delete(path(farmer, "/documents/land_title"))
    assert reply.json() == {"message": "land_title deleted successfully",
                            "farmer_id": farmer["farmer_id"]}
    refused(operator.get(old["file_path"]), 404)
    out = operator.get(path(farmer)).json()
    assert out["identification_documents"] == [] and out["documents"] is None
    refused(operator.delete(path(farmer, "/documents/land_title")), 404)
    refused(operator.delete(path(farmer, "/documents/passport")), 400)
    assert trail.last(server, farmer["farmer_id"], "document_delete")["details"] == {
        "doc_type": "land_title"}


@pytest.mark.parametrize("content", [
    b"", b"x", b"<html><script>alert(1)</script>", b"GIF89a" + bytes(50), b"MZ" * 40,
    b"%!PS-Adobe", b"\n%PDF-1.4\n", b"PK\x03\x04" + bytes(100), b"RIFF1234WEBPVP8 ",
], ids=["empty", "tiny", "html", "gif", "exe", "ps", "late pdf", "zip", "webp"])
def test_what_it_is_not(server, operator, farmer, content):
    """Flaw 51: HTML was stored and served."""
    before = server.stored()
    detail = refused(put(operator, farmer, content=content, media="application/pdf"),
                     400, 422)
    assert "jpg" in detail
    assert not server.added(before)


def test_no_open_door_for_other_sites(operator, farmer):
    """Flaw 51: any site was answered with credentials allowed."""
    reply = put(operator, farmer, headers={"Origin": "https://evil.example"})
    assert reply.status_code == 200
    assert "Access-Control-Allow-Origin" not in reply.headers
    assert "Access-Control-Allow-Credentials" not in reply.headers
    reply = put(operator, farmer, headers={"Origin": "https://localhost"})
    assert reply.headers["Access-Control-Allow-Origin"] == "https://localhost"


def test_unknown_kind(operator, farmer):
    for kind in ("passport", "NRC", "photo", "nrc%20"):
        assert refused(put(operator, farmer, kind), 400) == (
            "Invalid doc_type. Must be one of: nrc, land_title, license, certificate")


def test_no_part(operator, farmer):
    reply = operator.upload(path(farmer, "/documents/nrc"), PDF, part="document")
    faulty(reply, "body.file", "missing")


def test_nobody_touches_documents_of_others(anyone, admin, operator, other_operator,
                                            lost_operator, enrol, as_farmer):
    """Flaw 12: any operator could."""
    farmer, neighbour = enrol(operator), enrol(operator)
    mine = as_farmer(farmer)
    body = put(mine, farmer).json()
    assert mine.get(body["file_path"]).content == PDF
    theirs = put(admin, neighbour).json()
    refused(mine.get(theirs["file_path"]), 404)
    assert refused(put(mine, neighbour), 403) == \
        "You can only upload your own documents"
    refused(mine.delete(path(neighbour, "/documents/nrc")), 403)
    for stranger in (other_operator, lost_operator):
        assert refused(put(stranger, farmer), 404) == "Farmer not found"
        refused(stranger.delete(path(farmer, "/documents/nrc")), 404)
        refused(stranger.get(body["file_path"]), 404)
    refused(put(anyone, farmer), 403)
    refused(anyone.delete(path(farmer, "/documents/nrc")), 403)
    refused(put(admin, {"farmer_id": "ZM00000000"}), 404)
    assert operator.get(body["file_path"]).content == PDF
    assert mine.delete(path(farmer, "/documents/nrc")).status_code == 200


def test_size_limit(server, operator, farmer):
    whole = PDF + bytes(20 * MB - len(PDF))
    body = put(operator, farmer, "certificate", whole).json()
    assert operator.get(body["file_path"]).content == whole
    words = "File too large. Maximum size is 20MB"
    before = server.stored()
    assert refused(put(operator, farmer, "certificate", whole + b"x"), 413) == words
    assert not server.added(before)
    assert operator.get(body["file_path"]).status_code == 200


@pytest.mark.parametrize("size", [8 * MB, 8 * MB + 1, 19 * MB])
def test_hashes_of_what_is_large(operator, farmer, size):
    """Over 8 MB a worker needs a second thread, in its sandbox."""
    content = (PDF + bytes(range(256)) * (size // 256 + 1))[:size]
    file_id = put(operator, farmer, "nrc", content).json()["file_id"]
    got = operator.get("/api/files/" + file_id)
    assert got.content == content
    assert got.headers["ETag"] == '"%s"' % hashlib.md5(content).hexdigest()
    meta = operator.get("/api/files/metadata/" + file_id).json()
    assert meta["sha256"] == hashlib.sha256(content).hexdigest()


def test_far_too_large(operator, farmer):
    """nginx refuses it, in the same words."""
    with_length = operator.call(
        "POST", path(farmer, "/documents/nrc"), data=b"-" * (23 * MB),
        headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert refused(with_length, 413) == "File too large. Maximum size is 20MB"


def test_two_at_once(server, recorder, operator, farmer):
    """Of parallel uploads of one kind exactly one is in use afterwards."""
    statuses = []

    def send(n):
        client = Client(server, recorder)
        client.token = operator.token
        statuses.append(put(client, farmer, content=PDF + b"%d" % n,
                            internal=True).status_code)
    threads = [threading.Thread(target=send, args=(n,)) for n in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert set(statuses) <= {200, 409, 503} and 200 in statuses
    out = operator.get(path(farmer)).json()
    assert len(out["identification_documents"]) == 1


# the plain uploads


def test_plain_document(operator, farmer):
    """Flaw 50: every refusal was a 500."""
    url = "/api/uploads/%s/document/land_title" % farmer["farmer_id"]
    reply = operator.upload(url, PDF)
    body = reply.json()
    assert body == {"message": "land_title uploaded", "file_id": body["file_id"]}
    out = operator.get(path(farmer)).json()
    assert out["documents"]["land_title"] == "/api/files/" + body["file_id"]
    refused(operator.upload(url, b"x"), 400)
    refused(operator.upload(url.replace("land_title", "x"), PDF), 400)
    refused(operator.upload(url, PDF + bytes(20 * MB)), 413)


def test_plain_photo(operator, farmer):
    """Flaw 43: each way of uploading had its own place for the photo."""
    url = "/api/uploads/%s/photo" % farmer["farmer_id"]
    body = operator.upload(url, pictures.jpeg()).json()
    assert body == {"message": "Photo uploaded", "file_id": body["file_id"]}
    assert operator.get(path(farmer)).json()["photo_file_id"] == body["file_id"]
    refused(operator.upload(url, PDF), 400)


@pytest.mark.parametrize("tail,content", [("photo", pictures.jpeg()),
                                          ("document/nrc", PDF)],
                         ids=["photo", "document"])
def test_plain_who_may(anyone, admin, other_operator, as_farmer, farmer, tail, content):
    url = "/api/uploads/%s/%s" % (farmer["farmer_id"], tail)
    refused(anyone.upload(url, content), 403)
    refused(as_farmer(farmer).upload(url, content), 403)
    refused(other_operator.upload(url, content), 404)
    refused(admin.upload(url.replace(farmer["farmer_id"], "ZM00000000"), content), 404)


def test_audit_of_photos(server, operator, farmer):
    file_id = operator.upload(path(farmer, "/upload-photo"),
                              pictures.jpeg()).json()["file_id"]
    row = trail.last(server, farmer["farmer_id"], "photo_upload_success")
    assert row["details"]["file_id"] == file_id
    operator.delete(path(farmer, "/photo"))
    assert trail.last(server, farmer["farmer_id"], "photo_delete")
