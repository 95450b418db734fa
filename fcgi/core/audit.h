/* SPDX-License-Identifier: MIT */
#ifndef CORE_AUDIT_H
#define CORE_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "id.h"

struct db;
struct audit_insert_in;

/*
 * The audit of what was done. A row is written in the transaction of the action, so
 * one is never there without the other; what was only read is recorded through the
 * journal (journal.h). details, before and after are JSON objects (texts), or NULL;
 * never with a secret, an NRC or a birth date in them.
 */
struct audit_event {
	const char *level;	/* "INFO" when NULL; DEBUG, WARNING, ERROR */
	const char *module;	/* the noun: "farmers", "auth", "operators" */
	const char *action;	/* "create_success", "review", ... */
	const char *subject;	/* whom or what: a farmer_id, an e-mail, an id */
	const char *details, *before, *after;
};

/* Where an event comes from. */
struct audit_source {
	const char *endpoint;	/* path pattern, or the name of a command */
	const char *who, *role;	/* mark and roles of the viewer; NULL: nobody */
	const char *address, *request_id;
	int64_t now;		/* microseconds */
};

/* audit_write(db, source, event): Write one row. */
enum err audit_write(struct db *db, const struct audit_source *source,
    const struct audit_event *event);

/* audit_write_all(db, arena, source, list): Write many, without before and after. */
struct arena;
struct audit_list { const struct audit_event *events; size_t n; };
enum err audit_write_all(struct db *db, struct arena *arena,
    const struct audit_source *source, const struct audit_list *list);

/* audit_count(db, now): Count into the tally what was written more than AUDIT_LATE
 * before now, and take out of it what is younger, if the clock was set back; in a
 * transaction of its own. Only for the recorder, and only when it has nothing to move:
 * what is counted must not get more. */
enum err audit_count(struct db *db, int64_t now);

/* Until when rows go: technical ones that are no warning, those that are one, and the
 * audit of people's data (sql/audit.sql says which is which). */
struct audit_ages { int64_t info, error, audit; };

/* audit_purge(db, before, n): Forget a batch of older rows, in the caller's
 * transaction; *n gets how many. Only for the retention job. */
enum err audit_purge(struct db *db, const struct audit_ages *before, int64_t *n);

/* audit_row(source, event, id): The row of an event; its new id is put into id, and
 * its texts are those of source and event. */
struct audit_insert_in audit_row(const struct audit_source *source,
    const struct audit_event *event, char id[ID_TEXT]);

#endif
