/* SPDX-License-Identifier: MIT */
#ifndef CORE_PASSWORD_H
#define CORE_PASSWORD_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

struct arena;

enum { PASSWORD_MIN = 8, PASSWORD_MAX = 100 };	/* code points */

/* password_hash(a, password, out): A new argon2id hash (RFC 9106: 19 MiB, 2 passes) in
 * a. Takes about 25 ms. ERR_DOWN if there is no memory for it. */
enum err password_hash(struct arena *a, const char *password, const char **out);

/* password_check(stored, password): True if password made stored: argon2id, or
 * bcrypt ($2a$ $2b$ $2y$, which looks at the first 72 bytes). stored NULL means an
 * unknown account: the same work is done, and the answer is false. */
bool password_check(const char *stored, const char *password);

/* password_spend(stored, password): The work of a check by the other kind of hash, after
 * one that failed: so that a refusal takes as long for bcrypt, argon2id and nobody. */
void password_spend(const char *stored, const char *password);

/* password_takes(stored): Is it a hash that can be checked, at a bearable price? For
 * those that come from elsewhere. */
bool password_takes(const char *stored);

/* What was done since the start, for tests of the above. */
struct password_work { int64_t argon2id, bcrypt; };
struct password_work password_work(void);

/* password_is_old(stored): True if stored should be hashed anew at this sign-in. */
bool password_is_old(const char *stored);

/* password_weakness(password): What is missing for a new password, as the client
 * shows it; NULL if nothing is. */
const char *password_weakness(const char *password);

#endif
