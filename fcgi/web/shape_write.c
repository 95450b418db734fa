/* SPDX-License-Identifier: MIT */
/*
 * Writing a struct as JSON by its shape. Shapes stand within shapes only as deep
 * as our tables say (shape_check), so the functions may call each other.
 */
#include <string.h>

#include "buf.h"
#include "clock.h"
#include "json.h"
#include "shape.h"

static void
write_texts(const struct shape_texts *texts, struct buf *out)
{
	buf_char(out, '[');
	for (size_t i = 0; i < texts->n; i++) {
		if (i)
			buf_char(out, ',');
		json_write_text(out, texts->items[i]);
	}
	buf_char(out, ']');
}

static void
write_time(int64_t t, struct buf *out)
{
	char text[CLOCK_TEXT];
	int n = clock_text(t, text);

	buf_char(out, '"');
	buf_add(out, text, (size_t)n);
	buf_char(out, '"');
}

/*
 * Where the value of a field lies, or NULL if it is null. For the kinds that are
 * pointers in any case it is what they point to.
 */
static const void *
value_of(const struct shape_field *f, const void *in)
{
	const char *at = (const char *)in + f->offset;
	const void *p = at;

	switch (f->kind) {
	case SHAPE_TEXT:
	case SHAPE_OBJECT:
	case SHAPE_JSON:
		memcpy(&p, at, sizeof(p));
		return p;
	case SHAPE_TEXTS:
		return ((const struct shape_texts *)p)->items ||
		    !(f->flags & SHAPE_HIDDEN) ? p : NULL;
	case SHAPE_OBJECTS:
		return ((const struct shape_list *)p)->items ||
		    !(f->flags & SHAPE_HIDDEN) ? p : NULL;
	default:
		if (f->flags & SHAPE_OPTIONAL)
			memcpy(&p, at, sizeof(p));
		return p;
	}
}

static void
write_value(const struct shape_field *f, const void *value, struct buf *out)
{
	const struct shape_list *list;

	switch (f->kind) {
	case SHAPE_TEXT:
		json_write_text(out, value);
		break;
	case SHAPE_INT:
		buf_number(out, *(const int64_t *)value);
		break;
	case SHAPE_REAL:
		json_write_real(out, *(const double *)value);
		break;
	case SHAPE_BOOL:
		buf_text(out, *(const bool *)value ? "true" : "false");
		break;
	case SHAPE_TIME:
		write_time(*(const int64_t *)value, out);
		break;
	case SHAPE_OBJECT:
		shape_write(f->sub, value, out);
		break;
	case SHAPE_TEXTS:
		write_texts(value, out);
		break;
	case SHAPE_OBJECTS:
		list = value;
		shape_write_list(f->sub, list->items, list->n, out);
		break;
	case SHAPE_JSON:
		buf_text(out, value);
		break;
	}
}

void
shape_write(const struct shape *shape, const void *in, struct buf *out)
{
	char before = '{';

	for (size_t i = 0; i < shape->n_fields; i++) {
		const struct shape_field *f = &shape->fields[i];
		const void *value = value_of(f, in);

		if (!value && (f->flags & SHAPE_HIDDEN))
			continue;
		buf_char(out, before);
		before = ',';
		buf_char(out, '"');
		buf_text(out, f->name);
		buf_add(out, "\":", 2);
		if (value)
			write_value(f, value, out);
		else
			buf_text(out, "null");
	}
	buf_text(out, before == '{' ? "{}" : "}");
}

void
shape_write_list(const struct shape *shape, const void *items, size_t n, struct buf *out)
{
	const char *item = items;

	buf_char(out, '[');
	for (size_t i = 0; i < n; i++, item += shape->size) {
		if (i)
			buf_char(out, ',');
		shape_write(shape, item, out);
	}
	buf_char(out, ']');
}
