/* SPDX-License-Identifier: MIT */
/*
 * The parent of the workers, tried from outside: this program starts itself as a
 * server (`test_proc serve SOCKET FOLDER`) and is its clients. FOLDER/version says
 * what the server is to be; it is read at each start, so a SIGHUP changes it.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "log.h"
#include "proc.h"
#include "test.h"

enum { WORKERS = 3, CLIENTS = 3, PATIENCE = 60 };	/* the last in seconds */

static char version[16];
static int listener;
static const char *folder;

/* The server. */

static void
read_version(void)
{
	char path[PATH_MAX];
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s/version", folder);
	fd = open(path, O_RDONLY);
	n = read(fd, version, sizeof(version) - 1);
	version[n > 0 ? n : 0] = '\0';
	close(fd);
}

/* Each is a byte more in a file of that name. */
static int
leave_mark(const char *name)
{
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	(void)!write(fd, "x", 1);
	return 1;
}

static off_t
marks(const char *name)
{
	char path[PATH_MAX];
	struct stat st = { .st_size = 0 };

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	(void)stat(path, &st);
	return st.st_size;
}

/* Whether there are as many of them as awaited. */
static off_t awaited;

static bool
has_marks(const char *name)
{
	return marks(name) >= awaited;
}

/* One request is one line: "ask", "keep" or "slow". False: nothing came. */
static bool
answer(int fd, bool *keep)
{
	char line[16], reply[64];
	ssize_t n = read(fd, line, sizeof(line) - 1);

	if (n <= 0)
		return false;
	line[n] = '\0';
	*keep = strcmp(line, "keep\n") == 0;
	if (strcmp(line, "slow\n") == 0 && leave_mark("slow"))
		for (int64_t end = clock_steady() + CLOCK_SECOND; clock_steady() < end;)
			(void)usleep(50000);
	n = snprintf(reply, sizeof(reply), "%s %ld\n", version, (long)getpid());
	return write(fd, reply, (size_t)n) == n;
}

static int
run_worker(int number)
{
	bool keep;
	int fd;

	(void)number;
	if (strcmp(version, "crash") == 0)
		return 1;
	proc_busy(true);
	proc_ready();
	while ((fd = proc_accept(listener)) >= 0) {
		do {
			keep = false;
		} while (answer(fd, &keep) && keep && proc_wait(fd));
		close(fd);
	}
	return 0;
}

static int
run_job(int number)
{
	(void)number;
	proc_ready();
	while (!proc_stopping())
		(void)pause(); /* idle: a stop ends it here */
	return 1;
}

static int
run_young(int number)
{
	(void)number;
	return leave_mark("starts");
}

static int
run_retiring(int number)
{
	(void)number;
	(void)leave_mark("retiring");
	(void)usleep(1100000);
	proc_busy(true);
	proc_retire();
	if (!proc_stopping())
		return leave_mark("wrong");
	proc_busy(false); /* ends here */
	return leave_mark("wrong");
}

static int
serve(char *argv[])
{
	static const struct proc_kind kinds[] = {
		{ "worker", WORKERS, run_worker },
		{ "job worker", 1, run_job },
		{ "young", 1, run_young },
		{ "retiring", 1, run_retiring },
	};
	int n = 2;

	folder = argv[3];
	read_version();
	if (strcmp(version, "broken") == 0)
		return 3;
	if (strcmp(version, "young") == 0)
		n = 4;
	listener = proc_listen(argv[2]);
	if (listener < 0)
		return 4;
	return proc_supervise(kinds, n, argv);
}

/* The clients. */

static char self[PATH_MAX], sock[64], dir[] = "/tmp/test-proc-XXXXXX";

static void
be_version(const char *text)
{
	char path[PATH_MAX];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/version", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	(void)!write(fd, text, strlen(text));
	close(fd);
}

static int
reach(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s", sock);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Send a line and read the answer: the version in name, and the worker's pid;
 * 0: no answer. */
static long
ask_on(int fd, const char *line, char name[16])
{
	char reply[64] = "", *blank;
	ssize_t n;

	if (fd < 0 || send(fd, line, strlen(line), MSG_NOSIGNAL) < 0)
		return 0;
	n = read(fd, reply, sizeof(reply) - 1);
	blank = n > 0 ? strchr(reply, ' ') : NULL;
	if (!blank)
		return 0;
	*blank = '\0';
	(void)snprintf(name, 16, "%.15s", reply);
	return strtol(blank + 1, NULL, 10);
}

static long
ask(const char *line, char name[16])
{
	int fd = reach();
	long pid = ask_on(fd, line, name);

	if (fd >= 0)
		close(fd);
	return pid;
}

static bool
runs_version(const char *wanted)
{
	char name[16];

	return ask("ask\n", name) && strcmp(name, wanted) == 0;
}

static bool
comes_to(bool (*truth)(const char *s), const char *s)
{
	for (int64_t end = clock_steady() + PATIENCE * CLOCK_SECOND;
	    clock_steady() < end; (void)usleep(10000))
		if (truth(s))
			return true;
	return truth(s);
}

static pid_t
start_server(const char *first_version)
{
	char *argv[] = { self, "serve", sock, dir, NULL };
	pid_t pid;

	be_version(first_version);
	pid = fork();
	if (pid == 0) {
		(void)execv(self, argv);
		_exit(127);
	}
	return pid;
}

/* The server's exit status, -1 if it was killed or is not gone in time. */
static int
server_ends(pid_t pid)
{
	int status;

	for (int64_t end = clock_steady() + PATIENCE * CLOCK_SECOND;
	    clock_steady() < end; (void)usleep(5000))
		if (waitpid(pid, &status, WNOHANG) == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
	return -1;
}

/* True once this program has no children left: orphans come to it. */
static bool
nobody_left(const char *unused)
{
	(void)unused;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		continue;
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

/* Ask until told to stop; the exit status: 0 if every request was answered. */
static pid_t
start_client(bool kept)
{
	struct sigaction stop = { .sa_handler = SIG_DFL };
	pid_t pid = fork();
	sigset_t term, waiting;
	char name[16];
	int bad = 0, n = 0, fd = -1;

	if (pid != 0)
		return pid;
	(void)sigemptyset(&term);
	(void)sigaddset(&term, SIGTERM);
	(void)sigaction(SIGTERM, &stop, NULL);
	(void)sigprocmask(SIG_BLOCK, &term, NULL);
	for (;;) {
		if (!kept) {
			bad += ask("ask\n", name) == 0;
		} else if (ask_on(fd, "keep\n", name) == 0) {
			/* A kept connection may be closed between requests. */
			if (fd >= 0)
				close(fd);
			fd = reach();
			bad += ask_on(fd, "keep\n", name) == 0;
		}
		n++;
		if (sigpending(&waiting) == 0 && sigismember(&waiting, SIGTERM))
			_exit(bad ? 1 : n < 100 ? 2 : 0);
		if (n % 50 == 0)
			(void)usleep(1000);
	}
}

static bool
client_content(pid_t pid)
{
	int status = -1;

	(void)kill(pid, SIGTERM);
	(void)waitpid(pid, &status, 0);
	if (status)
		printf("# client: status %x\n", (unsigned)status);
	return status == 0;
}

static void
test_listening(void)
{
	char long_path[200], file[64];
	struct stat st;
	int fd, other;

	memset(long_path, 'a', sizeof(long_path) - 1);
	long_path[0] = '/';
	long_path[sizeof(long_path) - 1] = '\0';
	(void)snprintf(file, sizeof(file), "%s/file", dir);
	close(open(file, O_CREAT | O_WRONLY, 0600));
	ok(proc_listen(long_path) == -1, "a path too long is refused");
	ok(proc_listen("") == -1, "an empty path is refused");
	ok(proc_listen(file) == -1 && stat(file, &st) == 0 && S_ISREG(st.st_mode),
	    "a file in the place of the socket is left alone");
	fd = proc_listen(sock);
	ok(fd >= 0 && stat(sock, &st) == 0 && (st.st_mode & 07777) == 0660,
	    "the socket is for its user and group only");
	other = proc_listen(sock);
	ok(other == -1, "a socket somebody listens at is not taken away");
	close(fd);
	fd = proc_listen(sock);
	ok(fd >= 0, "a socket left by a dead server is replaced");
	close(fd);
}

static void
test_systemd(void)
{
	char pid[16];
	int status = -1, fd = proc_listen(sock);
	pid_t child = fork();

	if (child == 0) {
		if (fd != 3)
			(void)dup2(fd, 3);
		(void)snprintf(pid, sizeof(pid), "%ld", (long)getpid());
		(void)setenv("LISTEN_PID", pid, 1);
		(void)setenv("LISTEN_FDS", "1", 1);
		if (proc_listen("/nowhere/at/all") != 3)
			_exit(1);
		(void)setenv("LISTEN_PID", "1", 1);
		_exit(proc_listen("/nowhere/at/all") != -1);
	}
	(void)waitpid(child, &status, 0);
	close(fd);
	ok(status == 0, "systemd's socket is taken, if it is meant for us");
}

static void
test_workers(void)
{
	long pids[WORKERS + 1] = { 0 };
	char name[16];
	pid_t server = start_server("one");
	int fds[WORKERS], different = 0;
	int64_t start;

	ok(comes_to(runs_version, "one"), "the server answers");
	for (int i = 0; i < WORKERS; i++) {
		fds[i] = reach();
		pids[i] = ask_on(fds[i], "keep\n", name);
		different += pids[i] && (i == 0 || pids[i] != pids[i - 1]);
	}
	ok(different == WORKERS, "each worker takes a connection");
	(void)kill((pid_t)pids[0], SIGKILL);
	ok(ask("ask\n", name) != 0, "a killed worker is replaced");
	ok(ask_on(fds[1], "keep\n", name) == pids[1], "the others do not notice");
	start = clock_steady();
	(void)kill(server, SIGTERM);
	ok(server_ends(server) == 0, "SIGTERM ends the server well");
	ok(clock_steady() - start < 15 * CLOCK_SECOND,
	    "idle workers on kept connections end at once");
	ok(nobody_left(NULL), "nobody is left behind");
	for (int i = 0; i < WORKERS; i++)
		close(fds[i]);
}

/* A request in hand when the server is told to stop is answered. */
static void
test_in_hand(int number, const char *words)
{
	pid_t server = start_server("one"), client;
	char name[16];
	int status = -1;

	if (!comes_to(runs_version, "one"))
		printf("# not started\n");
	awaited = marks("slow") + 1;
	client = fork();
	if (client == 0)
		_exit(ask("slow\n", name) == 0);
	(void)comes_to(has_marks, "slow");
	(void)kill(server, number);
	(void)waitpid(client, &status, 0);
	ok(status == 0, words);
	if (number != SIGHUP)
		ok(server_ends(server) == (number == SIGKILL ? -1 : 0), "it ends");
	else if (kill(server, SIGTERM) == 0)
		ok(server_ends(server) == 0, "it ends");
	ok(comes_to(nobody_left, NULL), "nobody is left behind");
}

static void
test_reload(void)
{
	static const char *const versions[] = { "two", "three", "four", "five" };
	pid_t clients[CLIENTS], server = start_server("one");
	int good = 0;

	ok(comes_to(runs_version, "one"), "the server answers");
	for (int i = 0; i < CLIENTS; i++)
		clients[i] = start_client(i == 0);
	for (size_t i = 0; i < 4; i++) {
		be_version(versions[i]);
		(void)kill(server, SIGHUP);
		good += comes_to(runs_version, versions[i]);
		if (i % 2)
			(void)usleep(300000); /* or at once, while the old drain */
	}
	ok(good == 4, "SIGHUP takes the new program, four times");
	for (int i = 0; i < CLIENTS; i++)
		ok(client_content(clients[i]), "no client lost a request");
	be_version("broken");
	(void)kill(server, SIGHUP);
	(void)usleep(500000);
	ok(runs_version("five"), "a program that does not start changes nothing");
	be_version("crash");
	(void)kill(server, SIGHUP);
	(void)usleep(800000);
	ok(runs_version("five"), "workers that do not start leave the old ones");
	be_version("six");
	(void)kill(server, SIGHUP);
	ok(comes_to(runs_version, "six"), "a good program is taken after that");
	(void)kill(server, SIGTERM);
	ok(server_ends(server) == 0, "the server is the same process to the end");
	ok(comes_to(nobody_left, NULL), "nobody is left behind");
}

/* The next message of the server for systemd starts with text. */
static bool
hears(int fd, const char *text)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char got[128] = "";

	if (poll(&p, 1, PATIENCE * 1000) != 1 || recv(fd, got, sizeof(got) - 1, 0) <= 0)
		return false;
	if (strncmp(got, text, strlen(text)) != 0)
		printf("# heard %s\n", got);
	return strncmp(got, text, strlen(text)) == 0;
}

static void
test_notify(void)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	pid_t server;

	(void)snprintf(a.sun_path, sizeof(a.sun_path), "%s/notify", dir);
	(void)bind(fd, (struct sockaddr *)&a, sizeof(a));
	(void)setenv("NOTIFY_SOCKET", a.sun_path, 1);
	server = start_server("one");
	ok(hears(fd, "READY=1"), "systemd hears that the server is ready");
	(void)kill(server, SIGHUP);
	ok(hears(fd, "RELOADING=1\nMONOTONIC_USEC="), "that it reloads");
	ok(hears(fd, "READY=1"), "that it is ready again");
	be_version("broken");
	(void)kill(server, SIGHUP);
	ok(hears(fd, "RELOADING=1") && hears(fd, "READY=1"), "also if it failed");
	(void)kill(server, SIGTERM);
	ok(hears(fd, "STOPPING=1"), "that it stops");
	ok(server_ends(server) == 0, "and it stops");
	(void)unsetenv("NOTIFY_SOCKET");
	close(fd);
}

static void
test_young(void)
{
	const int64_t began = clock_steady();
	pid_t server = start_server("young");
	int64_t n, most = 1, pause_for = CLOCK_SECOND / 10;

	ok(comes_to(runs_version, "young"),
	    "others run beside a child that fails");
	awaited = 3;
	(void)comes_to(has_marks, "starts");
	n = marks("starts");
	/* At 0, 0.1, 0.3, 0.7, 1.5 s and so on, or later. */
	for (int64_t at = 0; at <= clock_steady() - began; at += pause_for) {
		if (most++ > 1)
			pause_for = pause_for < 3 * CLOCK_SECOND ? 2 * pause_for :
			    5 * CLOCK_SECOND;
	}
	ok(n >= 3 && n <= most, "which is started anew with growing pauses");
	awaited = 2;
	ok(comes_to(has_marks, "retiring") && marks("wrong") == 0,
	    "a child that retires is replaced");
	ok(runs_version("young"), "and the others still run");
	(void)kill(server, SIGTERM);
	ok(server_ends(server) == 0, "the server ends");
}

static void
test_stray(void)
{
	char list[64];
	pid_t server, stranger = fork();
	int status = -1;

	if (stranger == 0) {
		(void)pause();
		_exit(0);
	}
	(void)snprintf(list, sizeof(list), "%ld,1,-5,x,99999999999,", (long)stranger);
	(void)setenv("PROC_CHILDREN", list, 1);
	(void)setenv("PROC_SOCKET", "1", 1);
	server = start_server("one");
	(void)unsetenv("PROC_CHILDREN");
	(void)unsetenv("PROC_SOCKET");
	ok(comes_to(runs_version, "one"), "wrong variables do no harm");
	(void)kill(server, SIGTERM);
	ok(server_ends(server) == 0, "the server ends");
	ok(waitpid(stranger, &status, WNOHANG) == 0, "strangers are not signalled");
	(void)kill(stranger, SIGKILL);
	(void)waitpid(stranger, &status, 0);
}

int
main(int argc, char *argv[])
{
	log_limit(LOG_ERROR + 1); /* much of this goes wrong on purpose */
	if (argc == 4)
		return serve(argv);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 || !mkdtemp(dir))
		return 1;
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	(void)snprintf(sock, sizeof(sock), "%s/sock", dir);
	folder = dir;
	setvbuf(stdout, NULL, _IONBF, 0);

	test_listening();
	test_systemd();
	test_workers();
	test_in_hand(SIGTERM, "SIGTERM waits for the request in hand");
	test_in_hand(SIGINT, "SIGINT waits for the request in hand");
	test_in_hand(SIGHUP, "SIGHUP waits for the request in hand");
	test_in_hand(SIGKILL, "workers finish if the parent is killed");
	test_reload();
	test_notify();
	test_young();
	test_stray();
	if (fork() == 0) {
		execl("/bin/rm", "rm", "-rf", dir, (char *)NULL);
		_exit(1);
	}
	(void)wait(NULL);
	return test_end();
}
