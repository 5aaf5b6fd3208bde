/*
 * The log. A line is formatted on the caller's stack, kept in the ring, and handed to the
 * machine's log channel; before the options are read, the ring alone has it.
 */
#include "kernel/base/cmdline.h"
#include "kernel/base/printk.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/string.h"

#define RING_SIZE	LOG_RING_SIZE
#define LINE_MAX	512

/*
 * The newest bytes that were logged, under ring_lock. The lock is bare: the lock checker logs too.
 */
static char ring[RING_SIZE];
static size_t ring_head;	/* bytes ever written */
static spinlock_t ring_lock = SPINLOCK_INIT(LOCK_CONSOLE);

static bool started;		/* the channel is known */
static bool panicking;
/* Lines whose level is lower go to the channel; all go into the ring. */
static int console_level = LOG_INFO + 1;

static const char *set_quiet(const char *value)
{
	if (value)
		return "it takes no value";
	console_level = LOG_WARNING + 1;
	return NULL;
}
BOOT_OPTION("quiet", "", "log only warnings and errors", set_quiet);

int log_level(const char *line)
{
	if (!strncmp(line, "error:", 6))
		return LOG_ERR;
	return strncmp(line, "warning:", 8) ? LOG_INFO : LOG_WARNING;
}

void log_set_console_level(int level) { WRITE_ONCE(console_level, level); }

static bool is_quiet(const char *text)
{
	return !panicking && log_level(text) >= READ_ONCE(console_level);
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

	ring_append(line, n);
	if (started && !is_quiet(line))
		log_write(line, n);
}

void printk(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk(fmt, args);
	va_end(args);
}

u64 log_head(void) { return READ_ONCE(ring_head); }

u64 log_copy(u64 from, char *buf, size_t size)
{
	unsigned long flags = irq_save();
	u64 oldest, n;

	machine_spin_lock(&ring_lock);
	oldest = ring_head > RING_SIZE ? ring_head - RING_SIZE : 0;
	from = max(from, oldest);
	n = min(ring_head - from, (u64)size);
	for (u64 i = 0; i < n; i++)
		buf[i] = ring[(from + i) % RING_SIZE];
	machine_spin_unlock(&ring_lock);
	irq_restore(flags);
	return from;
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
	if (console_level <= LOG_INFO && !panicking)
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
