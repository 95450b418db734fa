/* SPDX-License-Identifier: MIT */
#ifndef APP_VERIFY_H
#define APP_VERIFY_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct req;

/* Checking a card: by the API and by the page. */
struct verify_form { const char *qr, *farmer_id, *timestamp, *signature; };

struct verify_out {
	bool verified;
	const char *farmer_id, *name, *registration_status, *province, *district,
	    *village, *card_status, *card_serial;
	int64_t verified_at;
	const int64_t *issued_at, *expires_at;
};

/* verify_card(r, in, out): Check the text of a QR code, or the triple of an older
 * card. Counts attempts. ERR_BAD: no card of ours; ERR_MISSING: ours, but its farmer
 * is no longer in the register; ERR_BUSY; with the reply made. */
enum err verify_card(struct req *r, const struct verify_form *in,
    struct verify_out *out);

#endif
