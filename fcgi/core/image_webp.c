/* SPDX-License-Identifier: MIT */
/*
 * Reading WebP with libwebp, which reduces while it decodes. The container (RIFF,
 * RFC 9649 section 2.3) is walked here only to find the EXIF chunk.
 */
#include <stdlib.h>
#include <string.h>

#include <webp/decode.h>

#include "image.h"
#include "image_decode.h"

enum {
	RIFF_HEADER = 12,
	CHUNK_HEADER = 8,
	CHUNKS_MAX = 1000
};

static size_t
read_32(const uint8_t *p)
{
	return p[0] | (size_t)p[1] << 8 | (size_t)p[2] << 16 | (size_t)p[3] << 24;
}

static int
orientation_of(const uint8_t *p, size_t n)
{
	size_t at = RIFF_HEADER, size;

	for (int i = 0; i < CHUNKS_MAX && at < n && n - at >= CHUNK_HEADER; i++) {
		size = read_32(p + at + 4);
		at += CHUNK_HEADER;
		if (size > n - at)
			break;
		if (memcmp(p + at - CHUNK_HEADER, "EXIF", 4) == 0)
			return image_orientation(p + at, size);
		at += size + size % 2; /* padded to an even length */
	}
	return 1;
}

static enum image_reason
reason_of(VP8StatusCode status)
{
	if (status == VP8_STATUS_OK)
		return IMAGE_FINE;
	return status == VP8_STATUS_OUT_OF_MEMORY ? IMAGE_HEAVY : IMAGE_DAMAGED;
}

/* Decode at the master's size, and hand the rows on as they are. */
static enum image_reason
decode(const uint8_t *p, size_t n, struct image_sink *s, WebPDecoderConfig *c)
{
	const int width = c->input.width, height = c->input.height;
	enum image_reason why = image_sink_open(s, width, height);
	const uint8_t *row;

	if (why)
		return why;
	s->from_width = s->out.width;
	s->from_height = s->out.height;
	c->options.use_scaling = s->out.width != width || s->out.height != height;
	c->options.scaled_width = s->out.width;
	c->options.scaled_height = s->out.height;
	c->output.colorspace = MODE_RGBA;
	why = reason_of(WebPDecode(p, n, c));
	if (why)
		return why;
	for (int y = 0; y < s->out.height; y++) {
		row = c->output.u.RGBA.rgba + (ptrdiff_t)y * c->output.u.RGBA.stride;
		image_white(row, (size_t)s->out.width,
		    s->out.rgb + (size_t)y * (size_t)s->out.width * 3);
		s->row++;
	}
	s->orientation = orientation_of(p, n);
	return IMAGE_FINE;
}

enum image_reason
image_webp_read(const uint8_t *p, size_t n, struct image_sink *s)
{
	enum image_reason why;
	WebPDecoderConfig c;

	if (!WebPInitDecoderConfig(&c))
		return IMAGE_HEAVY; /* another version of the library's structures */
	why = reason_of(WebPGetFeatures(p, n, &c.input));
	if (why)
		return why;
	if (c.input.has_animation)
		return IMAGE_MOVING;
	if (image_too_large((uint32_t)c.input.width, (uint32_t)c.input.height))
		return IMAGE_LARGE;
	why = decode(p, n, s, &c);
	WebPFreeDecBuffer(&c.output);
	return why;
}
