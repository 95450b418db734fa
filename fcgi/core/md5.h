/* SPDX-License-Identifier: MIT */
#ifndef CORE_MD5_H
#define CORE_MD5_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * MD5 (RFC 1321) of the parts of a file, for the ETag that S3 and its clients give to
 * what was sent in parts. It is no protection against anybody: SHA-256 is.
 */
enum {
	MD5_BYTES = 16,
	MD5_STEP = 16 * 1024	/* bytes; a part is a multiple of it */
};

/* md5_parts(fd, from, n, part, out): The MD5s of n bytes of the file fd, from `from` on,
 * cut into parts of `part` bytes; the last may be shorter. They are put into out,
 * MD5_BYTES for each, in their order. False with errno if they can't be read; EIO
 * also if there are fewer. */
bool md5_parts(int fd, int64_t from, int64_t n, size_t part, uint8_t *out);

#endif
