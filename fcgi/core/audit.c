/* SPDX-License-Identifier: MIT */
/*
 * Writing the audit, counting it and forgetting it. A row's id begins with its time, so
 * the key gives both the order and any span of time.
 *
 * The tally has the number of rows of each kind. Were it kept by all who write, they
 * would wait for each other at its few rows; so the recorder counts what is AUDIT_LATE
 * old, by which time every transaction that could add to it has ended, and whoever
 * asks counts the rest.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "audit.h"
#include "clock.h"
#include "db.h"
#include "queries.h"
#include "text.h"

#define AUDIT_LATE (10 * CLOCK_MINUTE)

enum {
	KINDS_MAX = 200,
	BACK_MAX = 20000	/* rows that are counted back */
};

/* Who began long ago (a long job) writes now: the tally counts on it. */
static int64_t
time_of(const struct audit_source *source)
{
	const int64_t now = clock_now();

	return now - source->now < CLOCK_MINUTE ? source->now : now;
}

struct audit_insert_in
audit_row(const struct audit_source *source, const struct audit_event *event,
    char id[ID_TEXT])
{
	const int64_t t = time_of(source);

	id_make_at(t, id);
	return (struct audit_insert_in){
		.audit_id = id, .logged_at = t,
		.level = event->level ? event->level : "INFO",
		.module = event->module, .action = event->action,
		.endpoint = source->endpoint, .user_id = source->who,
		.role = source->role, .subject = event->subject,
		.details = event->details, .before_values = event->before,
		.after_values = event->after, .ip_address = source->address,
		.request_id = source->request_id };
}

enum err
audit_write(struct db *db, const struct audit_source *source,
    const struct audit_event *event)
{
	char id[ID_TEXT];
	const struct audit_insert_in row = audit_row(source, event, id);
	int64_t n;
	enum err e = q_audit_insert(db, &row, &n);

	return e || n ? e : ERR_CONFLICT; /* two of one id: 40 random bits were one */
}

static struct audit_copy_in
copy_of(const struct audit_insert_in *row)
{
	return (struct audit_copy_in){
		.audit_id = row->audit_id, .logged_at = row->logged_at,
		.level = row->level, .module = row->module, .action = row->action,
		.endpoint = row->endpoint, .user_id = row->user_id, .role = row->role,
		.subject = row->subject, .details = row->details,
		.before_values = row->before_values, .after_values = row->after_values,
		.ip_address = row->ip_address, .request_id = row->request_id };
}

/* PostgreSQL takes all of them at once, at a tenth of the price. */
enum err
audit_write_all(struct db *db, struct arena *arena, const struct audit_source *source,
    const struct audit_list *list)
{
	const bool at_once = db_is_pgsql(db);
	struct audit_copy_in *rows = arena_array(arena, struct audit_copy_in,
	    at_once ? list->n : 0);
	enum err e = OK;

	for (size_t i = 0; i < list->n && !e; i++) {
		char *id = at_once ? arena_take(arena, ID_TEXT) : NULL;
		struct audit_insert_in row;

		if (!at_once) {
			e = audit_write(db, source, &list->events[i]);
			continue;
		}
		row = audit_row(source, &list->events[i], id);
		rows[i] = copy_of(&row);
	}
	return e || !at_once || !list->n ? e : q_audit_copy(db, rows, list->n);
}

/* Count up to an id, or back to it. A clock that is years behind would have all rows
 * counted back, and anew when it is right again: then they stay counted. */
static enum err
count_to(struct db *db, const char *upto)
{
	struct audit_count_young_row young;
	enum err e = q_audit_count_alone(db, NULL);

	if (!e)
		e = q_audit_count_young(db, &(struct audit_count_young_in){
		    .upto_id = upto, .limit = BACK_MAX + 1 }, &young);
	if (e || young.n > BACK_MAX)
		return e;
	e = q_audit_count(db, &(struct audit_count_in){ .upto_id = upto }, NULL);
	if (!e)
		e = q_audit_count_back(db, &(struct audit_count_back_in){
		    .upto_id = upto }, NULL);
	return e ? e : q_audit_count_done(db, &(struct audit_count_done_in){
	    .upto_id = upto }, NULL);
}

enum err
audit_count(struct db *db, int64_t now)
{
	char upto[ID_TEXT];
	enum err e = db_begin(db);

	id_least(now - AUDIT_LATE, upto);
	if (!e)
		e = count_to(db, upto);
	if (!e)
		return db_commit(db);
	db_rollback(db);
	return e;
}

/* The id before which rows go: of time t, but nothing that is not counted yet. */
static const char *
cut(int64_t t, const char *counted, char out[ID_TEXT])
{
	id_least(t, out);
	return strcmp(out, counted) < 0 ? out : counted;
}

static int
in_order(const void *a, const void *b)
{
	const struct audit_uncount_in *x = a, *y = b;
	const int by_level = strcmp(x->level, y->level);

	return by_level ? by_level : strcmp(x->module, y->module);
}

/* Take the rows off the tally, in the order of its key, as the recorder counts: so
 * neither waits for the other crosswise. */
static enum err
uncount(struct db *db, const struct audit_purge_row *rows, size_t n)
{
	struct audit_uncount_in kinds[KINDS_MAX];
	size_t n_kinds = 0, k;
	enum err e = OK;

	for (size_t i = 0; i < n; i++) {
		for (k = 0; k < n_kinds; k++)
			if (text_same(kinds[k].level, rows[i].level) &&
			    text_same(kinds[k].module, rows[i].module))
				break;
		if (k == KINDS_MAX)
			return ERR_BROKEN; /* there are not as many words for them */
		if (k == n_kinds)
			kinds[n_kinds++] = (struct audit_uncount_in){
				.level = rows[i].level, .module = rows[i].module };
		kinds[k].n++;
	}
	qsort(kinds, n_kinds, sizeof(kinds[0]), in_order);
	for (k = 0; k < n_kinds && !e; k++)
		e = q_audit_uncount(db, &kinds[k], NULL);
	return e;
}

enum err
audit_purge(struct db *db, const struct audit_ages *before, int64_t *n)
{
	char info[ID_TEXT], error[ID_TEXT], audit[ID_TEXT];
	struct audit_counted_row counted;
	struct audit_purge_row *rows;
	size_t n_rows = 0;
	enum err e = q_audit_counted(db, &counted);

	if (!e)
		e = q_audit_purge(db, &(struct audit_purge_in){
		    .info_before = cut(before->info, counted.counted_id, info),
		    .error_before = cut(before->error, counted.counted_id, error),
		    .audit_before = cut(before->audit, counted.counted_id, audit),
		    .info_time = before->info, .error_time = before->error,
		    .audit_time = before->audit }, &rows, &n_rows);
	*n = (int64_t)n_rows;
	return e ? e : uncount(db, rows, n_rows);
}
