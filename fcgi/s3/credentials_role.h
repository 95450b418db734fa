/* SPDX-License-Identifier: MIT */
#ifndef S3_CREDENTIALS_ROLE_H
#define S3_CREDENTIALS_ROLE_H

#include <stdbool.h>
#include <stddef.h>

#include "credentials.h"

/*
 * Temporary credentials of a role, from where the container or host finds them. The
 * environment's standard variables say where:
 *
 *     AWS_CONTAINER_CREDENTIALS_RELATIVE_URI   a path at 169.254.170.2 (ECS)
 *     AWS_CONTAINER_CREDENTIALS_FULL_URI       an address (EKS, Greengrass), asked with
 *     AWS_CONTAINER_AUTHORIZATION_TOKEN[_FILE]
 *     AWS_EC2_METADATA_SERVICE_ENDPOINT        else http://169.254.169.254 (EC2, IMDSv2)
 *     AWS_EC2_METADATA_DISABLED                "true": not this one
 */
enum { CREDENTIALS_URL = 512 };

struct credentials_role {
	bool container;			/* else the host's metadata service */
	int port;
	char url[CREDENTIALS_URL];	/* container: the whole; else how it begins */
	char token[CREDENTIALS_TOKEN];	/* for Authorization, or "" */
	const char *token_file;		/* where it is read anew each time, or NULL */
};

/* credentials_role_open(r): Read the environment. NULL, or what is wrong with it. */
const char *credentials_role_open(struct credentials_role *r);

/* credentials_role_fetch(r, client, a, out, words): Ask for the credentials of now. On a
 * failure (ERR_DOWN, ERR_BROKEN) words says why. */
enum err credentials_role_fetch(const struct credentials_role *r,
    struct fetch_client *client, struct arena *a, struct credentials *out,
    char words[CREDENTIALS_WORDS]);

/* credentials_role_read(p, n, out): The credentials of an answer, JSON of n bytes. False
 * if it is none, or something is missing, too long, or no plain ASCII. */
bool credentials_role_read(const char *p, size_t n, struct credentials *out);

#endif
