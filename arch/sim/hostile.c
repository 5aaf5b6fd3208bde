/*
 * The MMU in a schedule, as hostile as the architecture allows. What a TLB may hold is not
 * simulated: it is what the ledger of mm/ says (mm/ledger.c), every translation that some entry
 * has granted and no flush on this CPU has taken back. An access chooses among the walk of the
 * tables as they are now and those. On a real machine mm/ tells the ledger of a flush when it
 * believes it to be complete; here each CPU does when it flushes, so that one which was sent an
 * IPI and did nothing still has what it had.
 */
#include "arch/sim/datarace.h"
#include "arch/sim/explore.h"
#include "arch/sim/sim.h"
#include "kernel/base/bug.h"
#include "kernel/base/string.h"
#include "mm/check.h"
#include "mm/fault.h"
#include "mm/fold.h"

#define MAX_FAULTS 16 /* for one access; more is a livelock */
#define MAX_STALE  4

void hostile_flush(unsigned long start, unsigned long end)
{
	const struct mm_struct *mm = cpu_loaded(this_cpu());

	if (mm)
		ledger_tlb_flushed(mm, start, end, cpumask_of(this_cpu()));
}

void hostile_load_root(const struct mm_struct *mm)
{
	if (mm)
		ledger_tlb_flushed(mm, 0, ~0ul, cpumask_of(this_cpu()));
}

/*
 * Hardware sets the accessed bit at any moment until the entry is gone. A choice at every point
 * would be hopeless: it matters where an entry is exchanged.
 */
void hostile_accessed(u64 *slot)
{
	unsigned int cpu;
	bool other = false;

	if (!exploring() || (*slot & (_PAGE_PRESENT | _PAGE_ACCESSED)) != _PAGE_PRESENT)
		return;
	for_each_cpu(cpu, cpus_online())
		other |= cpu != this_cpu() && cpu_loaded(cpu);
	if (other && explore_choice(2))
		*slot |= _PAGE_ACCESSED;
}

static bool allows(u64 entry, enum sim_how how)
{
	return entry & _PAGE_PRESENT && entry & _PAGE_USER &&
	       (how != SIM_WRITE || entry & _PAGE_RW) && (how != SIM_EXEC || !(entry & _PAGE_NX));
}

/*
 * The leaf entry that the table in frame pfn, of that level, leads to now, if all entries on
 * the way allow the access.
 */
static u64 *walk_from(unsigned long pfn, unsigned int level, unsigned long addr, enum sim_how how)
{
	u64 *slot = NULL;

	for (; level; level--) {
		BUG_MSG(!arena_contains(pfn) || arena_frame_free(pfn),
			"the MMU of CPU %u walks a page table of level %u for %#lx in frame %#lx, which is free",
			this_cpu(), level, addr, pfn);
		slot = table_slot(pfn, addr, level);
		sim_point(slot, ACCESS_READ | ACCESS_NOTE);
		announced_load(slot, sizeof(*slot), true, BY_PROCESSOR);
		if (!allows(*slot, how))
			return NULL;
		pfn = entry_pfn(*slot);
	}
	return slot;
}

static u64 *walk_now(unsigned long addr, enum sim_how how)
{
	unsigned long root = sim_root(this_cpu());

	if (!root || addr >= levels_reach(root & 7))
		return NULL;
	return walk_from(root >> PAGE_SHIFT, root & 7, addr, how);
}

/*
 * What an access may come to: a frame, by an entry in a table or by a translation
 * that has none any more.
 */
struct outcome {
	bool fault;
	u64 *slot;
	unsigned long pfn;
};
struct outcomes {
	unsigned int nr;
	struct outcome of[MAX_STALE + 1];
};

static void add_outcome(struct outcomes *o, bool fault, u64 *slot, unsigned long pfn)
{
	for (unsigned int i = 0; i < o->nr; i++)
		if (o->of[i].fault == fault && (fault || o->of[i].pfn == pfn))
			return;
	o->of[o->nr++] = (struct outcome){ fault, slot, pfn };
}

static void add_walk(struct outcomes *o, u64 *slot)
{
	add_outcome(o, !slot, slot, slot ? entry_pfn(*slot) : 0);
}

/*
 * By a stale translation a store needs its dirty bit in it: otherwise the entry is looked at
 * again. A stale upper entry leads to the table that it led to, with whatever is there now.
 */
static void add_stale(struct outcomes *o, unsigned long addr, enum sim_how how)
{
	const struct mm_struct *mm = cpu_loaded(this_cpu());
	struct stale_entry stale[MAX_STALE];
	unsigned int n = mm ? ledger_stale(mm, addr, this_cpu(), stale, MAX_STALE) : 0;

	for (unsigned int i = 0; i < n; i++) {
		u64 val = stale[i].val;

		if (stale[i].level > 1)
			add_walk(o, walk_from(entry_pfn(val), stale[i].level - 1u, addr, how));
		else if (allows(val, how) && (how != SIM_WRITE || val & _PAGE_DIRTY))
			add_outcome(o, false, NULL, entry_pfn(val));
	}
}

static void access_frame(unsigned long pfn, unsigned long addr, enum sim_how how, u64 *value)
{
	u64 *memory;

	BUG_MSG(!arena_contains(pfn) || arena_frame_free(pfn),
		"CPU %u reaches frame %#lx at %#lx by a stale translation: the frame is free",
		this_cpu(), pfn, addr);
	memory = (u64 *)((u8 *)frame_ptr(pfn) + (addr & ~PAGE_MASK));
	sim_point(memory, (how == SIM_WRITE ? ACCESS_WRITE : ACCESS_READ) | ACCESS_NOTE);
	datarace_access(memory, sizeof(*memory), how == SIM_WRITE ? MARKED_WRITE : MARKED_READ,
			BY_PROCESSOR);
	if (how == SIM_WRITE)
		*memory = *value;
	else
		*value = *memory;
}

static void set_accessed_dirty(u64 *slot, enum sim_how how)
{
	u64 bits = _PAGE_ACCESSED | (how == SIM_WRITE ? _PAGE_DIRTY : 0);

	if ((*slot & bits) == bits)
		return;
	sim_point(slot, ACCESS_WRITE | ACCESS_NOTE);
	datarace_access(slot, sizeof(*slot), MARKED_WRITE, BY_PROCESSOR);
	*slot |= bits;
}

/* Who changes these tables must know that this CPU may have something of them cached. */
static void check_mask(void)
{
	const struct mm_struct *mm = cpu_loaded(this_cpu());

	BUG_MSG(mm && !(__atomic_load_n(&mm->cpumask, __ATOMIC_RELAXED) & cpumask_of(this_cpu())),
		"CPU %u uses an address space whose mask of CPUs does not name it", this_cpu());
}

bool hostile_try(unsigned long addr, enum sim_how how, u64 *value)
{
	struct outcomes o = { 0 };
	const struct outcome *chosen;

	check_mask();
	sim_point(cpu_tlb(this_cpu()), ACCESS_READ);
	add_walk(&o, walk_now(addr, how));
	add_stale(&o, addr, how);
	chosen = &o.of[explore_choice(o.nr)];
	if (chosen->fault) {
		hostile_flush(addr & PAGE_MASK, (addr & PAGE_MASK) + PAGE_SIZE);
		sim_point(cpu_tlb(this_cpu()), ACCESS_WRITE | ACCESS_NOTE);
		return false;
	}
	if (chosen->slot)
		set_accessed_dirty(chosen->slot, how);
	else if (datarace_watching()) /* the TLB has read the entry when it was there */
		clock_load(frame_clock(chosen->pfn), true);
	access_frame(chosen->pfn, addr, how, value);
	return true;
}

int hostile_access(unsigned long addr, enum sim_how how, u64 *value)
{
	unsigned int flags = FAULT_FLAG_USER | (how == SIM_WRITE ? FAULT_FLAG_WRITE : 0) |
			     (how == SIM_EXEC ? FAULT_FLAG_INSTRUCTION : 0);

	for (int i = 0; i < MAX_FAULTS; i++) {
		struct fault_result res = { 0 };

		explore_edge();
		if (hostile_try(addr, how, value))
			return 0;
		user_fault(current_mm(), addr, flags, &res);
		if (res.signo)
			return res.signo;
	}
	panic("livelock: the access at %#lx faults for ever", addr);
}
