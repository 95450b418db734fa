/* SPDX-License-Identifier: MIT */
/*
 * Passwords. New hashes are argon2id by libsodium, with the memory that OWASP's
 * cheat sheet names as the least, so that eight workers signing in at once fit into
 * a small host. Hashes taken over from the system before are bcrypt by libcrypt;
 * each is replaced at its owner's next sign-in.
 */
#include <string.h>

#include <crypt.h>
#include <sodium.h>

#include "arena.h"
#include "log.h"
#include "password.h"
#include "text.h"

enum { PASSES = 2, MEMORY = 19 * 1024 * 1024, COST_MAX = 14 };

/* Stands in for the hash of an account that does not exist: same cost, and its hash
 * part is not the hash of anything, so no password matches. */
static const char nobody[crypto_pwhash_STRBYTES] = "$argon2id$v=19$m=19456,t=2,p=1$"
    "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/* The same in bcrypt, at the price of the system before. */
static const char nobody_before[] =
    "$2b$12$......................" "...............................";

static struct password_work work;

struct password_work
password_work(void)
{
	return work;
}

enum err
password_hash(struct arena *a, const char *password, const char **out)
{
	char *hash = arena_take(a, crypto_pwhash_STRBYTES);

	if (crypto_pwhash_str(hash, password, strlen(password), PASSES, MEMORY) != 0) {
		log_write(LOG_ERROR, "password: no memory to hash with");
		return ERR_DOWN;
	}
	*out = hash;
	return OK;
}

static bool
is_bcrypt(const char *stored)
{
	return stored[0] == '$' && stored[1] == '2' && stored[2] &&
	    strchr("aby", stored[2]) && stored[3] == '$';
}

static bool
check_bcrypt(const char *stored, const char *password)
{
	struct crypt_data data = { 0 };
	char cut[73] = "";
	const char *hash;
	bool same;

	memcpy(cut, password, strnlen(password, sizeof(cut) - 1));
	hash = crypt_r(cut, stored, &data);
	work.bcrypt += hash && *hash == '$'; /* else it was no setting, and no work */
	same = hash && text_same_secret(hash, stored);
	sodium_memzero(cut, sizeof(cut));
	sodium_memzero(&data, sizeof(data));
	return same;
}

static bool
check_argon2id(const char *stored, const char *password)
{
	work.argon2id++;
	return crypto_pwhash_str_verify(stored, password, strlen(password)) == 0;
}

bool
password_check(const char *stored, const char *password)
{
	if (stored && is_bcrypt(stored))
		return check_bcrypt(stored, password);
	return check_argon2id(stored ? stored : nobody, password) && stored;
}

void
password_spend(const char *stored, const char *password)
{
	if (stored && is_bcrypt(stored))
		(void)check_argon2id(nobody, password); /* only the work counts */
	else
		(void)check_bcrypt(nobody_before, password);
}

/* $2b$12$ and 53 characters of its own base64, as the crypt(5) of libxcrypt says. */
static bool
takes_bcrypt(const char *s)
{
	static const char letters[] = "./ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789";
	int64_t cost;
	char digits[3] = "";

	if (strlen(s) != 60 || s[6] != '$' || strspn(s + 7, letters) != 53)
		return false;
	memcpy(digits, s + 4, 2);
	return text_number(digits, 4, COST_MAX, &cost);
}

bool
password_takes(const char *stored)
{
	return is_bcrypt(stored) && takes_bcrypt(stored);
}

bool
password_is_old(const char *stored)
{
	return is_bcrypt(stored) ||
	    crypto_pwhash_str_needs_rehash(stored, PASSES, MEMORY) != 0;
}

const char *
password_weakness(const char *password)
{
	if (text_points(password) < PASSWORD_MIN)
		return "Password must be at least 8 characters long";
	if (text_points(password) > PASSWORD_MAX)
		return "Password must be at most 100 characters long";
	if (!strpbrk(password, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
		return "Password must contain at least one uppercase letter";
	if (!strpbrk(password, "abcdefghijklmnopqrstuvwxyz"))
		return "Password must contain at least one lowercase letter";
	if (!strpbrk(password, "0123456789"))
		return "Password must contain at least one digit";
	return NULL;
}
