/* SPDX-License-Identifier: MIT */
/*
 * Text for the card. FreeType reads the two embedded faces; widths come straight
 * from its unscaled metrics, so that trying sizes costs no rasterising; those of ASCII
 * are asked for once. Cairo gets
 * positioned glyphs together with their text, and a scaled font that is made once
 * for each face and size. No hinting: a card is printed, not shown.
 */
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_ADVANCES_H

#include <cairo-ft.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "arena.h"
#include "font.h"
#include "hints.h"
#include "log.h"

enum {
	SIZES = (int)(FONT_LARGEST / FONT_STEP) + 1,
	LINE_MOST = 400,	/* glyphs a line; a hundred fit on a card */
	ASCII = 128
};

extern uint8_t font_regular[], font_regular_end[], font_bold[], font_bold_end[];

static struct {
	FT_Library library;
	FT_Face faces[FONT_FACES];
	cairo_font_face_t *cairo_faces[FONT_FACES];
	cairo_scaled_font_t *scaled[FONT_FACES][SIZES];
} fonts;

/* What FreeType said of ASCII, which is most of every card, in font units. */
static struct {
	bool known[ASCII];
	uint16_t glyphs[ASCII];
	int16_t advances[ASCII];
	int16_t kernings[ASCII][ASCII];	/* left, right: 2 * k + 1; 0 if not known */
} remembered[FONT_FACES];

static enum err
face_open(enum font_face i, uint8_t *p, const uint8_t *end)
{
	hints_remove(p, (size_t)(end - p));
	if (FT_New_Memory_Face(fonts.library, p, end - p, 0, &fonts.faces[i])) {
		log_write(LOG_ERROR, "font %d cannot be read", (int)i);
		return ERR_BROKEN;
	}
	fonts.cairo_faces[i] = cairo_ft_font_face_create_for_ft_face(fonts.faces[i],
	    FT_LOAD_NO_HINTING);
	if (cairo_font_face_status(fonts.cairo_faces[i]) == CAIRO_STATUS_SUCCESS)
		return OK;
	log_write(LOG_ERROR, "font %d cannot be used", (int)i);
	return ERR_BROKEN;
}

enum err
font_open(void)
{
	enum err e;

	if (fonts.library)
		return OK;
	if (FT_Init_FreeType(&fonts.library)) {
		fonts.library = NULL;
		log_write(LOG_ERROR, "FreeType cannot be started");
		return ERR_BROKEN;
	}
	e = face_open(FONT_REGULAR, font_regular, font_regular_end);
	if (e == OK)
		e = face_open(FONT_BOLD, font_bold, font_bold_end);
	if (e != OK)
		font_close();
	return e;
}

void
font_close(void)
{
	int i, size;

	for (i = 0; i < FONT_FACES; i++) {
		for (size = 0; size < SIZES; size++)
			cairo_scaled_font_destroy(fonts.scaled[i][size]);
		cairo_font_face_destroy(fonts.cairo_faces[i]);
	}
	/* Cairo keeps what was destroyed for a while; it must not outlive the faces. */
	cairo_debug_reset_static_data();
	if (fonts.library)
		(void)FT_Done_FreeType(fonts.library); /* and the faces with it */
	memset(&fonts, 0, sizeof(fonts));
	memset(remembered, 0, sizeof(remembered));
}

static cairo_scaled_font_t *
font_scaled(const struct font *font)
{
	int step = (int)(font->size / FONT_STEP + 0.5);
	cairo_scaled_font_t **scaled = &fonts.scaled[font->face][step];
	cairo_font_options_t *options;
	cairo_matrix_t size, page;

	if (*scaled)
		return *scaled;
	cairo_matrix_init_scale(&size, font->size, font->size);
	cairo_matrix_init_identity(&page);
	options = cairo_font_options_create();
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	*scaled = cairo_scaled_font_create(fonts.cairo_faces[font->face], &size, &page,
	    options);
	cairo_font_options_destroy(options);
	return *scaled;
}

/* The next code point of well-formed UTF-8; *size is its length in bytes. */
static uint32_t
point_next(const char *s, size_t n, int *size)
{
	const uint8_t *p = (const uint8_t *)s;
	uint32_t point;
	int i;

	*size = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;
	if ((size_t)*size > n)
		*size = (int)n;
	point = *size == 1 ? *p : *p & (0xffU >> (*size + 1));
	for (i = 1; i < *size; i++)
		point = point << 6 | (p[i] & 0x3f);
	return point;
}

/* Walks along a line glyph by glyph; x is where the glyph stands, in font units. */
struct walk {
	enum font_face face;
	double tracking;	/* in font units */
	double x, advance;
	uint32_t point;
	FT_UInt glyph;
};

static struct walk
walk_start(const struct font *font)
{
	return (struct walk){ .face = font->face, .tracking = font->tracking *
	    fonts.faces[font->face]->units_per_EM };
}

static FT_UInt
glyph_find(enum font_face i, uint32_t point, int *advance)
{
	FT_Face face = fonts.faces[i];
	FT_UInt glyph;
	FT_Fixed width = 0;

	if (point < ASCII && remembered[i].known[point]) {
		*advance = remembered[i].advances[point];
		return remembered[i].glyphs[point];
	}
	glyph = FT_Get_Char_Index(face, point);
	(void)FT_Get_Advance(face, glyph, FT_LOAD_NO_SCALE, &width);
	*advance = (int)width;
	if (point < ASCII) {
		remembered[i].known[point] = true;
		remembered[i].glyphs[point] = (uint16_t)glyph;
		remembered[i].advances[point] = (int16_t)*advance;
	}
	return glyph;
}

/* How much nearer a glyph stands to the one that w is at. */
static int
kerning_find(const struct walk *w, uint32_t point, FT_UInt glyph)
{
	const bool ascii = w->point < ASCII && point < ASCII;
	int16_t *known = ascii ? &remembered[w->face].kernings[w->point][point] : NULL;
	FT_Vector kerning = { 0, 0 };

	if (ascii && *known)
		return (*known - 1) / 2;
	(void)FT_Get_Kerning(fonts.faces[w->face], w->glyph, glyph, FT_KERNING_UNSCALED,
	    &kerning); /* zero if it fails */
	if (ascii)
		*known = (int16_t)(2 * kerning.x + 1);
	return (int)kerning.x;
}

static void
walk_step(struct walk *w, uint32_t point)
{
	int advance;
	FT_UInt glyph = glyph_find(w->face, point, &advance);

	w->x += w->advance + (w->glyph ? kerning_find(w, point, glyph) : 0);
	w->advance = advance + w->tracking;
	w->point = point;
	w->glyph = glyph;
}

static double
font_unit(const struct font *font)
{
	return font->size / fonts.faces[font->face]->units_per_EM;
}

double
font_width(const struct font *font, struct font_line line)
{
	struct walk w = walk_start(font);
	size_t at;
	int size;

	if (!line.n)
		return 0;
	for (at = 0; at < line.n; at += (size_t)size)
		walk_step(&w, point_next(line.text + at, line.n - at, &size));
	return (w.x + w.advance - w.tracking) * font_unit(font);
}

/* How much of text fits into a line: *n bytes of it, the next starts at *rest. */
static void
line_break(const struct font *font, const char *text, double width, size_t *n,
    size_t *rest)
{
	struct walk w = walk_start(font);
	double room = width / font_unit(font);
	size_t at, all = strlen(text);
	int size;

	*n = *rest = 0;
	for (at = 0; at < all; at += (size_t)size) {
		walk_step(&w, point_next(text + at, all - at, &size));
		if (text[at] == ' ') {
			*n = at;
			*rest = at + 1;
		} else if (w.x + w.advance - w.tracking > room && at > 0) {
			break;
		} else if (text[at] == '-' || text[at] == '/') {
			*n = *rest = at + 1;
		}
	}
	if (at >= all || !*n)
		*n = *rest = at;
}

int
font_wrap(const struct font *font, const char *text, double width,
    struct font_line *lines, int most)
{
	size_t n, rest;
	int i;

	for (i = 0; *text; i++) {
		if (i == most)
			return most + 1;
		line_break(font, text, width, &n, &rest);
		lines[i] = (struct font_line){ text, n };
		text += rest;
		text += strspn(text, " ");
	}
	return i;
}

struct font_line
font_cut(const struct font *font, struct font_line line, double width, struct arena *a)
{
	static const char ellipsis[] = "\xe2\x80\xa6";
	struct font_line dots = { ellipsis, sizeof(ellipsis) - 1 };
	size_t n, rest;

	if (font_width(font, line) <= width)
		return line;
	line.text = arena_copy(a, line.text, line.n);
	line_break(font, line.text, width - font_width(font, dots), &n, &rest);
	line.text = arena_print(a, "%.*s%s", (int)n, line.text, ellipsis);
	line.n = strlen(line.text);
	return line;
}

void
font_show(cairo_t *cr, const struct font *font, double x, double y,
    struct font_line line)
{
	cairo_glyph_t glyphs[LINE_MOST];
	cairo_text_cluster_t clusters[LINE_MOST];
	struct walk w = walk_start(font);
	double unit = font_unit(font);
	size_t at;
	int n = 0, size;

	for (at = 0; at < line.n && n < LINE_MOST; at += (size_t)size, n++) {
		walk_step(&w, point_next(line.text + at, line.n - at, &size));
		glyphs[n] = (cairo_glyph_t){ w.glyph, x + w.x * unit, y };
		clusters[n] = (cairo_text_cluster_t){ size, 1 };
	}
	if (!n)
		return;
	cairo_set_scaled_font(cr, font_scaled(font));
	cairo_show_text_glyphs(cr, line.text, (int)at, glyphs, n, clusters, n, 0);
}
