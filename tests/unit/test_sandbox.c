/* SPDX-License-Identifier: MIT */
/*
 * The locks are one-way, so each case runs in a child of its own; its exit status
 * is the number of the first thing that was not so, 0 if all was.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "log.h"
#include "sandbox.h"
#include "test.h"

#define MUST(truth) do { if (!(truth)) return __LINE__ % 256; } while (0)

static char root[] = "/tmp/test-sandbox-XXXXXX";
static char inside[48], other[48], secret[80], listening[80];
static const char *writable[2], *readable[3];
static int port, other_port;

/* The wait status of a case run in a child. */
static int
status_of(int (*run)(void))
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0)
		_exit(run());
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;
	if (WIFEXITED(status) && WEXITSTATUS(status))
		printf("# line %d was not so\n", WEXITSTATUS(status));
	return status;
}

static bool
goes_well(int (*run)(void))
{
	return status_of(run) == 0;
}

static bool
ends_by(int (*run)(void), int signal)
{
	int status = status_of(run);

	return status >= 0 && WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

static int
listener(int family, int *at)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(in);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (family == AF_UNIX) {
		(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", listening);
		if (bind(fd, (struct sockaddr *)&un, sizeof(un)) != 0)
			abort();
	} else if (bind(fd, (struct sockaddr *)&in, size) != 0 ||
	    getsockname(fd, (struct sockaddr *)&in, &size) != 0) {
		abort();
	}
	if (listen(fd, 8) != 0)
		abort();
	if (at)
		*at = ntohs(in.sin_port);
	return fd;
}

static int
reach_port(int to)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;

	in.sin_port = htons((uint16_t)to);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0)
		return errno;
	if (connect(fd, (struct sockaddr *)&in, sizeof(in)) != 0)
		error = errno;
	close(fd);
	return error;
}

static int
reach_unix(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), error = 0;

	if (fd < 0)
		return errno;
	(void)snprintf(un.sun_path, sizeof(un.sun_path), "%s", listening);
	if (connect(fd, (struct sockaddr *)&un, sizeof(un)) != 0)
		error = errno;
	close(fd);
	return error;
}

static bool
refused(long result)
{
	return result < 0 && (errno == EPERM || errno == EACCES);
}

static int
case_worker(void)
{
	const struct sandbox s = { writable, readable, { 0 }, false };
	char path[128], *const none[] = { NULL };
	struct rlimit core;
	struct stat st;
	int fd;

	MUST(sandbox_lock(&s) == OK);
	(void)snprintf(path, sizeof(path), "%s/new", inside);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
	MUST(fd >= 0 && write(fd, "abc", 3) == 3 && ftruncate(fd, 1) == 0);
	MUST(fsync(fd) == 0 && fstat(fd, &st) == 0 && st.st_size == 1);
	close(fd);
	MUST(chdir("/") != 0);
	(void)snprintf(path, sizeof(path), "%s/sub", inside);
	MUST(mkdir(path, 0700) == 0 && rmdir(path) == 0);
	fd = open(secret, O_RDONLY);
	MUST(refused(fd));
	MUST(refused(open(secret, O_WRONLY | O_APPEND)));
	(void)snprintf(path, sizeof(path), "%s/made", other);
	MUST(refused(open(path, O_WRONLY | O_CREAT, 0600)));
	MUST((fd = open("/etc/passwd", O_RDONLY)) >= 0);
	MUST(refused(open("/etc/passwd", O_WRONLY)));
	MUST(refused(chmod(secret, 0666)));
	MUST(refused(utimensat(AT_FDCWD, secret, NULL, 0)));
	MUST(refused(execve("/bin/true", none, none)));
	MUST(refused(fork()));
	MUST(refused(socket(AF_INET, SOCK_STREAM, 0)));
	MUST(refused(socket(AF_UNIX, SOCK_STREAM, 0)));
	MUST(refused(kill(getppid(), 0)));
	MUST(refused(fcntl(0, F_SETOWN, getppid())));
	MUST(refused(fcntl(0, F_SETSIG, SIGKILL)));
	MUST(fcntl(0, F_GETFL) >= 0);
	MUST(refused(syscall(SYS_ptrace, 0, 0, 0, 0)));
	MUST(refused(syscall(SYS_mount, "a", "b", "c", 0, 0)));
	MUST(refused(syscall(SYS_bpf, 0, 0, 0)));
	MUST(refused(syscall(SYS_io_uring_setup, 1, 0)));
	MUST(refused(syscall(SYS_keyctl, 0, 0, 0, 0, 0)));
	MUST(refused(syscall(SYS_userfaultfd, 0)));
	MUST(refused(syscall(SYS_process_vm_readv, getpid(), 0, 0, 0, 0, 0)));
	MUST(refused(syscall(SYS_unshare, 0)));
	MUST(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0) == MAP_FAILED);
	MUST(getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0);
	MUST(kill(getpid(), 0) == 0);
	return 0;
}

/* The kernel tells the helper of a locked worker that the worker is dead. */
static int
case_helper_told(void)
{
	const struct sandbox s = { writable, NULL, { 0 }, false };
	int ends[2];
	char byte;

	MUST(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 && pipe(ends) == 0);
	if (fork() == 0) {
		if (fork() == 0) {
			(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
			(void)!write(ends[1], "x", 1);
			(void)sleep(20);
			_exit(9);
		}
		if (sandbox_lock(&s) != OK || read(ends[0], &byte, 1) != 1)
			_exit(9);
		_exit(0);
	}
	for (int i = 0, status; i < 2; i++)
		MUST(wait(&status) > 0 && (WIFSIGNALED(status) ||
		    WEXITSTATUS(status) == 0));
	return 0;
}

/* A rename between two folders below the writable one: how the store works. */
static int
case_rename(void)
{
	const struct sandbox s = { writable, readable, { 0 }, false };
	char from[128], to[128];
	int fd;

	(void)snprintf(from, sizeof(from), "%s/a", inside);
	(void)snprintf(to, sizeof(to), "%s/b", inside);
	MUST(mkdir(from, 0700) == 0 && mkdir(to, 0700) == 0);
	MUST(sandbox_lock(&s) == OK);
	(void)snprintf(from, sizeof(from), "%s/a/x", inside);
	(void)snprintf(to, sizeof(to), "%s/b/x", inside);
	fd = open(from, O_WRONLY | O_CREAT, 0600);
	MUST(fd >= 0 && rename(from, to) == 0);
	MUST(link(to, from) == 0 && unlink(to) == 0);
	(void)snprintf(to, sizeof(to), "%s/x", other);
	MUST(rename(from, to) != 0);
	MUST(symlink("/etc", to) != 0);
	return 0;
}

static int
case_sqlite(void)
{
	const struct sandbox s = { writable, NULL, { 0 }, false };
	char path[128];
	sqlite3 *db = NULL;

	(void)snprintf(path, sizeof(path), "%s/cem.db", inside);
	MUST(sandbox_lock(&s) == OK);
	MUST(sqlite3_open(path, &db) == SQLITE_OK);
	MUST(sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
	    "CREATE TABLE t(a); INSERT INTO t VALUES(1),(2);"
	    "BEGIN IMMEDIATE; DELETE FROM t; COMMIT; VACUUM;"
	    "PRAGMA wal_checkpoint(TRUNCATE);", NULL, NULL, NULL) == SQLITE_OK);
	MUST(sqlite3_close(db) == SQLITE_OK);
	return 0;
}

static void *
thread_run(void *p)
{
	*(int *)p = 7;
	return NULL;
}

static int
case_port(void)
{
	const struct sandbox s = { writable, readable, { 1, port }, false };
	pthread_t thread;
	int answer = 0, fd;

	MUST(sandbox_lock(&s) == OK);
	MUST(reach_port(port) == 0);
	MUST(reach_port(1) == ECONNREFUSED); /* allowed too, but nobody is there */
	MUST(!sandbox_ports() || reach_port(other_port) == EACCES);
	MUST(reach_unix() == EPERM);
	MUST(refused(fork()));
	MUST(pthread_create(&thread, NULL, thread_run, &answer) == 0);
	MUST(pthread_join(thread, NULL) == 0 && answer == 7);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	MUST(fd >= 0 && refused(listen(fd, 1)));
	MUST(refused(socket(AF_INET, SOCK_STREAM, 262))); /* MPTCP */
	MUST(refused(socket(AF_INET, SOCK_RAW, IPPROTO_TCP)));
	MUST(refused(socket(AF_PACKET, SOCK_DGRAM, 0)));
	MUST(refused(sendto(fd, "x", 1, MSG_FASTOPEN, NULL, 0)));
	MUST((fd = socket(AF_INET6, SOCK_DGRAM, 0)) >= 0);
	return 0;
}

static int
case_unix(void)
{
	const struct sandbox s = { writable, NULL, { 0 }, true };

	MUST(sandbox_lock(&s) == OK);
	MUST(reach_unix() == 0);
	MUST(reach_port(port) == EPERM);
	return 0;
}

static int
case_thread(void)
{
	const struct sandbox s = { writable, NULL, { 0 }, false };
	pthread_t thread;
	int answer = 0;

	MUST(sandbox_lock(&s) == OK);
	MUST(pthread_create(&thread, NULL, thread_run, &answer) == 0);
	MUST(pthread_join(thread, NULL) == 0 && answer == 7);
	MUST(refused(fork()));
	return 0;
}

static int
case_no_folder(void)
{
	const char *const gone[] = { "/nonexistent/folder", NULL };
	const struct sandbox s = { gone, NULL, { 0 }, false };
	const struct sandbox t = { NULL, gone, { 0 }, false };

	(void)close(STDERR_FILENO);
	MUST(sandbox_lock(&s) == ERR_BROKEN);
	MUST(sandbox_lock(&t) == OK);
	return 0;
}

/* What was read by its name is another file after a rename, and so out of reach. */
static int
case_replaced(void)
{
	char names[80], next[80], later[80];
	const char *const read[] = { names, later, NULL };
	const struct sandbox s = { writable, read, { 0 }, false };

	(void)snprintf(names, sizeof(names), "%s/names", inside);
	(void)snprintf(next, sizeof(next), "%s/next", inside);
	(void)snprintf(later, sizeof(later), "%s/later", inside);
	close(open(names, O_CREAT | O_WRONLY, 0600));
	close(open(next, O_CREAT | O_WRONLY, 0600));
	MUST(!sandbox_replaced());
	MUST(sandbox_lock(&s) == OK && !sandbox_replaced());
	MUST(rename(next, names) == 0 && sandbox_replaced() == names);
	MUST(unlink(names) == 0 && !sandbox_replaced());
	close(open(later, O_CREAT | O_WRONLY, 0600));
	MUST(sandbox_replaced() == later);
	return 0;
}

static int
case_pure(void)
{
	char *p;
	int ends[2];

	MUST(pipe(ends) == 0);
	MUST(sandbox_lock_pure() == OK);
	for (size_t n = 1; n < 64u << 20; n *= 4) {
		p = malloc(n);
		MUST(p);
		memset(p, 1, n);
		free(p);
	}
	MUST(write(ends[1], "x", 1) == 1);
	return 0;
}

static int
case_pure_socket(void)
{
	MUST(sandbox_lock_pure() == OK);
	(void)socket(AF_UNIX, SOCK_STREAM, 0);
	return 0;
}

static int
case_pure_unlink(void)
{
	MUST(sandbox_lock_pure() == OK);
	(void)unlink(secret);
	return 0;
}

static int
case_pure_kill(void)
{
	MUST(sandbox_lock_pure() == OK);
	(void)kill(getppid(), 0);
	return 0;
}

static int
case_pure_code(void)
{
	MUST(sandbox_lock_pure() == OK);
	(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
	    -1, 0);
	return 0;
}

static int
case_forker(void)
{
	char *const none[] = { NULL };
	int status;
	pid_t pid;

	MUST(sandbox_lock_forker() == OK);
	MUST(refused(execve("/bin/true", none, none)));
	MUST(refused(open("/etc/passwd", O_RDONLY)));
	MUST(refused(socket(AF_UNIX, SOCK_STREAM, 0)));
	MUST(refused(syscall(SYS_unshare, CLONE_NEWUSER)));
	MUST(refused(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0)));
	pid = fork();
	if (pid == 0)
		_exit(case_pure_socket());
	MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
	MUST(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
	pid = fork();
	if (pid == 0)
		_exit(sandbox_lock_pure() == OK ? 9 : 1);
	MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
	MUST(WIFEXITED(status) && WEXITSTATUS(status) == 9);
	return 0;
}

static int
drops(const char *user, uid_t uid, gid_t gid)
{
	gid_t groups[8];
	int death = 0;

	MUST(prctl(PR_SET_PDEATHSIG, SIGTERM) == 0);
	MUST(sandbox_drop(user) == OK);
	MUST(getuid() == uid && geteuid() == uid && getgid() == gid);
	MUST(getgroups(8, groups) == 1 && groups[0] == gid);
	MUST(setuid(0) != 0 && setgid(0) != 0 && setgroups(0, NULL) != 0);
	MUST(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	MUST(prctl(PR_GET_PDEATHSIG, &death) == 0 && death == SIGTERM);
	MUST(open("/etc/shadow", O_RDONLY) < 0);
	MUST(chown("/etc/passwd", 0, 0) != 0);
	return 0;
}

static int
case_drop_name(void)
{
	return drops("nobody", 65534, 65534);
}

static int
case_drop_number(void)
{
	return drops("4321:4322", 4321, 4322);
}

static int
case_drop_bad(void)
{
	static const char *const users[] = { "", "no-such-user", "root", "0:0",
	    "12:0", "0:12", ":", "1:", ":1", "-1:5", "1:2:3", "99999999999:1",
	    "4294967295:1", "nobody ", "daemon:x" };

	(void)close(STDERR_FILENO);
	for (size_t i = 0; i < sizeof(users) / sizeof(users[0]); i++)
		MUST(sandbox_drop(users[i]) == ERR_BROKEN && getuid() == 0);
	return 0;
}

static int
case_drop_twice(void)
{
	MUST(sandbox_drop("nobody") == OK);
	MUST(sandbox_drop("nobody") == OK);
	MUST(sandbox_drop("no-such-user") == OK); /* not root: nothing to become */
	return 0;
}

static int told, told_wrong;

static void
count_try(const struct sandbox_try *t)
{
	told++;
	told_wrong += t->allowed != t->wanted;
	if (t->allowed != t->wanted)
		printf("# %s: error %d\n", t->name, t->error);
}

static void
test_prove(void)
{
	struct sandbox s = { writable, readable, { 0 }, false };
	const char *wide[] = { root, NULL };

	ok(sandbox_prove(&s, secret, count_try) == OK && told == 11 && !told_wrong,
	    "a locked worker is proven to be locked");
	told = 0;
	s.ports[0] = port;
	s.connect_unix = true;
	ok(sandbox_prove(&s, secret, count_try) == OK && told == 12 && !told_wrong,
	    "and one that may connect to its database");
	s.readable = wide;
	ok(sandbox_prove(&s, secret, count_try) == ERR_DENIED && told_wrong == 1,
	    "a hole in the lock is found");
	s.writable = wide;
	told_wrong = 0;
	ok(sandbox_prove(&s, secret, count_try) == ERR_DENIED && told_wrong == 3,
	    "a larger hole in the lock is found");
	s.writable = (const char *const[]){ "/nonexistent", NULL };
	ok(sandbox_prove(&s, secret, count_try) == ERR_BROKEN,
	    "a lock that can't be made is reported");
}

static void
test_locks(void)
{
	ok(goes_well(case_worker), "a worker can work in its folder and nothing else");
	ok(goes_well(case_helper_told), "a locked worker's death is told to its helper");
	ok(goes_well(case_rename), "files move between folders inside, not out");
	ok(goes_well(case_sqlite), "SQLite with a write-ahead log works");
	ok(goes_well(case_port), "one TCP port can be reached, no other");
	ok(goes_well(case_unix), "UNIX sockets alone can be allowed");
	ok(goes_well(case_thread), "threads, but no other processes");
	ok(goes_well(case_no_folder), "writable folders must exist, readable need not");
	ok(goes_well(case_replaced), "a file that was replaced is told");
	ok(goes_well(case_pure), "a pure helper can take memory and write");
	ok(ends_by(case_pure_socket, SIGSYS), "a socket ends a pure helper");
	ok(ends_by(case_pure_unlink, SIGSYS), "removing a file ends a pure helper");
	ok(ends_by(case_pure_kill, SIGSYS), "a signal to others ends a pure helper");
	ok(ends_by(case_pure_code, SIGSYS), "executable memory ends a pure helper");
	ok(goes_well(case_forker), "a forker can only fork pure helpers");
}

int
main(void)
{
	int fds[3];

	if (!mkdtemp(root))
		abort();
	(void)snprintf(inside, sizeof(inside), "%s/in", root);
	(void)snprintf(other, sizeof(other), "%s/out", root);
	(void)snprintf(secret, sizeof(secret), "%s/secret", other);
	(void)snprintf(listening, sizeof(listening), "%s/sock", other);
	if (mkdir(inside, 0700) != 0 || mkdir(other, 0700) != 0)
		abort();
	close(open(secret, O_CREAT | O_WRONLY, 0644));
	writable[0] = inside;
	readable[0] = "/etc";
	readable[1] = "/nonexistent";
	fds[0] = listener(AF_INET, &port);
	fds[1] = listener(AF_INET, &other_port);
	fds[2] = listener(AF_UNIX, NULL);
	log_limit(LOG_ERROR);

	test_locks();
	test_prove();
	if (geteuid() == 0) {
		ok(goes_well(case_drop_name), "root becomes nobody for good");
		ok(goes_well(case_drop_number), "root becomes uid:gid for good");
		ok(goes_well(case_drop_bad), "no user is made up, and none is root");
		ok(goes_well(case_drop_twice), "dropping twice is harmless");
	}
	for (size_t i = 0; i < 3; i++)
		close(fds[i]);
	if (fork() == 0) {
		execl("/bin/rm", "rm", "-rf", root, (char *)NULL);
		_exit(1);
	}
	(void)wait(NULL);
	return test_end();
}
