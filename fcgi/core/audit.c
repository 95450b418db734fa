/* SPDX-License-Identifier: MIT */
/*
 * Writing the audit. Its ids begin with the time, so the newest rows are at the end
 * of the index and pages of it are cheap.
 */
#include "audit.h"
#include "db.h"
#include "queries.h"

struct audit_insert_in
audit_row(const struct audit_source *source, const struct audit_event *event,
    char id[ID_TEXT])
{
	id_make(id);
	return (struct audit_insert_in){
		.audit_id = id, .logged_at = source->now,
		.level = event->level ? event->level : "INFO",
		.module = event->module, .action = event->action,
		.endpoint = source->endpoint, .user_id = source->who,
		.role = source->role, .subject = event->subject,
		.details = event->details, .before_values = event->before,
		.after_values = event->after, .ip_address = source->address,
		.request_id = source->request_id };
}

enum err
audit_write(struct db *db, const struct audit_source *source,
    const struct audit_event *event)
{
	char id[ID_TEXT];
	const struct audit_insert_in row = audit_row(source, event, id);
	int64_t n;
	enum err e = q_audit_insert(db, &row, &n);

	return e || n ? e : ERR_CONFLICT; /* two of one id: 40 random bits were one */
}
