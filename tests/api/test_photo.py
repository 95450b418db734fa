# SPDX-License-Identifier: MIT
"""Photos (contract 22, DELETE photo of section 13): taken, re-made, refused."""
import io
import re

import pictures
import pytest
import wire
from client import refused
from PIL import Image, ImageOps

ID = re.compile(r"[0-9a-f]{24}")


def path(farmer, tail="/upload-photo"):
    return "/api/farmers/" + farmer["farmer_id"] + tail


def stored(client, reply):
    """The picture as it is served."""
    assert reply.status_code == 200, reply.text
    got = client.get(reply.json()["photo_path"])
    assert got.status_code == 200
    picture = Image.open(io.BytesIO(got.content))
    picture.load()
    return got, picture


def test_upload(operator, farmer):
    reply = operator.upload(path(farmer), pictures.jpeg())
    assert reply.status_code == 200
    body = reply.json()
    assert set(body) == {"message", "farmer_id", "photo_path", "file_id"}
    assert body["message"] == "Photo uploaded successfully"
    assert body["farmer_id"] == farmer["farmer_id"]
    assert ID.fullmatch(body["file_id"])
    assert body["photo_path"] == "/api/files/" + body["file_id"]
    out = operator.get("/api/farmers/" + farmer["farmer_id"]).json()
    assert out["photo_file_id"] == body["file_id"]
    assert out["documents"]["photo"] == body["photo_path"]
    assert out["updated_at"] > farmer["updated_at"]


@pytest.mark.parametrize("kind,name,media", [
    ("JPEG", "p.jpg", "image/jpeg"), ("JPEG", "P.JPEG", "image/jpeg"),
    ("PNG", "p.png", "image/png"), ("WEBP", "p.webp", "image/webp"),
    ("JPEG", "photo.jpg", "application/octet-stream"),
])
def test_kinds(operator, farmer, kind, name, media):
    reply = operator.upload(path(farmer), pictures.save(kind), name, media)
    got, picture = stored(operator, reply)
    assert got.headers["Content-Type"] == "image/jpeg" and picture.format == "JPEG"
    assert picture.size == (600, 800)
    assert pictures.corners(picture) == {"red": "top left", "green": "top right",
                                         "blue": "bottom left"}


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "I;16", "CMYK", "RGB"])
def test_colour_models(operator, farmer, mode):
    source = pictures.draw(120, 160)
    if mode == "I;16":
        source = Image.new("I;16", (120, 160), 40000)
    else:
        source = source.convert(mode)
    data = pictures.save("JPEG" if mode == "CMYK" else "PNG", picture=source)
    _, picture = stored(operator, operator.upload(
        path(farmer), data, "p.jpg" if mode == "CMYK" else "p.png"))
    assert picture.size == (120, 160) and picture.mode in ("RGB", "L")


def test_transparency_becomes_white(operator, farmer):
    clear = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    reply = operator.upload(path(farmer), pictures.save("PNG", picture=clear), "p.png")
    _, picture = stored(operator, reply)
    assert min(picture.convert("RGB").getpixel((50, 50))) > 245


@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_and_metadata(operator, farmer, orientation):
    data = pictures.oriented(orientation)
    wanted = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    got, picture = stored(operator, operator.upload(path(farmer), data))
    assert picture.size == wanted.size
    assert pictures.corners(picture) == pictures.corners(wanted)
    assert not picture.getexif()
    for secret in (b"Exif", b"Secret Maker", b"http://ns.adobe.com"):
        assert secret not in got.content


def test_comments_and_profiles_are_dropped(operator, farmer):
    data = pictures.jpeg(comment=b"secret remark", icc_profile=b"x" * 300)
    got, picture = stored(operator, operator.upload(path(farmer), data))
    assert b"secret remark" not in got.content and "icc_profile" not in picture.info


def test_progressive_becomes_baseline(operator, farmer):
    data = pictures.jpeg(progressive=True)
    _, picture = stored(operator, operator.upload(path(farmer), data))
    assert not picture.info.get("progressive")


def test_large_pictures_are_reduced(operator, farmer):
    reply = operator.upload(path(farmer), pictures.jpeg(width=3000, height=4000))
    _, picture = stored(operator, reply)
    assert max(picture.size) == 1600 and picture.size == (1200, 1600)


def test_tiny_picture(operator, farmer):
    _, picture = stored(operator, operator.upload(
        path(farmer), pictures.save("PNG", 1, 1), "p.png"))
    assert picture.size == (1, 1)


def test_replaced_photo_has_a_new_id(operator, farmer):
    """Flaw 43: old photos stayed for ever."""
    first = operator.upload(path(farmer), pictures.jpeg()).json()
    second = operator.upload(path(farmer), pictures.jpeg(width=300, height=400)).json()
    assert first["file_id"] != second["file_id"]
    refused(operator.get(first["photo_path"]), 404)
    got = operator.get(second["photo_path"])
    assert Image.open(io.BytesIO(got.content)).size == (300, 400)


def test_delete(operator, farmer):
    photo = operator.upload(path(farmer), pictures.jpeg()).json()
    reply = operator.delete(path(farmer, "/photo"))
    assert reply.status_code == 200
    body = reply.json()
    assert body["farmer_id"] == farmer["farmer_id"] and body["message"]
    out = operator.get("/api/farmers/" + farmer["farmer_id"]).json()
    assert out["photo_file_id"] is None
    assert not out["documents"] or out["documents"]["photo"] is None
    refused(operator.get(photo["photo_path"]), 404)
    again = operator.delete(path(farmer, "/photo"))
    assert again.status_code in (200, 404)
    assert operator.upload(path(farmer), pictures.jpeg()).status_code == 200


def test_own_photo(farmer, enrol, as_farmer):
    mine = as_farmer(farmer)
    assert mine.upload(path(farmer), pictures.jpeg()).status_code == 200
    assert mine.delete(path(farmer, "/photo")).status_code == 200
    other = enrol()
    refused(mine.upload(path(other), pictures.jpeg()), 403, 404)
    refused(mine.delete(path(other, "/photo")), 403, 404)


def test_other_district(other_operator, lost_operator, operator, farmer):
    photo = operator.upload(path(farmer), pictures.jpeg()).json()
    for stranger in (other_operator, lost_operator):
        refused(stranger.upload(path(farmer), pictures.jpeg()), 403, 404)
        refused(stranger.delete(path(farmer, "/photo")), 403, 404)
    assert operator.get(photo["photo_path"]).status_code == 200


def test_unknown_farmer(admin):
    """Flaw 43: photos of nobody were stored."""
    reply = admin.upload("/api/farmers/ZM00000000/upload-photo", pictures.jpeg())
    assert refused(reply, 404) == "Farmer ZM00000000 not found"
    refused(admin.delete("/api/farmers/ZM00000000/photo"), 404)


def test_needs_a_session(anyone, farmer):
    refused(anyone.upload(path(farmer), pictures.jpeg()), 403)
    refused(anyone.upload(path(farmer), pictures.jpeg(), token="a.b.c"), 401)
    refused(anyone.delete(path(farmer, "/photo")), 403)


# what is no photo

HTML = b"<!DOCTYPE html><script>alert(1)</script>" * 20
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize("content,name,media", [
    (pictures.GIF, "p.gif", "image/gif"), (pictures.GIF, "p.jpg", "image/jpeg"),
    (HTML, "p.jpg", "image/jpeg"), (HTML, "p.html", "text/html"),
    (PDF, "p.jpg", "image/jpeg"), (PDF, "p.pdf", "application/pdf"),
    (SVG, "p.png", "image/png"), (SVG, "p.svg", "image/svg+xml"),
    (b"", "p.jpg", "image/jpeg"), (b"\xff\xd8\xff", "p.jpg", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "p.png", "image/png"), (b"RIFF\x04\0\0\0WEBP", "p.webp",
                                                   "image/webp"),
    (bytes(5000), "p.jpg", "image/jpeg"), (b"BM" + bytes(200), "p.bmp", "image/bmp"),
], ids=lambda v: v if isinstance(v, str) else "%d bytes" % len(v))
def test_no_photo(operator, farmer, content, name, media):
    refused(operator.upload(path(farmer), content, name, media), 400)
    out = operator.get("/api/farmers/" + farmer["farmer_id"]).json()
    assert out["photo_file_id"] is None


@pytest.mark.parametrize("name", ["photo.txt", "IMG 1", "face.html", "blob"])
def test_the_bytes_decide(operator, farmer, name):
    """Flaw 50: the client's word was taken for what a file is. Phones name photos as
    they like; what is kept was drawn anew, and is a JPEG."""
    got, picture = stored(operator, operator.upload(path(farmer), pictures.jpeg(), name))
    assert got.headers["Content-Type"] == "image/jpeg" and picture.format == "JPEG"
    assert name not in got.headers["Content-Disposition"]


def test_png_called_jpg(operator, farmer):
    """The bytes decide, if it is taken at all: what is served is a true JPEG."""
    reply = operator.upload(path(farmer), pictures.save("PNG"), "p.jpg")
    if reply.status_code == 400:
        return
    got, picture = stored(operator, reply)
    assert got.headers["Content-Type"] == "image/jpeg" and picture.format == "JPEG"


@pytest.mark.parametrize("name", ["photo", "../../etc/passwd.jpg", "a" * 300 + ".jpg",
                                  "foto ŋ.jpg", "x;y\"z.jpg", "p.php.jpg", ".jpg"])
def test_odd_names(operator, farmer, name):
    """The name is for people; it decides no path."""
    reply = operator.upload(path(farmer), pictures.jpeg(), name)
    assert reply.status_code in (200, 400), reply.text
    if reply.status_code == 200:
        assert operator.get(reply.json()["photo_path"]).status_code == 200


@pytest.mark.parametrize("make,name", [
    (pictures.png_bomb, "p.png"), (pictures.png_liar, "p.png"),
    (pictures.jpeg_liar, "p.jpg"),
    (lambda: pictures.png_bomb(12001, 10), "p.png"),
    (lambda: pictures.png_bomb(8000, 8000), "p.png"),
], ids=["bomb", "png liar", "jpeg liar", "long edge", "too many pixels"])
def test_bombs(operator, farmer, make, name):
    refused(operator.upload(path(farmer), make(), name), 400)
    assert operator.upload(path(farmer), pictures.jpeg()).status_code == 200


def test_text_chunk_bomb(operator, farmer):
    """200 MB of compressed comment: refused, or never inflated."""
    reply = operator.upload(path(farmer), pictures.text_bomb(), "p.png")
    assert reply.status_code in (200, 400), reply.text


@pytest.mark.parametrize("kind,name", [("JPEG", "p.jpg"), ("PNG", "p.png"),
                                       ("WEBP", "p.webp")])
def test_cut_short(operator, farmer, kind, name):
    whole = pictures.save(kind)
    for keep in (20, len(whole) // 3, len(whole) * 2 // 3):
        refused(operator.upload(path(farmer), whole[:keep], name), 400)


def test_damaged_in_many_places(operator, farmer):
    """Whatever bytes come, the answer is 200 or 400 and the worker lives."""
    for kind, name in (("JPEG", "p.jpg"), ("PNG", "p.png"), ("WEBP", "p.webp")):
        whole = bytearray(pictures.save(kind, 90, 120))
        for at in range(15, len(whole), max(1, len(whole) // 12)):
            data = bytes(whole[:at]) + bytes([whole[at] ^ 0xff]) + bytes(whole[at + 1:])
            reply = operator.upload(path(farmer), data, name)
            assert reply.status_code in (200, 400), reply.text


def test_too_large(operator, farmer):
    """Flaw 50: there was no limit."""
    data = pictures.jpeg() + bytes(10 * 1024 * 1024)
    detail = refused(operator.upload(path(farmer), data), 400)
    assert detail == "File too large. Max size: 10MB"


def test_far_too_large(server, operator, farmer):
    """Beyond what nginx takes: its answer has our shape too."""
    body = wire.request("POST", path(farmer), [
        ("Authorization", "Bearer " + operator.token),
        ("Content-Type", "multipart/form-data; boundary=b")], bytes(40 * 1024 * 1024))
    reply = wire.exchange(server, body, "POST")
    refused(reply, 400, 413)


# the multipart body


def parts(boundary, content, name="file", filename="p.jpg", end=True):
    head = ("--%s\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\n"
            "Content-Type: image/jpeg\r\n\r\n" % (boundary, name, filename)).encode()
    return head + content + (("\r\n--%s--\r\n" % boundary).encode() if end else b"")


def send(client, farmer, body, media="multipart/form-data; boundary=bOuNd"):
    return client.post(path(farmer), data=body, headers={"Content-Type": media})


def test_plain_multipart(operator, farmer):
    assert send(operator, farmer, parts("bOuNd", pictures.jpeg())).status_code == 200
    quoted = 'multipart/form-data; charset=utf-8; boundary="bOuNd"'
    assert send(operator, farmer, parts("bOuNd", pictures.jpeg()),
                quoted).status_code == 200
    other = (b"--bOuNd\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nhello\r\n")
    assert send(operator, farmer,
                other + parts("bOuNd", pictures.jpeg())).status_code == 200


def test_missing_part(operator, farmer):
    for reply in (operator.upload(path(farmer), pictures.jpeg(), part="photo"),
                  send(operator, farmer, b"--bOuNd--\r\n")):
        refused(reply, 422)
        assert reply.json()["errors"][0]["loc"] == ["body", "file"]
        assert reply.json()["errors"][0]["type"] == "missing"


@pytest.mark.parametrize("body,media", [
    (parts("bOuNd", pictures.jpeg(), end=False), "multipart/form-data; boundary=bOuNd"),
    (parts("bOuNd", pictures.jpeg())[:-4], "multipart/form-data; boundary=bOuNd"),
    (parts("bOuNd", pictures.jpeg())[:200], "multipart/form-data; boundary=bOuNd"),
    (b"--bOuNd", "multipart/form-data; boundary=bOuNd"),
    (b"--bOuNd\r\nContent-Disposition: form-data; name=\"file\"",
     "multipart/form-data; boundary=bOuNd"),
    (parts("bOuNd", pictures.jpeg()), "multipart/form-data; boundary=other"),
    (parts("bOuNd", pictures.jpeg()), "multipart/form-data"),
    (parts("bOuNd", pictures.jpeg()), "multipart/form-data; boundary="),
    (parts("bOuNd", pictures.jpeg()), "multipart/form-data; boundary=" + "b" * 300),
    (b"", "multipart/form-data; boundary=bOuNd"),
    (pictures.jpeg(), "image/jpeg"), (b'{"file":"x"}', "application/json"),
    (b"file=x", "application/x-www-form-urlencoded"),
    (b"\r\n" * 3000, "multipart/form-data; boundary=bOuNd"),
    (b"--bOuNd\r\n" + b"X: y\r\n" * 5000 + b"\r\n\r\n--bOuNd--\r\n",
     "multipart/form-data; boundary=bOuNd"),
], ids=lambda v: v[:40] if isinstance(v, str) else "%d" % len(v))
def test_bad_multipart(operator, farmer, body, media):
    reply = send(operator, farmer, body, media)
    if reply.status_code == 200:  # a missing last line end is harmless
        assert body.rstrip(b"\r\n-").endswith(b"bOuNd")
        return
    refused(reply, 400, 422)


def test_no_body_at_all(server, operator, farmer):
    for headers in ([], [("Content-Type", "multipart/form-data; boundary=b")]):
        data = wire.request("POST", path(farmer),
                            [("Authorization", "Bearer " + operator.token)] + headers)
        refused(wire.exchange(server, data, "POST"), 400, 422)


def test_chunked_upload(server, operator, farmer):
    body = parts("bOuNd", pictures.jpeg())
    sent = b"".join(b"%x\r\n%s\r\n" % (len(body[i:i + 1000]), body[i:i + 1000])
                    for i in range(0, len(body), 1000)) + b"0\r\n\r\n"
    data = wire.request("POST", path(farmer), [
        ("Authorization", "Bearer " + operator.token), ("Transfer-Encoding", "chunked"),
        ("Content-Type", "multipart/form-data; boundary=bOuNd")]) + sent
    assert wire.exchange(server, data, "POST").status_code == 200
