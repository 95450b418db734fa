/* SPDX-License-Identifier: MIT */
/*
 * Base45 (RFC 9285): two bytes are a number, written as three of the 45 characters
 * that a QR code holds in five and a half bits each, the lowest first.
 */
#include <string.h>

#include "arena.h"
#include "claim.h"

static const char alphabet[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

char *
claim_base45(struct arena *a, const uint8_t *p, size_t n)
{
	char *text = arena_take(a, n / 2 * 3 + n % 2 * 2 + 1), *out = text;
	unsigned value;

	for (; n >= 2; p += 2, n -= 2) {
		value = p[0] * 256U + p[1];
		*out++ = alphabet[value % 45];
		*out++ = alphabet[value / 45 % 45];
		*out++ = alphabet[value / 2025];
	}
	if (n) {
		*out++ = alphabet[*p % 45];
		*out++ = alphabet[*p / 45];
	}
	*out = '\0';
	return text;
}

/* The value of a character, or -1. */
static int
digit_read(char c)
{
	const char *at;

	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'A' && c <= 'Z')
		return c - 'A' + 10;
	at = c ? strchr(alphabet + 36, c) : NULL;
	return at ? (int)(at - alphabet) : -1;
}

uint8_t *
claim_base45_read(struct arena *a, const char *s, size_t *n)
{
	size_t length = strlen(s), i, group;
	uint8_t *bytes = arena_take(a, length / 3 * 2 + 1), *out = bytes;
	int digit[3], value;

	for (; length; s += group, length -= group) {
		group = length < 3 ? length : 3;
		for (i = 0; i < group; i++)
			if ((digit[i] = digit_read(s[i])) < 0)
				return NULL;
		if (group == 1)
			return NULL; /* no number of bytes ends so */
		value = digit[0] + digit[1] * 45 + (group == 3 ? digit[2] * 2025 : 0);
		if (value > (group == 3 ? 0xffff : 0xff))
			return NULL;
		if (group == 3)
			*out++ = (uint8_t)(value >> 8);
		*out++ = (uint8_t)(value & 0xff);
	}
	*n = (size_t)(out - bytes);
	return bytes;
}
