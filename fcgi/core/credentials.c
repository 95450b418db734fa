/* SPDX-License-Identifier: MIT */
/*
 * Copies of the keys of the settings, which their owner wipes after the start.
 */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "conf.h"
#include "credentials.h"
#include "log.h"
#include "text.h"

static struct credentials kept;

enum err
credentials_open(void)
{
	if (text_empty(conf.s3_access_key) || text_empty(conf.s3_secret_key)) {
		log_write(LOG_ERROR, "credentials: S3_ACCESS_KEY and S3_SECRET_KEY are "
		    "needed together");
		return ERR_BROKEN;
	}
	(void)snprintf(kept.access, sizeof(kept.access), "%s", conf.s3_access_key);
	(void)snprintf(kept.secret, sizeof(kept.secret), "%s", conf.s3_secret_key);
	(void)snprintf(kept.token, sizeof(kept.token), "%s", conf.s3_session_token);
	kept.until = INT64_MAX;
	return OK;
}

enum err
credentials_get(struct fetch_client *client, struct arena *a, int64_t now,
    const struct credentials **out)
{
	(void)client, (void)a, (void)now;
	*out = &kept;
	return OK;
}

bool
credentials_stale(void)
{
	return false;
}

const char *
credentials_words(void)
{
	return "";
}

int
credentials_port(void)
{
	return 0;
}
