/* SPDX-License-Identifier: MIT */
/*
 * One request: sign, send, understand, and perhaps again. All our requests may be sent
 * twice: a second PUT or copy makes one more version at most, which the sweep finds.
 * The pause before another attempt is a random part of a span that doubles ("full
 * jitter"), so that many workers do not come back at the same moment.
 */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "credentials.h"
#include "log.h"
#include "s3_call.h"
#include "s3_fault.h"
#include "s3_xml.h"
#include "text.h"

enum {
	ATTEMPTS = 10,
	FIRST_MS = 100,		/* the span before the second attempt */
	LONGEST_MS = 5000,
	NAP_MS = 500,		/* between two beats */
	SKEW_TOLD = 60		/* seconds that are worth a line */
};

static const char empty_hash[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

struct s3_call
s3_call(const char *method, const char *key)
{
	return (struct s3_call){ .method = method, .key = key,
		.f = { .fd = -1, .fd_to = -1, .max_words = S3_WORDS_MAX } };
}

void
s3_call_query(struct s3_call *c, const char *name, const char *value)
{
	if (!text_empty(value) && c->n_query < S3_QUERY)
		c->query[c->n_query++] = (struct sigv4_pair){ name, value };
}

void
s3_call_flag(struct s3_call *c, const char *name)
{
	if (c->n_query < S3_QUERY)
		c->query[c->n_query++] = (struct sigv4_pair){ name, "" };
}

void
s3_call_header(struct s3_call *c, const char *name, const char *value)
{
	if (!text_empty(value) && c->n_headers < S3_HEADERS)
		c->headers[c->n_headers++] = (struct sigv4_pair){ name, value };
}

/* Sign what the caller wants, and put it into c->f. */
static void
prepare(const struct s3 *s, struct s3_call *c, const struct credentials *keys)
{
	enum { MORE = 5 };
	struct arena *a = s->arena;
	const struct sigv4 by = { .access = keys->access, .secret = keys->secret,
		.token = keys->token, .region = s->place.region, .service = "s3",
		.time = clock_now() };
	struct sigv4_pair *headers = arena_array(a, struct sigv4_pair,
	    c->n_headers + MORE);
	struct fetch_pair *sent = arena_array(a, struct fetch_pair,
	    c->n_headers + MORE);
	struct sigv4_request r = { .method = c->method, .query = c->query,
		.n_query = c->n_query, .headers = headers,
		.path = s3_place_path(a, &s->place, c->key),
		.payload = c->sha256 ? c->sha256 : empty_hash };
	char *time = arena_take(a, SIGV4_TIME);
	size_t n = 0;

	sigv4_time(by.time, time);
	for (; n < c->n_headers; n++)
		headers[n] = c->headers[n];
	headers[n++] = (struct sigv4_pair){ "x-amz-date", time };
	headers[n++] = (struct sigv4_pair){ "x-amz-content-sha256", r.payload };
	if (*keys->token)
		headers[n++] = (struct sigv4_pair){ "x-amz-security-token",
			keys->token };
	for (size_t i = 0; i < n; i++)
		sent[i] = (struct fetch_pair){ headers[i].name, headers[i].value };
	/* Host is curl's, from the address: the same. */
	headers[n] = (struct sigv4_pair){ "host", s->place.host };
	r.n_headers = n + 1;
	sent[n] = (struct fetch_pair){ "authorization", sigv4_header(a, &by, &r) };
	c->f.limits = s->limits;
	c->f.method = c->method;
	c->f.url = s3_place_url(a, &s->place, c->key,
	    sigv4_query(a, c->query, c->n_query));
	c->f.headers = sent;
	c->f.n_headers = n + 1;
}

/* The answer's date tells how wrong a clock is. */
static void
note_skew(struct s3 *s, const struct s3_call *c)
{
	int64_t theirs;

	if (s3_call_time(c, "date", &theirs))
		s->skew = (theirs - clock_now()) / CLOCK_SECOND;
}

static void
say(struct s3 *s, const char *words, const char *more)
{
	const int64_t skew = s->skew < 0 ? -s->skew : s->skew;

	(void)snprintf(s->words, sizeof(s->words), "%s%s%s", words, *more ? ": " : "",
	    more);
	if (skew >= SKEW_TOLD)
		(void)snprintf(s->words, sizeof(s->words), "%s (this host's clock is "
		    "%lld seconds %s S3's)", words, (long long)skew,
		    s->skew > 0 ? "behind" : "before");
}

/* What became of a request without an answer. */
static enum err
judge_end(struct s3 *s, const struct fetch *f, bool *again)
{
	/* What has come in part is not fetched again, but the rest of it (s3_get). */
	*again = f->end == FETCH_UNREACHED || (f->end == FETCH_CUT && f->moved == 0);
	switch (f->end) {
	case FETCH_UNREACHED:
		say(s, "S3 can't be reached", f->why);
		return ERR_DOWN;
	case FETCH_UNTRUSTED:
		say(s, "the certificate of S3 does not hold (S3_CA_FILE)", f->why);
		return ERR_DOWN;
	case FETCH_CUT:
		say(s, "S3 broke off, or stood still", f->why);
		return ERR_DOWN;
	case FETCH_BIG:
		say(s, "S3 sends more than it should", "");
		return ERR_BIG;
	case FETCH_STRANGE:
		say(s, "what answers is no S3", f->why);
		return ERR_BROKEN;
	default:
		say(s, "the file here can't be read or written", "");
		return ERR_BROKEN;
	}
}

/* S3 may tell of a failure after it began with "200 OK" (copies, joined parts). */
static bool
succeeded(struct s3_call *c)
{
	const struct fetch *f = &c->f;

	c->code[0] = '\0';
	if (f->n_words && !s3_xml_text(f->words, f->n_words, "Error/Code", c->code,
	    sizeof(c->code)))
		c->code[0] = '\0';
	return f->status >= 200 && f->status < 300 && !*c->code;
}

static enum err
judge(struct s3 *s, struct s3_call *c, bool *again)
{
	const struct s3_fault *fault;

	s->unreached = c->f.end == FETCH_UNREACHED;
	if (c->f.end != FETCH_OK)
		return judge_end(s, &c->f, again);
	note_skew(s, c);
	*again = false;
	if (succeeded(c))
		return OK;
	fault = s3_fault(c->f.status, c->code);
	*again = fault->again;
	if (fault->stale && credentials_stale())
		*again = true;
	if (fault->words)
		say(s, fault->words, c->code);
	return fault->err;
}

static enum err
attempt(struct s3 *s, struct s3_call *c, bool *again)
{
	const struct credentials *keys;
	enum err e = credentials_get(s->client, s->arena, clock_now(), &keys);

	*again = true;
	if (e) {
		say(s, "there are no credentials", credentials_words());
		return e;
	}
	prepare(s, c, keys);
	e = fetch_run(s->client, s->arena, &c->f);
	*again = false;
	if (e)
		say(s, "a request can't be sent", "");
	return e ? e : judge(s, c, again);
}

/* Milliseconds until attempt n, the first being 0. */
static int
pause_before(int n)
{
	const int span = n > 6 ? LONGEST_MS : FIRST_MS << (n - 1);

	return (int)randombytes_uniform((uint32_t)(span < LONGEST_MS ? span :
	    LONGEST_MS));
}

static void
rest(const struct s3 *s, int ms)
{
	while (ms > 0) {
		const int nap = ms < NAP_MS ? ms : NAP_MS;
		const struct timespec t = { 0, nap * 1000000L };

		(void)nanosleep(&t, NULL); /* an early end is fine */
		if (s->beat)
			s->beat();
		ms -= nap;
	}
}

/* One line for each failure that somebody should look at. No key: it may be a name. */
static void
tell(const struct s3 *s, const struct s3_call *c, enum err e, int attempts)
{
	const char *id = fetch_header(&c->f, "x-amz-request-id");

	if (e == ERR_MISSING || e == ERR_BAD || !*s->words)
		return;
	log_write(LOG_ERROR, "s3: %s: %s (%s, status %d, %d attempts, request %.64s)",
	    c->method, s->words, err_name(e), c->f.status, attempts, id ? id : "-");
}

/* Does S3 answer? That it was busy with one object (409) says nothing of all others. */
static enum outage_heard
heard(const struct s3_call *c, enum err e)
{
	return e == ERR_DOWN && c->f.status != 409 ? OUTAGE_SILENCE :
	    c->f.status ? OUTAGE_ANSWER : OUTAGE_NOTHING;
}

enum err
s3_call_run(struct s3 *s, struct s3_call *c)
{
	const int64_t end = clock_steady() + s->patience_ms * (CLOCK_SECOND / 1000);
	bool again;
	enum err e;
	int n = 0;

	for (;;) {
		int pause;

		s->words[0] = '\0';
		e = attempt(s, c, &again);
		n++;
		pause = pause_before(n);
		if (!e || !again || n == ATTEMPTS ||
		    clock_steady() + pause * (CLOCK_SECOND / 1000) >= end)
			break;
		rest(s, pause);
	}
	s->heard = heard(c, e);
	if (e)
		tell(s, c, e, n);
	return e;
}

bool
s3_call_number(const struct s3_call *c, const char *name, int64_t *out)
{
	const char *value = fetch_header(&c->f, name);

	return value && text_number(value, 0, INT64_MAX, out);
}

bool
s3_call_time(const struct s3_call *c, const char *name, int64_t *out)
{
	const char *value = fetch_header(&c->f, name), *end;
	struct tm tm = { .tm_mday = 1 };

	end = value ? strptime(value, "%a, %d %b %Y %H:%M:%S GMT", &tm) : NULL;
	if (!end || *end)
		return false;
	*out = timegm(&tm) * CLOCK_SECOND;
	return true;
}

bool
s3_call_text(const struct s3_call *c, const char *name, char *out, size_t room)
{
	const char *value = fetch_header(&c->f, name);
	size_t n = value ? strlen(value) : 0;

	out[0] = '\0';
	if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
		value++;
		n -= 2;
	}
	if (!value || n >= room || !text_utf8(value, n))
		return false;
	memcpy(out, value, n);
	out[n] = '\0';
	return true;
}
