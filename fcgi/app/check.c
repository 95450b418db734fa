/* SPDX-License-Identifier: MIT */
/*
 * cem check: is this host ready? The settings were read by then; the database is
 * asked to parse every statement, and a child locked like a worker is asked to break
 * out in every way we know.
 */
#include <stdio.h>

#include "arena.h"
#include "command.h"
#include "conf.h"
#include "db.h"
#include "port.h"
#include "sandbox.h"
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

	if (s->connect_port && !sandbox_ports())
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
	if (*what)
		return command_usage("check [sandbox|database|figures]");
	return check_database(c) | check_sandbox(c);
}
