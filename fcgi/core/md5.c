/* SPDX-License-Identifier: MIT */
/*
 * MD5 can only be computed byte after byte, 100 MB in 130 ms; but the parts of a file do
 * not depend on each other. So 16 of them advance side by side, one in each lane of
 * vectors that the compiler makes of what the machine has (four registers of SSE2 on
 * any x86-64): three to four times as fast on one processor. Lanes without a part work
 * on rubbish, which costs nothing; a few parts, and the last one, are OpenSSL's.
 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "md5.h"

enum {
	LANES = 16,
	FEW = 4,		/* parts that are sooner done one by one */
	BLOCK = 64,		/* bytes that MD5 takes at once */
	WORDS = BLOCK / 4,
	LENGTH_AT = BLOCK - 8	/* where the last block has the length in bits */
};

/* One word of each lane. */
typedef uint32_t lanes __attribute__((vector_size(LANES * sizeof(uint32_t))));

struct state { lanes a, b, c, d; };

/* floor(2^32 * |sin(i + 1)|): RFC 1321 section 3.4. */
static const uint32_t sines[] = {
	0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf,
	0x4787c62a, 0xa8304613, 0xfd469501, 0x698098d8, 0x8b44f7af,
	0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e,
	0x49b40821, 0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa,
	0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8, 0x21e1cde6,
	0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8,
	0x676f02d9, 0x8d2a4c8a, 0xfffa3942, 0x8771f681, 0x6d9d6122,
	0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
	0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039,
	0xe6db99e5, 0x1fa27cf8, 0xc4ac5665, 0xf4292244, 0x432aff97,
	0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d,
	0x85845dd1, 0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1,
	0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

/* The end of each step. By pointers: as arguments, such vectors have no settled ABI. */
static inline void
turn(lanes *a, const lanes *b, int n)
{
	*a = *b + (*a << n | *a >> (32 - n));
}

/* The sixteen steps of each of the four rounds (RFC 1321 section 3.4), w being the words
 * of the block and s the round's part of sines. */
static void
round_one(struct state *t, const lanes *w, const uint32_t *s)
{
	lanes a = t->a, b = t->b, c = t->c, d = t->d;

	for (int i = 0; i < WORDS; i += 4) {
		a += (d ^ (b & (c ^ d))) + w[i] + s[i];
		turn(&a, &b, 7);
		d += (c ^ (a & (b ^ c))) + w[i + 1] + s[i + 1];
		turn(&d, &a, 12);
		c += (b ^ (d & (a ^ b))) + w[i + 2] + s[i + 2];
		turn(&c, &d, 17);
		b += (a ^ (c & (d ^ a))) + w[i + 3] + s[i + 3];
		turn(&b, &c, 22);
	}
	*t = (struct state){ a, b, c, d };
}

static void
round_two(struct state *t, const lanes *w, const uint32_t *s)
{
	lanes a = t->a, b = t->b, c = t->c, d = t->d;

	for (int i = 0, k = 1; i < WORDS; i += 4, k += 20) {
		a += (c ^ (d & (b ^ c))) + w[k & 15] + s[i];
		turn(&a, &b, 5);
		d += (b ^ (c & (a ^ b))) + w[(k + 5) & 15] + s[i + 1];
		turn(&d, &a, 9);
		c += (a ^ (b & (d ^ a))) + w[(k + 10) & 15] + s[i + 2];
		turn(&c, &d, 14);
		b += (d ^ (a & (c ^ d))) + w[(k + 15) & 15] + s[i + 3];
		turn(&b, &c, 20);
	}
	*t = (struct state){ a, b, c, d };
}

static void
round_three(struct state *t, const lanes *w, const uint32_t *s)
{
	lanes a = t->a, b = t->b, c = t->c, d = t->d;

	for (int i = 0, k = 5; i < WORDS; i += 4, k += 12) {
		a += (b ^ c ^ d) + w[k & 15] + s[i];
		turn(&a, &b, 4);
		d += (a ^ b ^ c) + w[(k + 3) & 15] + s[i + 1];
		turn(&d, &a, 11);
		c += (d ^ a ^ b) + w[(k + 6) & 15] + s[i + 2];
		turn(&c, &d, 16);
		b += (c ^ d ^ a) + w[(k + 9) & 15] + s[i + 3];
		turn(&b, &c, 23);
	}
	*t = (struct state){ a, b, c, d };
}

static void
round_four(struct state *t, const lanes *w, const uint32_t *s)
{
	lanes a = t->a, b = t->b, c = t->c, d = t->d;

	for (int i = 0, k = 0; i < WORDS; i += 4, k += 28) {
		a += (c ^ (b | ~d)) + w[k & 15] + s[i];
		turn(&a, &b, 6);
		d += (b ^ (a | ~c)) + w[(k + 7) & 15] + s[i + 1];
		turn(&d, &a, 10);
		c += (a ^ (d | ~b)) + w[(k + 14) & 15] + s[i + 2];
		turn(&c, &d, 15);
		b += (d ^ (c | ~a)) + w[(k + 21) & 15] + s[i + 3];
		turn(&b, &c, 21);
	}
	*t = (struct state){ a, b, c, d };
}

/* One block further in each lane, from at[lane] on. */
static void
advance(struct state *t, const uint8_t *const at[LANES])
{
	union { lanes w[WORDS]; uint32_t each[WORDS][LANES]; } block;
	const struct state before = *t;

	for (int i = 0; i < LANES; i++)
		for (int k = 0; k < WORDS; k++)
			memcpy(&block.each[k][i], at[i] + 4 * k, 4);
	round_one(t, block.w, sines);
	round_two(t, block.w, sines + WORDS);
	round_three(t, block.w, sines + 2 * WORDS);
	round_four(t, block.w, sines + 3 * WORDS);
	t->a += before.a;
	t->b += before.b;
	t->c += before.c;
	t->d += before.d;
}

/* Exactly n bytes; a file that is shorter than was said is broken. */
static bool
read_all(int fd, uint8_t *p, size_t n, int64_t at)
{
	while (n) {
		ssize_t got = pread(fd, p, n, at);

		if (got < 0 && errno == EINTR)
			continue;
		if (got == 0)
			errno = EIO;
		if (got <= 0)
			return false;
		p += got;
		at += got;
		n -= (size_t)got;
	}
	return true;
}

/* The last block of parts that are whole blocks: nothing but the padding. */
static void
pad(uint8_t block[BLOCK], size_t part)
{
	uint64_t bits = (uint64_t)part * 8;

	memset(block, 0, BLOCK);
	block[0] = 0x80;
	memcpy(block + LENGTH_AT, &bits, sizeof(bits)); /* x86-64 is little-endian too */
}

/* n whole parts side by side, the first of them at from. */
static bool
beside(int fd, int64_t from, size_t part, int n, uint8_t *out)
{
	static uint8_t read[LANES][MD5_STEP];
	struct state t = { 0x67452301 + (lanes){ 0 }, 0xefcdab89 + (lanes){ 0 },
		0x98badcfe + (lanes){ 0 }, 0x10325476 + (lanes){ 0 } };
	const uint8_t *at[LANES];
	uint8_t padding[BLOCK];

	for (size_t done = 0; done < part; done += MD5_STEP) {
		for (int i = 0; i < n; i++)
			if (!read_all(fd, read[i], MD5_STEP, from +
			    (int64_t)((size_t)i * part + done)))
				return false;
		for (size_t k = 0; k < MD5_STEP; k += BLOCK) {
			for (int i = 0; i < LANES; i++)
				at[i] = read[i] + k;
			advance(&t, at);
		}
	}
	pad(padding, part);
	for (int i = 0; i < LANES; i++)
		at[i] = padding;
	advance(&t, at);
	for (int i = 0; i < n; i++) {
		const uint32_t words[] = { t.a[i], t.b[i], t.c[i], t.d[i] };

		memcpy(out + i * MD5_BYTES, words, MD5_BYTES);
	}
	return true;
}

/* One part, which may be the last. */
static bool
alone(int fd, int64_t from, size_t n, uint8_t *out)
{
	static uint8_t read[MD5_STEP];
	EVP_MD_CTX *md5 = EVP_MD_CTX_new();
	bool good = md5 && EVP_DigestInit_ex(md5, EVP_md5(), NULL) == 1;

	if (!good)
		errno = ENOMEM;
	while (good && n) {
		size_t step = n < MD5_STEP ? n : MD5_STEP;

		good = read_all(fd, read, step, from) &&
		    EVP_DigestUpdate(md5, read, step) == 1;
		from += (int64_t)step;
		n -= step;
	}
	good = good && EVP_DigestFinal_ex(md5, out, NULL) == 1;
	EVP_MD_CTX_free(md5);
	return good;
}

bool
md5_parts(int fd, int64_t from, int64_t n, size_t part, uint8_t *out)
{
	while (n) {
		int64_t whole = n / (int64_t)part;
		int many = whole > LANES ? LANES : whole > FEW ? (int)whole : 0;
		int64_t step = many ? many * (int64_t)part :
		    whole ? (int64_t)part : n;

		if (many ? !beside(fd, from, part, many, out) :
		    !alone(fd, from, (size_t)step, out))
			return false;
		from += step;
		n -= step;
		out += (many ? many : 1) * MD5_BYTES;
	}
	return true;
}
