/* SPDX-License-Identifier: MIT */
/*
 * The reply: built in the request's arena by the handler, or from its error value,
 * and finished once, by the front door. What is sent follows the API that the
 * clients were written for; the extra headers follow RFC 9110 and RFC 9111.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "condition.h"
#include "json.h"
#include "link.h"
#include "log.h"
#include "path.h"
#include "req.h"
#include "route.h"
#include "text.h"

int
reply_status(enum err e)
{
	static const int codes[] = {
		200, 400, 401, 403, 404, 405, 409, 413, 422, 429, 500, 503
	};

	return codes[e];
}

static const char *
status_words(int status)
{
	static const struct { int status; const char *words; } table[] = {
		{ 200, "OK" }, { 201, "Created" }, { 202, "Accepted" },
		{ 204, "No Content" }, { 206, "Partial Content" },
		{ 301, "Moved Permanently" }, { 302, "Found" }, { 303, "See Other" },
		{ 304, "Not Modified" }, { 307, "Temporary Redirect" },
		{ 308, "Permanent Redirect" }, { 400, "Bad Request" },
		{ 401, "Unauthorized" }, { 403, "Forbidden" }, { 404, "Not Found" },
		{ 405, "Method Not Allowed" }, { 409, "Conflict" }, { 410, "Gone" },
		{ 412, "Precondition Failed" }, { 413, "Content Too Large" },
		{ 415, "Unsupported Media Type" },
		{ 422, "Unprocessable Content" }, { 429, "Too Many Requests" },
		{ 500, "Internal Server Error" }, { 503, "Service Unavailable" }
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (table[i].status == status)
			return table[i].words;
	return "Other";
}

static int
header_find(const struct req *r, const char *name)
{
	for (int i = 0; i < r->n_headers; i++)
		if (strcasecmp(r->headers[i].name, name) == 0)
			return i;
	return -1;
}

static void
header_drop(struct req *r, const char *name)
{
	int i = header_find(r, name);

	if (i < 0)
		return;
	r->n_headers--;
	memmove(&r->headers[i], &r->headers[i + 1],
	    (size_t)(r->n_headers - i) * sizeof(r->headers[0]));
}

void
req_header(struct req *r, const char *name, const char *value)
{
	int i = strcasecmp(name, "Set-Cookie") == 0 ? -1 : header_find(r, name);
	bool one_line = !strpbrk(name, "\r\n") && !strpbrk(value, "\r\n");

	assert(one_line);
	assert(i >= 0 || r->n_headers < REQ_HEADERS);
	if (i < 0)
		i = r->n_headers;
	if (!one_line || i == REQ_HEADERS)
		return; /* without assert: a header less, never a forged one */
	r->headers[i] = (struct req_param){ .name = name, .value = value };
	if (i == r->n_headers)
		r->n_headers++;
}

enum err
fail(struct req *r, enum err e, const char *format, ...)
{
	char text[1000];
	va_list args;
	size_t n;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* a long text is cut */
	va_end(args);
	n = strlen(text);
	while (n && !text_utf8(text, n))
		n--; /* within a letter */
	r->detail = arena_copy(r->arena, text, n);
	return e;
}

enum err
fail_fault(struct req *r, const char *path, const char *type, const char *msg)
{
	struct buf loc = buf_make(r->arena, 60);
	const char *below = strchr(path, '.'), *step = path;

	r->faults.arena = r->arena;
	for (; *step; step += strcspn(step, "."), step += *step == '.') {
		const char *name = arena_copy(r->arena, step, strcspn(step, "."));
		int64_t index;

		buf_char(&loc, step == path ? '[' : ',');
		if (text_number(name, 0, INT64_MAX, &index))
			buf_number(&loc, index);
		else
			json_write_text(&loc, name);
	}
	buf_char(&loc, ']');
	faults_add(&r->faults, &(struct fault){ .type = type, .loc = loc.bytes,
	    .path = arena_text(r->arena, below ? below + 1 : path), .msg = msg });
	return ERR_INVALID;
}

/* Status and media type of a reply; NULL: it has no body. */
static void
reply_begin(struct req *r, int status, const char *media)
{
	r->status = status;
	if (media)
		req_header(r, "Content-Type", media);
	else
		header_drop(r, "Content-Type");
}

/* The same, and an empty body to write into. */
static void
body_begin(struct req *r, int status, const char *media)
{
	reply_begin(r, status, media);
	if (!r->body.arena)
		r->body = buf_make(r->arena, 1000);
	r->body.n = 0;
	r->body.bytes[0] = '\0';
}

enum err
reply(struct req *r, int status, const void *out)
{
	const struct shape *shape = r->route->gives;

	if (!shape || shape->place == SHAPE_NOTHING) {
		body_begin(r, status, NULL);
		return OK;
	}
	body_begin(r, status, "application/json");
	shape_write(shape, out, &r->body);
	return OK;
}

enum err
reply_list(struct req *r, const void *items, size_t n)
{
	const struct shape *shape = r->route->gives;

	body_begin(r, 200, "application/json");
	shape_write_list(shape->list_of ? shape->list_of : shape, items, n, &r->body);
	return OK;
}

enum err
reply_bytes(struct req *r, const char *media, const void *p, size_t n)
{
	int status = r->status ? r->status : 200;

	if (p && p == r->body.bytes) { /* the handler wrote there itself */
		reply_begin(r, status, media);
		r->body.n = n;
		return OK;
	}
	body_begin(r, status, media);
	buf_add(&r->body, p, n);
	return OK;
}

/* inline; filename="plain"; filename*=UTF-8''exact (RFC 6266 section 4, RFC 8187); the
 * last only where the first is not exact. */
const char *
reply_disposition(struct arena *a, const char *name, bool attachment)
{
	struct buf out = buf_make(a, 200);
	bool exact = true;

	buf_text(&out, attachment ? "attachment" : "inline");
	buf_text(&out, "; filename=\"");
	for (const char *p = name; *p; p++) {
		unsigned char c = (unsigned char)*p;
		bool plain = c >= 0x20 && c < 0x7f && !strchr("\"\\%", c);

		exact = exact && plain;
		if ((c & 0xc0) == 0x80)
			continue; /* one mark for a character, not for a byte */
		buf_char(&out, plain ? *p : '_');
	}
	buf_char(&out, '"');
	if (exact)
		return out.bytes;
	buf_text(&out, "; filename*=UTF-8''");
	path_encode(&out, name, "");
	return out.bytes;
}

/* By what the client can ask for it again only if it has changed. */
static void
file_version(struct req *r, const struct reply_file *file)
{
	char date[CLOCK_TEXT];

	if (file->etag)
		req_header(r, "ETag", arena_print(r->arena, "\"%s\"", file->etag));
	if (!file->changed_at)
		return;
	(void)clock_http(file->changed_at, date);
	req_header(r, "Last-Modified", arena_text(r->arena, date));
}

enum err
reply_file(struct req *r, const struct reply_file *file)
{
	const bool here = *file->target == '/';
	const struct condition c = { .etag = file->etag,
		.changed_at = file->changed_at };
	const int status = condition_check(r, &c);
	const char *range = condition_range(r, &c);

	assert(!here || !strstr(file->target, "/.."));
	file_version(r, file);
	if (status == 412) {
		body_begin(r, 412, "application/json");
		buf_text(&r->body, "{\"detail\":\"Precondition failed\"}");
		return OK;
	}
	body_begin(r, status, status == 304 ? NULL : file->media);
	if (status == 304)
		return OK;
	req_header(r, "X-Accel-Redirect", here ? file->target : "/remote");
	if (!here)
		req_header(r, "X-File-Address", file->target);
	if (range)
		req_header(r, "X-File-Range", range);
	req_header(r, "Content-Disposition", reply_disposition(r->arena, file->name,
	    file->attachment));
	return OK;
}

/* What is said when nobody said more. */
static const char *
plain_detail(enum err e)
{
	switch (e) {
	case ERR_BAD:		return "Bad Request";
	case ERR_AUTH:		return "Could not validate credentials";
	case ERR_DENIED:	return "Not authorized";
	case ERR_MISSING:	return "Not Found";
	case ERR_METHOD:	return "Method Not Allowed";
	case ERR_CONFLICT:	return "Conflict";
	case ERR_BIG:		return "Request body too large";
	case ERR_INVALID:	return "Validation error";
	case ERR_BUSY:		return "Too many attempts. Please try again later.";
	case ERR_DOWN:		return "Service temporarily unavailable";
	default:		return "Internal server error";
	}
}

/* Is the request's path below this one, or it? */
static bool
path_below(const struct req *r, const char *top)
{
	size_t n = strlen(top);

	return r->path && strncmp(r->path, top, n) == 0 &&
	    (r->path[n] == '/' || !r->path[n]);
}

/* What is wrong with the input of /files: the list alone, as their clients know it. */
static void
write_fault_list(struct req *r)
{
	if (!r->faults.n)
		faults_add(&r->faults, &(struct fault){ .type = "value_error",
		    .loc = "[]", .msg = r->detail ? r->detail :
		    plain_detail(ERR_INVALID) });
	buf_text(&r->body, "{\"detail\":");
	faults_write(&r->faults, &r->body);
	buf_char(&r->body, '}');
}

static void
write_failure(struct req *r, enum err e)
{
	struct buf *out = &r->body;
	const char *detail = r->detail ? r->detail : plain_detail(e);

	if (e == ERR_INVALID && r->faults.n)
		detail = faults_detail(&r->faults);
	if (e == ERR_BROKEN) /* what broke is for the log, not for the world */
		detail = plain_detail(e);
	buf_text(out, "{\"detail\":");
	json_write_text(out, detail);
	if (e == ERR_INVALID) {
		buf_text(out, ",\"errors\":");
		faults_write(&r->faults, out);
		buf_print(out, ",\"request_id\":\"%s\"", r->id);
	}
	if (e == ERR_BROKEN)
		buf_print(out, ",\"message\":\"An unexpected error occurred\","
		    "\"request_id\":\"%s\",\"type\":null", r->id);
	buf_char(out, '}');
}

/* The handler may have replied before the transaction failed. */
void
reply_drop(struct req *r)
{
	static const char *const drop[] = {
		"X-Accel-Redirect", "X-File-Address", "X-File-Range",
		"Content-Disposition", "Content-Type", "Set-Cookie",
		"Location", "ETag", "Last-Modified", "Cache-Control"
	};

	for (size_t i = 0; i < sizeof(drop) / sizeof(drop[0]); i++)
		while (header_find(r, drop[i]) >= 0)
			header_drop(r, drop[i]);
}

static void
make_failure(struct req *r, enum err e)
{
	reply_drop(r);
	if (e == ERR_BROKEN && r->detail)
		log_write(LOG_ERROR, "%s", r->detail);
	body_begin(r, reply_status(e), "application/json");
	req_header(r, "Cache-Control", "no-store");
	if (e == ERR_INVALID && path_below(r, "/files"))
		write_fault_list(r);
	else
		write_failure(r, e);
	if (e == ERR_AUTH)
		req_header(r, "WWW-Authenticate", "Bearer");
	if (e == ERR_DOWN && header_find(r, "Retry-After") < 0)
		req_header(r, "Retry-After", "2");
}

void
reply_finish(struct req *r, enum err e)
{
	if (!e && !r->status) {
		log_write(LOG_ERROR, "the handler %s made no reply",
		    r->route ? r->route->name : "-");
		e = ERR_BROKEN;
	}
	if (e)
		make_failure(r, e);
	req_header(r, "X-Request-ID", r->id);
	req_header(r, "X-Content-Type-Options", "nosniff");
	/* Without a path the request was refused before anybody read it. */
	if (r->path && !path_below(r, "/api") && !path_below(r, "/files"))
		return;
	if (!path_below(r, "/files") || header_find(r, "Cache-Control") < 0)
		req_header(r, "Cache-Control",
		    "no-store, no-cache, must-revalidate, max-age=0");
	req_header(r, "Pragma", "no-cache");
	req_header(r, "Vary", "Origin, Authorization");
}

void
reply_head(const struct req *r, struct buf *out)
{
	bool no_length = r->status == 204 || r->status == 304 ||
	    header_find(r, "X-Accel-Redirect") >= 0;

	buf_text(out, "Status: ");
	buf_number(out, r->status);
	buf_char(out, ' ');
	buf_text(out, status_words(r->status));
	for (int i = 0; i < r->n_headers; i++) {
		buf_add(out, "\r\n", 2);
		buf_text(out, r->headers[i].name);
		buf_add(out, ": ", 2);
		buf_text(out, r->headers[i].value);
	}
	if (!no_length) {
		buf_text(out, "\r\nContent-Length: ");
		buf_number(out, (int64_t)r->body.n);
	}
	buf_add(out, "\r\n\r\n", 4);
}
