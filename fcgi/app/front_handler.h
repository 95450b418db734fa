/* SPDX-License-Identifier: MIT */
#ifndef APP_FRONT_HANDLER_H
#define APP_FRONT_HANDLER_H

#include "access.h"
#include "audit.h"
#include "req.h"
#include "route.h"
#include "throttle.h"

/*
 * What a handler asks of the front door, and does through it.
 */

/* front_viewer(r): Who asks; all zeros on routes for anybody. */
const struct viewer *front_viewer(const struct req *r);

/* The viewer's scope as parameters of a generated statement. Who is an operator no
 * more may still have districts: they count for operators only. */
#define SCOPE(v) .viewer_all = (v)->all, .viewer_farmer_id = (v)->farmer_id, \
	.viewer_account_id = (v)->is_operator ? (v)->account_id : NULL

/* front_full(r): Have the records of a page taken so much memory that the reply might not
 * fit in beside more of them? */
bool front_full(const struct req *r);

/* front_room(r, n): ERR_BIG with words if so, n being how many fit. */
enum err front_room(struct req *r, size_t n);

/* front_body(r): Room for a reply of what has been read, in one piece: one that grows
 * leaves pieces behind. To be called before the reply. */
void front_body(struct req *r);

/* front_save(r): Commit what was done so far and begin anew, for what must outlive
 * a refusal (a counted attempt). */
enum err front_save(struct req *r);

/* front_undo(r): Take back what was done since the last commit and begin anew, for
 * a page that shows a form once more with what is wrong in it. */
void front_undo(struct req *r);

/* front_later(r): What took long is done (a large upload is stored), and nothing is
 * written yet: from here on the present is r->now, as rows must not be dated long before
 * their commit. */
void front_later(struct req *r);

/* front_write(r): Let r, which is a GET, write what counts its own use: from here on it
 * is one transaction as any other request. */
void front_write(struct req *r);

/* front_base(r): What addresses of ours begin with, "https://register.example.org":
 * PUBLIC_URL, or what r was sent to. "" if that makes no sense. */
const char *front_base(struct req *r);

/* front_throttle(r, t): Count an attempt, for good, and refuse it with 429 and
 * Retry-After if it is one too many. kind, subject, limit and window of t are set. To
 * be called before anything else is written. */
enum err front_throttle(struct req *r, const struct throttle *t);

/* front_limit(r, t): The same for what counts only when it is done: in the transaction
 * of the action, without a commit of its own. */
enum err front_limit(struct req *r, const struct throttle *t);

/* front_audit(r, event): Record what r does, in its transaction. */
enum err front_audit(struct req *r, const struct audit_event *event);

/* front_audit_all(r, list): Record many things that r does. */
enum err front_audit_all(struct req *r, const struct audit_list *list);

/* front_scan(r, file): Have an uploaded file looked through for viruses (scan.h), before
 * anything is written or kept. Refuses it if something is found, which goes into the
 * audit for good, and if it could not be checked. Called by whatever takes files. */
enum err front_scan(struct req *r, const struct req_file *file);

/* front_read(r, event): Record that r is shown what event says, through the journal
 * (journal.h). Whatever gives away a person's record, a file or an export calls it when
 * it knows what it gives; its failure (503) must be returned, and then nothing is
 * given: no record, no read. A handler may have made its reply before. */
enum err front_read(struct req *r, const struct audit_event *event);

#endif
