/* SPDX-License-Identifier: MIT */
/*
 * The kind "ping": a job that only counts, to see whether jobs are done, how fast, and
 * that each step counts once whatever happens to its worker. Without an input it has no
 * steps. With "STEPS PAUSE_MS" each step leaves a row in the audit and then pauses, and
 * their number is the result.
 */
#include <poll.h>
#include <string.h>

#include "arena.h"
#include "audit.h"
#include "job.h"
#include "text.h"

enum { STEPS_MAX = 100000, PAUSE_MAX = 60000 };

static bool
read_input(struct job *j, int64_t *steps, int64_t *pause_ms)
{
	const char *blank = strchr(j->input, ' ');

	*steps = *pause_ms = 0;
	if (!*j->input)
		return true;
	return blank && text_number(arena_copy(j->keep, j->input,
	    (size_t)(blank - j->input)), 0, STEPS_MAX, steps) &&
	    text_number(blank + 1, 0, PAUSE_MAX, pause_ms);
}

enum err
job_ping(struct job *j)
{
	int64_t steps, pause_ms;
	enum err e = OK;

	if (!read_input(j, &steps, &pause_ms))
		return job_refuse(j, "a ping takes STEPS and PAUSE_MS");
	j->total = steps;
	while (!e && j->done < steps) {
		j->done++;
		e = audit_write(j->db, &(struct audit_source){
		    .endpoint = "job ping", .now = j->now }, &(struct audit_event){
		    .module = "jobs", .action = "ping",
		    .details = arena_print(j->arena, "{\"job_id\":\"%s\",\"step\":%lld}",
		    j->id, (long long)j->done) });
		if (!e)
			e = job_step(j, NULL);
		if (!e)
			(void)poll(NULL, 0, (int)pause_ms);
	}
	if (steps)
		j->result = arena_print(j->keep, "{\"steps\":%lld}", (long long)steps);
	return e;
}
