/* SPDX-License-Identifier: MIT */
/*
 * Lines of the journal as a power cut may leave them. What is read is written back as
 * the same line; what is written of any texts is read back with nothing forged.
 */
#include <stdlib.h>
#include <string.h>

#include "id.h"
#include "journal_line.h"
#include "queries.h"
#include "text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_read(const uint8_t *data, size_t size)
{
	char *line = malloc(size + 1), again[JOURNAL_LINE];
	struct audit_insert_in row;
	size_t n;

	if (size)
		memcpy(line, data, size);
	if (journal_line_read(line, size, &row)) {
		if (!id_valid(row.audit_id) || !*row.level || !*row.module ||
		    !*row.action || !*row.endpoint || row.logged_at < 0)
			abort();
		n = journal_line(again, &row);
		/* Digits may have been written with zeros before them. */
		if (!n || n > size + 1 || (n == size + 1 &&
		    memcmp(again, data, size) != 0))
			abort();
	}
	free(line);
}

/* The input as texts of a row: they stay apart whatever is in them. */
static void
check_write(const uint8_t *data, size_t size)
{
	char text[3][400] = { "" }, line[JOURNAL_LINE];
	const struct audit_insert_in row = { .audit_id = "000000000000700000000000",
		.level = "INFO", .module = "farmers", .action = "get_success",
		.endpoint = "/", .user_id = text[0], .subject = text[1],
		.details = text[2], .logged_at = 7 };
	struct audit_insert_in back;
	size_t n;

	for (int i = 0; i < 3; i++) {
		size_t part = size < 399 ? size : 399;

		memcpy(text[i], data, part);
		data += part;
		size -= part;
	}
	n = journal_line(line, &row);
	if (!n)
		return;
	if (memchr(line, '\n', n) != line + n - 1 ||
	    !journal_line_read(line, n - 1, &back) ||
	    !text_same(back.audit_id, row.audit_id) || back.request_id ||
	    back.role || back.ip_address || back.logged_at != 7)
		abort();
	for (int i = 0; i < 3; i++) {
		const char *got = i == 0 ? back.user_id : i == 1 ? back.subject :
		    back.details;

		if (strlen(got ? got : "") != strlen(text[i]))
			abort();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_read(data, size);
	check_write(data, size);
	return 0;
}
