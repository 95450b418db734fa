/* SPDX-License-Identifier: MIT */
/* Hashes of files: the MD5s of many parts at once are those of OpenSSL one by one, and
 * a large file's are what S3's clients reckon. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <sodium.h>

#include "digest.h"
#include "md5.h"
#include "test.h"

enum { PARTS = 40, ROOM = PARTS * MD5_BYTES };

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
one_by_one(const uint8_t *bytes, size_t n, size_t part, uint8_t *out)
{
	for (size_t at = 0; at < n; at += part, out += MD5_BYTES)
		(void)EVP_Digest(bytes + at, n - at < part ? n - at : part, out, NULL,
		    EVP_md5(), NULL);
}

/* Are the parts' MD5s right for a file of n bytes? */
static bool
right(size_t n, size_t part)
{
	uint8_t expected[ROOM] = { 0 }, got[ROOM] = { 0 };
	uint8_t *bytes = fill(n);

	one_by_one(bytes, n, part, expected);
	free(bytes);
	return md5_parts(file, 0, (int64_t)n, part, got) &&
	    memcmp(expected, got, ROOM) == 0;
}

static void
test_parts(void)
{
	const size_t step = MD5_STEP;

	ok(right(1, step), "one byte");
	ok(right(step, step), "one part");
	ok(right(4 * step, step), "four, one by one");
	ok(right(5 * step, step), "five, side by side");
	ok(right(16 * step, step), "sixteen");
	ok(right(16 * step + 1, step), "and one byte");
	ok(right(17 * step, step), "seventeen");
	ok(right(39 * step + step / 2, step), "thirty-nine and a half");
	ok(right(21 * 3 * step + 77, 3 * step), "parts of several steps");
}

static void
test_middle(void)
{
	uint8_t expected[MD5_BYTES], got[MD5_BYTES];
	uint8_t *bytes = fill(1000);

	one_by_one(bytes + 100, 300, 300, expected);
	free(bytes);
	ok(md5_parts(file, 100, 300, MD5_STEP, got) &&
	    memcmp(expected, got, MD5_BYTES) == 0, "from the middle of a file");
	errno = 0;
	ok(!md5_parts(file, 100, 901, MD5_STEP, got) && errno == EIO,
	    "a file that is too short is refused");
	(void)ftruncate(file, 8 * MD5_STEP - 1);
	errno = 0;
	ok(!md5_parts(file, 0, 8 * MD5_STEP, MD5_STEP, (uint8_t [ROOM]){ 0 }) &&
	    errno == EIO, "also in the last of many parts");
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
	struct digest d;

	ok(known(0, ""), "an empty file");
	ok(known(3, ""), "three bytes");
	ok(known(100 * 1000, ""), "more than a block");
	ok(known(DIGEST_PART, ""), "the largest that is hashed in one piece");
	ok(known(DIGEST_PART + 1, "-2"), "one byte more has two parts");
	ok(known(12 * DIGEST_PART - 9, "-12"), "100 MB");
	ok(known(33 * DIGEST_PART + 5, "-34"), "more than fit side by side, twice");
	errno = 0;
	ok(!digest_file(-1, &d) && errno == EBADF, "no file, no hash");
}

int
main(void)
{
	file = mkstemp(path);
	test_parts();
	test_middle();
	test_files();
	(void)close(file);
	(void)unlink(path);
	return test_end();
}
