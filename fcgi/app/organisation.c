/* SPDX-License-Identifier: MIT */
/*
 * cem organisation: whose files the register keeps beside its farmers. The first one,
 * which keeps the register, is there from the start; others get accounts by
 * `cem user add --organisation`, and see nothing but their own files.
 */
#include <stdio.h>

#include "arena.h"
#include "audit.h"
#include "clock.h"
#include "command.h"
#include "db.h"
#include "fields.h"
#include "id.h"
#include "queries.h"
#include "text.h"

#define ADD "organisation add NAME [--quota MB]"
#define LIST "organisation list"
#define QUOTA "organisation quota NAME MB"

enum { MEGABYTE = 1024 * 1024, PAGE = 500 };

/* A million times what a large disk holds today; so no sum of bytes overflows. */
static const int64_t quota_max_mb = INT64_C(1) << 40;

static bool
read_quota(const char *text, int64_t *bytes)
{
	int64_t mb;

	if (!text_number(text, 0, quota_max_mb, &mb))
		return false;
	*bytes = mb * MEGABYTE;
	return true;
}

/* What is done here is in the audit too, as done by the host. */
static enum err
note(struct db *db, const char *action, const char *name)
{
	return audit_write(db, &(struct audit_source){ .endpoint = "cem organisation",
	    .who = "command line", .now = clock_now() }, &(struct audit_event){
	    .module = "organisations", .action = action, .subject = name });
}

static int
add(struct command *c)
{
	const char *quota = command_option(c, "--quota");
	struct organisation_insert_in in = { .now = clock_now() };
	char id[ID_TEXT];
	struct db *db;
	int64_t n = 0;
	enum err e;

	if (c->argc != 1 || (quota && !read_quota(quota, &in.quota_bytes)))
		return command_usage(ADD);
	id_make(id);
	in.organisation_id = id;
	in.organisation_name = text_trim(c->arena, c->argv[0]);
	if (text_empty(in.organisation_name) || !name_rule.holds(in.organisation_name))
		return command_fail("a name has 1 to 100 plain characters");
	if (command_open(c, &db))
		return 1;
	e = db_begin(db);
	if (!e)
		e = q_organisation_insert(db, &in, &n);
	if (!e && !n)
		return command_fail("there is an organisation of that name");
	if (!e)
		e = note(db, "create", in.organisation_name);
	if (!e)
		e = db_commit(db);
	if (e)
		return command_fail("the organisation was not made");
	printf("added %s %s\n", id, in.organisation_name);
	return 0;
}

static int
list(struct command *c)
{
	struct organisation_list_row *rows;
	const char *after = "";
	struct db *db;
	size_t n;

	if (c->argc)
		return command_usage(LIST);
	if (command_open(c, &db))
		return 1;
	do {
		if (q_organisation_list(db, &(struct organisation_list_in){
		    .organisation_name = after, .limit = PAGE }, &rows, &n))
			return command_fail("the organisations can't be read");
		for (size_t i = 0; i < n; i++)
			printf("%s\t%s\t%lld\t%lld\t%s\n", rows[i].organisation_id,
			    rows[i].keeps_register ? "register" : "files",
			    (long long)rows[i].used_bytes,
			    (long long)rows[i].quota_bytes, rows[i].organisation_name);
		after = n ? rows[n - 1].organisation_name : after;
	} while (n);
	return 0;
}

static int
set_quota(struct command *c)
{
	struct organisation_set_quota_in in = { .quota_bytes = 0 };
	struct db *db;
	int64_t n = 0;
	enum err e;

	if (c->argc != 2 || !read_quota(c->argv[1], &in.quota_bytes))
		return command_usage(QUOTA);
	in.organisation_name = c->argv[0];
	if (command_open(c, &db))
		return 1;
	e = db_begin(db);
	if (!e)
		e = q_organisation_set_quota(db, &in, &n);
	if (!e && !n)
		return command_fail("there is no such organisation");
	if (!e)
		e = note(db, "set_quota", in.organisation_name);
	if (!e)
		e = db_commit(db);
	if (e)
		return command_fail("nothing was changed");
	printf("changed %s\n", in.organisation_name);
	return 0;
}

int
command_organisation(struct command *c)
{
	const char *what = c->argc ? c->argv[0] : "";

	if (c->argc) {
		c->argc--;
		c->argv++;
	}
	if (text_same(what, "add"))
		return add(c);
	if (text_same(what, "list"))
		return list(c);
	if (text_same(what, "quota"))
		return set_quota(c);
	return command_usage(ADD "\n" LIST "\n" QUOTA);
}
