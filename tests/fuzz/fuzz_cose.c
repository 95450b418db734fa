/* SPDX-License-Identifier: MIT */
/* libFuzzer: anything at all as a QR text, and as what is inside one. */
#include <stdlib.h>

#include "arena.h"
#include "claim.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Whatever was read must be safe to use: look at every byte that it points to. */
static size_t
read_touch(const struct claim_read *read)
{
	size_t i, sum = read->claim.serial_size + read->kid_size;

	for (i = 0; i < read->to_sign_size; i++)
		sum += read->to_sign[i];
	for (i = 0; i < read->signature_size; i++)
		sum += read->signature[i];
	if (read->kid_size > sizeof(read->kid) || read->n_warnings > 8 ||
	    read->claim.serial_size > sizeof(read->claim.serial))
		abort();
	return sum;
}

static void
text_try(struct arena *a, const char *text)
{
	static const uint8_t key[65] = { 4, 1, 2, 3 };
	volatile size_t sink;
	struct claim_read read;
	const char *why;

	if (claim_read(a, text, &read, &why) == OK) {
		sink = read_touch(&read);
		(void)sink;
		if (claim_verify(&read, key, 32) || claim_verify(&read, key, 65))
			abort(); /* nobody has signed with these */
	} else if (!why) {
		abort();
	}
	if (claim_open(a, text, key, 32, &read, &why) != OK && !why)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct arena *a;
	const char *text;

	if (!a)
		a = arena_make(64U << 20, NULL);
	text_try(a, arena_copy(a, data, size));
	text = claim_text(a, data, size);
	if (text)
		text_try(a, text);
	arena_reset(a);
	return 0;
}
