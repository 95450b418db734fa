/* SPDX-License-Identifier: MIT */
/*
 * Pictures are made here, bad ones by hand, and go the whole way: worker, forker,
 * locked child. The results are read back with the decoder itself.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>
#include <zlib.h>

#include "clock.h"
#include "image.h"
#include "image_decode.h"
#include "log.h"
#include "sandbox.h"
#include "test.h"

/* Bytes of a picture, from malloc. */
struct bytes {
	uint8_t *p;
	size_t n;
};

static const uint8_t colours[4][3] = {
	{ 255, 0, 0 }, { 0, 255, 0 }, { 0, 0, 255 }, { 255, 255, 255 }
};

/* What the last photo() came to. */
static struct image_made made;
static const char *why;
static struct image_pixels master, card;
static struct bytes master_bytes, card_bytes;

static uint8_t *
take(size_t n)
{
	uint8_t *p = calloc(1, n ? n : 1);

	if (!p)
		abort();
	return p;
}

/* Four quarters of four colours: red, green, blue, white. */
static struct image_pixels
quarters(int width, int height)
{
	struct image_pixels p = { width, height,
	    take((size_t)width * (size_t)height * 3) };

	for (int y = 0; y < height; y++)
		for (int x = 0; x < width; x++)
			memcpy(p.rgb + 3 * ((size_t)y * (size_t)width + (size_t)x),
			    colours[(x >= width / 2) + 2 * (y >= height / 2)], 3);
	return p;
}

static struct bytes
as_jpeg(int width, int height)
{
	struct image_pixels p = quarters(width, height);
	struct bytes b;

	if (image_jpeg_write(&p, 95, &b.p, &b.n) != IMAGE_FINE)
		abort();
	free(p.rgb);
	return b;
}

static struct bytes
as_png(int width, int height)
{
	struct image_pixels p = quarters(width, height);
	png_image image = { .version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_RGB };
	struct bytes b = { NULL, 0 };
	png_alloc_size_t n = (size_t)width * (size_t)height * 4 + 10000;

	image.width = (png_uint_32)width;
	image.height = (png_uint_32)height;
	b.p = take(n);
	if (!png_image_write_to_memory(&image, b.p, &n, 0, p.rgb, 0, NULL))
		abort();
	b.n = n;
	free(p.rgb);
	return b;
}

static struct bytes
as_webp(int width, int height, bool lossless)
{
	struct image_pixels p = quarters(width, height);
	struct bytes b;

	b.n = lossless ?
	    WebPEncodeLosslessRGB(p.rgb, width, height, width * 3, &b.p) :
	    WebPEncodeRGB(p.rgb, width, height, width * 3, 95, &b.p);
	if (!b.n)
		abort();
	free(p.rgb);
	return b;
}

/* A copy of b with n bytes put in at a place. */
static struct bytes
with(struct bytes b, size_t at, const void *p, size_t n)
{
	struct bytes out = { take(b.n + n), b.n + n };

	memcpy(out.p, b.p, at);
	memcpy(out.p + at, p, n);
	memcpy(out.p + at + n, b.p + at, b.n - at);
	free(b.p);
	return out;
}

/* EXIF with one entry; n bytes in all. */
static const uint8_t *
exif(int orientation, bool little, size_t *n)
{
	static uint8_t big[] = "Exif\0\0MM\0*\0\0\0\10\0\1\1\22\0\3\0\0\0\1\0\0\0\0"
	    "\0\0\0";
	static uint8_t small[] = "Exif\0\0II*\0\10\0\0\0\1\0\22\1\3\0\1\0\0\0\0\0"
	    "\0\0\0\0\0";

	*n = 6 + 8 + 2 + 12 + 4;
	big[25] = (uint8_t)orientation;
	small[24] = (uint8_t)orientation;
	return little ? small : big;
}

static struct bytes
jpeg_with_exif(struct bytes b, const uint8_t *p, size_t n)
{
	uint8_t head[4] = { 0xff, 0xe1, (uint8_t)((n + 2) >> 8), (uint8_t)(n + 2) };

	return with(with(b, 2, p, n), 2, head, sizeof(head));
}

static void
put_32(uint8_t *p, size_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (24 - 8 * i));
}

/* Put a chunk after IHDR, that is at byte 33. */
static struct bytes
png_with(struct bytes b, const char *type, const uint8_t *p, size_t n)
{
	uint8_t *chunk = take(n + 12);
	struct bytes out;

	put_32(chunk, n);
	memcpy(chunk + 4, type, 4);
	memcpy(chunk + 8, p, n);
	put_32(chunk + 8 + n, crc32(0, chunk + 4, (unsigned)n + 4));
	out = with(b, 33, chunk, n + 12);
	free(chunk);
	return out;
}

static void
put_le(uint8_t *p, size_t n, int size)
{
	for (int i = 0; i < size; i++)
		p[i] = (uint8_t)(n >> (8 * i));
}

/* The extended WebP container around a simple one, with flags and a last chunk. */
static struct bytes
webp_with(struct bytes b, int flags, const char *type, const uint8_t *p, size_t n)
{
	uint8_t head[18] = "VP8X\12\0\0", tail[64] = "";

	head[8] = (uint8_t)flags;
	put_le(head + 12, 39, 3);
	put_le(head + 15, 19, 3);
	memcpy(tail, type, 4);
	put_le(tail + 4, n, 4);
	memcpy(tail + 8, p, n);
	b = with(b, 12, head, sizeof(head));
	b = with(b, b.n, tail, 8 + n + n % 2);
	put_le(b.p + 4, b.n - 8, 4);
	return b;
}

static int
temp_file(const struct bytes *b, size_t offset)
{
	char path[] = "/tmp/test-image-XXXXXX";
	int fd = mkstemp(path);

	if (fd < 0 || unlink(path) != 0)
		abort();
	if (b && (pwrite(fd, b->p, b->n, (off_t)offset) != (ssize_t)b->n))
		abort();
	return fd;
}

static struct bytes
read_back(int fd)
{
	struct stat st;
	struct bytes b;

	if (fstat(fd, &st) != 0)
		abort();
	b.n = (size_t)st.st_size;
	b.p = take(b.n);
	if (pread(fd, b.p, b.n, 0) != st.st_size)
		abort();
	return b;
}

static void
forget(void)
{
	free(master.rgb);
	free(card.rgb);
	free(master_bytes.p);
	free(card_bytes.p);
	master.rgb = card.rgb = master_bytes.p = card_bytes.p = NULL;
}

/* Send b the whole way; frees it. What came of it is in the statics above. */
static enum err
photo_at(struct bytes b, size_t offset)
{
	int in = temp_file(&b, offset), to = temp_file(NULL, 0);
	int small = temp_file(NULL, 0);
	enum err e = image_photo(in, offset, b.n, to, small, &made, &why);

	forget();
	if (e == OK) {
		master_bytes = read_back(to);
		card_bytes = read_back(small);
		if (image_decode(master_bytes.p, master_bytes.n, &master) ||
		    image_decode(card_bytes.p, card_bytes.n, &card))
			e = ERR_BROKEN;
	}
	close(in);
	close(to);
	close(small);
	free(b.p);
	return e;
}

static enum err
photo(struct bytes b)
{
	return photo_at(b, 0);
}

/* Which of the four colours is at a place given in eighths; '?' none. */
static char
colour_at(const struct image_pixels *p, int x8, int y8)
{
	const size_t x = (size_t)(p->width * x8 / 8), y = (size_t)(p->height * y8 / 8);
	const uint8_t *at = p->rgb + 3 * (y * (size_t)p->width + x);

	for (int i = 0; i < 4; i++)
		if (abs(at[0] - colours[i][0]) < 24 && abs(at[1] - colours[i][1]) < 24
		    && abs(at[2] - colours[i][2]) < 24)
			return "RGBW"[i];
	return '?';
}

static bool
corners(const struct image_pixels *p, const char *wanted)
{
	const char got[] = { colour_at(p, 1, 1), colour_at(p, 7, 1),
	    colour_at(p, 1, 7), colour_at(p, 7, 7), '\0' };

	if (strcmp(got, wanted) != 0)
		printf("# corners are %s, not %s\n", got, wanted);
	return strcmp(got, wanted) == 0;
}

static bool
refused(struct bytes b, const char *word)
{
	enum err e = photo(b);

	if (e != ERR_BAD || !why || !strstr(why, word))
		printf("# %s: %s\n", err_name(e), why ? why : "-");
	return e == ERR_BAD && why && strstr(why, word);
}

static struct bytes
text_bytes(const char *s, size_t n)
{
	struct bytes b = { take(n), n };

	memcpy(b.p, s, n);
	return b;
}

static struct bytes
cut_off(struct bytes b, size_t n)
{
	b.n = n;
	return b;
}

static bool
contains(const struct bytes *b, const char *what)
{
	return memmem(b->p, b->n, what, strlen(what)) != NULL;
}

/* True if the bytes are a baseline JPEG, 4:2:0, with no segment but JFIF's. */
static bool
is_plain(const struct bytes *b)
{
	size_t at = 2, n;
	bool baseline = false;

	while (at + 4 <= b->n && b->p[at] == 0xff && b->p[at + 1] != 0xda) {
		n = (size_t)b->p[at + 2] << 8 | b->p[at + 3];
		if (b->p[at + 1] > 0xe0 && b->p[at + 1] <= 0xef)
			return false;
		if (b->p[at + 1] == 0xfe || b->p[at + 1] == 0xc2)
			return false;
		if (b->p[at + 1] == 0xc0)
			baseline = b->p[at + 11] == 0x22 && b->p[at + 14] == 0x11;
		at += 2 + n;
	}
	return baseline;
}

static void
test_media(void)
{
	static const struct { const char *p; size_t n; const char *media; } cases[] = {
		{ "\xff\xd8\xff", 3, "image/jpeg" }, { "\xff\xd8", 2, NULL },
		{ "\x89PNG\r\n\x1a\n", 8, "image/png" }, { "\x89PNG\r\n\x1a", 7, NULL },
		{ "RIFFxxxxWEBP", 12, "image/webp" }, { "RIFFxxxxWAVE", 12, NULL },
		{ "RIFFxxxxWEB", 11, NULL }, { "%PDF-1.4", 8, "application/pdf" },
		{ "%PDF", 4, NULL }, { "GIF89a", 6, NULL }, { "<html>", 6, NULL },
		{ "", 0, NULL }, { "\0\0\0\0\0\0\0\0\0\0\0\0", 12, NULL },
	};
	int bad = 0;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *media = image_media((const uint8_t *)cases[i].p, cases[i].n);

		bad += media != cases[i].media &&
		    (!media || !cases[i].media || strcmp(media, cases[i].media));
	}
	ok(bad == 0, "the first bytes tell the media type");
}

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

static void
set_png_size(struct bytes *b, size_t width, size_t height)
{
	put_32(b->p + 16, width);
	put_32(b->p + 20, height);
	put_32(b->p + 29, crc32(0, b->p + 12, 17));
}

/* The place of the frame's height and width in a JPEG. */
static uint8_t *
frame_of(struct bytes *b)
{
	for (size_t i = 0; i + 9 < b->n; i++)
		if (b->p[i] == 0xff && b->p[i + 1] == 0xc0)
			return b->p + i + 5;
	abort();
}

static void
test_bombs(void)
{
	static uint8_t zeros[1 << 20], packed[1 << 12];
	unsigned long n = sizeof(packed);
	struct bytes b = as_png(8, 8);
	int64_t start = clock_steady();

	set_png_size(&b, 60000, 60000);
	ok(refused(b, "too large"), "a tiny PNG that claims 60000 x 60000 is refused");
	b = as_png(8, 8);
	set_png_size(&b, 30000, 30000);
	ok(refused(b, "too large"), "30000 x 30000 is too large");
	b = as_png(8, 8);
	set_png_size(&b, 12000, 4167);
	ok(refused(b, "too large"), "and so is one row more than 50 million");
	b = as_png(8, 8);
	set_png_size(&b, 12000, 4166);
	ok(refused(b, "damaged"), "a size that may be, without its pixels, is damaged");
	b = as_png(8, 8);
	set_png_size(&b, 0, 8);
	ok(refused(b, "damaged"), "a width of 0 is damaged");
	b = as_jpeg(8, 8);
	memset(frame_of(&b), 0xf0, 4);
	ok(refused(b, "too large"), "a JPEG that claims 61680 x 61680 is refused");
	b = as_jpeg(8, 8);
	memset(frame_of(&b), 0, 4);
	ok(refused(b, "damaged"), "a JPEG without a size is damaged");
	if (compress(packed, &n, zeros, sizeof(zeros)) != Z_OK)
		abort();
	memmove(packed + 8, packed, n);
	memcpy(packed, "Comment\0\0", 9); /* zlib's first byte gives way */
	ok(photo(png_with(as_png(80, 40), "zTXt", packed, n + 8)) == OK &&
	    corners(&master, "RGBW"), "a text that unpacks to much is not unpacked");
	ok(clock_steady() - start < 20 * CLOCK_SECOND, "none of it takes long");
}

static void
test_damage(void)
{
	static const uint8_t moving[6] = { 0 };
	struct bytes b;
	enum err e;
	int bad = 0;

	ok(refused(text_bytes("GIF89a\1\0\1\0\0\0\0;", 14), "not a JPEG"),
	    "GIF is refused");
	ok(refused(text_bytes("<html><script>", 14), "not a JPEG"), "HTML is refused");
	ok(refused(text_bytes("%PDF-1.7\n%%EOF", 14), "not a JPEG"), "PDF is refused");
	ok(refused(text_bytes("", 0), "not a JPEG"), "nothing is refused");
	ok(refused(text_bytes("\xff\xd8\xff", 3), "damaged"), "three bytes of JPEG");
	ok(refused(text_bytes("\x89PNG\r\n\x1a\n", 8), "damaged"), "eight of PNG");
	ok(refused(text_bytes("RIFF\4\0\0\0WEBP", 12), "damaged"), "twelve of WebP");
	b = as_jpeg(400, 300);
	ok(refused(cut_off(b, b.n / 2), "damaged"), "half a JPEG is refused");
	b = as_jpeg(400, 300);
	ok(refused(cut_off(b, b.n - 2), "damaged"), "a JPEG without its end is refused");
	b = as_png(400, 300);
	ok(refused(cut_off(b, b.n - 60), "damaged"), "a PNG cut off is refused");
	b = as_webp(400, 300, false);
	ok(refused(cut_off(b, b.n - 20), "damaged"), "a WebP cut off is refused");
	ok(refused(webp_with(as_webp(40, 20, true), 2, "ANIM", moving, 6), "animation"),
	    "an animation is refused");
	for (size_t i = 0; i < 100; i++) {
		b = i % 2 ? as_png(80, 40) : as_jpeg(80, 40);
		b.p[b.n * i / 100] ^= 0x55;
		e = photo(b);
		bad += e != OK && e != ERR_BAD;
	}
	ok(bad == 0, "wrong bytes never do more than spoil the picture");
	b = with(as_jpeg(80, 40), 2, "\xff\xfe\0\10secret", 10);
	ok(photo(with(b, b.n, "<?php trailer", 13)) == OK && is_plain(&master_bytes) &&
	    !contains(&master_bytes, "secret") && !contains(&master_bytes, "trailer"),
	    "comments and trailers do not come out");
}

static void
test_wrong_use(void)
{
	struct bytes b = as_jpeg(80, 40);
	int in = temp_file(&b, 0), to = temp_file(NULL, 0), closed = dup(to);
	int reading = open("/dev/null", O_RDONLY);

	close(closed);
	log_limit(LOG_ERROR + 1);
	ok(image_photo(in, 1, b.n, to, to, &made, &why) == ERR_BROKEN && !why,
	    "bytes beyond the end of the file are refused");
	ok(image_photo(in, b.n + 1, 0, to, to, &made, &why) == ERR_BROKEN,
	    "and an offset beyond it");
	ok(image_photo(reading, 0, 5, to, to, &made, &why) == ERR_BROKEN,
	    "and what is no file");
	ok(image_photo(in, 0, b.n, reading, to, &made, &why) == ERR_BROKEN && !why,
	    "a result that can't be written is our fault");
	close(in);
	close(to);
	close(reading);
	free(b.p);
	ok(photo(as_jpeg(80, 40)) == OK, "and the next picture is read");
	log_limit(LOG_ERROR);
}

/* The first child of a process, 0 if it has none (proc(5)). */
static pid_t
child_of(pid_t pid)
{
	char path[64], text[32] = "";
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)pid,
	    (long)pid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	if (fd >= 0)
		close(fd);
	return (pid_t)strtol(text, NULL, 10);
}

/* A large picture, so that there is time to catch its decoder. */
static struct bytes
large(void)
{
	return as_png(4000, 4000);
}

/* Read a large picture, and send its decoder a signal meanwhile. */
static enum err
photo_with_signal(int number)
{
	const pid_t forker = child_of(getpid());
	struct bytes b = large();
	pid_t killer = fork(), child;
	enum err e;

	if (killer == 0) {
		while (!(child = child_of(forker)))
			(void)usleep(500);
		(void)usleep(20000);
		_exit(kill(child, number) != 0);
	}
	e = photo(b);
	(void)waitpid(killer, NULL, 0);
	return e;
}

static void
test_deaths(void)
{
	pid_t forker = child_of(getpid());

	log_limit(LOG_ERROR + 1);
	ok(forker > 0, "there is a forker");
	ok(photo_with_signal(SIGKILL) == ERR_BAD && strstr(why, "damaged"),
	    "a decoder that is killed spoils its picture only");
	ok(photo_with_signal(SIGABRT) == ERR_BAD && strstr(why, "damaged"),
	    "and one that crashes");
	ok(photo_with_signal(SIGXCPU) == ERR_BAD && strstr(why, "too long"),
	    "one that computes for too long is told apart");
	ok(child_of(getpid()) == forker && photo(as_jpeg(80, 40)) == OK,
	    "the forker lives on");
	(void)kill(forker, SIGKILL);
	ok(photo(as_jpeg(80, 40)) == ERR_DOWN && !why, "without the forker: down");
	ok(photo(as_jpeg(80, 40)) == ERR_DOWN, "and it stays down");
	image_stop();
	ok(image_start() == OK && photo(as_jpeg(80, 40)) == OK, "until it is started");
	image_stop();
	image_stop();
	ok(child_of(getpid()) == 0, "image_stop leaves nobody");
	log_limit(LOG_ERROR);
}

/* A worker as in life: forker first, then the lock, then a picture. */
static void
be_worker(int ready)
{
	const struct sandbox s = { .connect_port = 0 };
	struct bytes b = as_jpeg(80, 40), big = large();
	int in = temp_file(&b, 0), in_big = temp_file(&big, 0);
	int to = temp_file(NULL, 0), small = temp_file(NULL, 0);
	enum err e;

	free(b.p);
	free(big.p);
	if (image_start() != OK || sandbox_lock(&s) != OK)
		_exit(1);
	e = image_photo(in, 0, b.n, to, small, &made, &why);
	if (write(ready, e == OK ? "y" : "n", 1) != 1)
		_exit(1);
	for (;;)
		(void)image_photo(in_big, 0, big.n, to, small, &made, &why);
}

static void
test_worker_killed(void)
{
	char answer = 'n';
	int ends[2], left = 100;
	pid_t worker;

	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (pipe(ends) != 0)
		abort();
	worker = fork();
	if (worker == 0)
		be_worker(ends[1]);
	ok(read(ends[0], &answer, 1) == 1 && answer == 'y',
	    "a locked worker has its pictures read");
	(void)usleep(60000); /* into the large one */
	(void)kill(worker, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) >= 0 && left--)
		(void)usleep(20000);
	ok(left > 0, "a worker killed leaves neither forker nor decoder");
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	log_limit(LOG_ERROR);
	test_media();
	test_exif_bytes();
	if (image_start() != OK)
		return 1;
	test_formats();
	test_sizes();
	test_card();
	test_orientation();
	test_kinds();
	test_pngs();
	test_bombs();
	test_damage();
	test_wrong_use();
	test_deaths();
	test_worker_killed();
	forget();
	return test_end();
}
