/* SPDX-License-Identifier: MIT */
#ifndef TEST_FOLDER_H
#define TEST_FOLDER_H

#include <ftw.h>
#include <stdio.h>

static int
folder_drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

/* folder_remove(path): Remove a test's folder with all that is in it. 0, or -1. */
static int
folder_remove(const char *path)
{
	return nftw(path, folder_drop, 8, FTW_DEPTH | FTW_PHYS);
}

#endif
