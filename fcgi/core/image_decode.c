/* SPDX-License-Identifier: MIT */
/*
 * From a stranger's bytes to an upright master in memory: the reader is chosen by
 * the first bytes, never by a name or a header of the request.
 */
#include <stdlib.h>

#include "image.h"
#include "image_decode.h"
#include "media.h"
#include "text.h"

enum image_reason
image_decode(const uint8_t *p, size_t n, struct image_pixels *out)
{
	const char *media = media_sniff(p, n);
	struct image_sink s = { .orientation = 1 };
	enum image_reason why = IMAGE_NO_PICTURE;

	if (text_same(media, "image/jpeg"))
		why = image_jpeg_read(p, n, &s);
	else if (text_same(media, "image/png"))
		why = image_png_read(p, n, &s);
	else if (text_same(media, "image/webp"))
		why = image_webp_read(p, n, &s);
	if (why == IMAGE_FINE && !image_sink_full(&s))
		why = IMAGE_DAMAGED;
	image_sink_close(&s);
	if (why == IMAGE_FINE)
		why = image_turn(&s.out, s.orientation);
	*out = s.out;
	if (why != IMAGE_FINE) {
		free(out->rgb);
		out->rgb = NULL;
	}
	return why;
}
