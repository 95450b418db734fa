/* SPDX-License-Identifier: MIT */
/*
 * Signatures against what Amazon has published:
 *
 *   S3 API Reference, "Signature Calculations for the Authorization Header", examples
 *   GET Object, PUT Object, GET Bucket Lifecycle, Get Bucket (List Objects);
 *   "Authenticating Requests: Using Query Parameters", its example;
 *   "Examples: Browser-Based Upload using HTTP POST", its policy;
 *   the Signature Version 4 test suite (aws-sig-v4-test-suite): get-vanilla,
 *   get-vanilla-query-order-key-case, get-unreserved, get-utf8, get-header-value-trim,
 *   post-vanilla; and "Deriving the signing key" with its ListUsers example.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "clock.h"
#include "sigv4.h"
#include "test.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

static const char empty_hash[] =
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
static struct arena *a;

/* 24 May 2013, the day of all S3 examples. */
static struct sigv4
s3_example(void)
{
	return (struct sigv4){ .access = "AKIAIOSFODNN7EXAMPLE", .token = "",
		.secret = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
		.region = "us-east-1", .service = "s3",
		.time = INT64_C(1369353600) * CLOCK_SECOND };
}

/* 30 August 2015, 12:36:00, that of the test suite. */
static struct sigv4
suite(const char *service)
{
	return (struct sigv4){ .access = "AKIDEXAMPLE", .token = "",
		.secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
		.region = "us-east-1", .service = service,
		.time = INT64_C(1440938160) * CLOCK_SECOND };
}

static bool
signs(const struct sigv4 *s, const struct sigv4_request *r, const char *signature)
{
	const char *header = sigv4_header(a, s, r);
	const char *at = strstr(header, "Signature=");

	if (at && strcmp(at + 10, signature) == 0)
		return true;
	printf("# %s\n# %s\n", header, sigv4_canonical(a, r));
	return false;
}

static void
test_header(void)
{
	const struct sigv4 s = s3_example();
	const struct sigv4_pair range[] = {
		{ "host", "examplebucket.s3.amazonaws.com" }, { "range", "bytes=0-9" },
		{ "x-amz-content-sha256", empty_hash },
		{ "x-amz-date", "20130524T000000Z" },
	};
	const struct sigv4_request get = { .method = "GET", .path = "/test.txt",
		.headers = range, .n_headers = COUNT(range), .payload = empty_hash };
	char hash[SIGV4_HEX];

	ok(strcmp(sigv4_canonical(a, &get), "GET\n/test.txt\n\n"
	    "host:examplebucket.s3.amazonaws.com\nrange:bytes=0-9\n"
	    "x-amz-content-sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca49599"
	    "1b7852b855\nx-amz-date:20130524T000000Z\n\n"
	    "host;range;x-amz-content-sha256;x-amz-date\n"
	    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") == 0,
	    "the canonical request of GET Object is the published one");
	ok(strcmp(sigv4_words(a, &s, sigv4_canonical(a, &get)), "AWS4-HMAC-SHA256\n"
	    "20130524T000000Z\n20130524/us-east-1/s3/aws4_request\n"
	    "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972") == 0,
	    "so is its string to sign");
	ok(strcmp(sigv4_header(a, &s, &get), "AWS4-HMAC-SHA256 Credential="
	    "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
	    "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, Signature="
	    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41") == 0,
	    "and the whole header");
	sigv4_hash("", 0, hash);
	ok(strcmp(hash, empty_hash) == 0, "nothing has its hash");
}

static void
test_put(void)
{
	static const char body[] = "Welcome to Amazon S3.";
	const struct sigv4 s = s3_example();
	char hash[SIGV4_HEX];
	const struct sigv4_pair headers[] = { /* in no order: it is put in order */
		{ "x-amz-storage-class", "REDUCED_REDUNDANCY" },
		{ "x-amz-date", "20130524T000000Z" }, { "x-amz-content-sha256", hash },
		{ "date", "Fri, 24 May 2013 00:00:00 GMT" },
		{ "host", "examplebucket.s3.amazonaws.com" },
	};
	const struct sigv4_request r = { .method = "PUT", .path = "/test$file.text",
		.headers = headers, .n_headers = COUNT(headers), .payload = hash };

	sigv4_hash(body, sizeof(body) - 1, hash);
	ok(strcmp(hash,
	    "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072") == 0,
	    "the body of PUT Object has the published hash");
	ok(signs(&s, &r,
	    "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd"),
	    "PUT Object, whose key must be encoded, has the published signature");
}

static void
test_query(void)
{
	const struct sigv4 s = s3_example();
	const struct sigv4_pair headers[] = {
		{ "host", "examplebucket.s3.amazonaws.com" },
		{ "x-amz-content-sha256", empty_hash },
		{ "x-amz-date", "20130524T000000Z" },
	};
	const struct sigv4_pair lifecycle[] = { { "lifecycle", "" } };
	const struct sigv4_pair list[] = { { "prefix", "J" }, { "max-keys", "2" } };
	struct sigv4_request r = { .method = "GET", .path = "/", .query = lifecycle,
		.n_query = 1, .headers = headers, .n_headers = COUNT(headers),
		.payload = empty_hash };

	ok(signs(&s, &r,
	    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
	    "GET Bucket Lifecycle has the published signature");
	r.query = list;
	r.n_query = COUNT(list);
	ok(signs(&s, &r,
	    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
	    "List Objects, whose query is put in order, has it");
}

static void
test_presign(void)
{
	struct sigv4 s = s3_example();
	const struct sigv4_pair host = { "host", "examplebucket.s3.amazonaws.com" };
	const struct sigv4_request r = { .method = "GET", .path = "/test.txt",
		.headers = &host, .n_headers = 1, .payload = SIGV4_UNSIGNED };

	ok(strcmp(sigv4_presign(a, &s, &r, 86400),
	    "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F"
	    "20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&"
	    "X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature="
	    "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404") == 0,
	    "the signed address is the published one");
	s.token = "a/b+c==";
	ok(strstr(sigv4_presign(a, &s, &r, 1),
	    "&X-Amz-Security-Token=a%2Fb%2Bc%3D%3D&X-Amz-SignedHeaders=host&"),
	    "a session token is part of what is signed, in its place");
}

static void
test_policy(void)
{
	static const char policy[] =
	    "eyAiZXhwaXJhdGlvbiI6ICIyMDE1LTEyLTMwVDEyOjAwOjAwLjAwMFoiLA0KICAiY29uZGl0aW9u"
	    "cyI6IFsNCiAgICB7ImJ1Y2tldCI6ICJzaWd2NGV4YW1wbGVidWNrZXQifSwNCiAgICBbInN0YXJ0"
	    "cy13aXRoIiwgIiRrZXkiLCAidXNlci91c2VyMS8iXSwNCiAgICB7ImFjbCI6ICJwdWJsaWMtcmVh"
	    "ZCJ9LA0KICAgIHsic3VjY2Vzc19hY3Rpb25fcmVkaXJlY3QiOiAiaHR0cDovL3NpZ3Y0ZXhhbXBs"
	    "ZWJ1Y2tldC5zMy5hbWF6b25hd3MuY29tL3N1Y2Nlc3NmdWxfdXBsb2FkLmh0bWwifSwNCiAgICBb"
	    "InN0YXJ0cy13aXRoIiwgIiRDb250ZW50LVR5cGUiLCAiaW1hZ2UvIl0sDQogICAgeyJ4LWFtei1t"
	    "ZXRhLXV1aWQiOiAiMTQzNjUxMjM2NTEyNzQifSwNCiAgICB7IngtYW16LXNlcnZlci1zaWRlLWVu"
	    "Y3J5cHRpb24iOiAiQUVTMjU2In0sDQogICAgWyJzdGFydHMtd2l0aCIsICIkeC1hbXotbWV0YS10"
	    "YWciLCAiIl0sDQoNCiAgICB7IngtYW16LWNyZWRlbnRpYWwiOiAiQUtJQUlPU0ZPRE5ON0VYQU1Q"
	    "TEUvMjAxNTEyMjkvdXMtZWFzdC0xL3MzL2F3czRfcmVxdWVzdCJ9LA0KICAgIHsieC1hbXotYWxn"
	    "b3JpdGhtIjogIkFXUzQtSE1BQy1TSEEyNTYifSwNCiAgICB7IngtYW16LWRhdGUiOiAiMjAxNTEy"
	    "MjlUMDAwMDAwWiIgfQ0KICBdDQp9";
	struct sigv4 s = s3_example();
	char signature[SIGV4_HEX];

	s.time = INT64_C(1451347200) * CLOCK_SECOND; /* 29 December 2015 */
	sigv4_sign(a, &s, policy, signature);
	ok(strcmp(signature,
	    "8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e") == 0,
	    "the policy of a form has the published signature");
	ok(strcmp(sigv4_credential(a, &s),
	    "AKIAIOSFODNN7EXAMPLE/20151229/us-east-1/s3/aws4_request") == 0,
	    "and its credential");
}

static void
test_suite(void)
{
	static const struct {
		const char *method, *path;
		struct sigv4_pair query[2];
		size_t n_query;
		const char *signature, *words;
	} cases[] = {
		{ "GET", "/", { { NULL, NULL } }, 0,
		    "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
		    "get-vanilla" },
		{ "POST", "/", { { NULL, NULL } }, 0,
		    "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
		    "post-vanilla" },
		{ "GET", "/", { { "Param2", "value2" }, { "Param1", "value1" } }, 2,
		    "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500",
		    "get-vanilla-query-order-key-case" },
		{ "GET", "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
		    "abcdefghijklmnopqrstuvwxyz", { { NULL, NULL } }, 0,
		    "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f",
		    "get-unreserved" },
		{ "GET", "/\xe1\x88\xb4", { { NULL, NULL } }, 0,
		    "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85",
		    "get-utf8" },
	};
	const struct sigv4 s = suite("service");
	const struct sigv4_pair headers[] = { { "host", "example.amazonaws.com" },
		{ "x-amz-date", "20150830T123600Z" } };

	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct sigv4_request r = { .method = cases[i].method,
			.path = cases[i].path, .query = cases[i].query,
			.n_query = cases[i].n_query, .headers = headers,
			.n_headers = COUNT(headers), .payload = empty_hash };

		ok(signs(&s, &r, cases[i].signature), cases[i].words);
	}
}

static void
test_more_suite(void)
{
	const struct sigv4 s = suite("service"), iam = suite("iam");
	const struct sigv4_pair trimmed[] = { { "host", "example.amazonaws.com" },
		{ "my-header1", " value1" }, { "my-header2", " \"a   b   c\"  " },
		{ "x-amz-date", "20150830T123600Z" } };
	const struct sigv4_pair users[] = {
		{ "content-type", "application/x-www-form-urlencoded; charset=utf-8" },
		{ "host", "iam.amazonaws.com" }, { "x-amz-date", "20150830T123600Z" } };
	const struct sigv4_pair query[] = { { "Action", "ListUsers" },
		{ "Version", "2010-05-08" } };
	struct sigv4_request r = { .method = "GET", .path = "/", .headers = trimmed,
		.n_headers = COUNT(trimmed), .payload = empty_hash };

	ok(signs(&s, &r,
	    "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736"),
	    "get-header-value-trim");
	r = (struct sigv4_request){ .method = "GET", .path = "/", .query = query,
		.n_query = 2, .headers = users, .n_headers = COUNT(users),
		.payload = empty_hash };
	ok(signs(&iam, &r,
	    "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"),
	    "the ListUsers example");
}

/* What S3 does otherwise than the other services. */
static void
test_paths(void)
{
	const struct sigv4_pair host = { "host", "h" };
	struct sigv4_request r = { .method = "GET", .path = "/a/../b//c/./d",
		.headers = &host, .n_headers = 1, .payload = empty_hash };
	struct buf b = buf_make(a, 10);

	ok(strncmp(sigv4_canonical(a, &r), "GET\n/a/../b//c/./d\n", 19) == 0,
	    "a path is not tidied up");
	r.path = "/100%25 a+b~c\xc3\xa9";
	ok(strncmp(sigv4_canonical(a, &r), "GET\n/100%2525%20a%2Bb~c%C3%A9\n", 30) == 0,
	    "and is encoded once, whatever it looks like");
	sigv4_encode(&b, "\x01\x7f\xff", "");
	ok(strcmp(b.bytes, "%01%7F%FF") == 0, "every byte can be encoded");
	ok(strcmp(sigv4_query(a, (const struct sigv4_pair[]){ { "a", "2" }, { "A", "" },
	    { "a", "10" }, { "a-b", "1" } }, 4), "A=&a=10&a=2&a-b=1") == 0,
	    "of one name the values are in order too");
	ok(strcmp(sigv4_query(a, NULL, 0), "") == 0, "there need be no query");
}

int
main(void)
{
	a = arena_make(1024 * 1024, NULL);
	test_header();
	test_put();
	test_query();
	test_presign();
	test_policy();
	test_suite();
	test_more_suite();
	test_paths();
	arena_end(a);
	return test_end();
}
