/* SPDX-License-Identifier: MIT */
/*
 * Values on their way to PostgreSQL and back, as text in both directions: it is exact
 * (17 digits make a double again, and the server writes the shortest that does),
 * needs no byte order, and shows up readable in a trace.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "log.h"

#include "pgrow.h"

/* Type numbers of the server's catalogue, src/include/catalog/pg_type.dat. */
enum {
	OID_BOOL = 16, OID_INT8 = 20, OID_INT2 = 21, OID_INT4 = 23, OID_TEXT = 25,
	OID_FLOAT4 = 700, OID_FLOAT8 = 701, OID_VARCHAR = 1043, OID_UNKNOWN = 705
};

Oid
pg_param_type(enum db_type type)
{
	static const Oid oids[] = { OID_TEXT, OID_INT8, OID_FLOAT8, OID_BOOL };

	return oids[type];
}

const char *
pg_param_text(char number[PG_NUMBER_TEXT], enum db_type type, const void *value)
{
	if (!value || type == DB_TEXT)
		return value;
	if (type == DB_BOOL)
		return *(const bool *)value ? "t" : "f";
	if (type == DB_INT)
		(void)snprintf(number, PG_NUMBER_TEXT, "%" PRId64,
		    *(const int64_t *)value);
	else
		(void)snprintf(number, PG_NUMBER_TEXT, "%.17g", *(const double *)value);
	return number;
}

/* Is what the server calls the column's type one that we read as type? */
static bool
fits(enum db_type type, Oid oid)
{
	switch (type) {
	case DB_INT:
		return oid == OID_INT8 || oid == OID_INT4 || oid == OID_INT2;
	case DB_REAL:
		return oid == OID_FLOAT8 || oid == OID_FLOAT4;
	case DB_BOOL:
		return oid == OID_BOOL;
	default:
		return oid == OID_TEXT || oid == OID_VARCHAR || oid == OID_UNKNOWN;
	}
}

enum err
pg_check_columns(const struct db_query *query, const PGresult *result)
{
	if (PQnfields(result) != query->n_columns) {
		log_write(LOG_ERROR, "db: %s gives %d columns, not %d", query->name,
		    PQnfields(result), query->n_columns);
		return ERR_BROKEN;
	}
	for (int i = 0; i < query->n_columns; i++) {
		if (fits(query->columns[i].type, PQftype(result, i)))
			continue;
		log_write(LOG_ERROR, "db: %s gives %s the type %u; write a CAST",
		    query->name, query->columns[i].name, PQftype(result, i));
		return ERR_BROKEN;
	}
	return OK;
}

/* The server's numbers are well formed: their types were checked. */
enum err
pg_fill_row(const struct db_fill *f, const PGresult *result, int row)
{
	union db_number number = { 0 };
	enum err e = OK;

	for (int i = 0; i < f->query->n_columns && !e; i++) {
		const enum db_type type = f->query->columns[i].type;
		const char *p = PQgetvalue(result, row, i);

		if (PQgetisnull(result, row, i)) {
			e = db_fill_null(f, i);
			continue;
		}
		if (type == DB_TEXT) {
			db_fill_text(f, i, p, (size_t)PQgetlength(result, row, i));
			continue;
		}
		if (type == DB_INT)
			number.whole = strtoll(p, NULL, 10);
		else if (type == DB_REAL)
			number.real = strtod(p, NULL);
		else
			number.truth = *p == 't';
		db_fill_number(f, i, number);
	}
	return e;
}

static enum err
take_one(struct db_fill *f, const PGresult *result)
{
	if (PQntuples(result) == 0)
		return ERR_MISSING;
	if (PQntuples(result) == 1)
		return pg_fill_row(f, result, 0);
	log_write(LOG_ERROR, "db: %s gave more than one row", f->query->name);
	return ERR_BROKEN;
}

static enum err
take_many(struct db_fill *f, const PGresult *result, const struct db_call *call)
{
	const int n = PQntuples(result);
	char *rows = arena_items(f->db->arena, (size_t)n, f->query->row_size);
	enum err e = OK;

	for (int i = 0; i < n && !e; i++) {
		f->row = rows + (size_t)i * f->query->row_size;
		e = pg_fill_row(f, result, i);
	}
	if (e)
		return e;
	memcpy(call->out, &rows, sizeof(rows));
	*call->n = n;
	return OK;
}

/* The number of rows a command changed; "" for those that change none. */
static int64_t
changed(PGresult *result)
{
	return strtoll(PQcmdTuples(result), NULL, 10);
}

enum err
pg_take(struct db *db, const struct db_query *query, const struct db_call *call,
    PGresult *result)
{
	struct db_fill f = { db, query, call->out, NULL };
	enum err e;

	if (query->kind == DB_EXEC || query->kind == DB_SEND) {
		if (call->n)
			*call->n = changed(result);
		return OK;
	}
	e = pg_check_columns(query, result);
	if (e)
		return e;
	return query->kind == DB_ONE ? take_one(&f, result) : take_many(&f, result, call);
}
