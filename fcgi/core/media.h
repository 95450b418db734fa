/* SPDX-License-Identifier: MIT */
#ifndef CORE_MEDIA_H
#define CORE_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/*
 * What kind of file some bytes are: told by the bytes themselves, because who sends a
 * file may claim anything. The one table of magic bytes is media.c.
 */
enum {
	MEDIA_HEAD = 4096,	/* first bytes of a file, all that is looked at */
	MEDIA_NAME = 127	/* bytes of a type that is kept */
};

/* media_sniff(p, n): The type that the first bytes of a file say, without parameters;
 * p has all of the file or its first MEDIA_HEAD bytes. Text in UTF-8 is text/plain,
 * unless it begins as HTML, XML or SVG do. NULL if they say nothing, as those of an
 * empty file. */
const char *media_sniff(const uint8_t *p, size_t n);

/* media_served(a, p, n, claimed): The type as which the file is kept and served, in
 * lower case. It is what media_sniff says, or a closer name for it (text/csv for text);
 * if that is NULL, what is claimed, if it is well-formed (RFC 6838 section 4.2), can do
 * nothing, and is none that the bytes would have shown; else application/octet-stream.
 * claimed may be NULL and have parameters, which are dropped. */
const char *media_served(struct arena *a, const uint8_t *p, size_t n,
    const char *claimed);

/* media_shown(media): May a browser show a file of this type in its place? Never HTML,
 * SVG, XML or scripts: they are only for download. */
bool media_shown(const char *media);

#endif
