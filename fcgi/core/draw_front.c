/* SPDX-License-Identifier: MIT */
/*
 * The front of the card: a band with the title, the portrait at the left, and what
 * identifies its holder in two columns at the right. Baselines and edges share one
 * grid: the name starts at the head of the portrait, the last row ends at its foot.
 */
#include <string.h>

#include "log.h"
#include "pen.h"
#include "text.h"

#define BAND 13.2		/* height of the upper band */
#define PHOTO_X CARD_MARGIN
#define PHOTO_Y 17.2
#define PHOTO_WIDTH 22.0
#define PHOTO_HEIGHT 28.0
#define COLUMN_1 30.0
#define COLUMN_2 57.2
#define COLUMN_END (CARD_WIDTH - CARD_MARGIN)
#define ROW_1 29.1		/* baseline of the first row's labels */
#define ROW_STEP 6.6

static const struct font label = { FONT_REGULAR, 5, 0.05 };

static const struct pen_fit name_fit = {
	{ FONT_BOLD, 11, 0 }, .shrunk = 8, .wrapped = 9, .least = 6, .lines = 3
};

static const struct pen_fit value_fit = {
	{ FONT_BOLD, 7.5, 0 }, .shrunk = 5.5, .wrapped = 5.5, .least = 5, .lines = 2
};

/* Three sheets growing out of the ground, in a disc: the mark of the register. */
static void
mark_draw(const struct pen *p, double x, double y)
{
	static const double leaves[][12] = {
		{ 0, 2.2, -0.2, 0.4, -2.2, 0.2, -2.3, -1.2, -0.6, -1.4, 0.1, 0.2 },
		{ 0, 2.2, 0.2, 0.4, 2.2, 0.2, 2.3, -1.2, 0.6, -1.4, -0.1, 0.2 },
		{ 0, 1.2, -1.3, -0.4, -1.0, -1.8, 0, -2.7, 1.0, -1.8, 1.3, -0.4 }
	};
	double points[6];
	size_t i, k;

	pen_color(p, PEN_WHITE);
	cairo_arc(p->cr, PEN_MM(x), PEN_MM(y), PEN_MM(3.7), 0, 6.283185307);
	cairo_fill(p->cr);
	pen_color(p, PEN_LEAF);
	for (i = 0; i < 3; i++) {
		pen_move(p, x + leaves[i][0], y + leaves[i][1]);
		for (k = 0; k < 6; k++)
			points[k] = leaves[i][k + 2] + (k % 2 ? y : x);
		pen_curve(p, points);
		points[0] = points[4];
		points[1] = points[5];
		points[2] = leaves[i][8] + x;
		points[3] = leaves[i][9] + y;
		points[4] = leaves[i][0] + x;
		points[5] = leaves[i][1] + y;
		pen_curve(p, points);
		cairo_fill(p->cr);
	}
}

static void
band_draw(const struct pen *p, const struct draw_card *card)
{
	static const struct font brand = { FONT_BOLD, 13, 0.02 };
	static const struct font title = { FONT_BOLD, 9.5, 0.01 };
	static const struct font words = { FONT_BOLD, 5.25, 0.05 };
	static const struct pen_fit issuer = {
		{ FONT_REGULAR, 5.5, 0 },
		.shrunk = 5, .wrapped = 5, .least = 5, .lines = 1
	};

	pen_color(p, PEN_GREEN);
	pen_box(p, 0, 0, CARD_WIDTH, BAND);
	pen_color(p, PEN_OCHRE);
	pen_box(p, 0, BAND, CARD_WIDTH, 0.6);
	mark_draw(p, CARD_MARGIN + 3.7, BAND / 2);
	pen_color(p, PEN_WHITE);
	pen_words(p, &brand, (struct pen_place){ 13.2, 8.24, 0, PEN_LEFT }, "CEM");
	pen_box(p, 24.6, 4.5, 0.2, 4.2);
	pen_words(p, &words, (struct pen_place){ 26.0, 5.82, 0, PEN_LEFT },
	    "CHIEFDOM ENTERPRISE");
	pen_text(p, &issuer, (struct pen_place){ 26.0, 7.2, 28, PEN_LEFT },
	    card->issuer_name);
	pen_words(p, &title, (struct pen_place){ 55, 7.8, COLUMN_END - 55, PEN_RIGHT },
	    "Farmer ID Card");
}

/* Ploughed land along the foot: a hill, and furrows running to its top. */
static void
field_draw(const struct pen *p)
{
	static const double hill[6] = { 22, 47.4, 52, 53.4, CARD_WIDTH, 48.4 };
	double x, y;
	int i;

	pen_color(p, PEN_MIST);
	for (i = 0; i < 14; i++) {
		y = BAND + 6 + 2.6 * i;
		pen_move(p, 0, y + 6);
		pen_curve(p, (double[6]){ 30, y - 12 + i, 54, y + 16 - i,
		    CARD_WIDTH, y - 4 });
	}
	pen_stroke(p, 0.1);
	pen_color(p, PEN_GREEN);
	pen_move(p, 0, 50.4);
	pen_curve(p, hill);
	pen_line(p, CARD_WIDTH, CARD_HEIGHT);
	pen_line(p, 0, CARD_HEIGHT);
	cairo_close_path(p->cr);
	cairo_fill_preserve(p->cr);
	cairo_save(p->cr);
	cairo_clip(p->cr);
	pen_color(p, PEN_FURROW);
	for (i = 0; i < 10; i++) {
		x = 9.0 * i - 20;
		pen_move(p, x, CARD_HEIGHT);
		pen_curve(p, (double[6]){ x + 18, 51.4, x + 30, 51.8,
		    CARD_WIDTH + 2, 49.0 });
	}
	pen_stroke(p, 0.15);
	cairo_restore(p->cr);
}

/* No photo: head and shoulders of nobody. */
static void
nobody_draw(const struct pen *p)
{
	static const double box[4] = { PHOTO_X, PHOTO_Y, PHOTO_WIDTH, PHOTO_HEIGHT };
	const double x = PHOTO_X + PHOTO_WIDTH / 2, foot = PHOTO_Y + PHOTO_HEIGHT;

	cairo_save(p->cr);
	pen_round(p, box, 0.8);
	cairo_clip(p->cr);
	pen_color(p, PEN_MIST);
	pen_box(p, PHOTO_X, PHOTO_Y, PHOTO_WIDTH, PHOTO_HEIGHT);
	pen_color(p, PEN_FURROW);
	cairo_arc(p->cr, PEN_MM(x), PEN_MM(PHOTO_Y + 11), PEN_MM(4.6), 0, 6.283185307);
	cairo_fill(p->cr);
	pen_move(p, x - 8.6, foot);
	pen_curve(p, (double[6]){ x - 8.6, foot - 7, x - 4.6, foot - 9.6,
	    x, foot - 9.6 });
	pen_curve(p, (double[6]){ x + 4.6, foot - 9.6, x + 8.6, foot - 7,
	    x + 8.6, foot });
	cairo_fill(p->cr);
	cairo_restore(p->cr);
}

/* Width and height of a JPEG that any reader of PDF can show (8 bits, baseline to
 * progressive, grey or colour): ISO/IEC 10918-1, annex B. */
static bool
jpeg_size(const uint8_t *p, size_t n, double *width, double *height)
{
	size_t at = 2, size;

	if (n < 4 || p[0] != 0xff || p[1] != 0xd8)
		return false;
	while (n - at >= 10 && p[at] == 0xff) {
		size = (size_t)(p[at + 2] << 8 | p[at + 3]);
		if (p[at + 1] >= 0xc0 && p[at + 1] <= 0xc2) {
			*height = p[at + 5] << 8 | p[at + 6];
			*width = p[at + 7] << 8 | p[at + 8];
			return p[at + 4] == 8 && *width > 0 && *height > 0 &&
			    (p[at + 9] == 1 || p[at + 9] == 3);
		}
		if (p[at + 1] == 0xd9 || p[at + 1] == 0xda || size < 2 ||
		    size > n - at - 2)
			return false;
		at += 2 + size;
	}
	return false;
}

/* The JPEG itself goes into the PDF: cairo is shown a single pixel, and told that
 * the bytes are what the pixel stands for. The photo fills its frame and keeps its
 * proportions; what is too much is cut off evenly. */
static enum err
photo_draw(const struct pen *p, const struct draw_card *card)
{
	static const double box[4] = { PHOTO_X, PHOTO_Y, PHOTO_WIDTH, PHOTO_HEIGHT };
	cairo_surface_t *pixel;
	double width, height, scale;

	if (!jpeg_size(card->photo, card->photo_size, &width, &height)) {
		log_write(LOG_ERROR, "the card's photo is not a JPEG that can be shown");
		return ERR_BROKEN;
	}
	scale = PHOTO_WIDTH / width > PHOTO_HEIGHT / height ? PHOTO_WIDTH / width :
	    PHOTO_HEIGHT / height;
	width *= scale;
	height *= scale;
	pixel = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1, 1);
	(void)cairo_surface_set_mime_data(pixel, CAIRO_MIME_TYPE_JPEG, card->photo,
	    card->photo_size, NULL, NULL); /* a failure shows in the surface's status */
	cairo_save(p->cr);
	pen_round(p, box, 0.8);
	cairo_clip(p->cr);
	cairo_translate(p->cr, PEN_MM(PHOTO_X - (width - PHOTO_WIDTH) / 2),
	    PEN_MM(PHOTO_Y - (height - PHOTO_HEIGHT) / 2));
	cairo_scale(p->cr, PEN_MM(width), PEN_MM(height));
	cairo_set_source_surface(p->cr, pixel, 0, 0);
	cairo_paint(p->cr);
	cairo_restore(p->cr);
	cairo_surface_destroy(pixel);
	return OK;
}

/* A label and its value beneath. Without a value there is no label either: nobody
 * shall be able to write one in. */
static void
field_put(const struct pen *p, double x, double width, int row, const char *const text[2])
{
	double y = ROW_1 + row * ROW_STEP;

	if (text_empty(text[1]))
		return;
	pen_words(p, &label, (struct pen_place){ x, y, width, PEN_LEFT }, text[0]);
	pen_text(p, &value_fit, (struct pen_place){ x, y + 1.0, width, PEN_LEFT },
	    text[1]);
}

static void
fields_draw(const struct pen *p, const struct draw_card *card)
{
	const double w1 = COLUMN_2 - COLUMN_1 - 2, w2 = COLUMN_END - COLUMN_2;

	pen_color(p, PEN_BLACK);
	pen_words(p, &label, (struct pen_place){ COLUMN_1, 18.6, 0, PEN_LEFT }, "NAME");
	pen_text(p, &name_fit, (struct pen_place){ COLUMN_1, 19.7, COLUMN_END - COLUMN_1,
	    PEN_LEFT }, card->full_name);
	field_put(p, COLUMN_1, w1, 0, (const char *[]){ "FARMER ID", card->farmer_id });
	field_put(p, COLUMN_2, w2, 0, (const char *[]){ "NRC", card->nrc });
	field_put(p, COLUMN_1, w1, 1, (const char *[]){ "DOB", card->birth_date });
	field_put(p, COLUMN_2, w2, 1, (const char *[]){ "GENDER", card->gender });
	field_put(p, COLUMN_1, w1, 2, (const char *[]){ "PHONE", card->phone });
	field_put(p, COLUMN_2, w2, 2, (const char *[]){ "EXPIRES", card->expires });
}

enum err
draw_front(const struct pen *p, const struct draw_card *card)
{
	static const double frame[4] = { PHOTO_X, PHOTO_Y, PHOTO_WIDTH, PHOTO_HEIGHT };
	enum err e = OK;

	pen_color(p, PEN_PAPER);
	pen_box(p, 0, 0, CARD_WIDTH, CARD_HEIGHT);
	field_draw(p);
	band_draw(p, card);
	if (card->photo)
		e = photo_draw(p, card);
	else
		nobody_draw(p);
	if (e != OK)
		return e;
	pen_color(p, PEN_LEAF);
	pen_round(p, frame, 0.8);
	pen_stroke(p, 0.25);
	fields_draw(p, card);
	return OK;
}
