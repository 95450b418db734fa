/* SPDX-License-Identifier: MIT */
/*
 * Deleting an organisation's files: one, many, or a folder with all below it. Nothing is
 * removed: a deleted file lies in the trash until its time is over (space_purge.c). Many
 * go in batches, a statement for each, in one transaction and in the order of their
 * paths, so that two who delete the same wait for each other; what a batch takes of
 * memory is given back after it. A folder of very many goes in several transactions.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "db.h"
#include "fields.h"
#include "front.h"
#include "json.h"
#include "log.h"
#include "queries.h"
#include "space.h"
#include "space_tally.h"
#include "text.h"

enum {
	PATHS_MAX = 10000,	/* of one request */
	BATCH = 500,		/* as in the statements */
	LISTED_MAX = 10000,	/* files of a folder that are named in the reply, */
	LISTED_BYTES = 1024 * 1024, /* and of their keys */
	STEP = 10000,		/* files of a folder that go in one transaction */
	MEMORY = 8 * 1024 * 1024 /* of a batch */
};

struct space_done { bool success; const char *message, *key; };

static const struct shape_field space_done_fields[] = {
	FIELD(space_done, success, SHAPE_BOOL),
	FIELD(space_done, message, SHAPE_TEXT),
	FIELD(space_done, key, SHAPE_TEXT),
};
SHAPE(space_done, "SpaceDone", SHAPE_BODY);

struct space_gone { const char *key, *marker_id; bool marker; };

static const struct shape_field space_gone_fields[] = {
	NAMED("Key", space_gone, key, SHAPE_TEXT),
	NAMED("DeleteMarker", space_gone, marker, SHAPE_BOOL),
	NAMED("DeleteMarkerVersionId", space_gone, marker_id, SHAPE_TEXT,
	    .flags = SHAPE_OPTIONAL | SHAPE_HIDDEN,
	    .words = "the file's id, by which it can be restored"),
};
static SHAPE(space_gone, "SpaceGone", SHAPE_BODY);

struct space_refused { const char *key, *code, *message; };

static const struct shape_field space_refused_fields[] = {
	NAMED("Key", space_refused, key, SHAPE_TEXT),
	NAMED("Code", space_refused, code, SHAPE_TEXT),
	NAMED("Message", space_refused, message, SHAPE_TEXT),
};
static SHAPE(space_refused, "SpaceRefused", SHAPE_BODY);

struct space_deletion { bool success; struct shape_list deleted, errors; };

static const struct shape_field space_deletion_fields[] = {
	FIELD(space_deletion, success, SHAPE_BOOL),
	FIELD(space_deletion, deleted, SHAPE_OBJECTS, .sub = &space_gone_shape),
	FIELD(space_deletion, errors, SHAPE_OBJECTS, .sub = &space_refused_shape),
};
SHAPE(space_deletion, "SpaceDeletion", SHAPE_BODY);

struct space_folder_gone {
	bool success;
	const char *message;
	const struct space_deletion *details;
};

static const struct shape_field space_folder_gone_fields[] = {
	FIELD(space_folder_gone, success, SHAPE_BOOL),
	FIELD(space_folder_gone, message, SHAPE_TEXT),
	FIELD(space_folder_gone, details, SHAPE_OBJECT, .sub = &space_deletion_shape),
};
SHAPE(space_folder_gone, "SpaceFolderGone", SHAPE_BODY);

struct space_paths { struct shape_texts paths; };

static const struct shape_field space_paths_fields[] = {
	FIELD(space_paths, paths, SHAPE_TEXTS, .flags = SHAPE_REQUIRED,
	    LIMIT(0, PATHS_MAX)),
};
SHAPE(space_paths, "SpacePaths", SHAPE_LIST);

struct space_folder_find { const char *folder_path; };

static const struct shape_field space_folder_find_fields[] = {
	FIELD(space_folder_find, folder_path, SHAPE_TEXT, .flags = SHAPE_REQUIRED),
};
SHAPE(space_folder_find, "SpaceFolderFind", SHAPE_QUERY);

/* What was put into the trash, in a request. */
struct trashed {
	struct req *r;
	struct arena *batch;	/* emptied after each batch */
	int64_t n, n_bytes;
};

static const char *
key_of(struct req *r, const char *path)
{
	return space_key(r->arena, front_viewer(r)->organisation_id, path);
}

static enum err
count_trashed(const struct trashed *t)
{
	if (!t->n)
		return OK;
	return space_count(t->r->db, front_viewer(t->r)->organisation_id,
	    &(struct space_change){ .live_files = -t->n, .live_bytes = -t->n_bytes,
	    .trash_files = t->n, .trash_bytes = t->n_bytes });
}

/* The audit's word for one file: by its id, as names can say who somebody is. */
static struct audit_event
event_of(const struct trashed *t, const struct space_trash_row *row)
{
	return (struct audit_event){ .module = "files", .action = "delete",
		.subject = row->file_id, .details = arena_print(t->batch,
		"{\"organisation_id\":\"%s\",\"size\":%lld}",
		front_viewer(t->r)->organisation_id, (long long)row->file_size) };
}

static enum err
note_batch(const struct trashed *t, const struct space_trash_row *rows, size_t n)
{
	struct audit_event *events = arena_array(t->batch, struct audit_event, n);
	struct req part = *t->r;

	for (size_t i = 0; i < n; i++)
		events[i] = event_of(t, &rows[i]);
	part.arena = t->batch;
	return front_audit_all(&part, &(struct audit_list){ events, n });
}

/* Put the files of n paths into the trash; rows are those that were there. */
static enum err
trash(struct trashed *t, const char *const *paths, size_t n,
    struct space_trash_row **rows, size_t *n_rows)
{
	const struct viewer *v = front_viewer(t->r);
	struct buf list = buf_make(t->batch, 64 * n);
	enum err e;

	for (size_t i = 0; i < n; i++) {
		buf_char(&list, i ? ',' : '[');
		json_write_text(&list, paths[i]);
	}
	buf_char(&list, ']');
	e = q_space_trash(t->r->db, &(struct space_trash_in){ .now = t->r->now,
	    .deleted_by = v->mark, .paths = list.bytes,
	    .viewer_organisation_id = v->organisation_id }, rows, n_rows);
	for (size_t i = 0; !e && i < *n_rows; i++) {
		t->n++;
		t->n_bytes += (*rows)[i].file_size;
	}
	return e;
}

enum err
space_delete(struct req *r)
{
	struct trashed t = { .r = r, .batch = r->arena };
	struct space_trash_row *rows;
	const char *path;
	size_t n;
	enum err e = space_ask(r, req_param(r, "file_path"), &path);

	if (!e)
		e = space_arrive(r, path);
	if (!e)
		e = trash(&t, &path, 1, &rows, &n);
	if (!e && !n)
		return fail(r, ERR_MISSING, "File not found");
	if (!e)
		e = note_batch(&t, rows, n);
	if (!e)
		e = count_trashed(&t);
	return e ? e : reply(r, 200, &(struct space_done){ true,
	    "File deleted successfully", key_of(r, path) });
}

/* One path of a request for many. */
struct wanted {
	const char *path;	/* NULL: it can't be one */
	char file_id[ID_TEXT];	/* "" if there was no file */
};

/* By their paths; of one path, in the order in which they came. */
static int
compare_wanted(const void *a, const void *b)
{
	const struct wanted *x = *(const struct wanted *const *)a;
	const struct wanted *y = *(const struct wanted *const *)b;
	const int order = strcmp(x->path, y->path);

	return order ? order : x < y ? -1 : x > y;
}

static int
compare_row(const void *path, const void *row)
{
	return strcmp(path, ((const struct space_trash_row *)row)->file_path);
}

static int
compare_rows(const void *a, const void *b)
{
	return compare_row(((const struct space_trash_row *)a)->file_path, b);
}

/* Note which of a batch were there; of two wishes for one path, in the first. */
static void
mark(struct wanted *const *batch, size_t n, struct space_trash_row *rows, size_t n_rows)
{
	qsort(rows, n_rows, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < n && n_rows; i++) {
		const struct space_trash_row *row = bsearch(batch[i]->path, rows,
		    n_rows, sizeof(*rows), compare_row);

		if (row && (!i || strcmp(batch[i - 1]->path, batch[i]->path) != 0))
			memcpy(batch[i]->file_id, row->file_id, ID_TEXT);
	}
}

static enum err
trash_batch(struct trashed *t, struct wanted *const *batch, size_t n)
{
	const char **paths = arena_array(t->batch, const char *, n);
	struct space_trash_row *rows;
	size_t n_rows;
	enum err e;

	for (size_t i = 0; i < n; i++)
		paths[i] = batch[i]->path;
	e = trash(t, paths, n, &rows, &n_rows);
	if (e)
		return e;
	mark(batch, n, rows, n_rows);
	return note_batch(t, rows, n_rows);
}

/* The paths that are wanted, sorted. */
struct sorted { struct wanted **items; size_t n; };

static int
compare_path(const void *path, const void *item)
{
	return strcmp(path, (*(struct wanted *const *)item)->path);
}

static bool
is_wanted(const void *context, const char *path)
{
	const struct sorted *s = context;

	return bsearch(path, s->items, s->n, sizeof(*s->items), compare_path);
}

/* What S3 has taken for them by a form goes too, and does not come up afterwards. */
static enum err
arrive_all(struct req *r, const struct sorted *s)
{
	const char *last = s->items[s->n - 1]->path;

	return space_arrive_between(r, s->items[0]->path,
	    arena_print(r->arena, "%s\x01", last), is_wanted, s);
}

static enum err
trash_all(struct req *r, struct wanted **sorted, size_t n)
{
	struct trashed t = { .r = r, .batch = arena_make(MEMORY, NULL) };
	enum err e = OK;

	db_arena(r->db, t.batch);
	for (size_t i = 0; i < n && !e; i += BATCH) {
		e = trash_batch(&t, sorted + i, n - i < BATCH ? n - i : BATCH);
		arena_reset(t.batch);
	}
	db_arena(r->db, r->arena);
	arena_end(t.batch);
	return e ? e : count_trashed(&t);
}

/* What S3 says: of a path without a file it makes a mark too. */
static struct space_deletion
deletion(struct req *r, const struct shape_texts *sent, const struct wanted *wanted)
{
	struct space_gone *gone = arena_array(r->arena, struct space_gone, sent->n);
	struct space_refused *refused = NULL;
	struct space_deletion out = { .success = true };

	for (size_t i = 0; i < sent->n; i++) {
		const struct wanted *w = &wanted[i];

		if (w->path) {
			gone[out.deleted.n++] = (struct space_gone){
			    .key = key_of(r, w->path), .marker = true,
			    .marker_id = *w->file_id ? w->file_id : NULL };
			continue;
		}
		if (!refused)
			refused = arena_array(r->arena, struct space_refused,
			    sent->n - i);
		refused[out.errors.n++] = (struct space_refused){ sent->items[i],
		    "InvalidArgument", "Invalid file path" };
	}
	out.deleted.items = gone;
	out.errors.items = refused;
	return out;
}

/* Room for the reply at once: growing it would leave its halves behind. */
static void
make_room(struct req *r, const struct shape_texts *sent)
{
	size_t room = 100;

	for (size_t i = 0; i < sent->n; i++)
		room += strlen(sent->items[i]) + 150;
	r->body = buf_make(r->arena, room);
}

/* The paths as they are stored, each taking no more memory than it needs; how many of
 * them can be ones. */
static size_t
read_paths(struct req *r, const struct shape_texts *sent, struct wanted *wanted,
    struct wanted **sorted)
{
	struct arena *a = arena_make(MEMORY, NULL);
	size_t n = 0;

	for (size_t i = 0; i < sent->n; i++) {
		const char *path = space_path(a, sent->items[i]);

		if (!text_empty(path)) {
			wanted[i].path = text_same(path, sent->items[i]) ?
			    sent->items[i] : arena_text(r->arena, path);
			sorted[n++] = &wanted[i];
		}
		arena_reset(a);
	}
	arena_end(a);
	return n;
}

enum err
space_delete_many(struct req *r)
{
	const struct shape_texts *sent = &((const struct space_paths *)r->in)->paths;
	struct wanted *wanted = arena_array(r->arena, struct wanted, sent->n);
	struct wanted **sorted = arena_array(r->arena, struct wanted *, sent->n);
	struct space_deletion out;
	size_t n = read_paths(r, sent, wanted, sorted);
	enum err e = OK;

	if (n) {
		qsort(sorted, n, sizeof(struct wanted *), compare_wanted);
		e = arrive_all(r, &(struct sorted){ sorted, n });
		if (!e)
			e = trash_all(r, sorted, n);
	}
	if (e)
		return e;
	out = deletion(r, sent, wanted);
	make_room(r, sent);
	return reply(r, 200, &out);
}

/* What a folder's deletion tells: the first keys, as many as a reply may hold. */
struct emptied {
	struct trashed t;
	const char *after, *until; /* what lies below the folder lies between these */
	struct space_gone *items;
	size_t n, n_bytes;
	int64_t n_saved, bytes_saved; /* files of the steps that are committed */
};

static void
list_gone(struct emptied *f, const char *path, const char *file_id)
{
	struct req *r = f->t.r;
	const size_t length = strlen(path);

	if (f->n == LISTED_MAX || f->n_bytes + length > LISTED_BYTES)
		return;
	if (!f->items)
		f->items = arena_array(r->arena, struct space_gone, LISTED_MAX);
	f->items[f->n++] = (struct space_gone){ .key = key_of(r, path), .marker = true,
		.marker_id = arena_text(r->arena, file_id) };
	f->n_bytes += length;
}

/* The next files below the folder; *after gets the last path. */
static enum err
empty_batch(struct emptied *f, char after[SPACE_PATH + 2], size_t *n)
{
	struct req *r = f->t.r;
	const struct viewer *v = front_viewer(r);
	struct space_trash_row *rows;
	enum err e = q_space_trash_below(r->db, &(struct space_trash_below_in){
	    .now = r->now, .deleted_by = v->mark, .after = after, .until = f->until,
	    SPACE_OF(v) }, &rows, n);

	if (e || !*n)
		return e;
	qsort(rows, *n, sizeof(*rows), compare_rows);
	for (size_t i = 0; i < *n; i++) {
		f->t.n++;
		f->t.n_bytes += rows[i].file_size;
		list_gone(f, rows[i].file_path, rows[i].file_id);
	}
	(void)snprintf(after, SPACE_PATH + 2, "%s", rows[*n - 1].file_path);
	return note_batch(&f->t, rows, *n);
}

/* A folder of many more files goes in steps, each for good: as one it would take longer
 * than a transaction may, and nobody else could write meanwhile. In between, readers see
 * what is left, the files whose paths come last. Who is cut off says it again. */
static enum err
save_step(struct emptied *f)
{
	struct req *r = f->t.r;
	enum err e = count_trashed(&f->t);

	if (!e)
		e = front_save(r);
	if (e)
		return e;
	front_later(r);
	f->n_saved += f->t.n;
	f->bytes_saved += f->t.n_bytes;
	f->t.n = f->t.n_bytes = 0;
	return OK;
}

static enum err
empty(struct emptied *f)
{
	struct req *r = f->t.r;
	char after[SPACE_PATH + 2];
	size_t n;
	enum err e;

	(void)snprintf(after, sizeof(after), "%s", f->after);
	db_arena(r->db, f->t.batch);
	do {
		e = empty_batch(f, after, &n);
		arena_reset(f->t.batch);
		if (!e && f->t.n >= STEP)
			e = save_step(f);
	} while (!e && n);
	db_arena(r->db, r->arena);
	return e;
}

static int
compare_folders(const void *a, const void *b)
{
	return strcmp(((const struct space_folder_leave_row *)a)->folder_path,
	    ((const struct space_folder_leave_row *)b)->folder_path);
}

/* Folders that were made by hand go with what is in them. */
static enum err
leave_batch(struct emptied *f, char after[SPACE_PATH + 2], size_t *n)
{
	struct req *r = f->t.r;
	struct space_folder_leave_row *rows;
	enum err e = q_space_folder_leave(r->db, &(struct space_folder_leave_in){
	    .after = after, .until = f->until, SPACE_OF(front_viewer(r)) }, &rows, n);

	if (e || !*n)
		return e;
	qsort(rows, *n, sizeof(*rows), compare_folders);
	for (size_t i = 0; i < *n; i++)
		list_gone(f, arena_print(f->t.batch, "%s/", rows[i].folder_path), NULL);
	(void)snprintf(after, SPACE_PATH + 2, "%s", rows[*n - 1].folder_path);
	return OK;
}

static enum err
leave(struct emptied *f, const char *folder)
{
	struct req *r = f->t.r;
	char after[SPACE_PATH + 2];
	size_t n = 1;
	int64_t kept;
	enum err e = q_space_folder_keep(r->db, &(struct space_folder_keep_in){
	    .folder_path = folder, .is_kept = false, SPACE_OF(front_viewer(r)) }, &kept);

	if (!e && kept)
		list_gone(f, f->after, NULL);
	(void)snprintf(after, sizeof(after), "%s", f->after);
	db_arena(r->db, f->t.batch);
	while (!e && n) {
		e = leave_batch(f, after, &n);
		arena_reset(f->t.batch);
	}
	db_arena(r->db, r->arena);
	return e;
}

static enum err
note_folder(const struct emptied *f)
{
	struct req *r = f->t.r;

	return front_audit(r, &(struct audit_event){ .module = "files",
	    .action = "folder_delete", .subject = front_viewer(r)->organisation_id,
	    .details = arena_print(r->arena, "{\"files\":%lld,\"bytes\":%lld}",
	        (long long)(f->n_saved + f->t.n),
	        (long long)(f->bytes_saved + f->t.n_bytes)) });
}

static enum err
delete_folder(struct emptied *f, const char *folder)
{
	struct req *r = f->t.r;
	enum err e;

	f->after = arena_print(r->arena, "%s/", folder);
	f->until = arena_print(r->arena, "%s%c", folder, '/' + 1);
	e = space_arrive_between(r, f->after, f->until, NULL, NULL);
	if (!e)
		e = empty(f);
	if (!e)
		e = leave(f, folder);
	if (!e)
		e = note_folder(f);
	return e ? e : count_trashed(&f->t);
}

enum err
space_folder_delete(struct req *r)
{
	const struct space_folder_find *in = r->in;
	struct emptied f = { .t = { .r = r } };
	struct space_deletion out = { .success = true };
	const char *folder;
	enum err e = space_ask(r, in->folder_path, &folder);

	if (e)
		return e;
	f.t.batch = arena_make(MEMORY, NULL);
	e = delete_folder(&f, folder);
	arena_end(f.t.batch);
	if (e)
		return e;
	out.deleted = (struct shape_list){ f.items, f.n };
	req_header(r, "X-Deleted-Count", arena_print(r->arena, "%lld",
	    (long long)(f.n_saved + f.t.n)));
	r->body = buf_make(r->arena, f.n_bytes + f.n * 150 + 200);
	return reply(r, 200, &(struct space_folder_gone){ true,
	    "Folder deleted successfully", &out });
}
