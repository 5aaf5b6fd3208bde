/* cow.c - copy-on-write after fork: everybody sees what he had, nobody what others write. */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"
#include "user/thread.h"

#include <string.h>

enum { PAGES = 128 };

/* What parent and child tell each other, in shared memory. */
static struct board {
	uint32_t turn;
	int seen[4];
} *board;

static char *mem;			/* PAGES pages, private */

static void fill(char value)
{
	memset(mem, value, PAGES * PAGE_SIZE);
	board->turn = 0;
}

static int child_compares(void *arg)
{
	return all_bytes(mem, *(char *)arg, PAGES * PAGE_SIZE) ? 0 : 1;
}

static int child_overwrites(void *arg)
{
	memset(mem, *(char *)arg, PAGES * PAGE_SIZE);
	return child_compares(arg);
}

static int child_waits_then_compares(void *arg)
{
	word_wait(&board->turn, 1);
	return child_compares(arg);
}

static void test_parent_and_child(void)
{
	char one = 1, two = 2;
	int pid;

	fill(1);
	ok_child_exits(child_compares, &one, 0, "cow-child-sees-the-parent's-memory");
	ok_child_exits(child_overwrites, &two, 0, "cow-child-can-write-all-of-it");
	ok(all_bytes(mem, 1, PAGES * PAGE_SIZE), "cow-child-write-is-invisible-to-parent");
	pid = child_start(child_waits_then_compares, &one);
	memset(mem, 3, PAGES * PAGE_SIZE);
	word_set(&board->turn, 1);
	is(child_verdict(child_wait(pid)), 0, "cow-parent-write-is-invisible-to-child");
	ok(all_bytes(mem, 3, PAGES * PAGE_SIZE), "cow-parent-keeps-its-own-write");
}

static int grandchild_main(void *arg)
{
	(void)arg;
	board->seen[2] = mem[0];
	mem[0] = 30;
	board->seen[3] = mem[0];
	return 0;
}

static int child_with_grandchild(void *arg)
{
	(void)arg;
	board->seen[0] = mem[0];
	mem[0] = 20;
	child_run(grandchild_main, NULL);
	board->seen[1] = mem[0];
	return 0;
}

static void test_grandchild(void)
{
	fill(10);
	child_run(child_with_grandchild, NULL);
	ok(board->seen[0] == 10 && board->seen[2] == 20, "cow-each-generation-inherits-the-last");
	is(board->seen[3], 30, "cow-grandchild-sees-its-own-write");
	is(board->seen[1], 20, "cow-grandchild-write-is-invisible-to-child");
	is(mem[0], 10, "cow-both-are-invisible-to-the-parent");
}

static int sibling(void *arg)
{
	int number = *(int *)arg;

	mem[PAGE_SIZE] = (char)(100 + number);
	word_add(&board->turn);
	word_wait(&board->turn, 3);
	return mem[PAGE_SIZE] == (char)(100 + number) ? 0 : 1;
}

/* Three children hold their copies at the same time. */
static void test_siblings(void)
{
	int pids[3], wrong = 0;

	fill(4);
	for (int i = 0; i < 3; i++)
		pids[i] = child_start(sibling, &i);
	for (int i = 0; i < 3; i++)
		wrong += child_verdict(child_wait(pids[i])) != 0;
	is(wrong, 0, "cow-siblings-do-not-see-each-other");
	is(mem[PAGE_SIZE], 4, "cow-siblings-leave-the-parent-alone");
}

static int child_straddles(void *arg)
{
	uint64_t value = 0x0807060504030201UL;

	(void)arg;
	memcpy(mem + PAGE_SIZE - 4, &value, sizeof(value));
	return mem[PAGE_SIZE - 4] == 1 && mem[PAGE_SIZE + 3] == 8 && mem[0] == 6 ? 0 : 1;
}

static int child_reads_into_it(void *arg)
{
	int *fds = arg;

	sys_write(fds[1], "kernel", 6);
	sys_read(fds[0], mem, 6);
	return memcmp(mem, "kernel", 6) == 0 ? 0 : 1;
}

static void test_ways_of_writing(void)
{
	int fds[2];

	fill(6);
	sys_pipe(fds);
	ok_child_exits(child_straddles, NULL, 0, "cow-of-two-pages-by-one-store");
	ok_child_exits(child_reads_into_it, fds, 0, "cow-by-the-kernel's-write");
	ok(all_bytes(mem, 6, PAGES * PAGE_SIZE), "cow-the-parent-sees-neither");
	sys_close(fds[0]);
	sys_close(fds[1]);
}

static int child_unmaps(void *arg)
{
	(void)arg;
	unmap(mem, PAGES * PAGE_SIZE);
	return 0;
}

static void test_unmapping(void)
{
	char seven = 7;
	int pid;

	fill(7);
	ok_child_exits(child_unmaps, NULL, 0, "cow-child-unmaps-its-memory");
	ok(all_bytes(mem, 7, PAGES * PAGE_SIZE), "cow-the-parent's-memory-stays");
	pid = child_start(child_waits_then_compares, &seven);
	unmap(mem, PAGES * PAGE_SIZE);
	word_set(&board->turn, 1);
	is(child_verdict(child_wait(pid)), 0, "cow-child-keeps-what-the-parent-unmapped");
	mem = map_private(PAGES * PAGE_SIZE);
}

static int child_zero_page(void *arg)
{
	(void)arg;
	mem[0] = 1;
	return mem[PAGE_SIZE] == 0 && mem[2 * PAGE_SIZE] == 0 ? 0 : 1;
}

/* Pages that were only read, and pages that were not touched at all. */
static void test_untouched(void)
{
	char *old = mem;
	volatile char sum;

	mem = map_private(PAGES * PAGE_SIZE);
	sum = (char)(mem[0] + mem[PAGE_SIZE]);
	ok_child_exits(child_zero_page, NULL, 0, "cow-of-the-zero-page-in-the-child");
	ok(sum == 0 && mem[0] == 0 && mem[2 * PAGE_SIZE] == 0,
	   "cow-of-the-zero-page-leaves-the-parent-zero");
	unmap(mem, PAGES * PAGE_SIZE);
	mem = old;
}

static int data_word = 11;

static int child_writes_image(void *arg)
{
	int *on_stack = arg;

	data_word = 12;
	*on_stack = 13;
	return data_word == 12 && *on_stack == 13 ? 0 : 1;
}

static void test_image_and_stack(void)
{
	int on_stack = 14;

	ok_child_exits(child_writes_image, &on_stack, 0, "cow-child-writes-data-and-stack");
	ok(data_word == 11 && on_stack == 14, "cow-the-parent's-data-and-stack-stay");
}

static int child_holds(void *arg)
{
	(void)arg;
	word_wait(&board->turn, 1);
	return 0;
}

/* With a second owner alive a write must copy; the last owner keeps the page. */
static void test_counters(void)
{
	long copies, reuses;
	int pid;

	if (pleat_counter(PLEAT_COW_COPIES, -1) < 0) {
		skip("no counters", "cow-write-with-two-owners-copies");
		skip("no counters", "cow-write-of-the-last-owner-reuses");
		return;
	}
	fill(8);
	pid = child_start(child_holds, NULL);
	copies = pleat_counter(PLEAT_COW_COPIES, -1);
	for (int i = 0; i < PAGES / 2; i++)
		mem[(size_t)i * PAGE_SIZE] = 9;
	copies = pleat_counter(PLEAT_COW_COPIES, -1) - copies;
	word_set(&board->turn, 1);
	child_wait(pid);
	if (!ok(copies >= PAGES / 2, "cow-write-with-two-owners-copies"))
		note("%ld copies of %d", copies, PAGES / 2);
	reuses = pleat_counter(PLEAT_COW_REUSES, -1);
	for (int i = PAGES / 2; i < PAGES; i++)
		mem[(size_t)i * PAGE_SIZE] = 9;
	reuses = pleat_counter(PLEAT_COW_REUSES, -1) - reuses;
	if (!ok(reuses >= PAGES / 2, "cow-write-of-the-last-owner-reuses"))
		note("%ld reuses of %d", reuses, PAGES / 2);
}

static void *writer_thread(void *arg)
{
	(void)arg;
	for (int i = 0; i < PAGES; i++)
		mem[(size_t)i * PAGE_SIZE + 1] = 2;
	return NULL;
}

static int child_checks_pages(void *arg)
{
	int torn = 0;

	(void)arg;
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < PAGES; i++) {
			char before = mem[(size_t)i * PAGE_SIZE + 1];

			sys_sched_yield();
			torn += mem[(size_t)i * PAGE_SIZE + 1] != before;
		}
	}
	return torn ? 1 : 0;
}

/* A thread writes while fork copies: the child's picture is some moment's, and stays. */
static void test_fork_against_writer(void)
{
	struct thread writer;
	int wrong = 0;

	for (int round = 0; round < 10; round++) {
		int pid;

		fill(1);
		thread_create(&writer, writer_thread, NULL);
		pid = child_start(child_checks_pages, NULL);
		thread_join(&writer);
		wrong += child_verdict(child_wait(pid)) != 0;
		for (int i = 0; i < PAGES; i++)
			wrong += mem[(size_t)i * PAGE_SIZE + 1] != 2;
	}
	is(wrong, 0, "cow-fork-while-a-thread-writes");
}

int main(void)
{
	board = (struct board *)map_shared(PAGE_SIZE);
	mem = map_private(PAGES * PAGE_SIZE);
	tap_plan(24);
	test_parent_and_child();
	test_grandchild();
	test_siblings();
	test_ways_of_writing();
	test_unmapping();
	test_untouched();
	test_image_and_stack();
	test_counters();
	test_fork_against_writer();
	return tap_done();
}
