/* SPDX-License-Identifier: MIT */
#ifndef CORE_LOGIN_H
#define CORE_LOGIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct account_by_email_row;
struct arena;
struct db;

/*
 * Accounts as administrators, and the command line, make and change them. Whatever
 * takes a right away ends the account's sessions in the same transaction, and the
 * last active administrator can be neither removed nor weakened, also not by himself.
 * Administrators and districts are for the organisation that keeps the register.
 */

/* login_email(a, typed): The address in typed in the form it is stored: without
 * blanks around it or a name before it ("Ann <ann@cem.example>"), all lower case.
 * NULL if it is none that mail could be sent to (RFC 5321 section 4.1.2, dot-string
 * only; RFC 1035 section 2.3.4), or of a domain reserved by RFC 6761, 6762 or 7686. */
const char *login_email(struct arena *a, const char *typed);

/* login_email_holds(typed): Is there one? */
bool login_email_holds(const char *typed);

/* Who is to have an account. */
struct login_new {
	const char *email;	/* as stored */
	const char *password;	/* in clear, checked */
	const char *full_name, *phone, *created_by; /* may be NULL */
	const char *organisation_id; /* NULL: of the one that keeps the register */
	bool is_admin, is_operator, is_farmer;
	int64_t now;
};

/* login_make(db, a, in, account_id): Store a new account; an operator gets a number.
 * ERR_CONFLICT if the e-mail has an account: nothing was done then, and the
 * transaction can go on. ERR_BAD: no administrator can be of that organisation. */
enum err login_make(struct db *db, struct arena *a, const struct login_new *in,
    const char **account_id);

/* login_get(db, name, row): The account of an id or e-mail. */
enum err login_get(struct db *db, const char *name, struct account_by_email_row *row);

/* What is to change: NULL stays as it is; an empty phone is taken away. */
struct login_change {
	const char *email, *password, *full_name, *phone;
	const bool *is_admin, *is_operator, *is_farmer, *is_active;
	int64_t now;
};

/* login_amend(db, a, row, in): Write a change of the account read as row; its
 * sessions end with a new e-mail, password or less rights. ERR_DENIED: it is the last
 * active administrator's; ERR_CONFLICT: the e-mail has an account (only
 * rollback is left); ERR_BAD: no administrator can be of that organisation. */
enum err login_amend(struct db *db, struct arena *a,
    const struct account_by_email_row *row, const struct login_change *in);

/* login_registered(db, operator_id, n): How many farmers the operator of a number (or
 * NULL) registered. Who did stays: the register must be able to say who it was. */
enum err login_registered(struct db *db, const char *operator_id, int64_t *n);

/* login_end(db, row): Delete the account, its sessions and places. ERR_DENIED: it is
 * the last active administrator's. */
enum err login_end(struct db *db, const struct account_by_email_row *row);

/* login_district_known(db, name): OK if there is a district of that name, else
 * ERR_MISSING. */
enum err login_district_known(struct db *db, const char *name);

/* login_set_districts(db, in), login_set_regions(db, in): An operator's districts, or
 * regions, are these names and no others. ERR_BAD: districts are not for that
 * organisation. */
struct login_places { const char *account_id; const char **names; size_t n; };
enum err login_set_districts(struct db *db, const struct login_places *in);
enum err login_set_regions(struct db *db, const struct login_places *in);

#endif
