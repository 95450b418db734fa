/* SPDX-License-Identifier: MIT */
/*
 * The types of files. First bytes decide, by the table of magic bytes and, where many
 * formats share a container (media_box.c), by what is first in it. Texts are looked at
 * as a browser would that guesses (media_text.c), to find what it might run. What a
 * client claims only chooses between names for the same bytes, or names what no table
 * knows and nothing runs.
 */
#include <string.h>

#include "arena.h"
#include "media.h"
#include "media_box.h"
#include "media_text.h"
#include "text.h"

static const char unknown[] = "application/octet-stream";

/* n bytes at `at`; with more, those as well. */
struct magic {
	const char *bytes;
	size_t n, at;
	const char *more;	/* text, or NULL */
	size_t more_at;
	const char *media;
};

#define MAGIC(first, offset, type) { first, sizeof(first) - 1, offset, NULL, 0, type }
#define TWICE(first, then, offset, type) \
	{ first, sizeof(first) - 1, 0, then, offset, type }

/* The sources of the signatures are the documents of the formats. */
static const struct magic strong[] = {
	MAGIC("\xff\xd8\xff", 0, "image/jpeg"),
	MAGIC("\x89PNG\r\n\x1a\n", 0, "image/png"),
	MAGIC("GIF87a", 0, "image/gif"),
	MAGIC("GIF89a", 0, "image/gif"),
	TWICE("RIFF", "WEBP", 8, "image/webp"),
	TWICE("RIFF", "WAVE", 8, "audio/wav"),
	TWICE("RIFF", "AVI ", 8, "video/x-msvideo"),
	MAGIC("II*\0", 0, "image/tiff"),
	MAGIC("MM\0*", 0, "image/tiff"),
	MAGIC("%PDF-", 0, "application/pdf"),
	MAGIC("%!PS-", 0, "application/postscript"),
	MAGIC("{\\rtf", 0, "application/rtf"),
	MAGIC("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0, "application/x-ole-storage"),
	MAGIC("\x1f\x8b\x08", 0, "application/gzip"),
	MAGIC("\xfd" "7zXZ\0", 0, "application/x-xz"),
	MAGIC("\x28\xb5\x2f\xfd", 0, "application/zstd"),
	MAGIC("7z\xbc\xaf\x27\x1c", 0, "application/x-7z-compressed"),
	MAGIC("Rar!\x1a\x07", 0, "application/vnd.rar"),
	MAGIC("ustar", 257, "application/x-tar"),
	MAGIC("SQLite format 3\0", 0, "application/vnd.sqlite3"),
	MAGIC("#!AMR", 0, "audio/amr"),
	MAGIC("\x7f" "ELF", 0, unknown), /* programs have no better name */
};

/* A text may begin like these, so they count only for what is none. */
static const struct magic weak[] = {
	TWICE("BM", "\0\0\0\0", 6, "image/bmp"),
	MAGIC("BZh", 0, "application/x-bzip2"),
	MAGIC("ID3", 0, "audio/mpeg"),
	MAGIC("fLaC", 0, "audio/flac"),
	MAGIC("MThd", 0, "audio/midi"),
	MAGIC("8BPS", 0, "image/vnd.adobe.photoshop"),
	MAGIC("MZ", 0, unknown),
};

#define COUNT(table) (sizeof(table) / sizeof((table)[0]))

/* Names that a client may give to bytes of a kind; one that ends in * is a beginning. */
static const struct { const char *found, *claimed; } closer[] = {
	{ "text/plain", "text/csv" },
	{ "text/plain", "text/markdown" },
	{ "text/plain", "text/tab-separated-values" },
	{ "text/plain", "text/calendar" },
	{ "text/plain", "text/vcard" },
	{ "text/plain", "application/json" },
	{ "text/plain", "application/geo+json" },
	{ "text/plain", "application/x-ndjson" },
	{ "text/plain", "application/yaml" },
	{ "application/xml", "text/xml" },
	{ "application/xml", "application/gpx+xml" },
	{ "application/xml", "application/vnd.google-earth.kml+xml" },
	{ "application/zip", "application/vnd.openxmlformats-officedocument.*" },
	{ "application/zip", "application/vnd.oasis.opendocument.*" },
	{ "application/zip", "application/vnd.ms-*" },
	{ "application/zip", "application/vnd.android.package-archive" },
	{ "application/zip", "application/vnd.google-earth.kmz" },
	{ "application/zip", "application/java-archive" },
	{ "application/zip", "application/epub+zip" },
	{ "application/x-ole-storage", "application/msword" },
	{ "application/x-ole-storage", "application/vnd.ms-*" },
	{ "application/x-ole-storage", "application/vnd.visio" },
	{ "image/tiff", "image/x-*" },
	{ "video/mp4", "audio/mp4" },
	{ "video/webm", "audio/webm" },
	{ "video/x-matroska", "audio/x-matroska" },
	{ "application/ogg", "audio/ogg" },
	{ "application/ogg", "video/ogg" },
};

/* Types that a browser runs, takes apart, or believes more than it should. */
static const char *const active[] = {
	"text/css", "text/xsl", "image/svg*", "multipart/*", "message/*",
	"text/cache-manifest", "application/x-shockwave-flash", "application/hta",
	"application/x-java-*", "text/x-component", "text/event-stream",
	"application/wasm", "application/manifest+json", NULL
};

static const char *const shown[] = {
	"image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/avif",
	"image/heic", "application/pdf", "text/plain", "audio/*", "video/*", NULL
};

static bool
fits(const char *media, const char *pattern)
{
	size_t n = strlen(pattern);

	return n && pattern[n - 1] == '*' ? strncmp(media, pattern, n - 1) == 0 :
	    text_same(media, pattern);
}

static bool
in_list(const char *const *list, const char *media)
{
	while (*list && !fits(media, *list))
		list++;
	return *list != NULL;
}

static bool
stands(const uint8_t *p, size_t n, size_t at, const char *bytes, size_t size)
{
	return n >= at + size && memcmp(p + at, bytes, size) == 0;
}

static const char *
look_up(const struct magic *table, size_t rows, const uint8_t *p, size_t n)
{
	for (size_t i = 0; i < rows; i++) {
		const struct magic *m = &table[i];

		if (stands(p, n, m->at, m->bytes, m->n) &&
		    (!m->more || stands(p, n, m->more_at, m->more, 4)))
			return m->media;
	}
	return NULL;
}

const char *
media_sniff(const uint8_t *p, size_t n)
{
	const char *media;

	n = n < MEDIA_HEAD ? n : MEDIA_HEAD;
	media = look_up(strong, COUNT(strong), p, n);
	if (!media)
		media = media_box(p, n);
	if (!media)
		media = media_text(p, n);
	return media ? media : look_up(weak, COUNT(weak), p, n);
}

/* Would the bytes have shown that they are of this type? */
static bool
would_show(const char *media)
{
	static const char *const others[] = {
		"application/zip", "application/vnd.openxmlformats*", "image/heic",
		"image/avif", "video/mp4", "video/webm", "image/svg+xml", NULL
	};

	for (size_t i = 0; i < COUNT(strong); i++)
		if (text_same(strong[i].media, media) && media != unknown)
			return true;
	for (size_t i = 0; i < COUNT(weak); i++)
		if (text_same(weak[i].media, media))
			return true;
	return in_list(others, media);
}

/* type/subtype, each a restricted-name of RFC 6838 section 4.2. */
static bool
well_formed(const char *media)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	const char *slash = strchr(media, '/');
	size_t n = strlen(media);

	if (!slash || n > MEDIA_NAME || !strchr(letters, media[0]) || slash == media ||
	    !slash[1] || !strchr(letters, slash[1]))
		return false;
	for (const char *p = media; *p; p++)
		if (p != slash && !strchr(letters, *p) && !strchr("!#$&-^_.+", *p))
			return false;
	return true;
}

/* A type that can do nothing where it is believed: no markup, no script. */
static bool
is_harmless(const char *media)
{
	return well_formed(media) && !in_list(active, media) &&
	    !strstr(media, "script") && !strstr(media, "html") && !strstr(media, "xml");
}

const char *
media_served(struct arena *a, const uint8_t *p, size_t n, const char *claimed)
{
	const char *found = media_sniff(p, n);
	const char *media = claimed ? text_lower(a, arena_copy(a, claimed,
	    strcspn(claimed, "; \t"))) : "";

	if (!found)
		return is_harmless(media) && !would_show(media) ? media : unknown;
	for (size_t i = 0; i < COUNT(closer); i++)
		if (text_same(closer[i].found, found) && fits(media, closer[i].claimed) &&
		    well_formed(media))
			return media;
	return found;
}

bool
media_shown(const char *media)
{
	return in_list(shown, media);
}
