/* SPDX-License-Identifier: MIT */
/*
 * Writing the audit. Its ids begin with the time, so the newest rows are at the end
 * of the index and pages of it are cheap.
 */
#include "audit.h"
#include "db.h"
#include "id.h"
#include "queries.h"

enum err
audit_write(struct db *db, const struct audit_source *source,
    const struct audit_event *event)
{
	char id[ID_TEXT];

	id_make(id);
	return q_audit_insert(db, &(struct audit_insert_in){
	    .audit_id = id, .logged_at = source->now,
	    .level = event->level ? event->level : "INFO",
	    .module = event->module, .action = event->action,
	    .endpoint = source->endpoint, .user_id = source->who,
	    .role = source->role, .subject = event->subject,
	    .details = event->details, .before_values = event->before,
	    .after_values = event->after, .ip_address = source->address,
	    .request_id = source->request_id }, NULL);
}
