/* SPDX-License-Identifier: MIT */
/* Pictures as they should be: formats, sizes, kinds of pixels, orientation, card. */
#include "log.h"
#include "picture.h"

static void
test_formats(void)
{
	ok(photo(as_jpeg(400, 300)) == OK && corners(&master, "RGBW"), "JPEG is read");
	ok(made.width == 400 && made.height == 300 && master.width == 400 &&
	    master.height == 300, "a small picture keeps its size");
	ok(made.master_size == master_bytes.n && made.card_size == card_bytes.n,
	    "the sizes in bytes are right");
	ok(card.width == 240 && card.height == 320, "the card's portrait is 240 x 320");
	ok(is_plain(&master_bytes) && is_plain(&card_bytes),
	    "both are baseline JPEG, 4:2:0");
	ok(photo(as_png(400, 300)) == OK && corners(&master, "RGBW"), "PNG is read");
	ok(photo(as_webp(400, 300, false)) == OK && corners(&master, "RGBW"),
	    "lossy WebP is read");
	ok(photo(as_webp(400, 300, true)) == OK && corners(&master, "RGBW"),
	    "lossless WebP is read");
	ok(photo_at(as_jpeg(400, 300), 12345) == OK && corners(&master, "RGBW"),
	    "a picture in the middle of a file is read");
	ok(photo(as_jpeg(1, 1)) == OK && made.width == 1, "one pixel is a picture");
	ok(card.width == 240 && card.height == 320, "and makes a card");
}

static void
test_sizes(void)
{
	ok(photo(as_jpeg(3000, 2000)) == OK && master.width == 1600 &&
	    master.height == 1067 && corners(&master, "RGBW"), "JPEG is reduced");
	ok(photo(as_png(2000, 3000)) == OK && master.width == 1067 &&
	    master.height == 1600 && corners(&master, "RGBW"), "PNG is reduced");
	ok(photo(as_webp(3000, 2000, false)) == OK && master.width == 1600 &&
	    master.height == 1067 && corners(&master, "RGBW"), "WebP is reduced");
	ok(photo(as_jpeg(1601, 1)) == OK && master.width == 1600 && master.height == 1,
	    "a line stays a line");
	ok(photo(as_png(12000, 2)) == OK && master.width == 1600 && master.height == 1,
	    "the longest edge is read");
	ok(photo(as_jpeg(1600, 1600)) == OK && master.width == 1600,
	    "the master's limit is kept");
}

/* Stripes tell what part of a picture became the card. */
static struct bytes
striped(int width, int height, bool across)
{
	struct image_pixels p = quarters(width, height);
	struct bytes b;

	for (int y = 0; y < height; y++)
		for (int x = 0; x < width; x++) {
			int part = across ? x * 4 / width : y * 4 / height;

			memcpy(p.rgb + 3 * ((size_t)y * (size_t)width + (size_t)x),
			    colours[part], 3);
		}
	if (image_jpeg_write(&p, 95, &b.p, &b.n) != IMAGE_FINE)
		abort();
	free(p.rgb);
	return b;
}

static void
test_card(void)
{
	/* 1200 x 400: the middle 300 columns are the ends of the green and blue. */
	ok(photo(striped(1200, 400, true)) == OK && corners(&card, "GBGB"),
	    "the middle of a wide picture is kept");
	/* 300 x 1600: the upper 400 rows are the red stripe, just. */
	ok(photo(striped(300, 1600, false)) == OK && corners(&card, "RRRR"),
	    "the upper part of a tall picture is kept");
	ok(photo(striped(60, 80, false)) == OK && colour_at(&card, 4, 1) == 'R' &&
	    colour_at(&card, 4, 3) == 'G' && colour_at(&card, 4, 5) == 'B' &&
	    colour_at(&card, 4, 7) == 'W', "a small picture is enlarged");
	ok(photo(striped(480, 640, false)) == OK && colour_at(&card, 4, 1) == 'R' &&
	    colour_at(&card, 4, 3) == 'G' && colour_at(&card, 4, 5) == 'B' &&
	    colour_at(&card, 4, 7) == 'W', "a larger one is reduced");
}

static void
test_orientation(void)
{
	static const char *const wanted[] = { "RGBW", "GRWB", "WBGR", "BWRG", "RBGW",
	    "BRWG", "WGBR", "GWRB" };
	const uint8_t *p;
	size_t n;
	char words[64];

	for (int i = 1; i <= 8; i++) {
		p = exif(i, i % 2, &n);
		(void)snprintf(words, sizeof(words), "EXIF orientation %d", i);
		ok(photo(jpeg_with_exif(as_jpeg(80, 40), p, n)) == OK &&
		    corners(&master, wanted[i - 1]) &&
		    made.width == (i < 5 ? 80 : 40), words);
		ok(is_plain(&master_bytes) && is_plain(&card_bytes) &&
		    !contains(&master_bytes, "Exif"), "no metadata comes out");
	}
	p = exif(6, false, &n);
	ok(photo(png_with(as_png(80, 40), "eXIf", p + 6, n - 6)) == OK &&
	    corners(&master, "BRWG"), "the orientation of a PNG");
	ok(photo(webp_with(as_webp(40, 20, true), 8, "EXIF", p, n)) == OK &&
	    corners(&master, "BRWG"), "the orientation of a WebP");
	ok(photo(webp_with(as_webp(40, 20, true), 8, "EXIF", p + 6, n - 6)) == OK &&
	    corners(&master, "BRWG"), "also without the JPEG prefix");
}

static void
test_exif_bytes(void)
{
	uint8_t bad[256];
	const uint8_t *p;
	size_t n;
	int wrong = 0;

	p = exif(6, true, &n);
	for (size_t i = 0; i < 6 + 8 + 2 + 10; i++)
		wrong += image_orientation(p, i) != 1;
	ok(wrong == 0, "cut off EXIF says upright");
	ok(image_orientation(p, n) == 6 && image_orientation(p + 6, n - 6) == 6,
	    "whole EXIF is read");
	for (int i = 9; i < 256; i++) {
		memcpy(bad, exif(i, false, &n), n);
		wrong += image_orientation(bad, n) != 1;
	}
	memcpy(bad, exif(0, false, &n), n);
	ok(wrong == 0 && image_orientation(bad, n) == 1, "1 to 8 only");
	memcpy(bad, exif(6, false, &n), n);
	memset(bad + 10, 0xff, 4);
	ok(image_orientation(bad, n) == 1, "a list outside the data is not read");
	memset(bad, 0xff, sizeof(bad));
	memcpy(bad, exif(6, false, &n), n);
	bad[14] = bad[15] = 0xff;
	bad[17] = 0;
	ok(image_orientation(bad, sizeof(bad)) == 1, "a list longer than the data ends");
	ok(image_orientation(bad, 0) == 1, "no data is upright");
}

/* JPEGs of other kinds, by the library. */
static struct bytes
unusual_jpeg(J_COLOR_SPACE space, bool progressive, const jpeg_scan_info *scans, int n)
{
	static uint8_t row[64 * 4];
	struct jpeg_compress_struct c;
	struct jpeg_error_mgr error;
	struct bytes b = { NULL, 0 };
	JSAMPROW rows = row;
	unsigned long size = 0;

	c.err = jpeg_std_error(&error);
	jpeg_create_compress(&c);
	jpeg_mem_dest(&c, &b.p, &size);
	c.image_width = c.image_height = 64;
	c.input_components = space == JCS_CMYK ? 4 : space == JCS_GRAYSCALE ? 1 : 3;
	c.in_color_space = space;
	jpeg_set_defaults(&c);
	if (progressive)
		jpeg_simple_progression(&c);
	if (scans) {
		c.scan_info = scans;
		c.num_scans = n;
	}
	/* As Adobe stores CMYK: 255 is no ink. So this is pure red. */
	for (int x = 0; x < 64; x++) {
		row[4 * x] = row[4 * x + 3] = 255;
		row[4 * x + 1] = row[4 * x + 2] = 0;
	}
	if (space != JCS_CMYK)
		memset(row, 128, sizeof(row));
	jpeg_start_compress(&c, TRUE);
	while (c.next_scanline < c.image_height)
		(void)jpeg_write_scanlines(&c, &rows, 1);
	jpeg_finish_compress(&c);
	jpeg_destroy_compress(&c);
	b.n = size;
	return b;
}

static bool
is_grey(const struct image_pixels *p)
{
	return abs(p->rgb[0] - 128) < 4 && abs(p->rgb[1] - 128) < 4 &&
	    abs(p->rgb[2] - 128) < 4;
}

static void
test_kinds(void)
{
	static jpeg_scan_info scans[1 + 3 * 63 * 2];
	int n = 1;

	ok(photo(unusual_jpeg(JCS_CMYK, false, NULL, 0)) == OK &&
	    corners(&master, "RRRR"), "CMYK JPEG is read");
	ok(photo(unusual_jpeg(JCS_GRAYSCALE, false, NULL, 0)) == OK && is_grey(&master),
	    "grey JPEG is read");
	ok(photo(unusual_jpeg(JCS_RGB, true, NULL, 0)) == OK && is_grey(&master),
	    "progressive JPEG is read");
	scans[0].comps_in_scan = 3;
	scans[0].component_index[1] = 1;
	scans[0].component_index[2] = 2;
	for (int i = 0; i < 3; i++)
		for (int k = 1; k < 64; k++)
			for (int fine = 0; fine < 2; fine++, n++) {
				scans[n].comps_in_scan = 1;
				scans[n].component_index[0] = i;
				scans[n].Ss = scans[n].Se = k;
				scans[n].Ah = fine;
				scans[n].Al = !fine;
			}
	ok(refused(unusual_jpeg(JCS_RGB, true, scans, n), "too long"),
	    "a JPEG with hundreds of scans is refused");
}

/* A PNG of one kind with a pixel of given bytes, all rows alike. */
static struct bytes
plain_png(int type, int depth, int interlace, const uint8_t *pixel, size_t size)
{
	static const uint8_t palette[] = { 0, 255, 0, 0, 0, 255 };
	uint8_t raw[8 * (1 + 8 * 8) * 2], packed[2048], head[13] = { 0 };
	struct bytes b = text_bytes("\x89PNG\r\n\x1a\n", 8);
	unsigned long n = sizeof(packed);
	size_t used = 0;
	/* Rows and pixels in a row of the seven passes of an 8 x 8 picture. */
	static const int passes[7][2] = { { 1, 1 }, { 1, 1 }, { 1, 2 }, { 2, 2 },
	    { 2, 4 }, { 4, 4 }, { 4, 8 } };
	static const int once[1][2] = { { 8, 8 } };
	const int (*parts)[2] = interlace ? passes : once;

	for (int i = 0; i < (interlace ? 7 : 1); i++)
		for (int y = 0; y < parts[i][0]; y++) {
			raw[used++] = 0;
			for (int x = 0; x < parts[i][1]; x++, used += size)
				memcpy(raw + used, pixel, size);
		}
	if (compress(packed, &n, raw, used) != Z_OK)
		abort();
	put_32(head, 8);
	put_32(head + 4, 8);
	head[8] = (uint8_t)depth;
	head[9] = (uint8_t)type;
	head[12] = (uint8_t)interlace;
	/* with() and png_with() put in at byte 33, so the last comes first. */
	b = with(b, 8, "01234567890123456789012345678901", 25);
	b = png_with(b, "IEND", packed, 0);
	b = png_with(b, "IDAT", packed, n);
	if (type == 3)
		b = png_with(b, "PLTE", palette, sizeof(palette));
	b = png_with(b, "IHDR", head, sizeof(head));
	memmove(b.p + 8, b.p + 33, b.n - 33);
	b.n -= 25;
	return b;
}

static void
test_pngs(void)
{
	static const uint8_t clear[] = { 255, 0, 0, 0 }, red[] = { 255, 0, 0, 255 };
	static const uint8_t deep[] = { 255, 255, 0, 0, 0, 0 }, index[] = { 1 };
	static const uint8_t grey[] = { 128, 255 };
	enum err e;

	ok(photo(plain_png(6, 8, 0, clear, 4)) == OK && corners(&master, "WWWW"),
	    "what is transparent becomes white");
	ok(photo(plain_png(6, 8, 0, red, 4)) == OK && corners(&master, "RRRR"),
	    "what is not keeps its colour");
	ok(photo(plain_png(6, 8, 1, red, 4)) == OK && corners(&master, "RRRR"),
	    "interlaced PNG is read");
	ok(photo(plain_png(2, 16, 0, deep, 6)) == OK && corners(&master, "RRRR"),
	    "16 bits a colour are read");
	ok(photo(plain_png(3, 8, 0, index, 1)) == OK && corners(&master, "BBBB"),
	    "a palette is read");
	ok(photo(plain_png(4, 8, 0, grey, 2)) == OK && is_grey(&master),
	    "grey with alpha is read");
	ok(photo(plain_png(0, 8, 1, grey, 1)) == OK && is_grey(&master),
	    "interlaced grey is read");
	e = photo(plain_png(3, 8, 0, grey, 1));
	ok(e == OK || e == ERR_BAD, "a colour beyond the palette does no harm");
}

int
main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	log_limit(LOG_ERROR);
	test_exif_bytes();
	if (image_start() != OK)
		return 1;
	test_formats();
	test_sizes();
	test_card();
	test_orientation();
	test_kinds();
	test_pngs();
	forget();
	image_stop();
	return test_end();
}
