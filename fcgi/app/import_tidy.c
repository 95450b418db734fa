/* SPDX-License-Identifier: MIT */
/*
 * What imports leave behind: the files of those whose job died or was cancelled, which
 * hold NRCs in clear, go after a day, in which an administrator may have the job tried
 * again; the results of rows go after ninety days.
 */
#include "arena.h"
#include "clock.h"
#include "import.h"
#include "job.h"
#include "queries.h"
#include "store.h"

enum { FILE_DAYS = 1, RESULT_DAYS = 90 };

static enum err
drop_files(struct job *j)
{
	struct import_leftover_row *rows;
	size_t n;
	enum err e = q_import_leftover(j->db, &(struct import_leftover_in){
	    .before = j->now - FILE_DAYS * CLOCK_DAY }, &rows, &n);

	for (size_t i = 0; i < n && !e; i++) {
		e = store_remove(&STORE_AT(&rows[i]));
		if (!e)
			e = q_import_forget_file(j->db, &(struct import_forget_file_in){
			    .import_id = rows[i].import_id }, NULL);
		if (!e)
			e = store_forget(j->db, rows[i].object_id);
	}
	return e ? e : job_step(j, NULL);
}

/* The rows of one import, some at a time, and then itself. */
static enum err
drop_results(struct job *j, const char *import_id)
{
	int64_t n = 1;
	enum err e = OK;

	while (!e && n) {
		e = q_import_row_purge(j->db, &(struct import_row_purge_in){
		    .import_id = import_id }, &n);
		if (!e && n)
			e = job_step(j, NULL);
	}
	if (!e)
		e = q_import_purge(j->db, &(struct import_purge_in){
		    .import_id = import_id }, NULL);
	return e ? e : job_step(j, NULL);
}

enum err
import_tidy(struct job *j)
{
	struct import_old_row *rows;
	size_t n = 1;
	enum err e = drop_files(j);

	while (!e && n) {
		e = q_import_old(j->db, &(struct import_old_in){
		    .before = j->now - RESULT_DAYS * CLOCK_DAY }, &rows, &n);
		if (!e && n)
			e = drop_results(j, arena_text(j->keep, rows->import_id));
	}
	return e;
}
