/*
 * sigio.c - files that tell of events by a signal (fcntl(2), "Managing signals"): O_ASYNC and
 * FIOASYNC, whom (F_SETOWN, F_SETOWN_EX), by which (F_SETSIG), in which words, who may be told.
 */
#include "kernel/uapi/poll.h"
#include "kernel/uapi/termios.h"
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/sockets.h"
#include "user/tap.h"
#include "user/thread.h"

#define SOMEBODY	54321	/* nobody else's number */
#define NOBODY		(1 << 22)	/* no process has that number */
#define RT		40
#define ALL		(SIGNAL_BIT(SIGIO) | SIGNAL_BIT(RT) | SIGNAL_BIT(SIGTRAP))

static struct __kernel_siginfo info;
static int fds[2];

/* The signal that waits, 0 for none. */
static long told(void)
{
	long signo;

	info = (struct __kernel_siginfo){ 0 };
	signo = signal_wait(ALL, &info, 0);
	return signo < 0 ? 0 : signo;
}

static bool told_as(long signo, int code, long band, int fd)
{
	return told() == signo && info.si_code == code && info.poll.band == band &&
	       info.poll.fd == fd;
}

static bool told_of_input(void)
{
	return told_as(RT, POLL_IN, POLLIN | POLLRDNORM, fds[0]) && told() == 0;
}

static void put(void) { sys_write(fds[1], "x", 1); }

static void take(void)
{
	char c;

	sys_read(fds[0], &c, 1);
}

static long own(int fd, int who) { return sys_fcntl(fd, F_SETOWN, who); }

static long own_ex(int fd, int type, int who)
{
	struct f_owner_ex owner = { type, who };

	return sys_fcntl(fd, F_SETOWN_EX, P(&owner));
}

static bool owner_is(int fd, int type, int who)
{
	struct f_owner_ex owner = { -1, -1 };

	return sys_fcntl(fd, F_GETOWN_EX, P(&owner)) == 0 && owner.type == type &&
	       owner.pid == who;
}

static void async(int fd, bool on) { sys_fcntl(fd, F_SETFL, on ? O_ASYNC : 0); }

static void close_both(void)
{
	sys_close(fds[0]);
	sys_close(fds[1]);
}

/* ---- what is kept ---- */

static void test_owner(void)
{
	int self = (int)sys_getpid(), group = (int)syscall0(__NR_getpgrp);

	sys_pipe(fds);
	is(sys_fcntl(fds[0], F_GETOWN, 0), 0, "a-file-has-no-owner");
	is(own(fds[0], self), 0, "a-process-becomes-it");
	is(sys_fcntl(fds[0], F_GETOWN, 0), self, "and-is-told");
	ok(owner_is(fds[0], F_OWNER_PID, self), "as-a-process");
	is(own(fds[0], -group), 0, "a-group-becomes-it");
	is(sys_fcntl(fds[0], F_GETOWN, 0), -group, "and-is-told-as-a-negative-number");
	ok(owner_is(fds[0], F_OWNER_PGRP, group), "or-as-a-group");
	is(own_ex(fds[0], F_OWNER_TID, self), 0, "a-thread-becomes-it");
	ok(owner_is(fds[0], F_OWNER_TID, self), "and-is-told-as-a-thread");
	is(own(fds[0], NOBODY), -ESRCH, "nobody-does-not");
	is(own(fds[0], -NOBODY), -ESRCH, "nor-a-group-of-nobody");
	is(own(fds[0], (int)0x80000000), -EINVAL, "nor-what-is-no-number-of-a-group");
	is(own_ex(fds[0], F_OWNER_TID, NOBODY), -ESRCH, "nor-a-thread-of-nobody");
	is(own_ex(fds[0], 3, self), -EINVAL, "nor-what-is-no-kind");
	is(sys_fcntl(fds[0], F_SETOWN_EX, 8), -EFAULT, "said-by-a-bad-pointer");
	is(sys_fcntl(fds[0], F_GETOWN_EX, 8), -EFAULT, "asked-by-a-bad-pointer");
	ok(owner_is(fds[0], F_OWNER_TID, self), "refusals-change-nothing");
	is(own(fds[0], 0), 0, "nobody-in-particular");
	is(sys_fcntl(fds[0], F_GETOWN, 0), 0, "is-nobody");
	is(sys_fcntl(fds[0], F_GETSIG, 0), 0, "no-signal-is-chosen");
	is(sys_fcntl(fds[0], F_SETSIG, 65), -EINVAL, "none-that-there-is-not");
	is(sys_fcntl(fds[0], F_SETSIG, -1), -EINVAL, "nor-a-negative-one");
	is(sys_fcntl(fds[0], F_SETSIG, 64), 0, "the-last-one");
	is(sys_fcntl(fds[0], F_GETSIG, 0), 64, "which-is-told");
	close_both();
}

static int ends(void *arg)
{
	(void)arg;
	return 0;
}

static void test_owner_gone(void)
{
	int pid = child_start(ends, NULL);

	sys_pipe(fds);
	own(fds[0], pid);
	async(fds[0], true);
	child_wait(pid);
	is(sys_fcntl(fds[0], F_GETOWN, 0), 0, "an-owner-that-has-ended-is-none");
	put();
	is(told(), 0, "and-nobody-is-told");
	close_both();
}

static void test_flag(void)
{
	int on = 1, off = 0, file;

	sys_pipe(fds);
	is(sys_fcntl(fds[0], F_SETFL, O_ASYNC), 0, "O_ASYNC");
	is(sys_fcntl(fds[0], F_GETFL, 0) & O_ASYNC, O_ASYNC, "is-seen");
	put();
	is(told(), 0, "without-an-owner-nobody-is-told");
	is(syscall3(__NR_ioctl, fds[0], FIOASYNC, P(&off)), 0, "FIOASYNC-off");
	is(sys_fcntl(fds[0], F_GETFL, 0) & O_ASYNC, 0, "is-seen-too");
	is(syscall3(__NR_ioctl, fds[0], FIOASYNC, P(&on)), 0, "FIOASYNC-on");
	is(sys_fcntl(fds[0], F_GETFL, 0) & O_ASYNC, O_ASYNC, "as-well");
	is(syscall3(__NR_ioctl, fds[0], FIOASYNC, 8), -EFAULT, "FIOASYNC-by-a-bad-pointer");
	close_both();
	file = make_file("file", "text");
	is(sys_fcntl(file, F_SETFL, O_ASYNC), 0, "a-file-on-disk-takes-the-flag");
	is(sys_fcntl(file, F_GETFL, 0) & O_ASYNC, 0, "and-forgets-it");
	is(syscall3(__NR_ioctl, file, FIOASYNC, P(&on)), -ENOTTY, "or-says-so");
	is(syscall3(__NR_ioctl, file, FIOASYNC, P(&off)), 0, "but-not-of-what-it-is-without");
	sys_close(file);
}

/* ---- pipes ---- */

static void test_words(void)
{
	sys_pipe(fds);
	own(fds[0], (int)sys_getpid());
	put();
	is(told(), 0, "not-before-it-is-asked-for");
	async(fds[0], true);
	put();
	put();
	ok(told() == SIGIO && info.si_code == SI_KERNEL, "a-byte-is-told-by-SIGIO");
	is(told(), 0, "once-as-long-as-it-waits");
	sys_fcntl(fds[0], F_SETSIG, RT);
	put();
	ok(told_of_input(), "a-chosen-signal-says-what-and-where");
	put();
	put();
	ok(told() == RT && told() == RT && told() == 0, "those-that-queue-come-each-time");
	sys_fcntl(fds[0], F_SETSIG, SIGIO);
	put();
	ok(told_as(SIGIO, POLL_IN, POLLIN | POLLRDNORM, fds[0]), "a-chosen-SIGIO-says-it-too");
	sys_fcntl(fds[0], F_SETSIG, SIGTRAP);
	put();
	ok(told_as(SIGTRAP, SI_SIGIO, POLLIN | POLLRDNORM, fds[0]), "one-with-codes-of-its-own");
	async(fds[0], false);
	put();
	is(told(), 0, "no-longer-once-that-is-said");
	close_both();
}

static void test_pipe_ends(void)
{
	sys_pipe(fds);
	for (int i = 0; i < 2; i++) {
		own(fds[i], (int)sys_getpid());
		sys_fcntl(fds[i], F_SETSIG, RT);
	}
	async(fds[1], true);
	put();
	is(told(), 0, "a-writer-is-not-told-of-bytes");
	take();
	ok(told_as(RT, POLL_OUT, POLLOUT | POLLWRNORM | POLLWRBAND, fds[1]), "but-of-room");
	is(told(), 0, "once");
	async(fds[0], true);
	async(fds[1], false);
	sys_close(fds[1]);
	ok(told_of_input(), "a-reader-is-told-of-the-end");
	sys_close(fds[0]);
	is(told(), 0, "who-closes-is-not-told-of-that");
}

static void test_copies(void)
{
	int copy;

	sys_pipe(fds);
	own(fds[0], (int)sys_getpid());
	sys_fcntl(fds[0], F_SETSIG, RT);
	async(fds[0], true);
	copy = (int)syscall1(__NR_dup, fds[0]);
	sys_close(fds[0]);
	put();
	ok(told_of_input(), "the-number-is-that-by-which-it-was-asked-for");
	sys_close(copy);
	sys_close(fds[1]);
}

/* There is no room for words: SIGIO says that something was lost. */
static int overflows(void *arg)
{
	struct rlimit64 none = { 0, 0 };

	(void)arg;
	sys_prlimit64(0, RLIMIT_SIGPENDING, &none, NULL);
	own(fds[0], (int)sys_getpid());
	sys_fcntl(fds[0], F_SETSIG, RT);
	async(fds[0], true);
	put();
	return told() == SIGIO ? told() == 0 ? 0 : 2 : 1;
}

/* ---- whom ---- */

static uint32_t thread_state;
static long thread_got;

static void *waits_for_it(void *arg)
{
	struct __kernel_siginfo mine;

	(void)arg;
	word_set(&thread_state, (uint32_t)syscall0(__NR_gettid));
	thread_got = signal_wait(ALL, &mine, 60000);
	return NULL;
}

static void test_thread(void)
{
	struct thread thread;

	sys_pipe(fds);
	thread_create(&thread, waits_for_it, NULL);
	while (!word_get(&thread_state))
		sleep_ms(1);
	is(own_ex(fds[0], F_OWNER_TID, (int)word_get(&thread_state)), 0, "a-thread-is-the-owner");
	async(fds[0], true);
	put();
	thread_join(&thread);
	is(thread_got, SIGIO, "it-is-told");
	is(told(), 0, "and-no-other");
	/* It is joined before it is quite gone. */
	for (int i = 0; i < 60000 && sys_fcntl(fds[0], F_GETOWN, 0); i++)
		sleep_ms(1);
	is(sys_fcntl(fds[0], F_GETOWN, 0), 0, "it-has-ended");
	close_both();
}

/* The signal is blocked from the beginning: it waits if it comes before the child does. */
static int in_the_group(void *arg)
{
	(void)arg;
	syscall2(__NR_setpgid, 0, 0);
	sys_write(fds[1], "r", 1);
	return signal_wait(SIGNAL_BIT(SIGIO), &info, 60000) == SIGIO ? 0 : 1;
}

static void test_group(void)
{
	int pipe[2] = { 0, 0 }, pid;
	char c;

	sys_pipe(pipe);
	fds[1] = pipe[1];
	pid = child_start(in_the_group, NULL);
	sys_read(pipe[0], &c, 1);
	is(own(pipe[0], -pid), 0, "a-child's-group-is-the-owner");
	async(pipe[0], true);
	sys_write(pipe[1], "x", 1);
	is(child_verdict(child_wait(pid)), 0, "the-child-is-told");
	is(told(), 0, "who-is-not-in-it-is-not");
	is(sys_fcntl(pipe[0], F_GETOWN, 0), 0, "nobody-is-left-in-it");
	sys_close(pipe[0]);
	sys_close(pipe[1]);
}

/* Somebody makes root's process the owner; and his own. */
static int is_somebody(void *arg)
{
	long parent = sys_getppid();

	(void)arg;
	syscall3(__NR_setresuid, SOMEBODY, SOMEBODY, SOMEBODY);
	if (own(fds[0], (int)parent) || sys_fcntl(fds[0], F_GETOWN, 0) != parent)
		return 1;
	async(fds[0], true);
	put();
	own(fds[0], (int)sys_getpid());
	put();
	return told() == SIGIO ? 0 : 2;
}

static void test_rights(void)
{
	sys_pipe(fds);
	ok_child_exits(is_somebody, NULL, 0, "who-may-not-send-a-signal-may-say-who-is-the-owner");
	is(told(), 0, "but-the-owner-is-not-told");
	own(fds[0], (int)sys_getpid());
	put();
	is(told(), SIGIO, "who-may-is-heard");
	close_both();
}

/* ---- sockets ---- */

static void test_socket(int type, const char *kind)
{
	sys_socketpair(AF_UNIX, type, 0, fds);
	own(fds[0], (int)sys_getpid());
	sys_fcntl(fds[0], F_SETSIG, RT);
	async(fds[0], true);
	put();
	ok(told_of_input(), "%s-bytes", kind);
	take();
	is(told(), 0, "%s-reading-is-no-event", kind);
	sys_shutdown(fds[1], 1);
	ok(type == SOCK_DGRAM ? told() == 0 : told_of_input(), "%s-the-other-sends-no-more", kind);
	sys_close(fds[1]);
	if (type == SOCK_DGRAM)
		is(told(), 0, "%s-the-other-is-closed", kind);
	else
		ok(told_as(RT, POLL_HUP, POLLHUP | POLLERR, fds[0]) && !told(),
		   "%s-the-other-is-closed", kind);
	sys_close(fds[0]);
}

/* Who has met a full queue is told when there is much room, once. */
static void test_socket_room(void)
{
	static char buf[4096];
	int sent = 0, room = 0;

	sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
	own(fds[1], (int)sys_getpid());
	sys_fcntl(fds[1], F_SETSIG, RT);
	async(fds[1], true);
	put();
	take();
	is(told(), 0, "room-that-nobody-missed-is-no-event");
	while (sys_send(fds[1], buf, sizeof(buf), MSG_DONTWAIT) > 0)
		sent++;
	is(told(), 0, "a-full-queue-is-no-event");
	for (; sent; sent--) {
		sys_recv(fds[0], buf, sizeof(buf), MSG_WAITALL);
		while (told())
			room += info.si_code == POLL_OUT && info.poll.fd == fds[1] ? 1 : 100;
	}
	is(room, 1, "room-is-one");
	close_both();
}

int main(void)
{
	if (syscall0(__NR_geteuid))
		bail("it takes root to become somebody else");
	syscall2(__NR_setpgid, 0, 0);	/* a group with a number */
	signal_mask(SIG_BLOCK, ALL);
	scratch_enter();
	test_owner();
	test_owner_gone();
	test_flag();
	test_words();
	test_pipe_ends();
	test_copies();
	sys_pipe(fds);
	ok_child_exits(overflows, NULL, 0, "without-room-for-words-SIGIO-comes");
	close_both();
	test_thread();
	test_group();
	test_rights();
	test_socket(SOCK_STREAM, "stream");
	test_socket(SOCK_SEQPACKET, "seqpacket");
	test_socket(SOCK_DGRAM, "datagram");
	test_socket_room();
	scratch_leave();
	return tap_finish();
}
