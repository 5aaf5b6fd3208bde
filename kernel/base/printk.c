/*
 * The log. A line is formatted on the caller's stack, kept in the ring, and handed to the
 * machine's log channel; before the options are read, the ring alone has it.
 */
#include "kernel/base/cmdline.h"
#include "kernel/base/printk.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/string.h"

#define RING_SIZE	16384
#define LINE_MAX	512

/*
 * The newest bytes that were logged, under ring_lock. The lock is bare: the lock checker logs too.
 */
static char ring[RING_SIZE];
static size_t ring_head;	/* bytes ever written */
static spinlock_t ring_lock = SPINLOCK_INIT(LOCK_CONSOLE);

static bool started;		/* the channel is known */
static bool panicking;
static bool quiet;

static const char *set_quiet(const char *value)
{
	if (value)
		return "it takes no value";
	quiet = true;
	return NULL;
}
BOOT_OPTION("quiet", "", "log only warnings and errors", set_quiet);

static bool is_quiet(const char *text)
{
	return quiet && !panicking && strncmp(text, "warning:", 8) && strncmp(text, "error:", 6);
}

static void ring_append(const char *text, size_t n)
{
	unsigned long flags = irq_save();

	if (!panicking)
		machine_spin_lock(&ring_lock);
	for (size_t i = 0; i < n; i++)
		ring[(ring_head + i) % RING_SIZE] = text[i];
	ring_head += n;
	if (!panicking)
		machine_spin_unlock(&ring_lock);
	irq_restore(flags);
}

void vprintk(const char *fmt, va_list args)
{
	char line[LINE_MAX];
	size_t n = vscnprintf(line, sizeof(line), fmt, args);

	if (is_quiet(line))
		return;
	ring_append(line, n);
	if (started)
		log_write(line, n);
}

void printk(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk(fmt, args);
	va_end(args);
}

/*
 * Called once, on the first CPU, before there are others: what is in the ring came in one piece.
 */
void printk_start(void)
{
	size_t n = min(ring_head, (size_t)RING_SIZE);
	size_t start = (ring_head - n) % RING_SIZE;
	size_t first = min(n, RING_SIZE - start);

	if (started)
		return;
	started = true;
	if (quiet && !panicking)
		return;
	log_write(ring + start, first);
	log_write(ring, n - first);
}

void printk_bust_locks(void)
{
	panicking = true;
	log_bust_locks();
	printk_start();
}
