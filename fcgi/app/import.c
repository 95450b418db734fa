/* SPDX-License-Identifier: MIT */
/*
 * Imports as people ask for them: a table of farmers is sent in, looked at as far as its
 * first row goes, put into the store where only the register's user can read it, and
 * left to a job (import_run.c). What became of it, and of each row, is read here by
 * who sent it and by administrators.
 */
#include "arena.h"
#include "audit.h"
#include "csv.h"
#include "fields.h"
#include "front.h"
#include "import.h"
#include "job.h"
#include "json.h"
#include "log.h"
#include "queries.h"
#include "seen.h"
#include "store.h"
#include "text.h"

enum {
	LIMIT_USUAL = 50, LIMIT_MAX = 200, ROWS_MAX = 1000,
	UPLOADS = 60,	/* of an account, in 15 minutes */
	KEPT_MAX = 10	/* files of an account, each up to IMPORT_MB */
};

struct import_form { const bool *dry_run; };

static const struct shape_field import_form_fields[] = {
	FIELD(import_form, dry_run, SHAPE_BOOL, .flags = SHAPE_OPTIONAL,
	    .words = "check every row and store none"),
};
SHAPE(import_form, "ImportForm", SHAPE_UPLOAD);

struct import_out {
	const char *import_id, *state, *file_name, *imported_by, *refusal;
	int64_t created_at, file_size, ok, duplicate, invalid, denied;
	const int64_t *finished_at, *bytes_done;
	bool dry_run;
};

static const struct shape_field import_out_fields[] = {
	FIELD(import_out, import_id, SHAPE_TEXT, .words = "also the id of its job"),
	FIELD(import_out, state, SHAPE_TEXT,
	    .words = "queued, running, done, dead or cancelled"),
	FIELD(import_out, dry_run, SHAPE_BOOL),
	FIELD(import_out, file_name, SHAPE_TEXT),
	FIELD(import_out, file_size, SHAPE_INT, .words = "bytes"),
	FIELD(import_out, bytes_done, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    .words = "how far the work has come; null when its job is forgotten"),
	FIELD(import_out, imported_by, SHAPE_TEXT),
	FIELD(import_out, created_at, SHAPE_TIME),
	FIELD(import_out, finished_at, SHAPE_TIME, .flags = SHAPE_OPTIONAL),
	FIELD(import_out, ok, SHAPE_INT,
	    .words = "rows that were registered, or would be"),
	FIELD(import_out, duplicate, SHAPE_INT,
	    .words = "rows whose NRC is in the register, or in a row before"),
	FIELD(import_out, invalid, SHAPE_INT, .words = "rows that break a rule"),
	FIELD(import_out, denied, SHAPE_INT,
	    .words = "rows outside the caller's districts"),
	FIELD(import_out, refusal, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "why the file was refused as a whole"),
};
SHAPE(import_out, "Import", SHAPE_BODY);

struct import_find { const int64_t *skip, *limit; };

static const struct shape_field import_find_fields[] = {
	FIELD(import_find, skip, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(0, 1e6)),
	FIELD(import_find, limit, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(1, LIMIT_MAX),
	    .words = "50 unless told"),
};
SHAPE(import_find, "ImportFind", SHAPE_QUERY);
const struct shape import_items_shape = {
	.name = "Imports", .list_of = &import_out_shape
};

struct import_rows_find { const char *outcome, *format; const int64_t *after, *limit; };

static const char *const outcomes[] = { "ok", "duplicate", "invalid", "denied", NULL };
static const struct shape_rule outcome_rule = { .type = "literal_error",
	.choices = outcomes,
	.msg = "Input should be 'ok', 'duplicate', 'invalid' or 'denied'" };

static const struct shape_field import_rows_find_fields[] = {
	FIELD(import_rows_find, outcome, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .rule = &outcome_rule),
	FIELD(import_rows_find, after, SHAPE_INT, .flags = SHAPE_OPTIONAL, LIMIT(0, 1e9),
	    .words = "the last row of the page before"),
	FIELD(import_rows_find, limit, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, ROWS_MAX), .words = "1000 unless told"),
	FIELD(import_rows_find, format, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .rule = &format_rule),
};
SHAPE(import_rows_find, "ImportRowsFind", SHAPE_QUERY);

struct import_result { int64_t row; const char *outcome, *farmer_id, *message; };

static const struct shape_field import_result_fields[] = {
	FIELD(import_result, row, SHAPE_INT,
	    .words = "as a spreadsheet counts: 1 has the names"),
	FIELD(import_result, outcome, SHAPE_TEXT, .rule = &outcome_rule),
	FIELD(import_result, farmer_id, SHAPE_TEXT, .flags = SHAPE_OPTIONAL,
	    .words = "who was registered, or had the NRC before"),
	FIELD(import_result, message, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
};
static SHAPE(import_result, "ImportResult", SHAPE_BODY);

struct import_rows { struct shape_list rows; const int64_t *next; };

static const struct shape_field import_rows_fields[] = {
	FIELD(import_rows, rows, SHAPE_OBJECTS, .sub = &import_result_shape),
	FIELD(import_rows, next, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    .words = "what to ask for as after; null at the end"),
};
const struct shape import_rows_shape = { .name = "ImportRows", .place = SHAPE_BODY,
	.fields = import_rows_fields, .n_fields = 2, .media = "text/csv",
	.size = sizeof(struct import_rows) };

static struct import_out
fill(const struct import_get_row *row)
{
	return (struct import_out){
		.import_id = row->import_id, .file_name = row->file_name,
		.file_size = row->file_size, .imported_by = row->imported_by,
		.created_at = row->created_at, .finished_at = row->finished_at,
		.dry_run = row->is_dry_run, .refusal = row->refusal, .ok = row->n_ok,
		.duplicate = row->n_duplicate, .invalid = row->n_invalid,
		.denied = row->n_denied, .bytes_done = row->n_done,
		.state = row->job_state ? row->job_state :
		    row->finished_at && !row->refusal ? "done" : "dead"
	};
}

static enum err
reply_one(struct req *r, int status, const char *import_id)
{
	const struct viewer *v = front_viewer(r);
	struct import_get_row row;
	struct import_out out;
	enum err e = q_import_get(r->db, &(struct import_get_in){
	    .import_id = import_id, .viewer_all = v->all,
	    .viewer_account_id = v->account_id }, &row);

	if (e == ERR_MISSING)
		return fail(r, e, "Import not found");
	if (e)
		return e;
	out = fill(&row);
	return reply(r, status, &out);
}

/* The first row must name the columns of farmers; all others are the job's. */
static enum err
check_table(struct req *r)
{
	struct import_columns columns;
	struct csv_file csv;
	struct csv_row row;
	size_t n;
	/* A row and what may stand before it: a longer one is too long here as well. */
	const uint8_t *head = req_head(r, &r->file, CSV_ROW_BYTES + 4, &n);

	if (!head)
		return ERR_BROKEN;
	csv_open(&csv, head, n);
	if (!csv_next(&csv, r->arena, &row))
		return fail(r, ERR_BAD, "The file is empty");
	return import_head(r, &row, &columns);
}

enum err
import_queue(struct req *r, const struct import_new *in, const char **import_id)
{
	const char *account_id = front_viewer(r)->account_id;
	enum err e = job_add(r->db, r->arena, r->now, &(struct job_new){ .kind = "import",
	    .account_id = account_id, .endpoint = r->route ? r->route->path : r->path,
	    .address = r->address, .request_id = r->id, .total = in->file->size },
	    import_id);

	if (!e)
		e = store_note(r->db, in->file, r->now);
	if (!e)
		e = q_import_insert(r->db, &(struct import_insert_in){
		    .import_id = *import_id, .account_id = account_id,
		    .imported_by = front_viewer(r)->mark, .file_name = in->file_name,
		    .file_size = in->file->size, .sha256 = in->file->sha256,
		    .input_file_id = in->file->id, .is_dry_run = in->dry_run,
		    .now = r->now }, NULL);
	if (e)
		return e;
	log_write(LOG_INFO, "import asked id=%s bytes=%lld dry_run=%d who=%s", *import_id,
	    (long long)in->file->size, in->dry_run, front_viewer(r)->mark);
	return front_audit(r, &(struct audit_event){ .module = "imports",
	    .action = "import_ask", .subject = *import_id,
	    .details = arena_print(r->arena, "{\"sha256\":\"%s\",\"dry_run\":%s}",
	    in->file->sha256, in->dry_run ? "true" : "false") });
}

static enum err
put(struct req *r, bool dry_run, const char **import_id)
{
	struct store_object o;
	enum err e = store_begin(&o);

	if (!e)
		e = store_hide(&o);
	if (!e)
		e = store_take(&o, r->file.fd, r->file.offset, r->file.size);
	if (!e)
		e = store_keep(&o);
	if (!e)
		e = import_queue(r, &(struct import_new){ .file = &o, .dry_run = dry_run,
		    .file_name = *r->file.name ? r->file.name : "file" }, import_id);
	if (e)
		store_drop(&o);
	return e;
}

/* A file is kept till its work is done, or for a day if that was cancelled: nobody fills
 * the disk. */
static enum err
check_kept(struct req *r)
{
	struct import_kept_row row;
	enum err e = q_import_kept(r->db, &(struct import_kept_in){
	    .viewer_account_id = front_viewer(r)->account_id,
	    .limit = KEPT_MAX }, &row);

	if (e || row.n < KEPT_MAX)
		return e;
	req_header(r, "Retry-After", "600");
	return fail(r, ERR_BUSY, "%d of your files are waiting, or were cancelled within "
	    "the last day. Try again later.", KEPT_MAX);
}

enum err
import_ask(struct req *r)
{
	const struct import_form *in = r->in;
	const char *import_id;
	enum err e;

	if (r->file.size > (size_t)IMPORT_MB * 1024 * 1024)
		return fail(r, ERR_BIG, "File too large. Maximum size is %dMB",
		    IMPORT_MB);
	e = check_table(r);
	if (!e)
		e = front_throttle(r, &(struct throttle){ .kind = "import account",
		    .subject = front_viewer(r)->account_id, .limit = UPLOADS });
	if (!e)
		e = check_kept(r);
	if (!e)
		e = front_scan(r, &r->file);
	if (!e)
		e = put(r, in->dry_run && *in->dry_run, &import_id);
	return e ? e : reply_one(r, 202, import_id);
}

enum err
import_show(struct req *r)
{
	return reply_one(r, 200, req_param(r, "import_id"));
}

enum err
import_list(struct req *r)
{
	const struct viewer *v = front_viewer(r);
	const struct import_find *in = r->in;
	const int64_t limit = in->limit ? *in->limit : LIMIT_USUAL;
	const int64_t skip = in->skip ? *in->skip : 0;
	struct import_get_row *rows;
	struct import_out *out;
	size_t n;
	enum err e;

	if (v->all)
		e = q_import_list(r->db, &(struct import_list_in){ .viewer_all = true,
		    .limit = limit, .skip = skip }, &rows, &n);
	else
		e = q_import_list_own(r->db, &(struct import_list_own_in){
		    .viewer_account_id = v->account_id, .limit = limit,
		    .skip = skip }, &rows, &n);
	if (e)
		return e;
	out = arena_array(r->arena, struct import_out, n);
	for (size_t i = 0; i < n; i++)
		out[i] = fill(&rows[i]);
	return reply_list(r, out, n);
}

static enum err
reply_table(struct req *r, const struct import_row_list_row *rows, size_t n)
{
	struct buf *out = &r->body;

	*out = buf_make(r->arena, 100 + n * 80);
	csv_begin(out);
	for (size_t i = 0; i < 4; i++)
		csv_text(out, import_result_fields[i].name);
	csv_end(out);
	for (size_t i = 0; i < n; i++) {
		csv_int(out, rows[i].row_number);
		csv_text(out, rows[i].outcome);
		csv_text(out, rows[i].farmer_id);
		csv_text(out, rows[i].message);
		csv_end(out);
	}
	req_header(r, "Content-Disposition", arena_print(r->arena,
	    "attachment; filename=\"import-%s.csv\"", req_param(r, "import_id")));
	return reply_bytes(r, "text/csv; charset=utf-8", out->bytes, out->n);
}

static enum err
reply_rows(struct req *r, const struct import_row_list_row *rows, size_t n, bool more)
{
	struct import_result *items = arena_array(r->arena, struct import_result, n);
	struct import_rows out = { .rows = { items, n } };

	for (size_t i = 0; i < n; i++)
		items[i] = (struct import_result){ rows[i].row_number, rows[i].outcome,
			rows[i].farmer_id, rows[i].message };
	if (more)
		out.next = &rows[n - 1].row_number;
	return reply(r, 200, &out);
}

enum err
import_results(struct req *r)
{
	const struct viewer *v = front_viewer(r);
	const struct import_rows_find *in = r->in;
	const int64_t limit = in->limit ? *in->limit : ROWS_MAX;
	const char *import_id = req_param(r, "import_id");
	struct import_row_list_row *rows;
	struct import_get_row import;
	size_t n;
	enum err e = q_import_get(r->db, &(struct import_get_in){ .import_id = import_id,
	    .viewer_all = v->all, .viewer_account_id = v->account_id }, &import);

	if (e == ERR_MISSING)
		return fail(r, e, "Import not found");
	if (!e)
		e = q_import_row_list(r->db, &(struct import_row_list_in){
		    .import_id = import_id, .viewer_all = v->all,
		    .viewer_account_id = v->account_id, .wanted = in->outcome,
		    .after = in->after ? *in->after : 0, .limit = limit }, &rows, &n);
	if (!e)
		e = seen_rows(r, &(struct seen){ .module = "imports",
		    .action = "rows_result", .n = n,
		    .how = text_same(in->format, "csv") ? "csv" : "json",
		    .subject = import.import_id, .skip = in->after ? *in->after : 0 });
	if (e)
		return e;
	return text_same(in->format, "csv") ? reply_table(r, rows, n) :
	    reply_rows(r, rows, n, (int64_t)n == limit);
}
