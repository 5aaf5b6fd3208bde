/* probe.c - memory, page tables, CPUs and clocks, asked about. */
#include "user/probe.h"

#include "kernel/uapi/elf.h"
#include "user/linux.h"
#include "user/start.h"
#include "user/tap.h"

#define SETTLE_SECONDS	30ll

static char *map(size_t len, int type)
{
	long result = sys_mmap(0, len, PROT_READ | PROT_WRITE, type | MAP_ANONYMOUS, -1, 0);

	if (is_error(result))
		bail("mmap of %lu bytes: %ld", (unsigned long)len, result);
	return (char *)result;
}

char *map_private(size_t len)
{
	return map(len, MAP_PRIVATE);
}

char *map_shared(size_t len)
{
	return map(len, MAP_SHARED);
}

void unmap(void *addr, size_t len)
{
	long result = sys_munmap((uintptr_t)addr, len);

	if (is_error(result))
		bail("munmap of %p: %ld", addr, result);
}

bool all_bytes(const void *mem, int value, size_t len)
{
	const unsigned char *bytes = mem;

	for (size_t i = 0; i < len; i++) {
		if (bytes[i] != (unsigned char)value)
			return false;
	}
	return true;
}

static void touch_image(void)
{
	const struct elf64_phdr *phdr = (const void *)auxv_value(AT_PHDR);

	for (uint64_t i = 0; i < auxv_value(AT_PHNUM); i++) {
		if (phdr[i].p_type != PT_LOAD)
			continue;
		for (uint64_t at = 0; at < phdr[i].p_memsz; at += PAGE_SIZE) {
			volatile char *byte = (volatile char *)(phdr[i].p_vaddr + at);
			char value = *byte;

			if (phdr[i].p_flags & PF_W)
				*byte = value;
		}
	}
}

static void touch_stack(void)
{
	volatile char room[16 * 4096];

	for (size_t at = 0; at < sizeof(room); at += PAGE_SIZE)
		room[at] = 0;
}

void touch_own_memory(void)
{
	touch_image();
	touch_stack();
}

int pleat_levels(void)
{
	long levels = sys_prctl(PR_PLEAT_LEVELS, 0, 0);

	return is_error(levels) ? 0 : (int)levels;
}

int pleat_hw_levels(void)
{
	long levels = sys_prctl(PR_PLEAT_HW_LEVELS, 0, 0);

	return is_error(levels) ? 0 : (int)levels;
}

long pleat_counter(int counter, int cpu)
{
	return sys_prctl(PR_PLEAT_COUNTER, (uintptr_t)counter, (uintptr_t)(long)cpu);
}

long fault_count(void)
{
	struct __kernel_rusage usage;
	long count = pleat_counter(PLEAT_FAULTS, -1);

	if (!is_error(count))
		return count;
	if (is_error(syscall2(__NR_getrusage, RUSAGE_SELF, (long)&usage)))
		return -1;
	return usage.ru_minflt + usage.ru_majflt;
}

struct usage usage_now(void)
{
	struct usage usage;

	usage.frames = sys_prctl(PR_PLEAT_FRAMES, 0, 0);
	usage.objects = sys_prctl(PR_PLEAT_OBJECTS, 0, 0);
	return usage;
}

bool usage_returns(struct usage before)
{
	int64_t end = now_ns() + SETTLE_SECONDS * 1000000000;
	struct usage now = usage_now();

	while ((now.frames != before.frames || now.objects != before.objects) && now_ns() < end) {
		sleep_ms(2);
		now = usage_now();
	}
	if (now.frames == before.frames && now.objects == before.objects)
		return true;
	note("frames %ld -> %ld, objects %ld -> %ld", before.frames, now.frames, before.objects,
	     now.objects);
	return false;
}

uint64_t cpu_mask(void)
{
	uint64_t mask[16] = { 0 };

	if (is_error(sys_sched_getaffinity(0, sizeof(mask), mask)))
		return 1;
	return mask[0];
}

/* The mask of the first call, before the program bound itself to anything. */
static uint64_t cpus_at_start(void)
{
	static uint64_t mask;

	if (!mask)
		mask = cpu_mask();
	return mask;
}

int cpu_count(void)
{
	return __builtin_popcountll(cpus_at_start());
}

int nth_cpu(int n)
{
	for (int cpu = 0; cpu < 64; cpu++) {
		if ((cpus_at_start() >> cpu & 1) && n-- == 0)
			return cpu;
	}
	return -1;
}

long pin_to_cpu(int cpu)
{
	uint64_t mask = 1ULL << cpu;

	return sys_sched_setaffinity(0, sizeof(mask), &mask);
}

long current_cpu(void)
{
	unsigned int cpu;
	long result = syscall3(__NR_getcpu, (long)&cpu, 0, 0);

	return is_error(result) ? result : (long)cpu;
}

int64_t now_ns(void)
{
	struct __kernel_timespec now = { 0, 0 };

	sys_clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

void sleep_ms(int ms)
{
	struct __kernel_timespec span = { ms / 1000, ms % 1000 * 1000000LL };

	sys_nanosleep(&span, NULL);
}
