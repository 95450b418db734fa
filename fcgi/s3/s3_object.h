/* SPDX-License-Identifier: MIT */
#ifndef S3_S3_OBJECT_H
#define S3_S3_OBJECT_H

#include "courier.h"
#include "s3_call.h"

/* What the operations on objects share. */

/* s3_object_about(s, c, about): The headers that say what a new object is, and how it
 * shall be encrypted. */
void s3_object_about(const struct s3 *s, struct s3_call *c,
    const struct courier_about *about);

/* s3_object_read(c, o): What the answer to GET or HEAD says of the object. ERR_BROKEN
 * if it says too little. */
enum err s3_object_read(const struct s3_call *c, struct courier_object *o);

/* s3_object_find(s, key, object_id, found): The object of that id (NULL: of none) among
 * the newest versions of a key, as others may have written there since. ERR_DOWN if it is
 * not one of them. */
enum err s3_object_find(struct s3 *s, const char *key, const char *object_id,
    struct courier_object *found);

/* s3_object_version(s, c, object_id, version): The version that c, an upload or copy, has
 * made. Where the answer does not tell (radosgw, of copies) it is looked for. */
enum err s3_object_version(struct s3 *s, const struct s3_call *c, const char *object_id,
    char version[COURIER_VERSION]);

/* s3_object_source(s, c): What is copied, for x-amz-copy-source. */
const char *s3_object_source(struct s3 *s, const struct courier_copy *c);

/* s3_object_bare(etag): Without the quotes, which it loses. */
const char *s3_object_bare(char *etag);

/* s3_object_md5(a, md5): Hex as the base64 of Content-MD5; NULL if it is no MD5. */
const char *s3_object_md5(struct arena *a, const char *md5);

/* s3_object_plain(c): The ETags of the object that c made are MD5s, as it was not
 * encrypted with a key of KMS. */
bool s3_object_plain(const struct s3_call *c);

/* s3_object_same(c, etag, md5): False only if etag should be md5, and is not. */
bool s3_object_same(const struct s3_call *c, const char *etag, const char *md5);

#endif
