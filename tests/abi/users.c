/*
 * users.c - users and groups, and what only root may: signals to others, limits that are
 * raised; and the limits that root is exempt from, NPROC and MEMLOCK. Each case is a child,
 * which gives its privileges up.
 */
#include "user/child.h"
#include "user/linux.h"
#include "user/probe.h"
#include "user/proc_text.h"
#include "user/signals.h"
#include "user/tap.h"

#include <stdio.h>

#define SOMEBODY	54400	/* nobody else's number, nor the next three */

static long set_uid(uint32_t id) { return syscall1(__NR_setuid, id); }

static long set_resuid(uint32_t r, uint32_t e, uint32_t s)
{
	return syscall3(__NR_setresuid, r, e, s);
}

/* Real, effective and saved user are those. */
static bool users_are(uint32_t real, uint32_t effective, uint32_t saved)
{
	uint32_t r = 0, e = 0, s = 0;

	return syscall3(__NR_getresuid, (long)&r, (long)&e, (long)&s) == 0 && r == real &&
	       e == effective && s == saved && syscall0(__NR_getuid) == real &&
	       syscall0(__NR_geteuid) == effective;
}
static bool groups_are(uint32_t real, uint32_t effective, uint32_t saved)
{
	uint32_t r = 0, e = 0, s = 0;

	return syscall3(__NR_getresgid, (long)&r, (long)&e, (long)&s) == 0 && r == real &&
	       e == effective && s == saved && syscall0(__NR_getgid) == real &&
	       syscall0(__NR_getegid) == effective;
}

static int drops(void *arg)
{
	(void)arg;
	EXPECT(1, users_are(0, 0, 0));
	EXPECT(2, set_uid(~0u) == -EINVAL);
	EXPECT(3, set_uid(SOMEBODY) == 0 && users_are(SOMEBODY, SOMEBODY, SOMEBODY));
	EXPECT(4, set_uid(0) == -EPERM);
	EXPECT(5, set_uid(SOMEBODY) == 0);
	EXPECT(6, set_resuid(~0u, 0, ~0u) == -EPERM && set_resuid(~0u, ~0u, ~0u) == 0);
	EXPECT(7, syscall2(__NR_setreuid, 0, -1) == -EPERM &&
			  syscall2(__NR_setreuid, -1, 0) == -EPERM);
	EXPECT(8, syscall1(__NR_setgid, 5) == -EPERM);
	EXPECT(9, syscall2(__NR_setgroups, 0, 0) == -EPERM);
	return 0;
}

static int comes_back(void *arg)
{
	(void)arg;
	EXPECT(1, set_resuid(1, 2, 0) == 0 && users_are(1, 2, 0));
	EXPECT(2, set_uid(3) == -EPERM && users_are(1, 2, 0));
	EXPECT(3, syscall2(__NR_setreuid, 2, 1) == 0 && users_are(2, 1, 1));
	EXPECT(4, set_resuid(1, 1, 2) == 0 && users_are(1, 1, 2));
	EXPECT(5, set_uid(2) == 0 && users_are(1, 2, 2));
	return 0;
}

static int back_to_root(void *arg)
{
	(void)arg;
	EXPECT(1, set_resuid(~0u, SOMEBODY, ~0u) == 0 && users_are(0, SOMEBODY, 0));
	EXPECT(2, set_uid(0) == 0 && users_are(0, 0, 0));
	EXPECT(3, syscall2(__NR_setreuid, SOMEBODY, 7) == 0 && users_are(SOMEBODY, 7, 7));
	return 0;
}

static int groups(void *arg)
{
	uint32_t set[3] = { 30, 10, 20 }, list[3] = { 0 };

	(void)arg;
	EXPECT(1, syscall3(__NR_setresgid, 1, 2, 3) == 0 && groups_are(1, 2, 3));
	EXPECT(2, syscall1(__NR_setgid, 9) == 0 && groups_are(9, 9, 9));
	EXPECT(3, syscall2(__NR_setregid, 8, 7) == 0 && groups_are(8, 7, 7));
	EXPECT(4, syscall2(__NR_setgroups, 3, (long)set) == 0);
	EXPECT(5, syscall2(__NR_getgroups, 0, 0) == 3);
	EXPECT(6, syscall2(__NR_getgroups, 3, (long)list) == 3);
	EXPECT(7, list[0] == 10 && list[1] == 20 && list[2] == 30);
	EXPECT(8, syscall2(__NR_getgroups, 2, (long)list) == -EINVAL);
	EXPECT(9, syscall2(__NR_getgroups, -1, 0) == -EINVAL);
	EXPECT(10, syscall2(__NR_getgroups, 3, 8) == -EFAULT &&
			   syscall2(__NR_setgroups, 3, 8) == -EFAULT);
	EXPECT(11, syscall2(__NR_setgroups, 1000000, (long)set) == -EINVAL);
	EXPECT(12, syscall2(__NR_setgroups, 0, 0) == 0 && syscall2(__NR_getgroups, 0, 0) == 0);
	EXPECT(13, syscall3(__NR_getresuid, 8, 8, 8) == -EFAULT &&
			   syscall3(__NR_getresgid, 8, 8, 8) == -EFAULT);
	return 0;
}

/* ---- what only root may ---- */

static int signals(void *arg)
{
	int parent = (int)sys_getppid();

	(void)arg;
	EXPECT(1, sys_kill(parent, 0) == 0);
	set_uid(SOMEBODY);
	EXPECT(2, sys_kill(parent, 0) == -EPERM);
	EXPECT(3, syscall3(__NR_tgkill, parent, parent, 0) == -EPERM);
	EXPECT(4, sys_kill((int)sys_getpid(), 0) == 0);
	EXPECT(5, sys_kill(1, SIGTERM) == -EPERM);
	return 0;
}

static long set_limit(int resource, uint64_t soft, uint64_t hard)
{
	struct rlimit64 limit = { soft, hard };

	return sys_prlimit64(0, resource, &limit, NULL);
}

static int limits(void *arg)
{
	struct rlimit64 old;

	(void)arg;
	EXPECT(1, set_limit(RLIMIT_RSS, 10, 200) == 0);
	set_uid(SOMEBODY);
	EXPECT(3, set_limit(RLIMIT_RSS, 200, 200) == 0);
	EXPECT(4, set_limit(RLIMIT_RSS, 10, 201) == -EPERM);
	EXPECT(5, set_limit(RLIMIT_RSS, 10, 100) == 0);
	EXPECT(6, set_limit(RLIMIT_RSS, 101, 100) == -EINVAL);
	EXPECT(7, sys_prlimit64((int)sys_getppid(), RLIMIT_RSS, NULL, &old) == -EPERM);
	return 0;
}

static int others(void *arg)
{
	struct iovec mine = { arg, 1 }, theirs = { arg, 1 };
	int parent = (int)sys_getppid();

	EXPECT(1,
	       syscall6(__NR_process_vm_readv, parent, (long)&mine, 1, (long)&theirs, 1, 0) == 1);
	set_uid(SOMEBODY);
	EXPECT(2, syscall6(__NR_process_vm_readv, parent, (long)&mine, 1, (long)&theirs, 1, 0) ==
			  -EPERM);
	EXPECT(3, syscall2(__NR_umount2, (long)"/proc", 0) == -EPERM);
	EXPECT(4, syscall5(__NR_mount, (long)"none", (long)"/", (long)"tmpfs", 0, 0) == -EPERM);
	return 0;
}

/* ---- limits that root does not have ---- */

static int waits(void *arg)
{
	(void)arg;
	while (syscall0(__NR_pause))
		;
	return 0;
}

/* Has that process become the user already? */
static bool is_user(int pid, uint32_t uid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	return proc_field(path, "Uid") == uid;
}

static int processes(void *arg)
{
	int pids[4];

	(void)arg;
	set_limit(RLIMIT_NPROC, 4, 4);
	pids[0] = (int)sys_fork();
	if (!pids[0])
		sys_exit_group(0);
	EXPECT(1, pids[0] > 0 && child_wait(pids[0]) == 0);
	set_uid(SOMEBODY);
	for (int i = 0; i < 3; i++)
		pids[i] = child_start(waits, NULL);
	pids[3] = (int)sys_fork();
	if (!pids[3])
		sys_exit_group(0);
	for (int i = 0; i < 3; i++) {
		sys_kill(pids[i], SIGKILL);
		if (i < 2)
			child_wait(pids[i]);
	}
	EXPECT(2, pids[3] == -EAGAIN);
	pids[3] = (int)sys_fork();
	if (!pids[3])
		sys_exit_group(0);
	EXPECT(3, pids[3] > 0 && child_wait(pids[3]) == 0);
	child_wait(pids[2]);
	return 0;
}

/* A user with too many processes: who becomes that user does, but does not exec. */
static int becomes_many(void *arg)
{
	char *argv[] = { "users", "nothing", NULL };
	int pids[3], ret, others = (int)sys_fork();

	if (!others) {
		set_uid(SOMEBODY + 1);
		waits(NULL);
	}
	for (int i = 0; i < 2; i++) {
		pids[i] = (int)sys_fork();
		if (!pids[i]) {
			set_uid(SOMEBODY + 1);
			waits(NULL);
		}
	}
	pids[2] = (int)sys_fork();
	if (!pids[2]) {
		while (!is_user(others, SOMEBODY + 1) || !is_user(pids[0], SOMEBODY + 1) ||
		       !is_user(pids[1], SOMEBODY + 1))
			sleep_ms(1);
		set_limit(RLIMIT_NPROC, *(int *)arg, *(int *)arg);
		EXPECT(1, set_uid(SOMEBODY + 1) == 0);
		sys_exit_group((int)-sys_execve("/proc/self/exe", argv, NULL));
	}
	ret = child_verdict(child_wait(pids[2]));
	sys_kill(others, SIGKILL);
	sys_kill(pids[0], SIGKILL);
	sys_kill(pids[1], SIGKILL);
	child_wait(others);
	child_wait(pids[0]);
	child_wait(pids[1]);
	return ret;
}

/* Half of what the machine has for all, where nobody has said otherwise. */
static void test_default(void)
{
	struct rlimit64 limit = { 0, 0 };
	long most = proc_word("/proc/sys/kernel/threads-max", 0);

	if (!pleat_levels() && sys_getpid() != 1) {
		skip("the machine is not this program's alone", "NPROC-is-half-of-threads-max");
		return;
	}
	sys_prlimit64(0, RLIMIT_NPROC, NULL, &limit);
	ok(most >= 20 && limit.rlim_cur == (uint64_t)most / 2 && limit.rlim_max == limit.rlim_cur,
	   "NPROC-is-half-of-threads-max: %ld", most);
}

/* Children that are another user. */
static void start_others(int *pids, int n)
{
	for (int i = 0; i < n; i++) {
		pids[i] = (int)sys_fork();
		if (!pids[i]) {
			set_uid(SOMEBODY + 2);
			waits(NULL);
		}
	}
	for (int i = 0; i < n; i++) {
		while (!is_user(pids[i], SOMEBODY + 2))
			sleep_ms(1);
	}
}

static void end_others(const int *pids, int n)
{
	for (int i = 0; i < n; i++)
		sys_kill(pids[i], SIGKILL);
	for (int i = 0; i < n; i++)
		child_wait(pids[i]);
}

/* Says when it has become one too many, and when it has had a child; then it is told to go on. */
static void becomes_and_forks(const int *go, const int *done)
{
	char *argv[] = { "users", "nothing", NULL };
	char c;
	int pid;

	set_limit(RLIMIT_NPROC, 2, 2);
	set_uid(SOMEBODY + 2);
	if (sys_execve("/proc/self/exe", argv, NULL) != -EAGAIN)
		sys_exit_group(1);
	sys_write(done[1], "x", 1);
	sys_read(go[0], &c, 1);
	pid = (int)sys_fork();
	if (!pid)
		sys_exit_group(0);
	if (pid < 0 || child_wait(pid))
		sys_exit_group(2);
	sys_write(done[1], "x", 1);
	sys_read(go[0], &c, 1);
	sys_exit_group((int)-sys_execve("/proc/self/exe", argv, NULL));
}

/* One too many may not exec; once it was allowed a child, that is forgotten, even if more come. */
static int is_forgiven(void *arg)
{
	int pids[3], go[2], done[2], pid;
	char c;

	(void)arg;
	sys_pipe(go);
	sys_pipe(done);
	start_others(pids, 3);
	pid = (int)sys_fork();
	if (!pid)
		becomes_and_forks(go, done);
	sys_close(done[1]);
	if (sys_read(done[0], &c, 1) == 1) {
		end_others(pids, 3);
		sys_write(go[1], "x", 1);
		sys_read(done[0], &c, 1);
		start_others(pids, 3);
		sys_write(go[1], "x", 1);
	}
	pid = child_verdict(child_wait(pid));
	end_others(pids, 3);
	return pid;
}

static long lock(char *mem, size_t len) { return syscall2(__NR_mlock, (long)mem, (long)len); }

static int locked_memory(void *arg)
{
	char *mem = map_private(8 * PAGE_SIZE);

	(void)arg;
	set_limit(RLIMIT_MEMLOCK, 4 * PAGE_SIZE, 4 * PAGE_SIZE);
	EXPECT(1, lock(mem, 8 * PAGE_SIZE) == 0);
	syscall0(__NR_munlockall);
	set_uid(SOMEBODY);
	EXPECT(2, lock(mem, 5 * PAGE_SIZE) == -ENOMEM);
	EXPECT(3, lock(mem, 3 * PAGE_SIZE) == 0);
	EXPECT(4, lock(mem, 4 * PAGE_SIZE) == 0);	/* three of them do not count again */
	EXPECT(5, lock(mem + 4 * PAGE_SIZE, PAGE_SIZE) == -ENOMEM);
	EXPECT(6, sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1,
			   0) == -EAGAIN);
	EXPECT(7, syscall1(__NR_mlockall, MCL_CURRENT) == -ENOMEM);
	EXPECT(8, syscall1(__NR_mlockall, MCL_FUTURE) == 0);
	EXPECT(9,
	       sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == -EAGAIN);
	set_limit(RLIMIT_MEMLOCK, 0, 4 * PAGE_SIZE);
	EXPECT(10,
	       lock(mem, PAGE_SIZE) == -EPERM && syscall1(__NR_mlockall, MCL_CURRENT) == -EPERM);
	EXPECT(11, sys_mmap(0, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1,
			    0) == -EPERM);
	EXPECT(12, syscall2(__NR_munlock, (long)mem, PAGE_SIZE) == 0 &&
			   syscall0(__NR_munlockall) == 0);
	return 0;
}

/* ---- RLIMIT_SIGPENDING is a user's: signals that wait, and timers ---- */

static int queue_some(int n)
{
	struct __kernel_siginfo info = { .si_code = SI_QUEUE };
	int sent = 0;

	while (sent < n && !syscall3(__NR_rt_sigqueueinfo, sys_getpid(), SIGRTMIN, (long)&info))
		sent++;
	return sent;
}

static int create_timers(int n, int *id)
{
	int made = 0;

	while (made < n && !syscall3(__NR_timer_create, CLOCK_MONOTONIC, 0, (long)id))
		made++;
	return made;
}

static int as_user(uint32_t uid)
{
	set_limit(RLIMIT_SIGPENDING, 10, 10);
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGRTMIN));
	return (int)set_uid(uid);
}

static int child_finds_room(void *uid)
{
	EXPECT(1, as_user(*(uint32_t *)uid) == 0);
	return 10 + queue_some(20);
}

static int pending_signals(void *arg)
{
	uint32_t same = SOMEBODY + 2, other = SOMEBODY + 3;
	int id, pid;

	(void)arg;
	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGRTMIN));
	EXPECT(1, queue_some(3) == 3); /* root's */
	pid = (int)sys_fork();
	if (pid == 0) {
		EXPECT(2, as_user(same) == 0);
		EXPECT(3, queue_some(6) == 6 && create_timers(2, &id) == 2);
		EXPECT(4, child_verdict(child_run(child_finds_room, &same)) == 12);
		EXPECT(5, queue_some(1) == 1 && create_timers(5, &id) == 1);
		EXPECT(6, syscall3(__NR_timer_create, CLOCK_MONOTONIC, 0, (long)&id) == -EAGAIN &&
				  !queue_some(1));
		EXPECT(7, !syscall1(__NR_timer_delete, id) && queue_some(5) == 1);
		sys_exit_group(0);
	}
	EXPECT(8, child_verdict(child_run(child_finds_room, &other)) == 20);
	return child_verdict(child_wait(pid));
}

int main(int argc, char **argv)
{
	static char byte;
	int few = 2, enough = 3;

	(void)argv;
	if (argc > 1)
		return 0;

	if (syscall0(__NR_geteuid))
		bail("it takes root to become somebody else");
	tap_plan(14);
	test_default();
	ok_child_exits(drops, NULL, 0, "who-gives-root-up-does-not-get-it-back");
	ok_child_exits(comes_back, NULL, 0, "others-move-between-their-three-users");
	ok_child_exits(back_to_root, NULL, 0, "a-saved-user-of-root-is-a-way-back");
	ok_child_exits(groups, NULL, 0, "groups-are-set-and-told");
	ok_child_exits(signals, NULL, 0, "signals-to-others-are-root's");
	ok_child_exits(limits, NULL, 0, "hard-limits-are-raised-by-root-alone");
	ok_child_exits(others, &byte, 0, "so-are-other-processes'-memory-and-mounts");
	ok_child_exits(processes, NULL, 0, "NPROC-limits-processes");
	ok_child_exits(becomes_many, &few, EAGAIN,
		       "who-becomes-a-user-with-too-many-processes-does-not-exec");
	ok_child_exits(becomes_many, &enough, 0, "with-as-many-as-allowed-he-does");
	ok_child_exits(is_forgiven, NULL, 0, "until-he-was-allowed-a-child");
	ok_child_exits(locked_memory, NULL, 0, "MEMLOCK-limits-locked-memory");
	ok_child_exits(pending_signals, NULL, 0, "SIGPENDING-limits-a-user's-signals-and-timers");
	return tap_done();
}
