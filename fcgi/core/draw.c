/* SPDX-License-Identifier: MIT */
/*
 * The ID card as a PDF of two pages, each exactly a CR80 card (ISO/IEC 7810 ID-1).
 * Cairo writes it; draw_front.c and draw_back.c say what is on it, pen.c how it is
 * drawn. Only flat colours and no transparency, so cairo never falls back to
 * pixels and a printer gets type, one-bit codes and the photo's own JPEG.
 */
#include <time.h>

#include <cairo-pdf.h>

#include "arena.h"
#include "clock.h"
#include "draw.h"
#include "font.h"
#include "log.h"
#include "pen.h"
#include "text.h"

enum err
draw_open(void)
{
	return font_open();
}

void
draw_close(void)
{
	font_close();
}

static cairo_status_t
bytes_add(void *out, const unsigned char *p, unsigned n)
{
	buf_add(out, p, n);
	return CAIRO_STATUS_SUCCESS;
}

/* The date is the card's, not the clock's: a card drawn again has the same bytes. */
static void
title_put(cairo_surface_t *pdf, const struct draw_card *card, struct arena *a)
{
	char date[CLOCK_TEXT];
	const char *id = text_empty(card->farmer_id) ? "" : card->farmer_id;

	clock_text(card->created_at, date);
	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_TITLE,
	    arena_print(a, "Farmer ID card %s", id));
	cairo_pdf_surface_set_metadata(pdf, CAIRO_PDF_METADATA_CREATE_DATE,
	    arena_print(a, "%.19sZ", date));
}

enum err
draw_card(const struct draw_card *card, struct buf *out)
{
	cairo_surface_t *pdf = cairo_pdf_surface_create_for_stream(bytes_add, out,
	    PEN_MM(CARD_WIDTH), PEN_MM(CARD_HEIGHT));
	struct pen p = { cairo_create(pdf), out->arena };
	cairo_status_t status;
	size_t start = out->n;
	enum err e;

	title_put(pdf, card, out->arena);
	e = draw_front(&p, card);
	cairo_show_page(p.cr);
	if (e == OK)
		e = draw_back(&p, card);
	cairo_show_page(p.cr);
	status = cairo_status(p.cr);
	cairo_destroy(p.cr);
	cairo_surface_finish(pdf);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(pdf);
	cairo_surface_destroy(pdf);
	if (status != CAIRO_STATUS_SUCCESS) {
		log_write(LOG_ERROR, "cairo: %s", cairo_status_to_string(status));
		e = ERR_BROKEN;
	}
	if (e != OK)
		out->n = start; /* half a card is no use to anybody */
	return e;
}
