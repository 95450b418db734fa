/* SPDX-License-Identifier: MIT */
/*
 * Encryption of single columns, and the keyed hash beside it. Random nonces of 24
 * bytes never repeat in practice, so no counter has to survive a power cut. Short
 * texts are padded to 16 bytes: the length of an NRC or a date says nothing.
 */
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "key.h"
#include "log.h"
#include "seal.h"
#include "text.h"

enum {
	NONCE = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES,
	TAG = crypto_aead_xchacha20poly1305_ietf_ABYTES,
	PAD = 16
};

const char *
seal_text(struct arena *a, const char *place, const char *id, const char *plain)
{
	const char *where = arena_print(a, "%s %s", place, id);
	size_t n = strlen(plain), padded = (n / PAD + 1) * PAD;
	uint8_t *out = arena_take(a, 1 + NONCE + padded + TAG);
	uint8_t *text = arena_take(a, padded);
	struct key key;

	(void)key_get(KEY_SEAL, 0, &key); /* conf.c insists on SECRET_KEY */
	memcpy(text, plain, n);
	out[0] = key.number;
	randombytes_buf(out + 1, NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + 1 + NONCE, NULL, text, padded,
	    (const uint8_t *)where, strlen(where), NULL, out + 1, key.bytes);
	return text_base64(a, out, 1 + NONCE + padded + TAG);
}

const char *
seal_open(struct arena *a, const char *place, const char *id, const char *sealed)
{
	const char *where = arena_print(a, "%s %s", place, id);
	size_t n;
	const uint8_t *in = text_base64_read(a, sealed, strlen(sealed), &n);
	struct key key;
	char *plain;

	if (!in || n < 1 + NONCE + TAG || !key_find(KEY_SEAL, in[0], &key)) {
		log_write(LOG_ERROR, "seal: no key for %s", where);
		return NULL;
	}
	plain = arena_take(a, n); /* zeroed, and longer than the text: it ends */
	if (crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)plain, NULL, NULL,
	    in + 1 + NONCE, n - 1 - NONCE, (const uint8_t *)where, strlen(where),
	    in + 1, key.bytes) != 0) {
		log_write(LOG_ERROR, "seal: damaged or moved: %s", where);
		return NULL;
	}
	return plain;
}

const char *
seal_hash(struct arena *a, const char *text, int generation)
{
	crypto_auth_hmacsha256_state state;
	uint8_t hash[crypto_auth_hmacsha256_BYTES];
	struct key key;

	if (!key_get(KEY_NRC, generation, &key))
		return NULL;
	crypto_auth_hmacsha256_init(&state, key.bytes, key.size);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)text, strlen(text));
	crypto_auth_hmacsha256_final(&state, hash);
	sodium_memzero(&state, sizeof(state));
	return text_hex(a, hash, sizeof(hash));
}

int
seal_is_current(struct arena *a, const char *sealed)
{
	size_t n;
	const uint8_t *in = text_base64_read(a, sealed, strlen(sealed), &n);
	struct key key;

	return key_get(KEY_SEAL, 0, &key) && in && n && in[0] == key.number;
}
