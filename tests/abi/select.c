/* select.c - select(2), pselect6 and ppoll: sets, the time that is left, many entries, errors. */
#include "user/child.h"
#include "user/events.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

struct bits {
	uint64_t word[16];
};

static int fds[2];

static struct bits bit(int fd)
{
	struct bits bits = { { 0 } };

	bits.word[fd / 64] |= 1ull << (fd % 64);
	return bits;
}

static bool has(const struct bits *bits, int fd) { return bits->word[fd / 64] >> (fd % 64) & 1; }

static long sys_select(int n, void *in, void *out, void *except, struct __kernel_old_timeval *t)
{
	return syscall5(__NR_select, n, (long)in, (long)out, (long)except, (long)t);
}

static long sys_pselect(int n, void *in, void *out, struct __kernel_timespec *t, void *mask)
{
	return syscall6(__NR_pselect6, n, (long)in, (long)out, 0, (long)t, (long)mask);
}

static void test_sets(void)
{
	struct __kernel_old_timeval now = { 0, 0 };
	struct bits in, out, except = bit(0);

	sys_pipe(fds);
	in = bit(fds[0]);
	out = bit(fds[1]);
	is(sys_select(64, &in, &out, NULL, &now), 1, "an-empty-pipe-can-be-written");
	ok(!has(&in, fds[0]) && has(&out, fds[1]), "and-not-read");
	sys_write(fds[1], "x", 1);
	in = bit(fds[0]);
	is(sys_select(64, &in, &out, &except, &now), 2, "one-in-each-set");
	ok(has(&in, fds[0]) && has(&out, fds[1]), "both-stay");
	ok(!has(&except, 0), "what-is-not-ready-goes");
	is(sys_select(fds[1], &in, &out, NULL, &now), 1, "numbers-from-n-on-are-not-looked-at");
	sys_close(fds[1]);
	in = bit(fds[0]);
	is(sys_select(64, &in, NULL, NULL, &now), 1, "an-end-can-be-read");
	sys_close(fds[0]);
	is(sys_select(64, &in, NULL, NULL, &now), -EBADF, "a-closed-file");
	ok(has(&in, fds[0]), "leaves-the-sets-alone");
}

static void test_time(void)
{
	struct __kernel_old_timeval t = { 0, 20000 }, strange = { 0, -1 };
	struct __kernel_timespec spec = { 0, 20000000 }, bad = { 0, 1000000000 };
	struct pollfd pollfd = { .events = POLLIN };
	int64_t start = now_ns();
	struct bits in;

	sys_pipe(fds);
	in = bit(fds[0]);
	is(sys_select(64, &in, NULL, NULL, &t), 0, "a-wait-ends");
	ok(now_ns() - start >= 20000000, "not-before-its-time");
	is(t.tv_sec + t.tv_usec, 0, "no-time-is-left");
	sys_write(fds[1], "x", 1);
	t.tv_sec = 100;
	in = bit(fds[0]);
	is(sys_select(64, &in, NULL, NULL, &t), 1, "an-early-end");
	ok(t.tv_sec >= 90 && t.tv_sec < 100, "leaves-time");
	is(sys_select(0, NULL, NULL, NULL, &strange), -EINVAL, "a-bad-time");
	spec.tv_sec = 100;
	in = bit(fds[0]);
	is(sys_pselect(64, &in, NULL, &spec, NULL), 1, "pselect");
	ok(spec.tv_sec >= 90 && spec.tv_nsec != 20000000, "pselect-leaves-time");
	is(sys_pselect(64, &in, NULL, &bad, NULL), -EINVAL, "pselect-a-bad-time");
	pollfd.fd = fds[0];
	spec = (struct __kernel_timespec){ 100, 20000000 };
	is(syscall5(__NR_ppoll, (long)&pollfd, 1, (long)&spec, 0, 8), 1, "ppoll");
	ok(spec.tv_sec >= 90 && spec.tv_nsec != 20000000, "ppoll-leaves-time");
	is(syscall5(__NR_ppoll, (long)&pollfd, 1, (long)&bad, 0, 8), -EINVAL, "ppoll-a-bad-time");
	sys_close(fds[0]);
	sys_close(fds[1]);
}

static int writes_later(void *arg)
{
	sleep_ms(20);
	sys_write(fds[1], "x", 1);
	return 0;
}

static void test_waiting(void)
{
	struct bits in;
	int pid;

	sys_pipe(fds);
	pid = child_start(writes_later, NULL);
	in = bit(fds[0]);
	is(sys_select(64, &in, NULL, NULL, NULL), 1, "a-sleeper-is-woken");
	child_wait(pid);
	sys_close(fds[0]);
	sys_close(fds[1]);
}

static void test_many(void)
{
	struct rlimit64 limit;
	struct pollfd *list = (struct pollfd *)map_private(65536 * sizeof(*list));

	sys_prlimit64(0, RLIMIT_NOFILE, NULL, &limit);
	sys_pipe(fds);
	sys_write(fds[1], "x", 1);
	for (unsigned int i = 0; i < limit.rlim_cur && i < 1024; i++)
		list[i] = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	is(sys_poll(list, 1024, 0), 1024, "poll-of-a-thousand");
	limit.rlim_cur = 1000;
	sys_prlimit64(0, RLIMIT_NOFILE, &limit, NULL);
	is(sys_poll(list, 1000, 0), 1000, "poll-of-as-many-as-may-be-open");
	is(sys_poll(list, 1001, 0), -EINVAL, "poll-of-more");
	unmap(list, 65536 * sizeof(*list));
	sys_close(fds[0]);
	sys_close(fds[1]);
}

static void test_errors(void)
{
	struct __kernel_old_timeval now = { 0, 0 };
	struct bits in = { { 0 } };
	struct {
		uint64_t *mask;
		size_t size;
	} mask = { &in.word[0], 7 };

	is(sys_select(-1, NULL, NULL, NULL, &now), -EINVAL, "less-than-no-files");
	is(sys_select(64, (void *)8, NULL, NULL, &now), -EFAULT, "bad-pointer-in");
	is(sys_select(64, NULL, (void *)8, NULL, &now), -EFAULT, "bad-pointer-out");
	is(sys_select(64, NULL, NULL, (void *)8, &now), -EFAULT, "bad-pointer-except");
	is(sys_select(64, NULL, NULL, NULL, (void *)8), -EFAULT, "bad-pointer-time");
	is(sys_pselect(64, &in, NULL, (void *)8, NULL), -EFAULT, "pselect-bad-pointer-time");
	is(sys_pselect(64, &in, NULL, NULL, (void *)8), -EFAULT, "pselect-bad-pointer-mask");
	is(sys_pselect(64, &in, NULL, NULL, &mask), -EINVAL, "pselect-a-bad-size-of-the-mask");
	is(sys_select(0, NULL, NULL, NULL, &now), 0, "no-files-at-all");
}

int main(void)
{
	tap_plan(34);
	test_sets();
	test_time();
	test_waiting();
	test_many();
	test_errors();
	return tap_done();
}
