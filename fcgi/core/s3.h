/* SPDX-License-Identifier: MIT */
#ifndef CORE_S3_H
#define CORE_S3_H

#include "courier.h"
#include "err.h"
#include "s3_call.h"

/*
 * What the courier does, in the words of courier.h; each function there has its twin
 * here, which asks S3 itself. Memory is taken from s->arena.
 */
enum err s3_put(struct s3 *s, const struct courier_put *p,
    char version[COURIER_VERSION]);
enum err s3_get(struct s3 *s, const char *key, const char *version, int fd, int64_t max,
    struct courier_object *got);
enum err s3_head(struct s3 *s, const char *key, const char *version,
    struct courier_object *found);
enum err s3_copy(struct s3 *s, const struct courier_copy *c,
    char version[COURIER_VERSION]);
enum err s3_remove(struct s3 *s, const char *key, const char *version);
enum err s3_list(struct s3 *s, const struct courier_find *f, struct courier_page *page);
enum err s3_presign(struct s3 *s, const struct courier_link *l, char **url,
    int64_t *until);
enum err s3_form(struct s3 *s, const struct courier_form *form,
    struct courier_fields *out);
enum err s3_check(struct s3 *s, struct courier_check *c);

#endif
