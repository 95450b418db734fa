/* SPDX-License-Identifier: MIT */
/*
 * Paths of files: one form for each, and nothing that could lead elsewhere. Beside the
 * chosen ones, many made of the characters that matter, in no order.
 */
#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "space.h"
#include "test.h"
#include "text.h"

enum { MEMORY = 8 * 1024 * 1024, RANDOM = 200000 };

static struct arena *arena;

static const struct { const char *given, *path; } paths[] = {
	{ "", "" }, { "/", "" }, { "////", "" }, { "a", "a" }, { "/a/", "a" },
	{ "a//b", "a/b" }, { "//a///b//c/", "a/b/c" }, { "a b", "a b" }, { " ", " " },
	{ "...", "..." }, { "..a", "..a" }, { "a..", "a.." }, { ".a/.b", ".a/.b" },
	{ "%2e%2e/a", "%2e%2e/a" }, { "~", "~" }, { "a:b?c#d&e", "a:b?c#d&e" },
	{ "\xc5\x8b/\xe9\x9b\xaa", "\xc5\x8b/\xe9\x9b\xaa" }, { "\xc2\xa0", "\xc2\xa0" },
	{ ".", NULL }, { "..", NULL }, { "/..", NULL }, { "../a", NULL },
	{ "a/..", NULL }, { "a/../b", NULL }, { "a/./b", NULL }, { "./a", NULL },
	{ "a/.//", NULL }, { "a\\b", NULL }, { "\\", NULL }, { "a\n", NULL },
	{ "\x01", NULL }, { "\x1f", NULL }, { "\x7f", NULL }, { "\xc2\x80", NULL },
	{ "a\xe2\x80\xaegpj.exe", NULL }, { "\xe2\x81\xa6", NULL },
	{ "\xe2\x80\xa6", "\xe2\x80\xa6" },
	{ "\xc2\x9f", NULL }, { "\xff", NULL }, { "\xc3", NULL }, { "\xc0\xaf", NULL },
	{ "\xc0\xae\xc0\xae", NULL }, { "\xed\xa0\x80", NULL }, { "a/\xc2\x85/b", NULL },
};

static const struct { const char *given, *name; } names[] = {
	{ "a.txt", "a.txt" }, { "/x/a.txt", "a.txt" }, { "..\\..\\a.txt", "a.txt" },
	{ "C:\\x\\a.txt", "a.txt" }, { "x\\y/z", "z" }, { "x/y\\z", "z" },
	{ "..a", "..a" }, { "", NULL }, { ".", NULL }, { "..", NULL }, { "x/..", NULL },
	{ "x\\.", NULL }, { "x/", NULL }, { "x\\", NULL }, { "a\tb", NULL },
	{ "\xff", NULL },
};

/* A text of n times c, and another after it. */
static const char *
many(size_t n, char c, const char *after)
{
	char *p = arena_take(arena, n + strlen(after) + 1);

	memset(p, c, n);
	memcpy(p + n, after, strlen(after));
	return p;
}

static void
test_paths(void)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		ok(text_same(space_path(arena, paths[i].given), paths[i].path),
		    paths[i].given);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ok(text_same(space_name(arena, names[i].given), names[i].name),
		    names[i].given);
}

static void
test_lengths(void)
{
	const char *segment = many(255, 'x', ""), *path;

	ok(space_path(arena, segment) && !space_path(arena, many(256, 'x', "")),
	    "a segment has at most 255 bytes");
	path = arena_print(arena, "%s/%s/%s/%s", segment, segment, segment, segment);
	ok(strlen(path) == 1023 && space_path(arena, path), "a path that long");
	ok(!space_path(arena, arena_print(arena, "%s/y", path)), "but no longer one");
	ok(text_same(space_path(arena, arena_print(arena, "/%s/", path)), path),
	    "slashes that go don't count");
	ok(space_path(arena, many(900, '/', "a")) &&
	    !space_path(arena, many(3000, '/', "a")), "within reason");
	ok(space_join(arena, path, "") == NULL || strlen(path) < SPACE_PATH,
	    "nothing is joined beyond the end");
	ok(text_same(space_join(arena, "", "a"), "a") &&
	    text_same(space_join(arena, "a/b", "c"), "a/b/c"), "a name in a folder");
	ok(!space_join(arena, path, "y") &&
	    space_join(arena, many(1022, 'x', ""), "y") &&
	    !space_join(arena, many(1023, 'x', ""), "y"), "as long as it may be");
}

static void
test_parts(void)
{
	const char *id = "0123456789abcdef01234567";

	ok(text_same(space_parent(arena, "a"), "") &&
	    text_same(space_parent(arena, "a/b/c"), "a/b"), "the folder of a path");
	ok(text_same(space_last("a"), "a") && text_same(space_last("a/b/c"), "c"),
	    "its last segment");
	ok(text_same(space_key(arena, id, "a/b"),
	    "tenants/0123456789abcdef01234567/a/b"), "its key");
	ok(space_object_key(arena, id, many(991, 'x', "")) &&
	    !space_object_key(arena, id, many(992, 'x', "")),
	    "a key that S3 does not take is none");
}

/* What is true of every path that was accepted. */
static bool
sound(const char *path)
{
	const char *again = space_path(arena, path);

	return text_same(again, path) && strlen(path) <= SPACE_PATH && *path != '/' &&
	    !strstr(path, "//") && !strstr(path, "/../") && !strstr(path, "/./") &&
	    strncmp(path, "../", 3) != 0 && !text_same(path, "..") &&
	    !text_same(path, ".") && !strpbrk(path, "\\\n\r\t\x7f") &&
	    (!*path || path[strlen(path) - 1] != '/') &&
	    text_utf8(path, strlen(path));
}

static void
test_random(void)
{
	static const char letters[] = "//...\\ab\n\x7f\xc2\x85\xa0\xff";
	char given[12];
	const char *path;
	int accepted = 0, wrong = 0;

	srandom(1);
	for (int i = 0; i < RANDOM; i++) {
		size_t n = (size_t)random() % sizeof(given);

		for (size_t k = 0; k < n; k++)
			given[k] = letters[(size_t)random() % (sizeof(letters) - 1)];
		given[n] = '\0';
		path = space_path(arena, given);
		accepted += path != NULL;
		wrong += path && !sound(path);
		path = space_name(arena, given);
		wrong += path && (!*path || strchr(path, '/') || !sound(path));
		arena_reset(arena);
	}
	ok(accepted > RANDOM / 100, "some of them are paths");
	ok(!wrong, "and those are sound");
}

int
main(void)
{
	arena = arena_make(MEMORY, NULL);
	test_paths();
	test_lengths();
	test_parts();
	test_random();
	arena_end(arena);
	return test_end();
}
