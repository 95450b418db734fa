/* SPDX-License-Identifier: MIT */
/*
 * A farmer's photo in the browser: to be seen, and to be changed.
 */
#include <string.h>

#include "arena.h"
#include "deliver.h"
#include "front.h"
#include "page.h"
#include "queries.h"
#include "seen.h"
#include "photo.h"

enum err
photo_page(struct req *r)
{
	const char *farmer_id = req_param(r, "farmer_id");
	struct farmer_photo_row row;
	enum err e = q_farmer_photo(r->db, &(struct farmer_photo_in){
	    .farmer_id = farmer_id, SCOPE(front_viewer(r)) }, &row);

	if (!e)
		e = seen_file(r, "download", farmer_id, row.object_id);
	if (e)
		return e;
	page_private(r);
	return deliver(r, &STORE_AT(&row), &(struct deliver){ .media = "image/jpeg",
	    .name = arena_print(r->arena, "photo_%s.jpg", farmer_id) });
}

/* The API lists file types, in the form that its clients know. */
static const char *
words(struct req *r, enum err e)
{
	if (e == ERR_BAD && r->detail && strncmp(r->detail, "Invalid file type", 17) == 0)
		return "This is not a photo that can be used. Please choose a JPEG, PNG "
		    "or WebP picture.";
	return page_words(r, e);
}

enum err
photo_page_put(struct req *r)
{
	const char *farmer_id = req_param(r, "farmer_id"), *file_id;
	enum err e = photo_put(r, farmer_id, &file_id);

	if (e == ERR_BAD || e == ERR_DOWN)
		return farmer_page_again(r, e, words(r, e), NULL);
	return e ? e : page_go(r, arena_print(r->arena, "/farmers/%s?done=photo",
	    farmer_id));
}
