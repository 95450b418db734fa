/* SPDX-License-Identifier: MIT */
/* Replies and failures without FastCGI: their heads and bodies. */
#include "log.h"
#include "request.h"
#include "text.h"

static const struct shape_field link_fields[] = {
	{ .name = "expiration", .kind = SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    .limited = true, .min = 1, .max = 604800 },
};
static const struct shape link_find = { .name = "LinkFind", .place = SHAPE_QUERY,
	.fields = link_fields, .n_fields = 1, .size = sizeof(int64_t *) };
static const struct route get_link = { "GET", "/files/presigned-url/{a}", "a", nobody, 0,
	&link_find, NULL, "" };

static const char *
header(const char *name)
{
	for (int i = 0; i < r.n_headers; i++)
		if (strcasecmp(r.headers[i].name, name) == 0)
			return r.headers[i].value;
	return "";
}

static bool
body_is(const char *text)
{
	bool is = r.body.n == strlen(text) && strcmp(r.body.bytes, text) == 0;

	if (!is)
		printf("# %s\n", r.body.bytes);
	return is;
}

static void
test_failures(void)
{
	char letters[1201];

	begin(&post_person, NULL, NULL);
	reply_finish(&r, fail(&r, ERR_CONFLICT, "Taken: %s", "\"x\""));
	ok(r.status == 409 && body_is("{\"detail\":\"Taken: \\\"x\\\"\"}"), "a failure");
	ok(strcmp(header("X-Request-ID"), "0a1b2c3d") == 0 &&
	    strcmp(header("X-Content-Type-Options"), "nosniff") == 0 &&
	    strcmp(header("Cache-Control"),
	    "no-store, no-cache, must-revalidate, max-age=0") == 0 &&
	    strcmp(header("Pragma"), "no-cache") == 0 &&
	    strcmp(header("Vary"), "Origin, Authorization") == 0 &&
	    strcmp(header("Content-Type"), "application/json") == 0, "has its headers");
	begin(&post_person, NULL, NULL);
	for (int i = 0; i < 600; i++)
		memcpy(letters + 2 * i, "é", 3);
	reply_finish(&r, fail(&r, ERR_MISSING, "%s", letters));
	ok(r.body.n > 900 && r.body.n < 1100 && text_utf8(r.body.bytes, r.body.n),
	    "a long text is cut between two letters");
	begin(&post_person, NULL, NULL);
	reply_finish(&r, ERR_AUTH);
	ok(r.status == 401 && strcmp(header("WWW-Authenticate"), "Bearer") == 0, "401");
	begin(&post_person, NULL, NULL);
	req_header(&r, "Retry-After", "9");
	reply_finish(&r, ERR_BUSY);
	ok(r.status == 429 && strcmp(header("Retry-After"), "9") == 0,
	    "429 keeps its header");
	begin(&post_person, NULL, NULL);
	reply_finish(&r, fail(&r, ERR_BROKEN, "a secret cause"));
	ok(r.status == 500 && body_is("{\"detail\":\"Internal server error\","
	    "\"message\":\"An unexpected error occurred\",\"request_id\":\"0a1b2c3d\","
	    "\"type\":null}"), "500 tells nothing");
	begin(&post_person, NULL, NULL);
	reply_finish(&r, OK);
	ok(r.status == 500, "a handler that says nothing is broken");
	begin(&post_person, NULL, NULL);
	(void)reply_file(&r, &(struct reply_file){ .target = "/store/b",
	    .media = "image/png", .name = "a" });
	req_header(&r, "Set-Cookie", "a=b");
	reply_finish(&r, ERR_DOWN);
	ok(r.status == 503 && !*header("X-Accel-Redirect") && !*header("Set-Cookie") &&
	    !*header("Content-Disposition") &&
	    strcmp(header("Content-Type"), "application/json") == 0,
	    "a failure after the reply takes back the reply");
	begin(&post_person, NULL, NULL);
	r.path = "/farmers";
	reply_finish(&r, ERR_MISSING);
	ok(r.status == 404 && !*header("Pragma") && body_is("{\"detail\":\"Not Found\"}"),
	    "pages have no headers of the API");
	begin(&post_person, NULL, NULL);
	r.path = NULL;
	reply_finish(&r, ERR_BAD);
	ok(r.status == 400 && *header("Pragma"), "a request without a path");
}

static void
test_invalid(void)
{
	begin(&post_person, NULL, "{}");
	reply_finish(&r, both());
	ok(r.status == 422 && body_is("{\"detail\":"
	    "\"Validation error: name: Field required\","
	    "\"errors\":[{\"type\":\"missing\",\"loc\":[\"body\",\"name\"],"
	    "\"msg\":\"Field required\",\"input\":null}],\"request_id\":\"0a1b2c3d\"}"),
	    "422 as the client knows it");
	begin(&post_person, NULL, NULL);
	reply_finish(&r, fail_fault(&r, "body.items.3.nrc", "value_error", "bad"));
	ok(body_is("{\"detail\":\"Validation error: items.3.nrc: bad\",\"errors\":["
	    "{\"type\":\"value_error\",\"loc\":[\"body\",\"items\",3,\"nrc\"],"
	    "\"msg\":\"bad\","
	    "\"input\":null}],\"request_id\":\"0a1b2c3d\"}"), "a handler's own fault");
	begin(&post_person, NULL, NULL);
	reply_finish(&r, fail_fault(&r, "body", "missing", "none"));
	ok(strstr(r.body.bytes, "error: body: none") && strstr(r.body.bytes,
	    "\"loc\":[\"body\"]"), "a fault of the whole body");
	begin(&post_person, NULL, NULL);
	reply_finish(&r, fail(&r, ERR_INVALID, "Validation error: so"));
	ok(body_is("{\"detail\":\"Validation error: so\",\"errors\":[],"
	    "\"request_id\":\"0a1b2c3d\"}"), "words only");
	begin(&get_find, NULL, NULL);
	r.path = "/files/list";
	r.query = "name=a&age=x";
	reply_finish(&r, both());
	ok(r.status == 422 && body_is("{\"detail\":[{\"type\":\"int_parsing\","
	    "\"loc\":[\"query\",\"age\"],\"msg\":\"Input should be a valid integer, "
	    "unable to parse string as an integer\",\"input\":\"x\"}]}"),
	    "the list alone below /files");
	begin(&get_link, NULL, NULL);
	r.path = "/files/presigned-url/a";
	r.query = "expiration=604801";
	reply_finish(&r, both());
	ok(body_is("{\"detail\":[{\"type\":\"less_than_equal\","
	    "\"loc\":[\"query\",\"expiration\"],"
	    "\"msg\":\"Input should be less than or equal to 604800\","
	    "\"input\":\"604801\",\"ctx\":{\"le\":604800}}]}"), "with its limit");
	begin(&get_find, NULL, NULL);
	r.path = "/files/list";
	reply_finish(&r, fail(&r, ERR_INVALID, "so"));
	ok(body_is("{\"detail\":[{\"type\":\"value_error\",\"loc\":[],\"msg\":\"so\","
	    "\"input\":null}]}"), "also of words only");
}

static const char *
head(void)
{
	struct buf out = buf_make(arena, 100);

	reply_head(&r, &out);
	return out.bytes;
}

static void
test_replies(void)
{
	const struct person someone = { .name = "x" };

	begin(&post_person, NULL, NULL);
	ok(reply(&r, 201, &someone) == OK && body_is("{\"name\":\"x\",\"age\":null}"),
	    "an object");
	reply_finish(&r, OK);
	ok(strncmp(head(), "Status: 201 Created\r\nContent-Type: application/json\r\n",
	    51) == 0,
	    "with its status");
	ok(strstr(head(), "\r\nContent-Length: 23\r\n\r\n"), "and its length");
	begin(&post_age, NULL, NULL);
	ok(reply_list(&r, &someone, 1) == OK &&
	    body_is("[{\"name\":\"x\",\"age\":null}]"), "a list");
	begin(&none, NULL, NULL);
	(void)reply(&r, 204, NULL);
	reply_finish(&r, OK);
	ok(!*header("Content-Type") && !strstr(head(), "Content-Length"), "nothing");
	begin(&none, NULL, NULL);
	(void)reply_bytes(&r, "text/plain", "abc", 3);
	ok(r.status == 200 && body_is("abc"), "bytes");
	r.status = 404;
	(void)reply_bytes(&r, "text/html", r.body.bytes, 3);
	ok(r.status == 404 && body_is("abc") &&
	    strcmp(header("Content-Type"), "text/html") == 0,
	    "bytes in their place, with a status");
	begin(&none, NULL, NULL);
	(void)reply_file(&r, &(struct reply_file){ .target = "/store/ab/c%20d%3F.png",
	    .media = "image/png", .name = "\xc5\x8b \"a\\b\r\nX: y%.png" });
	reply_finish(&r, OK);
	ok(strcmp(header("X-Accel-Redirect"), "/store/ab/c%20d%3F.png") == 0,
	    "a file's path");
	ok(strcmp(header("Content-Disposition"),
	    "inline; filename=\"_ _a_b__X: y_.png\"; "
	    "filename*=UTF-8''%C5%8B%20%22a%5Cb%0D%0AX%3A%20y%25.png") == 0,
	    "and its name");
	ok(!strstr(head(), "Content-Length"), "whose length nginx knows");
	(void)reply_file(&r, &(struct reply_file){ .target = "/store/a",
	    .media = "image/png", .name = "a", .attachment = true });
	ok(strcmp(header("Content-Disposition"), "attachment; filename=\"a\"") == 0,
	    "or a file to be saved");
	req_header(&r, "Vary", "Origin");
	ok(strcmp(header("Vary"), "Origin") == 0, "a header is set anew");
	req_header(&r, "Set-Cookie", "a");
	req_header(&r, "Set-Cookie", "b");
	ok(strstr(head(), "Set-Cookie: a\r\nSet-Cookie: b"), "but cookies add up");
}

int
main(void)
{
	log_limit(LOG_ERROR + 1);
	arena = arena_make(1 << 20, NULL);
	r = (struct req){ .link = &l, .file.fd = -1 };
	test_failures();
	test_invalid();
	test_replies();
	req_end(&r);
	arena_end(arena);
	return test_end();
}
