/* SPDX-License-Identifier: MIT */
#ifndef S3_S3_FAULT_H
#define S3_S3_FAULT_H

#include <stdbool.h>

#include "err.h"

/* What an answer of S3's that is no success means. */
struct s3_fault {
	const char *code;	/* S3's name for it; NULL: any that is not in the table */
	enum err err;
	bool again;		/* trying again may help */
	bool stale;		/* other credentials may help */
	const char *words;	/* for the operator; NULL: it is no trouble of his */
};

/* s3_fault(status, code): By S3's code ("" if the answer had none), else by status.
 * Never NULL. Source: S3 API Reference, "Error responses". */
const struct s3_fault *s3_fault(int status, const char *code);

#endif
