/*
 * The terminal as a file: /dev/console, /dev/ttyS0, /dev/tty. What a person types at is set up as
 * a terminal is; where a program holds the other end (make run CMD=...), bytes pass as they are,
 * but for lines and their end of file.
 */
#include "kernel/tty/tty.h"
#include "kernel/base/cmdline.h"
#include "kernel/console.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/poll.h"
#include "kernel/process/task.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"

#define CTRL(c)		((c) & 0x1f)
#define CHUNK		256u

/*
 * As a program wants it that holds the other end; console_set_interactive() makes it a person's.
 */
struct tty console_tty = {
	.lock = SPINLOCK_INIT(LOCK_TTY),
	.termios = {
		.c_iflag = ICRNL,
		.c_cflag = B115200 | CS8 | CREAD | HUPCL,
		.c_lflag = ICANON,
		.c_cc = { [VINTR] = CTRL('C'), [VQUIT] = CTRL('\\'), [VERASE] = 0x7f,
			  [VKILL] = CTRL('U'), [VEOF] = CTRL('D'), [VMIN] = 1,
			  [VSTART] = CTRL('Q'), [VSTOP] = CTRL('S'), [VSUSP] = CTRL('Z'),
			  [VREPRINT] = CTRL('R'), [VDISCARD] = CTRL('O'), [VWERASE] = CTRL('W'),
			  [VLNEXT] = CTRL('V') },
	},
	.window = { 24, 80, 0, 0 },
	.async.group = &console_tty.pgrp,
};

/* A number of up to three digits, not 0; what follows it, or NULL. */
static const char *parse_size(const char *text, u16 *size)
{
	const char *at = text;

	for (*size = 0; *at >= '0' && *at <= '9' && at - text < 3; at++)
		*size = (u16)(*size * 10 + (*at - '0'));
	return *size ? at : NULL;
}

static const char *set_window(const char *value)
{
	struct winsize *window = &console_tty.window;
	const char *rest = value ? parse_size(value, &window->ws_row) : NULL;

	rest = rest && *rest == 'x' ? parse_size(rest + 1, &window->ws_col) : NULL;
	return rest && !*rest ? NULL : "the terminal's size is ROWSxCOLUMNS, as in 24x80";
}
BOOT_OPTION("window", "=ROWSxCOLUMNS", "the size of the terminal on the console (24x80)",
	    set_window);

void console_set_interactive(bool interactive)
{
	struct __kernel_termios *termios = &console_tty.termios;

	if (!interactive)
		return;
	console_tty.person = true;
	termios->c_iflag |= IXON | IMAXBEL | IUTF8;	/* as terminals of today send it */
	termios->c_oflag = OPOST | ONLCR;
	termios->c_lflag |= ISIG | ECHO | ECHOE | ECHOK | ECHOCTL | ECHOKE | IEXTEN;
}

bool console_is_interactive(void) { return console_tty.person; }

/* ---- who may ---- */

/* Does the file go to /dev/console? That knows no job control and is never hung up. */
static bool is_console(const struct file *file);

/* Was it opened before the terminal was hung up? */
static bool is_dead(const struct tty *tty, const struct file *file)
{
	return !is_console(file) && file->private != (void *)READ_ONCE(tty->hangups);
}

/* One at a time: takes the turn if it is free. */
static bool claim(struct tty *tty, bool *busy)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);
	bool was_free = !*busy;

	*busy = true;
	spin_unlock_irqrestore(&tty->lock, flags);
	return was_free;
}

/* 0, -EAGAIN or -ERESTARTSYS. */
static int take_turn(struct tty *tty, bool *busy, const struct file *file)
{
	if (READ_ONCE(file->flags) & O_NONBLOCK)
		return claim(tty, busy) ? 0 : -EAGAIN;
	return wait_event_interruptible(&tty->turns, claim(tty, busy));
}

static void end_turn(struct tty *tty, bool *busy)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);

	*busy = false;
	spin_unlock_irqrestore(&tty->lock, flags);
	wake_up_all(&tty->turns);
}

/* ---- reading ---- */

/* A read's progress: MIN and TIME are those of its beginning. */
struct tty_read {
	const struct file *file;
	u8 *user;
	size_t left, done, min;
	u64 between;		/* nanoseconds between two bytes; 0: no limit */
	u64 deadline;
};

static void begin_read(const struct tty *tty, struct tty_read *read)
{
	const struct __kernel_termios *termios = &tty->termios;
	u64 time = termios->c_cc[VTIME] * (NSEC_PER_SEC / 10);

	read->deadline = NO_DEADLINE;
	if (tty_is(tty, ICANON))
		return;
	read->min = max((size_t)termios->c_cc[VMIN], (size_t)1);
	if (termios->c_cc[VMIN])
		read->between = time;
	else
		read->deadline = clock_ns() + time;
}

/* Sleeps until there is something to read. 1: there is; 0: there will not be; or -errno. */
static int wait_for_input(struct tty *tty, const struct tty_read *read)
{
	struct waiter self = { .task = current_task() };
	int ret;

	for (;;) {
		prepare_to_wait_interruptible(&tty->readers, &self);
		ret = ldisc_readable(tty);
		if (ret || is_dead(tty, read->file) || clock_ns() >= read->deadline)
			break;
		ret = READ_ONCE(read->file->flags) & O_NONBLOCK ? -EAGAIN :
		      signal_pending()				? -ERESTARTSYS :
								  0;
		if (ret)
			break;
		schedule_until(read->deadline);
	}
	finish_wait(&tty->readers, &self);
	return ret;
}

/* What is there, up to the end of a line. *over: the read has all that it asked for. */
static int take(struct tty *tty, struct tty_read *read, bool *over)
{
	unsigned long flags;
	u8 buf[CHUNK];
	size_t n;
	bool more = true, canonical = false, some = false;

	while (more && read->left) {
		flags = spin_lock_irqsave(&tty->lock);
		canonical = tty_is(tty, ICANON);
		some |= ldisc_readable(tty);	/* it may have been flushed */
		n = ldisc_take(tty, buf, min(read->left, sizeof(buf)), &more);
		tty_room_was_made(tty, flags);
		if (copy_to_user(read->user + read->done, buf, n))
			return -EFAULT;
		read->done += n;
		read->left -= n;
	}
	*over = some && (canonical || !read->left || read->done >= read->min);
	return 0;
}

static long read_all(struct tty *tty, struct tty_read *read)
{
	bool over = false;
	int ret = 0;

	begin_read(tty, read);
	while (!over) {
		ret = wait_for_input(tty, read);
		if (ret <= 0)
			break;
		ret = take(tty, read, &over);
		if (ret)
			break;
		if (read->between)
			read->deadline = clock_ns() + read->between;
	}
	return read->done ? (long)read->done : ret;
}

static long tty_read(struct file *file, void *user, size_t n, u64 *pos)
{
	struct tty *tty = &console_tty;
	struct tty_read read = { .file = file, .user = user, .left = n };
	long ret;

	if (is_dead(tty, file))
		return 0;
	ret = is_console(file) ? 0 : tty_check_read(tty);
	if (ret || !n)
		return ret;
	ret = take_turn(tty, &tty->reading, file);
	if (ret)
		return ret;
	ret = read_all(tty, &read);
	end_turn(tty, &tty->reading);
	return ret;
}

/* ---- writing ---- */

/* 0 when output goes on; or -errno. */
static int wait_until_started(struct tty *tty, const struct file *file)
{
	if (signal_pending())
		return -ERESTARTSYS;
	if (!READ_ONCE(tty->stopped))
		return 0;
	if (READ_ONCE(file->flags) & O_NONBLOCK)
		return -EAGAIN;
	return wait_event_interruptible(&tty->writers,
					!READ_ONCE(tty->stopped) || is_dead(tty, file));
}

static void put(struct tty *tty, const char *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&tty->lock);	/* against the echo */

	tty_put(tty, buf, n);
	spin_unlock_irqrestore(&tty->lock, flags);
}

void console_echo(const char *text, size_t n)
{
	if (console_is_interactive())
		put(&console_tty, text, n);
}

static long write_all(struct tty *tty, const struct file *file, const char *user, size_t n)
{
	char buf[CHUNK];
	size_t done = 0;

	while (done < n) {
		size_t chunk = min(n - done, sizeof(buf)), left;
		int ret = wait_until_started(tty, file);

		if (!ret && is_dead(tty, file))
			ret = -EIO;
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
	long ret = 0;

	if (is_dead(tty, file))
		return -EIO;
	if (tty_is(tty, TOSTOP) && !is_console(file))
		ret = tty_check_change(tty);
	if (!ret)
		ret = take_turn(tty, &tty->writing, file);
	if (ret)
		return ret;
	ret = write_all(tty, file, user, n);
	end_turn(tty, &tty->writing);
	return ret;
}

/* ---- the rest ---- */

static short tty_poll(struct file *file, struct poll_table *table)
{
	struct tty *tty = &console_tty;
	size_t want =
		tty->termios.c_cc[VTIME] ? 1 : max((size_t)tty->termios.c_cc[VMIN], (size_t)1);
	bool readable = tty_is(tty, ICANON) ? ldisc_readable(tty) : ldisc_available(tty) >= want;

	poll_add(table, &tty->readers);
	poll_add(table, &tty->writers);
	if (is_dead(tty, file))
		return POLLIN | POLLRDNORM | POLLOUT | POLLWRNORM | POLLERR | POLLHUP;
	return (readable ? POLLIN | POLLRDNORM : 0) |
	       (READ_ONCE(tty->stopped) ? 0 : POLLOUT | POLLWRNORM);
}

static void tty_async_lists(struct file *file, struct async_list *lists[2])
{
	lists[0] = &console_tty.async;
}

static long line_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (is_dead(&console_tty, file))
		return cmd == TIOCSPGRP ? -ENOTTY : -EIO;
	return tty_ioctl(file, cmd, arg);
}

static void remember_hangups(struct file *file)
{
	file->private = (void *)READ_ONCE(console_tty.hangups);
}

/* /dev/ttyS0 without O_NOCTTY. */
static int line_open(struct inode *inode, struct file *file)
{
	remember_hangups(file);
	if (!(file->flags & O_NOCTTY) && file_readable(file))
		tty_adopt(&console_tty);
	return 0;
}

/* /dev/tty */
static int controlling_open(struct inode *inode, struct file *file)
{
	remember_hangups(file);
	return tty_is_mine(&console_tty) ? 0 : -ENXIO;
}

#define TTY_OPERATIONS .read = tty_read, .write = tty_write, .poll = tty_poll, \
	.async_lists = tty_async_lists
static const struct file_operations console_fops = { TTY_OPERATIONS, .ioctl = tty_ioctl };
static const struct file_operations line_fops = { TTY_OPERATIONS, .ioctl = line_ioctl,
						  .open = line_open };
static const struct file_operations controlling_fops = {
	TTY_OPERATIONS, .ioctl = line_ioctl, .open = controlling_open
};

static bool is_console(const struct file *file) { return file->ops == &console_fops; }

void console_init(void)
{
	wait_queue_init(&console_tty.readers);
	wait_queue_init(&console_tty.writers);
	wait_queue_init(&console_tty.turns);
	register_chrdev(4, 64, &line_fops);
	register_chrdev(5, 0, &controlling_fops);
	register_chrdev(5, 1, &console_fops);
}
