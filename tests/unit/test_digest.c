/* SPDX-License-Identifier: MIT */
/* Hashes of files: what two threads make is what one makes of the same bytes at once, and
 * a large file's MD5 is what S3's clients reckon. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <sodium.h>

#include "digest.h"
#include "test.h"

enum { MD5_BYTES = 16, ROOM = 40 * MD5_BYTES };

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

/* The MD5s of the parts. */
static void
one_by_one(const uint8_t *bytes, size_t n, size_t part, uint8_t *out)
{
	for (size_t at = 0; at < n; at += part, out += MD5_BYTES)
		(void)EVP_Digest(bytes + at, n - at < part ? n - at : part, out, NULL,
		    EVP_md5(), NULL);
}

static void
hex(const EVP_MD *how, const uint8_t *bytes, size_t n, char *out)
{
	uint8_t hash[EVP_MAX_MD_SIZE];
	unsigned size;

	(void)EVP_Digest(bytes, n, hash, &size, how, NULL);
	(void)sodium_bin2hex(out, 2 * size + 1, hash, size);
}

/* Is the digest of a file of n bytes right, its ETag ending in suffix? */
static bool
known(size_t n, const char *suffix)
{
	uint8_t each[ROOM], *bytes = fill(n);
	size_t n_parts = (n + DIGEST_PART - 1) / DIGEST_PART;
	char sha256[DIGEST_SHA256], md5[DIGEST_MD5];
	struct digest d;

	hex(EVP_sha256(), bytes, n, sha256);
	one_by_one(bytes, n, DIGEST_PART, each);
	if (*suffix)
		hex(EVP_md5(), each, n_parts * MD5_BYTES, md5);
	else
		hex(EVP_md5(), bytes, n, md5);
	(void)snprintf(md5 + 32, sizeof(md5) - 32, "%s", suffix);
	free(bytes);
	(void)lseek(file, 3, SEEK_SET);
	return digest_file(file, &d) && d.size == (int64_t)n &&
	    strcmp(d.sha256, sha256) == 0 && strcmp(d.md5, md5) == 0;
}

static void
test_files(void)
{
	ok(known(0, ""), "an empty file");
	ok(known(3, ""), "three bytes");
	ok(known(100 * 1000, ""), "more than a block");
	ok(known(DIGEST_PART, ""), "the largest that one thread does");
	ok(known(DIGEST_PART + 1, ""), "one byte more takes two");
	ok(known(DIGEST_WHOLE, ""), "the largest that has a plain MD5");
	ok(known(DIGEST_WHOLE + 1, "-9"), "one byte more is known by its parts");
	ok(known(12 * DIGEST_PART - 9, "-12"), "100 MB");
	ok(known(33 * (size_t)DIGEST_PART, "-33"), "all parts whole");
}

/* Does it fail with this errno? */
static bool
fails(int fd, int error)
{
	struct digest d;

	errno = 0;
	return !digest_file(fd, &d) && errno == error;
}

static void
test_failures(void)
{
	int folder = open("/tmp", O_RDONLY | O_DIRECTORY);
	int blind = open(path, O_WRONLY);

	ok(fails(-1, EBADF), "no file, no hash");
	ok(fails(folder, EISDIR), "nor of a folder");
	(void)ftruncate(file, 100);
	ok(fails(blind, EBADF), "a small file that can't be read");
	(void)ftruncate(file, DIGEST_PART + 1);
	ok(fails(blind, EBADF), "a large one");
	ok(ftruncate(file, (off_t)10000 * DIGEST_PART + 1) == 0 && fails(file, EFBIG),
	    "one that is too large");
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
