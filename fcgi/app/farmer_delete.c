/* SPDX-License-Identifier: MIT */
/*
 * Deleting a farmer, and undoing it. The row stays, out of every list, count, search,
 * sign-in and check; its files go out of use, its card is revoked, its sessions end,
 * and its NRC may be registered anew. `cem farmer restore` puts back what can be: not
 * the card, not files that were purged meanwhile, and nothing if the NRC is taken.
 */
#include <stdio.h>

#include "arena.h"
#include "audit.h"
#include "clock.h"
#include "command.h"
#include "db.h"
#include "farmer.h"
#include "farmer_audit.h"
#include "farmer_tally.h"
#include "fields.h"
#include "front.h"
#include "log.h"
#include "seal.h"
#include "text.h"

/* What goes with the farmer. now is also in deleted_at: so it is found again. */
static enum err
end_all(struct req *r, const struct farmer_get_row *row, int64_t now)
{
	const struct farmer_counted was = { .province_name = row->province_name,
		.district_name = row->district_name, .created_by = row->created_by,
		.registration_status = row->registration_status,
		.created_at = row->created_at,
		.farm_size_hectares = row->farm_size_hectares };
	enum err e = q_card_revoke(r->db, &(struct card_revoke_in){ .now = now,
	    .farmer_id = row->farmer_id, .revoked_why = "the farmer was deleted" },
	    NULL);

	if (!e)
		e = q_file_replace_all(r->db, &(struct file_replace_all_in){
		    .farmer_id = row->farmer_id, .now = now }, NULL);
	if (!e)
		e = q_session_end_farmer(r->db, &(struct session_end_farmer_in){
		    .farmer_id = row->farmer_id }, NULL);
	if (!e)
		e = q_farmer_term_clear(r->db, &(struct farmer_term_clear_in){
		    .farmer_row_id = row->farmer_row_id });
	return e ? e : farmer_tally_one(r->arena, r->db, &was, NULL);
}

enum err
farmer_remove(struct req *r)
{
	const struct viewer *v = front_viewer(r);
	const char *farmer_id = req_param(r, "farmer_id");
	struct farmer_get_row row;
	int64_t n, now;
	enum err e = q_farmer_touch(r->db, &(struct farmer_touch_in){
	    .farmer_id = farmer_id, .now = r->now, SCOPE(v) }, &n);

	if (!e) /* as it is now: nobody changes it any more */
		e = farmer_read(r, farmer_id, &row);
	if (e)
		return e;
	now = r->now > row.updated_at ? r->now : row.updated_at + 1;
	e = q_farmer_delete(r->db, &(struct farmer_delete_in){ .now = now,
	    .deleted_by = v->mark, .farmer_id = farmer_id, SCOPE(v),
	    .nrc_hash = arena_print(r->arena, "deleted %s", row.farmer_row_id) }, &n);
	if (!e && !n)
		return fail(r, ERR_MISSING, "Farmer %s not found", farmer_id);
	if (!e)
		e = end_all(r, &row, now);
	if (!e)
		e = farmer_event(r, "delete_success", farmer_id, (const char *const[]){
		    "registration_status", row.registration_status,
		    "district_name", row.district_name, NULL });
	if (e)
		return e;
	log_write(LOG_INFO, "farmer deleted farmer=%s who=%s", farmer_id, v->mark);
	return reply(r, 200, &(struct farmer_done){
	    arena_print(r->arena, "Farmer %s deleted successfully", farmer_id),
	    farmer_id });
}

/* The command line. */

static int
complain(const char *words, const char *farmer_id)
{
	fprintf(stderr, "cem: farmer %s %s\n", farmer_id, words);
	return 1;
}

/* Is the NRC in use again? *taken is the number of who has it, or NULL. */
static enum err
find_nrc(struct command *c, struct db *db, const char *nrc, const char **taken)
{
	struct farmer_by_nrc_row *rows;
	size_t n;
	enum err e = q_farmer_by_nrc(db, &(struct farmer_by_nrc_in){
	    .nrc_hash = seal_hash(c->arena, nrc, 0),
	    .other_hash = seal_hash(c->arena, nrc, 1) }, &rows, &n);

	*taken = !e && n ? rows->farmer_id : NULL;
	return e;
}

/* The words it is found by, and its place in the figures. */
static enum err
put_back_rest(struct command *c, struct db *db, const struct farmer_deleted_row *row)
{
	struct req r = { .arena = c->arena, .db = db };
	const struct farmer_draft draft = { .created_by = row->created_by,
		.created_at = row->created_at, .row = {
		    .farmer_row_id = row->farmer_row_id, .farmer_id = row->farmer_id,
		    .first_name = row->first_name, .last_name = row->last_name,
		    .phone_primary = row->phone_primary,
		    .phone_secondary = row->phone_secondary,
		    .province_name = row->province_name,
		    .district_name = row->district_name,
		    .registration_status = row->registration_status,
		    .farm_size_hectares = row->farm_size_hectares } };
	const struct farmer_counted now = farmer_draft_counted(&draft);
	enum err e = farmer_draft_terms_again(&r, &draft);

	return e ? e : farmer_tally_one(c->arena, db, NULL, &now);
}

static enum err
put_back(struct command *c, struct db *db, const struct farmer_deleted_row *row,
    const char *nrc)
{
	const int64_t clock = clock_now();
	const int64_t now = clock > row->updated_at ? clock : row->updated_at + 1;
	const struct audit_source source = { .endpoint = "cem farmer restore",
		.who = "command line", .now = now };
	int64_t n;
	enum err e = q_file_restore(db, &(struct file_restore_in){
	    .farmer_id = row->farmer_id, .deleted_at = row->deleted_at }, NULL);

	if (!e)
		e = q_farmer_restore(db, &(struct farmer_restore_in){ .now = now,
		    .farmer_id = row->farmer_id,
		    .nrc_hash = seal_hash(c->arena, nrc, 0) }, &n);
	if (!e && !n)
		return ERR_MISSING;
	if (!e)
		e = put_back_rest(c, db, row);
	if (!e) /* of a sign-in at the moment of the deletion */
		e = q_session_end_farmer(db, &(struct session_end_farmer_in){
		    .farmer_id = row->farmer_id }, NULL);
	if (!e)
		e = audit_write(db, &source, &(struct audit_event){
		    .module = "farmers", .action = "restore",
		    .subject = row->farmer_id });
	return e;
}

static int
restore(struct command *c, const char *farmer_id)
{
	struct farmer_deleted_row row;
	const char *nrc = NULL, *taken = NULL;
	struct db *db;
	enum err e;

	if (command_open(c, &db) || db_begin(db))
		return 1;
	e = q_farmer_deleted(db, &(struct farmer_deleted_in){ .farmer_id = farmer_id },
	    &row);
	if (!e)
		nrc = seal_open(c->arena, "farmer.nrc", row.farmer_row_id,
		    row.nrc_sealed);
	if (!e && !nrc)
		e = ERR_BROKEN;
	if (!e)
		e = find_nrc(c, db, nrc, &taken);
	if (!e && taken)
		e = ERR_CONFLICT;
	if (!e)
		e = put_back(c, db, &row, nrc);
	e = e ? e : db_commit(db);
	if (e == ERR_MISSING)
		return complain("is not among the deleted", farmer_id);
	if (e == ERR_CONFLICT)
		return complain(arena_print(c->arena, "stays deleted: the NRC was "
		    "registered again meanwhile%s%s", taken ? ", as " : "",
		    taken ? taken : ""), farmer_id);
	if (e)
		return complain("was not restored; the log says why", farmer_id);
	printf("restored %s; a new ID card has to be issued\n", farmer_id);
	return 0;
}

static int
list(struct command *c)
{
	struct farmer_deleted_list_row *rows;
	char day[CLOCK_TEXT];
	struct db *db;
	size_t n;

	if (command_open(c, &db) || q_farmer_deleted_list(db, &rows, &n))
		return 1;
	for (size_t i = 0; i < n; i++) {
		(void)clock_date(rows[i].deleted_at, day);
		printf("%s\t%s\t%s\n", rows[i].farmer_id, day, rows[i].deleted_by);
	}
	return 0;
}

int
command_farmer(struct command *c)
{
	if (c->argc == 2 && text_same(c->argv[0], "restore"))
		return restore(c, c->argv[1]);
	if (c->argc == 1 && text_same(c->argv[0], "deleted"))
		return list(c);
	return command_usage("farmer deleted\nfarmer restore FARMER_ID");
}
