/* SPDX-License-Identifier: MIT */
/*
 * The first page: what this is, and the ways on from here.
 */
#include "front.h"
#include "page.h"
#include "templates.h"

enum err
home_page(struct req *r)
{
	struct home_page p = { .frame = page_frame_of(r, "Welcome", "/") };

	page_home(page_begin(r, 200), &p);
	return page_end(r);
}
