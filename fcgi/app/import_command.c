/* SPDX-License-Identifier: MIT */
/*
 * cem import farmers: the import of a file on the host, by the code of the job, here and
 * now. The file is put into the store and queued as if it had been sent in, and taken
 * in the same transaction: so it is seen among the jobs, and when this process dies a
 * worker goes on with it, or the same command said again.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "command.h"
#include "db.h"
#include "import_dump.h"
#include "job.h"
#include "job_run.h"
#include "login.h"
#include "queries.h"
#include "req.h"
#include "session.h"
#include "store.h"
#include "text.h"

enum { PAGE = 500, STEP_PERCENT = 5, MEMORY = 64 * 1024 * 1024 };

const struct viewer import_host = { .is_admin = true, .all = true,
	.mark = "command line" };

/* What is to be done. */
struct errand {
	struct command *c;
	struct db *db;
	struct req r;		/* queueing works for a request */
	struct viewer viewer;
	const char *path, *import_id;
	int fd;
	size_t size;
	bool dry_run;
};

static int
complain(const char *what, const char *why)
{
	fprintf(stderr, "cem: %s: %s\n", what, why);
	return 1;
}

/* Opened before root's rights go: the file may be root's. */
static bool
open_file(struct errand *x)
{
	struct stat st;

	x->fd = open(x->path, O_RDONLY | O_CLOEXEC);
	if (x->fd < 0 || fstat(x->fd, &st) != 0) {
		(void)complain(x->path, strerror(errno));
		return false;
	}
	x->size = (size_t)st.st_size;
	if (S_ISREG(st.st_mode) && st.st_size > 0 &&
	    st.st_size <= (off_t)IMPORT_MB * 1024 * 1024)
		return true;
	(void)complain(x->path, "is not a file of 1 byte to 50 MB");
	return false;
}

/* For whom: an account that may register farmers, or the host itself. */
static bool
find_viewer(struct errand *x, const char *email)
{
	struct account_by_email_row row;

	x->viewer = import_host;
	if (!email)
		return true;
	if (login_get(x->db, email, &row) ||
	    session_account(x->db, row.account_id, &x->viewer) ||
	    (!x->viewer.is_admin && !x->viewer.is_operator)) {
		(void)complain(email, "is no account that may register farmers");
		return false;
	}
	return true;
}

/* Refuse a wrong table before anything is stored. */
static bool
check_table(struct errand *x)
{
	char *p = mmap(NULL, x->size, PROT_READ, MAP_PRIVATE, x->fd, 0);
	struct import_columns columns;
	struct csv_file csv;
	struct csv_row row;
	enum err e = ERR_BROKEN;

	if (p != MAP_FAILED) {
		csv_open(&csv, p, x->size);
		if (csv_next(&csv, x->r.arena, &row))
			e = import_head(&x->r, &row, &columns);
		(void)munmap(p, x->size); /* our own mapping: can't fail */
	}
	if (e)
		(void)complain(x->path, x->r.detail ? x->r.detail : "can't be read");
	return !e;
}

/* The same file, asked for by the same and not finished: go on with that. */
static enum err
find_unfinished(struct errand *x, const struct store_object *o)
{
	struct import_unfinished_row *rows;
	size_t n;
	enum err e = q_import_unfinished(x->db, &(struct import_unfinished_in){
	    .sha256 = o->sha256, .is_dry_run = x->dry_run,
	    .account_id = x->viewer.account_id }, &rows, &n);

	if (!e && n)
		x->import_id = arena_text(x->c->arena, rows->import_id);
	return e;
}

static enum err
put(struct errand *x, struct store_object *o)
{
	enum err e = store_begin(o);

	if (!e)
		e = store_hide(o);
	if (!e)
		e = store_take(o, x->fd, 0, x->size);
	return e ? e : store_keep(o);
}

static const char *
base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void
tell(void *context, const struct job *j)
{
	int64_t *told = context;
	int64_t percent = j->total ? j->done * 100 / j->total : 100;

	if (percent < *told + STEP_PERCENT)
		return;
	*told = percent;
	fprintf(stderr, "%lld%%\n", (long long)percent);
}

/* Do the job, or wait for who does it, till it has ended. */
static enum err
do_job(struct errand *x, struct job_run *run, struct import_get_row *row)
{
	int64_t told = 0;
	bool waits = false;

	for (;;) {
		enum err e = job_run_one(run, x->import_id, tell, &told), found;

		db_arena(x->db, x->c->arena);
		found = q_import_get(x->db, &(struct import_get_in){
		    .import_id = x->import_id, .viewer_all = true }, row);
		if (found)
			return found;
		if (!text_same(row->job_state, "queued") &&
		    !text_same(row->job_state, "running"))
			return OK;
		if (e && !waits)
			fputs("cem: waiting for another process that has this import\n",
			    stderr);
		waits = e != OK;
		(void)sleep(1); /* a signal may end it early */
	}
}

/* Queue it, or find it, and see it through. */
static enum err
work(struct errand *x, struct import_get_row *row)
{
	struct store_object o;
	struct job_run *run = job_run_open(x->db, NULL);
	bool begun;
	enum err e = put(x, &o);

	if (!e)
		e = find_unfinished(x, &o);
	db_intend(x->db);
	begun = x->import_id != NULL;
	if (!e && !begun)
		e = import_queue(&x->r, &(struct import_new){ .file = &o,
		    .file_name = base_name(x->path), .dry_run = x->dry_run },
		    &x->import_id);
	if (e)
		db_rollback(x->db);
	x->import_id = arena_text(x->c->arena, x->import_id);
	if (!e)
		e = do_job(x, run, row);
	if (begun || e == ERR_MISSING || !x->import_id)
		store_drop(&o); /* there is no import of it */
	return e;
}

/* Those rows that were not taken. */
static enum err
print_rows(struct errand *x)
{
	struct import_row_list_row *rows;
	int64_t after = 0;
	size_t n = PAGE;
	enum err e = OK;

	while (!e && n == PAGE) {
		arena_reset(x->r.arena);
		db_arena(x->db, x->r.arena);
		e = q_import_row_list(x->db, &(struct import_row_list_in){
		    .import_id = x->import_id, .viewer_all = true, .after = after,
		    .limit = PAGE }, &rows, &n);
		for (size_t i = 0; i < n && !e; i++) {
			after = rows[i].row_number;
			if (!text_same(rows[i].outcome, "ok"))
				printf("row %lld\t%s\t%s\n", (long long)after,
				    rows[i].outcome, rows[i].message);
		}
	}
	return e;
}

static int
report(struct errand *x, const struct import_get_row *row)
{
	const bool whole = row->finished_at && !row->refusal;

	if (row->n_duplicate + row->n_invalid + row->n_denied > 0 && print_rows(x))
		return 1;
	printf("%s: %lld %s, %lld there already, %lld invalid, %lld denied; "
	    "import %s%s%s\n", x->path, (long long)row->n_ok,
	    row->is_dry_run ? "would be registered" : "registered",
	    (long long)row->n_duplicate, (long long)row->n_invalid,
	    (long long)row->n_denied, x->import_id, whole ? "" : " not finished: ",
	    whole ? "" : row->refusal ? row->refusal : row->job_state);
	return !whole || row->n_invalid || row->n_denied;
}

static int
import_farmers(struct command *c)
{
	struct errand x = { .c = c, .dry_run = command_flag(c, "--dry-run") };
	const char *email = command_option(c, "--as");
	struct import_get_row row;
	enum err e;

	if (c->argc != 2)
		return command_usage(
		    "import farmers FILE.csv [--dry-run] [--as EMAIL]");
	x.path = c->argv[1];
	if (!open_file(&x) || command_open(c, &x.db))
		return 1;
	x.r = (struct req){ .arena = arena_make(MEMORY, NULL), .db = x.db,
		.method = "POST", .path = "cem import farmers", .query = "",
		.now = clock_now(), .who = &x.viewer, .file = { .fd = -1 } };
	x.r.faults.arena = x.r.arena;
	if (!find_viewer(&x, email) || !check_table(&x))
		return 1;
	e = work(&x, &row);
	return e ? complain(x.path, "could not be imported; the log says why") :
	    report(&x, &row);
}

int
command_import(struct command *c)
{
	const char *what = c->argc ? c->argv[0] : "";

	if (text_same(what, "farmers"))
		return import_farmers(c);
	if (text_same(what, "cem"))
		return import_cem(c);
	return command_usage("import farmers FILE.csv [--dry-run] [--as EMAIL]\n"
	    "import cem FOLDER [--dry-run]");
}
