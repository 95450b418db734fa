/* SPDX-License-Identifier: MIT */
/*
 * cem user: make and manage accounts from the host's command line, where the first
 * administrator comes from. Passwords come in on standard input, or are made up and
 * printed once; never as a word that other users of the host could read.
 */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "audit.h"
#include "clock.h"
#include "command.h"
#include "conf.h"
#include "db.h"
#include "login.h"
#include "password.h"
#include "queries.h"
#include "text.h"

#define ADD "user add --email ADDRESS --role admin|operator [--name NAME] " \
	"[--phone NUMBER] [--district NAME]... [--organisation NAME] [--password-stdin]"
#define LIST "user list"
#define PASSWORD "user password ADDRESS [--password-stdin]"

enum { DISTRICTS_MAX = 116, PASSWORD_LINE = 512 };

struct account {
	const char *email, *role, *full_name, *phone, *password;
	const char *organisation; /* by name; NULL: the one that keeps the register */
	bool made_up;		/* the password: print it */
	const char *districts[DISTRICTS_MAX];
	int n_districts;
};

/* A random password that passes the rules: 20 letters and digits. */
static const char *
make_up(struct arena *a)
{
	static const char letters[] =
	    "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
	char *p = arena_take(a, 21);

	do {
		for (int i = 0; i < 20; i++)
			p[i] = letters[randombytes_uniform(sizeof(letters) - 1)];
	} while (password_weakness(p));
	return p;
}

static const char *
read_password(struct command *c)
{
	char *line = arena_take(c->arena, PASSWORD_LINE);

	if (!fgets(line, PASSWORD_LINE, stdin))
		return "";
	line[strcspn(line, "\r\n")] = '\0';
	return line;
}

static const char *
get_password(struct command *c, bool *made_up)
{
	*made_up = !command_flag(c, "--password-stdin");
	return *made_up ? make_up(c->arena) : read_password(c);
}

/* Plain enough for a token, a log line and a lookup: no blanks, quotes, controls. */
static bool
email_plain(const char *s)
{
	const char *at = strchr(s, '@');

	if (!at || at == s || !at[1] || strlen(s) > 254)
		return false;
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p <= ' ' || strchr("\"\\{}<>,;", *p) || *p == 0x7f)
			return false;
	return true;
}

static enum err
add_districts(struct db *db, struct account *in, const char *account_id)
{
	enum err e = OK;

	for (int i = 0; i < in->n_districts && !e; i++) {
		e = login_district_known(db, in->districts[i]);
		if (e == ERR_MISSING)
			fprintf(stderr, "cem: there is no district \"%s\"\n",
			    in->districts[i]);
	}
	if (!e)
		e = login_set_districts(db, &(struct login_places){
		    account_id, in->districts, (size_t)in->n_districts });
	if (e == ERR_BAD)
		fputs("cem: districts are for the organisation that keeps the register\n",
		    stderr);
	return e;
}

static enum err
find_organisation(struct db *db, const char *name, const char **id)
{
	struct organisation_named_row row;
	enum err e;

	*id = NULL;
	if (!name)
		return OK;
	e = q_organisation_named(db, &(struct organisation_named_in){
	    .organisation_name = name }, &row);
	if (e == ERR_MISSING)
		fprintf(stderr, "cem: there is no organisation \"%s\"; see cem "
		    "organisation list\n", name);
	*id = e ? NULL : row.organisation_id;
	return e;
}

static enum err
insert(struct command *c, struct db *db, struct account *in)
{
	const char *id, *organisation_id;
	enum err e = find_organisation(db, in->organisation, &organisation_id);

	if (e)
		return e;
	e = login_make(db, c->arena, &(struct login_new){
	    .email = text_lower(c->arena, in->email), .password = in->password,
	    .full_name = in->full_name, .phone = in->phone,
	    .organisation_id = organisation_id,
	    .is_admin = text_same(in->role, "admin"),
	    .is_operator = text_same(in->role, "operator"), .now = clock_now() }, &id);
	if (e == ERR_CONFLICT)
		fprintf(stderr, "cem: %s has an account already\n", in->email);
	if (e == ERR_BAD)
		fputs("cem: administrators can only be of the organisation that keeps "
		    "the register\n", stderr);
	return e ? e : add_districts(db, in, id);
}

/* What is done here is in the audit too, as done by the host. */
static enum err
note(struct db *db, const char *action, const char *email, const char *details)
{
	return audit_write(db, &(struct audit_source){ .endpoint = "cem user",
	    .who = "command line", .now = clock_now() }, &(struct audit_event){
	    .module = "users", .action = action, .subject = email,
	    .details = details });
}

static int
add(struct command *c)
{
	struct account in = { .email = command_option(c, "--email"),
		.role = command_option(c, "--role"),
		.full_name = command_option(c, "--name"),
		.phone = command_option(c, "--phone"),
		.organisation = command_option(c, "--organisation") };
	const char *district, *weakness;
	struct db *db;
	enum err e;

	while (in.n_districts < DISTRICTS_MAX &&
	    (district = command_option(c, "--district")))
		in.districts[in.n_districts++] = district;
	in.password = get_password(c, &in.made_up);
	if (!in.email || !in.role || c->argc)
		return command_usage(ADD);
	if (!email_plain(in.email))
		return command_fail("that is no e-mail address");
	if (!text_same(in.role, "admin") && !text_same(in.role, "operator"))
		return command_fail("the role is admin or operator");
	weakness = password_weakness(in.password);
	if (weakness)
		return command_fail(weakness);
	if (command_open(c, &db))
		return 1;
	e = db_begin(db);
	if (!e)
		e = insert(c, db, &in);
	if (!e)
		e = note(db, "create_user_success", text_lower(c->arena, in.email),
		    text_same(in.role, "admin") ? "{\"roles\":[\"ADMIN\"]}" :
		    "{\"roles\":[\"OPERATOR\"]}");
	e = e ? e : db_commit(db);
	if (e)
		return command_fail("the account was not made");
	printf("added %s %s\n", in.role, in.email);
	if (in.made_up)
		printf("password: %s\n", in.password);
	return 0;
}

static int
list(struct command *c)
{
	struct account_list_row *rows;
	const char *after = "";
	struct db *db;
	size_t n;

	if (c->argc)
		return command_usage(LIST);
	if (command_open(c, &db))
		return 1;
	do {
		if (q_account_list(db, &(struct account_list_in){ .email = after,
		    .limit = 500 }, &rows, &n))
			return command_fail("the accounts can't be read");
		for (size_t i = 0; i < n; i++)
			printf("%s\t%s%s%s\t%s\t%s\t%s\t%s\n", rows[i].email,
			    rows[i].is_admin ? "admin" : "",
			    rows[i].is_admin && rows[i].is_operator ? "," : "",
			    rows[i].is_operator ? "operator" : "",
			    rows[i].is_active ? "on" : "off",
			    rows[i].operator_id ? rows[i].operator_id : "-",
			    rows[i].full_name ? rows[i].full_name : "-",
			    rows[i].organisation_name ? rows[i].organisation_name :
			    "-");
		after = n ? rows[n - 1].email : after;
	} while (n);
	return 0;
}

/* Change an account in a transaction; all its sessions end with a new password, or
 * when it is switched off. */
static int
change(struct command *c, const char *email, struct login_change *in)
{
	struct account_by_email_row row;
	struct db *db;
	enum err e;

	if (command_open(c, &db))
		return 1;
	in->now = clock_now();
	e = db_begin(db);
	if (!e)
		e = q_account_by_email(db, &(struct account_by_email_in){
		    .email = text_lower(c->arena, email) }, &row);
	if (e == ERR_MISSING)
		return command_fail("there is no such account");
	if (!e)
		e = login_amend(db, c->arena, &row, in);
	if (e == ERR_DENIED)
		(void)command_fail("this is the last active administrator");
	if (!e)
		e = note(db, in->password ? "change_password" : "update_user_status",
		    row.email, !in->is_active ? NULL : *in->is_active ?
		    "{\"is_active\":true}" : "{\"is_active\":false}");
	e = e ? e : db_commit(db);
	if (e)
		return command_fail("nothing was changed");
	printf("changed %s\n", row.email);
	return 0;
}

static int
switch_it(struct command *c, const char *what)
{
	const bool on = text_same(what, "on");

	return change(c, c->argv[0], &(struct login_change){ .is_active = &on });
}

static int
set_password(struct command *c)
{
	bool made_up;
	const char *password = get_password(c, &made_up);
	const char *weakness = password_weakness(password);
	int status;

	if (c->argc != 1)
		return command_usage(PASSWORD);
	if (weakness)
		return command_fail(weakness);
	status = change(c, c->argv[0], &(struct login_change){ .password = password });
	if (!status && made_up)
		printf("password: %s\n", password);
	return status;
}

int
command_user(struct command *c)
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
	if (text_same(what, "password"))
		return set_password(c);
	if ((text_same(what, "on") || text_same(what, "off")) && c->argc == 1)
		return switch_it(c, what);
	return command_usage(ADD "\n" LIST "\n" "user on|off ADDRESS\n" PASSWORD);
}
