/* copying.c - sendfile, copy_file_range, FIFOs, sizes of pipes, and locks of files. */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/tap.h"
#include "user/thread.h"
#include "user/words.h"

#include <string.h>

#define MEETINGS 1000

static char buf[8192];

static void test_sendfile(void)
{
	int in = make_file("in", "0123456789"), out = make_file("out", ""), fds[2];
	long pos = 2;

	is(sys_sendfile(out, in, &pos, 3), 3, "sendfile-from-an-offset");
	is(pos, 5, "moves-the-offset");
	is(sys_lseek(in, 0, SEEK_CUR), 10, "not-the-position");
	sys_lseek(in, 8, SEEK_SET);
	is(sys_sendfile(out, in, NULL, 100), 2, "from-the-position");
	is(sys_lseek(in, 0, SEEK_CUR), 10, "which-moves");
	ok(file_holds("out", "23489"), "one-behind-the-other");
	sys_pipe(fds);
	pos = 0;
	is(sys_sendfile(fds[1], in, &pos, 10), 10, "into-a-pipe");
	is(sys_read(fds[0], buf, 100), 10, "arrives");
	is(sys_sendfile(out, fds[0], NULL, 10), -EINVAL, "not-out-of-a-pipe");
	is(sys_sendfile(fds[1], fds[0], NULL, 10), -EINVAL, "nor-into-the-same-one");
	is(sys_sendfile(fds[1], fds[0], NULL, 0), 0, "but-nothing-can-be-sent");
	is(sys_sendfile(999, in, NULL, 1), -EBADF, "to-nothing");
	is(sys_sendfile(out, in, (long *)1, 1), -EFAULT, "a-bad-offset");
	pos = -1;
	is(sys_sendfile(out, in, &pos, 1), -EINVAL, "a-negative-offset");
	sys_close(fds[0]);
	sys_close(fds[1]);
	sys_close(in);
	sys_close(out);
}

static void test_copy_file_range(void)
{
	int in = (int)sys_open("in", O_RDWR, 0), out = (int)sys_open("out", O_RDWR | O_TRUNC, 0);
	int append = (int)sys_open("out", O_WRONLY | O_APPEND, 0), fds[2];
	int stat = (int)sys_open("/proc/self/stat", O_RDONLY, 0);
	int comm = (int)sys_open("/proc/self/comm", O_RDWR, 0);
	long from = 1, to = 3;

	is(sys_copy_file_range(in, &from, out, &to, 4, 0), 4, "copy-file-range");
	ok(from == 5 && to == 7, "moves-both-offsets");
	is(size_of("out"), 7, "makes-the-file-larger");
	is(sys_copy_file_range(in, NULL, out, NULL, 2, 0), 2, "by-the-positions");
	is(sys_pread(out, buf, 10, 0), 7, "the-result");
	ok(!memcmp(buf,
		   "01\0"
		   "1234",
		   7),
	   "is-in-its-place");
	from = 100;
	is(sys_copy_file_range(in, &from, out, &to, 4, 0), 0, "behind-the-end-there-is-nothing");
	is(sys_copy_file_range(in, NULL, out, NULL, 1, 1), -EINVAL, "flags");
	from = 0;
	to = 2;
	is(sys_copy_file_range(in, &from, in, &to, 4, 0), -EINVAL, "onto-itself");
	to = 20;
	is(sys_copy_file_range(in, &from, in, &to, 1000, 0), 10,
	   "behind-itself-as-much-as-there-is");
	sys_ftruncate(in, 10);
	from = 0;
	is(sys_copy_file_range(in, NULL, append, NULL, 1, 0), -EBADF, "to-what-appends");
	is(sys_copy_file_range(append, NULL, out, NULL, 1, 0), -EBADF,
	   "from-what-is-not-readable");
	sys_pipe(fds);
	is(sys_copy_file_range(fds[0], NULL, out, NULL, 1, 0), -EINVAL, "from-a-pipe");
	is(sys_copy_file_range(stat, NULL, out, NULL, 1, 0), -EXDEV, "from-proc-to-elsewhere");
	is(sys_copy_file_range(in, NULL, comm, NULL, 1, 0), -EXDEV, "from-elsewhere-to-proc");
	is(sys_copy_file_range(stat, NULL, comm, NULL, 1, 0), 0, "within-proc-nothing-is-copied");
	sys_close(fds[0]);
	sys_close(fds[1]);
	sys_close(stat);
	sys_close(comm);
	sys_close(append);
	sys_close(in);
	sys_close(out);
	sys_unlink("in");
	sys_unlink("out");
}

static int child_writes_fifo(void *arg)
{
	int fd = (int)sys_open("fifo", O_WRONLY, 0);

	(void)arg;
	return sys_write(fd, "through", 7) == 7 ? 0 : 1;
}

/* Opens, writes, and is gone: perhaps before the reader, which has been counted, looks for it. */
static int child_writes_and_goes(void *arg)
{
	const int *next = arg;

	for (int i = 0; i < MEETINGS; i++) {
		int fd = (int)sys_open("fifo", O_WRONLY, 0);

		if (fd < 0 || sys_write(fd, "x", 1) != 1 || sys_close(fd) ||
		    sys_read(next[0], &fd, 1) != 1)
			return 1;
	}
	return 0;
}

static void test_short_meetings(void)
{
	int met = 0, next[2], pid;

	sys_mknod("fifo", S_IFIFO | 0600, 0);
	sys_pipe(next);
	pid = child_start(child_writes_and_goes, next);
	for (int i = 0; i < MEETINGS; i++) {
		int fd = (int)sys_open("fifo", O_RDONLY, 0);

		met += sys_read(fd, buf, 10) == 1 && sys_read(fd, buf, 10) == 0;
		sys_close(fd);
		sys_write(next[1], "n", 1);
	}
	is(met, MEETINGS, "who-writes-and-goes-at-once-was-met");
	is(child_verdict(child_wait(pid)), 0, "each-time");
	sys_close(next[0]);
	sys_close(next[1]);
	sys_unlink("fifo");
}

static void test_fifo(void)
{
	int fd, pid;

	sys_mknod("fifo", S_IFIFO | 0600, 0);
	is(sys_open("fifo", O_WRONLY | O_NONBLOCK, 0), -ENXIO, "no-writer-without-a-reader");
	pid = child_start(child_writes_fifo, NULL);
	fd = (int)sys_open("fifo", O_RDONLY, 0);
	ok(fd > 0, "a-reader-meets-a-writer");
	is(sys_read(fd, buf, 100), 7, "what-it-writes");
	ok(!memcmp(buf, "through", 7), "arrives-in-the-reader");
	is(child_verdict(child_wait(pid)), 0, "the-writer-ends");
	is(sys_read(fd, buf, 100), 0, "then-comes-the-end");
	is(sys_lseek(fd, 0, SEEK_SET), -ESPIPE, "a-fifo-has-no-position");
	is(sys_pread(fd, buf, 1, 0), -ESPIPE, "and-no-offsets");
	sys_close(fd);
	fd = (int)sys_open("fifo", O_RDONLY | O_NONBLOCK, 0);
	ok(fd > 0, "a-reader-need-not-wait");
	sys_close(fd);
	fd = (int)sys_open("fifo", O_RDWR, 0);
	is(sys_write(fd, "self", 4), 4, "both-ends-at-once");
	is(sys_read(fd, buf, 10), 4, "read-what-they-write");
	sys_close(fd);
	sys_unlink("fifo");
}

static void test_pipe_size(void)
{
	struct iovec bad[2] = { { "a", 1 }, { (void *)1, 1 } };
	int fds[2];

	sys_pipe(fds);
	is(sys_fcntl(fds[0], F_GETPIPE_SZ, 0), 65536, "a-pipe-holds-64-KiB");
	is(sys_fcntl(fds[0], F_SETPIPE_SZ, 5000), 8192, "sizes-are-rounded-up");
	is(sys_fcntl(fds[1], F_GETPIPE_SZ, 0), 8192, "for-both-ends");
	sys_fcntl(fds[1], F_SETFL, O_NONBLOCK);
	is(sys_write(fds[1], buf, 8192), 8192, "it-can-be-filled");
	is(sys_write(fds[1], buf, 1), -EAGAIN, "but-not-more");
	is(sys_fcntl(fds[0], F_SETPIPE_SZ, 4096), -EBUSY, "nor-made-smaller-than-it-holds");
	is(sys_fcntl(fds[0], F_SETPIPE_SZ, 16384), 16384, "larger-it-can");
	memset(buf, 'L', 4096);
	is(sys_write(fds[1], buf, 4096), 4096, "and-takes-more");
	sys_read(fds[0], buf, 8192);
	is(sys_read(fds[0], buf, 8192), 4096, "nothing-is-lost");
	is(buf[100], 'L', "or-mixed-up");
	is(syscall3(__NR_writev, fds[1], P(bad), 2), -EFAULT,
	   "a-vector-with-a-bad-end-writes-nothing");
	is(sys_fcntl(fds[0], F_SETFL, O_NONBLOCK), 0, "so-that");
	is(sys_read(fds[0], buf, 10), -EAGAIN, "there-is-nothing-to-read");
	sys_close(fds[0]);
	sys_close(fds[1]);
	fds[0] = make_file("f", "");
	is(sys_fcntl(fds[0], F_GETPIPE_SZ, 0), -EBADF, "a-file-is-no-pipe");
	sys_close(fds[0]);
	sys_unlink("f");
}

static void test_flock(void)
{
	int a = make_file("l", ""), b = (int)sys_open("l", O_RDWR, 0),
	    c = (int)sys_open("l", O_RDONLY, 0);

	is(sys_flock(a, LOCK_SH), 0, "a-shared-lock");
	is(sys_flock(b, LOCK_SH), 0, "is-shared");
	is(sys_flock(c, LOCK_EX | LOCK_NB), -EAGAIN, "an-exclusive-one-has-to-wait");
	is(sys_flock(b, LOCK_UN), 0, "unlock");
	is(sys_flock(a, LOCK_EX | LOCK_NB), 0, "a-shared-one-becomes-exclusive");
	is(sys_flock(b, LOCK_SH | LOCK_NB), -EAGAIN, "and-excludes");
	sys_dup2(a, 50);
	sys_close(a);
	is(sys_flock(b, LOCK_SH | LOCK_NB), -EAGAIN, "as-long-as-it-is-open");
	sys_close(50);
	is(sys_flock(b, LOCK_EX | LOCK_NB), 0, "the-last-close-unlocks");
	is(sys_flock(b, 77), -EINVAL, "no-kind-of-lock");
	is(sys_flock(999, LOCK_SH), -EBADF, "no-file");
	sys_close(b);
	sys_close(c);
	sys_unlink("l");
}

static int child_tests_lock(void *arg)
{
	struct flock64 lock = { .l_type = F_WRLCK, .l_start = 5, .l_len = 1 };
	int fd = (int)sys_open("r", O_RDWR, 0), ppid = *(int *)arg;

	if (sys_fcntl(fd, F_SETLK, P(&lock)) != -EAGAIN)
		return 1;
	if (sys_fcntl(fd, F_GETLK, P(&lock)) || lock.l_type != F_WRLCK || lock.l_pid != ppid)
		return 2;
	if (lock.l_start != 0 || lock.l_len != 10)
		return 3;
	lock = (struct flock64){ .l_type = F_WRLCK, .l_start = 10, .l_len = 0 };
	return sys_fcntl(fd, F_SETLK, P(&lock)) ? 4 : 0;
}

static int child_locks_middle(void *arg)
{
	struct flock64 lock = { .l_type = F_WRLCK, .l_start = 4, .l_len = 2 };
	int fd = (int)sys_open("r", O_RDWR, 0);

	(void)arg;
	if (sys_fcntl(fd, F_SETLK, P(&lock)))
		return 1;
	lock.l_start = 3;
	return sys_fcntl(fd, F_SETLK, P(&lock)) == -EAGAIN ? 0 : 2;
}

static void test_record_locks(void)
{
	struct flock64 lock = { .l_type = F_WRLCK, .l_start = 0, .l_len = 10 };
	int fd = make_file("r", "0123456789"), other, pid = (int)sys_getpid();

	is(sys_fcntl(fd, F_SETLK, P(&lock)), 0, "a-range-is-locked");
	ok_child_exits(child_tests_lock, &pid, 0, "another-process-meets-the-lock");
	lock = (struct flock64){ .l_type = F_UNLCK, .l_start = 4, .l_len = 2 };
	is(sys_fcntl(fd, F_SETLK, P(&lock)), 0, "a-part-is-unlocked");
	ok_child_exits(child_locks_middle, NULL, 0, "only-that-part-is-free");
	other = (int)sys_open("r", O_RDONLY, 0);
	lock = (struct flock64){ .l_type = F_WRLCK };
	is(sys_fcntl(other, F_SETLK, P(&lock)), -EBADF, "a-write-lock-needs-write-access");
	lock.l_type = 9;
	is(sys_fcntl(fd, F_SETLK, P(&lock)), -EINVAL, "no-such-type");
	lock = (struct flock64){ .l_type = F_WRLCK, .l_start = -1 };
	is(sys_fcntl(fd, F_SETLK, P(&lock)), -EINVAL, "before-the-start-of-a-file");
	is(sys_fcntl(fd, F_SETLK, 1), -EFAULT, "a-bad-pointer-to-a-lock");
	lock = (struct flock64){ .l_type = F_WRLCK, .l_len = 10 };
	is(sys_fcntl(fd, F_OFD_SETLK, P(&lock)), -EAGAIN,
	   "an-open-file's-lock-meets-the-process's");
	sys_close(other); /* which drops all of the process's locks on the file */
	is(sys_fcntl(fd, F_OFD_SETLK, P(&lock)), 0, "any-close-drops-them");
	sys_close(fd);
	sys_unlink("r");
}

/* ---- a descriptor that is closed while its lock is waited for ---- */

static int held[2], go[2];

static long lock_all(int fd, int cmd, int type)
{
	struct flock64 lock = { .l_type = (short)type };

	return sys_fcntl(fd, cmd, P(&lock));
}

/* Tells that it has done the one thing, and does the next when it may. */
static void take_turns(void)
{
	char c = 'x';

	sys_write(held[1], &c, 1);
	sys_read(go[0], &c, 1);
}

static int child_holds(void *arg)
{
	int fd = *(int *)arg;

	if (lock_all(fd, F_SETLK, F_WRLCK))
		return 1;
	take_turns();
	if (lock_all(fd, F_SETLK, F_UNLCK))
		return 2;
	take_turns();
	return lock_all(fd, F_SETLK, F_WRLCK) ? 3 : 0;
}

static void *waits_for_lock(void *arg)
{
	return (void *)lock_all(*(int *)arg, F_SETLKW, F_WRLCK);
}

static void test_closed_meanwhile(void)
{
	int fd = make_file("w", "x"), child;
	struct thread thread;
	char c = 'x';

	if (sys_pipe(held) || sys_pipe(go))
		bail("there is no pipe");
	child = child_start(child_holds, &fd);
	sys_read(held[0], &c, 1);
	if (thread_create(&thread, waits_for_lock, &fd))
		bail("there is no thread");
	while (!thread_sleeps(word_get(&thread.tid)))
		sleep_ms(1);
	sys_close(fd);
	sys_write(go[1], &c, 1);
	is((long)thread_join(&thread), -EBADF, "a-lock-by-a-descriptor-that-was-closed-meanwhile");
	sys_read(held[0], &c, 1);
	sys_write(go[1], &c, 1);
	is(child_verdict(child_wait(child)), 0, "is-nobody's");
	for (int i = 0; i < 2; i++) {
		sys_close(held[i]);
		sys_close(go[i]);
	}
	sys_unlink("w");
}

int main(void)
{
	scratch_enter();
	tap_plan(79);
	test_sendfile();
	test_copy_file_range();
	test_fifo();
	test_short_meetings();
	test_pipe_size();
	test_flock();
	test_record_locks();
	test_closed_meanwhile();
	scratch_leave();
	return tap_done();
}
