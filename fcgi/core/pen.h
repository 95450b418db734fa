/* SPDX-License-Identifier: MIT */
#ifndef CORE_PEN_H
#define CORE_PEN_H

#include <stdint.h>

#include <cairo.h>

#include "draw.h"
#include "font.h"

/*
 * What the two sides of a card are drawn with; only draw.c, draw_front.c and
 * draw_back.c use it. Places are millimetres from the upper left corner, sizes of
 * type points.
 */
struct pen {
	cairo_t *cr;
	struct arena *arena;
};

#define PEN_MM(mm) ((mm) * 72.0 / 25.4)

enum pen_color {
	PEN_WHITE = 0xffffff,
	PEN_BLACK = 0x000000,	/* codes and small type: a card printer's K panel */
	PEN_GREEN = 0x14532d,	/* the bands */
	PEN_LEAF = 0x166534,	/* on paper: headings and drawings */
	PEN_FURROW = 0x2f7a4b,	/* drawn on the bands */
	PEN_MIST = 0xd7e8dc,	/* fine lines on paper */
	PEN_PAPER = 0xf6faf6,
	PEN_OCHRE = 0xc98a1b
};

#define CARD_WIDTH 85.60
#define CARD_HEIGHT 53.98
#define CARD_MARGIN 4.0		/* no type or code is nearer to the trim than 3 */

enum pen_align { PEN_LEFT, PEN_CENTER, PEN_RIGHT };

/* Where text stands. For pen_words y is the baseline; for pen_text the top of the
 * capitals, so that text hangs from there whatever size it gets. */
struct pen_place {
	double x, y, width;
	enum pen_align align;
};

/* How text is made to fit: one line from font.size down to shrunk, else two lines
 * from wrapped (three lines: from two thirds of it) down to least, else an ellipsis. */
struct pen_fit {
	struct font font;
	double shrunk, wrapped, least;
	int lines;
};

/* pen_color(p, color): What is drawn from now on has this colour. */
void pen_color(const struct pen *p, enum pen_color color);

/* pen_box(p, x, y, width, height): Fill a rectangle. */
void pen_box(const struct pen *p, double x, double y, double width, double height);

/* pen_move, pen_line, pen_curve: Build a path; a curve takes three points. */
void pen_move(const struct pen *p, double x, double y);
void pen_line(const struct pen *p, double x, double y);
void pen_curve(const struct pen *p, const double points[6]);

/* pen_round(p, box, radius): A path around box = x, y, width, height. */
void pen_round(const struct pen *p, const double box[4], double radius);

/* pen_stroke(p, width): Draw the path with a line of width mm. */
void pen_stroke(const struct pen *p, double width);

/* pen_words(p, font, place, text): Set our own words, which are known to fit. */
void pen_words(const struct pen *p, const struct font *font, struct pen_place place,
    const char *text);

/* pen_text(p, fit, place, text): Set text from outside so that it fits. Returns how
 * many lines it took; 0 for NULL or "". */
int pen_text(const struct pen *p, const struct pen_fit *fit, struct pen_place place,
    const char *text);

/* The two sides of the card. ERR_BROKEN (logged) if the photo or the code is not
 * one that can be printed. */
enum err draw_front(const struct pen *p, const struct draw_card *card);
enum err draw_back(const struct pen *p, const struct draw_card *card);

#endif
