/* SPDX-License-Identifier: MIT */
#ifndef TEMPLATES_TMPLGEN_H
#define TEMPLATES_TMPLGEN_H

#include <stdbool.h>

#include "buf.h"

#include "tmplgen_place.h"

enum {
	MAX_DEPTH = 16,		/* blocks in blocks */
	MAX_NAME = 63,		/* of a function or of its first argument */
	MAX_NAMES = 500		/* functions, and includes, of all files */
};

enum block_kind { BLOCK_DEFINE, BLOCK_IF, BLOCK_ELSE, BLOCK_FOR };

struct block {
	enum block_kind kind;
	int line;
	struct place start;	/* where each branch begins */
	struct place ends;	/* where the finished branches end */
	int n_ends;
};

struct gen {
	struct arena *arena;
	const char *file;
	const char *s, *end;	/* what is left to read */
	int line;		/* of s */
	int said;		/* the line the last #line gave */
	struct buf includes, heads, code;
	struct buf text;	/* literal HTML that is not yet in code */
	int text_line;
	struct place place;
	struct block blocks[MAX_DEPTH];
	int depth;
	char out[MAX_NAME + 1];	/* the name of the buf of this define */
	const char *names[MAX_NAMES];
	int n_names;
};

/* One {{ directive }}, its inside trimmed and put on one line. */
struct directive {
	char *words;
	const char *rest;	/* after the first word, blanks skipped */
	int line;
};

/* refuse(g, line, format, ...): Say what is wrong and where; always false. */
bool refuse(const struct gen *g, int line, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* code_is_value(words): True if words begin with no keyword. */
bool code_is_value(const char *words);

/* code_run(g, d): Turn one directive into C, after the literal HTML that waits in
 * g->text. False when it has been refused. Sets d->rest. */
bool code_run(struct gen *g, struct directive *d);

#endif
