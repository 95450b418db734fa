/* SPDX-License-Identifier: MIT */
#ifndef APP_PHOTO_H
#define APP_PHOTO_H

#include "err.h"

struct req;

/* photo_put(r, farmer_id, file_id): Make the uploaded picture r->file the photo of a
 * farmer whom the viewer sees; *file_id names the new one. Fails with the reply
 * made. */
enum err photo_put(struct req *r, const char *farmer_id, const char **file_id);

#endif
