/* SPDX-License-Identifier: MIT */
/*
 * Pixels on their way: reducing, turning, cutting, enlarging. Reducing averages
 * the exact area that a pixel of the result covers, so fine detail does not alias.
 * To stay in whole numbers, a source pixel is out-width wide and a result pixel is
 * source-width wide: both rows are then source-width x out-width long. The largest
 * sum is 255 * 256 * IMAGE_MAX_EDGE, which fits 32 bits.
 */
#include <stdlib.h>
#include <string.h>

#include "image.h"
#include "image_decode.h"

enum { FRACTION = 256 };	/* of a grey level, kept between the two directions */

_Static_assert(255ull * FRACTION * (IMAGE_MAX_EDGE + 1) < UINT32_MAX, "sums fit");

bool
image_too_large(uint32_t width, uint32_t height)
{
	return width > IMAGE_MAX_EDGE || height > IMAGE_MAX_EDGE ||
	    (uint64_t)width * height > IMAGE_MAX_PIXELS;
}

/* The length of the other edge when the longer one is brought to the limit. */
static int
reduced(int edge, int longer)
{
	int n;

	if (longer <= IMAGE_MASTER_EDGE)
		return edge;
	n = (int)(((int64_t)edge * IMAGE_MASTER_EDGE + longer / 2) / longer);
	return n > 0 ? n : 1;
}

/* Begin with a result of the given size, which is not larger than the source. */
static enum image_reason
open_sized(struct image_sink *s, int width, int height)
{
	s->out.width = width;
	s->out.height = height;
	s->row = 0;
	s->missing = (uint32_t)s->from_height;
	s->out.rgb = malloc((size_t)width * (size_t)height * 3);
	s->line = calloc((size_t)width * 3, sizeof(*s->line));
	s->sum = calloc((size_t)width * 3, sizeof(*s->sum));
	return s->out.rgb && s->line && s->sum ? IMAGE_FINE : IMAGE_HEAVY;
}

enum image_reason
image_sink_open(struct image_sink *s, int width, int height)
{
	const int longer = width > height ? width : height;

	s->from_width = width;
	s->from_height = height;
	return open_sized(s, reduced(width, longer), reduced(height, longer));
}

/* One row, reduced in width: averages times FRACTION. */
static void
reduce_row(const struct image_sink *s, const uint8_t *rgb)
{
	const uint32_t need = (uint32_t)s->from_width;
	uint32_t left = (uint32_t)s->out.width, missing, part, sum[3];
	uint32_t *line = s->line;

	for (int x = 0; x < s->out.width; x++, line += 3) {
		sum[0] = sum[1] = sum[2] = 0;
		for (missing = need; missing; missing -= part) {
			part = missing < left ? missing : left;
			sum[0] += rgb[0] * part;
			sum[1] += rgb[1] * part;
			sum[2] += rgb[2] * part;
			left -= part;
			if (left)
				continue;
			left = (uint32_t)s->out.width;
			rgb += 3;
		}
		for (int i = 0; i < 3; i++)
			line[i] = sum[i] * FRACTION / need;
	}
}

/* Add part of the reduced row to the result's row; write that if it is complete. */
static void
add_row(struct image_sink *s, uint32_t part)
{
	const size_t n = (size_t)s->out.width * 3;
	const uint32_t whole = (uint32_t)s->from_height * FRACTION;
	uint8_t *to = s->out.rgb + (size_t)s->row * n;

	for (size_t i = 0; i < n; i++)
		s->sum[i] += s->line[i] * part;
	s->missing -= part;
	if (s->missing)
		return;
	for (size_t i = 0; i < n; i++)
		to[i] = (uint8_t)((s->sum[i] + whole / 2) / whole);
	memset(s->sum, 0, n * sizeof(*s->sum));
	s->missing = (uint32_t)s->from_height;
	s->row++;
}

void
image_sink_row(struct image_sink *s, const uint8_t *rgb)
{
	uint32_t left = (uint32_t)s->out.height, part;
	const size_t n = (size_t)s->out.width * 3;

	if (s->from_width == s->out.width && s->from_height == s->out.height) {
		if (s->row < s->out.height)
			memcpy(s->out.rgb + (size_t)s->row++ * n, rgb, n);
		return;
	}
	reduce_row(s, rgb);
	for (; left && s->row < s->out.height; left -= part) {
		part = s->missing < left ? s->missing : left;
		add_row(s, part);
	}
}

bool
image_sink_full(const struct image_sink *s)
{
	return s->out.height > 0 && s->row == s->out.height;
}

void
image_sink_close(struct image_sink *s)
{
	free(s->line);
	free(s->sum);
	s->line = s->sum = NULL;
}

void
image_white(const uint8_t *rgba, size_t n, uint8_t *rgb)
{
	unsigned alpha;

	for (; n; n--, rgba += 4, rgb += 3) {
		alpha = rgba[3];
		for (int i = 0; i < 3; i++)
			rgb[i] = (uint8_t)((rgba[i] * alpha + 255 * (255 - alpha) +
			    127) / 255);
	}
}

/* Where the pixel x, y of the upright picture lies in the stored one. */
static size_t
stored_at(const struct image_pixels *p, int orientation, int x, int y)
{
	const int right = p->width - 1, bottom = p->height - 1;
	int column = x, row = y;

	if (orientation >= 5) {
		column = y;
		row = x;
	}
	/* Which of the stored edges are the other way round. */
	if (orientation == 2 || orientation == 3 || orientation == 7 ||
	    orientation == 8)
		column = right - column;
	if (orientation == 3 || orientation == 4 || orientation == 6 ||
	    orientation == 7)
		row = bottom - row;
	return ((size_t)row * (size_t)p->width + (size_t)column) * 3;
}

enum image_reason
image_turn(struct image_pixels *p, int orientation)
{
	struct image_pixels up = *p;
	uint8_t *to;

	if (orientation < 2 || orientation > 8)
		return IMAGE_FINE;
	if (orientation >= 5) {
		up.width = p->height;
		up.height = p->width;
	}
	to = up.rgb = malloc((size_t)up.width * (size_t)up.height * 3);
	if (!to)
		return IMAGE_HEAVY;
	for (int y = 0; y < up.height; y++)
		for (int x = 0; x < up.width; x++, to += 3)
			memcpy(to, p->rgb + stored_at(p, orientation, x, y), 3);
	free(p->rgb);
	*p = up;
	return IMAGE_FINE;
}

/* The place of result pixel i of n in m source pixels, in 1/256, kept inside. */
static int
source_place(int i, int n, int m)
{
	int64_t at = ((2 * (int64_t)i + 1) * m * 128) / n - 128;

	if (at < 0)
		return 0;
	return at > (int64_t)(m - 1) * 256 ? (m - 1) * 256 : (int)at;
}

/* Enlarge (or keep) a part of a picture, mixing the four nearest pixels. */
static void
enlarge(const uint8_t *part, size_t stride, const int size[2],
    struct image_pixels *out)
{
	uint8_t *to = out->rgb;

	for (int y = 0; y < out->height; y++) {
		const int v = source_place(y, out->height, size[1]);
		const uint8_t *upper = part + (size_t)(v / 256) * stride;
		const uint8_t *lower = v % 256 ? upper + stride : upper;

		for (int x = 0; x < out->width; x++, to += 3) {
			const int u = source_place(x, out->width, size[0]);
			const size_t a = (size_t)(u / 256) * 3;
			const size_t b = u % 256 ? a + 3 : a;

			for (size_t i = 0; i < 3; i++) {
				int top = upper[a + i] * (256 - u % 256) +
				    upper[b + i] * (u % 256);
				int low = lower[a + i] * (256 - u % 256) +
				    lower[b + i] * (u % 256);

				to[i] = (uint8_t)((top * (256 - v % 256) +
				    low * (v % 256) + 32768) / 65536);
			}
		}
	}
}

enum image_reason
image_card(const struct image_pixels *master, struct image_pixels *card)
{
	const size_t stride = (size_t)master->width * 3;
	const bool tall = master->width * 4 < master->height * 3;
	int size[2] = { master->width, master->height };
	struct image_sink s = { .orientation = 1 };
	enum image_reason why;
	const uint8_t *part;

	if (tall)
		size[1] = size[0] * 4 / 3 > 0 ? size[0] * 4 / 3 : 1;
	else
		size[0] = size[1] * 3 / 4 > 0 ? size[1] * 3 / 4 : 1;
	part = master->rgb + (size_t)((master->width - size[0]) / 2) * 3;
	s.from_width = size[0];
	s.from_height = size[1];
	why = open_sized(&s, IMAGE_CARD_WIDTH, IMAGE_CARD_HEIGHT);
	if (why == IMAGE_FINE && (size[0] < IMAGE_CARD_WIDTH ||
	    size[1] < IMAGE_CARD_HEIGHT))
		enlarge(part, stride, size, &s.out);
	else if (why == IMAGE_FINE)
		for (int y = 0; y < size[1]; y++)
			image_sink_row(&s, part + (size_t)y * stride);
	image_sink_close(&s);
	*card = s.out;
	return why;
}
