/* SPDX-License-Identifier: MIT */
/*
 * Statements of the kind :send, which nobody waits for: on SQLite, and on PostgreSQL
 * when TEST_PG_URL names a database that may be emptied. What becomes of them when the
 * connection goes is in test_dblost.c.
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

static int64_t
people(struct db *db)
{
	struct person_count_row row = { 0 };

	return q_person_count(db, &row) == OK ? row.n_people : -1;
}

static int64_t
visits(struct db *db, const char *id)
{
	const struct person_get_in in = { .person_id = id, .viewer_all = true };
	struct person_get_row row;

	return q_person_get(db, &in, &row) == OK && row.visits ? *row.visits : -1;
}

/* People named s0, s1, ... of those not yet there; the first failure. */
static enum err
send_people(struct db *db, int from, int n)
{
	char id[16];
	enum err e = OK;

	for (int i = from; i < from + n && !e; i++) {
		(void)snprintf(id, sizeof(id), "s%d", i);
		e = q_person_send(db, &(struct person_send_in){
		    .person_id = id, .full_name = "sent", .phone = id });
	}
	return e;
}

static void
test_together(struct db *db)
{
	struct person_touch_in touch = { "s7" };
	int64_t n = 0;

	ok(db_begin(db) == OK && send_people(db, 0, 1000) == OK && people(db) == 1000,
	    "a thousand are sent, and seen within");
	ok(q_person_touch(db, &touch, &n) == OK && n == 1, "one is changed");
	ok(send_people(db, 1000, 3) == OK && db_commit(db) == OK && people(db) == 1003,
	    "and all last");
	ok(visits(db, "s7") == 1, "with the change");
	ok(db_begin(db) == OK && send_people(db, 2000, 5) == OK, "five more");
	db_rollback(db);
	ok(people(db) == 1003, "are taken back");
}

/* A statement that nobody waits for fails here, or where somebody does. */
static void
test_clash(struct db *db)
{
	struct person_touch_in touch = { "s7" };
	int64_t n = 0;
	enum err e;

	ok(db_begin(db) == OK, "a transaction");
	e = send_people(db, 3000, 5);
	e = e ? e : send_people(db, 0, 1);
	e = e ? e : send_people(db, 3010, 5);
	e = e ? e : db_commit(db);
	db_rollback(db);
	ok(e == ERR_CONFLICT && people(db) == 1003,
	    "one that clashes is told at the commit at last, and nothing is there");
	ok(db_begin(db) == OK, "another");
	e = send_people(db, 0, 1);
	e = e ? e : q_person_touch(db, &touch, &n);
	ok(e == ERR_CONFLICT, "or by what comes next");
	ok(q_person_touch(db, &touch, &n) == ERR_BROKEN, "and nothing runs after it");
	db_rollback(db);
	ok(people(db) == 1003 && visits(db, "s7") == 1, "nothing is there again");
}

static void
test_alone(struct db *db)
{
	struct person_touch_in touch = { "s7" };
	int64_t n = 0;

	ok(send_people(db, 0, 1) == ERR_CONFLICT, "outside it is told at once");
	ok(send_people(db, 4000, 1) == OK && people(db) == 1004, "as all is");
	ok(q_person_touch(db, &touch, &n) == OK && n == 1, "and the connection is good");
}

static void
test_database(const char *url, struct arena *arena)
{
	struct db *db;
	int n;

	ok(db_open(url, arena, &db) == OK && db_migrate(db, &n) == OK, "a database");
	test_together(db);
	test_clash(db);
	test_alone(db);
	db_close(db);
}

int
main(void)
{
	static char folder[] = "/tmp/dbsend-XXXXXX";
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
