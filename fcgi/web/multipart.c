/* SPDX-License-Identifier: MIT */
/*
 * multipart/form-data: RFC 7578 on top of RFC 2046 section 5.1. The body lies in
 * nginx's spool file, however large it is. We read it through one window, find the
 * delimiters between the parts, and note where each file's bytes are; they stay there.
 *
 * A delimiter is CR LF, two dashes and the boundary. The line end before the first is
 * left out by most clients, so the window begins with one that is not in the file. A
 * delimiter's CR LF may also be the one that ends a part's header. What lies across
 * the end of a window is found because its last bytes are carried into the next one.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "log.h"
#include "multipart.h"
#include "multipart_head.h"
#include "text.h"

enum {
	PADDING = 100,		/* blanks behind a delimiter (RFC 2046 section 5.1.1) */
	TAIL = PADDING + 4,	/* all that belongs to a delimiter and follows it */
	FILES_FIRST = 8		/* room for files, doubled when it is used up */
};

struct scan {
	struct multipart *m;
	struct span delimiter;	/* with its CR LF */
	size_t window;
	char *bytes;		/* the window, in which the cursor is at i, of n */
	size_t i, n, room;
	size_t next;		/* where the file goes on behind the window */
	size_t headers;		/* bytes of all parts' headers so far */
	bool broken;		/* the file could not be read */
	size_t files_room;
};

/* Where the cursor is in the file; only once something of the file was passed. */
static size_t
scan_at(const struct scan *s)
{
	return s->next - (s->n - s->i);
}

static void
cannot_read(struct scan *s, const char *why)
{
	log_write(LOG_ERROR, "cannot read an uploaded body: %s", why);
	s->broken = true;
	s->m->size = s->next; /* so that it ends here */
}

/* Read on, at least up to n bytes from the cursor, n being at most room. */
static void
read_on(struct scan *s, size_t n)
{
	size_t left = s->n - s->i, want = n > s->window ? n : s->window;

	memmove(s->bytes, s->bytes + s->i, left);
	s->i = 0;
	s->n = left;
	while (s->n < want && s->next < s->m->size) {
		size_t rest = s->m->size - s->next, part = want - s->n;
		ssize_t got = pread(s->m->fd, s->bytes + s->n,
		    part < rest ? part : rest, (off_t)s->next);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			cannot_read(s, got ? strerror(errno) : "it ends too early");
			return;
		}
		s->n += (size_t)got;
		s->next += (size_t)got;
	}
}

/* What there is from the cursor on: at least n bytes, or else all that is left. */
static struct span
scan_see(struct scan *s, size_t n)
{
	if (s->n - s->i < n && s->next < s->m->size)
		read_on(s, n);
	return (struct span){ s->bytes + s->i, s->n - s->i };
}

/*
 * What follows a delimiter: 1 a part, -1 the end of all parts, 0 neither, so it
 * was none. The cursor is moved behind it.
 */
static int
after_delimiter(struct scan *s)
{
	struct span rest = scan_see(s, TAIL);
	const char *start = rest.p;

	if (rest.n >= 2 && memcmp(rest.p, "--", 2) == 0)
		return -1;
	span_blanks(&rest);
	if (rest.n < 2 || memcmp(rest.p, "\r\n", 2) != 0)
		return 0;
	s->i += (size_t)(rest.p - start) + 2;
	return 1;
}

/*
 * Move to just behind the next delimiter and what belongs to it. *end is where the
 * bytes before it end. 1, -1 as after_delimiter; 0: there is none.
 */
static int
next_delimiter(struct scan *s, size_t *end)
{
	const size_t n = s->delimiter.n;

	for (;;) {
		struct span rest = scan_see(s, n);
		const char *p = memmem(rest.p, rest.n, s->delimiter.p, n);
		int kind;

		if (!p && s->next == s->m->size)
			return 0;
		if (!p) {
			s->i += rest.n - (n - 1);
			continue;
		}
		s->i += (size_t)(p - rest.p) + n;
		*end = scan_at(s) - n;
		kind = after_delimiter(s);
		if (kind)
			return kind;
	}
}

static bool
is_form_data(const struct part *part)
{
	return text_same(part->disposition, "form-data");
}

static bool
is_file(const struct scan *s, const struct part *part)
{
	return is_form_data(part) && (part->filename || part->filename_star) &&
	    part->name && strcmp(part->name, s->m->part) == 0;
}

/* Keep a file. NULL, or what is wrong. */
static const char *
keep_file(struct scan *s, const struct part *part, size_t offset, size_t size)
{
	struct multipart *m = s->m;
	struct req_file *file;

	if (m->n_files == m->max_files)
		return m->max_files > 1 ? arena_print(m->arena,
		    "The body has more than %zu files", m->max_files) :
		    arena_print(m->arena, "The body has more than one part named %s",
		    m->part);
	if (part->encoded)
		return "The file has a transfer encoding; send it as it is";
	if (m->n_files == s->files_room) {
		size_t room = s->files_room ? 2 * s->files_room : FILES_FIRST;

		file = arena_array(m->arena, struct req_file, room);
		if (m->n_files)
			memcpy(file, m->files, m->n_files * sizeof(*file));
		m->files = file;
		s->files_room = room;
	}
	file = &m->files[m->n_files++];
	*file = (struct req_file){ .fd = m->fd, .offset = offset, .size = size,
		.media = part->media && text_utf8(part->media, strlen(part->media)) ?
		part->media : "" };
	return head_file_name(m->arena, part, &file->name);
}

/* Keep a text, if they are wanted and this is one of them. NULL, or what is wrong. */
static const char *
keep_text(struct scan *s, const struct part *part, size_t offset, size_t size)
{
	struct multipart *m = s->m;
	char *value;

	if (!m->wants_texts || m->n_files || !is_form_data(part) ||
	    text_empty(part->name) || part->filename || part->filename_star)
		return NULL;
	for (size_t i = 0; i < m->n_texts; i++)
		if (strcasecmp(m->texts[i].name, part->name) == 0)
			return "A field of the form is there twice";
	if (size > MULTIPART_TEXT)
		return "A field of the form is too long; it may have 8192 bytes";
	value = arena_take(m->arena, size + 1);
	if (pread(m->fd, value, size, (off_t)offset) != (ssize_t)size)
		cannot_read(s, strerror(errno));
	if (!text_utf8(value, size) || !text_utf8(part->name, strlen(part->name)))
		return "A field of the form is not valid UTF-8";
	if (!m->texts)
		m->texts = arena_array(m->arena, struct req_param, MULTIPART_TEXTS);
	m->texts[m->n_texts++] = (struct req_param){ part->name, value };
	return NULL;
}

/* Read one part, whose header is next, and find the delimiter behind it: 1 another
 * part follows, -1 none does, 0 it is cut off; m->why says what is wrong. */
static int
read_part(struct scan *s, size_t *others)
{
	struct multipart *m = s->m;
	struct span head = scan_see(s, MULTIPART_HEADER);
	const char *begin = head.p;
	struct part part = { .media = NULL };
	size_t offset, end;
	int more;

	m->why = head_read(m->arena, &head, s->next == m->size, &part);
	if (m->why)
		return 0;
	s->i += (size_t)(head.p - begin);
	s->headers += (size_t)(head.p - begin);
	if (s->headers > MULTIPART_HEADERS) {
		m->why = "The headers of the body's parts are too long together";
		return 0;
	}
	offset = scan_at(s);
	s->i -= 2; /* of a part without bytes this is the delimiter's CR LF */
	more = next_delimiter(s, &end);
	if (!more)
		return 0;
	end = end > offset ? end : offset;
	if (is_file(s, &part))
		m->why = keep_file(s, &part, offset, end - offset);
	else if (++*others > MULTIPART_TEXTS)
		m->why = "The body has too many parts";
	else
		m->why = keep_text(s, &part, offset, end - offset);
	return more;
}

static enum err
scan_begin(struct scan *s)
{
	struct multipart *m = s->m;
	const char *boundary;
	enum err e = head_boundary(m->arena, m->media, &boundary);
	size_t least = MULTIPART_HEADER;

	m->why = "The boundary of the multipart body is missing or malformed";
	if (e)
		return e;
	s->delimiter.p = arena_print(m->arena, "\r\n--%s", boundary);
	s->delimiter.n = strlen(boundary) + 4;
	s->window = m->window ? m->window : MULTIPART_WINDOW;
	if (s->window < s->delimiter.n)
		s->window = s->delimiter.n;
	s->room = s->window > least ? s->window : least;
	s->room = s->room < m->size + 2 ? s->room : m->size + 2;
	s->bytes = arena_take(m->arena, s->room);
	memcpy(s->bytes, "\r\n", 2);
	s->n = 2;
	return OK;
}

enum err
multipart_read(struct multipart *m)
{
	struct scan s = { .m = m };
	enum err e = scan_begin(&s);
	size_t others = 0, end;
	int more;

	if (e)
		return e;
	m->why = NULL;
	m->n_files = m->n_texts = 0;
	more = next_delimiter(&s, &end);
	while (more > 0 && !m->why)
		more = read_part(&s, &others);
	if (s.broken)
		return ERR_BROKEN;
	if (!more && !m->why)
		m->why = "The body is cut off or malformed: its closing boundary is "
		    "missing";
	if (m->why)
		return ERR_BAD;
	return m->n_files ? OK : ERR_MISSING;
}
