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
 *
 * S3 is never asked while something is written and not committed: nobody shall wait for
 * the database because S3 is slow.
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
	PAGE = 100, PAGES_MAX = 10,	/* of a key's newest versions */
	ARRIVALS_MAX = 100,		/* by one form that a job takes at once */
	ASKED_MAX = 25,			/* and a request, which has less memory */
	PATHS_MAX = 20,			/* that a request for many looks after */
	PAGE_MEMORY = 4 * 1024 * 1024,
	MD5 = 16,		/* bytes */
	MEMORY = 1024 * 1024,	/* of what lasts as long as a form is looked after */
	SILENT_MAX = 3		/* forms whose arrivals S3 does not give, in one run */
};

#define EARLY CLOCK_MINUTE	/* S3's clock may be so far behind */
#define PATIENCE (10 * CLOCK_SECOND)	/* of a request, before it begins with another */
#define LATE CLOCK_HOUR		/* an upload that began in time may take so long */

/* Looking after one form. */
struct adoption {
	struct req *r;		/* acts for the account that signed it */
	struct job *job;	/* or NULL: a request looks */
	struct arena *keep;	/* outlives the steps of a job */
	struct arena *page;	/* of one list of S3's */
	struct space_pending_next_row form;	/* its texts do, too */
	struct courier_object found;	/* what has arrived */
	struct space_new new;
};

/* May it have come by this form? What is too large for it may be another form's, who
 * allows that. */
static enum err
is_of_form(struct adoption *a, const struct courier_object *found, bool *is)
{
	const struct space_pending_next_row *p = &a->form;
	struct space_pending_most_row most;
	enum err e;

	*is = true;
	if (found->size <= p->max_size)
		return OK;
	e = q_space_pending_most(a->r->db, &(struct space_pending_most_in){
	    .organisation_id = p->organisation_id, .file_path = p->file_path }, &most);
	*is = !e && found->size > most.max_size;
	return e;
}

/* A version that can be overwritten can't be the file of a row. */
static bool
is_pinned(const struct adoption *a, const char *version)
{
	if (!text_empty(version) && !text_same(version, "null"))
		return true;
	log_write(LOG_ERROR, "form=%s what it brought can't be taken: the bucket keeps "
	    "no versions", a->form.pending_id);
	return false;
}

/* Is this a version that came by a form, and nobody has taken yet? */
static enum err
is_new(struct adoption *a, const struct courier_entry *entry, bool *is)
{
	const struct space_pending_next_row *p = &a->form;
	struct object_version_known_row *rows;
	struct courier_object found;
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
	e = courier_head(entry->key, entry->version, &found);
	if (e || *found.object_id) /* ours: an upload that is not committed */
		return e == ERR_MISSING ? OK : e;
	if (is_pinned(a, found.version))
		e = is_of_form(a, &found, is);
	if (*is)
		a->found = found;
	return e;
}

/* The oldest of one page. */
static enum err
look_at(struct adoption *a, const struct courier_page *page, bool *is)
{
	bool one = false;
	enum err e = OK;

	for (size_t i = page->n; i-- > 0 && !e && !one;)
		e = is_new(a, &page->entries[i], &one);
	*is = *is || one;
	return e;
}

/* Is there more of this key, from when the form held? S3 tells the newest first. */
static bool
goes_on(const struct adoption *a, const struct courier_page *page)
{
	const struct courier_entry *last = page->n ? &page->entries[page->n - 1] : NULL;

	return page->more && last && text_same(last->key, a->form.object_key) &&
	    last->modified_at >= a->form.created_at - EARLY;
}

/* The oldest arrival, if there is one. */
static enum err
look(struct adoption *a, bool *is)
{
	char key[COURIER_KEY] = "", version[COURIER_VERSION] = "";
	const struct courier_find find = { .prefix = a->form.object_key,
		.after_key = key, .after_version = version, .limit = PAGE };
	struct courier_page page;
	bool more = true;
	enum err e = OK;

	*is = false;
	for (int i = 0; i < PAGES_MAX && !e && more; i++) {
		arena_reset(a->page);
		e = courier_list(a->page, &find, &page);
		if (!e)
			e = look_at(a, &page, is);
		more = !e && goes_on(a, &page);
		if (more) {
			(void)snprintf(key, sizeof(key), "%s", page.next_key);
			(void)snprintf(version, sizeof(version), "%s",
			    page.next_version);
		}
	}
	return e;
}

/* Commit what was done for one arrival. */
static enum err
commit(struct adoption *a)
{
	return a->job ? job_step(a->job, NULL) : front_save(a->r);
}

/* It is not to be had, and must not be looked at again and again. First this is known for
 * good, then it goes. */
static enum err
refuse(struct adoption *a, const char *why)
{
	const struct space_pending_next_row *p = &a->form;
	enum err e;

	front_later(a->r);
	e = front_audit(a->r, &(struct audit_event){ .level = "WARNING",
	    .module = "files", .action = "refuse_upload", .subject = p->organisation_id,
	    .details = arena_print(a->r->arena, "{\"found\":\"%s\",\"size\":%lld}",
	    why, (long long)a->found.size) });
	if (!e)
		e = commit(a);
	if (e)
		return e;
	log_write(LOG_WARN, "form=%s an upload was refused and is removed, found=\"%s\"",
	    p->pending_id, why);
	return courier_remove(p->object_key, a->found.version);
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

/* One arrival. ERR_BIG: there is no room for it; it is looked for again while its form
 * is. ERR_MISSING: it is gone, or somebody else has just taken it. */
static enum err
take(struct adoption *a)
{
	char why[SCAN_NAME];
	enum err e = OK;

	if (a->found.size > a->form.max_size)
		return refuse(a, "too large");
	e = space_room(a->r, a->found.size);
	if (!e)
		e = fetch(a, why);
	if (e == ERR_BAD)
		return refuse(a, why);
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

/* All that has arrived by one form; in a request what can be done in time. */
static enum err
adopt(struct adoption *a)
{
	const int64_t began = clock_steady();
	const int most = a->job ? ARRIVALS_MAX : ASKED_MAX;
	bool is = true;
	enum err e = OK;

	a->page = arena_make(PAGE_MEMORY, NULL);
	for (int i = 0; i < most && !e && is; i++) {
		if (!a->job && clock_steady() - began >= PATIENCE)
			break;
		e = act(a, &is);
		if (!e && is)
			e = look(a, &is);
		if (!e && is)
			e = take(a);
	}
	arena_end(a->page);
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

/* Nobody looks for what it brought any more. What is still there was for a space that had
 * no room, or by an account that was switched off: it stays in the bucket, as who sent it
 * was told that it was taken, and the audit says so. */
static enum err
forget(struct adoption *a)
{
	const struct space_pending_next_row *p = &a->form;
	bool may, is = false;
	enum err e = act(a, &may);

	a->page = arena_make(PAGE_MEMORY, NULL);
	if (!e && courier_wanted())
		e = look(a, &is);
	arena_end(a->page);
	if (e == ERR_DENIED || e == ERR_BROKEN)
		return OK; /* S3 does not tell: the form stays until it does */
	if (e == ERR_BAD)
		e = OK; /* it is nobody's key */
	if (!e && is) {
		log_write(LOG_WARN, "form=%s an upload was never taken over, and stays "
		    "in the bucket", p->pending_id);
		e = front_audit(a->r, &(struct audit_event){ .level = "WARNING",
		    .module = "files", .action = "leave_upload",
		    .subject = p->organisation_id, .details = arena_print(a->r->arena,
		    "{\"size\":%lld}", (long long)a->found.size) });
	}
	return e ? e : q_space_pending_drop(a->job->db, &(struct space_pending_drop_in){
	    .pending_id = p->pending_id }, NULL);
}

/* One form. What goes wrong with it, short of the job's own end, stops no other. */
static enum err
tend(struct job *j, struct arena *keep, const struct space_pending_next_row *form)
{
	struct req r = { .db = j->db };
	struct adoption a = { .r = &r, .job = j, .keep = keep, .form = *form };
	enum err e = courier_wanted() ? adopt(&a) : OK;
	bool over = j->now > form->expires_at + LATE && e != ERR_DENIED;

	if (e && e != ERR_DOWN && e != ERR_CONFLICT) {
		front_undo(&r);
		e = OK;
	}
	if (!e && over)
		e = forget(&a);
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
	int silent = 0;
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
		if (e == ERR_DOWN && ++silent < SILENT_MAX) {
			db_rollback(j->db);
			db_intend(j->db);
			e = OK;
		}
	}
	arena_end(keep);
	return !e && silent ? ERR_DOWN : e;
}
