/* SPDX-License-Identifier: MIT */
/*
 * The few strokes that the card is made of, in millimetres, and the setting of text
 * into a place. Text is never cut as long as there is any readable way to show it:
 * it shrinks, then takes more lines, and only then ends in an ellipsis.
 */
#include <math.h>
#include <string.h>

#include "arena.h"
#include "pen.h"
#include "text.h"

enum { LINES_MOST = 4 };

#define LEADING 1.14	/* from one baseline to the next, in sizes */
#define CAPITALS 0.714	/* how high a capital is, in sizes */

/* How far from a curve cairo's own lines may be, in points. Into the PDF it writes the
 * curve itself; of a stroke the lines only tell it where about on the page that is,
 * so they may be as rough as the stroke is wide (at twice its width cairo takes it for
 * nothing at all). For arcs it makes curves of it. */
#define FINELY 0.1	/* cairo's default */
#define ROUGHLY 1.0	/* stroke widths */

void
pen_color(const struct pen *p, enum pen_color color)
{
	unsigned c = (unsigned)color;

	cairo_set_source_rgb(p->cr, (c >> 16 & 0xff) / 255.0, (c >> 8 & 0xff) / 255.0,
	    (c & 0xff) / 255.0);
}

void
pen_box(const struct pen *p, double x, double y, double width, double height)
{
	cairo_rectangle(p->cr, PEN_MM(x), PEN_MM(y), PEN_MM(width), PEN_MM(height));
	cairo_fill(p->cr);
}

void
pen_move(const struct pen *p, double x, double y)
{
	cairo_move_to(p->cr, PEN_MM(x), PEN_MM(y));
}

void
pen_line(const struct pen *p, double x, double y)
{
	cairo_line_to(p->cr, PEN_MM(x), PEN_MM(y));
}

void
pen_curve(const struct pen *p, const double points[6])
{
	cairo_curve_to(p->cr, PEN_MM(points[0]), PEN_MM(points[1]), PEN_MM(points[2]),
	    PEN_MM(points[3]), PEN_MM(points[4]), PEN_MM(points[5]));
}

void
pen_round(const struct pen *p, const double box[4], double radius)
{
	double x = PEN_MM(box[0]), y = PEN_MM(box[1]), w = PEN_MM(box[2]);
	double h = PEN_MM(box[3]), r = PEN_MM(radius);

	cairo_new_sub_path(p->cr);
	cairo_arc(p->cr, x + w - r, y + r, r, -M_PI_2, 0);
	cairo_arc(p->cr, x + w - r, y + h - r, r, 0, M_PI_2);
	cairo_arc(p->cr, x + r, y + h - r, r, M_PI_2, M_PI);
	cairo_arc(p->cr, x + r, y + r, r, M_PI, 3 * M_PI_2);
	cairo_close_path(p->cr);
}

void
pen_stroke(const struct pen *p, double width)
{
	cairo_set_line_width(p->cr, PEN_MM(width));
	cairo_set_tolerance(p->cr, ROUGHLY * PEN_MM(width));
	cairo_stroke(p->cr);
	cairo_set_tolerance(p->cr, FINELY);
}

static void
line_show(const struct pen *p, const struct font *font, const struct pen_place *place,
    double down, struct font_line line)
{
	double x = PEN_MM(place->x), y = PEN_MM(place->y) + down * font->size;
	double left = PEN_MM(place->width) - font_width(font, line);

	if (place->align == PEN_CENTER)
		x += left / 2;
	else if (place->align == PEN_RIGHT)
		x += left;
	font_show(p->cr, font, x, y, line);
}

void
pen_words(const struct pen *p, const struct font *font, struct pen_place place,
    const char *text)
{
	line_show(p, font, &place, 0, (struct font_line){ text, strlen(text) });
}

/* The greatest size, wanted at most, at which line is no wider than width. */
static double
size_for(const struct font *wanted, struct font_line line, double width)
{
	double full = font_width(wanted, line);

	if (full <= width)
		return wanted->size;
	return floor(wanted->size * width / full / FONT_STEP) * FONT_STEP;
}

/* More lines: the fewest that do, at the greatest size. Returns how many; one more
 * than allowed if even the least size is too large. */
static int
lines_find(const struct pen_fit *fit, const char *text, double width, struct font *font,
    struct font_line lines[LINES_MOST])
{
	int most, n;

	for (most = 2; most <= fit->lines; most++) {
		for (font->size = fit->wrapped * 2 / most; font->size >= fit->least;
		    font->size -= FONT_STEP) {
			n = font_wrap(font, text, width, lines, most);
			if (n <= most)
				return n;
		}
	}
	font->size = fit->least;
	return font_wrap(font, text, width, lines, fit->lines);
}

int
pen_text(const struct pen *p, const struct pen_fit *fit, struct pen_place place,
    const char *text)
{
	struct font font = fit->font;
	struct font_line lines[LINES_MOST];
	double width = PEN_MM(place.width);
	int n = 1, i;

	if (text_empty(text))
		return 0;
	lines[0] = (struct font_line){ text, strlen(text) };
	font.size = size_for(&font, lines[0], width);
	if (font.size < fit->shrunk)
		n = lines_find(fit, text, width, &font, lines);
	if (n > fit->lines) {
		n = fit->lines;
		lines[n - 1].n = strlen(lines[n - 1].text);
		lines[n - 1] = font_cut(&font, lines[n - 1], width, p->arena);
	}
	for (i = 0; i < n; i++)
		line_show(p, &font, &place, CAPITALS + i * LEADING, lines[i]);
	return n;
}
