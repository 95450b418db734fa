/* SPDX-License-Identifier: MIT */
/*
 * Small operations on texts: comparing, reading numbers, folding for search,
 * hex and base64url. Nothing here depends on a locale: the register behaves the
 * same on every host, and names of seven languages share one folding table.
 */
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "text.h"

bool
text_same(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

bool
text_same_secret(const char *a, const char *b)
{
	size_t n;

	if (!a || !b)
		return false;
	n = strlen(a);
	return n == strlen(b) && sodium_memcmp(a, b, n) == 0;
}

bool
text_empty(const char *s)
{
	return !s || !*s;
}

/*
 * Read one code point of at most n bytes. Returns its length, 0 if malformed.
 */
static size_t
read_point(const unsigned char *p, size_t n, uint32_t *point)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len;

	if (p[0] < 0x80) {
		*point = p[0];
		return 1;
	}
	len = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : 2;
	if (p[0] < 0xc2 || p[0] > 0xf4 || len > n)
		return 0;
	*point = p[0] & (0x7fu >> len);
	for (size_t i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		*point = *point << 6 | (p[i] & 0x3f);
	}
	if (*point < least[len] || *point > 0x10ffff ||
	    (*point >= 0xd800 && *point <= 0xdfff))
		return 0;
	return len;
}

bool
text_utf8(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t point;
	size_t len;

	while (n) {
		len = read_point(p, n, &point);
		if (!len || !point)
			return false;
		p += len;
		n -= len;
	}
	return true;
}

size_t
text_points(const char *s)
{
	size_t n = 0;

	for (; *s; s++)
		n += (*s & 0xc0) != 0x80;
	return n;
}

bool
text_number(const char *s, int64_t min, int64_t max, int64_t *out)
{
	bool minus = s && *s == '-';
	int64_t n = 0;

	if (!s)
		return false;
	s += minus;
	if (!*s || strlen(s) > 18 || strspn(s, "0123456789") != strlen(s))
		return false;
	for (; *s; s++)
		n = n * 10 + (*s - '0');
	n = minus ? -n : n;
	if (n < min || n > max)
		return false;
	*out = n;
	return true;
}

char *
text_lower(struct arena *a, const char *s)
{
	char *copy = arena_text(a, s);

	for (char *p = copy; p && *p; p++)
		if (*p >= 'A' && *p <= 'Z')
			*p = (char)(*p + ('a' - 'A'));
	return copy;
}

char *
text_upper(struct arena *a, const char *s)
{
	char *copy = arena_text(a, s);

	for (char *p = copy; p && *p; p++)
		if (*p >= 'a' && *p <= 'z')
			*p = (char)(*p - ('a' - 'A'));
	return copy;
}

char *
text_trim(struct arena *a, const char *s)
{
	static const char blanks[] = " \t\r\n\v\f";
	size_t n;

	s += strspn(s, blanks);
	n = strlen(s);
	while (n && strchr(blanks, s[n - 1]))
		n--;
	return arena_copy(a, s, n);
}

/*
 * Base letters of U+00C0..U+017F, one character for each code point; '*' stands
 * for two letters or none and is looked up below, '-' for no letter.
 */
static const char fold_latin[] =
    "aaaaaa*ceeeeiiiidnooooo-ouuuuy**aaaaaa*ceeeeiiiidnooooo-ouuuuy*y"
    "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii**jjkkkllllll"
    "llllnnnnnnnnnoooooo**rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static const char *
fold_pair(uint32_t point)
{
	switch (point) {
	case 0xc6: case 0xe6: return "ae";
	case 0xde: case 0xfe: return "th";
	case 0xdf: return "ss";
	case 0x132: case 0x133: return "ij";
	default: return "oe"; /* U+0152, U+0153 */
	}
}

static bool
is_apostrophe(uint32_t point)
{
	return point == '\'' || point == 0x2019 || point == 0x2bc || point == 0x2018;
}

/* Append the folded form of one code point; a gap is one blank at most. */
static char *
fold_point(char *to, const char *start, const unsigned char *p, size_t len,
    uint32_t point)
{
	if (point >= 'A' && point <= 'Z')
		point += 'a' - 'A';
	if ((point >= 'a' && point <= 'z') || (point >= '0' && point <= '9')) {
		*to++ = (char)point;
	} else if (point >= 0xc0 && point <= 0x17f) {
		char base = fold_latin[point - 0xc0];

		if (base == '*') {
			memcpy(to, fold_pair(point), 2);
			to += 2;
		} else if (base != '-') {
			*to++ = base;
		}
	} else if (point > 0x17f && !is_apostrophe(point)) {
		memcpy(to, p, len); /* another script: kept as it is */
		to += len;
	} else if (!is_apostrophe(point) && to > start && to[-1] != ' ') {
		*to++ = ' ';
	}
	return to;
}

char *
text_fold(struct arena *a, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n = strlen(s), len;
	char *out = arena_take(a, n + 1), *to = out;
	uint32_t point;

	while (n) {
		len = read_point(p, n, &point);
		if (!len)
			break; /* the door checks UTF-8, so this never happens */
		to = fold_point(to, out, p, len, point);
		p += len;
		n -= len;
	}
	if (to > out && to[-1] == ' ')
		to--;
	*to = '\0';
	return out;
}

char *
text_hex(struct arena *a, const void *p, size_t n)
{
	char *out = arena_items(a, 2, n + 1);

	return sodium_bin2hex(out, 2 * n + 1, p, n);
}

bool
text_hex_read(const char *s, void *out, size_t n)
{
	size_t got;

	return s && strlen(s) == 2 * n &&
	    sodium_hex2bin(out, n, s, 2 * n, NULL, &got, NULL) == 0 && got == n;
}

char *
text_base64(struct arena *a, const void *p, size_t n)
{
	const int form = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
	size_t room = sodium_base64_encoded_len(n, form);

	return sodium_bin2base64(arena_take(a, room), room, p, n, form);
}

uint8_t *
text_base64_read(struct arena *a, const char *s, size_t len, size_t *n)
{
	uint8_t *out = arena_take(a, len + 1);

	while (len && s[len - 1] == '=')
		len--;
	if (sodium_base642bin(out, len + 1, s, len, NULL, n, NULL,
	    sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
		return NULL;
	return out;
}
