/* SPDX-License-Identifier: MIT */
/*
 * The event log. A line is built whole and written with one write(2), so lines of
 * several processes never mix (PIPE_BUF is 4096, which is also our longest line).
 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"

enum { LINE = 4096 };

static enum log_level limit = LOG_INFO;
static const char *request;

void
log_limit(enum log_level level)
{
	limit = level;
}

void
log_request(const char *id)
{
	request = id && *id ? id : NULL;
}

/* Copy text into line with control characters made visible; returns the end. */
static size_t
add_visible(char line[LINE], size_t n, const char *text)
{
	static const char hex[] = "0123456789abcdef";

	for (const char *p = text; *p && n < LINE - 6; p++) {
		unsigned char c = (unsigned char)*p;

		if (c >= 0x20 && c != 0x7f) {
			line[n++] = *p;
			continue;
		}
		line[n++] = '\\';
		line[n++] = 'x';
		line[n++] = hex[c >> 4];
		line[n++] = hex[c & 15];
	}
	return n;
}

void
log_write(enum log_level level, const char *format, ...)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };
	char line[LINE], text[LINE], now[CLOCK_TEXT];
	va_list args;
	size_t n;

	if (level < limit)
		return;
	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args); /* a long text is cut */
	va_end(args);
	(void)clock_text(clock_now(), now);
	n = (size_t)snprintf(line, sizeof(line), "%s %s pid=%ld ", now, names[level],
	    (long)getpid());
	if (request)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "request=%.40s ",
		    request);
	n = add_visible(line, n, text);
	line[n++] = '\n';
	if (write(STDERR_FILENO, line, n) < 0)
		return; /* nobody is left to tell */
}
