/*
 * Translation caches that never forget unless they are told to: each CPU keeps every entry that
 * its MMU has read, of every level, with the rights of the levels above, and uses it for as long
 * as no flush names its address. A forgotten flush shows as a wrong access, every time.
 */
#include "arch/sim/sim.h"
#include "kernel/base/bug.h"
#include "arch/sim/explore.h"

#define TLB_ENTRIES 8192
#define TLB_BUCKETS 1024

struct tlb {
	int bucket[TLB_BUCKETS]; /* index + 1 of the first entry; 0: empty */
	int nr;
	struct tlb_entry entry[TLB_ENTRIES];
};

static struct tlb tlbs[NR_CPUS];

static int *tlb_bucket(struct tlb *tlb, unsigned long tag, unsigned int level)
{
	return &tlb->bucket[(tag * 31 + level * 7) % TLB_BUCKETS];
}

struct tlb_entry *tlb_lookup(unsigned int cpu, unsigned long addr, unsigned int level)
{
	struct tlb *tlb = &tlbs[cpu];
	unsigned long tag = addr >> level_shift(level);

	for (int i = *tlb_bucket(tlb, tag, level) - 1; i >= 0; i = tlb->entry[i].next - 1) {
		if (tlb->entry[i].tag == tag && tlb->entry[i].level == level)
			return &tlb->entry[i];
	}
	return NULL;
}

/* Keeps the entries that `keep` wants, and files them again. */
static void tlb_filter(unsigned int cpu,
		       bool (*keep)(const struct tlb_entry *, unsigned long, unsigned long),
		       unsigned long start, unsigned long end)
{
	struct tlb *tlb = &tlbs[cpu];
	int nr = tlb->nr;

	__builtin_memset(tlb->bucket, 0, sizeof(tlb->bucket));
	tlb->nr = 0;
	for (int i = 0; i < nr; i++) {
		struct tlb_entry *entry = &tlb->entry[i];
		int *bucket = tlb_bucket(tlb, entry->tag, entry->level);

		if (!keep(entry, start, end))
			continue;
		tlb->entry[tlb->nr] = *entry;
		tlb->entry[tlb->nr].next = *bucket;
		*bucket = ++tlb->nr;
	}
}

static bool keep_none(const struct tlb_entry *entry, unsigned long start, unsigned long end)
{
	return false;
}

static bool keep_kernel(const struct tlb_entry *entry, unsigned long start, unsigned long end)
{
	return entry->kernel;
}

/* All but user entries that translate some address of [start, last]. */
static bool keep_outside(const struct tlb_entry *entry, unsigned long start, unsigned long last)
{
	unsigned int shift = level_shift(entry->level);

	return entry->kernel || entry->tag < start >> shift || entry->tag > last >> shift;
}

void tlb_insert(unsigned int cpu, unsigned long addr, const struct tlb_entry *new)
{
	struct tlb *tlb = &tlbs[cpu];
	struct tlb_entry *old = tlb_lookup(cpu, addr, new->level);
	int *bucket;

	if (!old && tlb->nr == TLB_ENTRIES)
		tlb_filter(cpu, keep_none, 0, 0);
	if (!old) {
		old = &tlb->entry[tlb->nr];
		bucket = tlb_bucket(tlb, addr >> level_shift(new->level), new->level);
		old->next = *bucket;
		*bucket = ++tlb->nr;
	}
	*old = (struct tlb_entry){
		.tag = addr >> level_shift(new->level),
		.val = new->val,
		.level = new->level,
		.leaf = new->leaf,
		.write = new->write,
		.user = new->user,
		.exec = new->exec,
		.kernel = new->kernel,
		.next = old->next,
	};
}

void tlb_drop_address(unsigned int cpu, unsigned long addr)
{
	tlb_filter(cpu, keep_outside, addr, addr);
}

void tlb_drop_user(unsigned int cpu) { tlb_filter(cpu, keep_kernel, 0, 0); }

unsigned int sim_tlb_entries(unsigned int cpu, unsigned long addr)
{
	unsigned int n = 0;

	for (unsigned int level = 1; level <= 5; level++)
		n += tlb_lookup(cpu, addr, level) != NULL;
	return n;
}

/*
 * Page by page at any length, so that what lies beside the range is kept, and a
 * range too small is found.
 */
unsigned long tlb_flush_ceiling = ~0ul;

unsigned long tlb_flush_local(unsigned long start, unsigned long end)
{
	unsigned long pages = (end - ALIGN_DOWN(start, PAGE_SIZE) + PAGE_SIZE - 1) >> PAGE_SHIFT;

	POINT_HERE();
	BUG_MSG(start >= end, "empty range [%#lx, %#lx)", start, end);
	sim_events[this_cpu()].flushes++;
	if (explore_running()) {
		sim_point(cpu_tlb(this_cpu()), ACCESS_WRITE);
		hostile_flush(start, end);
		return pages;
	}
	tlb_filter(this_cpu(), keep_outside, start, end - 1);
	return pages;
}

void tlb_flush_local_all(void)
{
	POINT_HERE();
	sim_events[this_cpu()].full_flushes++;
	if (explore_running()) {
		sim_point(cpu_tlb(this_cpu()), ACCESS_WRITE);
		hostile_flush(0, ~0ul);
		return;
	}
	tlb_drop_user(this_cpu());
}

bool sim_flush_quietly;

bool tlb_flush_remote(cpumask_t cpus, unsigned long start, unsigned long end)
{
	unsigned int self = this_cpu(), cpu;

	if (!sim_flush_quietly)
		return false;
	for_each_cpu(cpu, cpus) {
		cpu_become(cpu);
		sim_events[cpu].flushes++;
		if (explore_running()) {
			sim_point(cpu_tlb(cpu), ACCESS_WRITE | ACCESS_NOTE);
			hostile_flush(start, end);
		} else {
			tlb_filter(cpu, keep_outside, start, end - 1);
		}
	}
	cpu_become(self);
	return true;
}

static void flush_kernel_here(void *arg)
{
	sim_point(cpu_tlb(this_cpu()), ACCESS_WRITE | ACCESS_NOTE);
	sim_events[this_cpu()].kernel_flushes++;
	tlb_filter(this_cpu(), keep_none, 0, 0);
	if (explore_running())
		hostile_flush(0, ~0ul);
}

void tlb_flush_kernel(void)
{
	cpumask_t others = cpus_online() & ~cpumask_of(this_cpu());

	BUG_MSG(irqs_disabled(), "interrupts must be on: it waits for the other CPUs");
	ipi_send(others, flush_kernel_here, NULL);
	flush_kernel_here(NULL);
	if (others)
		ipi_wait();
}
