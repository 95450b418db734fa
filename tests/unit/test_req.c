/* SPDX-License-Identifier: MIT */
/* Requests and replies without FastCGI: a link made of arrays stands for nginx. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arena.h"
#include "link.h"
#include "log.h"
#include "req.h"
#include "route.h"
#include "test.h"

enum { MAX_JSON = 2000, MAX_UPLOAD = 3 << 20 };

struct person {
	const char *name;
	const int64_t *age;
};

static const struct shape_field person_fields[] = {
	{ .name = "name", .kind = SHAPE_TEXT, .flags = SHAPE_REQUIRED,
	    .offset = offsetof(struct person, name), .limited = true, .min = 1,
	    .max = 9 },
	{ .name = "age", .kind = SHAPE_INT, .flags = SHAPE_OPTIONAL,
	    .offset = offsetof(struct person, age) },
};
static const struct shape person = { .name = "Person", .fields = person_fields,
	.n_fields = 2, .size = sizeof(struct person) };
static const struct shape age = { .name = "Age", .fields = person_fields + 1,
	.n_fields = 1, .size = sizeof(struct person) };
static const struct shape find = { .name = "Find", .place = SHAPE_QUERY,
	.fields = person_fields, .n_fields = 2, .size = sizeof(struct person) };
static const struct shape form = { .name = "PageForm", .place = SHAPE_FORM,
	.fields = person_fields, .n_fields = 2, .size = sizeof(struct person) };
static const struct shape people = { .name = "People", .list_of = &person };

static enum err
nobody(struct req *r)
{
	return reply(r, 200, NULL);
}

static const struct route post_person = { "POST", "/api/p", "p", nobody, 0, &person,
	&person, "" };
static const struct route post_age = { "POST", "/api/a", "a", nobody, 0, &age, &people,
    "" };
static const struct route get_find = { "GET", "/api/f", "f", nobody, 0, &find, &person,
    "" };
static const struct route post_form = { "POST", "/f", "f", nobody, 0, &form, NULL, "" };
static const struct route upload = { "POST", "/api/u", "u", nobody, 0, &upload_shape,
	&nothing_shape, "" };
static const struct shape_field list_fields[] = {
	{ .name = "paths", .kind = SHAPE_TEXTS, .flags = SHAPE_REQUIRED, .limited = true,
	    .max = 3 },
};
static const struct shape list = { .name = "Paths", .place = SHAPE_LIST,
	.fields = list_fields, .n_fields = 1, .size = sizeof(struct shape_texts) };
static const struct route post_list = { "POST", "/files/l", "l", nobody, 0, &list, NULL,
	"" };
static const struct shape_upload many = { .part = "files", .max_files = 5,
	.large = true, .texts = true };
static const struct shape many_files = { .name = "Files", .place = SHAPE_UPLOAD,
	.upload = &many };
static const struct route uploads = { "POST", "/files/u", "u", nobody, 0, &many_files,
	&nothing_shape, "" };
static const struct route none = { "POST", "/api/n", "n", nobody, 0, NULL, NULL, "" };

/* What the fake request carries. */
static struct {
	const char *names[8], *values[8], *body;
	size_t n, at;
} fake;

static struct arena *arena;
static struct link l;
static struct req r;
static char spool[] = "/tmp/test_req.XXXXXX", path[60], number[30];

static const char *
fake_env(const struct link *link, const char *name)
{
	(void)link;
	for (size_t i = 0; i < fake.n; i++)
		if (strcmp(fake.names[i], name) == 0)
			return fake.values[i];
	return NULL;
}

static size_t
fake_read(struct link *link, char *p, size_t n)
{
	size_t left = strlen(fake.body) - fake.at;

	(void)link;
	n = n < left ? n : left;
	memcpy(p, fake.body + fake.at, n);
	fake.at += n;
	return n;
}

static void
set(const char *name, const char *value)
{
	fake.names[fake.n] = name;
	fake.values[fake.n++] = value;
}

/* A request to a route with a body of a type; NULL: none. */
static void
begin(const struct route *route, const char *media, const char *body)
{
	req_end(&r);
	arena_reset(arena);
	memset(&fake, 0, sizeof(fake));
	fake.body = body ? body : "";
	if (media)
		set("CONTENT_TYPE", media);
	if (body) {
		(void)snprintf(number, sizeof(number), "%zu", strlen(body));
		set("CONTENT_LENGTH", number);
	}
	l = (struct link){ .env = fake_env, .read = fake_read, .max_json = MAX_JSON,
		.max_upload = MAX_UPLOAD, .max_file = 4 << 20, .spool_dir = spool };
	r = (struct req){ .arena = arena, .route = route, .method = "POST",
		.path = "/api/p", .query = "", .id = "0a1b2c3d", .link = &l,
		.file.fd = -1 };
}

static enum err
both(void)
{
	enum err e = req_parse(&r);

	return e ? e : req_check(&r);
}

static enum err
person_of(const char *media, const char *body)
{
	begin(&post_person, media, body);
	return both();
}

/* The only fault is of this type at this place. */
static bool
fault_is(enum err e, const char *type, const char *loc)
{
	return e == ERR_INVALID && r.faults.n == 1 &&
	    strcmp(r.faults.items[0].type, type) == 0 &&
	    strcmp(r.faults.items[0].loc, loc) == 0;
}

static void
test_body(void)
{
	const struct person *in;

	ok(person_of("application/json", "{\"name\":\"a\",\"age\":3}") == OK,
	    "a JSON body");
	in = r.in;
	ok(strcmp(in->name, "a") == 0 && *in->age == 3, "is read into the struct");
	ok(person_of(NULL, "{\"name\":\"a\"}") == OK &&
	    person_of("", "{\"name\":\"a\"}") == OK,
	    "without a type too");
	ok(person_of("Application/Problem+JSON; charset=utf-8",
	    "{\"name\":\"a\"}") == OK &&
	    person_of("application/json;charset=utf-8", "{\"name\":\"a\"}") == OK,
	    "with types that end in +json, with parameters");
	ok(fault_is(person_of("text/plain", "{\"name\":\"a\"}"), "model_attributes_type",
	    "[\"body\"]"), "another type is 422");
	ok(fault_is(person_of("application/jsonx", "{}"), "model_attributes_type",
	    "[\"body\"]"), "a longer type is another");
	ok(fault_is(person_of("application/+json", "{}"), "model_attributes_type",
	    "[\"body\"]"), "so is a type without a name");
	ok(fault_is(person_of("application/json", "[]"), "model_attributes_type",
	    "[\"body\"]") && fault_is(person_of(NULL, "1"), "model_attributes_type",
	    "[\"body\"]") && fault_is(person_of(NULL, "null"), "model_attributes_type",
	    "[\"body\"]") && fault_is(person_of(NULL, "\"x\""), "model_attributes_type",
	    "[\"body\"]"), "what is no object is 422");
	ok(fault_is(person_of("application/json", NULL), "missing", "[\"body\"]"),
	    "no body where one is needed is 422");
	ok(fault_is(person_of("text/plain", ""), "missing", "[\"body\"]"),
	    "an empty one too");
	begin(&post_age, NULL, NULL);
	ok(both() == OK && !((const struct person *)r.in)->age,
	    "no body where nothing is required is fine");
	ok(fault_is(person_of(NULL, "{\"name\":\"0123456789\"}"), "string_too_long",
	    "[\"body\",\"name\"]"), "a field that breaks its rule");
	begin(&post_person, "application/json", "{\"name\" 1}");
	ok(fault_is(req_parse(&r), "json_invalid", "[\"body\",9]") &&
	    strcmp(r.faults.items[0].msg, "JSON decode error") == 0 &&
	    strncmp(r.faults.items[0].ctx, "{\"error\":\"", 10) == 0,
	    "bad syntax is found before the sign-in");
	begin(&post_person, "text/plain", "{");
	ok(req_parse(&r) == OK, "but not looked for in what is no JSON");
}

static enum err
list_of(const char *media, const char *body)
{
	begin(&post_list, media, body);
	return both();
}

static void
test_list(void)
{
	const struct shape_texts *in;

	ok(list_of("application/json", "[\"a\",\"b/c\"]") == OK, "a bare list");
	in = r.in;
	ok(in->n == 2 && strcmp(in->items[1], "b/c") == 0, "with its items");
	ok(list_of(NULL, "[]") == OK && ((const struct shape_texts *)r.in)->n == 0,
	    "an empty one");
	ok(fault_is(list_of(NULL, "{\"paths\":[]}"), "list_type", "[\"body\"]") &&
	    fault_is(list_of(NULL, "\"a\""), "list_type", "[\"body\"]") &&
	    fault_is(list_of(NULL, "null"), "list_type", "[\"body\"]") &&
	    fault_is(list_of("text/plain", "[]"), "list_type", "[\"body\"]"),
	    "what is none");
	ok(fault_is(list_of(NULL, "[\"a\",1]"), "string_type", "[\"body\",1]"),
	    "an item of another kind");
	ok(fault_is(list_of(NULL, "[\"a\",\"a\",\"a\",\"a\"]"), "too_long", "[\"body\"]"),
	    "one item too many");
	ok(fault_is(list_of(NULL, NULL), "missing", "[\"body\"]"), "no body");
	begin(&post_list, NULL, "[");
	ok(fault_is(req_parse(&r), "json_invalid", "[\"body\",1]"), "broken JSON");
}

static enum err
form_of(const char *media, const char *body)
{
	begin(&post_form, media, body);
	return both();
}

static void
test_form(void)
{
	static const char media[] = "application/x-www-form-urlencoded";
	static char longest[64 * 1024 + 2];
	const struct person *p;

	ok(form_of(media, "name=Ann+%26+Co&age=7&csrf=x") == OK, "a form");
	p = r.in;
	ok(strcmp(p->name, "Ann & Co") == 0 && *p->age == 7, "is decoded once");
	ok(strcmp(req_form(&r, "csrf"), "x") == 0, "one field can be asked for");
	ok(!req_form(&r, "nothing"), "a field that is not there is NULL");
	ok(form_of("application/x-www-form-urlencoded; charset=UTF-8", "name=a") == OK,
	    "with a character set");
	ok(form_of(media, NULL) == ERR_INVALID, "no body: a field is missing");
	ok(strcmp(r.faults.items[0].loc, "[\"body\",\"name\"]") == 0, "of the body");
	ok(form_of("application/json", "{\"name\":\"a\"}") == ERR_BAD, "JSON is no form");
	ok(form_of("application/x-www-form-urlencoded2", "name=a") == ERR_BAD,
	    "a longer type");
	ok(form_of(NULL, "name=a") == ERR_BAD, "no type");
	ok(form_of(media, "name=\xff") == ERR_BAD, "bytes that are not UTF-8");
	ok(form_of(media, "name=%00") == ERR_INVALID, "an escaped NUL");
	ok(form_of(media, "name=%ff") == ERR_INVALID, "an escape that is not UTF-8");
	memset(longest, '&', sizeof(longest) - 1);
	begin(&post_form, media, longest);
	l.max_json = 1 << 20;
	ok(both() == ERR_BIG, "one byte more than 64 KiB");
	longest[sizeof(longest) - 2] = '\0';
	memcpy(longest, "name=a", 6);
	begin(&post_form, media, longest);
	l.max_json = 1 << 20;
	ok(both() == OK, "64 KiB");
}

static void
test_sizes(void)
{
	static char big[MAX_JSON + 10];

	memset(big, ' ', MAX_JSON);
	memcpy(big, "{\"name\":\"a\"}", 12);
	ok(person_of(NULL, big) == OK, "the longest body");
	big[MAX_JSON] = ' ';
	ok(person_of(NULL, big) == ERR_BIG && strstr(r.detail, "2000 bytes"),
	    "one byte more");
	begin(&none, NULL, big);
	ok(both() == ERR_BIG, "also where no body is wanted");
	begin(&none, "text/plain", "ignored");
	ok(both() == OK && fake.at == 0, "a body that nobody wants is left alone");
	begin(&post_person, NULL, "{\"name\":\"a\"}");
	fake.values[0] = "5";
	ok(both() == ERR_BAD, "a body longer than announced");
	begin(&post_person, NULL, "{\"name\":\"a\"}");
	fake.values[0] = "50";
	ok(both() == ERR_BAD, "a body shorter than announced");
	begin(&post_person, NULL, "{\"name\":\"a\"}");
	fake.n = 0;
	ok(both() == ERR_BAD, "a body not announced");
	begin(&none, NULL, NULL);
	set("CONTENT_LENGTH", "-1");
	ok(both() == ERR_BAD, "a length that is none");
	begin(&none, NULL, NULL);
	set("CONTENT_LENGTH", "");
	ok(both() == OK, "an empty length is none");
}

static void
test_query(void)
{
	begin(&get_find, NULL, NULL);
	r.query = "name=a%20b&age=4&x=%zz&a=1&a=2";
	ok(both() == OK && strcmp(((const struct person *)r.in)->name, "a b") == 0,
	    "a query");
	ok(strcmp(req_query(&r, "a"), "2") == 0, "a key by name, the last of two");
	ok(!req_query(&r, "none") && !req_query(&r, "x"), "an absent and a broken one");
	begin(&get_find, NULL, NULL);
	ok(fault_is(both(), "missing", "[\"query\",\"name\"]"), "an absent key is 422");
}

/* Put a body into the spool folder and announce it. */
static void
spooled(const char *media, const char *bytes, size_t n)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	begin(&upload, media, NULL);
	if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd))
		abort();
	(void)snprintf(number, sizeof(number), "%zu", n);
	set("CONTENT_LENGTH", number);
	set("BODY_FILE", path);
}

#define FORM "multipart/form-data; boundary=b"
#define BODY "--b\r\nContent-Disposition: form-data; name=\"file\"; " \
	"filename=\"a.png\"\r\n" \
	"\r\n\x89PNG\r\n--b--\r\n"

static void
test_upload(void)
{
	char other[100], got[8] = "";
	size_t n;

	spooled(FORM, BODY, sizeof(BODY) - 1);
	ok(both() == OK && r.file.size == 4 && r.n_files == 1, "an uploaded file");
	ok(memcmp(req_head(&r, &r.file, 100, &n), "\x89PNG", 5) == 0 && n == 4 &&
	    memcmp(req_head(&r, &r.file, 2, &n), "\x89P", 3) == 0 && n == 2,
	    "its first bytes");
	ok(pread(r.file.fd, got, 4, (off_t)r.file.offset) == 4 &&
	    memcmp(got, "\x89PNG", 4) == 0, "where its bytes lie in the spool file");
	ok(strcmp(r.file.name, "a.png") == 0, "with its name");
	spooled(FORM, BODY, sizeof(BODY) - 5);
	ok(both() == ERR_BAD && strstr(r.detail, "cut off"), "one that is cut off");
	spooled("application/json", "{}", 2);
	ok(fault_is(both(), "missing", "[\"body\",\"file\"]"),
	    "another type has no file");
	begin(&upload, FORM, NULL);
	ok(fault_is(both(), "missing", "[\"body\",\"file\"]"), "nor has no body");
	begin(&upload, FORM, "x");
	ok(both() == ERR_BROKEN, "a body without its file is our fault");
	begin(&upload, FORM, NULL);
	set("CONTENT_LENGTH", "3145729");
	ok(both() == ERR_BIG && strcmp(r.detail, "File too large. Max size: 3MB") == 0,
	    "one byte too many, announced");
	spooled(FORM, BODY, sizeof(BODY) - 1);
	ok(truncate(path, MAX_UPLOAD + 1) == 0 && both() == ERR_BIG, "or found");
	spooled(FORM, BODY, sizeof(BODY) - 1);
	fake.values[2] = "/etc/passwd";
	ok(both() == ERR_BROKEN, "a file outside of the spool folder");
	spooled(FORM, BODY, sizeof(BODY) - 1);
	(void)snprintf(other, sizeof(other), "%s/../passwd", spool);
	fake.values[2] = other;
	ok(both() == ERR_BROKEN, "or on the way out of it");
	(void)snprintf(other, sizeof(other), "%s/link", spool);
	ok(symlink(path, other) == 0 && both() == ERR_BROKEN, "or a link");
	(void)unlink(other);
	spooled(FORM, BODY, sizeof(BODY) - 1);
	fake.values[2] = spool;
	ok(both() == ERR_BROKEN, "or the folder itself");
	(void)snprintf(other, sizeof(other), "%s/pipe", spool);
	fake.values[2] = other;
	ok(mkfifo(other, 0600) == 0 && both() == ERR_BROKEN, "or a pipe");
	(void)unlink(other);
}

#define PART(name, more, bytes) "--b\r\nContent-Disposition: form-data; name=\"" name \
	"\"" more "\r\n\r\n" bytes "\r\n"
#define FILES PART("X-Amz-Date", "", "today") PART("files", "; filename=a", "1") \
	PART("files", "; filename=b", "22") "--b--"

static void
test_files(void)
{
	spooled(FORM, FILES, sizeof(FILES) - 1);
	r.route = &uploads;
	ok(both() == OK && r.n_files == 2 && strcmp(r.file.name, "a") == 0 &&
	    strcmp(r.files[1].name, "b") == 0 && r.files[1].size == 2 &&
	    r.files[1].fd == r.file.fd, "several files");
	ok(strcmp(req_text(&r, "x-amz-date"), "today") == 0 && !req_text(&r, "y"),
	    "and the texts before them");
	spooled(FORM, BODY, sizeof(BODY) - 1);
	r.route = &uploads;
	ok(fault_is(both(), "missing", "[\"body\",\"files\"]"), "none of the name");
	spooled(FORM, FILES, sizeof(FILES) - 1);
	r.route = &uploads;
	ok(truncate(path, 6 << 20) == 0 && both() == OK,
	    "the body may be larger than a file");
	spooled(FORM, FILES, sizeof(FILES) - 1);
	r.route = &uploads;
	ok(truncate(path, (6 << 20) + 1) == 0 && both() == ERR_BIG &&
	    strcmp(r.detail, "File too large. Max size: 4MB") == 0, "but not much");
	spooled(FORM, FILES, sizeof(FILES) - 1);
	r.route = &uploads;
	l.max_file = 1;
	ok(both() == ERR_BIG, "nor one of the files too large");
}

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
	if (!mkdtemp(spool))
		return 1;
	(void)snprintf(path, sizeof(path), "%s/body", spool);
	log_limit(LOG_ERROR + 1);
	arena = arena_make(1 << 20, NULL);
	r = (struct req){ .link = &l, .file.fd = -1 };
	test_body();
	test_list();
	test_form();
	test_sizes();
	test_query();
	test_upload();
	test_files();
	test_failures();
	test_invalid();
	test_replies();
	req_end(&r);
	(void)unlink(path);
	(void)rmdir(spool);
	arena_end(arena);
	return test_end();
}
