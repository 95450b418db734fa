/* SPDX-License-Identifier: MIT */
/*
 * Escaping for HTML. Each function copies runs of harmless bytes in one piece and
 * replaces the others, so its cost is that of a copy. Bytes above 0x7f are never
 * special in HTML and pass as they are; the front door has checked that they are
 * UTF-8.
 */
#include <stdbool.h>
#include <string.h>

#include "buf.h"
#include "html.h"

static const char *
escape_of(char c)
{
	switch (c) {
	case '&': return "&amp;";
	case '<': return "&lt;";
	case '>': return "&gt;";
	case '"': return "&quot;";
	default: return "&#39;";
	}
}

static void
add_escaped(struct buf *b, const char *s, const char *special)
{
	size_t n;

	while (s && *s) {
		n = strcspn(s, special);
		buf_add(b, s, n);
		s += n;
		if (*s)
			buf_text(b, escape_of(*s++));
	}
}

void
html_text(struct buf *b, const char *s)
{
	add_escaped(b, s, "&<>");
}

void
html_attr(struct buf *b, const char *s)
{
	add_escaped(b, s, "&<>\"'");
}

void
html_url(struct buf *b, const char *s)
{
	static const char unreserved[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	static const char hex[] = "0123456789ABCDEF";
	size_t n;

	while (s && *s) {
		n = strspn(s, unreserved);
		buf_add(b, s, n);
		s += n;
		if (*s) {
			unsigned char c = (unsigned char)*s++;

			buf_char(b, '%');
			buf_char(b, hex[c >> 4]);
			buf_char(b, hex[c & 15]);
		}
	}
}

/*
 * Browsers drop tabs and line ends inside addresses and read '\' as '/', so both
 * could turn "/x" into "//host" or hide a scheme: no such address is ours.
 */
static bool
is_address(const char *s)
{
	for (const char *p = s; *p; p++)
		if ((unsigned char)*p <= ' ' || *p == '\\' || *p == 0x7f)
			return false;
	if (*s == '/')
		return s[1] != '/';
	if (strncmp(s, "https://", 8) == 0)
		return s[8] != '\0';
	return strncmp(s, "http://", 7) == 0 && s[7] != '\0';
}

void
html_href(struct buf *b, const char *s)
{
	if (s)
		html_attr(b, is_address(s) ? s : "#");
}

void
html_raw(struct buf *b, const char *s)
{
	if (s)
		buf_text(b, s);
}

void
html_number(struct buf *b, int64_t n)
{
	buf_number(b, n);
}

void
html_count(struct buf *b, uint64_t n)
{
	if (n > INT64_MAX)
		buf_print(b, "%llu", (unsigned long long)n);
	else
		buf_number(b, (int64_t)n);
}
