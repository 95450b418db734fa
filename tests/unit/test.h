/* SPDX-License-Identifier: MIT */
#ifndef TESTS_TEST_H
#define TESTS_TEST_H

#include <stdbool.h>
#include <stdio.h>

/* A unit test is a program: ok() for each thing that should be true, and
 * `return test_end();`. One file a module. */

static int test_passed, test_failed;

/* ok(truth, words): Count and print one check; words say what should be true. */
static inline void
ok(bool truth, const char *words)
{
	if (truth)
		test_passed++;
	else
		test_failed++;
	printf("%s %d - %s\n", truth ? "ok" : "not ok", test_passed + test_failed, words);
}

/* test_end(): Print the closing line; the exit status. */
static inline int
test_end(void)
{
	printf("%d passed, %d failed\n", test_passed, test_failed);
	return test_failed != 0;
}

#endif
