/* SPDX-License-Identifier: MIT */
/*
 * The words by which farmers are found, and those of a search. A search asks for
 * beginnings of words: of the name, of the number, of a phone. Numbers go without the
 * 0 or the 260 in front of them, on both sides, so that a phone is found however it is
 * typed. Beside a name's words stand their pairs, three letters of each: they tell a
 * search by two common words who may have both (farmer_list.c).
 */
#include <string.h>

#include "arena.h"
#include "db.h"
#include "farmer.h"
#include "req.h"
#include "text.h"

enum { TERMS_MAX = 64, WORDS_MAX = 12, PAIRED_MAX = 6, PAIR_POINTS = 3, ROW_TERMS = 8,
	BATCH_TERMS = 16384 };

/* After every text that begins with a prefix: U+10FFFF, the last code point. */
#define LAST_POINT "\xf4\x8f\xbf\xbf"

struct terms {
	struct arena *arena;
	const char *items[TERMS_MAX];
	size_t n;
};

/* Each once. */
static void
add(struct terms *t, const char *term)
{
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->items[i], term) == 0)
			return;
	if (*term && t->n < TERMS_MAX)
		t->items[t->n++] = term;
}

static bool
is_digits(const char *s)
{
	return strspn(s, "0123456789") == strlen(s);
}

/* A number without the 0 or the country's 260 in front; other words as they are. */
static const char *
bare(const char *word)
{
	if (!is_digits(word))
		return word;
	return *word == '0' ? word + 1 : strncmp(word, "260", 3) == 0 ? word + 3 : word;
}

/* The last nine digits; and as they are asked for, should they begin like a prefix. */
static void
add_phone(struct terms *t, const char *phone)
{
	const char *last = phone + strlen(phone) - 9;

	add(t, last);
	if (bare(last) != last)
		add(t, bare(last));
}

/* Where the first three code points of s end. */
static int
three(const char *s)
{
	const char *p = s;

	for (int i = 0; i < PAIR_POINTS && *p; i++)
		for (p++; ((unsigned char)*p & 0xc0) == 0x80; )
			p++;
	return (int)(p - s);
}

static const char *
pair(struct arena *a, const char *first, const char *second)
{
	return arena_print(a, "|%.*s|%.*s", three(first), first, three(second), second);
}

/* Cut text at its blanks; how many words there are, at most max. */
static size_t
split(char *text, const char **words, size_t max)
{
	size_t n = 0;

	while (*text && n < max) {
		words[n++] = text;
		text += strcspn(text, " ");
		if (*text)
			*text++ = '\0';
	}
	return n;
}

/* Two different words, none of them a number: so they are asked for. */
static bool
are_pair(const char *a, const char *b)
{
	return !is_digits(a) && !is_digits(b) && !text_same(a, b);
}

static void
add_name(struct terms *t, const char *name)
{
	const char *words[WORDS_MAX];
	char *folded = text_fold(t->arena, name);
	size_t n = split(arena_text(t->arena, folded), words, WORDS_MAX);

	for (size_t i = 0; i < n; i++)
		add(t, bare(words[i]));
	for (size_t i = 0; i < n && i < PAIRED_MAX; i++)
		for (size_t k = 0; k < n && k < PAIRED_MAX; k++)
			if (are_pair(words[i], words[k]))
				add(t, pair(t->arena, words[i], words[k]));
	if (n > FARMER_WORDS)
		add(t, folded);
}

static enum err
write_terms(struct req *r, const char *farmer_row_id, const struct terms *t)
{
	const char *const *p = t->items; /* the rest of the array is NULL */
	enum err e = OK;

	for (size_t i = 0; i < t->n && !e; i += ROW_TERMS, p += ROW_TERMS)
		e = q_farmer_term_insert(r->db, &(struct farmer_term_insert_in){
		    .farmer_row_id = farmer_row_id, .term_1 = p[0], .term_2 = p[1],
		    .term_3 = p[2], .term_4 = p[3], .term_5 = p[4], .term_6 = p[5],
		    .term_7 = p[6], .term_8 = p[7] });
	return e;
}

static void
gather(struct terms *t, const struct farmer_update_in *row)
{
	add_phone(t, row->phone_primary);
	if (row->phone_secondary)
		add_phone(t, row->phone_secondary);
	add(t, text_fold(t->arena, row->farmer_id));
	add_name(t, arena_print(t->arena, "%s %s", row->first_name, row->last_name));
}

enum err
farmer_draft_terms(struct req *r, const struct farmer_draft *draft)
{
	struct terms t = { .arena = r->arena };

	gather(&t, &draft->row);
	return write_terms(r, draft->row.farmer_row_id, &t);
}

/* Room for the words of n farmers, as PostgreSQL takes them, at once. */
struct batch {
	struct farmer_term_copy_in *rows;
	size_t n, room;
};

static void
keep(struct batch *b, const char *farmer_row_id, const struct terms *t)
{
	for (size_t i = 0; i < t->n; i++)
		b->rows[b->n++] = (struct farmer_term_copy_in){
			.farmer_row_id = farmer_row_id, .term = t->items[i] };
}

enum err
farmer_draft_terms_all(struct req *r, struct farmer_draft *const *drafts, size_t n)
{
	struct batch b = { .room = !db_is_pgsql(r->db) ? 0 :
		n < BATCH_TERMS / TERMS_MAX ? n * TERMS_MAX : BATCH_TERMS };
	enum err e = OK;

	b.rows = arena_array(r->arena, struct farmer_term_copy_in, b.room);
	for (size_t i = 0; i < n && !e; i++) {
		struct terms t = { .arena = r->arena };

		gather(&t, &drafts[i]->row);
		if (!b.room) {
			e = write_terms(r, drafts[i]->row.farmer_row_id, &t);
			continue;
		}
		keep(&b, drafts[i]->row.farmer_row_id, &t);
		if (b.room - b.n >= TERMS_MAX && i + 1 < n)
			continue;
		e = q_farmer_term_copy(r->db, b.rows, b.n);
		b.n = 0;
	}
	return e == ERR_CONFLICT ? ERR_BROKEN : e; /* each was there once */
}

enum err
farmer_draft_terms_again(struct req *r, const struct farmer_draft *draft)
{
	enum err e = q_farmer_term_clear(r->db, &(struct farmer_term_clear_in){
	    .farmer_row_id = draft->row.farmer_row_id });

	return e ? e : farmer_draft_terms(r, draft);
}

/* "+260 977 123 456" as "260977123456": no letters, so no names. */
static void
join_digits(char *s)
{
	char *to = s;

	if (strspn(s, "0123456789 ") != strlen(s))
		return;
	for (; *s; s++)
		if (*s != ' ')
			*to++ = *s;
	*to = '\0';
}

/* What every farmer has: a phone, however it is written. */
static bool
says_nothing(const char *word)
{
	return strcmp(word, "0") == 0 || strncmp("260", word, strlen(word)) == 0;
}

/* Does another of the words begin with words[i]? Of equal ones the first stays. */
static bool
said_better(const char *const *words, size_t n, size_t i)
{
	const size_t length = strlen(words[i]);

	for (size_t k = 0; k < n; k++)
		if (k != i && strncmp(words[k], words[i], length) == 0 &&
		    (k < i || words[k][length]))
			return true;
	return false;
}

/* Only words of a name have pairs; a number has digits, or begins with ZM. */
static bool
is_name(const char *word)
{
	return !strpbrk(word, "0123456789") && strcmp(word, "z") != 0 &&
	    strncmp(word, "zm", 2) != 0;
}

/* The pair to look for: of the two longest words, the longest in front, as it must
 * have three letters; the other may have fewer. */
static void
choose_pair(struct arena *a, struct farmer_words *w)
{
	const char *first = NULL, *second = NULL;

	for (size_t i = 0; i < w->n; i++) {
		const char *word = w->word[i];

		if (!is_name(word))
			continue;
		if (!first || strlen(word) > strlen(first)) {
			second = first;
			first = word;
		} else if (!second || strlen(word) > strlen(second)) {
			second = word;
		}
	}
	if (!second || text_points(first) < PAIR_POINTS)
		return;
	w->pair = pair(a, first, second);
	w->pair_end = arena_print(a, "%s" LAST_POINT, w->pair);
}

void
farmer_words(struct arena *a, const char *text, struct farmer_words *out)
{
	const char *words[FARMER_WORDS + 1], *kept[FARMER_WORDS];
	char *folded = text_fold(a, text);
	size_t n, n_kept = 0;

	*out = (struct farmer_words){ .nobody = !*folded };
	join_digits(folded);
	n = split(arena_text(a, folded), words, FARMER_WORDS + 1);
	if (n > FARMER_WORDS) { /* they must begin a whole name */
		words[0] = folded;
		n = 1;
	}
	for (size_t i = 0; i < n; i++)
		if (!says_nothing(words[i]))
			kept[n_kept++] = bare(words[i]);
	for (size_t i = 0; i < n_kept; i++) {
		if (said_better(kept, n_kept, i))
			continue;
		out->end[out->n] = arena_print(a, "%s" LAST_POINT, kept[i]);
		out->word[out->n++] = kept[i];
	}
	choose_pair(a, out);
}
