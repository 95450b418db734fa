/* SPDX-License-Identifier: MIT */
#ifndef S3_COURIER_H
#define S3_COURIER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"
#include "id.h"

struct arena;

/*
 * Objects in S3, fetched and carried by a process of its own beside each worker. Only
 * the courier has the secret and the network; a worker, which reads what strangers
 * sent, passes it open files and gets bytes and signed addresses back.
 *
 * Every function here waits for the courier's answer. The courier tries again what may
 * be tried again (answers 500, 502, 503, 504, SlowDown, broken connections, no answer in
 * time) for as long as courier_start says; a transfer that goes on may take its time,
 * one that stands still is given up. Each can return, beside what it says itself,
 *
 *     ERR_DOWN    S3 can't be reached, or is out of order; the courier is dead
 *     ERR_DENIED  S3 does not accept our credentials, or they may not do this
 *     ERR_BROKEN  S3's answer makes no sense, or the question does not
 *
 * all three logged. A key is UTF-8 of 1 to 1024 bytes (S3's limit) that need no
 * encoding by the caller; it begins with "hidden/", "objects/" or "tenants/",
 * and none of its parts is "." or "..": the courier does nothing with others, whoever
 * asks. Texts that are not needed are NULL or "".
 */
enum {
	COURIER_KEY = 1025,	/* room for a key with its NUL */
	COURIER_VERSION = 1025,	/* for a version id ("Version IDs ... 1,024 bytes") */
	COURIER_ETAG = 80,
	COURIER_MEDIA = 256,
	COURIER_LIST_MAX = 1000
};

/* courier_wanted(): The settings name a bucket. */
bool courier_wanted(void);

/* courier_start(patience_ms): Fork the courier. Call it before any key is loaded, and
 * have the secrets wiped afterwards (conf_guard, conf_forget_secrets); it has copied
 * what it needs. No new attempt is begun patience_ms after the first one began.
 * ERR_BROKEN (logged) if it can't be started, or a setting makes no sense. OK without
 * doing anything if no bucket is named. */
enum err courier_start(int patience_ms);

/* courier_forget(): In a worker, once its courier has started: wipe what the environment
 * has of the role's secrets. */
void courier_forget(void);

/* courier_stop(): End it; harmless if it does not run. */
void courier_stop(void);

/* What is kept with an object beside its bytes. */
struct courier_about {
	const char *media;	/* Content-Type; none: application/octet-stream */
	const char *object_id;	/* x-amz-meta-cem-object */
	const char *tenant_id;	/* x-amz-meta-tenant_id */
	const char *file_name;	/* x-amz-meta-original_filename; any UTF-8 */
};

struct courier_put {
	int fd;			/* a regular file, read by position */
	int64_t offset, size;
	const char *key;
	const char *md5;	/* in lower-case hex; not needed over COURIER_WHOLE */
	const char *sha256;	/* in lower-case hex */
	struct courier_about about;
};

/*
 * Up to COURIER_WHOLE bytes go at once, and their ETag is their MD5. More are sent in
 * parts of COURIER_PART: the ETag is the MD5 of the parts' binary MD5s, "-", and how many
 * parts there are, as S3 has it too.
 */
#define COURIER_WHOLE (INT64_C(64) << 20)
#define COURIER_PART (INT64_C(8) << 20)

struct courier_stored {
	char version[COURIER_VERSION];	/* the new one's; "" if none are kept */
	char etag[COURIER_ETAG];	/* as above, even if S3's differs (with KMS) */
};

/* courier_put(p, stored): Store the bytes; large ones in parts. S3 has checked the hashes
 * (of each part) when this is OK, and stored is filled. ERR_CONFLICT if the file's bytes
 * have another hash. After a lost answer two versions may be left, of which only the
 * last is told. */
enum err courier_put(const struct courier_put *p, struct courier_stored *stored);

/* What S3 says of an object. */
struct courier_object {
	int64_t size;
	int64_t modified_at;		/* full seconds */
	char etag[COURIER_ETAG];	/* without its quotes */
	char version[COURIER_VERSION];	/* "" if the bucket keeps none */
	char media[COURIER_MEDIA];
	char object_id[ID_TEXT];	/* x-amz-meta-cem-object, "" if it has none */
};

/* courier_get(key, version, fd, max, got): Write the object to fd, from its beginning
 * on, and fill got. Without version the newest. ERR_MISSING, also for a version that is
 * a delete marker; ERR_BIG over max bytes. Size is what S3 said, and all of it came;
 * hashes are the caller's to check. */
enum err courier_get(const char *key, const char *version, int fd, int64_t max,
    struct courier_object *got);

/* courier_head(key, version, found): The same without the bytes. ERR_MISSING. */
enum err courier_head(const char *key, const char *version,
    struct courier_object *found);

struct courier_copy {
	const char *from_key, *from_version, *key;
	int64_t size;			/* of the object, as its row has it */
	struct courier_about about;	/* the copy's own */
};

/* courier_copy(c, version): Copy within the bucket; S3 moves the bytes. ERR_MISSING. */
enum err courier_copy(const struct courier_copy *c, char version[COURIER_VERSION]);

/* courier_remove(key, version): Remove one version for good; gone already is fine.
 * "null" is the version of an object from before the bucket kept any. ERR_BAD without
 * one: that would only hide the object. */
enum err courier_remove(const char *key, const char *version);

struct courier_entry {
	const char *key, *version;
	int64_t size, modified_at;
	bool marker;			/* it says that the object was deleted */
};

struct courier_find {
	const char *prefix;
	const char *after_key;		/* where the last page ended, else none */
	const char *after_version;	/* together with it */
	int limit;			/* 1 to COURIER_LIST_MAX */
};

struct courier_page {
	struct courier_entry *entries;
	size_t n;
	bool more;			/* then ask again after these: */
	const char *next_key, *next_version;
};

/* courier_list(a, f, page): All versions of the objects of a prefix by key (bytewise),
 * the newest of a key first. */
enum err courier_list(struct arena *a, const struct courier_find *f,
    struct courier_page *page);

struct courier_link {
	const char *method;		/* GET, HEAD or PUT */
	const char *key, *version;
	int seconds;			/* 1 to 604800 */
	const char *disposition;	/* what S3 shall answer as Content-Disposition */
	const char *media;		/* and as Content-Type */
};

/* courier_presign(a, l, url, until): An address that whoever has it may use until then
 * (microseconds; earlier than asked for if our credentials end before). Its host is
 * that of courier_host. S3 is not asked: the object may not exist. */
enum err courier_presign(struct arena *a, const struct courier_link *l, char **url,
    int64_t *until);

struct courier_form {
	const char *key;
	int64_t max;			/* bytes of the file at most */
	int seconds;			/* 1 to 604800 */
};

/* The fields of an upload form, to be sent before the file, which comes last. */
struct courier_field { const char *name, *value; };
struct courier_fields {
	const char *url;
	struct courier_field *fields;
	size_t n;
	int64_t until;			/* as for courier_presign */
};

/* courier_form(a, form, out): What a browser needs to upload one file to exactly this
 * key by POST ("Authenticating Requests: Browser-Based Uploads"). */
enum err courier_form(struct arena *a, const struct courier_form *form,
    struct courier_fields *out);

enum courier_versions { COURIER_VERSIONS_NEVER, COURIER_VERSIONS_ON,
    COURIER_VERSIONS_PAUSED };

struct courier_check {
	enum courier_versions versions;	/* does the bucket keep versions? */
	int64_t skew;			/* S3's clock minus ours, full seconds */
	char words[400];		/* what is wrong, for the operator, or "" */
};

/* courier_check(c): Ask S3 whether the bucket can be used. c->words is filled on any
 * failure too, but that of the courier itself. */
enum err courier_check(struct courier_check *c);

/* courier_probe(): Ask S3 quickly whether the bucket can be used, and let all processes
 * know (outage.h). For who looks after it now and then; OK without a bucket. */
void courier_probe(void);

/* courier_host(a): Scheme, host and port of all addresses of courier_presign:
 * "https://bucket.s3.eu-central-1.amazonaws.com". By the settings; no courier needed. */
const char *courier_host(struct arena *a);

#endif
