/* SPDX-License-Identifier: MIT */
/*
 * The headers of a multipart body: the boundary in the request's Content-Type, and of
 * each part its name, its file's name and its type (RFC 7578 section 4, RFC 2183).
 * What browsers send differs from the RFCs in the escapes of file names; both are read.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "multipart.h"
#include "multipart_head.h"
#include "path.h"
#include "text.h"

static void
span_skip(struct span *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

void
span_blanks(struct span *s)
{
	while (s->n && (*s->p == ' ' || *s->p == '\t'))
		span_skip(s, 1);
}

static bool
is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* A token (RFC 9110 section 5.6.2) in lower case; "" if there is none. */
static const char *
take_token(struct arena *a, struct span *s)
{
	size_t n = 0;
	const char *token;

	while (n < s->n && is_token_char(s->p[n]))
		n++;
	token = text_lower(a, arena_copy(a, s->p, n));
	span_skip(s, n);
	return token;
}

/*
 * A quoted string. Only \" and \\ are escapes: old browsers send C:\folder\name.
 * NULL if it does not end.
 */
static const char *
take_quoted(struct arena *a, struct span *s)
{
	size_t end = 1;
	char *out, *to;

	while (end < s->n && s->p[end] != '"')
		end += s->p[end] == '\\' && end + 1 < s->n &&
		    (s->p[end + 1] == '"' || s->p[end + 1] == '\\') ? 2 : 1;
	if (end >= s->n)
		return NULL;
	out = to = arena_take(a, end);
	for (size_t i = 1; i < end; i++) {
		if (s->p[i] == '\\' && (s->p[i + 1] == '"' || s->p[i + 1] == '\\'))
			i++;
		*to++ = s->p[i];
	}
	*to = '\0';
	span_skip(s, end + 1);
	return out;
}

/* A value after '=': quoted, or everything up to the next ';' or blank. */
static const char *
take_value(struct arena *a, struct span *s)
{
	const char *value;
	size_t n = 0;

	if (s->n && *s->p == '"')
		return take_quoted(a, s);
	while (n < s->n && !strchr("; \t", s->p[n]))
		n++;
	value = arena_copy(a, s->p, n);
	span_skip(s, n);
	return value;
}

/*
 * The next ;name=value of a header line. 1: there was one, 0: the line is at its
 * end, -1: malformed.
 */
static int
take_parameter(struct arena *a, struct span *s, struct req_param *out)
{
	span_blanks(s);
	if (!s->n)
		return 0;
	if (*s->p != ';')
		return -1;
	span_skip(s, 1);
	span_blanks(s);
	if (!s->n)
		return 0; /* a ';' at the end is common and harmless */
	out->name = take_token(a, s);
	if (!*out->name || !s->n || *s->p != '=')
		return -1;
	span_skip(s, 1);
	out->value = take_value(a, s);
	return out->value ? 1 : -1;
}

/* What is said twice is the first to one reader and the last to another: refused. */
static bool
set_once(const char **place, const char *value)
{
	if (*place)
		return false;
	*place = value;
	return true;
}

enum err
head_boundary(struct arena *a, const char *media, const char **boundary)
{
	struct span s = { media, strnlen(media, 1000) };
	struct req_param parameter;
	const char *type = take_token(a, &s);
	int more;

	*boundary = NULL;
	if (strcmp(type, "multipart") != 0 || !s.n || *s.p != '/')
		return ERR_MISSING;
	span_skip(&s, 1);
	if (strcmp(take_token(a, &s), "form-data") != 0)
		return ERR_MISSING;
	while ((more = take_parameter(a, &s, &parameter)) > 0)
		if (strcmp(parameter.name, "boundary") == 0 && !set_once(boundary,
		    parameter.value))
			return ERR_BAD;
	if (more < 0 || text_empty(*boundary) || strlen(*boundary) > MULTIPART_BOUNDARY)
		return ERR_BAD;
	for (const char *p = *boundary; *p; p++)
		if (*p < 0x20 || (unsigned char)*p >= 0x7f)
			return ERR_BAD;
	return OK;
}

static const char *
read_disposition(struct arena *a, struct span s, struct part *part)
{
	static const char bad[] =
	    "A part of the body has a malformed Content-Disposition";
	const char *kind = take_token(a, &s);
	struct req_param parameter;
	int more;

	if (!set_once(&part->disposition, kind))
		return bad;
	while ((more = take_parameter(a, &s, &parameter)) > 0) {
		const char **place = strcmp(parameter.name, "name") == 0 ? &part->name :
		    strcmp(parameter.name, "filename") == 0 ? &part->filename :
		    strcmp(parameter.name, "filename*") == 0 ? &part->filename_star :
		    NULL;

		if (place && !set_once(place, parameter.value))
			return bad;
	}
	return more < 0 ? bad : NULL;
}

/* One line of a part's header. NULL, or what is wrong with it. */
static const char *
read_line(struct arena *a, struct span s, struct part *part)
{
	const char *name = take_token(a, &s), *value;

	if (!*name || !s.n || *s.p != ':' || memchr(s.p, '\0', s.n))
		return "A part of the body has a malformed header";
	span_skip(&s, 1);
	span_blanks(&s);
	if (strcmp(name, "content-disposition") == 0)
		return read_disposition(a, s, part);
	value = text_trim(a, arena_copy(a, s.p, s.n));
	if (strcmp(name, "content-type") == 0)
		part->media = value;
	/* Deprecated by RFC 7578 section 4.7; nobody sends what we would have to
	 * decode, so nobody shall believe that it was decoded. */
	if (strcmp(name, "content-transfer-encoding") == 0)
		part->encoded = strcasecmp(value, "binary") != 0 &&
		    strcasecmp(value, "8bit") != 0 && strcasecmp(value, "7bit") != 0;
	return NULL;
}

const char *
head_read(struct arena *a, struct span *s, bool whole, struct part *part)
{
	struct span head = { s->p, s->n < MULTIPART_HEADER ? s->n : MULTIPART_HEADER };
	const char *end, *why;

	while ((end = memmem(head.p, head.n, "\r\n", 2))) {
		struct span line = { head.p, (size_t)(end - head.p) };

		span_skip(&head, line.n + 2);
		if (!line.n) {
			span_skip(s, (size_t)(head.p - s->p));
			return NULL;
		}
		why = read_line(a, line, part);
		if (why)
			return why;
	}
	return whole && s->n < MULTIPART_HEADER ?
	    "The body ends in the middle of a part's header" :
	    "A part of the body has too long a header";
}

/* filename*: UTF-8'language'percent-encoded (RFC 8187 section 3.2). NULL if not. */
static const char *
decode_star(struct arena *a, const char *value)
{
	const char *p = strchr(value, '\'');

	if (strncasecmp(value, "UTF-8'", 6) != 0)
		return NULL;
	p = strchr(p + 1, '\'');
	return p ? path_decode(a, p + 1, strlen(p + 1), false) : NULL;
}

/* Browsers escape a quotation mark and line ends, and nothing else (WHATWG HTML,
 * multipart/form-data encoding algorithm). */
static const char *
decode_quotes(struct arena *a, const char *value)
{
	struct buf out = buf_make(a, strlen(value));

	while (*value) {
		const char *escape = strchr(value, '%');
		size_t n = escape ? (size_t)(escape - value) : strlen(value);

		buf_add(&out, value, n);
		value += n;
		if (!escape)
			break;
		if (strncmp(value, "%22", 3) == 0)
			buf_char(&out, '"');
		else if (strncasecmp(value, "%0d", 3) == 0)
			buf_char(&out, '\r');
		else if (strncasecmp(value, "%0a", 3) == 0)
			buf_char(&out, '\n');
		else
			buf_char(&out, '%');
		value += out.bytes[out.n - 1] == '%' ? 1 : 3;
	}
	return out.bytes;
}

const char *
head_file_name(struct arena *a, const struct part *part, const char **name)
{
	/* RFC 7578 section 4.2 has no filename*; old clients send nothing else for a
	 * name beyond ASCII. */
	const char *whole = part->filename ? decode_quotes(a, part->filename) :
	    decode_star(a, part->filename_star);
	char *copy;

	if (!whole || !text_utf8(whole, strlen(whole)))
		return "The name of the file is not valid UTF-8";
	for (const char *p = whole; *p; p++)
		if (*p == '/' || *p == '\\')
			whole = p + 1;
	if (strlen(whole) > MULTIPART_NAME)
		return "The name of the file is too long; it may have 255 bytes";
	copy = arena_text(a, whole);
	for (char *p = copy; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '_';
	*name = strcmp(copy, ".") != 0 && strcmp(copy, "..") != 0 ? copy : "";
	return NULL;
}
