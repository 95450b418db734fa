/* SPDX-License-Identifier: MIT */
#ifndef APP_AUTH_H
#define APP_AUTH_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"
#include "shape.h"

struct req;
struct user_out;

/* Signing in: by the API and by the page. */
struct login_form { const char *email, *password, *role; };

struct login_out {
	const char *access_token, *refresh_token, *token_type;
	int64_t expires_in;
	const struct user_out *user;
};

/* auth_sign_in(r, in, out): Check e-mail and password, or NRC and birth date, and
 * start a session. Counts attempts. ERR_AUTH, ERR_DENIED (switched off) or ERR_BUSY
 * with the reply made. */
enum err auth_sign_in(struct req *r, const struct login_form *in,
    struct login_out *out);

/* auth_sign_out(r): End the viewer's session, and with it all of its tokens. */
enum err auth_sign_out(struct req *r);

#endif
