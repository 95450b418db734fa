/* SPDX-License-Identifier: MIT */
/*
 * The signer is a helper (helper.h): forked early, locked to computing, asked over
 * a socket. A question is one byte that says what, and the message. The memory with
 * the keys is kept from swap as far as the system lets us, and wiped at the end; no
 * core file is written of a locked process. What else the worker held when it forked
 * is in the signer too, which is why signer_start comes as early as possible.
 */
#include <string.h>
#include <sys/mman.h>

#include <sodium.h>

#include "conf.h"
#include "helper.h"
#include "log.h"
#include "sandbox.h"
#include "signer.h"

enum {
	SIGN = 'S',
	CHECK = 'C',
	PUBLIC = 'P',
	SECRET_MAX = 512,
	ANSWER_MS = 2000,
	LEGACIES = 2,		/* the secret, and the one before */
	MAC = 32,
	TEXT_MAX = 128,		/* of an old farmer id or timestamp, with its NUL */
	PAIR = 2 * TEXT_MAX
};

/* 32 bytes as base64url with padding, and a NUL. */
enum { MAC_TEXT = 45 };

struct keys {
	uint8_t secret[crypto_sign_SECRETKEYBYTES];
	uint8_t public[SIGNER_PUBLIC];
	char legacy[LEGACIES][SECRET_MAX];
	size_t legacy_size[LEGACIES];
};

struct start {
	const uint8_t *seed;
	const char *legacy[LEGACIES];
};

_Static_assert(SIGNER_SEED == crypto_sign_SEEDBYTES, "the library's sizes are ours");
_Static_assert(SIGNER_SIGNATURE == crypto_sign_BYTES, "the library's sizes are ours");
_Static_assert(MAC == crypto_auth_hmacsha256_BYTES, "the library's sizes are ours");

static struct helper signer = HELPER_NONE;
static uint8_t public_key[SIGNER_PUBLIC];

/* The helper. */

static bool
answer_sign(int socket, const struct keys *k, const uint8_t *p, size_t n)
{
	uint8_t signature[SIGNER_SIGNATURE];

	if (n > SIGNER_MAX ||
	    crypto_sign_detached(signature, NULL, p, n, k->secret) != 0)
		return false;
	return helper_answer(socket, signature, sizeof(signature));
}

/* Did one of the secrets sign the message: the signature's text, its NUL, and what was
 * signed? */
static uint8_t
signed_by(const struct keys *k, int which, const uint8_t *p, size_t n)
{
	crypto_auth_hmacsha256_state state;
	uint8_t mac[MAC], same;
	char text[MAC_TEXT];

	(void)crypto_auth_hmacsha256_init(&state, (const uint8_t *)k->legacy[which],
	    k->legacy_size[which]); /* these three can't fail */
	(void)crypto_auth_hmacsha256_update(&state, p + MAC_TEXT, n - MAC_TEXT);
	(void)crypto_auth_hmacsha256_final(&state, mac);
	(void)sodium_bin2base64(text, sizeof(text), mac, sizeof(mac),
	    sodium_base64_VARIANT_URLSAFE);
	same = sodium_memcmp(text, p, MAC_TEXT) == 0;
	sodium_memzero(mac, sizeof(mac));
	sodium_memzero(text, sizeof(text));
	return same;
}

static bool
answer_check(int socket, const struct keys *k, const uint8_t *p, size_t n)
{
	uint8_t same = 0;

	if (n < MAC_TEXT || n > MAC_TEXT + PAIR)
		return false;
	for (int i = 0; i < LEGACIES; i++)
		if (k->legacy_size[i])
			same |= signed_by(k, i, p, n);
	return helper_answer(socket, &same, sizeof(same));
}

static bool
answer(int socket, const struct keys *k, const struct helper_question *q)
{
	const uint8_t *p = q->bytes + 1;
	const size_t n = q->n - 1;

	if (q->n_fds)
		return false; /* nobody passes us any */
	switch (q->bytes[0]) {
	case SIGN:
		return answer_sign(socket, k, p, n);
	case CHECK:
		return answer_check(socket, k, p, n);
	case PUBLIC:
		return helper_answer(socket, k->public, sizeof(k->public));
	default:
		return false;
	}
}

static int
be_signer(int socket, void *context)
{
	static struct keys k;
	const struct start *start = context;
	struct helper_question q;

	(void)mlock(&k, sizeof(k)); /* may pass the limit of locked memory */
	for (int i = 0; i < LEGACIES; i++) {
		k.legacy_size[i] = strlen(start->legacy[i]);
		memcpy(k.legacy[i], start->legacy[i], k.legacy_size[i]);
	}
	(void)crypto_sign_seed_keypair(k.public, k.secret, start->seed);
	conf_guard(); /* what it was started with besides, in the environment... */
	conf_forget_all(); /* ...and read from it */
	if (sandbox_lock_pure() != OK)
		return 1;
	while (helper_take(socket, &q) && answer(socket, &k, &q))
		sodium_memzero(&q, sizeof(q));
	sodium_memzero(&k, sizeof(k));
	return 0;
}

/* The worker. */

static enum err
ask(uint8_t what, const void *p, size_t n, void *out, size_t out_size)
{
	struct helper_question q = { .n = n + 1 };

	q.bytes[0] = what;
	if (n)
		memcpy(q.bytes + 1, p, n);
	return helper_ask(&signer, &q, out, out_size, ANSWER_MS);
}

enum err
signer_start(const uint8_t seed[SIGNER_SEED], const char *legacy, const char *previous)
{
	struct start start = { seed, { legacy, previous ? previous : "" } };
	const size_t n = legacy ? strlen(legacy) : 0;

	if (sodium_init() < 0 || n == 0 || n > SECRET_MAX ||
	    strlen(start.legacy[1]) > SECRET_MAX) {
		log_write(LOG_ERROR, "signer: no random numbers, or the secret does "
		    "not have 1 to %d bytes", SECRET_MAX);
		return ERR_BROKEN;
	}
	if (helper_start(&signer, "signer", be_signer, &start) != OK)
		return ERR_BROKEN;
	if (ask(PUBLIC, NULL, 0, public_key, sizeof(public_key)) == OK)
		return OK;
	signer_stop();
	return ERR_BROKEN;
}

void
signer_stop(void)
{
	helper_stop(&signer);
}

enum err
signer_sign(const uint8_t *p, size_t n, uint8_t out[SIGNER_SIGNATURE])
{
	if (n > SIGNER_MAX)
		return ERR_BIG;
	return ask(SIGN, p, n, out, SIGNER_SIGNATURE);
}

void
signer_public(uint8_t out[SIGNER_PUBLIC])
{
	memcpy(out, public_key, SIGNER_PUBLIC);
}

void
signer_kid(uint8_t out[SIGNER_KID])
{
	uint8_t hash[crypto_hash_sha256_BYTES];

	(void)crypto_hash_sha256(hash, public_key, sizeof(public_key));
	memcpy(out, hash, SIGNER_KID);
}

bool
signer_check_legacy(const char *farmer_id, const char *timestamp,
    const char *signature)
{
	char message[MAC_TEXT + PAIR];
	size_t id_size, time_size, n = MAC_TEXT;
	uint8_t same = 0;

	if (!farmer_id || !timestamp || !signature)
		return false;
	id_size = strlen(farmer_id);
	time_size = strlen(timestamp);
	/* A signature of another length is wrong; its length is no secret. */
	if (strlen(signature) != MAC_TEXT - 1 || id_size >= TEXT_MAX ||
	    time_size >= TEXT_MAX)
		return false;
	memcpy(message, signature, MAC_TEXT);
	memcpy(message + n, farmer_id, id_size);
	n += id_size;
	message[n++] = '|';
	memcpy(message + n, timestamp, time_size);
	n += time_size;
	return ask(CHECK, message, n, &same, sizeof(same)) == OK && same == 1;
}
