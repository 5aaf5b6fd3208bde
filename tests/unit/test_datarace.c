/*
 * The search for data races: toy actors whose accesses are told by hand, with the
 * functions that the compiler calls in the build for it (arch/sim/tsan.c). Every order of
 * each pair of actors is run.
 */
#include <string.h>
#include "arch/sim/datarace.h"
#include "arch/sim/explore.h"
#include "arch/sim/sim.h"
#include "arch/sim/snapshot.h"
#include "arch/sim/tsan.h"
#include "kernel/base/rwsem.h"
#include "tests/unit/unit.h"

static struct {
	unsigned long data __cacheline_aligned;
	unsigned long flag __cacheline_aligned;
	spinlock_t lock;
	struct rwsem sem;
} toy;

static void start(void)
{
	sim_boot(&(struct sim_config){ .cpus = 2 });
	rwsem_init(&toy.sem, LOCK_MMAP);
	toy.lock.class = LOCK_TASKS; /* not a checker's: that would order nothing */
	snapshot_add(&toy, sizeof(toy));
	cpus_add_to_snapshot();
	snapshot_save();
	explore_reset();
	clocks_on = true;
}

/* In some order the pair fails. */
static bool races(void (*a)(void), void (*b)(void))
{
	const struct explore_options all = { .bound = UNBOUNDED, .sleep = true };
	void (*const actors[])(void) = { a, b };
	enum explore_end end = RUN_DONE;
	bool again = true, more = true;

	while (more && end != RUN_FAILED) {
		if (again)
			explore_begin(&all);
		snapshot_restore();
		end = explore_run(actors, 2, NULL);
		more = explore_next(&again);
	}
	if (end == RUN_FAILED)
		CHECK(strstr(explore_failure(), "data race"));
	return end == RUN_FAILED;
}

/* ---- accesses, as the compiler and the macros make them ---- */

static __always_inline void plain_write(void *p) { __tsan_write8(p); }
static __always_inline void plain_read(void *p) { __tsan_read8(p); }
static __always_inline void write_once(unsigned long *p)
{
	machine_point(p, ACCESS_WRITE);
	__tsan_volatile_write8(p);
	*(volatile unsigned long *)p = 1;
}
static __always_inline unsigned long read_once(unsigned long *p)
{
	machine_point(p, ACCESS_READ);
	__tsan_volatile_read8(p);
	return *(volatile unsigned long *)p;
}
/* Of a part, as a flag: what it leads to is not ordered by it. */
static __always_inline bool read_flag(void)
{
	machine_point(&toy.flag, ACCESS_READ);
	__tsan_volatile_read4(&toy.flag);
	return *(volatile u32 *)&toy.flag;
}

/* ---- nothing orders them ---- */

static void writes(void) { plain_write(&toy.data); }
static void writes_too(void) { plain_write(&toy.data); }
static void reads(void) { plain_read(&toy.data); }
static void writes_once(void) { write_once(&toy.data); }
static void reads_once(void) { read_once(&toy.data); }

static bool lies_in(unsigned long pc, void (*fn)(void))
{
	return (u32)pc - (u32)(unsigned long)fn < 200;
}

TEST("two-plain-writes-that-nothing-orders-fail-and-both-places-are-named")
{
	start();
	CHECK(races(writes, writes_too));
	CHECK(strstr(explore_failure(),
		     "A (CPU 0) wrote it, B (CPU 1) writes it, and nothing orders the two"));
	CHECK(lies_in(race_found.earlier.pc, writes));
	CHECK(lies_in(explore_failed_at[0], writes_too));
	CHECK_EQ(race_found.addr, (unsigned long)&toy.data);
}

TEST("of-two-reads-none-is-a-race")
{
	start();
	CHECK(!races(reads, reads));
	CHECK(races(reads, writes));
}

TEST("announced-on-both-sides-is-no-race-on-one-side-it-is")
{
	start();
	CHECK(!races(writes_once, writes_once));
	CHECK(!races(writes_once, reads_once));
	CHECK(races(writes_once, reads));
	CHECK(races(writes_once, writes));
	CHECK(races(writes, reads_once));
	CHECK(strstr(explore_failure(), "(announced)"));
}

static void writes_low_half(void) { __tsan_write2(&toy.data); }
static void writes_high_half(void) { __tsan_write2((u8 *)&toy.data + 2); }
static void writes_middle(void) { __tsan_write2((u8 *)&toy.data + 1); }

TEST("bytes-beside-each-other-are-no-race")
{
	start();
	CHECK(!races(writes_low_half, writes_high_half));
	CHECK(races(writes_middle, writes_high_half));
}

static void zeroes_a_range(void) { __tsan_write_range((u8 *)&toy.data + 4, 60); }
static void reads_upper_half(void) { __tsan_read4((u8 *)&toy.data + 4); }
static void reads_lower_half(void) { __tsan_read4(&toy.data); }

TEST("a-range-races-with-a-word-of-it")
{
	start();
	CHECK(races(zeroes_a_range, reads_upper_half));
	CHECK(!races(zeroes_a_range, reads_lower_half));
}

/* ---- locks ---- */

static void writes_locked(void)
{
	machine_spin_lock(&toy.lock);
	plain_write(&toy.data);
	machine_spin_unlock(&toy.lock);
}
static void writes_after_lock(void)
{
	machine_spin_lock(&toy.lock);
	machine_spin_unlock(&toy.lock);
	plain_write(&toy.data);
}

TEST("a-lock-orders-what-is-done-under-it")
{
	start();
	CHECK(!races(writes_locked, writes_locked));
	CHECK(races(writes_locked, writes_after_lock));
	CHECK(races(writes_locked, reads));
}

static void writes_as_writer(void)
{
	down_write(&toy.sem);
	plain_write(&toy.data);
	up_write(&toy.sem);
}
static void reads_as_reader(void)
{
	down_read(&toy.sem);
	plain_read(&toy.data);
	up_read(&toy.sem);
}
static void writes_as_reader(void)
{
	down_read(&toy.sem);
	plain_write(&toy.data);
	up_read(&toy.sem);
}

TEST("a-semaphore-orders-a-writer-and-not-two-readers")
{
	start();
	CHECK(!races(writes_as_writer, writes_as_writer));
	CHECK(!races(writes_as_writer, reads_as_reader));
	CHECK(!races(writes_as_writer, writes_as_reader));
	CHECK(races(writes_as_reader, reads_as_reader));
}

/* ---- messages ---- */

static void sends_released(void)
{
	plain_write(&toy.data);
	machine_point(&toy.flag, ACCESS_WRITE);
	__tsan_atomic64_store(&toy.flag, 1, __ATOMIC_RELEASE);
}
static void receives_acquiring(void)
{
	machine_point(&toy.flag, ACCESS_READ);
	if (__tsan_atomic64_load(&toy.flag, __ATOMIC_ACQUIRE))
		plain_read(&toy.data);
}
static void sends_without_order(void)
{
	plain_write(&toy.data);
	write_once(&toy.flag);
}
static void sends_with_barrier(void)
{
	plain_write(&toy.data);
	sim_barrier(BARRIER_WRITE);
	write_once(&toy.flag);
}
static void receives_with_barrier(void)
{
	if (!read_flag())
		return;
	sim_barrier(BARRIER_READ);
	plain_read(&toy.data);
}
static void receives_without_order(void)
{
	if (read_flag())
		plain_read(&toy.data);
}

TEST("release-and-acquire-order")
{
	start();
	CHECK(!races(sends_released, receives_acquiring));
	CHECK(races(sends_without_order, receives_acquiring));
	CHECK(races(sends_released, receives_without_order));
}

TEST("barriers-order-if-both-sides-have-one")
{
	start();
	CHECK(!races(sends_with_barrier, receives_with_barrier));
	CHECK(races(sends_without_order, receives_with_barrier));
	CHECK(races(sends_with_barrier, receives_without_order));
}

static void counts_down_and_writes_as_last(void)
{
	plain_read(&toy.data);
	machine_point(&toy.flag, ACCESS_WRITE);
	if (__tsan_atomic64_fetch_add(&toy.flag, 1, __ATOMIC_SEQ_CST) == 1)
		plain_write(&toy.data);
}

TEST("who-drops-the-last-reference-comes-after-all-others")
{
	start();
	CHECK(!races(counts_down_and_writes_as_last, counts_down_and_writes_as_last));
}

/* ---- IPIs ---- */

static void handler(void *arg) { plain_write(arg); }
static void asks(void)
{
	plain_write(&toy.data);
	ipi_send(cpumask_of(1), handler, &toy.data);
	ipi_wait();
	plain_read(&toy.data);
}
static void asks_and_does_not_wait(void)
{
	ipi_send(cpumask_of(1), handler, &toy.data);
	plain_read(&toy.data);
	ipi_wait();
}
static void does_nothing(void) { write_once(&toy.flag); }

TEST("an-ipi-orders-its-handler-and-its-answer-what-comes-after-the-wait")
{
	start();
	CHECK(!races(asks, does_nothing));
	CHECK(races(asks_and_does_not_wait, does_nothing));
}
