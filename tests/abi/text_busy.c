/*
 * text_busy.c - a program's file is not written to while it runs, and what is written to does not
 * run (ETXTBSY). The program that the cases run is a copy of this one.
 */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

#include <stdio.h>
#include <string.h>

/* What the program does as a child: says that it runs, and waits until the other end is closed. */
static int be_the_program(void)
{
	char c = 'r';

	sys_write(1, &c, 1);
	return sys_read(0, &c, 1) == 0 ? 7 : 1;
}

struct running {
	int pid, in, out;
};

/* The exit status is the error if the program does not start. */
static int runs(const char *path, int in, int out)
{
	char *argv[] = { (char *)path, "wait", NULL };

	syscall2(__NR_dup2, in, 0);
	syscall2(__NR_dup2, out, 1);
	syscall3(__NR_close_range, 3, ~0u, 0);
	return (int)-sys_execve(path, argv, NULL);
}

static struct running start(const char *path)
{
	struct running r;
	int in[2], out[2];
	char c;

	if (syscall1(__NR_pipe, P(in)) || syscall1(__NR_pipe, P(out)))
		bail("there is no pipe");
	r.pid = (int)sys_fork();
	if (!r.pid)
		sys_exit_group(runs(path, in[0], out[1]));
	sys_close(in[0]);
	sys_close(out[1]);
	r.in = in[1];
	r.out = out[0];
	sys_read(r.out, &c, 1);		/* it runs, or has ended */
	return r;
}

static int finish(struct running r)
{
	sys_close(r.in);
	sys_close(r.out);
	return child_verdict(child_wait(r.pid));
}

static int run(const char *path) { return finish(start(path)); }

static long try_open(const char *path, int flags)
{
	long fd = sys_open(path, flags, 0);

	if (!is_error(fd))
		sys_close((int)fd);
	return is_error(fd) ? fd : 0;
}

static void test_running(void)
{
	struct running r = start("program");
	long read_only = sys_open("program", O_RDONLY, 0);

	is(try_open("program", O_WRONLY), -ETXTBSY, "a-program-that-runs-is-not-written-to");
	is(try_open("program", O_RDWR), -ETXTBSY, "nor-read-and-written");
	is(try_open("program", O_RDONLY | O_TRUNC), -ETXTBSY, "nor-emptied-by-open");
	is(try_open("program", O_WRONLY | O_CREAT), -ETXTBSY, "nor-opened-as-if-it-were-new");
	is(sys_truncate("program", 10), -ETXTBSY, "nor-cut");
	ok(read_only >= 0, "it-can-be-read");
	is(try_open("program", O_PATH | O_WRONLY), 0, "and-be-a-place");
	is(sys_chmod("program", 0700), 0, "its-mode-may-change");
	is(sys_link("program", "linked"), 0, "and-its-names");
	is(try_open("linked", O_WRONLY), -ETXTBSY, "each-of-which-is-the-same-file");
	is(sys_unlink("linked"), 0, "they-can-go");
	is(finish(r), 7, "it-ends");
	is(try_open("program", O_WRONLY), 0, "then-it-can-be-written");
	sys_close((int)read_only);
}

static int keeps_own(void *arg)
{
	(void)arg;
	return try_open("/proc/self/exe", O_WRONLY) != -ETXTBSY;
}

static void test_forked(void)
{
	struct running a = start("program"), b = start("program");

	is(finish(a), 7, "two-processes-run-it-and-one-ends");
	is(try_open("program", O_WRONLY), -ETXTBSY, "the-other-still-keeps-it");
	is(finish(b), 7, "until-it-ends-too");
	is(try_open("program", O_WRONLY), 0, "after-which-nobody-does");
	ok_child_exits(keeps_own, NULL, 0, "a-forked-process-runs-its-parent's-program");
}

static void test_written(void)
{
	int fd = (int)sys_open("program", O_WRONLY, 0), other;
	char *mem;

	is(run("program"), ETXTBSY, "what-is-open-for-writing-does-not-run");
	other = (int)syscall1(__NR_dup, fd);
	sys_close(fd);
	is(run("program"), ETXTBSY, "nor-by-another-descriptor");
	sys_close(other);
	is(run("program"), 7, "then-it-runs");
	fd = (int)sys_open("program", O_RDWR, 0);
	mem = (char *)sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	sys_close(fd);
	is(run("program"), ETXTBSY, "a-mapping-keeps-the-file-open");
	sys_munmap((uintptr_t)mem, PAGE_SIZE);
	is(run("program"), 7, "until-it-goes");
}

static void test_script(void)
{
	int fd;

	sys_close(make_file("script", "#!./program\n"));
	sys_chmod("script", 0755);
	fd = (int)sys_open("script", O_WRONLY, 0);
	is(run("script"), ETXTBSY, "a-script-that-is-written-to");
	sys_close(fd);
	fd = (int)sys_open("program", O_WRONLY, 0);
	is(run("script"), ETXTBSY, "and-one-whose-interpreter-is");
	sys_close(fd);
	sys_chmod("program", 0);
	is(run("script"), EACCES, "an-exec-that-fails");
	sys_chmod("program", 0755);
	is(try_open("script", O_WRONLY), 0, "leaves-the-script-as-it-was");
	is(try_open("program", O_WRONLY), 0, "and-the-interpreter");
}

static int runs_memfd(void *arg)
{
	char *argv[] = { "memfd", NULL };

	return (int)-syscall5(__NR_execveat, *(int *)arg, P(""), P(argv), 0, AT_EMPTY_PATH);
}

/* A descriptor of memfd_create() does not count as one that writes; one that is opened does. */
static void test_memfd(void)
{
	int fd = (int)sys_memfd_create("m", MFD_CLOEXEC), other;
	char path[32];

	sys_write(fd, "#!/none\n", 8);
	sys_fchmod(fd, 0755);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ok_child_exits(runs_memfd, &fd, ENOENT, "a-memfd-runs-by-its-own-descriptor");
	other = (int)sys_open(path, O_RDWR, 0);
	ok_child_exits(runs_memfd, &fd, ETXTBSY, "but-not-while-it-is-opened-once-more");
	sys_close(other);
	sys_close(fd);
}

int main(int argc, char **argv)
{
	if (argc > 1 && (!strcmp(argv[1], "wait") || argc > 2))
		return be_the_program();
	scratch_enter();
	copy_self("program", 0755);
	test_running();
	test_forked();
	test_written();
	test_script();
	test_memfd();
	scratch_leave();
	return tap_finish();
}
