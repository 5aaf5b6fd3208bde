/* splice.c - splice(2) and tee(2): between files and pipes, errors, what lies in a pipe. */
#include "kernel/uapi/fcntl.h"
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"

#include <string.h>

enum { PIPE_SIZE = 65536, FILE_SIZE = 100000 };

static char buf[FILE_SIZE], back[FILE_SIZE];
static int p[2], q[2], file;

static void close_both(int fds[2])
{
	sys_close(fds[0]);
	sys_close(fds[1]);
}

/* Takes all out of a pipe that holds something or has no writer that would wait. */
static void empty(int fds[2])
{
	sys_fcntl(fds[0], F_SETFL, O_NONBLOCK);
	while (sys_read(fds[0], back, sizeof(back)) > 0)
		;
	sys_fcntl(fds[0], F_SETFL, 0);
}

static bool gives(int fd, const char *text)
{
	long n = sys_read(fd, back, sizeof(back));

	return n == (long)strlen(text) && !memcmp(back, text, (size_t)n);
}

static void put(int fds[2], const char *text) { sys_write(fds[1], text, strlen(text)); }

static void test_from_file(void)
{
	long pos = FILE_SIZE - 10;

	is(sys_splice(file, &pos, p[1], NULL, 1000, 0), 10, "the-end-of-a-file-into-a-pipe");
	is(pos, FILE_SIZE, "moves-the-offset");
	is(sys_lseek(file, 0, SEEK_CUR), 0, "not-the-position");
	ok(sys_read(p[0], back, 100) == 10 && !memcmp(back, buf + FILE_SIZE - 10, 10),
	   "the-bytes-arrive");
	is(sys_splice(file, &pos, p[1], NULL, 1000, 0), 0, "at-the-end-there-is-nothing");
	is(sys_splice(file, NULL, p[1], NULL, FILE_SIZE, 0), PIPE_SIZE, "a-pipe-holds-16-pages");
	is(sys_lseek(file, 0, SEEK_CUR), PIPE_SIZE, "the-position-moves");
	is(sys_splice(file, NULL, p[1], NULL, 1, SPLICE_F_NONBLOCK), -EAGAIN, "then-it-is-full");
	is(sys_read(p[0], back, PIPE_SIZE), PIPE_SIZE, "all-comes-out");
	ok(!memcmp(back, buf, PIPE_SIZE), "as-it-was");
	pos = 4090;
	is(sys_splice(file, &pos, p[1], NULL, FILE_SIZE, 0), 15 * 4096 + 6,
	   "parts-count-as-pages");
	ok(sys_read(p[0], back, PIPE_SIZE) == 15 * 4096 + 6 &&
		   !memcmp(back, buf + 4090, 15 * 4096),
	   "across-pages");
	sys_lseek(file, 0, SEEK_SET);
}

/* The page itself lies in the pipe: later changes of the file are seen by the reader. */
static void test_shared_page(void)
{
	int fd = make_file("shared", "first");
	long pos = 0;

	is(sys_splice(fd, &pos, p[1], NULL, 5, 0), 5, "a-page-into-a-pipe");
	sys_pwrite(fd, "SECON", 5, 0);
	ok(gives(p[0], "SECON"), "a-later-write-to-the-file-is-seen");
	pos = 0;
	sys_splice(fd, &pos, p[1], NULL, 5, 0);
	sys_ftruncate(fd, 0);
	ok(gives(p[0], "SECON"), "a-page-outlives-truncation");
	sys_ftruncate(fd, 8192);
	pos = 4096;
	is(sys_splice(fd, &pos, p[1], NULL, 5000, 0), 4096, "a-hole");
	ok(sys_read(p[0], back, 5000) == 4096 && all_bytes(back, 0, 4096), "reads-as-zeros");
	pos = 0;
	sys_splice(fd, &pos, p[1], NULL, 10, 0);
	sys_close(fd);
	sys_unlink("shared");
	ok(sys_read(p[0], back, 100) == 10 && all_bytes(back, 0, 10), "a-page-outlives-its-file");
}

static void test_to_file(void)
{
	int out = make_file("out", "");
	long pos = 3;

	put(p, "hello");
	is(sys_splice(p[0], NULL, out, NULL, 2, 0), 2, "a-part-into-a-file");
	is(sys_splice(p[0], NULL, out, &pos, 100, 0), 3, "the-rest-at-an-offset");
	is(pos, 6, "which-moves");
	is(sys_lseek(out, 0, SEEK_CUR), 2, "beside-the-position");
	is(size_of("out"), 6, "the-file-has-grown");
	is(sys_pread(out, back, 10, 0), 6, "it-holds");
	ok(!memcmp(back, "he\0llo", 6), "what-was-in-the-pipe");
	sys_splice(file, (long[]){ 0 }, p[1], NULL, PIPE_SIZE, 0);
	is(sys_splice(p[0], NULL, out, (long[]){ 0 }, 1000000, 0), PIPE_SIZE,
	   "16-pages-into-a-file");
	ok(sys_pread(out, back, FILE_SIZE, 0) == PIPE_SIZE && !memcmp(back, buf, PIPE_SIZE),
	   "arrive-whole");
	is(sys_splice(p[0], NULL, out, NULL, 1, SPLICE_F_NONBLOCK), -EAGAIN, "an-empty-pipe");
	sys_close(out);
}

static void test_errors(void)
{
	int out = (int)sys_open("out", O_WRONLY, 0), in = (int)sys_open("out", O_RDONLY, 0);
	int append = (int)sys_open("out", O_WRONLY | O_APPEND, 0), dir = (int)sys_open(".", 0, 0);
	int path = (int)sys_open("out", O_PATH, 0);
	long pos = 0, negative = -1, last = (long)(~0ul >> 1);

	is(sys_splice(file, NULL, file, NULL, 10, 0), -EINVAL, "between-two-files");
	is(sys_splice(file, NULL, file, NULL, 0, 0), 0, "nothing-between-two-files");
	is(sys_splice(99, NULL, 98, NULL, 0, 16), 0, "nothing-between-nothing");
	is(sys_splice(99, NULL, 98, NULL, 1, 0), -EBADF, "between-nothing");
	is(sys_splice(file, NULL, p[1], NULL, 1, 16), -EINVAL, "unknown-flags");
	is(sys_splice(p[0], &pos, out, NULL, 1, 0), -ESPIPE, "an-offset-for-the-pipe-read");
	is(sys_splice(file, NULL, p[1], &pos, 1, 0), -ESPIPE, "an-offset-for-the-pipe-written");
	is(sys_splice(p[0], &pos, q[1], NULL, 1, 0), -ESPIPE, "an-offset-for-one-of-two-pipes");
	is(sys_splice(p[0], (long *)1, out, (long *)1, 1, 0), -ESPIPE, "before-a-bad-pointer");
	is(sys_splice(p[1], NULL, out, NULL, 1, 0), -EBADF, "from-the-writing-end");
	is(sys_splice(file, NULL, p[0], NULL, 1, 0), -EBADF, "to-the-reading-end");
	is(sys_splice(out, NULL, p[1], NULL, 1, 0), -EBADF, "from-what-is-not-readable");
	is(sys_splice(p[0], NULL, in, NULL, 1, 0), -EBADF, "to-what-is-not-writable");
	is(sys_splice(p[0], NULL, append, NULL, 1, 0), -EINVAL, "to-what-appends");
	is(sys_splice(file, &negative, p[1], NULL, 1, 0), -EINVAL, "a-negative-offset");
	is(sys_splice(file, &last, p[1], NULL, 10, 0), -EINVAL, "beyond-the-largest-offset");
	is(sys_splice(file, (long *)1, p[1], NULL, 1, 0), -EFAULT, "a-bad-offset-to-read-at");
	is(sys_splice(p[0], NULL, out, (long *)1, 1, 0), -EFAULT, "a-bad-offset-to-write-at");
	is(sys_splice(p[0], NULL, p[1], NULL, 1, 0), -EINVAL, "a-pipe-into-itself");
	is(sys_splice(dir, NULL, p[1], NULL, 1, 0), -EINVAL, "from-a-directory");
	is(sys_splice(path, NULL, p[1], NULL, 1, 0), -EBADF, "from-a-path-only");
	is(sys_splice(p[0], NULL, q[1], NULL, 1, SPLICE_F_NONBLOCK), -EAGAIN,
	   "from-an-empty-pipe");
	sys_close(out);
	sys_close(in);
	sys_close(append);
	sys_close(dir);
	sys_close(path);
	sys_unlink("out");
}

static void test_devices(void)
{
	int null = (int)sys_open("/dev/null", O_RDWR, 0),
	    zero = (int)sys_open("/dev/zero", O_RDWR, 0);
	int full = (int)sys_open("/dev/full", O_RDWR, 0),
	    random = (int)sys_open("/dev/urandom", O_RDWR, 0);

	is(sys_splice(zero, NULL, p[1], NULL, 100000, 0), PIPE_SIZE, "zeros-into-a-pipe");
	is(sys_read(p[0], back, 5000), 5000, "come-out");
	ok(all_bytes(back, 0, 5000), "as-zeros");
	is(sys_splice(p[0], NULL, null, NULL, 100000, 0), PIPE_SIZE - 5000, "into-dev-null");
	is(sys_splice(null, NULL, p[1], NULL, 10, 0), -EINVAL, "not-from-dev-null");
	put(p, "x");
	is(sys_splice(p[0], NULL, full, NULL, 10, 0), -EINVAL, "not-to-dev-full");
	ok(gives(p[0], "x"), "which-leaves-the-bytes");
	is(sys_splice(random, NULL, p[1], NULL, 100, 0), 100, "random-bytes-into-a-pipe");
	ok(sys_read(p[0], back, 200) == 100 && !all_bytes(back, back[0], 100), "come-out-as-such");
	is(sys_splice(full, NULL, p[1], NULL, 10, 0), 10, "dev-full-is-zeros-to-read");
	is(sys_splice(p[0], NULL, random, NULL, 10, 0), 10,
	   "and-dev-urandom-takes-what-it-is-given");
	sys_close(random);
	sys_close(null);
	sys_close(zero);
	sys_close(full);
}

static void test_pipe_to_pipe(void)
{
	put(p, "hello");
	is(sys_splice(p[0], NULL, q[1], NULL, 2, 0), 2, "a-part-to-another-pipe");
	is(sys_splice(p[0], NULL, q[1], NULL, 20, 0), 3, "then-the-rest");
	ok(gives(q[0], "hello"), "in-order");
	put(p, "ab");
	sys_splice(p[0], NULL, q[1], NULL, 1, 0);
	put(p, "c");
	put(q, "d");
	ok(gives(p[0], "bc"), "a-write-goes-behind-what-is-left");
	ok(gives(q[0], "ad"), "and-not-into-what-is-shared");
	sys_splice(file, (long[]){ 0 }, p[1], NULL, PIPE_SIZE, 0);
	is(sys_splice(p[0], NULL, q[1], NULL, FILE_SIZE, 0), PIPE_SIZE,
	   "16-pages-to-another-pipe");
	put(p, "x");
	is(sys_splice(p[0], NULL, q[1], NULL, 1, SPLICE_F_NONBLOCK), -EAGAIN,
	   "which-is-full-then");
	ok(sys_read(q[0], back, FILE_SIZE) == PIPE_SIZE && !memcmp(back, buf, PIPE_SIZE),
	   "and-gives-them-back");
	ok(gives(p[0], "x"), "what-did-not-fit-stays");
}

static void test_tee(void)
{
	put(p, "hello");
	is(sys_tee(p[0], q[1], 3, 0), 3, "tee-of-a-part");
	is(sys_tee(p[0], q[1], 30, 0), 5, "tee-of-all");
	ok(gives(q[0], "helhello"), "both-arrive");
	ok(gives(p[0], "hello"), "and-the-bytes-stay");
	put(p, "a");
	sys_tee(p[0], q[1], 1, 0);
	put(p, "b");
	put(q, "c");
	ok(gives(p[0], "ab"), "what-is-written-behind-it");
	ok(gives(q[0], "ac"), "goes-into-one-pipe-only");
	is(sys_tee(p[0], q[1], 10, SPLICE_F_NONBLOCK), -EAGAIN, "tee-from-an-empty-pipe");
	is(sys_tee(p[0], p[1], 10, 0), -EINVAL, "tee-into-the-same-pipe");
	is(sys_tee(file, q[1], 10, 0), -EINVAL, "tee-from-a-file");
	is(sys_tee(p[0], file, 10, 0), -EINVAL, "tee-to-a-file");
	is(sys_tee(p[0], q[1], 10, 16), -EINVAL, "tee-with-unknown-flags");
	is(sys_tee(99, 98, 0, 16), -EINVAL, "even-of-nothing");
	is(sys_tee(99, 98, 0, 0), 0, "tee-of-nothing");
	is(sys_tee(99, 98, 1, 0), -EBADF, "tee-between-nothing");
	is(sys_tee(p[1], q[1], 1, 0), -EBADF, "tee-from-the-writing-end");
}

/* A pipe's room is parts of pages: how many bytes fit depends on how they were written. */
static void test_parts(void)
{
	int n = 0;

	sys_fcntl(p[1], F_SETFL, O_NONBLOCK);
	while (sys_write(p[1], buf, 3000) > 0)
		n++;
	is(n, 16, "16-writes-that-do-not-fit-together-fill-a-pipe");
	empty(p);
	sys_write(p[1], buf, 1);
	for (n = 0; sys_write(p[1], buf, 4096) > 0; n++)
		;
	is(n, 15, "a-byte-costs-a-page-of-room");
	sys_read(p[0], back, 1);
	is(sys_write(p[1], buf, 4096), 4096, "until-it-is-read");
	empty(p);
	sys_write(p[1], buf, PIPE_SIZE);
	is(sys_fcntl(p[1], F_SETPIPE_SZ, 8192), -EBUSY, "a-full-pipe-cannot-be-made-smaller");
	sys_read(p[0], back, PIPE_SIZE - 8192);
	is(sys_fcntl(p[1], F_SETPIPE_SZ, 8192), 8192, "with-two-pages-left-it-can");
	ok(sys_read(p[0], back, FILE_SIZE) == 8192 && !memcmp(back, buf + PIPE_SIZE - 8192, 8192),
	   "which-are-still-there");
	is(sys_fcntl(p[1], F_SETPIPE_SZ, 0), 4096, "the-smallest-size");
	is(sys_fcntl(p[1], F_SETPIPE_SZ, PIPE_SIZE), PIPE_SIZE, "and-back");
	sys_fcntl(p[1], F_SETFL, 0);
}

static void test_packets(void)
{
	int fds[2];

	is(syscall2(__NR_pipe2, (long)fds, O_DIRECT), 0, "a-pipe-of-packets");
	is(sys_fcntl(fds[0], F_GETFL, 0) & ~O_LARGEFILE, O_RDONLY,
	   "the-reading-end-does-not-say-so");
	is(sys_fcntl(fds[1], F_GETFL, 0) & ~O_LARGEFILE, O_WRONLY | O_DIRECT,
	   "the-writing-end-does");
	put(fds, "one");
	put(fds, "two");
	is(sys_read(fds[0], back, 2), 2, "a-read-gets-of-a-packet-what-fits");
	ok(gives(fds[0], "two"), "and-the-rest-of-it-is-gone");
	is(sys_write(fds[1], buf, 5000), 5000, "a-large-write");
	is(sys_read(fds[0], back, 10000), 4096, "is-a-packet-of-a-page");
	is(sys_read(fds[0], back, 10000), 904, "and-one-of-the-rest");
	close_both(fds);
}

static int child_splices_out(void *arg)
{
	int *fds = arg;

	sys_close(fds[1]);
	return sys_splice(fds[0], NULL, q[1], NULL, 5, 0) == 5 ? 0 : 1;
}

static int child_splices_in(void *arg)
{
	(void)arg;
	return sys_splice(file, (long[]){ 0 }, p[1], NULL, 3, 0) == 3 ? 0 : 1;
}

/* Whoever waits is woken by the other side; the ends are seen. */
static void test_waiting(void)
{
	int pid = child_start(child_splices_out, p);

	put(p, "tarry");
	is(child_verdict(child_wait(pid)), 0, "splice-waits-for-bytes");
	ok(gives(q[0], "tarry"), "and-moves-them");
	sys_write(p[1], buf, PIPE_SIZE);
	pid = child_start(child_splices_in, NULL);
	sys_splice(p[0], NULL, q[1], NULL, 4096, 0);
	is(child_verdict(child_wait(pid)), 0, "splice-waits-for-room");
	empty(p);
	empty(q);
}

static void test_ends(void)
{
	int null = (int)sys_open("/dev/null", O_RDWR, 0), fds[2];

	signal_set(SIGPIPE, SIG_IGN_ADDR);
	put(p, "x");
	sys_close(q[0]);
	is(sys_splice(p[0], NULL, q[1], NULL, 1, 0), -EPIPE, "splice-to-a-pipe-without-a-reader");
	is(sys_tee(p[0], q[1], 1, 0), -EPIPE, "tee-to-a-pipe-without-a-reader");
	is(sys_splice(file, NULL, q[1], NULL, 1, 0), -EPIPE, "a-file-to-a-pipe-without-a-reader");
	sys_close(p[1]);
	ok(gives(p[0], "x"), "nothing-is-lost-by-that");
	sys_pipe(fds);
	is(sys_splice(p[0], NULL, null, NULL, 1, 0), 0, "the-end-of-a-pipe-to-a-file");
	is(sys_splice(p[0], NULL, fds[1], NULL, 1, 0), 0, "to-a-pipe");
	is(sys_tee(p[0], fds[1], 1, 0), 0, "by-tee");
	close_both(fds);
	sys_close(null);
}

int main(void)
{
	for (int i = 0; i < FILE_SIZE; i++)
		buf[i] = (char)(i * 7 + i / 251);
	scratch_enter();
	file = make_file("file", "");
	sys_pwrite(file, buf, FILE_SIZE, 0);
	sys_lseek(file, 0, SEEK_SET);
	sys_pipe(p);
	sys_pipe(q);
	test_from_file();
	test_shared_page();
	test_to_file();
	test_errors();
	test_devices();
	test_pipe_to_pipe();
	test_tee();
	test_parts();
	test_packets();
	test_waiting();
	test_ends();
	sys_close(file);
	sys_unlink("file");
	scratch_leave();
	return tap_finish();
}
