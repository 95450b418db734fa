/* SPDX-License-Identifier: MIT */
/*
 * Containers, told apart by what comes first in them: the names of a ZIP's first
 * entries (PKWARE APPNOTE, section 4.3.7), the brand of ISO media (ISO/IEC 14496-12,
 * section 4.3), the DocType of Matroska (RFC 8794), the codec of Ogg (RFC 5334), the
 * header of an MPEG audio frame (ISO/IEC 11172-3, section 2.4.1.3).
 */
#include <stdbool.h>
#include <string.h>

#include "media.h"
#include "media_box.h"

enum {
	ENTRIES = 64,		/* of a ZIP that are looked at */
	ENTRY = 30,		/* bytes of an entry's header before its name */
	FIRST_PAGE = 128	/* bytes in which Matroska and Ogg say what they hold */
};

struct named { const char *begins, *media; };

/* Folders and files that only one format has. */
static const struct named zip_names[] = {
	{ "word/document.xml",
	    "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
	{ "xl/workbook.xml",
	    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
	{ "ppt/presentation.xml",
	    "application/vnd.openxmlformats-officedocument.presentationml.presentation" },
	{ "AndroidManifest.xml", "application/vnd.android.package-archive" },
	{ "META-INF/MANIFEST.MF", "application/java-archive" },
	{ "doc.kml", "application/vnd.google-earth.kmz" },
	{ NULL, NULL }
};

/* The same once it is known that the file is of Office Open XML. */
static const struct named office_names[] = {
	{ "word/",
	    "application/vnd.openxmlformats-officedocument.wordprocessingml.document" },
	{ "xl/", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" },
	{ "ppt/",
	    "application/vnd.openxmlformats-officedocument.presentationml.presentation" },
	{ NULL, NULL }
};

/* What an entry named mimetype, if it is the first, may say. */
static const struct named zip_types[] = {
	{ "application/epub+zip", "application/epub+zip" },
	{ "application/vnd.oasis.opendocument.text",
	    "application/vnd.oasis.opendocument.text" },
	{ "application/vnd.oasis.opendocument.spreadsheet",
	    "application/vnd.oasis.opendocument.spreadsheet" },
	{ "application/vnd.oasis.opendocument.presentation",
	    "application/vnd.oasis.opendocument.presentation" },
	{ "application/vnd.oasis.opendocument.graphics",
	    "application/vnd.oasis.opendocument.graphics" },
	{ NULL, NULL }
};

static const struct named brands[] = {
	{ "avif", "image/avif" }, { "avis", "image/avif" }, { "heic", "image/heic" },
	{ "heix", "image/heic" }, { "heim", "image/heic" }, { "heis", "image/heic" },
	{ "mif1", "image/heic" }, { "msf1", "image/heic" }, { "qt  ", "video/quicktime" },
	{ "M4A ", "audio/mp4" }, { "M4B ", "audio/mp4" }, { "3g", "video/3gpp" },
	{ "", "video/mp4" }, { NULL, NULL }
};

/* A piece of the file. */
struct piece {
	const uint8_t *p;
	size_t n;
};

static bool
begins(struct piece s, const char *with)
{
	size_t n = strlen(with);

	return s.n >= n && memcmp(s.p, with, n) == 0;
}

static const char *
look_up(const struct named *table, struct piece s)
{
	for (; table->begins; table++)
		if (begins(s, table->begins))
			return table->media;
	return NULL;
}

static size_t
little(const uint8_t *p, int bytes)
{
	size_t n = 0;

	while (bytes-- > 0)
		n = n << 8 | p[bytes];
	return n;
}

/* One entry of a ZIP: its name and, as far as it is there, its content. */
struct entry { struct piece name, content; bool is_stored; };

/* Read the entry at *at and move *at to the next. False if there is no whole one. */
static bool
next_entry(struct piece s, size_t *at, struct entry *entry)
{
	const uint8_t *p = s.p + *at, *next;
	size_t left = s.n - *at, name, head, size;

	if (left < ENTRY || memcmp(p, "PK\3\4", 4) != 0)
		return false;
	size = little(p + 18, 4);
	name = little(p + 26, 2);
	head = ENTRY + name + little(p + 28, 2);
	if (name > left - ENTRY)
		return false;
	entry->name = (struct piece){ p + ENTRY, name };
	entry->is_stored = little(p + 8, 2) == 0;
	entry->content = (struct piece){ p + (head < left ? head : left),
		head < left ? left - head : 0 };
	if (size < entry->content.n && !(p[6] & 8))
		entry->content.n = size;
	/* A size that was not known yet stands behind the content (section 4.3.9). */
	next = entry->content.p + entry->content.n;
	if (p[6] & 8)
		next = memmem(entry->content.p, entry->content.n, "PK\3\4", 4);
	*at = next ? (size_t)(next - s.p) : s.n;
	return true;
}

static const char *
zip_type(struct piece s)
{
	bool is_office = false;
	struct entry entry;
	size_t at = 0;

	for (int i = 0; i < ENTRIES && next_entry(s, &at, &entry); i++) {
		const char *type = look_up(zip_names, entry.name);

		if (!type && i == 0 && entry.is_stored && begins(entry.name, "mimetype"))
			type = look_up(zip_types, entry.content);
		if (!type && is_office)
			type = look_up(office_names, entry.name);
		if (type)
			return type;
		is_office = is_office || begins(entry.name, "[Content_Types].xml") ||
		    begins(entry.name, "_rels/.rels") || begins(entry.name, "docProps/");
	}
	return "application/zip";
}

/* The brand, unless it is the one of any picture: then one that it agrees with. */
static const char *
iso_type(struct piece s)
{
	struct piece brand = { s.p + 8, s.n - 8 };

	if (begins(brand, "mif1") && memmem(s.p, s.n < 64 ? s.n : 64, "avif", 4))
		return "image/avif";
	return look_up(brands, brand);
}

static const char *
ogg_type(struct piece first)
{
	static const char *const moving[] = { "\x80theora", "\1video", "OVP80", NULL };
	static const char *const sounding[] = {
		"\1vorbis", "OpusHead", "Speex   ", "\x7f" "FLAC", NULL
	};

	for (int i = 0; moving[i]; i++)
		if (memmem(first.p, first.n, moving[i], strlen(moving[i])))
			return "video/ogg";
	for (int i = 0; sounding[i]; i++)
		if (memmem(first.p, first.n, sounding[i], strlen(sounding[i])))
			return "audio/ogg";
	return "application/ogg";
}

/* A frame of layer III, or of AAC in ADTS, with a bit rate and a sampling rate. */
static const char *
audio_type(struct piece s)
{
	if (s.n < 4 || s.p[0] != 0xff)
		return NULL;
	if ((s.p[1] & 0xf6) == 0xf0 && (s.p[2] & 0x3c) < 13 << 2)
		return "audio/aac";
	if ((s.p[1] & 0xe6) != 0xe2 || (s.p[1] & 0x18) == 0x08 ||
	    (s.p[2] & 0xf0) == 0xf0 || !(s.p[2] & 0xf0) || (s.p[2] & 0x0c) == 0x0c)
		return NULL;
	return "audio/mpeg";
}

const char *
media_box(const uint8_t *p, size_t n)
{
	struct piece s = { p, n }, first = { p, n < FIRST_PAGE ? n : FIRST_PAGE };

	if (begins(s, "PK\3\4"))
		return zip_type(s);
	if (begins(s, "PK\5\6") || begins(s, "PK\7\10"))
		return "application/zip";
	if (n >= 12 && memcmp(p + 4, "ftyp", 4) == 0)
		return iso_type(s);
	if (n >= 8 && (memcmp(p + 4, "moov", 4) == 0 || memcmp(p + 4, "mdat", 4) == 0))
		return "video/quicktime";
	if (begins(s, "\x1a\x45\xdf\xa3"))
		return memmem(first.p, first.n, "webm", 4) ? "video/webm" :
		    "video/x-matroska";
	if (begins(s, "OggS"))
		return ogg_type(first);
	return audio_type(s);
}
