/* SPDX-License-Identifier: MIT */
#ifndef WEB_REQ_H
#define WEB_REQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"
#include "faults.h"

struct db;
struct route;
struct json;

enum { REQ_PARAMS = 4, REQ_HEADERS = 20 };

struct req_param { const char *name, *value; };

/* An uploaded file: the bytes stay in nginx's spool file. */
struct req_file {
	const char *name;	/* as sent, UTF-8, without its path, 255 bytes at most; ""
				 * if that names nothing */
	const char *media;	/* as the client claimed; never to be believed */
	int fd;			/* the spool file, open for reading */
	size_t offset, size;	/* where the part's bytes lie in it */
};

/* One request and its reply, which is sent after the handler has returned and the
 * transaction has been committed. */
struct req {
	struct arena *arena;
	struct db *db;
	const struct route *route;
	const char *method;	/* "GET"; HEAD is handled as GET */
	const char *path;	/* percent-decoded, UTF-8, starts with '/' */
	const char *query;	/* as sent, or "" */
	const char *address;	/* of the client, as nginx saw it */
	char id[9];		/* X-Request-ID: 8 hex digits */
	int64_t now;		/* clock_now() at arrival: one time for all it does */
	bool head;		/* was HEAD */
	bool is_tls;
	bool writes;		/* a GET that does, for the front door */

	struct req_param params[REQ_PARAMS]; /* {names} of the route's path */
	int n_params;
	const void *in;		/* the struct of the route's takes shape */
	struct req_file file;	/* for SHAPE_UPLOAD: the first file */
	const struct req_file *files; /* all of them */
	size_t n_files;
	const struct req_param *texts; /* what came before them, if it was wanted */
	size_t n_texts;
	const void *who;	/* set by the front door; the web tier never looks */
	struct faults faults;

	int status;
	const char *detail;	/* of a failure */
	struct req_param headers[REQ_HEADERS]; /* of the reply */
	int n_headers;
	struct buf body;	/* of the reply */

	void *link;		/* struct link: what carries the request */
	const struct json *json;/* web/serve.c: the parsed body, freed after the reply */
	const char *form;	/* the body of a page's form, as sent; or NULL */
};

/* req_env(r, name): A FastCGI parameter ("HTTP_AUTHORIZATION"), or NULL. */
const char *req_env(const struct req *r, const char *name);

/* req_param(r, name): What stands for {name} in the path; "" if there is none. */
const char *req_param(const struct req *r, const char *name);

/* req_query(r, name): The value of one query key, decoded; NULL if absent or bad. */
const char *req_query(const struct req *r, const char *name);

/* req_form(r, name): The same of a page's form. */
const char *req_form(const struct req *r, const char *name);

/* req_text(r, name): A text that came with the files; letters of both cases are the
 * same in name. NULL if there is none. */
const char *req_text(const struct req *r, const char *name);

/* req_head(r, file, max, n): The first bytes of an uploaded file, max or all there are,
 * in r's arena; *n is how many. NULL (logged) if they can't be read. */
const uint8_t *req_head(const struct req *r, const struct req_file *file, size_t max,
    size_t *n);

/* Reading and checking the input as the route's takes shape says, into r->in and
 * r->file; in two steps, because syntax errors come before the sign-in and field
 * errors after: req_parse(r) reads bytes and syntax, req_check(r) the fields.
 * ERR_INVALID with r->faults filled, ERR_BIG, ERR_BAD, or ERR_BROKEN (logged). */
enum err req_parse(struct req *r);
enum err req_check(struct req *r);

/* req_header(r, name, value): Set a header of the reply, at most REQ_HEADERS; only
 * Set-Cookie may come twice. Both texts must live as long as the request. A line
 * break in one is our mistake (assert). */
void req_header(struct req *r, const char *name, const char *value);

/* fail(r, e, format, ...): Make the reply {"detail": text} with the status of e;
 * returns e, so that a handler can `return fail(...)`. */
enum err fail(struct req *r, enum err e, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* fail_fault(r, path, type, msg): A 422 for one field, in the form of the others;
 * path is "body.personal_info.nrc". Returns ERR_INVALID. */
enum err fail_fault(struct req *r, const char *path, const char *type, const char *msg);

/* reply(r, status, out): Write out by the route's gives shape. Returns OK. */
enum err reply(struct req *r, int status, const void *out);

/* reply_list(r, items, n): The same for a gives shape that is a list. */
enum err reply_list(struct req *r, const void *items, size_t n);

/* reply_bytes(r, media, p, n): A body that is not JSON, with r->status if that is
 * set and 200 otherwise. The bytes are copied, unless p is r->body.bytes: what is
 * large is best written there. Returns OK. */
enum err reply_bytes(struct req *r, const char *media, const void *p, size_t n);

/* reply_file(r, file): Let nginx send what target stands for, to be shown as name, or
 * saved; or say that the client has it already, or asked for another (condition.h).
 * target is the path of an internal location, or an http or https address that nginx
 * asks with this request's method; encoded, and good for this request. Returns OK. */
struct reply_file {
	const char *target;
	const char *media, *name;
	const char *etag;	/* without quotes; NULL: none */
	int64_t changed_at;	/* 0: not known */
	bool attachment;
};
enum err reply_file(struct req *r, const struct reply_file *file);

/* reply_disposition(a, name, attachment): A Content-Disposition for it, in a. */
const char *reply_disposition(struct arena *a, const char *name, bool attachment);

/* reply_drop(r): Forget the headers of a reply that was begun and is not to be. Those
 * that belong to any reply stay (Retry-After, Allow). */
void reply_drop(struct req *r);

/* reply_finish(r, e): Turn a failure into its JSON body (or keep the reply), add the
 * headers every reply has. Called once, by the front door. */
void reply_finish(struct req *r, enum err e);

/* reply_status(e): The HTTP status of an error value. */
int reply_status(enum err e);

#endif
