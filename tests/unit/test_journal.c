/* SPDX-License-Identifier: MIT */
/* The journal of reads: its lines, and what becomes of files with anything in them. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arena.h"
#include "audit.h"
#include "conf.h"
#include "db.h"
#include "folder.h"
#include "id.h"
#include "journal.h"
#include "journal_line.h"
#include "queries.h"
#include "test.h"
#include "text.h"

static char root[] = "/tmp/cem-journal-XXXXXX";
static struct arena *a;
static struct db *db;

static const struct audit_source from = { .endpoint = "/api/farmers/{farmer_id}",
	.who = "mary@cem.example", .role = "OPERATOR", .address = "192.0.2.1",
	.request_id = "0a1b2c3d", .now = 1795000000000000 };
static const struct audit_event event = { .module = "farmers",
	.action = "get_success", .subject = "ZM1A2B3C4D" };

static struct audit_insert_in
row_of(const char *subject)
{
	return (struct audit_insert_in){ .audit_id = "000000000000701234567890",
		.level = "INFO", .module = "farmers", .action = "get_success",
		.endpoint = "/", .subject = subject, .logged_at = 7 };
}

static void
test_lines(void)
{
	char line[JOURNAL_LINE], long_text[JOURNAL_LINE];
	struct audit_insert_in row = row_of("a\x1f" "b\nc"), back;
	size_t n = journal_line(line, &row);

	ok(n && line[n - 1] == '\n' && memchr(line, '\n', n) == line + n - 1,
	    "a row is one line");
	ok(journal_line_read(line, n - 1, &back) && text_same(back.subject, "a?b?c") &&
	    text_same(back.endpoint, "/") && !back.user_id && back.logged_at == 7,
	    "no text forges a field or a line");
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	row = row_of(long_text);
	ok(!journal_line(line, &row), "what does not fit is refused, not cut off");
	row = row_of("\xff");
	ok(!journal_line(line, &row), "so is what is no UTF-8");
	row = row_of(NULL);
	row.module = "";
	ok(!journal_line(line, &row), "and a row without what each has");
}

static int64_t
stored(void)
{
	struct audit_total_row total;

	if (q_audit_total(db, &(struct audit_total_in){ .lead = "time",
	    .start_id = "", .end_id = "g", .limit = 100000 }, &total))
		return -1;
	return total.total;
}

static enum err
count_one(void *n, const char *id)
{
	(void)id;
	++*(int *)n;
	return OK;
}

static int
files(void)
{
	int n = 0;

	(void)journal_each(count_one, &n);
	return n;
}

static bool
flush(void)
{
	bool more = true;
	enum err e = OK;

	while (more && !e) {
		e = journal_flush(db, a, &more);
		arena_reset(a);
	}
	return e == OK;
}

static void
put(const char *id, const char *text, size_t n)
{
	int fd = openat(journal_folder(), id, O_WRONLY | O_CREAT | O_APPEND, 0640);

	if (fd < 0 || write(fd, text, n) != (ssize_t)n)
		ok(false, "a file is put there");
	(void)close(fd);
}

/* A process that writes some lines and ends as if killed. */
static pid_t
writer(int lines)
{
	pid_t pid = fork();

	if (pid == 0) {
		for (int i = 0; i < lines; i++)
			if (journal_write(&from, &event))
				_exit(1);
		_exit(0);
	}
	return pid;
}

static bool
wrote(pid_t pid)
{
	int status;

	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void
test_flush(void)
{
	ok(wrote(writer(1000)) && wrote(writer(1)), "two processes write");
	ok(files() >= 4, "a thousand lines are some files, each has its own");
	ok(flush() && stored() == 1001, "all are stored");
	ok(files() == 0, "and the files of processes that ended are gone");
}

/* Last of all, as a process that is forked would write on in the same file. */
static void
test_own(void)
{
	const int64_t before = stored();

	ok(journal_write(&from, &event) == OK && files() == 1, "a read is written");
	ok(flush() && stored() == before + 1 && files() == 1, "and stored");
	ok(flush() && stored() == before + 1, "once");
	ok(journal_write(&from, &event) == OK && flush() && stored() == before + 2,
	    "the next too");
}

static void
test_damage(void)
{
	static const char zeros[9000], link[] = "aaaaaaaaaaaaaaaaaaaaaaa5";
	char line[JOURNAL_LINE];
	struct audit_insert_in row = row_of("ZM1A2B3C4D");
	const int64_t before = stored();
	size_t n = journal_line(line, &row);

	put("aaaaaaaaaaaaaaaaaaaaaaa1", line, n);
	put("aaaaaaaaaaaaaaaaaaaaaaa1", "rubbish\n", 8);
	put("aaaaaaaaaaaaaaaaaaaaaaa1", zeros, sizeof(zeros));
	put("aaaaaaaaaaaaaaaaaaaaaaa2", line, n);
	put("aaaaaaaaaaaaaaaaaaaaaaa2", line, n - 3);
	put("aaaaaaaaaaaaaaaaaaaaaaa3", "", 0);
	for (int i = 0; i < 10; i++)
		put("aaaaaaaaaaaaaaaaaaaaaaa4", zeros, sizeof(zeros));
	ok(flush() && files() == 0, "damaged files hold nothing up");
	ok(stored() == before + 1, "what is whole in them is stored, once");
	put("not-an-id", line, n);
	ok(flush() && stored() == before + 1, "other files are not ours");
	ok(symlinkat("/etc/passwd", journal_folder(), link) == 0 && flush() &&
	    stored() == before + 1, "a link is not followed");
	ok(unlinkat(journal_folder(), link, 0) == 0, "and stays");
}

/* JOURNAL_WAITING files and two for each worker are there: a new one must wait. */
static void
test_full(void)
{
	const int64_t before = stored();
	char id[ID_TEXT];
	pid_t pid;

	while (files() < JOURNAL_WAITING + 2 * (int)conf.workers) {
		id_make(id);
		put(id, "", 0);
	}
	ok(!wrote(writer(1)), "when it stays full, a read is refused");
	pid = writer(2);
	ok(flush() && wrote(pid), "when there is room again, it goes on");
	ok(flush() && stored() == before + 2 && files() == 0, "and nothing is missing");
}

int
main(void)
{
	struct arena *kept = arena_make(8 * 1024 * 1024, NULL);
	int n;

	conf.workers = 2;
	a = arena_make(8 * 1024 * 1024, NULL);
	if (!mkdtemp(root) || db_open(arena_print(kept, "sqlite:%s/test.db", root), a,
	    &db) || db_migrate(db, &n))
		return 1;
	ok(journal_open("/nonexistent/journal") != OK, "a journal needs a place");
	ok(journal_open(root) == OK, "this one has");
	ok(journal_own() == OK, "and a recorder");
	test_lines();
	test_flush();
	test_damage();
	test_full();
	test_own();
	db_close(db);
	arena_end(a);
	arena_end(kept);
	ok(folder_remove(root) == 0, "its folder is gone");
	return test_end();
}
