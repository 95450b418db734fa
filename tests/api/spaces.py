# SPDX-License-Identifier: MIT
"""What tests of the files of an organisation have in common."""
import hashlib
from urllib.parse import quote

import people


def organise(server, name=None, quota=None):
    """A new organisation; its name."""
    name = name or "Space " + people.word(12)
    more = ["--quota", str(quota)] if quota is not None else []
    server.cem("organisation", "add", "--config", server.config, name, *more)
    return name


def listed(server):
    """{name: (id, what, used, quota)}"""
    out = server.cem("organisation", "list", "--config", server.config)[1]
    rows = [line.split("\t") for line in out.splitlines()]
    return {row[4]: tuple(row[:4]) for row in rows}


def used(server, name):
    return int(listed(server)[name][2])


def tenant_of(server, name):
    return listed(server)[name][0]


def put(client, path, content=b"x", media="text/plain", **more):
    """Upload one file to its path."""
    folder, _, name = path.rpartition("/")
    reply = client.upload("/files/upload", content, name, media,
                          params={"folder": folder} if folder else {}, **more)
    assert reply.status_code == 200, reply.text
    return reply


def put_all(client, paths, folder="", content=b"x"):
    """Upload many into one folder."""
    reply = client.post("/files/upload-multiple", params={"folder": folder}, files=[
        ("files", (name, content, "text/plain")) for name in paths])
    assert reply.status_code == 200, reply.text
    return reply


def show(client, path, **more):
    return client.get("/files/download/" + quote(path), **more)


def names(client, folder="", **more):
    """The keys of a whole folder, by as many pages as it takes."""
    found, cursor = [], None
    while True:
        query = {"folder": folder, **more}
        if cursor:
            query["cursor"] = cursor
        reply = client.get("/files/list", params=query)
        assert reply.status_code == 200, reply.text
        found += [entry["key"] for entry in reply.json()]
        cursor = reply.headers.get("X-Next-Cursor")
        if not cursor:
            return found


def md5(content):
    return hashlib.md5(content).hexdigest()


def faults(reply, *loc):
    """Assert a 422 as the clients of /files know it; the fault at loc is returned."""
    assert reply.status_code == 422, (reply.status_code, reply.text[:500])
    body = reply.json()
    assert list(body) == ["detail"] and isinstance(body["detail"], list), body
    for fault in body["detail"]:
        assert list(fault)[:3] == ["type", "loc", "msg"], fault
        assert set(fault) <= {"type", "loc", "msg", "input", "ctx"}, fault
    found = [f for f in body["detail"] if f["loc"] == list(loc)]
    assert found, body
    return found[0]


def multipart(parts, boundary="XxXboundaryXxX"):
    """(body, Content-Type) of [(header bytes, content)], sent as they are."""
    body = b"".join(b"--%s\r\n%s\r\n\r\n%s\r\n" % (boundary.encode(), head, content)
                    for head, content in parts)
    return (body + b"--%s--\r\n" % boundary.encode(),
            "multipart/form-data; boundary=" + boundary)


def raw_upload(client, name, content=b"x", media=b"text/plain", part=b"file",
               target="/files/upload"):
    """Upload under a file name as bytes, quoted but otherwise as they are."""
    head = (b'Content-Disposition: form-data; name="%s"; filename="%s"\r\n'
            b"Content-Type: %s" % (part, name, media))
    body, kind = multipart([(head, content)])
    return client.post(target, data=body, headers={"Content-Type": kind})
