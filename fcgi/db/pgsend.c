/* SPDX-License-Identifier: MIT */
/*
 * Statements on their way to PostgreSQL: prepared once on each connection, and handed to
 * libpq with the texts of their parameters.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine.h"
#include "pgrow.h"
#include "pgsend.h"

/* Room for n parameters, kept for the next statement. */
static bool
room(struct link *l, int n)
{
	if (n <= l->n_values)
		return true;
	free(l->values);
	free(l->numbers);
	free(l->types);
	l->n_values = 0;
	l->values = calloc((size_t)n, sizeof(*l->values));
	l->numbers = calloc((size_t)n, sizeof(*l->numbers));
	l->types = calloc((size_t)n, sizeof(*l->types));
	if (!l->values || !l->numbers || !l->types)
		return false;
	l->n_values = n;
	return true;
}

static void
kept_name(const struct db_query *query, char out[PG_NUMBER_TEXT])
{
	(void)snprintf(out, PG_NUMBER_TEXT, "q%d", query->number);
}

bool
pg_is_prepared(const struct link *l, const struct db_query *query)
{
	return query->number < 0 || l->kept[query->number];
}

enum err
pg_prepare(struct link *l, const struct db_query *query, enum fate *fate)
{
	char name[PG_NUMBER_TEXT];
	PGresult *result;
	enum err e = OK;

	if (!room(l, query->n_params))
		return ERR_DOWN;
	if (pg_is_prepared(l, query))
		return OK;
	kept_name(query, name);
	for (int i = 0; i < query->n_params; i++)
		l->types[i] = pg_param_type(query->params[i].type);
	result = PQprepare(l->conn, name, query->pgsql, query->n_params, l->types);
	if (PQresultStatus(result) == PGRES_COMMAND_OK)
		l->kept[query->number] = true;
	else
		e = pg_failed(l->conn, query->name, result, fate);
	if (e && *fate == FATE_MAYBE)
		*fate = FATE_UNSEEN; /* preparing runs nothing */
	PQclear(result);
	return e;
}

enum err
pg_send(struct link *l, const struct db_query *query, const struct db_call *call,
    enum fate *fate)
{
	char name[PG_NUMBER_TEXT];
	const int n = query->n_params;
	int sent;

	for (int i = 0; i < n; i++) {
		l->types[i] = pg_param_type(query->params[i].type);
		l->values[i] = pg_param_text(l->numbers[i], query->params[i].type,
		    db_param(query, call, i));
	}
	kept_name(query, name);
	if (query->number < 0)
		sent = PQsendQueryParams(l->conn, query->pgsql, n, l->types, l->values,
		    NULL, NULL, 0);
	else
		sent = PQsendQueryPrepared(l->conn, name, n, l->values, NULL, NULL, 0);
	return sent ? OK : pg_failed(l->conn, query->name, NULL, fate);
}
