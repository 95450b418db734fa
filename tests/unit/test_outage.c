/* SPDX-License-Identifier: MIT */
/*
 * Who may wait for S3 while it answers, while it is silent, and when those who waited are
 * killed. Each worker is a process that does what it is told over a pipe.
 */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "outage.h"
#include "test.h"

enum { WORKERS = 6, HALF = WORKERS / 2 };

enum { ENTER = 'e', ANSWERED = 'a', SILENT = 's', NOTHING = 'n' };

static struct worker { pid_t pid; int to, from; } all[WORKERS];

static void
work(int number, int in, int out)
{
	char what, told;

	outage_join(number);
	while (read(in, &what, 1) == 1) {
		told = (char)('0' + (what == ENTER ? (int)outage_enter() : 0));
		if (what != ENTER)
			outage_leave(what == ANSWERED ? OUTAGE_ANSWER :
			    what == SILENT ? OUTAGE_SILENCE : OUTAGE_NOTHING);
		if (write(out, &told, 1) != 1)
			_exit(1);
	}
	_exit(0);
}

static void
hire(int number)
{
	int to[2], from[2];

	if (pipe(to) != 0 || pipe(from) != 0)
		_exit(1);
	all[number].pid = fork();
	if (all[number].pid == 0) {
		(void)close(to[1]);
		for (int i = 0; i < number; i++)
			(void)close(all[i].to);
		work(number, to[0], from[1]);
	}
	(void)close(to[0]);
	(void)close(from[1]);
	all[number].to = to[1];
	all[number].from = from[0];
}

/* What it says: of ENTER an enum outage_pass. */
static int
tell(int number, char what)
{
	char told = '?';

	if (write(all[number].to, &what, 1) != 1 || read(all[number].from, &told, 1) != 1)
		return -1;
	return told - '0';
}

static void
dismiss(int number)
{
	(void)kill(all[number].pid, SIGKILL);
	(void)waitpid(all[number].pid, NULL, 0);
	(void)close(all[number].to);
	(void)close(all[number].from);
}

static void
test_without(void)
{
	outage_join(3);
	ok(outage_enter() == OUTAGE_PATIENT, "without memory everybody is patient");
	outage_leave(OUTAGE_SILENCE);
	outage_tell(OUTAGE_S3, ERR_DOWN);
	ok(outage_enter() == OUTAGE_PATIENT && outage_told(OUTAGE_S3) == OK,
	    "and nothing is known");
}

static void
test_half(void)
{
	bool patient = true, brief = true;

	for (int i = 0; i < WORKERS; i++) {
		const int pass = tell(i, ENTER);

		patient = patient && (i >= HALF || pass == OUTAGE_PATIENT);
		brief = brief && (i < HALF || pass == OUTAGE_BRIEF);
	}
	ok(patient && brief, "half of the workers are patient, the others brief");
	dismiss(0);
	hire(0);
	ok(tell(0, NOTHING) == 0 && tell(1, ANSWERED) == 0 && tell(2, ANSWERED) == 0 &&
	    tell(3, ANSWERED) == 0 && tell(1, ENTER) == OUTAGE_PATIENT,
	    "who was killed while he waited waits no more");
	for (int i = 0; i < WORKERS; i++)
		(void)tell(i, NOTHING);
	ok(outage_told(OUTAGE_S3) == OK, "nothing heard is no silence");
}

/* Have it ask until it may. */
static bool
probe(int number)
{
	int pass;

	while ((pass = tell(number, ENTER)) == OUTAGE_REFUSED)
		(void)usleep(100 * 1000);
	return pass == OUTAGE_BRIEF;
}

static void
test_silent(void)
{
	(void)tell(0, ENTER);
	(void)tell(1, ENTER);
	(void)tell(2, ENTER);
	(void)tell(1, ANSWERED);
	(void)tell(0, SILENT);
	ok(outage_told(OUTAGE_S3) == OK && tell(0, ENTER) == OUTAGE_PATIENT,
	    "a silence counts only if nobody had an answer meanwhile");
	(void)tell(0, SILENT);
	ok(outage_told(OUTAGE_S3) == ERR_DOWN, "it counts if nobody had");
	(void)tell(2, SILENT);
	ok(probe(3), "then one may ask, after a while");
	for (int i = 4; i < WORKERS; i++)
		ok(tell(i, ENTER) == OUTAGE_REFUSED, "all others are refused at once");
	ok(outage_enter() == OUTAGE_PATIENT, "who is no worker may always ask");
	(void)tell(3, NOTHING);
	ok(tell(4, ENTER) == OUTAGE_BRIEF, "another may, if he could not");
	ok(tell(3, ENTER) == OUTAGE_REFUSED, "and nobody else");
	(void)tell(4, SILENT);
	ok(outage_told(OUTAGE_S3) == ERR_DOWN, "he found it silent");
}

static void
test_again(void)
{
	ok(probe(5), "the next may ask, after a while");
	(void)tell(5, ANSWERED);
	ok(outage_told(OUTAGE_S3) == OK && tell(0, ENTER) == OUTAGE_PATIENT,
	    "one answer, and all may ask again");
	(void)tell(0, NOTHING);
	outage_tell(OUTAGE_S3, ERR_DENIED);
	ok(outage_told(OUTAGE_S3) == ERR_DENIED && tell(0, ENTER) == OUTAGE_PATIENT,
	    "an S3 that answers, but is of no use, is asked");
	(void)tell(0, ANSWERED);
	ok(outage_told(OUTAGE_S3) == ERR_DENIED, "an answer does not make it of use");
	outage_tell(OUTAGE_CLAMD, ERR_DOWN);
	ok(outage_told(OUTAGE_CLAMD) == ERR_DOWN && tell(0, ENTER) == OUTAGE_PATIENT,
	    "each service stands for itself");
}

int
main(void)
{
	test_without();
	if (outage_map(WORKERS) != OK)
		return 1;
	for (int i = 0; i < WORKERS; i++)
		hire(i);
	test_half();
	test_silent();
	test_again();
	for (int i = 0; i < WORKERS; i++)
		dismiss(i);
	return test_end();
}
