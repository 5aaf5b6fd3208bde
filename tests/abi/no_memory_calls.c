/*
 * no_memory_calls.c - no_memory.h for the calls that no_memory.c and file_limits.c leave: names,
 * attributes, locks, copies, /proc, timers, signals, and what one process does to another. With a
 * disk's name: for what is done with that.
 */
#include "kernel/uapi/membarrier.h"
#include "user/events.h"
#include "user/files.h"
#include "user/no_memory.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/sockets.h"
#include "user/tap.h"

#include <string.h>

#define LONG_NAME "a-name-that-does-not-fit-into-the-entry-itself-and-so-has-its-own-memory"

static char *self, *disk;
static char page[PAGE_SIZE];
static char blocks[20 * PAGE_SIZE] __attribute__((aligned(4096)));

/* ---- names ---- */

static long op_directories(void)
{
	char buf[256];
	long r;

	return is_error(r = sys_mkdir(LONG_NAME, 0755)) || is_error(r = sys_chdir(LONG_NAME)) ||
			       is_error(r = sys_getcwd(buf, sizeof(buf))) ||
			       is_error(r = sys_chdir("..")) ||
			       is_error(r = sys_rmdir(LONG_NAME)) ?
		       r :
		       0;
}

static long op_links(void)
{
	char buf[256];
	long r;

	return is_error(r = sys_symlink(LONG_NAME "/" LONG_NAME, "link")) ||
			       is_error(r = sys_readlink("link", buf, sizeof(buf))) ||
			       is_error(r = sys_link("link", LONG_NAME)) ||
			       is_error(r = sys_renameat2("link", LONG_NAME, RENAME_EXCHANGE)) ||
			       is_error(r = sys_renameat2("link", "other" LONG_NAME,
							  RENAME_WHITEOUT)) ?
		       r :
		       0;
}

static long op_nameless(void)
{
	long fd = sys_open(".", O_TMPFILE | O_RDWR, 0600), r = fd;

	return is_error(fd) || is_error(r = sys_linkat((int)fd, "", AT_FDCWD, LONG_NAME,
						       AT_EMPTY_PATH)) ?
		       r :
		       0;
}

static long op_fifo(void)
{
	long fd, r;

	return is_error(r = sys_mknod("fifo", S_IFIFO | 0600, 0)) ||
			       is_error(r = fd = sys_open("fifo", O_RDWR, 0)) ||
			       is_error(r = sys_write((int)fd, page, sizeof(page))) ?
		       r :
		       0;
}

static long op_attributes(void)
{
	long fd = sys_open("file", O_RDWR | O_CREAT, 0600), r = fd;

	return is_error(fd) ||
			       is_error(r = syscall5(__NR_setxattr, P("file"), P("user.a"),
						     P(page), 100, 0)) ||
			       is_error(r = syscall5(__NR_setxattr, P("file"), P("user.a"),
						     P(page), 3000, 0)) ||
			       is_error(r = syscall4(__NR_fgetxattr, fd, P("user.a"), P(page),
						     4096)) ||
			       is_error(r = syscall3(__NR_listxattr, P("file"), P(page), 4096)) ||
			       is_error(r = syscall2(__NR_removexattr, P("file"), P("user.a"))) ?
		       r :
		       0;
}

/* ---- files ---- */

static long lock_range(long fd, int type, long from, long n)
{
	struct flock64 lock = { .l_type = (short)type, .l_start = from, .l_len = n };

	return sys_fcntl((int)fd, F_SETLK, P(&lock));
}

static long op_locks(void)
{
	long fd = sys_open("file", O_RDWR | O_CREAT, 0600), r = fd;

	return is_error(fd) || is_error(r = lock_range(fd, F_WRLCK, 0, 100)) ||
			       is_error(r = lock_range(fd, F_UNLCK, 40, 10)) ||
			       is_error(r = lock_range(fd, F_RDLCK, 10, 10)) ?
		       r :
		       0;
}

static long op_copies(void)
{
	long from = sys_memfd_create("from", 0), to = sys_memfd_create("to", 0), at = 0, r = from;

	return is_error(from) || is_error(r = to) ||
			       is_error(r = sys_pwrite((int)from, page, PAGE_SIZE, 100)) ||
			       is_error(r = sys_copy_file_range((int)from, &at, (int)to, NULL,
								4096, 0)) ||
			       is_error(r = sys_sendfile((int)to, (int)from, &at, 4096)) ?
		       r :
		       0;
}

static long op_holes_and_mapping(void)
{
	long fd = sys_memfd_create("file", MFD_ALLOW_SEALING), mem, r = fd;

	return is_error(fd) || is_error(r = sys_fallocate((int)fd, 0, 0, 70 * (long)PAGE_SIZE)) ||
			       is_error(r = mem =
						sys_mmap(0, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE,
							 MAP_SHARED, (int)fd, 0)) ||
			       (((volatile char *)mem)[PAGE_SIZE] = 1, 0) ||
			       is_error(r = sys_fallocate((int)fd,
							  FALLOC_FL_PUNCH_HOLE |
								  FALLOC_FL_KEEP_SIZE,
							  100, 60 * (long)PAGE_SIZE)) ||
			       is_error(r = syscall3(__NR_msync, mem, 4096, MS_SYNC)) ||
			       is_error(r = sys_ftruncate((int)fd, 100)) ||
			       is_error(r = sys_munmap((uintptr_t)mem, 4 * PAGE_SIZE)) ||
			       is_error(r = sys_fcntl((int)fd, F_ADD_SEALS, F_SEAL_WRITE)) ?
		       r :
		       0;
}

static long op_descriptors(void)
{
	long fd = sys_open(".", O_RDONLY, 0), r = fd;

	return is_error(fd) || is_error(r = sys_dup2((int)fd, 900)) ||
			       is_error(r = syscall3(__NR_close_range, 3, 800,
						     CLOSE_RANGE_UNSHARE)) ||
			       is_error(r = sys_fcntl(900, F_DUPFD, 950)) ?
		       r :
		       0;
}

static long op_vectors(void)
{
	static struct iovec many[1000];
	long fd = sys_open("file", O_RDWR | O_CREAT, 0600), r = fd;

	for (int i = 0; i < 1000; i++)
		many[i] = (struct iovec){ page, 7 };
	return is_error(fd) || is_error(r = syscall3(__NR_writev, fd, P(many), 1000)) ||
			       is_error(r = syscall5(__NR_preadv, fd, P(many), 1000, 0, 0)) ?
		       r :
		       0;
}

/* ---- what the kernel tells ---- */

static long read_whole(const char *path)
{
	static char buf[4096];
	long fd = sys_open(path, O_RDONLY, 0), n = fd;

	if (is_error(fd))
		return fd;
	while (n > 0 && (n = sys_read((int)fd, buf, sizeof(buf))) > 0)
		;
	sys_close((int)fd);
	return n;
}

static long op_proc(void)
{
	static const char *const names[] = {
		"/proc/self/maps",	"/proc/self/smaps",   "/proc/self/status",
		"/proc/self/mountinfo", "/proc/self/cmdline", "/proc/meminfo",
		"/proc/self/limits",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		long r = read_whole(names[i]);

		if (is_error(r))
			return r;
	}
	return 0;
}

static long op_proc_names(void)
{
	int fds[2];
	char buf[1024];
	long dir, r;

	return is_error(r = sys_pipe(fds)) ||
			       is_error(r = sys_readlink("/proc/self/fd/0", buf, sizeof(buf))) ||
			       is_error(r = sys_readlink("/proc/self/exe", buf, sizeof(buf))) ||
			       is_error(r = dir = sys_open("/proc/self/fd", O_RDONLY | O_DIRECTORY,
							   0)) ||
			       is_error(r = sys_getdents64((int)dir, buf, sizeof(buf))) ||
			       is_error(r = sys_open("/dev/fd/1", O_WRONLY, 0)) ?
		       r :
		       0;
}

static long op_log(void)
{
	long fd = sys_open("/dev/kmsg", O_RDWR, 0), r = fd;

	return is_error(fd) || is_error(r = sys_read((int)fd, page, sizeof(page))) ||
			       is_error(r = syscall3(__NR_syslog, 3, P(page), sizeof(page))) ?
		       r :
		       0;
}

/* ---- signals, timers, waiting ---- */

static long op_signals(void)
{
	struct __kernel_siginfo info = { .si_code = SI_QUEUE };
	long r;

	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGRTMIN));
	return is_error(r = syscall3(__NR_rt_sigqueueinfo, sys_getpid(), SIGRTMIN, P(&info))) ||
			       is_error(r = sys_kill((int)sys_getpid(), SIGUSR1)) ||
			       is_error(r = signal_wait(SIGNAL_BIT(SIGUSR1), NULL, 0)) ?
		       r :
		       0;
}

static long op_timers(void)
{
	struct __kernel_itimerspec hour = { .it_value = { 3600, 0 } };
	struct __kernel_timespec moment = { 0, 1000 };
	uint32_t word = 0;
	int id;
	long r;

	return is_error(r = syscall3(__NR_timer_create, CLOCK_MONOTONIC, 0, P(&id))) ||
			       is_error(r = syscall4(__NR_timer_settime, id, 0, P(&hour), 0)) ||
			       is_error(r = sys_nanosleep(&moment, NULL)) ||
			       ((r = sys_futex(&word, FUTEX_WAIT, 0, &moment)) != -ETIMEDOUT &&
				is_error(r)) ?
		       r :
		       0;
}

static long op_select(void)
{
	static uint64_t sets[3][16];
	struct __kernel_timespec now = { 0, 0 };
	int fds[2];
	long r;

	if (is_error(r = sys_pipe(fds)) || is_error(r = sys_dup2(fds[0], 999)))
		return r;
	sets[0][999 / 64] |= 1ul << 999 % 64;
	return syscall6(__NR_pselect6, 1000, P(sets[0]), P(sets[1]), P(sets[2]), P(&now), 0);
}

static long op_messages(void)
{
	static char large[100000];
	int fds[2];
	long r;

	return is_error(r = sys_socketpair(AF_UNIX, SOCK_STREAM, 0, fds)) ||
			       is_error(
				       r = sys_send(fds[0], large, sizeof(large), MSG_DONTWAIT)) ||
			       is_error(r = sys_recv(fds[1], large, sizeof(large), MSG_DONTWAIT)) ?
		       r :
		       0;
}

static long op_epoll_in_epoll(void)
{
	long inner = sys_epoll_create1(0), outer = sys_epoll_create1(0), r = inner;
	struct epoll_event event;
	int fds[2];

	return is_error(inner) || is_error(r = outer) || is_error(r = sys_pipe(fds)) ||
			       is_error(r = epoll_set((int)inner, EPOLL_CTL_ADD, fds[1],
						      POLLOUT)) ||
			       is_error(r = epoll_set((int)outer, EPOLL_CTL_ADD, (int)inner,
						      POLLIN)) ||
			       is_error(r = sys_epoll_wait((int)outer, &event, 1, 0)) ?
		       r :
		       0;
}

/* ---- memory, other processes, programs ---- */

static long op_other_memory(void)
{
	static struct iovec many[100];

	for (int i = 0; i < 100; i++)
		many[i] = (struct iovec){ page, 16 };
	return syscall6(__NR_process_vm_readv, sys_getppid(), P(many), 100, P(many), 100, 0);
}

static long op_mem_file(void)
{
	long fd = sys_open("/proc/self/mem", O_RDWR, 0), r = fd;

	return is_error(fd) || is_error(r = sys_pread((int)fd, page, 100, P(self))) ? r : 0;
}

static long op_locked(void)
{
	long mem, r;

	return is_error(r = mem = sys_mmap(0, 8 * PAGE_SIZE, PROT_READ | PROT_WRITE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)) ||
			       is_error(r = syscall2(__NR_mlock, mem + (long)PAGE_SIZE,
						     4 * (long)PAGE_SIZE)) ||
			       is_error(r = syscall1(__NR_mlockall, MCL_CURRENT | MCL_FUTURE)) ||
			       is_error(r = sys_madvise((uintptr_t)mem, PAGE_SIZE,
							MADV_DONTNEED_LOCKED)) ||
			       is_error(r = syscall0(__NR_munlockall)) ||
			       is_error(r = syscall3(__NR_membarrier, MEMBARRIER_CMD_GLOBAL, 0,
						     0)) ?
		       r :
		       0;
}

static long op_script(void)
{
	char *argv[] = { "script", NULL }, *envp[] = { NULL };
	char line[300] = "#!";
	long fd = sys_open("script", O_RDWR | O_CREAT, 0755), r = fd;

	strcat(strcat(line, self), " child\n");
	if (is_error(fd) || is_error(r = sys_write((int)fd, line, strlen(line))))
		return r;
	sys_close((int)fd);
	return sys_execve("script", argv, envp);
}

static long op_clone3(void)
{
	uint64_t args[8] = { CLONE_FS | CLONE_FILES, 0, 0, 0, SIGCHLD };
	long pid = syscall2(__NR_clone3, P(args), sizeof(args));
	struct __kernel_siginfo info;

	if (pid == 0)
		sys_exit_group(0);
	return is_error(pid) ? pid : syscall5(__NR_waitid, P_PID, pid, P(&info), WEXITED, 0);
}

/* ---- a disk, if one is named ---- */

/* The last one to close it takes its pages along: each attempt reads anew. */
static long op_disk(void)
{
	long fd = sys_open(disk, O_RDWR, 0), mem, r = fd;

	return is_error(fd) || is_error(r = sys_pread((int)fd, blocks, sizeof(blocks), 0)) ||
			       is_error(r = mem =
						sys_mmap(0, 4 * PAGE_SIZE, PROT_READ | PROT_WRITE,
							 MAP_SHARED, (int)fd, 0)) ||
			       (((volatile char *)mem)[PAGE_SIZE] = 1, 0) ||
			       is_error(r = syscall3(__NR_msync, mem, 4 * (long)PAGE_SIZE,
						     MS_SYNC)) ||
			       is_error(r = sys_pwrite((int)fd, blocks, sizeof(blocks), 0)) ||
			       is_error(r = syscall1(__NR_fsync, fd)) ?
		       r :
		       0;
}

static long op_direct(void)
{
	long fd = sys_open(disk, O_RDWR | O_DIRECT, 0), r = fd;

	return is_error(fd) || is_error(r = sys_pread((int)fd, blocks, sizeof(blocks), 0)) ||
			       is_error(r = sys_pwrite((int)fd, blocks, sizeof(blocks), 0)) ?
		       r :
		       0;
}

static const struct operation disk_operations[] = {
	{ op_disk, "a-disk-read-mapped-and-written" },
	{ op_direct, "a-disk-without-the-page-cache" },
};

static const struct operation operations[] = {
	{ op_directories, "directories-and-getcwd" },
	{ op_links, "links-and-renames" },
	{ op_nameless, "a-file-without-a-name" },
	{ op_fifo, "fifo" },
	{ op_attributes, "extended-attributes" },
	{ op_locks, "locks-of-ranges" },
	{ op_copies, "copy_file_range-and-sendfile" },
	{ op_holes_and_mapping, "holes-and-a-mapping" },
	{ op_descriptors, "descriptors" },
	{ op_vectors, "writev-and-preadv" },
	{ op_proc, "texts-of-proc" },
	{ op_proc_names, "names-of-proc" },
	{ op_log, "log" },
	{ op_signals, "queued-signals" },
	{ op_timers, "timers-and-sleep" },
	{ op_select, "pselect" },
	{ op_messages, "a-large-message" },
	{ op_epoll_in_epoll, "epoll-in-epoll" },
	{ op_other_memory, "process_vm_readv" },
	{ op_mem_file, "memory-as-a-file" },
	{ op_locked, "mlock-and-mlockall" },
	{ op_script, "execve-of-a-script" },
	{ op_clone3, "clone3-and-waitid" },
};

int main(int argc, char **argv)
{
	self = argv[0];
	if (argc > 1 && !strcmp(argv[1], "child"))
		return 0; /* the script's interpreter */
	disk = argv[1];
	if (disk)
		operations_fail(disk_operations, 2);
	else
		operations_fail(operations, sizeof(operations) / sizeof(operations[0]));
	return tap_done();
}
