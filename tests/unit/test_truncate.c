/* Truncation, holes, who maps a file, and where it has data. */
#include "tests/unit/space.h"
#include "mm/buddy.h"
#include "mm/leak.h"

static const struct address_space_ops plain_ops;
static struct address_space file;
static const struct mmap_source source = { .mapping = &file };

static struct space start(unsigned long pages)
{
	struct space s = space_start(3, 4, 2);

	mapping_init(&file, &plain_ops, NULL, pages * PAGE_SIZE);
	return s;
}

static void end(struct space *s)
{
	CHECK_EQ(mm_munmap(s->mm, 0x10000, levels_reach(3) - 0x20000), 0);
	CHECK(RB_EMPTY(&file.i_mmap));
	CHECK_EQ(atomic_read(&file.i_mmap_writable), 0);
	filemap_drop_all(&file);
	space_end(s);
}

static unsigned long map_file(struct mm_struct *mm, unsigned long pages, int type)
{
	long ret = mm_mmap(mm, 0, pages * PAGE_SIZE, RW, type, &source, 0);

	CHECK(!IS_ERR_VALUE(ret));
	return (unsigned long)ret;
}

static u64 word_of(unsigned long index)
{
	struct folio *folio = filemap_get(&file, index);
	u64 word;

	CHECK(!IS_ERR(folio));
	word = *(u64 *)folio_address(folio);
	folio_put(folio);
	return word;
}

TEST("truncation-takes-pages-out-of-all-mappings-and-the-cache")
{
	struct space s = start(4);
	unsigned long shared = map_file(s.mm, 4, MAP_SHARED),
		      copy = map_file(s.mm, 4, MAP_PRIVATE);

	for (unsigned long i = 0; i < 4; i++)
		poke(shared + i * PAGE_SIZE, i + 1);
	poke(copy + 3 * PAGE_SIZE, 99);
	CHECK_EQ(file.nr_pages, 4);
	truncate_setsize(&file, 2 * PAGE_SIZE);
	CHECK_EQ(file.nr_pages, 2);
	CHECK(!entry_of(s.mm, shared + 2 * PAGE_SIZE) && !entry_of(s.mm, copy + 3 * PAGE_SIZE));
	CHECK_EQ(sim_user_write(shared + 2 * PAGE_SIZE, 1), SIGBUS);
	CHECK_EQ(sim_user_write(copy + 3 * PAGE_SIZE, 1), SIGBUS);
	CHECK_EQ(peek(shared + PAGE_SIZE), 2);
	end(&s);
}

TEST("truncation-ends-with-the-page-and-with-the-mapping")
{
	struct space s = start(4);
	unsigned long copy = map_file(s.mm, 4, MAP_PRIVATE), above = copy + 4 * PAGE_SIZE;

	CHECK_EQ(mm_munmap(s.mm, above, PAGE_SIZE), 0);
	map(s.mm, above, PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(above, 7);
	for (unsigned long i = 0; i < 4; i++)
		poke(copy + i * PAGE_SIZE, i + 1);
	truncate_setsize(&file, 2 * PAGE_SIZE);
	CHECK_EQ(peek(copy + PAGE_SIZE), 2);	/* the last private copy that stays */
	CHECK(!entry_of(s.mm, copy + 2 * PAGE_SIZE) && !entry_of(s.mm, copy + 3 * PAGE_SIZE));
	CHECK_EQ(peek(above), 7);
	end(&s);
}

TEST("truncation-to-the-same-size-zeroes-what-was-written-behind-it")
{
	struct space s = start(1);
	unsigned long shared = map_file(s.mm, 1, MAP_SHARED);

	truncate_setsize(&file, PAGE_SIZE - 8);
	poke(shared + PAGE_SIZE - 8, 5);
	truncate_setsize(&file, PAGE_SIZE - 8);
	CHECK_EQ(peek(shared + PAGE_SIZE - 8), 0);
	end(&s);
}

TEST("invalidation-takes-clean-pages-and-leaves-those-that-were-written-to")
{
	struct space s = start(4);
	unsigned long shared = map_file(s.mm, 4, MAP_SHARED);
	struct folio *folio;

	for (unsigned long i = 0; i < 4; i++)
		poke(shared + i * PAGE_SIZE, i + 1);
	for (unsigned long i = 0; i < 4; i++) {
		folio = filemap_find(&file, i);
		if (i == 1)
			page_set(&folio->page, PG_dirty);
		else
			page_clear(&folio->page, PG_dirty);
		folio_put(folio);
	}
	CHECK_EQ(mm_munmap(s.mm, shared, 2 * PAGE_SIZE), 0);
	folio = filemap_find(&file, 1);
	page_set(&folio->page, PG_dirty);
	folio_put(folio);
	folio = filemap_find(&file, 0);
	page_clear(&folio->page, PG_dirty);
	filemap_invalidate_range(&file, 0, 2);
	CHECK(!filemap_find(&file, 0));
	CHECK_EQ(*(u64 *)folio_address(folio), 1);	/* who holds it sees what was */
	folio_put(folio);
	CHECK_EQ(word_of(1), 2);
	CHECK(entry_of(s.mm, shared + 3 * PAGE_SIZE));	/* not in the range */
	end(&s);
}

TEST("truncation-zeroes-the-rest-of-the-last-page")
{
	struct space s = start(1);
	unsigned long shared = map_file(s.mm, 1, MAP_SHARED);

	poke(shared, 1);
	poke(shared + 8, 2);
	poke(shared + 4088, 3);
	truncate_setsize(&file, 12);
	CHECK_EQ(peek(shared), 1);
	CHECK_EQ(peek(shared + 8), 2); /* its upper half is beyond, and was 0 */
	CHECK_EQ(peek(shared + 4088), 0);
	end(&s);
}

TEST("a-hole-zeroes-parts-and-leaves-private-copies")
{
	struct space s = start(4);
	unsigned long shared = map_file(s.mm, 4, MAP_SHARED),
		      copy = map_file(s.mm, 4, MAP_PRIVATE);

	for (unsigned long i = 0; i < 4; i++) {
		poke(shared + i * PAGE_SIZE, i + 1);
		poke(shared + i * PAGE_SIZE + 4088, i + 1);
	}
	poke(copy + PAGE_SIZE, 99);
	truncate_pagecache_range(&file, 4088, 2 * PAGE_SIZE + 8);
	CHECK_EQ(file.nr_pages, 3);
	CHECK_EQ(peek(shared), 1);
	CHECK_EQ(peek(shared + 4088), 0);
	CHECK_EQ(peek(shared + PAGE_SIZE), 0);
	CHECK_EQ(peek(shared + 2 * PAGE_SIZE), 0);
	CHECK_EQ(peek(shared + 2 * PAGE_SIZE + 4088), 3);
	CHECK_EQ(peek(copy + PAGE_SIZE), 99);
	truncate_pagecache_range(&file, 3 * PAGE_SIZE, 3 * PAGE_SIZE + 8); /* within one page */
	CHECK_EQ(peek(shared + 3 * PAGE_SIZE), 0);
	CHECK_EQ(peek(shared + 3 * PAGE_SIZE + 4088), 4);
	end(&s);
}

TEST("truncation-reaches-the-child-of-a-fork")
{
	struct space s = start(2);
	unsigned long shared = map_file(s.mm, 2, MAP_SHARED),
		      copy = map_file(s.mm, 2, MAP_PRIVATE);
	struct mm_struct *child;

	poke(shared + PAGE_SIZE, 1);
	poke(copy + PAGE_SIZE, 2);
	child = mm_fork(s.mm);
	CHECK(!IS_ERR(child));
	run_on(1, child);
	CHECK_EQ(peek(shared + PAGE_SIZE), 1);
	truncate_setsize(&file, PAGE_SIZE);
	CHECK_EQ(sim_user_write(copy + PAGE_SIZE, 1), SIGBUS);
	CHECK_EQ(sim_user_write(shared + PAGE_SIZE, 1), SIGBUS);
	run_on(1, NULL);
	mmput(child);
	run_on(0, s.mm);
	CHECK_EQ(sim_user_write(copy + PAGE_SIZE, 1), SIGBUS);
	end(&s);
}

TEST("mappings-are-found-by-the-pages-they-show-however-they-are-cut")
{
	struct space s = start(64);
	unsigned long at = map_file(s.mm, 64, MAP_SHARED);
	unsigned int found = 0;

	CHECK_EQ(mm_mprotect(s.mm, at + 8 * PAGE_SIZE, 8 * PAGE_SIZE, PROT_READ), 0);
	CHECK_EQ(mm_munmap(s.mm, at + 32 * PAGE_SIZE, 4 * PAGE_SIZE), 0);
	down_read(&file.i_mmap_lock);
	for (unsigned long page = 0; page < 70; page++) {
		struct vm_area_struct *vma = i_mmap_first(&file, page, page);
		bool mapped = page < 64 && (page < 32 || page >= 36);

		CHECK_EQ(vma != NULL, mapped);
		CHECK(!vma || vma == vma_lookup(s.mm, at + page * PAGE_SIZE));
	}
	for (struct vm_area_struct *vma = i_mmap_first(&file, 0, 63); vma;
	     vma = i_mmap_next(vma, 0, 63))
		found++;
	CHECK_EQ(found, 4);
	CHECK(!i_mmap_first(&file, 32, 35));
	up_read(&file.i_mmap_lock);
	CHECK_EQ(mm_mprotect(s.mm, at + 8 * PAGE_SIZE, 8 * PAGE_SIZE, RW), 0);
	down_read(&file.i_mmap_lock);
	CHECK(i_mmap_first(&file, 0, 0) == i_mmap_first(&file, 31, 31));
	up_read(&file.i_mmap_lock);
	end(&s);
}

TEST("who-may-write-is-counted-and-can-be-denied")
{
	struct space s = start(2);
	unsigned long at = map_file(s.mm, 2, MAP_SHARED);

	CHECK_EQ(mapping_deny_writable(&file), -EBUSY);
	CHECK_EQ(mm_mprotect(s.mm, at, PAGE_SIZE, PROT_READ), 0);
	CHECK_EQ(atomic_read(&file.i_mmap_writable), 2); /* it could be written to again */
	CHECK_EQ(mm_munmap(s.mm, at, 2 * PAGE_SIZE), 0);
	CHECK_EQ(mapping_deny_writable(&file), 0);
	CHECK_EQ(mapping_deny_writable(&file), 0);
	CHECK_EQ(mm_mmap(s.mm, 0, PAGE_SIZE, RW, MAP_SHARED, &source, 0), -EPERM);
	at = map_file(s.mm, 1, MAP_PRIVATE);
	poke(at, 1);
	CHECK_EQ(word_of(0), 0);
	atomic_set(&file.i_mmap_writable, 0);
	end(&s);
}

TEST("data-and-holes-are-found")
{
	struct space s = start(8);

	word_of(2);
	word_of(3);
	file.size -= 100;
	CHECK_EQ(filemap_seek(&file, 0, true), 2 * PAGE_SIZE);
	CHECK_EQ(filemap_seek(&file, 2 * PAGE_SIZE + 5, true), 2 * PAGE_SIZE + 5);
	CHECK_EQ(filemap_seek(&file, 0, false), 0);
	CHECK_EQ(filemap_seek(&file, 2 * PAGE_SIZE, false), 4 * PAGE_SIZE);
	CHECK_EQ(filemap_seek(&file, 4 * PAGE_SIZE, true), -ENXIO);
	CHECK_EQ(filemap_seek(&file, file.size, false), -ENXIO);
	word_of(7);
	CHECK_EQ(filemap_seek(&file, 7 * PAGE_SIZE, false), file.size);
	end(&s);
}

TEST("clean-unused-pages-can-be-dropped-and-no-others")
{
	struct space s = start(4);
	unsigned long at = map_file(s.mm, 4, MAP_SHARED);
	struct folio *held;

	word_of(0);			   /* clean: goes */
	CHECK_EQ(peek(at + PAGE_SIZE), 0); /* mapped: stays */
	poke(at + 2 * PAGE_SIZE, 5);
	CHECK_EQ(mm_madvise(s.mm, at + 2 * PAGE_SIZE, PAGE_SIZE, MADV_DONTNEED), 0); /* dirty */
	held = filemap_get(&file, 3);						     /* in use */
	filemap_drop_clean(&file);
	CHECK_EQ(file.nr_pages, 3);
	CHECK(!filemap_find(&file, 0));
	CHECK_EQ(word_of(2), 5);
	folio_put(held);
	filemap_drop_clean(&file);
	CHECK(!filemap_find(&file, 3));
	end(&s);
}

/* ---- limits ---- */

static int charged, limit;
static int charge(struct address_space *mapping)
{
	(void)mapping;
	return charged == limit ? -ENOSPC : (charged++, 0);
}
static void uncharge(struct address_space *mapping)
{
	(void)mapping;
	charged--;
}
static const struct address_space_ops charged_ops = { .charge = charge, .uncharge = uncharge };

TEST("a-full-file-gives-no-page-and-keeps-count")
{
	struct space s = start(4);
	unsigned long at = map_file(s.mm, 4, MAP_SHARED);

	file.ops = &charged_ops;
	charged = 0;
	limit = 2;
	poke(at, 1);
	poke(at + PAGE_SIZE, 2);
	CHECK_EQ(PTR_ERR(filemap_get(&file, 2)), -ENOSPC);
	CHECK_EQ(sim_user_write(at + 2 * PAGE_SIZE, 3), SIGBUS);
	truncate_pagecache_range(&file, 0, PAGE_SIZE);
	CHECK_EQ(charged, 1);
	poke(at + 2 * PAGE_SIZE, 3);
	end(&s);
	CHECK_EQ(charged, 0);
}

static struct mm_struct *failing_mm;
static void undo(void) { CHECK_EQ(mm_munmap(failing_mm, 0x40000000, 2 * PAGE_SIZE), 0); }
static bool map_and_cut(void)
{
	long at = mm_mmap(failing_mm, 0x40000000, 2 * PAGE_SIZE, RW, MAP_SHARED | MAP_FIXED,
			  &source, 0);

	if (IS_ERR_VALUE(at))
		return false;
	if (!mm_mprotect(failing_mm, 0x40000000, PAGE_SIZE, PROT_READ))
		return true;
	undo();
	return false;
}

TEST("mapping-a-file-without-memory-leaves-it-unmapped")
{
	struct space s = start(2);

	failing_mm = s.mm;
	CHECK(unit_fail_each(map_and_cut, undo) >= 2);
	CHECK(RB_EMPTY(&file.i_mmap));
	end(&s);
}
