/* SPDX-License-Identifier: MIT */
/* Asking clamd: a child that says what it is told to say stands for it. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "conf.h"
#include "log.h"
#include "scan.h"
#include "test.h"

enum { SIZE = 300 * 1000, OFFSET = 7 };

/* How the stand-in behaves. */
struct stand {
	const char *answer;	/* with its NUL unless cut */
	size_t takes;		/* bytes it reads before it answers; 0: all */
	bool is_cut;		/* it goes without a NUL */
	bool hangs;		/* it says nothing and stays */
};

static char folder[] = "/tmp/test_scan.XXXXXX", place[80];
static int body;

static bool
take(int fd, void *bytes, size_t n)
{
	char *p = bytes;

	while (n) {
		ssize_t got = read(fd, p, n);

		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static uint32_t
take_length(int fd)
{
	uint8_t b[4] = { 0 };

	(void)take(fd, b, sizeof(b));
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Read the question; false if it breaks the protocol or is not the file. */
static bool
understand(int fd, size_t most)
{
	static uint8_t bytes[1 << 20], wanted[SIZE];
	char head[10];
	uint32_t n;
	size_t all = 0;

	if (!take(fd, head, sizeof(head)) || memcmp(head, "zINSTREAM", 10) != 0)
		return false;
	while ((!most || all < most) && (n = take_length(fd))) {
		if (n > sizeof(bytes) - all || !take(fd, bytes + all, n))
			return false;
		all += n;
	}
	return most || (all == SIZE && pread(body, wanted, SIZE, OFFSET) == SIZE &&
	    memcmp(bytes, wanted, SIZE) == 0);
}

static _Noreturn void
serve(int listener, const struct stand *s)
{
	int fd = accept(listener, NULL, NULL);
	char word[6];

	if (strncmp(s->answer, "PONG", 4) == 0) {
		if (!take(fd, word, 6) || memcmp(word, "zPING", 6) != 0)
			_exit(1);
	} else if (!understand(fd, s->takes)) {
		_exit(1);
	}
	if (s->hangs)
		(void)pause();
	if (write(fd, s->answer, strlen(s->answer) + !s->is_cut) < 0)
		_exit(2);
	_exit(0);
}

/* Start the stand-in; conf.clamd names it. */
static pid_t
start(const struct stand *s)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pid_t pid;

	memcpy(to.sun_path, place + 5, strlen(place + 5) + 1);
	(void)unlink(to.sun_path);
	if (bind(listener, (struct sockaddr *)&to, sizeof(to)) || listen(listener, 5))
		abort();
	pid = fork();
	if (!pid) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(listener, s);
	}
	(void)close(listener);
	return pid;
}

/* Stop it; true if it was asked as it should be. */
static bool
stop(pid_t pid, bool hangs)
{
	int status;

	if (hangs)
		(void)kill(pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid && (hangs || status == 0);
}

static char name[SCAN_NAME];

static bool
says(struct stand s, enum err wanted)
{
	pid_t pid = start(&s);
	enum err e;

	name[0] = '\0';
	e = scan_file(body, OFFSET, SIZE, name);
	if (e != wanted)
		printf("# %d\n", (int)e);
	return stop(pid, s.hangs) && e == wanted;
}

static void
test_verdicts(void)
{
	ok(says((struct stand){ .answer = "stream: OK" }, OK), "nothing found");
	ok(says((struct stand){ .answer = "stream: Eicar-Test-Signature FOUND" },
	    ERR_BAD) && strcmp(name, "Eicar-Test-Signature") == 0, "something found");
	ok(says((struct stand){ .answer = "stream: a\"b\\c<d>\n\xc3 FOUND" }, ERR_BAD) &&
	    strcmp(name, "a_b_c_d___") == 0, "its name is made printable");
	ok(says((struct stand){ .answer = "stream: Eicar FOUND", .takes = 1000 },
	    ERR_BAD), "found before it has all");
	ok(says((struct stand){ .answer = "INSTREAM size limit exceeded. ERROR",
	    .takes = 100000 }, ERR_BIG), "a file that it finds too large");
}

static void
test_faults(void)
{
	static const char *const others[] = {
		"", "OK", "stream: OK ", "stream: ok", "stream: OK\n", "stream: FOUND",
		"stream:  FOUND2", "FOUND", "stream: x ERROR", "UNKNOWN COMMAND",
		"stream: Can't allocate memory ERROR"
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ok(says((struct stand){ .answer = others[i] }, ERR_DOWN),
		    "no other answer is a verdict");
	ok(says((struct stand){ .answer = "stream: OK", .takes = 1000 }, ERR_DOWN),
	    "nor is one before it has all");
	ok(says((struct stand){ .answer = "stream: OK", .is_cut = true }, ERR_DOWN) &&
	    says((struct stand){ .answer = "stream: X FOUND", .is_cut = true },
	    ERR_DOWN), "nor one that is cut off");
	ok(says((struct stand){ .answer = "", .is_cut = true, .takes = 1 }, ERR_DOWN),
	    "it goes away in the middle");
}

static void
test_patience(void)
{
	static char garbage[5000];
	int64_t began = clock_steady();

	conf.scan_seconds = 1;
	ok(says((struct stand){ .answer = "", .hangs = true }, ERR_DOWN),
	    "it says nothing");
	ok(says((struct stand){ .answer = "", .hangs = true, .takes = 1 }, ERR_DOWN),
	    "it takes nothing");
	ok(clock_steady() - began < 30 * CLOCK_SECOND, "patience ends");
	conf.scan_seconds = 20;
	memset(garbage, 'x', sizeof(garbage) - 1);
	began = clock_steady();
	ok(says((struct stand){ .answer = garbage }, ERR_DOWN) &&
	    clock_steady() - began < 15 * CLOCK_SECOND, "it never stops talking");
}

static void
test_absent(void)
{
	pid_t pid;

	(void)unlink(place + 5);
	ok(scan_file(body, 0, 10, name) == ERR_DOWN, "nobody is there");
	ok(scan_ping() == ERR_DOWN, "nor answers");
	conf.clamd = "tcp:127.0.0.1:1";
	ok(scan_file(body, 0, 10, name) == ERR_DOWN, "nor by TCP");
	conf.clamd = place;
	ok(scan_file(body, 0, 0, name) == OK, "an empty file needs nobody");
	pid = start(&(struct stand){ .answer = "stream: OK" });
	ok(scan_file(body, OFFSET, SIZE + 1, name) == ERR_DOWN,
	    "a file that is shorter than it should be");
	(void)stop(pid, true);
	pid = start(&(struct stand){ .answer = "PONG" });
	ok(scan_ping() == OK && stop(pid, false), "a sign of life");
	conf.clamd = "";
	ok(scan_file(body, 0, SIZE, name) == OK && scan_ping() == ERR_MISSING,
	    "without the setting nothing is asked");
}

int
main(void)
{
	uint8_t bytes[OFFSET + SIZE];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7 + i / 251);
	body = memfd_create("body", 0);
	if (!mkdtemp(folder) || body < 0 ||
	    write(body, bytes, sizeof(bytes)) != (ssize_t)sizeof(bytes))
		return 1;
	log_limit(LOG_ERROR + 1);
	(void)snprintf(place, sizeof(place), "unix:%s/clamd", folder);
	conf.clamd = place;
	conf.scan_seconds = 20;
	test_verdicts();
	test_faults();
	test_patience();
	test_absent();
	(void)unlink(place + 5);
	(void)rmdir(folder);
	return test_end();
}
