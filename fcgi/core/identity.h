/* SPDX-License-Identifier: MIT */
#ifndef CORE_IDENTITY_H
#define CORE_IDENTITY_H

#include "err.h"
#include "store.h"

struct db;

/*
 * Database and store belong together: both bear the register's id. With another
 * database, all files would look like orphans.
 */

/* identity_make(db): Give a new database its id, and the organisation that keeps the
 * register. Harmless on one that has them. */
enum err identity_make(struct db *db);

/* identity_check(db): Is the open store that of this database? An empty store becomes
 * so. ERR_CONFLICT (logged) if it is another register's. */
enum err identity_check(struct db *db);

/* identity_far(db, words): The same of the bucket, which must keep versions too. S3 may
 * not answer (ERR_DOWN). words tell the operator what is wrong. */
enum err identity_far(struct db *db, char words[STORE_WORDS]);

#endif
