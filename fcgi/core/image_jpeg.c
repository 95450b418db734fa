/* SPDX-License-Identifier: MIT */
/*
 * Reading and writing JPEG with libjpeg-turbo. Reading lets the library reduce by
 * 2, 4 or 8 while it decodes, which is quick and needs little memory. The library
 * reports errors by a call that must not return; it comes back here with longjmp,
 * so what must survive it lives in a struct of the caller. Its warnings tell of
 * bytes that are missing or wrong: a picture like that is refused, not guessed at.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>
#include <jerror.h>

#include "image.h"
#include "image_decode.h"

enum {
	MAX_SCANS = 200,	/* of a progressive picture; cameras write about ten */
	MARKER_MAX = 0xffff,
	EXIF = JPEG_APP0 + 1
};

struct codec {
	union {
		struct jpeg_common_struct common;
		struct jpeg_decompress_struct in;
		struct jpeg_compress_struct out;
	};
	struct jpeg_error_mgr error;
	struct jpeg_progress_mgr progress;
	jmp_buf back;
	enum image_reason why;
	uint8_t *rgb;		/* a row of CMYK as RGB */
};

static struct codec *
codec_of(j_common_ptr c)
{
	return c->client_data;
}

static _Noreturn void
leave(struct codec *c, enum image_reason why)
{
	c->why = why;
	longjmp(c->back, 1);
}

static void
on_error(j_common_ptr c)
{
	leave(codec_of(c), c->err->msg_code == JERR_OUT_OF_MEMORY ? IMAGE_HEAVY :
	    IMAGE_DAMAGED);
}

/* Warnings have level -1. Those about stray bytes between markers and odd versions
 * are harmless: cameras write them. */
static void
on_message(j_common_ptr c, int level)
{
	if (level >= 0)
		return;
	switch (c->err->msg_code) {
	case JWRN_JPEG_EOF:
	case JWRN_HIT_MARKER:
	case JWRN_HUFF_BAD_CODE:
	case JWRN_ARITH_BAD_CODE:
	case JWRN_MUST_RESYNC:
	case JWRN_BOGUS_PROGRESSION:
		leave(codec_of(c), IMAGE_DAMAGED);
	default:
		return;
	}
}

static void
on_text(j_common_ptr c)
{
	(void)c; /* the library would write to standard error */
}

static void
on_progress(j_common_ptr c)
{
	if (codec_of(c)->in.input_scan_number > MAX_SCANS)
		leave(codec_of(c), IMAGE_HEAVY);
}

static void
begin(struct codec *c)
{
	memset(c, 0, sizeof(*c));
	c->common.err = jpeg_std_error(&c->error);
	c->error.error_exit = on_error;
	c->error.emit_message = on_message;
	c->error.output_message = on_text;
	c->common.client_data = c;
}

/* The largest reduction whose result is still as large as the master. */
static unsigned
reduction(unsigned width, unsigned height)
{
	const unsigned longer = width > height ? width : height;
	unsigned by = 8;

	while (by > 1 && longer / by < IMAGE_MASTER_EDGE)
		by /= 2;
	return by;
}

static int
orientation_of(const struct jpeg_decompress_struct *in)
{
	for (jpeg_saved_marker_ptr m = in->marker_list; m; m = m->next)
		if (m->marker == EXIF && m->data_length > 6 &&
		    memcmp(m->data, "Exif\0\0", 6) == 0)
			return image_orientation(m->data, m->data_length);
	return 1;
}

/* CMYK as Adobe writes it, which is the wrong way round, or as it should be. */
static const uint8_t *
from_cmyk(const struct codec *c, const uint8_t *cmyk)
{
	const unsigned turn = c->in.saw_Adobe_marker ? 0 : 255;

	for (size_t x = 0; x < c->in.output_width; x++)
		for (size_t i = 0; i < 3; i++)
			c->rgb[3 * x + i] = (uint8_t)((cmyk[4 * x + i] ^ turn) *
			    (cmyk[4 * x + 3] ^ turn) / 255);
	return c->rgb;
}

static void
read_rows(struct codec *c, struct image_sink *s)
{
	struct jpeg_decompress_struct *in = &c->in;
	const bool cmyk = in->out_color_space == JCS_CMYK;
	JSAMPARRAY row;

	row = in->mem->alloc_sarray(&c->common, JPOOL_IMAGE, in->output_width * 4, 1);
	c->rgb = in->mem->alloc_large(&c->common, JPOOL_IMAGE,
	    (size_t)in->output_width * 3);
	while (in->output_scanline < in->output_height) {
		if (jpeg_read_scanlines(in, row, 1) != 1)
			leave(c, IMAGE_DAMAGED);
		image_sink_row(s, cmyk ? from_cmyk(c, row[0]) : row[0]);
	}
}

static enum image_reason
read_guarded(struct codec *c, const uint8_t *p, size_t n, struct image_sink *s)
{
	struct jpeg_decompress_struct *in = &c->in;

	if (setjmp(c->back))
		return c->why;
	jpeg_create_decompress(in);
	c->progress.progress_monitor = on_progress;
	in->progress = &c->progress;
	jpeg_mem_src(in, p, n);
	jpeg_save_markers(in, EXIF, MARKER_MAX);
	(void)jpeg_read_header(in, TRUE);
	if (image_too_large(in->image_width, in->image_height))
		return IMAGE_LARGE;
	in->out_color_space = in->jpeg_color_space == JCS_CMYK ||
	    in->jpeg_color_space == JCS_YCCK ? JCS_CMYK : JCS_RGB;
	in->scale_num = 1;
	in->scale_denom = reduction(in->image_width, in->image_height);
	(void)jpeg_start_decompress(in);
	if (image_sink_open(s, (int)in->output_width, (int)in->output_height))
		return IMAGE_HEAVY;
	s->orientation = orientation_of(in);
	read_rows(c, s);
	(void)jpeg_finish_decompress(in); /* looks for the end, so it must be there */
	return IMAGE_FINE;
}

enum image_reason
image_jpeg_read(const uint8_t *p, size_t n, struct image_sink *s)
{
	enum image_reason why;
	struct codec c;

	begin(&c);
	why = read_guarded(&c, p, n, s);
	jpeg_destroy_decompress(&c.in);
	return why;
}

/* What jpeg_mem_dest makes; kept outside the guarded function. */
struct result {
	unsigned char *p;
	unsigned long n;
};

static enum image_reason
write_guarded(struct codec *c, const struct image_pixels *from, int quality,
    struct result *result)
{
	struct jpeg_compress_struct *out = &c->out;
	JSAMPROW row;

	if (setjmp(c->back))
		return c->why;
	jpeg_create_compress(out);
	jpeg_mem_dest(out, &result->p, &result->n);
	out->image_width = (JDIMENSION)from->width;
	out->image_height = (JDIMENSION)from->height;
	out->input_components = 3;
	out->in_color_space = JCS_RGB;
	jpeg_set_defaults(out); /* YCbCr 4:2:0, not progressive */
	jpeg_set_quality(out, quality, TRUE);
	out->optimize_coding = TRUE;
	jpeg_start_compress(out, TRUE);
	while (out->next_scanline < out->image_height) {
		row = from->rgb + (size_t)out->next_scanline *
		    (size_t)from->width * 3;
		(void)jpeg_write_scanlines(out, &row, 1); /* from memory: always one */
	}
	jpeg_finish_compress(out);
	return IMAGE_FINE;
}

enum image_reason
image_jpeg_write(const struct image_pixels *in, int quality, uint8_t **p, size_t *n)
{
	struct result result = { NULL, 0 };
	enum image_reason why;
	struct codec c;

	begin(&c);
	why = write_guarded(&c, in, quality, &result);
	jpeg_destroy_compress(&c.out);
	*p = result.p;
	*n = result.n;
	return why;
}
