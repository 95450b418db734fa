/* SPDX-License-Identifier: MIT */
/*
 * cem store copy FROM TO [--remove]: move stored objects between disk and S3 while the
 * register works. Object by object in the order of their ids: copy, read back, compare
 * the hash, and then say in the row where it lies now; so it can be stopped at any
 * moment and said again. What was read before keeps lying where it was, until --remove
 * takes it away, at the end, when no request can be about to read it any more.
 *
 * cem store check [--deep]: is there everything that a row names, and with --deep, is it
 * what was stored?
 */
#include <stdio.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "command.h"
#include "courier.h"
#include "db.h"
#include "identity.h"
#include "queries.h"
#include "store.h"
#include "text.h"

enum {
	PAGE = 100,
	STEP_MEMORY = 16 * 1024 * 1024,
	REMOVE_DELAY_S = 5	/* a request reads its row, and then the bytes */
};

struct errand {
	struct db *db;
	struct arena *arena;	/* of a page */
	const char *from, *to;
	bool deep;
	int64_t n_all, n_done, bytes, n_bad, told_at;
	const char *words;	/* what is done, for the progress */
};

static int
usage(void)
{
	return command_usage("store copy FROM TO [--remove]     FROM, TO: disk, s3\n"
	    "store check [--deep]");
}

/* A line now and then, for who waits. */
static void
progress(struct errand *x)
{
	const int64_t now = clock_steady();

	if (now < x->told_at + 2 * CLOCK_SECOND)
		return;
	x->told_at = now;
	fprintf(stderr, "%lld", (long long)x->n_done);
	if (x->n_all)
		fprintf(stderr, " of %lld", (long long)x->n_all);
	fprintf(stderr, " objects %s, %lld MB\n", x->words,
	    (long long)(x->bytes / 1000000));
}

/* Is the row still the same? A farmer's file may have gone meanwhile. *same is false as
 * well when it lies elsewhere now. */
static enum err
still_there(struct errand *x, const struct store_at *at, bool *same)
{
	struct store_at now;
	enum err e = store_find(x->db, at->id, &now);

	*same = !e && text_same(now.in, at->in);
	return e == ERR_MISSING ? OK : e;
}

/* An object that can't be dealt with: the others come all the same. */
static enum err
complain(struct errand *x, const struct store_at *at, enum err why)
{
	bool same;
	enum err e = still_there(x, at, &same);

	if (e || !same)
		return e;
	x->n_bad++;
	printf("object %s in %s: %s\n", at->id, at->in,
	    why == ERR_MISSING ? "there are no bytes" :
	    why == ERR_CONFLICT ? "its bytes are not those that were stored" :
	    "can't be read");
	return OK;
}

/* Does the failure concern one object only? */
static bool
is_its_own(enum err e)
{
	return e == ERR_MISSING || e == ERR_CONFLICT;
}

/* The object was removed while it was copied. If it is elsewhere now these bytes may be
 * what its row means: they stay. */
static enum err
drop_copy(struct errand *x, const struct store_at *copy)
{
	struct store_at now;
	enum err e = store_find(x->db, copy->id, &now);

	return e == ERR_MISSING ? store_remove(copy) : e;
}

static enum err
move_one(struct errand *x, const struct store_at *at)
{
	struct store_object o;
	struct store_at there;
	int64_t n;
	enum err e = store_move(at, x->to, &o);

	if (is_its_own(e))
		return complain(x, at, e);
	if (e)
		return e;
	store_kept(&o, &there);
	e = q_object_move(x->db, &(struct object_move_in){ .object_id = at->id,
	    .stored_in = x->to, .moved_from = x->from, .md5 = o.md5,
	    .object_key = store_key(&o),
	    .object_version = there.version }, &n);
	if (!e && !n)
		return drop_copy(x, &there);
	if (!e) {
		x->n_done++;
		x->bytes += o.size;
	}
	return e;
}

/* Are all bytes of an object where its row says? */
static enum err
is_safe(const struct store_at *at)
{
	int64_t size;
	enum err e = store_size(at, &size);

	return e ? e : size == at->size ? OK : ERR_CONFLICT;
}

/* Take away what was left where the object lay before, once more making sure that it is
 * in its new place. */
static enum err
remove_one(struct errand *x, const struct store_at *at)
{
	struct store_at old = *at;
	int64_t size;
	enum err e;

	if (text_same(x->from, "s3") && !at->version)
		return OK;
	old.in = x->from;
	e = store_size(&old, &size);
	if (e)
		return e == ERR_MISSING ? OK : e;
	e = is_safe(at);
	if (is_its_own(e))
		return complain(x, at, e);
	if (!e)
		e = store_remove(&old);
	if (!e && text_same(x->from, "s3"))
		e = q_object_left_s3(x->db, &(struct object_left_s3_in){
		    .object_id = at->id, .object_version = at->version }, NULL);
	if (!e) {
		x->n_done++;
		x->bytes += size;
	}
	return e;
}

static enum err
check_one(struct errand *x, const struct store_at *at)
{
	enum err e = x->deep ? store_verify(at) : is_safe(at);

	if (is_its_own(e))
		return complain(x, at, e);
	if (!e) {
		x->n_done++;
		x->bytes += at->size;
	}
	return e;
}

/* Do one for each object in a place (NULL: in any), by id. */
static enum err
for_each(struct errand *x, const char *in,
    enum err (*one)(struct errand *x, const struct store_at *at))
{
	char after[ID_TEXT] = "";
	struct object_get_row *rows;
	size_t n = PAGE;
	enum err e = OK;

	while (!e && n == PAGE) {
		arena_reset(x->arena);
		e = in ? q_object_list(x->db, &(struct object_list_in){ .limit = PAGE,
		    .stored_in = in, .after = after }, &rows, &n) :
		    q_object_list_all(x->db, &(struct object_list_all_in){
		    .limit = PAGE, .after = after }, &rows, &n);
		for (size_t i = 0; !e && i < n; i++) {
			(void)snprintf(after, sizeof(after), "%s", rows[i].object_id);
			e = one(x, &STORE_AT(&rows[i]));
			progress(x);
		}
	}
	return e;
}

/* The bucket must be this register's. */
static enum err
open_bucket(struct errand *x)
{
	char words[STORE_WORDS];
	enum err e;

	if (!courier_wanted()) {
		fputs("cem: S3_BUCKET names no bucket\n", stderr);
		return ERR_BAD;
	}
	e = identity_far(x->db, words);
	if (e)
		fprintf(stderr, "cem: %s\n", words);
	return e;
}

static int
end(struct errand *x, enum err e)
{
	if (e) {
		fprintf(stderr, "cem: stopped: %s. Say it again to go on\n",
		    err_name(e));
		return 1;
	}
	return x->n_bad != 0;
}

static enum err
remove_left(struct errand *x)
{
	const bool wait = x->n_done > 0;
	enum err e;

	if (wait)
		(void)sleep(REMOVE_DELAY_S); /* a signal may end it early */
	x->words = "removed";
	x->n_all = x->n_done = x->bytes = 0;
	e = for_each(x, x->to, remove_one);
	printf("removed %lld objects from %s, %lld bytes\n", (long long)x->n_done,
	    x->from, (long long)x->bytes);
	return e;
}

static int
copy(struct command *c, struct errand *x, bool remove)
{
	struct object_count_row count;
	enum err e = command_open(c, &x->db);

	if (e)
		return 1;
	db_arena(x->db, x->arena);
	if (store_move_alone()) {
		fputs("cem: another cem store copy is at work\n", stderr);
		return 1;
	}
	e = open_bucket(x); /* one of the two is in it */
	if (e)
		return 1;
	e = q_object_count(x->db, &(struct object_count_in){ .stored_in = x->from },
	    &count);
	x->n_all = e ? 0 : count.n;
	x->words = "copied";
	if (!e)
		e = for_each(x, x->from, move_one);
	printf("copied %lld objects from %s to %s, %lld bytes; %lld could not be\n",
	    (long long)x->n_done, x->from, x->to, (long long)x->bytes,
	    (long long)x->n_bad);
	if (!e && remove)
		e = remove_left(x);
	return end(x, e);
}

static int
check(struct command *c, struct errand *x)
{
	enum err e = command_open(c, &x->db);

	if (e)
		return 1;
	db_arena(x->db, x->arena);
	x->words = "checked";
	if (courier_wanted() && open_bucket(x))
		return 1;
	e = for_each(x, NULL, check_one);
	printf("%lld objects are there%s, %lld bytes; %lld are not\n",
	    (long long)x->n_done, x->deep ? " and whole" : "", (long long)x->bytes,
	    (long long)x->n_bad);
	return end(x, e);
}

static bool
is_place(const char *name)
{
	return text_same(name, "disk") || text_same(name, "s3");
}

int
command_store(struct command *c)
{
	const bool remove = command_flag(c, "--remove");
	struct errand x = { .arena = arena_make(STEP_MEMORY, NULL),
		.deep = command_flag(c, "--deep"), .told_at = clock_steady() };

	if (c->argc == 3 && text_same(c->argv[0], "copy") && !x.deep &&
	    is_place(c->argv[1]) && is_place(c->argv[2]) &&
	    !text_same(c->argv[1], c->argv[2])) {
		x.from = c->argv[1];
		x.to = c->argv[2];
		return copy(c, &x, remove);
	}
	if (c->argc == 1 && text_same(c->argv[0], "check") && !remove)
		return check(c, &x);
	return usage();
}
