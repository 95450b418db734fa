/* SPDX-License-Identifier: MIT */
/*
 * The errors of S3 that need a word or an action of ours. HEAD is answered without a
 * body, so without a code: then the status has to do.
 */
#include <stddef.h>

#include "s3_fault.h"
#include "text.h"

static const char no_rights[] = "S3 does not let us do that: S3_ACCESS_KEY and "
    "S3_SECRET_KEY do not belong together, or lack a right that the README lists";
static const char other_place[] = "the bucket is in another region: S3_REGION";

static const struct s3_fault by_code[] = {
	{ "NoSuchKey", ERR_MISSING, false, false, NULL },
	{ "NoSuchVersion", ERR_MISSING, false, false, NULL },
	{ "NoSuchUpload", ERR_MISSING, false, false, NULL },
	{ "NoSuchBucket", ERR_DOWN, false, false, "there is no such bucket: S3_BUCKET" },
	{ "AccessDenied", ERR_DENIED, false, false, no_rights },
	{ "AllAccessDisabled", ERR_DENIED, false, false, no_rights },
	{ "InvalidAccessKeyId", ERR_DENIED, false, true,
	    "S3 does not know this access key: S3_ACCESS_KEY" },
	{ "SignatureDoesNotMatch", ERR_DENIED, false, false, "S3 does not accept the "
	    "signature: S3_SECRET_KEY does not belong to S3_ACCESS_KEY" },
	{ "ExpiredToken", ERR_DENIED, true, true,
	    "the temporary credentials have expired: S3_SESSION_TOKEN" },
	{ "InvalidToken", ERR_DENIED, false, true,
	    "S3 does not accept the session token: S3_SESSION_TOKEN" },
	{ "RequestTimeTooSkewed", ERR_DENIED, false, false, "this host's clock and S3's "
	    "differ too much; set this one (timedatectl)" },
	{ "AuthorizationHeaderMalformed", ERR_DENIED, false, false, other_place },
	{ "AuthorizationQueryParametersError", ERR_DENIED, false, false, other_place },
	{ "PermanentRedirect", ERR_DOWN, false, false, other_place },
	{ "TemporaryRedirect", ERR_DOWN, false, false, other_place },
	{ "BadDigest", ERR_CONFLICT, false, false, NULL },
	{ "XAmzContentSHA256Mismatch", ERR_CONFLICT, false, false, NULL },
	{ "PreconditionFailed", ERR_CONFLICT, false, false, NULL },
	{ "InvalidRange", ERR_BAD, false, false, NULL },
	{ "KeyTooLongError", ERR_BAD, false, false, NULL },
	{ "EntityTooLarge", ERR_BIG, false, false, NULL },
	{ "InternalError", ERR_DOWN, true, false, "S3 has an error of its own" },
	{ "ServiceUnavailable", ERR_DOWN, true, false, "S3 is out of order" },
	{ "SlowDown", ERR_DOWN, true, false, "S3 asks for fewer requests" },
	{ "RequestTimeout", ERR_DOWN, true, false, "S3 waited too long for our bytes" },
	{ "OperationAborted", ERR_DOWN, true, false, "S3 was busy with the same object" },
};

static const struct s3_fault denied = { NULL, ERR_DENIED, false, true, no_rights };
static const struct s3_fault missing = { NULL, ERR_MISSING, false, false, NULL };
static const struct s3_fault changed = { NULL, ERR_CONFLICT, false, false, NULL };
static const struct s3_fault beyond = { NULL, ERR_BAD, false, false, NULL };
static const struct s3_fault moved = { NULL, ERR_DOWN, false, false, other_place };
static const struct s3_fault busy = { NULL, ERR_DOWN, true, false,
	"S3 was busy with the same object" };
static const struct s3_fault bad = { NULL, ERR_BROKEN, true, true,
	"S3 refused a request of ours, and does not say why" };
static const struct s3_fault down = { NULL, ERR_DOWN, true, false,
	"S3 is out of order" };
static const struct s3_fault strange = { NULL, ERR_BROKEN, false, false,
	"S3 refused a request of ours" };

static const struct s3_fault *
by_status(int status, bool is_told)
{
	if (status >= 500 || status == 429 || status == 408)
		return &down;
	switch (status) {
	case 400: /* an expired token, of HEAD */
		return is_told ? &strange : &bad;
	case 301: case 302: case 307: case 308:
		return &moved;
	case 401: case 403:
		return &denied;
	case 404: case 405: /* 405: a version that is a delete marker */
		return &missing;
	case 409:
		return &busy;
	case 412:
		return &changed;
	case 416:
		return &beyond;
	default:
		return &strange;
	}
}

const struct s3_fault *
s3_fault(int status, const char *code)
{
	for (size_t i = 0; *code && i < sizeof(by_code) / sizeof(by_code[0]); i++)
		if (text_same(by_code[i].code, code))
			return &by_code[i];
	return by_status(status, *code);
}
