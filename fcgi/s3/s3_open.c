/* SPDX-License-Identifier: MIT */
/*
 * The S3 of the settings, made ready before the process is locked: where it is, and how
 * long things may take. All limits of time and size are here.
 */
#include "arena.h"
#include "conf.h"
#include "log.h"
#include "s3.h"

enum {
	MEMORY = 64 * 1024 * 1024,	/* for one question */
	CONNECT_MS = 4000,
	TOTAL_MS = 30 * 1000,
	BYTES_A_SECOND = 32 * 1024,	/* the slowest line that a transfer is tried on */
	STILL_S = 15
};

#define GB (INT64_C(1) << 30)

enum err
s3_open(struct s3 *s, struct arena *a, int patience_ms, void (*beat)(void))
{
	const struct fetch_limits limits = { CONNECT_MS, TOTAL_MS, BYTES_A_SECOND,
		STILL_S };
	const char *wrong = s3_place(a, &s->place);

	if (wrong) {
		log_write(LOG_ERROR, "s3: setting %s", wrong);
		return ERR_BROKEN;
	}
	s->sizes = (struct s3_sizes){ .whole = COURIER_WHOLE,
		.part = COURIER_PART, .copy_whole = 5 * GB, .copy_part = GB };
	s->arena = arena_make(MEMORY, NULL);
	s->scratch = arena_make(MEMORY, NULL);
	s->patience_ms = patience_ms;
	s->beat = beat;
	s->client = fetch_open(conf.s3_ca_file, &limits, beat);
	return s->client ? OK : ERR_BROKEN;
}
