/* SPDX-License-Identifier: MIT */
#ifndef CORE_JOURNAL_H
#define CORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct arena;
struct audit_event;
struct audit_source;
struct db;

/*
 * The journal of reads: who was shown what. A read changes nothing, so it has no
 * transaction that its audit could be part of, and one of its own for each would make
 * reading as dear as writing. Instead, whoever answers a read first appends a line to a
 * file of his own below STATE/journal, and one process, the recorder, moves the lines
 * of all into the audit, many at a time.
 *
 * A file belongs to the one process that holds its lock (flock(2)) and appends to it;
 * so no line can be torn by another, a process that is killed leaves at most half a
 * line, the last, of a read that was not answered, and when the lock is free the file
 * is complete. Each line has the id of its row: taken twice, it is stored once.
 *
 * It is bounded: JOURNAL_WAITING full files of JOURNAL_FILE bytes, and the ones being
 * written. When it is full, readers wait; when that does not help, they are refused.
 */
enum { JOURNAL_FILE = 64 * 1024, JOURNAL_WAITING = 64 };

/* journal_open(folder): Use folder, making it if needed. Once, before anything else
 * here; the process may lock itself afterwards, folder being writable. */
enum err journal_open(const char *folder);

/* journal_begin(): Begin this process's file, with room for some hundred lines: so a
 * disk that is full later doesn't end all reading at once. Fails as journal_write. */
enum err journal_begin(void);

/* journal_write(source, event): Record a read before it is answered. Waits while the
 * journal is full. ERR_DOWN (logged) if it stays so, or the disk is full: then the read
 * must not be answered. */
enum err journal_write(const struct audit_source *source,
    const struct audit_event *event);

/* journal_count(n, most): How many files there are, and how many at most: then readers
 * wait. */
enum err journal_count(int *n, int *most);

/* journal_own(): Wait until no other process is the recorder, and be it. */
enum err journal_own(void);

/* journal_flush(db, arena, more): Move a batch of lines into the audit, in one
 * transaction; files that are done with are removed after it. more: there may be
 * further ones waiting. Only for the recorder. On failure nothing is lost, and the next
 * call tries again. */
enum err journal_flush(struct db *db, struct arena *arena, bool *more);

/* journal_folder(): Its descriptor, for journal_flush.c. */
int journal_folder(void);

/* journal_each(found, context): Call found(context, id) for each file of lines; it
 * stops when that is not OK. */
enum err journal_each(enum err (*found)(void *context, const char *id), void *context);

#endif
