/* SPDX-License-Identifier: MIT */
#ifndef APP_FARMER_SYNC_H
#define APP_FARMER_SYNC_H

#include "shape.h"

enum { SYNC_ITEMS = 500 };	/* in one batch */

/* One farmer of a batch, as the phone sends it and as the job keeps it. The sections are
 * JSON that nobody has looked at: what is wrong in one is said of that farmer alone. */
struct sync_item {
	const char *temp_id, *farmer_id, *nrc_number, *personal_info, *address,
	    *farm_info, *household_info;
};

struct sync_batch {
	struct shape_list farmers;
	const char *last_sync;
};

#endif
