/* SPDX-License-Identifier: MIT */
/*
 * Shares are forgotten ninety days after their end, with the log of what was done
 * with them; the audit has it for longer.
 */
#include <stdio.h>

#include "clock.h"
#include "id.h"
#include "job.h"
#include "queries.h"

enum { KEEP_DAYS = 90 };

static enum err
forget(struct job *j, const char *share_id)
{
	int64_t n = 1;
	enum err e = OK;

	while (!e && n) {
		e = q_share_use_purge(j->db, &(struct share_use_purge_in){
		    .share_id = share_id }, &n);
		if (!e && n)
			e = job_step(j, NULL);
	}
	if (!e)
		e = q_share_purge(j->db, &(struct share_purge_in){
		    .share_id = share_id }, NULL);
	j->done++;
	return e ? e : job_step(j, NULL);
}

enum err
share_tidy(struct job *j)
{
	struct share_old_row *rows;
	char share_id[ID_TEXT];	/* a step empties the row's */
	size_t n = 1;
	enum err e = OK;

	while (!e && n) {
		e = q_share_old(j->db, &(struct share_old_in){
		    .before = j->now - KEEP_DAYS * CLOCK_DAY }, &rows, &n);
		if (e || !n)
			continue;
		(void)snprintf(share_id, sizeof(share_id), "%s", rows->share_id);
		e = forget(j, share_id);
	}
	return e;
}
