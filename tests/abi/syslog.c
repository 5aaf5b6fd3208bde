/* syslog.c - programs read the kernel's log. What is in it, tests/boot/session.t looks at. */
#include "kernel/uapi/syslog.h"
#include "user/child.h"
#include "user/linux.h"
#include "user/tap.h"

static char buf[1 << 16];

static long do_syslog(int type, const void *user, int size)
{
	return syscall3(__NR_syslog, type, (long)user, size);
}

/* Only READ_ALL and SIZE_BUFFER may be for everybody; no other, be there such an action or not. */
static int child_of_a_user(void *arg)
{
	(void)arg;
	syscall1(__NR_setuid, 1234);
	for (int type = -1; type <= 12; type++) {
		if (type != SYSLOG_ACTION_READ_ALL && type != SYSLOG_ACTION_SIZE_BUFFER &&
		    do_syslog(type, buf, 8) != -EPERM)
			return type + 2;
	}
	return 0;
}

int main(void)
{
	long size = do_syslog(SYSLOG_ACTION_SIZE_BUFFER, NULL, 0), n;

	tap_plan(12);
	ok(size > 0 || size == -EPERM, "the-log-has-a-size");
	if (size == -EPERM) {
		for (int i = 0; i < 11; i++)
			skip("this user may not read the log", "the-log");
		return tap_done();
	}
	is(do_syslog(SYSLOG_ACTION_OPEN, NULL, 0), 0, "open-does-nothing");
	is(do_syslog(SYSLOG_ACTION_CLOSE, NULL, 0), 0, "close-does-nothing");
	is(do_syslog(-1, buf, 1), -EINVAL, "a-negative-action");
	is(do_syslog(11, buf, 1), -EINVAL, "an-action-too-many");
	is(do_syslog(SYSLOG_ACTION_READ_ALL, NULL, 1), -EINVAL, "no-buffer");
	is(do_syslog(SYSLOG_ACTION_READ_ALL, buf, -1), -EINVAL, "a-negative-size");
	is(do_syslog(SYSLOG_ACTION_READ_ALL, buf, 0), 0, "an-empty-buffer");
	is(do_syslog(SYSLOG_ACTION_CONSOLE_LEVEL, NULL, 0), -EINVAL, "level-0");
	is(do_syslog(SYSLOG_ACTION_CONSOLE_LEVEL, NULL, 9), -EINVAL, "level-9");
	ok_child_exits(child_of_a_user, NULL, 0, "what-is-root's");
	n = do_syslog(SYSLOG_ACTION_READ_ALL, buf, sizeof(buf));
	/* Two digits where a program has logged it, by /dev/kmsg. */
	ok(n == 0 || (n > 4 && buf[0] == '<' && (buf[2] == '>' || buf[3] == '>')),
	   "lines-begin-with-their-level");
	return tap_done();
}
