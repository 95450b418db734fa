/* SPDX-License-Identifier: MIT */
/*
 * Talking to clamd. A question is "zINSTREAM", pieces of the file with their lengths
 * before them, and a length of 0; the answer is one line that ends in a NUL (clamd(8)).
 * Only the two answers that clamd gives when it has looked through the whole file are
 * believed, and only if they have come whole: all else is no verdict. clamd may answer
 * before it has everything, when that is more than it takes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "conf.h"
#include "log.h"
#include "net.h"
#include "scan.h"
#include "text.h"

enum {
	CONNECT_MS = 3000,
	PIECE = 64 * 1024,
	ANSWER = 512,
	BYTES_A_SECOND = 8 * 1024 * 1024	/* that clamd should manage at least */
};

struct talk {
	int fd;
	int64_t until;		/* clock_steady() when patience ends */
	char answer[ANSWER];	/* what clamd has said so far */
	size_t n;
	bool is_over;		/* it said all, or has gone */
};

/* The answer without what could spoil a line of the log, or a message. */
static void
printable(char *out, size_t room, const char *s, size_t n)
{
	size_t most = n < room - 1 ? n : room - 1;

	for (size_t i = 0; i < most; i++)
		out[i] = s[i] > 0x20 && s[i] < 0x7f && !strchr("\"\\<>&", s[i]) ? s[i] :
		    s[i] == ' ' ? ' ' : '_';
	out[most] = '\0';
}

static enum err
down(const char *why)
{
	log_write(LOG_ERROR, "no verdict from clamd at %s: %s", conf.clamd, why);
	return ERR_DOWN;
}

/* Wait until clamd takes more, or has said something. False when patience ends. */
static bool
await(struct talk *t, short events)
{
	struct pollfd p = { .fd = t->fd, .events = events };
	int64_t left = (t->until - clock_steady()) / 1000;
	int n;

	do
		n = left > 0 ? poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left) : 0;
	while (n < 0 && errno == EINTR);
	return n > 0;
}

/* Take in what clamd says: is_over at its NUL, at its end, or when it says too much. */
static void
listen_to(struct talk *t)
{
	ssize_t n = recv(t->fd, t->answer + t->n, sizeof(t->answer) - t->n,
	    MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	t->n += n > 0 ? (size_t)n : 0;
	t->is_over = n <= 0 || t->n == sizeof(t->answer) ||
	    memchr(t->answer, '\0', t->n);
}

/* Send it all. False: patience has ended, or clamd has begun to answer, or gone. */
static bool
say(struct talk *t, const void *bytes, size_t size)
{
	const char *p = bytes;

	while (size) {
		struct pollfd ready = { .fd = t->fd, .events = POLLIN };
		ssize_t n;

		if (poll(&ready, 1, 0) > 0)
			return false;
		n = send(t->fd, p, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return false;
		if (n < 0 && !await(t, POLLIN | POLLOUT))
			return false;
		p += n > 0 ? n : 0;
		size -= n > 0 ? (size_t)n : 0;
	}
	return true;
}

/* The rest of the answer. NULL if it did not come whole. */
static const char *
answer_of(struct talk *t)
{
	while (!t->is_over && await(t, POLLIN))
		listen_to(t);
	return memchr(t->answer, '\0', t->n) ? t->answer : NULL;
}

static enum err
meet(struct talk *t)
{
	struct net_place place;
	struct pollfd p = { .events = POLLOUT };
	int why = 0;
	socklen_t size = sizeof(why);

	if (!net_place_read(conf.clamd, &place))
		return down("that is no address");
	p.fd = t->fd = socket(place.address.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd < 0)
		return down(strerror(errno));
	if (connect(t->fd, (struct sockaddr *)&place.address, place.size) != 0 &&
	    errno != EINPROGRESS)
		return down(strerror(errno));
	if (poll(&p, 1, CONNECT_MS) <= 0)
		return down("it does not take connections");
	if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &why, &size) != 0 || why)
		return down(strerror(why ? why : errno));
	return OK;
}

static void
part(const struct talk *t)
{
	if (t->fd >= 0)
		(void)close(t->fd); /* all was said */
}

/* Send the file. False: clamd has answered or gone meanwhile, or *e is set. */
static bool
say_file(struct talk *t, int fd, size_t offset, size_t size, enum err *e)
{
	static uint8_t piece[4 + PIECE];
	uint32_t length;

	while (size) {
		size_t want = size < PIECE ? size : PIECE;
		ssize_t n = pread(fd, piece + 4, want, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			*e = down("the file to be checked can't be read");
			return false;
		}
		length = htonl((uint32_t)n);
		memcpy(piece, &length, 4);
		if (!say(t, piece, 4 + (size_t)n))
			return false;
		offset += (size_t)n;
		size -= (size_t)n;
	}
	length = 0;
	return say(t, &length, 4);
}

/* What the answer means, which says "stream: " before it. */
static enum err
verdict(const char *answer, bool all_sent, char name[SCAN_NAME])
{
	static const char before[] = "stream: ", found[] = " FOUND";
	size_t n = strlen(answer), skip = sizeof(before) - 1, end = sizeof(found) - 1;
	char words[ANSWER];

	if (all_sent && text_same(answer, "stream: OK"))
		return OK;
	if (n > skip + end && strncmp(answer, before, skip) == 0 &&
	    text_same(answer + n - end, found)) {
		printable(name, SCAN_NAME, answer + skip, n - skip - end);
		return ERR_BAD;
	}
	printable(words, sizeof(words), answer, n);
	(void)down(words);
	return strstr(answer, "size limit exceeded") ? ERR_BIG : ERR_DOWN;
}

enum err
scan_file(int fd, size_t offset, size_t size, char name[SCAN_NAME])
{
	struct talk t = { .fd = -1, .until = clock_steady() + CLOCK_SECOND *
	    (conf.scan_seconds + (int64_t)(size / BYTES_A_SECOND)) };
	const char *answer;
	bool all_sent;
	enum err e;

	if (!*conf.clamd || !size)
		return OK;
	e = meet(&t);
	if (!e) {
		all_sent = say(&t, "zINSTREAM", sizeof("zINSTREAM")) &&
		    say_file(&t, fd, offset, size, &e);
		answer = e ? NULL : answer_of(&t);
		if (!e)
			e = answer ? verdict(answer, all_sent, name) :
			    down("its answer did not come in time, or was cut off");
	}
	part(&t);
	return e;
}

enum err
scan_ping(void)
{
	struct talk t = { .fd = -1, .until = clock_steady() + CONNECT_MS * 1000 };
	enum err e;

	if (!*conf.clamd)
		return ERR_MISSING;
	e = meet(&t);
	if (!e && (!say(&t, "zPING", sizeof("zPING")) ||
	    !text_same(answer_of(&t), "PONG")))
		e = down("it does not answer PING");
	part(&t);
	return e;
}
