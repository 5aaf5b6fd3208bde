/*
 * gup.c - get_user_pages through /sys/kernel/debug/gup_test, which Debian's Linux does not have:
 * 64 MiB, 1, 16 or 512 pages by one call, at each depth of the page tables.
 *
 * The kernel counts whole microseconds, which with icount are 1,000 instructions:
 * 0.06 for each page.
 */
#include "kernel/uapi/gup_test.h"
#include "tests/bench/bench.h"

#define FOLL_WRITE   1
#define PAGES	     16384UL
#define TICKS_A_USEC 1000 /* icount: a tick is a nanosecond is an instruction */

enum { ONE, SIXTEEN, MANY, NEXT, ROWS };
static const unsigned int per_call[] = { 1, 16, 512 };

/* Bytes that were walked over, or -errno. */
static long walk(int fd, unsigned int cmd, struct gup_test *gup)
{
	long result = syscall3(__NR_ioctl, fd, cmd, (long)gup);

	return result ? result : (long)gup->size;
}

static struct gup_test all_of(const char *pages, unsigned int nr)
{
	return (struct gup_test){ .addr = (uintptr_t)pages, .size = PAGES * PAGE_SIZE,
				  .nr_pages_per_call = nr, .gup_flags = FOLL_WRITE };
}

/* Opened once; below 0: not there. */
static int gup_test_fd(void)
{
	static int fd;

	if (!fd)
		fd = (int)sys_open("/sys/kernel/debug/gup_test", O_RDWR, 0);
	return fd;
}

bool gup_test_there(void) { return gup_test_fd() >= 0; }

void gup_fast_by_512(const char *pages, u64 nr)
{
	struct gup_test gup = { .addr = (uintptr_t)pages, .size = nr * PAGE_SIZE,
				.nr_pages_per_call = 512, .gup_flags = FOLL_WRITE };

	walk(gup_test_fd(), GUP_FAST_BENCHMARK, &gup);
}

/*
 * A page beyond the first of a call: what MANY costs without the first pages of its calls, which
 * cost what ONE says.
 */
static void derive_next(struct row *rows)
{
	u64 calls = PAGES / per_call[MANY];
	u64 one = rows[ONE].samples[0], many = rows[MANY].samples[0];

	rows[NEXT].samples[rows[NEXT].count++] = (many * PAGES - one * calls) / (PAGES - calls);
}

static long sample_gets(int fd, unsigned int cmd, const char *pages, struct row *rows,
			struct row *put)
{
	for (unsigned int i = ONE; i <= MANY; i++) {
		struct gup_test gup = all_of(pages, per_call[i]);

		if (walk(fd, cmd, &gup) != (long)(PAGES * PAGE_SIZE))
			return -1;
		row_add(&rows[i], gup.get_delta_usec * TICKS_A_USEC);
		row_sample(&rows[i]);
		if (i == MANY && put) {
			row_add(put, gup.put_delta_usec * TICKS_A_USEC);
			row_sample(put);
		}
	}
	derive_next(rows);
	return 0;
}

/* Pages at the depth that addr asks for; the process keeps that depth, so this is a child. */
static void measure_depth(struct row *get, struct row *pin, struct row *puts, uintptr_t addr)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	long pages = sys_mmap(addr, PAGES * PAGE_SIZE, PROT_READ | PROT_WRITE, flags, -1, 0);
	int fd = gup_test_fd();
	bool wrong;

	if (pages != (long)addr || fd < 0) {
		rows_skip(get, ROWS, fd < 0 ? "no gup_test" : "no such depth",
			  fd < 0 ? fd : pages);
		rows_skip(pin, ROWS, fd < 0 ? "no gup_test" : "no such depth",
			  fd < 0 ? fd : pages);
		if (puts)
			rows_skip(puts, 2, "no gup_test", fd);
		return;
	}
	touch((char *)addr, PAGES);
	wrong = sample_gets(fd, GUP_FAST_BENCHMARK, (char *)addr, get, puts) ||
		sample_gets(fd, PIN_FAST_BENCHMARK, (char *)addr, pin, puts ? puts + 1 : NULL);
	if (wrong) {
		print_note("# gup_test found less than there is at ", addr, " of ", PAGES);
		return;
	}
	rows_print(get, ROWS);
	rows_print(pin, ROWS);
	if (puts)
		rows_print(puts, 2);
}

#define DEPTH_ROWS(way, depth)                                                               \
	{                                                                                    \
		ROW(way "_1p_" depth, PAGES), ROW(way "_16p_" depth, PAGES),                 \
			ROW(way "_512p_" depth, PAGES), ROW(way "_next_page_" depth, PAGES)  \
	}

static struct row gets[][ROWS] = { DEPTH_ROWS("gup_fast", "3l"), DEPTH_ROWS("gup_fast", "4l"),
				   DEPTH_ROWS("gup_fast", "5l") };
static struct row pins[][ROWS] = { DEPTH_ROWS("pin_fast", "3l"), DEPTH_ROWS("pin_fast", "4l"),
				   DEPTH_ROWS("pin_fast", "5l") };
static struct row puts[] = { ROW("gup_put_page", PAGES), ROW("gup_unpin_page", PAGES) };

/* One CPU only: cycles of a busy machine say nothing about so few instructions. */
void bench_gup(void)
{
	static const uintptr_t places[] = { 1UL << 30, 5UL << 39, 3UL << 47 };

	for (unsigned int depth = 0; depth < ARRAY_SIZE(places); depth++) {
		bool wanted = rows_wanted(gets[depth], ROWS) || rows_wanted(pins[depth], ROWS) ||
			      (!depth && rows_wanted(puts, 2));
		long pid = wanted ? sys_fork() : 1;

		if (pid == 0) {
			measure_depth(gets[depth], pins[depth], depth ? NULL : puts,
				      places[depth]);
			sys_exit_group(0);
		}
		if (wanted)
			wait_for(pid);
	}
}
