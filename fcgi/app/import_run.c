/* SPDX-License-Identifier: MIT */
/*
 * The job "import": register the farmers of a stored table. A step is a batch of rows:
 * they are read and checked as registrations, stored together, and what became of
 * each is written with them in the same transaction. The cursor is the place in the file
 * after the batch, so whoever goes on after a crash repeats no row and leaves none
 * out; which NRCs the rows before it had is read from the file again. While the server
 * stores a batch, the next is read and checked.
 */
#include <string.h>

#include "arena.h"
#include "db.h"
#include "farmer_tally.h"
#include "front.h"
#include "import.h"
#include "job.h"
#include "log.h"
#include "queries.h"
#include "store.h"
#include "text.h"

enum {
	BATCH = 2000,			/* rows of a step, or fewer when */
	STEP_BYTES = 16 * 1024 * 1024,	/* so much memory is in use */
	ROWS_MAX = 2000000,		/* of a file; there is memory for the NRCs */
	MEMORY = 64 * 1024 * 1024	/* of a step, and of what lasts a run */
};

/* A row of the batch and what becomes of it. */
struct item {
	int64_t row;
	const char *outcome, *farmer_id, *message;
	struct farmer_draft *draft;	/* of one that is to be stored */
};

struct batch {
	struct req r;		/* the code of registrations works for a request */
	struct arena *arena;
	struct item *items;
	size_t n, end;		/* end and last: where it ends in the file, and its */
	int64_t last;		/* last row */
	enum err e;
	bool begun;
};

struct run {
	struct job *j;
	struct import_task_row task;
	struct store_at file;	/* id is NULL once it is gone */
	struct batch batches[2];
	struct batch *batch, *next; /* next: the following, begun meanwhile */
	struct arena *memory;	/* of the NRCs, as long as the run */
	struct store_map map;
	struct csv_file csv;
	struct import_columns columns;
	struct import_form_of of;
	struct import_seen *seen;
};

/* The first row says what the columns are; asking found it to be good before the job
 * was queued. */
static enum err
open_table(struct run *run)
{
	struct csv_row row;
	const char *end = run->map.bytes + run->map.n, *p = run->map.bytes;
	int64_t n = 1;

	csv_open(&run->csv, run->map.bytes, run->map.n);
	if (!csv_next(&run->csv, run->batch->arena, &row) ||
	    import_head(&run->batch->r, &row, &run->columns))
		return ERR_BAD;
	for (; p < end && (p = memchr(p, '\n', (size_t)(end - p))); p++)
		n++;
	if (n > ROWS_MAX)
		return ERR_BIG;
	run->seen = import_seen_make(run->memory, n);
	return import_places_load(&run->batch->r, run->j->keep, &run->of.places);
}

/* Remember the NRC of the row, which was taken before; what else it says may be wrong by
 * now, as somebody may have added a place of the same name. */
static enum err
see_row(void *context, const struct import_row_taken_row *taken)
{
	struct run *run = context;
	struct req *r = &run->batch->r;
	struct farmer_form form;
	struct csv_row cells;

	while (run->csv.row < taken->row_number) {
		arena_reset(r->arena);
		if (!csv_next(&run->csv, r->arena, &cells))
			return ERR_BROKEN;
	}
	(void)import_read(r, &run->of, &cells, &form);
	if (!form.personal_info || !form.personal_info->nrc)
		return ERR_BROKEN;
	import_seen_add(run->seen, form.personal_info->nrc, cells.number);
	return OK;
}

/* "OFFSET ROW": where the last step ended, and the number of its last row. */
static bool
read_cursor(const struct run *run, int64_t *at, int64_t *row)
{
	const char *cursor = run->j->cursor, *blank = strchr(cursor, ' ');

	return blank && text_number(blank + 1, 1, ROWS_MAX, row) &&
	    text_number(arena_copy(run->j->arena, cursor, (size_t)(blank - cursor)), 0,
	    (int64_t)run->map.n, at);
}

/* The request that a step works for, which begins now. */
static void
stamp(struct run *run, struct batch *b)
{
	job_req(run->j, &b->r);
	b->r.arena = b->r.faults.arena = b->arena;
}

static void
begin(struct run *run, struct batch *b)
{
	arena_reset(b->arena);
	stamp(run, b);
	b->items = arena_array(b->arena, struct item, BATCH);
	b->n = 0;
	b->e = OK;
	b->begun = true;
}

static enum err
go_on(struct run *run)
{
	int64_t at, row;
	enum err e;

	if (!*run->j->cursor)
		return OK;
	if (!read_cursor(run, &at, &row))
		return ERR_BROKEN;
	e = q_import_row_taken(run->j->db, &(struct import_row_taken_in){
	    .import_id = run->j->id }, see_row, run);
	run->csv.at = (size_t)at;
	run->csv.row = row;
	return e;
}

/* What is wrong with a row is its result; anything else is a failure of the job. */
static enum err
refuse(const struct req *r, struct item *item, enum err e)
{
	if (e != ERR_BAD && e != ERR_INVALID && e != ERR_DENIED)
		return e;
	item->outcome = e == ERR_DENIED ? "denied" : "invalid";
	item->message = r->detail;
	return OK;
}

static void
note_taken(struct req *r, struct item *item, const char *farmer_id)
{
	item->outcome = "duplicate";
	item->farmer_id = farmer_id;
	item->message = arena_print(r->arena,
	    "The farmer with this NRC is registered already: %s", farmer_id);
}

/* Is the NRC there already: in the file, or, when nothing is to be stored, in the
 * register? Otherwise storing tells. */
static enum err
look_for(struct run *run, struct req *r, struct item *item, const char *nrc)
{
	struct farmer_by_nrc_row *found = NULL;
	int64_t row = import_seen_row(run->seen, nrc);
	enum err e = OK;

	if (row) {
		item->outcome = "duplicate";
		item->message = arena_print(r->arena,
		    "The NRC is that of row %lld", (long long)row);
		return OK;
	}
	if (run->task.is_dry_run)
		e = farmer_by_nrc(r, nrc, &found);
	if (found)
		note_taken(r, item, found->farmer_id);
	else
		import_seen_add(run->seen, nrc, item->row);
	return e;
}

static enum err
look(struct run *run, struct req *r, const struct csv_row *row, struct item *item)
{
	struct farmer_draft *draft = arena_take(r->arena, sizeof(*draft));
	struct farmer_form form;
	enum err e;

	*item = (struct item){ .row = row->number, .outcome = "ok" };
	e = import_read(r, &run->of, row, &form);
	if (!e)
		e = farmer_prepare(r, &form, draft);
	if (e)
		return refuse(r, item, e);
	e = look_for(run, r, item, draft->nrc);
	if (!e && !run->task.is_dry_run && text_same(item->outcome, "ok"))
		item->draft = draft;
	return e;
}

/* The next row of a batch; false if it has as many as a step holds. */
static bool
read_row(struct run *run, struct batch *b)
{
	struct csv_row row;

	if (b->e || b->n == BATCH || arena_used(b->arena) >= STEP_BYTES ||
	    !csv_next(&run->csv, b->arena, &row))
		return false;
	if (!csv_is_blank(&row))
		b->e = look(run, &b->r, &row, &b->items[b->n++]);
	return true;
}

/* While the server is at work: db_meanwhile. */
static bool
read_next(void *context)
{
	struct run *run = context;

	if (run->csv.at >= run->csv.size)
		return false;
	if (!run->next->begun)
		begin(run, run->next);
	return read_row(run, run->next);
}

/* Who sees all districts needs no statement for a row, so it can be read meanwhile. */
static bool
reads_on(const struct run *run)
{
	return run->j->viewer.all && !run->task.is_dry_run;
}

/* What was read before the step began is of its time all the same. */
static void
read_batch(struct run *run)
{
	struct batch *b = run->batch;

	if (!b->begun)
		begin(run, b);
	while (read_row(run, b))
		;
	b->end = run->csv.at;
	b->last = run->csv.row;
	stamp(run, b);
	for (size_t i = 0; i < b->n; i++)
		if (b->items[i].draft)
			b->items[i].draft->created_at = b->items[i].draft->row.now =
			    b->r.now;
}

static enum err
store_batch(struct run *run)
{
	struct batch *b = run->batch;
	struct req *r = &b->r;
	struct farmer_tally *tally = farmer_tally_begin(b->arena);
	struct farmer_draft **drafts = arena_array(b->arena, struct farmer_draft *,
	    BATCH);
	struct item **of = arena_array(b->arena, struct item *, BATCH);
	const char **taken = arena_array(b->arena, const char *, BATCH);
	size_t n = 0, n_stored = 0;
	enum err e;

	for (size_t i = 0; i < b->n; i++) {
		if (!b->items[i].draft)
			continue;
		of[n] = &b->items[i];
		drafts[n++] = b->items[i].draft;
	}
	farmer_seal_all(r, drafts, n);
	e = farmer_store_all(r, drafts, n, taken);
	for (size_t i = 0; i < n && !e; i++) {
		if (taken[i]) {
			note_taken(r, of[i], taken[i]);
			continue;
		}
		of[i]->farmer_id = drafts[i]->row.farmer_id;
		drafts[n_stored++] = drafts[i];
	}
	if (!e)
		e = farmer_complete_all(r, drafts, n_stored, tally);
	return e ? e : farmer_tally_write(tally, run->j->db);
}

static int64_t *
count_of(struct import_task_row *task, const char *outcome)
{
	return text_same(outcome, "ok") ? &task->n_ok :
	    text_same(outcome, "duplicate") ? &task->n_duplicate :
	    text_same(outcome, "denied") ? &task->n_denied : &task->n_invalid;
}

/* PostgreSQL takes all of them at once. */
static enum err
write_rows(struct run *run)
{
	const struct batch *b = run->batch;
	const bool at_once = db_is_pgsql(run->j->db);
	struct import_row_copy_in *rows = arena_array(b->arena,
	    struct import_row_copy_in, at_once ? b->n : 0);
	enum err e = OK;

	for (size_t i = 0; i < b->n && !e; i++) {
		const struct item *item = &b->items[i];

		if (at_once)
			rows[i] = (struct import_row_copy_in){
			    .import_id = run->j->id, .row_number = item->row,
			    .outcome = item->outcome, .farmer_id = item->farmer_id,
			    .message = item->message };
		else
			e = q_import_row_insert(run->j->db,
			    &(struct import_row_insert_in){
			    .import_id = run->j->id, .row_number = item->row,
			    .outcome = item->outcome, .farmer_id = item->farmer_id,
			    .message = item->message });
	}
	return e || !at_once || !b->n ? e :
	    q_import_row_copy(run->j->db, rows, b->n);
}

static enum err
write_results(struct run *run)
{
	const struct batch *b = run->batch;
	enum err e = write_rows(run);

	for (size_t i = 0; i < b->n; i++)
		++*count_of(&run->task, b->items[i].outcome);
	return e ? e : q_import_count(run->j->db, &(struct import_count_in){
	    .import_id = run->j->id, .n_ok = run->task.n_ok,
	    .n_duplicate = run->task.n_duplicate, .n_invalid = run->task.n_invalid,
	    .n_denied = run->task.n_denied });
}

/* One batch and the cursor behind it. */
static enum err
step(struct run *run)
{
	struct batch *b = run->batch;
	struct job *j = run->j;
	enum err e;

	if (b->begun && !reads_on(run)) { /* checked for one who saw more */
		log_write(LOG_WARN, "import id=%s: who asked sees less now", j->id);
		return ERR_DOWN; /* to be tried again */
	}
	read_batch(run);
	e = b->e;
	if (reads_on(run))
		db_meanwhile(j->db, read_next, run);
	if (!e && !run->task.is_dry_run)
		e = store_batch(run);
	if (!e)
		e = write_results(run);
	db_meanwhile(j->db, NULL, NULL);
	j->done = (int64_t)b->end;
	if (!e)
		e = job_step(j, arena_print(j->arena, "%zu %lld", b->end,
		    (long long)b->last));
	b->begun = false;
	run->batch = run->next;
	run->next = b;
	return e;
}

static const char *
counts(struct run *run)
{
	const struct import_task_row *t = &run->task;

	return arena_print(run->j->keep, "{\"dry_run\":%s,\"ok\":%lld,"
	    "\"duplicate\":%lld,\"invalid\":%lld,\"denied\":%lld}",
	    t->is_dry_run ? "true" : "false", (long long)t->n_ok,
	    (long long)t->n_duplicate, (long long)t->n_invalid, (long long)t->n_denied);
}

/* The end of the import, as a step of its own: the bytes may only go after it. */
static enum err
finish(struct run *run, const char *refusal)
{
	struct job *j = run->j;
	enum err e = q_import_end(j->db, &(struct import_end_in){ .import_id = j->id,
	    .now = j->now, .refusal = refusal }, NULL);

	begin(run, run->batch);
	if (!e)
		e = front_audit(&run->batch->r, &(struct audit_event){
		    .module = "imports",
		    .action = refusal ? "import_refused" : "import_done",
		    .subject = j->id, .details = counts(run),
		    .level = refusal ? "WARNING" : "INFO" });
	if (!e)
		e = job_step(j, NULL);
	if (!e)
		log_write(LOG_INFO, "import done id=%s ok=%lld duplicate=%lld "
		    "invalid=%lld denied=%lld", j->id, (long long)run->task.n_ok,
		    (long long)run->task.n_duplicate, (long long)run->task.n_invalid,
		    (long long)run->task.n_denied);
	return e;
}

/* First the bytes, then their name: a crash between leaves nothing that is not known. */
static enum err
drop_file(struct run *run)
{
	enum err e = run->file.id ? store_remove(&run->file) : OK;

	if (!e)
		e = q_import_forget_file(run->j->db, &(struct import_forget_file_in){
		    .import_id = run->j->id }, NULL);
	return e || !run->file.id ? e : store_forget(run->j->db, run->file.id);
}

/* All rows, from where the last run was stopped. */
static enum err
work(struct run *run)
{
	enum err e = go_on(run);

	while (!e && (run->batch->begun || run->csv.at < run->csv.size))
		e = step(run);
	return e ? e : finish(run, NULL);
}

/* Why the file can't be opened, now or ever; NULL: that may pass. */
static const char *
hopeless(enum err e)
{
	return e == ERR_MISSING ? "the file is gone: send it again" :
	    e == ERR_BAD ? "the columns are not those of farmers" :
	    e == ERR_BIG ? "the file has too many rows" : NULL;
}

static enum err
run_task(struct run *run)
{
	struct job *j = run->j;
	const char *words = run->task.refusal;
	enum err e = OK;

	if (!run->task.finished_at) {
		e = run->file.id ? store_map(&run->file,
		    (size_t)IMPORT_MB * 1024 * 1024, &run->map) : ERR_MISSING;
		if (!e)
			e = open_table(run);
		words = hopeless(e);
		e = !e ? work(run) : words ? finish(run, words) : e;
		store_unmap(&run->map);
	}
	if (!e)
		e = drop_file(run);
	if (!e && words)
		e = job_step(j, NULL);
	if (!e)
		j->result = counts(run);
	return !e && words ? job_refuse(j, words) : e;
}

enum err
import_run(struct job *j)
{
	struct run run = { .j = j };
	enum err e = q_import_task(j->db, &(struct import_task_in){ .import_id = j->id },
	    &run.task);

	if (e)
		return e == ERR_MISSING ? job_refuse(j, "there is no such import") : e;
	if (!run.task.account_id)
		j->viewer = import_host; /* asked for on the host itself */
	if (run.task.object_id)
		run.file = store_at_keep(j->keep, &(struct store_at){
		    .id = run.task.object_id, .in = run.task.stored_in,
		    .key = run.task.object_key, .version = run.task.object_version,
		    .sha256 = run.task.sha256, .md5 = run.task.md5,
		    .size = *run.task.file_size });
	run.task.refusal = arena_text(j->keep, run.task.refusal);
	run.of.columns = &run.columns;
	run.memory = arena_make(MEMORY, NULL);
	for (int i = 0; i < 2; i++)
		run.batches[i].arena = arena_make(MEMORY, NULL);
	run.batch = &run.batches[0];
	run.next = &run.batches[1];
	stamp(&run, run.batch);
	db_bulk(j->db, true);
	e = run_task(&run);
	db_bulk(j->db, false);
	for (int i = 0; i < 2; i++)
		arena_end(run.batches[i].arena);
	arena_end(run.memory);
	return e;
}
