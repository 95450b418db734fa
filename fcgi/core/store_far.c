/* SPDX-License-Identifier: MIT */
/*
 * The bucket as a whole: whether it can be trusted with objects and is this register's,
 * and what lies in it that no row names. That is removed only if it says itself that it
 * is one of ours: a bucket may hold files of others.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "courier.h"
#include "store_driver.h"
#include "text.h"

enum {
	PAGE = 500,			/* of versions listed at once */
	PAGE_MEMORY = 8 * 1024 * 1024,
	HEADS_MAX = 10000,		/* asked about in one sweep, one by one */
	HIDDEN_S = 24 * 3600		/* what is left of what was hidden */
};

/* No object has this key, but the id of the register whose bucket it is. */
static const char owner_key[] = "objects/ID";

/* Whose bucket it is, as the object says that tells it. */
static enum err
read_owner(char found[ID_TEXT])
{
	struct courier_object got;
	int fd;
	enum err e = store_nameless(&fd);

	if (e)
		return e;
	e = courier_get(owner_key, NULL, fd, ID_TEXT - 1, &got);
	if (!e && pread(fd, found, ID_TEXT - 1, 0) != ID_TEXT - 1)
		e = ERR_BROKEN;
	found[ID_TEXT - 1] = '\0';
	(void)close(fd); /* was only read */
	return e;
}

/* Without an object's id, so that no sweep takes it. */
static enum err
write_owner(const char *wanted)
{
	struct courier_stored stored;
	struct store_object o = { .fd = -1 };
	enum err e = store_nameless(&o.fd);

	if (e)
		return e;
	e = store_write(&o, wanted, ID_TEXT - 1);
	if (!e)
		e = store_measure(o.fd, &o);
	if (!e)
		e = courier_put(&(struct courier_put){ .fd = o.fd, .size = o.size,
		    .key = owner_key, .md5 = o.md5, .sha256 = o.sha256,
		    .about = { .media = "text/plain" } }, &stored);
	(void)close(o.fd); /* has no name */
	return e;
}

enum err
store_far_check(const char *wanted, char words[STORE_WORDS])
{
	struct courier_check check = { .words = "" };
	char found[ID_TEXT];
	enum err e = courier_check(&check);

	(void)snprintf(words, STORE_WORDS, "%s", check.words);
	if (!e && check.versions != COURIER_VERSIONS_ON) {
		(void)snprintf(words, STORE_WORDS, "the bucket %s keeps no versions: "
		    "switch versioning on, so that nothing that is overwritten is lost",
		    conf.s3_bucket);
		return ERR_CONFLICT;
	}
	if (!e)
		e = read_owner(found);
	if (!e && !text_same(found, wanted)) {
		(void)snprintf(words, STORE_WORDS, "the bucket %s holds the files of "
		    "another register than the database: check S3_BUCKET and "
		    "DATABASE_URL", conf.s3_bucket);
		return ERR_CONFLICT;
	}
	if (e == ERR_MISSING)
		e = write_owner(wanted);
	if (e && !*words)
		(void)snprintf(words, STORE_WORDS, "S3: %s", err_name(e));
	return store_s3_told(e);
}

/* One page of a sweep: what of it has no row and is ours. */
struct far {
	const struct store_far *ask;
	int64_t before;		/* what is older goes */
	int heads;
};

static enum err
sweep_entry(struct far *f, const struct courier_entry *entry)
{
	struct courier_object found;
	bool known = true;
	enum err e;

	if (entry->marker || entry->modified_at >= f->before ||
	    text_same(entry->key, owner_key))
		return OK;
	e = f->ask->known(f->ask->context, entry->key, entry->version, &known);
	if (e || known || f->heads == HEADS_MAX)
		return e;
	f->heads++;
	e = courier_head(entry->key, entry->version, &found);
	if (e || !id_valid(found.object_id))
		return e == ERR_MISSING ? OK : store_s3_told(e);
	f->ask->removed(f->ask->context);
	return store_s3_told(courier_remove(entry->key, entry->version));
}

static enum err
sweep_prefix(struct far *f, struct arena *a, const char *prefix)
{
	char key[COURIER_KEY] = "", version[COURIER_VERSION] = "";
	const struct courier_find find = { .prefix = prefix, .after_key = key,
		.after_version = version, .limit = PAGE };
	struct courier_page page;
	enum err e;

	do {
		arena_reset(a);
		e = store_s3_told(courier_list(a, &find, &page));
		for (size_t i = 0; !e && i < page.n; i++)
			e = sweep_entry(f, &page.entries[i]);
		if (!e && page.more && text_same(page.next_key, key) &&
		    text_same(page.next_version, version))
			e = ERR_BROKEN; /* S3 would send the same page for ever */
		if (!e && page.more) {
			(void)snprintf(key, sizeof(key), "%s", page.next_key);
			(void)snprintf(version, sizeof(version), "%s",
			    page.next_version ? page.next_version : "");
		}
	} while (!e && page.more);
	return e;
}

enum err
store_far_sweep(const struct store_far *ask)
{
	static const char *const prefixes[] = { "hidden/", "objects/", "tenants/" };
	struct far f = { .ask = ask };
	struct arena *a = arena_make(PAGE_MEMORY, NULL);
	enum err e = OK;

	for (size_t i = 0; !e && i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		const int64_t age = i || ask->age_s < HIDDEN_S ? ask->age_s : HIDDEN_S;

		f.before = clock_now() - age * CLOCK_SECOND;
		e = sweep_prefix(&f, a, prefixes[i]);
	}
	arena_end(a);
	return e;
}
