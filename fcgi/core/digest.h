/* SPDX-License-Identifier: MIT */
#ifndef CORE_DIGEST_H
#define CORE_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

enum {
	DIGEST_PART = 8 * 1024 * 1024,	/* bytes */
	DIGEST_WHOLE = 64 * 1024 * 1024,
	DIGEST_SHA256 = 65,		/* room for its text */
	DIGEST_MD5 = 48			/* the same: 32 digits, and "-" with a number */
};

/* What a file's bytes are known by. */
struct digest {
	int64_t size;
	char sha256[DIGEST_SHA256];	/* lower-case hex */
	char md5[DIGEST_MD5];
};

/*
 * digest_file(fd, d):
 * Read all of the file fd, wherever its position is, and fill d. md5 is what S3 and its
 * clients give a file for an ETag: in hex, of the bytes up to DIGEST_WHOLE; of a
 * larger file that of the MD5s of its parts of DIGEST_PART, and "-" with their number,
 * as when it is sent to S3 in such parts. What is larger than a part keeps two
 * processors busy. False with errno: it can't be read, or is over 10000 parts (EFBIG).
 */
bool digest_file(int fd, struct digest *d);

#endif
