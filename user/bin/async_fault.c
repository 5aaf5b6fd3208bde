/*
 * async_fault - computes while the disk reads. It asks /dev/async_fault for pages of /dev/vda
 * (or of the file that it is told), adds numbers until the answers come, and says what happened
 * when. docs/async-fault.md.
 */
#include "kernel/uapi/async_fault.h"
#include "user/events.h"
#include "user/linux.h"
#include "user/probe.h"

#include <stdio.h>

enum { PAGES = 3 };

static int64_t start;
static volatile unsigned long sum;

static int failed(const char *what, long err)
{
	printf("async_fault: %s: error %ld\n", what, -err);
	return 1;
}

static double seconds(void) { return (double)(now_ns() - start) / 1e9; }

static long ask(int device, const char *mem, unsigned int page)
{
	struct async_fault_request request = {
		.addr = (uintptr_t)mem + page * PAGE_SIZE, .len = PAGE_SIZE, .cookie = page,
	};
	long ret = syscall3(__NR_ioctl, device, ASYNC_FAULT_ASK, (long)&request);

	printf("%8.3f s  page %u: %s\n", seconds(), page,
	       ret == 0 ? "is there" :
	       ret == 1 ? "is not there; the kernel waits for it, we do not" :
			  "refused");
	return ret;
}

/* Numbers are added until there is something to read; how many. */
static unsigned long compute(int device)
{
	struct pollfd answer = { .fd = device, .events = POLLIN };
	unsigned long n = 0;

	while (sys_poll(&answer, 1, 0) == 0) {
		for (int i = 0; i < 1000; i++)
			sum += n++;
	}
	return n;
}

static int wait_for_answers(int device, long waiting)
{
	struct async_fault_answer answer;
	unsigned long n;

	while (waiting--) {
		n = compute(device);
		if (sys_read(device, &answer, sizeof(answer)) != sizeof(answer))
			return failed("read", 0);
		printf("%8.3f s  page %u: %s; %lu numbers added meanwhile\n", seconds(),
		       (unsigned int)answer.cookie,
		       answer.result ? "cannot be had" : "has come", n);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "/dev/vda";
	int device = (int)sys_open("/dev/async_fault", O_RDWR, 0),
	    file = (int)sys_open(name, O_RDONLY, 0);
	long mem, waiting = 0;

	if (device < 0)
		return failed("/dev/async_fault", device);
	if (file < 0)
		return failed(name, file);
	mem = sys_mmap(0, PAGES * PAGE_SIZE, PROT_READ, MAP_SHARED, file, 0);
	if (is_error(mem))
		return failed("mmap", mem);
	start = now_ns();
	for (unsigned int page = 0; page < PAGES; page++)
		waiting += ask(device, (char *)mem, page) == 1;
	if (wait_for_answers(device, waiting))
		return 1;
	for (unsigned int page = 0; page < PAGES; page++)
		ask(device, (char *)mem, page);
	return 0;
}
