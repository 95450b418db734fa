/* SPDX-License-Identifier: MIT */
#ifndef APP_IMPORT_DUMP_H
#define APP_IMPORT_DUMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "import.h"
#include "req.h"

struct arena;
struct db;
struct farmer_tally;
struct json;
struct shape;

/*
 * The records of an exported file, one after the other.
 */
struct import_records {
	const char *bytes;
	size_t size, at;
	int64_t number;
};

struct import_record {
	int64_t number;			/* 1 is the first of the file */
	const struct json *json;	/* to be freed; NULL: */
	const char *why;		/* what is wrong with it */
};

/* import_records_open(f, bytes, size): Begin at the first. */
void import_records_open(struct import_records *f, const char *bytes, size_t size);

/* import_records_next(f, a, record): The next one; false at the end. */
bool import_records_next(struct import_records *f, struct arena *a,
    struct import_record *record);

/* import_value(a, json): A scalar as text, out of its wrapper; NULL if it is none. The
 * text lives as long as json or a. */
const char *import_value(struct arena *a, const struct json *json);

/* import_time(json, t): A time as any of the versions writes it; false if it is none. */
bool import_time(const struct json *json, int64_t *t);

/* What an object says of the fields of a shape, as names and texts. */
enum { IMPORT_PAIRS = 128 };
struct import_pairs { struct path_pair *items; size_t n; };

/* import_pairs_of(a, shape, json, p): All of them; empty texts only where they are
 * required. */
void import_pairs_of(struct arena *a, const struct shape *shape,
    const struct json *json, struct import_pairs *p);

/* import_pairs_set(p, name, value): Another value; an empty one adds nothing. */
void import_pairs_set(struct import_pairs *p, const char *name, const char *value);

/* import_pairs_get(p, name): Its text, or "". */
const char *import_pairs_get(const struct import_pairs *p, const char *name);

/*
 * A dump under way: cem import cem. A collection's function looks at one record and
 * stores it, unless this is a dry run; what becomes of it is in verdict.
 */
enum import_verdict { IMPORT_TAKEN, IMPORT_THERE, IMPORT_REFUSED, IMPORT_VERDICTS };

struct import_dump {
	struct db *db;
	struct req r;			/* the code of registrations works for one */
	const char *collection, *id;	/* of the record in hand; id may be NULL */
	bool dry_run;
	struct farmer_tally *tally;	/* of the batch */
	const struct import_places *places;
	struct import_known *known;	/* names that the dump has brought so far */
};

/* import_refuse(d, why, ...): The record is refused; prints the reason, which holds
 * nothing of a person. */
enum import_verdict import_refuse(const struct import_dump *d, const char *why, ...)
    __attribute__((format(printf, 2, 3)));

/* import_note(d, words, ...): It is taken, but not all of it. */
void import_note(const struct import_dump *d, const char *words, ...)
    __attribute__((format(printf, 2, 3)));

/* import_known(d, kind, name), import_know(d, kind, name): Has this dump brought the
 * name, such as an account's id? Remember that it has. A dry run stores nothing, so the
 * database alone does not tell. */
bool import_known(const struct import_dump *d, const char *kind, const char *name);
void import_know(struct import_dump *d, const char *kind, const char *name);

/* import_times(d, json, created_at, updated_at): When the record was made, if need be by
 * its id, and changed. */
void import_times(const struct import_dump *d, const struct json *json,
    int64_t *created_at, int64_t *updated_at);

/* The collections; each needs d->id. ERR_... only if the database fails. */
enum err import_dump_ethnic(struct import_dump *d, const struct json *json,
    enum import_verdict *out);	/* import_office.c */
enum err import_dump_user(struct import_dump *d, const struct json *json,
    enum import_verdict *out);
enum err import_dump_operator(struct import_dump *d, const struct json *json,
    enum import_verdict *out);
enum err import_dump_supply(struct import_dump *d, const struct json *json,
    enum import_verdict *out);
enum err import_dump_farmer(struct import_dump *d, const struct json *json,
    enum import_verdict *out);	/* import_person.c */

/* import_cem(c): cem import cem; the exit status. */
struct command;
int import_cem(struct command *c);

#endif
