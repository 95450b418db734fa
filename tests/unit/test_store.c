/* SPDX-License-Identifier: MIT */
/* The store on disk: what is kept is whole and stays, what is dropped is gone. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sodium.h>

#include "arena.h"
#include "folder.h"
#include "store.h"
#include "test.h"
#include "text.h"

static struct arena *a;
static char root[] = "/tmp/cem-store-XXXXXX";

static bool
is_there(const char *path)
{
	struct stat st;

	return stat(arena_print(a, "%s/%s", root, path), &st) == 0;
}

/* Where an object on the disk lies. */
static struct store_at
at(const char *id)
{
	return (struct store_at){ .id = id, .in = "disk" };
}

/* Its file below the store's folder. */
static const char *
place(const char *id)
{
	return arena_print(a, "%.2s/%s", id + ID_TEXT - 3, id);
}

static enum err
read_it(const char *id, size_t max, uint8_t **bytes, size_t *n)
{
	struct store_at where = at(id);

	return store_read(a, &where, max, bytes, n);
}

static enum err
remove_it(const char *id)
{
	struct store_at where = at(id);

	return store_remove(&where);
}

static void
test_keep(void)
{
	struct store_object o;
	struct store_at where;
	const char *link;
	uint8_t *bytes;
	size_t n;

	ok(store_begin(&o) == OK && id_valid(o.id) && o.fd >= 0, "an object begins");
	ok(is_there(arena_print(a, "tmp/%s", o.id)), "as a temporary file");
	ok(store_write(&o, "abc", 3) == OK && store_write(&o, "", 0) == OK, "written");
	ok(read_it(o.id, 10, &bytes, &n) == ERR_MISSING, "it is not there yet");
	ok(store_keep(&o) == OK && o.size == 3 && o.fd == -1, "it is kept");
	ok(text_same(o.sha256, "ba7816bf8f01cfea414140de5dae2223"
	    "b00361a396177a9cb410ff61f20015ad"), "with its hash (FIPS 180-2)");
	ok(text_same(o.md5, "900150983cd24fb0d6963f7d28e17f72"),
	    "and the other (RFC 1321)");
	store_kept(&o, &where);
	ok(text_same(where.in, "disk") && where.size == 3 && where.id == o.id &&
	    !where.key && !where.version, "it is known where it lies");
	ok(store_link(a, &where, "GET", &link) == OK && text_same(link,
	    arena_print(a, "/store/%s", place(o.id))), "nginx can be told");
	where.in = "elsewhere";
	ok(store_read(a, &where, 10, &bytes, &n) == ERR_BROKEN,
	    "a driver that there is not is a failure");
	ok(is_there(place(o.id)) && !is_there(arena_print(a, "tmp/%s", o.id)),
	    "it lies in its place, and nowhere else");
	ok(read_it(o.id, 3, &bytes, &n) == OK && n == 3 && !memcmp(bytes, "abc", 3),
	    "it is read back");
	ok(read_it(o.id, 2, &bytes, &n) == ERR_BIG, "a limit holds");
	ok(remove_it(o.id) == OK && !is_there(place(o.id)), "it is removed");
	ok(remove_it(o.id) == OK, "removing it again does no harm");
}

static void
test_drop(void)
{
	struct store_object o;
	char id[ID_TEXT];

	(void)store_begin(&o);
	memcpy(id, o.id, sizeof(id));
	store_drop(&o);
	ok(!is_there(arena_print(a, "tmp/%s", id)), "a dropped object is gone");
	(void)store_begin(&o);
	memcpy(id, o.id, sizeof(id));
	(void)store_keep(&o);
	store_drop(&o);
	ok(!is_there(place(id)), "also when it was kept already");
	store_drop(&o);
	o = (struct store_object){ .fd = -1 };
	store_drop(&o);
	ok(true, "dropping nothing does no harm");
	o = (struct store_object){ .key = NULL };
	store_drop(&o);
	ok(dup2(0, 0) == 0, "nor does one that was never begun: its fd is no file's");
}

/* A second object with the bytes of the first is one of its own. */
static void
test_copy(void)
{
	struct store_object o, second = { .key = "a" }, none = { .key = NULL };
	struct store_at where;
	char id[ID_TEXT];
	uint8_t *bytes;
	size_t n;

	(void)store_begin(&o);
	(void)store_write(&o, "abc", 3);
	(void)store_keep(&o);
	store_kept(&o, &where);
	ok(store_copy(&where, &second) == OK && !text_same(second.id, o.id),
	    "an object is copied");
	ok(second.size == 3 && text_same(second.sha256, o.sha256) &&
	    text_same(second.md5, o.md5), "with its size and hashes");
	where.md5 = NULL;
	ok(store_copy(&where, &none) == OK && text_same(none.md5, o.md5),
	    "which are made if they are not known");
	ok(remove_it(o.id) == OK && read_it(second.id, 3, &bytes, &n) == OK && n == 3 &&
	    !memcmp(bytes, "abc", 3), "it outlives the first");
	o = (struct store_object){ .fd = -1 };
	ok(store_copy(&where, &o) == ERR_MISSING, "what is gone is not copied");
	memcpy(id, second.id, sizeof(id));
	store_drop(&second);
	store_drop(&none);
	ok(!is_there(place(id)), "a copy is dropped as any other");
}

/* Whether the bytes are those of the row. */
static void
test_verify(void)
{
	struct store_object o, moved;
	struct store_at where;
	int64_t size = 0;
	int fd;

	(void)store_begin(&o);
	(void)store_write(&o, "abc", 3);
	(void)store_keep(&o);
	store_kept(&o, &where);
	ok(store_verify(&where) == OK && store_size(&where, &size) == OK && size == 3,
	    "an object is whole");
	ok(store_move(&where, "tape", &moved) == ERR_BAD, "and can't go anywhere");
	ok(store_move(&where, "disk", &moved) == OK && text_same(moved.id, o.id) &&
	    text_same(moved.in, "disk"), "where it lies already it stays");
	fd = open(arena_print(a, "%s/%s", root, place(o.id)), O_WRONLY);
	ok(pwrite(fd, "x", 1, 0) == 1 && store_verify(&where) == ERR_CONFLICT,
	    "another byte is seen");
	ok(store_move(&where, "disk", &moved) == ERR_CONFLICT,
	    "and is not taken for the object");
	ok(ftruncate(fd, 2) == 0 && store_size(&where, &size) == OK && size == 2,
	    "its size is what it is");
	(void)close(fd);
	(void)remove_it(o.id);
	ok(store_verify(&where) == ERR_MISSING &&
	    store_size(&where, &size) == ERR_MISSING &&
	    store_move(&where, "disk", &moved) == ERR_MISSING, "what is gone is gone");
}

static uint8_t
value_at(size_t i)
{
	return (uint8_t)(i * 7 + i / 256);
}

/* A file of n such bytes; its descriptor. */
static int
source(const char *folder, size_t n)
{
	char path[40];
	uint8_t *bytes = arena_take(a, n);
	int fd;

	(void)snprintf(path, sizeof(path), "%s/cem-from-XXXXXX", folder);
	fd = mkstemp(path);
	(void)unlink(path);
	for (size_t i = 0; i < n; i++)
		bytes[i] = value_at(i);
	return fd >= 0 && write(fd, bytes, n) == (ssize_t)n ? fd : -1;
}

/* From the same file system, and from another. */
static void
test_take(const char *folder)
{
	enum { SIZE = 200000, FROM = 777, TAKEN = 150000 };
	int fd = source(folder, SIZE);
	struct store_object o;
	uint8_t *bytes;
	size_t n;
	bool same = true;

	ok(fd >= 0 && store_begin(&o) == OK, "a file to take from");
	ok(store_write(&o, "abc", 3) == OK && store_take(&o, fd, FROM, TAKEN) == OK &&
	    store_take(&o, fd, 0, 0) == OK, "a part of it is taken");
	ok(store_write(&o, "z", 1) == OK && store_keep(&o) == OK &&
	    o.size == TAKEN + 4, "what is written next stands behind it");
	ok(read_it(o.id, SIZE, &bytes, &n) == OK && n == TAKEN + 4 &&
	    memcmp(bytes, "abc", 3) == 0 && bytes[n - 1] == 'z', "it is all there");
	for (size_t i = 0; i < TAKEN; i++)
		same = same && bytes[i + 3] == value_at(i + FROM);
	ok(same, "byte for byte");
	(void)remove_it(o.id);
	(void)store_begin(&o);
	ok(store_take(&o, fd, FROM, SIZE) == ERR_DOWN, "one that ends too early fails");
	ok(store_take(&o, -1, 0, 1) == ERR_BROKEN, "so does none");
	store_drop(&o);
	(void)close(fd); /* has no name any more */
}

static enum err
count(void *context, const char *id)
{
	int *n = context;

	*n += id_valid(id);
	return OK;
}

static void
test_each(void)
{
	struct store_object kept, begun;
	const struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	int n = 0;

	(void)store_begin(&kept);
	(void)futimens(kept.fd, old);
	(void)store_keep(&kept);
	(void)store_begin(&begun);
	(void)mkdir(arena_print(a, "%s/00/not-an-id", root), 0700);
	ok(store_each(3600, count, &n) == OK && n == 0,
	    "nothing is there for an hour, however old the bytes");
	ok(is_there(arena_print(a, "tmp/%s", begun.id)), "a young temporary file stays");
	ok(store_each(0, count, &n) == OK && n == 1, "the kept one is found");
	ok(!is_there(arena_print(a, "tmp/%s", begun.id)), "an old temporary file goes");
	(void)close(begun.fd); /* its name is gone */
	ok(store_aside(kept.id) == OK && !is_there(place(kept.id)) &&
	    is_there(arena_print(a, "swept/%s", kept.id)), "it is put aside");
	ok(store_aside(kept.id) == OK, "putting aside what is gone does no harm");
	ok(store_forget_aside(3600) == OK &&
	    is_there(arena_print(a, "swept/%s", kept.id)), "and stays there for a while");
	ok(store_forget_aside(0) == OK &&
	    !is_there(arena_print(a, "swept/%s", kept.id)), "and is forgotten then");
}

static void
test_owner(void)
{
	char mine[ID_TEXT], other[ID_TEXT];

	id_make(mine);
	id_make(other);
	ok(store_owner(mine) == OK && store_owner(mine) == OK, "a store has an owner");
	ok(store_owner(other) == ERR_CONFLICT, "and no other");
}

int
main(void)
{
	if (sodium_init() < 0 || !mkdtemp(root))
		return 1;
	a = arena_make(1 << 20, NULL);
	ok(store_open(root) == OK && store_open(root) == OK, "a store opens, and again");
	ok(store_open("/nonexistent/store") != OK, "one without a place does not");
	ok(store_open(root) == OK, "the first opens after that");
	test_keep();
	test_drop();
	test_copy();
	test_verify();
	test_take("/tmp");
	test_take("/dev/shm");
	test_each();
	test_owner();
	arena_end(a);
	ok(folder_remove(root) == 0, "its folder is gone");
	return test_end();
}
