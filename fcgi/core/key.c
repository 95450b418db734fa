/* SPDX-License-Identifier: MIT */
/*
 * The keys: HKDF with SHA-256 (RFC 5869): extract with a fixed salt, expand once,
 * as 32 bytes are one block. Two generations are kept, so that a secret can be
 * changed while tokens and sealed texts of the old one are still about. The number
 * of a generation is the first four bytes of a key derived for nothing else: it is
 * the same wherever the same secret is set, and says nothing about it.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <sodium.h>

#include "conf.h"
#include "key.h"
#include "log.h"
#include "text.h"

enum { GENERATIONS = 2, TOKEN_MAX = 500 };

/* In pages of their own that a forked child gets zeroed: what decodes pictures must
 * have nothing to tell. */
static struct keys {
	uint8_t bytes[KEY_USES][GENERATIONS][TOKEN_MAX];
	size_t size[KEY_USES][GENERATIONS];
	uint32_t number[GENERATIONS];
} *keys;

static const char *const info[KEY_USES] = {
	"", "cem nrc hash 1", "cem seal 1", "cem throttle 1", "cem card 1", "cem form 1",
	"cem share 1", "cem link 1"
};

static void
mac(uint8_t out[KEY_SIZE], const void *key, size_t key_size, const void *p, size_t n)
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key, key_size);
	crypto_auth_hmacsha256_update(&state, p, n);
	crypto_auth_hmacsha256_final(&state, out);
	sodium_memzero(&state, sizeof(state));
}

static void
derive(uint8_t out[KEY_SIZE], const char *secret, const char *words)
{
	static const char salt[] = "cem register";
	uint8_t extracted[KEY_SIZE], block[64];
	size_t n = strlen(words);

	mac(extracted, salt, sizeof(salt) - 1, secret, strlen(secret));
	memcpy(block, words, n);
	block[n] = 1;
	mac(out, extracted, sizeof(extracted), block, n + 1);
	sodium_memzero(extracted, sizeof(extracted));
}

static void
load_generation(int g, const char *secret)
{
	uint8_t number[KEY_SIZE];

	if (!*secret)
		return;
	for (int use = KEY_NRC; use < KEY_USES; use++) {
		derive(keys->bytes[use][g], secret, info[use]);
		keys->size[use][g] = KEY_SIZE;
	}
	derive(number, secret, "cem number 1");
	memcpy(&keys->number[g], number, sizeof(keys->number[g]));
}

static void
load_token(int g, const char *secret)
{
	size_t n = strlen(secret);

	memcpy(keys->bytes[KEY_TOKEN][g], secret, n);
	keys->size[KEY_TOKEN][g] = n;
}

enum err
key_load(void)
{
	if (!keys) {
		keys = mmap(NULL, sizeof(*keys), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (keys == MAP_FAILED ||
		    madvise(keys, sizeof(*keys), MADV_WIPEONFORK) != 0 ||
		    madvise(keys, sizeof(*keys), MADV_DONTDUMP) != 0)
			abort(); /* at the start of a worker; all of Linux since 4.14 */
	}
	sodium_memzero(keys, sizeof(*keys));
	load_generation(0, conf.secret_key);
	load_generation(1, conf.secret_key_previous);
	load_token(0, conf.jwt_secret);
	load_token(1, conf.jwt_secret_previous);
	if (!keys->size[KEY_SEAL][1] || keys->number[0] != keys->number[1])
		return OK;
	log_write(LOG_ERROR, "SECRET_KEY_PREVIOUS can't be told from SECRET_KEY: take it "
	    "out, or choose another SECRET_KEY");
	return ERR_BROKEN;
}

bool
key_get(enum key_use use, int generation, struct key *out)
{
	if (generation >= GENERATIONS || !keys->size[use][generation])
		return false;
	out->bytes = keys->bytes[use][generation];
	out->size = keys->size[use][generation];
	out->number = keys->number[generation];
	return true;
}

const char *
key_mac(struct arena *a, enum key_use use, int generation, const char *text)
{
	crypto_auth_hmacsha256_state state;
	uint8_t mac[crypto_auth_hmacsha256_BYTES];
	struct key key;

	if (!key_get(use, generation, &key))
		return NULL;
	crypto_auth_hmacsha256_init(&state, key.bytes, key.size);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)text, strlen(text));
	crypto_auth_hmacsha256_final(&state, mac);
	sodium_memzero(&state, sizeof(state));
	return text_hex(a, mac, sizeof(mac));
}

bool
key_find(enum key_use use, uint32_t number, struct key *out)
{
	for (int g = 0; key_get(use, g, out); g++)
		if (out->number == number)
			return true;
	return false;
}

void
key_forget(enum key_use use)
{
	sodium_memzero(keys->bytes[use], sizeof(keys->bytes[use]));
	memset(keys->size[use], 0, sizeof(keys->size[use]));
}

void
key_forget_all(void)
{
	sodium_memzero(keys, sizeof(*keys));
}
