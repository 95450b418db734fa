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
#include "clock.h"
#include "command.h"
#include "conf.h"
#include "db.h"
#include "id.h"
#include "password.h"
#include "queries.h"
#include "text.h"

enum { DISTRICTS_MAX = 116, PASSWORD_LINE = 512 };

struct account {
	const char *email, *role, *full_name, *phone, *password;
	bool made_up;		/* the password: print it */
	const char *districts[DISTRICTS_MAX];
	int n_districts;
};

static int
complain(const char *words)
{
	fprintf(stderr, "cem: %s\n", words);
	return 1;
}

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
add_districts(struct db *db, const struct account *in, const char *account_id)
{
	enum err e = OK;

	for (int i = 0; i < in->n_districts && !e; i++) {
		struct geo_district_named_row *rows;
		size_t n;

		e = q_geo_district_named(db, &(struct geo_district_named_in){
		    .district_name = in->districts[i] }, &rows, &n);
		if (!e && !n) {
			fprintf(stderr, "cem: there is no district \"%s\"\n",
			    in->districts[i]);
			return ERR_MISSING;
		}
		if (!e)
			e = q_account_district_insert(db,
			    &(struct account_district_insert_in){
			    .account_id = account_id,
			    .district_name = in->districts[i] }, NULL);
	}
	return e;
}

static enum err
insert(struct command *c, struct db *db, const struct account *in)
{
	bool operator = text_same(in->role, "operator");
	char id[ID_TEXT], number[11];
	const char *hash;
	int64_t n = 0;
	enum err e = password_hash(c->arena, in->password, &hash);

	if (e)
		return e;
	id_make(id);
	id_number("OP", number);
	e = q_account_insert(db, &(struct account_insert_in){
	    .account_id = id, .email = text_lower(c->arena, in->email),
	    .password_hash = hash, .is_admin = !operator, .is_operator = operator,
	    .full_name = in->full_name, .phone = in->phone,
	    .operator_id = operator ? number : NULL, .now = clock_now() }, &n);
	if (!e && !n) {
		fprintf(stderr, "cem: %s has an account already\n", in->email);
		return ERR_CONFLICT;
	}
	return e ? e : add_districts(db, in, id);
}

static int
add(struct command *c)
{
	struct account in = { .email = command_option(c, "--email"),
		.role = command_option(c, "--role"),
		.full_name = command_option(c, "--name"),
		.phone = command_option(c, "--phone") };
	const char *district, *weakness;
	struct db *db;
	enum err e;

	while (in.n_districts < DISTRICTS_MAX &&
	    (district = command_option(c, "--district")))
		in.districts[in.n_districts++] = district;
	in.password = get_password(c, &in.made_up);
	if (!in.email || !in.role || c->argc)
		return command_usage("user add --email ADDRESS --role admin|operator "
		    "[--name NAME] [--phone NUMBER] [--district NAME]... "
		    "[--password-stdin]");
	if (!email_plain(in.email))
		return complain("that is no e-mail address");
	if (!text_same(in.role, "admin") && !text_same(in.role, "operator"))
		return complain("the role is admin or operator");
	weakness = password_weakness(in.password);
	if (weakness)
		return complain(weakness);
	if (command_open(c, &db))
		return 1;
	e = db_begin(db);
	if (!e)
		e = insert(c, db, &in);
	e = e ? e : db_commit(db);
	if (e)
		return complain("the account was not made");
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
		return command_usage("user list");
	if (command_open(c, &db))
		return 1;
	do {
		if (q_account_list(db, &(struct account_list_in){ .email = after,
		    .limit = 500 }, &rows, &n))
			return complain("the accounts can't be read");
		for (size_t i = 0; i < n; i++)
			printf("%s\t%s%s%s\t%s\t%s\t%s\n", rows[i].email,
			    rows[i].is_admin ? "admin" : "",
			    rows[i].is_admin && rows[i].is_operator ? "," : "",
			    rows[i].is_operator ? "operator" : "",
			    rows[i].is_active ? "on" : "off",
			    rows[i].operator_id ? rows[i].operator_id : "-",
			    rows[i].full_name ? rows[i].full_name : "-");
		after = n ? rows[n - 1].email : after;
	} while (n);
	return 0;
}

/* Run one change of an account in a transaction; all its sessions end with it. */
static int
change(struct command *c, const char *email, enum err (*run)(struct db *db,
    const struct account_by_email_row *row, const char *value), const char *value)
{
	struct account_by_email_row row;
	struct db *db;
	enum err e;

	if (command_open(c, &db))
		return 1;
	e = db_begin(db);
	if (!e)
		e = q_account_by_email(db, &(struct account_by_email_in){
		    .email = text_lower(c->arena, email) }, &row);
	if (e == ERR_MISSING)
		return complain("there is no such account");
	if (!e)
		e = run(db, &row, value);
	if (!e)
		e = q_session_end_account(db, &(struct session_end_account_in){
		    .account_id = row.account_id, .session_id = "" }, NULL);
	e = e ? e : db_commit(db);
	if (e)
		return complain("nothing was changed");
	printf("changed %s\n", row.email);
	return 0;
}

static enum err
run_switch(struct db *db, const struct account_by_email_row *row, const char *value)
{
	int64_t n = 0;
	enum err e = q_account_switch(db, &(struct account_switch_in){
	    .email = row->email, .is_active = text_same(value, "on"),
	    .now = clock_now() }, &n);

	if (!e && !n) {
		(void)complain("this is the last active administrator");
		return ERR_CONFLICT;
	}
	return e;
}

static enum err
run_password(struct db *db, const struct account_by_email_row *row, const char *value)
{
	int64_t n = 0;
	enum err e = q_account_set_password(db, &(struct account_set_password_in){
	    .account_id = row->account_id, .password_hash = value,
	    .old_hash = row->password_hash, .now = clock_now() }, &n);

	return e ? e : n ? OK : ERR_CONFLICT; /* changed by somebody else just now */
}

static int
set_password(struct command *c)
{
	bool made_up;
	const char *password = get_password(c, &made_up), *hash;
	const char *weakness = password_weakness(password);
	int status;

	if (c->argc != 1)
		return command_usage("user password ADDRESS [--password-stdin]");
	if (weakness)
		return complain(weakness);
	if (password_hash(c->arena, password, &hash))
		return 1;
	status = change(c, c->argv[0], run_password, hash);
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
		return change(c, c->argv[0], run_switch, what);
	return command_usage("user add|list|on|off|password ...");
}
