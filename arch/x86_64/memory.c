/*
 * The kernel's own page tables: the direct map of all RAM in the largest pages that fit, and the
 * image in small ones, each part with no more rights than it needs. They take the place of the
 * boot tables for good.
 */
#include "machine/internal.h"
#include "mm/buddy.h"

#define SIZE_2M		(1ul << 21)
#define SIZE_1G		(1ul << 30)

/* Tables must lie where the boot tables reach; the trampoline where real mode does. */
#define BOOT_REACH	(1ul << 32)
#define REAL_MODE_REACH	(1ul << 20)

#define RW		_PAGE_KERNEL			/* not executable */
#define RO		(_PAGE_KERNEL & ~(_PAGE_RW | _PAGE_DIRTY))
#define RX		(RO & ~_PAGE_NX)
#define DEVICE		(RW | _PAGE_PCD | _PAGE_PWT)

bool direct_map_ready;
phys_addr_t trampoline_page;
unsigned long direct_map_bytes[3];

static u64 *new_table(u64 *entry)
{
	phys_addr_t table = boot_alloc(PAGE_SIZE, PAGE_SIZE, BOOT_REACH);

	*entry = (table | _PAGE_TABLE) & ~_PAGE_USER;
	return phys_ptr(table);
}

/*
 * The entry that maps addr with pages of 2^shift bytes; tables above it are made as needed. NULL:
 * a larger page does.
 */
static u64 *map_entry(unsigned long addr, unsigned int shift)
{
	u64 *table = kernel_pml4;

	for (unsigned int s = 39; ; s -= TABLE_SHIFT) {
		u64 *entry = table + (addr >> s & (PTRS_PER_TABLE - 1));

		if (s == shift)
			return entry;
		if (*entry & _PAGE_PSE)
			return NULL;
		table = *entry ? phys_ptr(*entry & PTE_PFN_MASK) : new_table(entry);
	}
}

/* The largest page that starts at addr and phys and does not go beyond size. */
static unsigned int page_shift_for(unsigned long addr, phys_addr_t phys, size_t size)
{
	if (cpu_features.gbpages && IS_ALIGNED(addr | phys, SIZE_1G) && size >= SIZE_1G)
		return 30;
	return IS_ALIGNED(addr | phys, SIZE_2M) && size >= SIZE_2M ? 21 : PAGE_SHIFT;
}

/* What is mapped already stays as it is. */
static void map_range(unsigned long addr, phys_addr_t phys, size_t size, u64 prot)
{
	size = ALIGN_UP(size, PAGE_SIZE);
	while (size) {
		unsigned int shift = page_shift_for(addr, phys, size);
		size_t step = 1ul << shift;
		u64 *entry = map_entry(addr, shift);

		if (entry && !*entry) {
			*entry = phys | prot | (shift > PAGE_SHIFT ? _PAGE_PSE : 0);
			if (addr < VMALLOC_START)
				direct_map_bytes[(shift - PAGE_SHIFT) / TABLE_SHIFT] += step;
		}
		addr += step;
		phys += step;
		size -= step;
	}
}

static void map_direct(phys_addr_t start, phys_addr_t end, u64 prot)
{
	if (start < end)
		map_range(DIRECT_MAP_BASE + start, start, end - start, prot);
}

/*
 * All RAM, and whatever shares its 2 MiB pages (the legacy area below 1 MiB, firmware tables). The
 * kernel's text and constants are read-only here too.
 */
static void map_ram(void)
{
	phys_addr_t ro_start = image_phys(text_start), ro_end = image_phys(rodata_end), done = 0;

	map_direct(ro_start, ro_end, RO);
	for (unsigned int i = 0; i < boot_info.nr_regions; i++) {
		phys_addr_t start = max(ALIGN_DOWN(boot_info.regions[i].start, SIZE_2M), done);
		phys_addr_t end = max(ALIGN_UP(boot_info.regions[i].end, SIZE_2M), start);

		map_direct(start, min(end, ro_start), RW);
		map_direct(max(start, ro_end), end, RW);
		done = end;
	}
}

static void map_image_part(const char *start, const char *end, u64 prot)
{
	map_range((unsigned long)start, image_phys(start), (size_t)(end - start), prot);
}

static void map_image(void)
{
	map_image_part(text_start, text_end, RX);
	map_image_part(text_end, rodata_end, RO);
	map_image_part(rodata_end, boot_stack_guard, RW);
	map_image_part(boot_stack, image_end, RW);
}

void *direct_map_add(phys_addr_t start, size_t size, bool device)
{
	phys_addr_t first = ALIGN_DOWN(start, SIZE_2M), last = ALIGN_UP(start + size, SIZE_2M);

	map_direct(first, last, device ? DEVICE : RW);
	return phys_ptr(start);
}

void machine_memory_init(void)
{
	trampoline_page = boot_alloc(PAGE_SIZE, PAGE_SIZE, REAL_MODE_REACH);
	map_ram();
	map_image();
	map_entry(VMALLOC_START, 30);	/* its top-level entry, which never changes */
	write_cr3(root_init_cpu(this_percpu()));
	direct_map_ready = true;
	if (!acpi_read())
		boot_stop("Pleat needs ACPI tables (RSDP, MADT, FADT); this machine has none.");
	direct_map_add(acpi_info.lapic, PAGE_SIZE, true);
	direct_map_add(acpi_info.ioapic, PAGE_SIZE, true);
	pci_init();
}
