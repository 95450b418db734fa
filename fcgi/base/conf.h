/* SPDX-License-Identifier: MIT */
#ifndef BASE_CONF_H
#define BASE_CONF_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The settings, read once at start from a file (KEY=value lines) and then from
 * the environment, which wins. One typed table in conf.c names each with its
 * default and its range; README.md lists them. Strings live as long as the program.
 */
struct conf {
	const char *database_url;	/* DATABASE_URL */
	const char *state_dir;		/* STATE_DIR: everything that must be kept */
	const char *socket;		/* SOCKET: where nginx reaches the workers */
	const char *worker_user;	/* WORKER_USER: who root becomes */
	const char *environment;	/* ENVIRONMENT */
	const char *public_url;		/* PUBLIC_URL: what links begin with, or "" */
	const char *frontend_origin;	/* FRONTEND_ORIGIN: one more CORS origin, or "" */
	const char *issuer;		/* CARD_ISSUER: URI in the signed QR */
	const char *issuer_name;	/* CARD_ISSUER_NAME: printed on the card */
	const char *country;		/* CARD_COUNTRY: ISO 3166 code in the QR */
	const char *verify_url;		/* CARD_VERIFY_URL: printed on the back, or "" */
	const char *log_level;		/* LOG_LEVEL: debug, info, warn, error */
	const char *seed_admin_email;	/* SEED_ADMIN_EMAIL, or "" */
	const char *seed_admin_password;/* SEED_ADMIN_PASSWORD, or "" */
	char *jwt_secret;		/* JWT_SECRET, at least 32 characters */
	char *jwt_secret_previous;	/* JWT_SECRET_PREVIOUS: still accepted, or "" */
	char *secret_key;		/* SECRET_KEY, at least 32 characters */
	char *secret_key_previous;	/* SECRET_KEY_PREVIOUS: still opens, or "" */
	int64_t workers;		/* WORKERS: FastCGI workers */
	int64_t job_workers;		/* JOB_WORKERS: processes that do jobs */
	int64_t job_lease;		/* JOB_LEASE_SECONDS: of a worker on its job */
	int64_t access_minutes;		/* ACCESS_TOKEN_EXPIRE_MINUTES */
	int64_t refresh_days;		/* REFRESH_TOKEN_EXPIRE_DAYS */
	int64_t max_upload_mb;		/* MAX_UPLOAD_SIZE_MB: photos */
	int64_t max_file_mb;		/* MAX_FILE_SIZE_MB: files of a space */
	const char *clamd;		/* CLAMD: where clamd listens (net.h), or "" */
	int64_t scan_seconds;		/* SCAN_SECONDS: how long clamd may take */
	int64_t card_years;		/* CARD_YEARS: how long a card is valid */
	int64_t login_attempts;		/* LOGIN_ATTEMPTS: in 15 minutes, per account */
	int64_t login_attempts_address;	/* LOGIN_ATTEMPTS_ADDRESS: per address */
	const char *metrics_from;	/* METRICS_FROM: addresses (net.h), or "" */
	int64_t keep_info_hours;	/* LOG_KEEP_INFO_HOURS: of technical rows */
	int64_t keep_error_days;	/* LOG_KEEP_ERROR_DAYS: the same */
	int64_t audit_years;		/* AUDIT_KEEP_YEARS: of people's data */
	int64_t trash_days;		/* TRASH_DAYS: of deleted and replaced files */
	int64_t app_code;		/* APP_VERSION_CODE; 0: none is told */
	const char *app_name;		/* APP_VERSION_NAME */
	const char *app_url;		/* APP_DOWNLOAD_URL, or "" */
	const char *app_notes;		/* APP_RELEASE_NOTES, or "" */
	bool app_mandatory;		/* APP_MANDATORY */
	bool docs;			/* DOCS: serve /docs and /openapi.json */
	bool durable;			/* DURABLE: wait for the disk */
	const char *store;		/* STORE: disk, s3 */
	const char *s3_bucket;		/* S3_BUCKET, or "" */
	const char *s3_region;		/* S3_REGION */
	const char *s3_endpoint;	/* S3_ENDPOINT: scheme://host[:port], or "" */
	const char *s3_style;		/* S3_STYLE: host, path */
	char *s3_access_key;		/* S3_ACCESS_KEY, or "": by the host's role */
	char *s3_secret_key;		/* S3_SECRET_KEY */
	char *s3_session_token;		/* S3_SESSION_TOKEN, or "" */
	const char *s3_encryption;	/* S3_ENCRYPTION: AES256, aws:kms, or "" */
	const char *s3_kms_key;		/* S3_KMS_KEY, or "": the account's own */
	const char *s3_ca_file;		/* S3_CA_FILE */
};

extern struct conf conf;

/*
 * conf_load(file): Fill conf from file (NULL: none) and the environment.
 * On an unknown key in the file, a bad value or a missing secret it writes one
 * clear line to standard error for each and returns false.
 */
bool conf_load(const char *file);

/* conf_guard(): Keep the secrets and the database's URL from children forked from
 * now on (they see zeros), from core dumps, and from /proc/PID/environ. For
 * workers; the parent keeps its own for a reload. */
void conf_guard(void);

/* conf_forget_secrets(): Wipe the secrets once the keys are made from them. */
void conf_forget_secrets(void);

/* conf_forget_all(): The same, and the database's URL: for a helper without one. */
void conf_forget_all(void);

/* conf_print(): The table of settings for the README (`cem conf`): name, default,
 * words. Never a value that is set. */
void conf_print(void);

#endif
