# SPDX-License-Identifier: MIT
"""Downloads and metadata (contract 65, 67); permission in C, bytes by nginx."""
import hashlib
import os
import re
import time
from datetime import timedelta
from email.utils import format_datetime, parsedate_to_datetime

import pictures
import pytest
import wire
from client import refused

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00")


@pytest.fixture(scope="module")
def photo(operator, enrol):
    """(farmer, file id, path, bytes) of one stored photo."""
    farmer = enrol(operator)
    reply = operator.upload("/api/farmers/%s/upload-photo" % farmer["farmer_id"],
                            pictures.jpeg(quality=95))
    body = reply.json()
    whole = operator.get(body["photo_path"])
    assert whole.status_code == 200
    return farmer, body["file_id"], body["photo_path"], whole.content


def test_download(operator, photo):
    _, _, path, content = photo
    reply = operator.get(path)
    assert reply.headers["Content-Type"] == "image/jpeg"
    assert int(reply.headers["Content-Length"]) == len(content)
    assert reply.headers["Content-Disposition"].startswith("inline")
    assert content[:2] == b"\xff\xd8"
    assert operator.get(path + "/").content == content


def test_no_server_words_leak(operator, photo):
    reply = operator.get(photo[2])
    assert "X-Accel-Redirect" not in reply.headers
    assert "store" not in str(reply.headers).lower().replace("no-store", "")


def test_head(operator, photo):
    _, _, path, content = photo
    reply = operator.call("HEAD", path)
    assert reply.status_code == 200 and reply.content == b""
    assert int(reply.headers["Content-Length"]) == len(content)
    assert reply.headers["Content-Type"] == "image/jpeg"


@pytest.mark.parametrize("span,cut", [
    ("bytes=0-9", slice(0, 10)), ("bytes=10-19", slice(10, 20)),
    ("bytes=100-", slice(100, None)), ("bytes=-7", slice(-7, None)),
    ("bytes=0-99999999", slice(0, None)),
])
def test_range(operator, photo, span, cut):
    """Flaw 60: files came whole, from memory."""
    _, _, path, content = photo
    reply = operator.get(path, headers={"Range": span})
    assert reply.status_code == 206
    assert reply.content == content[cut]
    assert reply.headers["Content-Range"].endswith("/%d" % len(content))


def test_range_outside(operator, photo):
    reply = operator.get(photo[2], headers={"Range": "bytes=99999999-"})
    assert reply.status_code == 416


def test_conditional_get(operator, photo):
    first = operator.get(photo[2])
    assert "ETag" in first.headers or "Last-Modified" in first.headers
    if "ETag" in first.headers:
        again = operator.get(photo[2], headers={"If-None-Match": first.headers["ETag"]})
        assert again.status_code == 304 and again.content == b""
    if "Last-Modified" in first.headers:
        again = operator.get(photo[2], headers={
            "If-Modified-Since": first.headers["Last-Modified"]})
        assert again.status_code == 304


def test_etag_is_the_md5_of_the_bytes(operator, photo):
    """As S3's clients know it; and the same wherever the bytes lie."""
    reply = operator.get(photo[2])
    assert reply.headers["ETag"] == '"%s"' % hashlib.md5(photo[3]).hexdigest()
    stamp = parsedate_to_datetime(reply.headers["Last-Modified"]).timestamp()
    assert abs(time.time() - stamp) < 86400


CONDITIONS = [
    ({"If-None-Match": "TAG"}, 304), ({"If-None-Match": "W/TAG"}, 304),
    ({"If-None-Match": '"other", TAG'}, 304), ({"If-None-Match": "*"}, 304),
    ({"If-None-Match": '"other"'}, 200), ({"If-None-Match": "TAG'"}, 304),
    ({"If-None-Match": '"other"', "If-Modified-Since": "TIME"}, 200),
    ({"If-Modified-Since": "TIME"}, 304), ({"If-Modified-Since": "LATER"}, 200),
    ({"If-Modified-Since": "EARLIER"}, 200), ({"If-Modified-Since": "rubbish"}, 200),
    ({"If-Match": "TAG"}, 200), ({"If-Match": '"other", TAG'}, 200),
    ({"If-Match": "*"}, 200), ({"If-Match": "W/TAG"}, 412),
    ({"If-Match": '"other"'}, 412), ({"If-Match": "TAG", "Range": "bytes=5-9"}, 206),
    ({"If-Match": "TAG", "Range": "bytes=5-9", "If-Range": '"other"'}, 200),
    ({"If-Match": "TAG", "Range": "bytes=0-1,4-5"}, 200),
    ({"If-Match": "TAG", "Range": "bytes=99999999-"}, 416),
    ({"If-Match": "TAG", "If-None-Match": "TAG"}, 304),
    ({"If-Unmodified-Since": "TIME"}, 200), ({"If-Unmodified-Since": "LATER"}, 200),
    ({"If-Unmodified-Since": "EARLIER"}, 412),
    ({"If-Unmodified-Since": "EARLIER", "If-Match": "TAG"}, 200),
    ({"Range": "bytes=5-9", "If-Range": "TAG"}, 206),
    ({"Range": "bytes=5-9", "If-Range": "TIME"}, 206),
    ({"Range": "bytes=5-9", "If-Range": '"other"'}, 200),
    ({"Range": "bytes=5-9", "If-Range": "W/TAG"}, 200),
    ({"Range": "bytes=5-9", "If-Range": "EARLIER"}, 200),
]


@pytest.mark.parametrize("asked,status", CONDITIONS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_conditions(operator, photo, asked, status, method):
    """RFC 9110 section 13: by the program's ETag and time, whoever sends the bytes. A
    browser asks for a large file in parts with If-Match."""
    _, _, path, content = photo
    first = operator.get(path).headers
    stamp = parsedate_to_datetime(first["Last-Modified"])
    times = {"TIME": first["Last-Modified"],
             "LATER": format_datetime(stamp + timedelta(hours=1), usegmt=True),
             "EARLIER": format_datetime(stamp - timedelta(seconds=1), usegmt=True)}
    headers = {name: times.get(value, value.replace("TAG", first["ETag"]))
               for name, value in asked.items()}
    reply = operator.call(method, path, headers=headers)
    assert reply.status_code == status
    if status in (200, 304):
        assert reply.headers["ETag"] == first["ETag"]
        assert reply.headers["Last-Modified"] == first["Last-Modified"]
    if status == 200:
        assert reply.headers["Content-Type"] == "image/jpeg"
        assert int(reply.headers["Content-Length"]) == len(content)
    if status in (412, 416) and method == "GET":
        assert reply.json()["detail"]
    assert reply.content == (b"" if method == "HEAD" or status == 304 else
                             {200: content, 206: content[5:10]}.get(status,
                                                                    reply.content))
    for name in ("X-File-Address", "X-File-Range", "X-Accel-Redirect"):
        assert name not in reply.headers


def test_a_matching_etag_does_not_replace_permission(operator, other_operator, anyone,
                                                     photo):
    tag = operator.get(photo[2]).headers.get("ETag", "*")
    refused(other_operator.get(photo[2], headers={"If-None-Match": tag}), 404)
    refused(anyone.get(photo[2], headers={"If-None-Match": "*"}), 403)


def test_metadata(operator, photo):
    farmer, file_id, _, content = photo
    body = operator.get("/api/files/metadata/" + file_id).json()
    assert set(body) >= {"file_id", "filename", "content_type", "size", "uploaded_at",
                         "farmer_id", "file_type"}
    assert body["file_id"] == file_id and body["farmer_id"] == farmer["farmer_id"]
    assert body["content_type"] == "image/jpeg" and body["size"] == len(content)
    assert body["file_type"] == "photo" and TIME.fullmatch(body["uploaded_at"])


@pytest.mark.parametrize("name", ["foto ŋ ñ ŵ.jpg", "日本.jpg", "a\"b.jpg", "a;b=c.jpg",
                                  "a\\b.jpg", "a'b%0d%0aX-Evil: 1.jpg"])
def test_disposition_is_safe(operator, enrol, name):
    """Flaw 60: some names were a 500, others could add headers."""
    farmer = enrol(operator)
    reply = operator.upload("/api/farmers/%s/upload-photo" % farmer["farmer_id"],
                            pictures.jpeg(), name)
    assert reply.status_code == 200
    got = operator.get(reply.json()["photo_path"])
    assert got.status_code == 200 and "X-Evil" not in got.headers
    value = got.headers["Content-Disposition"]
    plain = r"(\"[ !#-\[\]-~]*\"|[!#-'*+.0-9A-Z^_`a-z|~-]+)"
    coded = r"UTF-8''[A-Za-z0-9%!#$&+.^_`|~-]*"
    assert re.fullmatch(r"inline(; filename=%s)?(; filename\*=%s)?" % (plain, coded),
                        value), value
    meta = operator.get("/api/files/metadata/" + reply.json()["file_id"])
    assert meta.status_code == 200


def test_line_breaks_in_a_name(server, operator, farmer):
    body = (b"--b\r\nContent-Disposition: form-data; name=\"file\"; "
            b"filename=\"a\nX-Evil: 1.jpg\"\r\n\r\n" + pictures.jpeg() + b"\r\n--b--\r\n")
    reply = operator.post("/api/farmers/%s/upload-photo" % farmer["farmer_id"], data=body,
                          headers={"Content-Type": "multipart/form-data; boundary=b"})
    assert reply.status_code in (200, 400, 422)
    if reply.status_code == 200:
        got = operator.get(reply.json()["photo_path"])
        assert got.status_code == 200 and "X-Evil" not in got.headers


@pytest.mark.parametrize("tail", [
    "zzz", "0" * 24, "f" * 24, "0" * 23, "0" * 25, "G" * 24, "%2e%2e%2f%2e%2e%2fetc",
    "..%2f..%2fcem.conf", "%00", "0" * 24 + "%00", "0" * 5000, "metadata/zzz",
    "metadata/" + "0" * 24, "legacy/etc/passwd", "legacy/..%2f..%2fcem.conf",
    "metadata/..%2fx",
])
def test_no_file_by_path_or_odd_id(admin, tail):
    """Flaw 5: legacy/ read any file of the program by its path."""
    odd = "%" in tail or len(tail) > 1000
    refused(admin.get("/api/files/" + tail), *([400, 404, 414] if odd else [404]))


def test_upper_case_id(operator, photo):
    """An id has one spelling."""
    upper = photo[1].upper()
    if upper != photo[1]:
        refused(operator.get("/api/files/" + upper), 404)


def test_needs_a_session(anyone, photo):
    assert refused(anyone.get(photo[2]), 403) == "Not authenticated"
    refused(anyone.get(photo[2], token="x.y.z"), 401)
    refused(anyone.get("/api/files/metadata/" + photo[1]), 403)
    refused(anyone.get(photo[2] + "?token=" + "x" * 20 + "&access_token=y"), 403)


def test_nobody_reads_files_of_others(admin, operator, other_operator, lost_operator,
                                      enrol, as_farmer, photo):
    """Flaw 4: any token read any file."""
    farmer, file_id, path, content = photo
    meta = "/api/files/metadata/" + file_id
    for allowed in (admin, operator, as_farmer(farmer)):
        assert allowed.get(path).content == content
        assert allowed.get(meta).status_code == 200
    for stranger in (other_operator, lost_operator, as_farmer(enrol())):
        unknown = refused(stranger.get("/api/files/" + "0" * 24), 404)
        detail = refused(stranger.get(path), 404)
        assert detail.replace(file_id, "0" * 24) == unknown, "an oracle"
        refused(stranger.get(meta), 404)
        refused(stranger.get(path, headers={"Range": "bytes=0-3"}), 404)


@pytest.mark.parametrize("target", [
    "/store/", "/store/../cem.conf", "/uploads/x.jpg", "/static/../cem.conf",
    "/../cem.conf", "/..%2fcem.conf", "/%2e%2e/cem.conf", "/cem.conf", "/cem.db",
    "//etc/passwd", "/store%2f", "/api/files/../../store/", "/var/cem.db",
    "/.%2e/.%2e/etc/passwd", "/static..%2fcem.conf", "/static../cem.conf",
    "/docs/..%2f..%2fcem.conf", "/nginx/nginx.conf", "/tls/key.pem", "/.git/config",
])
def test_the_state_folder_is_not_served(server, target):
    """Flaw 5: neither by path tricks."""
    reply = wire.exchange(server, wire.request("GET", target))
    assert reply.status_code in (400, 403, 404), (reply.status_code, reply.content[:200])
    assert b"SECRET" not in reply.content and b"root:" not in reply.content


def test_stored_objects_are_not_served_by_path(server, photo):
    """Flaw 6: uploads lay in a public folder."""
    stored = [n for n in server.stored() if n.startswith(server.state)]
    there = [name for name in stored if photo[2].endswith(os.path.basename(name))]
    for name in there + stored[::len(stored) // 100 + 1]:
        inside = name[len(server.state):]
        for target in (inside, inside.replace("/store", "", 1)):
            reply = wire.exchange(server, wire.request("GET", target))
            assert reply.status_code == 404, target


def test_downloads_leave_nothing_behind(server, operator, admin, photo):
    """Flaw 59: each download of a card left a file in the temporary folder."""
    card = "/api/farmers/%s/" % photo[0]["farmer_id"]
    assert operator.post(card + "generate-idcard").status_code == 202

    def files():
        """All files but those of logs, audit and database, which come and go."""
        found = set()
        for where, _, names in os.walk(server.state):
            if os.path.basename(where) not in ("log", "db", "journal"):
                found |= {os.path.join(where, n) for n in names}
        return found
    before = files()
    for _ in range(5):
        for path in (photo[2], card + "download-idcard", card + "qr",
                     "/api/reports/farmers-details?format=csv"):
            reply = admin.get(path)
            assert reply.status_code == 200 and reply.content
    assert not files() - before  # housekeeping may take some away
