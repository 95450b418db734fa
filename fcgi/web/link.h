/* SPDX-License-Identifier: MIT */
#ifndef WEB_LINK_H
#define WEB_LINK_H

#include <stddef.h>
#include <stdint.h>

struct buf;
struct req;

/*
 * What carries a request: libfcgi in serve.c, arrays in the tests. r->link points
 * to one; req.c reads the request through it and knows nothing of FastCGI.
 */
struct link {
	/* A parameter, or NULL. */
	const char *(*env)(const struct link *l, const char *name);
	/* Up to n bytes of the body; fewer only at its end. */
	size_t (*read)(struct link *l, char *p, size_t n);
	void *carrier;		/* for these two */
	size_t max_json, max_upload;
	size_t max_file;	/* bytes of one file, where large ones are taken */
	const char *spool_dir;

	/* What req_parse has opened; req_end gives it back. */
	const char *media;	/* CONTENT_TYPE, or "" */
	size_t n_body;		/* bytes of a JSON body */
	size_t n_upload;	/* bytes of an uploaded one */
};

/* req_end(r): Free the parsed body and close the uploaded one. After the
 * reply has been sent; nothing that came from the request is good afterwards. */
void req_end(struct req *r);

/* reply_head(r, out): Append the CGI response head (RFC 3875 section 6.3): status,
 * headers, Content-Length, and the empty line. */
void reply_head(const struct req *r, struct buf *out);

#endif
