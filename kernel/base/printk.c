/*
 * The log. A line is formatted on the caller's stack, kept in the ring, and handed to the
 * machine's log channel; before the options are read, the ring alone has it. Beside the bytes
 * there is a ring of lines: where each lies, when it came, and how grave it is.
 */
#include "kernel/base/cmdline.h"
#include "kernel/base/printk.h"
#include "kernel/base/spinlock.h"
#include "kernel/base/string.h"
#include "kernel/base/trace.h"

#define RING_SIZE	LOG_RING_SIZE
#define LINE_MAX	512
#define NR_LINES	512

/*
 * The newest bytes that were logged, under ring_lock. The lock is bare: the lock checker logs too.
 */
static char ring[RING_SIZE];
static size_t ring_head;	/* bytes ever written */
static spinlock_t ring_lock = SPINLOCK_INIT(LOCK_CONSOLE);

/* Under ring_lock, too. The newest one is still open, as long as its newline has not come. */
static struct line {
	u64 at, ns;
	size_t len;
	unsigned int prio;
} lines[NR_LINES];
static u64 oldest_line, nr_lines;	/* nr_lines: that are complete, ever */
static bool line_open;

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

static bool is_quiet(int level) { return !panicking && level >= READ_ONCE(console_level); }

/* In a panic nothing waits: who holds it may have been stopped. */
static unsigned long ring_acquire(void)
{
	unsigned long flags = irq_save();

	if (!panicking)
		machine_spin_lock(&ring_lock);
	return flags;
}

static void ring_release(unsigned long flags)
{
	if (!panicking)
		machine_spin_unlock(&ring_lock);
	irq_restore(flags);
}

static struct line *line_of(u64 seq) { return &lines[seq % NR_LINES]; }

/* These three with ring_lock held. */
static void put_byte(char c) { ring[ring_head++ % RING_SIZE] = c; }

static void begin_line(unsigned int prio)
{
	*line_of(nr_lines) = (struct line){ .at = ring_head, .ns = trace_time(), .prio = prio };
	line_open = true;
	if (nr_lines - oldest_line == NR_LINES)
		oldest_line++;
}

/* Lines whose bytes have been written over are gone. */
static void end_line(void)
{
	struct line *line = line_of(nr_lines++);

	line->len = ring_head - line->at;
	put_byte('\n');
	line_open = false;
	while (oldest_line < nr_lines && line_of(oldest_line)->at + RING_SIZE < ring_head)
		oldest_line++;
}

/* What a program has logged without a newline is nobody's to go on with. */
static void end_line_of_program(void)
{
	if (line_open && line_of(nr_lines)->prio > LOG_LEVEL_MASK)
		end_line();
}

static void ring_append(const char *text, size_t n)
{
	unsigned long flags = ring_acquire();

	end_line_of_program();
	for (size_t i = 0; i < n; i++) {
		if (!line_open)
			begin_line((unsigned int)log_level(text + i));
		if (text[i] == '\n')
			end_line();
		else
			put_byte(text[i]);
	}
	ring_release(flags);
}

void vprintk(const char *fmt, va_list args)
{
	char line[LINE_MAX];
	size_t n = vscnprintf(line, sizeof(line), fmt, args);

	ring_append(line, n);
	if (started && !is_quiet(log_level(line)))
		log_write(line, n);
}

void printk(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk(fmt, args);
	va_end(args);
}

void log_add(unsigned int prio, const char *text, size_t n)
{
	unsigned long flags = ring_acquire();
	bool complete = n && text[n - 1] == '\n';

	if (complete)
		n--;
	if (line_open)
		end_line();
	begin_line(prio);
	for (size_t i = 0; i < n; i++)
		put_byte(text[i]);
	if (complete)
		end_line();
	ring_release(flags);
	if (started && !is_quiet(prio & LOG_LEVEL_MASK)) {
		log_write(text, n);
		log_write("\n", 1);
	}
}

u64 log_next(void) { return READ_ONCE(nr_lines); }
u64 log_oldest(void) { return READ_ONCE(oldest_line); }

bool log_read(u64 seq, struct log_record *record)
{
	unsigned long flags = ring_acquire();
	const struct line *line;
	bool there;

	seq = max(seq, oldest_line);
	there = seq < nr_lines;
	if (there) {
		line = line_of(seq);
		record->seq = seq;
		record->ns = line->ns;
		record->prio = line->prio;
		record->len = min(line->len, sizeof(record->text));
		for (size_t i = 0; i < record->len; i++)
			record->text[i] = ring[(line->at + i) % RING_SIZE];
	}
	ring_release(flags);
	return there;
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
