/*
 * async_fault.c - /dev/async_fault: memory that is asked for and not waited for. Without arguments
 * what needs no device; `async_fault /dev/vda` with a slow disk, whose page 1 cannot be read;
 * `async_fault /dev/vda never` with one that takes longer than all of this
 * (tests/boot/async-fault.t).
 */
#include "kernel/uapi/async_fault.h"
#include "user/child.h"
#include "user/events.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

#define RW		(PROT_READ | PROT_WRITE)
#define KERNEL		0xffff800000000000ul
#define FULL		ASYNC_FAULT_MAX_REQUESTS
#define PATIENCE_NS	(60 * 1000000000ll)

static int fd;			/* the device */
static char *self;
static uint64_t *disk;		/* mapped; each word says where it is */
static unsigned long next_page = 2;	/* the first that nobody has touched yet */

static int open_device(void) { return (int)sys_open("/dev/async_fault", O_RDWR | O_NONBLOCK, 0); }

static long ask(const volatile void *addr, uint64_t len, uint64_t cookie, unsigned int flags)
{
	struct async_fault_request request = { (uintptr_t)addr, len, cookie, flags, 0 };

	return syscall3(__NR_ioctl, fd, ASYNC_FAULT_ASK, (long)&request);
}

static long ask_page(const volatile void *addr, uint64_t cookie)
{
	return ask(addr, 1, cookie, 0);
}

static uint64_t *disk_page(unsigned long n) { return disk + n * (PAGE_SIZE / sizeof(*disk)); }

static short poll_of(int timeout_ms)
{
	struct pollfd pollfd = { .fd = fd, .events = POLLIN | POLLOUT };

	if (timeout_ms)
		pollfd.events = POLLIN;
	sys_poll(&pollfd, 1, timeout_ms);
	return pollfd.revents;
}

/* The next answer, however long it takes; or -errno of the read. */
static long read_answer(struct async_fault_answer *answer)
{
	long ret;

	memset(answer, -1, sizeof(*answer));
	while ((ret = sys_read(fd, answer, sizeof(*answer))) == -EAGAIN)
		poll_of(1000);
	return ret;
}

/* Is that the next answer's cookie? Then its result; else 1. */
static long result_of(uint64_t cookie)
{
	struct async_fault_answer answer;

	if (read_answer(&answer) != sizeof(answer) || answer.cookie != cookie)
		return 1;
	return answer.result;
}

/* ---- without a device ---- */

static void test_bad_requests(char *mem)
{
	struct async_fault_request zero_set = { (uintptr_t)mem, 1, 0, 0, 1 };

	is(syscall3(__NR_ioctl, fd, ASYNC_FAULT_ASK, 8), -EFAULT, "a-bad-structure");
	is(syscall3(__NR_ioctl, fd, ASYNC_FAULT_ASK, KERNEL), -EFAULT, "a-kernel-structure");
	is(syscall3(__NR_ioctl, fd, 0x4601, 0), -ENOTTY, "an-unknown-command");
	is(syscall3(__NR_ioctl, fd, ASYNC_FAULT_ASK, (long)&zero_set), -EINVAL,
	   "what-must-be-zero-is-not");
	is(ask(mem, 1, 0, 2), -EINVAL, "an-unknown-flag");
	is(ask(mem, 0, 0, 0), -EINVAL, "nothing-is-asked-for");
	is(ask(mem, ASYNC_FAULT_MAX_LEN + 1, 0, 0), -EINVAL, "too-much-is-asked-for");
	is(ask(mem, -1ul, 0, 0), -EINVAL, "all-is-asked-for");
	is(ask((void *)KERNEL, 1, 0, 0), -EFAULT, "kernel-memory");
	is(ask((void *)-1ul, 1, 0, 0), -EFAULT, "the-last-byte-of-all");
	is(ask((void *)-1ul, 2, 0, 0), -EFAULT, "a-range-that-wraps");
	is(ask((void *)(1ul << 63), 1, 0, 0), -EFAULT, "an-address-of-no-half");
	is(ask(NULL, 1, 0, 0), -EFAULT, "page-0");
}

static void test_memory(void)
{
	char *mem = map_private(4 * PAGE_SIZE);

	test_bad_requests(mem);
	is(ask(mem, 1, 0, 0), 0, "memory-that-needs-no-device-is-there-at-once");
	is(ask(mem, 2 * PAGE_SIZE, 0, ASYNC_FAULT_WRITE), 0, "also-for-writing");
	is(ask(mem + PAGE_SIZE - 1, 2, 0, 0), 0, "across-two-pages");
	ok(all_bytes(mem, 0, 2 * PAGE_SIZE), "and-it-is-zero");
	unmap(mem + 2 * PAGE_SIZE, PAGE_SIZE);
	is(ask(mem + 2 * PAGE_SIZE, 1, 0, 0), -EFAULT, "a-hole");
	is(ask(mem + PAGE_SIZE, PAGE_SIZE + 1, 0, 0), -EFAULT, "a-byte-of-a-hole");
	is(ask(mem + PAGE_SIZE, PAGE_SIZE, 0, 0), 0, "up-to-a-hole");
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_READ);
	is(ask(mem, 1, 0, 0), 0, "reading-what-may-be-read");
	is(ask(mem, 1, 0, ASYNC_FAULT_WRITE), -EFAULT, "writing-what-may-be-read");
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_NONE);
	is(ask(mem, 1, 0, 0), -EFAULT, "reading-what-may-not-be-read");
	unmap(mem, 4 * PAGE_SIZE);
}

static void test_file(void)
{
	struct async_fault_answer answer;

	is(poll_of(0), POLLOUT, "nothing-to-read-but-room-to-ask");
	is(sys_read(fd, &answer, sizeof(answer)), -EAGAIN, "no-answer-yet");
	is(sys_read(fd, &answer, sizeof(answer) - 1), -EINVAL, "no-room-for-an-answer");
	is(sys_write(fd, &answer, sizeof(answer)), -EINVAL, "nothing-can-be-written");
	is(sys_lseek(fd, 0, SEEK_SET), -ESPIPE, "it-has-no-position");
}

/* ---- with a slow disk ---- */

static volatile unsigned long sum;

/* Computes until an answer is there; how much it got done. */
static unsigned long compute(void)
{
	unsigned long units = 0;

	while (!(poll_of(0) & POLLIN)) {
		for (int i = 0; i < 1000; i++)
			sum += units++;
	}
	return units;
}

static bool holds_page(const volatile uint64_t *mem, unsigned long n)
{
	return mem[0] == n * PAGE_SIZE && mem[511] == n * PAGE_SIZE + 511 * 8;
}

/* A page that is on the disk: asked for, computed meanwhile, and then it is there. */
static void test_computes(void)
{
	int64_t start = now_ns();
	unsigned long page, units = 0;
	bool right = true;

	/* A machine that is busy may give us no time until the disk is done: then once more. */
	do {
		page = next_page++;
		if (ask_page(disk_page(page), page) != 1)
			continue;
		units = compute();
		right &= result_of(page) == 0 && ask_page(disk_page(page), 0) == 0 &&
			 holds_page(disk_page(page), page);
	} while (units < 100000 && now_ns() - start < PATIENCE_NS);
	ok(right, "the-answer-comes-and-the-page-is-there");
	ok(units >= 100000, "the-program-has-computed-meanwhile");
	note("%lu additions while the disk was reading", units);
}

static void test_epoll(void)
{
	int epfd = (int)sys_epoll_create1(0);
	struct epoll_event event = { 0 };
	unsigned long page = next_page++;

	epoll_set(epfd, EPOLL_CTL_ADD, fd, POLLIN | EPOLLET);
	is(sys_epoll_wait(epfd, &event, 1, 0), 0, "epoll-has-nothing");
	is(ask_page(disk_page(page), 7), 1, "a-page-that-has-to-be-read");
	is(sys_epoll_wait(epfd, &event, 1, 60000), 1, "epoll-wakes");
	is(event.events, POLLIN, "for-the-answer");
	is(result_of(7), 0, "which-says-that-it-is-there");
	is(poll_of(0), POLLOUT, "and-is-gone-then");
	sys_close(epfd);
}

static void test_waiting_read(void)
{
	struct async_fault_answer answers[3];
	unsigned long page = next_page;
	int nonblocking = fd;
	long got = 0, n;

	fd = (int)sys_open("/dev/async_fault", O_RDWR, 0);
	next_page += 8;
	is(ask_page(disk_page(page), 1), 1, "a-first-request");
	is(ask(disk_page(page + 1), 4 * PAGE_SIZE, 2, 0), 1, "one-for-four-pages");
	is(ask(disk_page(page + 5), 1, 3, ASYNC_FAULT_WRITE), 1, "one-for-writing");
	is(sys_read(fd, (void *)8, sizeof(answers)), -EFAULT,
	   "an-answer-that-nobody-has-room-for");
	for (; got < 3; got += n) {
		n = sys_read(fd, answers + got,
			     sizeof(answers) - (size_t)got * sizeof(answers[0])) / 16;
		if (n <= 0)
			break;
	}
	ok(got == 3 && answers[0].cookie == 1 && answers[1].cookie == 2 && answers[2].cookie == 3,
	   "is-not-lost-and-answers-come-in-the-order-of-the-requests");
	ok(got == 3 && !answers[0].result && !answers[1].result && !answers[2].result,
	   "all-of-them-good");
	is(ask(disk_page(page), 6 * PAGE_SIZE, 0, 0), 0, "all-six-pages-are-there");
	is(ask(disk_page(page + 5), 1, 0, ASYNC_FAULT_WRITE), 0, "and-the-last-may-be-written-to");
	sys_close(fd);
	fd = nonblocking;
}

static void test_bad_sector(void)
{
	is(ask_page(disk_page(1), 5), 1, "a-page-that-cannot-be-read-has-to-be-waited-for");
	is(result_of(5), -EFAULT, "and-the-answer-says-so");
}

/* ---- the memory goes before it comes ---- */

static int child_asks(void *page) { return ask_page(page, 2) == 1 ? 0 : 1; }

static int child_asks_and_execs(void *page)
{
	char *argv[] = { self, "nothing", NULL }, *envp[] = { NULL };

	if (ask_page(page, 2) != 1)
		return 1;
	return (int)sys_execve(self, argv, envp);
}

static void goes_by_munmap(uint64_t *page)
{
	ask_page(page, 2);
	unmap(page, PAGE_SIZE);
}
static void goes_by_exit(uint64_t *page) { child_run(child_asks, page); }
static void goes_by_exec(uint64_t *page) { child_run(child_asks_and_execs, page); }

/*
 * The worker is busy with a first request; the memory of a second one goes meanwhile, unless the
 * machine is so busy that the first one is done before: then once more.
 */
static void test_goes(void (*go)(uint64_t *page), long expected, const char *name)
{
	int64_t start = now_ns();
	long first, second;

	do {
		ask_page(disk_page(next_page++), 1);
		go(disk_page(next_page++));
		first = result_of(1);
		second = result_of(2);
	} while (!first && !second && now_ns() - start < PATIENCE_NS);
	is(first, 0, "%s-the-first-request-does-not-care", name);
	is(second, expected, "%s", name);
}

/* ---- with a disk that takes for ever ---- */

static int child_leaves_requests(void *how)
{
	for (int i = 0; i < 4; i++)
		ask_page(disk_page(next_page + (unsigned int)i), 0);
	if (how)
		sys_kill((int)sys_getpid(), SIGKILL);
	return 0;
}

/* The n-th allocation fails, until the request needs no more. */
static int child_without_memory(void *arg)
{
	long ret, left = 0;

	for (unsigned long n = 1; !left && n < 100; n++) {
		sys_prctl(PR_PLEAT_FAIL_NTH, n, 0);
		fd = open_device();
		ret = fd < 0 ? fd : ask_page(disk_page(next_page + n), 0);
		left = sys_prctl(PR_PLEAT_FAIL_NTH, 0, 0);
		if (ret != 1 && ret != -ENOMEM)
			return 1;
		if (fd >= 0)
			sys_close(fd);
	}
	return left > 0 && ret == 1 ? 0 : 2;
}

static void test_full(void)
{
	long asked = 0;

	while (asked < FULL + 10 && ask_page(disk_page(next_page + (unsigned long)asked), 0) == 1)
		asked++;
	is(asked, FULL, "so-many-requests-may-wait");
	is(ask_page(disk_page(next_page + FULL), 0), -EAGAIN, "and-one-more-may-not");
	is(poll_of(0), 0, "there-is-neither-an-answer-nor-room");
	is(ask_page(&asked, 0), 0, "what-is-there-needs-no-room");
}

static void test_never(void)
{
	int64_t start = now_ns();

	test_full();
	ok_child_exits(child_leaves_requests, NULL, 0, "a-program-ends-while-its-requests-wait");
	is(sys_close(fd), 0, "the-file-is-closed-while-requests-wait");
	fd = open_device();
	is(poll_of(0), POLLOUT, "and-another-one-is-empty");
	ok_child_exits(child_leaves_requests, NULL, 0, "a-program-ends");
	ok_child_dies(child_leaves_requests, "kill", SIGKILL, "a-program-is-killed");
	ok_child_exits(child_asks_and_execs, disk_page(next_page), 0, "a-program-becomes-another");
	is(sys_munmap((uintptr_t)disk_page(next_page), PAGE_SIZE), 0, "memory-goes");
	next_page += 200;
	if (sys_prctl(PR_PLEAT_FAIL_NTH, 0, 0) < 0)
		skip("no allocation can be made to fail", "without-memory-a-request-is-refused");
	else
		ok_child_exits(child_without_memory, NULL, 0,
			       "without-memory-a-request-is-refused");
	ok(now_ns() - start < 3 * PATIENCE_NS, "all-that-long-before-the-disk-is-done");
}

static void map_disk(const char *name)
{
	int file = (int)sys_open(name, O_RDWR, 0);
	long at = sys_mmap(0, 8 << 20, RW, MAP_SHARED, file, 0);

	if (is_error(at))
		bail("%s cannot be mapped: %ld", name, at);
	disk = (uint64_t *)at;
}

static void test_slow_disk(void)
{
	test_computes();
	test_epoll();
	test_waiting_read();
	test_bad_sector();
	test_goes(goes_by_munmap, -EFAULT, "what-is-unmapped-meanwhile-does-not-come");
	test_goes(goes_by_exit, -ESRCH, "nor-does-what-a-program-has-asked-for-that-has-ended");
	test_goes(goes_by_exec, -ESRCH, "or-has-become-another");
}

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	fd = open_device();
	if (fd < 0) {
		skip("no /dev/async_fault", "asynchronous-faults");
		return tap_finish();
	}
	if (argc > 1)
		map_disk(argv[1]);
	if (argc > 2) {
		test_never();
	} else if (argc > 1) {
		test_slow_disk();
	} else {
		test_memory();
		test_file();
	}
	return tap_finish();
}
