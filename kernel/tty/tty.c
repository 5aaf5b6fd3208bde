/*
 * The terminal as a file: /dev/console, /dev/ttyS0, /dev/tty. What a person types at is set up as a
 * terminal is; where a program holds the other end (make run CMD=...), bytes pass as they are, but
 * for lines and their end of file.
 */
#include "kernel/tty/tty.h"
#include "kernel/console.h"
#include "kernel/debug/debug.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/poll.h"
#include "kernel/process/task.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"

#define CTRL(c)		((c) & 0x1f)
#define CHUNK		256u

/* As a program wants it that holds the other end; console_set_interactive() makes it a person's. */
struct tty console_tty = {
	.lock = SPINLOCK_INIT(LOCK_TTY),
	.termios = {
		.c_iflag = ICRNL,
		.c_cflag = B115200 | CS8 | CREAD | HUPCL,
		.c_lflag = ICANON,
		.c_cc = { [VINTR] = CTRL('C'), [VQUIT] = CTRL('\\'), [VERASE] = 0x7f, [VKILL] = CTRL('U'),
			  [VEOF] = CTRL('D'), [VMIN] = 1, [VSTART] = CTRL('Q'), [VSTOP] = CTRL('S'),
			  [VSUSP] = CTRL('Z'), [VREPRINT] = CTRL('R'), [VDISCARD] = CTRL('O'),
			  [VWERASE] = CTRL('W'), [VLNEXT] = CTRL('V') },
	},
	.window = { 24, 80, 0, 0 },
	.async.group = &console_tty.pgrp,
};

void console_set_interactive(bool interactive)
{
	struct __kernel_termios *termios = &console_tty.termios;

	if (!interactive)
		return;
	console_tty.person = true;
	termios->c_iflag |= IXON | IMAXBEL;
	termios->c_oflag = OPOST | ONLCR;
	termios->c_lflag |= ISIG | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
}

bool console_is_interactive(void) { return console_tty.person; }

/* ---- input ---- */

void console_input(u8 byte)
{
	struct tty *tty = &console_tty;
	unsigned long flags;
	bool stopped, resumed, readable;

	if (debug_key(byte))
		return;
	flags = spin_lock_irqsave(&tty->lock);
	stopped = tty->stopped;
	readable = ldisc_receive(tty, byte);
	resumed = stopped && !tty->stopped;
	if (readable && !LIST_EMPTY(&tty->async.files))
		tty_signal_later(tty, SIGIO);
	spin_unlock_irqrestore(&tty->lock, flags);
	if (readable)
		wake_up_all(&tty->readers);
	if (resumed)
		wake_up_all(&tty->writers);
}

/* How many bytes a read of n waits for: a line counts as one. */
static size_t bytes_wanted(const struct tty *tty, size_t n)
{
	return tty_is(tty, ICANON) ? 1 : min(n, (size_t)tty->termios.c_cc[VMIN]);
}

/* When to wait no longer for more than `available` bytes; VTIME is tenths of a second. */
static u64 read_deadline(const struct tty *tty, u64 start, size_t available)
{
	u8 time = tty->termios.c_cc[VTIME];

	if (tty_is(tty, ICANON) || !time || (tty->termios.c_cc[VMIN] && !available))
		return NO_DEADLINE;
	return start + time * (NSEC_PER_SEC / 10);
}

/* Is there no more to wait for? With MIN and TIME 0 there never is. */
static bool read_is_over(const struct tty *tty, size_t available, size_t want, u64 deadline)
{
	if (available >= want && (available || !tty->termios.c_cc[VTIME]))
		return true;
	return clock_ns() >= deadline;
}

/* Sleeps until a read of n bytes has what it wants. 0 or -ERESTARTSYS. */
static int wait_for_input(struct tty *tty, size_t n)
{
	struct waiter self = { .task = current_task() };
	u64 start = clock_ns(), deadline;
	size_t available, before = 0;
	int ret = 0;

	for (;;) {
		prepare_to_wait_interruptible(&tty->readers, &self);
		available = ldisc_available(tty);
		if (available != before && tty->termios.c_cc[VMIN])
			start = clock_ns();	/* the time between bytes counts */
		before = available;
		deadline = read_deadline(tty, start, available);
		if (read_is_over(tty, available, bytes_wanted(tty, n), deadline))
			break;
		if (signal_pending()) {
			ret = -ERESTARTSYS;
			break;
		}
		schedule_until(deadline);
	}
	finish_wait(&tty->readers, &self);
	return ret;
}

static long take(struct tty *tty, char *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);
	long got = ldisc_take(tty, buf, n);

	spin_unlock_irqrestore(&tty->lock, flags);
	return got;
}

static long tty_read(struct file *file, void *user, size_t n, u64 *pos)
{
	struct tty *tty = &console_tty;
	char buf[CHUNK];
	long got;

	if (!n)
		return 0;
	n = min(n, (size_t)CHUNK);
	for (;;) {
		int ret = tty_check_read(tty);

		if (!ret && READ_ONCE(file->flags) & O_NONBLOCK && !ldisc_available(tty))
			ret = -EAGAIN;
		if (!ret)
			ret = wait_for_input(tty, n);
		if (ret)
			return ret;
		got = take(tty, buf, n);
		if (got == -EAGAIN && !tty_is(tty, ICANON) && !bytes_wanted(tty, n))
			return 0;
		if (got != -EAGAIN)
			return copy_to_user(user, buf, (size_t)got) ? -EFAULT : got;
	}
}

/* ---- output ---- */

static int wait_until_started(struct tty *tty, bool nonblock)
{
	if (!READ_ONCE(tty->stopped))
		return 0;
	return nonblock ? -EAGAIN : wait_event_interruptible(&tty->writers, !READ_ONCE(tty->stopped));
}

static void put(struct tty *tty, const char *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);	/* against the echo */

	ldisc_write(tty, buf, n);
	spin_unlock_irqrestore(&tty->lock, flags);
}

void console_echo(const char *text, size_t n)
{
	if (console_is_interactive())
		put(&console_tty, text, n);
}

static long write_all(struct tty *tty, const char *user, size_t n, bool nonblock)
{
	char buf[CHUNK];
	size_t done = 0;

	while (done < n) {
		size_t chunk = min(n - done, sizeof(buf)), left;
		int ret = fatal_signal_pending() ? -EINTR : wait_until_started(tty, nonblock);

		if (ret)
			return done ? (long)done : ret;
		left = copy_from_user(buf, user + done, chunk);
		put(tty, buf, chunk - left);
		done += chunk - left;
		if (left)
			return done ? (long)done : -EFAULT;
		cond_resched();
	}
	return (long)done;
}

static long tty_write(struct file *file, const void *user, size_t n, u64 *pos)
{
	struct tty *tty = &console_tty;
	long ret = tty_is(tty, TOSTOP) ? tty_check_change(tty) : 0;

	if (ret)
		return ret;
	mutex_lock(&tty->output);
	ret = write_all(tty, user, n, READ_ONCE(file->flags) & O_NONBLOCK);
	mutex_unlock(&tty->output);
	return ret;
}

/* ---- the rest ---- */

static short tty_poll(struct file *file, struct poll_table *table)
{
	struct tty *tty = &console_tty;
	size_t want = tty_is(tty, ICANON) || tty->termios.c_cc[VTIME] ? 1 :
		      max((size_t)tty->termios.c_cc[VMIN], (size_t)1);

	poll_add(table, &tty->readers);
	return (ldisc_available(tty) >= want ? POLLIN | POLLRDNORM : 0) |
	       (READ_ONCE(tty->stopped) ? 0 : POLLOUT | POLLWRNORM);
}

static void tty_async_lists(struct file *file, struct async_list *lists[2])
{
	lists[0] = &console_tty.async;
}

/* /dev/ttyS0 without O_NOCTTY. */
static int line_open(struct inode *inode, struct file *file)
{
	if (!(file->flags & O_NOCTTY))
		tty_adopt(&console_tty);
	return 0;
}

/* /dev/tty */
static int controlling_open(struct inode *inode, struct file *file)
{
	return tty_is_mine(&console_tty) ? 0 : -ENXIO;
}

#define TTY_OPERATIONS .read = tty_read, .write = tty_write, .poll = tty_poll, .ioctl = tty_ioctl, \
	.async_lists = tty_async_lists
static const struct file_operations console_fops = { TTY_OPERATIONS };
static const struct file_operations line_fops = { TTY_OPERATIONS, .open = line_open };
static const struct file_operations controlling_fops = { TTY_OPERATIONS, .open = controlling_open };

void console_init(void)
{
	wait_queue_init(&console_tty.readers);
	wait_queue_init(&console_tty.writers);
	mutex_init(&console_tty.output, LOCK_INODE);
	register_chrdev(4, 64, &line_fops);
	register_chrdev(5, 0, &controlling_fops);
	register_chrdev(5, 1, &console_fops);
}
