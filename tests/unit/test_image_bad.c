/* SPDX-License-Identifier: MIT */
/* Pictures as they should not be, wrong use, and processes that die on the way. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "clock.h"
#include "log.h"
#include "sandbox.h"
#include "picture.h"

static void
set_png_size(struct bytes *b, size_t width, size_t height)
{
	put_32(b->p + 16, width);
	put_32(b->p + 20, height);
	put_32(b->p + 29, crc32(0, b->p + 12, 17));
}

/* The place of the frame's height and width in a JPEG. */
static uint8_t *
frame_of(struct bytes *b)
{
	for (size_t i = 0; i + 9 < b->n; i++)
		if (b->p[i] == 0xff && b->p[i + 1] == 0xc0)
			return b->p + i + 5;
	abort();
}

static void
test_bombs(void)
{
	static uint8_t zeros[1 << 20], packed[1 << 12];
	unsigned long n = sizeof(packed);
	struct bytes b = as_png(8, 8);
	int64_t start = clock_steady();

	set_png_size(&b, 60000, 60000);
	ok(refused(b, "too large"), "a tiny PNG that claims 60000 x 60000 is refused");
	b = as_png(8, 8);
	set_png_size(&b, 30000, 30000);
	ok(refused(b, "too large"), "30000 x 30000 is too large");
	b = as_png(8, 8);
	set_png_size(&b, 12000, 4167);
	ok(refused(b, "too large"), "and so is one row more than 50 million");
	b = as_png(8, 8);
	set_png_size(&b, 12000, 4166);
	ok(refused(b, "damaged"), "a size that may be, without its pixels, is damaged");
	b = as_png(8, 8);
	set_png_size(&b, 0, 8);
	ok(refused(b, "damaged"), "a width of 0 is damaged");
	b = as_jpeg(8, 8);
	memset(frame_of(&b), 0xf0, 4);
	ok(refused(b, "too large"), "a JPEG that claims 61680 x 61680 is refused");
	b = as_jpeg(8, 8);
	memset(frame_of(&b), 0, 4);
	ok(refused(b, "damaged"), "a JPEG without a size is damaged");
	if (compress(packed, &n, zeros, sizeof(zeros)) != Z_OK)
		abort();
	memmove(packed + 8, packed, n);
	memcpy(packed, "Comment\0\0", 9); /* zlib's first byte gives way */
	ok(photo(png_with(as_png(80, 40), "zTXt", packed, n + 8)) == OK &&
	    corners(&master, "RGBW"), "a text that unpacks to much is not unpacked");
	ok(clock_steady() - start < 120 * CLOCK_SECOND, "none of it takes long");
}

static void
test_damage(void)
{
	static const uint8_t moving[6] = { 0 };
	struct bytes b;
	enum err e;
	int bad = 0;

	ok(refused(text_bytes("GIF89a\1\0\1\0\0\0\0;", 14), "not a JPEG"),
	    "GIF is refused");
	ok(refused(text_bytes("<html><script>", 14), "not a JPEG"), "HTML is refused");
	ok(refused(text_bytes("%PDF-1.7\n%%EOF", 14), "not a JPEG"), "PDF is refused");
	ok(refused(text_bytes("", 0), "not a JPEG"), "nothing is refused");
	ok(refused(text_bytes("\xff\xd8\xff", 3), "damaged"), "three bytes of JPEG");
	ok(refused(text_bytes("\x89PNG\r\n\x1a\n", 8), "damaged"), "eight of PNG");
	ok(refused(text_bytes("RIFF\4\0\0\0WEBP", 12), "damaged"), "twelve of WebP");
	b = as_jpeg(400, 300);
	ok(refused(cut_off(b, b.n / 2), "damaged"), "half a JPEG is refused");
	b = as_jpeg(400, 300);
	ok(refused(cut_off(b, b.n - 2), "damaged"), "a JPEG without its end is refused");
	b = as_png(400, 300);
	ok(refused(cut_off(b, b.n - 60), "damaged"), "a PNG cut off is refused");
	b = as_webp(400, 300, false);
	ok(refused(cut_off(b, b.n - 20), "damaged"), "a WebP cut off is refused");
	ok(refused(webp_with(as_webp(40, 20, true), 2, "ANIM", moving, 6), "animation"),
	    "an animation is refused");
	for (size_t i = 0; i < 100; i++) {
		b = i % 2 ? as_png(80, 40) : as_jpeg(80, 40);
		b.p[b.n * i / 100] ^= 0x55;
		e = photo(b);
		bad += e != OK && e != ERR_BAD;
	}
	ok(bad == 0, "wrong bytes never do more than spoil the picture");
	b = with(as_jpeg(80, 40), 2, "\xff\xfe\0\10secret", 10);
	ok(photo(with(b, b.n, "<?php trailer", 13)) == OK && is_plain(&master_bytes) &&
	    !contains(&master_bytes, "secret") && !contains(&master_bytes, "trailer"),
	    "comments and trailers do not come out");
}

static void
test_wrong_use(void)
{
	struct bytes b = as_jpeg(80, 40);
	int in = temp_file(&b, 0), to = temp_file(NULL, 0), closed = dup(to);
	int reading = open("/dev/null", O_RDONLY);

	close(closed);
	log_limit(LOG_ERROR + 1);
	ok(image_photo(&(struct image_ask){ in, 1, b.n, to, to },
	    &made, &why) == ERR_BROKEN && !why,
	    "bytes beyond the end of the file are refused");
	ok(image_photo(&(struct image_ask){ in, b.n + 1, 0, to, to },
	    &made, &why) == ERR_BROKEN,
	    "and an offset beyond it");
	ok(image_photo(&(struct image_ask){ reading, 0, 5, to, to },
	    &made, &why) == ERR_BROKEN,
	    "and what is no file");
	ok(image_photo(&(struct image_ask){ in, 0, b.n, reading, to },
	    &made, &why) == ERR_BROKEN && !why,
	    "a result that can't be written is our fault");
	close(in);
	close(to);
	close(reading);
	free(b.p);
	ok(photo(as_jpeg(80, 40)) == OK, "and the next picture is read");
	log_limit(LOG_ERROR);
}

/* The first child of a process, 0 if it has none (proc(5)). */
static pid_t
child_of(pid_t pid)
{
	char path[64], text[32] = "";
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)pid,
	    (long)pid);
	fd = open(path, O_RDONLY);
	if (fd < 0 || read(fd, text, sizeof(text) - 1) < 0)
		text[0] = '\0';
	if (fd >= 0)
		close(fd);
	return (pid_t)strtol(text, NULL, 10);
}

/* A large picture, so that there is time to catch its decoder. */
static struct bytes
large(void)
{
	return as_png(4000, 4000);
}

/* Read a large picture, and send its decoder a signal meanwhile. */
static enum err
photo_with_signal(int number)
{
	const pid_t forker = child_of(getpid());
	struct bytes b = large();
	pid_t killer = fork(), child;
	enum err e;

	if (killer == 0) {
		while (!(child = child_of(forker)))
			(void)usleep(500);
		(void)usleep(2000);
		_exit(kill(child, number) != 0);
	}
	e = photo(b);
	(void)waitpid(killer, NULL, 0);
	return e;
}

static void
test_deaths(void)
{
	pid_t forker = child_of(getpid());

	log_limit(LOG_ERROR + 1);
	ok(forker > 0, "there is a forker");
	ok(photo_with_signal(SIGKILL) == ERR_BAD && strstr(why, "damaged"),
	    "a decoder that is killed spoils its picture only");
	ok(photo_with_signal(SIGABRT) == ERR_BAD && strstr(why, "damaged"),
	    "and one that crashes");
	ok(photo_with_signal(SIGXCPU) == ERR_BAD && strstr(why, "too long"),
	    "one that computes for too long is told apart");
	ok(child_of(getpid()) == forker && photo(as_jpeg(80, 40)) == OK,
	    "the forker lives on");
	(void)kill(forker, SIGKILL);
	ok(photo(as_jpeg(80, 40)) == ERR_DOWN && !why, "without the forker: down");
	ok(photo(as_jpeg(80, 40)) == ERR_DOWN, "and it stays down");
	image_stop();
	ok(image_start() == OK && photo(as_jpeg(80, 40)) == OK, "until it is started");
	image_stop();
	image_stop();
	ok(child_of(getpid()) == 0, "image_stop leaves nobody");
	log_limit(LOG_ERROR);
}

/* A worker as in life: forker first, then the lock, then a picture. */
static void
be_worker(int ready)
{
	const struct sandbox s = { .connect_unix = false };
	struct bytes b = as_jpeg(80, 40), big = large();
	int in = temp_file(&b, 0), in_big = temp_file(&big, 0);
	int to = temp_file(NULL, 0), small = temp_file(NULL, 0);
	enum err e;

	free(b.p);
	free(big.p);
	if (image_start() != OK || sandbox_lock(&s) != OK)
		_exit(1);
	e = image_photo(&(struct image_ask){ in, 0, b.n, to, small },
	    &made, &why);
	if (write(ready, e == OK ? "y" : "n", 1) != 1)
		_exit(1);
	for (;;)
		(void)image_photo(&(struct image_ask){ in_big, 0, big.n, to, small },
	    &made, &why);
}

static void
test_worker_killed(void)
{
	char answer = 'n';
	int ends[2], left = 3000;
	pid_t worker;

	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (pipe(ends) != 0)
		abort();
	worker = fork();
	if (worker == 0)
		be_worker(ends[1]);
	ok(read(ends[0], &answer, 1) == 1 && answer == 'y',
	    "a locked worker has its pictures read");
	(void)usleep(60000); /* into the large one */
	(void)kill(worker, SIGKILL);
	while (waitpid(-1, NULL, WNOHANG) >= 0 && left--)
		(void)usleep(20000);
	ok(left > 0, "a worker killed leaves neither forker nor decoder");
	close(ends[0]);
	close(ends[1]);
}

int
main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	log_limit(LOG_ERROR);
	if (image_start() != OK)
		return 1;
	test_bombs();
	test_damage();
	test_wrong_use();
	test_deaths();
	test_worker_killed();
	forget();
	return test_end();
}
