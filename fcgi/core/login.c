/* SPDX-License-Identifier: MIT */
/*
 * Accounts: made, changed and ended. Two changes at once are decided by the
 * database: the e-mail is unique, and the guard of the last administrator stands in
 * the statements themselves.
 */
#include <string.h>

#include "arena.h"
#include "db.h"
#include "id.h"
#include "log.h"
#include "login.h"
#include "password.h"
#include "queries.h"
#include "text.h"

enum { ADDRESS_MAX = 254, LOCAL_MAX = 64, DOMAIN_MAX = 253, LABEL_MAX = 63 };
enum { NUMBER_TRIES = 10 };

#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define ATEXT LETTERS DIGITS "!#$%&'*+-/=?^_`{|}~"

/* Part of a text. */
struct part { const char *at; size_t n; };

/* Atoms of the characters in letters, one dot between two. */
static bool
dotted(const struct part *p, const char *letters)
{
	bool after_dot = true;

	for (size_t i = 0; i < p->n; i++) {
		if (p->at[i] != '.' && !strchr(letters, p->at[i]))
			return false;
		if (p->at[i] == '.' && after_dot)
			return false;
		after_dot = p->at[i] == '.';
	}
	return !after_dot;
}

static bool
label_holds(const char *s, size_t n)
{
	return n && n <= LABEL_MAX && s[0] != '-' && s[n - 1] != '-';
}

/* Top domains that no mail goes to. */
static bool
is_reserved(const char *s, size_t n)
{
	static const char *const names[] = {
		"arpa", "invalid", "local", "localhost", "onion", "test"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == n && strncasecmp(s, names[i], n) == 0)
			return true;
	return false;
}

static bool
domain_holds(const struct part *p)
{
	const char *end = p->at + p->n, *s = p->at;
	size_t n;
	int labels = 0;

	if (p->n > DOMAIN_MAX || !dotted(p, LETTERS DIGITS "-"))
		return false;
	for (;; s += n + 1, labels++) {
		const char *dot = memchr(s, '.', (size_t)(end - s));

		n = (size_t)((dot ? dot : end) - s);
		if (!label_holds(s, n))
			return false;
		if (!dot)
			break;
	}
	return labels && strspn(s, DIGITS) < n && !is_reserved(s, n);
}

/* The address in typed: all of it without blanks, or what stands in <>. */
static struct part
address_of(const char *typed)
{
	static const char blanks[] = " \t\r\n";
	const char *open = strrchr(typed, '<');
	struct part p = { typed + strspn(typed, blanks), 0 };

	p.n = strlen(p.at);
	while (p.n && strchr(blanks, p.at[p.n - 1]))
		p.n--;
	if (open && p.n && p.at[p.n - 1] == '>' && open > p.at) {
		p.n = (size_t)(p.at + p.n - 1 - (open + 1));
		p.at = open + 1;
	}
	return p;
}

bool
login_email_holds(const char *typed)
{
	struct part all = address_of(typed), local = all, domain;
	const char *at = memchr(all.at, '@', all.n);

	if (!at || all.n > ADDRESS_MAX)
		return false;
	local.n = (size_t)(at - all.at);
	domain = (struct part){ at + 1, all.n - local.n - 1 };
	return local.n <= LOCAL_MAX && dotted(&local, ATEXT) && domain_holds(&domain);
}

const char *
login_email(struct arena *a, const char *typed)
{
	struct part p = address_of(typed);

	return login_email_holds(typed) ? text_lower(a, arena_copy(a, p.at, p.n)) : NULL;
}

enum err
login_get(struct db *db, const char *name, struct account_by_email_row *row)
{
	return q_account_get(db, &(struct account_get_in){ .account_id = name,
	    .email = name }, row);
}

/* Insert under a new number; *n is 0 if the e-mail is taken. */
static enum err
insert(struct db *db, struct account_insert_in *in, int64_t *n)
{
	bool operator = in->is_operator;
	struct account_by_email_row row;
	char number[11];
	enum err e = OK;

	for (int i = 0; i < NUMBER_TRIES && !e; i++) {
		id_number("OP", number);
		in->operator_id = operator ? number : NULL;
		e = q_account_insert(db, in, n);
		if (e || *n)
			return e;
		e = q_account_by_email(db, &(struct account_by_email_in){
		    .email = in->email }, &row);
		if (e != ERR_MISSING)
			return e;
		e = OK;
	}
	log_write(LOG_ERROR, "login: no free number in %d tries", NUMBER_TRIES);
	return e ? e : ERR_BROKEN;
}

static enum err
check_keeper(struct db *db, const char *organisation_id)
{
	struct organisation_keeper_row keeper;
	enum err e = q_organisation_keeper(db, &keeper);

	return !e && !text_same(keeper.organisation_id, organisation_id) ? ERR_BAD : e;
}

enum err
login_make(struct db *db, struct arena *a, const struct login_new *in,
    const char **account_id)
{
	char *id = arena_take(a, ID_TEXT);
	const char *hash;
	int64_t n = 0;
	enum err e = password_hash(a, in->password, &hash);

	if (e)
		return e;
	if (in->is_admin && in->organisation_id) {
		e = check_keeper(db, in->organisation_id);
		if (e)
			return e;
	}
	id_make(id);
	e = insert(db, &(struct account_insert_in){ .account_id = id,
	    .email = in->email, .password_hash = hash, .is_admin = in->is_admin,
	    .is_operator = in->is_operator, .is_farmer = in->is_farmer,
	    .full_name = in->full_name, .phone = in->phone,
	    .organisation_id = in->organisation_id, .created_by = in->created_by,
	    .now = in->now }, &n);
	if (!e && !n)
		return ERR_CONFLICT;
	*account_id = id;
	return e;
}

static bool
falls(bool before, const bool *after)
{
	return before && after && !*after;
}

/* Does a change take away what open sessions were let in with? */
static bool
ends_sessions(const struct account_by_email_row *row, const struct login_change *in)
{
	return in->password || (in->email && !text_same(in->email, row->email)) ||
	    falls(row->is_active, in->is_active) || falls(row->is_admin, in->is_admin) ||
	    falls(row->is_operator, in->is_operator) ||
	    falls(row->is_farmer, in->is_farmer);
}

static enum err
end_sessions(struct db *db, const char *account_id)
{
	return q_session_end_account(db, &(struct session_end_account_in){
	    .account_id = account_id, .session_id = "" }, NULL);
}

enum err
login_amend(struct db *db, struct arena *a, const struct account_by_email_row *row,
    const struct login_change *in)
{
	struct account_change_in change = {
		.account_id = row->account_id, .new_email = in->email,
		.new_name = in->full_name, .new_phone = in->phone,
		.set_admin = in->is_admin, .set_operator = in->is_operator,
		.set_farmer = in->is_farmer, .set_active = in->is_active,
		.now = in->now > row->updated_at ? in->now : row->updated_at + 1
	};
	char number[11];
	int64_t n = 0;
	enum err e = OK;

	if (!row->keeps_register && in->is_admin && *in->is_admin)
		return ERR_BAD;
	if (!row->operator_id && in->is_operator && *in->is_operator) {
		id_number("OP", number);
		change.new_number = number;
	}
	if (in->password)
		e = password_hash(a, in->password, &change.new_hash);
	if (!e)
		e = q_account_change(db, &change, &n);
	if (!e && !n)
		return ERR_DENIED;
	if (!e && ends_sessions(row, in))
		e = end_sessions(db, row->account_id);
	return e;
}

enum err
login_registered(struct db *db, const char *operator_id, int64_t *n)
{
	struct operator_enrolled_row row = { 0 };
	enum err e = operator_id ? q_operator_enrolled(db, &(struct operator_enrolled_in){
	    .created_by = operator_id, .viewer_all = true }, &row) : OK;

	*n = e ? 0 : row.n;
	return e;
}

enum err
login_end(struct db *db, const struct account_by_email_row *row)
{
	int64_t n = 0;
	enum err e = end_sessions(db, row->account_id);

	if (!e)
		e = q_account_delete(db, &(struct account_delete_in){
		    .account_id = row->account_id }, &n);
	return !e && !n ? ERR_DENIED : e;
}

enum err
login_district_known(struct db *db, const char *name)
{
	struct geo_district_named_row *rows;
	size_t n;
	enum err e = q_geo_district_named(db, &(struct geo_district_named_in){
	    .district_name = name }, &rows, &n);

	return !e && !n ? ERR_MISSING : e;
}

enum err
login_set_districts(struct db *db, const struct login_places *in)
{
	struct account_by_email_row row;
	enum err e = login_get(db, in->account_id, &row);

	if (!e && in->n && !row.keeps_register)
		return ERR_BAD;
	if (!e)
		e = q_account_district_clear(db, &(struct account_district_clear_in){
		    .account_id = in->account_id }, NULL);
	for (size_t i = 0; i < in->n && !e; i++)
		e = q_account_district_insert(db, &(struct account_district_insert_in){
		    .account_id = in->account_id, .district_name = in->names[i] }, NULL);
	return e;
}

enum err
login_set_regions(struct db *db, const struct login_places *in)
{
	enum err e = q_account_region_clear(db, &(struct account_region_clear_in){
	    .account_id = in->account_id }, NULL);

	for (size_t i = 0; i < in->n && !e; i++)
		e = q_account_region_insert(db, &(struct account_region_insert_in){
		    .account_id = in->account_id, .region_name = in->names[i] }, NULL);
	return e;
}
