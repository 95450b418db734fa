/* SPDX-License-Identifier: MIT */
/* SQLite's log: it is folded into the file and begun anew, however much is written, and
 * neither readers nor writers fail for it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "conf.h"
#include "db.h"
#include "db_test.h"

#include "test.h"

enum {
	TEXT = 40 * 1000,	/* bytes of a note: a commit of ten pages */
	LONG = 600,		/* commits after which a log is long */
	SHORT = 16 * 1024 * 1024, /* bytes of one that is not */
	WRITERS = 3, EACH = 200
};

struct conf conf;

static char folder[] = "/tmp/test_dbfold_XXXXXX", url[64];
static struct db *db;

static struct db *
open_it(struct arena *arena)
{
	struct db *opened = NULL;

	if (db_open(url, arena, &opened) != OK)
		abort();
	return opened;
}

/* Write n times to the same note. */
static bool
write_notes(struct db *to, const char *id, int n)
{
	static char text[TEXT + 1];
	enum err e = OK;

	for (int i = 0; i < n && !e; i++) {
		memset(text, 'a' + i % 2, TEXT); /* the same is not written again */
		e = db_begin(to);
		if (!e)
			e = q_note_add(to, &(struct note_add_in){ id, i, text, 0 }, NULL);
		if (!e)
			e = db_commit(to);
	}
	return e == OK;
}

static int64_t
log_size(void)
{
	char path[80];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/a.db-wal", folder);
	return stat(path, &st) == 0 ? st.st_size : -1;
}

static enum err
write_meanwhile(void *context, const struct note_each_row *row)
{
	const bool mine = row->n_lines == 7;

	*(bool *)context = mine && write_notes(db, "a", LONG) && log_size() > SHORT;
	return OK;
}

/* What a reader still needs stays in the log; after him it is used again. */
static void
test_reader(struct arena *arena)
{
	struct db *reader = open_it(arena);
	bool good = false;
	int64_t size;

	ok(q_note_add(db, &(struct note_add_in){ "a", 7, "", 0 }, NULL) == OK &&
	    q_note_each(reader, write_meanwhile, &good) == OK && good,
	    "others write much while one reads");
	db_close(reader);
	size = log_size();
	ok(write_notes(db, "a", LONG) && log_size() < size + SHORT,
	    "then the log is begun anew");
	ok(write_notes(db, "a", LONG) && log_size() < size + SHORT, "and stays as it is");
}

static void
test_bulk(void)
{
	const int64_t size = log_size();

	db_bulk(db, true);
	ok(write_notes(db, "a", 4 * LONG) && log_size() > size + SHORT,
	    "a batch lets it grow");
	db_bulk(db, false);
	ok(write_notes(db, "a", LONG), "and ends");
}

/* None of those who write at once is turned away while one folds. */
static void
test_writers(struct arena *arena)
{
	int status, n_good = 0;

	for (int i = 0; i < WRITERS; i++)
		if (fork() == 0)
			_exit(!write_notes(open_it(arena), (char[2]){ (char)('b' + i) },
			    EACH));
	for (int i = 0; i < WRITERS; i++)
		n_good += wait(&status) > 0 && status == 0;
	ok(n_good == WRITERS, "many write at once, and none fails");
}

int
main(void)
{
	static const char *const names[] = { "a.db", "a.db-wal", "a.db-shm" };
	struct arena *arena = arena_make(16 << 20, NULL);
	char path[80];
	int n;

	if (!mkdtemp(folder))
		return 1;
	(void)snprintf(url, sizeof(url), "sqlite:%s/a.db", folder);
	db = open_it(arena);
	ok(db_migrate(db, &n) == OK, "a new database");
	test_reader(arena);
	test_bulk();
	db_close(db);
	test_writers(arena);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		(void)unlink(path); /* the last one may have removed it */
	}
	(void)rmdir(folder);
	arena_end(arena);
	return test_end();
}
