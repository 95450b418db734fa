/* SPDX-License-Identifier: MIT */
/*
 * Writing and reading frames. A text that holds a NUL, or lacks the one at its end, is
 * refused, so a text taken is a text.
 */
#include <string.h>

#include "courier_frame.h"

enum { LENGTH = 2 };

static uint8_t *
room_for(struct frame *f, size_t n)
{
	if (f->bad || n > HELPER_MAX - f->n) {
		f->bad = true;
		return NULL;
	}
	f->n += n;
	return f->bytes + f->n - n;
}

static const uint8_t *
next(struct frame *f, size_t n)
{
	if (f->bad || n > f->n - f->at) {
		f->bad = true;
		return NULL;
	}
	f->at += n;
	return f->bytes + f->at - n;
}

void
frame_number(struct frame *f, int64_t value)
{
	uint8_t *p = room_for(f, sizeof(value));

	if (p)
		memcpy(p, &value, sizeof(value));
}

void
frame_text(struct frame *f, const char *text)
{
	const size_t n = text ? strlen(text) : 0;
	uint16_t length = (uint16_t)n;
	uint8_t *p = n < HELPER_MAX ? room_for(f, LENGTH + n + 1) : NULL;

	if (!p) {
		f->bad = true;
		return;
	}
	memcpy(p, &length, LENGTH);
	memcpy(p + LENGTH, text ? text : "", n + 1);
}

int64_t
frame_take(struct frame *f)
{
	const uint8_t *p = next(f, sizeof(int64_t));
	int64_t value = 0;

	if (p)
		memcpy(&value, p, sizeof(value));
	return value;
}

const char *
frame_take_text(struct frame *f)
{
	const uint8_t *p = next(f, LENGTH);
	uint16_t n = 0;

	if (p)
		memcpy(&n, p, LENGTH);
	p = next(f, (size_t)n + 1);
	if (p && memchr(p, '\0', (size_t)n + 1) == p + n)
		return (const char *)p;
	f->bad = true;
	return "";
}

void
frame_copy(struct frame *f, char *out, size_t room)
{
	const char *text = frame_take_text(f);
	const size_t n = strlen(text);

	if (n >= room)
		f->bad = true;
	memcpy(out, f->bad ? "" : text, f->bad ? 1 : n + 1);
}

bool
frame_ended(const struct frame *f)
{
	return !f->bad && f->at == f->n;
}
