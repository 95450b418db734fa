/* SPDX-License-Identifier: MIT */
#ifndef CORE_SCAN_H
#define CORE_SCAN_H

#include <stddef.h>

#include "err.h"

enum { SCAN_NAME = 100 };

/*
 * Looking for viruses with clamd (setting CLAMD; clamd(8), INSTREAM). The bytes are sent
 * to it in small pieces, so memory does not grow with the file. Without a clear answer
 * within SCAN_SECONDS, and a second more for every 8 MB, the file counts as unchecked.
 */

/* scan_file(fd, offset, size, name): Have the size bytes at offset of the file looked
 * through. OK: nothing was found, or CLAMD is not set. ERR_BAD: something was, and name
 * (SCAN_NAME bytes) has what, in printable ASCII. ERR_BIG: clamd takes no file so large.
 * ERR_DOWN: it could not be checked. The last two are logged. */
enum err scan_file(int fd, size_t offset, size_t size, char name[SCAN_NAME]);

/* scan_ping(): Does clamd answer? ERR_DOWN (logged) if not, ERR_MISSING if CLAMD is not
 * set. */
enum err scan_ping(void);

#endif
