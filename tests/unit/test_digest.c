/* SPDX-License-Identifier: MIT */
/* Hashes of files: what two threads make is what one makes of the same bytes at once, in
 * whatever pieces they are taken. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <sodium.h>

#include "digest.h"
#include "test.h"

enum { MB = 1024 * 1024 };

static char path[] = "/tmp/cem-digest-XXXXXX";
static int file;

/* The byte at each place of the test's file. */
static uint8_t
byte_at(size_t at)
{
	return (uint8_t)(at * 2654435761u >> 13 ^ at >> 16);
}

/* Make the file n bytes long; they are returned, for the caller to free. */
static uint8_t *
fill(size_t n)
{
	uint8_t *bytes = malloc(n + 1);

	for (size_t i = 0; i < n; i++)
		bytes[i] = byte_at(i);
	if (ftruncate(file, 0) != 0 || pwrite(file, bytes, n, 0) != (ssize_t)n)
		abort();
	return bytes;
}

static void
hex(const EVP_MD *how, const uint8_t *bytes, size_t n, char *out)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned size;

	(void)EVP_Digest(bytes, n, hash, &size, how, NULL);
	(void)sodium_bin2hex(out, 2 * size + 1, hash, size);
}

/* The bytes that are taken, as far as they are those of the file. */
struct copy { size_t from, n, most; };

static bool
take(void *context, const uint8_t *bytes, size_t n)
{
	struct copy *c = context;

	for (size_t i = 0; i < n; i++)
		if (bytes[i] != byte_at(c->from + c->n + i))
			abort();
	c->n += n;
	errno = ENOSPC;
	return c->n <= c->most;
}

/* Is the digest of n bytes, which begin somewhere in the file, right, its ETag ending in
 * suffix? All of them are taken on the way. */
static bool
known(size_t n, const char *suffix)
{
	const struct digest_range all = { .fd = file, .offset = 7, .n = (int64_t)n };
	struct copy copy = { .from = 7, .most = n };
	uint8_t *bytes = fill(n + 9);
	char sha256[DIGEST_SHA256], md5[DIGEST_MD5];
	struct digest d, untaken;

	hex(EVP_sha256(), bytes + 7, n, sha256);
	hex(EVP_md5(), bytes + 7, n, md5);
	free(bytes);
	if (*suffix)
		(void)snprintf(md5, sizeof(md5), "%.32s%s", sha256, suffix);
	(void)lseek(file, 3, SEEK_SET);
	return digest_range(&all, take, &copy, &d) && d.size == (int64_t)n &&
	    strcmp(d.sha256, sha256) == 0 && strcmp(d.md5, md5) == 0 && copy.n == n &&
	    digest_range(&all, NULL, NULL, &untaken) &&
	    strcmp(untaken.sha256, sha256) == 0 && strcmp(untaken.md5, md5) == 0;
}

static void
test_files(void)
{
	struct digest d;

	ok(known(0, ""), "no bytes");
	ok(known(3, ""), "three bytes");
	ok(known(1000 * 1000, ""), "more than a block");
	ok(known(8 * MB, ""), "the largest that one thread does");
	ok(known(8 * MB + 1, ""), "one byte more takes two");
	ok(known(DIGEST_WHOLE, ""), "the largest that has an MD5");
	ok(known(DIGEST_WHOLE + 1, "-9"), "one byte more is known by its SHA-256");
	ok(known(96 * MB - 9, "-12"), "100 MB");
	ok(known(96 * MB, "-12"), "all parts whole");
	free(fill(3));
	ok(digest_file(file, &d) && d.size == 3, "a file is as large as it is");
}

/* Does it fail with this errno? */
static bool
fails(int fd, int error)
{
	struct digest d;

	errno = 0;
	return !digest_file(fd, &d) && errno == error;
}

/* Nothing goes on that nobody waits for. */
static void
test_not_taken(size_t n, size_t most, const char *words)
{
	struct copy copy = { .most = most };
	struct digest d;

	free(fill(n));
	errno = 0;
	ok(!digest_range(&(struct digest_range){ .fd = file, .n = (int64_t)n }, take,
	    &copy, &d) && errno == ENOSPC && copy.n < most + MB, words);
}

static void
test_failures(void)
{
	int folder = open("/tmp", O_RDONLY | O_DIRECTORY);
	int blind = open(path, O_WRONLY);
	struct copy copy = { .most = 9 * MB };
	struct digest d;

	ok(fails(-1, EBADF), "no file, no hash");
	ok(fails(folder, EISDIR), "nor of a folder");
	(void)ftruncate(file, 100);
	ok(fails(blind, EBADF), "a small file that can't be read");
	(void)ftruncate(file, 8 * MB + 1);
	ok(fails(blind, EBADF), "a large one");
	free(fill(8 * MB));
	ok(!digest_range(&(struct digest_range){ .fd = file, .n = 8 * MB + 1 }, take,
	    &copy, &d) && errno == EIO, "one that is shorter than was said");
	test_not_taken(100, 10, "a small file that can't be written");
	test_not_taken(32 * MB, 5 * MB, "a large one that can't be written to its end");
	(void)close(folder);
	(void)close(blind);
}

int
main(void)
{
	file = mkstemp(path);
	test_files();
	test_failures();
	(void)close(file);
	(void)unlink(path);
	return test_end();
}
