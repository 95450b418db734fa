/* SPDX-License-Identifier: MIT */
/*
 * The courier's own side. It takes the S3 secrets into memory of its own, forgets all
 * others, and locks itself: files it may read are the certificates and what names are
 * looked up with, ports those of S3, of the role's endpoint and of DNS. What it reads and
 * writes for the worker are descriptors that came with the question.
 */
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "arena.h"
#include "conf.h"
#include "courier_frame.h"
#include "courier_run.h"
#include "credentials.h"
#include "helper.h"
#include "log.h"
#include "s3.h"
#include "sandbox.h"

enum {
	HEAD = 2 * sizeof(int64_t),	/* of an answer */
	MEMORY = 64 * 1024 * 1024,	/* for one question */
	CONNECT_MS = 4000,
	TOTAL_MS = 30 * 1000,
	BYTES_A_SECOND = 32 * 1024,
	STILL_S = 15
};

static int worker;		/* the socket to it */
static struct s3 s3;

/* To the worker: still at it. */
static void
beat(void)
{
	uint8_t bytes[16];
	struct frame f = { .bytes = bytes };

	frame_number(&f, COURIER_BEAT);
	(void)helper_answer(worker, f.bytes, f.n); /* it learns of its end elsewhere */
}

static void
write_object(struct frame *out, const struct courier_object *o)
{
	frame_number(out, o->size);
	frame_number(out, o->modified_at);
	frame_text(out, o->etag);
	frame_text(out, o->version);
	frame_text(out, o->media);
	frame_text(out, o->object_id);
}

static void
take_about(struct frame *in, struct courier_about *about)
{
	about->media = frame_take_text(in);
	about->object_id = frame_take_text(in);
	about->tenant_id = frame_take_text(in);
	about->file_name = frame_take_text(in);
}

/* Each reads its question, asks S3, and writes what belongs to the answer. */

static enum err
do_put(struct frame *in, int fd, struct frame *out)
{
	struct courier_put p = { .fd = fd };
	char version[COURIER_VERSION] = "";
	enum err e;

	p.offset = frame_take(in);
	p.size = frame_take(in);
	p.key = frame_take_text(in);
	p.md5 = frame_take_text(in);
	p.sha256 = frame_take_text(in);
	take_about(in, &p.about);
	if (!frame_ended(in) || fd < 0)
		return ERR_BROKEN;
	e = s3_put(&s3, &p, version);
	frame_text(out, version);
	return e;
}

static enum err
do_get(struct frame *in, int fd, struct frame *out)
{
	const char *key = frame_take_text(in), *version = frame_take_text(in);
	const int64_t max = frame_take(in);
	struct courier_object got;
	enum err e;

	if (!frame_ended(in) || fd < 0)
		return ERR_BROKEN;
	e = s3_get(&s3, key, version, fd, max, &got);
	write_object(out, &got);
	return e;
}

static enum err
do_head(struct frame *in, int fd, struct frame *out)
{
	const char *key = frame_take_text(in), *version = frame_take_text(in);
	struct courier_object found;
	enum err e;

	(void)fd;
	if (!frame_ended(in))
		return ERR_BROKEN;
	e = s3_head(&s3, key, version, &found);
	write_object(out, &found);
	return e;
}

static enum err
do_remove(struct frame *in, int fd, struct frame *out)
{
	const char *key = frame_take_text(in), *version = frame_take_text(in);

	(void)fd, (void)out;
	return frame_ended(in) ? s3_remove(&s3, key, version) : ERR_BROKEN;
}

static enum err
do_presign(struct frame *in, int fd, struct frame *out)
{
	struct courier_link l;
	int64_t until = 0;
	char *url = NULL;
	enum err e;

	(void)fd;
	l.method = frame_take_text(in);
	l.key = frame_take_text(in);
	l.version = frame_take_text(in);
	l.seconds = (int)frame_take(in);
	l.disposition = frame_take_text(in);
	l.media = frame_take_text(in);
	if (!frame_ended(in))
		return ERR_BROKEN;
	e = s3_presign(&s3, &l, &url, &until);
	frame_text(out, url);
	frame_number(out, until);
	return e;
}

typedef enum err answer_maker(struct frame *in, int fd, struct frame *out);

static answer_maker *const answers[] = {
	[COURIER_PUT] = do_put, [COURIER_GET] = do_get, [COURIER_HEAD] = do_head,
	[COURIER_REMOVE] = do_remove, [COURIER_PRESIGN] = do_presign,
};

static bool
answer(struct helper_question *q)
{
	static uint8_t bytes[HEAD + HELPER_MAX], rest[HELPER_MAX];
	struct frame in = { .n = q->n, .bytes = q->bytes };
	struct frame out = { .bytes = bytes }, more = { .bytes = rest };
	const int64_t what = frame_take(&in);
	enum err e = ERR_BROKEN;

	arena_reset(s3.arena);
	if (what > 0 && what < (int64_t)(sizeof(answers) / sizeof(answers[0])) &&
	    answers[what] && q->n_fds <= 1)
		e = answers[what](&in, q->n_fds ? q->fds[0] : -1, &more);
	for (int i = 0; i < q->n_fds; i++)
		(void)close(q->fds[i]); /* the worker looks after its own */
	frame_number(&out, COURIER_END);
	frame_number(&out, e || !more.bad ? (int64_t)e : (int64_t)ERR_BIG);
	if (!e && !more.bad) {
		memcpy(out.bytes + out.n, more.bytes, more.n);
		out.n += more.n;
	}
	return helper_answer(worker, out.bytes, out.n);
}

static enum err
lock(void)
{
	const char *const readable[] = { "/etc/hosts", "/etc/resolv.conf",
		"/etc/nsswitch.conf", "/etc/gai.conf", conf.s3_ca_file, NULL };
	struct sandbox s = { .readable = readable, .ports = { s3.place.port } };

	if (credentials_port() && credentials_port() != s3.place.port)
		s.ports[1] = credentials_port();
	return sandbox_lock(&s);
}

static enum err
begin(const struct courier_start *start)
{
	const struct fetch_limits limits = { CONNECT_MS, TOTAL_MS, BYTES_A_SECOND,
		STILL_S };
	struct arena *kept = arena_make(MEMORY, NULL);
	const char *wrong = s3_place(kept, &s3.place);
	enum err e = credentials_open();

	conf_guard();
	conf_forget_all(); /* S3's are with credentials; the others are not ours */
	if (wrong) {
		log_write(LOG_ERROR, "courier: setting %s", wrong);
		return ERR_BROKEN;
	}
	s3.arena = arena_make(MEMORY, NULL);
	s3.patience_ms = start->patience_ms;
	s3.beat = beat;
	s3.client = e ? NULL : fetch_open(conf.s3_ca_file, &limits, beat);
	if (!s3.client)
		return ERR_BROKEN;
	return lock();
}

int
courier_run(int socket, void *start)
{
	static struct helper_question q;
	uint8_t bytes[16];
	struct frame first = { .bytes = bytes };
	enum err e;

	worker = socket;
	e = sodium_init() < 0 ? ERR_BROKEN : begin(start);
	frame_number(&first, COURIER_END);
	frame_number(&first, e);
	if (!helper_answer(worker, first.bytes, first.n) || e)
		return 1;
	while (helper_take(socket, &q) && answer(&q))
		continue;
	return 0;
}
