/* Frames, objects and kernel areas, from several CPUs; pages of a file. */
#include "mm/buddy.h"
#include "mm/leak.h"
#include "mm/pagecache.h"
#include "mm/slab_debug.h"
#include "mm/vma.h"
#include "mm/vmalloc.h"
#include "tests/races/race.h"

#define AT 0x40000000ul

/* ---- frames ---- */

static struct folio *shared;

static void block(void)
{
	struct folio *folio = folio_alloc(GFP_KERNEL, 1);

	RACE_CHECK(folio);
	*(u64 *)folio_address(folio) = this_cpu();
	RACE_EQ(*(u64 *)folio_address(folio), this_cpu());
	folio_put(folio);
}
static void drain(void) { buddy_drain_all(); }
/* A page from this CPU's list; and a block, so that it meets the other at the allocator's lock. */
static void page(void)
{
	struct page *p = alloc_page(GFP_KERNEL);

	RACE_CHECK(p);
	block();
	free_page(p);
}

static void one_folio(void) { RACE_CHECK((shared = folio_alloc(GFP_KERNEL, 0))); }
static void put_it(void) { folio_put(shared); }
static void try_get(void)
{
	bool got = folio_try_get(shared);

	race_outcome(got);
	if (got)
		folio_put(shared);
}

/* ---- objects ---- */

static void *object;

#define MANY 64 /* more than two magazines hold */

static void *many[MANY];
static unsigned int nr_kept;

static struct magazine *magazine_of(void *obj)
{
	return &page_folio(virt_to_page(obj))->page.slab_cache->magazines[this_cpu()];
}

static void one_object(void) { RACE_CHECK((object = kmalloc(100, GFP_KERNEL))); }
/* CPU 0 has a full magazine and CPU 1 an empty one, so that both meet at the slabs. */
static void one_object_full_magazine(void)
{
	slab_shrink();
	one_object();
	while (nr_kept < MANY)
		RACE_CHECK((many[nr_kept++] = kmalloc(100, GFP_KERNEL)));
	while (magazine_of(object)->count < MAGAZINE_SIZE)
		kfree(many[--nr_kept]);
}
/* No object is handed out twice, whichever CPU asks. */
static void all_different(void)
{
	while (nr_kept)
		kfree(many[--nr_kept]);
	for (unsigned int i = 0; i < MANY; i++) {
		cpu_become(i < MAGAZINE_SIZE);
		RACE_CHECK((many[i] = kmalloc(100, GFP_KERNEL)));
		*(u64 *)many[i] = i;
	}
	for (unsigned int i = 0; i < MANY; i++) {
		RACE_EQ(*(u64 *)many[i], i);
		kfree(many[i]);
	}
}
static void free_it(void) { kfree(object); }
static void get_another(void)
{
	u64 *mine = kmalloc(100, GFP_KERNEL);

	RACE_CHECK(mine && mine != object);
	*mine = 1;
	kfree(mine);
}
/* One from this CPU's magazine, and one from the slabs. */
static void get_two(void)
{
	u64 *first = kmalloc(100, GFP_KERNEL), *second = kmalloc(100, GFP_KERNEL);

	RACE_CHECK(first && second && first != second);
	*first = *second = 1;
	kfree(first);
	kfree(second);
}
static void one_in_magazine_of_1(void)
{
	slab_shrink();
	one_object();
	cpu_become(1);
	kfree(object);
	cpu_become(0);
}
static void shrink_slabs(void) { slab_shrink(); }

/* ---- areas of the kernel ---- */

static void *area;

static void area_used_on_cpu_1(void)
{
	area = vmalloc(PAGE_SIZE);
	cpu_become(1);
	*(u64 *)sim_kernel_ptr((unsigned long)area) = 1;
	cpu_become(0);
}
static void free_area(void)
{
	vfree(area);
	vmalloc_purge();
}
/* If it is the old area again, it has a new frame: this CPU must not find the old one. */
static void new_area(void)
{
	void *mine = vmalloc(PAGE_SIZE);
	u64 *at = sim_kernel_ptr((unsigned long)mine);

	RACE_CHECK(at);
	*at = 2;
	RACE_EQ(*at, 2);
	vfree(mine);
	vmalloc_purge();
}

/* ---- the page cache ---- */

static void shared_mapping(void)
{
	RACE_EQ(mm_mmap(race_mm, AT, PAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, NULL,
			0), AT);
	race_map(AT + PAGE_SIZE, 1);
	race_poke(AT + PAGE_SIZE, 1); /* the table is there */
}
static void find_page(void)
{
	struct folio *folio = filemap_get(vma_lookup(race_mm, AT)->mapping, 0);

	RACE_CHECK(!IS_ERR(folio));
	folio_put(folio);
}
static void shared_cached(void)
{
	shared_mapping();
	find_page();
}
static void write_7(void) { race_poke(AT, 7); }
static void write_8(void) { race_poke(AT + 8, 8); }
static void one_page(void)
{
	RACE_EQ(race_peek(AT), 7);
	RACE_EQ(race_peek(AT + 8), 8);
	RACE_EQ(mm_rss(race_mm, MM_SHMEMPAGES), 1);
}
static void page_found(void)
{
	struct folio *folio = filemap_find(vma_lookup(race_mm, AT)->mapping, 0);

	RACE_CHECK(folio && *(u64 *)folio_address(folio) == 7);
	folio_put(folio);
	RACE_EQ(race_peek(AT), 7);
}

RACE("buddy-buddy", "two CPUs take and give a block", .levels = 3, .cpu = { block, block })
RACE("buddy-drain", "the lists of all CPUs are emptied while one is used", .levels = 3,
     .cpu = { drain, page })
RACE("folio-try-get-put", "a reference is taken while the last one goes", .levels = 3,
     .setup = one_folio, .cpu = { put_it, try_get })
RACE("kfree-kmalloc", "an object is freed on another CPU than the one that allocates", .levels = 3,
     .setup = one_object_full_magazine, .cpu = { free_it, get_another }, .probe = all_different)
RACE("slab-shrink-kmalloc", "slabs are given back while one is used", .levels = 3,
     .setup = one_in_magazine_of_1, .cpu = { shrink_slabs, get_two }, .probe = all_different)
RACE("vmalloc-reuse", "an area of the kernel comes again, with another frame", .levels = 3,
     .setup = area_used_on_cpu_1, .cpu = { free_area, new_area })
RACE("shared-fault-read", "a fault on a page of a file, and another CPU reads the page in",
     .levels = 3, .setup = shared_mapping, .cpu = { write_7, find_page }, .probe = page_found)
RACE("shared-fault-fault", "two CPUs map the same page of a file", .levels = 3,
     .setup = shared_cached, .cpu = { write_7, write_8 }, .probe = one_page)
