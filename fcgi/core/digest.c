/* SPDX-License-Identifier: MIT */
/*
 * The hashes of stored files. SHA-256 is what the register checks bytes by; MD5 is
 * there for its clients only. Both can only be computed byte after byte, but not the
 * MD5s of parts. So a large file is work for two threads: the second one does SHA-256,
 * the first takes the parts in their order, and the second helps it when it is ready.
 * Files are read, not mapped: page faults cost more than the copy.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <sodium.h>

#include "digest.h"

enum {
	BLOCK = 64 * 1024,
	STACK = 256 * 1024,
	PARTS = 10000,		/* as many as S3 takes */
	MD5_BYTES = 16
};

/* One file, for both. */
struct work {
	int fd;
	int64_t size, part;	/* part: the bytes of each but the last */
	int n_parts;
	atomic_int next;	/* the first part that nobody has taken */
	uint8_t (*md5s)[MD5_BYTES];
	EVP_MD_CTX *sha256;
};

/* One of the two; its memory is taken before its thread runs, which needs none. */
struct hand {
	struct work *work;
	EVP_MD_CTX *md5;
	uint8_t block[BLOCK];
	int error;		/* errno; 0: all went well */
};

/* Hash n bytes from `from` on. */
static void
hash_bytes(struct hand *h, EVP_MD_CTX *hash, int64_t from, int64_t n)
{
	while (n && !h->error) {
		ssize_t got = pread(h->work->fd, h->block,
		    (size_t)(n < BLOCK ? n : BLOCK), from);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			h->error = got ? errno : EIO; /* shorter than it was */
		else if (EVP_DigestUpdate(hash, h->block, (size_t)got) != 1)
			h->error = ENOMEM;
		from += got;
		n -= got;
	}
}

/* Take parts until there are none. */
static void *
do_parts(void *p)
{
	struct hand *h = p;
	struct work *w = h->work;
	int i;

	while (!h->error && (i = atomic_fetch_add(&w->next, 1)) < w->n_parts) {
		const int64_t from = i * w->part, left = w->size - from;

		if (EVP_DigestInit_ex(h->md5, EVP_md5(), NULL) != 1)
			h->error = ENOMEM;
		hash_bytes(h, h->md5, from, left < w->part ? left : w->part);
		if (!h->error && EVP_DigestFinal_ex(h->md5, w->md5s[i], NULL) != 1)
			h->error = ENOMEM;
	}
	return NULL;
}

static void *
do_all(void *p)
{
	struct hand *h = p;

	hash_bytes(h, h->work->sha256, 0, h->work->size);
	return do_parts(h);
}

/* Start a thread that gets no signals: they are for the one that can answer them. */
static bool
start(pthread_t *thread, struct hand *h)
{
	pthread_attr_t how;
	sigset_t all, before;
	bool good;

	if (pthread_attr_init(&how) != 0)
		return false;
	(void)sigfillset(&all);
	good = pthread_attr_setstacksize(&how, STACK) == 0 &&
	    pthread_sigmask(SIG_SETMASK, &all, &before) == 0;
	if (good) {
		good = pthread_create(thread, &how, do_all, h) == 0;
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	(void)pthread_attr_destroy(&how);
	return good;
}

/* A small file, or one for which there is no thread, is done by one hand. */
static bool
share(struct hand hands[2])
{
	pthread_t thread;

	if (hands->work->size > DIGEST_PART && start(&thread, &hands[1])) {
		(void)do_parts(&hands[0]);
		(void)pthread_join(thread, NULL); /* it is there */
	} else {
		(void)do_all(&hands[0]);
	}
	errno = hands[0].error ? hands[0].error : hands[1].error;
	return !errno;
}

/* Put the hashes into words. */
static bool
tell(const struct work *w, EVP_MD_CTX *md5, struct digest *d)
{
	uint8_t bytes[EVP_MAX_MD_SIZE];
	unsigned n;

	errno = ENOMEM;
	if (EVP_DigestFinal_ex(w->sha256, bytes, &n) != 1 ||
	    !sodium_bin2hex(d->sha256, sizeof(d->sha256), bytes, n))
		return false;
	d->size = w->size;
	(void)sodium_bin2hex(d->md5, sizeof(d->md5), w->md5s[0], MD5_BYTES);
	if (w->n_parts == 1)
		return true;
	if (EVP_DigestInit_ex(md5, EVP_md5(), NULL) != 1 ||
	    EVP_DigestUpdate(md5, w->md5s, (size_t)w->n_parts * MD5_BYTES) != 1 ||
	    EVP_DigestFinal_ex(md5, bytes, &n) != 1 ||
	    !sodium_bin2hex(d->md5, sizeof(d->md5), bytes, n))
		return false;
	(void)snprintf(d->md5 + 2 * MD5_BYTES, sizeof(d->md5) - 2 * MD5_BYTES, "-%d",
	    w->n_parts);
	return true;
}

/* Cut the file into parts. */
static bool
measure(struct work *w)
{
	struct stat st;

	if (fstat(w->fd, &st) != 0)
		return false;
	w->size = st.st_size;
	w->part = w->size > DIGEST_WHOLE ? DIGEST_PART : DIGEST_WHOLE;
	errno = EFBIG;
	if (w->size > (int64_t)PARTS * DIGEST_PART)
		return false;
	w->n_parts = w->size ? (int)((w->size + w->part - 1) / w->part) : 1;
	return true;
}

bool
digest_file(int fd, struct digest *d)
{
	static uint8_t md5s[PARTS][MD5_BYTES];
	static struct hand hands[2];
	EVP_MD_CTX *sha256 = EVP_MD_CTX_new(), *one = EVP_MD_CTX_new(),
	    *two = EVP_MD_CTX_new();
	struct work w = { .fd = fd, .md5s = md5s, .sha256 = sha256 };
	bool good = sha256 && one && two &&
	    EVP_DigestInit_ex(sha256, EVP_sha256(), NULL) == 1;

	for (int i = 0; i < 2; i++) {
		hands[i].work = &w;
		hands[i].md5 = i ? two : one;
		hands[i].error = 0;
	}
	errno = ENOMEM;
	good = good && measure(&w) && share(hands) && tell(&w, one, d);
	EVP_MD_CTX_free(sha256);
	EVP_MD_CTX_free(one);
	EVP_MD_CTX_free(two);
	return good;
}
