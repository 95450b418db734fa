/* SPDX-License-Identifier: MIT */
/*
 * The writing side of the journal. In general one write(2) is all that a read costs;
 * a new file, and with it the question whether there is room, comes with every few
 * hundredth line. What is written lies in the kernel's memory and outlives the
 * process; it is not flushed to the disk here, as the recorder has it in the database,
 * which is, within a second.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "audit.h"
#include "clock.h"
#include "conf.h"
#include "journal.h"
#include "journal_line.h"
#include "log.h"
#include "queries.h"

enum {
	TRIES = 100,		/* to make a file that nobody took away meanwhile */
	PAUSE_MS = 5,
	WAIT_MS = 3000,		/* for room */
	WAIT_AGAIN_MS = 50	/* the same when the last wait was in vain */
};

static int folder_fd = -1;
static int own_fd = -1;		/* the recorder's lock, held until it ends */

/* The file this process writes. */
static struct { int fd; size_t n; } file = { -1, 0 };

static enum err
failed(const char *what)
{
	enum err e = errno == ENOSPC || errno == EDQUOT || errno == EIO ?
	    ERR_DOWN : ERR_BROKEN;

	log_write(LOG_ERROR, "journal: %s: %s", what, strerror(errno));
	return e;
}

enum err
journal_open(const char *folder)
{
	if (mkdir(folder, 0750) != 0 && errno != EEXIST)
		return failed(folder);
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return folder_fd < 0 ? failed(folder) : OK;
}

int
journal_folder(void)
{
	return folder_fd;
}

enum err
journal_own(void)
{
	int fd = openat(folder_fd, "LOCK", O_RDWR | O_CREAT | O_CLOEXEC, 0640);

	if (fd < 0)
		return failed("LOCK");
	while (flock(fd, LOCK_EX) != 0) {
		if (errno == EINTR)
			continue;
		(void)close(fd); /* nothing was written through it */
		return failed("flock");
	}
	own_fd = fd;
	return OK;
}

enum err
journal_each(enum err (*found)(void *context, const char *id), void *context)
{
	int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	enum err e = OK;

	if (!dir) {
		e = failed("folder");
		if (fd >= 0)
			(void)close(fd); /* was only read */
		return e;
	}
	while (!e && (entry = readdir(dir)))
		if (id_valid(entry->d_name))
			e = found(context, entry->d_name);
	(void)closedir(dir); /* the same */
	return e;
}

static enum err
count_one(void *n, const char *id)
{
	(void)id;
	++*(int *)n;
	return OK;
}

/* Each worker has a file it writes, and while the program is replaced there are twice
 * as many; what is above that waits for the recorder. */
enum err
journal_count(int *n, int *most)
{
	*n = 0;
	*most = JOURNAL_WAITING + 2 * (int)conf.workers;
	return journal_each(count_one, n);
}

static enum err
look_for_room(bool *room)
{
	int n, most;
	enum err e = journal_count(&n, &most);

	*room = n < most;
	return e;
}

static enum err
wait_for_room(void)
{
	static bool in_vain;
	const int64_t end = clock_steady() +
	    (in_vain ? WAIT_AGAIN_MS : WAIT_MS) * (CLOCK_SECOND / 1000);
	const struct timespec pause = { 0, PAUSE_MS * 1000000L };
	bool room, told = in_vain;
	enum err e;

	while ((e = look_for_room(&room)) == OK && !room) {
		if (!told)
			log_write(LOG_WARN, "journal: it is full, reads wait");
		told = true;
		if (clock_steady() >= end) {
			if (!in_vain)
				log_write(LOG_ERROR, "journal: it stays full, reads are "
				    "refused");
			in_vain = true;
			return ERR_DOWN;
		}
		(void)nanosleep(&pause, NULL); /* shorter does no harm */
	}
	in_vain = false;
	return e;
}

/* The recorder takes a file away whose lock is free, also in the moment between its
 * making and its locking: then there is no lock to be had, or no name any more. */
static bool
lock_new(int fd)
{
	struct stat st;

	return flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &st) == 0 &&
	    st.st_nlink > 0;
}

static void
end_file(void)
{
	if (file.fd >= 0)
		(void)close(file.fd); /* every write was checked */
	file.fd = -1;
}

/* Its room is taken at once: when the disk is full, reading goes on for some hundred
 * lines. A file system that can't do that gives the room line by line. */
static bool
take_room(int fd)
{
	return fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, JOURNAL_FILE) == 0 ||
	    errno != ENOSPC;
}

static enum err
refuse_file(void)
{
	enum err e = failed("room");

	end_file(); /* the recorder takes it away */
	return e;
}

enum err
journal_begin(void)
{
	enum err e;

	end_file();
	e = wait_for_room();
	for (int i = 0; i < TRIES && !e; i++) {
		char id[ID_TEXT];
		int fd;

		id_make(id);
		fd = openat(folder_fd, id, O_WRONLY | O_APPEND | O_CREAT | O_EXCL |
		    O_CLOEXEC, 0640);
		if (fd < 0)
			return failed("new file");
		if (lock_new(fd)) {
			file.fd = fd;
			file.n = 0;
			return take_room(fd) ? OK : refuse_file();
		}
		(void)close(fd); /* nothing was written to it */
	}
	if (!e)
		log_write(LOG_ERROR, "journal: no new file could be locked");
	return e ? e : ERR_BROKEN;
}

enum err
journal_write(const struct audit_source *source, const struct audit_event *event)
{
	char id[ID_TEXT], line[JOURNAL_LINE];
	const struct audit_insert_in row = audit_row(source, event, id);
	const size_t n = journal_line(line, &row);
	enum err e = OK;
	ssize_t done;

	if (!n) {
		log_write(LOG_ERROR, "journal: %s %s is no line", event->module,
		    event->action);
		return ERR_BROKEN;
	}
	if (file.fd < 0 || file.n + n > JOURNAL_FILE)
		e = journal_begin();
	if (e)
		return e;
	do
		done = write(file.fd, line, n);
	while (done < 0 && errno == EINTR);
	if (done == (ssize_t)n) {
		file.n += n;
		return OK;
	}
	if (done >= 0)
		errno = ENOSPC; /* half a line: nothing may follow it */
	e = failed("write");
	end_file();
	return e;
}
