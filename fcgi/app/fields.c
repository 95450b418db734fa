/* SPDX-License-Identifier: MIT */
/*
 * Rules for texts, and a reply, that several nouns share. Names and notes go to
 * cards, lists and logs: a control character in them is never meant.
 */
#include "fields.h"
#include "front.h"

static const struct shape_field farmer_done_fields[] = {
	FIELD(farmer_done, message, SHAPE_TEXT),
	FIELD(farmer_done, farmer_id, SHAPE_TEXT),
};
SHAPE(farmer_done, "FarmerDone", SHAPE_BODY);

static bool
has_control(const char *s, bool lines)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;

		if (lines && (c == '\n' || c == '\r' || c == '\t'))
			continue;
		if (c < 0x20 || c == 0x7f)
			return true;
	}
	return false;
}

static bool
plain_holds(const char *s)
{
	return !has_control(s, false);
}

static bool
note_holds(const char *s)
{
	return !has_control(s, true);
}

const struct shape_rule plain_rule = {
	.type = "value_error", .holds = plain_holds,
	.msg = "Value error, control characters are not allowed"
};

const struct shape_rule note_rule = {
	.type = "value_error", .holds = note_holds,
	.msg = "Value error, control characters are not allowed"
};
