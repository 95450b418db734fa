/* SPDX-License-Identifier: MIT */
/*
 * ID cards: issue, download, show the QR, verify. A card is drawn at once, in the
 * transaction that revokes the one before: of a farmer's cards at most one is in
 * force, and whoever holds an old one is told so when it is checked. The signature
 * is made by the signer process; this one never sees the key.
 */
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "claim.h"
#include "clock.h"
#include "conf.h"
#include "deliver.h"
#include "draw.h"
#include "farmer_audit.h"
#include "fields.h"
#include "front.h"
#include "log.h"
#include "qr.h"
#include "queries.h"
#include "seal.h"
#include "seen.h"
#include "signer.h"
#include "text.h"
#include "card.h"

enum {
	PORTRAIT_MAX = 256 * 1024, PDF_ROOM = 64 * 1024, QR_PIXELS = 10,
	CARDS_PER_FARMER = 60	/* in 15 minutes */
};

const struct shape pdf_file_shape = {
	.name = "CardPdf", .place = SHAPE_FILE, .media = "application/pdf"
};
const struct shape png_file_shape = {
	.name = "QrPng", .place = SHAPE_FILE, .media = "image/png"
};

/* All that goes on one card. */
struct issue {
	struct req *r;
	struct farmer_get_row farmer;
	uint8_t serial[CLAIM_SERIAL];
	char serial_hex[2 * CLAIM_SERIAL + 1];
	int64_t expires_at;
	const char *full_name, *nrc, *birth_date, *qr_text;
	struct draw_card card;
};

static enum err
read_farmer(struct issue *i, const char *farmer_id)
{
	struct req *r = i->r;
	const struct viewer *v = front_viewer(r);
	struct farmer_get_row *f = &i->farmer;
	enum err e;

	if (v->is_farmer && !text_same(v->farmer_id, farmer_id))
		return fail(r, ERR_DENIED, "You can only generate your own ID card");
	e = q_farmer_get(r->db, &(struct farmer_get_in){ .farmer_id = farmer_id,
	    SCOPE(v) }, f);
	if (e == ERR_MISSING)
		return fail(r, e, "Farmer not found");
	if (e)
		return e;
	i->full_name = arena_print(r->arena, "%s %s", f->first_name, f->last_name);
	i->nrc = seal_open(r->arena, "farmer.nrc", f->farmer_row_id, f->nrc_sealed);
	i->birth_date = seal_open(r->arena, "farmer.birth", f->farmer_row_id,
	    f->birth_sealed);
	return i->nrc && i->birth_date ? OK : ERR_BROKEN;
}

static int64_t
gender_code(const char *gender)
{
	return text_same(gender, "Male") ? 1 : text_same(gender, "Female") ? 2 : 3;
}

/* 1990-01-15 as 19900115. */
static const char *
without_dashes(struct arena *a, const char *date)
{
	struct buf b = buf_make(a, 10);

	for (; *date; date++)
		if (*date != '-')
			buf_char(&b, *date);
	return b.bytes;
}

/* "ZM-CP01" if that is the code of the farmer's district; the code was typed in, and a
 * signature must not make more of it than it is. */
static const char *
location(const struct issue *i)
{
	const struct farmer_get_row *f = &i->farmer;
	struct geo_district_row row;
	enum err e = q_geo_district(i->r->db, &(struct geo_district_in){
	    .district_code = f->district_code }, &row);

	if (e || !text_same(row.district_name, f->district_name))
		return conf.country;
	return arena_print(i->r->arena, "%s-%s", conf.country, f->district_code);
}

/* Say in a claim who this is (no NRC, no phone), and have it signed. */
static enum err
sign(struct issue *i)
{
	struct arena *a = i->r->arena;
	struct claim claim = {
		.issuer = conf.issuer, .issued = i->r->now / CLOCK_SECOND,
		.not_before = i->r->now / CLOCK_SECOND,
		.expires = i->expires_at / CLOCK_SECOND, .serial_size = CLAIM_SERIAL,
		.id = i->farmer.farmer_id, .version = "1.2.2", .language = "eng",
		.full_name = i->full_name,
		.birth_date = without_dashes(a, i->birth_date),
		.gender = gender_code(i->farmer.gender), .nationality = conf.country,
		.location = location(i),
		.country = conf.country
	};
	uint8_t kid[CLAIM_KID], signature[CLAIM_SIGNATURE];
	const uint8_t *payload, *to_sign, *cose;
	size_t n, n_sign, n_cose;
	enum err e;

	memcpy(claim.serial, i->serial, CLAIM_SERIAL);
	signer_kid(kid);
	payload = claim_payload(a, &claim, &n);
	to_sign = claim_to_sign(a, kid, payload, n, &n_sign);
	e = signer_sign(to_sign, n_sign, signature);
	if (e)
		return e;
	cose = claim_cose(a, kid, payload, n, signature, &n_cose);
	i->qr_text = claim_text(a, cose, n_cose);
	return OK;
}

static const char *
date_text(struct arena *a, int64_t t)
{
	char out[CLOCK_TEXT];

	(void)clock_date(t, out);
	return arena_text(a, out);
}

/* "1A2B 3C4D 5E6F 7081": four groups are easier to read out. */
static const char *
serial_text(struct arena *a, const char *hex)
{
	char *s = text_upper(a, hex);

	return arena_print(a, "%.4s %.4s %.4s %.4s", s, s + 4, s + 8, s + 12);
}

static enum err
fill_card(struct issue *i)
{
	struct arena *a = i->r->arena;
	const struct farmer_get_row *f = &i->farmer;
	uint8_t *photo = NULL;
	size_t n = 0;
	struct store_at portrait;
	enum err e = OK;

	if (f->portrait_file_id)
		e = store_find(i->r->db, f->portrait_file_id, &portrait);
	if (!e && f->portrait_file_id)
		e = store_read(a, &portrait, PORTRAIT_MAX, &photo, &n);
	if (e)
		return e == ERR_DOWN ? e : ERR_BROKEN;
	i->card = (struct draw_card){
		.issuer_name = conf.issuer_name, .full_name = i->full_name,
		.farmer_id = f->farmer_id, .nrc = i->nrc, .birth_date = i->birth_date,
		.gender = f->gender, .phone = f->phone_primary, .village = f->village,
		.chiefdom = f->chiefdom_name, .district = f->district_name,
		.province = f->province_name, .created_by = f->created_by,
		.serial = serial_text(a, i->serial_hex),
		.issued = date_text(a, i->r->now),
		.expires = date_text(a, i->expires_at), .verify_url = conf.verify_url,
		.verified = text_same(f->registration_status, "verified") ||
		    text_same(f->registration_status, "approved"),
		.photo = photo, .photo_size = n, .created_at = i->r->now
	};
	return qr_make(a, i->qr_text, &i->card.qr);
}

static enum err
note_card(struct issue *i, const struct store_object *pdf)
{
	struct req *r = i->r;
	const char *mark = front_viewer(r)->mark, *farmer_id = i->farmer.farmer_id;
	int64_t n;
	enum err e;

	e = q_farmer_touch(r->db, &(struct farmer_touch_in){ .farmer_id = farmer_id,
	    .now = r->now, SCOPE(front_viewer(r)) }, &n);
	if (!e && !n) /* deleted since it was looked up */
		return fail(r, ERR_MISSING, "Farmer not found");
	if (!e)
		e = front_limit(r, &(struct throttle){ .kind = "card farmer",
		    .subject = farmer_id, .limit = CARDS_PER_FARMER });
	if (!e)
		e = q_card_revoke(r->db, &(struct card_revoke_in){
		    .farmer_id = farmer_id, .now = r->now,
		    .revoked_why = "a newer card was issued" }, NULL);
	if (!e)
		e = q_file_replace(r->db, &(struct file_replace_in){ .now = r->now,
		    .farmer_id = farmer_id, .file_type = "idcard",
		    .other_type = "idcard" }, NULL);
	if (!e)
		e = store_note(r->db, pdf, r->now);
	if (!e)
		e = q_file_insert(r->db, &(struct file_insert_in){
		    .file_id = pdf->id, .farmer_id = farmer_id, .file_type = "idcard",
		    .file_name = arena_print(r->arena, "%s_card.pdf", farmer_id),
		    .content_type = "application/pdf", .file_size = pdf->size,
		    .sha256 = pdf->sha256, .now = r->now, .uploaded_by = mark }, NULL);
	if (!e)
		e = q_card_insert(r->db, &(struct card_insert_in){
		    .card_serial = i->serial_hex, .farmer_id = farmer_id,
		    .issued_by = mark, .now = r->now, .expires_at = i->expires_at,
		    .card_file_id = pdf->id, .qr_sealed = seal_text(r->arena, "card.qr",
		        i->serial_hex, i->qr_text) }, NULL);
	if (e == ERR_CONFLICT)
		return fail(r, e, "Another card of this farmer is being made at this "
		    "moment. Download that one.");
	return e;
}

/* Draw the card into the store, and note it. */
static enum err
print(struct issue *i)
{
	struct buf pdf = buf_make(i->r->arena, PDF_ROOM);
	struct store_object object;
	enum err e = draw_card(&i->card, &pdf);

	if (e)
		return e;
	e = store_begin(&object);
	if (!e)
		e = store_write(&object, pdf.bytes, pdf.n);
	if (!e)
		e = store_keep(&object);
	if (!e)
		e = note_card(i, &object);
	if (!e)
		e = farmer_event(i->r, "card_generate", i->farmer.farmer_id,
		    (const char *const[]){ "serial", i->serial_hex, "file_id",
		    object.id, NULL });
	if (e)
		store_drop(&object);
	return e;
}

enum err
card_issue(struct req *r, const char *farmer_id)
{
	struct issue i = { .r = r,
		.expires_at = clock_add_years(r->now, (int)conf.card_years) };
	enum err e;

	randombytes_buf(i.serial, sizeof(i.serial));
	(void)sodium_bin2hex(i.serial_hex, sizeof(i.serial_hex), i.serial,
	    sizeof(i.serial));
	e = read_farmer(&i, farmer_id);
	if (!e)
		e = sign(&i);
	if (!e)
		e = fill_card(&i);
	if (!e)
		e = print(&i);
	if (!e)
		log_write(LOG_INFO, "card issued farmer=%s serial=%s who=%s", farmer_id,
		    i.serial_hex, front_viewer(r)->mark);
	return e;
}

enum err
card_generate(struct req *r)
{
	const char *farmer_id = req_param(r, "farmer_id");
	enum err e = card_issue(r, farmer_id);

	return e ? e : reply(r, 202, &(struct farmer_done){
	    "ID card generation queued", farmer_id });
}

enum err
card_download(struct req *r)
{
	const char *farmer_id = req_param(r, "farmer_id");
	struct card_current_row row;
	enum err e = q_card_current(r->db, &(struct card_current_in){
	    .farmer_id = farmer_id, SCOPE(front_viewer(r)) }, &row);

	if (e == ERR_MISSING)
		return fail(r, e, "ID card not found");
	if (!e)
		e = seen_file(r, "download", farmer_id, row.object_id);
	if (e)
		return e;
	return deliver(r, &STORE_AT(&row), &(struct deliver){
	    .media = "application/pdf",
	    .name = arena_print(r->arena, "%s_card.pdf", farmer_id) });
}

enum err
card_qr(struct req *r)
{
	struct card_current_row row;
	struct farmer_get_row farmer;
	struct buf png = buf_make(r->arena, 8192);
	const char *text;
	struct qr qr;
	enum err e = q_farmer_get(r->db, &(struct farmer_get_in){
	    .farmer_id = req_param(r, "farmer_id"), SCOPE(front_viewer(r)) }, &farmer);

	if (e == ERR_MISSING)
		return fail(r, e, "Farmer not found");
	if (!e)
		e = q_card_current(r->db, &(struct card_current_in){
		    .farmer_id = farmer.farmer_id, SCOPE(front_viewer(r)) }, &row);
	if (e == ERR_MISSING)
		return fail(r, e, "QR code not generated yet. Please generate your ID "
		    "card first.");
	if (e)
		return e;
	text = seal_open(r->arena, "card.qr", row.card_serial, row.qr_sealed);
	e = text ? qr_make(r->arena, text, &qr) : ERR_BROKEN;
	if (!e)
		e = qr_png(&qr, QR_PIXELS, &png);
	if (!e)
		e = seen_farmer(r, "card_qr", farmer.farmer_id);
	if (e)
		return e;
	req_header(r, "Content-Disposition", arena_print(r->arena,
	    "inline; filename=\"%s_qr.png\"", farmer.farmer_id));
	return reply_bytes(r, "image/png", png.bytes, png.n);
}
