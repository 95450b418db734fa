/* SPDX-License-Identifier: MIT */
#ifndef CORE_PLACE_H
#define CORE_PLACE_H

#include "err.h"

struct arena;
struct db;

/* place_load(db, arena): If the register has no provinces yet, load the 10
 * provinces, 116 districts and 204 chiefdoms of sql/data/, and if it has no ethnic
 * groups, the 13 of them, in one transaction. Rows that were changed or added since
 * are never touched. */
enum err place_load(struct db *db, struct arena *arena);

#endif
