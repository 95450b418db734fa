/* SPDX-License-Identifier: MIT */
/*
 * Reading a card's claim, from the QR text inwards: Base45, zlib, COSE (opened if it
 * is encrypted), CWT, claim 169. The text may come from anybody, so every layer has
 * a limit: 8 KiB of text, 64 KiB inflated, 128 entries a map, CBOR_DEPTH. Headers
 * that change what the signature means are refused, not skipped; claims that we do
 * not know are checked for form and left. What others are known to write wrongly,
 * and what does no harm, gives a warning.
 */
#include <ctype.h>
#include <string.h>

#include <openssl/evp.h>
#include <zlib.h>

#include "arena.h"
#include "buf.h"
#include "cbor.h"
#include "claim.h"

enum {
	TEXT_MOST = 8 * 1024,
	COSE_MOST = 64 * 1024,
	TAG_ENCRYPT0 = 16, TAG_SIGN1 = 18, TAG_CWT = 61,
	HEADER_ALG = 1, HEADER_CRIT = 2, HEADER_KID = 4, HEADER_IV = 5,
	IV_SIZE = 12, GCM_TAG = 16,
	CLAIM_169 = 169,
	BIOMETRIC_FIRST = 50, BIOMETRIC_LAST = 65
};

#define YEAR_10000 INT64_C(253402300800)

/* One reading: where results go, and the key if the card may be encrypted. */
struct reading {
	struct arena *arena;
	struct claim_read *out;
	const char *why;
	const uint8_t *key;
	size_t key_size;
};

static enum err
refuse(struct reading *r, const char *why)
{
	r->why = why;
	return ERR_BAD;
}

static void
warn(struct reading *r, const char *words)
{
	const int most = sizeof(r->out->warnings) / sizeof(*r->out->warnings);

	if (r->out->n_warnings < most)
		r->out->warnings[r->out->n_warnings++] = words;
}

/* A text claim; of a wrong type, it counts as absent. */
static void
text_take(struct reading *r, const struct cbor_map *map, int key, const char **out)
{
	const struct cbor *value = cbor_find(map, key);

	if (value && !cbor_text(value, r->arena, out))
		warn(r, "a claim that should be text is not");
}

static void
birth_take(struct reading *r, const struct cbor_map *map)
{
	const struct cbor *value = cbor_find(map, 8);
	const char **out = &r->out->claim.birth_date;
	int64_t number;

	if (!value)
		return;
	if (cbor_int(value, &number) && number > 0) {
		*out = arena_print(r->arena, "%lld", (long long)number);
		warn(r, "the birth date is a number, not text");
	} else {
		text_take(r, map, 8, out);
	}
	if (*out && (strlen(*out) != 8 || strspn(*out, "0123456789") != 8))
		warn(r, "the birth date is not eight digits");
}

static void
gender_take(struct reading *r, const struct cbor_map *map)
{
	const struct cbor *value = cbor_find(map, 9);
	const char *text = NULL;
	int64_t number = 0;

	if (!value)
		return;
	if (!cbor_int(value, &number) && cbor_text(value, r->arena, &text)) {
		warn(r, "the gender is text, not a number");
		if (text[0] && !text[1])
			number = text[0] - '0';
	}
	if (number >= 1 && number <= 3)
		r->out->claim.gender = number;
	else
		warn(r, "the gender is not 1, 2 or 3");
}

static void
identity_take(struct reading *r, const struct cbor_map *map)
{
	struct claim *c = &r->out->claim;
	const struct cbor *value;
	int key;

	text_take(r, map, 1, &c->id);
	text_take(r, map, 2, &c->version);
	text_take(r, map, 3, &c->language);
	text_take(r, map, 4, &c->full_name);
	birth_take(r, map);
	gender_take(r, map);
	text_take(r, map, 13, &c->nationality);
	text_take(r, map, 21, &c->location);
	text_take(r, map, 23, &c->country);
	for (key = BIOMETRIC_FIRST; key <= BIOMETRIC_LAST; key++) {
		value = cbor_find(map, key);
		if (value && *value->p >> 5 != CBOR_ARRAY) {
			warn(r, "a biometric claim is not an array");
			return;
		}
	}
}

static enum err
identity_read(struct reading *r, const struct cbor *value)
{
	struct cbor in = *value;
	struct cbor_map map;

	if (cbor_bytes(value, &in.p, &in.n))
		warn(r, "claim 169 is wrapped in a byte string");
	if (!cbor_map(&in, &map) || in.n)
		return refuse(r, "CwtParse");
	identity_take(r, &map);
	return OK;
}

/* RFC 3986 section 3.1: a scheme and a colon make a URI. */
static bool
text_is_uri(const char *s)
{
	size_t n = 0;

	if (!isalpha((unsigned char)*s))
		return false;
	while (isalnum((unsigned char)s[n]) || (s[n] && strchr("+-.", s[n])))
		n++;
	return s[n] == ':';
}

/* Seconds since 1970, within the years that clock.h knows. */
static bool
time_take(const struct cbor_map *map, int key, int64_t *out)
{
	const struct cbor *value = cbor_find(map, key);

	return !value || (cbor_int(value, out) && *out >= 0 && *out < YEAR_10000);
}

static void
serial_take(struct reading *r, const struct cbor *value)
{
	struct claim *c = &r->out->claim;
	const uint8_t *p;
	size_t n;

	if (!value)
		return;
	if (!cbor_bytes(value, &p, &n) || n > sizeof(c->serial)) {
		warn(r, "the serial (cti) is not bytes, or too long");
		return;
	}
	memcpy(c->serial, p, n);
	c->serial_size = n;
}

/* The claims of RFC 8392 section 3.1. */
static enum err
cwt_read(struct reading *r, struct cbor in)
{
	struct claim *c = &r->out->claim;
	const struct cbor *issuer, *subject, *identity;
	struct cbor_map map;

	if (!cbor_map(&in, &map) || in.n)
		return refuse(r, "CwtParse");
	issuer = cbor_find(&map, 1);
	subject = cbor_find(&map, 2);
	if ((issuer && !cbor_text(issuer, r->arena, &c->issuer)) ||
	    (subject && !cbor_text(subject, r->arena, &c->subject)))
		return refuse(r, "CwtParse");
	if (!time_take(&map, 4, &c->expires) || !time_take(&map, 5, &c->not_before) ||
	    !time_take(&map, 6, &c->issued))
		return refuse(r, "CwtParse");
	if (c->issuer && !text_is_uri(c->issuer))
		warn(r, "the issuer is not a URI");
	serial_take(r, cbor_find(&map, 7));
	identity = cbor_find(&map, CLAIM_169);
	if (!identity)
		return refuse(r, "Claim169NotFound");
	return identity_read(r, identity);
}

/* The headers of one COSE message, RFC 9052 section 3. */
struct headers {
	struct cbor inner_bytes;	/* the protected map as it was signed */
	struct cbor_map inner, outer;	/* protected and unprotected */
};

static bool
bytes_next(struct cbor *in, struct cbor *out)
{
	struct cbor_item item;

	if (!cbor_next(in, &item) || item.major != CBOR_BYTES)
		return false;
	out->p = item.bytes;
	out->n = item.value;
	return true;
}

static bool
headers_read(struct cbor *in, struct headers *h)
{
	struct cbor inner;

	if (!bytes_next(in, &h->inner_bytes))
		return false;
	inner = h->inner_bytes;
	h->inner.n = 0;
	if (inner.n && (!cbor_map(&inner, &h->inner) || inner.n))
		return false;
	/* We know no critical extension, so section 3.1 has us refuse them all. */
	return cbor_map(in, &h->outer) && !cbor_find(&h->inner, HEADER_CRIT) &&
	    !cbor_find(&h->outer, HEADER_CRIT);
}

static bool
array_read(struct cbor *in, uint64_t n)
{
	struct cbor_item item;

	return cbor_next(in, &item) && item.major == CBOR_ARRAY && item.value == n;
}

/* RFC 9053 section 2 and RFC 9864: the older names and the newer. */
static bool
alg_read(struct reading *r, const struct headers *h)
{
	const struct cbor *value = cbor_find(&h->inner, HEADER_ALG);
	int64_t alg;

	if (!value)
		return true; /* unsigned: claim_verify refuses it */
	if (!cbor_int(value, &alg))
		return false;
	if (alg == -8 || alg == -19)
		r->out->alg = CLAIM_ED25519;
	else if (alg == -7 || alg == -9)
		r->out->alg = CLAIM_ES256;
	return r->out->alg != CLAIM_UNSIGNED;
}

static void
kid_take(struct reading *r, const struct headers *h)
{
	const struct cbor *value = cbor_find(&h->inner, HEADER_KID);
	const uint8_t *p;
	size_t n;

	if (!value) {
		value = cbor_find(&h->outer, HEADER_KID);
		if (value)
			warn(r, "the key id is not protected by the signature");
	}
	if (!value)
		return;
	if (!cbor_bytes(value, &p, &n) || n > sizeof(r->out->kid)) {
		warn(r, "the key id is not bytes, or too long");
		return;
	}
	memcpy(r->out->kid, p, n);
	r->out->kid_size = n;
}

/* RFC 9052 section 4.4, with the protected header exactly as it came. */
static void
to_sign_make(struct reading *r, const struct cbor *inner, const struct cbor *payload)
{
	struct buf b = buf_make(r->arena, inner->n + payload->n + 32);

	cbor_put(&b, CBOR_ARRAY, 4);
	cbor_put_text(&b, "Signature1");
	cbor_put_bytes(&b, inner->p, inner->n);
	cbor_put_bytes(&b, "", 0);
	cbor_put_bytes(&b, payload->p, payload->n);
	r->out->to_sign = (const uint8_t *)b.bytes;
	r->out->to_sign_size = b.n;
}

static enum err
sign1_read(struct reading *r, struct cbor in)
{
	struct cbor payload, signature;
	struct headers h;

	if (!array_read(&in, 4) || !headers_read(&in, &h) ||
	    !bytes_next(&in, &payload) || !bytes_next(&in, &signature) || in.n)
		return refuse(r, "CoseParse");
	if (!alg_read(r, &h))
		return refuse(r, "UnsupportedAlgorithm");
	kid_take(r, &h);
	if (!signature.n)
		r->out->alg = CLAIM_UNSIGNED;
	r->out->signature = signature.p;
	r->out->signature_size = signature.n;
	to_sign_make(r, &h.inner_bytes, &payload);
	return cwt_read(r, payload);
}

/* Take the tags off and say which COSE message follows. Some writers leave the
 * COSE tag out, some put the CWT tag before it (RFC 8392 section 6). */
static bool
tags_take(struct reading *r, struct cbor *in, uint64_t *tag)
{
	struct cbor next = *in;
	struct cbor_item item;

	if (!cbor_next(&next, &item))
		return false;
	if (item.major == CBOR_TAG && item.value == TAG_CWT) {
		*in = next;
		if (!cbor_next(&next, &item))
			return false;
	}
	*tag = TAG_SIGN1;
	if (item.major == CBOR_TAG) {
		*tag = item.value;
		*in = next;
	} else if (item.major == CBOR_ARRAY && item.value == 4) {
		warn(r, "the COSE tag is missing");
	}
	return *tag == TAG_SIGN1 || *tag == TAG_ENCRYPT0;
}

/* RFC 9052 section 5.3. */
static struct buf
aad_make(struct arena *a, const struct cbor *inner)
{
	struct buf b = buf_make(a, inner->n + 32);

	cbor_put(&b, CBOR_ARRAY, 3);
	cbor_put_text(&b, "Encrypt0");
	cbor_put_bytes(&b, inner->p, inner->n);
	cbor_put_bytes(&b, "", 0);
	return b;
}

/* AES-GCM with the tag behind the text (RFC 9053 section 4.1). out has room for the
 * text; it may be read only if this says true. */
static bool
gcm_open(struct reading *r, const uint8_t *iv, const struct buf *aad,
    const struct cbor *sealed, uint8_t *out)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t tag[GCM_TAG];
	int size = (int)sealed->n - GCM_TAG, n;
	bool good;

	memcpy(tag, sealed->p + size, sizeof(tag));
	good = context && EVP_DecryptInit_ex(context, r->key_size == 32 ?
	    EVP_aes_256_gcm() : EVP_aes_128_gcm(), NULL, r->key, iv) == 1 &&
	    EVP_DecryptUpdate(context, NULL, &n, (const uint8_t *)aad->bytes,
	    (int)aad->n) == 1 &&
	    EVP_DecryptUpdate(context, out, &n, sealed->p, size) == 1 &&
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, GCM_TAG, tag) == 1 &&
	    EVP_DecryptFinal_ex(context, out + n, &n) == 1;
	EVP_CIPHER_CTX_free(context);
	return good;
}

/* A128GCM is 1 and wants 16 bytes of key, A256GCM is 3 and wants 32. */
static bool
gcm_key_fits(const struct headers *h, size_t key_size, bool *known)
{
	const struct cbor *value = cbor_find(&h->inner, HEADER_ALG);
	int64_t alg = 0;

	*known = value && cbor_int(value, &alg) && (alg == 1 || alg == 3);
	return *known && key_size == (alg == 1 ? 16 : 32);
}

static enum err
encrypt0_open(struct reading *r, struct cbor in, struct cbor *plain)
{
	const struct cbor *value;
	const uint8_t *iv;
	uint8_t *out;
	struct headers h;
	struct cbor sealed;
	struct buf aad;
	size_t n;
	bool known;

	if (!array_read(&in, 3) || !headers_read(&in, &h) ||
	    !bytes_next(&in, &sealed) || in.n || sealed.n < GCM_TAG)
		return refuse(r, "CoseParse");
	value = cbor_find(&h.inner, HEADER_IV);
	if (!value)
		value = cbor_find(&h.outer, HEADER_IV);
	if (!value || !cbor_bytes(value, &iv, &n) || n != IV_SIZE)
		return refuse(r, "CoseParse");
	if (!gcm_key_fits(&h, r->key_size, &known))
		return refuse(r, known ? "Decrypt" : "UnsupportedAlgorithm");
	aad = aad_make(r->arena, &h.inner_bytes);
	out = arena_take(r->arena, sealed.n);
	if (!gcm_open(r, iv, &aad, &sealed, out))
		return refuse(r, "Decrypt");
	plain->p = out;
	plain->n = sealed.n - GCM_TAG;
	return OK;
}

/* What was sealed is a signed message; or bare claims, which nobody vouches for
 * but whoever holds the key. */
static enum err
sealed_read(struct reading *r, struct cbor in)
{
	struct cbor plain;
	uint64_t tag;
	enum err e;

	e = encrypt0_open(r, in, &plain);
	if (e != OK)
		return e;
	if (plain.n && *plain.p >> 5 == CBOR_MAP)
		return cwt_read(r, plain);
	if (!tags_take(r, &plain, &tag) || tag != TAG_SIGN1)
		return refuse(r, "CoseParse");
	return sign1_read(r, plain);
}

static enum err
cose_read(struct reading *r, struct cbor in)
{
	uint64_t tag;

	if (!tags_take(r, &in, &tag))
		return refuse(r, "CoseParse");
	if (tag == TAG_ENCRYPT0)
		return r->key ? sealed_read(r, in) : refuse(r, "Encrypted");
	return r->key ? refuse(r, "CoseParse") : sign1_read(r, in);
}

/* RFC 1950; all of the input and nothing but it. Brotli, which the claim's newest
 * text allows too, fails here. */
static bool
inflate_all(struct arena *a, const uint8_t *p, size_t n, struct cbor *out)
{
	uint8_t *room = arena_take(a, COSE_MOST);
	z_stream z = { .next_in = (z_const Bytef *)p, .avail_in = (uInt)n,
	    .next_out = room, .avail_out = COSE_MOST };
	bool whole;

	if (inflateInit(&z) != Z_OK)
		return false;
	whole = inflate(&z, Z_FINISH) == Z_STREAM_END && !z.avail_in;
	out->p = room;
	out->n = z.total_out;
	(void)inflateEnd(&z);
	return whole;
}

/* Some issuers put "HC1:" or the like in front. No zlib header reads so: the first
 * three characters of one are never two letters and a digit with a colon next. */
static const char *
prefix_drop(const char *s)
{
	if (s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z' &&
	    s[2] >= '0' && s[2] <= '9' && s[3] == ':')
		return s + 4;
	return s;
}

static enum err
claim_unwrap(struct reading *r, const char *text)
{
	struct cbor cose;
	uint8_t *packed;
	size_t n;

	memset(r->out, 0, sizeof(*r->out));
	if (strnlen(text, TEXT_MOST + 1) > TEXT_MOST)
		return refuse(r, "Base45Decode");
	packed = claim_base45_read(r->arena, prefix_drop(text), &n);
	if (!packed)
		return refuse(r, "Base45Decode");
	if (!inflate_all(r->arena, packed, n, &cose))
		return refuse(r, "Decompress");
	return cose_read(r, cose);
}

enum err
claim_read(struct arena *a, const char *text, struct claim_read *out, const char **why)
{
	struct reading r = { .arena = a, .out = out };
	enum err e = claim_unwrap(&r, text);

	*why = r.why;
	return e;
}

enum err
claim_open(struct arena *a, const char *text, const uint8_t *key, size_t key_size,
    struct claim_read *out, const char **why)
{
	struct reading r = { .arena = a, .out = out, .key = key, .key_size = key_size };
	enum err e = claim_unwrap(&r, text);

	*why = r.why;
	return e;
}
