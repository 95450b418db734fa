/* SPDX-License-Identifier: MIT */
/*
 * The hashes of stored files. SHA-256 is what the register checks bytes by; MD5 is
 * there for its clients only. A small file is read once for both. For a large one
 * SHA-256 is left to a second thread, which does nothing but read and compute; here
 * the MD5s of its parts are made meanwhile, which takes about as long. Files are
 * read, not mapped: page faults cost more than the copy.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <sodium.h>

#include "digest.h"
#include "md5.h"

enum {
	BLOCK = 64 * 1024,
	STACK = 256 * 1024,
	BATCH = 16		/* parts whose MD5s are asked for at once */
};

/* Reading a file once. The memory is taken before a thread works on it, which so needs
 * none of its own. */
struct pass {
	int fd, error;			/* errno; 0: all was read */
	EVP_MD_CTX *sha256, *md5;	/* md5 may be NULL */
	uint8_t *block;
	int64_t size;			/* what was read */
};

static void *
pass_run(void *p)
{
	struct pass *w = p;
	ssize_t n;

	while ((n = pread(w->fd, w->block, BLOCK, w->size)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			break;
		if (EVP_DigestUpdate(w->sha256, w->block, (size_t)n) != 1 ||
		    (w->md5 && EVP_DigestUpdate(w->md5, w->block, (size_t)n) != 1)) {
			errno = ENOMEM;
			break;
		}
		w->size += n;
	}
	w->error = n ? errno : 0;
	return NULL;
}

/* Start a thread that gets no signals: they are for the one that can answer them. */
static bool
pass_start(struct pass *w, pthread_t *thread)
{
	pthread_attr_t how;
	sigset_t all, before;
	bool good = pthread_attr_init(&how) == 0;

	if (!good)
		return false;
	(void)sigfillset(&all);
	good = pthread_attr_setstacksize(&how, STACK) == 0 &&
	    pthread_sigmask(SIG_SETMASK, &all, &before) == 0;
	if (good) {
		good = pthread_create(thread, &how, pass_run, w) == 0;
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	(void)pthread_attr_destroy(&how);
	return good;
}

/* The MD5 of the MD5s of the parts. */
static bool
hash_parts(EVP_MD_CTX *md5, int fd, int64_t size)
{
	const int64_t batch = (int64_t)BATCH * DIGEST_PART;
	uint8_t each[BATCH * MD5_BYTES];
	bool good = true;

	for (int64_t at = 0; good && at < size; at += batch) {
		int64_t n = size - at < batch ? size - at : batch;
		size_t n_parts = (size_t)((n + DIGEST_PART - 1) / DIGEST_PART);

		good = md5_parts(fd, at, n, DIGEST_PART, each);
		if (good && EVP_DigestUpdate(md5, each, n_parts * MD5_BYTES) != 1) {
			errno = ENOMEM;
			good = false;
		}
	}
	return good;
}

/* Both at once, or without a thread one after the other. */
static bool
hash_large(struct pass *w, EVP_MD_CTX *md5, int64_t size)
{
	pthread_t thread;
	bool apart = pass_start(w, &thread), good = hash_parts(md5, w->fd, size);
	int error = errno;

	if (apart)
		(void)pthread_join(thread, NULL); /* it can't fail */
	else
		(void)pass_run(w);
	if (!w->error && w->size != size)
		w->error = EIO; /* it was changed meanwhile */
	errno = good ? w->error : error;
	return good && !w->error;
}

static bool
finish(EVP_MD_CTX *hash, char *out, size_t room)
{
	uint8_t bytes[EVP_MAX_MD_SIZE];
	unsigned n;

	return EVP_DigestFinal_ex(hash, bytes, &n) == 1 &&
	    sodium_bin2hex(out, room, bytes, n);
}

static bool
hash(struct pass *w, EVP_MD_CTX *md5, struct digest *d)
{
	const int64_t size = d->size;

	if (size > DIGEST_PART && !hash_large(w, md5, size))
		return false;
	if (size <= DIGEST_PART) {
		w->md5 = md5;
		(void)pass_run(w);
		errno = w->error;
	}
	if (w->error || !finish(w->sha256, d->sha256, sizeof(d->sha256)) ||
	    !finish(md5, d->md5, sizeof(d->md5)))
		return false;
	d->size = w->size;
	if (size > DIGEST_PART)
		(void)snprintf(d->md5 + 2 * MD5_BYTES, sizeof(d->md5) - 2 * MD5_BYTES,
		    "-%lld", (long long)((size + DIGEST_PART - 1) / DIGEST_PART));
	return true;
}

bool
digest_file(int fd, struct digest *d)
{
	static uint8_t block[BLOCK];
	EVP_MD_CTX *sha256 = EVP_MD_CTX_new(), *md5 = EVP_MD_CTX_new();
	struct pass w = { .fd = fd, .sha256 = sha256, .block = block };
	struct stat st;
	bool good = false;

	errno = ENOMEM;
	if (sha256 && md5 && EVP_DigestInit_ex(sha256, EVP_sha256(), NULL) == 1 &&
	    EVP_DigestInit_ex(md5, EVP_md5(), NULL) == 1 && fstat(fd, &st) == 0) {
		d->size = st.st_size;
		good = hash(&w, md5, d);
	}
	EVP_MD_CTX_free(sha256);
	EVP_MD_CTX_free(md5);
	return good;
}
