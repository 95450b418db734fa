/* SPDX-License-Identifier: MIT */
/*
 * The hashes of files, made while these are copied. SHA-256 is what the register checks
 * bytes by; MD5 is there for its clients only. Both can only be computed byte after
 * byte, so large files are work for two: a second thread does SHA-256 and reads for
 * itself, while the first copies, and does MD5.
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
	BLOCK = 256 * 1024,
	STACK = 256 * 1024,
	ALONE = 8 * 1024 * 1024,	/* what is larger is for two */
	PART = 8 * 1024 * 1024,		/* as S3's clients have it */
	MD5_DIGITS = 32
};

/* One of the two, who does what is not NULL. Its memory is taken before its thread runs,
 * which needs none. */
struct hand {
	struct digest_range from;
	EVP_MD_CTX *sha256, *md5;
	digest_taker *take;
	void *context;
	uint8_t block[BLOCK];
	atomic_int error;		/* errno; 0: all went well */
	const struct hand *other;	/* if that fails, there is no use in going on */
};

/* What of the block has been read is used. */
static int
use(struct hand *h, size_t n)
{
	if ((h->sha256 && EVP_DigestUpdate(h->sha256, h->block, n) != 1) ||
	    (h->md5 && EVP_DigestUpdate(h->md5, h->block, n) != 1))
		return ENOMEM;
	return !h->take || h->take(h->context, h->block, n) ? 0 : errno;
}

static void *
work(void *p)
{
	struct hand *h = p;
	int64_t at = h->from.offset, left = h->from.n;

	while (left && !h->error && !h->other->error) {
		ssize_t got = pread(h->from.fd, h->block,
		    (size_t)(left < BLOCK ? left : BLOCK), at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			h->error = got ? errno : EIO; /* shorter than it was */
		else
			h->error = use(h, (size_t)got);
		at += got;
		left -= got;
	}
	return NULL;
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
		good = pthread_create(thread, &how, work, h) == 0;
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	(void)pthread_attr_destroy(&how);
	return good;
}

/* What the second could do is done by the first if there is little, nothing else to do
 * meanwhile, or no thread. */
static bool
share(struct hand hands[2])
{
	const bool two = hands[0].from.n > ALONE && (hands[0].md5 || hands[0].take);
	pthread_t thread;

	if (two && start(&thread, &hands[1])) {
		(void)work(&hands[0]);
		(void)pthread_join(thread, NULL); /* it is there */
	} else {
		hands[0].sha256 = hands[1].sha256;
		(void)work(&hands[0]);
	}
	errno = hands[0].error ? hands[0].error : hands[1].error;
	return !errno;
}

/* Put a hash into words. */
static bool
end(EVP_MD_CTX *hash, char *out, size_t room)
{
	uint8_t bytes[EVP_MAX_MD_SIZE];
	unsigned n;

	errno = ENOMEM;
	return EVP_DigestFinal_ex(hash, bytes, &n) == 1 &&
	    sodium_bin2hex(out, room, bytes, n);
}

static bool
begin(EVP_MD_CTX *hash, const EVP_MD *how)
{
	errno = ENOMEM;
	return hash && EVP_DigestInit_ex(hash, how, NULL) == 1;
}

bool
digest_range(const struct digest_range *from, digest_taker *take, void *context,
    struct digest *d)
{
	static struct hand hands[2];
	EVP_MD_CTX *sha256 = EVP_MD_CTX_new(), *md5 = EVP_MD_CTX_new();
	const bool small = from->n <= DIGEST_WHOLE;
	bool good = begin(sha256, EVP_sha256()) && begin(md5, EVP_md5());

	for (int i = 0; i < 2; i++) {
		hands[i].from = *from;
		hands[i].sha256 = i ? sha256 : NULL;
		hands[i].md5 = i || !small ? NULL : md5;
		hands[i].take = i ? NULL : take;
		hands[i].context = context;
		hands[i].error = 0;
		hands[i].other = &hands[!i];
	}
	d->size = from->n;
	good = good && share(hands) && end(sha256, d->sha256, sizeof(d->sha256));
	if (good && small)
		good = end(md5, d->md5, sizeof(d->md5));
	else if (good)
		(void)snprintf(d->md5, sizeof(d->md5), "%.*s-%lld", MD5_DIGITS,
		    d->sha256, (long long)((d->size + PART - 1) / PART));
	EVP_MD_CTX_free(sha256);
	EVP_MD_CTX_free(md5);
	return good;
}

bool
digest_file(int fd, struct digest *d)
{
	struct stat st;

	return fstat(fd, &st) == 0 && digest_range(&(struct digest_range){ .fd = fd,
	    .n = st.st_size }, NULL, NULL, d);
}
