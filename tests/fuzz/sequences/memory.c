/* memory.c - steps about memory: mappings, what is in them, and what a fork makes of both. */
#include <stdio.h>
#include <string.h>

#include "tests/fuzz/sequences/sequence.h"
#include "tests/fuzz/random.h"
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"

enum { DEPTH_MAX = 2, CHILD_STEPS = 8 };

/* ---- touching ---- */

static volatile uintptr_t recovery;	/* where an access that failed goes on */
static volatile int caught, caught_code;
static volatile uintptr_t caught_at;

static void on_fault(int signo, struct __kernel_siginfo *info, struct __kernel_ucontext *context)
{
	caught = signo;
	caught_code = info->si_code;
	caught_at = (uintptr_t)info->fault.addr;
	context->uc_mcontext.rip = recovery;
}

/* The byte, or -1: `caught` says why. */
static int read_byte(uintptr_t at)
{
	int value = -1;

	caught = 0;
	__asm__ volatile("lea 1f(%%rip), %%rax\n\tmov %%rax, %1\n\tmovzbl (%2), %0\n1:"
			 : "+r"(value), "=m"(recovery)
			 : "r"(at)
			 : "rax", "memory");
	return caught ? -1 : value;
}

static bool write_byte(uintptr_t at, int value)
{
	caught = 0;
	__asm__ volatile("lea 1f(%%rip), %%rax\n\tmov %%rax, %0\n\tmovb %b2, (%1)\n1:"
			 : "=m"(recovery)
			 : "r"(at), "q"(value)
			 : "rax", "memory");
	return !caught;
}

static void say_fault(struct sequence *s)
{
	if (caught)
		say(s, " signal %d code %d at %+ld", caught, caught_code,
		    (long)(caught_at - s->base));
}

/* ---- places ---- */

static uint64_t page(struct sequence *s)
{
	return random_below(&s->state, PAGES);
}

struct range {
	uintptr_t at;
	size_t len;
};

/* Some pages, sometimes with a little that is no page. */
static struct range range(struct sequence *s)
{
	uint64_t first = page(s), n = 1 + random_below(&s->state, 8);
	struct range r = { s->base + first * PAGE_SIZE, n * PAGE_SIZE };

	if (first + n > PAGES)
		r.len = (PAGES - first) * PAGE_SIZE;
	if (random_below(&s->state, 24) == 0)
		r.at += 512;
	if (random_below(&s->state, 24) == 0)
		r.len -= 100;
	if (random_below(&s->state, 40) == 0)
		r.len = 0;
	return r;
}

static long relative(struct sequence *s, long result)
{
	return is_error(result) ? result : result - (long)s->base;
}

static void say_range(struct sequence *s, struct range r)
{
	say(s, " %+ld %lu", (long)(r.at - s->base), (unsigned long)r.len);
}

static int protection(struct sequence *s)
{
	static const int all[] = { PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
				   PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC };

	return random_of(&s->state, all);
}

/* ---- mappings ---- */

static void map(struct sequence *s, int flags, int fd)
{
	struct range r = range(s);
	int prot = protection(s);
	long offset = fd < 0 ? 0 : (long)(random_below(&s->state, FILE_PAGES) * PAGE_SIZE);

	say_range(s, r);
	say(s, " prot %d offset %ld = %ld", prot, offset,
	    relative(s, sys_mmap(r.at, r.len, prot, flags, fd, offset)));
}

static void map_private_step(struct sequence *s)
{
	map(s, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1);
}
static void map_shared_step(struct sequence *s)
{
	map(s, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1);
}
static void map_file_private(struct sequence *s) { map(s, MAP_PRIVATE | MAP_FIXED, s->file); }
static void map_file_shared(struct sequence *s) { map(s, MAP_SHARED | MAP_FIXED, s->file); }
static void map_populated(struct sequence *s)
{
	map(s, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_POPULATE, -1);
}
static void map_file_populated(struct sequence *s)
{
	map(s, MAP_SHARED | MAP_FIXED | MAP_POPULATE, s->file);
}
static void map_unless_there(struct sequence *s)
{
	map(s, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1);
}
static void map_validated(struct sequence *s) { map(s, MAP_SHARED_VALIDATE | MAP_FIXED, s->file); }
static void map_bad(struct sequence *s) { map(s, MAP_FIXED | MAP_ANONYMOUS, -1); }

static void unmap_step(struct sequence *s)
{
	struct range r = range(s);

	say_range(s, r);
	say(s, " = %ld", sys_munmap(r.at, r.len));
}

static void protect_step(struct sequence *s)
{
	struct range r = range(s);
	int prot = protection(s);

	say_range(s, r);
	say(s, " prot %d = %ld", prot, sys_mprotect(r.at, r.len, prot));
}

static void advise(struct sequence *s, int advice)
{
	struct range r = range(s);

	say_range(s, r);
	say(s, " = %ld", sys_madvise(r.at, r.len, advice));
}

static void dontneed(struct sequence *s) { advise(s, MADV_DONTNEED); }
static void willneed(struct sequence *s) { advise(s, MADV_WILLNEED); }
static void no_advice(struct sequence *s) { advise(s, 77); }

static void sync_step(struct sequence *s)
{
	struct range r = range(s);
	int flags = (int)random_below(&s->state, 8);

	say_range(s, r);
	say(s, " flags %d = %ld", flags, syscall3(__NR_msync, (long)r.at, (long)r.len, flags));
}

/* ---- contents ---- */

static void read_step(struct sequence *s)
{
	uintptr_t at = s->base + page(s) * PAGE_SIZE + random_below(&s->state, PAGE_SIZE);
	int value = read_byte(at);

	say(s, " %+ld = %d", (long)(at - s->base), value);
	say_fault(s);
}

static void write_step(struct sequence *s)
{
	uintptr_t at = s->base + page(s) * PAGE_SIZE + random_below(&s->state, 8);
	int value = (int)random_below(&s->state, 256);

	write_byte(at, value);
	say(s, " %+ld %d", (long)(at - s->base), value);
	say_fault(s);
}

/* One byte of each page of a range. */
static void fill_step(struct sequence *s)
{
	struct range r = range(s);
	int value = (int)random_below(&s->state, 256), written = 0;

	for (size_t at = 0; at < r.len; at += PAGE_SIZE)
		written += write_byte(r.at + at, value);
	say_range(s, r);
	say(s, " %d = %d", value, written);
}

static void file_to_memory(struct sequence *s)
{
	struct range r = range(s);
	long offset = (long)random_below(&s->state, FILE_PAGES * PAGE_SIZE);

	say_range(s, r);
	say(s, " offset %ld = %ld", offset, sys_pread(s->file, (void *)r.at, (long)r.len, offset));
}

static void memory_to_file(struct sequence *s)
{
	struct range r = range(s);
	long offset = (long)random_below(&s->state, FILE_PAGES * PAGE_SIZE);
	struct __kernel_stat st;

	/*
	 * Not behind the end: Linux 6.18's tmpfs lets a write that fails there make the file
	 * larger, since it copies before it looks whether it can.
	 */
	sys_fstat(s->file, &st);
	if (offset > (long)st.st_size)
		offset = (long)st.st_size;
	say_range(s, r);
	say(s, " offset %ld = %ld", offset,
	    sys_pwrite(s->file, (void *)r.at, (long)r.len, offset));
}

static void resize_file(struct sequence *s)
{
	long size = (long)random_below(&s->state, FILE_PAGES * PAGE_SIZE);

	if (random_below(&s->state, 2))
		size &= -(long)PAGE_SIZE;
	say(s, " %ld = %ld", size, sys_ftruncate(s->file, size));
}

static void punch_file(struct sequence *s)
{
	long start = (long)random_below(&s->state, FILE_PAGES * PAGE_SIZE);
	long len = (long)random_below(&s->state, 3 * PAGE_SIZE);

	/* KEEP_SIZE | PUNCH_HOLE */
	say(s, " %ld %ld = %ld", start, len, sys_fallocate(s->file, 3, start, len));
}

static void break_step(struct sequence *s)
{
	long now = sys_brk(0), grow = (long)random_below(&s->state, 8) * 1000 - 3000;
	long after = sys_brk((uintptr_t)(now + grow));

	say(s, " %+ld = %+ld", grow, after - now);
	sys_brk((uintptr_t)now);
}

/* ---- everything that there is ---- */

static void contents_step(struct sequence *s)
{
	uint64_t sum = 0;

	for (uintptr_t at = s->base; at < s->base + PAGES * PAGE_SIZE; at += PAGE_SIZE) {
		for (int i = 0; i < 8; i++)
			sum = sum * 31 + (uint64_t)(read_byte(at + (uintptr_t)i) + 2);
		sum = sum * 31 + (uint64_t)caught * 100 + (uint64_t)caught_code;
	}
	say(s, " = %016llx", (unsigned long long)sum);
}

static char maps[64 << 10];

static void read_maps(void)
{
	int fd = (int)sys_open("/proc/self/maps", O_RDONLY, 0);
	size_t used = 0;
	long n;

	while ((n = sys_read(fd, maps + used, sizeof(maps) - 1 - used)) > 0)
		used += (size_t)n;
	maps[used] = '\0';
	sys_close(fd);
}

/* The mappings of the PAGES, neighbours that are alike as one: where they are split is free. */
static void maps_step(struct sequence *s)
{
	unsigned long start, end, offset, last_end = 0, last_offset = 0;
	char perms[8], last_perms[8] = "", name[64];

	read_maps();
	for (char *line = maps; line && *line; line = strchr(line, '\n'), line += line != NULL) {
		if (sscanf(line, "%lx-%lx %7s %lx", &start, &end, perms, &offset) != 4)
			continue;
		if (start < s->base || start >= s->base + PAGES * PAGE_SIZE)
			continue;
		/* Only that of the file means anything. */
		if (sscanf(line, "%*s %*s %*s %*s %*s %63[^\n]", name) != 1 ||
		    !strstr(name, "/file"))
			offset = 0;
		if (start != last_end || strcmp(perms, last_perms) ||
		    (offset && offset != last_offset))
			say(s, " %+ld:%s", (long)(start - s->base), perms);
		last_end = end;
		last_offset = offset + (offset ? end - start : 0);
		strcpy(last_perms, perms);
	}
	say(s, " end %+ld", last_end ? (long)(last_end - s->base) : 0);
}

/* ---- processes ---- */

static void fork_step(struct sequence *s)
{
	struct sequence child = *s;
	long pid;

	if (s->depth == DEPTH_MAX) {
		say(s, " no deeper");
		return;
	}
	say(s, "\n");
	pid = sys_fork();
	if (pid == 0) {
		child.depth++;
		child.skip = "";
		child.state = random_state(child.state);
		run_steps(&child, 0, CHILD_STEPS);
		contents_step(&child);
		sys_exit_group(0);
	}
	say(s, "\n%.*swait = %d", s->depth, ">>>>", child_verdict(child_wait((int)pid)));
}

const struct step memory_steps[] = {
	{ "mmap-private", map_private_step }, { "mmap-shared", map_shared_step },
	{ "mmap-file-private", map_file_private }, { "mmap-file-shared", map_file_shared },
	{ "mmap-populate", map_populated }, { "mmap-file-populate", map_file_populated },
	{ "mmap-noreplace", map_unless_there }, { "mmap-shared-validate", map_validated },
	{ "mmap-without-a-type", map_bad }, { "munmap", unmap_step }, { "mprotect", protect_step },
	{ "mprotect", protect_step }, { "madvise-dontneed", dontneed },
	{ "madvise-willneed", willneed },
	{ "madvise-unknown", no_advice }, { "msync", sync_step }, { "read-a-byte", read_step },
	{ "write-a-byte", write_step }, { "write-a-byte", write_step }, { "fill", fill_step },
	{ "fill", fill_step }, { "pread-into-memory", file_to_memory },
	{ "pwrite-from-memory", memory_to_file }, { "ftruncate", resize_file },
	{ "punch-hole", punch_file }, { "brk", break_step }, { "contents", contents_step },
	{ "maps", maps_step }, { "fork", fork_step },
};
const int nr_memory_steps = sizeof(memory_steps) / sizeof(memory_steps[0]);

void memory_begin(struct sequence *s)
{
	/* Below 512 GiB, below 128 TiB: trees of three and four levels. */
	static const uintptr_t bases[] = { 0x2000000000, 0x210000000000 };

	s->base = random_of(&s->state, bases);
	s->file = make_file("file", "");
	sys_ftruncate(s->file, FILE_PAGES / 2 * PAGE_SIZE);
	sys_pwrite(s->file, "some bytes of a file", 20, PAGE_SIZE);
	signal_handle(SIGSEGV, on_fault, SA_NODEFER);
	signal_handle(SIGBUS, on_fault, SA_NODEFER);
}

void memory_end(struct sequence *s)
{
	struct __kernel_stat st;
	char buf[64] = { 0 };

	contents_step(s);
	maps_step(s);
	sys_fstat(s->file, &st);
	sys_pread(s->file, buf, 20, PAGE_SIZE);
	say(s, " file %ld %.20s\n", (long)st.st_size, buf);
	sys_close(s->file);
}
