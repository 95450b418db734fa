/* SPDX-License-Identifier: MIT */
#ifndef CORE_CLAIM_H
#define CORE_CLAIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "err.h"

struct arena;

enum { CLAIM_KEY = 32, CLAIM_SIGNATURE = 64, CLAIM_KID = 8, CLAIM_SERIAL = 8 };

/*
 * What a card says in its QR: MOSIP Claim 169 (version 1.2) in a CWT (RFC 8392) in
 * COSE_Sign1 (RFC 9052), zlib (RFC 1950), Base45 (RFC 9285). Texts may be NULL and
 * numbers 0 where a claim is absent; times are seconds.
 */
struct claim {
	const char *issuer, *subject;
	int64_t expires, not_before, issued;
	uint8_t serial[16];		/* cti */
	size_t serial_size;		/* ours is CLAIM_SERIAL; 0: absent */
	const char *id, *version, *language, *full_name;
	const char *birth_date;		/* YYYYMMDD */
	int64_t gender;			/* 1 male, 2 female, 3 other */
	const char *nationality, *location, *country;
};

/* claim_payload(a, c, n): The CWT as deterministic CBOR (RFC 8949 section 4.2):
 * definite lengths, shortest integers, keys ascending; its length in *n. */
uint8_t *claim_payload(struct arena *a, const struct claim *c, size_t *n);

/* claim_to_sign(a, kid, payload, n, n_out): The bytes that Ed25519 signs
 * (RFC 9052 section 4.4) for alg -8 and kid in the protected header. */
uint8_t *claim_to_sign(struct arena *a, const uint8_t kid[CLAIM_KID],
    const uint8_t *payload, size_t n, size_t *n_out);

/* claim_cose(a, kid, payload, n, signature, n_out): The COSE_Sign1 message, tag 18. */
uint8_t *claim_cose(struct arena *a, const uint8_t kid[CLAIM_KID],
    const uint8_t *payload, size_t n, const uint8_t signature[CLAIM_SIGNATURE],
    size_t *n_out);

/* claim_text(a, cose, n): Deflated and in Base45: the text of the QR code. NULL if
 * cose is above 64 KiB, which is no card. */
const char *claim_text(struct arena *a, const uint8_t *cose, size_t n);

enum claim_alg { CLAIM_UNSIGNED, CLAIM_ED25519, CLAIM_ES256 };

/* A card as read back; nothing in it is trusted before claim_verify. */
struct claim_read {
	struct claim claim;
	enum claim_alg alg;
	uint8_t kid[32];
	size_t kid_size;		/* 0: none */
	const uint8_t *to_sign, *signature;
	size_t to_sign_size, signature_size;
	const char *warnings[8];	/* deviations that are tolerated, in words */
	int n_warnings;
};

/* claim_read(a, text, out, why): Read a QR text of at most 8 KiB. Accepts an
 * optional "XXn:" prefix, tags 61 and 18, kid protected or not, and the known
 * deviations of card.md B.9 with a warning. Inflates to at most 64 KiB, depth 32.
 * ERR_BAD with *why naming the layer that failed: "Base45Decode", "Decompress",
 * "CoseParse", "CwtParse", "Claim169NotFound", "UnsupportedAlgorithm", or "Encrypted"
 * if only claim_open can read it. A card without a signature is read as well, with
 * CLAIM_UNSIGNED: claim_verify is what tells. */
enum err claim_read(struct arena *a, const char *text, struct claim_read *out,
    const char **why);

/* claim_open(a, text, key, key_size, out, why): The same for a card that is
 * COSE_Encrypt0 with A256GCM or A128GCM (32 or 16 bytes of key) around the signed
 * message. "Decrypt" if the key is another or a byte was changed. */
enum err claim_open(struct arena *a, const char *text, const uint8_t *key,
    size_t key_size, struct claim_read *out, const char **why);

/* claim_verify(read, key, key_size): True if the signature is that of key: 32 bytes
 * of Ed25519, or 65 of an uncompressed P-256 point. */
bool claim_verify(const struct claim_read *read, const uint8_t *key, size_t key_size);

/* claim_base45, claim_base45_read: RFC 9285. Reading refuses what no encoder
 * writes; NULL then. */
char *claim_base45(struct arena *a, const uint8_t *p, size_t n);
uint8_t *claim_base45_read(struct arena *a, const char *s, size_t *n);

#endif
