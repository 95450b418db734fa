/* SPDX-License-Identifier: MIT */
#ifndef S3_S3_PARTS_H
#define S3_S3_PARTS_H

#include "courier.h"
#include "s3_call.h"

/* Large objects, sent and copied in parts that S3 joins. */

/* s3_parts_put(s, p, stored), s3_parts_copy(s, from, version): As courier_put and
 * courier_copy. What was begun and fails is given up (AbortMultipartUpload). */
enum err s3_parts_put(struct s3 *s, const struct courier_put *p,
    struct courier_stored *stored);
enum err s3_parts_copy(struct s3 *s, const struct courier_copy *from,
    char version[COURIER_VERSION]);

#endif
