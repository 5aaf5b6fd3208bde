/*
 * Time: the TSC, measured against the ACPI PM timer at boot; one-shot timers by the local APIC;
 * the date from the battery clock.
 */
#include "machine/internal.h"

#define PM_TIMER_HZ	3579545u
#define PM_TIMER_MASK	0xffffffu	/* 24 bits are there in any machine */
#define CALIBRATION_TICKS 7159u		/* 2 ms: within 0.02 % */
#define NS_PER_SEC	1000000000ul

/* Read-only after time_init(). */
static u64 tsc_start;
static u64 ns_per_cycle;		/* nanoseconds per TSC cycle << 32 */
static u64 timer_per_ns;		/* APIC timer counts per nanosecond << 32 */
static u64 boot_realtime;

u64 cycles_now(void) { return rdtsc(); }

u64 clock_ns(void)
{
	return (u64)((unsigned __int128)(rdtsc() - tsc_start) * ns_per_cycle >> 32);
}

u64 clock_boot_realtime(void) { return boot_realtime; }

void timer_set(u64 deadline)
{
	u64 now, count;

	if (deadline == ~0ul) {
		lapic_timer_start(0);
		return;
	}
	now = clock_ns();
	/*
	 * Too early is fine: the handler looks at the clock. Too long for the counter too: then it
	 * comes twice.
	 */
	count = 1;
	if (deadline > now)
		count += (u64)((unsigned __int128)(deadline - now) * timer_per_ns >> 32);
	lapic_timer_start(race_timer((u32)min(count, 0xfffffffful)));
}

/* ---- calibration ---- */

static u32 pm_timer(void) { return inl(acpi_info.pm_timer_port) & PM_TIMER_MASK; }

/* Starts and ends at a tick of the PM timer, and counts the others meanwhile. */
static void calibrate(void)
{
	u32 start, now, counts;
	u64 tsc, ns;

	start = pm_timer();
	while ((now = pm_timer()) == start)
		;
	start = now;
	tsc = rdtsc();
	lapic_timer_start(~0u);
	do
		now = (pm_timer() - start) & PM_TIMER_MASK;
	while (now < CALIBRATION_TICKS);
	counts = ~0u - lapic_timer_count();
	tsc = rdtsc() - tsc;
	lapic_timer_start(0);

	ns = now * NS_PER_SEC / PM_TIMER_HZ;
	ns_per_cycle = (ns << 32) / tsc;
	timer_per_ns = ((u64)counts << 32) / ns;
}

/* ---- the battery clock ---- */

enum {
	CMOS_SECONDS = 0,
	CMOS_MINUTES = 2,
	CMOS_HOURS = 4,
	CMOS_DAY = 7,
	CMOS_MONTH = 8,
	CMOS_YEAR = 9,
	CMOS_STATUS_A = 10,
	CMOS_STATUS_B = 11,
};

#define CMOS_UPDATING	0x80	/* status A */
#define CMOS_BINARY	0x04	/* status B: not BCD */
#define CMOS_24_HOURS	0x02
#define CMOS_PM		0x80	/* in the hours, of a 12-hour clock */

struct date {
	unsigned int second, minute, hour, day, month, year;
};

static u8 cmos(u8 reg)
{
	outb(0x70, reg);
	return inb(0x71);
}

static unsigned int decode(u8 value, u8 status)
{
	return status & CMOS_BINARY ? value : (value >> 4) * 10u + (value & 15);
}

static struct date read_cmos(void)
{
	u8 status = cmos(CMOS_STATUS_B), hours = cmos(CMOS_HOURS);
	struct date d = {
		.second = decode(cmos(CMOS_SECONDS), status),
		.minute = decode(cmos(CMOS_MINUTES), status),
		.hour = decode(hours & ~CMOS_PM, status),
		.day = decode(cmos(CMOS_DAY), status),
		.month = decode(cmos(CMOS_MONTH), status),
		.year = 2000 + decode(cmos(CMOS_YEAR), status),
	};

	if (!(status & CMOS_24_HOURS))
		d.hour = d.hour % 12 + (hours & CMOS_PM ? 12 : 0);
	return d;
}

/* Days since 1970, Gregorian; years are counted from March, so that a leap day comes last. */
static u64 days_since_1970(const struct date *d)
{
	u64 year = d->year - (d->month <= 2), month = (d->month + 9) % 12;

	return year * 365 + year / 4 - year / 100 + year / 400 + (month * 306 + 5) / 10 + d->day -
	       1 - 719468;
}

/* Twice the same, and no update under way: a date that was. */
static u64 read_realtime(void)
{
	struct date a = read_cmos(), b;

	for (unsigned int tries = 0; tries < 1000; tries++) {
		b = a;
		a = read_cmos();
		if (a.second == b.second && a.minute == b.minute && a.hour == b.hour &&
		    !(cmos(CMOS_STATUS_A) & CMOS_UPDATING))
			break;
	}
	return ((days_since_1970(&a) * 24 + a.hour) * 60 + a.minute) * 60 + a.second;
}

void time_init(void)
{
	calibrate();
	tsc_start = rdtsc();
	boot_realtime = read_realtime();
	pr_info("time: TSC %lu MHz, APIC timer %lu kHz", (1000ul << 32) / ns_per_cycle,
		(timer_per_ns * 1000000) >> 32);
}

void cpu_idle(void)
{
	/* The instruction after sti is still shielded: no interrupt is slept through. */
	__asm__ __volatile__("sti; hlt" : : : "memory");
}
