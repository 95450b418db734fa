/* SPDX-License-Identifier: MIT */
/*
 * The database tier, the same cases on SQLite (a new file) and, when TEST_PG_URL
 * names a database that may be emptied, on PostgreSQL. The statements are those of
 * tests/unit/db/, through sqlgen into db_test.h. What only one of them has (a file
 * that vanishes, a server process that dies) is in test_dblost.c.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "db.h"
#include "db_test.h"
#include "log.h"
#include "text.h"

#include "postgres.h"
#include "test.h"

struct conf conf;

static struct person_add_in
person(const char *id, const char *name, const char *phone)
{
	struct person_add_in in = {
		.person_id = id, .full_name = name, .phone = phone, .active = true,
		.created_at = 1
	};

	return in;
}

static enum err
person_get(struct db *db, const char *id, struct person_get_row *row)
{
	const struct person_get_in in = { .person_id = id, .viewer_all = true };

	return q_person_get(db, &in, row);
}

static int64_t
people(struct db *db)
{
	struct person_count_row row = { 0 };

	return q_person_count(db, &row) == OK ? row.n_people : -1;
}

static void
test_migrate(struct db *db)
{
	int64_t version;
	int n = -1;

	ok(db_version(db, &version) == OK && version == 0, "an empty database is at 0");
	ok(db_migrate(db, &n) == OK && n == 2, "two steps are done");
	ok(db_version(db, &version) == OK && version == 2, "then it is at 2");
	ok(db_version_wanted() == 2, "which is what the program wants");
	ok(db_migrate(db, &n) == OK && n == 0, "a second time there is nothing to do");
	ok(db_check(db) == OK, "the database understands every statement");
}

static void
test_values(struct db *db)
{
	const double area = 0.1 + 0.2;
	const int64_t visits = INT64_MIN;
	const bool consent = false;
	struct person_add_in in = person("p1", "Łucja O’Brien \n\t\"'\\ ?1 $1 :x",
	    NULL);
	struct person_get_row row;
	int64_t n = -1;

	in.area_ha = &area;
	in.visits = &visits;
	in.consent = &consent;
	in.created_at = INT64_MAX;
	ok(q_person_add(db, &in, &n) == OK && n == 1, "one row is added");
	ok(person_get(db, "p1", &row) == OK, "and read back");
	ok(text_same(row.full_name, in.full_name), "text comes back as it was");
	ok(row.phone == NULL, "a NULL text is NULL");
	ok(row.area_ha && *row.area_ha == area, "a real keeps every bit");
	ok(row.visits && *row.visits == INT64_MIN, "so does the least number");
	ok(row.created_at == INT64_MAX, "and the greatest");
	ok(row.active && row.consent && !*row.consent, "true and false");
	in = person("p2", "", "");
	in.active = false;
	ok(q_person_add(db, &in, NULL) == OK && person_get(db, "p2", &row) == OK,
	    "a row of little is added without asking for the count");
	ok(!row.area_ha && !row.visits && !row.consent && !row.active,
	    "NULL numbers are NULL pointers");
	ok(row.phone && !*row.phone && row.full_name && !*row.full_name,
	    "an empty text is not NULL");
	ok(person_get(db, "p3", &row) == ERR_MISSING, "no row is ERR_MISSING");
	ok(person_get(db, NULL, &row) == ERR_MISSING, "NULL equals nothing");
}

static void
test_viewer(struct db *db)
{
	struct person_get_in in = { "p1", false, "p2" };
	struct person_get_row row;

	ok(q_person_get(db, &in, &row) == ERR_MISSING, "p2 does not see p1");
	in.viewer_farmer_id = "p1";
	ok(q_person_get(db, &in, &row) == OK, "p1 sees themself");
}

static void
test_bad_values(struct db *db)
{
	double bad[] = { NAN, INFINITY, -INFINITY };
	struct person_add_in in = person("bad", "x", NULL);

	for (int i = 0; i < 3; i++) {
		in.area_ha = &bad[i];
		ok(q_person_add(db, &in, NULL) == ERR_BROKEN, "not a number is refused");
	}
	ok(people(db) == 2, "and nothing was stored");
}

static void
test_long(struct db *db)
{
	enum { LONG = 1000000 };
	char *text = malloc(LONG + 1);
	struct note_put_in in = { "long", 1, text };
	struct note_put_row row;
	struct note_same_row same;

	memset(text, 'a', LONG);
	text[LONG] = '\0';
	ok(q_note_put(db, &in, &row) == OK && row.n_lines == 1 && !row.title &&
	    row.weight == 0, "a million bytes go in, the defaults come back");
	memset(text, 'b', LONG); /* the database must not keep our memory */
	ok(text_same(row.note_id, "long"), "the row is a copy");
	ok(q_note_same(db, &(struct note_same_in){ 7 }, &same) == OK && same.n_one == 7 &&
	    text_same(same.quoted, "a :b ?1 $1 -- \"c\" \\ 'd'"),
	    "what looks like parameters in a string stays");
	ok(q_note_drop(db, NULL) == OK, "away with it");
	free(text);
}

static void
test_kinds(struct db *db)
{
	struct person_touch_in touch = { "p2" };
	struct person_touch_get_in get = { "p2" };
	struct person_touch_get_row row;
	struct person_count_row count;
	struct clock_get_row clock;
	struct note_two_row two;
	struct note_wrong_row wrong;
	int64_t n;

	ok(q_person_touch(db, &touch, &n) == OK && n == 1, "an update counts its rows");
	touch.person_id = "nobody";
	ok(q_person_touch(db, &touch, &n) == OK && n == 0, "or none");
	ok(q_person_touch_get(db, &get, &row) == OK && row.visits && *row.visits == 2 &&
	    !row.active, "RETURNING gives the new row");
	get.person_id = "nobody";
	ok(q_person_touch_get(db, &get, &row) == ERR_MISSING, "or ERR_MISSING");
	ok(q_person_count(db, &count) == OK && count.n_people == 2 && count.has_any &&
	    count.area_sum > 0.29 && count.area_sum < 0.31, "computed columns");
	ok(q_clock_get(db, &(struct clock_get_in){ 41 }, &clock) == OK &&
	    clock.n_plus == 42 && strncmp(clock.product,
	    db_is_pgsql(db) ? "pgsql 1" : "sqlite 3", 7) == 0,
	    "a text for each database");
	for (int i = 0; i < 2; i++)
		ok(q_note_put(db, &(struct note_put_in){ i ? "b" : "a", 1, "" },
		    &(struct note_put_row){ 0 }) == OK, "a note");
	ok(q_note_two(db, &two) == ERR_BROKEN, "two rows for a :one is our mistake");
	ok(q_note_wrong(db, &wrong) == ERR_BROKEN, "so is NULL in a plain number");
	ok(people(db) == 2, "after both the connection works");
	ok(q_note_drop(db, &n) == OK && n == 2, "a delete counts too");
}

static void
test_many(struct db *db)
{
	struct person_list_in in = { "", true, 100 };
	struct person_list_row *rows;
	struct person_home_row *homes;
	struct person_add_in add;
	char id[8], name[8];
	size_t n;
	bool right = true;

	ok(q_person_list(db, &in, &rows, &n) == OK && n == 1, "a list of one");
	for (int i = 0; i < 50; i++) {
		(void)snprintf(id, sizeof(id), "q%02d", 49 - i);
		(void)snprintf(name, sizeof(name), "n%02d", 49 - i);
		add = person(id, name, NULL);
		add.district_code = i % 2 ? "D1" : NULL;
		add.visits = i % 3 ? &add.created_at : NULL;
		right = right && q_person_add(db, &add, NULL) == OK;
	}
	ok(right, "fifty more");
	in.after_name = "n";
	ok(q_person_list(db, &in, &rows, &n) == OK && n == 51, "a list that grows");
	for (size_t i = 0; i < n - 1; i++) {
		(void)snprintf(name, sizeof(name), "n%02d", (int)i);
		right = right && text_same(rows[i].full_name, name) &&
		    !rows[i].visits == ((49 - i) % 3 == 0);
	}
	ok(right, "every row is in its place");
	in.limit = 3;
	in.after_name = "n46";
	ok(q_person_list(db, &in, &rows, &n) == OK && n == 3 &&
	    text_same(rows[2].full_name, "n49"), "a keyset and a limit");
	in.viewer_all = false;
	ok(q_person_list(db, &in, &rows, &n) == OK && n == 0, "nobody sees nothing");
	ok(q_person_home(db, &(struct person_home_in){ true }, &homes, &n) == OK &&
	    n == 52, "a LEFT JOIN keeps them all");
	ok(!homes[0].district_name && !homes[0].n_same, "without a district");
	ok(homes[2].n_same && *homes[2].n_same == 1 &&
	    text_same(homes[2].district_name, "It's -- not a comment: a TEXT?"),
	    "or with it, as the migration wrote it");
}

static void
test_order(struct db *db)
{
	static const char *const ids[] = {
		"", " ", "-", "A", "B", "Z", "_", "a", "aB", "aa", "b", "ab c", "é", "ŋ"
	};
	static const char *const sorted[] = {
		"", " ", "-", "A", "B", "Z", "_", "a", "aB", "aa", "ab c", "b", "é", "ŋ"
	};
	const size_t count = sizeof(ids) / sizeof(*ids);
	struct note_order_row *rows;
	bool right = true;
	size_t n;

	for (size_t i = 0; i < count; i++) {
		struct note_add_in in = { ids[count - 1 - i], 1, "", 2.5 };

		right = right && q_note_add(db, &in, NULL) == OK;
	}
	ok(right && q_note_order(db, &rows, &n) == OK && n == count, "notes to sort");
	for (size_t i = 0; right && i < count; i++)
		right = text_same(rows[i].note_id, sorted[i]);
	ok(right, "they come in the order of their bytes");
	ok(q_note_drop(db, NULL) == OK, "away with them");
}

struct reading {
	struct db *db;
	int64_t n, sum, n_big;
	int64_t stop_at;
	enum err inner;
};

static enum err
read_note(void *context, const struct note_each_row *row)
{
	struct reading *r = context;
	struct person_count_row count;

	if (r->n == 0)
		r->inner = q_person_count(r->db, &count);
	r->n++;
	r->sum += row->n_lines;
	r->n_big += row->n_big ? *row->n_big : 0;
	if (!row->note_text || strlen(row->note_text) != 400 || row->weight != 2.5)
		return ERR_BAD;
	return r->n == r->stop_at ? ERR_BIG : OK;
}

static void
test_each(struct db *db, struct arena *arena)
{
	enum { NOTES = 2000 };
	struct reading r = { .db = db };
	char id[16], text[401];
	bool right = true;
	size_t before;

	memset(text, 'x', 400);
	text[400] = '\0';
	ok(q_note_each(db, read_note, &r) == OK && r.n == 0, "no rows, no calls");
	ok(db_begin(db) == OK, "begin");
	for (int i = 0; i < NOTES; i++) {
		(void)snprintf(id, sizeof(id), "%d", i);
		right = right && q_note_add(db, &(struct note_add_in){ id, i, text, 2.5 },
		    NULL) == OK;
	}
	ok(right && db_commit(db) == OK, "two thousand notes");
	before = arena_used(arena);
	ok(q_note_each(db, read_note, &r) == OK && r.n == NOTES, "each is seen");
	ok(r.sum == NOTES * (NOTES - 1) / 2 && r.n_big == r.sum - 15, "with its values");
	ok(arena_used(arena) - before < 4096, "and no memory is used for the rows");
	ok(r.inner == ERR_BROKEN, "another statement among them is refused");
	r = (struct reading){ .db = db, .stop_at = 10 };
	ok(q_note_each(db, read_note, &r) == ERR_BIG && r.n == 10, "a call may stop it");
	ok(people(db) == 52, "after that the connection works");
	r = (struct reading){ .db = db, .stop_at = 1 };
	ok(db_begin(db) == OK && q_note_each(db, read_note, &r) == ERR_BIG,
	    "stopped within a transaction");
	db_rollback(db);
	ok(people(db) == 52, "after the rollback it works too");
	ok(q_note_drop(db, &r.n) == OK && r.n == NOTES, "away with them");
}

static void
test_conflict(struct db *db)
{
	struct person_add_in one = person("c1", "c", "0977");
	struct person_add_in two = person("c2", "c", "0977");
	struct note_put_in note = { "n", -1, "" };
	struct note_put_row row;
	int64_t before = people(db);

	ok(q_person_add(db, &one, NULL) == OK, "a first phone number");
	ok(q_person_add(db, &two, NULL) == ERR_CONFLICT, "the same again is a conflict");
	two.phone = NULL;
	two.district_code = "nowhere";
	ok(q_person_add(db, &two, NULL) == ERR_CONFLICT, "so is a key to nothing");
	two = person("c2", NULL, NULL);
	ok(q_person_add(db, &two, NULL) == ERR_CONFLICT, "and NULL in a NOT NULL");
	ok(q_note_put(db, &note, &row) == ERR_CONFLICT, "and a CHECK");
	ok(people(db) == before + 1, "outside a transaction one goes on after it");
	ok(db_begin(db) == OK && db_in_transaction(db), "begin");
	two = person("c3", "c", NULL);
	ok(q_person_add(db, &two, NULL) == OK, "one is added");
	ok(q_person_add(db, &one, NULL) == ERR_CONFLICT, "one conflicts");
	two.person_id = "c4";
	ok(q_person_add(db, &two, NULL) == ERR_BROKEN, "the transaction is spoilt");
	ok(db_commit(db) == ERR_BROKEN && !db_in_transaction(db),
	    "and can't be committed");
	ok(people(db) == before + 1, "nothing of it is left");
}

static void
test_transaction(struct db *db)
{
	struct person_add_in in = person("t1", "t", NULL);
	struct person_get_row row;
	int64_t before = people(db);

	ok(db_commit(db) == ERR_BROKEN, "no commit without a begin");
	db_rollback(db);
	ok(db_begin(db) == OK && db_begin(db) == ERR_BROKEN, "no begin within one");
	ok(q_person_add(db, &in, NULL) == OK && people(db) == before + 1,
	    "it sees itself");
	ok(person_get(db, "none", &row) == ERR_MISSING, "a row that is not there");
	db_rollback(db);
	ok(!db_in_transaction(db) && people(db) == before, "rolled back");
	ok(db_begin(db) == OK && q_person_add(db, &in, NULL) == OK &&
	    person_get(db, "none", &row) == ERR_MISSING && db_commit(db) == OK &&
	    people(db) == before + 1, "ERR_MISSING spoils nothing");
}

static void
test_read_only(struct db *db)
{
	struct person_touch_get_in get = { "p2" };
	struct person_touch_get_row row;
	struct person_get_row person_row;

	db_read_only(db, true);
	ok(q_person_touch_get(db, &get, &row) == ERR_BROKEN, "a write is refused");
	ok(person_get(db, "p2", &person_row) == OK && *person_row.visits == 2,
	    "a read is not, and nothing was written");
	db_read_only(db, false);
	ok(q_person_touch_get(db, &get, &row) == OK, "until it is allowed again");
}

static void
test_count(struct db *db)
{
	const struct db_counts before = *db_counts(db), *now = db_counts(db);
	struct person_add_in in = person("counted", "Counted Twice", NULL);

	(void)people(db);
	ok(now->statements == before.statements + 1, "statements are counted");
	ok(db_begin(db) == OK && db_commit(db) == OK && db_begin(db) == OK &&
	    q_person_add(db, &in, NULL) == OK && q_person_add(db, &in, NULL) ==
	    ERR_CONFLICT && db_commit(db) == ERR_BROKEN, "one commit, one conflict");
	ok(now->commits == before.commits + 1 && now->failed == before.failed &&
	    now->rollbacks == before.rollbacks + 1, "a conflict is no failure");
}

/* Start this program again; a fork alone would share SQLite's view of its locks. */
static pid_t
start(const char *what, const char *url)
{
	pid_t child = fork();

	if (child == 0) {
		execl("/proc/self/exe", "test_db", what, url, (char *)NULL);
		_exit(100);
	}
	return child;
}

/* Its exit status. */
static int
finish(pid_t child)
{
	int status;

	return waitpid(child, &status, 0) == child && WIFEXITED(status) ?
	    WEXITSTATUS(status) : 100;
}

enum { RACERS = 4, VISITS = 50 };

static int
racer(struct db *db)
{
	struct person_touch_in in = { "race" };

	for (int i = 0; i < VISITS; i++)
		if (db_begin(db) != OK || q_person_touch(db, &in, NULL) != OK ||
		    db_commit(db) != OK)
			return 1;
	return 0;
}

static void
test_race(struct db *db, const char *url)
{
	struct person_add_in in = person("race", "r", NULL);
	struct person_get_row row;
	pid_t children[RACERS];
	int failed = 0;

	ok(q_person_add(db, &in, NULL) == OK, "somebody to visit");
	for (int i = 0; i < RACERS; i++)
		children[i] = start("race", url);
	for (int i = 0; i < RACERS; i++)
		failed += finish(children[i]);
	ok(failed == 0, "four at once get through");
	ok(person_get(db, "race", &row) == OK && row.visits &&
	    *row.visits == RACERS * VISITS, "and no visit is lost");
}

/* Two connections add the same phone: the constraint lets one win. */
static void
test_two(struct db *db, const char *url, struct arena *arena)
{
	struct person_add_in one = person("w1", "w", "0966");
	struct person_add_in two = person("w2", "w", "0966");
	struct db *other;

	ok(db_open(url, arena, &other) == OK, "a second connection");
	ok(q_person_add(db, &one, NULL) == OK &&
	    q_person_add(other, &two, NULL) == ERR_CONFLICT, "one wins");
	ok(db_begin(db) == OK && q_person_drop(db, NULL) == OK && people(other) > 0,
	    "what is not committed is not seen");
	db_rollback(db);
	ok(db_begin(other) == OK && q_person_drop(other, NULL) == OK, "left open");
	db_close(other);
	ok(people(db) > 0, "closing rolls back");
}

/* Three programs start at once on an empty database. */
static void
test_migrate_race(const char *url)
{
	pid_t children[3];
	int sum = 0;

	for (int i = 0; i < 3; i++)
		children[i] = start("migrate", url);
	for (int i = 0; i < 3; i++)
		sum += finish(children[i]);
	ok(sum == 2, "each step is done once, and all three go on");
}

/* What a process that was started by start() does. */
static int
again(const char *what, const char *url)
{
	struct arena *arena = arena_make(1 << 20, NULL);
	struct db *db;
	int n = 100;

	if (db_open(url, arena, &db) != OK)
		return 100;
	if (strcmp(what, "race") == 0)
		n = racer(db);
	else if (db_migrate(db, &n) != OK)
		n = 100;
	db_close(db);
	arena_end(arena);
	return n;
}

static void
test_database(const char *url)
{
	struct arena *arena = arena_make(16 << 20, NULL);
	struct db *db;

	ok(db_open(url, arena, &db) == OK, "the database opens");
	if (!db)
		return;
	test_migrate(db);
	test_values(db);
	test_viewer(db);
	test_bad_values(db);
	test_long(db);
	test_kinds(db);
	test_many(db);
	test_order(db);
	test_each(db, arena);
	test_conflict(db);
	test_transaction(db);
	test_read_only(db);
	test_count(db);
	test_race(db, url);
	test_two(db, url, arena);
	db_close(db);
	db_close(NULL);
	arena_end(arena);
}

static void
test_urls(void)
{
	static const char *const bad[] = {
		NULL, "", "sqlite:", "sqlite", "sqlite:/tmp/", "sqlite::memory:",
		"sqlite:file:x", "mysql://x", "postgresql:x", " sqlite:/x",
		"postgresql:///x?colour=red"
	};
	struct db *db = (struct db *)1;

	for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(db_url_check(bad[i]) != NULL, "an address that is none");
	ok(!db_url_check("sqlite:x.db") && !db_url_check("sqlite:/a/x.db") &&
	    !db_url_check("postgresql:///x"), "addresses that are");
	ok(db_open("mysql://x", NULL, &db) == ERR_BROKEN && !db, "is not opened");
	ok(db_open("sqlite:/nowhere/at/all.db", NULL, &db) == ERR_DOWN && !db,
	    "a folder that is not there is ERR_DOWN");
}

static void
remove_files(const char *folder)
{
	static const char *const names[] = {
		"a.db", "a.db-wal", "a.db-shm", "b.db", "b.db-wal", "b.db-shm"
	};
	char path[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path); /* some are not there */
	}
	ok(rmdir(folder) == 0, "no other file was made");
}

int
main(int argc, char **argv)
{
	const char *pg = getenv("TEST_PG_URL");
	char folder[] = "/tmp/test_db_XXXXXX", url[64];

	/* The failures are wanted. */
	log_limit(getenv("TEST_LOG") ? LOG_DEBUG : LOG_ERROR + 1);
	if (argc == 3)
		return again(argv[1], argv[2]);
	test_urls();
	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(url, sizeof(url), "sqlite:%s/a.db", folder);
	test_database(url);
	(void)snprintf(url, sizeof(url), "sqlite:%s/b.db", folder);
	test_migrate_race(url);
	remove_files(folder);
	if (pg) {
		empty_server(pg);
		test_migrate_race(pg);
		empty_server(pg);
		test_database(pg);
	} else {
		printf("# TEST_PG_URL is not set: PostgreSQL is not tested\n");
	}
	return test_end();
}
