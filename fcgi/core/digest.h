/* SPDX-License-Identifier: MIT */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	DIGEST_WHOLE = 64 * 1024 * 1024, /* bytes */
	DIGEST_SHA256 = 65,		/* room for its text */
	DIGEST_MD5 = 48			/* the same: 32 digits, and "-" with a number */
};

/* What a file's bytes are known by. md5 is the ETag that clients are told: in hex the MD5
 * of the bytes up to DIGEST_WHOLE; of a larger file, for which that would take longer
 * than all else, the first half of its SHA-256, "-", and how many parts of 8 MB there
 * are: the form of what S3 makes of them, which does not tell what is in it. */
struct digest {
	int64_t size;
	char sha256[DIGEST_SHA256];	/* lower-case hex */
	char md5[DIGEST_MD5];
};

/* Gets the bytes in their order, some at a time. False with errno: no more of them. */
typedef bool digest_taker(void *context, const uint8_t *bytes, size_t n);

struct digest_range { int fd; int64_t offset, n; };

/*
 * digest_range(from, take, context, d):
 * Read n bytes of the file fd, wherever its position is, give them to take (NULL: to
 * nobody), and fill d. When they are many, two processors are kept busy. False with
 * errno: they can't be read, are fewer (EIO), or were not taken.
 */
bool digest_range(const struct digest_range *from, digest_taker *take, void *context,
    struct digest *d);

/* digest_file(fd, d): The same of all of a file. */
bool digest_file(int fd, struct digest *d);

#endif
