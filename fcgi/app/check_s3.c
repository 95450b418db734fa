/* SPDX-License-Identifier: MIT */
/*
 * cem check s3: can the bucket of the settings be used? It is asked whether it keeps
 * versions and what time it is there; then a small object is stored, read, copied,
 * listed and removed, each by a right of its own.
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "command.h"
#include "conf.h"
#include "courier.h"
#include "digest.h"
#include "id.h"
#include "sandbox.h"
#include "text.h"

enum { PATIENCE_MS = 5000, SKEW_MAX = 60, VERSIONS = 2 };

static const char content[] = "cem check s3\n";

/* The object that is tried with, and its copy. */
struct trial {
	struct arena *arena;
	FILE *file;
	struct digest digest;
	const char *keys[VERSIONS];
	char versions[VERSIONS][COURIER_VERSION];
};

static bool
say(bool good, const char *words)
{
	printf("%-8s %s\n", good ? "ok" : "WRONG", words);
	return good;
}

static enum err
try_put(struct trial *t)
{
	const struct courier_put p = { .fd = fileno(t->file), .size = t->digest.size,
		.key = t->keys[0], .md5 = t->digest.md5, .sha256 = t->digest.sha256,
		.about = { .media = "text/plain" } };
	struct courier_stored stored;
	enum err e = courier_put(&p, &stored);

	memcpy(t->versions[0], stored.version, sizeof(stored.version));
	return e;
}

static enum err
try_get(struct trial *t)
{
	struct courier_object got;
	struct digest d;
	enum err e = courier_get(t->keys[0], t->versions[0], fileno(t->file),
	    t->digest.size, &got);

	if (!e && (!digest_file(fileno(t->file), &d) ||
	    !text_same(d.sha256, t->digest.sha256)))
		e = ERR_BROKEN;
	return e;
}

static enum err
try_copy(struct trial *t)
{
	const struct courier_copy c = { .from_key = t->keys[0],
		.from_version = t->versions[0], .key = t->keys[1],
		.size = t->digest.size };

	return courier_copy(&c, t->versions[1]);
}

static enum err
try_list(struct trial *t)
{
	const struct courier_find all = { .prefix = t->keys[0], .limit = 10 };
	struct courier_page page;
	enum err e = courier_list(t->arena, &all, &page);

	return e || page.n == VERSIONS ? e : ERR_BROKEN; /* the copy's begins so, too */
}

static enum err
try_remove(struct trial *t)
{
	enum err e = OK;

	for (int i = 0; i < VERSIONS && !e; i++)
		if (*t->versions[i])
			e = courier_remove(t->keys[i], t->versions[i]);
	return e;
}

static bool
trial_begin(struct trial *t)
{
	char id[ID_TEXT];

	id_make(id);
	t->keys[0] = arena_print(t->arena, "objects/check/%s", id);
	t->keys[1] = arena_print(t->arena, "%s-copy", t->keys[0]);
	t->file = tmpfile();
	return t->file && fputs(content, t->file) != EOF && fflush(t->file) == 0 &&
	    digest_file(fileno(t->file), &t->digest);
}

/* Removing comes last, and also after a failure. */
static bool
check_rights(struct arena *a)
{
	static const struct {
		enum err (*run)(struct trial *t);
		const char *words;
	} steps[] = {
		{ try_put, "an object is stored (s3:PutObject)" },
		{ try_get, "and read (s3:GetObject, s3:GetObjectVersion)" },
		{ try_copy, "and copied" },
		{ try_list, "and listed (s3:ListBucketVersions)" },
		{ try_remove, "and removed (s3:DeleteObjectVersion)" },
	};
	struct trial t = { .arena = a };
	bool good = true;

	if (!trial_begin(&t))
		return say(false, "no temporary file can be written");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (good || steps[i].run == try_remove)
			good = say(steps[i].run(&t) == OK, steps[i].words) && good;
	(void)fclose(t.file); /* it is gone with that */
	return good;
}

static bool
check_bucket(struct arena *a)
{
	static const char *const versions[] = { "the bucket keeps no versions: switch "
		"versioning on, so that nothing that is overwritten is lost",
		"the bucket keeps versions", "the bucket has stopped keeping versions: "
		"switch versioning on again" };
	struct courier_check c;
	const bool good = courier_check(&c) == OK;
	const bool in_time = c.skew >= -SKEW_MAX && c.skew <= SKEW_MAX;
	bool all = say(good, good ? arena_print(a, "the bucket %s is reached at %s",
	    conf.s3_bucket, courier_host(a)) : c.words);

	if (!good)
		return false;
	all = say(c.versions == COURIER_VERSIONS_ON, versions[c.versions]) && all;
	return say(in_time, arena_print(a, "its clock and this host's differ by %lld "
	    "seconds%s", (long long)c.skew, in_time ? "" : ": set this one "
	    "(timedatectl)")) && all;
}

int
command_check_s3(struct command *c)
{
	bool good;

	if (!courier_wanted()) {
		puts("S3 is not used: S3_BUCKET is empty");
		return 0;
	}
	courier_stop(); /* of an earlier check: this one shall not wait as long */
	if (sandbox_drop(conf.worker_user) != OK || courier_start(PATIENCE_MS) != OK)
		return !say(false, "S3 can't be used with these settings");
	good = check_bucket(c->arena) && check_rights(c->arena);
	courier_stop();
	puts(good ? "S3 can be used" : "S3 can't be used");
	return !good;
}
