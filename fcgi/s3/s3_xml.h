/* SPDX-License-Identifier: MIT */
#ifndef S3_S3_XML_H
#define S3_S3_XML_H

#include <stdbool.h>
#include <stddef.h>

enum { S3_XML_TEXT = 4096, S3_XML_PATH = 200, S3_XML_DEEP = 8 };

/* s3_xml_read(p, n, found, context): Read a document of n bytes. At the end of each
 * element found(context, path, text) is told its path ("Error/Code") and its own text;
 * false from it stops. False too for what is no XML, is nested deeper than S3_XML_DEEP,
 * has a longer text than S3_XML_TEXT - 1 bytes, or a document type. */
bool s3_xml_read(const char *p, size_t n,
    bool (*found)(void *context, const char *path, const char *text), void *context);

/* s3_xml_text(p, n, path, out, room): The text of the first element of that path.
 * False, and "", if there is none, it has no room, or p is no XML. */
bool s3_xml_text(const char *p, size_t n, const char *path, char *out, size_t room);

#endif
