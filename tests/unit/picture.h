/* SPDX-License-Identifier: MIT */
#ifndef TESTS_PICTURE_H
#define TESTS_PICTURE_H

/*
 * Pictures for test_image.c and test_image_bad.c: made here, changed by hand, sent
 * the whole way through worker, forker and locked child, and read back with the
 * decoder itself.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>
#include <zlib.h>

#include "image.h"
#include "image_decode.h"
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

static inline uint8_t *
take(size_t n)
{
	uint8_t *p = calloc(1, n ? n : 1);

	if (!p)
		abort();
	return p;
}

/* Four quarters of four colours: red, green, blue, white. */
static inline struct image_pixels
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

static inline struct bytes
as_jpeg(int width, int height)
{
	struct image_pixels p = quarters(width, height);
	struct bytes b;

	if (image_jpeg_write(&p, 95, &b.p, &b.n) != IMAGE_FINE)
		abort();
	free(p.rgb);
	return b;
}

static inline struct bytes
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

static inline struct bytes
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
static inline struct bytes
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
static inline const uint8_t *
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

static inline struct bytes
jpeg_with_exif(struct bytes b, const uint8_t *p, size_t n)
{
	uint8_t head[4] = { 0xff, 0xe1, (uint8_t)((n + 2) >> 8), (uint8_t)(n + 2) };

	return with(with(b, 2, p, n), 2, head, sizeof(head));
}

static inline void
put_32(uint8_t *p, size_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (24 - 8 * i));
}

/* Put a chunk after IHDR, that is at byte 33. */
static inline struct bytes
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

static inline void
put_le(uint8_t *p, size_t n, int size)
{
	for (int i = 0; i < size; i++)
		p[i] = (uint8_t)(n >> (8 * i));
}

/* The extended WebP container around a simple one, with flags and a last chunk. */
static inline struct bytes
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

static inline int
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

static inline struct bytes
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

static inline void
forget(void)
{
	free(master.rgb);
	free(card.rgb);
	free(master_bytes.p);
	free(card_bytes.p);
	master.rgb = card.rgb = master_bytes.p = card_bytes.p = NULL;
}

/* Send b the whole way; frees it. What came of it is in the statics above. */
static inline enum err
photo_at(struct bytes b, size_t offset)
{
	int in = temp_file(&b, offset), to = temp_file(NULL, 0);
	int small = temp_file(NULL, 0);
	enum err e = image_photo(&(struct image_ask){ in, offset, b.n, to, small },
	    &made, &why);

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

static inline enum err
photo(struct bytes b)
{
	return photo_at(b, 0);
}

/* Which of the four colours is at a place given in eighths; '?' none. */
static inline char
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

static inline bool
corners(const struct image_pixels *p, const char *wanted)
{
	const char got[] = { colour_at(p, 1, 1), colour_at(p, 7, 1),
	    colour_at(p, 1, 7), colour_at(p, 7, 7), '\0' };

	if (strcmp(got, wanted) != 0)
		printf("# corners are %s, not %s\n", got, wanted);
	return strcmp(got, wanted) == 0;
}

static inline bool
refused(struct bytes b, const char *word)
{
	enum err e = photo(b);

	if (e != ERR_BAD || !why || !strstr(why, word))
		printf("# %s: %s\n", err_name(e), why ? why : "-");
	return e == ERR_BAD && why && strstr(why, word);
}

static inline struct bytes
text_bytes(const char *s, size_t n)
{
	struct bytes b = { take(n), n };

	memcpy(b.p, s, n);
	return b;
}

static inline struct bytes
cut_off(struct bytes b, size_t n)
{
	b.n = n;
	return b;
}

static inline bool
contains(const struct bytes *b, const char *what)
{
	return memmem(b->p, b->n, what, strlen(what)) != NULL;
}

/* True if the bytes are a baseline JPEG, 4:2:0, with no segment but JFIF's. */
static inline bool
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

#endif
