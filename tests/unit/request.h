/* SPDX-License-Identifier: MIT */
#ifndef TEST_REQUEST_H
#define TEST_REQUEST_H

#include <string.h>

#include "arena.h"
#include "link.h"
#include "req.h"
#include "route.h"
#include "test.h"

/* A request without FastCGI: a link made of arrays stands for nginx. */
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
static const struct route none = { "POST", "/api/n", "n", nobody, 0, NULL, NULL, "" };

/* What the fake request carries. */
static struct {
	const char *names[8], *values[8], *body;
	size_t n, at;
} fake;

static struct arena *arena;
static struct link l;
static struct req r;
static char spool[] = "/tmp/test_req.XXXXXX", number[30];

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

#endif
