# SPDX-License-Identifier: MIT
"""The services that give a host or container its role's credentials, on this host."""
import contextlib
import datetime
import http.server
import json
import threading


class Roles:
    """What they answer can be changed meanwhile; asked has what came."""

    def __init__(self):
        self.keys = ("AK", "SK", "TOKEN")
        self.seconds = 3600
        self.status = 200
        self.body = None        # instead of the credentials
        self.need = None        # Authorization that must come
        self.name = "cem-role"
        self.token = "t" * 56
        self.asked = []

    def answer(self, method, path, headers):
        self.asked.append((method, path))
        if self.status != 200:
            return self.status, b"<html>out of order</html>"
        if path == "/latest/api/token":
            life = headers.get("x-aws-ec2-metadata-token-ttl-seconds")
            return (200, self.token.encode()) if method == "PUT" and life else (400, b"")
        if path.startswith("/latest/"):
            if headers.get("x-aws-ec2-metadata-token") != self.token:
                return 401, b""
            if path == "/latest/meta-data/iam/security-credentials/":
                return 200, self.name.encode()
            if path != "/latest/meta-data/iam/security-credentials/" + self.name:
                return 404, b""
        elif self.need and headers.get("authorization") != self.need:
            return 401, b""
        return 200, self.body if self.body is not None else self.document()

    def document(self):
        until = datetime.datetime.utcnow() + datetime.timedelta(seconds=self.seconds)
        return json.dumps({
            "Code": "Success", "AccessKeyId": self.keys[0],
            "SecretAccessKey": self.keys[1], "Token": self.keys[2],
            "Expiration": until.strftime("%Y-%m-%dT%H:%M:%SZ")}).encode()

    @contextlib.contextmanager
    def serve(self):
        roles = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                status, body = roles.answer(self.command, self.path, self.headers)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_PUT = answer

            def log_message(self, *words):
                pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield "http://127.0.0.1:%d" % server.server_port
        finally:
            server.shutdown()
            server.server_close()
