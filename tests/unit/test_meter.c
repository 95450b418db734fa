/* SPDX-License-Identifier: MIT */
/*
 * Counters of several processes: added at once, read from outside, and what is left of
 * a process that was killed in the middle.
 */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "meter.h"
#include "test.h"

enum { SLOTS = 6, NUMBERS = 20, ROUNDS = 200000, PEAK = 7, LAST = NUMBERS - 1 };

static int gate[2];

/* Wait until the parent closes its end: all begin at once. */
static void
wait_for_gate(void)
{
	char c;

	close(gate[1]);
	while (read(gate[0], &c, 1) < 0 && errno == EINTR)
		;
}

static void
add_all(int slot)
{
	meter_join(slot);
	wait_for_gate();
	for (int i = 0; i < ROUNDS; i++) {
		meter_add(0, 1);
		meter_add(LAST, slot + 1);
		meter_raise(PEAK, i * (slot + 1));
	}
	_exit(0);
}

/* Busy, and adding until it is killed. */
static void
add_for_ever(int slot, int told)
{
	meter_join(slot);
	meter_busy(true);
	for (int64_t i = 0;; i++) {
		meter_add(1, 1);
		if (i == ROUNDS && write(told, "x", 1) != 1)
			_exit(1);
	}
}

static bool
ended_well(pid_t pid)
{
	int status = 1;

	return waitpid(pid, &status, 0) == pid && status == 0;
}

static void
test_without(void)
{
	meter_join(3);
	meter_add(5, 1);
	meter_raise(5, 1);
	meter_busy(true);
	ok(meter_sum(5) == 0 && meter_most(5) == 0 && meter_n_busy() == 0,
	    "without memory everything may be called, and nothing counts");
}

static void
test_at_once(void)
{
	int64_t most = (int64_t)(ROUNDS - 1) * SLOTS;
	pid_t pids[SLOTS];
	bool well = true;

	ok(pipe(gate) == 0, "a pipe");
	for (int i = 0; i < SLOTS; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			add_all(i);
	}
	close(gate[0]);
	close(gate[1]);
	for (int i = 0; i < SLOTS; i++)
		well = ended_well(pids[i]) && well;
	ok(well, "all ended well");
	ok(meter_sum(0) == (int64_t)SLOTS * ROUNDS, "sums are exact");
	ok(meter_sum(LAST) == (int64_t)ROUNDS * (SLOTS * (SLOTS + 1) / 2),
	    "of the last number too");
	ok(meter_most(PEAK) == most, "the highest of all slots is known");
	ok(meter_sum(1) == 0 && meter_sum(LAST - 1) == 0, "the others were left alone");
	ok(meter_n_busy() == 0, "nobody is busy");
}

/* Start one that adds for ever, and kill it when it has begun to. */
static bool
kill_one(int slot)
{
	int told[2], status;
	char c;
	pid_t pid;

	if (pipe(told) != 0)
		return false;
	pid = fork();
	if (pid == 0)
		add_for_ever(slot, told[1]);
	close(told[1]);
	if (read(told[0], &c, 1) != 1 || kill(pid, SIGKILL) != 0)
		return false;
	close(told[0]);
	return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status);
}

static void
test_killed(void)
{
	int64_t left;
	pid_t next;

	ok(kill_one(2), "one is killed while it adds");
	left = meter_sum(1);
	ok(left > ROUNDS, "what it had counted stays");
	ok(meter_n_busy() == 1, "as it was busy, it still seems so");
	next = fork();
	if (next == 0) {
		meter_join(2);
		meter_add(1, 5);
		_exit(meter_n_busy());
	}
	ok(ended_well(next), "the next one in its slot is not busy");
	ok(meter_sum(1) == left + 5, "and goes on from there");
}

static void
test_grandchild(void)
{
	int64_t before = meter_sum(0);
	pid_t child = fork();
	int status;

	if (child == 0) {
		meter_join(0);
		child = fork();
		if (child == 0) {
			(void)signal(SIGSEGV, SIG_DFL); /* not the sanitizer's */
			meter_add(0, 1);
			_exit(0);
		}
		_exit(waitpid(child, &status, 0) == child && WIFSIGNALED(status) ?
		    0 : 1);
	}
	ok(ended_well(child) && meter_sum(0) == before,
	    "what a child forks can't reach the numbers");
}

int
main(void)
{
	test_without();
	ok(meter_map(SLOTS, NUMBERS) == OK, "memory for all");
	meter_add(0, 1);
	ok(meter_sum(0) == 0, "the parent has no slot");
	test_at_once();
	test_killed();
	test_grandchild();
	return test_end();
}
