/* SPDX-License-Identifier: MIT */
#ifndef BASE_HELPER_H
#define BASE_HELPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/*
 * A helper: a process of its own beside one worker, for what the worker shall not
 * do itself (decode a stranger's picture, hold the card's key). It is forked before
 * the worker locks itself, has one socket to it and nothing else of it, answers one
 * question at a time and ends with it, however the worker ends.
 */
struct helper {
	const char *name;
	int socket;		/* -1: not running */
	pid_t pid;
};

#define HELPER_NONE { .name = "helper", .socket = -1, .pid = 0 }

enum {
	HELPER_MAX = 16 * 1024,	/* bytes of a question or an answer */
	HELPER_FDS = 3		/* descriptors passed with a question */
};

struct helper_question {
	size_t n;
	int n_fds;
	int fds[HELPER_FDS];	/* the helper's own copies, to be closed by it */
	uint8_t bytes[HELPER_MAX];
};

/* helper_start(h, name, run, context): Fork a helper named name that does
 * run(socket, context) and ends with its result. In it, standard input and output
 * are /dev/null, all other descriptors but standard error are closed, and SIGTERM
 * is ignored: the worker may still need it for its last request. ERR_BROKEN
 * (logged) if it can't be forked. */
enum err helper_start(struct helper *h, const char *name,
    int (*run)(int socket, void *context), void *context);

/* helper_stop(h): End it; harmless if it does not run. */
void helper_stop(struct helper *h);

/* helper_ask(h, q, answer, n, timeout_ms): Send q with its descriptors and read an
 * answer of exactly n bytes. ERR_DOWN (logged) if the helper has ended or is late;
 * it is given up then and the worker retires (proc_retire), so that its successor
 * starts with a fresh one. */
enum err helper_ask(struct helper *h, const struct helper_question *q, void *answer,
    size_t n, int timeout_ms);

/* helper_send(h, q), helper_next(h, message, room, n, timeout_ms): The two halves of
 * helper_ask, for an answer of more than one message, or of a length that is not known
 * before: *n bytes, at most room. Failures are those of helper_ask. */
enum err helper_send(struct helper *h, const struct helper_question *q);
enum err helper_next(struct helper *h, void *message, size_t room, size_t *n,
    int timeout_ms);

/* helper_take(socket, q): In the helper: wait for the next question. False when the
 * worker has gone; then the helper should end. */
bool helper_take(int socket, struct helper_question *q);

/* helper_answer(socket, p, n): In the helper: answer it. False if nobody listens. */
bool helper_answer(int socket, const void *p, size_t n);

#endif
