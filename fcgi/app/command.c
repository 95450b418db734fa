/* SPDX-License-Identifier: MIT */
/*
 * The words of a command: options and flags are taken out one by one; what is left is
 * for the command itself.
 */
#include <stdio.h>

#include "command.h"
#include "text.h"

int
command_usage(const char *words)
{
	fprintf(stderr, "usage: cem %s\n", words);
	return 2;
}

static void
take_out(struct command *c, int at, int n)
{
	for (int i = at; i + n <= c->argc; i++)
		c->argv[i] = c->argv[i + n]; /* the NULL at the end comes along */
	c->argc -= n;
}

const char *
command_option(struct command *c, const char *name)
{
	const char *value;

	for (int i = 0; i + 1 < c->argc; i++) {
		if (!text_same(c->argv[i], name))
			continue;
		value = c->argv[i + 1];
		take_out(c, i, 2);
		return value;
	}
	return NULL;
}

bool
command_flag(struct command *c, const char *name)
{
	for (int i = 0; i < c->argc; i++) {
		if (!text_same(c->argv[i], name))
			continue;
		take_out(c, i, 1);
		return true;
	}
	return false;
}
