/* SPDX-License-Identifier: MIT */
/*
 * cem import cem FOLDER: the register of the system before, as mongoexport wrote its
 * collections. Each record is looked at on its own: it is taken, it was there already,
 * or it is refused, which is printed with its id and the reason. The records of a batch
 * are one transaction, so a run that was stopped is said again, and a second whole run
 * changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "arena.h"
#include "audit.h"
#include "clock.h"
#include "command.h"
#include "db.h"
#include "farmer_tally.h"
#include "front.h"
#include "id.h"
#include "import_dump.h"
#include "json.h"
#include "text.h"

enum { BATCH = 500, BATCH_BYTES = 16 * 1024 * 1024, MEMORY = 64 * 1024 * 1024 };
#define FILE_MAX (INT64_C(16) << 30)
#define KNOWN_MEMORY ((size_t)1 << 30)

/* In the order in which they refer to each other. */
static const struct collection {
	const char *name;
	enum err (*take)(struct import_dump *d, const struct json *json,
	    enum import_verdict *out);
} collections[] = {
	{ "ethnic_groups", import_dump_ethnic }, { "users", import_dump_user },
	{ "operators", import_dump_operator }, { "farmers", import_dump_farmer },
	{ "supply_requests", import_dump_supply },
};

enum { N_COLLECTIONS = sizeof(collections) / sizeof(collections[0]) };

struct file { const char *bytes; size_t n; bool there; };

/* A set of keyed hashes, at most half full. */
struct import_known {
	struct arena *arena;
	uint64_t *items;
	size_t n, room;
	unsigned char key[crypto_shorthash_KEYBYTES];
};

static void
say(const struct import_dump *d, const char *verdict, const char *format, va_list args)
{
	printf("%s %s %s: ", d->collection, d->id, verdict);
	(void)vprintf(format, args); /* a closed pipe is no reason to stop */
	putchar('\n');
}

enum import_verdict
import_refuse(const struct import_dump *d, const char *why, ...)
{
	va_list args;

	va_start(args, why);
	say(d, "refused", why, args);
	va_end(args);
	return IMPORT_REFUSED;
}

void
import_note(const struct import_dump *d, const char *words, ...)
{
	va_list args;

	va_start(args, words);
	say(d, "note", words, args);
	va_end(args);
}

static uint64_t
hash_of(const struct import_known *k, struct arena *a, const char *kind,
    const char *name)
{
	const char *text = arena_print(a, "%s %s", kind, name);
	unsigned char hash[crypto_shorthash_BYTES];
	uint64_t n;

	(void)crypto_shorthash(hash, (const unsigned char *)text, strlen(text), k->key);
	memcpy(&n, hash, sizeof(n));
	return n | 1; /* 0 is a free place */
}

static size_t
place_of(const struct import_known *k, uint64_t hash)
{
	size_t at = hash >> 1 & (k->room - 1);

	while (k->items[at] && k->items[at] != hash)
		at = (at + 1) & (k->room - 1);
	return at;
}

bool
import_known(const struct import_dump *d, const char *kind, const char *name)
{
	const struct import_known *k = d->known;

	return k->items[place_of(k, hash_of(k, d->r.arena, kind, name))] != 0;
}

static void
grow(struct import_known *k)
{
	uint64_t *old = k->items;
	size_t n = k->room;

	k->room = n ? n * 2 : 1024;
	k->items = arena_array(k->arena, uint64_t, k->room);
	for (size_t i = 0; i < n; i++)
		if (old[i])
			k->items[place_of(k, old[i])] = old[i];
}

void
import_know(struct import_dump *d, const char *kind, const char *name)
{
	struct import_known *k = d->known;
	uint64_t hash = hash_of(k, d->r.arena, kind, name);

	if (k->n * 2 >= k->room)
		grow(k);
	k->n += k->items[place_of(k, hash)] == 0;
	k->items[place_of(k, hash)] = hash;
}

void
import_times(const struct import_dump *d, const struct json *json, int64_t *created_at,
    int64_t *updated_at)
{
	unsigned char first[4];

	if (!import_time(json_get(json, "created_at"), created_at)) {
		/* An ObjectId begins with the seconds at which it was made. */
		*created_at = d->r.now;
		if (text_hex_read(arena_copy(d->r.arena, d->id, 8), first, 4))
			*created_at = (int64_t)((uint32_t)first[0] << 24 |
			    (uint32_t)first[1] << 16 | (uint32_t)first[2] << 8 |
			    first[3]) * CLOCK_SECOND;
	}
	if (!import_time(json_get(json, "updated_at"), updated_at))
		*updated_at = *created_at;
}

/* All files, before root's rights go. One that is not there is an empty collection. */
static bool
open_files(int folder, struct file files[N_COLLECTIONS])
{
	bool good = true;

	for (int i = 0; i < N_COLLECTIONS; i++) {
		char name[40];
		struct stat st;
		int fd;
		void *p = NULL;

		(void)snprintf(name, sizeof(name), "%s.json", collections[i].name);
		fd = openat(folder, name, O_RDONLY | O_CLOEXEC);
		if (fd < 0 && errno == ENOENT)
			continue;
		if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
		    st.st_size > FILE_MAX || (st.st_size && (p = mmap(NULL,
		    (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)) ==
		    MAP_FAILED)) {
			fprintf(stderr, "cem: %s can't be read\n", name);
			good = false;
		} else {
			files[i] = (struct file){ p, (size_t)st.st_size, true };
		}
		if (fd >= 0)
			(void)close(fd); /* the mapping stays */
	}
	return good;
}

/* One record, whatever it is. */
static enum err
take_one(struct import_dump *d, const struct collection *c,
    const struct import_record *record, enum import_verdict *out)
{
	const char *id;

	d->id = arena_print(d->r.arena, "record %lld", (long long)record->number);
	d->r.faults.n = 0;
	d->r.detail = NULL;
	*out = IMPORT_REFUSED;
	if (record->why) {
		*out = import_refuse(d, "%s", record->why);
		return OK;
	}
	id = import_value(d->r.arena, json_get(record->json, "_id"));
	id = id ? text_lower(d->r.arena, id) : NULL;
	if (!id_valid(id)) {
		*out = import_refuse(d, "its _id is no ObjectId");
		return OK;
	}
	d->id = id;
	return c->take(d, record->json, out);
}

static void
begin_batch(struct import_dump *d)
{
	arena_reset(d->r.arena);
	d->r.now = clock_now();
	d->tally = farmer_tally_begin(d->r.arena);
	db_intend(d->db);
}

static enum err
end_batch(struct import_dump *d)
{
	enum err e = farmer_tally_write(d->tally, d->db);

	return e ? e : db_commit(d->db);
}

static enum err
take_file(struct import_dump *d, const struct collection *c, const struct file *file,
    int64_t counts[IMPORT_VERDICTS])
{
	struct import_records records;
	struct import_record record;
	enum import_verdict verdict;
	int in_batch = 0;
	enum err e = OK;

	d->collection = c->name;
	import_records_open(&records, file->bytes, file->n);
	begin_batch(d);
	while (!e && import_records_next(&records, d->r.arena, &record)) {
		e = take_one(d, c, &record, &verdict);
		json_free(record.json);
		counts[verdict]++;
		if (e || (++in_batch < BATCH &&
		    arena_used(d->r.arena) < BATCH_BYTES))
			continue;
		in_batch = 0;
		e = end_batch(d);
		begin_batch(d);
	}
	if (!e)
		e = end_batch(d);
	if (e)
		db_rollback(d->db);
	return e;
}

/* All collections; how many records were refused in *refused. */
static enum err
take_all(struct import_dump *d, const struct file *files, int64_t *refused)
{
	enum err e = OK;

	for (int i = 0; i < N_COLLECTIONS && !e; i++) {
		int64_t n[IMPORT_VERDICTS] = { 0 };

		if (!files[i].there) {
			printf("%s: no file\n", collections[i].name);
			continue;
		}
		e = take_file(d, &collections[i], &files[i], n);
		*refused += n[IMPORT_REFUSED];
		if (!e)
			printf("%s: %lld %s, %lld there already, %lld refused\n",
			    collections[i].name, (long long)n[IMPORT_TAKEN],
			    d->dry_run ? "would be taken" : "taken",
			    (long long)n[IMPORT_THERE], (long long)n[IMPORT_REFUSED]);
	}
	return e;
}

int
import_cem(struct command *c)
{
	struct import_known known = { .arena = arena_make(KNOWN_MEMORY, NULL) };
	struct file files[N_COLLECTIONS] = { { NULL, 0, false } };
	struct import_dump d = { .dry_run = command_flag(c, "--dry-run"),
		.known = &known };
	int64_t refused = 0;
	int folder;
	enum err e;

	if (c->argc != 2)
		return command_usage("import cem FOLDER [--dry-run]");
	folder = open(c->argv[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0) {
		fprintf(stderr, "cem: %s: %s\n", c->argv[1], strerror(errno));
		return 1;
	}
	if (!open_files(folder, files) || command_open(c, &d.db))
		return 1;
	d.r = (struct req){ .arena = arena_make(MEMORY, NULL), .db = d.db,
		.method = "POST", .path = "cem import cem", .query = "",
		.now = clock_now(), .who = &import_host, .file = { .fd = -1 } };
	d.r.faults.arena = d.r.arena;
	randombytes_buf(known.key, sizeof(known.key));
	grow(&known);
	e = import_places_load(&d.r, c->arena, &d.places);
	db_arena(d.db, d.r.arena);
	db_bulk(d.db, true);
	if (!e)
		e = take_all(&d, files, &refused);
	if (e)
		fputs("cem: the import has stopped; the log says why. Say it again to go "
		    "on\n", stderr);
	return e || refused;
}
