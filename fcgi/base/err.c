/* SPDX-License-Identifier: MIT */
/*
 * Names of the error values, for log lines. The order is that of enum err.
 */
#include "err.h"

const char *
err_name(enum err e)
{
	static const char *const names[] = {
		"ok", "bad", "auth", "denied", "missing", "method", "conflict",
		"big", "invalid", "busy", "broken", "down"
	};

	return names[e];
}
