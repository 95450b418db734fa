/* SPDX-License-Identifier: MIT */
/*
 * A farmer's identification documents: scans and PDFs, kept byte for byte as they
 * were sent, one of each kind in use. They are never opened here: what they are is
 * told by their first bytes, and they are only ever served as that, by nginx, which
 * lets no browser guess or run anything. One that is replaced stays until the sweep.
 */
#include "arena.h"
#include "farmer_audit.h"
#include "fields.h"
#include "front.h"
#include "log.h"
#include "media.h"
#include "queries.h"
#include "store.h"
#include "text.h"

enum {
	DOCUMENT_MB = 20,
	UPLOADS_PER_FARMER = 60	/* in 15 minutes */
};

struct document_out { const char *message, *file_path, *file_id, *doc_type; };

static const struct shape_field document_out_fields[] = {
	FIELD(document_out, message, SHAPE_TEXT),
	FIELD(document_out, file_path, SHAPE_TEXT),
	FIELD(document_out, file_id, SHAPE_TEXT),
	FIELD(document_out, doc_type, SHAPE_TEXT),
};
SHAPE(document_out, "DocumentDone", SHAPE_BODY);

/* An upload under way: what it is, and to whom it belongs. */
struct upload {
	struct req *r;
	const char *farmer_id, *doc_type, *media;
	struct store_object object;
};

static enum err
check_type(struct req *r, const char *doc_type)
{
	static const char *const types[] = {
		"nrc", "land_title", "license", "certificate"
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (text_same(types[i], doc_type))
			return OK;
	return fail(r, ERR_BAD, "Invalid doc_type. Must be one of: nrc, land_title, "
	    "license, certificate");
}

/* May the caller touch this farmer's documents? */
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
	return e == ERR_MISSING ? fail(r, e, "Farmer not found") : e;
}

/* By its first bytes; name and media type of the client say nothing. */
static enum err
check_file(struct upload *u)
{
	size_t n;
	const uint8_t *head = req_head(u->r, &u->r->file, MEDIA_HEAD, &n);

	if (!head)
		return ERR_BROKEN;
	u->media = media_sniff(head, n);
	if (text_same(u->media, "image/jpeg") || text_same(u->media, "image/png") ||
	    text_same(u->media, "application/pdf"))
		return OK;
	return fail(u->r, ERR_BAD,
	    "Invalid file type. Allowed: ['jpg', 'jpeg', 'png', 'pdf']");
}

static const char *
ending(const char *media)
{
	return text_same(media, "image/jpeg") ? "jpg" :
	    text_same(media, "image/png") ? "png" : "pdf";
}

/* Hold the farmer, so that two uploads of one kind come one after the other, and
 * take the document in use out of it. *n is how many that were. */
static enum err
take_out(struct req *r, const char *farmer_id, const char *doc_type, int64_t *n)
{
	enum err e = q_farmer_touch(r->db, &(struct farmer_touch_in){ .now = r->now,
	    .farmer_id = farmer_id, SCOPE(front_viewer(r)) }, n);

	if (!e && !*n)
		return fail(r, ERR_MISSING, "Farmer not found");
	return e ? e : q_document_replace(r->db, &(struct document_replace_in){
	    .farmer_id = farmer_id, .doc_type = doc_type, .now = r->now }, n);
}

static enum err
note(struct upload *u)
{
	struct req *r = u->r;
	const struct store_object *o = &u->object;
	int64_t n;
	enum err e = take_out(r, u->farmer_id, u->doc_type, &n);

	if (!e)
		e = store_note(r->db, o, r->now);
	if (!e)
		e = q_file_insert(r->db, &(struct file_insert_in){
		    .file_id = o->id, .farmer_id = u->farmer_id,
		    .file_type = "document", .doc_type = u->doc_type,
		    .file_name = arena_print(r->arena, "%s_%s.%s", u->farmer_id,
		    u->doc_type, ending(u->media)), .content_type = u->media,
		    .file_size = o->size, .sha256 = o->sha256, .now = r->now,
		    .uploaded_by = front_viewer(r)->mark }, NULL);
	if (e)
		return e;
	return farmer_event(r, "document_upload", u->farmer_id, (const char *const[]){
	    "doc_type", u->doc_type, "file_id", o->id, "content_type", u->media,
	    "sha256", o->sha256, NULL });
}

static enum err
keep(struct upload *u)
{
	const struct req_file *file = &u->r->file;
	enum err e = store_begin(&u->object);

	if (!e)
		e = store_take(&u->object, file->fd, file->offset, file->size);
	if (!e)
		e = store_keep(&u->object);
	if (!e)
		e = note(u);
	if (e)
		store_drop(&u->object);
	return e;
}

/* Make the uploaded file the farmer's document of the kind; *file_id names it. */
static enum err
put(struct req *r, const char *doc_type, const char **file_id)
{
	struct upload u = { .r = r, .farmer_id = req_param(r, "farmer_id"),
		.doc_type = doc_type };
	enum err e;

	if (r->file.size > (size_t)DOCUMENT_MB * 1024 * 1024)
		return fail(r, ERR_BIG, "File too large. Maximum size is %dMB",
		    DOCUMENT_MB);
	e = check_type(r, doc_type);
	if (!e)
		e = check_farmer(r, u.farmer_id,
		    "You can only upload your own documents");
	if (!e)
		e = check_file(&u);
	if (!e)
		e = front_throttle(r, &(struct throttle){ .kind = "document farmer",
		    .subject = u.farmer_id, .limit = UPLOADS_PER_FARMER });
	if (!e)
		e = front_scan(r, &r->file);
	if (!e)
		e = keep(&u);
	if (e)
		return e;
	log_write(LOG_INFO, "document stored farmer=%s type=%s who=%s", u.farmer_id,
	    doc_type, front_viewer(r)->mark);
	*file_id = arena_text(r->arena, u.object.id);
	return OK;
}

enum err
document_upload(struct req *r)
{
	const char *doc_type = req_param(r, "doc_type"), *file_id;
	enum err e = put(r, doc_type, &file_id);

	return e ? e : reply(r, 200, &(struct document_out){
	    arena_print(r->arena, "%s uploaded successfully", doc_type),
	    arena_print(r->arena, "/api/files/%s", file_id), file_id, doc_type });
}

enum err
document_upload_plain(struct req *r)
{
	const char *doc_type = req_param(r, "document_type"), *file_id;
	enum err e = put(r, doc_type, &file_id);

	return e ? e : reply(r, 200, &(struct upload_done){
	    arena_print(r->arena, "%s uploaded", doc_type), file_id });
}

enum err
document_delete(struct req *r)
{
	const char *farmer_id = req_param(r, "farmer_id");
	const char *doc_type = req_param(r, "doc_type");
	int64_t n;
	enum err e = check_type(r, doc_type);

	if (!e)
		e = check_farmer(r, farmer_id, "You can only delete your own documents");
	if (!e)
		e = take_out(r, farmer_id, doc_type, &n);
	if (!e && !n)
		return fail(r, ERR_MISSING, "There is no %s document to delete",
		    doc_type);
	if (!e)
		e = farmer_event(r, "document_delete", farmer_id,
		    (const char *const[]){ "doc_type", doc_type, NULL });
	if (e)
		return e;
	log_write(LOG_INFO, "document deleted farmer=%s type=%s who=%s", farmer_id,
	    doc_type, front_viewer(r)->mark);
	return reply(r, 200, &(struct farmer_done){
	    arena_print(r->arena, "%s deleted successfully", doc_type), farmer_id });
}
