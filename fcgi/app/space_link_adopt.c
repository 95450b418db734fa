/* SPDX-License-Identifier: MIT */
/*
 * What S3 took by a form of ours becomes a file of its path. S3 tells nobody, so whoever
 * asks for the path looks first, and a job each minute. All versions of the key are
 * looked at, oldest first; one that has neither a row nor our mark came by a form.
 * Its bytes are fetched once, to be hashed and judged as every upload's are, and stay
 * where they lie: the row names key and version. What is too large or bad is removed.
 *
 * S3's time of arrival, in whole seconds, is the file's: what was uploaded in another way
 * meanwhile stays on top, and this becomes its version. That no version is taken twice
 * is decided by the database; who comes second finds it done.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "clock.h"
#include "courier.h"
#include "db.h"
#include "digest.h"
#include "front.h"
#include "id.h"
#include "job.h"
#include "log.h"
#include "media.h"
#include "queries.h"
#include "scan.h"
#include "session.h"
#include "space.h"
#include "space_link.h"
#include "space_tally.h"
#include "text.h"

enum {
	VERSIONS_MAX = 100,	/* of a key that are looked at */
	PATHS_MAX = 20,		/* that a request for many looks after */
	MD5 = 16,		/* bytes */
	MEMORY = 1024 * 1024	/* of what lasts as long as a form is looked after */
};

#define EARLY CLOCK_MINUTE	/* S3's clock may be so far behind */
#define PATIENCE (10 * CLOCK_SECOND)	/* of a request, before it begins with another */
#define LATE CLOCK_HOUR		/* an upload that began in time may take so long */

/* Looking after one form. */
struct adoption {
	struct req *r;		/* acts for the account that signed it */
	struct job *job;	/* or NULL: a request looks */
	struct arena *keep;	/* outlives the steps of a job */
	struct space_pending_next_row form;	/* its texts do, too */
	struct courier_object found;	/* what has arrived */
	struct space_new new;
};

/* Is this a version that came by a form, and nobody has taken yet? */
static enum err
is_new(struct adoption *a, const struct courier_entry *entry, bool *is)
{
	const struct space_pending_next_row *p = &a->form;
	struct object_version_known_row *rows;
	size_t n;
	enum err e;

	*is = false;
	if (entry->marker || !text_same(entry->key, p->object_key) ||
	    entry->modified_at < p->created_at - EARLY ||
	    entry->modified_at > p->expires_at + LATE)
		return OK;
	e = q_object_version_known(a->r->db, &(struct object_version_known_in){
	    .object_key = entry->key, .object_version = entry->version }, &rows, &n);
	if (e || n)
		return e;
	e = courier_head(entry->key, entry->version, &a->found);
	*is = !e && !*a->found.object_id; /* ours: an upload that is not committed */
	return e == ERR_MISSING ? OK : e;
}

/* The oldest arrival, if there is one; S3 tells the newest first. */
static enum err
look(struct adoption *a, bool *is)
{
	struct courier_page page;
	enum err e = courier_list(a->r->arena, &(struct courier_find){
	    .prefix = a->form.object_key, .limit = VERSIONS_MAX }, &page);

	*is = false;
	for (size_t i = e ? 0 : page.n; i-- > 0 && !e && !*is;)
		e = is_new(a, &page.entries[i], is);
	return e;
}

/* It is not to be had, and must not be looked at again and again. */
static enum err
refuse(struct adoption *a, const char *why)
{
	const struct space_pending_next_row *p = &a->form;
	enum err e = front_audit(a->r, &(struct audit_event){ .level = "WARNING",
	    .module = "files", .action = "refuse_upload", .subject = p->organisation_id,
	    .details = arena_print(a->r->arena, "{\"found\":\"%s\",\"size\":%lld}",
	    why, (long long)a->found.size) });

	log_write(LOG_WARN, "form=%s an upload was refused and removed, found=\"%s\"",
	    p->pending_id, why);
	return e ? e : courier_remove(p->object_key, a->found.version);
}

/* What the bytes are; ERR_BAD and in why: a virus. */
static enum err
judge(struct adoption *a, int fd, char why[SCAN_NAME])
{
	struct store_object *o = &a->new.object;
	uint8_t head[MEDIA_HEAD], hash[MD5];
	struct digest d;
	ssize_t n = pread(fd, head, sizeof(head), 0);

	if (n < 0 || !digest_file(fd, &d)) {
		log_write(LOG_ERROR, "form=%s its file can't be read",
		    a->form.pending_id);
		return ERR_DOWN;
	}
	o->size = d.size;
	memcpy(o->sha256, d.sha256, sizeof(o->sha256));
	memcpy(o->md5, d.md5, sizeof(o->md5));
	if (d.size > DIGEST_WHOLE && text_hex_read(a->found.etag, hash, sizeof(hash)))
		(void)snprintf(o->md5, sizeof(o->md5), "%s", text_hex(a->keep, hash,
		    sizeof(hash))); /* what S3 gives to whom it sends it itself */
	a->new.claimed_type = a->found.media;
	a->new.content_type = media_served(a->keep, head, (size_t)n, a->found.media);
	return scan_file(fd, 0, (size_t)d.size, why);
}

/* Fetch what arrived, so that it can be known. */
static enum err
fetch(struct adoption *a, char why[SCAN_NAME])
{
	struct store_object *o = &a->new.object;
	int fd;
	enum err e = store_fd(&(struct store_at){ .id = a->form.pending_id, .in = "s3",
	    .key = a->form.object_key, .version = a->found.version,
	    .size = a->found.size }, &fd);

	if (e)
		return e;
	a->new = (struct space_new){ .path = a->form.file_path };
	id_make(o->id);
	o->fd = -1;
	o->in = "s3";
	o->key = a->form.object_key;
	memcpy(o->version, a->found.version, sizeof(a->found.version));
	e = judge(a, fd, why);
	(void)close(fd); /* was only read */
	return e;
}

/* Below what has been uploaded since. */
static enum err
put_below(const struct space_by *by, const struct adoption *a,
    const struct space_newer_row *top)
{
	const struct store_object *o = &a->new.object;
	char version_id[ID_TEXT];
	enum err e = store_note(by->db, o, by->now);

	id_make_at(top->uploaded_at, version_id);
	if (!e)
		e = q_space_older_insert(by->db, &(struct space_older_insert_in){
		    .version_id = version_id, .file_id = top->file_id,
		    .viewer_organisation_id = by->organisation_id, .object_id = o->id,
		    .claimed_type = a->new.claimed_type,
		    .content_type = a->new.content_type, .file_size = o->size,
		    .md5 = o->md5, .sha256 = o->sha256, .uploaded_at = by->now,
		    .uploaded_by = by->who, .replaced_at = top->uploaded_at }, NULL);
	return e ? e : space_count(by->db, by->organisation_id, &(struct space_change){
	    .version_files = 1, .version_bytes = o->size });
}

/* Make it the file of its path, or a version of that. Of the same second, what is found
 * later came later. */
static enum err
put(struct adoption *a)
{
	struct space_by by = space_viewer(a->r);
	struct space_newer_row *top;
	bool below;
	size_t n;
	enum err e = q_space_newer(by.db, &(struct space_newer_in){
	    .viewer_organisation_id = by.organisation_id, .file_path = a->new.path,
	    .since = a->found.modified_at }, &top, &n);

	by.now = a->found.modified_at;
	below = !e && n && top->uploaded_at >= by.now + CLOCK_SECOND;
	if (below)
		memcpy(a->new.file_id, top->file_id, ID_TEXT);
	else if (!e && n)
		by.now = top->uploaded_at + 1;
	if (!e)
		e = below ? put_below(&by, a, top) : space_put(&by, &a->new, 1);
	if (e)
		return e;
	log_write(LOG_INFO, "file arrived file=%s organisation=%s size=%lld who=%s",
	    a->new.file_id, by.organisation_id, (long long)a->found.size, by.who);
	return front_audit(a->r, &(struct audit_event){ .module = "files",
	    .action = !below && a->new.is_new ? "upload" : "overwrite",
	    .subject = a->new.file_id, .details = arena_print(a->r->arena,
	    "{\"organisation_id\":\"%s\",\"size\":%lld,\"sha256\":\"%s\"}",
	    by.organisation_id, (long long)a->found.size, a->new.object.sha256) });
}

/* Commit what was done for one arrival. */
static enum err
commit(struct adoption *a)
{
	return a->job ? job_step(a->job, NULL) : front_save(a->r);
}

/* One arrival. ERR_BIG: there is no room for it; it is looked for again while its form
 * is. ERR_MISSING: it is gone, or somebody else has just taken it. */
static enum err
take(struct adoption *a)
{
	char why[SCAN_NAME];
	enum err e = OK;

	if (a->found.size > a->form.max_size) {
		e = refuse(a, "too large");
		return e ? e : commit(a);
	}
	e = space_room(a->r, a->found.size);
	if (!e)
		e = fetch(a, why);
	if (e == ERR_BAD) {
		e = refuse(a, why);
		return e ? e : commit(a);
	}
	if (e)
		return e;
	front_later(a->r);
	e = put(a);
	if (e == ERR_CONFLICT)
		return ERR_MISSING;
	return e ? e : commit(a);
}

/* From here on a->r acts for who signed the form; *may: and may. */
static enum err
act(struct adoption *a, bool *may)
{
	struct viewer *v;
	enum err e;

	if (a->job)
		job_req(a->job, a->r);
	v = arena_take(a->r->arena, sizeof(*v));
	e = session_account(a->r->db, a->form.account_id, v);
	a->r->who = v;
	*may = !e && text_same(v->organisation_id, a->form.organisation_id);
	return e == ERR_AUTH ? OK : e;
}

/* All that has arrived by one form. */
static enum err
adopt(struct adoption *a)
{
	bool is = true;
	enum err e = OK;

	for (int i = 0; i < VERSIONS_MAX && !e && is; i++) {
		e = act(a, &is);
		if (!e && is)
			e = look(a, &is);
		if (!e && is)
			e = take(a);
	}
	return e;
}

/* In a request: what fails is undone, and the request goes on as if nothing were
 * there; only when S3 is silent it can't be known. What would take long is the job's. */
static enum err
adopt_all(struct req *r, const struct space_pending_next_row *rows, size_t n)
{
	const int64_t began = clock_steady();
	const void *who = r->who;
	enum err e = OK;

	if (n)
		front_write(r);
	for (size_t i = 0; i < n && !e && clock_steady() - began < PATIENCE; i++) {
		struct adoption a = { .r = r, .keep = r->arena, .form = rows[i] };

		e = adopt(&a);
		if (e)
			front_undo(r);
		r->who = who;
		r->detail = NULL;
		if (e != ERR_DOWN)
			e = OK;
	}
	return e;
}

enum err
space_adopt(struct req *r, const char *path)
{
	struct space_pending_next_row *rows;
	size_t n;
	enum err e;

	if (!courier_wanted())
		return OK;
	e = q_space_pending_at(r->db, &(struct space_pending_at_in){
	    SPACE_OF(front_viewer(r)), .file_path = path }, &rows, &n);
	return e ? e : adopt_all(r, rows, n);
}

enum err
space_arrive(struct req *r, const char *path)
{
	enum err e = space_adopt(r, path);

	return e ? e : front_save(r);
}

enum err
space_arrive_between(struct req *r, const char *from, const char *until,
    bool (*wanted)(const void *context, const char *path), const void *context)
{
	const int64_t began = clock_steady();
	struct space_pending_paths_row *rows;
	size_t n = courier_wanted() ? 1 : 0;
	int left = PATHS_MAX;
	enum err e = OK;

	while (!e && n && left > 0 && clock_steady() - began < PATIENCE) {
		e = q_space_pending_paths(r->db, &(struct space_pending_paths_in){
		    SPACE_OF(front_viewer(r)), .from_path = from, .until = until },
		    &rows, &n);
		for (size_t i = 0; !e && i < n && left > 0; i++) {
			if (wanted && !wanted(context, rows[i].file_path))
				continue;
			e = space_arrive(r, rows[i].file_path);
			left--;
		}
		if (!e && n) /* no path has a character so small */
			from = arena_print(r->arena, "%s\x01", rows[n - 1].file_path);
	}
	return e;
}

enum err
space_adopt_in(struct req *r, const char *folder)
{
	struct space_pending_next_row *rows;
	size_t n;
	enum err e;

	if (!courier_wanted())
		return OK;
	e = q_space_pending_in(r->db, &(struct space_pending_in_in){
	    SPACE_OF(front_viewer(r)), .path_folder = folder }, &rows, &n);
	if (!e)
		e = adopt_all(r, rows, n);
	return e == ERR_DOWN ? OK : e;
}

/* A copy that outlives the steps of the job. */
static struct space_pending_next_row
kept(struct arena *a, const struct space_pending_next_row *row)
{
	struct space_pending_next_row out = *row;

	out.pending_id = arena_text(a, row->pending_id);
	out.organisation_id = arena_text(a, row->organisation_id);
	out.account_id = arena_text(a, row->account_id);
	out.file_path = arena_text(a, row->file_path);
	out.object_key = arena_text(a, row->object_key);
	return out;
}

/* One form. What goes wrong with it, short of the job's own end, stops no other. */
static enum err
tend(struct job *j, struct arena *keep, const struct space_pending_next_row *form)
{
	struct req r = { .db = j->db };
	struct adoption a = { .r = &r, .job = j, .keep = keep, .form = *form };
	enum err e = courier_wanted() ? adopt(&a) : OK;

	if (e == ERR_MISSING || e == ERR_BIG || e == ERR_BROKEN) {
		front_undo(&r);
		e = OK;
	}
	if (!e && j->now > form->expires_at + LATE)
		e = q_space_pending_drop(j->db, &(struct space_pending_drop_in){
		    .pending_id = form->pending_id }, NULL);
	j->done++;
	return e ? e : job_step(j, NULL);
}

enum err
space_pending(struct job *j)
{
	struct space_pending_next_row form, *rows;
	struct space_pending_next_in after = { .after_time = 0, .after_id = "" };
	struct arena *keep = arena_make(MEMORY, NULL); /* of one form */
	size_t n = 1;
	enum err e = OK;

	while (!e && n) {
		e = q_space_pending_next(j->db, &after, &rows, &n);
		if (e || !n)
			continue;
		arena_reset(keep);
		form = kept(keep, rows);
		after = (struct space_pending_next_in){ .after_time = form.expires_at,
			.after_id = form.pending_id };
		e = tend(j, keep, &form);
	}
	arena_end(keep);
	return e;
}
