/* SPDX-License-Identifier: MIT */
/*
 * The only home of libcurl. One easy handle does one request at a time and keeps its
 * connections. All that curl would do by itself is switched off: redirects, proxies,
 * cookies, credentials, tidying of paths, every protocol but HTTP. Bodies go from and
 * to files by position in blocks, so memory does not grow with them.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include <curl/curl.h>
#include <openssl/crypto.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "fetch.h"
#include "log.h"
#include "net.h"
#include "text.h"

enum {
	BLOCK = 256 * 1024,		/* sent and received at once */
	ALIVE_S = 60,			/* a kept connection is used again */
	NAME_MAX_BYTES = 100
};

static const char link_nets[] = "169.254.0.0/16 fd00:ec2::/32";

struct fetch_client {
	CURL *easy;
	X509_STORE *trusted;
	struct fetch_limits limits;
	void (*beat)(void);
	int64_t beat_due;
};

/* One request while it runs. */
struct run {
	struct fetch_client *client;
	struct arena *arena;
	struct fetch *f;
	struct buf words;
	size_t head;			/* bytes of headers so far */
	bool head_ended;		/* by the empty line */
	int64_t sent;
	enum fetch_end end;		/* why a callback stopped it */
};

static size_t
stop(struct run *run, enum fetch_end end)
{
	run->end = end;
	return 0;
}

static size_t
give(char *block, size_t size, size_t n, void *context)
{
	struct run *run = context;
	const struct fetch *f = run->f;
	const int64_t left = f->size - run->sent;
	size_t room = size * n;
	ssize_t got;

	if ((int64_t)room > left)
		room = (size_t)left;
	if (room == 0)
		return 0;
	if (f->fd < 0) {
		memcpy(block, f->body + run->sent, room);
		got = (ssize_t)room;
	} else {
		do {
			got = pread(f->fd, block, room, f->offset + run->sent);
		} while (got < 0 && errno == EINTR);
	}
	if (got <= 0) {
		(void)stop(run, FETCH_DISK);
		return CURL_READFUNC_ABORT;
	}
	run->sent += got;
	return (size_t)got;
}

/* curl asks when it must send again what a closed connection swallowed. */
static int
rewind_to(void *context, curl_off_t at, int from)
{
	struct run *run = context;

	if (from != SEEK_SET || at < 0 || at > run->f->size)
		return CURL_SEEKFUNC_FAIL;
	run->sent = at;
	return CURL_SEEKFUNC_OK;
}

static bool
goes_to_file(struct run *run)
{
	long status = 0;

	(void)curl_easy_getinfo(run->client->easy, CURLINFO_RESPONSE_CODE, &status);
	return run->f->fd_to >= 0 && (status == 200 || status == 206);
}

static size_t
take_words(struct run *run, const char *p, size_t n)
{
	if ((int64_t)n > run->f->max_words - (int64_t)run->words.n)
		return stop(run, FETCH_BIG);
	buf_add(&run->words, p, n);
	return n;
}

static size_t
take(char *p, size_t size, size_t n, void *context)
{
	struct run *run = context;
	struct fetch *f = run->f;
	size_t left = size * n;

	if (!goes_to_file(run))
		return take_words(run, p, left);
	if ((int64_t)left > f->max - f->moved)
		return stop(run, FETCH_BIG);
	while (left) {
		ssize_t done = pwrite(f->fd_to, p, left, f->to + f->moved);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0) {
			log_write(LOG_ERROR, "fetch: write: %s", strerror(errno));
			return stop(run, FETCH_DISK);
		}
		p += done;
		left -= (size_t)done;
		f->moved += done;
	}
	return size * n;
}

/* Keep one header. Of a name that comes twice the first one counts. */
static void
keep_header(struct run *run, const char *line, size_t n)
{
	const char *colon = memchr(line, ':', n);
	struct fetch *f = run->f;
	char *name;

	if (!colon || colon - line > NAME_MAX_BYTES || memchr(line, '\0', n) ||
	    f->n_got == FETCH_HEADERS)
		return;
	name = text_lower(run->arena,
	    arena_copy(run->arena, line, (size_t)(colon - line)));
	if (fetch_header(f, name))
		return;
	f->got[f->n_got++] = (struct fetch_pair){ name, text_trim(run->arena,
	    arena_copy(run->arena, colon + 1, n - (size_t)(colon + 1 - line))) };
}

static size_t
take_header(char *line, size_t size, size_t n, void *context)
{
	struct run *run = context;

	n *= size;
	run->head += n;
	if (run->head > FETCH_HEAD_MAX)
		return stop(run, FETCH_STRANGE);
	if (n > 5 && memcmp(line, "HTTP/", 5) == 0) {
		run->f->n_got = 0; /* what came before was of "100 Continue" */
		run->head_ended = false;
	} else if (n <= 2) {
		run->head_ended = true;
	}
	keep_header(run, line, n);
	return n;
}

static int
progress(void *context, curl_off_t to_come, curl_off_t came, curl_off_t to_go,
    curl_off_t went)
{
	struct run *run = context;
	struct fetch_client *c = run->client;
	const int64_t now = clock_steady();

	(void)to_come, (void)came, (void)to_go, (void)went;
	if (c->beat && now >= c->beat_due) {
		c->beat_due = now + CLOCK_SECOND;
		c->beat();
	}
	return 0;
}

/* The certificates to trust were read before the process was locked. */
static CURLcode
trust(CURL *easy, void *tls, void *context)
{
	struct fetch_client *client = context;

	(void)easy;
	SSL_CTX_set1_cert_store(tls, client->trusted);
	return CURLE_OK;
}

_Static_assert(FETCH_WORDS >= CURL_ERROR_SIZE, "curl's words have room");

#define SET(option, value) (bad |= curl_easy_setopt(easy, (option), (value)) != CURLE_OK)

/* What holds for every request. True if curl does not know one of them. */
static bool
set_manners(struct fetch_client *client)
{
	CURL *easy = client->easy;
	bool bad = false;

	SET(CURLOPT_PROTOCOLS_STR, "http,https");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_HTTP09_ALLOWED, 0L);
	SET(CURLOPT_FOLLOWLOCATION, 0L);
	SET(CURLOPT_PROXY, ""); /* none, whatever the environment says */
	SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	SET(CURLOPT_PATH_AS_IS, 1L);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_SSL_VERIFYPEER, 1L);
	SET(CURLOPT_SSL_VERIFYHOST, 2L);
	SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	SET(CURLOPT_CAINFO, NULL);
	SET(CURLOPT_CAPATH, NULL);
	SET(CURLOPT_SSL_CTX_FUNCTION, trust);
	SET(CURLOPT_SSL_CTX_DATA, client);
	SET(CURLOPT_QUICK_EXIT, 1L); /* wait for no name that nobody knows */
	SET(CURLOPT_MAXAGE_CONN, (long)ALIVE_S);
	SET(CURLOPT_BUFFERSIZE, (long)BLOCK);
	SET(CURLOPT_UPLOAD_BUFFERSIZE, (long)BLOCK);
	SET(CURLOPT_NOPROGRESS, 0L);
	return bad;
}

/* What holds for this request. */
static bool
set_question(struct run *run, struct curl_slist *headers)
{
	CURL *easy = run->client->easy;
	const struct fetch *f = run->f;
	const struct fetch_limits *l = f->limits ? f->limits : &run->client->limits;
	const bool sends = f->body || f->fd >= 0;
	const int64_t bytes = sends ? f->size : f->fd_to >= 0 ? f->max : 0;
	bool bad = false;

	SET(CURLOPT_URL, f->url);
	SET(CURLOPT_CONNECTTIMEOUT_MS, (long)l->connect_ms);
	SET(CURLOPT_LOW_SPEED_LIMIT, (long)l->still_bytes);
	SET(CURLOPT_LOW_SPEED_TIME, (long)(f->still_s ? f->still_s : l->still_s));
	SET(CURLOPT_TIMEOUT_MS, (long)l->total_ms + (long)f->still_s * 1000 +
	    (long)(bytes / l->bytes_a_second * 1000));
	SET(CURLOPT_HTTPGET, 1L); /* back from what the last one was */
	SET(CURLOPT_NOBODY, (long)text_same(f->method, "HEAD"));
	SET(CURLOPT_UPLOAD, (long)sends);
	SET(CURLOPT_INFILESIZE_LARGE, (curl_off_t)(sends ? f->size : -1));
	SET(CURLOPT_CUSTOMREQUEST, f->method);
	SET(CURLOPT_HTTPHEADER, headers);
	SET(CURLOPT_READFUNCTION, give);
	SET(CURLOPT_READDATA, run);
	SET(CURLOPT_SEEKFUNCTION, rewind_to);
	SET(CURLOPT_SEEKDATA, run);
	SET(CURLOPT_WRITEFUNCTION, take);
	SET(CURLOPT_WRITEDATA, run);
	SET(CURLOPT_HEADERFUNCTION, take_header);
	SET(CURLOPT_HEADERDATA, run);
	SET(CURLOPT_XFERINFOFUNCTION, progress);
	SET(CURLOPT_XFERINFODATA, run);
	SET(CURLOPT_ERRORBUFFER, run->f->why);
	return bad;
}

struct fetch_client *
fetch_open(const char *ca_file, const struct fetch_limits *limits, void (*beat)(void))
{
	static struct fetch_client client;

	client.limits = *limits;
	client.beat = beat;
	/* No file that changes how TLS is done, and none to ask for once locked. */
	if (OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL) != 1 ||
	    curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK ||
	    !(client.easy = curl_easy_init()) || !(client.trusted = X509_STORE_new()) ||
	    set_manners(&client)) {
		log_write(LOG_ERROR, "fetch: libcurl can't be set up");
		return NULL;
	}
	if (X509_STORE_load_file(client.trusted, ca_file) != 1) {
		log_write(LOG_ERROR, "fetch: there are no certificates in %s", ca_file);
		return NULL;
	}
	return &client;
}

bool
fetch_near(const char *host)
{
	static const char tail[] = ".localhost";
	const size_t n = strlen(host), t = sizeof(tail) - 1;

	return strcasecmp(host, "localhost") == 0 ||
	    (n > t && strcasecmp(host + n - t, tail) == 0) ||
	    net_list_has("127.0.0.0/8 ::1", host);
}

/* May this address be asked at all? */
static bool
may_ask(struct arena *a, const char *url, bool to_link)
{
	CURLU *u = curl_url();
	char *scheme = NULL, *host = NULL;
	bool good = u && curl_url_set(u, CURLUPART_URL, url, CURLU_PATH_AS_IS) == 0 &&
	    curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) == 0 &&
	    curl_url_get(u, CURLUPART_HOST, &host, 0) == 0;
	const char *bare = good ? arena_text(a, host) : "";
	const size_t n = strlen(bare);

	if (n > 2 && bare[0] == '[')
		bare = arena_copy(a, bare + 1, n - 2);
	good = good && (text_same(scheme, "https") || (text_same(scheme, "http") &&
	    (fetch_near(bare) || (to_link && net_list_has(link_nets, bare)))));
	curl_free(scheme);
	curl_free(host);
	curl_url_cleanup(u);
	return good;
}

static bool
text_plain(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

/* The headers as curl wants them into list. False if one must not be sent. */
static bool
question_headers(struct arena *a, const struct fetch *f, struct curl_slist **list)
{
	struct curl_slist *longer;

	*list = NULL;
	for (size_t i = 0; i < f->n_headers; i++) {
		const struct fetch_pair *h = &f->headers[i];

		longer = !text_plain(h->name) || !text_plain(h->value) ? NULL :
		    curl_slist_append(*list, *h->value ?
		    arena_print(a, "%s: %s", h->name, h->value) :
		    arena_print(a, "%s;", h->name)); /* curl's way of sending none */
		if (!longer)
			return false;
		*list = longer;
	}
	return true;
}

/* Was there no connection yet, with TLS, to send anything on? */
static bool
before_sending(const struct run *run)
{
	curl_off_t ready = 0;

	(void)curl_easy_getinfo(run->client->easy, CURLINFO_PRETRANSFER_TIME_T, &ready);
	return ready == 0;
}

static enum fetch_end
end_of(CURLcode code, const struct run *run)
{
	if (run->end != FETCH_OK)
		return run->end;
	switch (code) {
	case CURLE_OK: /* also when the connection ends within the headers */
		return run->head_ended ? FETCH_OK : FETCH_CUT;
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_CONNECT:
	case CURLE_SSL_CONNECT_ERROR:
		return FETCH_UNREACHED;
	case CURLE_OPERATION_TIMEDOUT:
		return before_sending(run) ? FETCH_UNREACHED : FETCH_CUT;
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
		return FETCH_UNTRUSTED;
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
		return FETCH_STRANGE;
	default:
		return FETCH_CUT;
	}
}

enum err
fetch_run(struct fetch_client *client, struct arena *a, struct fetch *f)
{
	struct run run = { .client = client, .arena = a, .f = f,
		.words = buf_make(a, 1000) };
	struct curl_slist *headers = NULL;
	CURLcode code = CURLE_FAILED_INIT;
	long status = 0;

	f->n_got = 0;
	f->moved = 0;
	f->why[0] = '\0';
	if (!may_ask(a, f->url, f->to_link) || !question_headers(a, f, &headers)) {
		curl_slist_free_all(headers);
		return ERR_BROKEN;
	}
	client->beat_due = clock_steady() + CLOCK_SECOND;
	if (!set_question(&run, headers))
		code = curl_easy_perform(client->easy);
	(void)curl_easy_setopt(client->easy, CURLOPT_ERRORBUFFER, NULL);
	(void)curl_easy_getinfo(client->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_slist_free_all(headers);
	f->status = (int)status;
	f->end = end_of(code, &run);
	if (f->end != FETCH_OK && !f->why[0])
		(void)snprintf(f->why, sizeof(f->why), "%s", curl_easy_strerror(code));
	f->words = run.words.bytes;
	f->n_words = run.words.n;
	return OK;
}

const char *
fetch_header(const struct fetch *f, const char *name)
{
	for (size_t i = 0; i < f->n_got; i++)
		if (text_same(f->got[i].name, name))
			return f->got[i].value;
	return NULL;
}
