/* SPDX-License-Identifier: MIT */
/*
 * The words for reads in the audit: one row for each answer, whether it shows one
 * person or a page of them. Who reads lists reads NRCs and telephone numbers, so lists
 * count too.
 */
#include "arena.h"
#include "front.h"
#include "seen.h"

enum err
seen_farmer(struct req *r, const char *action, const char *farmer_id)
{
	return front_read(r, &(struct audit_event){ .module = "farmers",
	    .action = action, .subject = farmer_id });
}

enum err
seen_file(struct req *r, const char *action, const char *farmer_id,
    const char *file_id)
{
	return front_read(r, &(struct audit_event){ .module = "files",
	    .action = action, .subject = farmer_id,
	    .details = arena_print(r->arena, "{\"file_id\":\"%s\"}", file_id) });
}

enum err
seen_space(struct req *r, const char *action, const char *file_id)
{
	return front_read(r, &(struct audit_event){ .module = "files",
	    .action = action, .subject = file_id,
	    .details = arena_print(r->arena, "{\"organisation_id\":\"%s\"}",
	        front_viewer(r)->organisation_id) });
}

enum err
seen_rows(struct req *r, const struct seen *what)
{
	const char *how = what->how ?
	    arena_print(r->arena, "\"how\":\"%s\",", what->how) : "";

	return front_read(r, &(struct audit_event){ .module = what->module,
	    .action = what->action, .subject = what->subject,
	    .details = arena_print(r->arena, "{%s\"skip\":%lld,\"rows\":%zu}", how,
	        (long long)what->skip, what->n) });
}
