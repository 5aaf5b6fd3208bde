/*
 * Which pages a schedule writes is almost the same each time. So all of the state is
 * write-protected when it is saved; the first write to a page faults, and from then on the page is
 * among those that each restore copies.
 */
#define _GNU_SOURCE
#include <sanitizer/asan_interface.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "arch/sim/explore.h"
#include "arch/sim/snapshot.h"

#define PAGE	     4096ul
#define MAX_REGIONS  8
#define MAX_TOUCHED  16384
#define SHADOW_BYTES (PAGE / 8)

struct region {
	u8 *start, *end;   /* the state itself */
	u8 *first, *last;  /* whole pages around it */
	u8 *copy, *shadow; /* of [first, last) */
	u8 *touched;	   /* one byte a page */
	u32 base;	   /* number of its first word */
};

static struct region regions[MAX_REGIONS];
static unsigned int nr_regions;
static u32 next_word = SNAPSHOT_WORDS_PER_PAGE;
static struct touched {
	u8 *page;
	struct region *region;
} touched[MAX_TOUCHED];
static unsigned int nr_touched;
static bool saved;

extern u8 __start_mm_data[] __attribute__((weak)), __stop_mm_data[] __attribute__((weak));
extern u8 __start_mm_bss[] __attribute__((weak)), __stop_mm_bss[] __attribute__((weak));

static void *host_memory(size_t size)
{
	void *memory =
		mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED) {
		perror("snapshot");
		exit(2);
	}
	return memory;
}

void snapshot_add(void *start, size_t size)
{
	struct region *r = &regions[nr_regions];

	if (nr_regions == MAX_REGIONS || saved) {
		fprintf(stderr, "snapshot: no room for another region\n");
		exit(2);
	}
	nr_regions++;
	r->start = start;
	r->end = r->start + size;
	r->first = (u8 *)ALIGN_DOWN((unsigned long)r->start, PAGE);
	r->last = (u8 *)ALIGN_UP((unsigned long)r->end, PAGE);
	r->copy = host_memory((size_t)(r->last - r->first));
	r->touched = host_memory((size_t)(r->last - r->first) / PAGE);
	r->base = next_word;
	next_word += (u32)((r->last - r->first) / 4);
}

void snapshot_add_sections(void)
{
	if (__start_mm_data)
		snapshot_add(__start_mm_data, (size_t)(__stop_mm_data - __start_mm_data));
	if (__start_mm_bss)
		snapshot_add(__start_mm_bss, (size_t)(__stop_mm_bss - __start_mm_bss));
}

static struct region *region_of(const void *p)
{
	for (unsigned int i = 0; i < nr_regions; i++)
		if ((u8 *)p >= regions[i].first && (u8 *)p < regions[i].last)
			return &regions[i];
	return NULL;
}

u32 snapshot_word(const volatile void *p)
{
	for (struct region *r = regions; r < regions + nr_regions; r++)
		if ((const volatile u8 *)p >= r->start && (const volatile u8 *)p < r->end)
			return r->base + (u32)(((const volatile u8 *)p - r->first) / 4);
	return 0;
}

u32 snapshot_words(void) { return next_word; }
unsigned int snapshot_pages(void) { return nr_touched; }

/* Past the sanitizer, which would object to the state of free frames, and to its own memory. */
__attribute__((no_sanitize("address"))) static void copy_bytes(void *dst, const void *src,
							       size_t n)
{
	__asm__ volatile("rep movsb" : "+D"(dst), "+S"(src), "+c"(n) : : "memory");
}

#ifdef __SANITIZE_ADDRESS__
static u8 *shadow_of(const u8 *p) { return (u8 *)(((unsigned long)p >> 3) + 0x7fff8000); }
#else
static u8 *shadow_of(const u8 *p) { return NULL; }
#endif

static void touch(struct region *r, u8 *page)
{
	unsigned long i = (unsigned long)(page - r->first) / PAGE;

	if (r->touched[i])
		return;
	if (nr_touched == MAX_TOUCHED)
		_exit(3);
	r->touched[i] = 1;
	touched[nr_touched++] = (struct touched){ page, r };
	mprotect(page, PAGE, PROT_READ | PROT_WRITE);
}

static void on_write(int sig, siginfo_t *info, void *context)
{
	struct region *r = saved ? region_of(info->si_addr) : NULL;
	u8 *page = (u8 *)ALIGN_DOWN((unsigned long)info->si_addr, PAGE);

	(void)context;
	if (r && !r->touched[(page - r->first) / PAGE]) {
		touch(r, page);
		return;
	}
	if (explore_running()) { /* a bug of the kernel's that this schedule shows */
		char text[64];

		snprintf(text, sizeof(text), "access to %p, where nothing is", info->si_addr);
		explore_fail(text);
	}
	signal(sig, SIG_DFL); /* a real one: it comes again */
}

static void save_region(struct region *r)
{
	size_t size = (size_t)(r->last - r->first);
	u8 *inner = (u8 *)ALIGN_UP((unsigned long)r->start, PAGE);
	u8 *inner_end = (u8 *)ALIGN_DOWN((unsigned long)r->end, PAGE);

	copy_bytes(r->copy, r->first, size);
	if (shadow_of(r->first)) {
		r->shadow = host_memory(size / 8);
		copy_bytes(r->shadow, shadow_of(r->first), size / 8);
	}
	/* Pages that the state shares with what is not of it cannot be watched. */
	if (inner != r->start)
		touch(r, r->first);
	if (inner_end != r->end)
		touch(r, r->last - PAGE);
	if (inner < inner_end && mprotect(inner, (size_t)(inner_end - inner), PROT_READ)) {
		perror("snapshot: mprotect");
		exit(2);
	}
}

void snapshot_save(void)
{
	struct sigaction action = { .sa_sigaction = on_write,
				    .sa_flags = SA_SIGINFO | SA_NODEFER };

	sigaction(SIGSEGV, &action, NULL);
	for (unsigned int i = 0; i < nr_regions; i++)
		save_region(&regions[i]);
	saved = true;
}

void snapshot_touch(const void *start, size_t size)
{
	struct region *r = saved ? region_of(start) : NULL;

	for (u8 *page = (u8 *)ALIGN_DOWN((unsigned long)start, PAGE);
	     r && page < (u8 *)start + size; page += PAGE)
		touch(r, page);
}

void snapshot_restore(void)
{
	for (unsigned int i = 0; i < nr_touched; i++) {
		struct region *r = touched[i].region;
		u8 *page = touched[i].page;
		u8 *from = page < r->start ? r->start : page;
		u8 *to = page + PAGE > r->end ? r->end : page + PAGE;

		copy_bytes(from, r->copy + (from - r->first), (size_t)(to - from));
		if (r->shadow)
			copy_bytes(shadow_of(page), r->shadow + (page - r->first) / 8,
				   SHADOW_BYTES);
	}
}
