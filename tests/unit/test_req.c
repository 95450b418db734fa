/* SPDX-License-Identifier: MIT */
/* Requests without FastCGI: what comes in, in all its forms and sizes. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "log.h"
#include "request.h"

static const struct shape form = { .name = "PageForm", .place = SHAPE_FORM,
	.fields = person_fields, .n_fields = 2, .size = sizeof(struct person) };
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

static char path[60];

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
	ok(list_of("application/json", "[\"a\",\"b/c\"]") == OK &&
	    ((const struct shape_texts *)r.in)->n == 2, "a bare list");
	ok(list_of(NULL, "[]") == OK && !((const struct shape_texts *)r.in)->n, "none");
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
	begin(&upload, FORM, BODY);
	ok(both() == OK && r.file.size == 4 && memcmp(req_head(&r, &r.file, 100, &n),
	    "\x89PNG", 4) == 0, "a small one comes without a file");
	begin(&upload, FORM, BODY);
	fake.values[1] = "20";
	ok(both() == ERR_BAD, "with as many bytes as announced");
	begin(&upload, FORM, "x");
	fake.values[1] = "65537";
	ok(both() == ERR_BROKEN, "a large one without its file is our fault");
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
files_spooled(void)
{
	spooled(FORM, FILES, sizeof(FILES) - 1);
	r.route = &uploads;
}

static void
test_files(void)
{
	files_spooled();
	ok(both() == OK && r.n_files == 2 && strcmp(r.file.name, "a") == 0 &&
	    strcmp(r.files[1].name, "b") == 0 && r.files[1].size == 2 &&
	    r.files[1].fd == r.file.fd, "several files");
	ok(strcmp(req_text(&r, "x-amz-date"), "today") == 0 && !req_text(&r, "y"),
	    "and the texts before them");
	spooled(FORM, BODY, sizeof(BODY) - 1);
	r.route = &uploads;
	ok(fault_is(both(), "missing", "[\"body\",\"files\"]"), "none of the name");
	files_spooled();
	ok(truncate(path, 6 << 20) == 0 && both() == OK,
	    "the body may be larger than a file");
	files_spooled();
	ok(truncate(path, (6 << 20) + 1) == 0 && both() == ERR_BIG &&
	    strcmp(r.detail, "File too large. Max size: 4MB") == 0, "but not much");
	files_spooled();
	l.max_file = 1;
	ok(both() == ERR_BIG, "nor one of the files too large");
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
	req_end(&r);
	(void)unlink(path);
	(void)rmdir(spool);
	arena_end(arena);
	return test_end();
}
