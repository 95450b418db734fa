/* SPDX-License-Identifier: MIT */
/*
 * How we connect to PostgreSQL. What DATABASE_URL says stays; what it does not say is
 * set here, so that no default of the host decides: TLS with the server's name
 * checked (libpq ignores sslmode on a UNIX socket), only a server that takes writes,
 * and limits that make a dead one noticed within seconds (libpq manual, 34.1.2).
 */
#include <stdbool.h>
#include <string.h>

#include "log.h"

#include "engine.h"
#include "pgconn.h"

enum { SETTINGS = 64 };	/* libpq 15 knows 42 */

static const char authorities[] = "/etc/ssl/certs/ca-certificates.crt";

/* Applied in this order, the URL's own winning, but for those that always hold. */
static const struct setting {
	const char *name, *value;
	bool always;
} settings[] = {
	{ "application_name", "cem", false },
	{ "connect_timeout", "5", false },
	{ "keepalives", "1", false },
	{ "keepalives_idle", "30", false },
	{ "keepalives_interval", "5", false },
	{ "keepalives_count", "3", false },
	{ "tcp_user_timeout", "15000", false },
	{ "target_session_attrs", "read-write", false },
	{ "sslmode", "verify-full", false },
	/* Else libpq looks below HOME, which a worker may not be allowed to. */
	{ "sslcert", "/nonexistent", false },
	{ "client_encoding", "UTF8", true },
	{ "gssencmode", "disable", true },	/* see nolibs.c */
	{ "fallback_application_name", "cem", true }
};

struct list {
	const char *names[SETTINGS + 1], *values[SETTINGS + 1];
	int n;
};

static int
list_find(const struct list *l, const char *name)
{
	for (int i = 0; i < l->n; i++)
		if (strcmp(l->names[i], name) == 0)
			return i;
	return -1;
}

static void
list_add(struct list *l, const char *name, const char *value)
{
	if (l->n == SETTINGS)
		return; /* more than libpq knows: cannot be */
	l->names[l->n] = name;
	l->values[l->n++] = value;
}

/* What the URL says, then what it leaves open. */
static void
list_make(struct list *l, const PQconninfoOption *said)
{
	int at;

	for (; said->keyword; said++)
		if (said->val)
			list_add(l, said->keyword, said->val);
	for (size_t i = 0; i < sizeof(settings) / sizeof(*settings); i++) {
		at = list_find(l, settings[i].name);
		if (at < 0)
			list_add(l, settings[i].name, settings[i].value);
		else if (settings[i].always)
			l->values[at] = settings[i].value;
	}
	at = list_find(l, "sslmode");
	/* With sslmode=require a known root would silently mean verify-ca. */
	if (strncmp(l->values[at], "verify", 6) == 0 && list_find(l, "sslrootcert") < 0)
		list_add(l, "sslrootcert", authorities);
}

/* Known pieces of libpq's messages and what they mean, in our words. */
static const char *
cause(const char *message)
{
	static const struct { const char *piece, *words; } causes[] = {
		{ "timeout expired", "it did not answer in time" },
		{ "Connection refused", "nobody listens there" },
		{ "could not translate host name", "its host name is not known" },
		{ "No such file or directory", "there is no socket of that name" },
		{ "Network is unreachable", "the network is unreachable" },
		{ "No route to host", "there is no way to the host" },
		{ "root certificate file", "the file of authorities is missing" },
		{ "certificate verify failed", "its certificate is not trusted" },
		{ "does not match host name", "its certificate is for another name" },
		{ "does not support SSL", "it offers no TLS" },
		{ "SSL error", "TLS failed" },
		{ "authentication failed", "it refuses the user or the password" },
		{ "no password supplied", "it wants a password" },
		{ "no pg_hba.conf entry", "it does not let this user in from here" },
		{ "starting up", "it is starting" },
		{ "shutting down", "it is shutting down" },
		{ "too many", "it has too many connections" },
		{ "remaining connection slots", "it has too many connections" },
		{ "session is read-only", "it is a standby and takes no writes" },
		{ "does not exist", "the user or the database is not there" },
		{ "LDAP", "LDAP is not part of this program" },
		{ "GSS", "Kerberos is not part of this program" },
		{ "Kerberos", "Kerberos is not part of this program" }
	};

	for (size_t i = 0; i < sizeof(causes) / sizeof(*causes); i++)
		if (strstr(message, causes[i].piece))
			return causes[i].words;
	return "the connection failed";
}

/* Set after connecting, not in the start packet: poolers refuse options there. */
static bool
set_timeout(PGconn *conn)
{
	PGresult *result = PQexec(conn, "SET statement_timeout = " PG_TIMEOUT);
	bool good = PQresultStatus(result) == PGRES_COMMAND_OK;

	PQclear(result);
	return good;
}

static void
ignore_notice(void *context, const PGresult *result)
{
	(void)context;
	(void)result; /* a notice may show values; libpq would print it to stderr */
}

enum err
pg_connect(const char *url, PGconn **out)
{
	PQconninfoOption *said;
	struct list list = { .n = 0 };
	PGconn *conn;

	*out = NULL;
	said = PQconninfoParse(url, NULL);
	if (!said) {
		log_write(LOG_ERROR, "db: DATABASE_URL is not one libpq understands");
		return ERR_BROKEN;
	}
	list_make(&list, said);
	conn = PQconnectdbParams(list.names, list.values, 0);
	PQconninfoFree(said);
	if (PQstatus(conn) == CONNECTION_OK && set_timeout(conn)) {
		(void)PQsetNoticeReceiver(conn, ignore_notice, NULL);
		*out = conn;
		return OK;
	}
	log_write(LOG_ERROR, "db: no connection to PostgreSQL: %s",
	    cause(PQerrorMessage(conn)));
	PQfinish(conn);
	return ERR_DOWN;
}

const char *
pg_url_check(const char *url)
{
	PQconninfoOption *said = PQconninfoParse(url, NULL);

	PQconninfoFree(said);
	return said ? NULL : "is not one that libpq understands";
}
