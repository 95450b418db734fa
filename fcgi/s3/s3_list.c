/* SPDX-License-Identifier: MIT */
/*
 * What is in the bucket, with all versions (ListObjectVersions), and whether it keeps any
 * (GetBucketVersioning). Keys come encoded (encoding-type=url), as XML can't hold every
 * character that a key may have.
 */
#include <stdio.h>
#include <string.h>

#include "arena.h"
#include "clock.h"
#include "s3.h"
#include "s3_xml.h"
#include "text.h"

struct listing {
	struct arena *arena;
	struct courier_page *page;
	size_t room;
	struct courier_entry entry;	/* that is being read */
	const char *marker;		/* where it goes on, as it came */
	bool good;
};

/* A percent-encoded text, where + is a blank; "" if it is none, or no key. */
static const char *
decoded(struct arena *a, const char *s)
{
	char *out = arena_take(a, strlen(s) + 1), *p = out;
	uint8_t byte;

	for (; *s; s++) {
		char hex[3] = { 0 };

		if (*s != '%') {
			*p++ = *s == '+' ? ' ' : *s;
			continue;
		}
		memcpy(hex, s + 1, strnlen(s + 1, 2));
		if (!text_hex_read(hex, &byte, 1))
			return "";
		*p++ = (char)byte;
		s += 2;
	}
	return text_utf8(out, (size_t)(p - out)) ? out : "";
}

/* One element within an entry. */
static void
read_part(struct listing *l, const char *name, const char *text)
{
	struct courier_entry *entry = &l->entry;

	if (text_same(name, "Key"))
		entry->key = decoded(l->arena, text);
	else if (text_same(name, "VersionId"))
		entry->version = arena_text(l->arena, text);
	else if (text_same(name, "Size"))
		l->good = text_number(text, 0, INT64_MAX, &entry->size) && l->good;
	else if (text_same(name, "LastModified"))
		l->good = clock_read(text, &entry->modified_at) && l->good;
}

/* An entry has ended. */
static bool
keep_entry(struct listing *l, bool marker)
{
	struct courier_page *page = l->page;

	if (!l->good || page->n == l->room || text_empty(l->entry.key))
		return false;
	l->entry.marker = marker;
	page->entries[page->n++] = l->entry;
	l->entry = (struct courier_entry){ .version = "" };
	return true;
}

static bool
take_element(void *context, const char *path, const char *text)
{
	static const char result[] = "ListVersionsResult/";
	struct listing *l = context;
	const char *name;

	if (strncmp(path, result, sizeof(result) - 1) != 0)
		return true;
	name = path + sizeof(result) - 1;
	if (text_same(name, "Version"))
		return keep_entry(l, false);
	if (text_same(name, "DeleteMarker"))
		return keep_entry(l, true);
	if (text_same(name, "IsTruncated"))
		l->page->more = text_same(text, "true");
	else if (text_same(name, "NextKeyMarker"))
		l->marker = arena_text(l->arena, text);
	else if (text_same(name, "NextVersionIdMarker"))
		l->page->next_version = arena_text(l->arena, text);
	else if (strchr(name, '/'))
		read_part(l, strchr(name, '/') + 1, text);
	return true;
}

/* radosgw does not encode this one, S3 does. Both mean the last key of the page. */
static const char *
next_key(const struct listing *l)
{
	const struct courier_page *page = l->page;

	if (page->n && text_same(l->marker, page->entries[page->n - 1].key))
		return l->marker;
	return decoded(l->arena, l->marker);
}

enum err
s3_list_read(struct arena *a, const char *words, size_t n, size_t limit,
    struct courier_page *page)
{
	struct listing l = { .arena = a, .page = page, .room = limit, .good = true,
		.entry = { .version = "" }, .marker = "" };

	*page = (struct courier_page){ .next_version = "",
		.entries = arena_array(a, struct courier_entry, limit) };
	if (!s3_xml_read(words, n, take_element, &l) || !l.good)
		return ERR_BROKEN;
	page->next_key = next_key(&l);
	return page->more && !*page->next_key ? ERR_BROKEN : OK;
}

enum err
s3_list(struct s3 *s, const struct courier_find *f, struct courier_page *page)
{
	struct s3_call c = s3_call("GET", NULL);
	enum err e;

	if (f->limit < 1 || f->limit > COURIER_LIST_MAX)
		return ERR_BAD;
	s3_call_flag(&c, "versions");
	s3_call_query(&c, "encoding-type", "url");
	s3_call_query(&c, "prefix", f->prefix);
	s3_call_query(&c, "max-keys", arena_print(s->arena, "%d", f->limit));
	s3_call_query(&c, "key-marker", f->after_key);
	if (!text_empty(f->after_key))
		s3_call_query(&c, "version-id-marker", f->after_version);
	e = s3_call_run(s, &c);
	return e ? e : s3_list_read(s->arena, c.f.words, c.f.n_words, (size_t)f->limit,
	    page);
}

enum err
s3_check(struct s3 *s, struct courier_check *c)
{
	struct s3_call call = s3_call("GET", NULL);
	char status[20] = "";
	enum err e;

	s3_call_flag(&call, "versioning");
	e = s3_call_run(s, &call);
	if (!e && !s3_xml_text(call.f.words, call.f.n_words, "VersioningConfiguration",
	    status, sizeof(status))) {
		(void)snprintf(s->words, sizeof(s->words), "what answers is no S3");
		e = ERR_BROKEN;
	}
	if (!e) /* of a bucket that never had any there is no status */
		(void)s3_xml_text(call.f.words, call.f.n_words,
		    "VersioningConfiguration/Status", status, sizeof(status));
	c->versions = text_same(status, "Enabled") ? COURIER_VERSIONS_ON :
	    *status ? COURIER_VERSIONS_PAUSED : COURIER_VERSIONS_NEVER;
	c->skew = s->skew;
	(void)snprintf(c->words, sizeof(c->words), "%s", s->words);
	return e;
}
