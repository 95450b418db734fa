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
#include "credentials.h"
#include "helper.h"
#include "log.h"
#include "outage.h"
#include "s3_place.h"
#include "text.h"

enum { QUIET_MS = 20 * 1000 };

static struct helper courier = HELPER_NONE;

/* One question at a time, so one of each is enough. */
static struct helper_question question;
static uint8_t answer_bytes[FRAME_ANSWER * sizeof(int64_t) + HELPER_MAX];
static enum outage_pass pass;

bool
courier_wanted(void)
{
	return !text_empty(conf.s3_bucket);
}

/* For what is done without asking S3 there is nothing to wait for. */
static bool
asks_nobody(enum courier_what what)
{
	return what == COURIER_PRESIGN || what == COURIER_FORM;
}

static struct frame
ask_begin(enum courier_what what)
{
	struct frame f = { .bytes = question.bytes };

	question.n_fds = 0;
	pass = asks_nobody(what) ? OUTAGE_PATIENT : outage_enter();
	frame_number(&f, what);
	frame_number(&f, pass == OUTAGE_BRIEF || what == COURIER_PROBE);
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
answer_read(struct frame *in, enum outage_heard *heard)
{
	const int64_t e = frame_take(in), found = frame_take(in);

	if (in->bad || e < OK || e > ERR_DOWN)
		return ERR_BROKEN;
	if (found == OUTAGE_ANSWER || found == OUTAGE_SILENCE)
		*heard = (enum outage_heard)found;
	return (enum err)e;
}

/* The end of what ask_begin began, whatever e says of the way to the courier. */
static enum err
answer_end(struct frame *in, enum err e)
{
	enum outage_heard heard = OUTAGE_NOTHING;

	if (pass == OUTAGE_REFUSED)
		return ERR_DOWN;
	if (!e)
		e = answer_read(in, &heard);
	outage_leave(heard);
	return e;
}

static enum err
ask_send(const struct frame *q)
{
	question.n = q->n;
	if (pass == OUTAGE_REFUSED)
		return ERR_DOWN; /* logged by who found S3 silent */
	if (!q->bad)
		return helper_send(&courier, &question);
	log_write(LOG_ERROR, "courier: a question is too long");
	return ERR_BAD;
}

static enum err
ask(const struct frame *q, struct frame *in)
{
	enum courier_part part;
	enum err e = ask_send(q);

	if (!e)
		e = answer_next(in, &part);
	return answer_end(in, e);
}

static void
lend(int fd)
{
	question.fds[0] = fd;
	question.n_fds = 1;
}

enum err
courier_start(int patience_ms)
{
	struct courier_start start = { patience_ms };
	enum outage_heard heard;
	enum courier_part part;
	struct frame in;
	enum err e;

	if (!courier_wanted())
		return OK;
	if (helper_start(&courier, "courier", courier_run, &start) != OK)
		return ERR_BROKEN;
	e = answer_next(&in, &part);
	if (!e)
		e = answer_read(&in, &heard);
	if (e)
		courier_stop();
	return e ? ERR_BROKEN : OK;
}

void
courier_forget(void)
{
	credentials_forget();
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
courier_put(const struct courier_put *p, struct courier_stored *stored)
{
	struct frame q = ask_begin(COURIER_PUT), in;
	enum err e;

	*stored = (struct courier_stored){ .version = "" };
	frame_number(&q, p->offset);
	frame_number(&q, p->size);
	frame_text(&q, p->key);
	frame_text(&q, p->md5);
	frame_text(&q, p->sha256);
	write_about(&q, &p->about);
	lend(p->fd);
	e = ask(&q, &in);
	if (e)
		return e;
	frame_copy(&in, stored->version, sizeof(stored->version));
	frame_copy(&in, stored->etag, sizeof(stored->etag));
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
	lend(fd);
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
courier_copy(const struct courier_copy *c, char version[COURIER_VERSION])
{
	struct frame q = ask_begin(COURIER_COPY), in;
	enum err e;

	version[0] = '\0';
	frame_text(&q, c->from_key);
	frame_text(&q, c->from_version);
	frame_text(&q, c->key);
	frame_number(&q, c->size);
	write_about(&q, &c->about);
	e = ask(&q, &in);
	if (e)
		return e;
	frame_copy(&in, version, COURIER_VERSION);
	return frame_ended(&in) ? OK : ERR_BROKEN;
}

enum err
courier_remove(const char *key, const char *version)
{
	struct frame q = ask_begin(COURIER_REMOVE), in;

	frame_text(&q, key);
	frame_text(&q, version);
	return ask(&q, &in);
}

static enum err
read_entry(struct arena *a, struct frame *in, struct courier_entry *entry)
{
	entry->key = arena_text(a, frame_take_text(in));
	entry->version = arena_text(a, frame_take_text(in));
	entry->size = frame_take(in);
	entry->modified_at = frame_take(in);
	entry->marker = frame_take(in);
	return frame_ended(in) ? OK : ERR_BROKEN;
}

/* The entries, up to the end of the answer, which is left in the frame. */
static enum err
ask_entries(struct arena *a, size_t limit, const struct frame *q, struct frame *in,
    struct courier_page *page)
{
	enum courier_part part;
	enum err e = ask_send(q), bad = OK;

	while (!e && !(e = answer_next(in, &part)) && part == COURIER_ENTRY) {
		if (page->n == limit)
			bad = ERR_BROKEN; /* and read on: the next question is due */
		else if (!bad)
			bad = read_entry(a, in, &page->entries[page->n++]);
	}
	e = answer_end(in, e);
	return e ? e : bad;
}

enum err
courier_list(struct arena *a, const struct courier_find *f, struct courier_page *page)
{
	struct frame q, in;
	enum err e;

	*page = (struct courier_page){ .n = 0 };
	if (f->limit < 1 || f->limit > COURIER_LIST_MAX)
		return ERR_BAD;
	q = ask_begin(COURIER_LIST);
	page->entries = arena_array(a, struct courier_entry, (size_t)f->limit);
	frame_text(&q, f->prefix);
	frame_text(&q, f->after_key);
	frame_text(&q, f->after_version);
	frame_number(&q, f->limit);
	e = ask_entries(a, (size_t)f->limit, &q, &in, page);
	if (e)
		return e;
	page->more = frame_take(&in);
	page->next_key = arena_text(a, frame_take_text(&in));
	page->next_version = arena_text(a, frame_take_text(&in));
	return frame_ended(&in) ? OK : ERR_BROKEN;
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

enum err
courier_form(struct arena *a, const struct courier_form *form,
    struct courier_fields *out)
{
	enum { FIELDS_MAX = 20 };
	struct frame q = ask_begin(COURIER_FORM), in;
	enum err e;

	*out = (struct courier_fields){ .n = 0 };
	frame_text(&q, form->key);
	frame_number(&q, form->max);
	frame_number(&q, form->seconds);
	e = ask(&q, &in);
	if (e)
		return e;
	out->url = arena_text(a, frame_take_text(&in));
	out->until = frame_take(&in);
	out->n = (size_t)frame_take(&in);
	if (out->n > FIELDS_MAX)
		return ERR_BROKEN;
	out->fields = arena_array(a, struct courier_field, out->n);
	for (size_t i = 0; i < out->n; i++) {
		out->fields[i].name = arena_text(a, frame_take_text(&in));
		out->fields[i].value = arena_text(a, frame_take_text(&in));
	}
	return frame_ended(&in) ? OK : ERR_BROKEN;
}

static enum err
check(enum courier_what what, struct courier_check *c)
{
	struct frame q = ask_begin(what), in;
	int64_t told;
	enum err e;

	*c = (struct courier_check){ .skew = 0 };
	e = ask(&q, &in);
	if (e)
		return e;
	told = frame_take(&in);
	c->versions = (enum courier_versions)frame_take(&in);
	if ((int)c->versions > COURIER_VERSIONS_PAUSED)
		return ERR_BROKEN;
	c->skew = frame_take(&in);
	frame_copy(&in, c->words, sizeof(c->words));
	return frame_ended(&in) && told >= OK && told <= ERR_DOWN ? (enum err)told :
	    ERR_BROKEN;
}

enum err
courier_check(struct courier_check *c)
{
	return check(COURIER_CHECK, c);
}

void
courier_probe(void)
{
	struct courier_check c;
	enum err e;

	if (!courier_wanted())
		return;
	e = check(COURIER_PROBE, &c);
	if (!e && c.versions != COURIER_VERSIONS_ON)
		e = ERR_CONFLICT;
	if (e != ERR_DOWN) /* which all know already, unless others had an answer */
		outage_tell(OUTAGE_S3, e);
}

const char *
courier_host(struct arena *a)
{
	struct s3_place place;

	return s3_place(a, &place) ? "" :
	    arena_print(a, "%s://%s", place.scheme, place.host);
}
