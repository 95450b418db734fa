/* SPDX-License-Identifier: MIT */
#ifndef S3_S3_H
#define S3_S3_H

#include "courier.h"
#include "err.h"
#include "s3_call.h"

/* s3_open(s, a, patience_ms, beat): The S3 of the settings; credentials must be open
 * (credentials.h). s lives in a, for ever. ERR_BROKEN (logged). */
enum err s3_open(struct s3 *s, struct arena *a, int patience_ms, void (*beat)(void));

/* s3_begin(s, quick): A new question; quick: better no answer than a late one. */
void s3_begin(struct s3 *s, bool quick);

/* s3_still(s, size): Seconds that S3 may be silent while it copies or joins so many
 * bytes. */
int s3_still(const struct s3 *s, int64_t size);

/*
 * What the courier does, in the words of courier.h; each function there has its twin
 * here, which asks S3 itself. Memory is taken from s->arena.
 */
enum err s3_put(struct s3 *s, const struct courier_put *p,
    struct courier_stored *stored);
enum err s3_get(struct s3 *s, const char *key, const char *version, int fd, int64_t max,
    struct courier_object *got);
enum err s3_head(struct s3 *s, const char *key, const char *version,
    struct courier_object *found);
enum err s3_copy(struct s3 *s, const struct courier_copy *from,
    char version[COURIER_VERSION]);
enum err s3_remove(struct s3 *s, const char *key, const char *version);
enum err s3_list(struct s3 *s, const struct courier_find *f, struct courier_page *page);
/* s3_list_read(a, words, n, limit, page): The reader of s3_list: S3's answer of n bytes,
 * of limit entries at most. ERR_BROKEN if it makes no sense. */
enum err s3_list_read(struct arena *a, const char *words, size_t n, size_t limit,
    struct courier_page *page);

enum err s3_presign(struct s3 *s, const struct courier_link *l, char **url,
    int64_t *until);
enum err s3_form(struct s3 *s, const struct courier_form *form,
    struct courier_fields *out);
enum err s3_check(struct s3 *s, struct courier_check *c);

#endif
