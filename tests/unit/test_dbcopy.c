/* SPDX-License-Identifier: MIT */
/*
 * Many rows at once (DB_COPY), on PostgreSQL when TEST_PG_URL names a database that may
 * be emptied. SQLite has nothing like it.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "conf.h"
#include "db.h"
#include "db_test.h"
#include "log.h"

#include "postgres.h"
#include "test.h"

enum { MANY = 60000 };

struct conf conf;

static const char *const odd[] = {
	"", "\\N", "\\", "\\.", "a\tb", "a\nb\n", "\r\n", "\t", "a\\tb", "\x01\x1f\x7f",
	"\xc3\xb1 \xf0\x9f\x90\x98", "'; DROP TABLE person; --", "\\x41", "\\\t\\\n"
};
enum { ODD = sizeof(odd) / sizeof(odd[0]) };

static int64_t
people(struct db *db)
{
	struct person_count_row row = { 0 };

	return q_person_count(db, &row) == OK ? row.n_people : -1;
}

static bool
same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static bool
is_there(struct db *db, const struct person_copy_in *in)
{
	struct person_get_row row;

	return q_person_get(db, &(struct person_get_in){ .person_id = in->person_id,
	    .viewer_all = true }, &row) == OK &&
	    same_text(row.full_name, in->full_name) &&
	    same_text(row.phone, in->phone) && !row.area_ha == !in->area_ha &&
	    (!row.area_ha || memcmp(row.area_ha, in->area_ha, sizeof(double)) == 0) &&
	    !row.visits == !in->visits &&
	    (!row.visits || *row.visits == *in->visits) && row.active == in->active &&
	    row.created_at == in->created_at;
}

static void
test_values(struct db *db, struct arena *arena)
{
	static const double reals[] = { 0.1, -1e-300, 1.7976931348623157e300, 1.0 / 3 };
	static const int64_t wholes[] = { INT64_MIN, INT64_MAX, 0, -1 };
	struct person_copy_in rows[ODD];
	bool same = true;

	for (int i = 0; i < ODD; i++)
		rows[i] = (struct person_copy_in){
			.person_id = arena_print(arena, "odd %d", i), .full_name = odd[i],
			.phone = i % 2 ? NULL : arena_print(arena, "%s%d", odd[i], i),
			.area_ha = i % 3 ? &reals[i % 4] : NULL,
			.visits = i % 5 ? &wholes[i % 4] : NULL, .active = i % 2,
			.created_at = i - 7 };
	ok(q_person_copy(db, rows, ODD) == OK && people(db) == ODD, "rows are copied");
	for (int i = 0; i < ODD; i++)
		same = is_there(db, &rows[i]) && same;
	ok(same, "every value is what it was");
	ok(q_person_copy(db, rows, 0) == OK && people(db) == ODD, "none may be copied");
}

static struct person_copy_in
plain(const char *id)
{
	return (struct person_copy_in){ .person_id = id, .full_name = id, .phone = id,
		.active = true, .created_at = 1 };
}

static void
test_refused(struct db *db)
{
	const double none = NAN;
	struct person_copy_in rows[3] = { plain("r1"), plain("odd 1"), plain("r3") };
	struct person_send_in sent = { .person_id = "s1", .full_name = "s",
		.phone = "s" };
	const int64_t before = people(db);

	ok(q_person_copy(db, rows, 3) == ERR_CONFLICT && people(db) == before,
	    "where one is there already none is stored");
	ok(db_begin(db) == OK && q_person_send(db, &sent) == OK &&
	    q_person_copy(db, rows, 3) == ERR_CONFLICT && people(db) == before + 1 &&
	    q_person_copy(db, rows, 1) == OK && db_commit(db) == OK &&
	    people(db) == before + 2, "and the transaction goes on");
	ok(db_begin(db) == OK && q_person_send(db, &sent) == OK &&
	    q_person_copy(db, &rows[2], 1) == ERR_BROKEN, "what failed before is told");
	db_rollback(db);
	rows[2].area_ha = &none;
	ok(q_person_copy(db, &rows[2], 1) == ERR_BROKEN && people(db) == before + 2,
	    "what is no number is not stored");
	ok(db_begin(db) == OK && q_person_copy(db, &rows[2], 1) == ERR_BROKEN &&
	    q_person_copy(db, rows, 1) == ERR_BROKEN, "and spoils a transaction");
	db_rollback(db);
	db_read_only(db, true);
	ok(q_person_copy(db, rows, 1) == ERR_BROKEN, "it is no reading");
	db_read_only(db, false);
}

struct meanwhile { struct db *db; int n; bool refused; };

static bool
work(void *context)
{
	struct meanwhile *m = context;

	if (m->n == 0)
		m->refused = people(m->db) == -1;
	return ++m->n < 100;
}

static void
test_many(struct db *db, struct arena *arena)
{
	struct person_copy_in *rows = arena_array(arena, struct person_copy_in, MANY);
	struct meanwhile m = { .db = db };
	const int64_t before = people(db);

	for (int i = 0; i < MANY; i++)
		rows[i] = plain(arena_print(arena, "many %d, of whom there are many more",
		    i));
	db_meanwhile(db, work, &m);
	ok(db_begin(db) == OK && q_person_copy(db, rows, MANY) == OK &&
	    people(db) == before + MANY, "many are copied");
	ok(m.n == 100 && m.refused,
	    "something else is done meanwhile, without statements");
	ok(q_person_copy(db, rows + MANY - 1, 1) == ERR_CONFLICT && m.n == 100,
	    "as long as there is something to do");
	db_rollback(db);
	ok(people(db) == before, "and taken back");
}

static void
test_lost(struct db *db, const char *url, struct arena *arena)
{
	struct person_copy_in *rows = arena_array(arena, struct person_copy_in, MANY);
	const int64_t before = people(db);
	struct db *other;
	struct pid_get_row pid;
	struct pid_kill_row killed;

	for (int i = 0; i < MANY; i++)
		rows[i] = plain(arena_print(arena, "lost %d", i));
	ok(db_open(url, arena, &other) == OK && db_begin(db) == OK &&
	    q_pid_get(db, &pid) == OK && q_pid_kill(other,
	    &(struct pid_kill_in){ .pid = pid.pid }, &killed) == OK,
	    "a connection is ended");
	ok(q_person_copy(db, rows, MANY) == ERR_DOWN, "which is told");
	db_rollback(db);
	ok(people(db) == before && q_person_copy(db, rows, MANY) == OK &&
	    people(db) == before + MANY, "and another one is as good");
	db_close(other);
}

static void
test_database(const char *url, struct arena *arena)
{
	struct db *db;
	int n;

	ok(db_open(url, arena, &db) == OK && db_migrate(db, &n) == OK &&
	    db_check(db) == OK, "a database");
	test_values(db, arena);
	test_refused(db);
	test_many(db, arena);
	test_lost(db, url, arena);
	db_close(db);
}

int
main(void)
{
	const char *pg = getenv("TEST_PG_URL");
	struct arena *arena = arena_make(16 << 20, NULL);

	log_limit(LOG_ERROR + 1); /* the failures are wanted */
	if (pg) {
		empty_server(pg);
		test_database(pg, arena);
	}
	arena_end(arena);
	return test_end();
}
