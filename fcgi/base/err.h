/* SPDX-License-Identifier: MIT */
#ifndef BASE_ERR_H
#define BASE_ERR_H

/*
 * How every function that can fail says so. The values name what went wrong
 * for the caller; the web tier maps each to one HTTP status (web/reply.c).
 */
enum err {
	OK = 0,
	ERR_BAD,	/* 400: the request makes no sense */
	ERR_AUTH,	/* 401: who you are is not proven */
	ERR_DENIED,	/* 403: proven, but not allowed */
	ERR_MISSING,	/* 404: not there, or not for this viewer */
	ERR_METHOD,	/* 405: there, but not with this method */
	ERR_CONFLICT,	/* 409: clashes with what is stored */
	ERR_BIG,	/* 413: more bytes than we take */
	ERR_INVALID,	/* 422: a field breaks its rule */
	ERR_BUSY,	/* 429: too many attempts */
	ERR_BROKEN,	/* 500: our fault; the cause is in the log */
	ERR_DOWN	/* 503: a part we need does not answer */
};

/* err_name(e): The value's name in lower case, for the log: "conflict". */
const char *err_name(enum err e);

#endif
