/* SPDX-License-Identifier: MIT */
#ifndef CORE_MEDIA_BOX_H
#define CORE_MEDIA_BOX_H

#include <stddef.h>
#include <stdint.h>

/* Only for media.c. media_box(p, n): The type of a file that begins with these bytes and
 * is of a container that many formats share: ZIP, ISO media, Matroska, Ogg, MPEG audio.
 * NULL: it is none of these. */
const char *media_box(const uint8_t *p, size_t n);

#endif
