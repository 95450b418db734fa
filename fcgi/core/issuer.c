/* SPDX-License-Identifier: MIT */
/*
 * The card key between its secret and its signer. The kid is the first 8 bytes of
 * the public key's SHA-256, as the signer computes it too.
 */
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "claim.h"
#include "clock.h"
#include "conf.h"
#include "db.h"
#include "issuer.h"
#include "key.h"
#include "queries.h"
#include "signer.h"
#include "text.h"

enum err
issuer_start(void)
{
	uint8_t seed[KEY_SIZE];
	struct key key;
	enum err e;

	(void)key_get(KEY_CARD, 0, &key); /* conf.c insists on SECRET_KEY */
	memcpy(seed, key.bytes, sizeof(seed));
	key_forget(KEY_CARD);
	e = signer_start(seed, conf.secret_key, conf.secret_key_previous);
	sodium_memzero(seed, sizeof(seed));
	return e;
}

enum err
issuer_publish(struct db *db, struct arena *arena)
{
	uint8_t public[crypto_sign_PUBLICKEYBYTES], secret[crypto_sign_SECRETKEYBYTES];
	uint8_t hash[crypto_hash_sha256_BYTES];
	struct key key;

	(void)key_get(KEY_CARD, 0, &key); /* conf.c insists on SECRET_KEY */
	(void)crypto_sign_seed_keypair(public, secret, key.bytes);
	sodium_memzero(secret, sizeof(secret));
	(void)crypto_hash_sha256(hash, public, sizeof(public));
	return q_card_key_insert(db, &(struct card_key_insert_in){
	    .kid = text_hex(arena, hash, CLAIM_KID), .now = clock_now(),
	    .public_key = text_hex(arena, public, sizeof(public)) }, NULL);
}
