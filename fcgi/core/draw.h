/* SPDX-License-Identifier: MIT */
#ifndef CORE_DRAW_H
#define CORE_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "qr.h"

/* What is printed on a card. Texts are UTF-8; NULL or "" leaves the place empty. */
struct draw_card {
	const char *issuer_name;	/* "MWasree Enterprises Ltd" */
	const char *full_name, *farmer_id, *nrc, *birth_date, *gender, *phone;
	const char *village, *chiefdom, *district, *province;
	const char *created_by;		/* who registered the farmer */
	const char *serial;		/* "1A2B 3C4D 5E6F 7081" */
	const char *issued, *expires;	/* "2026-11-22" */
	const char *verify_url;
	bool verified;			/* prints VERIFIED FARMER */
	const uint8_t *photo;		/* JPEG, passed through unchanged; or NULL */
	size_t photo_size;
	struct qr qr;
	int64_t created_at;		/* µs; becomes the PDF's date, so bytes repeat */
};

/* draw_open(): Load the fonts that are inside the program, once a process. */
enum err draw_open(void);

/* draw_close(): Give them back, for leak checks. */
void draw_close(void);

/* draw_card(card, out): Append a PDF of two CR80 pages (85.60 x 53.98 mm): front
 * and back. The same card gives the same bytes. ERR_BROKEN (logged) if cairo
 * refuses, or the photo is not a JPEG it can pass through. */
enum err draw_card(const struct draw_card *card, struct buf *out);

#endif
