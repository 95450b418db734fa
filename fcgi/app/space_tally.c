/* SPDX-License-Identifier: MIT */
/*
 * The figures of organisations, written in the transaction of every change, and once a
 * day compared with the files themselves (job "usage"; `cem check space`). The register's
 * own files are only counted then: nothing hangs on their sum.
 */
#include "clock.h"
#include "command.h"
#include "db.h"
#include "job.h"
#include "log.h"
#include "queries.h"
#include "space_tally.h"

static int64_t
bytes_of(const struct space_change *c)
{
	return c->live_bytes + c->version_bytes + c->trash_bytes;
}

enum err
space_count(struct db *db, const char *organisation_id, const struct space_change *c)
{
	int64_t n;
	enum err e = q_space_count(db, &(struct space_count_in){
	    .organisation_id = organisation_id, .used_bytes = bytes_of(c),
	    .live_files = c->live_files, .live_bytes = c->live_bytes,
	    .version_files = c->version_files, .version_bytes = c->version_bytes,
	    .trash_files = c->trash_files, .trash_bytes = c->trash_bytes }, &n);

	return !e && !n ? ERR_BIG : e;
}

static void
tell(const struct space_drift_row *d)
{
	log_write(LOG_ERROR, "figures put right: organisation=%s lacked %lld bytes; "
	    "live %lld (%lld bytes), versions %lld (%lld bytes), trash %lld (%lld bytes)",
	    d->organisation_id, (long long)d->used_bytes, (long long)d->live_files,
	    (long long)d->live_bytes, (long long)d->version_files,
	    (long long)d->version_bytes, (long long)d->trash_files,
	    (long long)d->trash_bytes);
}

/* Adding what lacks stays right while others go on changing files. */
static enum err
mend(struct db *db, struct arena *a, size_t *n)
{
	struct space_drift_row *rows;
	enum err e = q_space_mend_hold(db, NULL);

	(void)a; /* the database's is enough */
	*n = 0;
	if (!e)
		e = q_space_drift(db, &rows, n);
	for (size_t i = 0; i < *n && !e; i++) {
		const struct space_drift_row *d = &rows[i];

		tell(d);
		e = q_space_mend(db, &(struct space_mend_in){
		    .organisation_id = d->organisation_id,
		    .used_bytes = d->used_bytes,
		    .live_files = d->live_files, .live_bytes = d->live_bytes,
		    .version_files = d->version_files,
		    .version_bytes = d->version_bytes,
		    .trash_files = d->trash_files, .trash_bytes = d->trash_bytes });
	}
	if (!e)
		e = q_file_figure_clear(db);
	return e ? e : q_file_figure_count(db, &(struct file_figure_count_in){
	    .now = clock_now() });
}

/* Every day by itself; what was put right is in the log, and the job says of how many
 * organisations. */
enum err
space_tally_check(struct job *j)
{
	size_t n;
	enum err e = mend(j->db, j->arena, &n);

	j->done = (int64_t)n;
	return e;
}

int
command_space_check(struct command *c)
{
	return command_mend(c, mend, "organisations' figures", "files");
}
