/* SPDX-License-Identifier: MIT */
#ifndef APP_FARMER_PAGE_H
#define APP_FARMER_PAGE_H

#include "page.h"
#include "farmer.h"

/* farmer_page_choices(r, row, page): Fill the choices of the form: the districts that
 * the viewer may register in with their chiefdoms, and what row has already; row is
 * NULL for a new farmer. */
enum err farmer_page_choices(struct req *r, const struct farmer_get_row *row,
    struct farmer_form_page *page);

/* farmer_page_chiefdom(row): What stands in the form for a record's chiefdom: its code,
 * or CHIEFDOM_NAMED where only the name is known; NULL or "" if there is none. */
#define CHIEFDOM_NAMED "named"
const char *farmer_page_chiefdom(const struct farmer_get_row *row);

#endif
