/* SPDX-License-Identifier: MIT */
/*
 * How hard the card's PDF is compressed. Cairo always asks zlib for level 6, which took
 * a fifth of the time of a card; level 1 makes the file 2 per cent larger. Cairo has
 * no setting for it, so the linker leads its call here (--wrap in build.ninja; the
 * released program only, as the others load cairo as a shared library). Nobody else
 * calls deflateInit: libpng and claim.c choose their own level with deflateInit2.
 */
#include <zlib.h>

int __real_deflateInit_(z_streamp stream, int level, const char *version, int size);
int __wrap_deflateInit_(z_streamp stream, int level, const char *version, int size);

int
__wrap_deflateInit_(z_streamp stream, int level, const char *version, int size)
{
	return __real_deflateInit_(stream, level > 1 ? 1 : level, version, size);
}
