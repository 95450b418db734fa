/* SPDX-License-Identifier: MIT */
#ifndef CORE_FONT_H
#define CORE_FONT_H

#include <stddef.h>

#include <cairo.h>

#include "err.h"

struct arena;

/* The two faces that a card is set in, from inside the program (fonts/fonts.S). */
enum font_face { FONT_REGULAR, FONT_BOLD, FONT_FACES };

/* How text is set. Sizes are points in steps of a quarter, so that the prepared
 * fonts are few; FONT_LARGEST is the greatest. */
struct font {
	enum font_face face;
	double size;
	double tracking;	/* extra space after each letter, in ems */
};

#define FONT_STEP 0.25
#define FONT_LARGEST 16.0

/* A piece of a text that makes a line. */
struct font_line {
	const char *text;
	size_t n;	/* bytes */
};

/* font_open(), font_close(): Load the faces once a process, and give them back. */
enum err font_open(void);
void font_close(void);

/* font_width(font, line): Its width in points, kerned. */
double font_width(const struct font *font, struct font_line line);

/* font_wrap(font, text, width, lines, most): Break text at blanks, behind
 * hyphens and slashes, or within a word that is wider than a line, into at most
 * `most` lines. Returns how many there are; most + 1 if that was not enough. */
int font_wrap(const struct font *font, const char *text, double width,
    struct font_line *lines, int most);

/* font_cut(font, line, width, a): line as it is, or as much of its beginning as leaves
 * room for an ellipsis in width. The copy is in arena a. */
struct font_line font_cut(const struct font *font, struct font_line line, double width,
    struct arena *a);

/* font_show(cr, font, x, y, line): Set one line at baseline (x, y) in the colour
 * that is set. What is shown can be searched and copied in the PDF. */
void font_show(cairo_t *cr, const struct font *font, double x, double y,
    struct font_line line);

#endif
