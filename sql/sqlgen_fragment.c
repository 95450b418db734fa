/* SPDX-License-Identifier: MIT */
/*
 * Fragments: pieces of SQL that several statements share, so that a rule is said once.
 *
 *	-- fragment: scope(f)
 *	-- Is the farmer f one that the viewer may see?
 *	(:viewer_all OR f.farmer_id = :viewer_farmer_id OR f.district_name IN (...));
 *
 * stands before the first statement that says `AND :scope(x)`, also in another file. In
 * its words, f is then x; an argument is any words without a comma. What comes in is one
 * line, so a fault in it is told with the line of the statement. A fragment may use
 * earlier ones. Its -- types: and -- nullable: hold in all statements that use it.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "sqlgen.h"

enum { ARGS = 8 };

/* A use of a fragment: its arguments, and what comes after its ')'. */
struct use {
	const struct fragment *fragment;
	struct tokens args[ARGS];
	size_t n_args;
	const struct token *end;
};

static struct fragment *
find(const struct gen *g, const char *name)
{
	for (size_t i = 0; i < g->n_fragments; i++)
		if (strcmp(g->fragments[i].name, name) == 0)
			return &g->fragments[i];
	return NULL;
}

static bool
is_use(const struct token *t)
{
	return t->kind == TOKEN_PARAM && token_is(t + 1, "(");
}

/* Not what follows a '.', which is a column. */
static bool
is_free(const struct fragment *f, const struct token *t)
{
	return t->kind == TOKEN_WORD && (t == f->body.items || !token_is(t - 1, "."));
}

/* Which argument of f the token stands for, or n_args. */
static size_t
arg_of(const struct fragment *f, const struct token *t)
{
	size_t i = 0;

	if (!is_free(f, t))
		return f->n_args;
	while (i < f->n_args && (strlen(f->args[i]) != t->n ||
	    strncmp(f->args[i], t->at, t->n) != 0))
		i++;
	return i;
}

/* A name of the caller's that the fragment uses for something else would be taken for
 * that: "d.x" within "SELECT ... FROM account_district AS d". */
static bool
check_names(struct gen *g, const char *file, const struct use *use)
{
	const struct fragment *f = use->fragment;

	for (size_t i = 0; i < use->n_args; i++) {
		const struct token *arg = use->args[i].items, *t = f->body.items;
		const char *name = arg->kind == TOKEN_WORD ? token_text(g, arg) : "";

		while (t->kind != TOKEN_END && (!token_is(t, name) || !is_free(f, t) ||
		    arg_of(f, t) < f->n_args))
			t++;
		if (t->kind != TOKEN_END)
			return fault(g, file, arg->line, "the fragment %s has a name %s "
			    "of its own; call it something else here", f->name, name);
	}
	return true;
}

/* The arguments from t, after the '(', to its ')'. */
static bool
read_args(struct gen *g, const char *file, const struct token *t, struct use *use)
{
	const int depth = t[-1].depth;

	use->args[0] = (struct tokens){ (struct token *)t, 0 };
	for (; t->depth > depth; t++) {
		struct tokens *arg = &use->args[use->n_args];

		if (is_use(t))
			return fault(g, file, t->line, "an argument of a fragment is "
			    "no fragment");
		if (t->depth > depth + 1 || !token_is(t, ",")) {
			arg->n++;
		} else if (++use->n_args < ARGS) {
			use->args[use->n_args] = (struct tokens){
			    (struct token *)(t + 1), 0 };
		} else {
			return fault(g, file, t->line, "a fragment has at most %d "
			    "arguments", ARGS);
		}
	}
	use->end = t + 1;
	use->n_args += use->n_args || use->args[0].n;
	return true;
}

static bool
read_use(struct gen *g, const char *file, const struct token *t, struct use *use)
{
	const char *name = token_text(g, t);
	struct fragment *f = find(g, name);

	*use = (struct use){ .fragment = f };
	if (!f)
		return fault(g, file, t->line, "there is no fragment %s before this",
		    name);
	f->used = true;
	if (!read_args(g, file, t + 2, use))
		return false;
	for (size_t i = 0; i < use->n_args; i++)
		if (!use->args[i].n)
			return fault(g, file, t->line, "an argument of the fragment %s "
			    "is empty", name);
	if (use->n_args != f->n_args)
		return fault(g, file, t->line, "the fragment %s takes %zu arguments, "
		    "not %zu", name, f->n_args, use->n_args);
	return check_names(g, file, use);
}

/* The words of the fragment, with the use's arguments. */
static void
put_use(struct gen *g, struct buf *b, const struct use *use)
{
	const struct tokens *body = &use->fragment->body;
	const struct token *t, *before = NULL;
	size_t arg;

	for (size_t i = 0; i < body->n; i++, before = t) {
		t = &body->items[i];
		if (before && before->at + before->n != t->at)
			buf_char(b, ' ');
		arg = arg_of(use->fragment, t);
		if (arg < use->n_args)
			buf_text(b, lex_join(g, &use->args[arg], false));
		else
			buf_add(b, t->at, t->n);
	}
}

/* The marks of the fragment, but for those that the statement has itself. */
static void
add_marks(struct gen *g, struct statement *s, const struct fragment *f)
{
	for (size_t i = 0; i < f->n_marks; i++) {
		bool there = false;

		for (size_t k = 0; k < s->n_marks; k++)
			there = there || strcmp(s->marks[k].name, f->marks[i].name) == 0;
		if (there)
			continue;
		s->marks = list_more(g, s->marks, s->n_marks, sizeof(*s->marks));
		s->marks[s->n_marks++] = f->marks[i];
	}
}

struct token
fragment_expand(struct gen *g, struct statement *s, const struct token *part)
{
	const char *p = part->at, *file = s->file;
	struct token whole = *part;
	struct buf b = buf_make(g->arena, part->n + 1);
	struct tokens all, plain;
	struct use use;

	whole.kind = TOKEN_END;
	if (!lex_part(g, part, file, &all))
		return whole;
	plain = lex_strip(g, &all);
	for (const struct token *t = plain.items; t->kind != TOKEN_END; t++) {
		if (!is_use(t))
			continue;
		if (!read_use(g, file, t, &use))
			return whole;
		buf_add(&b, p, (size_t)(t->at - p));
		put_use(g, &b, &use);
		add_marks(g, s, use.fragment);
		p = use.end[-1].at + 1;
		for (const char *c = t->at; c < p; c++)
			if (*c == '\n') /* the lines after it keep their numbers */
				buf_char(&b, '\n');
		t = use.end - 1;
	}
	buf_add(&b, p, (size_t)(part->at + part->n - p));
	whole.kind = TOKEN_WORD;
	whole.at = b.bytes;
	whole.n = b.n;
	return whole;
}

bool
fragment_add(struct gen *g, const struct fragment *f)
{
	const struct fragment *other = find(g, f->name);

	if (other)
		return fault(g, f->file, f->line, "the name %s is taken (%s:%d)", f->name,
		    other->file, other->line);
	g->fragments = list_more(g, g->fragments, g->n_fragments, sizeof(*g->fragments));
	g->fragments[g->n_fragments++] = *f;
	return true;
}

void
fragments_check(struct gen *g)
{
	for (size_t i = 0; i < g->n_fragments; i++)
		if (!g->fragments[i].used)
			(void)fault(g, g->fragments[i].file, g->fragments[i].line,
			    "no statement uses the fragment %s", g->fragments[i].name);
}
