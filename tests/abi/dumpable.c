/*
 * dumpable.c - a process that has become somebody else can be looked at by root alone, until
 * it says otherwise or executes a program: what it knows as whom it was is nobody's. Each
 * case is a child of root's.
 */
#include "kernel/uapi/elf.h"
#include "kernel/uapi/prctl.h"
#include "user/child.h"
#include "user/files.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/tap.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define SOMEBODY	54321	/* nobody else's number */

static long dumpable(void) { return sys_prctl(PR_GET_DUMPABLE, 0, 0); }

static long set_resuid(uint32_t r, uint32_t e, uint32_t s)
{
	return syscall3(__NR_setresuid, r, e, s);
}

static long owner(const char *path)
{
	struct __kernel_stat st = { 0 };

	return sys_lstat(path, &st) ? -1 : (long)st.st_uid;
}

static int no_change(void *arg)
{
	(void)arg;
	EXPECT(1, syscall1(__NR_setuid, 0) == 0 && dumpable() == 1);
	EXPECT(2, syscall1(__NR_setgid, 0) == 0 && dumpable() == 1);
	EXPECT(3, set_resuid(~0u, ~0u, SOMEBODY) == 0 && dumpable() == 1);
	EXPECT(4, syscall2(__NR_setregid, SOMEBODY, ~0u) == 0 && dumpable() == 1);
	EXPECT(5, set_resuid(SOMEBODY, 0, 0) == 0 && dumpable() == 1);
	EXPECT(6, syscall1(__NR_setfsuid, 0) == 0 && dumpable() == 1);
	EXPECT(7, syscall2(__NR_setgroups, 0, 0) == 0 && dumpable() == 1);
	return 0;
}

/* Each of these, by itself. */
static int change(void *arg)
{
	const long *call = arg;

	EXPECT(1, dumpable() == 1 && syscall3(call[0], call[1], call[2], call[3]) == 0 &&
			  dumpable() == 0);
	EXPECT(2, sys_prctl(PR_SET_DUMPABLE, 1, 0) == 0 && dumpable() == 1);
	return 0;
}

static int refused(void *arg)
{
	(void)arg;
	set_resuid(SOMEBODY, SOMEBODY, SOMEBODY);
	sys_prctl(PR_SET_DUMPABLE, 1, 0);
	EXPECT(1, syscall1(__NR_setuid, 0) == -EPERM && dumpable() == 1);
	return 0;
}

static int waits(void *arg)
{
	(void)arg;
	syscall0(__NR_pause);
	return 0;
}

/* Who may not look at it may still limit it: that is decided by whose it is alone. */
static int is_limited(void *arg)
{
	struct rlimit64 limit;
	int pid;
	long ret;

	(void)arg;
	set_resuid(SOMEBODY, SOMEBODY, SOMEBODY);
	EXPECT(1, dumpable() == 0);
	pid = child_start(waits, NULL);
	sys_prctl(PR_SET_DUMPABLE, 1, 0);
	ret = sys_prlimit64(pid, RLIMIT_RSS, NULL, &limit);
	sys_kill(pid, SIGKILL);
	child_wait(pid);
	EXPECT(2, ret == 0);
	return 0;
}

static int says_dumpable(void *arg)
{
	(void)arg;
	return (int)dumpable();
}

static int inherits(void *arg)
{
	set_resuid(SOMEBODY, SOMEBODY, SOMEBODY);
	return child_verdict(child_run(says_dumpable, arg));
}

/* The program tells in its status whether it is dumpable. */
static int execs(void *arg)
{
	char *argv[] = { "dumpable", "says", NULL };

	if (arg)
		set_resuid(~0u, SOMEBODY, ~0u);
	else
		set_resuid(SOMEBODY, SOMEBODY, SOMEBODY);
	return 100 + (int)-sys_execve("/proc/self/exe", argv, argv + 2);
}

static int files_of_proc(void *arg)
{
	(void)arg;
	EXPECT(1, owner("/proc/self/stat") == 0);
	set_resuid(SOMEBODY, SOMEBODY, SOMEBODY);
	EXPECT(2, owner("/proc/self/") == SOMEBODY && owner("/proc/self/task") == SOMEBODY);
	EXPECT(3, owner("/proc/self/stat") == 0 && owner("/proc/self/fd") == 0);
	EXPECT(4, owner("/proc/self/fd/0") == 0 && owner("/proc/self/exe") == 0);
	EXPECT(5, sys_open("/proc/self/environ", O_RDONLY, 0) == -EACCES);
	EXPECT(6, sys_open("/proc/self/mem", O_RDONLY, 0) == -EACCES);
	EXPECT(7, sys_open("/proc/self/fd", O_RDONLY, 0) >= 0);
	EXPECT(8, owner("/proc/self/fd/0") == 0);
	sys_prctl(PR_SET_DUMPABLE, 1, 0);
	EXPECT(9, owner("/proc/self/stat") == SOMEBODY && owner("/proc/self/fd") == SOMEBODY);
	EXPECT(10, sys_open("/proc/self/environ", O_RDONLY, 0) >= 0);
	EXPECT(11, sys_open("/proc/self/mem", O_RDONLY, 0) >= 0);
	return 0;
}

static int ends(void *arg)
{
	(void)arg;
	return 0;
}

/*
 * Of a process that has ended nobody knows any more whose it was; but its
 * directory is still there.
 */
static int zombie(void *arg)
{
	struct __kernel_siginfo info;
	char path[32];
	int pid;

	set_resuid(SOMEBODY, SOMEBODY, SOMEBODY);
	sys_prctl(PR_SET_DUMPABLE, 1, 0);
	pid = child_start(ends, arg);
	EXPECT(1, syscall5(__NR_waitid, P_PID, pid, (long)&info, WEXITED | WNOWAIT, 0) == 0);
	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	EXPECT(2, owner(path) == 0);
	return 0;
}

static int death_signal(void *arg)
{
	int signo = -1;

	(void)arg;
	sys_prctl(PR_SET_PDEATHSIG, SIGUSR1, 0);
	EXPECT(1, set_resuid(SOMEBODY, 0, 0) == 0);
	EXPECT(2, sys_prctl(PR_GET_PDEATHSIG, (uintptr_t)&signo, 0) == 0 && signo == SIGUSR1);
	EXPECT(3, set_resuid(0, SOMEBODY, 0) == 0);
	EXPECT(4, sys_prctl(PR_GET_PDEATHSIG, (uintptr_t)&signo, 0) == 0 && signo == 0);
	return 0;
}

static int runs_unreadable(void *arg)
{
	char *argv[] = { "unreadable", "says", NULL };

	set_resuid(SOMEBODY, SOMEBODY, SOMEBODY);
	sys_prctl(PR_SET_DUMPABLE, 1, 0);
	return 100 + (int)-syscall5(__NR_execveat, *(int *)arg, (long)"", (long)argv,
				    (long)(argv + 2), AT_EMPTY_PATH);
}

/* As somebody else; 100 + the error, or what the program says. */
static int runs_path(void *arg)
{
	char *argv[] = { arg, "says", NULL };

	set_resuid(SOMEBODY, SOMEBODY, SOMEBODY);
	sys_prctl(PR_SET_DUMPABLE, 1, 0);
	return 100 + (int)-sys_execve(arg, argv, argv + 2);
}

static void make_program(const char *path, const void *contents, size_t size, int mode)
{
	int fd = (int)sys_open(path, O_CREAT | O_WRONLY | O_TRUNC, 0700);

	sys_write(fd, contents, size);
	syscall2(__NR_fchmod, fd, mode);
	sys_close(fd);
}

/* A program that is nothing but the name of its interpreter, which starts in its place. */
static void make_with_interpreter(const char *path, const char *interpreter)
{
	struct {
		struct elf64_hdr hdr;
		struct elf64_phdr phdr[2];
		char name[64];
	} image = {
		.hdr = { .e_ident = { 0x7f, 'E', 'L', 'F', 2, 1, 1 }, .e_type = ET_DYN,
			 .e_machine = EM_X86_64, .e_version = 1,
			 .e_phoff = sizeof(struct elf64_hdr), .e_ehsize = sizeof(struct elf64_hdr),
			 .e_phentsize = sizeof(struct elf64_phdr), .e_phnum = 2 },
		.phdr = { { .p_type = PT_INTERP, .p_offset = offsetof(__typeof__(image), name),
			    .p_filesz = strlen(interpreter) + 1 },
			  { .p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = sizeof(image),
			    .p_memsz = sizeof(image) } },
	};

	strcpy(image.name, interpreter);
	make_program(path, &image, sizeof(image), 0755);
}

/* Who is loaded may be a secret, which a script never is: its interpreter has to read it. */
static void test_interpreters(void)
{
	sys_chmod(".", 0755);
	copy_self("open", 0755);
	copy_self("secret", 0111);
	make_program("script", "#!open\n", 7, 0755);
	make_program("secret-script", "#!open\n", 7, 0111);
	make_program("script-of-secret", "#!secret\n", 9, 0755);
	make_with_interpreter("elf", "open");
	make_with_interpreter("elf-of-secret", "secret");
	ok_child_exits(runs_path, "script", 1, "a-script");
	ok_child_exits(runs_path, "secret-script", 1, "a-script-that-may-not-be-read");
	ok_child_exits(runs_path, "script-of-secret", 0, "a-script-of-a-secret-interpreter");
	ok_child_exits(runs_path, "elf", 1, "a-program-with-an-interpreter");
	ok_child_exits(runs_path, "elf-of-secret", 0, "whose-interpreter-may-not-be-read");
}

/* A copy of this program that may be run, and not read. */
static void test_unreadable(void)
{
	int file;

	copy_self("unreadable", 0111);
	file = (int)sys_open("unreadable", O_RDONLY, 0);
	ok_child_exits(runs_unreadable, &file, 0,
		       "a-program-that-may-not-be-read-is-not-looked-at");
	sys_close(file);
	sys_unlink("unreadable");
}

int main(int argc, char **argv)
{
	static const struct { const char *name; long call[4]; } changes[] = {
		{ "setuid", { __NR_setuid, SOMEBODY } },
		{ "setgid", { __NR_setgid, SOMEBODY } },
		{ "setreuid", { __NR_setreuid, -1, SOMEBODY } },
		{ "setregid", { __NR_setregid, -1, SOMEBODY } },
		{ "setresuid", { __NR_setresuid, 0, SOMEBODY, 0 } },
		{ "setresgid", { __NR_setresgid, 0, SOMEBODY, 0 } },
		{ "setfsuid", { __NR_setfsuid, SOMEBODY } },
		{ "setfsgid", { __NR_setfsgid, SOMEBODY } },
	};

	(void)argv;
	if (argc > 1)
		return (int)dumpable();
	if (syscall0(__NR_geteuid))
		bail("it takes root to become somebody else");
	tap_plan(23);
	ok_child_exits(no_change, NULL, 0, "users-that-do-not-count-change-nothing");
	for (unsigned int i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		ok_child_exits(change, (void *)changes[i].call, 0, changes[i].name);
	ok_child_exits(refused, NULL, 0, "a-refused-change-is-none");
	ok_child_exits(inherits, NULL, 0, "a-child-inherits-it");
	ok_child_exits(is_limited, NULL, 0, "but-has-limits-for-its-own-user-to-see");
	ok_child_exits(execs, NULL, 1, "another-program-is-dumpable");
	ok_child_exits(execs, argv, 0, "but-not-if-its-effective-user-is-another");
	ok_child_exits(files_of_proc, NULL, 0, "its-files-in-proc-are-root's");
	ok_child_exits(zombie, NULL, 0, "and-so-are-those-of-the-dead");
	ok_child_exits(death_signal, NULL, 0, "nobody's-end-is-told-to-somebody-else");
	scratch_enter();
	test_unreadable();
	test_interpreters();
	scratch_leave();
	return tap_done();
}
