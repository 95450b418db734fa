/* SPDX-License-Identifier: MIT */
#ifndef S3_CREDENTIALS_H
#define S3_CREDENTIALS_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "sigv4.h"

struct arena;
struct fetch_client;

/*
 * What requests to S3 are signed with: the keys of the settings; without them those of
 * the container's or the host's role, which last some hours and are renewed in time.
 */
enum { CREDENTIALS_KEY = 129, CREDENTIALS_TOKEN = 4097, CREDENTIALS_WORDS = 300 };

struct credentials {
	char access[CREDENTIALS_KEY], secret[CREDENTIALS_KEY];
	char token[CREDENTIALS_TOKEN];	/* or "" */
	int64_t until;			/* microseconds; INT64_MAX: for ever */
};

/* credentials_open(): Read settings and environment. Call it once, in the process that
 * will ask, before the settings are forgotten. ERR_BROKEN (logged) if they contradict
 * each other. */
enum err credentials_open(void);

/* credentials_get(client, a, now, out): Those to sign with now; *out stays valid until
 * the next call. ERR_DOWN if there are none, and the role's could not be fetched: why
 * is in credentials_words(). */
enum err credentials_get(struct fetch_client *client, struct arena *a, int64_t now,
    const struct credentials **out);

/* credentials_stale(): S3 said that they have expired: fetch new ones next time, if
 * they are a role's. True if that may help. */
bool credentials_stale(void);

/* credentials_words(): Why the last fetch failed, for the operator; "" if it did not. */
const char *credentials_words(void);

/* credentials_reach(port, file): What fetching needs once the process is locked: the
 * TCP port of the role's endpoint (0: none) and a file to read (NULL: none). */
void credentials_reach(int *port, const char **file);

/* credentials_forget(): Wipe what the environment has of secrets, in this process. */
void credentials_forget(void);

#endif
