/* SPDX-License-Identifier: MIT */
/*
 * The worker's side: each function writes its question into a frame, sends it to the
 * courier and reads the answer. Signs of life come in between, about one a second; when
 * none comes for a while the courier hangs, and is given up like a dead one. The times
 * of the work itself are the courier's to limit.
 */
#include <string.h>

#include "arena.h"
#include "conf.h"
#include "courier.h"
#include "courier_frame.h"
#include "courier_run.h"
#include "helper.h"
#include "log.h"
#include "s3_place.h"
#include "text.h"

enum { QUIET_MS = 20 * 1000 };

static struct helper courier = HELPER_NONE;

/* One question at a time, so one of each is enough. */
static struct helper_question question;
static uint8_t answer_bytes[2 * sizeof(int64_t) + HELPER_MAX];

bool
courier_wanted(void)
{
	return !text_empty(conf.s3_bucket);
}

static struct frame
ask_begin(enum courier_what what)
{
	struct frame f = { .bytes = question.bytes };

	question.n_fds = 0;
	frame_number(&f, what);
	return f;
}

/* The next message that is more than a sign of life; *part says which. */
static enum err
answer_next(struct frame *in, enum courier_part *part)
{
	enum err e;

	do {
		*in = (struct frame){ .bytes = answer_bytes };
		e = helper_next(&courier, answer_bytes, sizeof(answer_bytes), &in->n,
		    QUIET_MS);
		*part = e ? COURIER_END : (enum courier_part)frame_take(in);
	} while (!e && *part == COURIER_BEAT);
	return e;
}

/* What the last message of an answer says; what belongs to it is left in the frame. */
static enum err
answer_end(struct frame *in)
{
	const int64_t e = frame_take(in);

	return in->bad || e < OK || e > ERR_DOWN ? ERR_BROKEN : (enum err)e;
}

static enum err
ask(const struct frame *q, struct frame *in)
{
	enum courier_part part;
	enum err e;

	question.n = q->n;
	if (q->bad) {
		log_write(LOG_ERROR, "courier: a question is too long");
		return ERR_BAD;
	}
	e = helper_send(&courier, &question);
	if (!e)
		e = answer_next(in, &part);
	return e ? e : answer_end(in);
}

static void
pass(int fd)
{
	question.fds[0] = fd;
	question.n_fds = 1;
}

enum err
courier_start(int patience_ms)
{
	struct courier_start start = { patience_ms };
	enum courier_part part;
	struct frame in;
	enum err e;

	if (!courier_wanted())
		return OK;
	if (helper_start(&courier, "courier", courier_run, &start) != OK)
		return ERR_BROKEN;
	e = answer_next(&in, &part);
	if (!e)
		e = answer_end(&in);
	if (e)
		courier_stop();
	return e ? ERR_BROKEN : OK;
}

void
courier_stop(void)
{
	helper_stop(&courier);
}

static void
write_about(struct frame *q, const struct courier_about *about)
{
	frame_text(q, about->media);
	frame_text(q, about->object_id);
	frame_text(q, about->tenant_id);
	frame_text(q, about->file_name);
}

static enum err
read_object(struct frame *in, struct courier_object *o)
{
	o->size = frame_take(in);
	o->modified_at = frame_take(in);
	frame_copy(in, o->etag, sizeof(o->etag));
	frame_copy(in, o->version, sizeof(o->version));
	frame_copy(in, o->media, sizeof(o->media));
	frame_copy(in, o->object_id, sizeof(o->object_id));
	return frame_ended(in) ? OK : ERR_BROKEN;
}

enum err
courier_put(const struct courier_put *p, char version[COURIER_VERSION])
{
	struct frame q = ask_begin(COURIER_PUT), in;
	enum err e;

	version[0] = '\0';
	frame_number(&q, p->offset);
	frame_number(&q, p->size);
	frame_text(&q, p->key);
	frame_text(&q, p->md5);
	frame_text(&q, p->sha256);
	write_about(&q, &p->about);
	pass(p->fd);
	e = ask(&q, &in);
	if (e)
		return e;
	frame_copy(&in, version, COURIER_VERSION);
	return frame_ended(&in) ? OK : ERR_BROKEN;
}

enum err
courier_get(const char *key, const char *version, int fd, int64_t max,
    struct courier_object *got)
{
	struct frame q = ask_begin(COURIER_GET), in;
	enum err e;

	*got = (struct courier_object){ .size = 0 };
	frame_text(&q, key);
	frame_text(&q, version);
	frame_number(&q, max);
	pass(fd);
	e = ask(&q, &in);
	return e ? e : read_object(&in, got);
}

enum err
courier_head(const char *key, const char *version, struct courier_object *found)
{
	struct frame q = ask_begin(COURIER_HEAD), in;
	enum err e;

	*found = (struct courier_object){ .size = 0 };
	frame_text(&q, key);
	frame_text(&q, version);
	e = ask(&q, &in);
	return e ? e : read_object(&in, found);
}

enum err
courier_remove(const char *key, const char *version)
{
	struct frame q = ask_begin(COURIER_REMOVE), in;

	frame_text(&q, key);
	frame_text(&q, version);
	return ask(&q, &in);
}

enum err
courier_presign(struct arena *a, const struct courier_link *l, char **url, int64_t *until)
{
	struct frame q = ask_begin(COURIER_PRESIGN), in;
	enum err e;

	*url = NULL;
	frame_text(&q, l->method);
	frame_text(&q, l->key);
	frame_text(&q, l->version);
	frame_number(&q, l->seconds);
	frame_text(&q, l->disposition);
	frame_text(&q, l->media);
	e = ask(&q, &in);
	if (e)
		return e;
	*url = arena_text(a, frame_take_text(&in));
	*until = frame_take(&in);
	return frame_ended(&in) ? OK : ERR_BROKEN;
}

const char *
courier_host(struct arena *a)
{
	struct s3_place place;

	return s3_place(a, &place) ? "" :
	    arena_print(a, "%s://%s", place.scheme, place.host);
}
