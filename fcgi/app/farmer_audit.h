/* SPDX-License-Identifier: MIT */
#ifndef APP_FARMER_AUDIT_H
#define APP_FARMER_AUDIT_H

#include "audit.h"
#include "err.h"

struct farmer_draft;
struct req;

/* What is done to a farmer, as the audit has it: module "farmers", the subject the
 * farmer's number. Photos, documents and cards are part of him. */

/* farmer_event(r, action, farmer_id, pairs): What was done, but for changes of the
 * record; pairs are names and values of its details, ended by a NULL name, or NULL for
 * none. */
enum err farmer_event(struct req *r, const char *action, const char *farmer_id,
    const char *const *pairs);

/* farmer_registered(a, draft): The event of a registration, in a. */
struct arena;
struct audit_event farmer_registered(struct arena *a, const struct farmer_draft *draft);

/* farmer_event_change(r, action, was, now): A change, with those fields that differ
 * before and after. Of NRC and birth date it only says that they changed. */
enum err farmer_event_change(struct req *r, const char *action,
    const struct farmer_draft *was, const struct farmer_draft *now);

#endif
