/* SPDX-License-Identifier: MIT */
#ifndef APP_OPERATOR_H
#define APP_OPERATOR_H

#include <stdbool.h>
#include <stdint.h>

#include "shape.h"

enum { OPERATOR_LIMIT = 200 };	/* of a page */

/* A new operator. */
struct operator_form {
	const char *email, *full_name, *phone, *password;
	struct shape_texts assigned_regions, assigned_districts;
};

/* A change: what is not said (for lists: items NULL) stays. */
struct operator_change {
	const char *email, *full_name, *phone, *password;
	struct shape_texts assigned_regions, assigned_districts;
	const bool *is_active;
};

struct operator_status { bool is_active; };

/* What the list is narrowed by. */
struct operator_find {
	const int64_t *skip, *limit;
	const char *region;
	const bool *is_active;
};

/* One operator; the figures are NULL where a reply has none. */
struct operator_out {
	const char *operator_id, *user_id, *email, *full_name, *phone,
	    *assigned_district;
	struct shape_texts assigned_regions, assigned_districts;
	bool is_active;
	int64_t created_at, updated_at;
	const int64_t *farmer_count, *recent_registrations_30d;
	const double *total_land_hectares, *avg_land_hectares;
};

struct operator_made { const char *message; const struct operator_out *operator; };
struct operator_items { int64_t count, total; struct shape_list results; };
struct operator_done { const char *message, *operator_id; };

/* What the audit keeps of an operator: a struct operator_out (operator_shape.c). */
extern const struct shape operator_facts_shape;

#endif
