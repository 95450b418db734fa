/* SPDX-License-Identifier: MIT */
/*
 * The ID card: what the PDF holds, and what other programs see in it. Where
 * poppler, qpdf and zbar are installed (./run test sees to it) they read the card
 * as a printer, a clerk and a phone would; where one is not, its checks are left out
 * with a word on standard error.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jpeglib.h>

#include "arena.h"
#include "buf.h"
#include "draw.h"
#include "font.h"
#include "log.h"
#include "qr.h"
#include "test.h"
#include "text.h"

#define PDF "card.pdf"

/* The known answer of test_claim.c: version 13. */
static const char qr_text[] = "NCFOXN%TSMAHO.JNQ8O9KB2W$A4-C2CW8+%5V L 2Q795R65KTQ1:5T$9F"
    "Q51C5W$QZ+LO PIEPO0RIQP$FIHTRUULMYAWM6.-4:L3HYC:8CP10VHH8K5-VMPXF*VBFX9PZ5L$BZGA+1V9"
    "-U:CJQRATQQYI9FN9/E2/GAC/V7.QAYUKG9/ JTK2GE5HA7CO1VW5/O1IQ1:67.AFGOKIZ8ZRR3W19UEPN1-"
    "*PLJGN31TEUY3E149DL6ZBQV.MFSEC9FT3JW+TL*C4FUBZJ77OUD6D1QNI9 JV.MU5SMKF73MO QTE15QYLE"
    "79 DS.:C%OR02GZLDVTQL9JP RU/7D.9";

static struct arena *a;
static uint8_t *photo;
static unsigned long photo_size;
static struct draw_card card;

/* A portrait of nobody: a plain ground, shoulders, neck, face, hair, in flat ellipses. */
static bool
inside(double x, double y, const double e[4])
{
	double dx = (x - e[0]) / e[2], dy = (y - e[1]) / e[3];

	return dx * dx + dy * dy < 1;
}

static void
portrait_pixel(double x, double y, uint8_t rgb[3])
{
	static const double shapes[][4] = { { .5, 1.08, .46, .36 }, { .5, .74, .1, .14 },
	    { .5, .4, .235, .25 }, { .5, .44, .2, .24 }, { .42, .42, .024, .014 },
	    { .58, .42, .024, .014 }, { .5, .575, .07, .016 } };
	static const uint8_t colors[][3] = { { 36, 78, 120 }, { 112, 70, 44 },
	    { 22, 18, 16 }, { 124, 78, 50 }, { 20, 14, 12 }, { 20, 14, 12 },
	    { 120, 54, 46 } };
	size_t i;

	rgb[0] = (uint8_t)(214 + 20 * y);
	rgb[1] = (uint8_t)(222 + 16 * y);
	rgb[2] = (uint8_t)(228 + 12 * y);
	for (i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		if (inside(x, y, shapes[i]))
			memcpy(rgb, colors[i], 3);
}

static uint8_t *
portrait_make(unsigned width, unsigned height, unsigned long *n)
{
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr errors;
	uint8_t *jpeg = NULL, line[3 * 1024];
	JSAMPROW row = line;
	unsigned x;

	c.err = jpeg_std_error(&errors);
	jpeg_create_compress(&c);
	jpeg_mem_dest(&c, &jpeg, n);
	c.image_width = width;
	c.image_height = height;
	c.input_components = 3;
	c.in_color_space = JCS_RGB;
	jpeg_set_defaults(&c);
	jpeg_set_quality(&c, 75, TRUE);
	jpeg_start_compress(&c, TRUE);
	while (c.next_scanline < height) {
		for (x = 0; x < width; x++)
			portrait_pixel((double)x / width,
			    (double)c.next_scanline / height, line + 3 * x);
		(void)jpeg_write_scanlines(&c, &row, 1);
	}
	jpeg_finish_compress(&c);
	jpeg_destroy_compress(&c);
	return jpeg;
}

static struct buf
drawn(const struct draw_card *c)
{
	struct buf b = buf_make(a, 65536);

	if (draw_card(c, &b) != OK)
		b.n = 0;
	return b;
}

static bool
file_write(const char *name, const struct buf *b)
{
	FILE *f = fopen(name, "wb");
	bool whole;

	if (!f)
		return false;
	whole = fwrite(b->bytes, 1, b->n, f) == b->n;
	return fclose(f) == 0 && whole;
}

static struct buf
file_read(const char *name)
{
	struct buf b = buf_make(a, 65536);
	char piece[4096];
	FILE *f = fopen(name, "rb");
	size_t n;

	if (!f)
		return b;
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		buf_add(&b, piece, n);
	(void)fclose(f);
	return b;
}

static void
tool_become(const char *const argv[])
{
	int out = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int nothing = open("/dev/null", O_WRONLY);

	if (out < 0 || nothing < 0 || dup2(out, 1) < 0 || dup2(nothing, 2) < 0)
		_exit(126);
	(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* Run a program and collect what it prints. False if it is not installed. */
static bool
tool_run(const char *const argv[], int *status, struct buf *out)
{
	pid_t child = fork();

	*status = -1;
	if (child == 0)
		tool_become(argv);
	if (child < 0 || waitpid(child, status, 0) != child)
		return true; /* and status says that it failed */
	*status = WIFEXITED(*status) ? WEXITSTATUS(*status) : -1;
	*out = file_read("out");
	if (*status == 127)
		fprintf(stderr, "%s is not installed: its checks are left out\n",
		    argv[0]);
	return *status != 127;
}

#define TOOL(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* What pdftotext finds, with every run of white space as one blank. */
static bool
words_of(const struct draw_card *c, struct buf *words)
{
	struct buf pdf = drawn(c), out;
	int status;
	size_t i, n = 0;

	if (!file_write(PDF, &pdf) || !tool_run(TOOL("pdftotext", "-raw", PDF, "-"),
	    &status, &out) || status)
		return false;
	for (i = 0; i < out.n; i++) {
		if (!strchr(" \n\r\f\t", out.bytes[i]))
			out.bytes[n++] = out.bytes[i];
		else if (n && out.bytes[n - 1] != ' ')
			out.bytes[n++] = ' ';
	}
	out.bytes[n] = '\0';
	out.n = n;
	*words = out;
	return true;
}

static void
test_bytes(void)
{
	struct buf one = drawn(&card), two = drawn(&card);
	struct draw_card later = card;

	ok(one.n > 1000 && !memcmp(one.bytes, "%PDF-1.5", 8), "a card is a PDF");
	ok(one.n < 40000, "of less than 40 kB with its photo");
	ok(one.n == two.n && !memcmp(one.bytes, two.bytes, one.n),
	    "the same card gives the same bytes");
	ok(memmem(one.bytes, one.n, photo, photo_size) != NULL,
	    "the photo's own bytes are in it");
	ok(memmem(one.bytes, one.n, "20261122000000Z", 15) != NULL &&
	    memmem(one.bytes, one.n, "(Farmer ID card ZM2EC5197E)", 27) != NULL,
	    "it names the card and its date");
	later.created_at += INT64_C(86400000000);
	two = drawn(&later);
	ok(one.n != two.n || memcmp(one.bytes, two.bytes, one.n),
	    "another date gives other bytes");
}

static bool
photo_refused(const void *p, size_t n)
{
	struct draw_card c = card;
	struct buf b = buf_make(a, 16);

	buf_text(&b, "before");
	c.photo = p;
	c.photo_size = n;
	return draw_card(&c, &b) == ERR_BROKEN && b.n == 6 &&
	    !memcmp(b.bytes, "before", 6);
}

static void
test_photos(void)
{
	static const unsigned sizes[][2] = { { 240, 320 }, { 320, 240 }, { 1, 1 },
	    { 1000, 20 }, { 20, 1000 } };
	static const uint8_t png[] = "\x89PNG\r\n\x1a\n0000IHDR";
	struct draw_card c = card;
	uint8_t *copy;
	size_t i, n, at, refused = 0;
	unsigned long size;

	for (i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		size = 0;
		copy = portrait_make(sizes[i][0], sizes[i][1], &size);
		c.photo = copy;
		c.photo_size = size;
		ok(drawn(&c).n > size, "a photo of any proportion is taken");
		free(copy);
	}
	c.photo = NULL;
	n = drawn(&c).n;
	ok(n > 1000 && n < drawn(&card).n, "no photo gives the outline of nobody");
	ok(photo_refused(png, sizeof(png)), "a PNG is refused and leaves nothing");
	copy = (uint8_t *)arena_copy(a, photo, photo_size);
	for (at = 0; at + 9 < photo_size && !(copy[at] == 0xff && copy[at + 1] == 0xc0);)
		at++;
	for (n = 0; n < at + 10; n++)
		refused += photo_refused(arena_copy(a, copy, n), n);
	ok(refused == at + 10, "a JPEG that ends before its size is refused");
	copy[at + 9] = 4;
	ok(photo_refused(copy, photo_size), "four colour components are refused");
	copy[at + 9] = 3;
	copy[at + 4] = 12;
	ok(photo_refused(copy, photo_size), "twelve bits are refused");
	copy[at + 4] = 8;
	copy[at + 1] = 0xc9;
	ok(photo_refused(copy, photo_size), "arithmetic coding is refused");
}

static void
test_empty(void)
{
	struct draw_card c = { .qr = card.qr };
	struct buf words;

	ok(drawn(&c).n > 1000, "a card may be empty but for its code");
	if (words_of(&c, &words))
		ok(!strstr(words.bytes, "PHONE") && !strstr(words.bytes, "Issued by") &&
		    strstr(words.bytes, "SCAN TO VERIFY"),
		    "then it has no labels to fill in");
}

static void
test_structure(void)
{
	struct buf pdf = drawn(&card), out;
	int status;
	char *at;
	int faces = 0;

	ok(file_write(PDF, &pdf), "the card can be written to a file");
	if (tool_run(TOOL("qpdf", "--check", PDF), &status, &out))
		ok(status == 0, "qpdf finds nothing wrong");
	if (tool_run(TOOL("pdfinfo", PDF), &status, &out))
		ok(status == 0 && strstr(out.bytes, "Pages:           2") &&
		    strstr(out.bytes, "242.646 x 153.014 pts"),
		    "two pages of 85.60 x 53.98 mm");
	if (tool_run(TOOL("pdffonts", PDF), &status, &out)) {
		for (at = out.bytes; (at = strstr(at, "yes yes yes")); at++)
			faces++;
		ok(status == 0 && faces == 2 && strstr(out.bytes, "+OpenSans-Bold") &&
		    !strstr(out.bytes, " no "),
		    "two faces: embedded, subset, with Unicode");
	}
	if (tool_run(TOOL("pdfimages", "-all", PDF, "image"), &status, &out)) {
		out = file_read("image-000.jpg");
		ok(out.n == photo_size && !memcmp(out.bytes, photo, out.n),
		    "the photo comes out as it went in");
	}
	if (tool_run(TOOL("pdfimages", "-list", PDF), &status, &out))
		ok(strstr(out.bytes, "stencil") && !strstr(out.bytes, "smask"),
		    "the code is a one-bit mask; nothing is transparent");
}

static bool
all_there(const char *words, const char *const wanted[], size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (!strstr(words, wanted[i])) {
			fprintf(stderr, "missing: %s\n", wanted[i]);
			return false;
		}
	return true;
}

static void
test_words(void)
{
	static const char *const wanted[] = { "CEM", "Farmer ID Card",
	    "CHIEFDOM ENTERPRISE", "MWasree Enterprises Ltd",
	    "NAME Mutale Ng'andu Bwalya", "FARMER ID ZM2EC5197E", "NRC 123456/12/1",
	    "DOB 1984-04-12", "GENDER FEMALE", "PHONE +260 977 000 000",
	    "SCAN TO VERIFY", "https://registry.example.zm/", "VILLAGE Haamoonga",
	    "CHIEFDOM Liteta", "DISTRICT Chibombo District", "PROVINCE Central Province",
	    "REGISTERED BY operator.one", "SERIAL 1A2B 3C4D 5E6F 7081",
	    "ISSUED 2026-11-22",
	    "EXPIRES 2031-11-22", "Issued by MWasree", "VERIFIED FARMER" };
	struct draw_card c = card;
	struct buf words;

	if (!words_of(&c, &words))
		return;
	ok(all_there(words.bytes, wanted, sizeof(wanted) / sizeof(*wanted)),
	    "every field can be found as text");
	ok(!strstr(words.bytes, "<<"), "there is no machine-readable zone");
	c.verified = false;
	ok(words_of(&c, &words) && !strstr(words.bytes, "VERIFIED"),
	    "only a verified farmer's card says so");
}

static void
test_letters(void)
{
	static const char *const names[] = { "Ng'andu", "Ŋoma", "Liñomo", "Ŵanda",
	    "Mbbulo", "Haamoonga", "Renée", "ŋ’ʼŵÑ" };
	struct draw_card c = card;
	struct buf words;

	c.full_name = "Ng'andu Ŋoma Liñomo";
	c.village = "Ŵanda";
	c.chiefdom = "Mbbulo";
	c.district = "Haamoonga";
	c.province = "Renée";
	c.created_by = "ŋ’ʼŵÑ";
	if (words_of(&c, &words))
		ok(all_there(words.bytes, names, sizeof(names) / sizeof(*names)),
		    "letters of every Zambian language are set and can be searched");
}

static void
test_long(void)
{
	static const char name[] = "Chilufya Mwansa-Mulenga Kapwepwe Hamoonga Siamwiinga "
	    "Mutale Ng'andu Bwalya Namwiinga Chimwemwe Ŋomaa";
	static const char place[] = "Chieftainess Nkomeshya Mukamambo the Second";
	struct draw_card c = card;
	struct buf words;
	char wide[401];

	c.full_name = name;
	c.chiefdom = c.district = place;
	if (!words_of(&c, &words))
		return;
	ok(text_points(name) == 100 && strstr(words.bytes, name),
	    "a name of 100 characters is whole");
	ok(strstr(words.bytes, place) && !strstr(words.bytes, "…"),
	    "a long chiefdom is whole");
	memset(wide, 'W', 400);
	wide[400] = '\0';
	c.full_name = wide;
	ok(words_of(&c, &words) && strstr(words.bytes, "W…"),
	    "what can't be shown ends in an ellipsis");
}

/* Fill the stack below with what is no address, so that whatever a card draws without
 * having been set is seen. */
static void
poison(void)
{
	volatile char rubbish[256 * 1024];

	for (size_t i = 0; i < sizeof(rubbish); i++)
		rubbish[i] = (char)0xa5;
}

/* Names of every length, cut at every letter: one line, two lines, three. */
static void
test_lengths(void)
{
	static const char name[] = "Very Long First Names Indeed Mwansa "
	    "Chileshe-Kapwepwe Mulenga Ng'andu wa Bwalya Namwiinga Chimwemwe Hamoonga";
	struct draw_card c = card;
	size_t whole = 0;
	char part[sizeof(name)];

	for (size_t n = 1; n < sizeof(name); n++) {
		memcpy(part, name, n);
		part[n] = '\0';
		c.full_name = part;
		poison();
		whole += drawn(&c).n > 1000;
	}
	ok(whole == sizeof(name) - 1, "names of every length can be drawn");
}

/* Where pdftotext -bbox sees words: at least 3 mm (8.5 pt) from the trim. */
static void
test_margins(void)
{
	struct draw_card c = card;
	struct buf pdf, out;
	double x1, y1, x2, y2;
	int status, words = 0, outside = 0;
	char *at;

	c.issuer_name = "The United Registry of Smallholder Farmers of All Provinces";
	c.verify_url = "https://a.rather.long.name.of.a.server.example.zm/verify/card";
	pdf = drawn(&c);
	if (!file_write(PDF, &pdf) ||
	    !tool_run(TOOL("pdftotext", "-bbox", PDF, "-"), &status, &out))
		return;
	for (at = out.bytes; (at = strstr(at, "<word xMin=\"")); words++) {
		x1 = strtod(at + 12, &at);
		y1 = strtod(at + 8, &at);
		x2 = strtod(at + 8, &at);
		y2 = strtod(at + 8, &at);
		outside += x1 < 8.5 || y1 < 8.5 || x2 > 242.646 - 8.5 ||
		    y2 > 153.014 - 8.5;
	}
	ok(words > 40 && outside == 0, "no word is nearer to the trim than 3 mm");
}

/* Render the back as a card printer would, and scan it. */
static bool
scans_as(const struct draw_card *c, const char *text)
{
	struct buf pdf = drawn(c), out;
	int status;

	if (!file_write(PDF, &pdf))
		return false;
	if (!tool_run(TOOL("pdftoppm", "-r", "300", "-f", "2", "-png", PDF, "page"),
	    &status, &out))
		return true;
	if (!tool_run(TOOL("zbarimg", "-q", "--raw", "--nodbus", "page-2.png"), &status,
	    &out))
		return true;
	return status == 0 && out.n == strlen(text) + 1 &&
	    !memcmp(out.bytes, text, out.n - 1);
}

static void
test_scan(void)
{
	struct draw_card c = card;
	char text[1500];
	int n;

	ok(scans_as(&card, qr_text), "the printed code reads back its text");
	for (n = 400; n <= 860; n += 92) {
		memset(text, 'Q', (size_t)n);
		memcpy(text, qr_text, 300);
		text[n] = '\0';
		ok(qr_make(a, text, &c.qr) == OK && scans_as(&c, text),
		    "a longer text, in a larger code, too");
	}
	memset(text, 'Q', 1200);
	text[1200] = '\0';
	ok(qr_make(a, text, &c.qr) == OK && drawn(&c).n == 0,
	    "a code that would not fit is refused, not made smaller");
	c.qr.size = 0;
	ok(drawn(&c).n == 0, "no code at all is refused");
}

static void
test_wrap(void)
{
	const struct font font = { FONT_BOLD, 8, 0 }, wide = { FONT_BOLD, 8, 0.1 };
	struct font_line lines[4], all = { "Mwansa-Mulenga", 14 }, cut;

	ok(font_width(&font, all) > 14 * 3 && font_width(&font, all) < 14 * 8 &&
	    font_width(&font, (struct font_line){ "", 0 }) == 0, "widths are sensible");
	ok(font_width(&wide, all) - font_width(&font, all) > 13 * 0.79 &&
	    font_width(&wide, all) - font_width(&font, all) < 13 * 0.81,
	    "tracking widens between the letters only");
	ok(font_wrap(&font, all.text, 1000, lines, 4) == 1 && lines[0].n == 14,
	    "one line");
	ok(font_wrap(&font, all.text, 50, lines, 4) == 2 && lines[0].n == 7 &&
	    lines[1].n == 7, "a hyphen ends a line");
	ok(font_wrap(&font, "a b  c", 5, lines, 4) == 3 && lines[2].text[0] == 'c',
	    "blanks between lines are dropped");
	ok(font_wrap(&font, "ŊŊŊŊ", 0.5, lines, 4) == 4 && lines[3].n == 2,
	    "a line takes one letter at least, and never half of one");
	ok(font_wrap(&font, "ŊŊŊŊŊ", 0.5, lines, 4) == 5, "five are too many for four");
	ok(font_wrap(&font, "", 5, lines, 4) == 0, "nothing takes no line");
	cut = font_cut(&font, all, 40, a);
	ok(font_width(&font, cut) <= 40 && cut.n > 3 &&
	    !memcmp(cut.text + cut.n - 3, "…", 3), "a cut line fits with its ellipsis");
	ok(font_cut(&font, all, 1000, a).text == all.text, "a line that fits stays");
}

static bool
card_make(void)
{
	photo = portrait_make(240, 320, &photo_size);
	card = (struct draw_card){
		.issuer_name = "MWasree Enterprises Ltd",
		.full_name = "Mutale Ng'andu Bwalya", .farmer_id = "ZM2EC5197E",
		.nrc = "123456/12/1", .birth_date = "1984-04-12", .gender = "FEMALE",
		.phone = "+260 977 000 000", .village = "Haamoonga", .chiefdom = "Liteta",
		.district = "Chibombo District", .province = "Central Province",
		.created_by = "operator.one", .serial = "1A2B 3C4D 5E6F 7081",
		.issued = "2026-11-22", .expires = "2031-11-22",
		.verify_url = "https://registry.example.zm/verify", .verified = true,
		.photo = photo, .photo_size = photo_size,
		.created_at = INT64_C(1795305600000000)
	};
	return qr_make(a, qr_text, &card.qr) == OK;
}

static void
folder_leave(const char *folder)
{
	static const char *const names[] = { "out", PDF, "page-2.png", "image-000.jpg",
	    "image-001.png" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		(void)unlink(names[i]); /* it may not be there */
	if (chdir("/") == 0)
		(void)rmdir(folder);
}

int
main(void)
{
	char folder[] = "/tmp/test_draw.XXXXXX";

	log_limit((enum log_level)(LOG_ERROR + 1)); /* refusals are what we want here */
	a = arena_make(256U << 20, NULL);
	if (!mkdtemp(folder) || chdir(folder) || draw_open() != OK || !card_make()) {
		ok(false, "the fonts load, and there is a folder to work in");
		return test_end();
	}
	ok(draw_open() == OK, "opening twice does no harm");
	test_bytes();
	test_photos();
	test_empty();
	test_structure();
	test_words();
	test_letters();
	test_long();
	test_lengths();
	test_margins();
	test_scan();
	test_wrap();
	draw_close();
	ok(draw_open() == OK && drawn(&card).n > 1000, "it can be opened again");
	draw_close();
	folder_leave(folder);
	free(photo);
	arena_end(a);
	return test_end();
}
