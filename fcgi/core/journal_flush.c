/* SPDX-License-Identifier: MIT */
/*
 * The recorder's side of the journal. How far each file has been taken is remembered
 * in this process only: another one that comes after it begins at the start of each
 * file and finds the rows stored already. A file is removed when its lock is free and
 * all of it is in the database. What can't be read (the torn end of a file whose
 * writer was killed or whose machine lost its power) is told in the log and left out.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "buf.h"
#include "db.h"
#include "id.h"
#include "journal.h"
#include "journal_line.h"
#include "log.h"
#include "queries.h"
#include "text.h"

enum {
	KNOWN_MAX = 1024,	/* files; further ones wait until some are gone */
	BATCH = 256 * 1024,	/* bytes of lines in one transaction */
	READ_MAX = JOURNAL_FILE + JOURNAL_LINE,
	ROWS_MAX = BATCH / 40 + 1 /* no line that is one has fewer bytes */
};

/* A file, and how many of its bytes are in the database. */
struct known {
	char id[ID_TEXT];
	off_t done, will;	/* will: after this batch */
	off_t size;		/* when it was looked at */
	bool is_last, listed;	/* is_last: nobody had it open then */
};

static struct known known[KNOWN_MAX];
static int n_known;

struct batch {
	struct arena *arena;
	struct buf text;	/* the lines as they were written */
	struct audit_insert_in *rows; /* and taken apart */
	size_t n, n_bad;
	bool full;
};

static struct known *
find(const char *id)
{
	for (int i = 0; i < n_known; i++)
		if (text_same(known[i].id, id))
			return &known[i];
	if (n_known == KNOWN_MAX)
		return NULL;
	known[n_known] = (struct known){ .done = 0 };
	memcpy(known[n_known].id, id, ID_TEXT);
	return &known[n_known++];
}

static void
add_line(struct batch *b, char *line, size_t n)
{
	const size_t before = b->text.n;

	buf_add(&b->text, line, n + 1);
	if (journal_line_read(line, n, &b->rows[b->n])) {
		b->n++;
		return;
	}
	b->n_bad++;
	buf_cut(&b->text, before);
}

/* Take the whole lines of p; how many bytes they have. */
static size_t
add_lines(struct batch *b, char *p, size_t n)
{
	size_t done = 0;
	char *end;

	while ((end = memchr(p + done, '\n', n - done))) {
		size_t length = (size_t)(end - (p + done));

		add_line(b, p + done, length);
		done += length + 1;
	}
	return done;
}

/* The lines of one file since the last time. The lock is asked for first: when it is
 * free nobody can append any more, and what is read is all there is. */
static enum err
read_file(struct batch *b, struct known *k, int fd)
{
	const bool complete = flock(fd, LOCK_EX | LOCK_NB) == 0;
	struct stat st;
	ssize_t n = -1;
	size_t room, taken;
	char *p;

	if (fstat(fd, &st) == 0) {
		off_t rest = st.st_size > k->done ? st.st_size - k->done : 0;

		room = rest < READ_MAX ? (size_t)rest : READ_MAX;
		p = arena_take(b->arena, room + 1);
		n = pread(fd, p, room, k->done);
	}
	if (n < 0) {
		log_write(LOG_ERROR, "journal: %s: %s", k->id, strerror(errno));
		return ERR_DOWN;
	}
	taken = add_lines(b, p, (size_t)n);
	if (!taken && n == READ_MAX)
		taken = (size_t)n; /* no line is as long: it is no text of ours */
	k->will = k->done + (off_t)taken;
	k->size = k->done + (off_t)n;
	k->is_last = complete && n < READ_MAX;
	b->full = b->full || n == READ_MAX;
	if (k->is_last && taken < (size_t)n)
		log_write(LOG_WARN, "journal: the end of %s was not written whole: %d "
		    "bytes are left out", k->id, (int)((size_t)n - taken));
	return OK;
}

static enum err
take_file(void *context, const char *id)
{
	struct batch *b = context;
	struct known *k = find(id);
	const size_t n_bad = b->n_bad;
	enum err e;
	int fd;

	if (k)
		k->listed = true;
	if (!k || b->full || b->text.n + READ_MAX > BATCH) {
		b->full = true;
		return OK;
	}
	fd = openat(journal_folder(), id, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) { /* the others can do without it */
		log_write(LOG_ERROR, "journal: %s: %s", id, strerror(errno));
		return OK;
	}
	e = read_file(b, k, fd);
	(void)close(fd); /* was only read */
	if (b->n_bad > n_bad)
		log_write(LOG_WARN, "journal: %d lines of %s can't be read and are left "
		    "out", (int)(b->n_bad - n_bad), id);
	return e;
}

/* PostgreSQL takes the lines as they are, in one statement: each of its own would cost
 * more than all the rest. SQLite has no way to go but ours. */
static enum err
store(struct db *db, const struct batch *b)
{
	enum err e = db_begin(db);

	if (!e && db_is_pgsql(db))
		e = q_audit_lines(db, &(struct audit_lines_in){ .lines = b->text.bytes },
		    NULL);
	else
		for (size_t i = 0; i < b->n && !e; i++)
			e = q_audit_insert(db, &b->rows[i], NULL);
	if (!e)
		return db_commit(db);
	db_rollback(db);
	return e;
}

/* Remove a file, unless somebody has begun to write it since it was looked at: it may
 * have been a new one between its making and its locking. While we have the lock, he
 * can't get it, and afterwards he sees that its name is gone (journal.c). */
static bool
remove_file(const struct known *k)
{
	int fd = openat(journal_folder(), k->id, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	struct stat st;
	bool gone = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0 &&
	    fstat(fd, &st) == 0 && st.st_size == k->size &&
	    unlinkat(journal_folder(), k->id, 0) == 0;

	if (fd >= 0)
		(void)close(fd); /* nothing was written through it */
	return gone;
}

/* It is in the database: remember how far, and remove the files that are done with. */
static void
settle(void)
{
	int n = 0;

	for (int i = 0; i < n_known; i++) {
		struct known *k = &known[i];

		k->done = k->will;
		if (k->listed && !(k->is_last && remove_file(k)))
			known[n++] = *k;
	}
	n_known = n;
}

enum err
journal_flush(struct db *db, struct arena *arena, bool *more)
{
	struct batch b = { .arena = arena, .text = buf_make(arena, BATCH),
		.rows = arena_array(arena, struct audit_insert_in, ROWS_MAX) };
	enum err e;

	for (int i = 0; i < n_known; i++) {
		known[i].will = known[i].done;
		known[i].is_last = known[i].listed = false;
	}
	e = journal_each(take_file, &b);
	if (!e && b.n)
		e = store(db, &b);
	if (!e)
		settle();
	*more = !e && b.full;
	return e;
}
