/* SPDX-License-Identifier: MIT */
#ifndef APP_FARMER_H
#define APP_FARMER_H

#include <stdbool.h>
#include <stdint.h>

#include "queries.h"
#include "shape.h"

struct arena;
struct req;
struct viewer;

/*
 * The farmer's record as it travels: sections of optional values, in forms and in
 * replies. In a form NULL means "not said"; in a reply it means "none".
 */
struct farmer_person {
	const char *first_name, *last_name, *phone_primary, *phone_secondary, *email,
	    *nrc, *date_of_birth, *gender, *ethnic_group;
};

struct farmer_address {
	const char *province_code, *province_name, *district_code, *district_name,
	    *chiefdom_code, *chiefdom_name, *village, *street;
	const double *gps_latitude, *gps_longitude;
};

struct farmer_farm {
	const double *farm_size_hectares;
	struct shape_texts crops_grown, livestock_types; /* items NULL: not said */
	const bool *has_irrigation;
	const int64_t *years_farming;
};

struct farmer_household {
	const int64_t *household_size, *number_of_dependents;
	const char *primary_income_source;
};

/* The body of a registration, and of a change. */
struct farmer_form {
	const struct farmer_person *personal_info;
	const struct farmer_address *address;
	const struct farmer_farm *farm_info;
	const struct farmer_household *household_info;
};

struct farmer_change {
	struct farmer_form form;
	const char *registration_status, *review_notes;
	const bool *is_active;
	bool is_whole;	/* set by the edit page: what form leaves out is taken away */
};

/* Files as the existing client looks for them. */
struct farmer_documents {
	const char *photo, *nrc_card, *land_title, *license, *certificate, *qr_code;
};

struct farmer_document {
	const char *doc_type, *file_path, *file_id;
	int64_t uploaded_at;
};

/* One whole farmer in a reply. */
struct farmer_out {
	const char *id, *farmer_id, *registration_status;
	int64_t created_at, updated_at;
	const char *created_by;
	const struct farmer_person *personal_info;
	const struct farmer_address *address;
	const struct farmer_farm *farm_info;
	const struct farmer_household *household_info;
	const struct farmer_documents *documents;
	struct shape_list identification_documents;
	bool is_active;
	const char *review_notes, *reviewed_by, *id_card_path, *qr_code_path,
	    *photo_file_id, *id_card_file_id, *qr_code_file_id;
	const int64_t *reviewed_at, *id_card_generated_at;
};

/* One farmer in a list. */
struct farmer_item {
	const char *id, *farmer_id, *registration_status, *first_name, *last_name,
	    *phone_primary, *phone, *nrc, *village, *district_name, *review_notes;
	int64_t created_at;
	bool is_active;
};

/* What a list is narrowed by. */
struct farmer_find {
	const int64_t *skip, *limit;
	const char *status, *district, *search, *farmer_id_exact, *nrc;
};

/* A farmer_form of the whole record, as the page's form sends it (farmer_shape.c). */
extern const struct shape farmer_edit_shape;

/* The values of registration_status, and one synonym (farmer_shape.c). */
extern const struct shape_rule farmer_status_rule;

/* farmer_status(s): The stored form of a status: under_verification is under_review. */
const char *farmer_status(const char *s);

/* farmer_gender(s): The stored form of a gender: female is Female. NULL is NULL. */
const char *farmer_gender(const char *s);

/* What a search asks for: up to three beginnings of words, with the ends of their
 * ranges. Without any, everybody is meant, or nobody. pair is a term that all have who
 * have two of the words; NULL if there is none. */
enum { FARMER_WORDS = 3 };
struct farmer_words {
	const char *word[FARMER_WORDS], *end[FARMER_WORDS], *pair, *pair_end;
	size_t n;
	bool nobody;	/* nothing but signs: nobody is called that */
};

/* farmer_words(a, text, out): Fold and split a search. What has no letters is one
 * word, as phone numbers are written with blanks. */
void farmer_words(struct arena *a, const char *text, struct farmer_words *out);

/* What a list is of. than is the row to go on from ("g" is before the newest: every
 * id is before it), downwards or towards the newest; status and district may be NULL. */
struct farmer_ask {
	const char *status, *district, *than;
	bool newer;
	struct farmer_words words;
	int64_t skip, limit;
};

/* farmer_ask(r, ask, rows, n): The rows of a list as the viewer may see them. */
enum err farmer_ask(struct req *r, const struct farmer_ask *ask,
    struct farmer_list_row **rows, size_t *n);

/* farmer_read(r, farmer_id, row): The stored farmer, if the viewer may see it.
 * ERR_DENIED or ERR_MISSING with the reply made. */
enum err farmer_read(struct req *r, const char *farmer_id, struct farmer_get_row *row);

/* farmer_reply(r, status, farmer_id): Answer with that farmer, if the viewer may see
 * it; fails in the same way. */
enum err farmer_reply(struct req *r, int status, const char *farmer_id);

/* farmer_register(r, form, farmer_id): Check and store a new farmer; *farmer_id is its
 * number. ERR_BAD, ERR_INVALID, ERR_DENIED or ERR_CONFLICT with the reply made; what is
 * wrong with single fields is also in r->faults. */
enum err farmer_register(struct req *r, const struct farmer_form *form,
    const char **farmer_id);

/* farmer_register_noted(r, form, tally, farmer_id): The same, for one of several in a
 * transaction: the figures are noted in tally, which is written at its end. */
struct farmer_tally;
enum err farmer_register_noted(struct req *r, const struct farmer_form *form,
    struct farmer_tally *tally, const char **farmer_id);

/*
 * The parts of a registration, for those that register many at a time. The draft is
 * made and checked, sealed (farmer_draft_seal), stored, and completed.
 */
struct farmer_draft;

/* farmer_prepare(r, form, draft): The draft of a new farmer, checked as farmer_register
 * does and with its failures, but not sealed yet. */
enum err farmer_prepare(struct req *r, const struct farmer_form *form,
    struct farmer_draft *draft);

/* farmer_store(r, draft, taken): Store it under a new number. ERR_CONFLICT with the
 * number of who has the NRC in *taken. */
enum err farmer_store(struct req *r, struct farmer_draft *draft, const char **taken);

/* farmer_seal_all(r, drafts, n): Seal those of a batch that were just prepared; their ids
 * may be handed out anew among them. */
void farmer_seal_all(struct req *r, struct farmer_draft **drafts, size_t n);

/* farmer_store_all(r, drafts, n, taken): Store n of them, with few statements waited
 * for. taken[i] is the number of who has the NRC of drafts[i], or NULL: it is stored. */
enum err farmer_store_all(struct req *r, struct farmer_draft **drafts, size_t n,
    const char **taken);

/* farmer_complete(r, draft, tally): Write what goes with a stored draft, search words
 * and audit, and note it in tally, which is written at the end of the transaction. */
enum err farmer_complete(struct req *r, const struct farmer_draft *draft,
    struct farmer_tally *tally);

/* farmer_complete_all(r, drafts, n, tally): The same of many. */
enum err farmer_complete_all(struct req *r, struct farmer_draft *const *drafts,
    size_t n, struct farmer_tally *tally);

/* farmer_by_nrc(r, nrc, row): Who has this NRC; *row is NULL if nobody. */
enum err farmer_by_nrc(struct req *r, const char *nrc, struct farmer_by_nrc_row **row);

/* farmer_amend(r, farmer_id, in): Check and store a change; fails in the same way. */
enum err farmer_amend(struct req *r, const char *farmer_id,
    const struct farmer_change *in);

/* farmer_amend_noted(r, farmer_id, in, tally): The same for one of several. */
enum err farmer_amend_noted(struct req *r, const char *farmer_id,
    const struct farmer_change *in, struct farmer_tally *tally);

/*
 * The record as it is written: the parameters of farmer_update, with the two sealed
 * values in clear beside them (farmer_form.c).
 */
struct farmer_draft {
	struct farmer_update_in row;
	const char *created_by;
	int64_t created_at;
	const char *nrc, *birth_date;
};

/* farmer_draft_from(r, row, draft): The draft of a stored farmer. ERR_BROKEN if a
 * sealed value can't be opened. */
enum err farmer_draft_from(struct req *r, const struct farmer_get_row *row,
    struct farmer_draft *draft);

/* farmer_draft_bare(draft): Take away all that a registration may leave out. */
void farmer_draft_bare(struct farmer_draft *draft);

/* farmer_draft_apply(r, form, draft): Put what form says over draft. */
void farmer_draft_apply(struct req *r, const struct farmer_form *form,
    struct farmer_draft *draft);

/* farmer_draft_check(r, draft, before): The rules that registration and change have
 * in common: NRC, birth date, age, position, completeness. before is the draft as
 * stored, or NULL: what did not change is not held against an old record.
 * ERR_BAD or ERR_INVALID with the reply made. */
enum err farmer_draft_check(struct req *r, const struct farmer_draft *draft,
    const struct farmer_draft *before);

/* farmer_draft_complaints(r, draft, before): What is wrong with NRC, birth date, age
 * and position, as one text that may be empty; each is also added to r->faults. What
 * is NULL is not looked at. */
const char *farmer_draft_complaints(struct req *r, const struct farmer_draft *draft,
    const struct farmer_draft *before);

/* farmer_draft_seal(r, draft): Seal NRC and birth date into draft->row. */
void farmer_draft_seal(struct req *r, struct farmer_draft *draft);

/* farmer_draft_hide(r, draft): The same where draft->row has the hash of the NRC. */
void farmer_draft_hide(struct req *r, struct farmer_draft *draft);

/* What a draft, sealed and with its number, says of a new row: parameters that all
 * generated statements have which store one. */
#define FARMER_COLUMNS(d) \
	.farmer_row_id = (d)->row.farmer_row_id, .farmer_id = (d)->row.farmer_id, \
	.created_by = (d)->created_by, \
	.registration_status = (d)->row.registration_status, \
	.first_name = (d)->row.first_name, .last_name = (d)->row.last_name, \
	.phone_primary = (d)->row.phone_primary, \
	.phone_secondary = (d)->row.phone_secondary, \
	.contact_email = (d)->row.contact_email, .nrc_sealed = (d)->row.nrc_sealed, \
	.nrc_hash = (d)->row.nrc_hash, .birth_sealed = (d)->row.birth_sealed, \
	.gender = (d)->row.gender, .ethnic_group = (d)->row.ethnic_group, \
	.province_code = (d)->row.province_code, \
	.province_name = (d)->row.province_name, \
	.district_code = (d)->row.district_code, \
	.district_name = (d)->row.district_name, \
	.chiefdom_code = (d)->row.chiefdom_code, \
	.chiefdom_name = (d)->row.chiefdom_name, \
	.village = (d)->row.village, .street = (d)->row.street, \
	.gps_latitude = (d)->row.gps_latitude, .gps_longitude = (d)->row.gps_longitude, \
	.farm_size_hectares = (d)->row.farm_size_hectares, \
	.crops_grown = (d)->row.crops_grown, \
	.livestock_types = (d)->row.livestock_types, \
	.has_irrigation = (d)->row.has_irrigation, \
	.years_farming = (d)->row.years_farming, \
	.household_size = (d)->row.household_size, \
	.number_of_dependents = (d)->row.number_of_dependents, \
	.primary_income_source = (d)->row.primary_income_source

/* farmer_draft_row(draft): The row of a new farmer, sealed and with his number. */
struct farmer_copy_in farmer_draft_row(const struct farmer_draft *draft);

/* farmer_draft_insert(r, draft): Store a new farmer; nothing happens if its NRC or its
 * number is taken, which farmer_by_nrc tells. */
enum err farmer_draft_insert(struct req *r, const struct farmer_draft *draft);

/* farmer_draft_there(r, drafts, n, there): Which of n that were inserted came in. Their
 * ids must be of one time, as they are when they are made one after the other. */
enum err farmer_draft_there(struct req *r, struct farmer_draft *const *drafts, size_t n,
    bool *there);

/* farmer_draft_terms(r, draft): Write the words by which a new farmer is found. */
enum err farmer_draft_terms(struct req *r, const struct farmer_draft *draft);

/* farmer_draft_terms_all(r, drafts, n): The same of many. */
enum err farmer_draft_terms_all(struct req *r, struct farmer_draft *const *drafts,
    size_t n);

/* farmer_draft_terms_again(r, draft): Write them in the place of the old ones. */
enum err farmer_draft_terms_again(struct req *r, const struct farmer_draft *draft);

/* farmer_fill_ahead(r, farmer_id): What farmer_fill looks up will be wanted: to be
 * called before the row is read, so that both come together. */
void farmer_fill_ahead(struct req *r, const char *farmer_id);

/* farmer_fill(r, row, out): The reply for a stored farmer; looks up its documents.
 * ERR_BROKEN if a sealed value can't be opened. */
enum err farmer_fill(struct req *r, const struct farmer_get_row *row,
    struct farmer_out *out);

#endif
