/*
 * What another CPU may do between the unlocked look at an entry and the work under its lock: with
 * one intruder at a fixed place, before the explorer of all interleavings.
 */
#include "tests/unit/space.h"
#include "mm/buddy.h"
#include "mm/slab_debug.h"

static struct space s;
static struct mm_struct *child;
static unsigned long addr;
static u64 seen;

static void start(void)
{
	s = space_start(3, 4, 2);
	addr = map(s.mm, 0x40000000, 0x4000, RW, ANON | MAP_FIXED);
	run_on(1, s.mm);
	run_on(0, s.mm);
}

static void write_7(void) { poke(addr, 7); }
static void read_it(void) { seen = peek(addr); }

TEST("two-first-writes-at-once-make-one-page")
{
	start();
	poke(addr + PAGE_SIZE, 1);		/* the table is there */
	sim_before_lock(LOCK_PAGE_TABLE, 1, write_7);
	poke(addr + 8, 8);
	CHECK_EQ(peek(addr), 7);
	CHECK_EQ(peek(addr + 8), 8);
	CHECK_EQ(mm_rss(s.mm, MM_ANONPAGES), 2);
	space_end(&s);
}

TEST("two-first-faults-at-once-make-one-set-of-tables")
{
	start();
	sim_before_lock(LOCK_PAGE_TABLE, 1, write_7);
	poke(addr + 8, 8);
	CHECK_EQ(peek(addr), 7);
	space_end(&s);
}

TEST("a-read-fault-does-not-overwrite-a-page-that-came-first")
{
	start();
	poke(addr + PAGE_SIZE, 1);
	sim_before_lock(LOCK_PAGE_TABLE, 1, write_7);
	CHECK_EQ(peek(addr), 7);
	space_end(&s);
}

TEST("a-write-fault-replaces-a-zero-page-that-came-first")
{
	start();
	poke(addr + PAGE_SIZE, 1);
	sim_before_lock(LOCK_PAGE_TABLE, 1, read_it);
	poke(addr, 5);
	CHECK_EQ(seen, 0);
	CHECK_EQ(peek(addr), 5);
	space_end(&s);
}

/* ---- copy-on-write ---- */

static void fork_here(void)
{
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child));
}

static void start_cow(void)
{
	start();
	poke(addr, 1);
	fork_here();
}

static void end_cow(void)
{
	run_on(0, child);
	CHECK_EQ(peek(addr), 1);
	run_on(0, s.mm);
	mmput(child);
	space_end(&s);
}

TEST("two-cow-faults-at-once-keep-both-writes")
{
	start_cow();
	sim_before_lock(LOCK_PAGE_TABLE, 1, write_7);
	poke(addr + 8, 8);
	CHECK_EQ(peek(addr), 7);
	CHECK_EQ(peek(addr + 8), 8);
	end_cow();
}

/* The second time the lock is taken is after the copy. */
static void intrude_later(void) { sim_before_lock(LOCK_PAGE_TABLE, 1, write_7); }

TEST("a-copy-made-meanwhile-by-another-cpu-wins")
{
	start_cow();
	sim_before_lock(LOCK_BUDDY, 1, intrude_later);	/* the copy's frame is being allocated */
	poke(addr + 8, 8);
	sim_before_lock(LOCK_PAGE_TABLE, 1, NULL);
	CHECK_EQ(peek(addr + 8), 8);
	end_cow();
}

static void drop_it(void) { CHECK_EQ(mm_madvise(s.mm, addr, PAGE_SIZE, MADV_DONTNEED), 0); }

TEST("a-page-dropped-before-its-copy-is-put-in-place-stays-dropped")
{
	start_cow();
	sim_before_lock(LOCK_PAGE_TABLE, 1, drop_it);
	poke(addr + 8, 8);
	CHECK_EQ(peek(addr), 0);
	CHECK_EQ(peek(addr + 8), 8);
	end_cow();
}

static void drop_it_everywhere(void)
{
	drop_it();
	mmput(child);
}

TEST("a-page-that-all-others-drop-while-it-is-copied-stays-until-it-is")
{
	start_cow();
	/* The copy's frame is being allocated. */
	sim_before_lock(LOCK_BUDDY, 1, drop_it_everywhere);
	poke(addr + 8, 8);
	CHECK_EQ(peek(addr), 0);
	CHECK_EQ(peek(addr + 8), 8);
	space_end(&s);
}

/* ---- the mapping itself ---- */

/* Another thread, which can have the lock only if the fault has given it back. */
static void unmap_if_unlocked(void)
{
	if (!atomic_read(&s.mm->cpu[0].readers))
		CHECK_EQ(mm_munmap(s.mm, addr, 0x4000), 0);
}

TEST("a-mapping-that-a-fault-uses-cannot-go-meanwhile")
{
	start();
	sim_before_lock(LOCK_BUDDY, 1, unmap_if_unlocked);	/* the page is being allocated */
	poke(addr, 1);
	CHECK_EQ(peek(addr), 1);
	space_end(&s);
}

#define BEYOND_3_LEVELS (1ul << 40)

static void unfold_if_unlocked(void)
{
	if (!s.mm->mmap_lock.writer) {
		map(s.mm, BEYOND_3_LEVELS, PAGE_SIZE, RW, ANON | MAP_FIXED);
		poke(BEYOND_3_LEVELS, 1);
	}
}

TEST("a-tree-does-not-grow-between-forks-look-at-its-depth-and-the-copy")
{
	start();
	sim_before_lock(LOCK_SLAB, 1, unfold_if_unlocked);	/* the child is being allocated */
	fork_here();
	CHECK_EQ(mm_levels(child), mm_levels(s.mm));
	mmput(child);
	space_end(&s);
}

TEST("the-last-entry-of-a-table-is-unmapped-with-those-of-the-next")
{
	unsigned long border;

	start();
	border = map(s.mm, addr + PMD_SIZE - 2 * PAGE_SIZE, 3 * PAGE_SIZE, RW, ANON | MAP_FIXED) +
		 2 * PAGE_SIZE;
	poke(border - PAGE_SIZE, 1);
	poke(border, 2);
	CHECK_EQ(mm_munmap(s.mm, border - 2 * PAGE_SIZE, 3 * PAGE_SIZE), 0);
	CHECK_EQ(mm_rss(s.mm, MM_ANONPAGES), 0);
	CHECK_EQ(sim_user_write(border - PAGE_SIZE, 1), SIGSEGV);
	space_end(&s);
}

/* ---- the allocators ---- */

static struct folio *theirs;
static struct page *their_page;

static void take_block_too(void) { theirs = folio_alloc(GFP_KERNEL, 1); }
/*
 * The look at the list comes after the lock; a second lock after the look would be one too many.
 */
static void take_block_at_second_lock(void) { sim_before_lock(LOCK_BUDDY, 1, take_block_too); }

TEST("two-cpus-that-want-a-block-get-two")
{
	struct folio *mine;

	start();
	sim_before_lock(LOCK_BUDDY, 1, take_block_at_second_lock);
	mine = folio_alloc(GFP_KERNEL, 1);
	CHECK(mine && mine != theirs);
	folio_put(mine);
	if (theirs)
		folio_put(theirs);
	space_end(&s);
}

static void take_page(void) { their_page = alloc_page(GFP_KERNEL); }

/* CPU 1 empties the lists, that of CPU 0 first, which takes a page at that moment. */
TEST("a-list-that-is-emptied-gives-no-page-twice")
{
	start();
	free_page(alloc_page(GFP_KERNEL));
	sim_on_cpu(1);
	sim_before_lock(LOCK_BUDDY, 0, take_page);
	buddy_drain_all();
	sim_on_cpu(0);
	CHECK(their_page);
	free_page(their_page);
	space_end(&s);
}

/*
 * Another CPU allocates at the n-th time that a lock of the slabs is taken, for n = 0, 1, 2, ...
 */
static unsigned int locks_to_pass;
static void *my_object, *their_object;

static struct magazine *magazine(unsigned int cpu)
{
	return &page_folio(virt_to_page(my_object))->page.slab_cache->magazines[cpu];
}
static void take_object(void)
{
	if (locks_to_pass || magazine(1)->lock.locked) {
		locks_to_pass -= locks_to_pass > 0;
		sim_before_lock(LOCK_SLAB, 1, take_object);
		return;
	}
	their_object = kmalloc(100, GFP_KERNEL);
}
static void take_object_at_lock(unsigned int n)
{
	their_object = NULL;
	locks_to_pass = n;
	sim_before_lock(LOCK_SLAB, 1, take_object);
}
/* False: the lock was not taken so often. */
static bool object_was_taken(void)
{
	sim_before_lock(LOCK_SLAB, 1, NULL);
	return their_object;
}

#define MANY 64		/* more than the magazines of two CPUs hold */
static void *many[MANY];
static unsigned int nr_kept;

static void fill_magazine(void)
{
	while (nr_kept < MANY)
		CHECK((many[nr_kept++] = kmalloc(100, GFP_KERNEL)));
	while (magazine(0)->count < MAGAZINE_SIZE)
		kfree(many[--nr_kept]);
}
static void free_the_rest(void)
{
	while (nr_kept)
		kfree(many[--nr_kept]);
}
static void check_no_object_comes_twice(void)
{
	free_the_rest();
	for (unsigned int i = 0; i < MANY; i++) {
		sim_on_cpu(i < MAGAZINE_SIZE);
		CHECK((many[i] = kmalloc(100, GFP_KERNEL)));
		CHECK(many[i] != their_object);
		*(u64 *)many[i] = i;
	}
	for (unsigned int i = 0; i < MANY; i++) {
		CHECK_EQ(*(u64 *)many[i], i);
		kfree(many[i]);
	}
}

TEST("an-object-that-comes-back-is-handed-out-once")
{
	start();
	for (unsigned int n = 0;; n++) {
		slab_shrink();
		my_object = kmalloc(100, GFP_KERNEL);
		fill_magazine();
		take_object_at_lock(n);
		kfree(my_object);
		if (!object_was_taken())
			break;
		check_no_object_comes_twice();
		kfree(their_object);
	}
	free_the_rest();
	space_end(&s);
}

TEST("an-object-is-not-taken-back-while-it-is-handed-out")
{
	start();
	for (unsigned int n = 0;; n++) {
		my_object = kmalloc(100, GFP_KERNEL);
		sim_on_cpu(1);
		kfree(kmalloc(100, GFP_KERNEL));
		sim_on_cpu(0);
		take_object_at_lock(n);
		slab_shrink();
		kfree(my_object);
		if (!object_was_taken())
			break;
		check_no_object_comes_twice();
		kfree(their_object);
	}
	space_end(&s);
}

/* ---- the page cache ---- */

static struct folio *first;
static struct address_space *shm;
static void get_page_0(void) { first = filemap_get(shm, 0); }

TEST("two-readers-of-an-absent-page-get-the-same-one")
{
	struct folio *second;

	start();
	shm = shmem_mapping_create(PAGE_SIZE, false);
	sim_before_lock(LOCK_MAPPING, 1, NULL);
	sim_before_lock(LOCK_MAPPING, 1, get_page_0);
	second = filemap_get(shm, 0);
	CHECK(first == second && shm->nr_pages == 1);
	folio_put(first);
	folio_put(second);
	mapping_put(shm);
	space_end(&s);
}

static void get_page_0_at_second_lock(void) { sim_before_lock(LOCK_MAPPING, 1, get_page_0); }

/*
 * The other one comes after the look that finds nothing, before what was read is put in its place.
 */
TEST("two-readers-that-both-found-nothing-get-the-same-page")
{
	struct folio *second;

	start();
	shm = shmem_mapping_create(PAGE_SIZE, false);
	sim_before_lock(LOCK_MAPPING, 1, get_page_0_at_second_lock);
	second = filemap_get(shm, 0);
	CHECK(first == second && shm->nr_pages == 1);
	folio_put(first);
	folio_put(second);
	mapping_put(shm);
	space_end(&s);
}
