/* SPDX-License-Identifier: MIT */
/*
 * QR codes (ISO/IEC 18004:2015). libqrencode packs the bits, adds the Reed-Solomon
 * words and fills the frame; the mask is chosen here. The library tries the eight
 * masks module by module, which takes twenty times as long as all the rest. Here
 * a row of modules is three words, and the penalties of clause 7.8.3 are counted for
 * 64 columns at once. Rows are counted as columns of the turned symbol.
 */
#include <limits.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>
#include <qrencode.h>

#include "arena.h"
#include "log.h"
#include "qr.h"

enum {
	QR_LEAST = 13,		/* version */
	QR_WIDEST = 177,	/* modules a side, of version 40 */
	QR_WORDS = 3,
	QR_MASKS = 8,
	QR_QUIET = 4,
	QR_AROUND = 10		/* light rows kept above and below while counting */
};

/* In libqrencode's frame: bit 0 is dark, bit 7 marks modules that carry no data. */
enum { FRAME_DARK = 0x01, FRAME_FIXED = 0x80 };

/* Exported by the archive that tools/qrencode.sh builds; mask -2 means: none. */
extern QRcode *QRcode_encodeMask(QRinput *input, int mask);

struct row {
	uint64_t w[QR_WORDS];
};

/* A symbol as rows of bits; row 0 stands at QR_AROUND. */
struct grid {
	struct row rows[QR_WIDEST + 2 * QR_AROUND];
};

struct symbol {
	int size, words;
	struct row inside;		/* ones where there are columns */
	struct grid dark, turned;	/* before masking */
	struct grid open, open_turned;	/* modules that a mask may change */
};

static void
row_set(struct row *row, int x, bool on)
{
	uint64_t bit = UINT64_C(1) << (x & 63);

	if (on)
		row->w[x >> 6] |= bit;
	else
		row->w[x >> 6] &= ~bit;
}

static int
bits_count(uint64_t v)
{
	v -= v >> 1 & UINT64_C(0x5555555555555555);
	v = (v & UINT64_C(0x3333333333333333)) + (v >> 2 & UINT64_C(0x3333333333333333));
	v = (v + (v >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (int)(v * UINT64_C(0x0101010101010101) >> 56);
}

/* Table 10: whether a mask turns module (x, y) over. */
static bool
mask_turns(int mask, int x, int y)
{
	switch (mask) {
	case 0: return (x + y) % 2 == 0;
	case 1: return y % 2 == 0;
	case 2: return x % 3 == 0;
	case 3: return (x + y) % 3 == 0;
	case 4: return (y / 2 + x / 3) % 2 == 0;
	case 5: return x * y % 2 + x * y % 3 == 0;
	case 6: return (x * y % 2 + x * y % 3) % 2 == 0;
	default: return ((x + y) % 2 + x * y % 3) % 2 == 0;
	}
}

/* Every mask repeats after 12 modules both ways, so 12 rows are all of it. A word
 * starts 4 modules later in the period than the word before. */
static void
mask_rows(int mask, bool turned, struct row rows[12])
{
	const uint64_t repeat = UINT64_C(0x0001001001001001);
	unsigned period, p;
	int x, y, k;

	for (y = 0; y < 12; y++) {
		period = 0;
		for (x = 0; x < 12; x++)
			if (turned ? mask_turns(mask, y, x) : mask_turns(mask, x, y))
				period |= 1U << x;
		for (k = 0; k < QR_WORDS; k++) {
			p = (period >> 4 * k | period << (12 - 4 * k)) & 0xfff;
			rows[y].w[k] = p * repeat | (uint64_t)(p & 0xf) << 60;
		}
	}
}

/* Clause 7.9.1: BCH (15,5) of level Q (binary 11) and the mask. */
static unsigned
format_bits(int mask)
{
	unsigned data = 3U << 3 | (unsigned)mask, rest = data << 10;
	int i;

	for (i = 4; i >= 0; i--)
		if (rest >> (10 + i) & 1)
			rest ^= 0x537U << i;
	return (data << 10 | rest) ^ 0x5412;
}

static void
format_put(struct grid *g, struct grid *turned, int size, int mask)
{
	unsigned bits = format_bits(mask);
	struct row *rows = g->rows + QR_AROUND, *turned_rows = turned->rows + QR_AROUND;
	int i, x, y;
	bool on;

	for (i = 0; i < 15; i++) {
		on = bits >> i & 1;
		/* Figure 25: beside the upper left finder pattern... */
		x = i < 8 ? 8 : i == 8 ? 7 : 14 - i;
		y = i < 6 ? i : i < 8 ? i + 1 : 8;
		row_set(&rows[y], x, on);
		row_set(&turned_rows[x], y, on);
		/* ...and again, below the upper right one and beside the lower left. */
		x = i < 8 ? size - 1 - i : 8;
		y = i < 8 ? 8 : size - 15 + i;
		row_set(&rows[y], x, on);
		row_set(&turned_rows[x], y, on);
	}
}

static void
mask_apply(struct grid *out, const struct grid *dark, const struct grid *open,
    const struct row mask[12], const struct symbol *s)
{
	int y, k, at;

	for (y = 0; y < s->size; y++) {
		at = y + QR_AROUND;
		for (k = 0; k < s->words; k++)
			out->rows[at].w[k] = dark->rows[at].w[k] ^
			    (open->rows[at].w[k] & mask[y % 12].w[k]);
	}
}

/* Clause 7.8.3.1, runs of five and more in word k of all columns: three points and
 * one for each module past the fifth, which is two a run and one a window of five. */
static int
runs_demerit(const struct grid *g, const struct symbol *s, int k)
{
	const struct row *r = g->rows + QR_AROUND;
	uint64_t same[4] = { 0, 0, 0, 0 }, window, last = 0;
	int y, sum = 0;

	for (y = 1; y < s->size; y++) {
		same[y & 3] = ~(r[y].w[k] ^ r[y - 1].w[k]);
		window = same[0] & same[1] & same[2] & same[3] & s->inside.w[k];
		if (window)
			sum += bits_count(window) + 2 * bits_count(window & ~last);
		last = window;
	}
	return sum;
}

/* Clause 7.8.3.1, what looks like a finder: 1:1:3:1:1 with four light modules on
 * one side; outside the symbol all is light. Only at its true size: one twice as
 * large hardly ever arises. Where it does, the library may choose another mask. */
static int
finder_demerit(const struct grid *g, const struct symbol *s, int k)
{
	const struct row *r;
	uint64_t core, before, after;
	int y, n = 0;

	for (y = 0; y + 7 <= s->size; y++) {
		r = g->rows + QR_AROUND + y;
		core = r[0].w[k] & ~r[1].w[k] & r[2].w[k] & r[3].w[k] & r[4].w[k] &
		    ~r[5].w[k] & r[6].w[k] & ~r[-1].w[k] & ~r[7].w[k];
		if (!core)
			continue;
		before = r[-2].w[k] | r[-3].w[k] | r[-4].w[k];
		after = r[8].w[k] | r[9].w[k] | r[10].w[k];
		n += bits_count(core & ~(before & after));
	}
	return n * 40;
}

/* Clause 7.8.3.1, two by two modules of one colour: three points each. */
static int
block_demerit(const struct grid *g, const struct symbol *s)
{
	const struct row *r = g->rows + QR_AROUND;
	uint64_t down, across, beside, below, inner;
	int y, k, n = 0;

	for (y = 0; y + 1 < s->size; y++) {
		for (k = 0; k < s->words; k++) {
			beside = r[y].w[k] >> 1;
			below = r[y + 1].w[k] >> 1;
			inner = s->inside.w[k] >> 1;
			if (k + 1 < s->words) {
				beside |= r[y].w[k + 1] << 63;
				below |= r[y + 1].w[k + 1] << 63;
				inner |= s->inside.w[k + 1] << 63;
			}
			down = ~(r[y].w[k] ^ r[y + 1].w[k]) & ~(beside ^ below);
			across = ~(r[y].w[k] ^ beside);
			n += bits_count(down & across & inner);
		}
	}
	return n * 3;
}

/* Clause 7.8.3.1, the share of dark modules: ten points for each 5 % off the half. */
static int
balance_demerit(const struct grid *g, const struct symbol *s)
{
	int y, k, n = 0, all = s->size * s->size;

	for (y = 0; y < s->size; y++)
		for (k = 0; k < s->words; k++)
			n += bits_count(g->rows[y + QR_AROUND].w[k]);
	return abs((200 * n + all) / all / 2 - 50) / 5 * 10;
}

static int
symbol_demerit(const struct grid *g, const struct grid *turned, const struct symbol *s)
{
	int k, sum;

	sum = balance_demerit(g, s) + block_demerit(g, s);
	for (k = 0; k < s->words; k++)
		sum += runs_demerit(g, s, k) + runs_demerit(turned, s, k) +
		    finder_demerit(g, s, k) + finder_demerit(turned, s, k);
	return sum;
}

/* Without branches: the modules are as good as random. */
static void
symbol_read(struct symbol *s, const QRcode *code)
{
	const unsigned char *m = code->data;
	uint64_t dark, open;
	int x, y, down, across;

	s->size = code->width;
	s->words = (s->size + 63) / 64;
	for (y = 0; y < s->size; y++) {
		row_set(&s->inside, y, true);
		down = y + QR_AROUND;
		for (x = 0; x < s->size; x++, m++) {
			dark = *m & FRAME_DARK;
			open = !(*m & FRAME_FIXED);
			across = x + QR_AROUND;
			s->dark.rows[down].w[x >> 6] |= dark << (x & 63);
			s->open.rows[down].w[x >> 6] |= open << (x & 63);
			s->turned.rows[across].w[y >> 6] |= dark << (y & 63);
			s->open_turned.rows[across].w[y >> 6] |= open << (y & 63);
		}
	}
}

/* Try every mask and leave the symbol with the fewest points in best. */
static void
symbol_mask(const struct symbol *s, struct grid *best)
{
	struct grid dark = { 0 }, turned = { 0 };
	struct row rows[12];
	int mask, points, fewest = INT_MAX;

	for (mask = 0; mask < QR_MASKS; mask++) {
		mask_rows(mask, false, rows);
		mask_apply(&dark, &s->dark, &s->open, rows, s);
		mask_rows(mask, true, rows);
		mask_apply(&turned, &s->turned, &s->open_turned, rows, s);
		format_put(&dark, &turned, s->size, mask);
		points = symbol_demerit(&dark, &turned, s);
		if (points < fewest) {
			fewest = points;
			*best = dark;
		}
	}
}

/* The 45 characters that take five and a half bits each (clause 7.3.4). */
static bool
text_alphanumeric(const char *text)
{
	static const char all[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

	return text[strspn(text, all)] == '\0';
}

static QRcode *
code_make(const char *text, size_t n)
{
	QRinput *input;
	QRcode *code = NULL;
	QRencodeMode mode = text_alphanumeric(text) ? QR_MODE_AN : QR_MODE_8;

	input = QRinput_new2(QR_LEAST, QR_ECLEVEL_Q);
	if (!input)
		return NULL;
	if (!QRinput_append(input, mode, (int)n, (const unsigned char *)text))
		code = QRcode_encodeMask(input, -2);
	QRinput_free(input);
	return code;
}

enum err
qr_make(struct arena *a, const char *text, struct qr *qr)
{
	size_t n = strlen(text);
	struct symbol *s;
	struct grid *best;
	uint8_t *modules;
	QRcode *code;
	int x, y;

	if (n == 0 || n > 4296) /* most that version 40 holds at any level */
		return ERR_BAD;
	code = code_make(text, n);
	if (!code)
		return ERR_BAD;
	s = arena_array(a, struct symbol, 1);
	best = arena_array(a, struct grid, 1);
	symbol_read(s, code);
	qr->version = code->version;
	QRcode_free(code);
	symbol_mask(s, best);
	modules = arena_items(a, (size_t)s->size, (size_t)s->size);
	for (y = 0; y < s->size; y++)
		for (x = 0; x < s->size; x++)
			modules[y * s->size + x] =
			    best->rows[y + QR_AROUND].w[x >> 6] >> (x & 63) & 1;
	qr->size = s->size;
	qr->modules = modules;
	return OK;
}

static void
png_add(png_structp png, png_bytep p, size_t n)
{
	buf_add(png_get_io_ptr(png), p, n);
}

static void
png_flush_nothing(png_structp png)
{
	(void)png; /* the buffer is the end of the way */
}

static void
png_failed(png_structp png, png_const_charp words)
{
	log_write(LOG_ERROR, "png: %s", words);
	longjmp(png_jmpbuf(png), 1);
}

static void
png_warned(png_structp png, png_const_charp words)
{
	(void)png;
	log_write(LOG_WARN, "png: %s", words);
}

/* One line of pixels, 1 is white; a line outside the symbol is the quiet zone. */
static void
line_fill(const struct qr *qr, int y, int pixels, uint8_t *line)
{
	int x, i, at;

	memset(line, 0xff, (size_t)((qr->size + 2 * QR_QUIET) * pixels + 7) / 8);
	if (y < 0 || y >= qr->size)
		return;
	for (x = 0; x < qr->size; x++) {
		if (!qr->modules[y * qr->size + x])
			continue;
		for (i = 0; i < pixels; i++) {
			at = (x + QR_QUIET) * pixels + i;
			line[at / 8] &= (uint8_t)~(0x80 >> at % 8);
		}
	}
}

enum err
qr_png(const struct qr *qr, int pixels, struct buf *out)
{
	png_structp png;
	png_infop info = NULL;
	uint8_t line[((QR_WIDEST + 2 * QR_QUIET) * 32 + 7) / 8];
	int y, i, side;

	if (pixels < 1 || pixels > 32 || qr->size < 1 || qr->size > QR_WIDEST)
		return ERR_BAD;
	png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, png_failed,
	    png_warned);
	if (png)
		info = png_create_info_struct(png);
	if (!info || setjmp(png_jmpbuf(png))) {
		png_destroy_write_struct(&png, &info);
		return ERR_BROKEN;
	}
	side = (qr->size + 2 * QR_QUIET) * pixels;
	png_set_write_fn(png, out, png_add, png_flush_nothing);
	png_set_IHDR(png, info, (png_uint_32)side, (png_uint_32)side, 1,
	    PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
	    PNG_FILTER_TYPE_DEFAULT);
	png_set_compression_level(png, 1); /* 6 takes three times as long for 2 KB */
	png_write_info(png, info);
	for (y = -QR_QUIET; y < qr->size + QR_QUIET; y++) {
		line_fill(qr, y, pixels, line);
		for (i = 0; i < pixels; i++)
			png_write_row(png, line);
	}
	png_write_end(png, NULL);
	png_destroy_write_struct(&png, &info);
	return OK;
}
