/*
 * /dev/console. Input is edited line by line: erase, kill, end of file; a reader gets whole lines.
 * Output goes out byte for byte, except on a person's terminal, where a line feed needs a carriage
 * return before it.
 */
#include "kernel/console.h"
#include "kernel/base/string.h"
#include "kernel/debug.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/poll.h"
#include "kernel/task.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/poll.h"

#define LINE_MAX_BYTES	1024	/* bytes typed and not yet read; those beyond are dropped */
#define OUTPUT_CHUNK	128

#define CTRL(c)		((c) & 0x1f)
#define ERASE		0x7f
#define END_MARK	0	/* an end of file, in the buffer; typed NULs are dropped */

/*
 * Ring of bytes, positions counted since the beginning: [tail, committed) are lines for readers,
 * then comes the line being edited. lock is taken by the interrupt too.
 */
static struct {
	spinlock_t lock;
	char buf[LINE_MAX_BYTES];
	size_t tail, committed, head;
	struct wait_queue readers;
	bool interactive;
} console = { .lock = SPINLOCK_INIT(LOCK_WAIT_QUEUE) };

/* Writers take turns, so that a line stays whole. */
static struct mutex output_lock;

void console_init(void)
{
	wait_queue_init(&console.readers);
	mutex_init(&output_lock, LOCK_INODE);
}

void console_set_interactive(bool interactive) { console.interactive = interactive; }
bool console_is_interactive(void) { return console.interactive; }

/* ---- input, in the interrupt ---- */

static char *byte_at(size_t at) { return &console.buf[at % LINE_MAX_BYTES]; }

static void echo(const char *text)
{
	if (console.interactive)
		console_write(text, strlen(text));
}

static bool erase_byte(void)
{
	if (console.head == console.committed)
		return false;
	console.head--;
	echo("\b \b");
	return true;
}

static bool add_byte(char byte)
{
	if (console.head - console.tail == LINE_MAX_BYTES)
		return false;
	*byte_at(console.head++) = byte;
	return true;
}

/* One byte typed; true if there is a line for a reader now. */
static bool edit(char byte)
{
	char text[2] = { byte, 0 };

	switch (byte) {
	case '\r':
	case '\n':
		echo("\r\n");
		add_byte('\n');
		break;
	case CTRL('D'):
		if (!add_byte(END_MARK))
			return false;
		break;
	case CTRL('U'):
		while (erase_byte())
			;
		return false;
	case CTRL('H'):
	case ERASE:
		erase_byte();
		return false;
	case 0:
		return false;
	default:
		/* The last place is the line feed's. */
		if (console.head - console.tail < LINE_MAX_BYTES - 1 && add_byte(byte))
			echo(text);
		return false;
	}
	console.committed = console.head;
	return true;
}

void console_input(u8 byte)
{
	unsigned long flags;
	bool line;

	if (debug_key(byte))
		return;
	flags = spin_lock_irqsave(&console.lock);
	line = edit((char)byte);
	spin_unlock_irqrestore(&console.lock, flags);
	if (line)
		wake_up_all(&console.readers);
}

/* ---- reading ---- */

static bool line_ready(void) { return READ_ONCE(console.committed) != READ_ONCE(console.tail); }

/* Up to n bytes of the first line. 0: its end of file, -EAGAIN: there is no line any more. */
static long take_line(char *buf, size_t n)
{
	unsigned long flags = spin_lock_irqsave(&console.lock);
	long done = -EAGAIN;
	char byte = 0;

	if (console.tail != console.committed) {
		for (done = 0;
		     done < (long)n && console.tail != console.committed && byte != '\n';) {
			byte = *byte_at(console.tail);
			/* An end of file behind other bytes ends only this read. */
			console.tail++;
			if (byte == END_MARK)
				break;
			buf[done++] = byte;
		}
	}
	spin_unlock_irqrestore(&console.lock, flags);
	return done;
}

static long console_read(struct file *file, void *user, size_t n, u64 *pos)
{
	char buf[256];
	long got;

	if (!n)
		return 0;
	while ((got = take_line(buf, min(n, sizeof(buf)))) == -EAGAIN) {
		if (READ_ONCE(file->flags) & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(&console.readers, line_ready()))
			return -ERESTARTSYS;
	}
	return copy_to_user(user, buf, (size_t)got) ? -EFAULT : got;
}

/* ---- writing ---- */

/* Raw bytes; on a terminal with a carriage return before each line feed. */
static void put_bytes(const char *buf, size_t n)
{
	char out[2 * OUTPUT_CHUNK];
	unsigned long flags;
	size_t len = 0;

	for (size_t i = 0; i < n; i++) {
		if (buf[i] == '\n' && console.interactive)
			out[len++] = '\r';
		out[len++] = buf[i];
	}
	/* Against the echo. */
	flags = spin_lock_irqsave(&console.lock);
	console_write(out, len);
	spin_unlock_irqrestore(&console.lock, flags);
}

static long console_write_file(struct file *file, const void *user, size_t n, u64 *pos)
{
	char buf[OUTPUT_CHUNK];
	size_t done = 0, left = 0;

	mutex_lock(&output_lock);
	while (done < n && !left && !fatal_signal_pending()) {
		size_t chunk = min(n - done, sizeof(buf));

		left = copy_from_user(buf, (const char *)user + done, chunk);
		put_bytes(buf, chunk - left);
		done += chunk - left;
		cond_resched();
	}
	mutex_unlock(&output_lock);
	return done || !left ? (long)done : -EFAULT;
}

/* ---- the rest ---- */

static short console_poll(struct file *file, struct poll_table *table)
{
	poll_add(table, &console.readers);
	return (line_ready() ? POLLIN : 0) | POLLOUT;
}

#define TCGETS		0x5401
#define TIOCGWINSZ	0x5413
#define FIONREAD	0x541b

/* termios(3), as the kernel has it. */
struct ktermios {
	u32 iflag, oflag, cflag, lflag;
	u8 line, cc[19];
};

static const struct ktermios settings = {
	.iflag = 0x500,	 /* ICRNL, IXON */
	.oflag = 0x5,	 /* OPOST, ONLCR */
	.cflag = 0xbf,	 /* 38400 baud, CS8, CREAD */
	.lflag = 0x8a3b, /* ICANON, ECHO and their family */
	.cc = { CTRL('C'), CTRL('\\'), ERASE, CTRL('U'), CTRL('D'), 0, 1, 0, CTRL('Q'), CTRL('S'),
		CTRL('Z'), 0, CTRL('R'), CTRL('O'), CTRL('W'), CTRL('V') },
};

static int bytes_ready(void)
{
	return (int)(READ_ONCE(console.committed) - READ_ONCE(console.tail));
}

static long console_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	static const u16 window[4] = { 25, 80, 0, 0 };
	void *user = (void *)arg;
	int n;

	switch (cmd) {
	case TCGETS:
		return copy_to_user(user, &settings, sizeof(settings)) ? -EFAULT : 0;
	case TIOCGWINSZ:
		return copy_to_user(user, window, sizeof(window)) ? -EFAULT : 0;
	case FIONREAD:
		n = bytes_ready();
		return copy_to_user(user, &n, sizeof(n)) ? -EFAULT : 0;
	default:
		return -ENOTTY;
	}
}

const struct file_operations console_fops = {
	.read = console_read,
	.write = console_write_file,
	.poll = console_poll,
	.ioctl = console_ioctl,
};
