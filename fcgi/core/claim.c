/* SPDX-License-Identifier: MIT */
/*
 * Making a card's claim and checking a signature on one; claim_read.c reads claims.
 * The order is: claims -> CBOR map (CWT) -> signature around it (COSE_Sign1) ->
 * zlib -> Base45 -> QR. Signing itself happens elsewhere, where the private key is.
 * The key id stands in the protected header, so that no byte of a card can be
 * changed without breaking its signature.
 */
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <sodium.h>
#include <zlib.h>

#include "arena.h"
#include "buf.h"
#include "cbor.h"
#include "claim.h"
#include "text.h"

enum { TAG_SIGN1 = 18, CLAIM_169 = 169, P256_POINT = 65, COSE_MOST = 64 * 1024 };

static void
text_put(struct buf *b, int key, const char *s)
{
	if (text_empty(s))
		return;
	cbor_put_int(b, key);
	cbor_put_text(b, s);
}

static void
number_put(struct buf *b, int key, int64_t n)
{
	if (!n)
		return;
	cbor_put_int(b, key);
	cbor_put_int(b, n);
}

/* The map of claim 169; see claim.h for the source of the keys. */
static void
identity_put(struct buf *b, const struct claim *c)
{
	const char *texts[] = { c->id, c->version, c->language, c->full_name,
	    c->birth_date, c->nationality, c->location, c->country };
	uint64_t count = c->gender != 0;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		count += !text_empty(texts[i]);
	cbor_put(b, CBOR_MAP, count);
	text_put(b, 1, c->id);
	text_put(b, 2, c->version);
	text_put(b, 3, c->language);
	text_put(b, 4, c->full_name);
	text_put(b, 8, c->birth_date);
	number_put(b, 9, c->gender);
	text_put(b, 13, c->nationality);
	text_put(b, 21, c->location);
	text_put(b, 23, c->country);
}

uint8_t *
claim_payload(struct arena *a, const struct claim *c, size_t *n)
{
	struct buf b = buf_make(a, 512);
	uint64_t count;

	count = 1U + !text_empty(c->issuer) + !text_empty(c->subject) +
	    (c->expires != 0) + (c->not_before != 0) + (c->issued != 0) +
	    (c->serial_size != 0);
	cbor_put(&b, CBOR_MAP, count);
	text_put(&b, 1, c->issuer);
	text_put(&b, 2, c->subject);
	number_put(&b, 4, c->expires);
	number_put(&b, 5, c->not_before);
	number_put(&b, 6, c->issued);
	if (c->serial_size) {
		cbor_put_int(&b, 7);
		cbor_put_bytes(&b, c->serial, c->serial_size);
	}
	cbor_put_int(&b, CLAIM_169);
	identity_put(&b, c);
	*n = b.n;
	return (uint8_t *)b.bytes;
}

/* The protected header: {1: -8, 4: kid}. */
static void
protected_put(struct buf *b, const uint8_t kid[CLAIM_KID])
{
	struct buf header = buf_make(b->arena, 16);

	cbor_put(&header, CBOR_MAP, 2);
	cbor_put_int(&header, 1);
	cbor_put_int(&header, -8);
	cbor_put_int(&header, 4);
	cbor_put_bytes(&header, kid, CLAIM_KID);
	cbor_put_bytes(b, header.bytes, header.n);
}

uint8_t *
claim_to_sign(struct arena *a, const uint8_t kid[CLAIM_KID],
    const uint8_t *payload, size_t n, size_t *n_out)
{
	struct buf b = buf_make(a, n + 64);

	cbor_put(&b, CBOR_ARRAY, 4);
	cbor_put_text(&b, "Signature1");
	protected_put(&b, kid);
	cbor_put_bytes(&b, "", 0);
	cbor_put_bytes(&b, payload, n);
	*n_out = b.n;
	return (uint8_t *)b.bytes;
}

uint8_t *
claim_cose(struct arena *a, const uint8_t kid[CLAIM_KID], const uint8_t *payload,
    size_t n, const uint8_t signature[CLAIM_SIGNATURE], size_t *n_out)
{
	struct buf b = buf_make(a, n + 128);

	cbor_put(&b, CBOR_TAG, TAG_SIGN1);
	cbor_put(&b, CBOR_ARRAY, 4);
	protected_put(&b, kid);
	cbor_put(&b, CBOR_MAP, 0);
	cbor_put_bytes(&b, payload, n);
	cbor_put_bytes(&b, signature, CLAIM_SIGNATURE);
	*n_out = b.n;
	return (uint8_t *)b.bytes;
}

/* zlib's memory comes from the arena, so there is nothing left that can fail. */
static voidpf
zlib_take(voidpf a, uInt n, uInt size)
{
	return arena_items(a, n, size);
}

static void
zlib_give(voidpf a, voidpf p)
{
	(void)a;
	(void)p; /* the arena takes it back */
}

/* Deflate into room for as much as deflateBound says; the size, or 0. The window is
 * 4 KiB, which is all of any card: the usual 32 KiB take 90 us to set up. */
static size_t
deflate_all(z_stream *z, const uint8_t *p, size_t n, uint8_t *out)
{
	z->next_out = out;
	z->next_in = (z_const Bytef *)p;
	z->avail_in = (uInt)n;
	if (deflate(z, Z_FINISH) != Z_STREAM_END)
		return 0;
	(void)deflateEnd(z);
	return z->total_out;
}

const char *
claim_text(struct arena *a, const uint8_t *cose, size_t n)
{
	z_stream z = { .zalloc = zlib_take, .zfree = zlib_give, .opaque = a };
	uint8_t *out;
	uLong sum;

	if (n > COSE_MOST || deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, -12, 5,
	    Z_DEFAULT_STRATEGY) != Z_OK)
		return NULL;
	z.avail_out = (uInt)deflateBound(&z, n);
	out = arena_take(a, z.avail_out + 6U);
	/* RFC 1950: the header of level 9 (it promises no more than a 32 KiB window,
	 * and other readers know cards by it), the data, Adler-32. */
	out[0] = 0x78;
	out[1] = 0xda;
	sum = adler32(1, cose, (uInt)n);
	n = deflate_all(&z, cose, n, out + 2);
	if (!n)
		return NULL;
	out[n + 2] = (uint8_t)(sum >> 24);
	out[n + 3] = (uint8_t)(sum >> 16);
	out[n + 4] = (uint8_t)(sum >> 8);
	out[n + 5] = (uint8_t)sum;
	return claim_base45(a, out, n + 6);
}

static bool
ed25519_verify(const struct claim_read *read, const uint8_t *key)
{
	return crypto_sign_verify_detached(read->signature, read->to_sign,
	    read->to_sign_size, key) == 0;
}

/* r and s, 32 bytes each (RFC 9053 section 2.1), as the DER that OpenSSL takes. */
static int
signature_der(const uint8_t *signature, uint8_t **der)
{
	ECDSA_SIG *pair = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(signature, 32, NULL);
	BIGNUM *s = BN_bin2bn(signature + 32, 32, NULL);
	int n = -1;

	if (pair && r && s && ECDSA_SIG_set0(pair, r, s)) {
		n = i2d_ECDSA_SIG(pair, der);
	} else {
		BN_free(r);
		BN_free(s);
	}
	ECDSA_SIG_free(pair);
	return n;
}

static EVP_PKEY *
p256_key(const uint8_t *point)
{
	char group[] = "P-256";
	uint8_t copy[P256_POINT];
	EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
	EVP_PKEY *key = NULL;
	OSSL_PARAM params[3];

	memcpy(copy, point, sizeof(copy));
	params[0] = OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group,
	    0);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, copy,
	    sizeof(copy));
	params[2] = OSSL_PARAM_construct_end();
	if (context && EVP_PKEY_fromdata_init(context) == 1)
		(void)EVP_PKEY_fromdata(context, &key, EVP_PKEY_PUBLIC_KEY, params);
	EVP_PKEY_CTX_free(context);
	return key; /* NULL if the point is not on the curve */
}

static bool
es256_verify(const struct claim_read *read, const uint8_t *point)
{
	EVP_PKEY *key = p256_key(point);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	uint8_t *der = NULL;
	int n = signature_der(read->signature, &der);
	bool good;

	good = key && context && n > 0 &&
	    EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
	    EVP_DigestVerify(context, der, (size_t)n, read->to_sign,
	    read->to_sign_size) == 1;
	OPENSSL_free(der);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(key);
	return good;
}

bool
claim_verify(const struct claim_read *read, const uint8_t *key, size_t key_size)
{
	if (read->signature_size != CLAIM_SIGNATURE)
		return false;
	if (read->alg == CLAIM_ED25519 && key_size == CLAIM_KEY)
		return ed25519_verify(read, key);
	if (read->alg == CLAIM_ES256 && key_size == P256_POINT)
		return es256_verify(read, key);
	return false;
}
