# SPDX-License-Identifier: MIT
"""A way to S3 on which things go wrong: each request takes the next step of a plan.

A step is a function step(way, client, request) that answers on the socket client; without
one the request goes through. Signatures hold, as the host's name is the same.
"""
import collections
import contextlib
import socket
import struct
import threading
import time

Request = collections.namedtuple("Request", "method path headers head body")


def read_request(client):
    data = b""
    while b"\r\n\r\n" not in data:
        block = client.recv(65536)
        if not block:
            return None
        data += block
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in
               (line.partition(":") for line in lines[1:])}
    if headers.get("expect", "").lower() == "100-continue":
        client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    while len(body) < int(headers.get("content-length", 0)):
        block = client.recv(1 << 20)
        if not block:
            return None
        body += block
    method, path, _ = lines[0].split(" ")
    return Request(method, path, headers, head, body)


class Way:
    def __init__(self, ceph):
        self.target = ("127.0.0.1", ceph.port)
        self.plan = []
        self.asked = []
        self.always = None
        self.ended = False

    def forward(self, request):
        """S3's whole answer."""
        lines = [line for line in request.head.split(b"\r\n")
                 if not line.lower().startswith((b"expect:", b"connection:"))]
        with socket.create_connection(self.target, timeout=60) as up:
            up.sendall(b"\r\n".join(lines + [b"Connection: close", b"", b""]))
            up.sendall(request.body)
            answer = b""
            while True:
                block = up.recv(1 << 20)
                if not block:
                    return answer
                answer += block

    def talk(self, client):
        with client, contextlib.suppress(OSError):
            client.settimeout(60)
            request = read_request(client)
            if not request:
                return
            self.asked.append(request)
            step = self.plan.pop(0) if self.plan else self.always
            if step:
                step(self, client, request)
            else:
                client.sendall(self.forward(request))

    @contextlib.contextmanager
    def serve(self):
        listener = socket.create_server(("127.0.0.1", 0), backlog=50)

        def loop():
            with contextlib.suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    threading.Thread(target=self.talk, args=(client,),
                                     daemon=True).start()
        threading.Thread(target=loop, daemon=True).start()
        try:
            yield "http://localhost:%d" % listener.getsockname()[1]
        finally:
            self.ended = True
            listener.close()


# Steps.

def through(way, client, request):
    client.sendall(way.forward(request))


def reply(status, body=b"", *headers, length=None):
    def step(way, client, request):
        lines = ["HTTP/1.1 %d X" % status, *headers, "Connection: close",
                 "Content-Length: %d" % (len(body) if length is None else length)]
        client.sendall("\r\n".join(lines + ["", ""]).encode("latin-1"))
        if request.method != "HEAD":
            client.sendall(body)
    return step


def error(status, code):
    return reply(status, b"<?xml version='1.0'?>\n<Error><Code>%s</Code><Message>m"
                 b"</Message></Error>" % code.encode(), "Content-Type: application/xml")


def close(way, client, request):
    pass


def reset(way, client, request):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def lose_answer(way, client, request):
    way.forward(request)


def cut_head(way, client, request):
    client.sendall(way.forward(request)[:20])


def cut_body(way, client, request):
    head, _, body = way.forward(request).partition(b"\r\n\r\n")
    client.sendall(head + b"\r\n\r\n" + body[:len(body) // 2])


def hang(way, client, request):
    while not way.ended:
        time.sleep(0.1)


def drip(way, client, request):
    for byte in b"HTTP/1.1 200 OK\r\nX: " + b"y" * 10**6:
        client.sendall(bytes([byte]))
        time.sleep(0.2)


def endless_head(way, client, request):
    client.sendall(b"HTTP/1.1 200 OK\r\n")
    while True:
        client.sendall(b"X-More: " + b"y" * 1000 + b"\r\n")


def endless_body(way, client, request):
    client.sendall(b"HTTP/1.1 200 OK\r\nETag: \"x\"\r\n\r\n<a>")
    while True:
        client.sendall(b"y" * 65536)


def rubbish(way, client, request):
    client.sendall(b"SSH-2.0-OpenSSH_9.2p1\r\n\x00\x01\x02")
