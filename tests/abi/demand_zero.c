/* demand_zero.c - memory that nobody touched: reads give zeros, writes give pages of one's own. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#include <string.h>

enum { PAGES = 512 };

static const size_t len = PAGES * PAGE_SIZE;

static void test_read_then_write(void)
{
	char *mem = map_private(len);
	int wrong = 0;

	for (int i = 0; i < PAGES; i++)
		wrong += mem[(size_t)i * PAGE_SIZE + (size_t)i] != 0;
	is(wrong, 0, "512-untouched-pages-read-zero");
	for (int i = 0; i < PAGES; i += 2)
		mem[(size_t)i * PAGE_SIZE] = (char)(i / 2 + 1);
	for (int i = 0; i < PAGES; i++)
		wrong += mem[(size_t)i * PAGE_SIZE] != (i % 2 ? 0 : (char)(i / 2 + 1));
	is(wrong, 0, "a-write-after-a-read-changes-one-page-only");
	unmap(mem, len);
	mem = map_private(len);
	ok(all_bytes(mem, 0, len), "the-page-of-zeros-is-still-zero");
	unmap(mem, len);
}

static void test_order(void)
{
	char *mem = map_private(len);
	int wrong = 0;

	for (int i = 0; i < PAGES; i++)
		mem[(size_t)(i * 77 % PAGES) * PAGE_SIZE] = (char)(i * 77 % PAGES % 127);
	for (int i = 0; i < PAGES; i++)
		wrong += mem[(size_t)i * PAGE_SIZE] != (char)(i % 127);
	is(wrong, 0, "pages-written-in-any-order-keep-their-values");
	unmap(mem, len);
}

static void test_straddle(void)
{
	char *mem = map_private(2 * PAGE_SIZE);
	uint64_t value = 0x1122334455667788UL, back;

	memcpy(mem + PAGE_SIZE - 3, &value, sizeof(value));
	memcpy(&back, mem + PAGE_SIZE - 3, sizeof(back));
	ok(back == value, "a-store-across-two-untouched-pages");
	ok(mem[PAGE_SIZE - 4] == 0 && mem[PAGE_SIZE + 5] == 0, "it-touches-only-its-bytes");
	unmap(mem, 2 * PAGE_SIZE);
}

/* The kernel's own accesses fault untouched memory in as the program's do. */
static void test_kernel_access(void)
{
	char *mem = map_private(4 * PAGE_SIZE);
	char back[100];
	int fds[2];

	sys_pipe(fds);
	is(sys_write(fds[1], mem, 100), 100, "write-from-untouched-memory");
	memset(back, 1, sizeof(back));
	sys_read(fds[0], back, 100);
	ok(all_bytes(back, 0, 100), "it-wrote-zeros");
	memset(back, 9, sizeof(back));
	sys_write(fds[1], back, 100);
	is(sys_read(fds[0], mem + 3 * PAGE_SIZE - 50, 100), 100, "read-into-untouched-pages");
	ok(all_bytes(mem + 3 * PAGE_SIZE - 50, 9, 100), "the-bytes-arrived");
	ok(mem[3 * PAGE_SIZE - 51] == 0 && mem[3 * PAGE_SIZE + 50] == 0, "around-them-are-zeros");
	sys_close(fds[0]);
	sys_close(fds[1]);
	unmap(mem, 4 * PAGE_SIZE);
}

/* One fault for each page, not one for each access. */
static void test_fault_count(void)
{
	char *mem = map_private(len);
	long before = fault_count(), first, second;

	for (int i = 0; i < PAGES; i++)
		mem[(size_t)i * PAGE_SIZE] = 1;
	first = fault_count() - before;
	for (int i = 0; i < PAGES; i++)
		mem[(size_t)i * PAGE_SIZE + 8] = 1;
	second = fault_count() - before - first;
	if (before < 0) {
		skip("no fault counter", "each-page-faults-once");
	} else if (!ok(first <= PAGES + PAGES / 4 && second < PAGES / 4,
		       "each-page-faults-once")) {
		note("%ld faults for %d pages, then %ld", first, PAGES, second);
	}
	unmap(mem, len);
}

static int bss_area[4 * 1024];
static int data_area[4] = { 1, 2, 3, 4 };

static void test_program_image(void)
{
	ok(all_bytes(bss_area, 0, sizeof(bss_area)), "bss-reads-zero");
	bss_area[1000] = 5;
	data_area[2] = 33;
	ok(bss_area[1000] == 5 && data_area[2] == 33 && data_area[3] == 4, "data-can-be-written");
}

int main(void)
{
	tap_plan(14);
	test_read_then_write();
	test_order();
	test_straddle();
	test_kernel_access();
	test_fault_count();
	test_program_image();
	return tap_done();
}
