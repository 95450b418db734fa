/* SPDX-License-Identifier: MIT */
/*
 * GET /files/presigned-url/...: an address from which anybody who has it can download a
 * file for a time; and GET /files/local/..., where those lead that are not S3's.
 * What such a link stands for never changes: written over, moved or deleted, the file is
 * not there. Each link given out and each use is in the audit, with the same account.
 */
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "courier.h"
#include "deliver.h"
#include "fields.h"
#include "front.h"
#include "path.h"
#include "seen.h"
#include "space.h"
#include "space_link.h"
#include "text.h"

enum { LIFE_USUAL = 3600, LIFE_MAX = SPACE_LINK_DAYS * 86400 }; /* seconds */

#define EARLY (15 * CLOCK_MINUTE)	/* another host's clock may be so far ahead */

struct space_link_ask { const int64_t *expiration; };

static const struct shape_field space_link_ask_fields[] = {
	FIELD(space_link_ask, expiration, SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    LIMIT(1, LIFE_MAX), .words = "seconds; 3600 unless told"),
};
SHAPE(space_link_ask, "SpaceLinkAsk", SHAPE_QUERY);

struct space_link_made { const char *url; int64_t expires_in; };

static const struct shape_field space_link_made_fields[] = {
	FIELD(space_link_made, url, SHAPE_TEXT, .words = "opens without an account"),
	FIELD(space_link_made, expires_in, SHAPE_INT, .words = "seconds"),
};
SHAPE(space_link_made, "SpaceLink", SHAPE_BODY);

/* versionId is S3's name for the version of an object that is meant. */
static const char *
address(struct req *r, const struct space_link *l)
{
	struct buf url = buf_make(r->arena, 400);

	buf_text(&url, front_base(r));
	buf_text(&url, "/files/local/");
	path_encode(&url, l->key, "/");
	buf_print(&url, "?X-Amz-Credential=%s&X-Amz-Date=%s&X-Amz-Expires=%lld"
	    "&versionId=%s&X-Amz-Signature=%s", l->account_id, l->date,
	    (long long)l->seconds, l->object_id, space_link_sign(r->arena, l, 0));
	return url.bytes;
}

/* What lies in S3 is S3's to give: this version of it, to be saved, as this type. */
static enum err
give_far(struct req *r, const struct space_file *file, int64_t seconds)
{
	char *url;
	int64_t until;
	enum err e = courier_presign(r->arena, &(struct courier_link){ .method = "GET",
	    .key = file->at.key, .version = file->at.version, .seconds = (int)seconds,
	    .media = space_served_type(r->arena, file),
	    .disposition = reply_disposition(r->arena, space_last(file->path), true) },
	    &url, &until);

	if (e)
		return e == ERR_DENIED ? ERR_DOWN : e;
	if (until < r->now + seconds * CLOCK_SECOND)
		seconds = (until - r->now) / CLOCK_SECOND;
	return reply(r, 200, &(struct space_link_made){ url, seconds });
}

enum err
space_link_give(struct req *r)
{
	const struct space_link_ask *in = r->in;
	const struct viewer *v = front_viewer(r);
	char date[SPACE_LINK_STAMP];
	struct space_file file;
	struct space_link l = { .account_id = v->account_id, .date = date,
		.seconds = in->expiration ? *in->expiration : LIFE_USUAL };
	const char *path;
	enum err e = space_ask(r, req_param(r, "file_path"), &path);

	if (!e)
		e = space_adopt(r, path);
	if (!e)
		e = space_find(r, path, &file);
	if (e == ERR_MISSING)
		return fail(r, e, "File not found");
	if (!e)
		e = seen_space(r, "presign", file.file_id);
	if (e)
		return e;
	if (text_same(file.at.in, "s3"))
		return give_far(r, &file, l.seconds);
	space_link_stamp(r->now, date);
	l.key = space_key(r->arena, v->organisation_id, path);
	l.object_id = file.at.id;
	return reply(r, 200, &(struct space_link_made){ address(r, &l), l.seconds });
}

static bool
signature_holds(struct req *r, const struct space_link *l)
{
	const char *sent = req_query(r, "X-Amz-Signature"), *made;

	for (int g = 0; sent && (made = space_link_sign(r->arena, l, g)); g++)
		if (text_same_secret(made, sent))
			return true;
	return false;
}

/* What the query says the link is, as it was signed and is still good. */
static enum err
check(struct req *r, struct space_link *l)
{
	int64_t from;

	*l = (struct space_link){ .key = req_param(r, "file_path"),
		.object_id = req_query(r, "versionId"),
		.account_id = req_query(r, "X-Amz-Credential"),
		.date = req_query(r, "X-Amz-Date") };
	if (!id_valid(l->object_id) || !id_valid(l->account_id) ||
	    !space_link_read_stamp(r->arena, l->date, &from) ||
	    !text_number(req_query(r, "X-Amz-Expires"), 1, LIFE_MAX, &l->seconds))
		return fail(r, ERR_DENIED, "AccessDenied: this address needs a "
		    "signature");
	if (!signature_holds(r, l))
		return fail(r, ERR_DENIED, "SignatureDoesNotMatch: this is not what was "
		    "signed");
	if (from > r->now + EARLY)
		return fail(r, ERR_DENIED, "AccessDenied: Request is not valid yet");
	if (from + l->seconds * CLOCK_SECOND <= r->now)
		return fail(r, ERR_DENIED, "AccessDenied: Request has expired");
	return OK;
}

enum err
space_link_use(struct req *r)
{
	struct space_file file;
	struct space_link l;
	const char *path;
	enum err e;

	/* Who has the link may read it from any page: nothing else lets him in. */
	req_header(r, "Access-Control-Allow-Origin", "*");
	e = check(r, &l);
	if (!e)
		e = space_link_act(r, l.account_id, l.key, &path);
	if (!e)
		e = space_find(r, path, &file);
	if (e == ERR_MISSING || (!e && !text_same(file.at.id, l.object_id)))
		return fail(r, ERR_MISSING, "File not found");
	if (!e)
		e = seen_space(r, "download", file.file_id);
	return e ? e : deliver(r, &file.at, &(struct deliver){
	    .media = space_served_type(r->arena, &file), .name = space_last(file.path),
	    .changed_at = file.uploaded_at, .attachment = true });
}
