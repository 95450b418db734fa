/* SPDX-License-Identifier: MIT */
/*
 * A farmer's photo in the browser: to be seen, and to be changed.
 */
#include "arena.h"
#include "front.h"
#include "page.h"
#include "queries.h"
#include "store.h"
#include "photo.h"

enum err
photo_page(struct req *r)
{
	const char *farmer_id = req_param(r, "farmer_id");
	struct farmer_get_row row;
	enum err e = q_farmer_get(r->db, &(struct farmer_get_in){
	    .farmer_id = farmer_id, SCOPE(front_viewer(r)) }, &row);

	if (!e && !row.photo_file_id)
		e = ERR_MISSING;
	if (e)
		return e;
	page_private(r);
	return reply_file(r, "image/jpeg", arena_print(r->arena, "photo_%s.jpg",
	    farmer_id), store_path(r->arena, row.photo_file_id));
}

enum err
photo_page_put(struct req *r)
{
	const char *farmer_id = req_param(r, "farmer_id"), *file_id;
	enum err e = photo_put(r, farmer_id, &file_id);

	if (e == ERR_BAD || e == ERR_DOWN)
		return farmer_page_again(r, e, page_words(r, e), NULL);
	return e ? e : page_go(r, arena_print(r->arena, "/farmers/%s?done=photo",
	    farmer_id));
}
