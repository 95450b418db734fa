/* SPDX-License-Identifier: MIT */
#ifndef APP_COMMAND_H
#define APP_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "err.h"

struct arena;
struct db;
struct sandbox;

/*
 * The commands of `cem`: cem NAME [--config FILE] [WORDS]. main.c has the table and
 * reads the settings; a command gets what is left of its words.
 */
struct command {
	int argc;		/* words after the name, without --config FILE */
	char **argv;
	char **whole;		/* the program's own argv, for a reload */
	struct arena *arena;
	int patience_ms;	/* with S3; 0: a minute */
};

/* Each returns the exit status. */
int command_serve(struct command *c);	/* daemon.c */
int command_work(struct command *c);	/* work.c */
int command_sweep(struct command *c);	/* chore.c */
int command_job(struct command *c);	/* job_command.c */
int command_migrate(struct command *c);	/* daemon.c */
int command_check(struct command *c);	/* check.c */
int command_check_s3(struct command *c);	/* check_s3.c, of command_check */
int command_figures(struct command *c);	/* farmer_tally.c, of command_check */
int command_space_check(struct command *c); /* space_tally.c, of command_check */
int command_user(struct command *c);	/* user.c */
int command_organisation(struct command *c); /* organisation.c */
int command_space_purge(struct command *c); /* space_purge.c, of the one before */
int command_farmer(struct command *c);	/* farmer_delete.c */
int command_import(struct command *c);	/* import_command.c */
int command_store(struct command *c);	/* store_command.c */
int command_key(struct command *c);	/* rekey.c */
int command_sample(struct command *c);	/* farmer_sample.c */
int command_routes(struct command *c);	/* docs.c */
int command_openapi(struct command *c);	/* docs.c */

#define COMMAND_SPACE_PURGE "organisation purge NAME [--dry-run]"

/* command_option(c, name): Take "--name VALUE" out of the words; its value, or NULL.
 * Called again it gives the next one of that name. */
const char *command_option(struct command *c, const char *name);

/* command_flag(c, name): Take "--name" out of the words; true if it was there. */
bool command_flag(struct command *c, const char *name);

/* command_usage(words): Say how a command is used, a line for each form of it; the exit
 * status, 2. */
int command_usage(const char *words);

/* command_fail(words): Say what went wrong; the exit status, 1. */
int command_fail(const char *words);

/* command_open(c, db): The database of the settings, its schema checked to be of
 * this program's version; keys are loaded. Says what is wrong. */
enum err command_open(struct command *c, struct db **db);

/* command_mend(c, mend, figures, counted): Have kept figures compared with what they
 * count, and put right; say how many they were. The exit status: 1 if there were any.
 * mend works in a transaction that is open, and sets *n. */
typedef enum err command_mend_fn(struct db *db, struct arena *a, size_t *n);
int command_mend(struct command *c, command_mend_fn *mend, const char *figures,
    const char *counted);

/* command_sandbox(a): What a worker may touch, by the settings: web workers, or
 * the job worker. The struct and its lists live for ever. */
const struct sandbox *command_sandbox(struct arena *a);

#endif
