/* SPDX-License-Identifier: MIT */
/* QR codes: the same modules as the library alone makes, and a PNG that says so. */
#include <png.h>
#include <qrencode.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "qr.h"
#include "test.h"

static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
static uint32_t seed = 1;

static uint32_t
next(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

/* Exported by the archive that tools/qrencode.sh builds; mask -1 is its own choice. */
extern QRcode *QRcode_encodeMask(QRinput *input, int mask);

/* The code equals the one that the library makes with this mask. */
static bool
same_as_library(const struct qr *qr, const char *text, QRencodeMode mode, int mask)
{
	QRinput *input = QRinput_new2(13, QR_ECLEVEL_Q);
	QRcode *code;
	bool same = true;
	int i;

	QRinput_append(input, mode, (int)strlen(text), (const unsigned char *)text);
	code = QRcode_encodeMask(input, mask);
	same = code && code->width == qr->size && code->version == qr->version;
	for (i = 0; same && i < qr->size * qr->size; i++)
		same = (code->data[i] & 1) == qr->modules[i];
	QRcode_free(code);
	QRinput_free(input);
	return same;
}

static void
test_modules(struct arena *a)
{
	char text[2500];
	struct qr qr;
	size_t n, i;
	int round, mask, valid = 0, same = 0, right = 0;

	for (round = 0; round < 300; round++) {
		n = round < 200 ? 300 + next(53) : 1 + next(2420);
		for (i = 0; i < n; i++)
			text[i] = alphabet[next(45)];
		text[n] = '\0';
		if (qr_make(a, text, &qr) != OK)
			continue;
		right += qr.size == 17 + 4 * qr.version && (n > 352) == (qr.version > 13);
		same += same_as_library(&qr, text, QR_MODE_AN, -1);
		for (mask = 0; mask < 8; mask++)
			valid += same_as_library(&qr, text, QR_MODE_AN, mask);
		arena_reset(a);
	}
	ok(valid == 300, "300 random texts give the library's modules for one mask");
	ok(same >= 295, "which is the mask of fewest demerits, in all but rare cases");
	ok(right == 300, "version 13 holds 352 characters, more step it up");
}

static void
test_edges(struct arena *a)
{
	char text[2500];
	struct qr qr;

	ok(qr_make(a, "", &qr) == ERR_BAD, "an empty text is refused");
	ok(qr_make(a, "A", &qr) == OK && qr.version == 13, "one character is version 13");
	ok(qr_make(a, "https://example.org/x?y=\xc5\x8b", &qr) == OK &&
	    same_as_library(&qr, "https://example.org/x?y=\xc5\x8b", QR_MODE_8, -1),
	    "other characters are written as bytes");
	memset(text, '7', sizeof(text));
	text[2420] = '\0';
	memset(text, 'A', 2420);
	ok(qr_make(a, text, &qr) == OK && qr.version == 40 && qr.size == 177 &&
	    same_as_library(&qr, text, QR_MODE_AN, -1), "2,420 are version 40");
	text[2420] = 'A';
	text[2421] = '\0';
	ok(qr_make(a, text, &qr) == ERR_BAD, "2,421 characters are refused");
}

struct source {
	const char *p;
	size_t n;
};

static void
source_read(png_structp png, png_bytep out, size_t n)
{
	struct source *s = png_get_io_ptr(png);

	if (n > s->n)
		png_error(png, "short");
	memcpy(out, s->p, n);
	s->p += n;
	s->n -= n;
}

/* Read the PNG back and compare each pixel with the module it stands for. */
static bool
png_shows(const struct buf *b, const struct qr *qr, int pixels)
{
	png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
	png_infop info = png_create_info_struct(png);
	struct source s = { b->bytes, b->n };
	png_bytepp rows;
	int side = (qr->size + 8) * pixels, x, y, mx, my;
	bool same, dark;

	png_set_read_fn(png, &s, source_read);
	png_read_png(png, info, PNG_TRANSFORM_IDENTITY, NULL);
	same = (int)png_get_image_width(png, info) == side &&
	    (int)png_get_image_height(png, info) == side &&
	    png_get_bit_depth(png, info) == 1 &&
	    png_get_color_type(png, info) == PNG_COLOR_TYPE_GRAY && s.n == 0;
	rows = png_get_rows(png, info);
	for (y = 0; same && y < side; y++) {
		for (x = 0; same && x < side; x++) {
			mx = x / pixels - 4;
			my = y / pixels - 4;
			dark = mx >= 0 && my >= 0 && mx < qr->size && my < qr->size &&
			    qr->modules[my * qr->size + mx];
			same = (rows[y][x / 8] >> (7 - x % 8) & 1) == !dark;
		}
	}
	png_destroy_read_struct(&png, &info, NULL);
	return same;
}

static void
test_png(struct arena *a)
{
	struct qr qr;
	struct buf b = buf_make(a, 64), again = buf_make(a, 64);

	qr_make(a, "NCFOXN%TSMAHO.JNQ8O9KB2W$A4", &qr);
	ok(qr_png(&qr, 10, &b) == OK && png_shows(&b, &qr, 10),
	    "a PNG of 10 pixels a module shows every module");
	ok(qr_png(&qr, 10, &again) == OK && again.n == b.n &&
	    !memcmp(again.bytes, b.bytes, b.n), "the same code gives the same bytes");
	again.n = 0;
	ok(qr_png(&qr, 1, &again) == OK && png_shows(&again, &qr, 1), "1 pixel a module");
	again.n = 0;
	ok(qr_png(&qr, 32, &again) == OK && png_shows(&again, &qr, 32), "32 pixels");
	ok(qr_png(&qr, 0, &again) == ERR_BAD, "0 pixels are refused");
	ok(qr_png(&qr, 33, &again) == ERR_BAD, "33 pixels are refused");
	qr.size = 178;
	ok(qr_png(&qr, 1, &again) == ERR_BAD, "a size that no version has is refused");
}

int
main(void)
{
	struct arena *a = arena_make(64U << 20, NULL);

	test_modules(a);
	test_edges(a);
	test_png(a);
	arena_end(a);
	return test_end();
}
