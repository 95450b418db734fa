# SPDX-License-Identifier: MIT
"""A clamd for tests: Debian's, which knows one thing only, or one that misbehaves."""
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading

from server import poll

# The test file of the EICAR, in two pieces, so that no scanner minds this one.
EICAR = (b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR" +
         b"-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*")
NAME = "Cem-Test.Eicar.UNOFFICIAL"
LIMIT_MB = 3  # the largest file that it takes

CONFIG = """
DatabaseDirectory {folder}/signatures
LocalSocket {folder}/socket
LocalSocketMode 666
FixStaleSocket yes
Foreground yes
StreamMaxLength {limit}M
LogFile {folder}/log
"""


class Clamd:
    """The real one, with a database of one signature."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="cem-clamd-", dir="/tmp")
        os.chmod(self.folder, 0o755)
        os.mkdir(self.folder + "/signatures")
        with open(self.folder + "/signatures/test.ndb", "w", encoding="ascii") as f:
            f.write("Cem-Test.Eicar:0:*:%s\n" % EICAR.hex())
        with open(self.folder + "/conf", "w", encoding="ascii") as f:
            f.write(CONFIG.format(folder=self.folder, limit=LIMIT_MB))
        self.place = "unix:" + self.folder + "/socket"
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            ["clamd", "--config-file=" + self.folder + "/conf"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)

        def listens():
            assert self.process.poll() is None, "clamd ended; see %s" % self.folder
            with socket.socket(socket.AF_UNIX) as s:
                return s.connect_ex(self.folder + "/socket") == 0
        poll(listens)
        return self

    def stop(self):
        if self.process:
            self.process.send_signal(signal.SIGTERM)
            self.process.wait(timeout=60)
            self.process = None

    def end(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def pieces(stream):
    """All that is sent in one INSTREAM, or None if the protocol is broken."""
    if stream.read(10) != b"zINSTREAM\0":
        return None
    whole = b""
    while True:
        head = stream.read(4)
        if len(head) < 4:
            return None
        n = struct.unpack("!I", head)[0]
        if not n:
            return whole
        whole += stream.read(n)


class Rogue:
    """One that reads what is sent and then does as `manner` says, on TCP."""

    def __init__(self):
        self.manner = "stream: OK\0"
        self.seen = []
        self.held = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.place = "tcp:127.0.0.1:%d" % self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            if self.manner == "gone":
                connection.close()
            elif self.manner == "deaf":
                self.held.append(connection)
            else:
                self.answer(connection)

    def answer(self, connection):
        with connection, connection.makefile("rb") as stream:
            self.seen.append(pieces(stream))
            if self.manner == "silent":
                self.held.append(connection.dup())
            else:
                connection.sendall(self.manner.encode("latin-1"))

    def end(self):
        self.listener.close()
        for connection in self.held:
            connection.close()
