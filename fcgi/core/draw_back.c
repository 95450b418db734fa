/* SPDX-License-Identifier: MIT */
/*
 * The back of the card: the signed code at the left, where the holder lives and what
 * the card is at the right, a band at the foot. The code's modules are exactly four
 * dots of a 300 dpi printer and stand on its dots; a longer text makes the code
 * larger, never its modules smaller.
 */
#include <string.h>

#include "arena.h"
#include "log.h"
#include "pen.h"
#include "text.h"

#define DOT (25.4 / 300)		/* mm */
#define MODULE (4 * DOT)
#define QUIET 4				/* modules */
#define QR_X (47 * DOT)			/* 3.98 mm, on a dot */
#define QR_Y (59 * DOT)			/* 5.00 mm */
#define QR_WIDEST 40.0			/* mm, quiet zone and all */
#define GAP 4.0
#define COLUMN_END (CARD_WIDTH - CARD_MARGIN)
#define BAND 46.2			/* where the lower band begins */
#define ROW_STEP 7.0
#define UNDER_MOST 32.5			/* mm: a larger code leaves no room beneath */

static const struct font label = { FONT_REGULAR, 5, 0.05 };
static const struct font heading = { FONT_BOLD, 6.5, 0.03 };

static const struct pen_fit value_fit = {
	{ FONT_BOLD, 6.25, 0 }, .shrunk = 5.5, .wrapped = 5.25, .least = 5, .lines = 2
};

/* One bit a module, the way cairo wants them: rows of 32-bit words, the first module
 * in the lowest bit (on the machines we build for). */
static cairo_surface_t *
mask_make(const struct qr *qr, struct arena *a)
{
	int stride = cairo_format_stride_for_width(CAIRO_FORMAT_A1, qr->size), x, y;
	uint8_t *bits = arena_items(a, (size_t)stride, (size_t)qr->size);

	for (y = 0; y < qr->size; y++)
		for (x = 0; x < qr->size; x++)
			bits[y * stride + x / 8] |=
			    (uint8_t)(qr->modules[y * qr->size + x] << x % 8);
	return cairo_image_surface_create_for_data(bits, CAIRO_FORMAT_A1, qr->size,
	    qr->size, stride);
}

static void
code_draw(const struct pen *p, const struct qr *qr)
{
	double side = (qr->size + 2 * QUIET) * MODULE;
	cairo_surface_t *mask = mask_make(qr, p->arena);
	cairo_pattern_t *pattern = cairo_pattern_create_for_surface(mask);

	pen_color(p, PEN_WHITE);
	pen_round(p, (double[4]){ QR_X, QR_Y, side, side }, 0.8);
	cairo_fill_preserve(p->cr);
	pen_color(p, PEN_MIST);
	pen_stroke(p, 0.25);
	pen_color(p, PEN_BLACK);
	cairo_pattern_set_filter(pattern, CAIRO_FILTER_NEAREST);
	cairo_save(p->cr);
	cairo_translate(p->cr, PEN_MM(QR_X + QUIET * MODULE),
	    PEN_MM(QR_Y + QUIET * MODULE));
	cairo_scale(p->cr, PEN_MM(MODULE), PEN_MM(MODULE));
	cairo_mask(p->cr, pattern);
	cairo_restore(p->cr);
	cairo_pattern_destroy(pattern);
	cairo_surface_destroy(mask);
}

static const struct font scan = { FONT_BOLD, 6, 0.06 };
static const struct pen_fit url = {
	{ FONT_REGULAR, 5.5, 0 }, .shrunk = 5, .wrapped = 5, .least = 5, .lines = 2
};

/* What the code is for: beneath it, or if it is large beneath the columns. */
static void
code_words(const struct pen *p, const char *verify_url, double side)
{
	double x = QR_X + side + GAP;

	pen_color(p, PEN_BLACK);
	if (side <= UNDER_MOST) {
		pen_words(p, &scan, (struct pen_place){ QR_X, QR_Y + side + 3.4, side,
		    PEN_CENTER }, "SCAN TO VERIFY");
		pen_text(p, &url, (struct pen_place){ QR_X, QR_Y + side + 4.7, side,
		    PEN_CENTER }, verify_url);
		return;
	}
	pen_words(p, &scan, (struct pen_place){ x, 44.6, 0, PEN_LEFT }, "SCAN TO VERIFY");
	pen_text(p, &url, (struct pen_place){ x + 20, 42.9, COLUMN_END - x - 20,
	    PEN_LEFT }, verify_url);
}

/* The two columns at the right of the code. */
struct columns {
	double x1, x2, width1, width2;
};

static void
heading_put(const struct pen *p, const struct columns *c, double y, const char *words)
{
	pen_color(p, PEN_LEAF);
	pen_words(p, &heading, (struct pen_place){ c->x1, y, 0, PEN_LEFT }, words);
	pen_color(p, PEN_OCHRE);
	pen_box(p, c->x1, y + 1.1, COLUMN_END - c->x1, 0.2);
	pen_color(p, PEN_BLACK);
}

/* A label and its value beneath; without a value there is no label either. */
static void
fact_put(const struct pen *p, struct pen_place place, const char *name, const char *value)
{
	if (text_empty(value))
		return;
	pen_words(p, &label, place, name);
	place.y += 0.9;
	pen_text(p, &value_fit, place, value);
}

/* A row: text is the first label and value, then the second. */
static void
pair_put(const struct pen *p, const struct columns *c, double y,
    const char *const text[4])
{
	fact_put(p, (struct pen_place){ c->x1, y, c->width1, PEN_LEFT }, text[0],
	    text[1]);
	fact_put(p, (struct pen_place){ c->x2, y, c->width2, PEN_LEFT }, text[2],
	    text[3]);
}

static void
facts_draw(const struct pen *p, const struct draw_card *card, double left)
{
	double half = (COLUMN_END - left) / 2;
	struct columns c = { left, left + half + 1, half - 1, half - 1 };

	heading_put(p, &c, 6.6, "FULL ADDRESS");
	pair_put(p, &c, 10.9, (const char *[]){ "VILLAGE", card->village, "CHIEFDOM",
	    card->chiefdom });
	pair_put(p, &c, 10.9 + ROW_STEP, (const char *[]){ "DISTRICT", card->district,
	    "PROVINCE", card->province });
	heading_put(p, &c, 26.4, "CARD");
	pair_put(p, &c, 30.7, (const char *[]){ "SERIAL", card->serial, "REGISTERED BY",
	    card->created_by });
	pair_put(p, &c, 30.7 + ROW_STEP, (const char *[]){ "ISSUED", card->issued,
	    "EXPIRES", card->expires });
}

/* A tick, drawn: no font has to have one. */
static void
tick_draw(const struct pen *p, double x, double y)
{
	pen_move(p, x, y - 1.0);
	pen_line(p, x + 0.8, y - 0.2);
	pen_line(p, x + 2.3, y - 2.0);
	pen_stroke(p, 0.5);
}

static void
band_draw(const struct pen *p, const struct draw_card *card)
{
	static const struct font verified = { FONT_BOLD, 7, 0.05 };
	static const struct pen_fit issuer = {
		{ FONT_REGULAR, 6, 0 }, .shrunk = 5, .wrapped = 5, .least = 5, .lines = 1
	};
	const struct pen_place left = { CARD_MARGIN, 48.5, 46, PEN_LEFT };
	const struct pen_place right = { 58, 50.0, COLUMN_END - 58, PEN_RIGHT };

	pen_color(p, PEN_GREEN);
	pen_box(p, 0, BAND, CARD_WIDTH, CARD_HEIGHT - BAND);
	pen_color(p, PEN_OCHRE);
	pen_box(p, 0, BAND - 0.6, CARD_WIDTH, 0.6);
	pen_color(p, PEN_WHITE);
	if (!text_empty(card->issuer_name))
		pen_text(p, &issuer, left,
		    arena_print(p->arena, "Issued by %s", card->issuer_name));
	if (!card->verified)
		return;
	pen_words(p, &verified, right, "VERIFIED FARMER");
	tick_draw(p, 54.4, 50.0);
}

enum err
draw_back(const struct pen *p, const struct draw_card *card)
{
	double side = (card->qr.size + 2 * QUIET) * MODULE;

	if (card->qr.size < 21 || side > QR_WIDEST) {
		log_write(LOG_ERROR, "a QR code of %d modules does not fit a card",
		    card->qr.size);
		return ERR_BROKEN;
	}
	pen_color(p, PEN_PAPER);
	pen_box(p, 0, 0, CARD_WIDTH, CARD_HEIGHT);
	code_draw(p, &card->qr);
	code_words(p, card->verify_url, side);
	facts_draw(p, card, QR_X + side + GAP);
	band_draw(p, card);
	return OK;
}
