/* SPDX-License-Identifier: MIT */
#ifndef CORE_KEY_H
#define CORE_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "err.h"

enum { KEY_SIZE = 32 };

/* What a key is for. Each has a key of its own, so that one leaking use never
 * opens another. All but KEY_TOKEN are derived from SECRET_KEY by HKDF-SHA256
 * (RFC 5869) with the use as info; KEY_TOKEN is JWT_SECRET itself, as any holder of
 * it must be able to check a token (RFC 7518 section 3.2). */
enum key_use { KEY_TOKEN, KEY_NRC, KEY_SEAL, KEY_THROTTLE, KEY_CARD, KEY_FORM, KEY_SHARE,
    KEY_LINK, KEY_USES };

/* A key as it lies in memory; the bytes belong to this module. */
struct key {
	const uint8_t *bytes;
	size_t size;
	uint32_t number;	/* names the secret it came from, in sealed texts */
};

/* key_load(): Derive all keys from conf. The first generation makes new things; the
 * second, from the ..._PREVIOUS settings, only reads old ones. Children forked
 * afterwards do not have them. ERR_BROKEN (logged) if the two secrets are the same, or
 * bear the same number: then nothing could be moved from one to the other. */
enum err key_load(void);

/* key_get(use, generation, out): Generation 0 is current, 1 the previous. False if
 * there is no such generation. */
bool key_get(enum key_use use, int generation, struct key *out);

/* key_mac(a, use, generation, text): HMAC-SHA256 of a text (RFC 2104) in hexadecimal
 * digits, in the arena; NULL if there is no such generation. */
const char *key_mac(struct arena *a, enum key_use use, int generation, const char *text);

/* key_find(use, number, out): The generation that number names; false if gone. */
bool key_find(enum key_use use, uint32_t number, struct key *out);

/* key_forget(use): Wipe one use's keys in this process. Workers forget KEY_CARD:
 * only the signer process has it. */
void key_forget(enum key_use use);

/* key_forget_all(): Wipe every key in this process. */
void key_forget_all(void);

#endif
