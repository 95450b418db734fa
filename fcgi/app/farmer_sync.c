/* SPDX-License-Identifier: MIT */
/*
 * Phones that work offline. They send what was registered without a network in batches,
 * which a job works through (farmer_sync_run.c), ask what became of it, and ask what
 * changed since they last did (farmer_sync_feed.c).
 */
#include <string.h>

#include "arena.h"
#include "farmer_sync.h"
#include "fields.h"
#include "front.h"
#include "job.h"
#include "log.h"
#include "queries.h"
#include "text.h"

enum {
	BATCHES = 60,		/* of one account in 15 minutes */
	SECTION_MAX = 32 * 1024	/* bytes; the longest that passes the form has less */
};

struct sync_queued { const char *job_id, *status; };
struct sync_ask { const char *job_id; };
struct sync_state { const char *job_id, *state, *result; };

#define SECTION(member) \
	FIELD(sync_item, member, SHAPE_JSON, .flags = SHAPE_OPTIONAL | SHAPE_HIDDEN, \
	    LIMIT(0, SECTION_MAX), .words = "as in POST /api/farmers")

static const struct shape_field sync_item_fields[] = {
	FIELD(sync_item, temp_id, SHAPE_TEXT, .flags = SHAPE_OPTIONAL | SHAPE_PRESENT,
	    LIMIT(1, 100), .rule = &plain_rule,
	    .words = "the phone's own name of the farmer: sent again, it is the same"),
	FIELD(sync_item, farmer_id, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(1, 40),
	    .rule = &plain_rule, .words = "a registered farmer, who is changed"),
	FIELD(sync_item, nrc_number, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 40),
	    .words = "the same as personal_info.nrc"),
	SECTION(personal_info),
	SECTION(address),
	SECTION(farm_info),
	SECTION(household_info),
};
static SHAPE(sync_item, "SyncItem", SHAPE_BODY);

static const struct shape_field sync_batch_fields[] = {
	FIELD(sync_batch, farmers, SHAPE_OBJECTS, .flags = SHAPE_REQUIRED,
	    LIMIT(0, SYNC_ITEMS), .sub = &sync_item_shape),
	FIELD(sync_batch, last_sync, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 100),
	    .words = "of no effect"),
};
SHAPE(sync_batch, "SyncBatch", SHAPE_BODY);

static const struct shape_field sync_queued_fields[] = {
	FIELD(sync_queued, job_id, SHAPE_TEXT),
	FIELD(sync_queued, status, SHAPE_TEXT),
};
SHAPE(sync_queued, "SyncQueued", SHAPE_BODY);

static const struct shape_field sync_ask_fields[] = {
	FIELD(sync_ask, job_id, SHAPE_TEXT, .flags = SHAPE_REQUIRED, LIMIT(1, 100)),
};
SHAPE(sync_ask, "SyncAsk", SHAPE_QUERY);

static const struct shape_field sync_state_fields[] = {
	FIELD(sync_state, job_id, SHAPE_TEXT),
	FIELD(sync_state, state, SHAPE_TEXT,
	    .words = "PENDING (also unknown ones), SUCCESS or FAILURE"),
	FIELD(sync_state, result, SHAPE_JSON, .flags = SHAPE_OPTIONAL, .words =
	    "job_id and results: temp_id, farmer_id, status (created, updated, error), "
	    "errors"),
};
SHAPE(sync_state, "SyncState", SHAPE_BODY);

/* The batch as the job reads it, in a buf that need not grow: it is large. */
static const char *
batch_text(struct req *r, const struct sync_batch *in)
{
	const struct sync_item *items = in->farmers.items;
	size_t room = 100;
	struct buf out;

	for (size_t i = 0; i < in->farmers.n; i++) {
		const char *const parts[] = { items[i].temp_id, items[i].farmer_id,
			items[i].nrc_number, items[i].personal_info, items[i].address,
			items[i].farm_info, items[i].household_info };

		room += 200;
		for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++)
			room += parts[k] ? strlen(parts[k]) : 0;
	}
	out = buf_make(r->arena, room);
	shape_write(&sync_batch_shape, in, &out);
	return out.bytes;
}

enum err
farmer_sync_send(struct req *r)
{
	const struct sync_batch *in = r->in;
	const int64_t n = (int64_t)in->farmers.n;
	const char *job_id;
	enum err e = front_limit(r, &(struct throttle){ .kind = "sync account",
	    .subject = front_viewer(r)->account_id, .limit = BATCHES });

	if (!e)
		e = job_ask(r, &(struct job_new){ .kind = "sync",
		    .input = batch_text(r, in), .total = n }, &job_id);
	if (!e)
		e = front_audit(r, &(struct audit_event){ .module = "sync",
		    .action = "batch_queued", .subject = job_id,
		    .details = arena_print(r->arena, "{\"farmers\":%lld}",
		    (long long)n) });
	if (e)
		return e;
	log_write(LOG_INFO, "sync queued job=%s farmers=%lld who=%s", job_id,
	    (long long)n, front_viewer(r)->mark);
	return reply(r, 200, &(struct sync_queued){ job_id, "queued" });
}

/* Also an administrator sees only what he sent; what is not his is like unknown. */
static enum err
find_job(struct req *r, const char *job_id, struct job_get_row *row)
{
	enum err e = q_job_get(r->db, &(struct job_get_in){ .job_id = job_id,
	    .viewer_account_id = front_viewer(r)->account_id }, row);

	return !e && !text_same(row->job_kind, "sync") ? ERR_MISSING : e;
}

enum err
farmer_sync_status(struct req *r)
{
	const struct sync_ask *in = r->in;
	struct sync_state out = { in->job_id, "PENDING", NULL };
	struct job_get_row row;
	enum err e = find_job(r, in->job_id, &row);

	if (e && e != ERR_MISSING)
		return e;
	if (!e && text_same(row.job_state, "done")) {
		out.state = "SUCCESS";
		e = job_result(r, row.job_id, &out.result);
		if (e || !out.result)
			return e ? e : ERR_BROKEN;
	} else if (!e && (text_same(row.job_state, "dead") ||
	    text_same(row.job_state, "cancelled"))) {
		out.state = "FAILURE";
		out.result = "{}";
	}
	return reply(r, 200, &out);
}
