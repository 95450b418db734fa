/* SPDX-License-Identifier: MIT */
/*
 * Making and reading JWTs of our one form. A reader that understands only what the
 * writer writes leaves nothing to argue about: no other header, no other order, no
 * escapes (neither e-mails nor numbers of farmers contain what JSON must escape;
 * token_make is given checked values only).
 */
#include <stdbool.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "buf.h"
#include "key.h"
#include "text.h"
#include "token.h"

static const char header[] = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9";
static const char audience[] = "zambian_farmer_system";

enum { MAC = crypto_auth_hmacsha256_BYTES, TOKEN_MAX = 2048 };

static void
sign(const struct key *key, const char *p, size_t n, uint8_t out[MAC])
{
	crypto_auth_hmacsha256_state state;

	crypto_auth_hmacsha256_init(&state, key->bytes, key->size);
	crypto_auth_hmacsha256_update(&state, (const uint8_t *)p, n);
	crypto_auth_hmacsha256_final(&state, out);
}

/* ADMIN,OPERATOR becomes "ADMIN","OPERATOR". */
static void
add_roles(struct buf *b, const char *roles)
{
	buf_text(b, ",\"roles\":[\"");
	for (const char *p = roles; *p; p++) {
		if (*p == ',')
			buf_text(b, "\",\"");
		else
			buf_char(b, *p);
	}
	buf_text(b, "\"]");
}

const char *
token_make(struct arena *a, const struct token *t)
{
	struct buf claims = buf_make(a, 512), out = buf_make(a, 1024);
	uint8_t signature[MAC];
	struct key key;

	buf_print(&claims, "{\"sub\":\"%s\",\"type\":\"%s\",\"exp\":%lld,\"iat\":%lld,"
	    "\"aud\":\"%s\"", t->subject, t->type, (long long)t->expires,
	    (long long)t->issued, audience);
	if (t->roles)
		add_roles(&claims, t->roles);
	if (t->session_id)
		buf_print(&claims, ",\"sid\":\"%s\"", t->session_id);
	buf_char(&claims, '}');
	buf_print(&out, "%s.%s", header, text_base64(a, claims.bytes, claims.n));
	(void)key_get(KEY_TOKEN, 0, &key); /* conf.c insists on JWT_SECRET */
	sign(&key, out.bytes, out.n, signature);
	buf_print(&out, ".%s", text_base64(a, signature, MAC));
	return out.bytes;
}

/* A cursor over the claims. Each function moves on if it finds what it wants. */
static bool
skip(const char **p, const char *words)
{
	size_t n = strlen(words);

	if (strncmp(*p, words, n) != 0)
		return false;
	*p += n;
	return true;
}

static bool
take_until(struct arena *a, const char **p, const char *stop, const char **out)
{
	const char *end = strstr(*p, stop);

	if (!end)
		return false;
	*out = arena_copy(a, *p, (size_t)(end - *p));
	*p = end + strlen(stop);
	return !strpbrk(*out, "\\{}");
}

static bool
take_number(struct arena *a, const char **p, int64_t *out)
{
	size_t n = strspn(*p, "0123456789");

	if (!text_number(arena_copy(a, *p, n), 0, INT64_C(99999999999), out))
		return false;
	*p += n;
	return true;
}

static bool
take_roles(struct arena *a, const char **p, const char **roles)
{
	struct buf b = buf_make(a, 32);

	if (!take_until(a, p, "\"]", roles))
		return false;
	for (const char *c = *roles; *c; c++)
		if (*c != '"')
			buf_char(&b, *c);
	*roles = b.bytes;
	return true;
}

static bool
read_claims(struct arena *a, const char *p, struct token *t, const char **aud)
{
	if (!skip(&p, "{\"sub\":\"") || !take_until(a, &p, "\",", &t->subject) ||
	    !skip(&p, "\"type\":\"") || !take_until(a, &p, "\",", &t->type) ||
	    !skip(&p, "\"exp\":") || !take_number(a, &p, &t->expires) ||
	    !skip(&p, ",\"iat\":") || !take_number(a, &p, &t->issued) ||
	    !skip(&p, ",\"aud\":\"") || !take_until(a, &p, "\"", aud))
		return false;
	if (skip(&p, ",\"roles\":[\"") && !take_roles(a, &p, &t->roles))
		return false;
	if (skip(&p, ",\"sid\":\"") && !take_until(a, &p, "\"", &t->session_id))
		return false;
	return strcmp(p, "}") == 0;
}

static bool
signature_holds(struct arena *a, const char *text, const char *dot)
{
	uint8_t want[MAC];
	struct key key;
	size_t n;
	const uint8_t *got = text_base64_read(a, dot + 1, strlen(dot + 1), &n);

	if (!got || n != MAC)
		return false;
	for (int g = 0; key_get(KEY_TOKEN, g, &key); g++) {
		sign(&key, text, (size_t)(dot - text), want);
		if (sodium_memcmp(want, got, MAC) == 0)
			return true;
	}
	return false;
}

enum err
token_read(struct arena *a, const char *text, int64_t now, struct token *t,
    const char **why)
{
	const char *first = strchr(text, '.'), *second, *aud;
	const uint8_t *claims;
	size_t n;

	*t = (struct token){ 0 };
	*why = "Not enough segments";
	second = first ? strchr(first + 1, '.') : NULL;
	if (!second || strlen(text) > TOKEN_MAX)
		return ERR_AUTH;
	*why = "The specified alg value is not allowed";
	if ((size_t)(first - text) != sizeof(header) - 1 ||
	    memcmp(text, header, sizeof(header) - 1) != 0)
		return ERR_AUTH;
	*why = "Signature verification failed.";
	if (!signature_holds(a, text, second))
		return ERR_AUTH;
	*why = "Invalid payload";
	claims = text_base64_read(a, first + 1, (size_t)(second - first - 1), &n);
	if (!claims || !text_utf8((const char *)claims, n) ||
	    !read_claims(a, arena_copy(a, claims, n), t, &aud))
		return ERR_AUTH;
	*why = "Invalid audience";
	if (!text_same(aud, audience))
		return ERR_AUTH;
	*why = "Signature has expired.";
	return now < t->expires ? OK : ERR_AUTH;
}
