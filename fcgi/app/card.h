/* SPDX-License-Identifier: MIT */
#ifndef APP_CARD_H
#define APP_CARD_H

#include "err.h"

struct req;

/* card_issue(r, farmer_id): Sign, draw and store a new card, revoking the one before.
 * The viewer must see the farmer. Fails with the reply made. */
enum err card_issue(struct req *r, const char *farmer_id);

#endif
