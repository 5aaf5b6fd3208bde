/*
 * Which address space a CPU translates by, and how the others learn that it has changed:
 * switching, lazily held address spaces, shootdown, unfolding.
 *
 * A CPU is in mm->cpumask for as long as its loaded root reaches mm's tables, lazily or not:
 * hardware walks speculatively. Who changes tables reads the mask after the change, who
 * loads a root sets its bit before reading the root; with a full barrier on both sides one
 * of them sees the other:
 *
 *	switch_mm()				flush_tlb_range(), mm_unfold()
 *	  set bit in mm->cpumask		  change an entry, or mm->root
 *	  (full barrier)			  smp_mb()
 *	  read mm->root, load, walk		  read mm->cpumask, send IPIs
 *
 * tests/models/shootdown.pml and unfold.pml have both sides, with the store
 * buffers of the processor.
 */
#include "mm/context.h"
#include "kernel/base/trace.h"
#include "kernel/uapi/errno.h"
#include "mm/buddy.h"
#include "mm/internal.h"
#include "mm/recent.h"
#include "mm/tlb.h"
#include "mm/vmstat.h"

struct cpu_context cpu_contexts[NR_CPUS];

static void load(struct cpu_context *ctx, struct mm_struct *mm, unsigned long root)
{
	WRITE_ONCE(ctx->mm, mm);
	WRITE_ONCE(ctx->root, root);
	root_load(root);
}

/* Interrupts off. */
static void leave_mm(struct cpu_context *ctx)
{
	struct mm_struct *mm = READ_ONCE(ctx->mm);

	load(ctx, NULL, 0);
	ledger_left(mm, this_cpu());
}

void switch_mm(struct mm_struct *next)
{
	struct cpu_context *ctx = &cpu_contexts[this_cpu()];
	struct mm_struct *prev = READ_ONCE(ctx->mm);
	unsigned long root;

	WRITE_ONCE(ctx->lazy, !next);
	if (!next)
		return;
	if (next != prev)
		cpumask_test_and_set(this_cpu(), &next->cpumask);
	root = READ_ONCE(next->root);
	/*
	 * Two folded address spaces share this CPU's top, so that the root words are what differs.
	 */
	if (next == prev && root == READ_ONCE(ctx->root))
		return;
	load(ctx, next, root);
	if (prev && prev != next)
		ledger_left(prev, this_cpu());
}

bool reload_root_slow(struct mm_struct *mm)
{
	struct cpu_context *ctx = &cpu_contexts[this_cpu()];
	unsigned long flags, root;

	if (READ_ONCE(ctx->mm) != mm)
		return false;
	flags = irq_save();
	root = READ_ONCE(mm->root);
	load(ctx, mm, root);
	ledger_flushed(mm, 0, ~0ul, cpumask_of(this_cpu()));
	irq_restore(flags);
	count_vm_event(VM_EVENT_ROOT_RELOAD);
	return true;
}

/* ---- shootdown ---- */

struct flush_request {
	struct mm_struct *mm;
	unsigned long start, end;
};

/* arg is the one that was sent: it is the request's name in the trace. */
static void count_told(const void *arg)
{
	count_vm_event(VM_EVENT_TLB_IPI_RECEIVED);
	trace(TRACE_IPI_RECEIVE, (unsigned long)arg, 0, 0);
}

/* In an interrupt. A CPU that holds mm lazily, or is told to for the end of mm, lets go of it. */
static void flush_here(void *arg)
{
	const struct flush_request *req = arg;
	struct cpu_context *ctx = &cpu_contexts[this_cpu()];

	count_told(arg);
	if (READ_ONCE(ctx->mm) != req->mm)
		return;
	if (READ_ONCE(ctx->lazy)) {
		leave_mm(ctx);
		return;
	}
	tlb_flush_local(req->start, req->end);
	ledger_flushed(req->mm, req->start, req->end, cpumask_of(this_cpu()));
}

/* This CPU's own part of a flush. */
static void flush_own(unsigned long start, unsigned long end)
{
	unsigned long pages = tlb_flush_local(start, end);

	if (pages)
		count_vm_events(VM_EVENT_TLB_FLUSH_ONE, pages);
	else
		count_vm_event(VM_EVENT_TLB_FLUSH_ALL);
}

static cpumask_t send_to_others(struct mm_struct *mm, void (*fn)(void *), void *arg)
{
	cpumask_t others = READ_ONCE(mm->cpumask) & ~cpumask_of(this_cpu());

	if (others) {
		count_vm_event(VM_EVENT_TLB_REMOTE_FLUSH);
		count_vm_events(VM_EVENT_TLB_TARGETS, (unsigned long)__builtin_popcountl(others));
		trace(TRACE_IPI_SEND, (unsigned long)arg, others, 0);
		cpu_contexts[this_cpu()].ipis = ipi_send(others, fn, arg);
		count_vm_events(VM_EVENT_TLB_IPI_SENT, cpu_contexts[this_cpu()].ipis);
	}
	return others;
}

static void wait_for_others(const void *arg)
{
	u64 cycles = cycles_now();

	ipi_wait();
	cycles = cycles_now() - cycles;
	count_vm_events(VM_EVENT_TLB_WAIT_CYCLES, cycles);
	trace(TRACE_IPI_DONE, (unsigned long)arg, cycles, cpu_contexts[this_cpu()].ipis);
}

/* On a machine that can do it without interrupting anybody. */
static bool flush_others_quietly(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	cpumask_t others = READ_ONCE(mm->cpumask) & ~cpumask_of(this_cpu());

	if (!tlb_flush_remote(others, start, end))
		return false;
	ledger_flushed(mm, start, end, others);
	return true;
}

bool flush_tlb_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct flush_request req = { mm, start, end };
	cpumask_t others = 0;
	bool quietly;

	/* Entries before the mask: pairs with switch_mm(); tests/models/shootdown.pml: NO_MB. */
	smp_mb();
	quietly = flush_others_quietly(mm, start, end);
	if (!quietly)
		others = send_to_others(mm, flush_here, &req);
	recent_flush(mm, start, end, others);
	if (READ_ONCE(cpu_contexts[this_cpu()].mm) == mm)
		flush_own(start, end);
	if (others)
		wait_for_others(&req);
	trace(TRACE_FLUSH, start, end, others);
	/*
	 * The others have said so themselves: one that was told and did not flush
	 * stays in the ledger.
	 */
	ledger_flushed(mm, start, end, cpumask_of(this_cpu()));
	return !quietly;
}

static void leave_here(void *arg)
{
	struct cpu_context *ctx = &cpu_contexts[this_cpu()];

	count_told(arg);
	if (READ_ONCE(ctx->mm) == arg)
		leave_mm(ctx);
}

/* The last user is gone: no CPU may reach the tables when this returns. Interrupts on. */
void mm_leave_all_cpus(struct mm_struct *mm)
{
	unsigned long flags = irq_save();

	if (READ_ONCE(cpu_contexts[this_cpu()].mm) == mm)
		leave_mm(&cpu_contexts[this_cpu()]);
	irq_restore(flags);
	if (send_to_others(mm, leave_here, mm))
		wait_for_others(mm);
}

/* ---- unfolding ---- */

static void load_new_root(struct cpu_context *ctx, struct mm_struct *mm)
{
	load(ctx, mm, READ_ONCE(mm->root));
	ledger_flushed(mm, 0, ~0ul, cpumask_of(this_cpu()));
}

static void unfold_here(void *arg)
{
	struct mm_struct *mm = arg;
	struct cpu_context *ctx = &cpu_contexts[this_cpu()];

	count_told(arg);
	if (READ_ONCE(ctx->mm) != mm)
		return;
	if (READ_ONCE(ctx->lazy))
		leave_mm(ctx);
	else
		load_new_root(ctx, mm);
}

static void unfold_other_cpus(struct mm_struct *mm)
{
	/*
	 * In the variant the others find out when they fault beyond the old reach: reload_root().
	 */
	if (!UNFOLD_LAZY && send_to_others(mm, unfold_here, mm))
		wait_for_others(mm);
}

/*
 * Puts new tables above the tree at root, each with the one below as its entry 0;
 * returns the new root word.
 */
static unsigned long stack_tables(struct page *const *tables, unsigned int n, unsigned long root)
{
	for (unsigned int i = 0; i < n; i++) {
		u64 *top = page_address(tables[i]);
		unsigned int levels = (root & 7) + 1;

		root_table_init(top, levels);
		top[0] = entry_make_table(root >> PAGE_SHIFT);
		root = page_to_pfn(tables[i]) << PAGE_SHIFT | levels;
	}
	return root;
}

int mm_unfold(struct mm_struct *mm, unsigned int levels)
{
	unsigned int n = levels - mm_levels(mm);
	struct page *tables[2] = { NULL, NULL };
	unsigned long flags, root, old = mm->root;

	mmap_assert_write_locked(mm);
	BUG_MSG(n > 2 || levels > hw_levels(), "from %u to %u levels", mm_levels(mm), levels);
	if (!n)
		return 0;
	for (unsigned int i = 0; i < n; i++) {
		tables[i] = table_alloc(mm);
		if (!tables[i]) {
			if (i)
				table_free(mm, tables[0]);
			return -ENOMEM;
		}
	}
	root = stack_tables(tables, n, old);
	/*
	 * The tables' contents before the word that leads to them;
	 * tests/models/publish.pml: NO_WMB
	 */
	smp_wmb();
	WRITE_ONCE(mm->root, root);
	/* Root before the mask: pairs with switch_mm(); tests/models/unfold.pml: NO_MB. */
	smp_mb();

	flags = irq_save();
	if (READ_ONCE(cpu_contexts[this_cpu()].mm) == mm)
		load_new_root(&cpu_contexts[this_cpu()], mm);
	irq_restore(flags);
	unfold_other_cpus(mm);
	trace(TRACE_UNFOLD, old, root, 0);
	count_vm_event(VM_EVENT_UNFOLD);
	return 0;
}
