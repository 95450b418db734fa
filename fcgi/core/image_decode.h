/* SPDX-License-Identifier: MIT */
#ifndef CORE_IMAGE_DECODE_H
#define CORE_IMAGE_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What the parts of image.h know of each other. These functions work on strangers'
 * bytes and run in the locked decoder child (and in the fuzzer); nothing of them
 * may open, connect or log. Memory is theirs: the libraries wrapped here need it,
 * and the child ends after one picture.
 */

/* How reading a picture went. The child reports the number; image.c has the words. */
enum image_reason {
	IMAGE_FINE,
	IMAGE_NO_PICTURE,	/* not JPEG, PNG or WebP */
	IMAGE_DAMAGED,		/* or cut off */
	IMAGE_LARGE,		/* more pixels than IMAGE_MAX_* */
	IMAGE_MOVING,		/* an animation */
	IMAGE_HEAVY,		/* needs more time or memory than it may have */
	IMAGE_UNWRITTEN,	/* the results could not be written */
	IMAGE_UNLOCKED,		/* the child could not lock itself, and did nothing */
	IMAGE_DIED,		/* the child crashed */
	IMAGE_REASONS
};

/* Pixels in memory: height rows of width times red, green, blue, no gaps. */
struct image_pixels {
	int width, height;
	uint8_t *rgb;
};

/* Where a decoder puts its rows, one by one from the top: they are reduced to
 * IMAGE_MASTER_EDGE on the way, so the whole picture is never in memory. */
struct image_sink {
	struct image_pixels out;
	int from_width, from_height;	/* of the rows that come */
	int row;			/* next row of out */
	uint32_t missing;		/* what it still lacks, in 1/height */
	uint32_t *line, *sum;
	int orientation;		/* EXIF, 1 to 8 */
};

/* image_sink_open(s, width, height): Begin; IMAGE_HEAVY if memory lacks. */
enum image_reason image_sink_open(struct image_sink *s, int width, int height);

/* image_sink_row(s, rgb): Add the next row; one too many is ignored. */
void image_sink_row(struct image_sink *s, const uint8_t *rgb);

/* image_sink_full(s): True once all rows have come. */
bool image_sink_full(const struct image_sink *s);

/* image_sink_close(s): Give its memory back but out.rgb, which is the caller's. */
void image_sink_close(struct image_sink *s);

/* image_white(rgba, n, rgb): Put n pixels with straight alpha on white. The two may
 * be the same memory. */
void image_white(const uint8_t *rgba, size_t n, uint8_t *rgb);

/* image_turn(p, orientation): Make p upright (EXIF 2.32, tag 0x0112). IMAGE_HEAVY if
 * memory lacks. */
enum image_reason image_turn(struct image_pixels *p, int orientation);

/* image_card(master, card): The card's portrait: the middle of master at 3:4, the
 * upper part where it is too tall, in card pixels. card->rgb is the caller's. */
enum image_reason image_card(const struct image_pixels *master,
    struct image_pixels *card);

/* image_orientation(p, n): Tag 0x0112 of EXIF data, with or without "Exif\0\0"
 * before it; 1 (upright) if it isn't there or makes no sense. */
int image_orientation(const uint8_t *p, size_t n);

/* image_too_large(width, height): True beyond IMAGE_MAX_EDGE or IMAGE_MAX_PIXELS. */
bool image_too_large(uint32_t width, uint32_t height);

/* The readers: all rows into s, which they open. The bytes begin as media_sniff
 * says. Whatever they return, the caller closes s and frees s->out.rgb. */
enum image_reason image_jpeg_read(const uint8_t *p, size_t n, struct image_sink *s);
enum image_reason image_png_read(const uint8_t *p, size_t n, struct image_sink *s);
enum image_reason image_webp_read(const uint8_t *p, size_t n, struct image_sink *s);

/* image_jpeg_write(in, quality, p, n): A baseline JPEG, 4:2:0, without metadata, in
 * memory that the caller frees with free(3). */
enum image_reason image_jpeg_write(const struct image_pixels *in, int quality,
    uint8_t **p, size_t *n);

/* image_decode(p, n, out): The upright master of the picture p. out->rgb is the
 * caller's to free, NULL unless IMAGE_FINE. */
enum image_reason image_decode(const uint8_t *p, size_t n, struct image_pixels *out);

#endif
