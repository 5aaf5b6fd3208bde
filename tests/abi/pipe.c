/* pipe.c - pipe(2): bytes in order, blocking, the end, writes that do not mix. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

#include <string.h>

enum { CAPACITY = 65536 };

static uint32_t *turn;

static void close_both(int fds[2])
{
	sys_close(fds[0]);
	sys_close(fds[1]);
}

static void test_simple(void)
{
	struct __kernel_stat st;
	int fds[2];
	char buf[16];

	is(sys_pipe(fds), 0, "pipe");
	ok(fds[0] > 2 && fds[1] > fds[0], "it-gives-two-descriptors");
	is(sys_write(fds[1], "hello", 5), 5, "write");
	is(sys_read(fds[0], buf, 3), 3, "a-short-read-gives-a-part");
	is(sys_read(fds[0], buf + 3, 10), 2, "the-next-read-gives-the-rest-only");
	ok(memcmp(buf, "hello", 5) == 0, "the-bytes-are-in-order");
	is(sys_read(fds[1], buf, 1), -EBADF, "the-writing-end-cannot-be-read");
	is(sys_write(fds[0], buf, 1), -EBADF, "the-reading-end-cannot-be-written");
	is(sys_write(fds[1], buf, 0), 0, "writing-nothing");
	sys_fstat(fds[0], &st);
	is(st.st_mode & S_IFMT, S_IFIFO, "fstat-says-fifo");
	close_both(fds);
}

static int child_writes_pipe(void *arg)
{
	sys_write(*(int *)arg, "x", 1);
	return 0;
}

static void test_ends(void)
{
	int fds[2];
	char buf[16];

	sys_pipe(fds);
	sys_write(fds[1], "rest", 4);
	sys_close(fds[1]);
	is(sys_read(fds[0], buf, 16), 4, "what-was-written-outlives-the-writer");
	is(sys_read(fds[0], buf, 16), 0, "then-comes-the-end");
	is(sys_read(fds[0], buf, 16), 0, "and-stays");
	sys_close(fds[0]);
	sys_pipe(fds);
	sys_close(fds[0]);
	ok_child_dies(child_writes_pipe, &fds[1], SIGPIPE,
		      "a-write-without-a-reader-dies-of-sigpipe");
	sys_close(fds[1]);
}

static int child_reads_end(void *arg)
{
	int *fds = arg;
	char byte;

	sys_close(fds[1]);
	word_set(turn, 1);
	return sys_read(fds[0], &byte, 1) == 0 ? 0 : 1;
}

/* The end comes only when the last of all copies of the writing end is closed. */
static void test_last_writer(void)
{
	int fds[2], pid;

	*turn = 0;
	sys_pipe(fds);
	pid = child_start(child_reads_end, fds);
	word_wait(turn, 1);
	is(sys_wait4(pid, NULL, WNOHANG, NULL), 0, "a-reader-waits-while-there-is-a-writer");
	sys_close(fds[1]);
	is(child_verdict(child_wait(pid)), 0, "the-last-close-wakes-the-reader-with-the-end");
	sys_close(fds[0]);
}

static unsigned char pattern(size_t position)
{
	return (unsigned char)(position * 7 + position / 251);
}

static int child_writes_pattern(void *arg)
{
	static unsigned char buf[10000];
	size_t total = 1 << 19;

	for (size_t done = 0; done < total;) {
		size_t n = total - done < sizeof(buf) ? total - done : sizeof(buf);

		for (size_t i = 0; i < n; i++)
			buf[i] = pattern(done + i);
		if (sys_write(*(int *)arg, buf, n) != (long)n)
			return 1;
		done += n;
	}
	return 0;
}

/* Half a mebibyte through 64 KiB: both sides must wait for each other many times. */
static void test_stream(void)
{
	static unsigned char buf[7000];
	size_t position = 0, wrong = 0;
	int fds[2], pid;
	long n;

	sys_pipe(fds);
	pid = child_start(child_writes_pattern, &fds[1]);
	sys_close(fds[1]);
	while ((n = sys_read(fds[0], buf, sizeof(buf))) > 0) {
		for (long i = 0; i < n; i++)
			wrong += buf[i] != pattern(position++);
	}
	is((long)position, 1 << 19, "half-a-mebibyte-arrives-whole");
	is((long)wrong, 0, "and-in-order");
	is(child_verdict(child_wait(pid)), 0, "its-writer-wrote-everything");
	sys_close(fds[0]);
}

static int child_fills(void *arg)
{
	static char buf[CAPACITY + 100];

	word_set(turn, 1);
	if (sys_write(*(int *)arg, buf, sizeof(buf)) != (long)sizeof(buf))
		return 1;
	return word_get(turn) == 2 ? 0 : 2;
}

/* A write of more than fits does not return before a reader made room. */
static void test_full(void)
{
	static char buf[CAPACITY + 100];
	int fds[2], pid;
	size_t total = 0;

	*turn = 0;
	sys_pipe(fds);
	pid = child_start(child_fills, &fds[1]);
	word_wait(turn, 1);
	sleep_ms(20);
	is(sys_wait4(pid, NULL, WNOHANG, NULL), 0, "a-writer-waits-for-room");
	word_set(turn, 2);
	while (total < sizeof(buf))
		total += (size_t)sys_read(fds[0], buf, sizeof(buf));
	is(child_verdict(child_wait(pid)), 0, "a-reader-lets-it-go-on");
	close_both(fds);
}

static void test_nonblocking(void)
{
	static char buf[4096];
	long n, total = 0;
	int fds[2];

	if (syscall2(__NR_pipe2, (long)fds, O_NONBLOCK) != 0) {
		skip("no pipe2(2)", "an-empty-pipe-that-does-not-block");
		skip("no pipe2(2)", "a-pipe-holds-64-KiB");
		skip("no pipe2(2)", "a-full-pipe-that-does-not-block");
		return;
	}
	is(sys_read(fds[0], buf, 1), -EAGAIN, "an-empty-pipe-that-does-not-block");
	while ((n = sys_write(fds[1], buf, sizeof(buf))) > 0)
		total += n;
	is(total, CAPACITY, "a-pipe-holds-64-KiB");
	is(n, -EAGAIN, "a-full-pipe-that-does-not-block");
	close_both(fds);
}

enum { WRITERS = 4, RECORDS = 20, RECORD = 4000 };

static struct {
	int fd;
	int number;
} writer;

static int child_writes_records(void *arg)
{
	static char record[RECORD];

	(void)arg;
	memset(record, 'a' + writer.number, sizeof(record));
	for (int i = 0; i < RECORDS; i++) {
		if (sys_write(writer.fd, record, sizeof(record)) != RECORD)
			return 1;
	}
	return 0;
}

static bool read_all(int fd, char *buf, size_t len)
{
	while (len > 0) {
		long n = sys_read(fd, buf, len);

		if (n <= 0)
			return false;
		buf += n;
		len -= (size_t)n;
	}
	return true;
}

/* Writes of at most PIPE_BUF bytes never mix, however many write at once. */
static void test_atomic(void)
{
	static char record[RECORD];
	int fds[2], pids[WRITERS], mixed = 0, failed = 0, counts[WRITERS] = { 0 };

	sys_pipe(fds);
	writer.fd = fds[1];
	for (writer.number = 0; writer.number < WRITERS; writer.number++)
		pids[writer.number] = child_start(child_writes_records, NULL);
	sys_close(fds[1]);
	while (read_all(fds[0], record, RECORD)) {
		int number = record[0] - 'a';

		if (number < 0 || number >= WRITERS || !all_bytes(record, record[0], RECORD))
			mixed++;
		else
			counts[number]++;
	}
	for (int i = 0; i < WRITERS; i++)
		failed += child_verdict(child_wait(pids[i])) != 0 || counts[i] != RECORDS;
	is(mixed, 0, "small-writes-of-many-writers-do-not-mix");
	is(failed, 0, "none-of-them-is-lost");
	sys_close(fds[0]);
}

/* A byte goes round between two processes. */
static int child_echoes(void *arg)
{
	int *fds = arg;
	char byte;

	for (int i = 0; i < 300; i++) {
		if (sys_read(fds[0], &byte, 1) != 1 || byte != (char)i)
			return 1;
		sys_write(fds[3], &byte, 1);
	}
	return 0;
}

static void test_ping_pong(void)
{
	int fds[4], pid, wrong = 0;

	sys_pipe(fds);
	sys_pipe(fds + 2);
	pid = child_start(child_echoes, fds);
	for (int i = 0; i < 300; i++) {
		char byte = (char)i, back = 0;

		sys_write(fds[1], &byte, 1);
		sys_read(fds[2], &back, 1);
		wrong += back != byte;
	}
	is(wrong + child_verdict(child_wait(pid)), 0, "300-round-trips");
	close_both(fds);
	close_both(fds + 2);
}

int main(void)
{
	turn = (uint32_t *)map_shared(PAGE_SIZE);
	tap_plan(27);
	test_simple();
	test_ends();
	test_last_writer();
	test_stream();
	test_full();
	test_nonblocking();
	test_atomic();
	test_ping_pong();
	return tap_done();
}
