/* SPDX-License-Identifier: MIT */
/*
 * POST /files/presigned-upload: a form that lets a browser upload one file to one path
 * without an account, as S3's POST policies do ("Browser-Based Uploads Using POST",
 * AWS Signature Version 4); and POST /files/presigned, which takes such forms that are
 * not for S3. The policy's text is signed, so it is not read but for its end and its
 * size: written anew from the fields that came with it, it must be the same.
 */
#include <string.h>
#include <strings.h>

#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "courier.h"
#include "fields.h"
#include "front.h"
#include "json.h"
#include "log.h"
#include "queries.h"
#include "space.h"
#include "space_link.h"
#include "text.h"

enum {
	LIFE_MAX = 3600,		/* seconds */
	SIZE_USUAL = 10 * 1024 * 1024, SIZE_MAX_FORM = 100 * 1024 * 1024,
	OPEN_MAX = 1000			/* of an account, which S3 may take */
};

static const char algorithm[] = "AWS4-HMAC-SHA256";

struct space_form_ask {
	const char *file_path;
	const int64_t *expiration, *max_file_size;
};

static const struct shape_field space_form_ask_fields[] = {
	FIELD(space_form_ask, file_path, SHAPE_TEXT, .flags = SHAPE_REQUIRED),
	FIELD(space_form_ask, expiration, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, LIFE_MAX), .words = "seconds; 3600 unless told"),
	FIELD(space_form_ask, max_file_size, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, SIZE_MAX_FORM), .words = "bytes; 10485760 unless told"),
};
SHAPE(space_form_ask, "SpaceFormAsk", SHAPE_QUERY);

struct space_form {
	const char *key, *credential, *date, *token, *policy, *signature, *algorithm;
	const char *encryption, *kms_key;	/* where S3 is told to encrypt */
};

static const struct shape_field space_form_fields[] = {
	FIELD(space_form, key, SHAPE_TEXT),
	NAMED("x-amz-algorithm", space_form, algorithm, SHAPE_TEXT),
	NAMED("x-amz-credential", space_form, credential, SHAPE_TEXT),
	NAMED("x-amz-date", space_form, date, SHAPE_TEXT),
	NAMED("x-amz-security-token", space_form, token, SHAPE_TEXT,
	    .flags = SHAPE_HIDDEN),
	NAMED("x-amz-server-side-encryption", space_form, encryption, SHAPE_TEXT,
	    .flags = SHAPE_HIDDEN),
	NAMED("x-amz-server-side-encryption-aws-kms-key-id", space_form, kms_key,
	    SHAPE_TEXT, .flags = SHAPE_HIDDEN),
	FIELD(space_form, policy, SHAPE_TEXT),
	NAMED("x-amz-signature", space_form, signature, SHAPE_TEXT),
};
static SHAPE(space_form, "SpaceForm", SHAPE_BODY);

enum { N_FIELDS = sizeof(space_form_fields) / sizeof(space_form_fields[0]) };

struct space_form_made {
	bool success;
	const char *url;
	const struct space_form *fields;
	int64_t expires_in;
};

static const struct shape_field space_form_made_fields[] = {
	FIELD(space_form_made, success, SHAPE_BOOL),
	FIELD(space_form_made, url, SHAPE_TEXT, .words = "where the form is sent (POST)"),
	FIELD(space_form_made, fields, SHAPE_OBJECT, .sub = &space_form_shape,
	    .words = "to be sent first; then the part named file"),
	FIELD(space_form_made, expires_in, SHAPE_INT, .words = "seconds"),
};
SHAPE(space_form_made, "SpaceFormMade", SHAPE_BODY);

static const struct shape_upload form_file = {
	.part = "file", .max_files = 1, .large = true, .texts = true
};
const struct shape space_form_sent_shape = { .name = "SpaceFormSent",
	.place = SHAPE_UPLOAD, .upload = &form_file };

/* What a policy says beside the fields. */
struct terms { const char *expiration; int64_t until, max; };

static void
condition(struct buf *out, const char *name, const char *value)
{
	buf_print(out, ",{\"%s\":", name);
	json_write_text(out, value);
	buf_char(out, '}');
}

/* The policy as base64, with S3's conditions (and its name for none, "local"). */
static const char *
write_policy(struct arena *a, const struct space_form *f, const struct terms *t)
{
	struct buf text = buf_make(a, 600);
	size_t n;
	char *out;

	buf_print(&text, "{\"expiration\":\"%s\",\"conditions\":[{\"bucket\":\"local\"},"
	    "[\"content-length-range\",0,%lld]", t->expiration, (long long)t->max);
	condition(&text, "key", f->key);
	condition(&text, "x-amz-algorithm", f->algorithm);
	condition(&text, "x-amz-credential", f->credential);
	condition(&text, "x-amz-date", f->date);
	buf_text(&text, "]}");
	n = sodium_base64_encoded_len(text.n, sodium_base64_VARIANT_ORIGINAL);
	out = arena_take(a, n);
	return sodium_bin2base64(out, n, (const uint8_t *)text.bytes, text.n,
	    sodium_base64_VARIANT_ORIGINAL);
}

static const char *
expiration_text(struct arena *a, int64_t t)
{
	char text[CLOCK_TEXT];

	(void)clock_text(t, text);
	return arena_print(a, "%.19sZ", text);
}

/* A form for our own /files/presigned. */
static enum err
make_form(struct req *r, const char *path, const struct terms *t,
    struct space_form_made *made)
{
	const struct viewer *v = front_viewer(r);
	struct space_form *f = arena_take(r->arena, sizeof(*f));
	char *date = arena_take(r->arena, SPACE_LINK_STAMP);

	space_link_stamp(r->now, date);
	*f = (struct space_form){ .algorithm = algorithm, .date = date,
		.key = space_key(r->arena, v->organisation_id, path),
		.credential = arena_print(r->arena, "%s/%.8s/local/s3/aws4_request",
		v->account_id, date) };
	f->policy = write_policy(r->arena, f, t);
	f->signature = space_form_sign(r->arena, f->policy, 0);
	made->url = arena_print(r->arena, "%s/files/presigned", front_base(r));
	made->fields = f;
	return OK;
}

/* A form for S3, which signs it: the names of its fields are ours. */
static enum err
take_form(const struct courier_fields *from, struct space_form *f)
{
	*f = (struct space_form){ .key = NULL };
	for (size_t i = 0; i < from->n; i++)
		for (size_t k = 0; k < N_FIELDS; k++)
			if (strcasecmp(from->fields[i].name,
			    space_form_fields[k].name) == 0)
				memcpy((char *)f + space_form_fields[k].offset,
				    &from->fields[i].value, sizeof(const char *));
	return f->key && f->policy && f->signature ? OK : ERR_BROKEN;
}

/* What S3 takes by it is looked for until then, and some time longer. */
static enum err
await(struct req *r, const char *path, const char *key, const struct terms *t)
{
	const struct viewer *v = front_viewer(r);
	char id[ID_TEXT];

	id_make(id);
	return q_space_pending_insert(r->db, &(struct space_pending_insert_in){
	    .pending_id = id, SPACE_OF(v), .viewer_account_id = v->account_id,
	    .file_path = path, .path_folder = space_parent(r->arena, path),
	    .object_key = key, .max_size = t->max, .now = r->now,
	    .expires_at = t->until }, NULL);
}

/* Each form that S3 has is asked for every minute. */
static enum err
check_open(struct req *r)
{
	struct space_pending_open_row row;
	enum err e = q_space_pending_open(r->db, &(struct space_pending_open_in){
	    .viewer_account_id = front_viewer(r)->account_id,
	    .limit = OPEN_MAX }, &row);

	if (e || row.n < OPEN_MAX)
		return e;
	req_header(r, "Retry-After", "600");
	return fail(r, ERR_BUSY, "%d of your upload forms are open. Try again later.",
	    OPEN_MAX);
}

static enum err
make_far_form(struct req *r, const char *path, const struct terms *t,
    struct space_form_made *made)
{
	struct space_form *f = arena_take(r->arena, sizeof(*f));
	const char *key = space_object_key(r->arena, front_viewer(r)->organisation_id,
	    path);
	struct courier_fields fields;
	enum err e = check_open(r);

	if (!e && !key)
		return fail(r, ERR_BAD, "Invalid file path");
	if (!e)
		e = courier_form(r->arena, &(struct courier_form){ .key = key,
		    .max = t->max, .seconds = (int)made->expires_in }, &fields);
	if (e)
		return e == ERR_DENIED ? ERR_DOWN : e;
	made->url = fields.url;
	made->fields = f;
	if (fields.until < t->until)
		made->expires_in = (fields.until - r->now) / CLOCK_SECOND;
	e = take_form(&fields, f);
	return e ? e : await(r, path, key, t);
}

/* S3 would put a name of the client's choice in place of "${filename}", and so let it
 * choose what is written over: not with us. */
static enum err
ask_path(struct req *r, const char *given, const char **path)
{
	if (strstr(given, "${filename}"))
		return fail(r, ERR_BAD, "Invalid file path");
	return space_ask(r, given, path);
}

/* Who was given it, and for how much; the path is no affair of the audit's. */
static enum err
note(struct req *r, int64_t seconds, int64_t max)
{
	return front_audit(r, &(struct audit_event){ .module = "files",
	    .action = "presign_upload", .subject = front_viewer(r)->organisation_id,
	    .details = arena_print(r->arena, "{\"expires_in\":%lld,\"max_size\":%lld}",
	    (long long)seconds, (long long)max) });
}

enum err
space_form_give(struct req *r)
{
	const struct space_form_ask *in = r->in;
	const int64_t life = in->expiration ? *in->expiration : LIFE_MAX;
	const int64_t until = r->now + life * CLOCK_SECOND;
	const struct terms t = { .until = until,
		.expiration = expiration_text(r->arena, until),
		.max = in->max_file_size ? *in->max_file_size : SIZE_USUAL };
	struct space_form_made made = { .success = true, .expires_in = life };
	const char *path;
	enum err e = ask_path(r, in->file_path, &path);

	if (!e)
		e = text_same(conf.store, "s3") ? make_far_form(r, path, &t, &made) :
		    make_form(r, path, &t, &made);
	if (!e)
		e = note(r, life, t.max);
	return e ? e : reply(r, 200, &made);
}

/* The text parts of a form, and that there are no others. */
static enum err
read_form(struct req *r, struct space_form *f)
{
	*f = (struct space_form){ .key = req_text(r, "key"),
		.policy = req_text(r, "policy"),
		.signature = req_text(r, "x-amz-signature"),
		.algorithm = req_text(r, "x-amz-algorithm"),
		.credential = req_text(r, "x-amz-credential"),
		.date = req_text(r, "x-amz-date") };
	if (!f->key)
		return fail(r, ERR_BAD, "InvalidArgument: Bucket POST must contain a "
		    "field named 'key'. If it is specified, please check the order of "
		    "the fields.");
	if (!f->policy || !f->signature || !f->algorithm || !f->credential || !f->date)
		return fail(r, ERR_DENIED, "AccessDenied: the form lacks a field; all "
		    "come before the file");
	for (size_t i = 0; i < r->n_texts; i++) {
		bool known = false;

		for (size_t k = 0; k < N_FIELDS; k++)
			known = known || (!(space_form_fields[k].flags & SHAPE_HIDDEN) &&
			    strcasecmp(space_form_fields[k].name, r->texts[i].name) == 0);
		if (!known)
			return fail(r, ERR_DENIED, "AccessDenied: Invalid according to "
			    "Policy: Extra input fields: %s", r->texts[i].name);
	}
	return OK;
}

static bool
signature_holds(struct req *r, const struct space_form *f)
{
	const char *made;

	for (int g = 0; (made = space_form_sign(r->arena, f->policy, g)); g++)
		if (text_same_secret(made, f->signature))
			return true;
	return false;
}

/* The terms of a policy that is ours. */
static enum err
read_terms(struct req *r, const char *policy, struct terms *t)
{
	size_t size = strlen(policy), n, at;
	uint8_t *bytes = arena_take(r->arena, size + 1);
	const char *why;
	const struct json *j, *end;

	*t = (struct terms){ .expiration = "" };
	if (sodium_base642bin(bytes, size, policy, size, NULL, &n, NULL,
	    sodium_base64_VARIANT_ORIGINAL) != 0)
		return ERR_BROKEN;
	j = json_read(r->arena, (const char *)bytes, n, &why, &at);
	end = json_get(j, "expiration");
	if (json_kind(end) == JSON_TEXT)
		t->expiration = arena_text(r->arena, json_text(end));
	t->max = json_int(json_item(json_item(json_get(j, "conditions"), 1), 2));
	json_free(j);
	return OK;
}

/* Is the form what was signed, and still good for this file? */
static enum err
check_form(struct req *r, const struct space_form *f)
{
	struct terms t;
	enum err e;

	if (!signature_holds(r, f))
		return fail(r, ERR_DENIED, "SignatureDoesNotMatch: this is not what was "
		    "signed");
	e = read_terms(r, f->policy, &t);
	if (e || !clock_read(t.expiration, &t.until))
		return fail(r, ERR_BROKEN, "a signed policy that makes no sense");
	if (!text_same(write_policy(r->arena, f, &t), f->policy))
		return fail(r, ERR_DENIED, "AccessDenied: Invalid according to Policy: "
		    "Policy Condition failed");
	if (t.until <= r->now)
		return fail(r, ERR_DENIED, "AccessDenied: Invalid according to Policy: "
		    "Policy expired.");
	if ((int64_t)r->file.size > t.max)
		return fail(r, ERR_BAD, "EntityTooLarge: Your proposed upload exceeds "
		    "the maximum allowed size");
	return OK;
}

/* As the account that signed; what the client calls the file is not kept. */
static enum err
store(struct req *r, struct space_new *in)
{
	const char *organisation_id = front_viewer(r)->organisation_id;
	enum err e = space_room(r, (int64_t)r->file.size);

	if (!e)
		e = space_take(r, organisation_id, &r->file, in);
	in->original_name = NULL;
	if (!e)
		e = space_store(r, in, 1);
	if (e)
		space_drop(in, 1);
	return e;
}

enum err
space_form_use(struct req *r)
{
	struct space_new *in = arena_array(r->arena, struct space_new, 1);
	struct space_form form;
	enum err e;

	/* Who has the form may send it from any page: nothing else lets him in. */
	req_header(r, "Access-Control-Allow-Origin", "*");
	req_header(r, "Access-Control-Expose-Headers", "ETag, X-Request-ID");
	e = read_form(r, &form);
	if (!e)
		e = check_form(r, &form);
	if (!e)
		e = space_link_act(r, arena_copy(r->arena, form.credential,
		    strcspn(form.credential, "/")), form.key, &in->path);
	if (!e)
		e = store(r, in);
	if (e)
		return e;
	log_write(LOG_INFO, "file stored file=%s organisation=%s size=%lld who=%s",
	    in->file_id, front_viewer(r)->organisation_id, (long long)in->object.size,
	    front_viewer(r)->mark);
	req_header(r, "ETag", arena_print(r->arena, "\"%s\"", in->object.md5));
	return reply(r, 204, NULL);
}
