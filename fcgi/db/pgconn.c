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
#include "proc.h"
#include "sandbox.h"

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
static const struct cause {
	const char *piece, *words;
	bool by_files;	/* as these files are: the names, the authorities */
} causes[] = {
	{ "timeout expired", "it did not answer in time", false },
	{ "Connection refused", "nobody listens there", false },
	{ "could not translate host name", "its host name is not known", true },
	{ "No such file or directory", "there is no socket of that name", false },
	{ "Network is unreachable", "the network is unreachable", false },
	{ "No route to host", "there is no way to the host", false },
	{ "root certificate file", "the file of authorities is missing", true },
	{ "certificate verify failed", "its certificate is not trusted", true },
	{ "does not match host name", "its certificate is for another name", false },
	{ "does not support SSL", "it offers no TLS", false },
	{ "SSL error", "TLS failed", false },
	{ "authentication failed", "it refuses the user or the password", false },
	{ "no password supplied", "it wants a password", false },
	{ "no pg_hba.conf entry", "it does not let this user in from here", false },
	{ "starting up", "it is starting", false },
	{ "shutting down", "it is shutting down", false },
	{ "too many", "it has too many connections", false },
	{ "remaining connection slots", "it has too many connections", false },
	{ "session is read-only", "it is a standby and takes no writes", false },
	{ "does not exist", "the user or the database is not there", false },
	{ "LDAP", "LDAP is not part of this program", false },
	{ "GSS", "Kerberos is not part of this program", false },
	{ "Kerberos", "Kerberos is not part of this program", false },
	{ "", "the connection failed", false }
};

/* What happened, in our words. */
static const struct cause *
cause_of(const char *message)
{
	const struct cause *c = causes;

	while (!strstr(message, c->piece))
		c++;
	return c;
}

/* Names are looked up, and certificates checked, by files that the sandbox has fixed: of
 * one that was replaced the new one can be read by a new process only. */
static void
retire_if_replaced(void)
{
	const char *path = sandbox_replaced();

	if (!path)
		return;
	log_write(LOG_WARN, "db: %s is another file now: ending, so that the next "
	    "process can read it", path);
	proc_retire();
}

/* Set after connecting, not in the start packet: poolers refuse options there. Statements
 * that wait for another's row count on seeing what he did, and numbers come with all
 * their digits, whatever is set for this user or database. */
static bool
set_up(PGconn *conn)
{
	PGresult *result = PQexec(conn, "SET statement_timeout = " PG_TIMEOUT ";"
	    "SET default_transaction_isolation = 'read committed';"
	    "SET extra_float_digits = 1");
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
	const struct cause *cause;
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
	if (PQstatus(conn) == CONNECTION_OK && set_up(conn)) {
		(void)PQsetNoticeReceiver(conn, ignore_notice, NULL);
		*out = conn;
		return OK;
	}
	cause = cause_of(PQerrorMessage(conn));
	log_write(LOG_ERROR, "db: no connection to PostgreSQL: %s", cause->words);
	if (cause->by_files)
		retire_if_replaced();
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
