/* SPDX-License-Identifier: MIT */
/*
 * cem check: is this host ready? The settings were read by then; the database is
 * asked to parse every statement, and a child locked like a worker is asked to break
 * out in every way we know.
 */
#include <stdio.h>

#include "arena.h"
#include "buf.h"
#include "command.h"
#include "conf.h"
#include "db.h"
#include "json.h"
#include "port.h"
#include "sandbox.h"
#include "scan.h"
#include "text.h"

static void
tell(const struct sandbox_try *t)
{
	printf("%-8s %-7s %s\n", t->allowed == t->wanted ? "ok" : "WRONG",
	    t->allowed ? "allowed" : "refused", t->name);
}

static int
check_sandbox(struct command *c)
{
	static const char outside[] = "/etc/passwd";
	const struct sandbox *s = command_sandbox(c->arena);
	enum err e = sandbox_prove(s, outside, tell);

	if (s->ports[0] && !sandbox_ports())
		puts("note: this kernel can't limit TCP connections to the database's "
		    "port (Linux 6.7 can)");
	puts(e ? "the sandbox does not hold" : "the sandbox holds");
	return e != OK;
}

static int
check_database(struct command *c)
{
	struct db *db;
	enum err e = command_open(c, &db);

	if (!e)
		e = db_check(db);
	printf("the database is %s, version %lld: %s\n",
	    db_port(conf.database_url, c->arena).file ? "SQLite" : "PostgreSQL",
	    (long long)db_version_wanted(), e ? err_name(e) : "ok");
	return e != OK;
}

/* Only if there should be one. */
static int
check_scanner(void)
{
	enum err e = scan_ping();

	if (e != ERR_MISSING)
		printf("clamd at %s: %s\n", conf.clamd, e ? "does not answer" : "ok");
	return e && e != ERR_MISSING;
}

static void
write_text(struct buf *out, const char *name, const char *value)
{
	json_write_text(out, name);
	buf_char(out, ':');
	json_write_text(out, value);
}

/* Every statement there is, one JSON object a line: for whoever asks a database how it
 * would run them (tests/api/test_plans.py). There is one way to copy. */
static int
check_statements(struct command *c)
{
	static const char *const types[] = { "TEXT", "BIGINT", "DOUBLE PRECISION",
		"BOOLEAN" };

	for (const struct db_query *const *q = db_queries(); *q; q++) {
		struct buf out = buf_make(c->arena, 1000);

		if ((*q)->kind == DB_COPY)
			continue;
		buf_char(&out, '{');
		write_text(&out, "name", (*q)->name);
		buf_char(&out, ',');
		write_text(&out, "sqlite", (*q)->sqlite);
		buf_char(&out, ',');
		write_text(&out, "pgsql", (*q)->pgsql);
		buf_text(&out, ",\"params\":{");
		for (int i = 0; i < (*q)->n_params; i++) {
			buf_text(&out, i ? "," : "");
			write_text(&out, (*q)->params[i].name,
			    types[(*q)->params[i].type]);
		}
		buf_text(&out, "}}");
		puts(out.bytes);
	}
	return 0;
}

int
command_check(struct command *c)
{
	const char *what = c->argc ? c->argv[0] : "";

	if (text_same(what, "sandbox"))
		return check_sandbox(c);
	if (text_same(what, "database"))
		return check_database(c);
	if (text_same(what, "figures"))
		return command_figures(c);
	if (text_same(what, "s3"))
		return command_check_s3(c);
	if (text_same(what, "space"))
		return command_space_check(c);
	if (text_same(what, "statements"))
		return check_statements(c);
	if (*what)
		return command_usage("check [sandbox|database|figures|s3|space|"
		    "statements]");
	return check_database(c) | check_scanner() | command_check_s3(c) |
	    check_sandbox(c);
}
