/* SPDX-License-Identifier: MIT */
/* What files are, by their first bytes, whatever is claimed of them. */
#include <string.h>

#include "arena.h"
#include "media.h"
#include "test.h"

#define DOCX "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
#define XLSX "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
#define ODT "application/vnd.oasis.opendocument.text"
#define OCTETS "application/octet-stream"

/* Bytes with the NULs in them. */
#define BYTES(text) text, sizeof(text) - 1

static struct arena *arena;

struct sample { const char *bytes; size_t n; const char *media; };

static const char *
sniff(const char *bytes, size_t n)
{
	const char *media = media_sniff((const uint8_t *)bytes, n);

	return media ? media : "nothing";
}

static void
check(const struct sample *s, size_t n, const char *words)
{
	int bad = 0;

	for (size_t i = 0; i < n; i++) {
		const char *media = sniff(s[i].bytes, s[i].n);

		if (strcmp(media, s[i].media) == 0)
			continue;
		printf("# sample %zu: %s, not %s\n", i, media, s[i].media);
		bad++;
	}
	ok(!bad, words);
}

#define CHECK(table, words) check(table, sizeof(table) / sizeof((table)[0]), words)

static void
test_magic(void)
{
	static const struct sample samples[] = {
		{ BYTES("\xff\xd8\xff"), "image/jpeg" },
		{ BYTES("\xff\xd8"), "nothing" },
		{ BYTES("\x89PNG\r\n\x1a\n"), "image/png" },
		{ BYTES("\x89PNG\r\n\x1a"), "nothing" },
		{ BYTES("GIF89a"), "image/gif" },
		{ BYTES("RIFFxxxxWEBP"), "image/webp" },
		{ BYTES("RIFF\1\2\3\4WAVE"), "audio/wav" },
		{ BYTES("RIFF\1xxxWEB"), "nothing" },
		{ BYTES("II*\0\x08\0\0\0"), "image/tiff" },
		{ BYTES("MM\0*\0\0\0\x08"), "image/tiff" },
		{ BYTES("BM\x36\x10\0\0\0\0\0\0\x36\0"), "image/bmp" },
		{ BYTES("%PDF-1.4"), "application/pdf" },
		{ BYTES("%PDF"), "text/plain" },
		{ BYTES("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0"),
		    "application/x-ole-storage" },
		{ BYTES("\x1f\x8b\x08\0"), "application/gzip" },
		{ BYTES("Rar!\x1a\x07\x01\0"), "application/vnd.rar" },
		{ BYTES("ID3\4\0\0"), "audio/mpeg" },
		{ BYTES("\xff\xfb\x90\x64\0\0"), "audio/mpeg" },
		{ BYTES("\xff\xf1\x50\x80\0\0"), "audio/aac" },
		{ BYTES("\xff\xfb\xf0\x64\0\0"), "nothing" },
		{ BYTES("MZ\x90\0\3\0"), OCTETS },
		{ BYTES("\x7f" "ELF\2\1\1\0"), OCTETS },
		{ BYTES(""), "nothing" },
		{ BYTES("\0\0\0\0\0\0\0\0\0\0\0\0"), "nothing" },
	};

	CHECK(samples, "first bytes tell the type");
}

static void
test_boxes(void)
{
	static const struct sample samples[] = {
		{ BYTES("\0\0\0\x18" "ftypisom\0\0\2\0"), "video/mp4" },
		{ BYTES("\0\0\0\x14" "ftypqt  \0\0\2\0"), "video/quicktime" },
		{ BYTES("\0\0\0\x14" "ftypM4A \0\0\2\0"), "audio/mp4" },
		{ BYTES("\0\0\0\x14" "ftyp3gp5\0\0\2\0"), "video/3gpp" },
		{ BYTES("\0\0\0\x18" "ftypheic\0\0\0\0mif1"), "image/heic" },
		{ BYTES("\0\0\0\x1c" "ftypmif1\0\0\0\0mif1avif"), "image/avif" },
		{ BYTES("\0\0\0\x08" "moov"), "video/quicktime" },
		{ BYTES("\0\0\0\x18" "ftyp"), "nothing" },
		{ BYTES("\x1a\x45\xdf\xa3\x9f\x42\x82\x84webm"), "video/webm" },
		{ BYTES("\x1a\x45\xdf\xa3\x9f\x42\x82\x88matroska"), "video/x-matroska" },
		{ BYTES("OggS\0\2\0\0\0\0\0\0\0\0\1\1\1\1\0\0\0\0\2\2\2\2\1\x1e"
		    "\1vorbis"), "audio/ogg" },
		{ BYTES("OggS\0\2\x80theora"), "video/ogg" },
		{ BYTES("OggS\0\2"), "application/ogg" },
		{ BYTES("PK\5\6\0\0\0\0"), "application/zip" },
	};

	CHECK(samples, "boxes by what is first in them");
}

/* An entry of a ZIP: name and content shorter than 256 bytes. */
#define ZIP(flags, method, size, name_size, rest) \
	"PK\3\4\x14\0" flags "\0" method "\0\0\0\0\0\1\2\3\4" size "\0\0\0" \
	size "\0\0\0" name_size "\0\0\0" rest

static void
test_zip(void)
{
	static const struct sample samples[] = {
		{ BYTES(ZIP("\0", "\0", "\3", "\5", "a.txtabc")), "application/zip" },
		{ BYTES(ZIP("\0", "\x08", "\3", "\x13", "[Content_Types].xmlabc")
		    ZIP("\0", "\x08", "\1", "\x0b", "_rels/.relsx")
		    ZIP("\0", "\x08", "\1", "\x11", "word/document.xmlx")), DOCX },
		{ BYTES(ZIP("\0", "\x08", "\3", "\x13", "[Content_Types].xmlabc")
		    ZIP("\0", "\x08", "\1", "\x0d", "xl/styles.xmlx")), XLSX },
		{ BYTES(ZIP("\x08", "\x08", "\0", "\x0b", "_rels/.relsabcdPK\7\10xxxx")
		    ZIP("\0", "\x08", "\1", "\x0f", "xl/workbook.xmlx")), XLSX },
		{ BYTES(ZIP("\0", "\0", "\1", "\x0a", "word/a.txtx")),
		    "application/zip" },
		{ BYTES(ZIP("\0", "\0", "\x27", "\x08", "mimetype" ODT)), ODT },
		{ BYTES(ZIP("\0", "\0", "\x09", "\x08", "mimetypetext/html")),
		    "application/zip" },
		{ BYTES(ZIP("\0", "\x08", "\1", "\x14", "META-INF/MANIFEST.MFx")),
		    "application/java-archive" },
		{ BYTES("PK\3\4"), "application/zip" },
		{ BYTES("PK\3\4\x14\0\0\0\0\0\0\0\0\0\1\2\3\4\xff\xff\xff\xff\xff\xff\xff"
		    "\xff\xff\xff\xff\xff" "a"), "application/zip" },
	};
	char cut[400] = "";
	int wrong = 0;

	CHECK(samples, "a ZIP by the names in it");
	memcpy(cut, samples[1].bytes, samples[1].n);
	for (size_t n = 4; n < samples[1].n; n++)
		wrong += strncmp(sniff(cut, n), "application/", 12) != 0;
	ok(!wrong, "however it is cut");
}

static void
test_markup(void)
{
	static const struct sample samples[] = {
		{ BYTES("<html>"), "text/html" },
		{ BYTES(" \r\n\t\f<!DOCTYPE HTML>"), "text/html" },
		{ BYTES("\xef\xbb\xbf<ScRiPt>alert(1)"), "text/html" },
		{ BYTES("<!-- hello --> plain"), "text/html" },
		{ BYTES("<!-- never closed"), "text/html" },
		{ BYTES("<a href=x>"), "text/html" },
		{ BYTES("<img/src=x onerror=alert(1)>"), "text/html" },
		{ BYTES("<html>\0\1\2\3"), "text/html" },
		{ BYTES("<svg xmlns='http://www.w3.org/2000/svg'/>"), "image/svg+xml" },
		{ BYTES("<?xml version='1.0'?>\n<!-- x -->\n<SVG>"), "image/svg+xml" },
		{ BYTES("<?xml version='1.0'?><s:svg xmlns:s='x'>"), "image/svg+xml" },
		{ BYTES("<!-- x --><!doctype svg PUBLIC>"), "image/svg+xml" },
		{ BYTES("<?xml version='1.0'?><html xmlns='x'>"),
		    "application/xhtml+xml" },
		{ BYTES("<?xml version='1.0'?><?xml-stylesheet href='x'?><kml>"),
		    "application/xml" },
		{ BYTES("<?xml version='1.0'?><!DOCTYPE html>"), "text/html" },
		{ BYTES("<?xml"), "application/xml" },
		{ BYTES("<?php echo 1 ?><svg>"), "image/svg+xml" },
		{ BYTES("\xff\xfe<\0s\0c\0r\0i\0p\0t\0>\0"), "text/html" },
		{ BYTES("\xfe\xff\0<\0s\0v\0g\0>"), "image/svg+xml" },
		{ BYTES("<"), "text/plain" },
		{ BYTES("<apples> are 3"), "text/plain" },
		{ BYTES("a <b>"), "text/plain" },
	};

	CHECK(samples, "markup, however it is dressed up");
}

static void
test_text(void)
{
	static const struct sample samples[] = {
		{ BYTES("hello\r\n\tworld \xc5\x8b"), "text/plain" },
		{ BYTES("\x1b[1mbold"), "text/plain" },
		{ BYTES("\xff\xfeh\0i\0\x4b\x01"), "text/plain" },
		{ BYTES("\xff\xfe\0\0\1\0"), "nothing" },
		{ BYTES("caf\xe9"), "nothing" },
		{ BYTES("a\0b"), "nothing" },
		{ BYTES("a\x08"), "nothing" },
		{ BYTES("a\xc5"), "nothing" },
		{ BYTES("MZAMBO;1"), "text/plain" },
		{ BYTES("BM,2"), "text/plain" },
	};
	char head[MEDIA_HEAD + 100];

	CHECK(samples, "text in UTF-8 or UTF-16");
	memset(head, 'a', sizeof(head));
	memcpy(head + MEDIA_HEAD - 1, "\xc5\x8b", 2);
	ok(strcmp(sniff(head, MEDIA_HEAD), "text/plain") == 0,
	    "of a longer text, the last letter may be cut");
	head[MEDIA_HEAD + 10] = '\0';
	ok(strcmp(sniff(head, sizeof(head)), "text/plain") == 0, "no more is looked at");
	head[MEDIA_HEAD - 1] = 'a';
	head[100] = '\xc5';
	ok(strcmp(sniff(head, MEDIA_HEAD), "nothing") == 0, "but no other");
}

static bool
served(const char *bytes, const char *claimed, const char *as)
{
	const char *media;

	arena_reset(arena);
	media = media_served(arena, (const uint8_t *)bytes, strlen(bytes), claimed);
	if (strcmp(media, as) != 0)
		printf("# %s is served as %s\n", claimed ? claimed : "-", media);
	return strcmp(media, as) == 0;
}

static void
test_served(void)
{
	char longest[140] = "a/", zip[] = "PK\3\4", ole[] = "\xd0\xcf\x11\xe0\xa1\xb1\x1a"
	    "\xe1";

	ok(served("\x89PNG\r\n\x1a\n", "text/html", "image/png") &&
	    served("<html>", "image/png", "text/html") &&
	    served("%PDF-1.7", NULL, "application/pdf"), "magic bytes decide");
	ok(served("a,b", "Text/CSV; charset=x", "text/csv") &&
	    served("a,b", "text/html", "text/plain") &&
	    served("a", "application/javascript", "text/plain") &&
	    served("a", "text/css", "text/plain") && served("{}", "application/json",
	    "application/json"), "a text may have a closer name, if it does nothing");
	ok(served(zip, DOCX, DOCX) && served(zip, "text/html", "application/zip") &&
	    served(zip, "application/vnd.ms-<script>", "application/zip") &&
	    served(ole, "application/vnd.ms-excel", "application/vnd.ms-excel") &&
	    served(ole, "application/pdf", "application/x-ole-storage"),
	    "so may an office document");
	ok(served("\1\2", "application/x-own", "application/x-own") &&
	    served("\1\2", "Audio/X-Thing ", "audio/x-thing"),
	    "what is claimed of unknown bytes is believed if it does nothing");
	ok(served("\1\2", NULL, OCTETS) && served("\1\2", "", OCTETS) &&
	    served("\1\2", "text", OCTETS) && served("\1\2", "/x", OCTETS) &&
	    served("\1\2", "text/", OCTETS) && served("\1\2", "a/b/c", OCTETS) &&
	    served("\1\2", "a/b\r\nX-Y:z", OCTETS) &&
	    served("\1\2", "a/\xc3\xa9", OCTETS),
	    "but not if it is no type");
	ok(served("\1\2", "text/html", OCTETS) &&
	    served("\1\2", "IMAGE/SVG+XML", OCTETS) &&
	    served("\1\2", "application/xhtml+xml", OCTETS) &&
	    served("\1\2", "text/javascript", OCTETS) &&
	    served("\1\2", "application/ecmascript", OCTETS) &&
	    served("\1\2", "application/x+xml", OCTETS) &&
	    served("\1\2", "x/xml", OCTETS) &&
	    served("\1\2", "multipart/x-mixed-replace", OCTETS),
	    "nor what a browser runs or takes apart");
	ok(served("\1\2", "image/png", OCTETS) && served("\1\2", "application/pdf",
	    OCTETS) && served("\1\2", DOCX, OCTETS),
	    "nor what the bytes would have shown");
	memset(longest + 2, 'b', MEDIA_NAME - 2);
	ok(served("\1\2", longest, longest), "the longest type");
	longest[MEDIA_NAME] = 'b';
	ok(served("\1\2", longest, OCTETS), "one byte longer");
}

static void
test_shown(void)
{
	ok(media_shown("image/jpeg") && media_shown("application/pdf") &&
	    media_shown("text/plain") && media_shown("video/mp4"), "harmless ones");
	ok(!media_shown("text/html") && !media_shown("image/svg+xml") &&
	    !media_shown("application/xml") && !media_shown(OCTETS) &&
	    !media_shown("text/plainx") && !media_shown(""), "no others");
}

int
main(void)
{
	arena = arena_make(1 << 20, NULL);
	test_magic();
	test_boxes();
	test_zip();
	test_markup();
	test_text();
	test_served();
	test_shown();
	arena_end(arena);
	return test_end();
}
