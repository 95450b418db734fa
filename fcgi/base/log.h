/* SPDX-License-Identifier: MIT */
#ifndef BASE_LOG_H
#define BASE_LOG_H

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/*
 * One line an event, on standard error (journald, or the file ./run names):
 *
 *     2026-01-02T03:04:05.123456+00:00 info pid=12 request=1f2e3d4c login ok
 *
 * Control characters in the text are written as \xNN, so no input can forge a
 * line. Never pass a secret, an NRC, a birth date or a request body.
 */

/* log_write(level, format, ...): Write one event if level is not below the limit. */
void log_write(enum log_level level, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* log_limit(level): Drop events below level from now on; the start is LOG_INFO. */
void log_limit(enum log_level level);

/* log_request(id): Put request=id into every line until the next call; NULL or
 * "" ends it. The text must live until then. */
void log_request(const char *id);

#endif
