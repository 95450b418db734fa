/* SPDX-License-Identifier: MIT */
/*
 * What is kept of the farmers' documents and photos that were replaced or deleted. A
 * restored one takes the place of the one in use, as an uploaded one does, and that is
 * kept in its stead.
 */
#include "arena.h"
#include "db.h"
#include "farmer_audit.h"
#include "front.h"
#include "kept.h"
#include "log.h"
#include "queries.h"
#include "seen.h"
#include "store.h"
#include "text.h"

/* A farmer's file in scope, in use or not. */
static enum err
find(struct req *r, const char *file_id, struct file_any_row *row)
{
	return q_file_any(r->db, &(struct file_any_in){ .file_id = file_id,
	    SCOPE(front_viewer(r)) }, row);
}

static enum err
list(struct req *r, const struct file_any_row *row)
{
	const struct kept_find *in = r->in;
	const size_t most = in->limit ? (size_t)*in->limit : KEPT_USUAL;
	struct file_kept_list_row *rows;
	struct kept_item *out;
	size_t n;
	enum err e = q_file_kept_list(r->db, &(struct file_kept_list_in){
	    .farmer_id = row->farmer_id, .file_type = row->file_type,
	    .doc_type = row->doc_type, .before = in->cursor ? in->cursor : KEPT_LAST,
	    .limit = (int64_t)most + 1 }, &rows, &n);

	if (!e)
		e = seen_file(r, "versions", row->farmer_id, row->file_id);
	if (e)
		return e;
	out = arena_array(r->arena, struct kept_item, n);
	for (size_t i = 0; i < n; i++)
		out[i] = (struct kept_item){ .version_id = rows[i].file_id,
			.content_type = rows[i].content_type, .sha256 = rows[i].sha256,
			.size = rows[i].file_size, .uploaded_at = rows[i].uploaded_at,
			.uploaded_by = rows[i].uploaded_by,
			.replaced_at = rows[i].replaced_at,
			.purged_after = kept_until(rows[i].replaced_at) };
	return reply(r, 200, &(struct kept_items){ .file_id = row->file_id,
	    .in_trash = row->replaced_at != NULL,
	    .items = { out, n < most ? n : most },
	    .next_cursor = n > most ? out[most - 1].version_id : NULL });
}

enum err
file_kept_versions(struct req *r, const char *file_id)
{
	struct file_any_row row;
	enum err e = find(r, file_id, &row);

	return e ? e : list(r, &row);
}

/* Back into use, if it was not purged just now. */
static enum err
put_back(struct req *r, const char *file_id)
{
	int64_t n;
	enum err e = q_file_put_back(r->db, &(struct file_put_back_in){
	    .file_id = file_id }, &n);

	return !e && !n ? fail(r, ERR_MISSING, "File %s not found", file_id) : e;
}

/* The farmer is held first, as by an upload. */
static enum err
restore_document(struct req *r, const struct file_any_row *row)
{
	int64_t n;
	enum err e = q_farmer_touch(r->db, &(struct farmer_touch_in){ .now = r->now,
	    .farmer_id = row->farmer_id, SCOPE(front_viewer(r)) }, &n);

	if (!e && !n)
		return fail(r, ERR_MISSING, "Farmer %s not found", row->farmer_id);
	if (!e)
		e = q_document_replace(r->db, &(struct document_replace_in){
		    .farmer_id = row->farmer_id, .doc_type = row->doc_type,
		    .now = r->now }, NULL);
	return e ? e : put_back(r, row->file_id);
}

/* A photo comes back with the portrait that was made of it. */
static enum err
restore_photo(struct req *r, const struct file_any_row *row)
{
	struct file_portrait_of_row *portrait;
	size_t n_portraits;
	int64_t n;
	enum err e = q_file_portrait_of(r->db, &(struct file_portrait_of_in){
	    .farmer_id = row->farmer_id, .uploaded_at = row->uploaded_at },
	    &portrait, &n_portraits);

	if (!e && !n_portraits)
		return fail(r, ERR_MISSING, "File %s not found", row->file_id);
	if (!e)
		e = q_farmer_set_photo(r->db, &(struct farmer_set_photo_in){
		    .farmer_id = row->farmer_id, .photo_file_id = row->file_id,
		    .portrait_file_id = portrait->file_id, .now = r->now,
		    SCOPE(front_viewer(r)) }, &n);
	if (!e && !n)
		return fail(r, ERR_MISSING, "Farmer %s not found", row->farmer_id);
	if (!e)
		e = q_file_replace(r->db, &(struct file_replace_in){ .now = r->now,
		    .farmer_id = row->farmer_id, .file_type = "photo",
		    .other_type = "portrait" }, NULL);
	if (!e)
		e = put_back(r, row->file_id);
	return e ? e : put_back(r, portrait->file_id);
}

/* The kinds that can come back, and how. A card can't: it was revoked. */
static const struct kind {
	const char *file_type, *action;
	enum err (*restore)(struct req *r, const struct file_any_row *row);
} kinds[] = {
	{ "document", "document_restore", restore_document },
	{ "photo", "photo_restore", restore_photo },
};

static enum err
restore(struct req *r, const struct file_any_row *row)
{
	const struct kept_restore *in = r->in;
	const struct kind *kind = NULL;
	enum err e;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (text_same(kinds[i].file_type, row->file_type))
			kind = &kinds[i];
	if (!kind)
		return fail(r, ERR_CONFLICT, "Only documents and photos can be restored; "
		    "a card is issued anew");
	if (in->version || in->path)
		return fail(r, ERR_BAD, "A farmer's file is restored by its own id, and "
		    "has no path");
	if (!row->replaced_at)
		return fail(r, ERR_CONFLICT, "The file is in use");
	e = kind->restore(r, row);
	if (!e)
		e = farmer_event(r, kind->action, row->farmer_id, (const char *const[]){
		    "file_id", row->file_id, "sha256", row->sha256,
		    row->doc_type ? "doc_type" : NULL, row->doc_type, NULL });
	return e ? e : reply(r, 200, &(struct kept_restored){ "File restored",
	    row->file_id, NULL });
}

enum err
file_kept_restore(struct req *r, const char *file_id)
{
	struct file_any_row row;
	enum err e = find(r, file_id, &row);

	return e ? e : restore(r, &row);
}

/* Take a row away, and say in at where its bytes are. */
static enum err
take(struct req *r, const char *file_id, struct store_at *at)
{
	struct file_take_row row;
	enum err e = q_file_take(r->db, &(struct file_take_in){ .file_id = file_id },
	    &row);

	if (e == ERR_MISSING)
		return fail(r, e, "File %s not found", file_id);
	if (!e)
		e = store_find(r->db, file_id, at);
	return e ? e : store_forget(r->db, file_id);
}

/* With a photo goes its portrait. */
static enum err
take_all(struct req *r, const struct file_any_row *row, struct store_at at[2], size_t *n)
{
	struct file_portrait_of_row *portrait;
	size_t n_portraits = 0;
	enum err e = OK;

	if (text_same(row->file_type, "photo"))
		e = q_file_portrait_of(r->db, &(struct file_portrait_of_in){
		    .farmer_id = row->farmer_id, .uploaded_at = row->uploaded_at },
		    &portrait, &n_portraits);
	if (!e)
		e = take(r, row->file_id, &at[0]);
	if (!e && n_portraits)
		e = take(r, portrait->file_id, &at[1]);
	*n = 1 + n_portraits;
	return e;
}

static enum err
purge(struct req *r, const struct file_any_row *row)
{
	const struct kept_purge *in = r->in;
	struct store_at at[2];
	int64_t freed = 0;
	size_t n;
	enum err e;

	if (in->version)
		return fail(r, ERR_BAD, "A farmer's file is purged by its own id");
	if (!row->replaced_at)
		return fail(r, ERR_CONFLICT, "The file is in use; delete it first");
	e = take_all(r, row, at, &n);
	if (!e)
		e = farmer_event(r, "file_purge", row->farmer_id, (const char *const[]){
		    "file_id", row->file_id, "file_type", row->file_type, NULL });
	if (!e)
		e = front_save(r);
	for (size_t i = 0; i < n && !e; i++) {
		freed += at[i].size;
		if (store_remove(&at[i]))
			log_write(LOG_WARN, "purge: some bytes are left to the sweep");
	}
	return e ? e : reply(r, 200, &(struct kept_purged){ "Purged", row->file_id,
	    freed });
}

enum err
file_kept_purge(struct req *r, const char *file_id)
{
	struct file_any_row row;
	enum err e = find(r, file_id, &row);

	return e ? e : purge(r, &row);
}
