/* SPDX-License-Identifier: MIT */
/*
 * Sign-in tokens. The input is read twice: as a token, and as claims that are signed
 * with the right key, so that what lies behind the signature is reached too.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "conf.h"
#include "key.h"
#include "text.h"
#include "token.h"

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

static char jwt_secret[] = "0123456789abcdef0123456789abcdef";
static char secret_key[] = "fedcba9876543210fedcba9876543210";
static char none[] = "";

static struct arena *
start(void)
{
	conf.jwt_secret = jwt_secret;
	conf.secret_key = secret_key;
	conf.jwt_secret_previous = conf.secret_key_previous = none;
	(void)key_load();
	return arena_make(1 << 20, NULL);
}

static void
read_token(struct arena *a, const char *text)
{
	struct token t;
	const char *why;
	enum err e = token_read(a, text, 1795302131, &t, &why);

	if (e != OK && (e != ERR_AUTH || text_empty(why)))
		abort();
	if (e == OK && (!t.subject || !t.type || t.expires <= 1795302131))
		abort();
}

/* The claims p under a good signature. */
static const char *
signed_token(struct arena *a, const uint8_t *p, size_t n)
{
	static const char header[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
	const char *text = arena_print(a, "%s.%s", header, text_base64(a, p, n));
	crypto_auth_hmacsha256_state state;
	uint8_t mac[crypto_auth_hmacsha256_BYTES];

	crypto_auth_hmacsha256_init(&state, (const uint8_t *)jwt_secret,
	    strlen(jwt_secret));
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)text, strlen(text));
	crypto_auth_hmacsha256_final(&state, mac);
	return arena_print(a, "%s.%s", text, text_base64(a, mac, sizeof(mac)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static struct arena *a;

	if (!a)
		a = start();
	if (n > 4096)
		return 0;
	read_token(a, arena_copy(a, p, n));
	read_token(a, signed_token(a, p, n));
	arena_reset(a);
	return 0;
}
