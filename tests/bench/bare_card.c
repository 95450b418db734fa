/* SPDX-License-Identifier: MIT */
/*
 * What the cards are compared with: a plain loop over cairo and libqrencode that
 * draws the same two pages, without a database, a signature or a store.
 *
 *     bare_card CARDS [FOLDER]
 *
 * reads one card a line (fields between tabs, see figures_card.py), draws each as a
 * PDF in memory, writes it into FOLDER if one is given, and prints how many there
 * were and the CPU milliseconds that each took. Two savings that any such program
 * would soon find are made: the fonts are loaded once, and the photo's JPEG is
 * passed through on a surface of one pixel. What is drawn: core/draw_*.c.
 */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cairo-ft.h>
#include <cairo-pdf.h>
#include <qrencode.h>

#define MM(mm) ((mm) * 72.0 / 25.4)
#define WIDTH 85.60
#define HEIGHT 53.98
#define MARGIN 4.0
#define FONT "/usr/share/fonts/truetype/open-sans/OpenSans-%s.ttf"

enum { CARDS = 2000, PDF_MOST = 256 * 1024, PHOTO_MOST = 256 * 1024 };

enum field {
	FULL_NAME, FARMER_ID, NRC, BIRTH_DATE, GENDER, PHONE, VILLAGE, CHIEFDOM, DISTRICT,
	PROVINCE, CREATED_BY, SERIAL, ISSUED, EXPIRES, ISSUER_NAME, VERIFIED, PHOTO, QR,
	FIELDS
};

enum color {
	WHITE = 0xffffff, BLACK = 0, GREEN = 0x14532d, LEAF = 0x166534, FURROW = 0x2f7a4b,
	MIST = 0xd7e8dc, PAPER = 0xf6faf6, OCHRE = 0xc98a1b
};

struct card {
	char *field[FIELDS];
};

struct bytes {
	size_t n;
	unsigned char p[PDF_MOST];
};

static cairo_font_face_t *regular, *bold;

static void
die(const char *words)
{
	fprintf(stderr, "bare_card: %s\n", words);
	exit(1);
}

static void
color(cairo_t *cr, enum color c)
{
	unsigned v = (unsigned)c;

	cairo_set_source_rgb(cr, (v >> 16) / 255.0, (v >> 8 & 255) / 255.0, (v & 255) / 255.0);
}

static void
box(cairo_t *cr, double x, double y, double width, double height)
{
	cairo_rectangle(cr, MM(x), MM(y), MM(width), MM(height));
	cairo_fill(cr);
}

static void
curve(cairo_t *cr, const double p[6])
{
	cairo_curve_to(cr, MM(p[0]), MM(p[1]), MM(p[2]), MM(p[3]), MM(p[4]), MM(p[5]));
}

static void
stroke(cairo_t *cr, double width)
{
	cairo_set_line_width(cr, MM(width));
	cairo_stroke(cr);
}

static void
round_box(cairo_t *cr, double left, double top, double width, double height)
{
	double x = MM(left), y = MM(top), w = MM(width), h = MM(height), r = MM(0.8);

	cairo_new_sub_path(cr);
	cairo_arc(cr, x + w - r, y + r, r, -M_PI_2, 0);
	cairo_arc(cr, x + w - r, y + h - r, r, 0, M_PI_2);
	cairo_arc(cr, x + r, y + h - r, r, M_PI_2, M_PI);
	cairo_arc(cr, x + r, y + r, r, M_PI, 3 * M_PI_2);
	cairo_close_path(cr);
}

/* One line, smaller if it is wider than width; it ends there if it is `right`. */
struct line {
	cairo_font_face_t *face;
	double size, x, y, width;
	bool right;
};

static void
text(cairo_t *cr, struct line l, const char *s)
{
	cairo_text_extents_t is;

	if (!*s)
		return;
	cairo_set_font_face(cr, l.face);
	cairo_set_font_size(cr, l.size);
	if (l.width > 0) {
		cairo_text_extents(cr, s, &is);
		if (is.x_advance > MM(l.width)) {
			l.size = fmax(5, floor(l.size * MM(l.width) / is.x_advance * 4) / 4);
			cairo_set_font_size(cr, l.size);
			cairo_text_extents(cr, s, &is);
		}
	}
	cairo_move_to(cr, MM(l.x) + (l.right ? MM(l.width) - is.x_advance : 0), MM(l.y));
	cairo_show_text(cr, s);
}

static void
front_ground(cairo_t *cr)
{
	double x, y;
	int i;

	color(cr, PAPER);
	box(cr, 0, 0, WIDTH, HEIGHT);
	color(cr, MIST);
	for (i = 0; i < 14; i++) {
		y = 19.2 + 2.6 * i;
		cairo_move_to(cr, 0, MM(y + 6));
		curve(cr, (double[6]){ 30, y - 12 + i, 54, y + 16 - i, WIDTH, y - 4 });
	}
	stroke(cr, 0.1);
	color(cr, GREEN);
	cairo_move_to(cr, 0, MM(50.4));
	curve(cr, (double[6]){ 22, 47.4, 52, 53.4, WIDTH, 48.4 });
	cairo_line_to(cr, MM(WIDTH), MM(HEIGHT));
	cairo_line_to(cr, 0, MM(HEIGHT));
	cairo_close_path(cr);
	cairo_fill_preserve(cr);
	cairo_save(cr);
	cairo_clip(cr);
	color(cr, FURROW);
	for (i = 0; i < 10; i++) {
		x = 9.0 * i - 20;
		cairo_move_to(cr, MM(x), MM(HEIGHT));
		curve(cr, (double[6]){ x + 18, 51.4, x + 30, 51.8, WIDTH + 2, 49.0 });
	}
	stroke(cr, 0.15);
	cairo_restore(cr);
}

static void
front_mark(cairo_t *cr, double x, double y)
{
	static const double leaves[3][12] = {
		{ 0, 2.2, -0.2, 0.4, -2.2, 0.2, -2.3, -1.2, -0.6, -1.4, 0.1, 0.2 },
		{ 0, 2.2, 0.2, 0.4, 2.2, 0.2, 2.3, -1.2, 0.6, -1.4, -0.1, 0.2 },
		{ 0, 1.2, -1.3, -0.4, -1.0, -1.8, 0, -2.7, 1.0, -1.8, 1.3, -0.4 }
	};
	int i;

	color(cr, WHITE);
	cairo_arc(cr, MM(x), MM(y), MM(3.7), 0, 2 * M_PI);
	cairo_fill(cr);
	color(cr, LEAF);
	for (i = 0; i < 3; i++) {
		const double *p = leaves[i];

		cairo_move_to(cr, MM(x + p[0]), MM(y + p[1]));
		curve(cr, (double[6]){ x + p[2], y + p[3], x + p[4], y + p[5], x + p[6],
		    y + p[7] });
		curve(cr, (double[6]){ x + p[6], y + p[7], x + p[8], y + p[9], x + p[0],
		    y + p[1] });
		cairo_fill(cr);
	}
}

static void
front_band(cairo_t *cr, const struct card *c)
{
	color(cr, GREEN);
	box(cr, 0, 0, WIDTH, 13.2);
	color(cr, OCHRE);
	box(cr, 0, 13.2, WIDTH, 0.6);
	front_mark(cr, MARGIN + 3.7, 6.6);
	color(cr, WHITE);
	text(cr, (struct line){ bold, 13, 13.2, 8.24, 0, false }, "CEM");
	box(cr, 24.6, 4.5, 0.2, 4.2);
	text(cr, (struct line){ bold, 5.25, 26, 5.82, 0, false }, "CHIEFDOM ENTERPRISE");
	text(cr, (struct line){ regular, 5.5, 26, 8.6, 28, false }, c->field[ISSUER_NAME]);
	text(cr, (struct line){ bold, 9.5, 55, 7.8, WIDTH - MARGIN - 55, true },
	    "Farmer ID Card");
}

static size_t
photo_read(const char *name, unsigned char p[PHOTO_MOST])
{
	FILE *f = fopen(name, "rb");
	size_t n = f ? fread(p, 1, PHOTO_MOST, f) : 0;

	if (!n || n == PHOTO_MOST)
		die("a photo can't be read");
	(void)fclose(f); /* was only read */
	return n;
}

static void
front_photo(cairo_t *cr, const char *name)
{
	static unsigned char jpeg[PHOTO_MOST];
	size_t n = photo_read(name, jpeg);
	cairo_surface_t *pixel = cairo_image_surface_create(CAIRO_FORMAT_RGB24, 1, 1);

	if (cairo_surface_set_mime_data(pixel, CAIRO_MIME_TYPE_JPEG, jpeg, n, NULL,
	    NULL) != CAIRO_STATUS_SUCCESS)
		die("a photo can't be used");
	cairo_save(cr);
	round_box(cr, MARGIN, 17.2, 22, 28);
	cairo_clip(cr);
	cairo_translate(cr, MM(MARGIN), MM(16.5));
	cairo_scale(cr, MM(22), MM(29.4));
	cairo_set_source_surface(cr, pixel, 0, 0);
	cairo_paint(cr);
	cairo_restore(cr);
	cairo_surface_destroy(pixel);
	color(cr, LEAF);
	round_box(cr, MARGIN, 17.2, 22, 28);
	stroke(cr, 0.25);
}

static void
front(cairo_t *cr, const struct card *c)
{
	static const struct { const char *words; enum field left; const char *others;
	    enum field right; } rows[] = {
		{ "FARMER ID", FARMER_ID, "NRC", NRC },
		{ "DOB", BIRTH_DATE, "GENDER", GENDER },
		{ "PHONE", PHONE, "EXPIRES", EXPIRES }
	};
	int i;

	front_ground(cr);
	front_band(cr, c);
	front_photo(cr, c->field[PHOTO]);
	color(cr, BLACK);
	text(cr, (struct line){ regular, 5, 30, 18.6, 0, false }, "NAME");
	text(cr, (struct line){ bold, 11, 30, 22.5, 51.6, false }, c->field[FULL_NAME]);
	for (i = 0; i < 3; i++) {
		double y = 29.1 + 6.6 * i;

		text(cr, (struct line){ regular, 5, 30, y, 0, false }, rows[i].words);
		text(cr, (struct line){ bold, 7.5, 30, y + 2.9, 25.2, false },
		    c->field[rows[i].left]);
		text(cr, (struct line){ regular, 5, 57.2, y, 0, false }, rows[i].others);
		text(cr, (struct line){ bold, 7.5, 57.2, y + 2.9, 24.4, false },
		    c->field[rows[i].right]);
	}
}

static double
code_draw(cairo_t *cr, const char *words)
{
	QRcode *qr = QRcode_encodeString(words, 13, QR_ECLEVEL_Q, QR_MODE_8, 1);
	double module = 4 * 25.4 / 300, side;
	cairo_surface_t *mask;
	cairo_pattern_t *pattern;
	unsigned char *bits;
	int x, y, stride;

	if (!qr)
		die("a text does not fit a QR code");
	mask = cairo_image_surface_create(CAIRO_FORMAT_A1, qr->width, qr->width);
	bits = cairo_image_surface_get_data(mask);
	stride = cairo_image_surface_get_stride(mask);
	for (y = 0; y < qr->width; y++)
		for (x = 0; x < qr->width; x++)
			bits[y * stride + x / 8] |= (unsigned char)
			    ((qr->data[y * qr->width + x] & 1) << x % 8);
	cairo_surface_mark_dirty(mask);
	pattern = cairo_pattern_create_for_surface(mask);
	cairo_pattern_set_filter(pattern, CAIRO_FILTER_NEAREST);
	side = (qr->width + 8) * module;
	color(cr, WHITE);
	round_box(cr, 3.98, 5, side, side);
	cairo_fill_preserve(cr);
	color(cr, MIST);
	stroke(cr, 0.25);
	color(cr, BLACK);
	cairo_save(cr);
	cairo_translate(cr, MM(3.98 + 4 * module), MM(5 + 4 * module));
	cairo_scale(cr, MM(module), MM(module));
	cairo_mask(cr, pattern);
	cairo_restore(cr);
	cairo_pattern_destroy(pattern);
	cairo_surface_destroy(mask);
	QRcode_free(qr);
	return side;
}

static void
back_band(cairo_t *cr, const struct card *c)
{
	char issued_by[200];

	color(cr, GREEN);
	box(cr, 0, 46.2, WIDTH, HEIGHT - 46.2);
	color(cr, OCHRE);
	box(cr, 0, 45.6, WIDTH, 0.6);
	color(cr, WHITE);
	(void)snprintf(issued_by, sizeof(issued_by), "Issued by %s", c->field[ISSUER_NAME]);
	text(cr, (struct line){ regular, 6, MARGIN, 50, 46, false }, issued_by);
	if (*c->field[VERIFIED] != '1')
		return;
	text(cr, (struct line){ bold, 7, 58, 50, WIDTH - MARGIN - 58, true },
	    "VERIFIED FARMER");
	cairo_move_to(cr, MM(54.4), MM(49));
	cairo_line_to(cr, MM(55.2), MM(49.8));
	cairo_line_to(cr, MM(56.7), MM(48));
	stroke(cr, 0.5);
}

static void
back(cairo_t *cr, const struct card *c)
{
	static const struct { double x, y; const char *words; enum field value; } facts[] = {
		{ 34, 10.9, "VILLAGE", VILLAGE }, { 58.8, 10.9, "CHIEFDOM", CHIEFDOM },
		{ 34, 17.9, "DISTRICT", DISTRICT }, { 58.8, 17.9, "PROVINCE", PROVINCE },
		{ 34, 30.7, "SERIAL", SERIAL }, { 58.8, 30.7, "REGISTERED BY", CREATED_BY },
		{ 34, 37.7, "ISSUED", ISSUED }, { 58.8, 37.7, "EXPIRES", EXPIRES }
	};
	double side;
	size_t i;

	color(cr, PAPER);
	box(cr, 0, 0, WIDTH, HEIGHT);
	side = code_draw(cr, c->field[QR]);
	text(cr, (struct line){ bold, 6, 8, 8.4 + side, 0, false }, "SCAN TO VERIFY");
	for (i = 0; i < 2; i++) {
		color(cr, LEAF);
		text(cr, (struct line){ bold, 6.5, 34, i ? 26.4 : 6.6, 0, false },
		    i ? "CARD" : "FULL ADDRESS");
		color(cr, OCHRE);
		box(cr, 34, i ? 27.5 : 7.7, WIDTH - MARGIN - 34, 0.2);
	}
	color(cr, BLACK);
	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		const char *value = c->field[facts[i].value];

		if (!*value)
			continue;
		text(cr, (struct line){ regular, 5, facts[i].x, facts[i].y, 0, false },
		    facts[i].words);
		text(cr, (struct line){ bold, 6.25, facts[i].x, facts[i].y + 2.5, 22.8,
		    false }, value);
	}
	back_band(cr, c);
}

static cairo_status_t
bytes_add(void *out, const unsigned char *p, unsigned n)
{
	struct bytes *b = out;

	if (n > PDF_MOST - b->n)
		return CAIRO_STATUS_WRITE_ERROR;
	memcpy(b->p + b->n, p, n);
	b->n += n;
	return CAIRO_STATUS_SUCCESS;
}

static void
draw(const struct card *c, struct bytes *out)
{
	cairo_surface_t *pdf;
	cairo_t *cr;

	out->n = 0;
	pdf = cairo_pdf_surface_create_for_stream(bytes_add, out, MM(WIDTH), MM(HEIGHT));
	cr = cairo_create(pdf);
	front(cr, c);
	cairo_show_page(cr);
	back(cr, c);
	cairo_show_page(cr);
	if (cairo_status(cr) != CAIRO_STATUS_SUCCESS)
		die(cairo_status_to_string(cairo_status(cr)));
	cairo_destroy(cr);
	cairo_surface_finish(pdf);
	if (cairo_surface_status(pdf) != CAIRO_STATUS_SUCCESS)
		die(cairo_status_to_string(cairo_surface_status(pdf)));
	cairo_surface_destroy(pdf);
}

static cairo_font_face_t *
face_open(FT_Library library, const char *name)
{
	char path[100];
	FT_Face face;

	(void)snprintf(path, sizeof(path), FONT, name);
	if (FT_New_Face(library, path, 0, &face) != 0)
		die("a font can't be read (fonts-open-sans)");
	return cairo_ft_font_face_create_for_ft_face(face, FT_LOAD_NO_HINTING);
}

static int
cards_read(const char *name, struct card *cards)
{
	static char line[4096];
	FILE *f = fopen(name, "r");
	int n, i;

	if (!f)
		die("the cards can't be read");
	for (n = 0; n < CARDS && fgets(line, sizeof(line), f); n++) {
		char *rest;

		line[strcspn(line, "\n")] = '\0';
		rest = strdup(line);
		for (i = 0; i < FIELDS; i++) {
			cards[n].field[i] = strsep(&rest, "\t");
			if (!cards[n].field[i])
				die("a card has too few fields");
		}
	}
	(void)fclose(f); /* was only read */
	return n;
}

static void
keep(const char *folder, int i, const struct bytes *pdf)
{
	char path[500];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%d.pdf", folder, i);
	f = fopen(path, "wb");
	if (!f || fwrite(pdf->p, 1, pdf->n, f) != pdf->n || fclose(f) != 0)
		die("a PDF can't be written");
}

static double
cpu_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); /* Linux has it */
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int
main(int argc, char **argv)
{
	static struct card cards[CARDS];
	static struct bytes pdf;
	FT_Library library;
	double began;
	int i, n;

	if (argc < 2)
		die("usage: bare_card CARDS [FOLDER]");
	if (FT_Init_FreeType(&library) != 0)
		die("FreeType can't be started");
	regular = face_open(library, "Regular");
	bold = face_open(library, "Bold");
	n = cards_read(argv[1], cards);
	if (!n)
		die("there are no cards");
	draw(&cards[0], &pdf); /* what is done once is not a card's price */
	began = cpu_ms();
	for (i = 0; i < n; i++) {
		draw(&cards[i], &pdf);
		if (argc > 2)
			keep(argv[2], i, &pdf);
	}
	printf("%d %.4f\n", n, (cpu_ms() - began) / n);
	return 0;
}
