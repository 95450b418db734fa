/* SPDX-License-Identifier: MIT */
/*
 * What a text is. Whatever a browser might take for HTML, SVG or XML (WHATWG, MIME
 * Sniffing, section 7.1) must be known as that, however it is dressed up: behind blanks,
 * a byte order mark, comments, a declaration, in letters of both cases, or in UTF-16.
 */
#include <stdbool.h>
#include <string.h>

#include "media.h"
#include "media_text.h"
#include "text.h"

enum { UNITS = 1024 };	/* of UTF-16 that are looked at */

/* The text from p to end, which need not have a NUL behind it. */
struct markup {
	const char *p, *end;
	bool is_xml;	/* it has an XML declaration */
	bool is_odd;	/* it begins with a comment, which browsers take for HTML */
};

static const char *const html_tags[] = {
	"html", "head", "script", "iframe", "h1", "div", "font", "table", "a", "style",
	"title", "b", "body", "br", "p", "meta", "link", "img", "form", "base", "object",
	"embed", "video", "audio", "frameset", "template", "math", NULL
};

static void
skip_blanks(struct markup *m)
{
	while (m->p < m->end && memchr("\t\n\f\r ", *m->p, 5))
		m->p++;
}

/* Does the text go on with these letters, in any case? */
static bool
goes_on(const struct markup *m, const char *s)
{
	size_t n = strlen(s);

	return (size_t)(m->end - m->p) >= n && strncasecmp(m->p, s, n) == 0;
}

/* Move behind the next end, or to the end of the text. */
static void
skip_to(struct markup *m, const char *end)
{
	size_t n = strlen(end);
	const char *found = memmem(m->p, (size_t)(m->end - m->p), end, n);

	m->p = found ? found + n : m->end;
}

/* The bytes of a name, without the prefix of its namespace, which is moved over. */
static size_t
name_size(struct markup *m)
{
	size_t n = 0;

	while (m->p + n < m->end && !memchr("\t\n\f\r />[", m->p[n], 8)) {
		if (m->p[n++] != ':')
			continue;
		m->p += n;
		n = 0;
	}
	return n;
}

static bool
is_name(const struct markup *m, size_t n, const char *name)
{
	return strlen(name) == n && strncasecmp(m->p, name, n) == 0;
}

/* The type that the name of a document's first element, or of its type, says. */
static const char *
by_name(struct markup *m)
{
	size_t n = name_size(m);

	if (is_name(m, n, "svg"))
		return "image/svg+xml";
	if (m->is_xml)
		return is_name(m, n, "html") ? "application/xhtml+xml" :
		    "application/xml";
	for (size_t i = 0; html_tags[i]; i++)
		if (is_name(m, n, html_tags[i]))
			return "text/html";
	return m->is_odd ? "text/html" : NULL;
}

static const char *
markup_type(struct markup *m)
{
	for (;;) {
		skip_blanks(m);
		if (goes_on(m, "<!--")) {
			m->is_odd = true;
			skip_to(m, "-->");
		} else if (goes_on(m, "<?")) {
			m->is_xml = m->is_xml || goes_on(m, "<?xml");
			skip_to(m, "?>");
		} else {
			break;
		}
	}
	if (goes_on(m, "<!doctype")) {
		m->p += 9;
		skip_blanks(m);
		if (goes_on(m, "svg"))
			return "image/svg+xml";
		return m->is_xml && !goes_on(m, "html") ? "application/xml" : "text/html";
	}
	if (goes_on(m, "<")) {
		m->p++;
		return by_name(m);
	}
	return m->is_xml ? "application/xml" : m->is_odd ? "text/html" : NULL;
}

/* WHATWG calls these binary data bytes. */
static bool
has_controls(const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (p[i] < 0x20 && !memchr("\t\n\f\r\x1b", p[i], 5))
			return true;
	return false;
}

/* UTF-8; where the text goes on behind the head, its last letter may be cut. */
static bool
is_utf8(const uint8_t *p, size_t n)
{
	size_t cuts = n < MEDIA_HEAD ? 1 : 4;

	for (size_t cut = 0; cut < cuts; cut++)
		if (text_utf8((const char *)p, n - cut))
			return !has_controls(p, n);
	return false;
}

/* UTF-16 with its mark, as bytes: what is not ASCII is a letter like any other. */
static const char *
utf16_type(const uint8_t *p, size_t n, bool little)
{
	char text[UNITS];
	struct markup m = { .p = text };
	size_t units = n / 2 < UNITS ? n / 2 : UNITS;
	const char *type;

	for (size_t i = 0; i < units; i++) {
		uint8_t high = p[2 * i + little], low = p[2 * i + !little];

		text[i] = !high && low < 0x80 ? (char)low : 'x';
	}
	m.end = text + units;
	type = markup_type(&m);
	if (type)
		return type;
	return has_controls((const uint8_t *)text, units) ? NULL : "text/plain";
}

const char *
media_text(const uint8_t *p, size_t n)
{
	struct markup m = { .p = (const char *)p, .end = (const char *)p + n };
	const char *type;

	if (n >= 2 && (memcmp(p, "\xff\xfe", 2) == 0 || memcmp(p, "\xfe\xff", 2) == 0))
		return utf16_type(p + 2, n - 2, p[0] == 0xff);
	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		m.p += 3;
	type = markup_type(&m);
	if (type)
		return type;
	return n && is_utf8(p, n) ? "text/plain" : NULL;
}
