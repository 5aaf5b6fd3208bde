/*
 * exhaustion.c - when there is no more: an error or the end of the greedy program, and life
 * goes on for all others. On a host everything happens under RLIMIT_AS in a child; where there
 * is no such limit the machine's own memory is used up, unless it is too large for that.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#define MIB		(1UL << 20)
#define RW		(PROT_READ | PROT_WRITE)
#define ANON		(MAP_PRIVATE | MAP_ANONYMOUS)

enum { LIMIT_MIB = 64, TOO_LARGE_MIB = 1024, CHUNK_MIB = 4 };
enum { GOT_ENOMEM = 0, NEVER_ENDED = 77 };

static void limit_address_space(void)
{
	struct rlimit64 limit = { LIMIT_MIB * MIB, LIMIT_MIB * MIB };

	sys_prlimit64(0, RLIMIT_AS, &limit, NULL);
}

static void touch(char *mem, size_t len)
{
	for (size_t at = 0; at < len; at += PAGE_SIZE)
		mem[at] = 1;
}

static int child_takes_all(void *arg)
{
	(void)arg;
	limit_address_space();
	for (int mib = 0; mib < TOO_LARGE_MIB; mib += CHUNK_MIB) {
		long mem = sys_mmap(0, CHUNK_MIB * MIB, RW, ANON, -1, 0);

		if (is_error(mem))
			return mem == -ENOMEM ? GOT_ENOMEM : 1;
		touch((char *)mem, CHUNK_MIB * MIB);
	}
	return NEVER_ENDED;
}

static int child_takes_some(void *arg)
{
	char *mem = map_private(8 * MIB);

	(void)arg;
	return all_bytes(mem, 0, 8 * MIB) ? 0 : 1;
}

static void test_memory(void)
{
	char *own = map_private(MIB);
	int verdict;

	touch(own, MIB);
	verdict = child_verdict(child_run(child_takes_all, NULL));
	if (verdict == NEVER_ENDED)
		skip("too much memory to use up", "a-greedy-program-gets-enomem-or-ends");
	else if (!ok(verdict == GOT_ENOMEM || verdict == 128 + SIGKILL || verdict == 128 + SIGBUS,
		     "a-greedy-program-gets-enomem-or-ends"))
		note("verdict %d", verdict);
	ok(own[0] == 1 && own[MIB - PAGE_SIZE] == 1 && own[1] == 0, "others-keep-their-memory");
	ok_child_exits(child_takes_some, NULL, 0, "afterwards-there-is-memory-again");
	unmap(own, MIB);
}

/* Nothing is behind these mappings: only addresses run out. */
static int child_takes_addresses(void *arg)
{
	int count = 0;
	long mem;

	(void)arg;
	do
		mem = sys_mmap(0, 1UL << 40, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	while (!is_error(mem) && ++count < 1000);
	return mem == -ENOMEM && count > 64 ? 0 : 1;
}

static int child_thrashes(void *arg)
{
	(void)arg;
	for (int i = 0; i < 50; i++) {
		char *mem = map_private(MIB);

		touch(mem, MIB);
		unmap(mem, MIB);
	}
	return 0;
}

/* A refused brk, mmap or mprotect leaves everything as it was. */
static int child_refused(void *arg)
{
	uintptr_t end = (uintptr_t)sys_brk(0);
	char *mem = map_private(PAGE_SIZE);

	(void)arg;
	mem[0] = 5;
	limit_address_space();
	if (sys_brk(end + (1UL << 57)) != (long)end)
		return 1;
	if (sys_mmap((uintptr_t)mem, 1UL << 57, RW, ANON | MAP_FIXED, -1, 0) != -ENOMEM)
		return 2;
	return mem[0] == 5 ? 0 : 3;
}

int main(void)
{
	tap_plan(6);
	test_memory();
	ok_child_exits(child_takes_addresses, NULL, 0, "addresses-run-out-with-enomem");
	ok_child_exits(child_refused, NULL, 0, "a-refused-request-changes-nothing");
	ok_child_exits(child_thrashes, NULL, 0, "memory-given-back-is-used-again");
	return tap_done();
}
