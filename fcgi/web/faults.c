/* SPDX-License-Identifier: MIT */
/*
 * The list of what is wrong with an input. It is bounded, so that a body made of
 * a million mistakes costs no more than one with fifty.
 */
#include <string.h>

#include "arena.h"
#include "buf.h"
#include "faults.h"
#include "json.h"

enum { FAULTS_NAMED = 3 };	/* in the detail; the rest is in the list */

void
faults_add(struct faults *f, const struct fault *fault)
{
	if (!faults_full(f))
		f->items[f->n++] = *fault;
}

bool
faults_full(const struct faults *f)
{
	return f->n == sizeof(f->items) / sizeof(f->items[0]);
}

const char *
faults_detail(const struct faults *f)
{
	struct buf out = buf_make(f->arena, 200);

	buf_text(&out, "Validation error");
	for (size_t i = 0; i < f->n && i < FAULTS_NAMED; i++)
		buf_print(&out, "%s %s: %s", i ? ";" : ":", f->items[i].path,
		    f->items[i].msg);
	if (f->n > FAULTS_NAMED)
		buf_print(&out, "; and %zu more", f->n - FAULTS_NAMED);
	return out.bytes;
}

void
faults_write(const struct faults *f, struct buf *out)
{
	buf_char(out, '[');
	for (size_t i = 0; i < f->n; i++) {
		const struct fault *fault = &f->items[i];

		buf_text(out, i ? ",{\"type\":" : "{\"type\":");
		json_write_text(out, fault->type);
		buf_text(out, ",\"loc\":");
		buf_text(out, fault->loc);
		buf_text(out, ",\"msg\":");
		json_write_text(out, fault->msg);
		buf_text(out, ",\"input\":");
		buf_text(out, fault->input ? fault->input : "null");
		if (fault->ctx) {
			buf_text(out, ",\"ctx\":");
			buf_text(out, fault->ctx);
		}
		buf_char(out, '}');
	}
	buf_char(out, ']');
}
