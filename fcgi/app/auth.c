/* SPDX-License-Identifier: MIT */
/*
 * Signing in and out. Accounts sign in by e-mail and password, farmers by NRC and
 * birth date, which is all the existing client can send; so both are throttled per
 * account and per address, and an unknown name costs the same time and gets the
 * same answer as a wrong secret.
 */
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "conf.h"
#include "fields.h"
#include "front.h"
#include "log.h"
#include "metrics.h"
#include "password.h"
#include "queries.h"
#include "seal.h"
#include "session.h"
#include "text.h"
#include "throttle.h"
#include "auth.h"

static const struct shape_field login_form_fields[] = {
	FIELD(login_form, email, SHAPE_TEXT, .flags = SHAPE_REQUIRED, LIMIT(0, 254),
	    .words = "e-mail address, or NRC"),
	FIELD(login_form, password, SHAPE_TEXT, .flags = SHAPE_REQUIRED, LIMIT(0, 500),
	    .words = "password, or date of birth"),
	FIELD(login_form, role, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 20)),
};
SHAPE(login_form, "LoginForm", SHAPE_BODY);

static const struct shape_field user_out_fields[] = {
	NAMED("_id", user_out, id, SHAPE_TEXT),
	FIELD(user_out, email, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(user_out, roles, SHAPE_TEXTS),
	FIELD(user_out, is_active, SHAPE_BOOL),
	FIELD(user_out, created_at, SHAPE_TIME, .flags = SHAPE_OPTIONAL),
	FIELD(user_out, updated_at, SHAPE_TIME, .flags = SHAPE_OPTIONAL),
	FIELD(user_out, last_login, SHAPE_TIME, .flags = SHAPE_OPTIONAL),
	FIELD(user_out, full_name, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(user_out, phone, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(user_out, farmer_id, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
};
SHAPE(user_out, "User", SHAPE_BODY);

static const struct shape_field login_out_fields[] = {
	FIELD(login_out, access_token, SHAPE_TEXT),
	FIELD(login_out, refresh_token, SHAPE_TEXT),
	FIELD(login_out, token_type, SHAPE_TEXT),
	FIELD(login_out, expires_in, SHAPE_INT, .words = "seconds"),
	FIELD(login_out, user, SHAPE_OBJECT, .sub = &user_out_shape),
};
SHAPE(login_out, "Login", SHAPE_BODY);

struct refresh_form { const char *refresh_token; };

static const struct shape_field refresh_form_fields[] = {
	FIELD(refresh_form, refresh_token, SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    LIMIT(0, 2048)),
};
SHAPE(refresh_form, "RefreshForm", SHAPE_BODY);

struct refresh_out { const char *access_token, *token_type; int64_t expires_in; };

static const struct shape_field refresh_out_fields[] = {
	FIELD(refresh_out, access_token, SHAPE_TEXT),
	FIELD(refresh_out, token_type, SHAPE_TEXT),
	FIELD(refresh_out, expires_in, SHAPE_INT, .words = "seconds"),
};
SHAPE(refresh_out, "Refresh", SHAPE_BODY);

struct password_form { const char *current_password, *new_password; };

static const struct shape_field password_form_fields[] = {
	FIELD(password_form, current_password, SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    LIMIT(0, 500)),
	FIELD(password_form, new_password, SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    LIMIT(PASSWORD_MIN, PASSWORD_MAX)),
};
SHAPE(password_form, "PasswordForm", SHAPE_BODY);

static const struct shape_field account_done_fields[] = {
	FIELD(account_done, message, SHAPE_TEXT),
	FIELD(account_done, email, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
};
SHAPE(account_done, "AccountDone", SHAPE_BODY);

/* One attempt to sign in, with its counters. A birth date is soon guessed, so the
 * attempts at one NRC are also counted by the day. */
struct attempt {
	struct req *r;
	const struct login_form *form;
	const char *name;	/* e-mail or NRC, trimmed, lower case */
	struct login_out *out;
	struct throttle account, day, address;
};

/* Record what does not lead on, for good: the request is about to be refused. subject
 * is the account or farmer it was about, NULL when there is none; never what was
 * typed, which may be an NRC or, in the wrong field, a password. */
static enum err
record_refusal(struct req *r, const char *action, const char *reason,
    const char *subject)
{
	enum err e = front_audit(r, &(struct audit_event){ .level = "WARNING",
	    .module = "auth", .action = action, .subject = subject,
	    .details = arena_print(r->arena, "{\"reason\":\"%s\"}", reason) });

	return e ? e : front_save(r);
}

static enum err
refuse(const struct attempt *t, const char *reason, const char *subject,
    const char *words)
{
	enum err e = record_refusal(t->r, "login_failed", reason, subject);

	metrics_count(METRIC_LOGINS_REFUSED, 1);
	log_write(LOG_WARN, "login refused address=%s", t->r->address);
	return e ? e : fail(t->r, ERR_AUTH, "%s", words);
}

static enum err
block(const struct attempt *t, const char *reason, const char *subject)
{
	enum err e = record_refusal(t->r, "login_blocked", reason, subject);

	return e ? e : fail(t->r, ERR_DENIED,
	    "Account is disabled. Contact administrator.");
}

/* The right one has come: it is the first thing recorded as done by him. */
static enum err
record_success(const struct attempt *t, const struct viewer *v)
{
	const void *before = t->r->who;
	enum err e;

	t->r->who = v;
	e = front_audit(t->r, &(struct audit_event){ .module = "auth",
	    .action = "login_success", .subject = v->subject });
	t->r->who = before;
	return e;
}

static struct shape_texts
farmer_role(struct arena *a)
{
	struct shape_texts list = { arena_array(a, const char *, 1), 1 };

	list.items[0] = "FARMER";
	return list;
}

/* The secret was right: take the attempt off its counters. */
static enum err
forgive(const struct attempt *t, bool is_farmer)
{
	enum err e = throttle_clear(&t->account);

	if (!e && is_farmer)
		e = throttle_clear(&t->day);
	return e ? e : throttle_forgive(&t->address);
}

/* The secret was right, and is still: start a session and say who it is for. */
static enum err
welcome(const struct attempt *t, const struct viewer *v, const struct user_out *user)
{
	struct session_tokens tokens;
	enum err e;

	e = session_start(t->r->db, t->r->arena, v, t->r->now, &tokens);
	if (!e)
		e = record_success(t, v);
	if (e)
		return e;
	log_write(LOG_INFO, "login ok who=%s address=%s", v->mark, t->r->address);
	*t->out = (struct login_out){
		.access_token = tokens.access, .refresh_token = tokens.refresh,
		.token_type = "bearer", .expires_in = tokens.expires_in, .user = user
	};
	return OK;
}

static bool
role_fits(struct arena *a, const char *role, const struct viewer *v)
{
	const char *name;

	if (text_empty(role))
		return true;
	name = text_upper(a, role);
	return (v->is_admin && text_same(name, "ADMIN")) ||
	    (v->is_operator && text_same(name, "OPERATOR")) ||
	    (v->is_farmer && text_same(name, "FARMER"));
}

static enum err
refuse_role(const struct attempt *t, const struct viewer *v)
{
	return refuse(t, "role_mismatch", v->subject, arena_print(t->r->arena,
	    "Invalid credentials for %s login", t->form->role));
}

/* Note the sign-in; *n is 0 if the password was changed since it was checked. An old
 * hash gives way to a new one now that the password is at hand. */
static enum err
sign_in(const struct attempt *t, const struct account_by_email_row *row, int64_t *n)
{
	const char *hash = row->password_hash;
	enum err e = OK;

	if (password_is_old(hash)) {
		e = password_hash(t->r->arena, t->form->password, &hash);
		if (!e)
			e = q_account_set_password(t->r->db,
			    &(struct account_set_password_in){
			    .account_id = row->account_id, .password_hash = hash,
			    .old_hash = row->password_hash, .now = t->r->now }, NULL);
	}
	if (!e)
		e = q_account_signed_in(t->r->db, &(struct account_signed_in_in){
		    .account_id = row->account_id, .old_hash = hash,
		    .now = t->r->now }, n);
	return e;
}

/* While there are hashes of the system before, which take ten times as long, a refusal
 * does the work of both kinds: its time does not tell who has an account. */
static enum err
refuse_password(const struct attempt *t, const struct account_by_email_row *row)
{
	struct account_before_row *before;
	size_t n;
	enum err e = q_account_before(t->r->db, &before, &n);

	if (e)
		return e;
	if (n)
		password_spend(row ? row->password_hash : NULL, t->form->password);
	return refuse(t, row ? "password_mismatch" : "unknown_user",
	    row ? row->email : NULL, "Invalid email or password");
}

/* Is the password right, and may the account come in? Fills row and v. */
static enum err
check_account(const struct attempt *t, struct account_by_email_row *row,
    struct viewer *v)
{
	enum err e = q_account_by_email(t->r->db,
	    &(struct account_by_email_in){ .email = t->name }, row);

	if (e && e != ERR_MISSING)
		return e;
	if (!password_check(e ? NULL : row->password_hash, t->form->password))
		return refuse_password(t, e ? NULL : row);
	if (!row->is_active)
		return block(t, "user_inactive", row->email);
	*v = (struct viewer){ .is_admin = row->is_admin,
	    .is_operator = row->is_operator, .is_farmer = row->is_farmer,
	    .account_id = row->account_id, .subject = row->email,
	    .mark = row->operator_id && !row->is_admin ? row->operator_id : row->email };
	return role_fits(t->r->arena, t->form->role, v) ? OK : refuse_role(t, v);
}

/* What changed since the check may be no more than a hash that another sign-in of the
 * same person renewed: so it is checked once more, and then holds. */
static enum err
login_account(const struct attempt *t)
{
	struct account_by_email_row *row = arena_take(t->r->arena, sizeof(*row));
	struct user_out *user = arena_take(t->r->arena, sizeof(*user));
	struct viewer v;
	int64_t n = 0;
	enum err e = OK;

	for (int i = 0; i < 2 && !e && !n; i++) {
		e = check_account(t, row, &v);
		/* Once, and before the account is written: or two at once would wait
		 * for each other crosswise. */
		if (!e && !i)
			e = forgive(t, false);
		if (!e)
			e = sign_in(t, row, &n);
	}
	if (e)
		return e;
	if (!n)
		return refuse(t, "password_mismatch", row->email,
		    "Invalid email or password");
	user_fill(t->r->arena, row, user);
	return welcome(t, &v, user);
}

/* The birth date as typed, in the form it is stored: 1990-01-15. The client's date
 * field sends that; people on other devices write day first or with slashes. */
static const char *
normal_date(struct arena *a, const char *typed)
{
	const char *s = text_trim(a, typed);
	char *copy = arena_text(a, s);

	for (char *p = copy; *p; p++)
		if (*p == '/')
			*p = '-';
	if (strlen(copy) == 10 && copy[2] == '-' && copy[5] == '-')
		return arena_print(a, "%s-%.2s-%.2s", copy + 6, copy + 3, copy);
	return copy;
}

/* Hold the farmer's way in as it was checked; *n is 0 if it was changed since. */
static enum err
hold_farmer(const struct attempt *t, const struct farmer_by_nrc_row *row, int64_t *n)
{
	enum err e = forgive(t, true);

	if (e)
		return e;
	return q_farmer_hold(t->r->db, &(struct farmer_hold_in){
	    .farmer_row_id = row->farmer_row_id, .birth_sealed = row->birth_sealed,
	    .nrc_hash = seal_hash(t->r->arena, t->name, 0),
	    .other_hash = seal_hash(t->r->arena, t->name, 1) }, n);
}

static enum err
login_farmer(const struct attempt *t)
{
	struct arena *a = t->r->arena;
	struct farmer_by_nrc_row *row;
	struct user_out *user = arena_take(a, sizeof(*user));
	struct viewer v;
	const char *birth;
	int64_t n_held;
	size_t n;
	enum err e;

	e = q_farmer_by_nrc(t->r->db, &(struct farmer_by_nrc_in){
	    .nrc_hash = seal_hash(a, t->name, 0),
	    .other_hash = seal_hash(a, t->name, 1) }, &row, &n);
	if (e)
		return e;
	birth = n ? seal_open(a, "farmer.birth", row->farmer_row_id, row->birth_sealed) :
	    seal_open(a, "nobody", "", seal_text(a, "nobody", "", "0000-00-00"));
	if (!birth)
		return ERR_BROKEN;
	if (!text_same_secret(birth, normal_date(a, t->form->password)) || !n)
		return refuse(t, n ? "dob_mismatch" : "unknown_user",
		    n ? row->farmer_id : NULL, "Invalid NRC or date of birth");
	if (!row->is_active)
		return block(t, "farmer_inactive", row->farmer_id);
	v = (struct viewer){ .is_farmer = true, .farmer_id = row->farmer_id,
	    .subject = row->farmer_id, .mark = row->farmer_id };
	if (!role_fits(a, t->form->role, &v))
		return refuse_role(t, &v);
	e = hold_farmer(t, row, &n_held);
	if (e)
		return e;
	if (!n_held)
		return refuse(t, "dob_mismatch", row->farmer_id,
		    "Invalid NRC or date of birth");
	*user = (struct user_out){ .id = row->farmer_row_id, .email = row->contact_email,
	    .roles = farmer_role(a), .is_active = true, .phone = row->phone_primary,
	    .full_name = arena_print(a, "%s %s", row->first_name, row->last_name),
	    .farmer_id = row->farmer_id };
	return welcome(t, &v, user);
}

enum err
auth_sign_in(struct req *r, const struct login_form *in, struct login_out *out)
{
	struct attempt t = {
		.r = r, .form = in, .out = out,
		.name = text_lower(r->arena, text_trim(r->arena, in->email)),
		.account = { .db = r->db, .arena = r->arena, .kind = "login account",
		    .limit = conf.login_attempts },
		.day = { .db = r->db, .arena = r->arena, .kind = "login day",
		    .limit = conf.login_attempts * 5, .window = CLOCK_DAY },
		.address = { .db = r->db, .arena = r->arena, .kind = "login address",
		    .subject = throttle_network(r->arena, r->address),
		    .limit = conf.login_attempts_address }
	};
	bool is_farmer = !strchr(t.name, '@');
	enum err e;

	t.account.subject = t.day.subject = t.name;
	e = front_throttle(r, &t.address);
	if (!e)
		e = front_throttle(r, &t.account);
	if (!e && is_farmer)
		e = front_throttle(r, &t.day);
	if (e)
		return e;
	return is_farmer ? login_farmer(&t) : login_account(&t);
}

enum err
auth_login(struct req *r)
{
	struct login_out out;
	enum err e = auth_sign_in(r, r->in, &out);

	return e ? e : reply(r, 200, &out);
}

enum err
auth_refresh(struct req *r)
{
	const struct refresh_form *in = r->in;
	struct viewer v;
	const char *why;
	enum err e;

	e = session_viewer(r->db, r->arena, &(struct session_ask){
	    .token = in->refresh_token, .type = "refresh", .now = r->now }, &v, &why);
	if (e == ERR_AUTH && why && strncmp(why, "Invalid token type", 18) == 0)
		return fail(r, e, "%s", why);
	if (e == ERR_AUTH)
		return fail(r, e, "Invalid or expired refresh token: Invalid token: %s",
		    why ? why : "the session has ended");
	if (e)
		return e;
	return reply(r, 200, &(struct refresh_out){
	    .access_token = session_access(r->arena, &v, r->now),
	    .token_type = "bearer", .expires_in = conf.access_minutes * 60 });
}

static enum err
me_farmer(struct req *r, const struct viewer *v)
{
	struct farmer_get_row row;
	enum err e = q_farmer_get(r->db, &(struct farmer_get_in){
	    .farmer_id = v->farmer_id, SCOPE(v) }, &row);

	if (e)
		return e;
	return reply(r, 200, &(struct user_out){
	    .id = row.farmer_row_id, .email = row.contact_email,
	    .roles = farmer_role(r->arena), .is_active = row.is_active,
	    .created_at = &row.created_at, .updated_at = &row.updated_at,
	    .full_name = v->name, .phone = row.phone_primary,
	    .farmer_id = row.farmer_id });
}

enum err
auth_me(struct req *r)
{
	const struct viewer *v = front_viewer(r);
	struct account_by_email_row row;
	struct user_out out;
	enum err e;

	if (v->farmer_id)
		return me_farmer(r, v);
	e = q_account_by_email(r->db,
	    &(struct account_by_email_in){ .email = v->subject }, &row);
	if (e)
		return e;
	user_fill(r->arena, &row, &out);
	return reply(r, 200, &out);
}

/* Is the current password right, and the new one good enough? Attempts are counted
 * like sign-ins, so that a stolen token can't try passwords. */
static enum err
check_change(struct req *r, const struct account_by_email_row *row)
{
	const struct password_form *in = r->in;
	struct throttle throttle = { .db = r->db, .arena = r->arena,
	    .kind = "change password", .subject = row->account_id,
	    .limit = conf.login_attempts };
	const char *weakness = password_weakness(in->new_password);
	enum err e;

	if (weakness)
		return fail_fault(r, "body.new_password", "value_error",
		    arena_print(r->arena, "Value error, %s", weakness));
	e = front_throttle(r, &throttle);
	if (e)
		return e;
	if (!password_check(row->password_hash, in->current_password)) {
		e = record_refusal(r, "change_password_failed", "password_mismatch",
		    row->email);
		return e ? e : fail(r, ERR_AUTH, "Current password is incorrect");
	}
	if (text_same(in->current_password, in->new_password))
		return fail(r, ERR_BAD,
		    "New password must be different from current password");
	return throttle_clear(&throttle);
}

enum err
auth_change_password(struct req *r)
{
	const struct viewer *v = front_viewer(r);
	const struct password_form *in = r->in;
	struct account_by_email_row row;
	const char *hash;
	int64_t n;
	enum err e;

	if (v->farmer_id)
		return fail(r, ERR_BAD, "Farmers sign in with their date of birth "
		    "and have no password to change");
	e = q_account_by_email(r->db,
	    &(struct account_by_email_in){ .email = v->subject }, &row);
	if (!e)
		e = check_change(r, &row);
	if (!e)
		e = password_hash(r->arena, in->new_password, &hash);
	if (!e)
		e = q_account_set_password(r->db, &(struct account_set_password_in){
		    .account_id = v->account_id, .password_hash = hash,
		    .old_hash = row.password_hash, .now = r->now }, &n);
	if (!e && !n)
		e = fail(r, ERR_CONFLICT, "The password was changed at this moment "
		    "by somebody else. Sign in again.");
	if (!e)
		e = q_session_end_account(r->db, &(struct session_end_account_in){
		    .account_id = v->account_id, .session_id = v->session_id }, NULL);
	if (!e)
		e = front_audit(r, &(struct audit_event){ .module = "auth",
		    .action = "change_password", .subject = v->subject });
	if (e)
		return e;
	log_write(LOG_INFO, "password changed who=%s", v->mark);
	return reply(r, 200, &(struct account_done){
	    "Password changed successfully", v->subject });
}

enum err
auth_sign_out(struct req *r)
{
	const struct viewer *v = front_viewer(r);
	enum err e = q_session_end(r->db, &(struct session_end_in){
	    .session_id = v->session_id }, NULL);

	return e ? e : front_audit(r, &(struct audit_event){ .module = "auth",
	    .action = "logout", .subject = v->subject });
}

enum err
auth_logout(struct req *r)
{
	const struct viewer *v = front_viewer(r);
	enum err e = auth_sign_out(r);

	if (e)
		return e;
	return reply(r, 200, &(struct account_done){
	    "Logged out successfully", v->farmer_id ? NULL : v->subject });
}
