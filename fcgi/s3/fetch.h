/* SPDX-License-Identifier: MIT */
#ifndef S3_FETCH_H
#define S3_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct arena;

/*
 * One HTTP/1.1 request and its answer, over TLS unless the address is of this host.
 * Redirects are answers, not followed; no proxy, cookie, netrc or other setting of the
 * environment is looked at. Connections are kept for the next request.
 */
enum {
	FETCH_HEADERS = 32,		/* of an answer that are kept */
	FETCH_HEAD_MAX = 64 * 1024,	/* bytes of an answer's headers */
	FETCH_WORDS = 256
};

struct fetch_limits {
	int connect_ms;
	int total_ms;		/* for head and body, beside a second for every... */
	int64_t bytes_a_second;	/* ...so many bytes of what is sent or to come */
	int still_s;		/* given up when for so long... */
	int still_bytes;	/* ...fewer bytes a second move */
};

struct fetch_pair { const char *name, *value; };

/* Why there is no answer. */
enum fetch_end {
	FETCH_OK,
	FETCH_UNREACHED,	/* no name, no connection, no TLS within the time */
	FETCH_UNTRUSTED,	/* the other side's certificate does not hold */
	FETCH_CUT,		/* it broke in the middle, or stood still */
	FETCH_BIG,		/* more bytes than asked for */
	FETCH_STRANGE,		/* that is no HTTP */
	FETCH_DISK		/* our file could not be read or written */
};

struct fetch {
	/* The question. */
	const char *method;
	const char *url;			/* encoded */
	const struct fetch_pair *headers;	/* text without control characters */
	size_t n_headers;
	const char *body;			/* or: */
	int fd;					/* a file to send, -1: none */
	int64_t offset, size;			/* of what is sent */
	int fd_to;				/* -1: the answer goes to memory */
	int64_t to;				/* where in it */
	int64_t max;				/* of an answer of 200 or 206, bytes */
	int64_t max_words;			/* of any other, and to memory */
	const struct fetch_limits *limits;	/* NULL: the client's */
	int still_s;				/* 0: as the limits say */
	bool to_link;				/* http to the host's own services, too */

	/* The answer. */
	enum fetch_end end;
	char why[FETCH_WORDS];			/* for the log, if it is not FETCH_OK */
	int status;
	struct fetch_pair got[FETCH_HEADERS];	/* names in lower case */
	size_t n_got;
	const char *words;			/* the body in memory */
	size_t n_words;
	int64_t moved;				/* bytes written to fd_to */
};

struct fetch_client;

/* fetch_open(ca_file, limits, beat): A client that trusts the certificates in ca_file.
 * beat (or NULL) is called about every second while a request runs. Call it before the
 * process is locked; it lives for ever, and ca_file is read now. NULL (logged) if there
 * is no memory, or no certificate in it. */
struct fetch_client *fetch_open(const char *ca_file, const struct fetch_limits *limits,
    void (*beat)(void));

/* fetch_run(client, a, f): Ask, and fill the answer, which lives in a. ERR_BROKEN if the
 * question may not be asked: neither https nor http to this host (with to_link: or to
 * 169.254.0.0/16 and fd00:ec2::/32, where a cloud's hosts have their services), or a
 * header with control characters; else OK, and f->end says how it went. */
enum err fetch_run(struct fetch_client *client, struct arena *a, struct fetch *f);

/* fetch_header(f, name): The answer's header of that name (in lower case), or NULL. */
const char *fetch_header(const struct fetch *f, const char *name);

/* fetch_near(host): It is a name or address of this host: localhost and names below it,
 * 127.0.0.0/8, ::1. */
bool fetch_near(const char *host);

#endif
