/* SPDX-License-Identifier: MIT */
#ifndef APP_FRONT_H
#define APP_FRONT_H

#include "front_handler.h"
#include "routes.h"

/*
 * The front door: every request comes through here. It finds the route's row, asks
 * for sign-in as the row says, reads the input, runs the handler in one
 * transaction (a GET in none, and read-only), and sends the reply after the commit.
 * Handlers include this: it has their declarations too, and what they do with it.
 */

/* front(r): Handle one request whole; r is ready to be sent afterwards. */
void front(struct req *r);

#endif
