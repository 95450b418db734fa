/* SPDX-License-Identifier: MIT */
/* What becomes of holds, jobs, figures and throttles when the clock jumps: at times of
 * our own, on both databases. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "arena.h"
#include "audit.h"
#include "clock.h"
#include "conf.h"
#include "db.h"
#include "key.h"
#include "postgres.h"
#include "queries.h"
#include "queue.h"
#include "test.h"
#include "text.h"
#include "throttle.h"
#include "watch.h"

#define LEASE CLOCK_MINUTE
#define YEAR (365 * CLOCK_DAY)

static struct arena *a;
static struct db *db;
static const int64_t noon = INT64_C(1795000000000000);

static bool
look(int64_t now)
{
	return watch_note(db, now, 0) == OK;
}

static bool
held(int64_t now)
{
	bool is = false;

	ok(watch_holds(db, now, &is) == OK, "asked");
	return is;
}

static int64_t
turns(void)
{
	int64_t n = -1;

	ok(watch_turns(db, &n) == OK, "asked");
	return n;
}

/* Nothing old is deleted by a clock that may be wrong. */
static void
test_hold(void)
{
	ok(held(noon), "nobody has looked yet");
	ok(look(noon) && !held(noon), "the first look holds nothing up");
	ok(look(noon + CLOCK_MINUTE) && !held(noon + CLOCK_MINUTE), "nor does the next");
	ok(held(noon + CLOCK_HOUR), "a jump is seen before anybody looks again");
	ok(look(noon + CLOCK_HOUR) && held(noon + CLOCK_HOUR), "and after it");
	ok(look(noon + 2 * CLOCK_HOUR), "a further one meanwhile");
	ok(held(noon + 4 * CLOCK_HOUR - 1), "does not make it shorter");
	for (int64_t t = 2 * CLOCK_HOUR; t <= 4 * CLOCK_HOUR; t += WATCH_OFF)
		(void)look(noon + t);
	ok(!held(noon + 4 * CLOCK_HOUR), "hours without one end it");
	ok(look(noon + YEAR) && held(noon + YEAR), "a year at once");
	for (int64_t t = 0; t < CLOCK_DAY; t += WATCH_OFF)
		ok(look(noon + YEAR + t) && held(noon + YEAR + t), "holds for a day");
	ok(look(noon + YEAR + CLOCK_DAY) && !held(noon + YEAR + CLOCK_DAY),
	    "and no more");
}

/* Put right again, it does not hold for a year. */
static void
test_back(void)
{
	const int64_t wrong = noon + 3 * YEAR, t = noon + YEAR + 2 * CLOCK_DAY;

	ok(turns() == 0, "it was never set back");
	ok(look(wrong) && held(wrong) && turns() == 0, "ahead");
	ok(look(t) && turns() == 1, "set back, which is counted");
	for (int64_t passed = 0; passed < CLOCK_DAY; passed += WATCH_OFF)
		(void)look(t + passed);
	ok(look(t + CLOCK_DAY) && !held(t + CLOCK_DAY), "the hold ends");
	ok(look(t + CLOCK_DAY - WATCH_BACK) && turns() == 1,
	    "hosts differ by some seconds");
	ok(watch_note(db, t + CLOCK_DAY - 2 * WATCH_BACK, t + CLOCK_DAY) == OK &&
	    turns() == 2, "what the process itself has seen counts");
}

static const char *
add(int64_t now)
{
	const char *id = NULL;

	ok(queue_add(db, a, now, &(struct queue_new){ .kind = "ping" }, &id) == OK,
	    "added");
	return id;
}

static bool
takes(int64_t now, const char *id, struct queue_job *job)
{
	return queue_recall(db, now, LEASE) == OK &&
	    queue_take(db, a, now, LEASE, job) == OK && text_same(job->id, id);
}

static enum err
mark(const struct queue_job *job, const char *state, int64_t due_at, int64_t now)
{
	return queue_mark(db, a, job, &(struct queue_mark){ .state = state,
	    .due_at = due_at, .attempt = job->attempt, .ended_at = now });
}

/* No job waits for a time that will not come for long. */
static void
test_jobs(void)
{
	const int64_t before = noon - CLOCK_HOUR;
	struct queue_job job, other;
	int64_t due;
	const char *id = add(noon);

	ok(queue_take(db, a, before, LEASE, &job) == ERR_MISSING, "not due for an hour");
	ok(takes(before, id, &job), "one that was asked for before is done at once");
	ok(mark(&job, "queued", before + 30 * CLOCK_MINUTE, before) == OK, "it failed");
	ok(!takes(before, id, &other), "it waits as long as it shall");
	ok(takes(before + 30 * CLOCK_MINUTE, id, &job), "and no longer");
	ok(mark(&job, "done", 0, before) == OK, "done");

	id = add(noon);
	ok(queue_take(db, a, noon, LEASE, &job) == OK, "a worker has one, and dies");
	ok(!takes(before, id, &other) && queue_next(db, &due) == OK &&
	    due == before + LEASE, "it has one lease more");
	ok(queue_recall(db, before + 30, LEASE) == OK && queue_next(db, &due) == OK &&
	    due == before + LEASE, "and not again and again");
	ok(takes(before + LEASE, id, &job), "then it is somebody else's");
	ok(mark(&job, "done", 0, before) == OK, "done");

	ok(queue_schedule(db, noon, "sweep") == OK, "a schedule");
	ok(queue_take(db, a, noon, LEASE, &job) == OK && mark(&job, "queued",
	    noon + CLOCK_DAY, noon) == OK, "that ran at noon");
	ok(!takes(noon + 1, job.id, &other), "rests for a day");
	ok(takes(before, job.id, &job), "and not for the hour more");
	ok(mark(&job, "queued", before + CLOCK_DAY, before) == OK, "it rests");
	ok(!takes(before, job.id, &other), "once");
}

static void
note(int64_t now)
{
	char id[ID_TEXT];

	id_make_at(now, id);
	ok(q_audit_insert(db, &(struct audit_insert_in){ .audit_id = id, .logged_at = now,
	    .level = "INFO", .module = "auth", .action = "x", .endpoint = "/" }, NULL) ==
	    OK, "noted");
}

/* How many the figures say, now. */
static int64_t
figure(int64_t now)
{
	struct audit_groups_row *rows;
	size_t n;

	ok(audit_count(db, now) == OK && q_audit_groups(db, &rows, &n) == OK, "counted");
	return n ? rows[0].n : 0;
}

/* Each row is counted once, whatever the clock did meanwhile. */
static void
test_figures(void)
{
	note(noon);
	note(noon + YEAR);
	ok(figure(noon + CLOCK_DAY) == 2, "one is old, one new");
	ok(figure(noon + YEAR + CLOCK_DAY) == 2, "both are old by a clock that is ahead");
	ok(figure(noon + 2 * CLOCK_DAY) == 2, "set back");
	note(noon + 2 * CLOCK_DAY);
	ok(figure(noon + 2 * CLOCK_DAY) == 3, "and one more");
	ok(figure(noon + 3 * CLOCK_DAY) == 3, "and a day later");
	ok(figure(noon + 2 * YEAR) == 3, "and when all is old");
}

/* A clock that is years behind does not make the recorder count millions twice. */
static void
test_many_figures(void)
{
	enum { MANY = 20001 };
	const int64_t then = noon + 4 * YEAR;
	struct audit_event *events = arena_array(a, struct audit_event, MANY);
	struct audit_counted_row counted;

	for (int i = 0; i < MANY; i++)
		events[i] = (struct audit_event){ .module = "auth", .action = "x" };
	ok(db_begin(db) == OK && audit_write_all(db, a, &(struct audit_source){
	    .endpoint = "/", .now = then }, &(struct audit_list){ events, MANY }) == OK &&
	    db_commit(db) == OK, "many rows");
	ok(figure(then + CLOCK_DAY) == 3 + MANY, "are counted");
	ok(figure(noon) == 3 + MANY && q_audit_counted(db, &counted) == OK &&
	    id_time(counted.counted_id) > then, "and stay counted");
	note(then + 2 * CLOCK_DAY);
	ok(figure(then + 3 * CLOCK_DAY) == 4 + MANY, "on it goes when it is right");
}

static bool
passes(int64_t now, int64_t *wait_s)
{
	return throttle_hit(&(struct throttle){ .db = db, .arena = a, .kind = "login",
	    .subject = "m@cem.example", .limit = 2, .now = now }, wait_s) == OK;
}

/* Nobody is kept out for a year. */
static void
test_throttle(void)
{
	int64_t wait_s = 0;

	ok(passes(noon + YEAR, &wait_s) && passes(noon + YEAR, &wait_s) &&
	    !passes(noon + YEAR, &wait_s), "two attempts while the clock is ahead");
	ok(passes(noon, &wait_s) && passes(noon, &wait_s), "and two when it is right");
	ok(!passes(noon - CLOCK_MINUTE, &wait_s) && wait_s <= 17 * 60,
	    "which another host's clock does not bring back");
	ok(passes(noon - CLOCK_HOUR, &wait_s), "an hour is not waited for either");
}

static void
test_database(const char *url)
{
	int n;

	ok(db_open(url, a, &db) == OK && db_migrate(db, &n) == OK, "a database");
	test_hold();
	test_back();
	test_jobs();
	test_figures();
	test_many_figures();
	test_throttle();
	db_close(db);
}

int
main(void)
{
	static char folder[] = "/tmp/cem-watch-XXXXXX", none[] = "",
	    secret[] = "an invented secret of 40 characters, not";
	const char *pg = getenv("TEST_PG_URL");
	char url[64];

	conf.secret_key = secret;
	conf.secret_key_previous = conf.jwt_secret = conf.jwt_secret_previous = none;
	a = arena_make(8 * 1024 * 1024, NULL);
	if (!mkdtemp(folder) || chdir(folder) != 0 || key_load())
		return 1;
	(void)snprintf(url, sizeof(url), "sqlite:%s/a.db", folder);
	test_database(url);
	ok(unlink("a.db") == 0 && rmdir(folder) == 0, "no other file is left");
	if (pg) {
		empty_server(pg);
		test_database(pg);
	}
	arena_end(a);
	return test_end();
}
