/* SPDX-License-Identifier: MIT */
/*
 * A farmer's photo. The upload lies in nginx's spool file; a locked child decodes it
 * and writes two JPEGs: the master, which is shown, and the portrait of the card's
 * size. What was uploaded itself is never kept. A new photo has a new id, as the
 * clients cache by id.
 */
#include "arena.h"
#include "conf.h"
#include "farmer_audit.h"
#include "fields.h"
#include "front.h"
#include "image.h"
#include "log.h"
#include "media.h"
#include "queries.h"
#include "store.h"
#include "text.h"
#include "photo.h"

struct photo_out { const char *message, *farmer_id, *photo_path, *file_id; };

enum { PHOTOS_PER_FARMER = 60 };	/* in 15 minutes */

static const struct shape_field photo_out_fields[] = {
	FIELD(photo_out, message, SHAPE_TEXT),
	FIELD(photo_out, farmer_id, SHAPE_TEXT),
	FIELD(photo_out, photo_path, SHAPE_TEXT),
	FIELD(photo_out, file_id, SHAPE_TEXT),
};
SHAPE(photo_out, "PhotoDone", SHAPE_BODY);

/* May the caller touch this farmer's photo? Says so before bytes are looked at. */
static enum err
check_farmer(struct req *r, const char *farmer_id, const char *refusal)
{
	const struct viewer *v = front_viewer(r);
	struct farmer_get_row row;
	enum err e;

	if (v->is_farmer && !text_same(v->farmer_id, farmer_id))
		return fail(r, ERR_DENIED, "%s", refusal);
	e = q_farmer_get(r->db, &(struct farmer_get_in){
	    .farmer_id = farmer_id, SCOPE(v) }, &row);
	if (e == ERR_MISSING)
		return fail(r, e, "Farmer %s not found", farmer_id);
	return e;
}

static enum err
check_file(struct req *r)
{
	size_t n;
	const uint8_t *head = req_head(r, &r->file, MEDIA_HEAD, &n);
	const char *media = head ? media_sniff(head, n) : NULL;

	if (!head)
		return ERR_BROKEN;
	if (!text_same(media, "image/jpeg") && !text_same(media, "image/png") &&
	    !text_same(media, "image/webp"))
		return fail(r, ERR_BAD, "Invalid file type. Allowed: "
		    "['jpg', 'jpeg', 'png', 'webp']");
	if (r->file.size > (size_t)conf.max_upload_mb * 1024 * 1024)
		return fail(r, ERR_BAD, "File too large. Max size: %lldMB",
		    (long long)conf.max_upload_mb);
	return OK;
}

static enum err
note_file(struct req *r, const struct store_object *o, const char *type)
{
	const char *farmer_id = req_param(r, "farmer_id");
	enum err e = store_note(r->db, o, r->now);

	return e ? e : q_file_insert(r->db, &(struct file_insert_in){
	    .file_id = o->id, .farmer_id = farmer_id, .file_type = type,
	    .file_name = arena_print(r->arena, "%s_%s.jpg", type, farmer_id),
	    .content_type = "image/jpeg", .file_size = o->size, .sha256 = o->sha256,
	    .now = r->now, .uploaded_by = front_viewer(r)->mark }, NULL);
}

/* Let the child make both pictures, and put them into the store. */
static enum err
make(struct req *r, struct store_object *master, struct store_object *card)
{
	struct image_made made;
	const char *why;
	enum err e = image_photo(&(struct image_ask){ .in = r->file.fd,
	    .offset = r->file.offset, .size = r->file.size, .master = master->fd,
	    .card = card->fd }, &made, &why);

	if (e == ERR_BAD)
		return fail(r, e, "%s", why);
	if (!e)
		e = store_keep(master);
	if (!e)
		e = store_keep(card);
	return e;
}

/* The farmer's row first: it is locked from there on, so of two uploads at once the
 * second sees the files of the first and takes them out of use. */
static enum err
switch_photo(struct req *r, const char *photo_id, const char *portrait_id)
{
	const char *farmer_id = req_param(r, "farmer_id");
	int64_t n;
	enum err e = q_farmer_set_photo(r->db, &(struct farmer_set_photo_in){
	    .farmer_id = farmer_id, .photo_file_id = photo_id,
	    .portrait_file_id = portrait_id, .now = r->now,
	    SCOPE(front_viewer(r)) }, &n);

	if (e)
		return e;
	if (!n)
		return fail(r, ERR_MISSING, "Farmer %s not found", farmer_id);
	return q_file_replace(r->db, &(struct file_replace_in){
	    .farmer_id = farmer_id, .file_type = "photo", .other_type = "portrait",
	    .now = r->now }, NULL);
}

static enum err
store_photo(struct req *r, struct store_object *master, struct store_object *card)
{
	enum err e = make(r, master, card);

	if (!e)
		e = switch_photo(r, master->id, card->id);
	if (!e)
		e = note_file(r, master, "photo");
	if (!e)
		e = note_file(r, card, "portrait");
	return e ? e : farmer_event(r, "photo_upload_success",
	    req_param(r, "farmer_id"), (const char *const[]){
	    "file_id", master->id, "sha256", master->sha256, NULL });
}

enum err
photo_put(struct req *r, const char *farmer_id, const char **file_id)
{
	struct store_object master, card = { .fd = -1 };
	enum err e = check_farmer(r, farmer_id, "You can only upload your own photo");

	if (!e)
		e = front_throttle(r, &(struct throttle){ .kind = "photo farmer",
		    .subject = farmer_id, .limit = PHOTOS_PER_FARMER });
	if (!e)
		e = check_file(r);
	if (!e)
		e = front_scan(r, &r->file);
	if (e)
		return e;
	e = store_begin(&master);
	if (!e)
		e = store_begin(&card);
	if (!e)
		e = store_photo(r, &master, &card);
	if (e) {
		store_drop(&master);
		store_drop(&card);
		return e;
	}
	log_write(LOG_INFO, "photo stored farmer=%s who=%s", farmer_id,
	    front_viewer(r)->mark);
	*file_id = arena_text(r->arena, master.id);
	return OK;
}

enum err
photo_upload(struct req *r)
{
	const char *farmer_id = req_param(r, "farmer_id"), *file_id;
	enum err e = photo_put(r, farmer_id, &file_id);

	return e ? e : reply(r, 200, &(struct photo_out){
	    "Photo uploaded successfully", farmer_id,
	    arena_print(r->arena, "/api/files/%s", file_id), file_id });
}

enum err
photo_upload_plain(struct req *r)
{
	const char *file_id;
	enum err e = photo_put(r, req_param(r, "farmer_id"), &file_id);

	return e ? e : reply(r, 200, &(struct upload_done){ "Photo uploaded", file_id });
}

enum err
photo_delete(struct req *r)
{
	const char *farmer_id = req_param(r, "farmer_id");
	enum err e = check_farmer(r, farmer_id, "You can only delete your own photo");

	if (!e)
		e = switch_photo(r, NULL, NULL);
	if (!e)
		e = farmer_event(r, "photo_delete", farmer_id, NULL);
	if (e)
		return e;
	log_write(LOG_INFO, "photo deleted farmer=%s who=%s", farmer_id,
	    front_viewer(r)->mark);
	return reply(r, 200, &(struct farmer_done){
	    "Photo deleted successfully", farmer_id });
}
