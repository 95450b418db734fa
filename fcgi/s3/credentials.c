/* SPDX-License-Identifier: MIT */
/*
 * The credentials of now: copies of the settings' keys, or the last ones fetched. A
 * role's are renewed some minutes before they end; when that fails they are used on, to
 * their end, and fetching is tried again now and then.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "credentials.h"
#include "credentials_role.h"
#include "log.h"
#include "text.h"

#define RENEW_BEFORE (5 * CLOCK_MINUTE)
#define ASK_AGAIN (20 * CLOCK_SECOND)

static struct credentials kept;
static struct credentials_role role;
static bool is_fixed;		/* by the settings */
static int64_t ask_after;	/* by clock_steady; while those kept are good */
static int64_t fetched_at;	/* by clock_steady */
static char words[CREDENTIALS_WORDS];

enum err
credentials_open(void)
{
	const char *wrong = NULL;

	is_fixed = !text_empty(conf.s3_access_key);
	if (is_fixed != !text_empty(conf.s3_secret_key))
		wrong = "S3_ACCESS_KEY and S3_SECRET_KEY are needed together";
	else if (!is_fixed)
		wrong = credentials_role_open(&role);
	if (wrong) {
		log_write(LOG_ERROR, "credentials: %s", wrong);
		return ERR_BROKEN;
	}
	if (!is_fixed)
		return OK;
	(void)snprintf(kept.access, sizeof(kept.access), "%s", conf.s3_access_key);
	(void)snprintf(kept.secret, sizeof(kept.secret), "%s", conf.s3_secret_key);
	(void)snprintf(kept.token, sizeof(kept.token), "%s", conf.s3_session_token);
	kept.until = INT64_MAX;
	return OK;
}

/* Fetch new ones into kept; what is kept stays if that fails. */
static enum err
renew(struct fetch_client *client, struct arena *a, int64_t now)
{
	struct credentials fresh;
	enum err e = credentials_role_fetch(&role, client, a, &fresh, words);

	ask_after = clock_steady() + ASK_AGAIN;
	if (!e && fresh.until <= now) {
		(void)snprintf(words, sizeof(words), "those of the role have expired; "
		    "is this host's clock right?");
		e = ERR_DOWN;
	}
	if (e && now < kept.until) /* else the one who asks says so */
		log_write(LOG_WARN, "credentials: not renewed yet: %s", words);
	if (e)
		return ERR_DOWN;
	kept = fresh;
	fetched_at = clock_steady();
	words[0] = '\0';
	sodium_memzero(&fresh, sizeof(fresh));
	return OK;
}

enum err
credentials_get(struct fetch_client *client, struct arena *a, int64_t now,
    const struct credentials **out)
{
	const bool good = now < kept.until;
	enum err e = OK;

	*out = &kept;
	if (!is_fixed && (!good || (kept.until - now < RENEW_BEFORE &&
	    clock_steady() >= ask_after)))
		e = renew(client, a, now);
	return good ? OK : e;
}

bool
credentials_stale(void)
{
	/* Those just fetched are not better the next time. */
	if (is_fixed || clock_steady() - fetched_at < ASK_AGAIN)
		return false;
	kept.until = 0;
	return true;
}

const char *
credentials_words(void)
{
	return words;
}

void
credentials_reach(int *port, const char **file)
{
	*port = is_fixed ? 0 : role.port;
	*file = is_fixed ? NULL : role.token_file;
}

void
credentials_forget(void)
{
	char *token = getenv("AWS_CONTAINER_AUTHORIZATION_TOKEN");

	if (token)
		sodium_memzero(token, strlen(token));
}
