#include "tests/unit/space.h"
#include "mm/buddy.h"
#include "mm/leak.h"
#include "mm/slab.h"

void run_on(unsigned int cpu, struct mm_struct *mm)
{
	unsigned long flags;

	sim_on_cpu(cpu);
	sim_set_mm(mm);
	flags = irq_save();
	switch_mm(mm);
	irq_restore(flags);
}

struct space space_start(unsigned int levels, unsigned int hw, unsigned int cpus)
{
	struct space s;
	struct mem_usage before;
	unsigned long top;

	sim_boot(&(struct sim_config){ .cpus = cpus, .hw_levels = hw });
	before = mem_quiesce();
	s.frames = before.frames;
	s.objects = before.objects;
	s.promised = vm_committed();
	s.mm = mm_alloc(levels);
	CHECK(s.mm);
	s.mm->limits.stack = 8 << 20;
	CHECK_EQ(mm_setup_stack(s.mm, &(struct mm_random){ 0 }, &top), 0);
	mm_setup_brk(s.mm, 0x10000000, 0);
	run_on(0, s.mm);
	return s;
}

struct space space_untouched(unsigned long pages)
{
	struct space s = space_start(3, 4, 1);

	map(s.mm, AT, pages * PAGE_SIZE, RW, ANON | MAP_FIXED);
	return s;
}

struct space space_touched(unsigned long pages)
{
	struct space s = space_untouched(pages);

	for (unsigned long i = 0; i < pages; i++)
		poke(AT + i * PAGE_SIZE, i + 1);
	return s;
}

void space_end(struct space *s)
{
	struct mem_usage after;

	run_on(0, NULL);
	mmput(s->mm);
	after = mem_quiesce();
	CHECK_EQ(after.frames, s->frames);
	CHECK_EQ(after.objects, s->objects);
	CHECK_EQ(ledger_pending(), 0);
	CHECK_EQ(vm_committed(), s->promised);
	CHECK_EQ(vm_stat(VM_STAT_DIRTY) + vm_stat(VM_STAT_WRITEBACK), 0);
}

unsigned long map(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot, int flags)
{
	long ret = mm_mmap(mm, addr, len, prot, flags, NULL, 0);

	CHECK(!IS_ERR_VALUE(ret));
	return (unsigned long)ret;
}

u64 peek(unsigned long addr)
{
	u64 value = 0;

	CHECK_EQ(sim_user_read(addr, &value), 0);
	return value;
}

void poke(unsigned long addr, u64 value)
{
	CHECK_EQ(sim_user_write(addr, value), 0);
}

u64 entry_of(struct mm_struct *mm, unsigned long addr)
{
	struct table_walk w = table_walk(mm_fold(mm), addr);

	return w.lowest == 1 ? w.entry[1] : 0;
}
