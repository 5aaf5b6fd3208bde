/*
 * no_memory.c - no_memory.h for processes, mappings, pipes and what lets them wait;
 * no_memory_calls.c has the rest.
 */
#include "user/events.h"
#include "user/files.h"
#include "user/linux.h"
#include "user/no_memory.h"
#include "user/sockets.h"
#include "user/tap.h"
#include "user/thread.h"

#include <string.h>

static char *self;

static long op_fork(void)
{
	long pid = sys_fork();
	int status = 0;

	if (pid == 0)
		sys_exit_group(0);
	if (!is_error(pid))
		sys_wait4((int)pid, &status, 0, NULL);
	return is_error(pid) ? pid : 0;
}

static long op_exec(void)
{
	char *argv[] = { self, "child", NULL };
	char *envp[] = { NULL };

	return sys_execve(self, argv, envp);
}

static long op_vfork_exec(void)
{
	char *argv[] = { self, "child", NULL };
	char *envp[] = { NULL };
	volatile long refused = 0;
	long pid = sys_vfork();

	if (pid == 0) {
		refused = sys_execve(self, argv, envp);
		sys_exit_group(1);
	}
	if (is_error(pid))
		return pid;
	sys_wait4((int)pid, NULL, 0, NULL);
	return refused;
}

static void *returns(void *arg)
{
	return arg;
}

static long op_thread(void)
{
	struct thread thread;
	int result = thread_create(&thread, returns, NULL);

	if (result == 0)
		thread_join(&thread);
	return result;
}

static long op_mmap(void)
{
	long mem = sys_mmap(0, 16 * PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (is_error(mem))
		return mem;
	for (size_t at = 0; at < 16 * PAGE_SIZE; at += PAGE_SIZE)
		*(volatile char *)((uintptr_t)mem + at) = 1;
	return sys_munmap((uintptr_t)mem, 16 * PAGE_SIZE);
}

static long op_shared(void)
{
	long mem = sys_mmap(0, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (is_error(mem))
		return mem;
	memset((void *)mem, 1, 4 * PAGE_SIZE);
	return 0;
}

/* Three mappings out of one, and one out of three. */
static long op_split(void)
{
	long mem = sys_mmap(0, 3 * PAGE_SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long result;

	if (is_error(mem))
		return mem;
	result = sys_mprotect((uintptr_t)mem + PAGE_SIZE, PAGE_SIZE, PROT_READ);
	if (is_error(result))
		return result;
	return sys_munmap((uintptr_t)mem + PAGE_SIZE, PAGE_SIZE);
}

/* Beyond the reach of three levels, and of four where the machine has five. */
static long op_unfold(void)
{
	static const uintptr_t addresses[] = { 5UL << 39, 3UL << 47 };

	for (int i = 0; i < 2; i++) {
		long mem = sys_mmap(addresses[i], PAGE_SIZE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (is_error(mem))
			return mem;
		*(volatile char *)(uintptr_t)mem = 1;
	}
	return 0;
}

static long op_pipe(void)
{
	int fds[2];
	long result = sys_pipe(fds);

	if (is_error(result))
		return result;
	result = sys_write(fds[1], "twelve bytes", 12);
	return is_error(result) ? result : 0;
}

/* A hole of a file, by a second pipe; the program's own page; a larger ring. */
static long op_splice(void)
{
	long mem =
		sys_mmap(0, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct iovec range = { (void *)mem, PAGE_SIZE };
	long fd = is_error(mem) ? mem : sys_memfd_create("hole", 0);
	int from[2], to[2];
	long result = is_error(fd) ? fd : sys_ftruncate((int)fd, PAGE_SIZE);

	if (!is_error(result))
		result = sys_pipe(from);
	if (!is_error(result))
		result = sys_pipe(to);
	if (!is_error(result))
		result = sys_splice((int)fd, NULL, from[1], NULL, PAGE_SIZE, 0);
	if (!is_error(result))
		result = sys_tee(from[0], to[1], 10, 0);
	if (!is_error(result))
		result = syscall4(__NR_vmsplice, from[1], (long)&range, 1, 0);
	if (!is_error(result))
		result = sys_fcntl(from[1], F_SETPIPE_SZ, 32 * PAGE_SIZE);
	if (!is_error(result))
		result = sys_splice(from[0], NULL, (int)fd, NULL, PAGE_SIZE, 0);
	return is_error(result) ? result : 0;
}

static long op_sockets(void)
{
	int fds[2], pipe[2];
	long result = sys_socketpair(AF_UNIX, SOCK_SEQPACKET, 0, fds);

	if (!is_error(result))
		result = sys_pipe(pipe);
	if (!is_error(result))
		result = send_files(fds[0], "twelve bytes", 12, pipe, 2);
	return is_error(result) ? result : 0;
}

static long op_epoll(void)
{
	struct pollfd list[200] = { { 0 } };
	long set = sys_epoll_create1(0), fd = sys_eventfd2(0, 0);
	long result = is_error(set) ? set : fd;

	if (!is_error(result))
		result = epoll_set((int)set, EPOLL_CTL_ADD, (int)fd, POLLIN);
	if (!is_error(result))
		result = sys_poll(list, 200, 0);
	return is_error(result) ? result : 0;
}

static long op_open(void)
{
	char buf[16];
	long fd = sys_open(self, O_RDONLY, 0), result;

	if (is_error(fd))
		return fd;
	result = sys_read((int)fd, buf, sizeof(buf));
	return is_error(result) ? result : 0;
}

static long op_brk(void)
{
	uintptr_t end = (uintptr_t)sys_brk(0);

	return (uintptr_t)sys_brk(end + 4 * PAGE_SIZE) == end ? -ENOMEM : 0;
}

static const struct operation operations[] = {
	{ op_fork, "fork" },	     { op_exec, "execve" },
	{ op_vfork_exec, "vfork-and-execve" },
	{ op_thread, "thread" },     { op_mmap, "mmap" },     { op_shared, "shared-mmap" },
	{ op_split, "mapping-split" }, { op_unfold, "unfold" }, { op_pipe, "pipe" },
	{ op_splice, "splice-and-vmsplice" },
	{ op_open, "open-and-read" }, { op_brk, "brk" },
	{ op_sockets, "sockets-and-files-on-their-way" }, { op_epoll, "epoll-eventfd-and-poll" },
};

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc > 1)
		return 0;		/* the program that the others execute */
	operations_fail(operations, sizeof(operations) / sizeof(operations[0]));
	return tap_done();
}
