/* SPDX-License-Identifier: MIT */
/*
 * The parent of the workers (proc.h). One loop: start what is due, wait for a
 * signal, a child's word that it is ready, or the next due time, and reap. All
 * signals are blocked and read from a signalfd, so there is no handler here.
 *
 * SIGHUP: the program file is first tried in a child, which must get as far as
 * proc_supervise (PROC_TRIAL); so a broken program or setting changes nothing.
 * Then the parent executes the file over itself. It keeps its process id, so its
 * children stay its children and systemd sees the same service. The new image gets
 * the listening socket (PROC_SOCKET, see listen.c) and the old children
 * (PROC_CHILDREN), starts its own, and drains the old ones when all are ready.
 * The socket never closes: connections wait in its queue meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "clock.h"
#include "log.h"
#include "proc.h"
#include "text.h"

enum {
	MAX_SLOTS = 256,
	MAX_OLD = 1024,
	PID_ROOM = 12			/* a process id in digits, and a comma */
};

#define YOUNG (1 * CLOCK_SECOND)	/* who ends before has failed to start */
#define PAUSE_MIN (CLOCK_SECOND / 10)
#define PAUSE_MAX (5 * CLOCK_SECOND)
#define REMIND (CLOCK_SECOND / 10)	/* between two SIGTERM to one child */
#define READY_AGE (2 * CLOCK_SECOND)	/* counts as ready without its word */
#define TRIAL_MAX (10 * CLOCK_SECOND)
#define STOP_MAX (30 * CLOCK_SECOND)	/* then SIGKILL */
#define DRAIN_MAX (300 * CLOCK_SECOND)	/* of old children, after a SIGHUP */

/* One child that is wanted. */
struct slot {
	const struct proc_kind *kind;
	int number;			/* within its kind */
	pid_t pid;			/* 0: not running */
	bool ready;
	int64_t born, due, pause;
};

struct parent {
	struct slot slots[MAX_SLOTS];
	size_t n_slots;
	pid_t old[MAX_OLD];		/* children of an earlier image */
	size_t n_old;
	char *const *argv;
	int signals, ready[2];
	pid_t trial;			/* 0: none */
	int64_t trial_end;
	int64_t stop_end, drain_end;	/* 0: not stopping, not draining */
	int64_t reminded;
	bool announced;			/* READY=1 is out */
	bool killed;			/* somebody had to be */
};

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* Tell systemd (sd_notify(3)); without it this does nothing. */
static void
notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	size_t n = path ? strlen(path) : 0;
	int fd;

	if (n < 2 || n >= sizeof(a.sun_path))
		return;
	memcpy(a.sun_path, path, n);
	if (a.sun_path[0] == '@')
		a.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (const struct sockaddr *)&a,
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n)) < 0)
		log_write(LOG_WARN, "telling the service manager: %s",
		    strerror(errno));
	if (fd >= 0)
		(void)close(fd);
}

static void
notify_reloading(void)
{
	char text[80];

	(void)snprintf(text, sizeof(text), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    (long long)clock_steady());
	notify(text);
}

/* What a fresh child does; never returns. */
static _Noreturn void
be_child(const struct parent *p, const struct slot *s, pid_t parent)
{
	(void)close(p->signals);
	(void)close(p->ready[0]);
	/* Should the parent be killed, the child drains; here, if it was already. */
	if (prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0) != 0 || getppid() != parent)
		_exit(1);
	if (child_begin(s->kind->name, p->ready[1]) != OK)
		_exit(1);
	_exit(s->kind->run(s->number));
}

static void
start(struct parent *p, struct slot *s, int64_t now)
{
	const pid_t parent = getpid();

	s->born = now;
	s->ready = false;
	s->pid = fork();
	if (s->pid == 0)
		be_child(p, s, parent);
	if (s->pid > 0)
		return;
	log_write(LOG_ERROR, "no new %s: %s", s->kind->name, strerror(errno));
	s->pid = 0;
	s->pause = PAUSE_MAX;
	s->due = now + s->pause;
}

static void
start_due(struct parent *p, int64_t now)
{
	if (p->stop_end)
		return;
	for (size_t i = 0; i < p->n_slots; i++)
		if (!p->slots[i].pid && p->slots[i].due <= now)
			start(p, &p->slots[i], now);
}

/* A wanted child has ended. One that lived is replaced at once; one that died
 * young after a pause, which doubles each time and delays nobody else. */
static void
slot_ended(const struct parent *p, struct slot *s, int status, int64_t now)
{
	const bool young = now - s->born < YOUNG;

	if (!p->stop_end && WIFSIGNALED(status))
		log_write(LOG_ERROR, "%s %d (pid %ld) was ended by signal %d",
		    s->kind->name, s->number, (long)s->pid, WTERMSIG(status));
	else if (!p->stop_end)
		log_write(status ? LOG_WARN : LOG_INFO,
		    "%s %d (pid %ld) ended with status %d",
		    s->kind->name, s->number, (long)s->pid, WEXITSTATUS(status));
	s->pid = 0;
	s->pause = young ? sooner(later(PAUSE_MIN, 2 * s->pause), PAUSE_MAX) : 0;
	s->due = now + s->pause;
}

static void
trial_ended(struct parent *p, int status);

static void
reap(struct parent *p, int64_t now)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		for (size_t i = 0; i < p->n_slots; i++)
			if (p->slots[i].pid == pid)
				slot_ended(p, &p->slots[i], status, now);
		for (size_t i = 0; i < p->n_old; i++)
			if (p->old[i] == pid)
				p->old[i] = p->old[--p->n_old];
		if (pid == p->trial)
			trial_ended(p, status);
	}
}

static void
hear_ready(struct parent *p)
{
	pid_t pid;

	while (read(p->ready[0], &pid, sizeof(pid)) == sizeof(pid))
		for (size_t i = 0; i < p->n_slots; i++)
			if (p->slots[i].pid == pid)
				p->slots[i].ready = true;
}

static bool
all_ready(struct parent *p, int64_t now)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_slots; i++) {
		struct slot *s = &p->slots[i];

		if (s->pid && now - s->born >= READY_AGE)
			s->ready = true;
		n += s->pid && s->ready;
	}
	return n == p->n_slots;
}

static void
signal_slots(const struct parent *p, int number)
{
	for (size_t i = 0; i < p->n_slots; i++)
		if (p->slots[i].pid)
			(void)kill(p->slots[i].pid, number); /* ours, not reaped */
}

static void
signal_old(const struct parent *p, int number)
{
	for (size_t i = 0; i < p->n_old; i++)
		(void)kill(p->old[i], number);
}

/* Remind who is to go, and kill who does not when the time is up. A child that has
 * just begun takes a SIGTERM once it has its handler, so once would do; reminding
 * costs nothing and does not rest on it. */
static void
push(struct parent *p, int64_t now)
{
	const bool stop = p->stop_end != 0;
	const int64_t end = stop ? p->stop_end : p->drain_end;
	const int number = end && now >= end ? SIGKILL : SIGTERM;

	if (!end || now - p->reminded < REMIND)
		return;
	p->reminded = now;
	if (number == SIGKILL && !p->killed) {
		log_write(LOG_ERROR, "children that do not stop are killed");
		p->killed = true;
	}
	signal_old(p, number);
	if (stop)
		signal_slots(p, number);
}

/* All children run: tell systemd, and let those of the earlier image go. */
static void
settle(struct parent *p, int64_t now)
{
	if (!p->announced && !p->stop_end && all_ready(p, now)) {
		notify("READY=1");
		log_write(LOG_INFO, "%zu children run", p->n_slots);
		p->announced = true;
		if (p->n_old)
			p->drain_end = now + DRAIN_MAX;
	}
	if (p->drain_end && !p->n_old)
		p->drain_end = 0;
}

/* Put the socket where the new image finds it. */
static bool
pass_socket(void)
{
	char text[PID_ROOM];
	int fd = listen_kept();

	if (fd < 0)
		return true;
	(void)snprintf(text, sizeof(text), "%d", fd);
	return fcntl(fd, F_SETFD, 0) == 0 && setenv("PROC_SOCKET", text, 1) == 0;
}

/* Name all children to the new image, which drains them. */
static bool
pass_children(const struct parent *p)
{
	char text[(MAX_SLOTS + MAX_OLD) * PID_ROOM];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < p->n_old; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%ld,",
		    (long)p->old[i]);
	for (size_t i = 0; i < p->n_slots; i++)
		if (p->slots[i].pid)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%ld,",
			    (long)p->slots[i].pid);
	return setenv("PROC_CHILDREN", text, 1) == 0;
}

static void
forget_passed(void)
{
	(void)unsetenv("PROC_CHILDREN");
	(void)unsetenv("PROC_SOCKET");
}

/* Stay as we are: the new program is not taken. */
static void
reload_failed(const char *why)
{
	int fd = listen_kept();

	forget_passed();
	if (fd >= 0)
		(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	log_write(LOG_ERROR, "not reloaded, going on as before: %s", why);
	notify("READY=1");
}

static void
reload_now(struct parent *p)
{
	if (p->n_old + p->n_slots > MAX_OLD) {
		reload_failed("too many children still drain");
		return;
	}
	if (pass_socket() && pass_children(p))
		(void)execvp(p->argv[0], p->argv);
	reload_failed(strerror(errno));
}

static void
trial_ended(struct parent *p, int status)
{
	p->trial = 0;
	if (p->stop_end)
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		reload_now(p);
	else
		reload_failed("the new program did not start");
}

/* The trial of the program file: in a child, with the socket, up to the point
 * where it would make children. */
static _Noreturn void
be_trial(const struct parent *p)
{
	sigset_t none;

	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (pass_socket() && setenv("PROC_TRIAL", "1", 1) == 0)
		(void)execvp(p->argv[0], p->argv);
	_exit(1);
}

static void
reload(struct parent *p, int64_t now)
{
	if (p->stop_end || p->trial)
		return;
	log_write(LOG_INFO, "reloading %s", p->argv[0]);
	notify_reloading();
	p->trial = fork();
	if (p->trial == 0)
		be_trial(p);
	p->trial_end = now + TRIAL_MAX;
	if (p->trial < 0) {
		p->trial = 0;
		reload_failed(strerror(errno));
	}
}

static void
stop(struct parent *p, int64_t now)
{
	if (p->stop_end)
		return;
	log_write(LOG_INFO, "stopping");
	notify("STOPPING=1");
	p->stop_end = now + STOP_MAX;
	p->reminded = 0;
	if (p->trial)
		(void)kill(p->trial, SIGKILL);
}

static void
hear_signals(struct parent *p, int64_t now)
{
	struct signalfd_siginfo info;

	while (read(p->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT)
			stop(p, now);
		else if (info.ssi_signo == SIGHUP)
			reload(p, now);
	}
}

/* Milliseconds until something is due; -1: nothing is. */
static int
next_due(const struct parent *p, int64_t now)
{
	int64_t due = INT64_MAX;

	if (p->stop_end || p->drain_end)
		due = p->reminded + REMIND;
	if (p->trial)
		due = sooner(due, p->trial_end);
	for (size_t i = 0; i < p->n_slots; i++) {
		const struct slot *s = &p->slots[i];

		if (!s->pid && !p->stop_end)
			due = sooner(due, s->due);
		else if (s->pid && !s->ready && !p->announced)
			due = sooner(due, s->born + READY_AGE);
	}
	if (due == INT64_MAX)
		return -1;
	return (int)(later(due - now, 0) / 1000 + 1);
}

static bool
all_gone(const struct parent *p)
{
	for (size_t i = 0; i < p->n_slots; i++)
		if (p->slots[i].pid)
			return false;
	return p->n_old == 0;
}

static int
supervise(struct parent *p)
{
	struct pollfd fds[] = {
		{ .fd = p->signals, .events = POLLIN },
		{ .fd = p->ready[0], .events = POLLIN },
	};
	int64_t now;

	for (;;) {
		now = clock_steady();
		start_due(p, now);
		push(p, now);
		(void)poll(fds, 2, next_due(p, now)); /* all is looked at anyway */
		now = clock_steady();
		hear_signals(p, now);
		hear_ready(p);
		if (p->trial && now >= p->trial_end)
			(void)kill(p->trial, SIGKILL);
		reap(p, now);
		settle(p, now);
		if (p->stop_end && all_gone(p))
			return p->killed ? 1 : 0;
	}
}

/* Take over the children of the image that was here before. Only real children
 * are taken, so that a stray variable can't make us signal others. */
static void
take_over(struct parent *p)
{
	char text[(MAX_SLOTS + MAX_OLD) * PID_ROOM], *s = text, *end;
	const char *list = getenv("PROC_CHILDREN");
	int64_t pid;

	(void)snprintf(text, sizeof(text), "%s", list ? list : "");
	forget_passed();
	while ((end = strchr(s, ',')) && p->n_old < MAX_OLD) {
		*end = '\0';
		if (text_number(s, 2, INT32_MAX, &pid) &&
		    waitpid((pid_t)pid, NULL, WNOHANG) == 0)
			p->old[p->n_old++] = (pid_t)pid;
		s = end + 1;
	}
	if (p->n_old)
		log_write(LOG_INFO, "took over %zu children", p->n_old);
}

static enum err
prepare(struct parent *p)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_BLOCK, &set, NULL) != 0 ||
	    signal(SIGCHLD, SIG_DFL) == SIG_ERR ||
	    pipe2(p->ready, O_CLOEXEC | O_NONBLOCK) != 0) {
		log_write(LOG_ERROR, "supervising: %s", strerror(errno));
		return ERR_BROKEN;
	}
	p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (p->signals < 0) {
		log_write(LOG_ERROR, "supervising: %s", strerror(errno));
		return ERR_BROKEN;
	}
	return OK;
}

int
proc_supervise(const struct proc_kind *kinds, int n, char *const argv[])
{
	static struct parent p; /* 10 KiB; there is one parent in a program */

	if (getenv("PROC_TRIAL"))
		return 0; /* see be_trial: it has come far enough */
	memset(&p, 0, sizeof(p));
	p.argv = argv;
	for (int k = 0; k < n; k++) {
		for (int i = 0; i < kinds[k].count; i++) {
			if (p.n_slots == MAX_SLOTS) {
				log_write(LOG_ERROR, "more than %d children",
				    MAX_SLOTS);
				return 1;
			}
			p.slots[p.n_slots].kind = &kinds[k];
			p.slots[p.n_slots++].number = i;
		}
	}
	if (prepare(&p) != OK)
		return 1;
	take_over(&p);
	return supervise(&p);
}
