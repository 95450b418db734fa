/* SPDX-License-Identifier: MIT */
/*
 * The S3 of the settings, made ready before the process is locked: where it is, and how
 * long things may take. All limits of time and size are here; those of quick questions
 * are for an S3 that most likely hangs, and still let through what does move.
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
	STILL_S = 15, STILL_BYTES = 1024,
	SILENT_S = 120,			/* while S3 copies or joins */
	QUICK_MS = 2000, QUICK_TOTAL_MS = 5000, QUICK_S = 3,
	COPIED_A_SECOND = 32 * 1024 * 1024	/* by an S3 that is well */
};

#define GB (INT64_C(1) << 30)

static const struct fetch_limits usual = { CONNECT_MS, TOTAL_MS, BYTES_A_SECOND, STILL_S,
	STILL_BYTES };
static const struct fetch_limits quick_ones = { QUICK_MS, QUICK_TOTAL_MS, BYTES_A_SECOND,
	QUICK_S, BYTES_A_SECOND };

void
s3_begin(struct s3 *s, bool quick)
{
	s->quick = quick;
	s->limits = quick ? &quick_ones : &usual;
	s->patience_ms = s->usual_patience_ms;
	if (quick && s->patience_ms > QUICK_MS)
		s->patience_ms = QUICK_MS;
	s->heard = OUTAGE_NOTHING;
}

int
s3_still(const struct s3 *s, int64_t size)
{
	return s->quick ? QUICK_S + (int)(size / COPIED_A_SECOND) : SILENT_S;
}

enum err
s3_open(struct s3 *s, struct arena *a, int patience_ms, void (*beat)(void))
{
	const char *wrong = s3_place(a, &s->place);

	if (wrong) {
		log_write(LOG_ERROR, "s3: setting %s", wrong);
		return ERR_BROKEN;
	}
	s->sizes = (struct s3_sizes){ .whole = COURIER_WHOLE,
		.part = COURIER_PART, .copy_whole = 5 * GB, .copy_part = GB };
	s->arena = arena_make(MEMORY, NULL);
	s->scratch = arena_make(MEMORY, NULL);
	s->usual_patience_ms = patience_ms;
	s3_begin(s, false);
	s->beat = beat;
	s->client = fetch_open(conf.s3_ca_file, &usual, beat);
	return s->client ? OK : ERR_BROKEN;
}
