/* SPDX-License-Identifier: MIT */
/*
 * What is kept of an organisation's files: the versions of one, and the way back. To
 * restore a version is to exchange it for what is there, which becomes a version in
 * its stead, so that nothing is lost by it. The file's row is held first by whoever
 * restores or purges by hand; folders come before it, as everywhere.
 */
#include <string.h>

#include "arena.h"
#include "db.h"
#include "fields.h"
#include "front.h"
#include "kept.h"
#include "log.h"
#include "queries.h"
#include "seen.h"
#include "space.h"
#include "space_purge.h"
#include "space_tally.h"
#include "store.h"
#include "text.h"

enum { TRIES = 3, MEMORY = 8 * 1024 * 1024 };

static enum err
find(struct req *r, const char *file_id, struct space_any_row *row)
{
	return q_space_any(r->db, &(struct space_any_in){ .file_id = file_id,
	    SPACE_OF(front_viewer(r)) }, row);
}

static struct kept_items
page_of(struct req *r, const struct space_version_list_row *rows, size_t n, size_t most)
{
	struct kept_item *out = arena_array(r->arena, struct kept_item, n);

	for (size_t i = 0; i < n; i++)
		out[i] = (struct kept_item){ .version_id = rows[i].version_id,
			.content_type = rows[i].content_type, .sha256 = rows[i].sha256,
			.size = rows[i].file_size, .uploaded_at = rows[i].uploaded_at,
			.uploaded_by = rows[i].uploaded_by,
			.replaced_at = rows[i].replaced_at,
			.replaced_by = rows[i].replaced_by,
			.purged_after = kept_until(rows[i].replaced_at) };
	return (struct kept_items){ .items = { out, n < most ? n : most },
		.next_cursor = n > most ? out[most - 1].version_id : NULL };
}

enum err
space_kept_versions(struct req *r, const char *file_id)
{
	const struct kept_find *in = r->in;
	const size_t most = in->limit ? (size_t)*in->limit : KEPT_USUAL;
	struct space_version_list_row *rows;
	struct space_any_row row;
	struct kept_items out;
	size_t n;
	enum err e = find(r, file_id, &row);

	if (!e)
		e = q_space_version_list(r->db, &(struct space_version_list_in){
		    .file_id = file_id, .before = in->cursor ? in->cursor : KEPT_LAST,
		    .limit = (int64_t)most + 1, SPACE_OF(front_viewer(r)) }, &rows, &n);
	if (!e)
		e = seen_space(r, "versions", file_id);
	if (e)
		return e;
	out = page_of(r, rows, n, most);
	out.file_id = file_id;
	out.path = row.file_path;
	out.in_trash = row.deleted_at != NULL;
	return reply(r, 200, &out);
}

/* A restore under way. */
struct restore {
	struct req *r;
	const char *file_id, *version; /* version NULL: what the file was last */
	const char *path;	/* where it goes, or is */
	bool in_trash;
};

/* Exchange what the file is, which is held, for one of its versions; who made that, and
 * when, comes with it. */
static enum err
exchange(const struct restore *s, struct space_change *change)
{
	struct req *r = s->r;
	const struct space_by by = space_viewer(r);
	struct space_version_take_row new;
	enum err e = q_space_version_take(r->db, &(struct space_version_take_in){
	    .version_id = s->version, .file_id = s->file_id,
	    SPACE_OF(front_viewer(r)) }, &new);

	if (e == ERR_MISSING)
		return fail(r, e, "Version not found");
	if (!e)
		e = space_replace(&by, s->path, &(struct space_overwrite_in){
		    .object_id = new.object_id, .claimed_type = new.claimed_type,
		    .content_type = new.content_type, .file_size = new.file_size,
		    .md5 = new.md5, .sha256 = new.sha256,
		    .original_name = new.original_name,
		    .uploaded_at = new.uploaded_at, .uploaded_by = new.uploaded_by },
		    change);
	if (e)
		return e;
	change->version_files--;
	change->version_bytes -= new.file_size;
	return OK;
}

/* Out of the trash, if its path is free. */
static enum err
raise(const struct restore *s, int64_t size, struct space_change *change)
{
	struct req *r = s->r;
	int64_t n;
	enum err e = q_space_restore(r->db, &(struct space_restore_in){
	    .file_id = s->file_id, .file_path = s->path,
	    .path_folder = space_parent(r->arena, s->path),
	    SPACE_OF(front_viewer(r)) }, &n);

	change->live_files++;
	change->live_bytes += size;
	change->trash_files--;
	change->trash_bytes -= size;
	return !e && !n ? ERR_CONFLICT : e;
}

static enum err
note(struct req *r, const char *action, const char *file_id, const char *version)
{
	return front_audit(r, &(struct audit_event){ .module = "files",
	    .action = action, .subject = file_id, .details = arena_print(r->arena,
	        "{\"organisation_id\":\"%s\"%s%s%s}", front_viewer(r)->organisation_id,
	        version ? ",\"version_id\":\"" : "", version ? version : "",
	        version ? "\"" : "") });
}

/* Hold the file, as it was when the caller looked. ERR_MISSING: it is gone. */
static enum err
hold(struct req *r, const char *file_id, bool in_trash, struct space_hold_id_row *held)
{
	enum err e = q_space_hold_id(r->db, &(struct space_hold_id_in){
	    .file_id = file_id, SPACE_OF(front_viewer(r)) }, held);

	return !e && (held->deleted_at != NULL) != in_trash ? ERR_CONFLICT : e;
}

static enum err
restore(struct restore *s)
{
	struct req *r = s->r;
	const struct space_by by = space_viewer(r);
	struct space_change change = { 0 };
	struct space_hold_id_row held;
	enum err e = s->in_trash ? space_folders(&by, s->path) : OK;

	if (!e)
		e = hold(r, s->file_id, s->in_trash, &held);
	if (!e && s->in_trash)
		e = raise(s, held.file_size, &change);
	else if (!e)
		s->path = held.file_path; /* it may have been moved meanwhile */
	if (!e && s->version)
		e = exchange(s, &change);
	if (!e)
		e = note(r, "restore", s->file_id, s->version);
	return e ? e : space_count(r->db, by.organisation_id, &change);
}

/* Again, when others were at it too; but not into a path that is taken. */
static enum err
restore_again(struct restore *s)
{
	struct space_file there;
	enum err e = ERR_CONFLICT;

	for (int i = 0; i < TRIES && e == ERR_CONFLICT; i++) {
		if (i)
			front_undo(s->r);
		e = s->in_trash ? space_find(s->r, s->path, &there) : ERR_MISSING;
		if (!e)
			return fail(s->r, ERR_CONFLICT,
			    "There is a file at this path already. Restore it to "
			    "another one, with ?path=");
		if (e == ERR_MISSING)
			e = restore(s);
	}
	if (e == ERR_CONFLICT)
		return fail(s->r, e, "The file is being changed by somebody else. Please "
		    "try again.");
	return e;
}

enum err
space_kept_restore(struct req *r, const char *file_id)
{
	const struct kept_restore *ask = r->in;
	struct restore s = { .r = r, .file_id = file_id, .version = ask->version };
	struct space_any_row row;
	enum err e = find(r, file_id, &row);

	if (e)
		return e;
	s.in_trash = row.deleted_at != NULL;
	s.path = row.file_path;
	if (!s.in_trash && !s.version)
		return fail(r, ERR_CONFLICT, "The file is not in the trash; name a "
		    "version of it to restore that");
	if (ask->path && !s.in_trash)
		return fail(r, ERR_BAD, "A path can only be given for a file in the "
		    "trash; move this one");
	if (ask->path)
		e = space_ask(r, ask->path, &s.path);
	if (!e)
		e = space_arrive(r, s.path);
	if (!e)
		e = restore_again(&s);
	return e ? e : reply(r, 200, &(struct kept_restored){ "File restored", file_id,
	    s.path });
}

/* Take one version away. */
static enum err
take_version(struct req *r, const char *file_id, const char *version,
    struct space_version_old_row *out)
{
	struct space_version_take_row row;
	enum err e = q_space_version_take(r->db, &(struct space_version_take_in){
	    .version_id = version, .file_id = file_id, SPACE_OF(front_viewer(r)) },
	    &row);

	if (e == ERR_MISSING)
		return fail(r, e, "Version not found");
	if (!e)
		*out = (struct space_version_old_row){ row.object_id, row.file_size };
	return e;
}

/* The same for a file in the trash: some of its versions, or, when there are none any
 * more, the file itself; then gone->trash is set. */
static enum err
take_next(struct req *r, const char *file_id, struct space_version_old_row *last,
    struct space_gone_rows *gone)
{
	struct space_version_old_row *rows = NULL;
	struct space_hold_id_row held;
	enum err e = hold(r, file_id, true, &held);

	if (e == ERR_CONFLICT)
		return fail(r, e, "The file is in use; delete it first");
	if (!e)
		e = q_space_version_all(r->db, &(struct space_version_all_in){
		    .file_id = file_id, SPACE_OF(front_viewer(r)) }, &rows, &gone->n);
	gone->rows = rows;
	if (e || gone->n)
		return e;
	*gone = (struct space_gone_rows){ last, 1, true };
	return q_space_forget(r->db, &(struct space_forget_in){ .file_id = file_id,
	    SPACE_OF(front_viewer(r)) }, last);
}

/* Commit what was taken away, then remove its bytes: what fails there is swept. */
static enum err
finish(struct req *r, const struct space_gone_rows *gone, struct arena *a,
    int64_t *n_bytes)
{
	struct space_purged purged = { .arena = a };
	enum err e = space_purge_rows(r->db, front_viewer(r)->organisation_id, gone,
	    &purged);

	if (!e)
		e = front_save(r);
	if (e)
		return e;
	*n_bytes += purged.n_bytes;
	if (space_purge_bytes(&purged))
		log_write(LOG_WARN, "purge: some bytes are left to the sweep");
	return OK;
}

/* All batches, the file last, each committed and forgotten before the next. */
static enum err
purge_all(struct req *r, const char *file_id, int64_t *n_bytes)
{
	struct arena *a = arena_make(MEMORY, NULL);
	struct space_version_old_row last;
	struct space_gone_rows gone;
	enum err e;

	db_arena(r->db, a);
	do {
		gone = (struct space_gone_rows){ .trash = false };
		e = take_next(r, file_id, &last, &gone);
		if (!e && gone.trash)
			e = note(r, "purge", file_id, NULL);
		if (!e)
			e = finish(r, &gone, a, n_bytes);
		arena_reset(a);
	} while (!e && !gone.trash);
	db_arena(r->db, r->arena);
	arena_end(a);
	return e;
}

enum err
space_kept_purge(struct req *r, const char *file_id)
{
	const struct kept_purge *ask = r->in;
	struct space_version_old_row version;
	struct space_any_row row;
	int64_t n_bytes = 0;
	enum err e = find(r, file_id, &row);

	if (!e && ask->version) {
		e = take_version(r, file_id, ask->version, &version);
		if (!e)
			e = note(r, "purge", file_id, ask->version);
		if (!e)
			e = finish(r, &(struct space_gone_rows){ &version, 1, false },
			    r->arena, &n_bytes);
	} else if (!e) {
		e = purge_all(r, file_id, &n_bytes);
	}
	return e ? e : reply(r, 200, &(struct kept_purged){ "Purged", file_id, n_bytes });
}
