/* SPDX-License-Identifier: MIT */
/*
 * Follows the HTML of a template, so that the generator knows in which place each
 * value stands. It is stricter than a browser: what a browser would repair (a bare
 * '<', a blank before '=', attributes that touch) is refused, because repair is
 * where two readers disagree. One step function for each place reads one character
 * or one name and moves on; a complaint is a text that says what to do.
 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "buf.h"
#include "tmplgen_place.h"

/* What is being read: the place and the rest of the literal. */
struct feed {
	struct place *p;
	const char *s, *end;
	struct buf *out;
};

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static bool
is_one_of(const char *name, const char *const *names)
{
	for (; *names; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

static bool
starts(const struct feed *f, const char *word)
{
	size_t n = strlen(word);

	return (size_t)(f->end - f->s) >= n && strncasecmp(f->s, word, n) == 0;
}

static void
send(struct feed *f, size_t n)
{
	buf_add(f->out, f->s, n);
	f->s += n;
}

/* Append one character to a name, in lower case; false if it gets too long. */
static bool
name_add(char *name, char c)
{
	size_t n = strlen(name);

	if (n == PLACE_NAME_MAX)
		return false;
	name[n] = (char)tolower((unsigned char)c);
	name[n + 1] = '\0';
	return true;
}

/* Leave the tag: what its inside is depends on its name. */
static void
tag_end(struct place *p)
{
	static const char *const rcdata[] = { "title", "textarea", NULL };
	static const char *const rawtext[] = { "script", "style", "xmp", "iframe",
		"noembed", "noframes", "noscript", "plaintext", NULL };

	p->at = PLACE_TEXT;
	if (!p->closing && is_one_of(p->tag, rcdata))
		p->at = PLACE_RCDATA;
	else if (!p->closing && is_one_of(p->tag, rawtext))
		p->at = PLACE_RAWTEXT;
	if (strcmp(p->tag, "pre") == 0)
		p->pre = !p->closing;
	if (p->at == PLACE_TEXT)
		p->tag[0] = '\0';
	p->closing = false;
}

/* The attribute is over. */
static void
attribute_end(struct place *p, enum place_at next)
{
	p->at = next;
	p->kind = KIND_PLAIN;
	p->address = ADDRESS_REST;
	p->begun = false;
	p->quote = '\0';
	p->name[0] = '\0';
}

/* A run of blanks in text: kept in pre, else one blank or one line end. */
static void
step_blanks(struct feed *f)
{
	const char *s = f->s;
	bool line = f->out->n && f->out->bytes[f->out->n - 1] == '\n';

	if (line) /* before a comment, which is not sent */
		f->p->fresh = true;
	for (; f->s < f->end && is_blank(*f->s); f->s++)
		line |= *f->s == '\n';
	if (f->p->pre)
		buf_add(f->out, s, (size_t)(f->s - s));
	else if (!f->p->fresh)
		buf_char(f->out, line ? '\n' : ' ');
}

static const char *
step_text(struct feed *f)
{
	struct place *p = f->p;

	if (is_blank(*f->s)) {
		step_blanks(f);
	} else if (*f->s != '<') {
		send(f, 1);
	} else if (starts(f, "<!--")) {
		p->at = PLACE_COMMENT;
		f->s += 4;
	} else if (starts(f, "<!doctype")) {
		p->at = PLACE_DOCTYPE;
		send(f, 9);
	} else {
		p->closing = starts(f, "</");
		send(f, 1 + p->closing);
		if (f->s == f->end)
			return "a value or a directive in a tag name";
		if (!isalpha((unsigned char)*f->s))
			return "a bare '<': write &lt;";
		p->at = PLACE_TAG;
	}
	return NULL;
}

/* In title, textarea and script only their own end tag ends them. */
static const char *
step_inside(struct feed *f)
{
	struct place *p = f->p;
	size_t n = strlen(p->tag);

	if (*f->s != '<') {
		if (p->at == PLACE_RAWTEXT && !is_blank(*f->s))
			return "an inline script or style: put it into a file of its own";
		send(f, 1);
		return NULL;
	}
	if (!starts(f, "</") || (size_t)(f->end - f->s) < n + 3 ||
	    strncasecmp(f->s + 2, p->tag, n) != 0 || f->s[2 + n] != '>')
		return "a bare '<': write &lt;";
	send(f, n + 3);
	p->closing = true;
	tag_end(p);
	return NULL;
}

static const char *
step_comment(struct feed *f)
{
	if (starts(f, "-->")) {
		f->p->at = PLACE_TEXT;
		f->s += 3;
	} else {
		f->s++;
	}
	return NULL;
}

static const char *
step_doctype(struct feed *f)
{
	if (*f->s == '>')
		f->p->at = PLACE_TEXT;
	send(f, 1);
	return NULL;
}

static const char *
step_tag(struct feed *f)
{
	struct place *p = f->p;

	if (*f->s == '>' || *f->s == '/' || is_blank(*f->s)) {
		p->at = PLACE_GAP;
		return NULL; /* step_gap sends it */
	}
	if (!isalnum((unsigned char)*f->s) && *f->s != '-')
		return "a strange character in a tag name";
	if (!name_add(p->tag, *f->s))
		return "a tag name that is too long";
	send(f, 1);
	return NULL;
}

/* Between attributes, or right after a closing quote, which needs a blank first. */
static const char *
step_gap(struct feed *f)
{
	struct place *p = f->p;
	bool quoted = p->at == PLACE_QUOTED;

	if (*f->s == '>') {
		tag_end(p);
	} else if (is_blank(*f->s) || *f->s == '/') {
		p->at = PLACE_GAP;
	} else if (p->closing) {
		return "an attribute in an end tag";
	} else if (quoted) {
		return "no blank between two attributes";
	} else if (*f->s == '=') {
		return "a blank before '=', or no attribute name";
	} else {
		p->at = PLACE_NAME;
		p->name[0] = '\0';
		return NULL;
	}
	send(f, 1);
	while (f->s < f->end && is_blank(f->s[-1]) && is_blank(*f->s))
		f->s++; /* one blank of a run is enough */
	return NULL;
}

/* What may happen in the attribute whose name is complete. */
static const char *
name_end(struct place *p)
{
	static const char *const addresses[] = { "href", "src", "action", "formaction",
		"poster", "data", "cite", "background", "ping", "manifest",
		"xlink:href", "longdesc", "codebase", NULL };
	static const char *const closed[] = { "srcdoc", "srcset", "imagesrcset",
		"http-equiv", NULL };

	if (strncmp(p->name, "on", 2) == 0)
		return "an on...= attribute: put the script into a file of its own";
	if (strcmp(p->name, "style") == 0)
		return "a style= attribute: put it into the style sheet";
	p->kind = KIND_PLAIN;
	if (is_one_of(p->name, addresses))
		p->kind = KIND_ADDRESS;
	else if (is_one_of(p->name, closed) ||
	    (strcmp(p->tag, "meta") == 0 && strcmp(p->name, "content") == 0))
		p->kind = KIND_CLOSED;
	p->address = ADDRESS_OPEN;
	p->begun = false;
	return NULL;
}

static const char *
step_name(struct feed *f)
{
	struct place *p = f->p;
	const char *why = NULL;
	bool ends = *f->s == '=' || *f->s == '>' || *f->s == '/' || is_blank(*f->s);

	if (ends)
		why = name_end(p);
	else if (strchr("\"'<`{}", *f->s))
		why = "a strange character in an attribute name";
	else if (!name_add(p->name, *f->s))
		why = "an attribute name that is too long";
	if (why)
		return why;
	if (ends && *f->s != '=') {
		attribute_end(p, PLACE_GAP);
		return NULL; /* step_gap sends it */
	}
	if (ends)
		p->at = PLACE_EQUALS;
	send(f, 1);
	return NULL;
}

static const char *
step_equals(struct feed *f)
{
	struct place *p = f->p;

	if (is_blank(*f->s) || *f->s == '>')
		return "no attribute value after '='";
	if (*f->s == '"' || *f->s == '\'') {
		p->at = PLACE_VALUE;
		p->quote = *f->s;
		send(f, 1);
	} else {
		p->at = PLACE_BARE;
	}
	return NULL;
}

static const char *
step_bare(struct feed *f)
{
	if (*f->s == '>' || is_blank(*f->s)) {
		attribute_end(f->p, PLACE_GAP);
		return NULL;
	}
	if (strchr("\"'<=`", *f->s))
		return "a strange character in an attribute without quotes";
	send(f, 1);
	return NULL;
}

/* What one more literal character says about an address. */
static enum place_address
address_next(enum place_address now, char c)
{
	switch (now) {
	case ADDRESS_OPEN:
	case ADDRESS_WORD:
		if (c == '?' || c == '#' || (c == '/' && now == ADDRESS_WORD))
			return ADDRESS_REST;
		if (c == '/')
			return ADDRESS_SLASH;
		/* &colon; and blanks can spell a scheme too. */
		return c == ':' || c == '&' || c == '\\' || is_blank(c) ?
		    ADDRESS_SCHEME : ADDRESS_WORD;
	case ADDRESS_SLASH:
		return c == '/' || c == '&' || c == '\\' || is_blank(c) ?
		    ADDRESS_SCHEME : ADDRESS_REST;
	default:
		return now;
	}
}

static const char *
step_value(struct feed *f)
{
	struct place *p = f->p;

	if (*f->s == p->quote) {
		attribute_end(p, PLACE_QUOTED);
	} else if (p->address == ADDRESS_WHOLE) {
		return "`| href` is a whole address: nothing may stand beside it";
	} else {
		p->address = address_next(p->address, *f->s);
		p->begun = true;
	}
	send(f, 1);
	return NULL;
}

const char *
place_feed(struct place *p, const char *s, size_t n, struct buf *out, size_t *at)
{
	static const char *(*const steps[])(struct feed *f) = {
		[PLACE_TEXT] = step_text, [PLACE_RCDATA] = step_inside,
		[PLACE_RAWTEXT] = step_inside, [PLACE_COMMENT] = step_comment,
		[PLACE_DOCTYPE] = step_doctype, [PLACE_TAG] = step_tag,
		[PLACE_GAP] = step_gap, [PLACE_QUOTED] = step_gap,
		[PLACE_NAME] = step_name, [PLACE_EQUALS] = step_equals,
		[PLACE_BARE] = step_bare, [PLACE_VALUE] = step_value
	};
	struct feed f = { .p = p, .s = s, .end = s + n, .out = out };
	const char *why = NULL;

	while (!why && f.s < f.end) {
		why = steps[p->at](&f);
		p->fresh = false;
	}
	*at = (size_t)(f.s - s);
	return why;
}

static const char *
value_in_attribute(struct place *p, enum place_filter filter)
{
	if (filter == FILTER_RAW)
		return "`| raw` outside the text between tags";
	if (p->kind == KIND_CLOSED)
		return "a value in srcdoc, srcset, http-equiv or the content of a meta";
	if (p->address == ADDRESS_WHOLE)
		return "`| href` is a whole address: nothing may stand beside it";
	if (p->kind == KIND_ADDRESS && filter == FILTER_NONE)
		return "a value in an address (href, src, action, ...) needs "
		    "| url or | href";
	if (p->kind == KIND_ADDRESS && filter == FILTER_URL &&
	    p->address == ADDRESS_SLASH)
		return "`| url` right after '/': the first part of a path must be "
		    "literal";
	if (p->kind == KIND_ADDRESS && p->address == ADDRESS_SCHEME)
		return "a value after a scheme or a host: give it whole, with | href";
	if (filter == FILTER_HREF && (p->kind != KIND_ADDRESS || p->begun))
		return "`| href` is a whole address: it fills an href, src or action "
		    "alone";
	p->begun = true;
	if (filter == FILTER_HREF)
		p->address = ADDRESS_WHOLE;
	return NULL;
}

const char *
place_value(struct place *p, enum place_filter filter)
{
	p->fresh = false;
	switch (p->at) {
	case PLACE_TEXT:
		if (filter == FILTER_HREF)
			return "`| href` outside an address attribute";
		return NULL;
	case PLACE_RCDATA:
		return filter == FILTER_NONE ? NULL : "a filter in title or textarea";
	case PLACE_RAWTEXT:
		return "a value in script or style";
	case PLACE_COMMENT:
		return "a value in a comment";
	case PLACE_DOCTYPE:
		return "a value in a doctype";
	case PLACE_TAG:
	case PLACE_NAME:
		return "a value in a tag name or an attribute name";
	case PLACE_GAP:
	case PLACE_QUOTED:
		return "a value in a tag outside the quotes of an attribute";
	case PLACE_EQUALS:
	case PLACE_BARE:
		return "a value in an attribute without quotes";
	case PLACE_VALUE:
		break;
	}
	return value_in_attribute(p, filter);
}

const char *
place_block(const struct place *p)
{
	switch (p->at) {
	case PLACE_TEXT:
	case PLACE_RCDATA:
	case PLACE_GAP:
	case PLACE_QUOTED:
	case PLACE_VALUE:
		return NULL;
	case PLACE_TAG:
	case PLACE_NAME:
		return "a directive right after a name: put a blank before it";
	case PLACE_EQUALS:
	case PLACE_BARE:
		return "a directive in an attribute without quotes";
	case PLACE_COMMENT:
		return "a directive in a comment";
	case PLACE_RAWTEXT:
	case PLACE_DOCTYPE:
		break;
	}
	return "a directive in script, style or a doctype";
}

bool
place_same(const struct place *a, const struct place *b)
{
	return a->at == b->at && a->kind == b->kind && a->quote == b->quote &&
	    a->closing == b->closing && a->pre == b->pre &&
	    strcmp(a->tag, b->tag) == 0 && strcmp(a->name, b->name) == 0;
}

void
place_join(struct place *a, const struct place *b)
{
	enum place_address more = a->address > b->address ? a->address : b->address;

	/* A slash in one branch and a word in the other can be completed in two
	 * ways, so nothing may follow but literals. */
	if (more == ADDRESS_SLASH && a->address != b->address)
		more = ADDRESS_SCHEME;
	a->address = more;
	a->begun |= b->begun;
}
