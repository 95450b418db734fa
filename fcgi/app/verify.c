/* SPDX-License-Identifier: MIT */
/*
 * Checking a card. Anybody may: who shows a text with a good signature has the card
 * in hand. The signature says that we issued it; the register says whether it still
 * holds. Older cards carry a signed triple without a serial; they are still read.
 */
#include <string.h>

#include "arena.h"
#include "claim.h"
#include "clock.h"
#include "farmer_audit.h"
#include "fields.h"
#include "front.h"
#include "queries.h"
#include "signer.h"
#include "text.h"
#include "verify.h"

enum { CHECKS_PER_ADDRESS = 600 };	/* in 15 minutes */

static const struct shape_field verify_form_fields[] = {
	FIELD(verify_form, qr, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 8192),
	    .words = "text of the QR code, with its blanks"),
	FIELD(verify_form, farmer_id, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 40),
	    .words = "of an older card"),
	FIELD(verify_form, timestamp, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 60)),
	FIELD(verify_form, signature, SHAPE_TEXT, .flags = SHAPE_OPTIONAL, LIMIT(0, 60)),
};
SHAPE(verify_form, "VerifyForm", SHAPE_BODY);

static const struct shape_field verify_out_fields[] = {
	FIELD(verify_out, verified, SHAPE_BOOL,
	    .words = "the card is ours, in force and in date"),
	FIELD(verify_out, farmer_id, SHAPE_TEXT),
	FIELD(verify_out, name, SHAPE_TEXT),
	FIELD(verify_out, registration_status, SHAPE_TEXT),
	FIELD(verify_out, province, SHAPE_TEXT),
	FIELD(verify_out, district, SHAPE_TEXT),
	FIELD(verify_out, village, SHAPE_TEXT),
	FIELD(verify_out, verified_at, SHAPE_TIME),
	FIELD(verify_out, card_status, SHAPE_TEXT,
	    .words = "valid, revoked, expired, inactive or unnumbered"),
	FIELD(verify_out, card_serial, SHAPE_TEXT, .flags = SHAPE_OPTIONAL),
	FIELD(verify_out, issued_at, SHAPE_TIME, .flags = SHAPE_OPTIONAL),
	FIELD(verify_out, expires_at, SHAPE_TIME, .flags = SHAPE_OPTIONAL),
};
SHAPE(verify_out, "Verification", SHAPE_BODY);

static enum err
refuse(struct req *r)
{
	return fail(r, ERR_BAD, "Invalid or tampered QR code signature");
}

/* Is the text signed by a key of ours that was good when it signed? */
static enum err
check_signature(struct req *r, const char *text, struct claim_read *read)
{
	struct card_key_get_row key;
	uint8_t bytes[CLAIM_KEY];
	const char *why;
	enum err e;

	if (claim_read(r->arena, text, read, &why) || read->alg != CLAIM_ED25519 ||
	    read->kid_size != CLAIM_KID || read->claim.serial_size != CLAIM_SERIAL)
		return refuse(r);
	e = q_card_key_get(r->db, &(struct card_key_get_in){
	    .kid = text_hex(r->arena, read->kid, CLAIM_KID) }, &key);
	if (e == ERR_MISSING)
		return refuse(r);
	if (e)
		return e;
	if (!text_hex_read(key.public_key, bytes, sizeof(bytes)) ||
	    !claim_verify(read, bytes, sizeof(bytes)) ||
	    (key.revoked_at && read->claim.issued * CLOCK_SECOND >= *key.revoked_at))
		return refuse(r);
	return OK;
}

static const char *
card_status(const struct card_verify_row *row, int64_t now)
{
	if (row->revoked_at)
		return "revoked";
	if (row->expires_at <= now)
		return "expired";
	return row->is_active ? "valid" : "inactive";
}

static enum err
verify_text(struct req *r, const char *text, struct verify_out *out)
{
	struct card_verify_row *row = arena_take(r->arena, sizeof(*row));
	struct claim_read read;
	const char *status;
	enum err e = check_signature(r, text, &read);

	if (e)
		return e;
	e = q_card_verify(r->db, &(struct card_verify_in){
	    .card_serial = text_hex(r->arena, read.claim.serial, CLAIM_SERIAL) }, row);
	if (e == ERR_MISSING)
		return fail(r, e, "Farmer %s not found",
		    read.claim.id ? read.claim.id : "");
	if (e)
		return e;
	status = card_status(row, r->now);
	*out = (struct verify_out){
		.verified = text_same(status, "valid"), .farmer_id = row->farmer_id,
		.name = arena_print(r->arena, "%s %s", row->first_name, row->last_name),
		.registration_status = row->registration_status,
		.province = row->province_name, .district = row->district_name,
		.village = row->village, .verified_at = r->now, .card_status = status,
		.card_serial = row->card_serial, .issued_at = &row->issued_at,
		.expires_at = &row->expires_at
	};
	return OK;
}

static enum err
verify_triple(struct req *r, const struct verify_form *in, struct verify_out *out)
{
	struct card_verify_old_row row;
	enum err e;

	if (text_empty(in->farmer_id) || text_empty(in->timestamp) ||
	    text_empty(in->signature) ||
	    !signer_check_legacy(in->farmer_id, in->timestamp, in->signature))
		return refuse(r);
	e = q_card_verify_old(r->db, &(struct card_verify_old_in){
	    .farmer_id = in->farmer_id }, &row);
	if (e == ERR_MISSING)
		return fail(r, e, "Farmer %s not found", in->farmer_id);
	if (e)
		return e;
	*out = (struct verify_out){
		.verified = row.is_active, .farmer_id = row.farmer_id,
		.name = arena_print(r->arena, "%s %s", row.first_name, row.last_name),
		.registration_status = row.registration_status,
		.province = row.province_name, .district = row.district_name,
		.village = row.village, .verified_at = r->now,
		.card_status = row.is_active ? "unnumbered" : "inactive"
	};
	return OK;
}

/* What came of it, in the audit; a refusal is kept though the request fails. */
static enum err
record(struct req *r, enum err outcome, const struct verify_out *out)
{
	enum err e;

	if (!outcome)
		return farmer_event(r, "qr_verify_success", out->farmer_id,
		    (const char *const[]){ "card_status", out->card_status,
		    "serial", out->card_serial, NULL });
	if (outcome != ERR_BAD && outcome != ERR_MISSING)
		return outcome;
	e = farmer_event(r, outcome == ERR_BAD ? "qr_verify_failed" :
	    "qr_verify_not_found", NULL, NULL);
	if (!e)
		e = front_save(r);
	return e ? e : outcome;
}

enum err
verify_card(struct req *r, const struct verify_form *in, struct verify_out *out)
{
	enum err e = front_throttle(r, &(struct throttle){
	    .kind = "verify address", .limit = CHECKS_PER_ADDRESS,
	    .subject = throttle_network(r->arena, r->address) });

	if (e)
		return e;
	e = text_empty(in->qr) ? verify_triple(r, in, out) :
	    verify_text(r, in->qr, out);
	return record(r, e, out);
}

enum err
card_verify(struct req *r)
{
	struct verify_out out;
	enum err e = verify_card(r, r->in, &out);

	return e ? e : reply(r, 200, &out);
}
