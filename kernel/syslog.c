/*
 * syslog(2): programs read the kernel's log. Each line begins with its level, as in "<6>".
 *
 * A reader has its own copy of the ring, and forms the lines from that: printk() may be called
 * from anywhere, and waits for nobody. For the same reason it wakes nobody: who waits for a line
 * looks again from time to time.
 */
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/sched.h"
#include "kernel/syscall.h"
#include "kernel/time.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/syslog.h"
#include "mm/vmalloc.h"

#define PREFIX		3		/* characters of "<6>" */
#define LOOK_AGAIN_NS	50000000ull

/* A copy of the ring from a position on. */
struct copy {
	char *text;
	u64 from, to;
};

/* Where the one stream of SYSLOG_ACTION_READ is, and what SYSLOG_ACTION_CLEAR hides. */
static struct mutex syslog_lock;
static u64 read_from, clear_from;
static size_t read_skip;	/* bytes of the line at read_from, prefix included, that were read */

void syslog_init(void) { mutex_init(&syslog_lock, LOCK_FILE); }

static u64 line_end(const struct copy *copy, u64 at)
{
	while (at < copy->to && copy->text[at - copy->from] != '\n')
		at++;
	return at < copy->to ? at + 1 : at;
}

/* May sleep; the caller frees copy->text. -ENOMEM: there is nothing to free. */
static int copy_take(struct copy *copy, u64 from)
{
	copy->text = vmalloc(LOG_RING_SIZE);
	if (!copy->text)
		return -ENOMEM;
	copy->to = log_head();
	copy->from = log_copy(from, copy->text, LOG_RING_SIZE);
	copy->to = max(copy->to, copy->from);
	return 0;
}

/* Where the first line begins: one of which the ring has lost the beginning is left out. */
static u64 copy_first(const struct copy *copy, u64 wanted)
{
	return copy->from > wanted && copy->from ? line_end(copy, copy->from) : copy->from;
}

/* What the lines from there on take with their prefixes. */
static size_t copy_length(const struct copy *copy, u64 at)
{
	size_t length = 0;

	while (at < copy->to) {
		u64 end = line_end(copy, at);

		length += PREFIX + (size_t)(end - at);
		at = end;
	}
	return length;
}

/* One line with its prefix, from `skip` on, at most `room` bytes: their number, or -EFAULT. */
static long put_line(const struct copy *copy, u64 at, u64 end, size_t skip, char *user,
		     size_t room)
{
	const char *line = copy->text + (at - copy->from);
	char prefix[PREFIX + 1];
	size_t n = 0, length = (size_t)(end - at);

	scnprintf(prefix, sizeof(prefix), "<%d>", log_level(line));
	if (skip < PREFIX) {
		n = min(room, PREFIX - skip);
		if (copy_to_user(user, prefix + skip, n))
			return -EFAULT;
		skip = 0;
	} else {
		skip -= PREFIX;
	}
	length = min(room - n, length - skip);
	return copy_to_user(user + n, line + skip, length) ? -EFAULT : (long)(n + length);
}

/* The newest lines that fit. syslog_lock held. */
static long read_all(char *user, size_t size, bool clear)
{
	struct copy copy;
	long done = 0, n = 0;
	u64 at;

	if (copy_take(&copy, clear_from))
		return -ENOMEM;
	for (at = copy_first(&copy, clear_from); copy_length(&copy, at) > size;)
		at = line_end(&copy, at);
	while (at < copy.to && n >= 0) {
		u64 end = line_end(&copy, at);

		n = put_line(&copy, at, end, 0, user + done, size - (size_t)done);
		done += n;
		at = end;
	}
	if (n >= 0 && clear)
		clear_from = copy.to;
	vfree(copy.text);
	return n < 0 ? n : done;
}

/* What nobody has read yet, and from where on. syslog_lock held. */
static int unread(struct copy *copy)
{
	int ret = copy_take(copy, read_from);
	u64 first;

	if (ret)
		return ret;
	first = copy_first(copy, read_from);
	if (first != read_from)
		read_skip = 0;
	read_from = first;
	return 0;
}

static long read_some(char *user, size_t size)
{
	struct copy copy;
	long done = 0, n = 0;

	if (unread(&copy))
		return -ENOMEM;
	while (read_from < copy.to && (size_t)done < size) {
		u64 end = line_end(&copy, read_from);

		n = put_line(&copy, read_from, end, read_skip, user + done, size - (size_t)done);
		if (n < 0)
			break;
		done += n;
		read_skip += (size_t)n;
		if (read_skip == PREFIX + (size_t)(end - read_from)) {
			read_from = end;
			read_skip = 0;
		}
	}
	vfree(copy.text);
	return done ? done : n;
}

static long size_unread(void)
{
	struct copy copy;
	long size;

	if (unread(&copy))
		return -ENOMEM;
	size = (long)(copy_length(&copy, read_from) - read_skip);
	vfree(copy.text);
	return size;
}

/* Nobody wakes us: looks again and again until there is a line. */
static int wait_for_line(void)
{
	struct wait_queue nobody;
	struct waiter waiter = { .task = current_task() };

	wait_queue_init(&nobody);
	while (log_head() <= READ_ONCE(read_from) && !signal_pending()) {
		prepare_to_wait_interruptible(&nobody, &waiter);
		schedule_until(clock_ns() + LOOK_AGAIN_NS);
		finish_wait(&nobody, &waiter);
	}
	return log_head() > READ_ONCE(read_from) ? 0 : -ERESTARTSYS;
}

static long do_read(int type, char *user, int size)
{
	long ret = 0;

	if (!user || size < 0)
		return -EINVAL;
	if (!size)
		return 0;
	while (!ret) {
		if (type == SYSLOG_ACTION_READ && wait_for_line())
			return -ERESTARTSYS;
		mutex_lock(&syslog_lock);
		ret = type == SYSLOG_ACTION_READ ? read_some(user, (size_t)size)
			: read_all(user, (size_t)size, type == SYSLOG_ACTION_READ_CLEAR);
		mutex_unlock(&syslog_lock);
		if (type != SYSLOG_ACTION_READ)
			break;
	}
	return ret;
}

static long locked_size_unread(void)
{
	long size;

	mutex_lock(&syslog_lock);
	size = size_unread();
	mutex_unlock(&syslog_lock);
	return size;
}

static long clear(void)
{
	mutex_lock(&syslog_lock);
	clear_from = log_head();
	mutex_unlock(&syslog_lock);
	return 0;
}

static long console_level(int level)
{
	if (level < 1 || level > 8)
		return -EINVAL;
	log_set_console_level(level);
	return 0;
}

SYSCALL_DEFINE3(syslog, int, type, char *, user, int, size)
{
	switch (type) {
	case SYSLOG_ACTION_CLOSE:
	case SYSLOG_ACTION_OPEN:
		return 0;
	case SYSLOG_ACTION_READ:
	case SYSLOG_ACTION_READ_ALL:
	case SYSLOG_ACTION_READ_CLEAR:
		return do_read(type, user, size);
	case SYSLOG_ACTION_CLEAR:
		return clear();
	case SYSLOG_ACTION_CONSOLE_OFF:
		return console_level(LOG_WARNING + 1);
	case SYSLOG_ACTION_CONSOLE_ON:
		return console_level(LOG_INFO + 1);
	case SYSLOG_ACTION_CONSOLE_LEVEL:
		return console_level(size);
	case SYSLOG_ACTION_SIZE_UNREAD:
		return locked_size_unread();
	case SYSLOG_ACTION_SIZE_BUFFER:
		return LOG_RING_SIZE;
	default:
		return -EINVAL;
	}
}
