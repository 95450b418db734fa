/* SPDX-License-Identifier: MIT */
#ifndef CORE_PORTRAIT_H
#define CORE_PORTRAIT_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct arena;

/* A drawn person, for sample records: nobody's face. */
struct portrait {
	const uint8_t *master, *card;	/* JPEG, as core/image.h makes of a photo */
	size_t master_size, card_size;
};

/* portrait_draw(a, seed, out): The same seed gives the same person. The bytes are in
 * a. ERR_BROKEN if there is no memory for the picture. */
enum err portrait_draw(struct arena *a, uint32_t seed, struct portrait *out);

#endif
