/* SPDX-License-Identifier: MIT */
/*
 * multipart/form-data: RFC 7578 on top of RFC 2046 section 5.1. The body is mapped
 * from nginx's spool file and never copied; what comes out is where the file's
 * bytes lie. The search for the next delimiter looks for CR LF and two dashes
 * first: a boundary holds no CR, so no byte is compared more than a few times,
 * whatever the body is made of.
 */
#include <stdbool.h>
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "multipart.h"
#include "path.h"
#include "text.h"

/* Bytes that we move through. */
struct span {
	const char *p;
	size_t n;
};

/* One part's header, as far as we need it. */
struct part {
	bool is_form_data, encoded;
	const char *name, *filename, *filename_star, *media;
};

static void
span_skip(struct span *s, size_t n)
{
	s->p += n;
	s->n -= n;
}

static void
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

/*
 * The delimiter, "--" and the boundary, from the Content-Type of the request.
 * OK, ERR_MISSING (another type), or ERR_BAD.
 */
static enum err
find_delimiter(struct multipart *m, struct span *delimiter)
{
	struct span s = { m->media, strnlen(m->media, 1000) };
	struct req_param parameter;
	const char *boundary = NULL, *type;
	int more;

	type = take_token(m->arena, &s);
	if (strcmp(type, "multipart") != 0 || !s.n || *s.p != '/')
		return ERR_MISSING;
	span_skip(&s, 1);
	if (strcmp(take_token(m->arena, &s), "form-data") != 0)
		return ERR_MISSING;
	while ((more = take_parameter(m->arena, &s, &parameter)) > 0)
		if (strcmp(parameter.name, "boundary") == 0 && !boundary)
			boundary = parameter.value;
	m->why = "The boundary of the multipart body is missing or malformed";
	if (more < 0 || !boundary || !*boundary || strlen(boundary) > MULTIPART_BOUNDARY)
		return ERR_BAD;
	for (const char *p = boundary; *p; p++)
		if (*p < 0x20 || (unsigned char)*p >= 0x7f)
			return ERR_BAD;
	delimiter->p = arena_print(m->arena, "--%s", boundary);
	delimiter->n = strlen(boundary) + 2;
	return OK;
}

static const char *
read_disposition(struct arena *a, struct span s, struct part *part)
{
	struct req_param parameter;
	int more;

	part->is_form_data = strcmp(take_token(a, &s), "form-data") == 0;
	while ((more = take_parameter(a, &s, &parameter)) > 0) {
		if (strcmp(parameter.name, "name") == 0)
			part->name = parameter.value;
		else if (strcmp(parameter.name, "filename") == 0)
			part->filename = parameter.value;
		else if (strcmp(parameter.name, "filename*") == 0)
			part->filename_star = parameter.value;
	}
	return more < 0 ? "A part of the body has a malformed Content-Disposition" : NULL;
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

/* A part's header, up to and with its empty line. NULL, or what is wrong. */
static const char *
read_header(struct arena *a, struct span *s, struct part *part)
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
	return s->n < MULTIPART_HEADER ?
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

/* Browsers write a quotation mark as %22 and nothing else so (WHATWG, multipart). */
static const char *
decode_quotes(struct arena *a, const char *value)
{
	struct buf out = buf_make(a, strlen(value));
	const char *p;

	for (; (p = strstr(value, "%22")); value = p + 3) {
		buf_add(&out, value, (size_t)(p - value));
		buf_char(&out, '"');
	}
	buf_text(&out, value);
	return out.bytes;
}

/* The name to keep: the last path segment, UTF-8, without control characters, not
 * too long. NULL if it is malformed. */
static const char *
file_name(struct arena *a, const struct part *part)
{
	const char *whole = NULL;
	char *name;
	size_t n;

	if (part->filename_star)
		whole = decode_star(a, part->filename_star);
	if (!whole && part->filename)
		whole = decode_quotes(a, part->filename);
	if (!whole || !text_utf8(whole, strlen(whole)))
		return NULL;
	for (const char *p = whole; *p; p++)
		if (*p == '/' || *p == '\\')
			whole = p + 1;
	name = arena_text(a, whole);
	n = strlen(name);
	if (n > MULTIPART_NAME) {
		n = MULTIPART_NAME;
		while ((name[n] & 0xc0) == 0x80) /* not within a character */
			n--;
		name[n] = '\0';
	}
	for (char *p = name; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			*p = '_';
	return *name && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 ? name : "file";
}

/*
 * What follows a delimiter: 1 a part, -1 the end of all parts, 0 neither, so it
 * was none. s is moved behind it.
 */
static int
after_delimiter(struct span *s)
{
	struct span rest = *s;

	if (rest.n >= 2 && memcmp(rest.p, "--", 2) == 0)
		return -1;
	span_blanks(&rest); /* transport padding, RFC 2046 section 5.1.1 */
	if (rest.n < 2 || memcmp(rest.p, "\r\n", 2) != 0)
		return 0;
	span_skip(&rest, 2);
	*s = rest;
	return 1;
}

/*
 * The next CR LF and two dashes, or NULL. Not by memmem, which under the address
 * sanitizer looks at all the rest each time and so takes quadratic time.
 */
static const char *
find_dashes(const struct span *s)
{
	const char *p = s->p, *end = s->p + s->n;

	while ((p = memchr(p, '\r', (size_t)(end - p)))) {
		if (end - p < 4)
			return NULL;
		if (p[1] == '\n' && p[2] == '-' && p[3] == '-')
			return p;
		p++;
	}
	return NULL;
}

/*
 * Move s to just behind the next delimiter and what belongs to it. *before counts
 * the bytes that came before its CR LF. 1, -1 as after_delimiter; 0: there is none.
 */
static int
next_delimiter(struct span *s, struct span delimiter, size_t *before)
{
	const char *start = s->p, *p;
	int kind;

	while ((p = find_dashes(s))) {
		span_skip(s, (size_t)(p - s->p) + 2);
		if (s->n < delimiter.n || memcmp(s->p, delimiter.p, delimiter.n) != 0)
			continue;
		span_skip(s, delimiter.n);
		kind = after_delimiter(s);
		*before = (size_t)(p - start);
		if (kind)
			return kind;
	}
	return 0;
}

/* The first delimiter may stand at the very start, without a CR LF. */
static int
first_delimiter(struct span *s, struct span delimiter)
{
	size_t before;

	if (s->n >= delimiter.n && memcmp(s->p, delimiter.p, delimiter.n) == 0) {
		struct span rest = *s;
		int kind;

		span_skip(&rest, delimiter.n);
		kind = after_delimiter(&rest);
		if (kind) {
			*s = rest;
			return kind;
		}
	}
	return next_delimiter(s, delimiter, &before);
}

/* Keep the part if it is the file. NULL, or what is wrong. */
static const char *
keep_file(struct multipart *m, const struct part *part, struct span bytes,
    struct req_file *file)
{
	bool is_file = part->is_form_data && (part->filename || part->filename_star) &&
	    part->name && strcmp(part->name, "file") == 0;

	if (!is_file)
		return NULL;
	if (file->name)
		return "The body has more than one part named file";
	if (part->encoded)
		return "The file has a transfer encoding; send it as it is";
	file->name = file_name(m->arena, part);
	if (!file->name)
		return "The name of the file is not valid UTF-8";
	file->media = part->media && text_utf8(part->media, strlen(part->media)) ?
	    part->media : "";
	file->bytes = (const uint8_t *)bytes.p;
	file->offset = (size_t)(file->bytes - m->bytes);
	file->size = bytes.n;
	return NULL;
}

enum err
multipart_file(struct multipart *m, struct req_file *file)
{
	struct span s = { (const char *)m->bytes, m->n }, delimiter;
	enum err e = find_delimiter(m, &delimiter);
	int more;

	if (e)
		return e;
	file->name = NULL;
	more = first_delimiter(&s, delimiter);
	for (int n = 0; more > 0; n++) {
		struct part part = { .media = NULL };
		struct span bytes;

		if (n == MULTIPART_PARTS) {
			m->why = "The body has too many parts";
			return ERR_BAD;
		}
		m->why = read_header(m->arena, &s, &part);
		if (m->why)
			return ERR_BAD;
		/* A part without bytes: its delimiter's CR LF is the empty line's. */
		bytes = (struct span){ s.p, 0 };
		s.p -= 2;
		s.n += 2;
		more = next_delimiter(&s, delimiter, &bytes.n);
		bytes.n = bytes.n >= 2 ? bytes.n - 2 : 0;
		m->why = more ? keep_file(m, &part, bytes, file) : NULL;
		if (m->why)
			return ERR_BAD;
	}
	m->why = "The body is cut off or malformed: its closing boundary is missing";
	if (!more)
		return ERR_BAD;
	m->why = NULL;
	return file->name ? OK : ERR_MISSING;
}
