# SPDX-License-Identifier: MIT
"""Requests as bytes, for what a well-behaved library would not send."""
import http.client
import json
import socket
import ssl

from server import LIMIT


def connect(server, timeout=LIMIT * 2):
    context = ssl.create_default_context(cafile=server.certificate)
    plain = socket.create_connection(("localhost", server.port), timeout=timeout)
    return context.wrap_socket(plain, server_hostname="localhost")


class Reply:
    def __init__(self, found, body):
        self.status_code = found.status
        self.headers = {k.title(): v for k, v in found.getheaders()}
        self.headers["X-Request-ID"] = self.headers.get("X-Request-Id", "")
        self.pairs = found.getheaders()
        self.content = body
        self.text = body.decode("utf-8", "replace")

    def json(self):
        return json.loads(self.content)


def receive(link, method):
    found = http.client.HTTPResponse(link, method=method)
    found.begin()
    return Reply(found, found.read())


def exchange(server, data, method="GET"):
    """Send bytes, also when the server stops listening early; read one reply."""
    with connect(server) as link:
        step = 64 * 1024
        try:
            for i in range(0, len(data), step):
                link.sendall(data[i:i + step])
        except (BrokenPipeError, ConnectionResetError, ssl.SSLError):
            pass  # the answer may be there all the same
        return receive(link, method)


def request(method, target, headers=(), body=b"", length=None):
    """The bytes of a request; target and headers are sent as they are."""
    lines = [b"%s %s HTTP/1.1" % (method.encode(), raw(target)), b"Host: localhost",
             b"Connection: close"]
    lines += [raw(name) + b": " + raw(value) for name, value in headers]
    if body or length is not None:
        lines.append(b"Content-Length: %d" % (len(body) if length is None else length))
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def raw(text):
    return text if isinstance(text, bytes) else text.encode("utf-8")
