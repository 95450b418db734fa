/* SPDX-License-Identifier: MIT */
/*
 * Whether the service answers, and what it is.
 */
#include <string.h>
#include <sys/statvfs.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "courier.h"
#include "db.h"
#include "fields.h"
#include "front.h"
#include "outage.h"
#include "queries.h"
#include "session.h"
#include "text.h"
#include "version.h"

struct health_out {
	const char *status;
};

static const struct shape_field health_out_fields[] = {
	FIELD(health_out, status, SHAPE_TEXT, .words = "always \"ok\""),
};
SHAPE(health_out, "Health", SHAPE_BODY);

struct root_out {
	const char *message, *status, *version, *environment, *docs, *health;
};

static const struct shape_field root_out_fields[] = {
	FIELD(root_out, message, SHAPE_TEXT),
	FIELD(root_out, status, SHAPE_TEXT),
	FIELD(root_out, version, SHAPE_TEXT),
	FIELD(root_out, environment, SHAPE_TEXT),
	FIELD(root_out, docs, SHAPE_TEXT),
	FIELD(root_out, health, SHAPE_TEXT),
};
SHAPE(root_out, "Root", SHAPE_BODY);

struct health_parts {
	bool mongo, redis, celery, disk;
	const char *mongo_error, *redis_error, *celery_error, *disk_error;
	const bool *s3, *clamd;
	const char *s3_error, *clamd_error;
	const int64_t *worker_seen_at, *disk_free_mb;
};

/* The names are those that monitors of the system before ask for. */
static const struct shape_field health_parts_fields[] = {
	FIELD(health_parts, mongo, SHAPE_BOOL, .words = "the database answers"),
	FIELD(health_parts, redis, SHAPE_BOOL, .words = "the job worker is alive"),
	FIELD(health_parts, celery, SHAPE_BOOL, .words = "the job worker is alive"),
	FIELD(health_parts, disk, SHAPE_BOOL, .words = "files can be stored"),
	FIELD(health_parts, mongo_error, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(health_parts, redis_error, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(health_parts, celery_error, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(health_parts, disk_error, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(health_parts, s3, SHAPE_BOOL, .flags = SHAPE_OPTIONAL | SHAPE_HIDDEN,
	    .words = "the bucket can be used; if there is one"),
	FIELD(health_parts, clamd, SHAPE_BOOL, .flags = SHAPE_OPTIONAL | SHAPE_HIDDEN,
	    .words = "the virus scanner answers; if there is one"),
	FIELD(health_parts, s3_error, SHAPE_TEXT,
	    .flags = SHAPE_OPTIONAL | SHAPE_HIDDEN),
	FIELD(health_parts, clamd_error, SHAPE_TEXT,
	    .flags = SHAPE_OPTIONAL | SHAPE_HIDDEN),
	FIELD(health_parts, worker_seen_at, SHAPE_TIME,
	    .flags = SHAPE_OPTIONAL | SHAPE_HIDDEN, .words = "for administrators"),
	FIELD(health_parts, disk_free_mb, SHAPE_INT,
	    .flags = SHAPE_OPTIONAL | SHAPE_HIDDEN, .words = "for administrators"),
};
static SHAPE(health_parts, "HealthParts", SHAPE_BODY);

struct health_full_out {
	const char *status;
	const struct health_parts *components;
};

static const struct shape_field health_full_out_fields[] = {
	FIELD(health_full_out, status, SHAPE_TEXT, .words = "\"ok\" or \"degraded\""),
	FIELD(health_full_out, components, SHAPE_OBJECT, .sub = &health_parts_shape),
};
SHAPE(health_full_out, "HealthFull", SHAPE_BODY);

enum { BEAT_LATE_S = 60, DISK_LEAST_MB = 100 };

/* Details are for administrators. Who sends no token, or an old one, is the public:
 * a monitor is never refused. */
static bool
for_admin(struct req *r)
{
	const char *header = req_env(r, "HTTP_AUTHORIZATION"), *why;
	struct viewer v;

	if (!r->db || text_empty(header) || strncmp(header, "Bearer ", 7) != 0)
		return false;
	return session_viewer(r->db, r->arena, &(struct session_ask){
	    .token = header + 7, .type = "access", .now = r->now }, &v, &why) == OK &&
	    v.is_admin;
}

/* The database is asked for the heartbeat, so one answer tells of both. */
static void
check_database(struct req *r, struct health_parts *out, int64_t *seen_at)
{
	struct heartbeat_get_row *rows;
	size_t n = 0;

	*seen_at = 0;
	out->mongo = r->db && q_heartbeat_get(r->db, &(struct heartbeat_get_in){
	    .beat_name = "job worker" }, &rows, &n) == OK;
	if (!out->mongo)
		out->mongo_error = "the database does not answer";
	else if (n)
		*seen_at = rows->beat_at;
	out->redis = *seen_at > r->now - BEAT_LATE_S * CLOCK_SECOND;
	out->celery = out->redis;
	if (!out->redis)
		out->redis_error = out->celery_error = out->mongo ?
		    "no sign of the job worker for a minute" :
		    "unknown, as the database does not answer";
}

static void
check_disk(struct req *r, struct health_parts *out, int64_t *free_mb)
{
	struct statvfs fs;

	*free_mb = 0;
	if (statvfs(arena_print(r->arena, "%s/store", conf.state_dir), &fs) != 0) {
		out->disk_error = "the folder of stored files can't be reached";
		return;
	}
	*free_mb = (int64_t)(fs.f_bavail * fs.f_frsize >> 20);
	out->disk = *free_mb >= DISK_LEAST_MB;
	if (!out->disk)
		out->disk_error = "the disk of stored files is full";
}

/* Nobody is asked: what is known is at most some seconds old (work.c). */
static bool
check_others(struct health_parts *out)
{
	static const bool yes = true, no = false;
	const enum err bucket = outage_told(OUTAGE_S3);

	if (courier_wanted())
		out->s3 = bucket ? &no : &yes;
	if (*conf.clamd)
		out->clamd = outage_told(OUTAGE_CLAMD) ? &no : &yes;
	if (out->s3 == &no)
		out->s3_error = bucket == ERR_DOWN ? "S3 does not answer" :
		    bucket == ERR_CONFLICT ? "the bucket keeps no versions" :
		    "S3 refuses what it is asked";
	if (out->clamd == &no)
		out->clamd_error = "the virus scanner does not answer";
	return !out->s3_error && !out->clamd_error;
}

enum err
health_full(struct req *r)
{
	bool whole = for_admin(r);
	struct health_parts parts = { 0 };
	int64_t seen_at, free_mb;
	bool good;

	check_database(r, &parts, &seen_at);
	check_disk(r, &parts, &free_mb);
	good = check_others(&parts) && parts.mongo && parts.redis && parts.celery &&
	    parts.disk;
	if (whole && seen_at)
		parts.worker_seen_at = &seen_at;
	if (whole)
		parts.disk_free_mb = &free_mb;
	return reply(r, 200, &(struct health_full_out){ good ? "ok" : "degraded",
	    &parts });
}

struct version_out {
	int64_t version_code;
	const char *version_name, *download_url, *release_notes;
	bool mandatory;
};

static const struct shape_field version_out_fields[] = {
	NAMED("versionCode", version_out, version_code, SHAPE_INT),
	NAMED("versionName", version_out, version_name, SHAPE_TEXT),
	NAMED("downloadUrl", version_out, download_url, SHAPE_TEXT),
	NAMED("releaseNotes", version_out, release_notes, SHAPE_TEXT),
	FIELD(version_out, mandatory, SHAPE_BOOL),
};
SHAPE(version_out, "AppVersion", SHAPE_BODY);

struct app_health_out { const char *status, *latest; };

static const struct shape_field app_health_out_fields[] = {
	FIELD(app_health_out, status, SHAPE_TEXT),
	NAMED("latestVersion", app_health_out, latest, SHAPE_TEXT),
};
SHAPE(app_health_out, "AppHealth", SHAPE_BODY);

/* What the Android app asks at sign-in and every six hours. 404 is quiet there, and so
 * is the answer where nobody has said what the newest one is. */
enum err
health_app_version(struct req *r)
{
	if (!conf.app_code)
		return fail(r, ERR_MISSING, "No version of the app is published");
	return reply(r, 200, &(struct version_out){ conf.app_code, conf.app_name,
	    conf.app_url, conf.app_notes, conf.app_mandatory });
}

enum err
health_app(struct req *r)
{
	return reply(r, 200, &(struct app_health_out){ "ok", conf.app_name });
}

enum err
health_show(struct req *r)
{
	return reply(r, 200, &(struct health_out){ .status = "ok" });
}

enum err
health_root(struct req *r)
{
	return reply(r, 200, &(struct root_out){
	    .message = "Zambian Farmer System API", .status = "running",
	    .version = CEM_VERSION, .environment = conf.environment,
	    .docs = "/docs", .health = "/api/health" });
}
