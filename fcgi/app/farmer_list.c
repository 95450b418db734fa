/* SPDX-License-Identifier: MIT */
/*
 * Lists of farmers and searches. There are four ways to the newest rows of a list, each
 * quick where the others are slow; the one that has to look at the fewest is taken, by
 * the kept figures (who is in the viewer's districts, of that status) and by how many
 * farmers have the rarest word, counted only up to where it no longer matters:
 *
 *   few      the rows of that word                as many looks as have it
 *   walk     from the newest on                   as many as lie between two hits
 *   places   the newest of each district          the same within the districts
 *   own      a farmer's own row
 *
 * All are exact: they differ in what they cost, not in what they find.
 */
#include <math.h>

#include "arena.h"
#include "farmer.h"
#include "fields.h"
#include "front.h"
#include "seal.h"
#include "seen.h"
#include "text.h"

enum { LIMIT_USUAL = 20, MOST_MIN = 100, MOST_MAX = 20000, MOST_SECOND = 50000 };

/* Rows looked at on trial for each one wanted, before common words are counted; and what
 * it costs to look at a row that lies anywhere, if one that lies in order costs 1. */
enum { TRIAL = 50, FAR = 6 };

/* A list while it is being read. */
struct asked {
	struct req *r;
	const struct farmer_ask *ask;
	const struct viewer *viewer;
	struct farmer_extent_row extent;
	const char *key, *key_end;	/* the rarest word or pair */
	int64_t n_key;			/* how many have it, or the most counted */
	bool one_term;			/* no longer word begins with it */
	struct farmer_list_row **rows;
	size_t *n;
};

/* Only the own row, or none. */
static bool
is_own(const struct viewer *v)
{
	return !v->all && !v->is_operator;
}

/* The parameters that all ways have. */
#define ASKED(x) .viewer_all = (x)->viewer->all, \
	.viewer_account_id = (x)->viewer->account_id, .than = (x)->ask->than, \
	.status = (x)->ask->status, .district = (x)->ask->district, \
	.limit = (x)->ask->limit, .skip = (x)->ask->skip, WORDS((x)->ask->words)
#define WORDS(w) .word = (w).word[0], .word_end = (w).end[0], \
	.second = (w).word[1], .second_end = (w).end[1], \
	.third = (w).word[2], .third_end = (w).end[2]

static int64_t
upto(const struct asked *x)
{
	return x->ask->skip + x->ask->limit;
}

static enum err
walk(const struct asked *x, int64_t window)
{
	struct db *db = x->r->db;

	if (x->ask->newer)
		return q_farmer_list_newer(db, &(struct farmer_list_newer_in){
		    ASKED(x), .window = window }, x->rows, x->n);
	return q_farmer_list(db, &(struct farmer_list_in){ ASKED(x),
	    .window = window }, x->rows, x->n);
}

static enum err
places(const struct asked *x)
{
	struct db *db = x->r->db;

	if (x->ask->newer)
		return q_farmer_place_list_newer(db, &(struct farmer_place_list_newer_in){
		    ASKED(x), .upto = upto(x) }, x->rows, x->n);
	if (x->extent.n_places == 1 && !x->ask->status)
		return q_farmer_district_list(db, &(struct farmer_district_list_in){
		    ASKED(x), .place = x->extent.place }, x->rows, x->n);
	if (x->ask->status)
		return q_farmer_standing_list(db, &(struct farmer_standing_list_in){
		    ASKED(x), .upto = upto(x) }, x->rows, x->n);
	return q_farmer_place_list(db, &(struct farmer_place_list_in){ ASKED(x),
	    .upto = upto(x) }, x->rows, x->n);
}

static enum err
few(const struct asked *x)
{
	struct db *db = x->r->db;

	if (x->one_term)
		return q_farmer_term_list(db, &(struct farmer_term_list_in){ ASKED(x),
		    .key = x->key }, x->rows, x->n);
	if (x->ask->newer)
		return q_farmer_word_list_newer(db, &(struct farmer_word_list_newer_in){
		    ASKED(x), .key = x->key, .key_end = x->key_end }, x->rows, x->n);
	return q_farmer_word_list(db, &(struct farmer_word_list_in){ ASKED(x),
	    .key = x->key, .key_end = x->key_end }, x->rows, x->n);
}

static enum err
own(const struct asked *x)
{
	const struct farmer_ask *a = x->ask;

	return q_farmer_own_list(x->r->db, &(struct farmer_own_list_in){
	    .viewer_farmer_id = x->viewer->farmer_id, WORDS(a->words),
	    .than = a->newer ? "g" : a->than, .above = a->newer ? a->than : "",
	    .status = a->status, .district = a->district, .limit = a->limit,
	    .skip = a->skip }, x->rows, x->n);
}

static enum err
read_extent(struct asked *x)
{
	return q_farmer_extent(x->r->db, &(struct farmer_extent_in){
	    .viewer_all = x->viewer->all, .viewer_account_id = x->viewer->account_id,
	    .status = x->ask->status, .district = x->ask->district }, &x->extent);
}

/* Looks of a walk and by places, if one in between farmers has the words. A place costs
 * two looks more, and where there are several, their rows may be looked at twice. */
static double
walk_cost(const struct asked *x, double between)
{
	const double all = (double)x->extent.n_all;

	return fmin(all, (double)upto(x) * between * all / (double)x->extent.n_here);
}

static double
place_cost(const struct asked *x, double between)
{
	const double n = (double)x->extent.n_places;

	return 2 * n + (n > 1 ? 2 : 1) * fmin((double)x->extent.n_here,
	    n * (double)upto(x) * between);
}

/* Looks at the rows of one common term, in order: they lie anywhere in the register. */
static double
term_cost(const struct asked *x, double between)
{
	const double all = (double)x->extent.n_all;

	return FAR * (double)upto(x) * (x->ask->words.n > 1 ? between : 1) * all /
	    (double)x->extent.n_here;
}

/* If n have the rarest word, what would the cheaper of the two others cost? */
static double
other_cost(const struct asked *x, double n)
{
	const double between = fmax(1, (double)x->extent.n_all / fmax(1, n));

	return fmin(walk_cost(x, between), place_cost(x, between));
}

/* How far to count: where looking at as many would cost as much as another way. Where
 * some are left out, the row itself must be looked at, not only the word. */
static int64_t
most_worth(const struct asked *x)
{
	const int far = x->extent.n_here < x->extent.n_all ? FAR : 1;
	int64_t n = MOST_MIN;

	while (n < MOST_MAX && (double)(n * far) < other_cost(x, (double)n))
		n += n / 4;
	return n;
}

/* Is there no longer word that begins with a key? Its rows lie in order then, for lists
 * that begin with the newest. */
static enum err
is_one_term(struct asked *x, const char *key, const char *end, bool *one)
{
	struct farmer_term_longer_row longer;
	enum err e;

	*one = false;
	if (x->ask->newer)
		return OK;
	e = q_farmer_term_longer(x->r->db, &(struct farmer_term_longer_in){
	    .word = key, .word_end = end }, &longer);

	*one = !e && !longer.n;
	return e;
}

/* Is one word or pair rarer than those before? Of those that are too common to tell, one
 * whose rows lie in order is better. */
static enum err
try_key(struct asked *x, const char *key, const char *end, int64_t most)
{
	struct farmer_term_count_row count;
	bool one = false;
	enum err e = q_farmer_term_count(x->r->db, &(struct farmer_term_count_in){
	    .word = key, .word_end = end, .most = most }, &count);

	if (!e && count.n)
		e = is_one_term(x, key, end, &one);
	if (e || (x->key && (count.n > x->n_key ||
	    (count.n == x->n_key && (x->one_term || !one)))))
		return e;
	x->key = key;
	x->key_end = end;
	x->n_key = count.n;
	x->one_term = one;
	return OK;
}

/* The rarest, counted up to most; when one is rare enough the others are not asked, nor
 * beside a pair whose rows lie in order: most of them have the words. */
static enum err
choose_key(struct asked *x, int64_t most)
{
	const struct farmer_words *w = &x->ask->words;
	enum err e = OK;

	x->key = NULL;
	if (w->pair)
		e = try_key(x, w->pair, w->pair_end, most);
	if (x->key && x->one_term)
		return e;
	for (size_t i = 0; i < w->n && !e && (!x->key || x->n_key > MOST_MIN); i++)
		e = try_key(x, w->word[i], w->end[i], most);
	return e;
}

/* Did a walk find all that the page shows? */
static bool
is_full(const struct asked *x)
{
	return (int64_t)*x->n == x->ask->limit;
}

/*
 * Common words: if they are as common among the newest as elsewhere, a short walk finds
 * enough, or tells how much longer it must be. If it does not, who has them registered
 * long ago: then they are counted, and either all of them are sorted or the walk goes on
 * to its end.
 */
static enum err
walk_words(struct asked *x)
{
	const double window = (double)(TRIAL * upto(x));
	double found, enough;
	enum err e = walk(x, (int64_t)window);

	if (e || is_full(x) || window >= (double)x->extent.n_all)
		return e;
	found = *x->n ? (double)*x->n + (double)x->ask->skip : 0;
	enough = found > 0 ? window / found * (double)upto(x) : INFINITY;
	if (enough < (double)x->n_key) {
		e = walk(x, (int64_t)(2 * enough));
		if (e || is_full(x))
			return e;
	}
	e = choose_key(x, MOST_SECOND);
	if (e)
		return e;
	return enough < (double)x->n_key ? walk(x, 0) : few(x);
}

static enum err
search(struct asked *x)
{
	const struct farmer_words *w = &x->ask->words;
	const int64_t most = most_worth(x);
	double between;
	enum err e = OK;

	x->key = w->word[0];
	x->key_end = w->end[0];
	if (w->n == 1 && x->extent.n_here == x->extent.n_all)
		e = is_one_term(x, x->key, x->key_end, &x->one_term);
	if (x->one_term)
		return few(x); /* nothing is left out, so nothing is cheaper */
	if (!e)
		e = choose_key(x, most);
	if (e)
		return e;
	if (!x->n_key) {
		*x->n = 0;
		return OK;
	}
	between = fmax(1, (double)x->extent.n_all / (double)most);
	if (x->n_key < most || (x->one_term && term_cost(x, between) <
	    fmin(place_cost(x, between), walk_cost(x, between))))
		return few(x);
	return place_cost(x, between) < walk_cost(x, between) ? places(x) :
	    walk_words(x);
}

enum err
farmer_ask(struct req *r, const struct farmer_ask *ask, struct farmer_list_row **rows,
    size_t *n)
{
	struct asked x = { .r = r, .ask = ask, .viewer = front_viewer(r), .rows = rows,
		.n = n };
	enum err e;

	*n = 0;
	if (ask->words.nobody)
		return OK;
	if (is_own(x.viewer))
		return own(&x);
	if (x.viewer->all && !ask->status && !ask->district && !ask->words.n)
		return walk(&x, 0);
	e = read_extent(&x);
	if (e || !x.extent.n_here)
		return e;
	if (ask->words.n)
		return search(&x);
	return place_cost(&x, 1) < walk_cost(&x, 1) ? places(&x) : walk(&x, 0);
}

/* The one that was asked for by its number or NRC. */
static enum err
find_exact(struct req *r, const struct farmer_find *in, struct farmer_list_row **rows,
    size_t *n)
{
	bool by_nrc = text_empty(in->farmer_id_exact);

	if (in->skip && *in->skip > 0) {
		*n = 0;
		return OK;
	}
	return q_farmer_find(r->db, &(struct farmer_find_in){
	    SCOPE(front_viewer(r)), .exact_id = by_nrc ? NULL : in->farmer_id_exact,
	    .nrc_hash = by_nrc ? seal_hash(r->arena, in->nrc, 0) : NULL,
	    .other_hash = by_nrc ? seal_hash(r->arena, in->nrc, 1) : NULL }, rows, n);
}

static const char *
or_null(const char *s)
{
	return text_empty(s) ? NULL : s;
}

static bool
is_exact(const struct farmer_find *in)
{
	return !text_empty(in->farmer_id_exact) || !text_empty(in->nrc);
}

/* Who was asked for by name has been looked at, if it is only whether he is there. */
static enum err
note_list(struct req *r, const char *action, const struct farmer_list_row *rows, size_t n)
{
	const struct farmer_find *in = r->in;
	const char *how = !text_empty(in->farmer_id_exact) ? "farmer_id" :
	    !text_empty(in->nrc) ? "nrc" : !text_empty(in->search) ? "search" : NULL;

	return seen_rows(r, &(struct seen){ .module = "farmers", .action = action,
	    .how = how, .subject = is_exact(in) && n == 1 ? rows->farmer_id : NULL,
	    .skip = in->skip ? *in->skip : 0, .n = n });
}

static struct farmer_ask
ask_of(struct req *r)
{
	const struct farmer_find *in = r->in;
	struct farmer_ask ask = { .status = farmer_status(in->status),
		.district = or_null(in->district), .than = "g",
		.skip = in->skip ? *in->skip : 0,
		.limit = in->limit ? *in->limit : LIMIT_USUAL };

	if (!text_empty(in->search))
		farmer_words(r->arena, in->search, &ask.words);
	return ask;
}

enum err
farmer_list(struct req *r)
{
	const struct farmer_ask ask = ask_of(r);
	struct farmer_list_row *rows;
	struct farmer_item *out;
	size_t n;
	enum err e = is_exact(r->in) ? find_exact(r, r->in, &rows, &n) :
	    farmer_ask(r, &ask, &rows, &n);

	if (!e)
		e = note_list(r, "list_result", rows, n);
	if (e)
		return e;
	out = arena_array(r->arena, struct farmer_item, n);
	for (size_t i = 0; i < n; i++)
		out[i] = (struct farmer_item){
			.id = rows[i].farmer_row_id, .farmer_id = rows[i].farmer_id,
			.registration_status = rows[i].registration_status,
			.created_at = rows[i].created_at,
			.first_name = rows[i].first_name, .last_name = rows[i].last_name,
			.phone_primary = rows[i].phone_primary,
			.phone = rows[i].phone_primary, .village = rows[i].village,
			.nrc = seal_open(r->arena, "farmer.nrc", rows[i].farmer_row_id,
			    rows[i].nrc_sealed),
			.district_name = rows[i].district_name,
			.is_active = rows[i].is_active,
			.review_notes = rows[i].review_notes };
	return reply_list(r, out, n);
}

struct farmer_total {
	int64_t total;
	const struct farmer_find *filters;
};

static const struct shape_field filters_fields[] = {
	FIELD(farmer_find, status, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_find, district, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_find, farmer_id_exact, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(farmer_find, nrc, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
};
static const struct shape filters_shape = { .name = "FarmerFilters",
	.fields = filters_fields, .n_fields = 4, .size = sizeof(struct farmer_find) };

static const struct shape_field farmer_total_fields[] = {
	FIELD(farmer_total, total, SHAPE_INT),
	FIELD(farmer_total, filters, SHAPE_OBJECT, .sub = &filters_shape),
};
SHAPE(farmer_total, "FarmerTotal", SHAPE_BODY);

enum err
farmer_count(struct req *r)
{
	struct farmer_ask ask = ask_of(r);
	struct farmer_list_row *rows;
	struct asked x = { .r = r, .ask = &ask, .viewer = front_viewer(r) };
	size_t n;
	enum err e;

	ask.words = (struct farmer_words){ .n = 0 }; /* a count is not narrowed by them */
	ask.skip = 0;
	if (is_exact(r->in)) {
		e = find_exact(r, r->in, &rows, &n);
		if (!e)
			e = note_list(r, "count_result", rows, n);
		x.extent.n_here = (int64_t)n;
	} else if (is_own(x.viewer)) {
		e = farmer_ask(r, &ask, &rows, &n);
		x.extent.n_here = (int64_t)n;
	} else {
		e = read_extent(&x);
	}
	if (e)
		return e;
	return reply(r, 200, &(struct farmer_total){ x.extent.n_here, r->in });
}
