# SPDX-License-Identifier: MIT
"""Reading a card back without the product's code: Base45 (RFC 9285), zlib, CBOR
(RFC 8949), COSE_Sign1 (RFC 9052), Claim 169, and the PDF through Debian's tools."""
import os
import struct
import subprocess
import zlib

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"


def base45_read(text):
    out = bytearray()
    for i in range(0, len(text), 3):
        group = [ALPHABET.index(c) for c in text[i:i + 3]]
        if len(group) == 3:
            out += struct.pack(">H", group[0] + 45 * group[1] + 2025 * group[2])
        else:
            out.append(group[0] + 45 * group[1])
    return bytes(out)


def base45(data):
    text = ""
    for i in range(0, len(data) - 1, 2):
        n = data[i] * 256 + data[i + 1]
        text += ALPHABET[n % 45] + ALPHABET[n // 45 % 45] + ALPHABET[n // 2025]
    if len(data) % 2:
        text += ALPHABET[data[-1] % 45] + ALPHABET[data[-1] // 45]
    return text


def cbor_read(data, at=0):
    """(value, where it ends); of tags, what they hold."""
    kind, n = data[at] >> 5, data[at] & 31
    at += 1
    if n in (24, 25, 26, 27):
        size = 1 << (n - 24)
        n, at = int.from_bytes(data[at:at + size], "big"), at + size
    elif n > 27:
        raise ValueError("indefinite or reserved length")
    if kind in (0, 1):
        return (n if kind == 0 else -1 - n), at
    if kind == 2:
        return data[at:at + n], at + n
    if kind == 3:
        return data[at:at + n].decode(), at + n
    if kind == 4:
        items = []
        for _ in range(n):
            item, at = cbor_read(data, at)
            items.append(item)
        return items, at
    if kind == 5:
        table = {}
        for _ in range(n):
            key, at = cbor_read(data, at)
            table[key], at = cbor_read(data, at)
        return table, at
    if kind == 6:
        return cbor_read(data, at)
    return {20: False, 21: True, 22: None}[n], at


def cbor(value):
    """Integers, texts, bytes, lists and maps as CBOR."""
    def head(kind, n):
        for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
            if n < 24:
                return bytes([kind << 5 | n])
            if n < 1 << (8 * size):
                return bytes([kind << 5 | code]) + n.to_bytes(size, "big")
        raise ValueError(n)
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


def read(text):
    """The layers of a QR text: protected map, kid, payload, claims, signature."""
    squeezed = base45_read(text)
    raw = zlib.decompress(squeezed)
    assert raw[0] == 0xd2, "tag 18 expected, %02x found" % raw[0]
    (protected, unprotected, payload, signature), end = cbor_read(raw)
    assert end == len(raw), "bytes after the message"
    head = cbor_read(protected)[0]
    cwt = cbor_read(payload)[0]
    return {"raw": raw, "protected": protected, "head": head,
            "unprotected": unprotected, "payload": payload, "cwt": cwt,
            "claim": cwt[169], "signature": signature}


def write(protected, payload, signature):
    """The QR text of a message."""
    raw = b"\xd2" + cbor([protected, {}, payload, signature])
    return base45(zlib.compress(raw, 9))


def tool(*words):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, timeout=120, check=False)
    assert done.returncode == 0, (words, done.stdout, done.stderr)
    return done.stdout.decode()


def qr_of(picture):
    """The texts of the QR codes in a picture file."""
    out = tool("zbarimg", "--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", picture)
    return out.split("\n")[:-1]


class Pdf:
    """A PDF in a file, asked through poppler and qpdf."""

    def __init__(self, folder, data, name="card.pdf"):
        self.folder = str(folder)
        self.file = os.path.join(self.folder, name)
        with open(self.file, "wb") as f:
            f.write(data)

    def text(self, page=None):
        pages = ["-f", str(page), "-l", str(page)] if page else []
        return tool("pdftotext", *pages, "-layout", self.file, "-")

    def fonts(self):
        lines = tool("pdffonts", self.file).split("\n")
        where = [i for i, mark in enumerate(lines[1]) if mark == "-"
                 and (i == 0 or lines[1][i - 1] == " ")] + [None]
        names = [lines[0][a:b].strip() for a, b in zip(where, where[1:])]
        return [dict(zip(names, (line[a:b].strip() for a, b in zip(where, where[1:]))))
                for line in lines[2:] if line]

    def sizes(self):
        """[(width, height)] of the pages in points."""
        out = tool("pdfinfo", "-f", "1", "-l", "99", self.file)
        return [tuple(float(x) for x in line.split(":")[1].split("pts")[0].split("x"))
                for line in out.split("\n") if line.startswith("Page ")
                and "size" in line]

    def picture(self, page, dpi=300):
        stem = os.path.join(self.folder, "page%d" % page)
        tool("pdftoppm", "-r", str(dpi), "-png", "-singlefile", "-f", str(page), "-l",
             str(page), self.file, stem)
        return stem + ".png"
