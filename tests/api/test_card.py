# SPDX-License-Identifier: MIT
"""The card: generate, download, QR, verify (contract 23, 26-28, and card.md)."""
import base64
import concurrent.futures
import hashlib
import hmac
import json
import os
import re
import struct
import time
import zlib

import cards
import pictures
import pytest
import server as servers
from client import Client, refused
from people import path
from PIL import Image

NAMES = ["Ng'andu", "Ŋoma", "Liñomo", "Ŵanda", "Mbbulo", "Haamoonga", "Renée"]


def verify(client, text):
    return client.post("/api/farmers/verify-qr", json={"qr": text})


def text_of(client, farmer, folder):
    """The text in the farmer's QR picture."""
    reply = client.get(path(farmer, "/qr"))
    assert reply.status_code == 200, reply.text
    name = os.path.join(str(folder), farmer["farmer_id"] + ".png")
    with open(name, "wb") as f:
        f.write(reply.content)
    found = cards.qr_of(name)
    assert len(found) == 1, found
    return found[0]


def generate(client, farmer):
    reply = client.post(path(farmer, "/generate-idcard"))
    assert reply.status_code == 202, reply.text
    return reply


class Made:
    """One farmer's card with everything about it."""


@pytest.fixture(scope="module")
def card(operator, enrol, tmp_path_factory):
    made = Made()
    made.folder = tmp_path_factory.mktemp("card")
    made.farmer = enrol(operator, personal={"first_name": "Ŋoma",
                                            "last_name": "Liñomo-Ŵanda"})
    reply = operator.upload(path(made.farmer, "/upload-photo"), pictures.jpeg())
    assert reply.status_code == 200
    made.reply = generate(operator, made.farmer)
    made.download = operator.get(path(made.farmer, "/download-idcard"))
    assert made.download.status_code == 200, made.download.text
    made.pdf = cards.Pdf(made.folder, made.download.content)
    made.text = text_of(operator, made.farmer, made.folder)
    made.parts = cards.read(made.text)
    return made


# generate and download


def test_generate_answers_as_before(operator, card):
    """Flaw 62: without its broker the answer hung."""
    assert card.reply.json() == {"message": "ID card generation queued",
                                 "farmer_id": card.farmer["farmer_id"]}
    out = operator.get(path(card.farmer, "")).json()
    assert re.fullmatch(r"[0-9a-f]{24}", out["id_card_file_id"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00",
                        out["id_card_generated_at"])


def test_download(operator, card):
    reply = card.download
    assert reply.headers["Content-Type"] == "application/pdf"
    assert re.match(r'inline; filename="?%s_card\.pdf"?' % card.farmer["farmer_id"],
                    reply.headers["Content-Disposition"])
    assert int(reply.headers["Content-Length"]) == len(reply.content)
    part = operator.get(path(card.farmer, "/download-idcard"),
                        headers={"Range": "bytes=0-7"})
    assert part.status_code == 206 and part.content == reply.content[:8]
    out = operator.get(path(card.farmer, "")).json()
    assert operator.get("/api/files/" + out["id_card_file_id"]).content == reply.content
    if out["qr_code_file_id"]:  # else the client asks for .../qr
        qr = operator.get("/api/files/" + out["qr_code_file_id"])
        assert qr.headers["Content-Type"] == "image/png"
    meta = operator.get("/api/files/metadata/" + out["id_card_file_id"]).json()
    assert meta["file_type"] == "idcard" and meta["content_type"] == "application/pdf"


def test_before_the_first_card(operator, farmer):
    reply = operator.get(path(farmer, "/download-idcard"))
    assert refused(reply, 404) == "ID card not found"
    reply = operator.get(path(farmer, "/qr"))
    assert refused(reply, 404) == (
        "QR code not generated yet. Please generate your ID card first.")


def test_unknown_farmer(admin):
    none = {"farmer_id": "ZM00000000"}
    assert refused(admin.post(path(none, "/generate-idcard")), 404) == "Farmer not found"
    assert refused(admin.get(path(none, "/download-idcard")), 404) == "ID card not found"
    assert refused(admin.get(path(none, "/qr")), 404) == "Farmer not found"


def test_without_a_photo(operator, farmer, tmp_path):
    """Flaw 61: what is missing crashed the task, without a word."""
    generate(operator, farmer)
    reply = operator.get(path(farmer, "/download-idcard"))
    assert reply.status_code == 200
    assert farmer["farmer_id"] in cards.Pdf(tmp_path, reply.content).text(1)


def test_nobody_has_cards_of_others(anyone, operator, other_operator, lost_operator,
                                    enrol, as_farmer, card):
    """Flaw 7: a farmer could print anybody's card."""
    farmer = card.farmer
    mine = as_farmer(farmer)
    assert mine.get(path(farmer, "/download-idcard")).status_code == 200
    assert mine.get(path(farmer, "/qr")).status_code == 200
    own = enrol()
    generate(as_farmer(own), own)
    for stranger in (other_operator, lost_operator, as_farmer(enrol())):
        refused(stranger.post(path(farmer, "/generate-idcard")), 403, 404)
        refused(stranger.get(path(farmer, "/download-idcard")), 403, 404)
        refused(stranger.get(path(farmer, "/qr")), 403, 404)
    refused(anyone.post(path(farmer, "/generate-idcard")), 403)
    refused(anyone.get(path(farmer, "/download-idcard")), 403)
    refused(anyone.get(path(farmer, "/qr")), 403)


# what is printed


def test_pdf_is_sound(card):
    cards.tool("qpdf", "--check", card.pdf.file)
    assert card.pdf.sizes() == [pytest.approx((242.6, 153.0), abs=0.1)] * 2


def test_fonts(card):
    fonts = card.pdf.fonts()
    assert fonts
    for font in fonts:
        assert (font["emb"], font["sub"], font["uni"]) == ("yes", "yes", "yes"), font


def test_front(card):
    text = card.pdf.text(1)
    info = card.farmer["personal_info"]
    for word in ("Ŋoma", "Liñomo-Ŵanda", card.farmer["farmer_id"], info["nrc"],
                 info["date_of_birth"], info["phone_primary"], "CEM"):
        assert word in text, (word, text)
    assert "FEMALE" in text.upper()


def test_back(card):
    text = card.pdf.text(2)
    today = time.strftime("%Y-%m-%d", time.gmtime())
    yesterday = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 86400))
    assert today in text or yesterday in text, text
    for word in ("Kayosha", "Chief Chitanda", "Chibombo District", "Central Province"):
        assert word in text, (word, text)
    serial = card.parts["cwt"][7].hex().upper()
    whole = re.sub(r"\s", "", card.pdf.text()).upper()
    assert serial in whole, (serial, whole)
    expires = time.strftime("%Y-%m-%d", time.gmtime(card.parts["cwt"][4]))
    assert expires in card.pdf.text(), expires


def test_photo_is_passed_through(card):
    """Flaw 43: photos that the client sent never came onto cards. One JPEG, 3:4, and
    the QR as a 1-bit picture."""
    out = cards.tool("pdfimages", "-list", card.pdf.file)
    rows = [line.split() for line in out.split("\n")[2:] if line]
    photos = [r for r in rows if r[8] == "jpeg"]
    assert len(photos) == 1
    assert int(photos[0][3]) * 4 == int(photos[0][4]) * 3, photos
    codes = [r for r in rows if r[2] in ("stencil", "mask", "image", "smask")
             and r[7] == "1"]
    assert codes, out


def test_verified_is_printed_only_when_true(operator, enrol, tmp_path):
    """Flaw 28: cards of the rejected said VERIFIED."""
    for status, printed in (("pending", False), ("rejected", False), ("verified", True),
                            ("approved", True)):
        farmer = enrol(operator)
        operator.put(path(farmer, ""), json={"registration_status": status})
        generate(operator, farmer)
        data = operator.get(path(farmer, "/download-idcard")).content
        text = cards.Pdf(tmp_path, data).text()
        assert ("VERIFIED FARMER" in text) is printed, status


@pytest.mark.parametrize("first,last", [
    *[(name, name) for name in NAMES], ("x", "y"), ("W" * 100, "M" * 100),
    ("Very Long First Names Indeed Mwansa",
     "Chileshe-Kapwepwe Mulenga Ng'andu wa Bwalya"),
    ("日本", "नमस्ते"), ("<b>&amp;", "%s(\\)"), ("😀", "\u202eabc"),
])
def test_names_on_cards(operator, enrol, tmp_path, first, last):
    farmer = enrol(operator, personal={"first_name": first, "last_name": last})
    generate(operator, farmer)
    pdf = cards.Pdf(tmp_path, operator.get(path(farmer, "/download-idcard")).content)
    cards.tool("qpdf", "--check", pdf.file)
    assert len(pdf.sizes()) == 2
    text = pdf.text(1)
    if first in NAMES:
        assert first in text, text
    assert farmer["farmer_id"] in text
    assert verify(operator, text_of(operator, farmer, tmp_path)).status_code == 200


WORDS = "Mwansa Ng'andu wa Bwalya Chileshe Kapwepwe-Mulenga Ŋoma i Wwwwwwwwwwww".split()


def words(letters):
    """A name of exactly so many letters, in several words where it has room."""
    text = ""
    for i in range(letters):
        text += WORDS[i % len(WORDS)] + " "
    return text[:letters].rstrip().ljust(letters, "x")


@pytest.mark.parametrize("letters", range(2, 101, 7))
def test_texts_of_every_length(operator, enrol, tmp_path, letters):
    """Lines shrink, wrap and end in an ellipsis; the worker lives."""
    farmer = enrol(operator, personal={
        "first_name": words(letters), "last_name": words(101 - letters)}, address={
        "village": words(letters), "chiefdom_name": words(101 - letters),
        "province_name": words(letters)})
    generate(operator, farmer)
    data = operator.get(path(farmer, "/download-idcard")).content
    cards.tool("qpdf", "--check", cards.Pdf(tmp_path, data).file)


def test_long_names_again_and_again(operator, enrol):
    """What a name's lines were in the last card has no say in this one."""
    for first, last in (("Very Long First Names Indeed Mwansa",
                         "Chileshe-Kapwepwe Mulenga Ng'andu wa Bwalya"), ("x", "y"),
                        ("日本", "नमस्ते"), ("😀", "\u202eabc"), ("x", "y"),
                        ("W" * 100, "M" * 100)) * 20:
        generate(operator, enrol(operator, personal={"first_name": first,
                                                     "last_name": last}))


def test_the_picture_is_no_blank(card):
    page = Image.open(card.pdf.picture(1)).convert("RGB")
    assert page.size == (1011, 638) or page.size == (1012, 638)
    assert len(set(page.resize((60, 40)).getdata())) > 50


# the QR code


def test_printed_code_reads_back(anyone, card):
    """Flaw 28: the code on the card never passed its own check."""
    texts = cards.qr_of(card.pdf.picture(2))
    assert texts == [card.text]
    reply = verify(anyone, texts[0])
    assert reply.status_code == 200


def test_qr_picture(card, operator):
    reply = operator.get(path(card.farmer, "/qr"))
    assert reply.headers["Content-Type"] == "image/png"
    name = os.path.join(str(card.folder), card.farmer["farmer_id"] + ".png")
    picture = Image.open(name)
    assert picture.size[0] == picture.size[1]
    border = picture.convert("L").crop((0, 0, picture.size[0], 4))
    assert border.getextrema() == (255, 255)


def test_claims(card):
    part, info = card.parts, card.farmer["personal_info"]
    assert part["head"][1] == -8 and len(part["head"][4]) == 8
    assert part["unprotected"] == {} and len(part["signature"]) == 64
    cwt, claim = part["cwt"], part["claim"]
    assert re.match(r"[a-z]+://", cwt[1]), "iss is a URI"
    assert cwt[4] > cwt[6] >= cwt[5] - 1 and len(cwt[7]) == 8
    assert abs(cwt[6] - time.time()) < 3600
    assert claim[1] == card.farmer["farmer_id"]
    assert claim[4] == "%s %s" % (info["first_name"], info["last_name"])
    assert claim[8] == info["date_of_birth"].replace("-", "") and claim[9] == 2
    assert list(cwt) == sorted(cwt) and list(claim) == sorted(claim)
    assert cards.cbor(cwt) == part["payload"], "not the shortest CBOR"


def test_no_secrets_in_the_code(card):
    """Flaws 21, 28: the NRC, half of the way in, stood in the QR code."""
    info = card.farmer["personal_info"]
    for word in (info["nrc"], info["nrc"].replace("/", ""), info["phone_primary"],
                 info["phone_primary"][1:], "Kayosha"):
        assert word.encode() not in card.parts["raw"], word


def test_verify(anyone, card):
    body = verify(anyone, card.text).json()
    info, address = card.farmer["personal_info"], card.farmer["address"]
    assert set(body) >= {"verified", "farmer_id", "name", "registration_status",
                         "province", "district", "village", "verified_at"}
    assert body["verified"] is True and body["farmer_id"] == card.farmer["farmer_id"]
    assert body["name"] == "%s %s" % (info["first_name"], info["last_name"])
    assert body["province"] == address["province_name"]
    assert body["district"] == address["district_name"]
    assert body["village"] == address["village"]
    assert re.fullmatch(r".*\.\d{6}\+00:00", body["verified_at"])
    for secret in (info["nrc"], info["phone_primary"], info["date_of_birth"]):
        assert secret not in json.dumps(body)


TAMPERED = "Invalid or tampered QR code signature"


def same_bytes(text, raw):
    """Does it say the same in other words? zlib has bits that nobody reads."""
    try:
        return zlib.decompress(cards.base45_read(text)) == raw
    except (struct.error, zlib.error):
        return False


def test_every_layer_is_checked(anyone, card):
    """Flaw 28: the code was not signed."""
    text, part = card.text, card.parts
    wrong = bytes([part["signature"][0] ^ 1]) + part["signature"][1:]
    other = part["payload"].replace(card.farmer["farmer_id"].encode(), b"ZM00000000")
    longer = dict(part["cwt"])
    longer[4] += 86400 * 365
    texts = {
        "signature": cards.write(part["protected"], part["payload"], wrong),
        "no signature": cards.write(part["protected"], part["payload"], b""),
        "zero signature": cards.write(part["protected"], part["payload"], bytes(64)),
        "subject": cards.write(part["protected"], other, part["signature"]),
        "expiry": cards.write(part["protected"], cards.cbor(longer), part["signature"]),
        "other kid": cards.write(cards.cbor({1: -8, 4: b"x" * 8}), part["payload"],
                                 part["signature"]),
        "no kid": cards.write(cards.cbor({1: -8}), part["payload"], part["signature"]),
        "other alg": cards.write(cards.cbor({1: -7, 4: part["head"][4]}), part["payload"],
                                 part["signature"]),
        "no alg": cards.write(b"", part["payload"], part["signature"]),
        "cut": text[:-3], "half": text[:len(text) // 2], "empty": "", "words": "hello",
        "small letters": text.lower(), "lone rest": text + "A",
        "not zlib": cards.base45(b"hello world"),
        "bytes after": cards.base45(zlib.compress(part["raw"] + b"x")),
        "not cose": cards.base45(zlib.compress(b"hello")),
        "bomb": cards.base45(zlib.compress(bytes(10 ** 6))),
        "deep": cards.base45(zlib.compress(b"\xd2" + b"\x81" * 5000 + b"\x00")),
        "huge length": cards.base45(zlib.compress(b"\xd2\x84\x5b" + b"\xff" * 8)),
    }
    same = cards.write(part["protected"], part["payload"], part["signature"])
    assert verify(anyone, same).status_code == 200
    for name, changed in texts.items():
        assert refused(verify(anyone, changed), 400, 422), name
    refused(verify(anyone, "A" * 9000), 400, 413, 422)
    for i in range(0, len(text), max(1, len(text) // 20)):
        letter = "A" if text[i] != "A" else "B"
        changed = text[:i] + letter + text[i + 1:]
        if not same_bytes(changed, part["raw"]):
            refused(verify(anyone, changed), 400)
    assert refused(verify(anyone, texts["signature"]), 400) == TAMPERED


def test_same_bytes_squeezed_otherwise_are_the_same_card(anyone, card):
    for level in (0, 1, 9):
        text = cards.base45(zlib.compress(card.parts["raw"], level))
        assert verify(anyone, text).status_code == 200


def test_the_published_test_key_is_not_trusted(anyone):
    """A card signed with RFC 8032's first key, which everybody has."""
    with open(os.path.join(servers.ROOT, "tests", "data", "kat169.json"),
              encoding="utf-8") as f:
        text = json.load(f)["qr"]
    assert cards.read(text)["claim"]
    assert refused(verify(anyone, text), 400) == TAMPERED


def test_a_new_card_ends_the_old(operator, anyone, enrol, tmp_path):
    """Flaw 20: what was once signed was good for ever."""
    farmer = enrol(operator)
    generate(operator, farmer)
    first = operator.get(path(farmer, "")).json()
    old = text_of(operator, farmer, tmp_path)
    generate(operator, farmer)
    second = operator.get(path(farmer, "")).json()
    new = text_of(operator, farmer, tmp_path)
    assert first["id_card_file_id"] != second["id_card_file_id"]
    assert cards.read(old)["cwt"][7] != cards.read(new)["cwt"][7], "same serial"
    refused(operator.get("/api/files/" + first["id_card_file_id"]), 404)
    assert verify(anyone, new).json()["verified"] is True
    reply = verify(anyone, old)
    assert reply.status_code != 200 or reply.json()["verified"] is False, reply.text


def test_two_at_once(operator, enrol, server, recorder, tmp_path):
    """Flaw 61: each press queued one more, without end. Two presses of the button
    leave one valid card."""
    farmer = enrol(operator)
    clients = [Client(server, recorder) for _ in range(4)]

    def press(client):
        client.token = operator.token
        return client.post(path(farmer, "/generate-idcard")).status_code
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(press, clients))
    assert set(statuses) <= {202, 409} and 202 in statuses
    assert verify(operator,
                  text_of(operator, farmer, tmp_path)).json()["verified"] is True


# the old payload


def triple(server, farmer_id, timestamp="2026-01-02T03:04:05.123456+00:00"):
    key = server.setting("SECRET_KEY").encode()
    text = "%s|%s" % (farmer_id, timestamp)
    digest = hmac.new(key, text.encode(), hashlib.sha256).digest()
    return {"farmer_id": farmer_id, "timestamp": timestamp,
            "signature": base64.urlsafe_b64encode(digest).decode()}


def old(client, body):
    return client.post("/api/farmers/verify-qr", json=body)


def test_old_payload(server, anyone, farmer):
    body = triple(server, farmer["farmer_id"])
    reply = old(anyone, {**body, "name": "ignored", "verified": False})
    assert reply.status_code == 200
    assert reply.json()["farmer_id"] == farmer["farmer_id"]
    assert reply.json()["registration_status"] == "pending"
    missing = triple(server, "ZM00000000")
    assert refused(old(anyone, missing), 404) == "Farmer ZM00000000 not found"


def test_old_payload_tampered(server, anyone, farmer, enrol):
    """Flaw 29: a | could move between the parts of what is signed."""
    body = triple(server, farmer["farmer_id"])
    signature = body["signature"]
    first = "A" if signature[0] != "A" else "B"
    for change in ({"farmer_id": enrol()["farmer_id"]},
                   {"timestamp": "2026-01-02T03:04:05.123457+00:00"},
                   {"signature": first + signature[1:]}, {"signature": ""},
                   {"signature": signature[:-5]}, {"signature": signature + "A"},
                   {"signature": None}, {"farmer_id": None}, {"timestamp": ""},
                   {"farmer_id": farmer["farmer_id"] + "|2026-01-02T03:04:05.123456",
                    "timestamp": "+00:00"}):
        assert refused(old(anyone, {**body, **change}), 400) == TAMPERED, change


@pytest.mark.parametrize("body", [
    {}, {"farmer_id": "x"}, {"qr": None}, {"qr": 5}, {"qr": ["x"]}, {"qr": {}},
    {"farmer_id": ["ZM"], "timestamp": {}, "signature": []},
    {"farmer_id": "ZM00000000", "timestamp": "t", "signature": "x" * 5000},
])
def test_fields_that_are_missing_or_no_texts(anyone, body):
    refused(old(anyone, body), 400, 422)


def test_bodies_that_are_no_objects(anyone):
    for body in ([], "x", 5, None, [{}]):
        refused(anyone.post("/api/farmers/verify-qr", json=body), 400, 422)


def test_secret_is_not_the_default(server):
    """Flaw 30: there were default credentials. Two installations never share keys."""
    assert len(server.setting("SECRET_KEY")) >= 32
    assert server.setting("SECRET_KEY") != server.setting("JWT_SECRET")
    assert oct(os.stat(server.config).st_mode & 0o777) == "0o600"
