/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a picture, through all that the decoder child does, but in this
 * process. What is read must have the promised size and be writable. Bytes that are
 * no picture at all are tried as EXIF, so that its reader sees everything.
 *
 * Run with -rss_limit_mb=1024: a picture may need 512 MiB.
 */
#include <stdlib.h>

#include "image.h"
#include "image_decode.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_write(const struct image_pixels *p, int quality)
{
	uint8_t *bytes = NULL;
	size_t n = 0;

	if (image_jpeg_write(p, quality, &bytes, &n) != IMAGE_FINE || n < 100)
		abort();
	free(bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct image_pixels master, card;
	enum image_reason why;
	int orientation;

	orientation = image_orientation(data, size);
	if (orientation < 1 || orientation > 8)
		abort();
	why = image_decode(data, size, &master);
	if (why != IMAGE_FINE) {
		if (why >= IMAGE_UNWRITTEN || master.rgb)
			abort();
		return 0;
	}
	if (!master.rgb || master.width < 1 || master.width > IMAGE_MASTER_EDGE ||
	    master.height < 1 || master.height > IMAGE_MASTER_EDGE ||
	    image_card(&master, &card) != IMAGE_FINE ||
	    card.width != IMAGE_CARD_WIDTH || card.height != IMAGE_CARD_HEIGHT)
		abort();
	try_write(&master, 88);
	try_write(&card, 80);
	free(master.rgb);
	free(card.rgb);
	return 0;
}
