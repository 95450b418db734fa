# SPDX-License-Identifier: MIT
"""A request to a worker without nginx between, as nginx would put it (FastCGI 1.0)."""
import os
import socket
import struct

from server import LIMIT

BEGIN, END, PARAMS, STDIN, STDOUT = 1, 3, 4, 5, 6


def record(kind, data):
    return struct.pack(">BBHHBx", 1, kind, 1, len(data), 0) + data


def length(n):
    return bytes([n]) if n < 128 else struct.pack(">I", n | 1 << 31)


def pairs(params):
    return b"".join(length(len(k)) + length(len(v)) + k.encode() + v.encode()
                    for k, v in params.items())


class Link:
    """One request; its body may come later than the rest."""

    def __init__(self, server, method, target, address, **more):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(LIMIT * 2)
        self.socket.connect(os.path.join(server.state, "run", "cem.sock"))
        params = {"REQUEST_METHOD": method, "REQUEST_URI": target, "QUERY_STRING": "",
                  "REMOTE_ADDR": address, "SERVER_PROTOCOL": "HTTP/1.1", "HTTPS": "on"}
        params.update(more)
        self.socket.sendall(record(BEGIN, struct.pack(">HB5x", 1, 0))
                            + record(PARAMS, pairs(params)) + record(PARAMS, b""))

    def finish(self, body=b""):
        """Send the body; the status, and all that came back."""
        if body:
            self.socket.sendall(record(STDIN, body))
        self.socket.sendall(record(STDIN, b""))
        with self.socket, self.socket.makefile("rb") as answer:
            text = b""
            while True:
                _, kind, _, n, padding = struct.unpack(">BBHHBx", answer.read(8))
                data = answer.read(n)
                answer.read(padding)
                if kind == END:
                    break
                text += data if kind == STDOUT else b""
        assert text.startswith(b"Status: "), text[:200]
        return int(text[8:11]), text.decode("utf-8")


def ask(server, method, target, address, **more):
    return Link(server, method, target, address, **more).finish()
