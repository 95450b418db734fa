/* SPDX-License-Identifier: MIT */
#ifndef CORE_SIGNER_H
#define CORE_SIGNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

/*
 * The card's signing key, held by a process of its own beside each worker. A worker
 * that is taken over can have cards signed while it lives, but can't take the key
 * away. The old cards' shared secret lives there too.
 */
enum {
	SIGNER_SEED = 32,	/* Ed25519 (RFC 8032) */
	SIGNER_PUBLIC = 32,
	SIGNER_SIGNATURE = 64,
	SIGNER_KID = 8,
	SIGNER_MAX = 1024	/* bytes of one message */
};

/* signer_start(seed, legacy, previous): Fork the signer. Call before the worker locks
 * itself, and wipe the secrets afterwards; the signer has copied them. legacy, of 1 to
 * 512 bytes, and previous ("" or NULL: none) sign the triples of old cards.
 * ERR_BROKEN (logged) if it does not start. */
enum err signer_start(const uint8_t seed[SIGNER_SEED], const char *legacy,
    const char *previous);

/* signer_stop(): End it; harmless if it does not run. */
void signer_stop(void);

/* signer_sign(p, n, out): The Ed25519 signature of n bytes, at most SIGNER_MAX.
 * ERR_BIG beyond, ERR_DOWN (logged) if the signer does not answer. */
enum err signer_sign(const uint8_t *p, size_t n, uint8_t out[SIGNER_SIGNATURE]);

/* signer_public(out): The public key, learned at the start; zeros before. */
void signer_public(uint8_t out[SIGNER_PUBLIC]);

/* signer_kid(out): The key's id, which the card carries: the first bytes of the
 * SHA-256 of the public key. */
void signer_kid(uint8_t out[SIGNER_KID]);

/* signer_check_legacy(farmer_id, timestamp, signature): True if signature is that
 * of an old card: HMAC-SHA256 with the legacy secret over "farmer_id|timestamp", as
 * base64url with padding. Compared in constant time. False also if the signer does
 * not answer (logged), or a text is NULL or too long to be real. */
bool signer_check_legacy(const char *farmer_id, const char *timestamp,
    const char *signature);

#endif
