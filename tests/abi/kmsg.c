/*
 * kmsg.c - /dev/kmsg: the kernel's log by records, one for each read(), and one more
 * by each write(). Others log meanwhile, so that a test looks for its own records: no
 * two have the same text.
 */
#include "kernel/uapi/poll.h"
#include "kernel/uapi/syslog.h"
#include "user/child.h"
#include "user/files.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/tap.h"

#include <stdio.h>
#include <string.h>

#define PATH	"/dev/kmsg"
#define PATIENCE_MS 60000

struct record {
	unsigned int prio;
	unsigned long long seq, usec;
	char flag;
	char text[8192];
};

static struct record rec;

/* One record: its length, or -errno; -1000: not in the form that it should have. */
static long next(int fd)
{
	static char buf[8192];
	long n = sys_read(fd, buf, sizeof(buf) - 1);
	int at = 0;

	if (n < 0)
		return n;
	buf[n] = '\0';
	if (sscanf(buf, "%u,%llu,%llu,%c%n", &rec.prio, &rec.seq, &rec.usec, &rec.flag, &at) != 4)
		return -1000;
	while (buf[at] && buf[at] != ';')
		at++;		/* fields that came later to Linux */
	snprintf(rec.text, sizeof(rec.text), "%s", buf + at + 1);
	return n && buf[at] == ';' && strchr(buf, '\n') ? n : -1000;
}

/* A text that nobody else has logged. */
static const char *mark(char *buf, size_t size, const char *prefix, const char *suffix)
{
	static int n;

	snprintf(buf, size, "%skmsg test %ld %lld %d%s", prefix, sys_getpid(), (long long)now_ns(),
		 n++, suffix);
	return buf;
}

/* Reads on until the text has come. */
static bool find(int fd, const char *text)
{
	size_t len = strlen(text);
	long n;

	while ((n = next(fd)) > 0 || n == -EPIPE) {
		if (n > 0 && !strncmp(rec.text, text, len) && rec.text[len] == '\n')
			return true;
	}
	return false;
}

static int open_end(int flags)
{
	int fd = (int)sys_open(PATH, flags, 0);

	sys_lseek(fd, 0, SEEK_END);
	return fd;
}

/* ---- reading ---- */

static void test_positions(void)
{
	int fd = (int)sys_open(PATH, O_RDONLY | O_NONBLOCK, 0);
	unsigned long long first, last = 0;
	bool ordered = true;
	long n = next(fd);

	ok(n > 0, "the-log-has-a-first-record");
	ok(rec.prio < 256 && strchr("-c+", rec.flag), "and-its-fields");
	first = rec.seq;
	for (last = first; (n = next(fd)) > 0; last = rec.seq)
		ordered &= rec.seq == last + 1;
	ok(ordered, "the-numbers-rise-by-one");
	is(n, -EAGAIN, "behind-the-last-there-is-none-yet");
	is(sys_lseek(fd, 0, SEEK_SET), 0, "back-to-the-first");
	ok(next(fd) > 0 && rec.seq >= first && rec.seq <= last, "it-is-read-again");
	is(sys_lseek(fd, 0, SEEK_DATA), 0, "to-the-first-that-was-not-cleared");
	n = next(fd);
	if (n == -EPIPE)	/* nobody has cleared any, and the first ones are gone */
		n = next(fd);
	ok((n > 0 && rec.seq >= first) || n == -EAGAIN, "which-may-be-any");
	is(sys_lseek(fd, 0, SEEK_END), 0, "behind-the-last");
	n = next(fd);
	ok(n == -EAGAIN || (n > 0 && rec.seq > last), "nothing-old-is-there");
	is(sys_lseek(fd, 1, SEEK_SET), -ESPIPE, "a-position-in-bytes-it-has-not");
	is(sys_lseek(fd, 0, SEEK_CUR), -EINVAL, "nor-a-way-to-say-where-it-is");
	sys_close(fd);
}

/* ---- writing ---- */

/* What comes of a record that is written with that before it. */
static void ok_prio(int fd, const char *prefix, unsigned int prio, const char *name)
{
	char text[128], *written;

	mark(text, sizeof(text), prefix, "\n");
	if (sys_write(fd, text, (long)strlen(text)) != (long)strlen(text)) {
		ok(false, "%s", name);
		return;
	}
	text[strlen(text) - 1] = '\0';
	written = text + (prefix[0] == '<' && strchr(prefix, '>') ? strlen(prefix) : 0);
	ok(find(fd, written) && rec.prio == prio, "%s", name);
}

static void test_write(void)
{
	int fd = open_end(O_RDWR | O_NONBLOCK);

	ok_prio(fd, "<3>", 8 | 3, "its-level-is-written-before-it");
	ok_prio(fd, "<30>", 30, "and-from-whom-it-is");
	ok_prio(fd, "<0>", 8, "but-not-from-the-kernel");
	ok_prio(fd, "<7", 8 | 4, "without-a-prefix-it-is-a-warning");
	ok_prio(fd, "", 8 | 4, "and-without-a-bracket");
	sys_close(fd);
}

static void test_text(void)
{
	int fd = open_end(O_RDWR | O_NONBLOCK);
	char text[128], expected[160];
	unsigned long long seq, usec;

	mark(text, sizeof(text), "<7>", "");
	snprintf(expected, sizeof(expected), "%s\\x09b\\x5cc\\x01\\x7f\\xc3", text + 3);
	strcat(text, "\tb\\c\x01\x7f\xc3\n");
	sys_write(fd, text, (long)strlen(text));
	ok(find(fd, expected), "what-cannot-be-printed-is-escaped");
	seq = rec.seq;
	usec = rec.usec;
	mark(text, sizeof(text), "<7>", "");
	snprintf(expected, sizeof(expected), "%s\\x0asecond", text + 3);
	strcat(text, "\nsecond\n");
	sys_write(fd, text, (long)strlen(text));
	ok(find(fd, expected), "a-newline-in-the-middle-too");
	ok(rec.seq > seq && rec.usec >= usec, "number-and-time-rise");
	mark(text, sizeof(text), "<7>", "");
	sys_write(fd, text, (long)strlen(text));
	mark(expected, sizeof(expected), "<7>", "\n");
	sys_write(fd, expected, (long)strlen(expected));
	ok(find(fd, text + 3), "what-has-no-newline-goes-into-no-other-record");
	sys_close(fd);
}

static void test_errors(void)
{
	static char longest[3000];
	int fd = open_end(O_RDWR | O_NONBLOCK), other;
	char text[128];

	memset(longest, 'x', sizeof(longest));
	is(sys_write(fd, longest, sizeof(longest)), -EINVAL, "a-record-too-long");
	is(sys_write(fd, (char *)8, 4), -EFAULT, "from-a-bad-address");
	mark(text, sizeof(text), "<7>", "\n");
	sys_write(fd, text, (long)strlen(text));
	is(sys_read(fd, longest, 8), -EINVAL, "a-buffer-too-small");
	text[strlen(text) - 1] = '\0';
	ok(!find(fd, text + 3), "the-record-is-passed-over");
	strcat(text, "\n");
	sys_write(fd, text, (long)strlen(text));
	is(sys_read(fd, (char *)8, 1024), -EFAULT, "to-a-bad-address");
	sys_close(fd);
	other = (int)sys_open(PATH, O_WRONLY, 0);
	is(sys_write(other, text, (long)strlen(text)), (long)strlen(text), "one-may-only-write");
	is(sys_read(other, longest, 1024), -EBADF, "and-then-not-read");
	sys_close(other);
}

/* ---- waiting ---- */

struct wait {
	int fd;
	bool poll;
	const char *text;
};

static int waits(void *arg)
{
	const struct wait *wait = arg;
	struct pollfd p = { .fd = wait->fd, .events = POLLIN };
	int ms = PATIENCE_MS;

	for (;;) {
		if (wait->poll &&
		    (syscall3(__NR_poll, (long)&p, 1, ms) != 1 || p.revents != POLLIN))
			return 1;
		if (next(wait->fd) < 0)
			return 2;
		if (!strncmp(rec.text, wait->text, strlen(wait->text)))
			return 0;
	}
}

static void ok_wakes(bool poll, const char *name)
{
	struct wait wait = { .fd = open_end(O_RDWR), .poll = poll };
	char text[128];
	int pid;

	wait.text = mark(text, sizeof(text), "<7>", "\n") + 3;
	pid = child_start(waits, &wait);
	sleep_ms(20);
	sys_write(wait.fd, text, (long)strlen(text));
	is(child_verdict(child_wait(pid)), 0, "%s", name);
	sys_close(wait.fd);
}

/* ---- being overtaken ---- */

static void test_overtaken(void)
{
	long size = syscall3(__NR_syslog, SYSLOG_ACTION_SIZE_BUFFER, 0, 0);
	int fd = (int)sys_open(PATH, O_RDWR | O_NONBLOCK, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN | POLLPRI };
	unsigned long long seq;
	char text[900];

	if (size > 32 << 10) {
		for (int i = 0; i < 4; i++)
			skip("this log is too large to be filled", "overtaken-%d", i);
		sys_close(fd);
		return;
	}
	next(fd);
	seq = rec.seq;
	memset(text, 'x', sizeof(text));
	memcpy(text, "<7>", 3);
	text[sizeof(text) - 1] = '\n';
	for (long i = 0; i <= size / (long)sizeof(text); i++)
		sys_write(fd, text, sizeof(text));
	is(syscall3(__NR_poll, (long)&p, 1, 0), 1, "poll-of-one-that-is-overtaken");
	is(p.revents, POLLIN | POLLPRI | POLLERR, "says-so");
	is(next(fd), -EPIPE, "and-so-does-read");
	ok(next(fd) > 0 && rec.seq > seq + 1, "but-only-once");
	sys_close(fd);
}

/* ---- syslog(2) shows the same ---- */

static void test_syslog(void)
{
	static char log[1 << 18];
	char text[128], *at;
	unsigned int prio, s, us;
	int fd = (int)sys_open(PATH, O_WRONLY, 0);
	long n;

	mark(text, sizeof(text), "<5>", "\n");
	sys_write(fd, text, (long)strlen(text));
	sys_close(fd);
	n = syscall3(__NR_syslog, SYSLOG_ACTION_READ_ALL, (long)log, sizeof(log) - 1);
	log[n > 0 ? n : 0] = '\0';
	at = strstr(log, text + 3);
	ok(at, "syslog-shows-the-line");
	while (at && at > log && at[-1] != '\n')
		at--;
	ok(at && sscanf(at, "<%u>[%u.%u] kmsg test", &prio, &s, &us) == 3 && prio == (8 | 5),
	   "with-level-and-time");
}

/* What the log says, root says. */
static int child_of_a_user(void *arg)
{
	(void)arg;
	syscall1(__NR_setuid, 1234);
	return sys_open(PATH, O_WRONLY, 0) == -EACCES ? 0 : 1;
}

int main(void)
{
	int fd = (int)sys_open(PATH, O_RDWR, 0);

	if (fd < 0 || sys_lseek(fd, 0, SEEK_END))
		bail("there is no /dev/kmsg that this user may read and write");
	sys_close(fd);
	tap_plan(37);
	test_positions();
	test_write();
	test_text();
	test_errors();
	ok_wakes(false, "a-reader-is-woken");
	ok_wakes(true, "and-so-is-poll");
	test_syslog();
	test_overtaken();
	ok_child_exits(child_of_a_user, NULL, 0, "other-users-do-not-write");
	return tap_done();
}
