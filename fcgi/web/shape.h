/* SPDX-License-Identifier: MIT */
#ifndef WEB_SHAPE_H
#define WEB_SHAPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct buf;
struct faults;
struct json;

/*
 * A shape describes a struct as JSON: its fields by offset, with names, kinds and
 * limits. One shape reads and checks input, writes replies, and describes both in
 * OpenAPI. What is not in a shape can't come in or go out; unknown keys of the
 * input are ignored.
 *
 * kind           C type at offset                 when absent or null
 * SHAPE_TEXT     const char *                     NULL
 * SHAPE_INT      int64_t   (OPTIONAL: const int64_t *)      NULL pointer
 * SHAPE_REAL     double    (OPTIONAL: const double *)       NULL pointer
 * SHAPE_BOOL     bool      (OPTIONAL: const bool *)         NULL pointer
 * SHAPE_TIME     int64_t µs (OPTIONAL: const int64_t *)     RFC 3339 out; not for input
 * SHAPE_OBJECT   const struct X * (sub = its shape)         NULL
 * SHAPE_TEXTS    struct shape_texts               n = 0
 * SHAPE_OBJECTS  struct shape_list (sub)          n = 0
 * SHAPE_JSON     const char *  JSON text, as it is; input: any value, re-written
 *
 * Input is bounded also where a field sets no limits: a list has at most 1000
 * items, a JSON value 64 KiB when rewritten. What was read lives in the arena.
 */
enum shape_kind {
	SHAPE_TEXT, SHAPE_INT, SHAPE_REAL, SHAPE_BOOL, SHAPE_TIME, SHAPE_OBJECT,
	SHAPE_TEXTS, SHAPE_OBJECTS, SHAPE_JSON
};

enum shape_flags {
	SHAPE_REQUIRED = 1,	/* input: must be there and not null */
	SHAPE_OPTIONAL = 2,	/* may be absent or null; a number is a pointer (with
				 * SHAPE_REQUIRED: one that is always set) */
	SHAPE_NOT_NULL = 4,	/* input: may be absent, but null is refused */
	SHAPE_ABOVE = 8,	/* min itself is refused (greater_than) */
	SHAPE_HIDDEN = 16,	/* output: left out when NULL instead of null */
	SHAPE_PRESENT = 32	/* input: must be there, but may be null (of a text) */
};

struct shape_texts { const char **items; size_t n; };
struct shape_list { void *items; size_t n; };

/* A rule for a text beyond its length. */
struct shape_rule {
	const char *type;	/* "string_pattern_mismatch", "value_error", ... */
	const char *msg;	/* for the client; both may be NULL with choices */
	const char *pattern;	/* for ctx and OpenAPI, or NULL */
	const char *const *choices; /* the texts that may stand, NULL ended; or NULL */
	bool (*holds)(const char *s); /* NULL when choices decide */
};

struct shape_field {
	const char *name;
	enum shape_kind kind;
	unsigned flags;
	size_t offset;
	bool limited;		/* min and max count; max may be INFINITY */
	double min, max;	/* text: code points; list: items; JSON: bytes */
	const struct shape_rule *rule;
	const struct shape *sub;
	const char *alias;	/* input: a second name, or NULL */
	const char *words;	/* one phrase for OpenAPI, or NULL */
};

/* Where a shape's input stands, or what its output is. */
enum shape_place {
	SHAPE_BODY,	/* a JSON object */
	SHAPE_LIST,	/* a bare JSON array; it is the shape's only field */
	SHAPE_QUERY,	/* the query string */
	SHAPE_FORM,	/* a page's form: application/x-www-form-urlencoded */
	SHAPE_UPLOAD,	/* multipart/form-data with files, as upload says; fields, if
			 * there are any, in the query string */
	SHAPE_FILE,	/* output: bytes, not JSON; media says which */
	SHAPE_PAGE,	/* output: HTML for people; not part of the API */
	SHAPE_NOTHING	/* no input; or an empty reply */
};

/* What a multipart body may hold. */
struct shape_upload {
	const char *part;	/* the name of the parts that are files */
	size_t max_files;
	bool large;		/* each may have MAX_FILE_SIZE_MB */
	bool texts;		/* keep the texts before the first file (req_text) */
};

struct shape {
	const char *name;	/* in OpenAPI: "Farmer" */
	enum shape_place place;
	const struct shape_field *fields;
	size_t n_fields, size;	/* size: of the struct */
	const struct shape *list_of; /* output: a bare array of these */
	const struct shape_upload *upload; /* for SHAPE_UPLOAD; NULL: one part "file" */
	const char *media;	/* for SHAPE_FILE: "application/pdf"; for SHAPE_BODY: a
				 * form in which it is given as well, or NULL */
};

/* For routes that take nothing (the common case). */
extern const struct shape nothing_shape;
/* For routes that take one uploaded file. */
extern const struct shape upload_shape;
/* For routes that give a page. */
extern const struct shape page_shape;

/* shape_read(shape, json, arena, out, faults): Fill *out (shape->size bytes,
 * zeroed) from the object json, or with SHAPE_LIST from the array. Every fault of the
 * input is added to faults; false if there was one. Numbers may come as texts, 3.0 is
 * an int, booleans take true/false/1/0/yes/no/on/off/t/f/y/n; nothing else is
 * converted. */
bool shape_read(const struct shape *shape, const struct json *json,
    struct arena *arena, void *out, struct faults *faults);

/* shape_read_query(shape, query, arena, out, faults): The same from a query string,
 * or from the body of a form, which is written the same way. */
bool shape_read_query(const struct shape *shape, const char *query,
    struct arena *arena, void *out, struct faults *faults);

/* shape_read_pairs(shape, pairs, arena, out, faults): The same from names and texts, as
 * if they were the object section of a body; a list is a name that comes often. */
struct path_pair;
struct shape_pairs { const struct path_pair *items; size_t n; const char *section; };
bool shape_read_pairs(const struct shape *shape, const struct shape_pairs *pairs,
    struct arena *arena, void *out, struct faults *faults);

/* shape_write(shape, in, out): Append *in as compact JSON, keys in field order.
 * Texts must be UTF-8; a number that JSON can't hold (NaN) is written as null. */
void shape_write(const struct shape *shape, const void *in, struct buf *out);

/* shape_write_list(shape, items, n, out): Append an array of n structs. */
void shape_write_list(const struct shape *shape, const void *items, size_t n,
    struct buf *out);

/* shape_check(shape): NULL if the table is sound (offsets inside, kinds with subs,
 * unique names), else what is wrong; for the tests. The text is good until the
 * next call. */
const char *shape_check(const struct shape *shape);

#endif
