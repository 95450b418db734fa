/* SPDX-License-Identifier: MIT */
/*
 * The settings: one typed table, read from a file of KEY=value lines and from the
 * environment, which wins. A key of the file that the table does not have, a value
 * outside its range and a missing secret each stop the start with a line that says
 * what to do. Of the environment only the names of the table are looked at: it is
 * full of other programs' variables.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <sodium.h>

#include "arena.h"
#include "conf.h"
#include "net.h"
#include "text.h"

enum { FILE_MAX = 64 * 1024, POOL = 16 * 1024 };

enum kind { TEXT, SECRET, URL, NUMBER, SWITCH, CHOICE, NETS, ORIGIN, PLACE };

struct setting {
	const char *name;
	enum kind kind;
	size_t offset;
	const char *fallback;	/* NULL: must be given */
	int64_t min, max;	/* of a number; of a text's length in bytes */
	const char *choices;	/* "a b c" */
	const char *words;
};

struct conf conf;

/* Secrets, and the database's URL with its password, lie in pages of their own, so
 * that a worker can keep them from its children (conf_guard). */
static char *pool;
static size_t pool_used;

#define AT(member) offsetof(struct conf, member)

static const struct setting settings[] = {
	{ "DATABASE_URL", URL, AT(database_url), NULL, 1, 1000, NULL,
	    "sqlite:/path/file.db or postgresql://user:password@host/name" },
	{ "STATE_DIR", TEXT, AT(state_dir), NULL, 1, 200, NULL,
	    "folder of everything that must be kept" },
	{ "SOCKET", TEXT, AT(socket), NULL, 1, 100, NULL,
	    "UNIX socket on which nginx reaches the workers" },
	{ "WORKER_USER", TEXT, AT(worker_user), "cem", 1, 40, NULL,
	    "who the workers become when started as root" },
	{ "WORKERS", NUMBER, AT(workers), "8", 1, 256, NULL,
	    "FastCGI workers; more than nginx keeps connections" },
	{ "JOB_WORKERS", NUMBER, AT(job_workers), "1", 0, 16, NULL,
	    "processes that do jobs; with 0, run cem work beside it" },
	{ "JOB_LEASE_SECONDS", NUMBER, AT(job_lease), "60", 2, 3600, NULL,
	    "a worker that gives no sign for that long has lost its job" },
	{ "JWT_SECRET", SECRET, AT(jwt_secret), NULL, 32, 500, NULL,
	    "signs sign-in tokens" },
	{ "JWT_SECRET_PREVIOUS", SECRET, AT(jwt_secret_previous), "", 32, 500, NULL,
	    "the one before, still accepted after a change" },
	{ "SECRET_KEY", SECRET, AT(secret_key), NULL, 32, 500, NULL,
	    "source of the keys that seal NRCs and sign cards" },
	{ "SECRET_KEY_PREVIOUS", SECRET, AT(secret_key_previous), "", 32, 500, NULL,
	    "the one before; `cem key rotate` moves all data off it" },
	{ "ACCESS_TOKEN_EXPIRE_MINUTES", NUMBER, AT(access_minutes), "480", 5, 1440, NULL,
	    "life of an access token; long, as a refresh empties the client's forms" },
	{ "REFRESH_TOKEN_EXPIRE_DAYS", NUMBER, AT(refresh_days), "7", 1, 90, NULL,
	    "life of a session" },
	{ "MAX_UPLOAD_SIZE_MB", NUMBER, AT(max_upload_mb), "10", 1, 100, NULL,
	    "largest photo" },
	{ "MAX_FILE_SIZE_MB", NUMBER, AT(max_file_mb), "5120", 1, 51200, NULL,
	    "largest file that is put into a space; nginx has it from ./run" },
	{ "CLAMD", PLACE, AT(clamd), "", 0, 120, NULL,
	    "unix:/path or tcp:ADDRESS:PORT of a clamd that checks all uploads" },
	{ "SCAN_SECONDS", NUMBER, AT(scan_seconds), "40", 1, 600, NULL,
	    "how long it may take, and a second more for every 8 MB" },
	{ "ENVIRONMENT", CHOICE, AT(environment), "production", 1, 20,
	    "development staging production",
	    "development also lets local web front ends call (CORS)" },
	{ "PUBLIC_URL", ORIGIN, AT(public_url), "", 0, 200, NULL,
	    "https://name[:port] that links begin with; empty: as the request was sent" },
	{ "FRONTEND_ORIGIN", TEXT, AT(frontend_origin), "", 0, 200, NULL,
	    "one more origin that may call from a browser" },
	{ "CARD_ISSUER", TEXT, AT(issuer), "https://registry.example.zm", 1, 60, NULL,
	    "URI of the issuer in the signed QR" },
	{ "CARD_ISSUER_NAME", TEXT, AT(issuer_name), "MWasree Enterprises Ltd", 1, 60,
	    NULL, "printed on the card" },
	{ "CARD_COUNTRY", TEXT, AT(country), "ZM", 2, 3, NULL,
	    "ISO 3166 code in the QR" },
	{ "CARD_VERIFY_URL", TEXT, AT(verify_url), "", 0, 60, NULL,
	    "address printed on the back for those without a scanner" },
	{ "CARD_YEARS", NUMBER, AT(card_years), "5", 1, 20, NULL,
	    "how long a card is valid" },
	{ "LOGIN_ATTEMPTS", NUMBER, AT(login_attempts), "10", 1, 1000000, NULL,
	    "failed sign-ins per account in 15 minutes" },
	{ "LOGIN_ATTEMPTS_ADDRESS", NUMBER, AT(login_attempts_address), "100", 1,
	    1000000, NULL, "failed sign-ins per address in 15 minutes" },
	{ "SEED_ADMIN_EMAIL", TEXT, AT(seed_admin_email), "", 0, 254, NULL,
	    "first administrator, made by ./run and the deployment" },
	{ "SEED_ADMIN_PASSWORD", SECRET, AT(seed_admin_password), "", 8, 100, NULL,
	    "the first administrator's password; empty: a random one" },
	{ "LOG_LEVEL", CHOICE, AT(log_level), "info", 1, 20, "debug info warn error",
	    "events below it are not written" },
	{ "LOG_KEEP_INFO_HOURS", NUMBER, AT(keep_info_hours), "24", 1, 87600, NULL,
	    "how long technical rows of the audit stay that are no warning" },
	{ "LOG_KEEP_ERROR_DAYS", NUMBER, AT(keep_error_days), "7", 1, 3650, NULL,
	    "how long technical warnings and errors stay" },
	{ "AUDIT_KEEP_YEARS", NUMBER, AT(audit_years), "10", 1, 100, NULL,
	    "how long the audit of people's data stays" },
	{ "TRASH_DAYS", NUMBER, AT(trash_days), "90", 1, 3650, NULL,
	    "how long deleted files and replaced versions can be restored" },
	{ "METRICS_FROM", NETS, AT(metrics_from), "127.0.0.1 ::1", 0, 1000, NULL,
	    "addresses and networks that may ask for /metrics, a blank between two" },
	{ "APP_VERSION_CODE", NUMBER, AT(app_code), "0", 0, 1000000000, NULL,
	    "newest Android app, which old ones ask for; 0: none is told" },
	{ "APP_VERSION_NAME", TEXT, AT(app_name), "1.0.0", 1, 40, NULL,
	    "its version as people read it" },
	{ "APP_DOWNLOAD_URL", TEXT, AT(app_url), "", 0, 500, NULL,
	    "where it can be downloaded" },
	{ "APP_RELEASE_NOTES", TEXT, AT(app_notes), "", 0, 2000, NULL,
	    "what is new in it" },
	{ "APP_MANDATORY", SWITCH, AT(app_mandatory), "false", 0, 0, NULL,
	    "old apps must be updated before they go on" },
	{ "DOCS", SWITCH, AT(docs), "false", 0, 0, NULL,
	    "serve /docs and /openapi.json; the cem.conf that ./run makes says true" },
	{ "DURABLE", SWITCH, AT(durable), "true", 0, 0, NULL,
	    "wait for the disk at every commit (of SQLite) and stored file" },
	{ "STORE", CHOICE, AT(store), "disk", 1, 10, "disk s3",
	    "where new files are kept: disk or s3; cem store copy moves old ones" },
	{ "S3_BUCKET", TEXT, AT(s3_bucket), "", 3, 63, NULL,
	    "bucket of stored files; it must keep versions" },
	{ "S3_REGION", TEXT, AT(s3_region), "us-east-1", 1, 60, NULL,
	    "where the bucket is" },
	{ "S3_ENDPOINT", TEXT, AT(s3_endpoint), "", 8, 200, NULL,
	    "https://host[:port] of another S3; http only on this host" },
	{ "S3_STYLE", CHOICE, AT(s3_style), "host", 1, 10, "host path",
	    "the bucket's place: https://BUCKET.host/ or https://host/BUCKET/" },
	{ "S3_ACCESS_KEY", SECRET, AT(s3_access_key), "", 1, 128, NULL,
	    "empty: the role of the container or host, asked for and renewed by itself" },
	{ "S3_SECRET_KEY", SECRET, AT(s3_secret_key), "", 1, 128, NULL,
	    "belongs to S3_ACCESS_KEY" },
	{ "S3_SESSION_TOKEN", SECRET, AT(s3_session_token), "", 1, 4096, NULL,
	    "belongs to them if they are temporary" },
	{ "S3_ENCRYPTION", CHOICE, AT(s3_encryption), "", 0, 10, "AES256 aws:kms",
	    "how S3 shall encrypt what it stores; empty: as the bucket says" },
	{ "S3_KMS_KEY", TEXT, AT(s3_kms_key), "", 1, 300, NULL,
	    "key for aws:kms; empty: the account's own" },
	{ "S3_CA_FILE", TEXT, AT(s3_ca_file), "/etc/ssl/certs/ca-certificates.crt", 1,
	    200, NULL, "certificates that S3's must be signed by" },
};

enum { N_SETTINGS = sizeof(settings) / sizeof(settings[0]) };

static const struct setting *
setting_find(const char *name)
{
	for (int i = 0; i < N_SETTINGS; i++)
		if (text_same(settings[i].name, name))
			return &settings[i];
	return NULL;
}

static bool
complain(const struct setting *s, const char *words)
{
	fprintf(stderr, "cem: setting %s %s\n", s->name, words);
	return false;
}

static bool
choice_has(const char *choices, const char *value)
{
	size_t n = strlen(value);

	for (const char *p = choices; n && (p = strstr(p, value)); p += n)
		if ((p == choices || p[-1] == ' ') && (p[n] == ' ' || !p[n]))
			return true;
	return false;
}

/* A copy that lives for ever; of what is secret, in the pool. */
static char *
keep(struct arena *a, const struct setting *s, const char *value)
{
	size_t n = strlen(value) + 1;
	char *copy;

	if (s->kind != SECRET && s->kind != URL)
		return arena_text(a, value);
	if (!pool) {
		pool = mmap(NULL, POOL, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (pool == MAP_FAILED)
			abort(); /* no memory at the very start */
	}
	if (n > POOL - pool_used)
		return NULL;
	copy = pool + pool_used;
	pool_used += n;
	return memcpy(copy, value, n);
}

static bool
set_text(struct arena *a, const struct setting *s, const char *value)
{
	int64_t n = (int64_t)strlen(value);
	bool unset = n == 0 && s->fallback && !*s->fallback;
	char words[80], *copy;

	if (!unset && (n < s->min || n > s->max)) {
		(void)snprintf(words, sizeof(words), "must have %lld to %lld characters",
		    (long long)s->min, (long long)s->max);
		return complain(s, words);
	}
	copy = keep(a, s, value);
	if (!copy)
		return complain(s, "is too long together with the others");
	memcpy((char *)&conf + s->offset, &copy, sizeof(copy));
	return true;
}

static bool
set_number(const struct setting *s, const char *value)
{
	char words[80];
	int64_t n;

	if (!text_number(value, s->min, s->max, &n)) {
		(void)snprintf(words, sizeof(words), "must be a number from %lld to %lld",
		    (long long)s->min, (long long)s->max);
		return complain(s, words);
	}
	memcpy((char *)&conf + s->offset, &n, sizeof(n));
	return true;
}

static bool
set_switch(const struct setting *s, const char *value)
{
	bool on = text_same(value, "true") || text_same(value, "1");

	if (!on && !text_same(value, "false") && !text_same(value, "0"))
		return complain(s, "must be true or false");
	memcpy((char *)&conf + s->offset, &on, sizeof(on));
	return true;
}

/* "https://register.example.org:8443": nothing but scheme, host and port. */
static bool
origin_holds(const char *value)
{
	static const char host[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "0123456789.-:[]";
	size_t n = strncmp(value, "https://", 8) == 0 ? 8 :
	    strncmp(value, "http://", 7) == 0 ? 7 : 0;

	return !*value || (n && value[n] && !value[n + strspn(value + n, host)]);
}

/* Check value and put it into conf; the arena copy lives for ever. */
static bool
setting_set(struct arena *a, const struct setting *s, const char *value)
{
	struct net_place place;
	char words[120];

	switch (s->kind) {
	case NUMBER:
		return set_number(s, value);
	case SWITCH:
		return set_switch(s, value);
	case CHOICE:
		if (choice_has(s->choices, value) ||
		    (!*value && text_same(s->fallback, "")))
			return set_text(a, s, value);
		(void)snprintf(words, sizeof(words), "must be one of: %s", s->choices);
		return complain(s, words);
	case NETS:
		if (net_list_holds(value))
			return set_text(a, s, value);
		return complain(s, "must be addresses or networks, a blank between two: "
		    "127.0.0.1 ::1 10.0.0.0/8");
	case ORIGIN:
		if (origin_holds(value))
			return set_text(a, s, value);
		return complain(s, "must be like https://register.example.org");
	case PLACE:
		if (!*value || net_place_read(value, &place))
			return set_text(a, s, value);
		return complain(s, "must be unix:/path or tcp:ADDRESS:PORT");
	default:
		return set_text(a, s, value);
	}
}

/* One line of the file: blank, # comment, or KEY=value. */
static bool
read_line(struct arena *a, char *line, int number, const char **values)
{
	char *name = text_trim(a, line), *value = strchr(name, '=');
	const struct setting *s;

	if (!*name || *name == '#')
		return true;
	if (!value) {
		fprintf(stderr, "cem: settings, line %d: KEY=value expected\n", number);
		return false;
	}
	*value = '\0';
	s = setting_find(text_trim(a, name));
	if (!s) {
		fprintf(stderr, "cem: settings, line %d: unknown key %s\n", number,
		    text_trim(a, name));
		return false;
	}
	values[s - settings] = text_trim(a, value + 1);
	sodium_memzero(value + 1, strlen(value + 1)); /* it may be a secret */
	return true;
}

static bool
read_file(struct arena *a, const char *file, const char **values)
{
	char *line = arena_take(a, FILE_MAX);
	bool good = true;
	FILE *f = fopen(file, "re");

	if (!f) {
		fprintf(stderr, "cem: can't read the settings in %s: %s\n", file,
		    strerror(errno));
		return false;
	}
	for (int i = 1; i < 1000 && fgets(line, FILE_MAX, f); i++)
		good = read_line(a, line, i, values) && good;
	sodium_memzero(line, FILE_MAX);
	(void)fclose(f); /* was only read */
	return good;
}

bool
conf_load(const char *file)
{
	static struct arena *a;	/* lives as long as the program */
	const char *values[N_SETTINGS] = { NULL };
	bool good = true;

	if (!a)
		a = arena_make(1024 * 1024, NULL);
	arena_reset(a);
	pool_used = 0;
	if (file && !read_file(a, file, values))
		return false;
	for (int i = 0; i < N_SETTINGS; i++) {
		const struct setting *s = &settings[i];
		const char *value = getenv(s->name);

		value = value ? value : values[i] ? values[i] : s->fallback;
		if (!value)
			good = complain(s, "is missing");
		else if (!setting_set(a, s, value))
			good = false;
		if ((s->kind == SECRET || s->kind == URL) && values[i])
			sodium_memzero((char *)(uintptr_t)values[i], strlen(values[i]));
	}
	return good;
}

static void
forget(enum kind kind)
{
	for (int i = 0; i < N_SETTINGS; i++) {
		char *secret;

		if (settings[i].kind != kind)
			continue;
		memcpy(&secret, (char *)&conf + settings[i].offset, sizeof(secret));
		if (secret)
			sodium_memzero(secret, strlen(secret));
	}
}

void
conf_forget_secrets(void)
{
	forget(SECRET);
}

void
conf_forget_all(void)
{
	forget(SECRET);
	forget(URL);
}

void
conf_guard(void)
{
	if (pool && (madvise(pool, POOL, MADV_WIPEONFORK) != 0 ||
	    madvise(pool, POOL, MADV_DONTDUMP) != 0))
		abort(); /* both are as old as Linux 4.14 */
	for (int i = 0; i < N_SETTINGS; i++) {
		char *value = getenv(settings[i].name);

		if (value && (settings[i].kind == SECRET || settings[i].kind == URL))
			sodium_memzero(value, strlen(value));
	}
}

void
conf_print(void)
{
	for (int i = 0; i < N_SETTINGS; i++) {
		const struct setting *s = &settings[i];

		printf("| `%s` | %s | %s |\n", s->name,
		    !s->fallback ? "required" : *s->fallback ? s->fallback : "empty",
		    s->words);
	}
}
