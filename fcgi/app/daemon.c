/* SPDX-License-Identifier: MIT */
/*
 * cem serve: the parent, its FastCGI workers, its job worker and its recorder. A
 * worker opens what it needs, starts its helpers, locks itself, and then answers; the
 * order in worker_start is what keeps secrets from the helpers:
 *
 *     become the unprivileged user     fork the courier (it keeps S3's secrets)
 *     derive keys     fork the signer (it keeps the card key)     forget the secrets
 *     and the card key     fork the picture decoder (it has no secret at all)     open
 *     store and database     lock
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <sodium.h>

#include "arena.h"
#include "command.h"
#include "conf.h"
#include "courier.h"
#include "db.h"
#include "draw.h"
#include "front.h"
#include "identity.h"
#include "image.h"
#include "issuer.h"
#include "journal.h"
#include "key.h"
#include "log.h"
#include "metrics.h"
#include "outage.h"
#include "place.h"
#include "proc.h"
#include "recorder.h"
#include "sandbox.h"
#include "serve.h"
#include "store.h"
#include "work.h"

enum {
	REQUEST_MEMORY = 8 * 1024 * 1024,
	JSON_MAX = 1024 * 1024,
	HEAP_KEPT = 2 * 1024 * 1024,
	WEB_PATIENCE_MS = 8000,		/* with S3, while somebody waits */
	JOB_PATIENCE_MS = 60 * 1000,
	UPLOAD_MB_MAX = 112	/* nginx's largest limit; each route knows its own */
};

static int listener;

/* Everything a worker of either kind needs, in the order told above. */
static enum err
worker_start(struct arena *a, struct db **db)
{
	enum err e = sandbox_drop(conf.worker_user);

	if (!e)
		e = store_open(arena_print(a, "%s/store", conf.state_dir));
	if (!e)
		e = journal_open(arena_print(a, "%s/journal", conf.state_dir));
	if (!e)
		e = db_open(conf.database_url, a, db);
	if (!e)
		e = identity_check(*db);
	if (!e)
		e = sandbox_lock(command_sandbox(a));
	return e;
}

static enum err
web_start(struct arena *a, struct db **db)
{
	enum err e = courier_start(WEB_PATIENCE_MS);

	if (!e)
		e = key_load();
	if (!e)
		e = issuer_start();
	conf_guard();
	conf_forget_secrets();
	courier_forget();
	if (!e)
		e = image_start();
	if (!e)
		e = draw_open();
	if (!e)
		e = worker_start(a, db);
	if (!e)
		(void)journal_begin(); /* logged; tried again with the first read */
	return e;
}

static int
web_worker(int number)
{
	struct arena *kept = arena_make(REQUEST_MEMORY, NULL);
	struct serve s = {
		.socket = listener, .arena = arena_make(REQUEST_MEMORY, serve_abort),
		.max_json = JSON_MAX,
		.max_upload = (size_t)UPLOAD_MB_MAX << 20,
		.max_file = (size_t)conf.max_file_mb << 20,
		.spool_dir = arena_print(kept, "%s/spool", conf.state_dir),
		.handle = front, .served = metrics_served, .busy = proc_busy,
		.stopping = proc_stopping
	};

	metrics_join(number); /* before there are helpers: they get no part in it */
	outage_join(number);
	/* Cairo and zlib take and give back as much with every card: keep it, or each
	 * costs a hundred page faults. */
	(void)mallopt(M_TRIM_THRESHOLD, HEAP_KEPT);
	(void)mallopt(M_MMAP_THRESHOLD, HEAP_KEPT);
	/* Nor shall libc look with each for a time zone, in a file it may not see. */
	(void)setenv("TZ", "UTC0", 1);
	if (sandbox_drop(conf.worker_user) || web_start(kept, &s.db)) {
		log_write(LOG_ERROR, "worker %d could not start", number);
		return 1;
	}
	db_arena(s.db, s.arena);
	proc_ready();
	return serve(&s);
}

/* A job may register farmers, whose data is sealed; it signs nobody in and no card. */
static enum err
job_keys(void)
{
	static const enum key_use never[] = {
		KEY_TOKEN, KEY_THROTTLE, KEY_CARD, KEY_FORM, KEY_SHARE, KEY_LINK
	};
	enum err e = courier_start(JOB_PATIENCE_MS);

	if (!e)
		e = key_load();
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		key_forget(never[i]);
	conf_guard();
	conf_forget_secrets();
	courier_forget();
	return e;
}

static int
job_worker(int number)
{
	struct arena *a = arena_make(REQUEST_MEMORY, NULL);
	struct db *db;

	metrics_join((int)conf.workers + number);
	outage_join(-1);
	if (sandbox_drop(conf.worker_user) || job_keys() || worker_start(a, &db)) {
		log_write(LOG_ERROR, "job worker %d could not start", number);
		return 1;
	}
	proc_ready();
	return work_loop(db);
}

static int
recorder(int number)
{
	struct arena *a = arena_make(REQUEST_MEMORY, NULL);
	struct db *db;

	metrics_join((int)(conf.workers + conf.job_workers) + number); /* there is one */
	outage_join(-1);
	conf_guard();
	conf_forget_secrets();
	courier_forget();
	if (worker_start(a, &db)) {
		log_write(LOG_ERROR, "the recorder could not start");
		return 1;
	}
	proc_ready();
	return recorder_loop(db);
}

int
command_migrate(struct command *c)
{
	struct db *db;
	int n = 0;
	enum err e = sandbox_drop(conf.worker_user); /* root must own no file of it */

	if (c->argc)
		return command_usage("migrate");
	if (!e)
		e = db_open(conf.database_url, c->arena, &db);
	if (e) {
		fputs("cem: the database can't be opened\n", stderr);
		return 1;
	}
	e = db_migrate(db, &n);
	if (!e)
		e = identity_make(db);
	if (!e)
		e = place_load(db, c->arena);
	db_close(db);
	if (e) {
		fprintf(stderr, "cem: the migration failed: %s\n", err_name(e));
		return 1;
	}
	printf("database is at version %lld, %d steps done\n",
	    (long long)db_version_wanted(), n);
	return 0;
}

/* A bucket that loses what is overwritten, or is another's, must not be used. One that
 * does not answer may do so later: people need the rest meanwhile. */
static enum err
check_bucket(struct db *db)
{
	char words[STORE_WORDS];
	enum err e = courier_wanted() ? identity_far(db, words) : OK;

	if (e)
		fprintf(stderr, "cem: %s\n", words);
	return e == ERR_DOWN ? OK : e;
}

int
command_serve(struct command *c)
{
	const struct proc_kind kinds[] = {
		{ "worker", (int)conf.workers, web_worker },
		{ "job worker", (int)conf.job_workers, job_worker },
		{ "recorder", 1, recorder }
	};
	struct db *db;
	enum err e;

	if (c->argc)
		return command_usage("serve");
	c->patience_ms = WEB_PATIENCE_MS;
	e = command_open(c, &db);
	if (!e)
		e = check_bucket(db);
	if (!e)
		e = issuer_publish(db, c->arena);
	if (e)
		return 1;
	db_close(db);
	courier_stop(); /* each worker has its own */
	key_forget_all();
	listener = proc_listen(conf.socket);
	if (listener < 0 || metrics_start((int)(conf.workers + conf.job_workers) + 1) ||
	    outage_map((int)conf.workers))
		return 1;
	return proc_supervise(kinds, 3, c->whole);
}
