/* SPDX-License-Identifier: MIT */
/*
 * cem organisation: whose files the register keeps beside its farmers. The first one,
 * which keeps the register, is there from the start; others get accounts by
 * `cem user add --organisation`, and see nothing but their own files. They have no
 * administrator, so what only one may do is done here.
 */
#include <stdio.h>

#include "arena.h"
#include "audit.h"
#include "buf.h"
#include "clock.h"
#include "command.h"
#include "db.h"
#include "fields.h"
#include "id.h"
#include "json.h"
#include "queries.h"
#include "text.h"

#define ADD "organisation add NAME [--quota MB]"
#define LIST "organisation list"
#define QUOTA "organisation quota NAME MB"
#define RENAME "organisation rename NAME NEW_NAME"

enum { MEGABYTE = 1024 * 1024, PAGE = 500 };

/* A million times what a large disk holds today; so no sum of bytes overflows. */
static const int64_t quota_max_mb = INT64_C(1) << 40;

/* What is done to one. */
struct errand {
	struct command *c;
	struct db *db;
	const char *name;
	struct organisation_named_row was;
};

static bool
read_quota(const char *text, int64_t *bytes)
{
	int64_t mb;

	if (!text_number(text, 0, quota_max_mb, &mb))
		return false;
	*bytes = mb * MEGABYTE;
	return true;
}

/* A name that is to be given; NULL if it can't be one, and then that is said. */
static const char *
read_name(struct command *c, const char *given)
{
	const char *name = text_trim(c->arena, given);

	if (!text_empty(name) && name_rule.holds(name))
		return name;
	(void)command_fail("a name has 1 to 100 plain characters");
	return NULL;
}

/* {"quota_bytes":5}, {"organisation_name":"..."} */
static const char *
quota_fact(struct command *c, int64_t quota)
{
	return arena_print(c->arena, "{\"quota_bytes\":%lld}", (long long)quota);
}

static const char *
name_fact(struct command *c, const char *name)
{
	struct buf out = buf_make(c->arena, 150);

	buf_text(&out, "{\"organisation_name\":");
	json_write_text(&out, name);
	buf_char(&out, '}');
	return out.bytes;
}

/* What is done here is in the audit too, as done by the host. */
static enum err
note(const struct errand *x, const char *action, const char *before, const char *after)
{
	return audit_write(x->db, &(struct audit_source){ .endpoint = "cem organisation",
	    .who = "command line", .now = clock_now() }, &(struct audit_event){
	    .module = "organisations", .action = action, .subject = x->name,
	    .details = arena_print(x->c->arena, "{\"organisation_id\":\"%s\"}",
	        x->was.organisation_id), .before = before, .after = after });
}

static int
add(struct command *c)
{
	const char *quota = command_option(c, "--quota");
	struct organisation_insert_in in = { .now = clock_now() };
	struct errand x = { .c = c };
	char id[ID_TEXT];
	int64_t n = 0;
	enum err e;

	if (c->argc != 1 || (quota && !read_quota(quota, &in.quota_bytes)))
		return command_usage(ADD);
	id_make(id);
	in.organisation_id = x.was.organisation_id = id;
	in.organisation_name = x.name = read_name(c, c->argv[0]);
	if (!x.name || command_open(c, &x.db))
		return 1;
	e = db_begin(x.db);
	if (!e)
		e = q_organisation_insert(x.db, &in, &n);
	if (!e && !n)
		return command_fail("there is an organisation of that name");
	if (!e)
		e = note(&x, "create", NULL, quota_fact(c, in.quota_bytes));
	if (!e)
		e = db_commit(x.db);
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

/* Find the one that is to be changed, in a transaction that is open then. What is wrong
 * is said. */
static bool
begin(struct errand *x, struct command *c)
{
	enum err e;

	*x = (struct errand){ .c = c, .name = c->argv[0] };
	if (command_open(c, &x->db))
		return false;
	e = db_begin(x->db);
	if (!e)
		e = q_organisation_named(x->db, &(struct organisation_named_in){
		    .organisation_name = x->name }, &x->was);
	if (e)
		(void)command_fail(e == ERR_MISSING ?
		    "there is no such organisation; see cem organisation list" :
		    "the organisations can't be read");
	return !e;
}

static int
end(struct errand *x, enum err e)
{
	if (!e)
		e = db_commit(x->db);
	if (e)
		return command_fail(e == ERR_CONFLICT ?
		    "there is an organisation of that name" : "nothing was changed");
	printf("changed %s\n", x->name);
	return 0;
}

static int
set_quota(struct command *c)
{
	struct organisation_set_quota_in in = { .quota_bytes = 0 };
	struct errand x;
	enum err e;

	if (c->argc != 2 || !read_quota(c->argv[1], &in.quota_bytes))
		return command_usage(QUOTA);
	if (!begin(&x, c))
		return 1;
	in.organisation_id = x.was.organisation_id;
	e = q_organisation_set_quota(x.db, &in, NULL);
	if (!e)
		e = note(&x, "set_quota", quota_fact(c, x.was.quota_bytes),
		    quota_fact(c, in.quota_bytes));
	return end(&x, e);
}

static int
set_name(struct command *c)
{
	const char *name;
	struct errand x;
	enum err e;

	if (c->argc != 2)
		return command_usage(RENAME);
	name = read_name(c, c->argv[1]);
	if (!name || !begin(&x, c))
		return 1;
	e = q_organisation_rename(x.db, &(struct organisation_rename_in){
	    .organisation_id = x.was.organisation_id, .new_name = name }, NULL);
	if (!e)
		e = note(&x, "rename", name_fact(c, x.name), name_fact(c, name));
	return end(&x, e);
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
	if (text_same(what, "rename"))
		return set_name(c);
	if (text_same(what, "purge"))
		return command_space_purge(c);
	return command_usage(ADD "\n" LIST "\n" QUOTA "\n" RENAME
	    "\n" COMMAND_SPACE_PURGE);
}
