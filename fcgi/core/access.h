/* SPDX-License-Identifier: MIT */
#ifndef CORE_ACCESS_H
#define CORE_ACCESS_H

#include <stdbool.h>

/*
 * Who is asking, and so what every statement on people's data may show: all (an
 * administrator), the districts of account_id (an operator), or farmer_id's own row.
 * A viewer of zeros sees nothing. Accounts may have the role FARMER too: is_farmer
 * without a farmer_id, who sees nobody's record; beside another role it counts nothing.
 *
 * All this is so in the organisation that keeps the register. Administrators do not come
 * from others, and their operators have files of their organisation and nothing else:
 * none of the roles here is set for them.
 */
struct viewer {
	bool is_admin, is_operator, is_farmer;
	bool keeps_register;	/* of the organisation that does, or a farmer */
	bool all;		/* sees every farmer */
	const char *account_id;	/* of an administrator or operator, or NULL */
	const char *farmer_id;	/* of a farmer, or NULL */
	const char *organisation_id; /* whose files the account may use, or NULL */
	const char *session_id;
	const char *name;	/* for greetings; may be NULL */
	const char *subject;	/* e-mail, or farmer_id */
	const char *mark;	/* in created_by and logs: operator_id or e-mail */
};

/* What a route asks for: the who column of routes.def. */
enum access {
	ANYBODY,	/* no sign-in */
	SIGNED,		/* any signed-in account or farmer */
	FARMER,		/* farmers, for what is their own */
	MEMBER,		/* operators and administrators of any organisation, for what
			 * is that organisation's */
	OPERATOR,	/* operators and administrators of the register */
	ADMIN		/* administrators */
};

#endif
