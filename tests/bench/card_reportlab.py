# SPDX-License-Identifier: MIT
"""What the cards are compared with: the same card by Debian's reportlab and qrcode.

    card_reportlab.py CARDS [FOLDER]

reads one card a line (fields between tabs, see figures_card.py), draws each as a PDF
of two pages, into FOLDER if one is given, and prints how many there were and the CPU
milliseconds that each took. The fonts are loaded once. What is drawn: core/draw_*.c.
"""
import io
import os
import sys
import time

import qrcode
from reportlab.lib.colors import HexColor, black, white
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

FONTS = "/usr/share/fonts/truetype/open-sans/OpenSans-%s.ttf"
MM = 72 / 25.4
WIDTH, HEIGHT, MARGIN = 85.60, 53.98, 4.0
GREEN, LEAF, FURROW = HexColor(0x14532d), HexColor(0x166534), HexColor(0x2f7a4b)
MIST, PAPER, OCHRE = HexColor(0xd7e8dc), HexColor(0xf6faf6), HexColor(0xc98a1b)
FIELDS = ("full_name farmer_id nrc birth_date gender phone village chiefdom district "
          "province created_by serial issued expires issuer_name verified photo "
          "qr").split()
LEAVES = ((0, 2.2, -0.2, 0.4, -2.2, 0.2, -2.3, -1.2, -0.6, -1.4, 0.1, 0.2),
          (0, 2.2, 0.2, 0.4, 2.2, 0.2, 2.3, -1.2, 0.6, -1.4, -0.1, 0.2),
          (0, 1.2, -1.3, -0.4, -1.0, -1.8, 0, -2.7, 1.0, -1.8, 1.3, -0.4))


class Side:
    """A canvas in millimetres from the upper left corner."""

    def __init__(self, canvas):
        self.canvas = canvas

    @staticmethod
    def at(*points):
        return [v * MM if i % 2 == 0 else (HEIGHT - v) * MM
                for i, v in enumerate(points)]

    def box(self, x, y, width, height, color):
        self.canvas.setFillColor(color)
        self.canvas.rect(*self.at(x, y + height), width * MM, height * MM, 0, 1)

    def text(self, x, y, size, text, bold=False, right=None, width=None):
        """One line at baseline y; smaller if it is wider than width."""
        font = "Bold" if bold else "Regular"
        room = (width or WIDTH) * MM
        while size > 5 and pdfmetrics.stringWidth(text, font, size) > room:
            size -= 0.25
        self.canvas.setFont(font, size)
        if right is None:
            self.canvas.drawString(*self.at(x, y), text)
        else:
            self.canvas.drawRightString(*self.at(right, y), text)

    def path(self, start, *curves, close=False, fill=0, stroke=0):
        path = self.canvas.beginPath()
        path.moveTo(*self.at(*start))
        for points in curves:
            if len(points) == 2:
                path.lineTo(*self.at(*points))
            else:
                path.curveTo(*self.at(*points))
        if close:
            path.close()
        self.canvas.drawPath(path, stroke, fill)
        return path

    def frame(self, x, y, width, height, **how):
        self.canvas.roundRect(*self.at(x, y + height), width * MM, height * MM,
                              0.8 * MM, **how)


def front_ground(side):
    pen = side.canvas
    side.box(0, 0, WIDTH, HEIGHT, PAPER)
    pen.setStrokeColor(MIST)
    pen.setLineWidth(0.1 * MM)
    for i in range(14):
        y = 19.2 + 2.6 * i
        side.path((0, y + 6), (30, y - 12 + i, 54, y + 16 - i, WIDTH, y - 4), stroke=1)
    pen.setFillColor(GREEN)
    pen.saveState()
    hill = side.path((0, 50.4), (22, 47.4, 52, 53.4, WIDTH, 48.4), (WIDTH, HEIGHT),
                     (0, HEIGHT), close=True, fill=1)
    pen.clipPath(hill, 0, 0)
    pen.setStrokeColor(FURROW)
    pen.setLineWidth(0.15 * MM)
    for i in range(10):
        x = 9.0 * i - 20
        side.path((x, HEIGHT), (x + 18, 51.4, x + 30, 51.8, WIDTH + 2, 49.0), stroke=1)
    pen.restoreState()


def front_band(side, card):
    pen, x, y = side.canvas, MARGIN + 3.7, 6.6
    side.box(0, 0, WIDTH, 13.2, GREEN)
    side.box(0, 13.2, WIDTH, 0.6, OCHRE)
    pen.setFillColor(white)
    pen.circle(*side.at(x, y), 3.7 * MM, 0, 1)
    pen.setFillColor(LEAF)
    for leaf in LEAVES:
        p = [v + (x if i % 2 == 0 else y) for i, v in enumerate(leaf)]
        side.path(p[:2], p[2:8], p[6:12], (*p[6:10], *p[:2]), fill=1)
    pen.setFillColor(white)
    side.text(13.2, 8.24, 13, "CEM", bold=True)
    side.box(24.6, 4.5, 0.2, 4.2, white)
    side.text(26, 5.82, 5.25, "CHIEFDOM ENTERPRISE", bold=True)
    side.text(26, 8.6, 5.5, card["issuer_name"], width=28)
    side.text(0, 7.8, 9.5, "Farmer ID Card", bold=True, right=WIDTH - MARGIN)


def front(side, card):
    pen = side.canvas
    front_ground(side)
    front_band(side, card)
    pen.drawImage(ImageReader(card["photo"]), *side.at(MARGIN, 45.2), 22 * MM, 28 * MM)
    pen.setStrokeColor(LEAF)
    pen.setLineWidth(0.25 * MM)
    side.frame(MARGIN, 17.2, 22, 28, fill=0, stroke=1)
    pen.setFillColor(black)
    side.text(30, 18.6, 5, "NAME")
    side.text(30, 22.5, 11, card["full_name"], bold=True, width=WIDTH - MARGIN - 30)
    rows = (("FARMER ID", "farmer_id", "NRC", "nrc"),
            ("DOB", "birth_date", "GENDER", "gender"),
            ("PHONE", "phone", "EXPIRES", "expires"))
    for i, (left, one, right, two) in enumerate(rows):
        y = 29.1 + 6.6 * i
        side.text(30, y, 5, left)
        side.text(30, y + 2.9, 7.5, card[one], bold=True, width=25.2)
        side.text(57.2, y, 5, right)
        side.text(57.2, y + 2.9, 7.5, card[two], bold=True, width=24.4)


def code(text):
    """The QR code as a black and white picture, one pixel a module."""
    qr = qrcode.QRCode(version=13, error_correction=qrcode.constants.ERROR_CORRECT_Q,
                       box_size=1, border=4)
    qr.add_data(text)
    qr.make(fit=True)
    return qr.make_image().get_image()


def back(side, card):
    pen, size = side.canvas, 26.1
    side.box(0, 0, WIDTH, HEIGHT, PAPER)
    pen.setFillColor(white)
    pen.setStrokeColor(MIST)
    pen.setLineWidth(0.25 * MM)
    side.frame(3.98, 5, size, size, fill=1, stroke=1)
    pen.drawImage(ImageReader(code(card["qr"])), *side.at(3.98, 5 + size), size * MM,
                  size * MM)
    pen.setFillColor(black)
    side.text(8, 5 + size + 3.4, 6, "SCAN TO VERIFY", bold=True)
    for y, words in ((6.6, "FULL ADDRESS"), (26.4, "CARD")):
        pen.setFillColor(LEAF)
        side.text(34, y, 6.5, words, bold=True)
        side.box(34, y + 1.1, WIDTH - MARGIN - 34, 0.2, OCHRE)
    pen.setFillColor(black)
    rows = ((10.9, "VILLAGE", "village", "CHIEFDOM", "chiefdom"),
            (17.9, "DISTRICT", "district", "PROVINCE", "province"),
            (30.7, "SERIAL", "serial", "REGISTERED BY", "created_by"),
            (37.7, "ISSUED", "issued", "EXPIRES", "expires"))
    for y, left, one, right, two in rows:
        for x, label, value in ((34, left, one), (58.8, right, two)):
            if card[value]:
                side.text(x, y, 5, label)
                side.text(x, y + 2.5, 6.25, card[value], bold=True, width=22.8)
    back_band(side, card)


def back_band(side, card):
    side.box(0, 46.2, WIDTH, HEIGHT - 46.2, GREEN)
    side.box(0, 45.6, WIDTH, 0.6, OCHRE)
    side.canvas.setFillColor(white)
    side.text(MARGIN, 50, 6, "Issued by " + card["issuer_name"], width=46)
    if card["verified"] == "1":
        side.text(0, 50, 7, "VERIFIED FARMER", bold=True, right=WIDTH - MARGIN)
        side.canvas.setStrokeColor(white)
        side.canvas.setLineWidth(0.5 * MM)
        side.path((54.4, 49), (55.2, 49.8), (56.7, 48), stroke=1)


def draw(card):
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH * MM, HEIGHT * MM), pageCompression=1)
    canvas.setTitle("Farmer ID card " + card["farmer_id"])
    side = Side(canvas)
    front(side, card)
    canvas.showPage()
    back(side, card)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def main():
    for name in ("Regular", "Bold"):
        pdfmetrics.registerFont(TTFont(name, FONTS % name))
    with open(sys.argv[1], encoding="utf-8") as f:
        cards = [dict(zip(FIELDS, line.rstrip("\n").split("\t"))) for line in f]
    draw(cards[0])  # what is done once is not a card's price
    began = time.process_time()
    for n, card in enumerate(cards):
        pdf = draw(card)
        if len(sys.argv) > 2:
            with open(os.path.join(sys.argv[2], "%d.pdf" % n), "wb") as f:
                f.write(pdf)
    print("%d %.4f" % (len(cards), (time.process_time() - began) * 1000 / len(cards)))


main()
