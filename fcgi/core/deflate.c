/* SPDX-License-Identifier: MIT */
/*
 * How hard the card's PDF is compressed. Cairo asks zlib for its default, level 6, a
 * fifth of the time of a card; level 1 makes the file 2 per cent larger, and a window
 * of 8 KB does for streams that are hardly longer. Cairo has no setting for it, so
 * the linker leads its call here (--wrap in build.ninja; the released program only, as
 * the others load cairo as a shared library). Nobody else calls deflateInit: libpng and
 * claim.c choose their own level with deflateInit2.
 */
#include <zlib.h>

enum { LEVEL = 1, WINDOW_BITS = 13, MEMORY_LEVEL = 7 };

int __wrap_deflateInit_(z_streamp stream, int level, const char *version, int size);

/* level is -1: "the default". */
int
__wrap_deflateInit_(z_streamp stream, int level, const char *version, int size)
{
	(void)level;
	return deflateInit2_(stream, LEVEL, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL,
	    Z_DEFAULT_STRATEGY, version, size);
}
