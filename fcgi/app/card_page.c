/* SPDX-License-Identifier: MIT */
/*
 * A farmer's card in the browser: to be made, and to be kept as a file. It is sent to
 * be saved, not to be shown in a tab: the browser's viewer would need rights that
 * stored files don't get.
 */
#include "arena.h"
#include "deliver.h"
#include "front.h"
#include "page.h"
#include "queries.h"
#include "seen.h"
#include "card.h"

enum err
card_page(struct req *r)
{
	struct card_current_row row;
	enum err e = q_card_current(r->db, &(struct card_current_in){
	    .farmer_id = req_param(r, "farmer_id"), SCOPE(front_viewer(r)) }, &row);

	if (e == ERR_MISSING)
		return fail(r, e, "There is no card to download.");
	if (!e)
		e = seen_file(r, "download", req_param(r, "farmer_id"),
		    row.object_id);
	if (e)
		return e;
	page_private(r);
	return deliver(r, &STORE_AT(&row), &(struct deliver){
	    .media = "application/pdf", .attachment = true,
	    .name = arena_print(r->arena, "%s_card.pdf", req_param(r, "farmer_id")) });
}

enum err
card_page_issue(struct req *r)
{
	const char *farmer_id = req_param(r, "farmer_id");
	enum err e = card_issue(r, farmer_id);

	if (e == ERR_BUSY || e == ERR_DOWN || e == ERR_CONFLICT)
		return farmer_page_again(r, e, NULL, page_words(r, e));
	return e ? e : page_go(r, arena_print(r->arena, "/farmers/%s?done=card",
	    farmer_id));
}
