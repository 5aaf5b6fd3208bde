/*
 * syslog(2): programs read the kernel's log. Each line begins with its level and its time, as in
 * "<6>[ 0.012345] ". printk() may be called from anywhere, and wakes nobody: who waits for a line
 * is woken by a timer that looks (kmsg.c).
 */
#include "kernel/base/printk.h"
#include "kernel/base/string.h"
#include "kernel/dev/kmsg.h"
#include "kernel/process/cred.h"
#include "kernel/signal/signal.h"
#include "kernel/syscall.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/syslog.h"

#define PREFIX_MAX	48

/* Where the one stream of SYSLOG_ACTION_READ is, and what SYSLOG_ACTION_CLEAR hides. */
static struct mutex syslog_lock;
static u64 read_seq, clear_seq;
static size_t read_skip;	/* bytes of the line read_seq, prefix included, that were read */

/* The line that is looked at, under syslog_lock: as it was logged, and as programs see it. */
static struct log_record record;
static char line[PREFIX_MAX + LOG_RECORD_MAX];

void syslog_init(void) { mutex_init(&syslog_lock, LOCK_FILE); }

u64 syslog_cleared(void) { return READ_ONCE(clear_seq); }

/* Makes the line of that number, or the oldest there is: its length; 0: it has not come yet. */
static size_t make_line(u64 seq)
{
	size_t n;

	if (!log_read(seq, &record))
		return 0;
	n = scnprintf(line, PREFIX_MAX, "<%u>[%5llu.%06llu] ", record.prio,
		      (unsigned long long)(record.ns / NSEC_PER_SEC),
		      (unsigned long long)(record.ns % NSEC_PER_SEC / 1000));
	memcpy(line + n, record.text, record.len);
	line[n + record.len] = '\n';
	return n + record.len + 1;
}

/* What the lines from there on take. */
static size_t length_from(u64 seq)
{
	size_t length = 0, n;

	while ((n = make_line(seq))) {
		length += n;
		seq = record.seq + 1;
	}
	return length;
}

/* The newest lines that fit. syslog_lock held. */
static long read_all(char *user, size_t size, bool clear)
{
	u64 seq = max(clear_seq, log_oldest());
	size_t length = length_from(seq), done = 0, n;

	while (length > size && (n = make_line(seq))) {
		length -= min(n, length);
		seq = record.seq + 1;
	}
	while ((n = make_line(seq)) && done + n <= size) {
		if (copy_to_user(user + done, line, n))
			return -EFAULT;
		done += n;
		seq = record.seq + 1;
	}
	if (clear)
		WRITE_ONCE(clear_seq, seq);
	return (long)done;
}

/* The line that is read next, of which a part may have been read. syslog_lock held. */
static size_t next_unread(void)
{
	size_t n = make_line(read_seq);

	if (n && record.seq != read_seq) {
		WRITE_ONCE(read_seq, record.seq);
		read_skip = 0;
	}
	return n;
}

/* As much as there is. syslog_lock held. */
static long read_some(char *user, size_t size)
{
	size_t done = 0, n, part;

	while (done < size && (n = next_unread())) {
		part = min(n - read_skip, size - done);
		if (copy_to_user(user + done, line + read_skip, part))
			return done ? (long)done : -EFAULT;
		done += part;
		read_skip += part;
		if (read_skip == n) {
			WRITE_ONCE(read_seq, read_seq + 1);
			read_skip = 0;
		}
	}
	return (long)done;
}

static long size_unread(void)
{
	long size;

	mutex_lock(&syslog_lock);
	next_unread();
	size = (long)(length_from(read_seq) - read_skip);
	mutex_unlock(&syslog_lock);
	return size;
}

static long do_read(int type, char *user, int size)
{
	long ret = 0;

	if (!user || size < 0)
		return -EINVAL;
	if (!size)
		return 0;
	while (!ret) {
		if (type == SYSLOG_ACTION_READ && log_wait(&read_seq))
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

static long clear(void)
{
	mutex_lock(&syslog_lock);
	WRITE_ONCE(clear_seq, log_next());
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

/* Everybody may read what was logged; to use it up, or to change what is shown, takes root. */
static bool may_syslog(int type)
{
	return type == SYSLOG_ACTION_READ_ALL || type == SYSLOG_ACTION_SIZE_BUFFER || capable();
}

SYSCALL_DEFINE3(syslog, int, type, char *, user, int, size)
{
	if (!may_syslog(type))
		return -EPERM;
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
		return size_unread();
	case SYSLOG_ACTION_SIZE_BUFFER:
		return LOG_RING_SIZE;
	default:
		return -EINVAL;
	}
}
