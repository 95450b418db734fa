/* SPDX-License-Identifier: MIT */
/*
 * Reading PNG with libpng, row by row. An interlaced picture comes in seven
 * passes over all rows, so it alone is held whole. The size is looked at before
 * libpng sees a byte, and every chunk we have no use for is skipped unread: texts
 * and colour profiles are where compressed bombs hide. Errors come back by longjmp,
 * as in image_jpeg.c.
 */
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <png.h>

#include "image.h"
#include "image_decode.h"

enum {
	HEADER_END = 33,	/* of the signature and the IHDR chunk */
	WIDTH_AT = 16,
	HEIGHT_AT = 20,
	CHUNK_MAX = 1 << 20,	/* bytes of one chunk that is kept */
	TAKE_MAX = 16 << 20,	/* bytes libpng may take at once; a row is 96 KiB */
	CHUNKS_MAX = 64
};

struct reader {
	const uint8_t *p;
	size_t n;
	png_structp png;
	png_infop info;
	uint8_t *rows;		/* one row, or all if interlaced */
	enum image_reason why;
};

static void
on_error(png_structp png, png_const_charp words)
{
	(void)words;
	png_longjmp(png, 1);
}

static void
on_warning(png_structp png, png_const_charp words)
{
	(void)png;
	(void)words; /* a chunk we would skip anyway */
}

/* libpng takes as much as a chunk says it has, before it looks whether it is there. */
static png_voidp
on_take(png_structp png, png_alloc_size_t n)
{
	(void)png;
	return n <= TAKE_MAX ? malloc(n) : NULL;
}

static void
on_give(png_structp png, png_voidp p)
{
	(void)png;
	free(p);
}

static void
on_read(png_structp png, png_bytep to, size_t n)
{
	struct reader *r = png_get_io_ptr(png);

	if (n > r->n)
		png_error(png, "cut off");
	memcpy(to, r->p, n);
	r->p += n;
	r->n -= n;
}

static void
set_limits(struct reader *r)
{
	static const png_byte skipped[] =
	    "cHRM\0gAMA\0iCCP\0sBIT\0sRGB\0bKGD\0hIST\0pHYs\0sPLT\0tIME\0iTXt\0"
	    "tEXt\0zTXt\0oFFs\0pCAL\0sCAL\0sTER";

	png_set_user_limits(r->png, IMAGE_MAX_EDGE, IMAGE_MAX_EDGE);
	png_set_chunk_malloc_max(r->png, CHUNK_MAX);
	png_set_chunk_cache_max(r->png, CHUNKS_MAX);
	png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
	png_set_keep_unknown_chunks(r->png, PNG_HANDLE_CHUNK_NEVER, skipped,
	    (int)(sizeof(skipped) / 5));
}

/* Ask for 8 bits of red, green, blue and alpha, whatever is stored. */
static void
set_form(struct reader *r)
{
	png_set_expand(r->png);
	png_set_scale_16(r->png);
	png_set_gray_to_rgb(r->png);
	png_set_add_alpha(r->png, 255, PNG_FILLER_AFTER);
}

static void
read_rows(struct reader *r, struct image_sink *s, int passes)
{
	const size_t width = (size_t)s->from_width, height = (size_t)s->from_height;
	uint8_t *row = r->rows;

	for (int pass = 1; pass < passes; pass++)
		for (size_t y = 0; y < height; y++)
			png_read_row(r->png, r->rows + y * width * 4, NULL);
	for (size_t y = 0; y < height; y++) {
		if (passes > 1)
			row = r->rows + y * width * 4;
		png_read_row(r->png, row, NULL);
		image_white(row, width, row);
		image_sink_row(s, row);
	}
}

static int
orientation_of(const struct reader *r)
{
	png_uint_32 n = 0;
	png_bytep p = NULL;

	if (!png_get_eXIf_1(r->png, r->info, &n, &p) || !p)
		return 1;
	return image_orientation(p, n);
}

static enum image_reason
read_guarded(struct reader *r, struct image_sink *s)
{
	size_t width, height;
	int passes;

	if (setjmp(png_jmpbuf(r->png)))
		return IMAGE_DAMAGED;
	set_limits(r);
	png_set_read_fn(r->png, r, on_read);
	png_read_info(r->png, r->info);
	set_form(r);
	passes = png_set_interlace_handling(r->png);
	png_read_update_info(r->png, r->info);
	width = png_get_image_width(r->png, r->info);
	height = png_get_image_height(r->png, r->info);
	if (png_get_rowbytes(r->png, r->info) != width * 4)
		return IMAGE_DAMAGED;
	r->rows = malloc(width * 4 * (passes > 1 ? height : 1));
	if (!r->rows || image_sink_open(s, (int)width, (int)height))
		return IMAGE_HEAVY;
	read_rows(r, s, passes);
	png_read_end(r->png, r->info);
	s->orientation = orientation_of(r);
	return IMAGE_FINE;
}

static uint32_t
read_32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

enum image_reason
image_png_read(const uint8_t *p, size_t n, struct image_sink *s)
{
	struct reader r = { .p = p, .n = n };
	enum image_reason why = IMAGE_HEAVY;

	if (n < HEADER_END)
		return IMAGE_DAMAGED;
	if (image_too_large(read_32(p + WIDTH_AT), read_32(p + HEIGHT_AT)))
		return IMAGE_LARGE;
	r.png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, NULL, on_error,
	    on_warning, NULL, on_take, on_give);
	if (!r.png)
		return IMAGE_HEAVY;
	r.info = png_create_info_struct(r.png);
	if (r.info)
		why = read_guarded(&r, s);
	png_destroy_read_struct(&r.png, &r.info, NULL);
	free(r.rows);
	return why;
}
