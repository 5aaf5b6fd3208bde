/* The explorer itself: on toy actors, whose schedules can be counted by hand. */
#include <string.h>
#include "arch/sim/explore.h"
#include "arch/sim/sim.h"
#include "arch/sim/snapshot.h"
#include "kernel/base/atomic.h"
#include "kernel/base/rwsem.h"
#include "mm/pgtable.h"
#include "mm/tlb.h"
#include "tests/unit/space.h"

static struct {
	unsigned long words[16] __cacheline_aligned;
	atomic_long_t sum;
	spinlock_t a, b;
	struct rwsem sem;
	struct wait_queue queue;
} toy;

static const char *cpus_on; /* where the actors run */

static unsigned int steps_each;

static void start(void)
{
	sim_boot(&(struct sim_config){ .cpus = 3 });
	rwsem_init(&toy.sem, LOCK_MMAP);
	wait_queue_init(&toy.queue);
	snapshot_add(&toy, sizeof(toy));
	cpus_add_to_snapshot();
	snapshot_save();
	explore_reset();
}

/* Writes to one word: no two steps of different actors commute. */
static void writes(void)
{
	for (unsigned int i = 0; i < steps_each; i++)
		WRITE_ONCE(toy.words[0], i);
}
static void adds(void)
{
	for (unsigned int i = 0; i < steps_each; i++)
		atomic_long_add(1, &toy.sum);
}
static void own_word(void)
{
	for (unsigned int i = 0; i < steps_each; i++)
		WRITE_ONCE(toy.words[4 * this_cpu()], i);
}

/* Complete schedules of two actors. */
static unsigned long count(void (*fn)(void), const struct explore_options *options)
{
	void (*const actors[])(void) = { fn, fn };
	unsigned long n = 0;
	bool again = true, more = true;

	while (more) {
		if (again) {
			explore_begin(options);
			n = 0;
		}
		snapshot_restore();
		n += explore_run(actors, 2, NULL) == RUN_DONE;
		more = explore_next(&again);
	}
	return n;
}

static unsigned long binomial(unsigned int n, unsigned int k)
{
	unsigned long result = 1;

	for (unsigned int i = 1; i <= k; i++)
		result = result * (n - k + i) / i;
	return result;
}

TEST("all-orders-of-dependent-steps-are-seen")
{
	const struct explore_options all = { .bound = UNBOUNDED },
				     sleeping = { .bound = UNBOUNDED, .sleep = true };

	start();
	for (steps_each = 1; steps_each <= 6; steps_each++) {
		CHECK_EQ(count(writes, &all), binomial(2 * steps_each, steps_each));
		CHECK_EQ(count(writes, &sleeping), binomial(2 * steps_each, steps_each));
	}
}

TEST("of-independent-steps-one-order-is-enough")
{
	const struct explore_options every = { .bound = UNBOUNDED, .every_point = true };
	const struct explore_options sleeping = { .bound = UNBOUNDED,
						  .sleep = true,
						  .every_point = true };

	start();
	for (steps_each = 1; steps_each <= 4; steps_each++) {
		CHECK_EQ(count(own_word, &every), binomial(2 * steps_each, steps_each));
		CHECK_EQ(count(own_word, &sleeping), 1);
		CHECK_EQ(count(adds, &sleeping), 1);
	}
}

TEST("nobody-is-interrupted-at-what-is-his-alone")
{
	const struct explore_options all = { .bound = UNBOUNDED };

	start();
	steps_each = 5;
	CHECK_EQ(count(own_word, &all), 2); /* who is first */
}

TEST("a-bound-counts-preemptions")
{
	start();
	steps_each = 3;
	for (unsigned int bound = 0; bound <= 5; bound++) {
		const struct explore_options all = { .bound = bound, .hash = true };
		const struct explore_options cached = { .bound = bound, .cache = true };
		static const unsigned long expected[] = { 2, 6, 14, 18, 20, 20 };

		CHECK_EQ(count(writes, &all), expected[bound]);
		CHECK_EQ(count(writes, &cached), expected[bound]);
	}
}

/* ---- what goes wrong ---- */

static enum explore_end first_bad(void (*const actors[])(void), unsigned int nr)
{
	const struct explore_options all = { .bound = UNBOUNDED, .sleep = true };
	enum explore_end end = RUN_DONE;
	bool again = true, more = true;

	while (more && end != RUN_FAILED) {
		if (again)
			explore_begin(&all);
		snapshot_restore();
		end = explore_run(actors, nr, cpus_on);
		more = explore_next(&again);
	}
	return end;
}

static void a_then_b(void)
{
	machine_spin_lock(&toy.a);
	machine_spin_lock(&toy.b);
	machine_spin_unlock(&toy.b);
	machine_spin_unlock(&toy.a);
}
static void b_then_a(void)
{
	machine_spin_lock(&toy.b);
	machine_spin_lock(&toy.a);
	machine_spin_unlock(&toy.a);
	machine_spin_unlock(&toy.b);
}
/* Their class is not that of a checker. */
static void set_class(void) { toy.a.class = toy.b.class = LOCK_TASKS; }
static void classed_a_then_b(void)
{
	set_class();
	a_then_b();
}
static void classed_b_then_a(void)
{
	set_class();
	b_then_a();
}

TEST("a-deadlock-is-found-and-says-who-waits-for-what")
{
	void (*const actors[])(void) = { classed_a_then_b, classed_b_then_a };

	start();
	CHECK_EQ(first_bad(actors, 2), RUN_FAILED);
	CHECK(strstr(explore_failure(),
		     "deadlock, a cycle: A (CPU 0) waits for the tasks lock, so for B (CPU 1); "
		     "B (CPU 1) waits for the tasks lock, so for A (CPU 0)"));
}

/*
 * The shootdown's old trap: who holds the lock waits for an answer, who should
 * answer spins for the lock.
 */
static void nothing(void *arg) {}
static void send_with_lock(void)
{
	set_class();
	machine_spin_lock(&toy.a);
	ipi_send(cpumask_of(1), nothing, NULL);
	ipi_wait();
	machine_spin_unlock(&toy.a);
}
static void lock_with_interrupts_off(void)
{
	unsigned long flags = irq_save();

	set_class();
	machine_spin_lock(&toy.a);
	machine_spin_unlock(&toy.a);
	irq_restore(flags);
}
static void waits_for_b(void)
{
	set_class();
	machine_spin_lock(&toy.b);
	machine_spin_unlock(&toy.b);
}

TEST("a-deadlock-by-an-unanswered-ipi-is-told-as-a-cycle-and-who-waits-beside-it")
{
	void (*const actors[])(void) = { send_with_lock, lock_with_interrupts_off };
	void (*const three[])(void) = { classed_a_then_b, classed_b_then_a, waits_for_b };

	start();
	CHECK_EQ(first_bad(actors, 2), RUN_FAILED);
	CHECK(strstr(explore_failure(), "deadlock, a cycle: A (CPU 0) waits for an answer"));
	CHECK(strstr(explore_failure(),
		     "so for B (CPU 1); B (CPU 1) waits for the tasks lock, so for A (CPU 0)"));
	CHECK_EQ(first_bad(three, 3), RUN_FAILED);
	CHECK(strstr(explore_failure(), "; C (CPU 2) waits for the tasks lock"));
}

static void wait_for_flag(void)
{
	while (!READ_ONCE(toy.words[0]))
		cpu_relax();
	if (!READ_ONCE(toy.words[4]))
		panic("the flag was seen before what it announces");
}
static void set_flag(void)
{
	WRITE_ONCE(toy.words[4], 1);
	WRITE_ONCE(toy.words[0], 1);
}
static void set_flag_too_early(void)
{
	WRITE_ONCE(toy.words[0], 1);
	WRITE_ONCE(toy.words[4], 1);
}

TEST("a-loop-that-relaxes-goes-on-when-what-it-reads-is-written")
{
	void (*const good[])(void) = { wait_for_flag, set_flag };
	void (*const bad[])(void) = { wait_for_flag, set_flag_too_early };
	void (*const alone[])(void) = { wait_for_flag, own_word };

	start();
	CHECK(first_bad(good, 2) != RUN_FAILED);
	CHECK_EQ(first_bad(bad, 2), RUN_FAILED);
	CHECK(strstr(explore_failure(), "before what it announces"));
	CHECK_EQ(first_bad(alone, 2), RUN_FAILED);
	CHECK(strstr(explore_failure(), "deadlock"));
}

static void spin(void)
{
	while (!READ_ONCE(toy.words[0]))
		;
}

TEST("a-loop-that-does-not-relax-is-a-livelock")
{
	void (*const actors[])(void) = { spin, set_flag };

	start();
	CHECK_EQ(first_bad(actors, 2), RUN_FAILED);
	CHECK(strstr(explore_failure(), "livelock"));
}

static void spin_silently(void)
{
	WRITE_ONCE(toy.words[0], 1);
	for (;;)
		barrier();
}

TEST("a-loop-without-any-point-is-a-runaway")
{
	void (*const actors[])(void) = { spin_silently, set_flag };

	start();
	explore_watchdog();
	CHECK_EQ(first_bad(actors, 2), RUN_FAILED);
	CHECK(strstr(explore_failure(), "runaway"));
	CHECK(explore_failed_at[0] >= (unsigned long)spin_silently &&
	      explore_failed_at[0] < (unsigned long)spin_silently + 1000);
}

/* ---- interrupts ---- */

static void handler(void *arg) { WRITE_ONCE(*(unsigned long *)arg, 1); }
static void send(void)
{
	ipi_send(cpumask_of(1), handler, &toy.words[8]);
	ipi_wait();
	if (!READ_ONCE(toy.words[8]))
		panic("the wait ended before the handler ran");
}
/* Nothing arrives between two reads with interrupts off. */
static void read_twice(void)
{
	unsigned long flags = irq_save(), first = READ_ONCE(toy.words[8]);

	if (READ_ONCE(toy.words[8]) != first)
		panic("an interrupt came while they were off");
	irq_restore(flags);
}
static void send_and_set(void)
{
	ipi_send(cpumask_of(1), handler, &toy.words[8]);
	ipi_wait();
	WRITE_ONCE(toy.words[12], 1);
}
static void wait_with_interrupts_off(void)
{
	unsigned long flags = irq_save();

	while (!READ_ONCE(toy.words[12]))
		cpu_relax();
	irq_restore(flags);
}

TEST("interrupts-arrive-at-any-point-but-not-while-they-are-off")
{
	void (*const actors[])(void) = { send, read_twice };
	void (*const stuck[])(void) = { send_and_set, wait_with_interrupts_off };

	start();
	CHECK(first_bad(actors, 2) != RUN_FAILED);
	CHECK_EQ(first_bad(stuck, 2), RUN_FAILED);
	CHECK(strstr(explore_failure(), "interrupts are off on 0x2"));
}

/* ---- handlers that take locks ---- */

static void locking_handler(void *arg)
{
	machine_spin_lock(&toy.a);
	WRITE_ONCE(toy.words[0], READ_ONCE(toy.words[0]) + 1);
	machine_spin_unlock(&toy.a);
}
static void send_locking(void)
{
	set_class();
	ipi_send(cpumask_of(1), locking_handler, NULL);
	ipi_wait();
}
static void add_under_lock(void)
{
	set_class();
	machine_spin_lock(&toy.a);
	WRITE_ONCE(toy.words[0], READ_ONCE(toy.words[0]) + 1);
	machine_spin_unlock(&toy.a);
	if (READ_ONCE(toy.words[0]) > 2)
		panic("an addition came twice");
}
TEST("a-handler-waits-for-a-lock-on-a-stack-of-its-own")
{
	void (*const three[])(void) = { send_locking, own_word, add_under_lock };
	/* The lock that the handler takes may be held by the task that it interrupts. */
	void (*const stuck[])(void) = { send_locking, add_under_lock };

	start();
	steps_each = 1;
	CHECK(first_bad(three, 3) != RUN_FAILED);
	CHECK_EQ(first_bad(stuck, 2), RUN_FAILED);
	CHECK(strstr(explore_failure(),
		     "the interrupt of CPU 1 waits for the tasks lock, so for B"));
	CHECK(strstr(explore_failure(),
		     "B (CPU 1) waits for its CPU, so for the interrupt of CPU 1"));
}

/* ---- several tasks on one CPU ---- */

static enum explore_end first_bad_on(void (*const actors[])(void), const char *on)
{
	cpus_on = on;
	return first_bad(actors, (unsigned int)strlen(on));
}

static void read_twice_between_points(void)
{
	unsigned long first = READ_ONCE(toy.words[0]);

	if (READ_ONCE(toy.words[0]) != first)
		panic("another task of the CPU came in between");
}
static void wait_for_semaphore(void)
{
	down_write(&toy.sem);
	WRITE_ONCE(toy.words[4], this_cpu() + 1);
	up_write(&toy.sem);
}
/* The holder sleeps, so that the other task of its CPU runs; that one wakes it. */
static void sleep_in_queue(void)
{
	wait_event(&toy.queue, READ_ONCE(toy.words[0]));
}
static void wake_sleeper(void)
{
	WRITE_ONCE(toy.words[0], 1);
	wake_up_all(&toy.queue);
}
static void sleep_with_semaphore(void)
{
	down_write(&toy.sem);
	sleep_in_queue();
	up_write(&toy.sem);
}
static void take_and_wake(void)
{
	down_write(&toy.sem);
	wake_sleeper();
	up_write(&toy.sem);
}
static void resched_between(void)
{
	unsigned long first = READ_ONCE(toy.words[0]);

	cond_resched();
	if (READ_ONCE(toy.words[0]) != first)
		panic("another task of the CPU came in between");
}

TEST("tasks-of-one-cpu-do-not-interrupt-each-other")
{
	void (*const actors[])(void) = { read_twice_between_points, set_flag };

	start();
	CHECK_EQ(first_bad_on(actors, "01"), RUN_FAILED);
	CHECK(first_bad_on(actors, "00") != RUN_FAILED);
}

TEST("the-end-of-a-slice-is-a-choice-where-the-kernel-looks-for-it")
{
	void (*const actors[])(void) = { resched_between, set_flag };

	start();
	CHECK_EQ(first_bad_on(actors, "00"), RUN_FAILED);
	CHECK(strstr(explore_failure(), "came in between"));
}

TEST("a-task-that-sleeps-leaves-its-cpu-to-another")
{
	void (*const actors[])(void) = { sleep_in_queue, wake_sleeper };
	void (*const both[])(void) = { wait_for_semaphore, wait_for_semaphore,
				       wait_for_semaphore };
	void (*const stuck[])(void) = { sleep_with_semaphore, take_and_wake };

	start();
	CHECK(first_bad_on(actors, "00") != RUN_FAILED);
	CHECK(first_bad_on(both, "001") != RUN_FAILED);
	CHECK_EQ(first_bad_on(stuck, "00"), RUN_FAILED);
	CHECK(strstr(explore_failure(),
		     "B (CPU 0) waits for the mmap semaphore, which has a writer"));
	CHECK(strstr(explore_failure(), "A (CPU 0) waits for a wake-up"));
}

/* ---- upper entries that are gone from their table ---- */

#define AT    0x40000000ul
#define DECOY 99

static struct mm_struct *mm;
static u64 *pmd_slot, decoy;
static bool stale_seen, current_seen, fault_seen;

static void set_pmd(u64 entry)
{
	spin_lock(&mm->page_table_lock);
	set_upper(mm, AT, 2, pmd_slot, entry);
	spin_unlock(&mm->page_table_lock);
}

/* What the freeing and reuse of a table before the shootdown would do to its contents. */
static void unlink_table_and_reuse_it(void)
{
	u64 entry = entry_get(pmd_slot), *pte = table_slot(entry_pfn(entry), AT, 1), was = *pte;

	set_pmd(0);
	WRITE_ONCE(*pte, decoy);
	flush_tlb_range(mm, AT, AT + PAGE_SIZE);
	WRITE_ONCE(*pte, was);
	set_pmd(entry);
}
static void unlink_table(void)
{
	u64 entry = entry_get(pmd_slot);

	set_pmd(0);
	flush_tlb_range(mm, AT, AT + PAGE_SIZE);
	set_pmd(entry);
}
static void read_at(void)
{
	u64 value = 0;
	int signo = sim_user_read(AT, &value);

	fault_seen |= signo != 0;
	current_seen |= !signo && value == 1;
	stale_seen |= !signo && value == DECOY;
}

static void run_often(void (*const actors[])(void))
{
	for (int i = 0; i < 300; i++) {
		enum explore_end end = explore_run(actors, 2, NULL);

		if (end == RUN_FAILED)
			printk("%s\n", explore_failure());
		CHECK_EQ(end, RUN_DONE);
	}
}

TEST("an-access-may-go-through-a-table-that-is-unlinked-until-the-flush")
{
	const struct explore_options random = { .mode = EXPLORE_RANDOM, .seed = 1 };
	void (*const actors[])(void) = { unlink_table_and_reuse_it, read_at };
	void (*const gentle[])(void) = { unlink_table, read_at };

	sim_boot(&(struct sim_config){ .mib = 8, .cpus = 2 });
	mm = mm_alloc(3);
	CHECK(mm);
	run_on(0, mm);
	map(mm, AT, PAGE_SIZE, RW, ANON | MAP_FIXED);
	map(mm, AT + (2ul << 20), PAGE_SIZE, RW, ANON | MAP_FIXED);
	poke(AT + (2ul << 20), DECOY);
	poke(AT, 1);
	pmd_slot = (u64 *)mm_pmd_find(mm, AT);
	decoy = entry_of(mm, AT + (2ul << 20));
	run_on(1, mm);
	arena_add_to_snapshot();
	cpus_add_to_snapshot();
	snapshot_save();
	explore_reset();
	ledger_told_by_machine = true;
	/* Faults find no mapping: nothing is mended. Each run leaves the state as it was. */
	sim_task_runs(1, mm_alloc(3));
	explore_begin(&random);
	run_often(gentle);
	CHECK(current_seen && fault_seen && !stale_seen);
	run_often(actors);
	CHECK(stale_seen);
}

TEST("a-failing-schedule-replays-twenty-times-with-the-same-events")
{
	void (*const bad[])(void) = { wait_for_flag, set_flag_too_early };
	char line[256];
	u64 events = 0;

	start();
	CHECK_EQ(first_bad(bad, 2), RUN_FAILED);
	explore_schedule(line, sizeof(line));
	for (int i = 0; i < 20; i++) {
		const struct explore_options replay = { .mode = EXPLORE_REPLAY, .replay = line };

		explore_begin(&replay);
		snapshot_restore();
		CHECK_EQ(explore_run(bad, 2, NULL), RUN_FAILED);
		CHECK(!events || events == explore_events());
		events = explore_events();
	}
}
