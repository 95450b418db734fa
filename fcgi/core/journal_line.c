/* SPDX-License-Identifier: MIT */
/*
 * Lines of the journal: written by whoever answers a read, read back by the recorder,
 * maybe after a power cut that left anything at all in the file. What reading accepts,
 * every database accepts: so one bad line can't hold up the rest. And what writing
 * accepts, reading does: nothing that was answered is dropped later.
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "id.h"
#include "journal_line.h"
#include "queries.h"
#include "text.h"

enum { BETWEEN = 0x1f, LEAST = 0x20, NEEDED = 5, TEXTS = JOURNAL_FIELDS - 1 };

#define TEXT(name) offsetof(struct audit_insert_in, name)

/* In the order of the line; the first NEEDED are never NULL. logged_at comes last. */
static const size_t texts[TEXTS] = {
	TEXT(audit_id), TEXT(level), TEXT(module), TEXT(action), TEXT(endpoint),
	TEXT(user_id), TEXT(role), TEXT(subject), TEXT(details), TEXT(ip_address),
	TEXT(request_id)
};

/* Append s to the n bytes of the line; 0 if it does not fit. */
static size_t
add(char *out, size_t n, const char *s)
{
	for (; s && *s; s++) {
		if (n >= JOURNAL_LINE - 1)
			return 0;
		out[n++] = (unsigned char)*s < LEAST ? '?' : *s;
	}
	if (n >= JOURNAL_LINE - 1)
		return 0;
	out[n++] = BETWEEN;
	return n;
}

size_t
journal_line(char out[JOURNAL_LINE], const struct audit_insert_in *row)
{
	char number[24];
	size_t n = 0;

	for (int i = 0; i < TEXTS; i++) {
		const char *s;

		memcpy(&s, (const char *)row + texts[i], sizeof(s));
		if (i < NEEDED && text_empty(s))
			return 0;
		n = add(out, n, s);
		if (!n)
			return 0;
	}
	(void)snprintf(number, sizeof(number), "%lld", (long long)row->logged_at);
	n = add(out, n, number);
	if (!n || !text_utf8(out, n))
		return 0;
	out[n - 1] = '\n';
	return n;
}

/* Is every byte one that journal_line writes? */
static bool
clean(const char *line, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if ((unsigned char)line[i] < LEAST && line[i] != BETWEEN)
			return false;
	return text_utf8(line, n);
}

/* The field at *at, ended by NUL; *at becomes the one after it, NULL after the last. */
static const char *
take(char **at)
{
	char *field = *at, *end = strchr(field, BETWEEN);

	*at = NULL;
	if (end) {
		*end = '\0';
		*at = end + 1;
	}
	return field;
}

/* The id begins with the time: lists and the tally stand on it. */
static bool
is_of_its_time(const struct audit_insert_in *row)
{
	char least[ID_TEXT];

	id_least(row->logged_at, least);
	return strncmp(row->audit_id, least, strlen(least)) == 0;
}

bool
journal_line_read(char *line, size_t n, struct audit_insert_in *row)
{
	char *at = line;

	*row = (struct audit_insert_in){ .audit_id = NULL };
	if (n >= JOURNAL_LINE || !clean(line, n))
		return false;
	line[n] = '\0';
	for (int i = 0; i < TEXTS && at; i++) {
		const char *s = take(&at);

		if (!*s && i < NEEDED)
			return false;
		s = *s ? s : NULL;
		memcpy((char *)row + texts[i], &s, sizeof(s));
	}
	return at && id_valid(row->audit_id) &&
	    text_number(at, 0, INT64_MAX, &row->logged_at) &&
	    is_of_its_time(row);
}
