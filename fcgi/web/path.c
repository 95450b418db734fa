/* SPDX-License-Identifier: MIT */
/*
 * Request targets. They are decoded exactly once, here, and everything that could
 * mean another path to someone else is found out, to be refused rather than repaired:
 * so the web server in front, the table of routes and the log all speak of the same
 * path. Only behind the beginning of a route that takes a whole path (route.c) may
 * stand what is not plain; that is for its handler to judge.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "path.h"
#include "text.h"

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

char *
path_decode(struct arena *a, const char *p, size_t n, bool plus)
{
	char *out = arena_take(a, n + 1), *to = out;

	for (size_t i = 0; i < n; i++) {
		int high, low;

		if (p[i] != '%') {
			*to++ = plus && p[i] == '+' ? ' ' : p[i];
			continue;
		}
		if (n - i < 3)
			return NULL;
		high = hex_digit(p[i + 1]);
		low = hex_digit(p[i + 2]);
		if (high < 0 || low < 0)
			return NULL;
		*to++ = (char)(high << 4 | low);
		i += 2;
	}
	*to = '\0';
	return text_utf8(out, (size_t)(to - out)) ? out : NULL;
}

void
path_encode(struct buf *out, const char *s, const char *also)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		    (c >= '0' && c <= '9') || strchr("-._~", c) || strchr(also, c)) {
			buf_char(out, *s);
		} else {
			buf_char(out, '%');
			buf_char(out, hex[c >> 4]);
			buf_char(out, hex[c & 15]);
		}
	}
}

bool
path_plain(const char *path)
{
	const char *segment = path + 1;

	for (const char *p = path; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return false;
	while (*segment) {
		size_t n = strcspn(segment, "/");

		if (n == 0 || (n == 1 && segment[0] == '.') ||
		    (n == 2 && segment[0] == '.' && segment[1] == '.'))
			return false;
		segment += n;
		segment += *segment == '/';
	}
	return true;
}

bool
path_read(struct arena *a, const char *target, char **path, const char **query)
{
	size_t n;

	if (!target || target[0] != '/' || strnlen(target, PATH_TARGET + 1) > PATH_TARGET)
		return false;
	n = strcspn(target, "?");
	*path = path_decode(a, target, n, false);
	*query = target[n] == '?' ? target + n + 1 : "";
	return *path != NULL;
}

size_t
path_pairs(struct arena *a, const char *query, struct path_pair pairs[PATH_PAIRS])
{
	size_t n = 0, len, name_len;

	for (; *query; query += len, query += *query == '&') {
		char *name;

		len = strcspn(query, "&");
		if (!len)
			continue;
		name_len = strcspn(query, "=&");
		name = path_decode(a, query, name_len, true);
		if (!name)
			continue;
		if (n == PATH_PAIRS)
			return PATH_PAIRS + 1;
		pairs[n].name = name;
		pairs[n++].value = name_len == len ? "" :
		    path_decode(a, query + name_len + 1, len - name_len - 1, true);
	}
	return n;
}
