/* SPDX-License-Identifier: MIT */
/*
 * cem, a farmer register: one program for the server, its workers and its tools.
 * This is the table of commands; nothing here knows what they do.
 */
#include <stdio.h>
#include <string.h>

#include <sodium.h>

#include "arena.h"
#include "command.h"
#include "conf.h"
#include "log.h"
#include "text.h"
#include "version.h"

enum { MEMORY = 256 * 1024 * 1024 };

static int
command_conf(struct command *c)
{
	if (c->argc)
		return command_usage("conf");
	puts("| Setting | Default | Meaning |\n|---|---|---|");
	conf_print();
	return 0;
}

static int
command_version(struct command *c)
{
	if (c->argc)
		return command_usage("version");
	puts("cem " CEM_VERSION);
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct command *c);
	bool settings;		/* needs them read first */
	const char *words;
} commands[] = {
	{ "serve", command_serve, true, "answer requests until told to stop" },
	{ "work", command_work, true, "do the jobs that are due, once with --once" },
	{ "job", command_job, true, "jobs: list, show, cancel, retry, kinds, ping" },
	{ "sweep", command_sweep, true, "put stored bytes that no row names aside" },
	{ "migrate", command_migrate, true, "bring the database to this version" },
	{ "check", command_check, true, "see whether this host is ready" },
	{ "user", command_user, true, "accounts: add, list, on, off, password" },
	{ "organisation", command_organisation, true,
	    "organisations: add, list, quota, rename, purge" },
	{ "farmer", command_farmer, true, "deleted farmers: list, restore" },
	{ "import", command_import, true, "register the farmers of a table" },
	{ "store", command_store, true, "stored files: copy them between places, check" },
	{ "key", command_key, true, "card keys: list, rotate after a change of secret" },
	{ "sample", command_sample, true, "invented farmers with drawn portraits" },
	{ "routes", command_routes, false, "every route, and who may call it" },
	{ "openapi", command_openapi, false, "the interface as OpenAPI 3.1" },
	{ "conf", command_conf, false, "every setting, its default and meaning" },
	{ "version", command_version, false, "the version" },
};

enum { N_COMMANDS = sizeof(commands) / sizeof(commands[0]) };

static void
help(FILE *out)
{
	fputs("usage: cem COMMAND [--config FILE] [WORDS]\n\n", out);
	for (int i = 0; i < N_COMMANDS; i++)
		fprintf(out, "  %-12s %s\n", commands[i].name, commands[i].words);
	fputs("\nSettings come from FILE and the environment, which wins.\n", out);
}

static int
usage(const char *wrong)
{
	if (wrong)
		fprintf(stderr, "cem: there is no command \"%s\"\n", wrong);
	help(stderr);
	return 2;
}

static void
set_log_level(void)
{
	static const char *const names[] = { "debug", "info", "warn", "error" };

	for (int i = 0; i < 4; i++)
		if (text_same(names[i], conf.log_level))
			log_limit((enum log_level)i);
}

int
main(int argc, char *argv[])
{
	struct command c = { .whole = argv, .arena = arena_make(MEMORY, NULL) };
	const char *config;

	if (argc < 2)
		return usage(NULL);
	if (text_same(argv[1], "help") || text_same(argv[1], "--help")) {
		help(stdout);
		return 0;
	}
	if (sodium_init() < 0) {
		fputs("cem: no source of random numbers\n", stderr);
		return 1;
	}
	/* A copy, as options are taken out, and the whole is needed for a reload. */
	c.argc = argc - 2;
	c.argv = arena_array(c.arena, char *, (size_t)c.argc + 1);
	memcpy(c.argv, argv + 2, (size_t)c.argc * sizeof(*argv));
	config = command_option(&c, "--config");
	for (int i = 0; i < N_COMMANDS; i++) {
		if (!text_same(commands[i].name, argv[1]))
			continue;
		if (commands[i].settings && !conf_load(config)) {
			if (!config)
				fputs("cem: no --config FILE was named\n", stderr);
			return 1;
		}
		if (commands[i].settings)
			set_log_level();
		return commands[i].run(&c);
	}
	return usage(argv[1]);
}
