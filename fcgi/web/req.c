/* SPDX-License-Identifier: MIT */
/*
 * Reading a request, in two steps around the sign-in. req_parse takes the bytes in:
 * a JSON body from the connection, an uploaded one from nginx's spool file, where it
 * stays.
 * req_check turns them into the struct that the handler's shape describes. What is
 * opened on the way is given back by req_end.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "json.h"
#include "link.h"
#include "log.h"
#include "multipart.h"
#include "path.h"
#include "req.h"
#include "route.h"
#include "text.h"

enum {
	MEGABYTE = 1024 * 1024,
	FORM_MAX = 64 * 1024,
	UPLOAD_REST = 2 * MEGABYTE,	/* of a large upload, beside its files */
	SMALL_MAX = 64 * 1024		/* of one that comes without a file */
};

static struct link *
link_of(const struct req *r)
{
	return r->link;
}

static const struct shape *
takes(const struct req *r)
{
	return r->route && r->route->takes ? r->route->takes : &nothing_shape;
}

const char *
req_env(const struct req *r, const char *name)
{
	const struct link *l = link_of(r);

	return l->env(l, name);
}

const char *
req_param(const struct req *r, const char *name)
{
	for (int i = 0; i < r->n_params; i++)
		if (strcmp(r->params[i].name, name) == 0)
			return r->params[i].value;
	return "";
}

/* The value of the last pair of that name in a query or a form. */
static const char *
last_value(const struct req *r, const char *pairs_text, const char *name)
{
	struct path_pair pairs[PATH_PAIRS];
	size_t n = path_pairs(r->arena, pairs_text, pairs);
	const char *value = NULL;

	for (size_t i = 0; i < n && n <= PATH_PAIRS; i++)
		if (strcmp(pairs[i].name, name) == 0)
			value = pairs[i].value;
	return value;
}

const char *
req_query(const struct req *r, const char *name)
{
	return last_value(r, r->query, name);
}

const char *
req_form(const struct req *r, const char *name)
{
	return r->form ? last_value(r, r->form, name) : NULL;
}

const char *
req_text(const struct req *r, const char *name)
{
	for (size_t i = 0; i < r->n_texts; i++)
		if (strcasecmp(r->texts[i].name, name) == 0)
			return r->texts[i].value;
	return NULL;
}

const uint8_t *
req_head(const struct req *r, const struct req_file *file, size_t max, size_t *n)
{
	uint8_t *p;

	*n = file->size < max ? file->size : max;
	p = arena_take(r->arena, *n + 1);
	if (pread(file->fd, p, *n, (off_t)file->offset) == (ssize_t)*n)
		return p;
	log_write(LOG_ERROR, "an uploaded file can't be read");
	return NULL;
}

/* The length that the client announced; 0 if none. False if it is nonsense. */
static bool
announced(const struct req *r, int64_t *length)
{
	const char *text = req_env(r, "CONTENT_LENGTH");

	*length = 0;
	return text_empty(text) || text_number(text, 0, INT64_MAX, length);
}

static enum err
too_big(struct req *r, size_t max)
{
	if (max >= MEGABYTE)
		return fail(r, ERR_BIG, "Request body too large. Max size: %zuMB",
		    max / MEGABYTE);
	return fail(r, ERR_BIG, "Request body too large. Max size: %zu bytes", max);
}

/* application/json and application/anything+json; no type at all passes too. */
static bool
media_is_json(const char *media)
{
	size_t n = strcspn(media, "; \t");

	if (!n)
		return true;
	return strncasecmp(media, "application/", 12) == 0 &&
	    ((n == 16 && strncasecmp(media + 12, "json", 4) == 0) ||
	    (n > 17 && strncasecmp(media + n - 5, "+json", 5) == 0));
}

/* A fault of the body as a whole. */
static enum err
body_fault(struct req *r, const char *type, const char *msg)
{
	faults_add(&r->faults, &(struct fault){ .type = type, .loc = "[\"body\"]",
	    .path = "body", .msg = msg });
	return ERR_INVALID;
}

static enum err
syntax_fault(struct req *r, const char *why, size_t at)
{
	struct buf ctx = buf_make(r->arena, 100);

	buf_text(&ctx, "{\"error\":");
	json_write_text(&ctx, why);
	buf_char(&ctx, '}');
	faults_add(&r->faults, &(struct fault){ .type = "json_invalid",
	    .loc = arena_print(r->arena, "[\"body\",%zu]", at),
	    .path = arena_print(r->arena, "body.%zu", at),
	    .msg = "JSON decode error", .input = "{}", .ctx = ctx.bytes });
	return ERR_INVALID;
}

/* The announced bytes of the body, and a NUL; ERR_BAD if there are more or fewer. */
static enum err
read_body(struct req *r, size_t announced_n, char **bytes)
{
	struct link *l = link_of(r);

	/* One byte more, so that a length that is too small hides nothing. */
	*bytes = arena_take(r->arena, announced_n + 1);
	l->n_body = l->read(l, *bytes, announced_n + 1);
	if (l->n_body != announced_n)
		return fail(r, ERR_BAD, "The body does not have the announced length");
	return OK;
}

static enum err
parse_body(struct req *r, size_t announced_n)
{
	struct link *l = link_of(r);
	const char *why;
	char *bytes;
	size_t at;
	enum err e = read_body(r, announced_n, &bytes);

	if (e || !l->n_body || !media_is_json(l->media))
		return e; /* what no body means is req_check's, after the sign-in */
	r->json = json_read(r->arena, bytes, l->n_body, &why, &at);
	return r->json ? OK : syntax_fault(r, why, at);
}

/* The escapes are decoded by who reads the fields; raw bytes beyond ASCII or a NUL
 * come from no browser (URL Standard, section 5.2), but must not get further. */
static enum err
parse_form(struct req *r, size_t announced_n)
{
	static const char media[] = "application/x-www-form-urlencoded";
	struct link *l = link_of(r);
	char *bytes;
	enum err e;

	if (announced_n > FORM_MAX)
		return too_big(r, FORM_MAX);
	e = read_body(r, announced_n, &bytes);
	if (e)
		return e;
	if (l->n_body && (strcspn(l->media, "; \t") != sizeof(media) - 1 ||
	    strncasecmp(l->media, media, sizeof(media) - 1) != 0))
		return fail(r, ERR_BAD, "A form of type %s is expected", media);
	if (!text_utf8(bytes, l->n_body))
		return fail(r, ERR_BAD, "The form is not well-formed UTF-8");
	r->form = bytes;
	return OK;
}

/* nginx names the file; still, only a plain file below the spool folder will do. */
static int
open_spooled(const struct link *l, const char *path)
{
	size_t n = strlen(l->spool_dir);

	while (n && l->spool_dir[n - 1] == '/')
		n--;
	if (strncmp(path, l->spool_dir, n) != 0 || path[n] != '/' ||
	    strstr(path + n, "/../"))
		return -1;
	return open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}

static const struct shape_upload one_file = { .part = "file", .max_files = 1 };

static const struct shape_upload *
upload_of(const struct req *r)
{
	return takes(r)->upload ? takes(r)->upload : &one_file;
}

static enum err
file_too_big(struct req *r, size_t max)
{
	return fail(r, ERR_BIG, "File too large. Max size: %zuMB", max / MEGABYTE);
}

/* A small upload comes over the socket, as to make a file for it costs more than all
 * else; from here on it is one all the same, in memory. */
static enum err
take_small(struct req *r, size_t announced_n)
{
	struct link *l = link_of(r);
	char *bytes;
	enum err e;

	if (announced_n > SMALL_MAX) {
		log_write(LOG_ERROR, "a large upload without BODY_FILE: check nginx");
		return ERR_BROKEN;
	}
	e = read_body(r, announced_n, &bytes);
	if (e)
		return e;
	r->file.fd = memfd_create("upload", MFD_CLOEXEC);
	if (r->file.fd < 0 || write(r->file.fd, bytes, announced_n) !=
	    (ssize_t)announced_n) {
		log_write(LOG_ERROR, "no memory for a small upload: %s", strerror(errno));
		return ERR_DOWN;
	}
	l->n_upload = announced_n;
	return OK;
}

static enum err
parse_upload(struct req *r, uint64_t announced_n)
{
	struct link *l = link_of(r);
	bool large = upload_of(r)->large;
	size_t max = large ? l->max_file : l->max_upload;
	size_t most = large ? max + UPLOAD_REST : max;
	const char *path = req_env(r, "BODY_FILE");
	struct stat status;

	if (announced_n > most)
		return file_too_big(r, max);
	if (text_empty(path) && !announced_n)
		return OK; /* no body; req_check says what is missing */
	if (text_empty(path))
		return take_small(r, (size_t)announced_n);
	r->file.fd = open_spooled(l, path);
	if (r->file.fd < 0 || fstat(r->file.fd, &status) || !S_ISREG(status.st_mode)) {
		log_write(LOG_ERROR, "the spooled body cannot be used: %s", path);
		return ERR_BROKEN;
	}
	l->n_upload = (size_t)status.st_size;
	return l->n_upload > most ? file_too_big(r, max) : OK;
}

enum err
req_parse(struct req *r)
{
	struct link *l = link_of(r);
	const char *media = req_env(r, "CONTENT_TYPE");
	int64_t length;

	r->faults.arena = r->arena;
	r->file.fd = -1;
	l->media = media ? media : "";
	if (!announced(r, &length))
		return fail(r, ERR_BAD, "The Content-Length makes no sense");
	if (takes(r)->place == SHAPE_UPLOAD)
		return parse_upload(r, (uint64_t)length);
	if ((uint64_t)length > l->max_json)
		return too_big(r, l->max_json);
	if (takes(r)->place == SHAPE_FORM)
		return parse_form(r, (size_t)length);
	return takes(r)->place == SHAPE_BODY || takes(r)->place == SHAPE_LIST ?
	    parse_body(r, (size_t)length) : OK;
}

static bool
anything_required(const struct shape *shape)
{
	for (size_t i = 0; i < shape->n_fields; i++)
		if (shape->fields[i].flags & SHAPE_REQUIRED)
			return true;
	return false;
}

static enum err
check_body(struct req *r, void *in)
{
	struct link *l = link_of(r);

	if (!l->n_body && !anything_required(takes(r)))
		return OK;
	if (!l->n_body)
		return body_fault(r, "missing", "Field required");
	if (!r->json && takes(r)->place == SHAPE_LIST)
		return body_fault(r, "list_type", "Input should be a valid list");
	if (!r->json)
		return body_fault(r, "model_attributes_type", "Input should be a valid "
		    "dictionary or object to extract fields from");
	return shape_read(takes(r), r->json, r->arena, in, &r->faults) ? OK : ERR_INVALID;
}

/* What the body holds, into r. */
static enum err
check_files(struct req *r, const struct shape_upload *upload, const struct multipart *m)
{
	const struct link *l = link_of(r);

	for (size_t i = 0; upload->large && i < m->n_files; i++)
		if (m->files[i].size > l->max_file)
			return file_too_big(r, l->max_file);
	r->file = m->files[0];
	r->files = m->files;
	r->n_files = m->n_files;
	r->texts = m->texts;
	r->n_texts = m->n_texts;
	return OK;
}

static enum err
check_upload(struct req *r)
{
	const struct shape_upload *upload = upload_of(r);
	struct link *l = link_of(r);
	struct multipart m = { .arena = r->arena, .media = l->media, .fd = r->file.fd,
		.size = l->n_upload, .part = upload->part,
		.max_files = upload->max_files, .wants_texts = upload->texts };
	enum err e = l->n_upload ? multipart_read(&m) : ERR_MISSING;

	if (e == ERR_BAD)
		return fail(r, ERR_BAD, "%s", m.why);
	if (e == ERR_MISSING)
		return fail_fault(r, arena_print(r->arena, "body.%s", upload->part),
		    "missing", "Field required");
	return e ? e : check_files(r, upload, &m);
}

enum err
req_check(struct req *r)
{
	const struct shape *shape = takes(r);
	void *in = arena_take(r->arena, shape->size ? shape->size : 1);

	r->in = in;
	switch (shape->place) {
	case SHAPE_BODY:
	case SHAPE_LIST:
		return check_body(r, in);
	case SHAPE_QUERY:
		return shape_read_query(shape, r->query, r->arena, in, &r->faults) ?
		    OK : ERR_INVALID;
	case SHAPE_FORM:
		return shape_read_query(shape, r->form, r->arena, in, &r->faults) ?
		    OK : ERR_INVALID;
	case SHAPE_UPLOAD:
		return shape_read_query(shape, r->query, r->arena, in, &r->faults) ?
		    check_upload(r) : ERR_INVALID;
	default:
		return OK;
	}
}

void
req_end(struct req *r)
{
	json_free(r->json);
	r->json = NULL;
	if (r->file.fd >= 0)
		(void)close(r->file.fd); /* only read; nothing can be lost */
	r->file.fd = -1;
}
