# SPDX-License-Identifier: MIT
"""A user of the API: one kept connection, a token, and every reply recorded."""
from urllib.parse import urlsplit

import requests

from server import LIMIT


class Client:
    def __init__(self, server, recorder=None):
        self.server = server
        self.recorder = recorder
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.verify = server.certificate
        self.token = self.refresh_token = None
        self.email = self.password = None
        self.user = {}

    def call(self, method, path, **more):
        """One request; `token=` overrules the client's own, None sends none."""
        headers = dict(more.pop("headers", {}))
        token = more.pop("token", self.token)
        if token is not None:
            headers.setdefault("Authorization", "Bearer " + token)
        internal = more.pop("internal", False)
        more.setdefault("timeout", LIMIT * 2)
        more.setdefault("allow_redirects", False)
        reply = self.session.request(method, self.server.base + path, headers=headers,
                                     **more)
        if self.recorder is not None:
            self.recorder.see(method, urlsplit(path).path, reply.status_code,
                              reply.headers, reply.content, internal)
        return reply

    def get(self, path, **more):
        return self.call("GET", path, **more)

    def post(self, path, **more):
        return self.call("POST", path, **more)

    def put(self, path, **more):
        return self.call("PUT", path, **more)

    def delete(self, path, **more):
        return self.call("DELETE", path, **more)

    def login(self, email, password, role=None):
        """Sign in or fail the test; returns self."""
        body = {"email": email, "password": password}
        if role:
            body["role"] = role
        reply = self.post("/api/auth/login", json=body, token=None)
        assert reply.status_code == 200, reply.text
        data = reply.json()
        self.token, self.refresh_token = data["access_token"], data["refresh_token"]
        self.user, self.email, self.password = data["user"], email, password
        return self

    def upload(self, path, content, name="photo.jpg", media="image/jpeg", part="file",
               **more):
        return self.post(path, files={part: (name, content, media)}, **more)


def refused(reply, *statuses):
    """Assert one of the statuses and the error shape; the detail is returned."""
    assert reply.status_code in statuses, (reply.status_code, reply.text[:500])
    body = reply.json()
    assert isinstance(body, dict) and isinstance(body.get("detail"), str), body
    assert body["detail"], body
    return body["detail"]


def faulty(reply, field, kind=None):
    """Assert a 422 in the contract's shape that names field ("body.a.b")."""
    detail = refused(reply, 422)
    body = reply.json()
    assert detail.startswith("Validation error"), detail
    assert body["request_id"] == reply.headers["X-Request-ID"]
    for fault in body["errors"]:
        assert isinstance(fault["type"], str) and isinstance(fault["msg"], str), fault
        assert isinstance(fault["loc"], list) and "input" in fault, fault
        assert fault["loc"][0] in ("body", "query", "path"), fault
    found = [f for f in body["errors"] if ".".join(map(str, f["loc"])) == field]
    assert found, (field, body["errors"])
    place = field.split(".", 1)[1]
    assert place in detail or len(body["errors"]) > 3, (place, detail)
    if kind:
        assert found[0]["type"] == kind, found
    return found[0]
