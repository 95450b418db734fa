/* SPDX-License-Identifier: MIT */
#ifndef CORE_HINTS_H
#define CORE_HINTS_H

#include <stddef.h>
#include <stdint.h>

/* hints_remove(font, n): Take the hints out of a TrueType font of n bytes, in place;
 * its size and the places of its tables stay. Twice does no harm. A font that it does
 * not understand is left as it is. */
void hints_remove(uint8_t *font, size_t n);

#endif
