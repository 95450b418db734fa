/* SPDX-License-Identifier: MIT */
/* Settings, keys, seals, tokens, passwords: what keeps people out. */
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "conf.h"
#include "key.h"
#include "password.h"
#include "seal.h"
#include "test.h"
#include "text.h"
#include "token.h"

static struct arena *a;

/* The token of the contract: JWT_SECRET 0123456789abcdef twice. */
static const char published[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJzdWIiOiJhZG1pbkBjZW0uem0iLCJ0eXBlIjoiYWNjZXNzIiwiZXhwIjoxNzk1MzAzOTMxLCJpYXQi"
    "OjE3OTUzMDIxMzEsImF1ZCI6InphbWJpYW5fZmFybWVyX3N5c3RlbSIsInJvbGVzIjpbIkFETUlOIl19."
    "h4JnLDEzEV_XqpYMbhTHnO5TYiEAv2cCBiApUlUfhH4";

static void
settings(const char *name, const char *value)
{
	(void)setenv(name, value, 1);
}

static void
load(void)
{
	settings("DATABASE_URL", "sqlite:/tmp/none.db");
	settings("STATE_DIR", "/tmp");
	settings("SOCKET", "/tmp/none.sock");
	settings("JWT_SECRET", "0123456789abcdef0123456789abcdef");
	settings("SECRET_KEY", "fedcba9876543210fedcba9876543210");
	ok(conf_load(NULL), "good settings are taken");
	(void)key_load();
}

static void
test_conf(void)
{
	load();
	ok(conf.workers == 8 && text_same(conf.environment, "production"), "defaults");
	settings("WORKERS", "0");
	ok(!conf_load(NULL), "a number below its range stops the start");
	settings("WORKERS", "8");
	settings("ENVIRONMENT", "prod");
	ok(!conf_load(NULL), "a choice that is none stops the start");
	settings("ENVIRONMENT", "staging");
	settings("JWT_SECRET", "short");
	ok(!conf_load(NULL), "a short secret stops the start");
	(void)unsetenv("JWT_SECRET");
	ok(!conf_load(NULL), "a missing secret stops the start");
	ok(!conf_load("/nonexistent/cem.conf"), "a missing file stops the start");
	load();
}

static void
test_vector(void)
{
	struct token t;
	const char *why;

	ok(token_read(a, published, 1795302131, &t, &why) == OK &&
	    text_same(t.subject, "admin@cem.zm") && text_same(t.type, "access") &&
	    text_same(t.roles, "ADMIN") && !t.session_id, "the published token is read");
	ok(token_read(a, published, 1795303931, &t, &why) == ERR_AUTH &&
	    text_same(why, "Signature has expired."), "it expires to the second");
	ok(text_same(token_make(a, &(struct token){ .subject = "admin@cem.zm",
	    .type = "access", .roles = "ADMIN", .issued = 1795302131,
	    .expires = 1795303931 }), published), "the same claims give the same token");
}

static const char *
reason(const char *text)
{
	struct token t;
	const char *why;

	return token_read(a, text, 1795302131, &t, &why) ? why : "accepted";
}

static void
test_bad_tokens(void)
{
	char *changed;
	int accepted = 0;

	ok(text_same(reason(""), "Not enough segments"), "nothing");
	ok(text_same(reason("a.b"), "Not enough segments"), "two parts");
	ok(text_same(reason("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.e30."),
	    "The specified alg value is not allowed"), "alg none");
	ok(text_same(reason("eyJhbGciOiJIUzUxMiIsInR5cCI6IkpXVCJ9.e30.AA"),
	    "The specified alg value is not allowed"), "another algorithm");
	for (size_t i = 0; i < sizeof(published) - 1; i++) {
		changed = arena_text(a, published);
		changed[i] = changed[i] == 'A' ? 'B' : 'A';
		accepted += text_same(reason(changed), "accepted");
	}
	ok(accepted == 0, "no single changed character is accepted");
	settings("JWT_SECRET", "another secret of 32 characters!");
	settings("JWT_SECRET_PREVIOUS", "0123456789abcdef0123456789abcdef");
	(void)conf_load(NULL);
	(void)key_load();
	ok(text_same(reason(published), "accepted"), "the previous secret still reads");
	settings("JWT_SECRET_PREVIOUS", "");
	(void)conf_load(NULL);
	(void)key_load();
	ok(text_same(reason(published), "Signature verification failed."),
	    "a secret that is gone does not");
	load();
}

static void
test_seal(void)
{
	const char *sealed = seal_text(a, "farmer.nrc", "row1", "123456/12/1");
	const char *again = seal_text(a, "farmer.nrc", "row1", "123456/12/1");
	const char *hash = seal_hash(a, "123456/12/1", 0);
	char *changed = arena_text(a, sealed);

	ok(text_same(seal_open(a, "farmer.nrc", "row1", sealed), "123456/12/1"),
	    "a seal opens");
	ok(!text_same(sealed, again), "the same text seals differently each time");
	ok(!strstr(sealed, "123456"), "the text is not in the seal");
	ok(!seal_open(a, "farmer.nrc", "row2", sealed), "it can't be moved");
	ok(!seal_open(a, "farmer.birth", "row1", sealed), "nor to another column");
	changed[20] = changed[20] == 'A' ? 'B' : 'A';
	ok(!seal_open(a, "farmer.nrc", "row1", changed), "a changed seal does not open");
	ok(!seal_open(a, "farmer.nrc", "row1", "") && !seal_open(a, "farmer.nrc", "row1",
	    "###"), "rubbish does not open");
	ok(strlen(sealed) == strlen(seal_text(a, "farmer.nrc", "row1", "1")),
	    "the length says nothing");
	ok(strlen(hash) == 64 && !text_same(hash, seal_hash(a, "123456/12/2", 0)) &&
	    !seal_hash(a, "123456/12/1", 1), "a hash finds one NRC");
	settings("SECRET_KEY", "a new secret of at least 32 letters");
	settings("SECRET_KEY_PREVIOUS", "fedcba9876543210fedcba9876543210");
	(void)conf_load(NULL);
	(void)key_load();
	ok(text_same(seal_open(a, "farmer.nrc", "row1", sealed), "123456/12/1") &&
	    text_same(seal_hash(a, "123456/12/1", 1), hash) &&
	    !text_same(seal_hash(a, "123456/12/1", 0), hash),
	    "after a change of keys the old ones still read");
	ok(!seal_is_current(a, sealed) &&
	    seal_is_current(a, seal_text(a, "farmer.nrc", "row1", "x")), "and are known");
	settings("SECRET_KEY_PREVIOUS", "");
	load();
}

static void
test_password(void)
{
	const char *hash;

	ok(password_hash(a, "OldPassw0rd", &hash) == OK &&
	    !strncmp(hash, "$argon2id$", 10), "new hashes are argon2id");
	ok(password_check(hash, "OldPassw0rd") && !password_check(hash, "OldPassw0rD") &&
	    !password_check(hash, ""), "only the password fits");
	ok(!password_is_old(hash), "a new hash is not old");
	/* crypt(3) of "U*U" with the salt of the bcrypt test vectors, cost 5. */
	hash = "$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
	ok(password_check(hash, "U*U") && !password_check(hash, "U*V"), "bcrypt fits");
	ok(password_is_old(hash), "and is to be renewed");
	ok(!password_check(NULL, "") && !password_check(NULL, "x"), "nobody fits");
	ok(!password_check("", "") && !password_check("rubbish", "rubbish"),
	    "a broken hash fits nothing");
	ok(!password_weakness("Passw0rdX") && password_weakness("Short1") &&
	    password_weakness("nouppercase1") && password_weakness("NOLOWERCASE1") &&
	    password_weakness("NoDigitsHere"), "weak passwords are told");
}

/* Every refused sign-in must cost the same, whoever it was for. */
static void
test_password_work(void)
{
	const char *of[] = { NULL, NULL,
		"$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW" };

	(void)password_hash(a, "OldPassw0rd", &of[1]);
	for (int i = 0; i < 3; i++) {
		const struct password_work before = password_work();
		struct password_work after;

		ok(!password_check(of[i], "wrong"), "refused");
		password_spend(of[i], "wrong");
		after = password_work();
		ok(after.argon2id == before.argon2id + 1 &&
		    after.bcrypt == before.bcrypt + 1, "one check of each kind is done");
	}
}

static void
test_password_takes(void)
{
	static const char good[] =
	    "$2b$12$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

	ok(password_takes(good), "bcrypt of the system before is taken");
	ok(!password_takes("") && !password_takes("$2b$12$") &&
	    !password_takes("Passw0rd"), "what is no hash is not");
	ok(!password_takes("$2b$31$CCCCCCCCCCCCCCCCCCCCC."
	    "E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"), "nor one that takes days to check");
	ok(!password_takes("$2b$12$CCCCCCCCCCCCCCCCCCCC: "
	    "E5YPO9kmyuRGyh0XouQYb4YMJKvyOeWx"), "nor one with other letters");
}

int
main(void)
{
	if (sodium_init() < 0)
		return 1;
	a = arena_make(16 * 1024 * 1024, NULL);
	test_conf();
	test_vector();
	test_bad_tokens();
	test_seal();
	test_password();
	test_password_work();
	test_password_takes();
	arena_end(a);
	return test_end();
}
