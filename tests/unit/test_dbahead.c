/* SPDX-License-Identifier: MIT */
/*
 * Asking ahead, and going on with a guess: on SQLite, where neither is done, and on
 * PostgreSQL when TEST_PG_URL names a database that may be emptied.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "conf.h"
#include "db.h"
#include "db_test.h"
#include "log.h"

#include "postgres.h"
#include "test.h"

struct conf conf;

static const struct person_get_in one = { .person_id = "p1", .viewer_all = true };
static const struct person_get_in none = { .person_id = "none", .viewer_all = true };
static const struct person_list_in all = { .after_name = "", .viewer_all = true,
	.limit = 10 };

static void
add(struct db *db, const char *id, const char *name)
{
	const double area = 2.5;
	const int64_t visits = 3;

	ok(q_person_add(db, &(struct person_add_in){ .person_id = id, .full_name = name,
	    .phone = id, .area_ha = &area, .visits = &visits, .active = true,
	    .created_at = 7 }, NULL) == OK, "a person is added");
}

/* Persons in the list, or -1. */
static int
listed(struct db *db)
{
	struct person_list_row *rows;
	size_t n;

	return q_person_list(db, &all, &rows, &n) == OK ? (int)n : -1;
}

static int64_t
count(struct db *db)
{
	struct person_count_row row = { 0 };

	return q_person_count(db, &row) == OK ? row.n_people : -1;
}

static void
test_ahead(struct db *db)
{
	const struct person_list_in other = { .after_name = "B", .viewer_all = true,
		.limit = 10 };
	struct person_list_row *rows;
	struct person_get_row row;
	size_t n;

	db_read_only(db, true);
	q_person_list_ahead(db, &all);
	ok(q_person_get(db, &one, &row) == OK && strcmp(row.full_name, "Anna") == 0,
	    "what is asked has its answer");
	ok(listed(db) == 2, "and what went ahead its own");
	ok(listed(db) == 2, "and so when it is asked again");
	q_person_list_ahead(db, &all);
	ok(listed(db) == 2 && q_person_get(db, &none, &row) == ERR_MISSING,
	    "it may be the first to be run");
	q_person_list_ahead(db, &all);
	ok(q_person_get(db, &none, &row) == ERR_MISSING &&
	    q_person_list(db, &other, &rows, &n) == OK && n == 1 &&
	    strcmp(rows->full_name, "Berta") == 0 && listed(db) == 2,
	    "other parameters are another question");
	for (int i = 0; i < 10; i++)
		q_person_list_ahead(db, &all);
	ok(count(db) == 2 && listed(db) == 2, "too many are left out");
	q_person_list_ahead(db, &all);
	db_read_only(db, false);
	add(db, "p3", "Clara");
	ok(listed(db) == 3, "nothing stays when writing begins");
	ok(q_person_touch(db, &(struct person_touch_in){ "p3" }, NULL) == OK,
	    "and writing is done");
}

/* What the guess must be, and what a wrong one can be like. */
static void
test_guess(struct db *db)
{
	struct person_get_row real, wrong, row;
	const int64_t other = 4;

	ok(q_person_get(db, &one, &real) == OK, "the truth");
	ok(!q_person_get_guess(db, &one, &real), "where writing is allowed none is made");
	db_read_only(db, true);
	if (!q_person_get_guess(db, &one, &real)) {
		ok(!db_is_pgsql(db), "nor on SQLite");
		db_read_only(db, false);
		return;
	}
	ok(count(db) == 3 && db_confirm(db) == OK, "a right one holds");
	ok(!q_person_get_guess(db, &one, &real), "there is one at a time");
	for (int i = 0; i < 5; i++) {
		wrong = real;
		if (i == 0)
			wrong.full_name = "Anne";
		else if (i == 1)
			wrong.visits = &other;
		else if (i == 2)
			wrong.visits = NULL;
		else if (i == 3)
			wrong.active = false;
		db_read_only(db, true);
		ok(q_person_get_guess(db, i < 4 ? &one : &none, &wrong), "a guess");
		row.full_name = "untouched";
		ok(q_person_get(db, &one, &row) == ERR_AUTH &&
		    strcmp(row.full_name, "untouched") == 0,
		    "a wrong one gives nothing");
		ok(listed(db) == -1 && db_confirm(db) == ERR_AUTH, "nor anything later");
	}
	db_read_only(db, true);
	ok(q_person_get_guess(db, &one, &wrong) && db_confirm(db) == OK,
	    "it is asked for itself if nothing else is");
	db_read_only(db, true);
	ok(q_person_get_guess(db, &none, &real) && db_confirm(db) == ERR_AUTH,
	    "and told to be wrong");
	ok(listed(db) == -1, "for what comes then too");
	db_read_only(db, false);
	ok(listed(db) == 3, "until the end");
}

/* A kept row is a copy of all of it. */
static void
test_keep(struct db *db)
{
	struct db_kept kept;
	struct person_get_row row, *copy = (void *)kept.room;
	static char text[DB_KEPT + 1];

	ok(q_person_get(db, &one, &row) == OK && q_person_get_keep(&row, &kept) &&
	    copy->full_name != row.full_name && strcmp(copy->full_name, "Anna") == 0 &&
	    copy->visits != row.visits && *copy->visits == 3 && *copy->area_ha == 2.5 &&
	    copy->active && copy->created_at == 7 && !copy->consent, "a row is kept");
	memset(text, 'a', sizeof(text) - 1);
	row.full_name = text;
	ok(!q_person_get_keep(&row, &kept), "unless it is too long");
	for (size_t n = DB_KEPT - 400; n < DB_KEPT; n++) {
		text[n] = '\0';
		(void)q_person_get_keep(&row, &kept); /* ASan looks at the end of room */
		text[n] = 'a';
	}
}

static enum err
count_note(void *context, const struct note_each_row *row)
{
	(void)row;
	++*(int *)context;
	return OK;
}

/* Rows that are taken as they come may not come before it is sure who asks. */
static void
test_each(struct db *db)
{
	struct person_get_row real;
	int n = 0;

	ok(q_note_add(db, &(struct note_add_in){ .note_id = "n", .n_lines = 1,
	    .note_text = "t" }, NULL) == OK && q_person_get(db, &one, &real) == OK,
	    "a note");
	db_read_only(db, true);
	if (q_person_get_guess(db, &none, &real))
		ok(q_note_each(db, count_note, &n) == ERR_AUTH && n == 0,
		    "none is given for a wrong guess");
	db_read_only(db, true);
	(void)q_person_get_guess(db, &one, &real); /* on SQLite there is none */
	ok(q_note_each(db, count_note, &n) == OK && n == 1 && db_confirm(db) == OK,
	    "for a right one it is");
	db_read_only(db, false);
}

/* The connection goes: all is asked again on a new one. */
static void
test_lost(struct db *db, const char *url, struct arena *arena)
{
	struct person_get_row real;
	struct pid_get_row pid;
	struct pid_kill_row killed;
	struct db *other;

	ok(db_open(url, arena, &other) == OK && q_pid_get(db, &pid) == OK &&
	    q_person_get(db, &one, &real) == OK, "two connections");
	db_read_only(db, true);
	q_person_list_ahead(db, &all);
	ok(q_person_get_guess(db, &one, &real) && q_pid_kill(other,
	    &(struct pid_kill_in){ .pid = pid.pid }, &killed) == OK, "one is ended");
	ok(count(db) == 3 && listed(db) == 3 && db_confirm(db) == OK,
	    "all is there all the same");
	db_read_only(db, false);
	db_close(other);
}

static void
test_database(const char *url, struct arena *arena)
{
	struct db *db;
	int n;

	ok(db_open(url, arena, &db) == OK && db_migrate(db, &n) == OK, "a database");
	add(db, "p1", "Anna");
	add(db, "p2", "Berta");
	test_ahead(db);
	test_guess(db);
	test_keep(db);
	test_each(db);
	if (db_is_pgsql(db))
		test_lost(db, url, arena);
	db_close(db);
}

int
main(void)
{
	static char folder[] = "/tmp/dbahead-XXXXXX";
	const char *pg = getenv("TEST_PG_URL");
	struct arena *arena = arena_make(16 << 20, NULL);
	char url[64];

	log_limit(LOG_ERROR + 1); /* the failures are wanted */
	if (!mkdtemp(folder) || chdir(folder) != 0)
		return 1;
	(void)snprintf(url, sizeof(url), "sqlite:%s/a.db", folder);
	test_database(url, arena);
	ok(unlink("a.db") == 0 && rmdir(folder) == 0, "no other file is left");
	if (pg) {
		empty_server(pg);
		test_database(pg, arena);
	}
	arena_end(arena);
	return test_end();
}
