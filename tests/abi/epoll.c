/* epoll.c - epoll(7): level, edge, one-shot, sets in sets, files that go, wake-ups, errors. */
#include "user/child.h"
#include "user/events.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

static int set, fds[2];

static void begin(void)
{
	set = (int)sys_epoll_create1(0);
	sys_pipe(fds);
}

static void end(void)
{
	sys_close(fds[0]);
	sys_close(fds[1]);
	sys_close(set);
}

static long look(struct epoll_event *event) { return sys_epoll_wait(set, event, 1, 0); }

static void put(void) { sys_write(fds[1], "x", 1); }

static void take(void)
{
	char c;

	sys_read(fds[0], &c, 1);
}

static void test_level(void)
{
	struct epoll_event event = { 0 };

	begin();
	is(epoll_set(set, EPOLL_CTL_ADD, fds[0], POLLIN), 0, "a-file-is-added");
	is(look(&event), 0, "nothing-is-ready");
	put();
	is(look(&event), 1, "a-byte-makes-it-ready");
	ok(event.events == POLLIN && event.data == (__u64)fds[0], "the-event-says-what-and-where");
	is(look(&event), 1, "level-it-stays-ready");
	take();
	is(look(&event), 0, "until-the-byte-is-read");
	is(epoll_set(set, EPOLL_CTL_MOD, fds[0], POLLOUT), 0, "modify");
	put();
	is(look(&event), 0, "what-is-not-wanted-is-not-reported");
	is(epoll_set(set, EPOLL_CTL_MOD, fds[0], POLLIN), 0, "modify-back");
	is(look(&event), 1, "modify-sees-what-is-there-already");
	is(sys_epoll_ctl(set, EPOLL_CTL_DEL, fds[0], NULL), 0, "delete-needs-no-event");
	is(look(&event), 0, "what-is-deleted-is-silent");
	end();
}

static void test_edge(void)
{
	struct epoll_event event;

	begin();
	epoll_set(set, EPOLL_CTL_ADD, fds[0], POLLIN | EPOLLET);
	put();
	is(look(&event), 1, "edge-a-byte-is-an-event");
	is(look(&event), 0, "edge-only-once");
	put();
	is(look(&event), 1, "edge-a-second-byte-is-another");
	take();
	is(look(&event), 0, "edge-reading-is-none");
	epoll_set(set, EPOLL_CTL_MOD, fds[0], POLLIN | EPOLLET);
	is(look(&event), 1, "edge-modify-asks-again");
	sys_close(fds[1]);
	is(look(&event), 1, "edge-the-end-is-an-event");
	is(event.events, POLLIN | POLLHUP, "hang-up-needs-no-asking");
	is(look(&event), 0, "edge-the-end-only-once");
	end();
}

static void test_one_shot(void)
{
	struct epoll_event event;

	begin();
	epoll_set(set, EPOLL_CTL_ADD, fds[0], POLLIN | EPOLLONESHOT);
	put();
	is(look(&event), 1, "one-shot-is-reported");
	put();
	is(look(&event), 0, "one-shot-only-once");
	sys_close(fds[1]);
	is(look(&event), 0, "one-shot-not-even-the-end");
	epoll_set(set, EPOLL_CTL_MOD, fds[0], POLLIN | EPOLLONESHOT);
	is(look(&event), 1, "one-shot-modify-arms-it-again");
	end();
}

static void test_files_that_go(void)
{
	struct epoll_event event;
	int copy;

	begin();
	epoll_set(set, EPOLL_CTL_ADD, fds[0], POLLIN);
	put();
	copy = (int)syscall1(__NR_dup, fds[0]);
	is(epoll_set(set, EPOLL_CTL_ADD, copy, POLLIN), 0, "a-second-number-is-another-item");
	is(epoll_set(set, EPOLL_CTL_ADD, copy, POLLIN), -EEXIST, "the-same-again-is-not");
	sys_close(copy);
	is(sys_epoll_ctl(set, EPOLL_CTL_DEL, copy, NULL), -EBADF, "a-closed-number-is-none");
	sys_close(fds[0]);
	is(look(&event), 0, "the-last-close-takes-the-items-out");
	end();
	begin();
	copy = (int)syscall1(__NR_dup, fds[0]);
	epoll_set(set, EPOLL_CTL_ADD, fds[0], POLLIN);
	sys_close(fds[0]);
	put();
	is(look(&event), 1, "while-a-copy-is-open-an-item-lives");
	sys_close(copy);
	is(look(&event), 0, "and-then-no-more");
	end();
}

static void test_many(void)
{
	struct epoll_event events[4];
	int more[2];
	long n;

	begin();
	sys_pipe(more);
	epoll_set(set, EPOLL_CTL_ADD, fds[0], POLLIN);
	epoll_set(set, EPOLL_CTL_ADD, more[0], POLLIN);
	epoll_set(set, EPOLL_CTL_ADD, fds[1], POLLOUT);
	put();
	sys_write(more[1], "x", 1);
	n = sys_epoll_wait(set, events, 4, 0);
	is(n, 3, "all-that-is-ready-comes-at-once");
	n = sys_epoll_wait(set, events, 1, 0);
	is(n, 1, "not-more-than-there-is-room-for");
	events[1].data = events[0].data;
	sys_epoll_wait(set, events, 1, 0);
	ok(events[0].data != events[1].data, "and-the-next-call-gives-others");
	sys_close(more[0]);
	sys_close(more[1]);
	end();
}

static void test_nested(void)
{
	struct pollfd pollfd = { .events = POLLIN };
	struct epoll_event event;
	int outer = (int)sys_epoll_create1(0);

	begin();
	epoll_set(set, EPOLL_CTL_ADD, fds[0], POLLIN);
	is(epoll_set(outer, EPOLL_CTL_ADD, set, POLLIN), 0, "a-set-in-a-set");
	is(sys_epoll_wait(outer, &event, 1, 0), 0, "nested-nothing-yet");
	pollfd.fd = outer;
	is(sys_poll(&pollfd, 1, 0), 0, "poll-of-a-set-nothing-yet");
	put();
	is(sys_epoll_wait(outer, &event, 1, 0), 1, "nested-the-inner-one-is-ready");
	is((long)event.data, set, "nested-the-event-is-the-inner-set");
	is(sys_poll(&pollfd, 1, 0), 1, "poll-of-a-set");
	is(look(&event), 1, "looking-used-up-nothing");
	is(epoll_set(set, EPOLL_CTL_ADD, outer, POLLIN), -ELOOP, "a-circle-is-refused");
	is(epoll_set(set, EPOLL_CTL_ADD, set, POLLIN), -EINVAL, "a-set-in-itself");
	take();
	is(sys_epoll_wait(outer, &event, 1, 0), 0, "nested-read-away");
	sys_close(set);
	put();
	is(sys_epoll_wait(outer, &event, 1, 0), 0, "an-inner-set-that-is-closed-is-silent");
	sys_close(fds[0]);
	sys_close(fds[1]);
	sys_close(outer);
}

static int sender(void *arg)
{
	sleep_ms(*(int *)arg);
	put();
	return 0;
}

static void test_waiting(void)
{
	struct __kernel_timespec soon = { .tv_nsec = 20 * 1000000 }, bad = { .tv_nsec = -1 };
	int outer = (int)sys_epoll_create1(0), delay = 20, pid;
	struct epoll_event event;
	int64_t start;

	begin();
	epoll_set(set, EPOLL_CTL_ADD, fds[0], POLLIN);
	epoll_set(outer, EPOLL_CTL_ADD, set, POLLIN);
	start = now_ns();
	is(sys_epoll_wait(set, &event, 1, 20), 0, "a-wait-ends");
	ok(now_ns() - start >= 20 * 1000000, "not-before-its-time");
	start = now_ns();
	is(sys_epoll_pwait2(set, &event, 1, &soon), 0, "pwait2-ends");
	ok(now_ns() - start >= 20 * 1000000, "pwait2-not-before-its-time");
	is(sys_epoll_pwait2(set, &event, 1, &bad), -EINVAL, "pwait2-a-bad-time");
	pid = child_start(sender, &delay);
	is(sys_epoll_wait(set, &event, 1, -1), 1, "a-sleeper-is-woken");
	child_wait(pid);
	take();
	pid = child_start(sender, &delay);
	is(sys_epoll_wait(outer, &event, 1, -1), 1, "a-sleeper-on-an-outer-set-is-woken");
	child_wait(pid);
	sys_close(outer);
	end();
}

enum { ROUNDS = 2000 };
static int back[2];

static void *echo(void *arg)
{
	struct epoll_event event;
	int own = (int)sys_epoll_create1(0);
	char c;

	pin_to_cpu(nth_cpu(1));
	epoll_set(own, EPOLL_CTL_ADD, fds[0], POLLIN | EPOLLET);
	for (int i = 0; i < ROUNDS; i++) {
		while (sys_epoll_wait(own, &event, 1, -1) != 1)
			;
		sys_read(fds[0], &c, 1);
		sys_write(back[1], &c, 1);
	}
	sys_close(own);
	return arg;
}

/* No wake-up is lost: else this hangs. */
static void test_other_cpu(void)
{
	struct epoll_event event;
	struct thread thread;
	int done = 0;
	char c;

	begin();
	sys_pipe(back);
	epoll_set(set, EPOLL_CTL_ADD, back[0], POLLIN | EPOLLET);
	thread_create(&thread, echo, NULL);
	for (; done < ROUNDS; done++) {
		put();
		while (sys_epoll_wait(set, &event, 1, -1) != 1)
			;
		sys_read(back[0], &c, 1);
	}
	thread_join(&thread);
	is(done, ROUNDS, "two-threads-play-ping-pong-by-edges");
	sys_close(back[0]);
	sys_close(back[1]);
	end();
}

static void test_exclusive(void)
{
	struct epoll_event event;

	begin();
	is(epoll_set(set, EPOLL_CTL_ADD, fds[0], POLLIN | EPOLLEXCLUSIVE), 0, "exclusive");
	put();
	is(look(&event), 1, "exclusive-is-reported");
	is(epoll_set(set, EPOLL_CTL_MOD, fds[0], POLLIN), -EINVAL, "exclusive-cannot-be-modified");
	is(epoll_set(set, EPOLL_CTL_ADD, fds[1], POLLOUT | EPOLLEXCLUSIVE | EPOLLONESHOT), -EINVAL,
	   "exclusive-one-shot-is-refused");
	end();
}

static void test_errors(void)
{
	struct epoll_event *wall =
		(struct epoll_event *)(map_private(2 * PAGE_SIZE) + PAGE_SIZE) - 1;
	struct epoll_event event = { .events = POLLIN };
	int file;

	begin();
	is(syscall1(__NR_epoll_create, 0), -EINVAL, "create-of-size-0");
	is(sys_epoll_create1(1), -EINVAL, "create-with-a-bad-flag");
	is(sys_epoll_ctl(set, EPOLL_CTL_ADD, fds[0], (void *)8), -EFAULT, "ctl-bad-pointer");
	is(sys_epoll_ctl(set, EPOLL_CTL_ADD, 999, &event), -EBADF, "ctl-no-such-file");
	is(sys_epoll_ctl(999, EPOLL_CTL_ADD, fds[0], &event), -EBADF, "ctl-no-such-set");
	is(sys_epoll_ctl(fds[1], EPOLL_CTL_ADD, fds[0], &event), -EINVAL, "ctl-not-a-set");
	is(sys_epoll_ctl(set, 4, fds[0], &event), -EINVAL, "ctl-bad-operation");
	is(epoll_set(set, EPOLL_CTL_MOD, fds[0], POLLIN), -ENOENT, "modify-of-nothing");
	is(sys_epoll_ctl(set, EPOLL_CTL_DEL, fds[0], NULL), -ENOENT, "delete-of-nothing");
	file = (int)sys_open("/", O_RDONLY, 0);
	is(epoll_set(set, EPOLL_CTL_ADD, file, POLLIN), -EPERM,
	   "a-directory-cannot-be-waited-for");
	is(sys_lseek(set, 5, SEEK_SET), 0, "a-seek-is-accepted-and-moves-nothing");
	is(sys_read(set, &event, 8), -EINVAL, "there-is-nothing-to-read");
	is(syscall4(__NR_pread64, set, (long)&event, 8, 0), -ESPIPE, "nor-are-there-offsets");
	is(sys_epoll_wait(set, &event, 0, 0), -EINVAL, "wait-for-none");
	is(sys_epoll_wait(set, &event, -1, 0), -EINVAL, "wait-for-less");
	is(sys_epoll_wait(set, &event, 0x7fffffff, 0), -EINVAL, "wait-for-too-many");
	is(sys_epoll_wait(fds[0], &event, 1, 0), -EINVAL, "wait-not-a-set");
	is(sys_epoll_wait(999, &event, 1, 0), -EBADF, "wait-no-such-set");
	epoll_set(set, EPOLL_CTL_ADD, fds[0], POLLIN | EPOLLET);
	epoll_set(set, EPOLL_CTL_ADD, fds[1], POLLOUT | EPOLLET);
	put();
	sys_munmap((uintptr_t)(wall + 1), PAGE_SIZE);
	is(sys_epoll_wait(set, wall + 1, 1, 0), -EFAULT, "wait-bad-pointer");
	is(sys_epoll_wait(set, wall, 2, 0), 1, "what-fits-before-a-bad-page-arrives");
	is(sys_epoll_wait(set, wall, 2, 0), 1, "and-the-rest-is-not-lost");
	sys_munmap((uintptr_t)wall & ~(PAGE_SIZE - 1), PAGE_SIZE);
	sys_close(file);
	end();
}

int main(void)
{
	tap_plan(77);
	test_level();
	test_edge();
	test_one_shot();
	test_files_that_go();
	test_many();
	test_nested();
	test_waiting();
	test_other_cpu();
	test_exclusive();
	test_errors();
	return tap_done();
}
