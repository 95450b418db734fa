/* SPDX-License-Identifier: MIT */
/*
 * Drawn portraits for sample records: shoulders, neck, face, hair or headscarf, in a
 * few colours picked by the seed. They go through the same scaling and JPEG writer
 * as photos, so that sample cards look and weigh like real ones.
 */
#include <stdlib.h>
#include <string.h>

#include <cairo.h>

#include "arena.h"
#include "image_decode.h"
#include "portrait.h"

enum { WIDTH = 480, HEIGHT = 640, QUALITY_MASTER = 88, QUALITY_CARD = 80 };

static const uint32_t skins[] = { 0x4a2c1d, 0x5c3825, 0x6e4630, 0x80553b, 0x3d2418 };
static const uint32_t cloths[] = {
	0x1d4ed8, 0xb45309, 0x166534, 0x9d174d, 0x5b21b6, 0x0f766e, 0xb91c1c, 0x374151
};
static const uint32_t walls[] = { 0xdbe4ee, 0xe5e7eb, 0xe7efe4, 0xefe9df };

#define PICK(list, n) ((list)[(n) % (sizeof(list) / sizeof((list)[0]))])

static void
color(cairo_t *cr, uint32_t rgb)
{
	cairo_set_source_rgb(cr, (rgb >> 16) / 255.0, (rgb >> 8 & 255) / 255.0,
	    (rgb & 255) / 255.0);
}

static void
oval(cairo_t *cr, double x, double y, double width, double height)
{
	cairo_save(cr);
	cairo_translate(cr, x, y);
	cairo_scale(cr, width / 2, height / 2);
	cairo_arc(cr, 0, 0, 1, 0, 6.2831853);
	cairo_restore(cr);
	cairo_fill(cr);
}

static void
draw_body(cairo_t *cr, uint32_t cloth)
{
	color(cr, cloth);
	cairo_move_to(cr, 30, HEIGHT);
	cairo_curve_to(cr, 40, 500, 110, 470, 190, 450);
	cairo_line_to(cr, 290, 450);
	cairo_curve_to(cr, 370, 470, 440, 500, 450, HEIGHT);
	cairo_fill(cr);
}

static void
draw_face(cairo_t *cr, uint32_t skin, uint32_t n)
{
	double smile = 6 + n % 12;

	color(cr, skin);
	cairo_rectangle(cr, 195, 370, 90, 100);
	cairo_fill(cr);
	oval(cr, 240, 470, 96, 50);
	oval(cr, 150, 290, 34, 64);
	oval(cr, 330, 290, 34, 64);
	oval(cr, 240, 280, 176 + n % 16, 248);
	color(cr, 0xf5f3ee);
	oval(cr, 200, 262, 36, 17);
	oval(cr, 280, 262, 36, 17);
	color(cr, 0x1b120d);
	oval(cr, 201, 262, 15, 15);
	oval(cr, 281, 262, 15, 15);
	cairo_set_line_width(cr, 7);
	cairo_set_line_cap(cr, CAIRO_LINE_CAP_ROUND);
	cairo_move_to(cr, 180, 240);
	cairo_curve_to(cr, 190, 230, 210, 230, 222, 237);
	cairo_move_to(cr, 258, 237);
	cairo_curve_to(cr, 270, 230, 290, 230, 300, 240);
	cairo_stroke(cr);
	cairo_set_line_width(cr, 5);
	cairo_move_to(cr, 228, 312);
	cairo_curve_to(cr, 234, 322, 246, 322, 252, 312);
	cairo_stroke(cr);
	color(cr, 0x7a3030);
	cairo_set_line_width(cr, 8);
	cairo_move_to(cr, 205, 350);
	cairo_curve_to(cr, 222, 350 + smile, 258, 350 + smile, 275, 350);
	cairo_stroke(cr);
}

static void
draw_hair(cairo_t *cr, uint32_t n, uint32_t cloth)
{
	color(cr, n & 1 ? cloth : 0x17110e);
	cairo_move_to(cr, 145, 262);
	cairo_curve_to(cr, 130, 120, 350, 120, 335, 262);
	cairo_curve_to(cr, 320, 200, 290, 185, 240, 185);
	cairo_curve_to(cr, 190, 185, 160, 200, 145, 262);
	cairo_fill(cr);
	if (n & 1)
		oval(cr, 240, 148, 150, 70); /* the knot of a scarf */
}

/* The pixels of a finished surface, red first, into the arena. */
static enum err
read_pixels(struct arena *a, cairo_surface_t *surface, struct image_pixels *out)
{
	const uint8_t *data = cairo_image_surface_get_data(surface);
	int stride = cairo_image_surface_get_stride(surface);
	uint8_t *to;

	*out = (struct image_pixels){ WIDTH, HEIGHT,
	    arena_take(a, (size_t)WIDTH * HEIGHT * 3) };
	if (!data)
		return ERR_BROKEN;
	to = out->rgb;
	for (int y = 0; y < HEIGHT; y++) {
		for (int x = 0; x < WIDTH; x++) {
			uint32_t pixel;

			memcpy(&pixel, data + y * stride + x * 4, sizeof(pixel));
			*to++ = (uint8_t)(pixel >> 16);
			*to++ = (uint8_t)(pixel >> 8);
			*to++ = (uint8_t)pixel;
		}
	}
	return OK;
}

static enum err
draw(struct arena *a, uint32_t seed, struct image_pixels *out)
{
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, WIDTH,
	    HEIGHT);
	cairo_t *cr = cairo_create(surface);
	uint32_t n = seed * UINT32_C(2654435761) >> 8;
	enum err e;

	color(cr, PICK(walls, n));
	cairo_paint(cr);
	draw_body(cr, PICK(cloths, n >> 3));
	draw_face(cr, PICK(skins, n >> 7), n >> 11);
	draw_hair(cr, n >> 15, PICK(cloths, n >> 17));
	cairo_surface_flush(surface);
	e = cairo_status(cr) ? ERR_BROKEN : read_pixels(a, surface, out);
	cairo_destroy(cr);
	cairo_surface_destroy(surface);
	return e;
}

static enum err
encode(struct arena *a, const struct image_pixels *p, int quality, const uint8_t **bytes,
    size_t *n)
{
	uint8_t *jpeg = NULL;
	enum image_reason reason = image_jpeg_write(p, quality, &jpeg, n);

	if (reason == IMAGE_FINE)
		*bytes = arena_copy(a, jpeg, *n);
	free(jpeg);
	return reason == IMAGE_FINE ? OK : ERR_BROKEN;
}

enum err
portrait_draw(struct arena *a, uint32_t seed, struct portrait *out)
{
	struct image_pixels master = { 0 }, card = { 0 };
	enum err e = draw(a, seed, &master);

	if (!e)
		e = encode(a, &master, QUALITY_MASTER, &out->master, &out->master_size);
	if (!e && image_card(&master, &card) != IMAGE_FINE)
		e = ERR_BROKEN;
	if (!e)
		e = encode(a, &card, QUALITY_CARD, &out->card, &out->card_size);
	free(card.rgb);
	return e;
}
