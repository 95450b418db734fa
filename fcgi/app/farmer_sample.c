/* SPDX-License-Identifier: MIT */
/*
 * cem sample N: invented farmers to try things with, the same ones every time. They
 * are made by the code of a registration, sealed and searchable, and the first ones
 * get a drawn portrait. Sample NRCs begin with 9, so they can be told from others.
 */
#include <stdio.h>

#include "arena.h"
#include "clock.h"
#include "command.h"
#include "db.h"
#include "farmer.h"
#include "farmer_tally.h"
#include "front.h"
#include "id.h"
#include "portrait.h"
#include "store.h"
#include "text.h"

enum { BATCH = 500, BATCH_DRAWN = 20, SAMPLE_MAX = 10000000, PORTRAITS = 200 };

static const char *const first_names[] = {
	"Mutale", "Chanda", "Mwansa", "Thandiwe", "Bwalya", "Mulenga", "Namukolo",
	"Lubinda", "Ŵezi", "Chipo", "Monde", "Inonge", "Kabwe", "Natasha", "Sepiso",
	"Mapalo", "Luyando", "Mutinta", "Choolwe", "Kelvin", "Renée", "Brian", "Esnart"
};
static const char *const last_names[] = {
	"Ng'andu", "Banda", "Phiri", "Mwale", "Tembo", "Ŋoma", "Liñomo", "Ŵanda",
	"Mbbulo", "Haamoonga", "Sakala", "Zulu", "Mumba", "Kaunda", "Mwanza", "Siame",
	"Chilufya", "Hamainza", "Imasiku",
	"Nyambe", "Kalaba", "Musonda", "Lungu", "Daka", "Simukonda"
};
static const char *const villages[] = {
	"Kayosha", "Mulonga", "Chisenga", "Namwala", "Kasempa", "Lukanga", "Siavonga",
	"Mpika", "Nakonde", "Kafulafuta", "Liteta", "Musele"
};
static const char *const statuses[] = {
	"pending", "pending", "registered", "verified", "verified", "approved",
	"under_review", "rejected"
};
static const char *const crops[] = {
	"maize\x1fgroundnuts\x1f", "cotton\x1fmaize\x1f", "rice\x1f", "sorghum\x1f"
};

#define PICK(list, n) ((list)[(n) % (sizeof(list) / sizeof((list)[0]))])

struct sampler {
	struct req r;		/* the registration code works for a request */
	struct farmer_tally *tally;	/* of the batch in hand */
	struct geo_districts_row *districts;
	struct geo_provinces_row *provinces;
	size_t n_districts, n_provinces;
	int64_t portraits;
};

/* A repeatable number for farmer i and purpose k (splitmix64's last step). */
static uint64_t
number_of(int64_t i, unsigned k)
{
	uint64_t z = ((uint64_t)i * 16 + k + 1) * UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return (z ^ z >> 31) >> 1;
}

static const char *
province_name(const struct sampler *s, const char *code)
{
	for (size_t i = 0; i < s->n_provinces; i++)
		if (text_same(s->provinces[i].province_code, code))
			return s->provinces[i].province_name;
	return "";
}

static void
invent_place(const struct sampler *s, int64_t i, struct farmer_update_in *row)
{
	size_t at = number_of(i, 1) % s->n_districts;
	const struct geo_districts_row *d = &s->districts[at];

	row->province_code = d->province_code;
	row->province_name = province_name(s, d->province_code);
	row->district_code = d->district_code;
	row->district_name = d->district_name;
	row->village = PICK(villages, number_of(i, 2));
}

static void
invent_farm(struct arena *a, int64_t i, struct farmer_update_in *row)
{
	double *size = arena_take(a, sizeof(*size));
	int64_t *years = arena_take(a, sizeof(*years));
	bool *wet = arena_take(a, sizeof(*wet));

	*size = (double)(number_of(i, 3) % 200 + 5) / 10;
	*years = (int64_t)(number_of(i, 4) % 40);
	*wet = number_of(i, 5) % 4 == 0;
	row->farm_size_hectares = size;
	row->years_farming = years;
	row->has_irrigation = wet;
	row->crops_grown = PICK(crops, number_of(i, 6));
	row->livestock_types = "";
}

static void
invent(struct sampler *s, int64_t i, struct farmer_draft *draft)
{
	struct arena *a = s->r.arena;
	char *id = arena_take(a, ID_TEXT), day[CLOCK_TEXT];
	int64_t age = (int64_t)(number_of(i, 7) % (50 * 365)) + 20 * 365;

	id_make(id);
	(void)clock_date(INT64_C(1767225600) * CLOCK_SECOND - age * CLOCK_DAY, day);
	*draft = (struct farmer_draft){
		.created_by = "sample", .created_at = s->r.now,
		.birth_date = arena_text(a, day),
		.nrc = arena_print(a, "9%05lld/%02lld/%lld",
		    (long long)(i / 1000 % 100000), (long long)(i / 10 % 100),
		    (long long)(i % 10)),
		.row = {
			.farmer_row_id = id, .is_active = true,
			.now = s->r.now,
			.farmer_id = arena_print(a, "ZM5A%06llX",
			    (long long)i & 0xffffff),
			.registration_status = PICK(statuses, number_of(i, 8)),
			.first_name = PICK(first_names, number_of(i, 9)),
			.last_name = PICK(last_names, number_of(i, 10)),
			.phone_primary = arena_print(a, "+26097%07llu",
			    (unsigned long long)(number_of(i, 11) % 10000000)),
			.gender = number_of(i, 12) % 2 ? "Female" : "Male"
		}
	};
	invent_place(s, i, &draft->row);
	if (number_of(i, 13) % 5)
		invent_farm(a, i, &draft->row);
}

/* Store one of a farmer's two pictures as the object o. */
static enum err
keep(struct sampler *s, const char *farmer_id, const char *type, struct store_object *o,
    const struct portrait *p)
{
	bool card = text_same(type, "portrait");
	enum err e = store_begin(o);

	if (!e)
		e = store_write(o, card ? p->card : p->master,
		    card ? p->card_size : p->master_size);
	if (!e)
		e = store_keep(o);
	if (!e)
		e = store_note(s->r.db, o, s->r.now);
	if (e)
		return e;
	return q_file_insert(s->r.db, &(struct file_insert_in){
	    .file_id = o->id, .farmer_id = farmer_id, .file_type = type,
	    .file_name = arena_print(s->r.arena, "%s_%s.jpg", type, farmer_id),
	    .content_type = "image/jpeg", .file_size = o->size, .sha256 = o->sha256,
	    .now = s->r.now, .uploaded_by = "sample" }, NULL);
}

static enum err
add_portrait(struct sampler *s, const char *farmer_id, int64_t i)
{
	const struct viewer all = { .all = true };
	struct store_object master, card;
	struct portrait p;
	enum err e = portrait_draw(s->r.arena, (uint32_t)i, &p);

	if (!e)
		e = keep(s, farmer_id, "photo", &master, &p);
	if (!e)
		e = keep(s, farmer_id, "portrait", &card, &p);
	if (e)
		return e;
	return q_farmer_set_photo(s->r.db, &(struct farmer_set_photo_in){
	    .farmer_id = farmer_id, .photo_file_id = master.id,
	    .portrait_file_id = card.id, .now = s->r.now, SCOPE(&all) }, NULL);
}

/* What goes with a farmer who was not there before. */
static enum err
complete(struct sampler *s, int64_t i, const struct farmer_draft *draft)
{
	const struct farmer_counted counted = farmer_draft_counted(draft);
	enum err e = farmer_draft_terms(&s->r, draft);

	farmer_tally_note(s->tally, NULL, &counted);
	if (!e && i < s->portraits)
		e = add_portrait(s, draft->row.farmer_id, i);
	return e;
}

/* Farmers first to end - 1 in one transaction. All rows are sent before the database is
 * asked which of them came in; who was there already stays as he is. */
static enum err
add_batch(struct sampler *s, int64_t first, int64_t end, int64_t *n_added)
{
	const size_t n = (size_t)(end - first);
	struct farmer_draft **drafts = arena_array(s->r.arena, struct farmer_draft *, n);
	bool *there = arena_array(s->r.arena, bool, n);
	enum err e = db_begin(s->r.db);

	s->tally = farmer_tally_begin(s->r.arena);
	for (size_t i = 0; i < n && !e; i++) {
		drafts[i] = arena_take(s->r.arena, sizeof(**drafts));
		invent(s, first + (int64_t)i, drafts[i]);
		farmer_draft_seal(&s->r, drafts[i]);
		e = farmer_draft_insert(&s->r, drafts[i]);
	}
	if (!e)
		e = farmer_draft_there(&s->r, drafts, n, there);
	for (size_t i = 0; i < n && !e; i++) {
		if (!there[i])
			continue;
		*n_added += 1;
		e = complete(s, first + (int64_t)i, drafts[i]);
	}
	if (!e)
		e = farmer_tally_write(s->tally, s->r.db);
	return e ? e : db_commit(s->r.db);
}

/* The places live in the command's arena, a batch's farmers in the request's. */
static enum err
read_places(struct command *c, struct sampler *s)
{
	enum err e;

	db_arena(s->r.db, c->arena);
	e = q_geo_districts(s->r.db, &(struct geo_districts_in){ NULL }, &s->districts,
	    &s->n_districts);
	if (!e)
		e = q_geo_provinces(s->r.db, &s->provinces, &s->n_provinces);
	db_arena(s->r.db, s->r.arena);
	return e ? e : s->n_districts ? OK : ERR_MISSING;
}

int
command_sample(struct command *c)
{
	struct sampler s = { .r = { .arena = arena_make(64 * 1024 * 1024, NULL),
	    .now = clock_now() }, .portraits = PORTRAITS };
	int64_t wanted, added = 0;
	enum err e;

	if (command_flag(c, "--without-portraits"))
		s.portraits = 0;
	if (c->argc != 1 || !text_number(c->argv[0], 0, SAMPLE_MAX, &wanted))
		return command_usage("sample N [--without-portraits]");
	e = command_open(c, &s.r.db);
	if (!e)
		e = read_places(c, &s);
	if (!e)
		db_bulk(s.r.db, true);
	for (int64_t i = 0, end; i < wanted && !e; i = end) {
		end = i + (i < s.portraits ? BATCH_DRAWN : BATCH);
		end = end < wanted ? end : wanted;
		e = add_batch(&s, i, end, &added);
		arena_reset(s.r.arena);
	}
	printf("%lld sample farmers added%s\n", (long long)added,
	    e ? ", then it failed" : "");
	return e != OK;
}
