/*
 * The machine that every scenario starts from, and the invariants that every schedule ends with.
 */
#include "mm/buddy.h"
#include "mm/fault.h"
#include "mm/leak.h"
#include "mm/overcommit.h"
#include "mm/slab.h"
#include "mm/vmstat.h"
#include "tests/races/race.h"
#include "tests/races/runner.h"

#define MAX_MMS 4

struct mm_struct *race_mm;
static struct mm_struct *mms[MAX_MMS]; /* one reference each */
static unsigned int nr_mms, nr_cpus, nr_dropped;
static struct mem_usage before;
static bool given[RACE_CPUS]; /* tasks whose address space is not that of their CPU */
static unsigned long objects, frames, promised;
static u64 outcome;

void race_outcome(u64 value) { outcome = (outcome ^ value) * 0x9e3779b97f4a7c15ull + 1; }
u64 world_outcome(void) { return outcome; }

void race_run_on(unsigned int cpu, struct mm_struct *mm)
{
	unsigned long flags;

	cpu_become(cpu);
	sim_set_mm(mm);
	flags = irq_save();
	switch_mm(mm);
	irq_restore(flags);
}

void race_task_runs(unsigned int task, struct mm_struct *mm)
{
	given[task] = true;
	sim_task_runs(task, mm);
}

void race_adopt(struct mm_struct *mm)
{
	RACE_CHECK(nr_mms < MAX_MMS && !IS_ERR(mm) && mm);
	mms[nr_mms++] = mm;
}

void race_dropped(void) { __atomic_add_fetch(&nr_dropped, 1, __ATOMIC_RELAXED); }

void race_map(unsigned long addr, unsigned long pages)
{
	RACE_EQ(mm_mmap(race_mm, addr, pages << PAGE_SHIFT, RW, ANON | MAP_FIXED, NULL, 0), addr);
}

int race_write(unsigned long addr, u64 value) { return sim_user_write(addr, value); }
int race_read(unsigned long addr, u64 *value) { return sim_user_read(addr, value); }
void race_poke(unsigned long addr, u64 value) { RACE_EQ(race_write(addr, value), 0); }

static int fault_once(unsigned long addr, unsigned int flags)
{
	struct fault_result res;

	user_fault(sim_cpu_mm(this_cpu()), addr, FAULT_FLAG_USER | flags, &res);
	return res.signo;
}

int race_fault_write(unsigned long addr) { return fault_once(addr, FAULT_FLAG_WRITE); }
int race_fault_read(unsigned long addr) { return fault_once(addr, 0); }
bool race_try_write(unsigned long addr, u64 value) { return hostile_try(addr, SIM_WRITE, &value); }
bool race_try_read(unsigned long addr, u64 *value) { return hostile_try(addr, SIM_READ, value); }

u64 race_peek(unsigned long addr)
{
	u64 value = 0;

	RACE_EQ(race_read(addr, &value), 0);
	race_outcome(value);
	return value;
}

void race_expect_signal(unsigned long addr, int signo)
{
	u64 value;

	RACE_EQ(race_read(addr, &value), signo);
}

/* ---- before ---- */

/*
 * Fills this CPU's lists of frames and objects, and makes the tables of vmalloc: otherwise all
 * would meet at the allocators, whose own scenarios are enough.
 */
static void warm_up(unsigned int cpu)
{
	struct mm_struct *mm, *child;

	cpu_become(cpu);
	mm = mm_alloc(3);
	RACE_CHECK(mm);
	race_run_on(cpu, mm);
	RACE_EQ(mm_mmap(mm, 0x100000, 0x4000, RW, ANON | MAP_FIXED, NULL, 0), 0x100000);
	race_poke(0x101000, 1);
	RACE_EQ(mm_munmap(mm, 0x102000, 0x1000), 0);
	child = mm_fork(mm);
	RACE_CHECK(!IS_ERR(child));
	mmput(child);
	race_run_on(cpu, NULL);
	mmput(mm);
}

static unsigned int count_cpus(const struct race *scenario)
{
	unsigned int n = 0;

	if (!scenario->on)
		return 2u + !!scenario->cpu[2];
	for (const char *on = scenario->on; *on; on++)
		n = max(n, (unsigned int)(*on - '0') + 1);
	return n;
}

void world_start(const struct race *scenario)
{
	unsigned int hw = scenario->levels + scenario->deeper;

	nr_cpus = count_cpus(scenario);
	sim_boot(&(struct sim_config){ .mib = 8, .cpus = nr_cpus, .hw_levels = hw < 4 ? 4 : hw });
	before = mem_quiesce();
	for (unsigned int cpu = nr_cpus; cpu-- > 0;)
		warm_up(cpu);
	objects = slab_objects();
	frames = frames_free();
	promised = vm_committed();
	race_mm = mm_alloc(scenario->levels);
	race_adopt(race_mm);
	mm_setup_brk(race_mm, 0x10000000, 0);
	for (unsigned int cpu = nr_cpus; cpu-- > 0;) {
		race_run_on(cpu, race_mm);
		mmget(race_mm);
	}
	if (scenario->setup)
		scenario->setup();
	for (unsigned int task = 0; task < RACE_CPUS; task++)
		if (!given[task])
			sim_task_runs(task, sim_cpu_mm(!scenario->on ? task :
						       (unsigned int)(scenario->on[task] - '0')));
	race_run_on(0, race_mm);
	ledger_told_by_machine = true;
}

/* ---- after ---- */

static void check_vmas(struct mm_struct *mm)
{
	unsigned long end = 0, pages = 0;
	unsigned int n = 0;

	for (struct vm_area_struct *vma = vma_first(mm); vma; vma = vma_next(vma), n++) {
		RACE_CHECK(vma->vm_start >= end && vma->vm_end > vma->vm_start &&
			   vma->vm_mm == mm);
		end = vma->vm_end;
		pages += vma_pages(vma);
	}
	RACE_EQ(n, mm->map_count);
	RACE_EQ(pages, mm->total_vm);
}

/*
 * What nobody uses any more has all come back; exact without emptying the lists that only cache.
 */
static void check_leaks(void)
{
	struct mem_usage now;

	RACE_EQ(slab_objects(), objects);
	if (frames_free() == frames)
		return;
	now = mem_quiesce();
	RACE_EQ(now.objects, before.objects);
	RACE_EQ(now.frames, before.frames);
}

/* mmput() itself holds the counts of pages and tables to zero when all is unmapped. */
void world_end(const struct race *scenario)
{
	race_run_on(0, race_mm);
	if (scenario->probe)
		scenario->probe();
	for (unsigned int i = 0; i < nr_mms; i++)
		check_vmas(mms[i]);
	for (unsigned int cpu = 0; cpu < nr_cpus; cpu++)
		race_run_on(cpu, NULL);
	for (unsigned int i = nr_dropped; i < nr_cpus; i++)
		mmput(race_mm);
	for (unsigned int i = 0; i < nr_mms; i++)
		mmput(mms[i]);
	RACE_EQ(ledger_pending(), 0);
	RACE_EQ(ledger_lost(), 0);
	RACE_EQ(vm_committed(), promised);
	RACE_EQ(vm_stat(VM_STAT_WRITEBACK), 0);
	check_leaks();
}
