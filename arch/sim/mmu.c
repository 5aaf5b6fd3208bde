/*
 * The memory management unit: walks the real tables as Intel SDM volume 3, chapter 4 says, for 3,
 * 4 and 5 levels; sets A and D; caches every entry that it reads, and uses what it has cached, of
 * the lowest level first. Reaching a frame that is free is a panic: the tables, or a translation
 * that should have been flushed, outlived it.
 */
#include "arch/sim/datarace.h"
#include "arch/sim/explore.h"
#include "arch/sim/sim.h"
#include "kernel/base/bug.h"
#include "kernel/base/string.h"
#include "mm/buddy.h"

#define ENTRY_RESERVED 0x000f000000000000ul /* frames beyond 2^48 bytes */

static unsigned long kernel_top; /* frame of the kernel's top table */

unsigned long kernel_root(void) { return kernel_top << PAGE_SHIFT | 4; }

static u64 *table_slot(unsigned long pfn, unsigned long addr, unsigned int level)
{
	unsigned long index = addr >> level_shift(level) & (PTRS_PER_TABLE - 1);

	BUG_MSG(!arena_contains(pfn) || arena_frame_free(pfn),
		"the MMU of CPU %u walks a page table of level %u for %#lx in frame %#lx, which is free",
		this_cpu(), level, addr, pfn);
	return (u64 *)frame_ptr(pfn) + index;
}

/*
 * Reads the entry of that level and files it under the rights of the walk so far. False: not
 * present.
 */
static bool fetch(struct tlb_entry *walk, unsigned long pfn, unsigned long addr,
		  unsigned int level)
{
	u64 *slot = table_slot(pfn, addr, level);
	u64 val = *slot;

	sim_events[this_cpu()].table_reads++;
	sim_point(slot, ACCESS_READ | ACCESS_NOTE);
	if (!(val & _PAGE_PRESENT))
		return false;
	BUG_MSG(val & ENTRY_RESERVED || (level > 3 && val & _PAGE_PSE),
		"entry %#lx of level %u for %#lx has reserved bits set", (unsigned long)val, level,
		addr);
	val = *slot |= _PAGE_ACCESSED;
	walk->val = val;
	walk->level = (u8)level;
	walk->leaf = level == 1 || val & _PAGE_PSE;
	walk->write &= !!(val & _PAGE_RW);
	walk->user &= !!(val & _PAGE_USER);
	walk->exec &= !(val & _PAGE_NX);
	tlb_insert(this_cpu(), addr, walk);
	return true;
}

/* From the lowest cached entry, or the root, to the leaf. */
static bool walk_tables(struct tlb_entry *walk, unsigned long root, unsigned long addr)
{
	unsigned int level, top = root & 7;
	unsigned long pfn = root >> PAGE_SHIFT;
	struct tlb_entry *cached = NULL;

	for (level = 1; level <= top && !cached; level++)
		cached = tlb_lookup(this_cpu(), addr, level);
	if (cached)
		*walk = *cached;
	else
		*walk = (struct tlb_entry){ .level = (u8)(top + 1),
					    .write = true,
					    .user = true,
					    .exec = true,
					    .kernel = (long)addr < 0 };
	while (!walk->leaf) {
		if (walk->level <= top)
			pfn = entry_pfn(walk->val);
		if (!fetch(walk, pfn, addr, walk->level - 1u))
			return false;
	}
	return true;
}

/*
 * A cached translation whose entry is not dirty sends the first write back to the tables: to the
 * leaf that they hold now, by way of the cached upper levels.
 */
static bool set_dirty(struct tlb_entry *walk, unsigned long addr)
{
	struct tlb_entry *upper = NULL;
	u64 *slot;

	for (unsigned int level = walk->level + 1u; level <= 5 && !upper; level++)
		upper = tlb_lookup(this_cpu(), addr, level);
	slot = table_slot(upper ? entry_pfn(upper->val) : sim_root(this_cpu()) >> PAGE_SHIFT, addr,
			  walk->level);
	if (!(*slot & _PAGE_PRESENT) || entry_pfn(*slot) != entry_pfn(walk->val) ||
	    !(*slot & _PAGE_RW))
		return false;
	*slot |= _PAGE_DIRTY;
	walk->val |= _PAGE_DIRTY;
	tlb_insert(this_cpu(), addr, walk);
	return true;
}

static bool allowed(const struct tlb_entry *walk, enum sim_how how)
{
	return walk->user && (how != SIM_WRITE || walk->write) && (how != SIM_EXEC || walk->exec);
}

static unsigned int fault(unsigned long addr, enum sim_how how, bool present)
{
	tlb_drop_address(this_cpu(), addr);
	return SIM_FAULT | SIM_FAULT_USER | (present ? SIM_FAULT_PRESENT : 0) |
	       (how == SIM_WRITE ? SIM_FAULT_WRITE : 0) | (how == SIM_EXEC ? SIM_FAULT_EXEC : 0);
}

unsigned int sim_translate(unsigned long addr, enum sim_how how, phys_addr_t *phys)
{
	unsigned long root = sim_root(this_cpu()), mask;
	struct tlb_entry walk;

	if (addr >> (hw_levels() == 5 ? 56 : 47))
		return SIM_FAULT | SIM_FAULT_ADDRESS;
	/* Above the tree of this root, the CPU's own tables are empty. */
	if (!root || addr >> level_shift((root & 7) + 1) || !walk_tables(&walk, root, addr))
		return fault(addr, how, false);
	if (!allowed(&walk, how))
		return fault(addr, how, true);
	if (how == SIM_WRITE && !(walk.val & _PAGE_DIRTY) && !set_dirty(&walk, addr)) {
		tlb_drop_address(this_cpu(), addr);
		return sim_translate(addr, how, phys);
	}
	mask = (1ul << level_shift(walk.level)) - 1;
	*phys = (walk.val & PTE_PFN_MASK & ~mask) | (addr & mask);
	BUG_MSG(!arena_contains(*phys >> PAGE_SHIFT) || arena_frame_free(*phys >> PAGE_SHIFT),
		"CPU %u reaches frame %#lx at %#lx by a stale translation: the frame is free",
		this_cpu(), (unsigned long)(*phys >> PAGE_SHIFT), addr);
	return 0;
}

void *sim_kernel_ptr(unsigned long addr)
{
	struct tlb_entry walk;
	bool mapped;

	sim_point(cpu_tlb(this_cpu()), ACCESS_WRITE);
	mapped = walk_tables(&walk, kernel_root(), addr);
	BUG_MSG(mapped && arena_frame_free(entry_pfn(walk.val)),
		"%#lx leads to frame %#lx, which is free", addr, entry_pfn(walk.val));
	return mapped ? (u8 *)frame_ptr(entry_pfn(walk.val)) + (addr & ~PAGE_MASK) : NULL;
}

/*
 * The kernel's top table, with the next table of each of its areas: here that is vmalloc's alone.
 */
void kernel_tables_create(void)
{
	phys_addr_t top = boot_alloc(PAGE_SIZE, PAGE_SIZE, 0);
	phys_addr_t next = boot_alloc(PAGE_SIZE, PAGE_SIZE, 0);

	kernel_top = top >> PAGE_SHIFT;
	*table_slot(kernel_top, VMALLOC_START, 4) = entry_make_table(next >> PAGE_SHIFT);
}

void root_table_init(void *table, unsigned int levels)
{
	u64 *kernel = frame_ptr(kernel_top), *entries = table;

	if (levels != hw_levels())
		return;
	if (levels == 5)
		entries[511] = entry_make_table(kernel_top);
	else
		memcpy(entries + 256, kernel + 256, 256 * sizeof(u64));
}

/* ---- live entries, as mm/ changes them ---- */

static struct {
	const u64 *slot;
	void (*fn)(void);
} watched;

void sim_watch_reads(const u64 *slot, void (*fn)(void))
{
	watched.slot = slot;
	watched.fn = fn;
}

/* By an entry one comes to a frame: also later, by what a TLB has kept of it. */
static void hand_frame_on(u64 entry)
{
	if (datarace_watching() && entry & _PAGE_PRESENT && arena_contains(entry_pfn(entry)))
		clock_hand_on(frame_clock(entry_pfn(entry)));
}

u64 entry_get(const u64 *slot)
{
	POINT_HERE();
	if (unlikely(watched.fn && slot == watched.slot))
		watched.fn();
	machine_point(slot, ACCESS_READ);
	announced_load(slot, sizeof(*slot), true, PLACE);
	return *(const volatile u64 *)slot;
}

void entry_set(u64 *slot, u64 value)
{
	POINT_HERE();
	machine_point(slot, ACCESS_WRITE);
	announced_store(slot, sizeof(*slot), false, PLACE);
	hand_frame_on(value);
	*(volatile u64 *)slot = value;
}

/* What the three that follow have in common: before the exchange, and after it. */
static void before_exchange(u64 *slot)
{
	machine_point(slot, ACCESS_WRITE);
	hostile_accessed(slot);
}

static void after_exchange(u64 *slot, struct place place)
{
	announced_change(slot, sizeof(*slot), place);
	hand_frame_on(*slot);
}

u64 entry_xchg(u64 *slot, u64 value)
{
	u64 old;

	POINT_HERE();
	before_exchange(slot);
	old = __atomic_exchange_n(slot, value, __ATOMIC_SEQ_CST);
	after_exchange(slot, PLACE);
	return old;
}

bool entry_cmpxchg(u64 *slot, u64 *old, u64 value)
{
	bool done;

	POINT_HERE();
	before_exchange(slot);
	done = __atomic_compare_exchange_n(slot, old, value, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_SEQ_CST);
	if (done)
		after_exchange(slot, PLACE);
	else
		announced_load(slot, sizeof(*slot), true, PLACE);
	return done;
}

u64 entry_and(u64 *slot, u64 mask)
{
	u64 old;

	POINT_HERE();
	before_exchange(slot);
	old = __atomic_fetch_and(slot, mask, __ATOMIC_SEQ_CST);
	after_exchange(slot, PLACE);
	return old;
}
