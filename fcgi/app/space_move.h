/* SPDX-License-Identifier: MIT */
#ifndef APP_SPACE_MOVE_H
#define APP_SPACE_MOVE_H

#include <stdbool.h>

#include "err.h"

struct req;

/* What move and copy ask for, and answer. */
struct space_ends { const char *source_path, *destination_path; };
struct space_moved { bool success; const char *message, *source, *destination; };

/* space_ends_ask(r, path): The two paths of r->in, a struct space_ends; 400 is the
 * answer if one of them can't be a path. */
enum err space_ends_ask(struct req *r, const char *path[2]);

#endif
