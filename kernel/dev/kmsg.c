/*
 * /dev/kmsg: the kernel's log by records. Each read() gives one,
 * "prio,number,microseconds,-;text\n"; each write() adds one. Every open file goes its
 * own way through the log.
 *
 * printk() wakes nobody, since it may be called with any lock held. While somebody waits for a
 * line, a timer looks for him.
 */
#include "kernel/dev/kmsg.h"
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/poll.h"
#include "kernel/signal/signal.h"
#include "kernel/process/task.h"
#include "kernel/time/time.h"
#include "kernel/time/timer.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/slab.h"

#define LOOK_AGAIN_NS	50000000ull
#define FACILITY_USER	1u
#define DEFAULT_LEVEL	LOG_WARNING
#define PREFIX_MAX	64

/* A reader. */
struct kmsg {
	struct mutex lock;
	u64 seq;			/* what it reads next */
	struct log_record record;
	char line[PREFIX_MAX + 4 * LOG_RECORD_MAX];	/* "\xNN" for what cannot be printed */
};

/* ---- waiting ---- */

static struct wait_queue log_readers;

/* The timer and what it has told of are under tasks_lock. */
static void look_for_lines(struct timer *timer);
static struct timer look_timer = { .fire = look_for_lines };
static u64 told;

static bool anybody_waits(void)
{
	unsigned long flags = spin_lock_irqsave(&log_readers.lock);
	bool waits = !TAILQ_EMPTY(&log_readers.waiters);

	spin_unlock_irqrestore(&log_readers.lock, flags);
	return waits;
}

static void look_for_lines(struct timer *timer)
{
	u64 next = log_next();

	if (next != told)
		wake_up_events(&log_readers, POLLIN);
	told = next;
	if (anybody_waits())
		timer_start(timer, clock_ns() + LOOK_AGAIN_NS);
}

/* The caller is about to queue with log_readers, or has: somebody will look. */
static void begin_to_look(void)
{
	spin_lock(&tasks_lock);
	if (!look_timer.queued)
		timer_start(&look_timer, clock_ns() + LOOK_AGAIN_NS);
	spin_unlock(&tasks_lock);
}

int log_wait(const u64 *seq)
{
	struct waiter w = { .task = current_task() };
	int ret = 0;

	while (!ret && log_next() <= READ_ONCE(*seq)) {
		prepare_to_wait_interruptible(&log_readers, &w);
		begin_to_look();
		if (signal_pending())
			ret = -ERESTARTSYS;
		else if (log_next() <= READ_ONCE(*seq))
			schedule();
		finish_wait(&log_readers, &w);
	}
	return ret;
}

/* ---- reading ---- */

static size_t put_escaped(char *to, char c)
{
	if (c >= ' ' && c < 127 && c != '\\') {
		*to = c;
		return 1;
	}
	return scnprintf(to, 5, "\\x%02x", (unsigned char)c);
}

static size_t make_line(struct kmsg *kmsg)
{
	const struct log_record *record = &kmsg->record;
	size_t n = scnprintf(kmsg->line, PREFIX_MAX, "%u,%llu,%llu,-;", record->prio,
			     (unsigned long long)record->seq,
			     (unsigned long long)(record->ns / 1000));

	for (size_t i = 0; i < record->len; i++)
		n += put_escaped(kmsg->line + n, record->text[i]);
	kmsg->line[n++] = '\n';
	return n;
}

/* kmsg->lock held. */
static long read_record(struct kmsg *kmsg, void *buf, size_t size)
{
	size_t n;

	if (!log_read(kmsg->seq, &kmsg->record))
		return -EAGAIN;
	if (kmsg->record.seq != kmsg->seq) {
		WRITE_ONCE(kmsg->seq, kmsg->record.seq);
		return -EPIPE;
	}
	WRITE_ONCE(kmsg->seq, kmsg->seq + 1);	/* also past one that cannot be given */
	n = make_line(kmsg);
	if (n > size)
		return -EINVAL;
	return copy_to_user(buf, kmsg->line, n) ? -EFAULT : (long)n;
}

static long kmsg_read(struct file *file, void *buf, size_t n, u64 *pos)
{
	struct kmsg *kmsg = file->private;
	long ret;

	for (;;) {
		mutex_lock(&kmsg->lock);
		ret = read_record(kmsg, buf, n);
		mutex_unlock(&kmsg->lock);
		if (ret != -EAGAIN || READ_ONCE(file->flags) & O_NONBLOCK)
			return ret;
		if (log_wait(&kmsg->seq))
			return -ERESTARTSYS;
	}
}

/* To the oldest record, the first one that was not cleared, or behind the newest. */
static s64 kmsg_llseek(struct file *file, s64 offset, int whence)
{
	struct kmsg *kmsg = file->private;

	if (offset)
		return -ESPIPE;
	if (whence != SEEK_SET && whence != SEEK_DATA && whence != SEEK_END)
		return -EINVAL;
	mutex_lock(&kmsg->lock);
	WRITE_ONCE(kmsg->seq, whence == SEEK_SET ? log_oldest() :
			      whence == SEEK_END ? log_next() : syslog_cleared());
	mutex_unlock(&kmsg->lock);
	return 0;
}

static short kmsg_poll(struct file *file, struct poll_table *table)
{
	const struct kmsg *kmsg = file->private;
	u64 seq = READ_ONCE(kmsg->seq);

	poll_add(table, &log_readers);
	if (table->queue)
		begin_to_look();
	if (seq >= log_next())
		return 0;
	return seq < log_oldest() ? POLLIN | POLLRDNORM | POLLERR | POLLPRI : POLLIN | POLLRDNORM;
}

/* ---- writing ---- */

/* "<PRIO>" before the text says how grave it is, and may say from whom: not from the kernel. */
static unsigned int parse_prio(char **text)
{
	unsigned int prio = FACILITY_USER << 3 | DEFAULT_LEVEL, given = 0;
	char *at = *text;

	if (*at++ != '<')
		return prio;
	while (*at >= '0' && *at <= '9')
		given = given * 10 + (unsigned int)(*at++ - '0');
	if (*at != '>')
		return prio;
	*text = at + 1;
	return (given >> 3 & 0xff ? given >> 3 & 0xff : FACILITY_USER) << 3 |
	       (given & LOG_LEVEL_MASK);
}

static long kmsg_write(struct file *file, const void *buf, size_t n, u64 *pos)
{
	unsigned int prio;
	char *copy, *text;

	if (n > LOG_RECORD_MAX)
		return -EINVAL;
	copy = text = kmalloc(n + 1, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	if (copy_from_user(copy, buf, n)) {
		kfree(copy);
		return -EFAULT;
	}
	copy[n] = '\0';
	prio = parse_prio(&text);
	log_add(prio, text, strlen(text));
	kfree(copy);
	return (long)n;
}

/* ---- the device ---- */

static int kmsg_open(struct inode *inode, struct file *file)
{
	struct kmsg *kmsg;

	if (!(file->fmode & FMODE_READ))
		return 0;
	kmsg = kmalloc(sizeof(*kmsg), GFP_KERNEL);
	if (!kmsg)
		return -ENOMEM;
	mutex_init(&kmsg->lock, LOCK_INODE);
	kmsg->seq = log_oldest();
	file->private = kmsg;
	return 0;
}

static void kmsg_release(struct file *file) { kfree(file->private); }

static const struct file_operations kmsg_fops = {
	.open = kmsg_open, .read = kmsg_read, .write = kmsg_write, .llseek = kmsg_llseek,
	.poll = kmsg_poll,
	.release = kmsg_release,
};

void kmsg_init(void)
{
	wait_queue_init(&log_readers);
	register_chrdev(1, 11, &kmsg_fops);
}
