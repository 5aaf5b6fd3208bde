#include "tests/unit/slow_disk.h"

struct slow_disk slow_disk;

int slow_disk_start_read(struct address_space *mapping, struct folio *folio)
{
	(void)mapping;
	CHECK(!slow_disk.reading);
	slow_disk.asked++;
	slow_disk.reading = folio;
	folio_start_read(folio);
	return 0;
}

static int write_folios(struct address_space *mapping, struct folio *const *folios, unsigned int n)
{
	(void)mapping;
	(void)folios;
	CHECK_EQ(n, 1);
	return 0;
}

const struct address_space_ops slow_disk_ops = {
	.start_read = slow_disk_start_read, .write_folios = write_folios,
};

void slow_disk_map(struct mm_struct *mm, unsigned long addr, int prot)
{
	const struct mmap_source source = { .mapping = &slow_disk.file };

	mapping_init(&slow_disk.file, &slow_disk_ops, NULL, PAGE_SIZE);
	slow_disk.asked = 0;
	CHECK_EQ(mm_mmap(mm, addr, PAGE_SIZE, prot, MAP_SHARED | MAP_FIXED, &source, 0), addr);
}

void slow_disk_done(bool good)
{
	struct folio *folio = slow_disk.reading;

	CHECK(folio);
	slow_disk.reading = NULL;
	if (good)
		*(u64 *)folio_address(folio) = 42;
	folio_end_read(folio, good);
}

void slow_disk_drop(void) { filemap_drop_all(&slow_disk.file); }
