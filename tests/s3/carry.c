/* SPDX-License-Identifier: MIT */
/*
 * The courier, driven by a test: settings come from the environment, questions from
 * standard input, one a line, words between tabs; each is answered by one line:
 *
 *     ok WORD...     or     what went wrong, by err_name
 *
 *     start PATIENCE_MS              stop
 *     put FILE KEY MEDIA OBJECT_ID TENANT_ID FILE_NAME [MD5 SHA256]
 *     get KEY VERSION FILE [MAX]     head KEY VERSION
 *     presign METHOD KEY VERSION SECONDS DISPOSITION MEDIA
 *     remove KEY VERSION             copy FROM VERSION KEY SIZE MEDIA OBJECT_ID
 *     copy-parts, with the words of copy
 *     list PREFIX AFTER_KEY AFTER_VERSION LIMIT
 *     form KEY MAX SECONDS           check       lock
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "arena.h"
#include "conf.h"
#include "courier.h"
#include "credentials.h"
#include "s3.h"
#include "sandbox.h"
#include "text.h"

enum { WORDS = 10, LINE = 64 * 1024, MEMORY = 64 * 1024 * 1024 };

static struct arena *arena;
static const char *words[WORDS];

static const char *
hash_of(int fd, int64_t size, const EVP_MD *how)
{
	uint8_t block[4096], out[EVP_MAX_MD_SIZE];
	unsigned n = 0;
	EVP_MD_CTX *state = EVP_MD_CTX_new();
	const char *hex;

	(void)EVP_DigestInit_ex(state, how, NULL);
	for (int64_t at = 0; at < size; at += (int64_t)sizeof(block)) {
		const ssize_t got = pread(fd, block, sizeof(block), at);

		(void)EVP_DigestUpdate(state, block, got > 0 ? (size_t)got : 0);
	}
	(void)EVP_DigestFinal_ex(state, out, &n);
	EVP_MD_CTX_free(state);
	hex = text_hex(arena, out, n);
	return hex;
}

static enum err
do_start(void)
{
	return courier_start((int)strtol(words[1], NULL, 10));
}

static enum err
do_stop(void)
{
	courier_stop();
	return OK;
}

/* What a worker is when it asks. */
static enum err
do_lock(void)
{
	static const char *writable[2];
	const struct sandbox s = { .writable = writable };

	writable[0] = getenv("CARRY_DIR");
	return sandbox_lock(&s);
}

static enum err
do_put(void)
{
	struct courier_stored stored;
	struct courier_put p = { .fd = open(words[1], O_RDONLY), .key = words[2],
		.about = { words[3], words[4], words[5], words[6] } };
	struct stat st = { .st_size = 0 };
	enum err e;

	(void)fstat(p.fd, &st);
	p.size = st.st_size;
	p.md5 = *words[7] ? words[7] : hash_of(p.fd, p.size, EVP_md5());
	p.sha256 = *words[8] ? words[8] : hash_of(p.fd, p.size, EVP_sha256());
	e = courier_put(&p, &stored);
	(void)close(p.fd);
	if (!e)
		printf("ok\t%s\t%s\n", stored.version, stored.etag);
	return e;
}

static void
show(const struct courier_object *o)
{
	printf("ok\t%" PRId64 "\t%" PRId64 "\t%s\t%s\t%s\t%s\n", o->size,
	    o->modified_at, o->etag, o->version, o->media, o->object_id);
}

static enum err
do_get(void)
{
	struct courier_object got;
	int fd = open(words[3], O_RDWR | O_CREAT | O_TRUNC, 0600);
	enum err e = courier_get(words[1], words[2], fd, *words[4] ?
	    strtoll(words[4], NULL, 10) : INT64_C(1) << 40, &got);

	(void)close(fd);
	if (!e)
		show(&got);
	return e;
}

static enum err
do_head(void)
{
	struct courier_object found;
	enum err e = courier_head(words[1], words[2], &found);

	if (!e)
		show(&found);
	return e;
}

static enum err
do_presign(void)
{
	const struct courier_link l = { words[1], words[2], words[3],
		(int)strtol(words[4], NULL, 10), words[5], words[6] };
	int64_t until;
	char *url;
	enum err e = courier_presign(arena, &l, &url, &until);

	if (!e)
		printf("ok\t%s\t%" PRId64 "\n", url, until);
	return e;
}

static enum err
do_copy(void)
{
	const struct courier_copy c = { words[1], words[2], words[3],
		strtoll(words[4], NULL, 10), { words[5], words[6], NULL, NULL } };
	char version[COURIER_VERSION];
	enum err e = courier_copy(&c, version);

	if (!e)
		printf("ok\t%s\n", version);
	return e;
}

/* As the courier would copy what has more than 5 GB, in this process, and with parts of
 * 5 MB: fewer bytes S3 takes only for the last one. */
static enum err
do_copy_parts(void)
{
	const struct courier_copy c = { words[1], words[2], words[3],
		strtoll(words[4], NULL, 10), { words[5], words[6], NULL, NULL } };
	char version[COURIER_VERSION];
	static struct s3 s3;
	enum err e = credentials_open();

	if (!e)
		e = s3_open(&s3, arena, 5000, NULL);
	s3.sizes.copy_whole = s3.sizes.copy_part = 5 << 20;
	if (!e)
		e = s3_copy(&s3, &c, version);
	if (!e)
		printf("ok\t%s\n", version);
	return e;
}

/* A line for each entry, and one for the end. */
static enum err
do_list(void)
{
	const struct courier_find f = { words[1], words[2], words[3],
		(int)strtol(words[4], NULL, 10) };
	struct courier_page page;
	enum err e = courier_list(arena, &f, &page);

	for (size_t i = 0; !e && i < page.n; i++) {
		const struct courier_entry *n = &page.entries[i];

		printf("entry\t%s\t%s\t%" PRId64 "\t%" PRId64 "\t%d\n", n->key,
		    n->version, n->size, n->modified_at, n->marker);
	}
	if (!e)
		printf("ok\t%d\t%s\t%s\n", page.more, page.next_key, page.next_version);
	return e;
}

static enum err
do_form(void)
{
	const struct courier_form form = { words[1], strtoll(words[2], NULL, 10),
		(int)strtol(words[3], NULL, 10) };
	struct courier_fields f;
	enum err e = courier_form(arena, &form, &f);

	if (!e)
		printf("ok\t%s\t%" PRId64, f.url, f.until);
	for (size_t i = 0; !e && i < f.n; i++)
		printf("\t%s\t%s", f.fields[i].name, f.fields[i].value);
	if (!e)
		puts("");
	return e;
}

static enum err
do_check(void)
{
	struct courier_check c;
	enum err e = courier_check(&c);

	printf("%s\t%d\t%" PRId64 "\t%s\n", e ? err_name(e) : "ok", (int)c.versions,
	    c.skew, c.words);
	return OK;
}

static enum err
do_remove(void)
{
	return courier_remove(words[1], words[2]);
}

static const struct {
	const char *name;
	enum err (*run)(void);
	bool says;		/* it prints its own ok */
} verbs[] = {
	{ "start", do_start, false }, { "stop", do_stop, false },
	{ "lock", do_lock, false }, { "put", do_put, true }, { "get", do_get, true },
	{ "head", do_head, true }, { "presign", do_presign, true },
	{ "remove", do_remove, false }, { "copy", do_copy, true },
	{ "copy-parts", do_copy_parts, true },
	{ "list", do_list, true }, { "form", do_form, true },
	{ "check", do_check, true },
};

static void
answer(char *line)
{
	enum err e = ERR_METHOD;
	bool says = false;
	int n = 0;

	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < WORDS; i++)
		words[i] = "";
	for (char *p = line; p && n < WORDS; n++) {
		words[n] = p;
		p = strchr(p, '\t');
		if (p)
			*p++ = '\0';
	}
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
		if (!text_same(verbs[i].name, words[0]))
			continue;
		e = verbs[i].run();
		says = verbs[i].says;
	}
	if (e)
		puts(err_name(e));
	else if (!says)
		puts("ok");
}

int
main(void)
{
	static char line[LINE];

	setvbuf(stdout, NULL, _IOLBF, 0);
	arena = arena_make(MEMORY, NULL);
	if (!conf_load(NULL))
		return 1;
	while (fgets(line, sizeof(line), stdin)) {
		answer(line);
		arena_reset(arena);
	}
	return 0;
}
