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
	HEAD = sizeof(uint32_t) + NONCE,	/* the key's number and the nonce */
	PAD = 16
};

const char *
seal_text(struct arena *a, const char *place, const char *id, const char *plain)
{
	const char *where = arena_print(a, "%s %s", place, id);
	size_t n = strlen(plain), padded = (n / PAD + 1) * PAD;
	uint8_t *out = arena_take(a, HEAD + padded + TAG);
	uint8_t *text = arena_take(a, padded);
	struct key key;

	(void)key_get(KEY_SEAL, 0, &key); /* conf.c insists on SECRET_KEY */
	memcpy(text, plain, n);
	memcpy(out, &key.number, sizeof(key.number));
	randombytes_buf(out + sizeof(key.number), NONCE);
	crypto_aead_xchacha20poly1305_ietf_encrypt(out + HEAD, NULL, text, padded,
	    (const uint8_t *)where, strlen(where), NULL, out + sizeof(key.number),
	    key.bytes);
	return text_base64(a, out, HEAD + padded + TAG);
}

/* The number of the key that made the n bytes of a sealed text; 0 if it is cut. */
static uint32_t
number_of(const uint8_t *in, size_t n)
{
	uint32_t number = 0;

	if (in && n >= HEAD + TAG)
		memcpy(&number, in, sizeof(number));
	return number;
}

const char *
seal_open(struct arena *a, const char *place, const char *id, const char *sealed)
{
	const char *where = arena_print(a, "%s %s", place, id);
	size_t n;
	const uint8_t *in = text_base64_read(a, sealed, strlen(sealed), &n);
	struct key key;
	char *plain;

	if (!in || n < HEAD + TAG || !key_find(KEY_SEAL, number_of(in, n), &key)) {
		log_write(LOG_ERROR, "seal: no key for %s", where);
		return NULL;
	}
	plain = arena_take(a, n); /* zeroed, and longer than the text: it ends */
	if (crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)plain, NULL, NULL,
	    in + HEAD, n - HEAD, (const uint8_t *)where, strlen(where),
	    in + sizeof(key.number), key.bytes) != 0) {
		log_write(LOG_ERROR, "seal: damaged or moved: %s", where);
		return NULL;
	}
	return plain;
}

const char *
seal_hash(struct arena *a, const char *text, int generation)
{
	return key_mac(a, KEY_NRC, generation, text);
}

bool
seal_is_current(struct arena *a, const char *sealed)
{
	size_t n;
	const uint8_t *in = text_base64_read(a, sealed, strlen(sealed), &n);
	struct key key;

	return key_get(KEY_SEAL, 0, &key) && number_of(in, n) == key.number;
}
