/* SPDX-License-Identifier: MIT */
/*
 * What commands share. Their words: options and flags are taken out one by one; what is
 * left is for the command itself. And what most of them open: keys, store, database.
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "command.h"
#include "conf.h"
#include "courier.h"
#include "db.h"
#include "identity.h"
#include "key.h"
#include "net.h"
#include "port.h"
#include "sandbox.h"
#include "store.h"
#include "text.h"

enum { PATIENCE_MS = 60 * 1000 };	/* with S3 */

int
command_usage(const char *words)
{
	const char *before = "usage: cem ";

	for (size_t n; *words; words += n + (words[n] == '\n')) {
		n = strcspn(words, "\n");
		fprintf(stderr, "%s%.*s\n", before, (int)n, words);
		before = "       cem ";
	}
	return 2;
}

int
command_fail(const char *words)
{
	fprintf(stderr, "cem: %s\n", words);
	return 1;
}

static void
take_out(struct command *c, int at, int n)
{
	for (int i = at; i + n <= c->argc; i++)
		c->argv[i] = c->argv[i + n]; /* the NULL at the end comes along */
	c->argc -= n;
}

const char *
command_option(struct command *c, const char *name)
{
	const char *value;

	for (int i = 0; i + 1 < c->argc; i++) {
		if (!text_same(c->argv[i], name))
			continue;
		value = c->argv[i + 1];
		take_out(c, i, 2);
		return value;
	}
	return NULL;
}

bool
command_flag(struct command *c, const char *name)
{
	for (int i = 0; i < c->argc; i++) {
		if (!text_same(c->argv[i], name))
			continue;
		take_out(c, i, 1);
		return true;
	}
	return false;
}

/* The schema must be this program's: a worker never guesses. */
static enum err
check_version(struct db *db)
{
	int64_t version;
	enum err e = db_version(db, &version);

	if (!e && version != db_version_wanted()) {
		fprintf(stderr, "cem: the database is of version %lld, this program of "
		    "%lld: run cem migrate\n", (long long)version,
		    (long long)db_version_wanted());
		e = ERR_BROKEN;
	}
	return e;
}

enum err
command_open(struct command *c, struct db **db)
{
	const char *wrong = db_url_check(conf.database_url);
	enum err e;

	if (wrong) {
		fprintf(stderr, "cem: setting DATABASE_URL %s\n", wrong);
		return ERR_BROKEN;
	}
	if (text_same(conf.store, "s3") && !courier_wanted()) {
		fputs("cem: STORE is s3, so S3_BUCKET must name a bucket\n", stderr);
		return ERR_BROKEN;
	}
	e = sandbox_drop(conf.worker_user); /* root must own no file of it */
	if (!e)
		e = courier_start(c->patience_ms ? c->patience_ms :
		    PATIENCE_MS); /* before there are keys */
	if (!e)
		e = key_load();
	if (!e)
		e = store_open(arena_print(c->arena, "%s/store", conf.state_dir));
	if (!e)
		e = db_open(conf.database_url, c->arena, db);
	if (e)
		fputs("cem: the store or the database can't be opened\n", stderr);
	if (!e)
		e = check_version(*db);
	if (!e && identity_check(*db)) {
		fputs("cem: the store belongs to another database\n", stderr);
		e = ERR_CONFLICT;
	}
	return e;
}

int
command_mend(struct command *c, command_mend_fn *mend, const char *figures,
    const char *counted)
{
	struct db *db;
	size_t n = 0;
	enum err e = command_open(c, &db);

	if (!e)
		e = db_begin(db);
	if (!e)
		e = mend(db, c->arena, &n);
	if (!e)
		e = db_commit(db);
	if (e)
		printf("the figures could not be checked: %s\n", err_name(e));
	else if (n)
		printf("%zu %s did not agree with the %s, and were put right\n", n,
		    figures, counted);
	else
		printf("the figures agree with the %s\n", counted);
	return e || n;
}

const struct sandbox *
command_sandbox(struct arena *a)
{
	static struct sandbox s;
	static const char *writable[4], *readable[8];
	struct db_port to = db_port(conf.database_url, a);
	struct net_place clamd;
	int n = 0;

	writable[n++] = arena_print(a, "%s/store", conf.state_dir);
	writable[n++] = arena_print(a, "%s/journal", conf.state_dir);
	if (to.file) {
		const char *end = strrchr(to.file, '/');

		writable[n++] = end ? arena_copy(a, to.file, (size_t)(end - to.file)) :
		    ".";
	}
	n = 0;
	readable[n++] = arena_print(a, "%s/spool", conf.state_dir);
	readable[n++] = "/etc/hosts";
	readable[n++] = "/etc/resolv.conf";
	readable[n++] = "/etc/nsswitch.conf";
	readable[n++] = "/etc/ssl/certs";
	readable[n++] = to.authorities;
	s = (struct sandbox){ .writable = writable, .readable = readable,
	    .ports = { to.tcp }, .connect_unix = to.local };
	if (net_place_read(conf.clamd, &clamd)) {
		s.ports[to.tcp ? 1 : 0] = clamd.port;
		s.connect_unix = s.connect_unix || !clamd.port;
	}
	return &s;
}
