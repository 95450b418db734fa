/* SPDX-License-Identifier: MIT */
#ifndef CORE_MEDIA_TEXT_H
#define CORE_MEDIA_TEXT_H

#include <stddef.h>
#include <stdint.h>

/* Only for media.c. media_text(p, n): The type of a text that begins with these bytes:
 * text/html, image/svg+xml, application/xhtml+xml, application/xml, or text/plain if it
 * is UTF-8, or UTF-16 with its mark. NULL: it is no text. */
const char *media_text(const uint8_t *p, size_t n);

#endif
