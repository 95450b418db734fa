/* SPDX-License-Identifier: MIT */
/*
 * Requests over FastCGI, through libfcgi (2.4.2), one at a time. nginx keeps its
 * connection open between requests. All waiting is done by proc_accept and
 * proc_wait, where alone a worker can be told to stop: what they have announced is
 * always answered.
 *
 * Things to know about libfcgi. FCGX_Accept_r closes a connection that it is given
 * unless keepConnection says that it is to be kept. Bytes of a body that nobody
 * reads are taken for the beginning of the next request, so a body is always read
 * to its end. If the kept connection turns out to be closed it goes on to accept(2)
 * by itself; the listening socket says EAGAIN then, because it does not block.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <fcgiapp.h>

#include "arena.h"
#include "clock.h"
#include "id.h"
#include "link.h"
#include "log.h"
#include "meter.h"
#include "path.h"
#include "proc.h"
#include "route.h"
#include "serve.h"
#include "text.h"

enum {
	DRAIN_MAX = 64 * 1024 * 1024,	/* bytes of a body that nobody wants */
	LINGER_MS = 8000		/* with a kept connection when told to stop */
};

/* The request in hand, for serve_abort. */
static struct {
	FCGX_Request *fcgi;	/* NULL: none, or its reply has been begun */
	struct req *r;
	const struct serve *s;
	int64_t began;
} hand;

static const char *
link_env(const struct link *l, const char *name)
{
	const FCGX_Request *fcgi = l->carrier;

	return FCGX_GetParam(name, fcgi->envp);
}

static size_t
link_read(struct link *l, char *p, size_t n)
{
	const FCGX_Request *fcgi = l->carrier;
	size_t got = 0;
	int more = 1;

	while (got < n && more > 0) { /* libfcgi counts in int */
		more = n - got > 65536 ? 65536 : (int)(n - got);
		more = FCGX_GetStr(p + got, more, fcgi->in);
		got += more > 0 ? (size_t)more : 0;
	}
	return got;
}

/* Read what is left of the body, then end the request. */
static void
finish(FCGX_Request *fcgi)
{
	char trash[4096];
	size_t n = 0;
	int more;

	do {
		more = FCGX_GetStr(trash, sizeof(trash), fcgi->in);
		n += more > 0 ? (size_t)more : 0;
	} while (more == (int)sizeof(trash) && n < DRAIN_MAX);
	FCGX_Finish_r(fcgi);
	if (n >= DRAIN_MAX)
		FCGX_Free(fcgi, 1); /* the rest would spoil the next request */
}

static void
send_reply(FCGX_Request *fcgi, const struct req *r)
{
	struct buf head = buf_make(r->arena, 1000);

	reply_head(r, &head);
	hand.fcgi = NULL;
	hand.s->served(r, clock_steady() - hand.began);
	/* A failed write means that nginx has gone; FCGX_Finish_r closes then. */
	(void)FCGX_PutStr(head.bytes, (int)head.n, fcgi->out);
	if (!r->head && r->body.n)
		(void)FCGX_PutStr(r->body.bytes, (int)r->body.n, fcgi->out);
}

/* What every request brings. False if its target makes no sense. */
static bool
read_request(struct req *r)
{
	const char *method = req_env(r, "REQUEST_METHOD");
	const char *address = req_env(r, "REMOTE_ADDR");
	char id[ID_TEXT], *path;

	id_make(id);
	memcpy(r->id, id + ID_TEXT - sizeof(r->id), sizeof(r->id));
	log_request(r->id);
	/* A copy: the log line is written when libfcgi has freed the parameters. */
	r->method = method ? arena_text(r->arena, method) : "";
	r->head = strcmp(r->method, "HEAD") == 0;
	if (r->head)
		r->method = "GET";
	r->address = address ? address : "";
	r->is_tls = !text_empty(req_env(r, "HTTPS"));
	r->body = buf_make(r->arena, 2000);
	r->query = "";
	if (!path_read(r->arena, req_env(r, "REQUEST_URI"), &path, &r->query))
		return false;
	r->path = path;
	return true;
}

static void
log_served(const struct req *r)
{
	/* Paths hold the ids of people, and what was mistaken for one: only the
	 * pattern of the route is told. */
	log_write(LOG_INFO, "%s %s %d %lldus %zu", r->head ? "HEAD" : r->method,
	    r->route ? r->route->path : "-", r->status,
	    (long long)(clock_steady() - hand.began), r->body.n);
}

/* How long to stay with a kept connection, once told to stop: 0 in the end. */
static int
patience_ms(void)
{
	static int64_t until;
	int64_t now = clock_steady();

	if (!until)
		until = now + LINGER_MS * 1000;
	return until > now ? (int)((until - now) / 1000) : 0;
}

static void
serve_one(const struct serve *s, FCGX_Request *fcgi)
{
	struct link l = { .env = link_env, .read = link_read, .carrier = fcgi,
		.max_json = s->max_json, .max_upload = s->max_upload,
		.max_file = s->max_file, .spool_dir = s->spool_dir };
	struct req r = { .arena = s->arena, .db = s->db, .now = clock_now(),
		.faults.arena = s->arena, .file.fd = -1, .link = &l };

	meter_busy(true);
	hand.fcgi = fcgi;
	hand.r = &r;
	hand.s = s;
	hand.began = clock_steady();
	if (read_request(&r))
		s->handle(&r);
	else
		reply_finish(&r, fail(&r, ERR_BAD, "The request target makes no sense"));
	send_reply(fcgi, &r);
	if (s->stopping() && !patience_ms())
		fcgi->keepConnection = 0;
	finish(fcgi);
	log_served(&r);
	log_request(NULL);
	req_end(&r);
	hand.r = NULL;
	arena_reset(s->arena);
	meter_busy(false);
}

/*
 * Sleep until nginx has something for us. False if we are to stop. A kept connection
 * that is closed while nginx sends on it loses that request, and a POST is not sent
 * again; so it is nginx that closes: an idle one after a second, any after three
 * (nginx.conf.in). Until it has, what comes is still answered.
 */
static bool
await(const struct serve *s, FCGX_Request *fcgi)
{
	struct pollfd p = { .fd = fcgi->ipcFd, .events = POLLIN };

	if (fcgi->ipcFd >= 0)
		return proc_wait(fcgi->ipcFd) || poll(&p, 1, patience_ms()) > 0;
	fcgi->ipcFd = proc_accept(s->socket);
	fcgi->keepConnection = 1;
	return fcgi->ipcFd >= 0;
}

int
serve(const struct serve *s)
{
	FCGX_Request fcgi;
	int e = FCGX_Init();

	if (e || FCGX_InitRequest(&fcgi, s->socket, FCGI_FAIL_ACCEPT_ON_INTR)) {
		log_write(LOG_ERROR, "cannot serve: libfcgi says %d", e);
		return 1;
	}
	s->busy(true);
	while (await(s, &fcgi)) {
		e = FCGX_Accept_r(&fcgi);
		if (!e) {
			serve_one(s, &fcgi);
		} else if (e != -EAGAIN && e != -EINTR) {
			log_write(LOG_ERROR, "cannot accept: %s", strerror(-e));
			return 1;
		}
	}
	FCGX_Free(&fcgi, fcgi.ipcFd >= 0);
	return s->stopping() ? 0 : 1;
}

void
serve_abort(void)
{
	static const char head[] =
	    "Status: 503 Service Unavailable\r\n"
	    "Content-Type: application/json\r\n"
	    "Cache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\n\r\n";
	static const char body[] =
	    "{\"detail\":\"The request needs more memory than it may have\"}";
	FCGX_Request *fcgi = hand.fcgi;

	hand.fcgi = NULL;
	log_write(LOG_ERROR, "out of request memory in %s", hand.r && hand.r->route ?
	    hand.r->route->path : "no route");
	if (fcgi) {
		hand.r->status = 503;
		hand.s->served(hand.r, clock_steady() - hand.began);
		(void)FCGX_PutStr(head, sizeof(head) - 1, fcgi->out);
		if (!hand.r->head)
			(void)FCGX_PutStr(body, sizeof(body) - 1, fcgi->out);
		finish(fcgi);
	}
	_exit(1);
}
