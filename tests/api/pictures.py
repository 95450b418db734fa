# SPDX-License-Identifier: MIT
"""Pictures drawn by the tests: good ones, and ones that lie or explode."""
import io
import struct
import zlib

from PIL import Image, ImageDraw


def draw(width=600, height=800):
    """A face-like drawing whose four corners differ."""
    picture = Image.new("RGB", (width, height), (235, 235, 225))
    pen = ImageDraw.Draw(picture)
    w, h = width // 4, height // 4
    pen.rectangle((0, 0, w, h), fill=(220, 30, 30))
    pen.rectangle((width - w, 0, width, h), fill=(30, 200, 30))
    pen.rectangle((0, height - h, w, height), fill=(30, 30, 220))
    pen.ellipse((w, h, width - w, height - h), fill=(150, 100, 70))
    return picture


def save(kind="JPEG", width=600, height=800, picture=None, **more):
    out = io.BytesIO()
    (picture or draw(width, height)).save(out, kind, **more)
    return out.getvalue()


def jpeg(**more):
    return save("JPEG", **more)


def oriented(orientation=6):
    """A JPEG with EXIF: an orientation, a maker's name and a place on earth."""
    picture = draw()
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010f] = "Secret Maker"
    exif[0x8825] = {1: "S", 2: (15.0, 24.0, 30.0), 3: "E", 4: (28.0, 17.0, 0.0)}
    return save(picture=picture, exif=exif.tobytes())


def corners(picture):
    """The three marked corners: where red, green and blue are ("top left", ...)."""
    picture = picture.convert("RGB")
    w, h = picture.size
    spots = {"top left": (w // 10, h // 10), "top right": (w * 9 // 10, h // 10),
             "bottom left": (w // 10, h * 9 // 10),
             "bottom right": (w * 9 // 10, h * 9 // 10)}
    found = {}
    for name, spot in spots.items():
        r, g, b = picture.getpixel(spot)
        if r > 150 and g < 100 and b < 100:
            found["red"] = name
        elif g > 130 and r < 100 and b < 100:
            found["green"] = name
        elif b > 150 and r < 100 and g < 100:
            found["blue"] = name
    return found


def png_chunk(kind, data):
    return (struct.pack(">I", len(data)) + kind + data
            + struct.pack(">I", zlib.crc32(kind + data)))


def png_header(width, height, depth=8, colour=2):
    return b"\x89PNG\r\n\x1a\n" + png_chunk(
        b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))


def png_bomb(width=30000, height=30000):
    """A correct, tiny PNG of many black pixels (1 bit each)."""
    line = bytes(1 + (width + 7) // 8)
    deflate = zlib.compressobj(9)
    data = b"".join(deflate.compress(line) for _ in range(height)) + deflate.flush()
    return (png_header(width, height, 1, 0) + png_chunk(b"IDAT", data)
            + png_chunk(b"IEND", b""))


def png_liar():
    """A PNG header that claims four billion pixels, with next to no data."""
    return (png_header(65535, 65535) + png_chunk(b"IDAT", zlib.compress(bytes(100)))
            + png_chunk(b"IEND", b""))


def jpeg_liar():
    """A small JPEG whose frame header claims 65500 x 65500 pixels."""
    data = bytearray(jpeg(width=64, height=64))
    at = data.index(b"\xff\xc0")
    data[at + 5:at + 9] = struct.pack(">HH", 65500, 65500)
    return bytes(data)


def text_bomb():
    """A PNG with a compressed text chunk that inflates to 200 MB."""
    squeezed = zlib.compress(bytes(200 * 1000 * 1000), 9)
    good = save("PNG", width=40, height=40)
    at = good.index(b"IDAT") - 4
    return good[:at] + png_chunk(b"zTXt", b"Comment\0\0" + squeezed) + good[at:]


GIF = (b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00"
       b"\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;")
