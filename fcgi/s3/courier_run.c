/* SPDX-License-Identifier: MIT */
/*
 * The courier's own side. It takes the S3 secrets into memory of its own, forgets all
 * others, and locks itself: files it may read are those that names are looked up with,
 * ports those of S3, of the role's endpoint and of DNS. What it reads and writes for the
 * worker are descriptors that came with the question.
 *
 * The lock is on the files that were there. When one of them is replaced, by DHCP say,
 * the new one can't be read, and no name is found any more: then the courier ends after
 * its answer, its worker retires, and the next ones see the new file.
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
#include "outage.h"
#include "s3.h"
#include "sandbox.h"

enum { KEPT = 64 * 1024 };	/* memory for what lives as long as the process */

/* What names are looked up with. */
static const char *const name_files[] = { "/etc/hosts", "/etc/resolv.conf",
	"/etc/nsswitch.conf", "/etc/gai.conf" };

enum { NAME_FILES = sizeof(name_files) / sizeof(name_files[0]) };

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

/* Is this a key, or the beginning of one, as the register makes them? Who has taken a
 * worker over shall reach nothing else in the bucket, nor another bucket by a server
 * that tidies paths up. */
static bool
is_ours(const char *key)
{
	static const char *const tops[] = { "hidden/", "objects/", "tenants/" };
	const char *p = NULL;

	for (size_t i = 0; i < sizeof(tops) / sizeof(tops[0]); i++)
		if (strncmp(key, tops[i], strlen(tops[i])) == 0)
			p = key + strlen(tops[i]);
	for (size_t n; p && *p; p += n + (p[n] == '/')) {
		n = strcspn(p, "/");
		if ((n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			p = NULL;
		if (!p)
			break;
	}
	return p;
}

/* ERR_BROKEN: the question makes no sense. ERR_BAD: it is none of a worker's. */
static enum err
judge(const struct frame *in, const char *key)
{
	return !frame_ended(in) ? ERR_BROKEN : is_ours(key) ? OK : ERR_BAD;
}

/* Each reads its question, asks S3, and writes what belongs to the answer. */

static enum err
do_put(struct frame *in, int fd, struct frame *out)
{
	struct courier_put p = { .fd = fd };
	struct courier_stored stored = { .version = "" };
	enum err e;

	p.offset = frame_take(in);
	p.size = frame_take(in);
	p.key = frame_take_text(in);
	p.md5 = frame_take_text(in);
	p.sha256 = frame_take_text(in);
	take_about(in, &p.about);
	e = fd < 0 ? ERR_BROKEN : judge(in, p.key);
	if (e)
		return e;
	e = s3_put(&s3, &p, &stored);
	frame_text(out, stored.version);
	frame_text(out, stored.etag);
	return e;
}

static enum err
do_get(struct frame *in, int fd, struct frame *out)
{
	const char *key = frame_take_text(in), *version = frame_take_text(in);
	const int64_t max = frame_take(in);
	struct courier_object got;
	enum err e = fd < 0 ? ERR_BROKEN : judge(in, key);

	if (e)
		return e;
	e = s3_get(&s3, key, version, fd, max, &got);
	write_object(out, &got);
	return e;
}

static enum err
do_head(struct frame *in, int fd, struct frame *out)
{
	const char *key = frame_take_text(in), *version = frame_take_text(in);
	struct courier_object found;
	enum err e = judge(in, key);

	(void)fd;
	if (e)
		return e;
	e = s3_head(&s3, key, version, &found);
	write_object(out, &found);
	return e;
}

static enum err
do_copy(struct frame *in, int fd, struct frame *out)
{
	char version[COURIER_VERSION] = "";
	struct courier_copy c;
	enum err e;

	(void)fd;
	c.from_key = frame_take_text(in);
	c.from_version = frame_take_text(in);
	c.key = frame_take_text(in);
	c.size = frame_take(in);
	take_about(in, &c.about);
	e = judge(in, c.key);
	if (!e && !is_ours(c.from_key))
		e = ERR_BAD;
	if (e)
		return e;
	e = s3_copy(&s3, &c, version);
	frame_text(out, version);
	return e;
}

static enum err
do_remove(struct frame *in, int fd, struct frame *out)
{
	const char *key = frame_take_text(in), *version = frame_take_text(in);
	const enum err e = judge(in, key);

	(void)fd, (void)out;
	return e ? e : s3_remove(&s3, key, version);
}

/* One entry goes in a message of its own. */
static bool
send_entry(const struct courier_entry *entry)
{
	static uint8_t bytes[HELPER_MAX];
	struct frame f = { .bytes = bytes };

	frame_number(&f, COURIER_ENTRY);
	frame_text(&f, entry->key);
	frame_text(&f, entry->version);
	frame_number(&f, entry->size);
	frame_number(&f, entry->modified_at);
	frame_number(&f, entry->marker);
	return !f.bad && helper_answer(worker, f.bytes, f.n);
}

static enum err
do_list(struct frame *in, int fd, struct frame *out)
{
	struct courier_find f;
	struct courier_page page;
	enum err e;

	(void)fd;
	f.prefix = frame_take_text(in);
	f.after_key = frame_take_text(in);
	f.after_version = frame_take_text(in);
	f.limit = (int)frame_take(in);
	e = judge(in, f.prefix);
	if (e)
		return e;
	e = s3_list(&s3, &f, &page);
	for (size_t i = 0; !e && i < page.n; i++)
		if (!send_entry(&page.entries[i]))
			e = ERR_BROKEN;
	if (e)
		return e;
	frame_number(out, page.more);
	frame_text(out, page.next_key);
	frame_text(out, page.next_version);
	return OK;
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
	e = judge(in, l.key);
	if (e)
		return e;
	e = s3_presign(&s3, &l, &url, &until);
	frame_text(out, url);
	frame_number(out, until);
	return e;
}

static enum err
do_form(struct frame *in, int fd, struct frame *out)
{
	struct courier_form form;
	struct courier_fields fields;
	enum err e;

	(void)fd;
	form.key = frame_take_text(in);
	form.max = frame_take(in);
	form.seconds = (int)frame_take(in);
	e = judge(in, form.key);
	if (e)
		return e;
	e = s3_form(&s3, &form, &fields);
	if (e)
		return e;
	frame_text(out, fields.url);
	frame_number(out, fields.until);
	frame_number(out, (int64_t)fields.n);
	for (size_t i = 0; i < fields.n; i++) {
		frame_text(out, fields.fields[i].name);
		frame_text(out, fields.fields[i].value);
	}
	return OK;
}

/* What is wrong is the answer, so the question itself never fails. */
static enum err
do_check(struct frame *in, int fd, struct frame *out)
{
	struct courier_check c = { .skew = 0 };
	enum err e;

	(void)fd;
	if (!frame_ended(in))
		return ERR_BROKEN;
	e = s3_check(&s3, &c);
	frame_number(out, e);
	frame_number(out, c.versions);
	frame_number(out, c.skew);
	frame_text(out, c.words);
	return OK;
}

typedef enum err answer_maker(struct frame *in, int fd, struct frame *out);

static answer_maker *const answers[] = {
	[COURIER_PUT] = do_put, [COURIER_GET] = do_get, [COURIER_HEAD] = do_head,
	[COURIER_COPY] = do_copy, [COURIER_REMOVE] = do_remove,
	[COURIER_LIST] = do_list, [COURIER_PRESIGN] = do_presign,
	[COURIER_FORM] = do_form, [COURIER_CHECK] = do_check,
	[COURIER_PROBE] = do_check,
};

/* Can another courier reach what this one can't? */
static bool
names_replaced(void)
{
	const char *path = sandbox_replaced();

	if (path)
		log_write(LOG_WARN, "courier: %s is another file now: ending, so that "
		    "the next courier can read it", path);
	return path != NULL;
}

static bool
answer(struct helper_question *q)
{
	static uint8_t bytes[FRAME_ANSWER * sizeof(int64_t) + HELPER_MAX];
	static uint8_t rest[HELPER_MAX];
	struct frame in = { .n = q->n, .bytes = q->bytes };
	struct frame out = { .bytes = bytes }, more = { .bytes = rest };
	const int64_t what = frame_take(&in), quick = frame_take(&in);
	enum err e = ERR_BROKEN;

	arena_reset(s3.arena);
	s3_begin(&s3, quick);
	if (what > 0 && what < (int64_t)(sizeof(answers) / sizeof(answers[0])) &&
	    q->n_fds <= 1)
		e = answers[what](&in, q->n_fds ? q->fds[0] : -1, &more);
	for (int i = 0; i < q->n_fds; i++)
		(void)close(q->fds[i]); /* the worker looks after its own */
	frame_number(&out, COURIER_END);
	frame_number(&out, e || !more.bad ? (int64_t)e : (int64_t)ERR_BIG);
	frame_number(&out, s3.heard);
	if (!e && !more.bad) {
		memcpy(out.bytes + out.n, more.bytes, more.n);
		out.n += more.n;
	}
	return helper_answer(worker, out.bytes, out.n) &&
	    !(s3.unreached && names_replaced());
}

static enum err
lock(void)
{
	static const char *readable[NAME_FILES + 2];
	struct sandbox s = { .readable = readable, .ports = { s3.place.port } };

	for (int i = 0; i < NAME_FILES; i++)
		readable[i] = name_files[i];
	credentials_reach(&s.ports[1], &readable[NAME_FILES]);
	return sandbox_lock(&s);
}

static enum err
begin(const struct courier_start *start)
{
	enum err e = credentials_open();

	credentials_forget();
	conf_guard();
	conf_forget_all(); /* S3's are with credentials; the others are not ours */
	if (!e)
		e = s3_open(&s3, arena_make(KEPT, NULL), start->patience_ms, beat);
	return e ? e : lock();
}

int
courier_run(int socket, void *start)
{
	static struct helper_question q;
	uint8_t bytes[FRAME_ANSWER * sizeof(int64_t)];
	struct frame first = { .bytes = bytes };
	enum err e;

	worker = socket;
	e = sodium_init() < 0 ? ERR_BROKEN : begin(start);
	frame_number(&first, COURIER_END);
	frame_number(&first, e);
	frame_number(&first, OUTAGE_NOTHING);
	if (!helper_answer(worker, first.bytes, first.n) || e)
		return 1;
	while (helper_take(socket, &q) && answer(&q))
		continue;
	return 0;
}
