/* SPDX-License-Identifier: MIT */
/* The signed claim of a card: known answers, other people's vectors, and forgeries. */
#include <jansson.h>
#include <sodium.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "arena.h"
#include "buf.h"
#include "cbor.h"
#include "claim.h"
#include "test.h"
#include "text.h"

#define VECTORS "tests/data/claim169/"

static struct arena *a;
static uint8_t public_key[32], secret_key[64], kid[CLAIM_KID];
static uint8_t kat_cose[256];
static size_t kat_cose_size;

static const struct claim kat_claim = {
	.issuer = "https://registry.example.zm", .expires = 0x72bbba80,
	.not_before = 0x6955b900, .issued = 0x6955b900,
	.serial = { 0, 0, 0, 0, 0, 0, 0, 1 }, .serial_size = 8,
	.id = "ZM2EC5197E", .version = "1.2.2", .language = "eng",
	.full_name = "Mutale Ng'andu Bwalya", .birth_date = "19840412", .gender = 2,
	.nationality = "ZM", .location = "ZM-02-0107", .country = "ZM"
};

static const char *
field(const json_t *j, const char *name)
{
	return json_string_value(json_object_get(j, name));
}

static bool
hex_is(const uint8_t *p, size_t n, const char *hex)
{
	return text_same(text_hex(a, p, n), hex);
}

/* What the QR text of a COSE message says when it is read. */
static enum err
cose_read(const uint8_t *cose, size_t n, struct claim_read *out, const char **why)
{
	return claim_read(a, claim_text(a, cose, n), out, why);
}

static void
test_base45(void)
{
	static const char *const pairs[][2] = { { "", "" }, { "AB", "BB8" },
	    { "Hello!!", "%69 VD92EX0" }, { "base-45", "UJCLQE7W581" },
	    { "ietf!", "QED8WEX0" } };
	static const char *const bad[] = { "GGW", ":::", "A", "AAAA", "::", "ab8",
	    "BB8\n", "BB\xc5\x8b", "BB8,", "U6" };
	size_t i, n;
	uint8_t *p, bytes[256];
	char *text;

	for (i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		text = claim_base45(a, (const uint8_t *)pairs[i][0], strlen(pairs[i][0]));
		p = claim_base45_read(a, pairs[i][1], &n);
		ok(text_same(text, pairs[i][1]) && p && n == strlen(pairs[i][0]) &&
		    !memcmp(p, pairs[i][0], n), "a pair of RFC 9285 both ways");
	}
	for (i = 0; i < sizeof(bad) / sizeof(*bad); i++)
		ok(!claim_base45_read(a, bad[i], &n), "what no encoder writes");
	ok((p = claim_base45_read(a, "FGW", &n)) && n == 2 && p[0] == 255 && p[1] == 255,
	    "the greatest three characters");
	for (i = 0; i < 256; i++)
		bytes[i] = (uint8_t)i;
	text = claim_base45(a, bytes, 255);
	p = claim_base45_read(a, text, &n);
	ok(p && n == 255 && !memcmp(p, bytes, n), "255 bytes there and back");
}

static void
test_known_answer(const json_t *kat)
{
	struct claim_read read;
	uint8_t signature[64], *payload, *to_sign, *cose;
	size_t n, n_sign;
	const char *text, *why;

	payload = claim_payload(a, &kat_claim, &n);
	ok(hex_is(payload, n, field(kat, "payload")), "the payload, bit for bit");
	to_sign = claim_to_sign(a, kid, payload, n, &n_sign);
	ok(n_sign == 1 + 11 + 14 + 1 + 2 + 141, "the bytes to sign have their length");
	crypto_sign_detached(signature, NULL, to_sign, n_sign, secret_key);
	cose = claim_cose(a, kid, payload, n, signature, &kat_cose_size);
	memcpy(kat_cose, cose, kat_cose_size);
	ok(hex_is(kat_cose, kat_cose_size, field(kat, "cose")),
	    "the signed message, bit for bit");
	text = claim_text(a, kat_cose, kat_cose_size);
	ok(strlen(text) <= 352 && !strncmp(text, "NCF", 3), "the text fits version 13");
	ok(claim_read(a, text, &read, &why) == OK && !why && read.n_warnings == 0,
	    "our own text is read without a warning");
	ok(claim_read(a, field(kat, "qr"), &read, &why) == OK, "the published text too");
	ok(read.to_sign_size == n_sign && !memcmp(read.to_sign, to_sign, n_sign),
	    "and the bytes to sign come back");
	ok(read.alg == CLAIM_ED25519 && read.kid_size == 8 && !memcmp(read.kid, kid, 8) &&
	    claim_verify(&read, public_key, 32), "the signature is good");
	ok(!claim_verify(&read, kid, 8) && !claim_verify(&read, public_key, 31),
	    "not with a key of another length");
	public_key[0] ^= 1;
	ok(!claim_verify(&read, public_key, 32), "not with another key");
	public_key[0] ^= 1;
}

static void
test_claims_return(void)
{
	struct claim_read read;
	const struct claim *c = &read.claim;
	const char *why;

	ok(cose_read(kat_cose, kat_cose_size, &read, &why) == OK &&
	    text_same(c->issuer, kat_claim.issuer) && !c->subject &&
	    c->expires == kat_claim.expires && c->not_before == kat_claim.not_before &&
	    c->issued == kat_claim.issued && c->serial_size == 8 &&
	    !memcmp(c->serial, kat_claim.serial, 8), "the outer claims come back");
	ok(text_same(c->id, kat_claim.id) && text_same(c->version, "1.2.2") &&
	    text_same(c->language, "eng") &&
	    text_same(c->full_name, kat_claim.full_name) &&
	    text_same(c->birth_date, "19840412") && c->gender == 2 &&
	    text_same(c->nationality, "ZM") && text_same(c->location, "ZM-02-0107") &&
	    text_same(c->country, "ZM"), "the claims of 169 come back");
}

static void
test_flips(void)
{
	struct claim_read read;
	const char *why;
	size_t bit, refused = 0;

	for (bit = 0; bit < kat_cose_size * 8; bit++) {
		kat_cose[bit / 8] ^= (uint8_t)(1U << bit % 8);
		refused += cose_read(kat_cose, kat_cose_size, &read, &why) != OK ||
		    !claim_verify(&read, public_key, 32);
		kat_cose[bit / 8] ^= (uint8_t)(1U << bit % 8);
		arena_reset(a);
	}
	ok(kat_cose_size * 8 == 1808 && refused == 1808,
	    "all 1,808 flipped bits are refused");
	for (bit = 0, refused = 0; bit < kat_cose_size; bit++)
		refused += cose_read(kat_cose, bit, &read, &why) == ERR_BAD && why;
	ok(refused == kat_cose_size, "every shortened message is refused");
}

static bool
text_is(const json_t *want, const char *name, const char *have)
{
	return text_same(field(want, name), have);
}

static bool
number_is(const json_t *want, const char *name, int64_t have)
{
	return json_integer_value(json_object_get(want, name)) == have;
}

/* The vectors expect no name where there is none: absent is NULL on both sides. */
static bool
claims_are(const json_t *j, const struct claim *c)
{
	const json_t *want = json_object_get(j, "expected_claim169");
	const json_t *meta = json_object_get(j, "expected_cwt_meta");

	return text_is(want, "id", c->id) && text_is(want, "version", c->version) &&
	    text_is(want, "language", c->language) &&
	    text_is(want, "fullName", c->full_name) &&
	    text_is(want, "dateOfBirth", c->birth_date) &&
	    number_is(want, "gender", c->gender) &&
	    text_is(want, "nationality", c->nationality) &&
	    text_is(want, "locationCode", c->location) &&
	    text_is(want, "countryOfIssuance", c->country) &&
	    text_is(meta, "issuer", c->issuer) && text_is(meta, "subject", c->subject) &&
	    number_is(meta, "expiresAt", c->expires) &&
	    number_is(meta, "notBefore", c->not_before) &&
	    number_is(meta, "issuedAt", c->issued);
}

static bool
signature_is_as_told(const json_t *j, const struct claim_read *read)
{
	const char *hex = field(json_object_get(j, "signing_key"), "public_key_hex");
	uint8_t key[65];
	size_t n = hex ? strlen(hex) / 2 : 0;

	if (!hex)
		return read->alg == CLAIM_UNSIGNED && !claim_verify(read, public_key, 32);
	if (n > sizeof(key) || !text_hex_read(hex, key, n) || !claim_verify(read, key, n))
		return false;
	key[n - 1] ^= 1;
	return !claim_verify(read, key, n);
}

/* Read a vector with its key if it has one; without it, and with a wrong one, it
 * must stay shut. */
static bool
vector_decodes(const json_t *j)
{
	const json_t *lock = json_object_get(j, "encryption_key");
	const char *text = field(j, "qr_data"), *why;
	struct claim_read read;
	uint8_t key[32];

	if (!lock)
		return claim_read(a, text, &read, &why) == OK &&
		    claims_are(j, &read.claim) && signature_is_as_told(j, &read) &&
		    claim_open(a, text, public_key, 32, &read, &why) == ERR_BAD;
	if (claim_read(a, text, &read, &why) != ERR_BAD || !text_same(why, "Encrypted") ||
	    claim_open(a, text, public_key, 32, &read, &why) != ERR_BAD ||
	    !text_same(why, "Decrypt") ||
	    claim_open(a, text, public_key, 16, &read, &why) != ERR_BAD)
		return false;
	return text_hex_read(field(lock, "symmetric_key_hex"), key, 32) &&
	    claim_open(a, text, key, 32, &read, &why) == OK &&
	    claims_are(j, &read.claim) && signature_is_as_told(j, &read);
}

static void
test_vectors(void)
{
	static const char *const names[] = { "valid/claim169-example",
	    "valid/demographics-full", "valid/ecdsa-p256-signed", "valid/ed25519-signed",
	    "valid/encrypted-aes256", "valid/encrypted-signed", "valid/minimal",
	    "valid/refugee-identity", "valid/with-all-biometrics", "valid/with-face",
	    "valid/with-fingerprints", "edge/expired", "edge/not-yet-valid",
	    "edge/unknown-fields", "invalid/bad-base45", "invalid/bad-zlib",
	    "invalid/missing-169", "invalid/not-cose" };
	struct claim_read read;
	const char *why;
	json_t *j;
	size_t i;
	bool right;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
		j = json_load_file(arena_print(a, VECTORS "%s.json", names[i]), 0, NULL);
		if (strncmp(names[i], "invalid", 7))
			right = j && vector_decodes(j);
		else
			right = j && claim_read(a, field(j, "qr_data"), &read, &why) ==
			    ERR_BAD && text_same(why, field(j, "expected_error"));
		ok(right, names[i]);
		json_decref(j);
	}
}

/* Read a message made of these headers and this payload, both in hex, and a
 * signature of zeros. */
static enum err
forge(const char *headers, const char *payload, struct claim_read *out, const char **why)
{
	struct buf cose = buf_make(a, 256);
	uint8_t head[64], body[512], signature[64] = { 0 };
	size_t n_head = strlen(headers) / 2, n_body = strlen(payload) / 2;

	text_hex_read(headers, head, n_head);
	text_hex_read(payload, body, n_body);
	cbor_put(&cose, CBOR_TAG, 18);
	cbor_put(&cose, CBOR_ARRAY, 4);
	buf_add(&cose, head, n_head);
	cbor_put_bytes(&cose, body, n_body);
	cbor_put_bytes(&cose, signature, sizeof(signature));
	return cose_read((uint8_t *)cose.bytes, cose.n, out, why);
}

static bool
forged_why(const char *headers, const char *payload, const char *expected)
{
	struct claim_read read;
	const char *why;

	return forge(headers, payload, &read, &why) == ERR_BAD &&
	    text_same(why, expected);
}

static bool
forged_warns(const char *headers, const char *payload, const char *warning)
{
	struct claim_read read;
	const char *why;
	int i;

	if (forge(headers, payload, &read, &why) != OK)
		return false;
	for (i = 0; i < read.n_warnings; i++)
		if (text_same(read.warnings[i], warning))
			return true;
	return !warning && read.n_warnings == 0;
}

#define PLAIN "43a10127a0"		/* {1: -8}, nothing unprotected */
#define LEAST "a118a9a0"		/* {169: {}} */

static void
test_headers(void)
{
	ok(forged_warns(PLAIN, LEAST, NULL), "the least card that there can be");
	ok(forged_warns("43a10126a0", LEAST, NULL), "ES256 is known");
	ok(forged_warns("43a10132a0", LEAST, NULL), "Ed25519 of RFC 9864 is known");
	ok(forged_warns("43a10128a0", LEAST, NULL), "ESP256 is known");
	ok(forged_why("43a10125a0", LEAST, "UnsupportedAlgorithm"), "-6 is not");
	ok(forged_why("45a1016161a0", LEAST, "CoseParse"), "a byte behind the header");
	ok(forged_why("44a1016161a0", LEAST, "UnsupportedAlgorithm"), "a text as one");
	ok(forged_why("45a201270127a0", LEAST, "CoseParse"), "an algorithm given twice");
	ok(forged_why("45a20127180127a0", LEAST, "CoseParse"), "and in a longer form");
	ok(forged_why("47a2012702810341a0", LEAST, "CoseParse"), "a broken header");
	ok(forged_why("46a20127028104a0", LEAST, "CoseParse"), "a critical extension");
	ok(forged_warns("43a10127a104420102", LEAST,
	    "the key id is not protected by the signature"), "kid outside the signature");
	ok(forged_warns("43a10127a10401", LEAST, "the key id is not bytes, or too long"),
	    "kid as a number");
	ok(forged_why("a0a0", LEAST, "CoseParse"), "protected header not in bytes");
	ok(forged_warns("40a0", LEAST, NULL), "no header at all: unsigned");
}

static void
test_payloads(void)
{
	ok(forged_why(PLAIN, "", "CwtParse"), "no payload");
	ok(forged_why(PLAIN, "80", "CwtParse"), "a payload that is no map");
	ok(forged_why(PLAIN, "a118a9a000", "CwtParse"), "a byte behind the payload");
	ok(forged_why(PLAIN, "a0", "Claim169NotFound"), "an empty payload");
	ok(forged_why(PLAIN, "a118a901", "CwtParse"), "169 that is a number");
	ok(forged_why(PLAIN, "a118a9a201610101", "CwtParse"), "169 that ends early");
	ok(forged_why(PLAIN, "a118a9a2016161016162", "CwtParse"), "an ID given twice");
	ok(forged_why(PLAIN, "a218a9a018a9a0", "CwtParse"), "169 given twice");
	ok(forged_why(PLAIN, "a218a9a01900a9a0", "CwtParse"), "and in a longer form");
	ok(forged_why(PLAIN, "bf18a9a0ff", "CwtParse"), "an indefinite length");
	ok(forged_why(PLAIN, "a2010118a9a0", "CwtParse"), "a number as issuer");
	ok(forged_why(PLAIN, "a2041bffffffffffffffff18a9a0", "CwtParse"), "a huge time");
	ok(forged_why(PLAIN, "a2041b0000003afff4418018a9a0", "CwtParse"), "year 10000");
	ok(forged_warns(PLAIN, "a2041b0000003afff4417f18a9a0", NULL), "year 9999");
	ok(forged_why(PLAIN, "a2042018a9a0", "CwtParse"), "a time before 1970");
	ok(forged_why(PLAIN, "a118a9a1016100", "CwtParse"), "a NUL in a text");
	ok(forged_why(PLAIN, "a118a9a10161ff", "CwtParse"), "a text that is not UTF-8");
	ok(forged_why(PLAIN, "a118a9a10173", "CwtParse"), "a text beyond the end");
	ok(forged_why(PLAIN, "bb000000010000000018a9a0", "CwtParse"), "a huge count");
}

static void
test_deviations(void)
{
	ok(forged_warns(PLAIN, "a118a944a1016161",
	    "claim 169 is wrapped in a byte string"), "169 in a byte string");
	ok(forged_warns(PLAIN, "a118a9a1096131", "the gender is text, not a number"),
	    "the gender as text");
	ok(forged_warns(PLAIN, "a118a9a10904", "the gender is not 1, 2 or 3"), "a 4");
	ok(forged_warns(PLAIN, "a118a9a108" "6a313937352d30342d3034",
	    "the birth date is not eight digits"), "a birth date with hyphens");
	ok(forged_warns(PLAIN, "a118a9a1081a012eb0ec",
	    "the birth date is a number, not text"), "a birth date as a number");
	ok(forged_warns(PLAIN, "a118a9a10101", "a claim that should be text is not"),
	    "an ID that is a number");
	ok(forged_warns(PLAIN, "a118a9a1183ea0", "a biometric claim is not an array"),
	    "a face that is one map");
	ok(forged_warns(PLAIN, "a2016d7777772e6d6f7369702e6f726718a9a0",
	    "the issuer is not a URI"), "a bare host as issuer");
	ok(forged_warns(PLAIN, "a2076018a9a0",
	    "the serial (cti) is not bytes, or too long"), "a serial that is text");
	ok(forged_warns(PLAIN, "a118a9a2186301617880", NULL), "unknown claims are left");
}

static void
test_wrapping(void)
{
	static const uint8_t tag61[] = { 0xd8, 61 };
	struct buf b = buf_make(a, 512);
	struct claim_read read;
	const char *why, *text;
	uint8_t *packed;
	size_t n;

	buf_add(&b, tag61, 2);
	buf_add(&b, kat_cose, kat_cose_size);
	ok(cose_read((uint8_t *)b.bytes, b.n, &read, &why) == OK && !read.n_warnings &&
	    claim_verify(&read, public_key, 32), "the CWT tag may stand in front");
	ok(cose_read(kat_cose + 1, kat_cose_size - 1, &read, &why) == OK &&
	    read.n_warnings == 1 && claim_verify(&read, public_key, 32),
	    "no tag at all is a warning");
	b.n = 0;
	buf_add(&b, kat_cose, kat_cose_size);
	buf_char(&b, 0);
	ok(cose_read((uint8_t *)b.bytes, b.n, &read, &why) == ERR_BAD,
	    "a byte behind it");
	text = claim_text(a, kat_cose, kat_cose_size);
	ok(claim_read(a, arena_print(a, "PH1:%s", text), &read, &why) == OK &&
	    claim_verify(&read, public_key, 32), "a prefix is dropped");
	packed = claim_base45_read(a, text, &n);
	ok(claim_read(a, claim_base45(a, packed, n + 1), &read, &why) == ERR_BAD &&
	    text_same(why, "Decompress"), "a byte behind the compressed ones");
	ok(claim_read(a, arena_print(a, " %s", text), &read, &why) == ERR_BAD,
	    "a blank in front is refused");
	ok(claim_read(a, "", &read, &why) == ERR_BAD && why, "an empty text");
}

static void
test_limits(void)
{
	struct buf b = buf_make(a, 1 << 16);
	struct claim_read read;
	const char *why;
	char *text = arena_take(a, 8194);
	uint8_t *zeros = arena_take(a, 65536), *packed = arena_take(a, 4096);
	uLongf n = 4096;
	int depth, i;

	memset(text, '0', 8193);
	ok(claim_read(a, text, &read, &why) == ERR_BAD && text_same(why, "Base45Decode"),
	    "8,193 characters are refused before anything else");
	text[8192] = '\0';
	ok(claim_read(a, text, &read, &why) == ERR_BAD && text_same(why, "Decompress"),
	    "8,192 are looked at");
	compress2(packed, &n, zeros, 65536, 9);
	ok(claim_read(a, claim_base45(a, packed, n), &read, &why) == ERR_BAD &&
	    text_same(why, "CoseParse"), "64 KiB inflated are looked at");
	buf_add(&b, zeros, 65536);
	buf_char(&b, 0);
	n = 4096;
	compress2(packed, &n, (uint8_t *)b.bytes, b.n, 9);
	ok(claim_read(a, claim_base45(a, packed, n), &read, &why) == ERR_BAD &&
	    text_same(why, "Decompress"), "one more is refused");
	for (depth = 31; depth <= 33; depth++) {
		b.n = 0;
		buf_text(&b, "a118a9a11863");
		for (i = 0; i < depth; i++)
			buf_text(&b, "81");
		buf_text(&b, "00");
		ok(forged_why(PLAIN, b.bytes, "CwtParse") == (depth > 31),
		    "arrays within arrays have a limit");
	}
}

static void
test_large(void)
{
	struct claim c = kat_claim, back;
	struct claim_read read;
	uint8_t signature[64] = { 0 }, *payload, *cose;
	const char *text, *why;
	char *name = arena_take(a, 4001);
	size_t n, i;

	for (i = 0; i < 4000; i++)
		name[i] = (char)('A' + randombytes_uniform(26));
	c.full_name = name;
	payload = claim_payload(a, &c, &n);
	cose = claim_cose(a, kid, payload, n, signature, &n);
	text = claim_text(a, cose, n);
	ok(claim_read(a, text, &read, &why) == OK, "a long name is packed well");
	back = read.claim;
	ok(text_same(back.full_name, name), "and comes back whole");
	ok(!claim_text(a, cose, 65537), "more than any card is refused");
}

static void
test_map_limit(void)
{
	struct buf b = buf_make(a, 1024);
	struct cbor in;
	struct cbor_map *map = arena_array(a, struct cbor_map, 1);
	int64_t number = 0;
	int n, i;

	for (n = 128; n <= 129; n++) {
		b.n = 0;
		cbor_put(&b, CBOR_MAP, (uint64_t)n);
		for (i = 0; i < n; i++) {
			cbor_put_int(&b, i - 64);
			cbor_put_int(&b, i);
		}
		in = (struct cbor){ (uint8_t *)b.bytes, b.n };
		ok(cbor_map(&in, map) == (n == 128), "128 entries are read, 129 are not");
		if (n == 128)
			ok(in.n == 0 && cbor_find(map, -64) && cbor_find(map, 63) &&
			    cbor_int(cbor_find(map, -1), &number) && number == 63 &&
			    !cbor_find(map, 64), "and each is found under its key");
	}
}

static void
test_numbers(void)
{
	static const int64_t numbers[] = { 0, 23, 24, 255, 256, 65535, 65536, 4294967295,
	    4294967296, INT64_MAX, -1, -24, -25, -256, -257, INT64_MIN };
	static const size_t sizes[] = { 1, 1, 2, 2, 3, 3, 5, 5, 9, 9, 1, 1, 2, 2, 3, 9 };
	struct buf b = buf_make(a, 16);
	struct cbor value;
	int64_t n = 1;
	size_t i;

	for (i = 0; i < sizeof(numbers) / sizeof(*numbers); i++) {
		b.n = 0;
		cbor_put_int(&b, numbers[i]);
		value = (struct cbor){ (uint8_t *)b.bytes, b.n };
		ok(b.n == sizes[i] && cbor_int(&value, &n) && n == numbers[i],
		    "a number in its shortest form, there and back");
	}
}

int
main(void)
{
	json_t *kat = json_load_file("tests/data/kat169.json", 0, NULL);
	uint8_t seed[32], hash[32];

	a = arena_make(256U << 20, NULL);
	if (!kat || sodium_init() < 0 || !text_hex_read(field(kat, "seed"), seed, 32)) {
		ok(false, "tests/data/kat169.json can be read");
		return test_end();
	}
	crypto_sign_seed_keypair(public_key, secret_key, seed);
	crypto_hash_sha256(hash, public_key, 32);
	memcpy(kid, hash, sizeof(kid));
	ok(hex_is(public_key, 32, field(kat, "pub")) && hex_is(kid, 8, field(kat, "kid")),
	    "the key of RFC 8032 and its id");
	test_base45();
	test_known_answer(kat);
	test_claims_return();
	test_flips();
	test_vectors();
	test_headers();
	test_payloads();
	test_deviations();
	test_wrapping();
	test_limits();
	test_large();
	test_map_limit();
	test_numbers();
	json_decref(kat);
	arena_end(a);
	return test_end();
}
