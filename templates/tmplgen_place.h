/* SPDX-License-Identifier: MIT */
#ifndef TEMPLATES_TMPLGEN_PLACE_H
#define TEMPLATES_TMPLGEN_PLACE_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Where in an HTML document we are: the states of the tokenizer of the HTML Standard
 * (section 13.2.5) that matter to what a value may do there. */
enum place_at {
	PLACE_TEXT,		/* between tags */
	PLACE_RCDATA,		/* inside title or textarea: text, but no tags */
	PLACE_RAWTEXT,		/* inside script, style and their like */
	PLACE_COMMENT,
	PLACE_DOCTYPE,
	PLACE_TAG,		/* in the name of a tag */
	PLACE_GAP,		/* in a tag, between attributes */
	PLACE_QUOTED,		/* in a tag, right after a closing quote */
	PLACE_NAME,		/* in the name of an attribute */
	PLACE_EQUALS,		/* right after the = */
	PLACE_BARE,		/* in a value without quotes */
	PLACE_VALUE		/* in a quoted value */
};

/* What an attribute's value means to the browser. */
enum place_kind { KIND_PLAIN, KIND_ADDRESS, KIND_CLOSED };

/*
 * What the literal part of an address says so far. A value may follow OPEN, WORD and
 * REST. After "/" it may not: an empty value and a second "/" would name a host.
 */
enum place_address {
	ADDRESS_REST,	/* past the point where a host or a scheme could be */
	ADDRESS_WORD,	/* "farmers": a ':' would make it a scheme */
	ADDRESS_OPEN,	/* nothing, or values that may be empty */
	ADDRESS_SLASH,	/* "/" */
	ADDRESS_SCHEME,	/* "https:", or what could become a host or scheme */
	ADDRESS_WHOLE	/* a whole address by | href: nothing may follow */
};

enum { PLACE_NAME_MAX = 31 };

struct place {
	enum place_at at;
	enum place_kind kind;
	enum place_address address;
	bool begun;		/* the value has something in it */
	bool closing;		/* in an end tag */
	bool pre;		/* inside pre: blanks are kept */
	bool fresh;		/* at the start of a line: blanks are only layout */
	char quote;		/* of the value we are in */
	char tag[PLACE_NAME_MAX + 1];
	char name[PLACE_NAME_MAX + 1];	/* of the attribute */
};

/* How a value is written. */
enum place_filter { FILTER_NONE, FILTER_URL, FILTER_HREF, FILTER_RAW };

/*
 * place_feed(p, s, n, out, at):
 * Go on through n bytes of literal HTML and append what is to be sent to out:
 * comments are left out, and a run of blanks with a line end becomes one line end
 * where HTML shows it as a blank. NULL, or a complaint about the byte at *at.
 */
const char *place_feed(struct place *p, const char *s, size_t n, struct buf *out,
    size_t *at);

/* place_value(p, filter): Put a value here. NULL, or a complaint. */
const char *place_value(struct place *p, enum place_filter filter);

/* place_block(p): May if, for, else and end stand here? NULL, or a complaint. */
const char *place_block(const struct place *p);

/* place_same(a, b): True if whatever follows means the same after a and after b,
 * their addresses apart. */
bool place_same(const struct place *a, const struct place *b);

/* place_join(a, b): a becomes the place after two branches that end in a and b, which
 * are the same but for the address; then the stricter one counts. */
void place_join(struct place *a, const struct place *b);

#endif
