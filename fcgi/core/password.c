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

enum { PASSES = 2, MEMORY = 19 * 1024 * 1024 };

/* Stands in for the hash of an account that does not exist: same cost, and its hash
 * part is not the hash of anything, so no password matches. */
static const char nobody[] = "$argon2id$v=19$m=19456,t=2,p=1$"
    "AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

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
	same = hash && text_same_secret(hash, stored);
	sodium_memzero(cut, sizeof(cut));
	sodium_memzero(&data, sizeof(data));
	return same;
}

bool
password_check(const char *stored, const char *password)
{
	if (stored && is_bcrypt(stored))
		return check_bcrypt(stored, password);
	return crypto_pwhash_str_verify(stored ? stored : nobody, password,
	    strlen(password)) == 0 && stored;
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
