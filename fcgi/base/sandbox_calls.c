/* SPDX-License-Identifier: MIT */
/*
 * The lists of system calls (seccomp, seccomp(2)) behind sandbox.c. They are allow
 * lists: a call that is not named is refused, so a new call of a new kernel is
 * refused too. Calls whose danger is in an argument are allowed by that argument.
 * What the lists leave out for everybody: exec, ptrace, mount, bpf, io_uring,
 * keyctl, userfaultfd, process_vm_*, bind, listen, executable memory, signals to
 * other processes.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <seccomp.h>

#include "log.h"
#include "sandbox_calls.h"

#define COUNT(list) (sizeof(list) / sizeof((list)[0]))

/* Computing: memory, time, and the descriptors it has. */
static const int compute[] = {
	SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev),
	SCMP_SYS(close), SCMP_SYS(recvmsg), SCMP_SYS(poll), SCMP_SYS(ppoll),
	SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(brk), SCMP_SYS(madvise),
	SCMP_SYS(munlock), SCMP_SYS(futex), SCMP_SYS(getrandom),
	SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday), SCMP_SYS(time),
	SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(sched_yield),
	SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall),
	SCMP_SYS(exit), SCMP_SYS(exit_group),
};

/* Forking helpers, and what a fresh helper does before it locks itself. */
static const int forking[] = {
	SCMP_SYS(wait4), SCMP_SYS(waitid), SCMP_SYS(kill), SCMP_SYS(pipe2),
	SCMP_SYS(close_range), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(getppid),
	SCMP_SYS(rt_sigaction), SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
	SCMP_SYS(seccomp), SCMP_SYS(landlock_create_ruleset),
	SCMP_SYS(landlock_restrict_self), SCMP_SYS(mlock), SCMP_SYS(sigaltstack),
};

/* Files below the folders that landlock leaves. It does not guard modes and times, so
 * chmod(2) and the like by path are left out: nobody shall lay our user's other files
 * open to all. */
static const int files[] = {
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(openat2), SCMP_SYS(close_range),
	SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(preadv), SCMP_SYS(pwritev),
	SCMP_SYS(preadv2), SCMP_SYS(pwritev2), SCMP_SYS(lseek), SCMP_SYS(fstat),
	SCMP_SYS(newfstatat), SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(statx),
	SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
	SCMP_SYS(getcwd), SCMP_SYS(getdents64), SCMP_SYS(mkdir), SCMP_SYS(mkdirat),
	SCMP_SYS(rmdir), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(rename),
	SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(link), SCMP_SYS(linkat),
	SCMP_SYS(truncate), SCMP_SYS(ftruncate), SCMP_SYS(fallocate),
	SCMP_SYS(memfd_create),
	SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(sync_file_range),
	SCMP_SYS(fadvise64), SCMP_SYS(readahead), SCMP_SYS(flock),
	SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3), SCMP_SYS(umask),
	SCMP_SYS(fchmod), SCMP_SYS(copy_file_range), SCMP_SYS(sendfile), SCMP_SYS(msync),
	SCMP_SYS(mlock),
};

/* Waiting, answering on connections it has accepted, and knowing itself. */
static const int serving[] = {
	SCMP_SYS(accept), SCMP_SYS(accept4), SCMP_SYS(select), SCMP_SYS(pselect6),
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait), SCMP_SYS(recvfrom), SCMP_SYS(shutdown),
	SCMP_SYS(getsockname), SCMP_SYS(getpeername), SCMP_SYS(getsockopt),
	SCMP_SYS(setsockopt), SCMP_SYS(nanosleep), SCMP_SYS(clock_nanosleep),
	SCMP_SYS(clock_getres), SCMP_SYS(alarm), SCMP_SYS(setitimer),
	SCMP_SYS(getitimer), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigpending),
	SCMP_SYS(rt_sigtimedwait), SCMP_SYS(rt_sigsuspend), SCMP_SYS(sigaltstack),
	SCMP_SYS(wait4), SCMP_SYS(waitid), SCMP_SYS(getppid), SCMP_SYS(getuid),
	SCMP_SYS(geteuid), SCMP_SYS(getgid), SCMP_SYS(getegid), SCMP_SYS(getresuid),
	SCMP_SYS(getresgid), SCMP_SYS(getrlimit), SCMP_SYS(getrusage),
	SCMP_SYS(times), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getcpu),
	SCMP_SYS(sched_getaffinity), SCMP_SYS(set_robust_list), SCMP_SYS(rseq),
	SCMP_SYS(pipe2),
};

/* More for a process that may make connections: libpq, libcurl, DNS. */
static const int connecting[] = {
	SCMP_SYS(connect), SCMP_SYS(recvmmsg), SCMP_SYS(socketpair),
	SCMP_SYS(eventfd2),
};

#ifdef __SANITIZE_ADDRESS__
/*
 * Debug builds only: what the sanitizer's runtime asks for while it writes a
 * report. It is refused, not granted: with the release's ending by SIGSYS the
 * report of a bug would be cut off. (The runtime's sigaltstack is granted: it
 * stops without.)
 */
static const int reporting[] = {
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(readlink), SCMP_SYS(stat),
	SCMP_SYS(newfstatat), SCMP_SYS(ioctl), SCMP_SYS(clone), SCMP_SYS(pipe),
	SCMP_SYS(pipe2), SCMP_SYS(prctl), SCMP_SYS(rt_sigaction),
	SCMP_SYS(getrlimit), SCMP_SYS(prlimit64), SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getuid), SCMP_SYS(lseek),
};
#endif

static int
add_calls(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t n)
{
	int bad = 0;

	for (size_t i = 0; i < n && !bad; i++)
		bad = seccomp_rule_add(filter, action, calls[i], 0);
	return bad;
}

/*
 * What all have: memory that is not executable, and sending without TCP fast open,
 * which would connect without connect(2).
 */
static int
add_common(scmp_filter_ctx filter)
{
	int bad;

	bad = add_calls(filter, SCMP_ACT_ALLOW, compute, COUNT(compute));
	bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1,
	    SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendmsg), 1,
	    SCMP_A2_32(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0));
	return bad;
}

/* Signals to itself, which abort(3) needs. */
static int
add_own_signals(scmp_filter_ctx filter)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
	    SCMP_A0_32(SCMP_CMP_EQ, (unsigned)getpid()));
}

/* Calls that are allowed with some values of one argument only. */
struct choice {
	int call;
	unsigned argument, value;
};

static int
add_choices(scmp_filter_ctx filter, const struct choice *choices, size_t n)
{
	int bad = 0;

	for (size_t i = 0; i < n && !bad; i++)
		bad = seccomp_rule_add(filter, SCMP_ACT_ALLOW, choices[i].call, 1,
		    SCMP_CMP32(choices[i].argument, SCMP_CMP_EQ, choices[i].value));
	return bad;
}

/*
 * One family and type of socket. The protocol is named because MPTCP and SCTP
 * streams would pass by landlock's rules for TCP.
 */
static int
add_socket(scmp_filter_ctx filter, int family, int type, int protocol)
{
	return seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 3,
	    SCMP_A0_32(SCMP_CMP_EQ, (unsigned)family),
	    SCMP_A1_32(SCMP_CMP_MASKED_EQ, 0xf, (unsigned)type),
	    SCMP_A2_32(SCMP_CMP_EQ, (unsigned)protocol));
}

static int
add_internet(scmp_filter_ctx filter)
{
	static const int families[] = { AF_INET, AF_INET6 };
	int bad = 0;

	for (size_t i = 0; i < COUNT(families); i++) {
		bad |= add_socket(filter, families[i], SOCK_STREAM, 0);
		bad |= add_socket(filter, families[i], SOCK_STREAM, IPPROTO_TCP);
		bad |= add_socket(filter, families[i], SOCK_DGRAM, 0);
		bad |= add_socket(filter, families[i], SOCK_DGRAM, IPPROTO_UDP);
	}
	return bad;
}

/* Threads, which stay within the sandbox: one hashes large files, and libcurl resolves
 * names in one. The C library falls back from clone3, whose flags can't be looked at. */
static int
add_threads(scmp_filter_ctx filter)
{
	const uint64_t thread = CLONE_THREAD | CLONE_NEWNS | CLONE_NEWUSER |
	    CLONE_NEWPID | CLONE_NEWNET;
	int bad;

	bad = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
	    SCMP_A0_64(SCMP_CMP_MASKED_EQ, thread, CLONE_THREAD));
	bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	return bad;
}

/* More ways of sending, again without TCP fast open. */
static int
add_sending(scmp_filter_ctx filter)
{
	int bad;

	bad = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1,
	    SCMP_A3_32(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0));
	bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sendmmsg), 1,
	    SCMP_A3_32(SCMP_CMP_MASKED_EQ, MSG_FASTOPEN, 0));
	return bad;
}

/* Put the finished filter in force and give its memory back. */
static bool
load(scmp_filter_ctx filter, int bad, const char *what)
{
	if (!bad)
		bad = seccomp_load(filter);
	seccomp_release(filter);
	if (bad)
		log_write(LOG_ERROR, "sandbox: no system call filter for a %s (%d)",
		    what, bad);
	return !bad;
}

bool
sandbox_calls_worker(bool tcp, bool local)
{
	/* fcntl without F_SETOWN and F_SETSIG, which send signals to others. */
	static const struct choice some[] = {
		{ SCMP_SYS(fcntl), 1, F_DUPFD }, { SCMP_SYS(fcntl), 1, F_GETFD },
		{ SCMP_SYS(fcntl), 1, F_SETFD }, { SCMP_SYS(fcntl), 1, F_GETFL },
		{ SCMP_SYS(fcntl), 1, F_SETFL }, { SCMP_SYS(fcntl), 1, F_GETLK },
		{ SCMP_SYS(fcntl), 1, F_SETLK }, { SCMP_SYS(fcntl), 1, F_SETLKW },
		{ SCMP_SYS(fcntl), 1, F_OFD_GETLK }, { SCMP_SYS(fcntl), 1, F_OFD_SETLK },
		{ SCMP_SYS(fcntl), 1, F_OFD_SETLKW },
		{ SCMP_SYS(fcntl), 1, F_DUPFD_CLOEXEC },
		{ SCMP_SYS(ioctl), 1, TCGETS }, { SCMP_SYS(ioctl), 1, FIONBIO },
		{ SCMP_SYS(ioctl), 1, FIONREAD }, { SCMP_SYS(prctl), 0, PR_SET_NAME },
		{ SCMP_SYS(prlimit64), 0, 0 }, /* its own */
	};
	const unsigned own = (unsigned)getpid();
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int bad = 0;

	if (!filter)
		return load(filter, ENOMEM, "worker");
	bad |= add_common(filter);
	bad |= add_own_signals(filter);
	bad |= add_calls(filter, SCMP_ACT_ALLOW, files, COUNT(files));
	bad |= add_calls(filter, SCMP_ACT_ALLOW, serving, COUNT(serving));
	bad |= add_choices(filter, some, COUNT(some));
	bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1,
	    SCMP_A0_32(SCMP_CMP_EQ, own));
	bad |= add_sending(filter);
	bad |= add_threads(filter);
	if (tcp || local)
		bad |= add_calls(filter, SCMP_ACT_ALLOW, connecting,
		    COUNT(connecting));
	if (tcp)
		bad |= add_internet(filter);
	if (local)
		bad |= add_socket(filter, AF_UNIX, SOCK_STREAM, 0);
	return load(filter, bad, "worker");
}

bool
sandbox_calls_pure(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int bad;

	if (!filter)
		return load(filter, ENOMEM, "helper");
	bad = add_common(filter);
	bad |= add_own_signals(filter);
#ifdef __SANITIZE_ADDRESS__
	bad |= add_calls(filter, SCMP_ACT_ERRNO(EPERM), reporting, COUNT(reporting));
	bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(sigaltstack), 0);
#endif
	return load(filter, bad, "helper");
}

bool
sandbox_calls_forker(void)
{
	static const struct choice some[] = {
		{ SCMP_SYS(prctl), 0, PR_SET_PDEATHSIG },
		{ SCMP_SYS(prctl), 0, PR_SET_DUMPABLE },
		{ SCMP_SYS(prctl), 0, PR_SET_NO_NEW_PRIVS },
		{ SCMP_SYS(prctl), 0, PR_SET_SECCOMP },
		{ SCMP_SYS(prctl), 0, PR_GET_SECCOMP },
		{ SCMP_SYS(prlimit64), 0, 0 },
	};
	const uint64_t plain = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | 0xff;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int bad;

	if (!filter)
		return load(filter, ENOMEM, "forker");
	bad = add_common(filter);
	bad |= add_calls(filter, SCMP_ACT_ALLOW, forking, COUNT(forking));
	bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 0);
	bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fork), 0);
	bad |= seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
	    SCMP_A0_64(SCMP_CMP_MASKED_EQ, ~plain, 0));
	bad |= seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
	bad |= add_choices(filter, some, COUNT(some));
	return load(filter, bad, "forker");
}
