/* SPDX-License-Identifier: MIT */
#ifndef DB_PGROW_H
#define DB_PGROW_H

#include <libpq-fe.h>

#include "engine.h"

/* Parameters and rows of PostgreSQL; only pgsql.c includes this. */

enum { PG_NUMBER_TEXT = 32 };

/* pg_param_type(type): The server's number of a parameter's type. */
Oid pg_param_type(enum db_type type);

/* pg_param_text(number, type, value): value as libpq wants it: NULL stays NULL, a text
 * is itself, anything else is written into number. */
const char *pg_param_text(char number[PG_NUMBER_TEXT], enum db_type type,
    const void *value);

/* pg_check_columns(query, result): ERR_BROKEN (logged) if result's columns are not of
 * the types that sqlgen gave the row's struct. */
enum err pg_check_columns(const struct db_query *query, const PGresult *result);

/* pg_fill_row(f, result, row): One row, checked before, into f's struct. */
enum err pg_fill_row(const struct db_fill *f, const PGresult *result, int row);

/* pg_take(db, query, call, result): The whole result of a statement that is not
 * DB_EACH; fails as db_run does. */
enum err pg_take(struct db *db, const struct db_query *query, const struct db_call *call,
    PGresult *result);

#endif
