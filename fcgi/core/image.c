/* SPDX-License-Identifier: MIT */
/*
 * Photos of strangers, made harmless. Three processes take part:
 *
 *	worker  -- picture, two empty files -->  forker  -- fork, each time -->  child
 *	        <--------- reason, sizes -------         <----- reason, sizes --
 *
 * The forker (a helper, see helper.h) was made before the worker locked itself,
 * because a locked worker can't fork. It never looks at a picture. The child maps
 * the picture, limits and locks itself, decodes, writes both files, answers through
 * a pipe and ends. Whatever a picture makes of the child, it can spoil its own two
 * files only: it sends numbers, and the words are chosen here.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "helper.h"
#include "image.h"
#include "image_decode.h"
#include "log.h"
#include "sandbox.h"

#ifdef __SANITIZE_ADDRESS__
enum { SLOWER = 4, CHECKED = 1 };	/* the debug build; its shadow needs terabytes */
#else
enum { SLOWER = 1, CHECKED = 0 };
#endif

enum {
	MASTER_QUALITY = 88,
	CARD_QUALITY = 80,
	CPU_SECONDS = 5 * SLOWER,
	CHILD_MS = 10000 * SLOWER,	/* for a child, by the clock on the wall */
	ANSWER_MS = 15000 * SLOWER,	/* for the forker */
	MEMORY_MAX = 512 << 20,
	FILES_MAX = 16,			/* descriptors */
	FILE_MAX = 32 << 20		/* bytes of a result; 1600 x 1600 needs 2 MiB */
};

/* What the worker asks, next to the descriptors of picture, master and card. */
struct question {
	uint64_t offset, size;
};

/* What the child and the forker answer. */
struct answer {
	int32_t why;		/* enum image_reason */
	int32_t how;		/* IMAGE_DIED: the wait status */
	int32_t width, height;
	uint64_t master_size, card_size;
};

static struct helper forker = HELPER_NONE;

static const char *const words[IMAGE_REASONS] = {
	[IMAGE_NO_PICTURE] = "The file is not a JPEG, PNG or WebP picture.",
	[IMAGE_DAMAGED] = "The picture is damaged or incomplete.",
	[IMAGE_LARGE] = "The picture is too large. It may have up to 12000 pixels "
	    "on an edge and 50 million pixels in all.",
	[IMAGE_MOVING] = "The picture is an animation. Please send a still picture.",
	[IMAGE_HEAVY] = "The picture takes too long to read. Please send a smaller "
	    "one, or save it again as JPEG.",
	[IMAGE_DIED] = "The picture is damaged or incomplete.",
};

/* The child. */

static bool
limit(int what, rlim_t soft, rlim_t hard)
{
	const struct rlimit r = { soft, hard };

	return setrlimit((__rlimit_resource_t)what, &r) == 0;
}

static bool
limit_all(void)
{
	return limit(RLIMIT_CPU, CPU_SECONDS, CPU_SECONDS + 1) &&
	    (CHECKED || limit(RLIMIT_AS, MEMORY_MAX, MEMORY_MAX)) &&
	    limit(RLIMIT_FSIZE, FILE_MAX, FILE_MAX) &&
	    limit(RLIMIT_NOFILE, FILES_MAX, FILES_MAX);
}

static bool
write_all(int fd, const uint8_t *p, size_t n)
{
	ssize_t done;

	for (; n; p += done, n -= (size_t)done) {
		done = write(fd, p, n);
		if (done <= 0)
			return false;
	}
	return true;
}

static enum image_reason
write_jpeg(int fd, const struct image_pixels *p, int quality, uint64_t *size)
{
	enum image_reason why;
	uint8_t *bytes;
	size_t n;

	why = image_jpeg_write(p, quality, &bytes, &n);
	if (why == IMAGE_FINE && !write_all(fd, bytes, n))
		why = IMAGE_UNWRITTEN;
	free(bytes);
	*size = n;
	return why;
}

static enum image_reason
work(const uint8_t *p, size_t n, const int results[2], struct answer *a)
{
	struct image_pixels master, card;
	enum image_reason why;

	why = image_decode(p, n, &master);
	if (why)
		return why;
	a->width = master.width;
	a->height = master.height;
	why = write_jpeg(results[0], &master, MASTER_QUALITY, &a->master_size);
	if (why == IMAGE_FINE) {
		why = image_card(&master, &card);
		if (why == IMAGE_FINE)
			why = write_jpeg(results[1], &card, CARD_QUALITY,
			    &a->card_size);
		free(card.rgb);
	}
	free(master.rgb);
	return why;
}

/* Map the picture. The map is private and read only, and starts at a page. */
static const uint8_t *
map_picture(int fd, const struct question *q)
{
	const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), lead = q->offset % page;
	void *map;

	if (q->size > SIZE_MAX / 2)
		return NULL;
	map = mmap(NULL, (size_t)(q->size + lead), PROT_READ, MAP_PRIVATE, fd,
	    (off_t)(q->offset - lead));
	return map == MAP_FAILED ? NULL : (const uint8_t *)map + lead;
}

static _Noreturn void
be_child(int answer_fd, int socket, pid_t parent, const struct question *q,
    const int fds[HELPER_FDS])
{
	struct answer a = { .why = IMAGE_UNLOCKED };
	const uint8_t *p;

	/* A child of a dead forker shall not go on; here, if it is dead already. */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != parent)
		_exit(1);
	p = map_picture(fds[0], q);
	(void)close(socket);
	(void)close(fds[0]);
	if (!CHECKED)
		(void)close(STDERR_FILENO); /* it could forge lines of the log */
	if (!p)
		a.why = IMAGE_UNWRITTEN;
	else if (limit_all() && sandbox_lock_pure() == OK)
		a.why = (int32_t)work(p, (size_t)q->size, fds + 1, &a);
	_exit(write_all(answer_fd, (const uint8_t *)&a, sizeof(a)) ? 0 : 1);
}

/* The forker. */

/* Wait for the child's answer until the time is up. */
static bool
hear_child(int fd, struct answer *a)
{
	const int64_t end = clock_steady() + CHILD_MS * (CLOCK_SECOND / 1000);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	int64_t left;
	int n;

	do {
		left = (end - clock_steady()) / 1000;
		n = left > 0 ? poll(&p, 1, (int)left + 1) : 0;
	} while (n < 0 && errno == EINTR);
	if (n == 0) {
		a->why = IMAGE_HEAVY;
		return true;
	}
	return read(fd, a, sizeof(*a)) == sizeof(*a); /* a pipe: whole or not at all */
}

/* Why a child ended without an answer. */
static void
explain(int status, struct answer *a)
{
	memset(a, 0, sizeof(*a));
	a->how = status;
	a->why = IMAGE_DIED;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
		a->why = IMAGE_HEAVY;
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXFSZ)
		a->why = IMAGE_UNWRITTEN;
}

static void
decode_once(int socket, const struct helper_question *hq, struct answer *a)
{
	const pid_t parent = getpid();
	struct question q;
	int ends[2], status = 0;
	pid_t pid;

	memset(a, 0, sizeof(*a));
	a->why = IMAGE_UNLOCKED;
	memcpy(&q, hq->bytes, sizeof(q));
	if (pipe2(ends, O_CLOEXEC) != 0)
		return;
	pid = fork();
	if (pid == 0) {
		(void)close(ends[0]);
		be_child(ends[1], socket, parent, &q, hq->fds);
	}
	(void)close(ends[1]);
	if (pid > 0) {
		bool heard = hear_child(ends[0], a);

		/* After its answer a sound child only ends; another is not waited for. */
		if (heard)
			(void)kill(pid, SIGKILL);
		(void)waitpid(pid, &status, 0);
		if (!heard)
			explain(status, a);
	}
	(void)close(ends[0]);
}

static int
be_forker(int socket, void *context)
{
	struct helper_question q;
	struct answer a;

	(void)context;
	if (sandbox_lock_forker() != OK)
		return 1;
	while (helper_take(socket, &q)) {
		if (q.n != sizeof(struct question) || q.n_fds != HELPER_FDS)
			return 1;
		decode_once(socket, &q, &a);
		for (int i = 0; i < q.n_fds; i++)
			(void)close(q.fds[i]); /* the worker has its own */
		if (!helper_answer(socket, &a, sizeof(a)))
			return 0;
	}
	return 0;
}

/* The worker. */

enum err
image_start(void)
{
	return helper_start(&forker, "picture forker", be_forker, NULL);
}

void
image_stop(void)
{
	helper_stop(&forker);
}

/* The child's word on the sizes is checked: it may have been taken over. */
static bool
has_size(int fd, uint64_t size)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0 &&
	    (uint64_t)st.st_size == size && size <= FILE_MAX;
}

static enum err
judge(const struct answer *a, const int results[2], struct image_made *made,
    const char **why)
{
	const bool known = a->why >= 0 && a->why < IMAGE_REASONS;

	if (a->why == IMAGE_DIED)
		log_write(LOG_ERROR, "picture: the decoder died, wait status 0x%x",
		    (unsigned)a->how);
	if (known && words[a->why]) {
		*why = words[a->why];
		return ERR_BAD;
	}
	if (a->why != IMAGE_FINE || a->width < 1 || a->height < 1 ||
	    a->width > IMAGE_MASTER_EDGE || a->height > IMAGE_MASTER_EDGE ||
	    !has_size(results[0], a->master_size) ||
	    !has_size(results[1], a->card_size)) {
		log_write(LOG_ERROR, "picture: not decoded or not written, reason %d",
		    (int)a->why);
		return ERR_BROKEN;
	}
	made->width = a->width;
	made->height = a->height;
	made->master_size = (size_t)a->master_size;
	made->card_size = (size_t)a->card_size;
	return OK;
}

/* True if size bytes at offset lie in the file: a map beyond its end would kill. */
static bool
lies_in(int fd, size_t offset, size_t size)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size >= 0 &&
	    offset <= (size_t)st.st_size && size <= (size_t)st.st_size - offset;
}

enum err
image_photo(const struct image_ask *ask, struct image_made *made, const char **why)
{
	const struct question q = { ask->offset, ask->size };
	const int results[] = { ask->master, ask->card };
	struct helper_question hq = { .n = sizeof(q), .n_fds = HELPER_FDS,
	    .fds = { ask->in, ask->master, ask->card } };
	struct answer a;
	enum err e;

	*why = NULL;
	memset(made, 0, sizeof(*made));
	if (!lies_in(ask->in, ask->offset, ask->size)) {
		log_write(LOG_ERROR, "picture: its bytes are not in the file");
		return ERR_BROKEN;
	}
	if (ask->size == 0) {
		*why = words[IMAGE_NO_PICTURE];
		return ERR_BAD;
	}
	memcpy(hq.bytes, &q, sizeof(q));
	e = helper_ask(&forker, &hq, &a, sizeof(a), ANSWER_MS);
	return e == OK ? judge(&a, results, made, why) : e;
}
