/* SPDX-License-Identifier: MIT */
#ifndef APP_SPACE_LINK_H
#define APP_SPACE_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct arena;
struct req;

/*
 * Links of our own to what lies on the disk, in the manner of S3's: who has one may do
 * exactly what it says, until it expires, in the name of the account that asked for it,
 * and as long as that account may do it itself. They are signed with a key of their own
 * (KEY_LINK), one that is derived from SECRET_KEY; the key of before is accepted too.
 */
enum {
	SPACE_LINK_DAYS = 7,	/* what a download link holds at most */
	SPACE_LINK_STAMP = 17	/* "20260102T030405Z" and a NUL */
};

/* What a link to download is signed for. */
struct space_link {
	const char *key;	/* "tenants/ORGANISATION/PATH" */
	const char *object_id;	/* the bytes it was made for, and no others */
	const char *account_id;	/* who asked for it */
	const char *date;	/* when, as space_link_stamp writes it */
	int64_t seconds;	/* how long it holds */
};

/* space_link_sign(a, l, generation): Its signature, 64 hex digits; NULL if there is no
 * key of that generation (0: the one for new links). */
const char *space_link_sign(struct arena *a, const struct space_link *l, int generation);

/* space_form_sign(a, policy, generation): The same of an upload form's policy. */
const char *space_form_sign(struct arena *a, const char *policy, int generation);

/* space_link_stamp(t, out): A time as S3 writes it: "20260102T030405Z". */
void space_link_stamp(int64_t t, char out[SPACE_LINK_STAMP]);

/* space_link_read_stamp(a, s, t): Read one; false if s is anything else. NULL is. */
bool space_link_read_stamp(struct arena *a, const char *s, int64_t *t);

/* space_link_act(r, account_id, key, path): From here on r acts for the account, which
 * signed for key, and *path is what that is in its space. ERR_DENIED, with the reply
 * made: the account is gone, switched off, or not of that organisation any more. */
enum err space_link_act(struct req *r, const char *account_id, const char *key,
    const char **path);

#endif
