/* SPDX-License-Identifier: MIT */
/*
 * S3's answers, which expat reads. They are flat and need neither document types nor
 * entities of their own, so a document that has any is refused at its first byte of it.
 */
#include <stdio.h>
#include <string.h>

#include <expat.h>

#include "s3_xml.h"
#include "text.h"

struct reader {
	XML_Parser parser;
	bool (*found)(void *context, const char *path, const char *text);
	void *context;
	char path[S3_XML_PATH], text[S3_XML_TEXT];
	size_t path_n, text_n;
	int deep;
	bool good;
};

static void
stop(struct reader *r)
{
	r->good = false;
	(void)XML_StopParser(r->parser, XML_FALSE); /* it may have stopped already */
}

static void XMLCALL
element_begins(void *data, const XML_Char *name, const XML_Char **attributes)
{
	struct reader *r = data;
	const size_t n = strlen(name);

	(void)attributes;
	if (++r->deep > S3_XML_DEEP || r->path_n + n + 2 > sizeof(r->path)) {
		stop(r);
		return;
	}
	if (r->path_n)
		r->path[r->path_n++] = '/';
	memcpy(r->path + r->path_n, name, n + 1);
	r->path_n += n;
	r->text_n = 0;
}

static void XMLCALL
element_ends(void *data, const XML_Char *name)
{
	struct reader *r = data;
	const char *slash;

	(void)name;
	if (!r->good)
		return;
	r->text[r->text_n] = '\0';
	if (!r->found(r->context, r->path, r->text))
		stop(r);
	slash = strrchr(r->path, '/');
	r->path_n = slash ? (size_t)(slash - r->path) : 0;
	r->path[r->path_n] = '\0';
	r->text_n = 0;
	r->deep--;
}

static void XMLCALL
text_comes(void *data, const XML_Char *p, int n)
{
	struct reader *r = data;

	if (!r->good)
		return;
	if ((size_t)n >= sizeof(r->text) - r->text_n) {
		stop(r);
		return;
	}
	memcpy(r->text + r->text_n, p, (size_t)n);
	r->text_n += (size_t)n;
}

static void XMLCALL
doctype_begins(void *data, const XML_Char *name, const XML_Char *system,
    const XML_Char *public, int has_internal)
{
	(void)name, (void)system, (void)public, (void)has_internal;
	stop(data);
}

bool
s3_xml_read(const char *p, size_t n,
    bool (*found)(void *context, const char *path, const char *text), void *context)
{
	struct reader r = { .parser = XML_ParserCreate("UTF-8"), .found = found,
		.context = context, .good = true };

	if (!r.parser)
		return false;
	/* S3 sends blanks while it is at work, so that nobody gives it up. */
	for (; n && strchr(" \t\r\n", *p) && *p; n--)
		p++;
	XML_SetUserData(r.parser, &r);
	XML_SetElementHandler(r.parser, element_begins, element_ends);
	XML_SetCharacterDataHandler(r.parser, text_comes);
	XML_SetStartDoctypeDeclHandler(r.parser, doctype_begins);
	if (n > INT32_MAX || XML_Parse(r.parser, p, (int)n, 1) != XML_STATUS_OK)
		r.good = false;
	XML_ParserFree(r.parser);
	return r.good;
}

struct wanted {
	const char *path;
	char *out;
	size_t room;
	bool found, long_one;
};

static bool
take_text(void *context, const char *path, const char *text)
{
	struct wanted *w = context;

	if (w->found || !text_same(path, w->path))
		return true;
	w->found = true;
	w->long_one = strlen(text) >= w->room;
	if (!w->long_one)
		(void)snprintf(w->out, w->room, "%s", text);
	return true;
}

bool
s3_xml_text(const char *p, size_t n, const char *path, char *out, size_t room)
{
	struct wanted w = { .path = path, .out = out, .room = room };

	out[0] = '\0';
	if (s3_xml_read(p, n, take_text, &w) && w.found && !w.long_one)
		return true;
	out[0] = '\0';
	return false;
}
