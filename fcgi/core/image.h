/* SPDX-License-Identifier: MIT */
#ifndef CORE_IMAGE_H
#define CORE_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

enum {
	IMAGE_MASTER_EDGE = 1600,	/* the master's longer edge at most, pixels */
	IMAGE_CARD_WIDTH = 240,		/* the card's portrait, 3:4, never stretched */
	IMAGE_CARD_HEIGHT = 320,
	IMAGE_MAX_EDGE = 12000,		/* of the input */
	IMAGE_MAX_PIXELS = 50 * 1000 * 1000
};

/* image_start(): Fork the process that makes decoders. Call before the worker
 * locks itself, and before it holds secrets. Each picture is decoded in a fresh
 * child that can only read, compute and write its answer, within 5 s of CPU time,
 * 10 s in all and 512 MiB. */
enum err image_start(void);

/* image_stop(): End that process; harmless if it was never started. */
void image_stop(void);

struct image_made {
	int width, height;	/* of the master, orientation applied */
	size_t master_size, card_size;
};

/* A picture to be read, and where the two results go. */
struct image_ask {
	int in;			/* the file it lies in */
	size_t offset, size;
	int master, card;	/* open for writing */
};

/* image_photo(ask, made, why):
 * Decode the picture of size bytes at offset of the regular file in (JPEG, PNG or
 * WebP by its magic bytes), apply its EXIF orientation, drop all metadata, put
 * transparency on white, and write two baseline JPEGs to master (quality 88) and
 * card (quality 80; centre cut to 3:4, the upper part kept where it is too tall):
 * descriptors of empty regular files. ERR_BAD with *why a text for the user: it is
 * no picture, damaged, too large in pixels, an animation, or takes too long or too
 * much memory; a crash of the decoder counts as damaged and is logged. Otherwise
 * *why is NULL: ERR_BROKEN (logged) if the results could not be written, ERR_DOWN
 * if there is no process to decode in. */
enum err image_photo(const struct image_ask *ask, struct image_made *made,
    const char **why);

#endif
