/* SPDX-License-Identifier: MIT */
#ifndef CORE_QR_H
#define CORE_QR_H

#include <stdint.h>

#include "buf.h"
#include "err.h"

/* A QR code (ISO/IEC 18004), error correction Q, without its quiet zone. */
struct qr {
	int size;		/* modules a side */
	int version;		/* 1 to 40 */
	const uint8_t *modules;	/* size * size, 1 is dark; in the arena */
};

/* qr_make(a, text, qr): The smallest version that holds text, but at least 13 so
 * that cards look alike. ERR_BAD if version 40 can't. */
enum err qr_make(struct arena *a, const char *text, struct qr *qr);

/* qr_png(qr, pixels, out): Append a 1-bit PNG with a quiet zone of 4 modules,
 * pixels a module. */
enum err qr_png(const struct qr *qr, int pixels, struct buf *out);

#endif
