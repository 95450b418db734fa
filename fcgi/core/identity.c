/* SPDX-License-Identifier: MIT */
/*
 * The register's id, in the database and in the store. Everything that opens both
 * checks the folder first; the bucket, which may not answer, is checked at the start of
 * the server and before anything in it is removed.
 */
#include <stdio.h>

#include "clock.h"
#include "db.h"
#include "id.h"
#include "identity.h"
#include "log.h"
#include "queries.h"

enum err
identity_make(struct db *db)
{
	char id[ID_TEXT];

	enum err e;

	id_make(id);
	e = q_register_insert(db, &(struct register_insert_in){ .register_id = id,
	    .now = clock_now() }, NULL);
	return e ? e : q_organisation_first(db, &(struct organisation_first_in){
	    .organisation_name = "Register" }, NULL);
}

enum err
identity_check(struct db *db)
{
	struct register_get_row *rows;
	size_t n;
	enum err e = q_register_get(db, &rows, &n);

	if (!e && !n)
		e = ERR_MISSING;
	if (!e)
		e = store_owner(rows->register_id);
	if (e == ERR_CONFLICT)
		log_write(LOG_ERROR, "the store holds the files of another register than "
		    "the database: check STATE_DIR and DATABASE_URL");
	return e;
}

enum err
identity_far(struct db *db, char words[STORE_WORDS])
{
	struct register_get_row *rows;
	size_t n;
	enum err e = q_register_get(db, &rows, &n);

	(void)snprintf(words, STORE_WORDS, "the database does not say whose it is");
	if (!e && !n)
		e = ERR_MISSING;
	return e ? e : store_far_check(rows->register_id, words);
}
