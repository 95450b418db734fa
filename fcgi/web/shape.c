/* SPDX-License-Identifier: MIT */
/*
 * What is common to reading and writing by shape: the two shapes that every
 * program needs, and the check that a table of fields is sound. A table is written
 * by hand with offsets, so the check runs over every shape in the tests.
 */
#include <stdalign.h>
#include <stdio.h>
#include <string.h>

#include "shape.h"

enum { DEPTH = 8 };	/* shapes within shapes; more is surely a circle */

const struct shape nothing_shape = { .name = "Nothing", .place = SHAPE_NOTHING };
const struct shape upload_shape = { .name = "Upload", .place = SHAPE_UPLOAD };
const struct shape page_shape = { .name = "Page", .place = SHAPE_PAGE };

/* Bytes that the field takes in its struct. */
static size_t
room_of(const struct shape_field *field)
{
	switch (field->kind) {
	case SHAPE_TEXTS:	return sizeof(struct shape_texts);
	case SHAPE_OBJECTS:	return sizeof(struct shape_list);
	case SHAPE_TEXT:
	case SHAPE_OBJECT:
	case SHAPE_JSON:	return sizeof(void *);
	case SHAPE_BOOL:
		return field->flags & SHAPE_OPTIONAL ? sizeof(void *) : sizeof(bool);
	default: /* 8 bytes each, and so is the pointer to one */
		return sizeof(int64_t);
	}
}

/* A field's name stands in JSON, in query strings and in messages as it is. */
static bool
name_plain(const char *name)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-$@.";

	return name && *name && strlen(name) <= 60 && strspn(name, plain) == strlen(name);
}

static bool
name_taken(const struct shape *shape, size_t i, const char *name)
{
	for (size_t k = 0; k < i; k++) {
		const struct shape_field *f = &shape->fields[k];

		if (strcmp(f->name, name) == 0 ||
		    (f->alias && strcmp(f->alias, name) == 0))
			return true;
	}
	return false;
}

static const char *
rule_fault(const struct shape_field *f)
{
	const struct shape_rule *rule = f->rule;

	if (!rule)
		return NULL;
	if (f->kind != SHAPE_TEXT && f->kind != SHAPE_TEXTS)
		return "has a rule but is no text";
	if (!rule->holds && !rule->choices)
		return "has a rule that checks nothing";
	if (rule->holds && (!rule->type || !rule->msg))
		return "has a rule without type or msg";
	return NULL;
}

static const char *
kind_fault(const struct shape *shape, const struct shape_field *f)
{
	bool has_sub = f->kind == SHAPE_OBJECT || f->kind == SHAPE_OBJECTS;

	if (f->kind > SHAPE_JSON)
		return "is of no kind";
	if (has_sub != (f->sub != NULL))
		return has_sub ? "has no sub" : "has a sub it can't use";
	if ((shape->place == SHAPE_QUERY || shape->place == SHAPE_FORM ||
	    shape->place == SHAPE_UPLOAD) &&
	    (has_sub || f->kind == SHAPE_JSON || f->kind == SHAPE_TIME))
		return "can't stand in a query";
	if (f->limited && !(f->min <= f->max))
		return "has its limits the wrong way round";
	if (f->limited && (f->kind == SHAPE_BOOL || f->kind == SHAPE_TIME ||
	    f->kind == SHAPE_OBJECT))
		return "has limits that mean nothing";
	return rule_fault(f);
}

static const char *
field_fault(const struct shape *shape, size_t i)
{
	const struct shape_field *f = &shape->fields[i];
	size_t room = room_of(f);
	size_t align = f->kind == SHAPE_BOOL && !(f->flags & SHAPE_OPTIONAL) ?
	    alignof(bool) : alignof(int64_t);

	if (!name_plain(f->name))
		return "has no plain name";
	if (f->alias && !name_plain(f->alias))
		return "has an alias that is not plain";
	if (name_taken(shape, i, f->name) || (f->alias && name_taken(shape, i, f->alias)))
		return "has a name that is taken";
	if (f->offset > shape->size || room > shape->size - f->offset)
		return "lies outside the struct";
	if (f->offset % align)
		return "is not aligned";
	for (size_t k = 0; k < i; k++) {
		const struct shape_field *other = &shape->fields[k];

		/* One member may go out under two names, of one kind. */
		if (f->offset == other->offset && f->kind == other->kind)
			continue;
		if (f->offset < other->offset + room_of(other) &&
		    other->offset < f->offset + room)
			return "overlaps another field";
	}
	return kind_fault(shape, f);
}

/* Calls itself at most DEPTH levels down; the table is ours, not input. */
static const char *
check_to(const struct shape *shape, int depth)
{
	static char text[200];
	const char *fault = depth ? NULL : "nested in a circle";

	if (!shape->name || !*shape->name)
		return "a shape without a name";
	if (shape->place == SHAPE_FILE && !shape->media)
		fault = "a file without a media type";
	if (shape->n_fields && !shape->fields)
		fault = "no fields";
	if (shape->place == SHAPE_LIST && (shape->n_fields != 1 ||
	    (shape->fields->kind != SHAPE_TEXTS && shape->fields->kind != SHAPE_OBJECTS)))
		fault = "a list that is not one";
	if (fault) {
		(void)snprintf(text, sizeof(text), "%.80s: %s", shape->name, fault);
		return text;
	}
	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct shape_field *f = &shape->fields[i];

		fault = field_fault(shape, i);
		if (fault) {
			(void)snprintf(text, sizeof(text), "%.80s.%.60s %s", shape->name,
			    f->name ? f->name : "?", fault);
			return text;
		}
		fault = f->sub ? check_to(f->sub, depth - 1) : NULL;
		if (fault)
			return fault;
	}
	return shape->list_of ? check_to(shape->list_of, depth - 1) : NULL;
}

const char *
shape_check(const struct shape *shape)
{
	return check_to(shape, DEPTH);
}
