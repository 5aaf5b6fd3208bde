/*
 * Roots: what CR3 points to. An address space with as many levels as the hardware walks owns its
 * root. A shallower one is hung under upper tables that belong to the CPU:
 *
 *	4-level hardware	top[0] -> tree of 3 levels
 *	5-level hardware	top[0] -> tree of 4 levels
 *				top[0] -> user_pml4[0] -> tree of 3 levels
 *
 * The kernel's half is entries 256-511 of every PML4 that is a root, and entry 511 of every PML5.
 * user_pml4 has none: below a PML5 its upper half is user addresses.
 */
#include "machine/internal.h"

unsigned long tlb_flush_ceiling = 33;

u64 kernel_pml4[PTRS_PER_TABLE] __attribute__((aligned(4096)));

static u64 cpu_tops[NR_CPUS][PTRS_PER_TABLE] __attribute__((aligned(4096)));
static u64 cpu_user_pml4s[NR_CPUS][PTRS_PER_TABLE] __attribute__((aligned(4096)));

extern u32 boot_la57;
static unsigned int levels;	/* set by the first CPU, before there is another */

unsigned int hw_levels(void) { return levels; }

unsigned long kernel_root(void) { return image_phys(kernel_pml4) | 4; }

void root_detect(void)
{
	levels = boot_var(boot_la57) ? 5 : 4;
}

static u64 table_entry(phys_addr_t table) { return table | _PAGE_TABLE; }

/* The upper half of a PML4, in one go: 256 instructions instead of the 1,290 of a loop. */
static void copy_kernel_half(u64 *pml4)
{
	const u64 *from = kernel_pml4 + PTRS_PER_TABLE / 2;
	u64 *to = pml4 + PTRS_PER_TABLE / 2;
	unsigned long n = PTRS_PER_TABLE / 2;

	__asm__ __volatile__("rep movsq" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

void root_table_init(void *table, unsigned int depth)
{
	u64 *entries = table;

	if (depth != levels)
		return;
	if (levels == 4)
		copy_kernel_half(entries);
	else
		entries[PTRS_PER_TABLE - 1] = table_entry(image_phys(kernel_pml4)) & ~_PAGE_USER;
}

phys_addr_t root_init_cpu(struct percpu *cpu)
{
	cpu->top = cpu_tops[cpu->cpu];
	cpu->user_pml4 = cpu_user_pml4s[cpu->cpu];
	root_table_init(cpu->top, levels);
	return image_phys(cpu->top);
}

void root_load(unsigned long root)
{
	struct percpu *cpu = this_percpu();
	phys_addr_t table = root & PTE_PFN_MASK;
	unsigned int depth = root & 7;

	if (depth == levels) {
		write_cr3(table);
		return;
	}
	if (!root) {
		cpu->top[0] = 0;
	} else if (depth == levels - 1) {
		cpu->top[0] = table_entry(table);
	} else {
		cpu->user_pml4[0] = table_entry(table);
		cpu->top[0] = table_entry(image_phys(cpu->user_pml4));
	}
	write_cr3(image_phys(cpu->top));
}

/* ---- flushing ---- */

/* Not global: all user translations, and what the processor caches of upper levels. */
void tlb_flush_local_all(void) { write_cr3(read_cr3()); }

unsigned long tlb_flush_local(unsigned long start, unsigned long end)
{
	unsigned long pages;

	start = ALIGN_DOWN(start, PAGE_SIZE);
	pages = (end - start + PAGE_SIZE - 1) >> PAGE_SHIFT;
	if (pages > READ_ONCE(tlb_flush_ceiling)) {
		tlb_flush_local_all();
		return 0;
	}
	/*
	 * invlpg also drops cached upper-level entries, whatever its address (SDM volume 3,
	 * 4.10.4.1).
	 */
	for (; start < end; start += PAGE_SIZE)
		invlpg(start);
	return pages;
}

/* INVLPGB is AMD's alone; the others are told by IPI. */
bool tlb_flush_remote(cpumask_t cpus, unsigned long start, unsigned long end) { return false; }
/* Nobody sees another processor's interrupt flag. */
cpumask_t cpus_quiescent(void) { return 0; }

/* Global translations go when PGE changes. */
static void flush_everything(void *unused)
{
	unsigned long flags = irq_save();
	u64 cr4 = read_cr4();

	write_cr4(cr4 & ~CR4_PGE);
	write_cr4(cr4);
	irq_restore(flags);
}

void tlb_flush_kernel(void)
{
	cpumask_t others = cpus_online() & ~cpumask_of(this_cpu());

	if (others)
		ipi_send(others, flush_everything, NULL);
	flush_everything(NULL);
	if (others)
		ipi_wait();
}
