/*
 * Makes calls whose arguments have names, and prints each as strace(1) does: as it stands here.
 * What they answer does not matter; few of them can succeed.
 */
#include "kernel/uapi/async_fault.h"
#include "kernel/uapi/epoll.h"
#include "kernel/uapi/fadvise.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/fs.h"
#include "kernel/uapi/futex.h"
#include "kernel/uapi/gup_test.h"
#include "kernel/uapi/membarrier.h"
#include "kernel/uapi/memfd.h"
#include "kernel/uapi/mman.h"
#include "kernel/uapi/mount.h"
#include "kernel/uapi/personality.h"
#include "kernel/uapi/prctl.h"
#include "kernel/uapi/random.h"
#include "kernel/uapi/resource.h"
#include "kernel/uapi/sched.h"
#include "kernel/uapi/signal.h"
#include "kernel/uapi/socket.h"
#include "kernel/uapi/syslog.h"
#include "kernel/uapi/termios.h"
#include "kernel/uapi/unistd.h"
#include "kernel/uapi/wait.h"
#include "kernel/uapi/xattr.h"

int puts(const char *text);
long syscall(long nr, ...);

#define CALL(name, ...)	(puts(#name "(" #__VA_ARGS__ ")"), syscall(__NR_##name, __VA_ARGS__))

/* In strace's words; what it says otherwise than our headers. */
#define NULL			0ul
#define FASYNC			O_ASYNC
#define F_OK			0
#define R_OK			4
#define W_OK			2
#define X_OK			1
#define FUTEX_WAKE_PRIVATE	(FUTEX_WAKE | FUTEX_PRIVATE_FLAG)
#define FUTEX_WAIT_BITSET_PRIVATE (FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG)
#define SIGRT_2			(SIGRTMIN + 2)
#define SCHED_OTHER		SCHED_NORMAL
#define SUID_DUMP_USER		1
#define AT_STATX_FORCE_SYNC	0x2000
#define STATX_BASIC_STATS	0x7ff
#define S_IFCHR			0020000

/* clang-format off: as strace prints them */
static void files(void)
{
	CALL(access, "/nosuch", F_OK);
	CALL(access, "/nosuch", R_OK|W_OK|X_OK);
	CALL(faccessat2, AT_FDCWD, "/nosuch", R_OK, AT_SYMLINK_NOFOLLOW|AT_EACCESS|AT_EMPTY_PATH);
	CALL(open, "/nosuch", O_RDWR|O_SYNC|FASYNC);
	CALL(open, "/nosuch", O_RDONLY|O_DSYNC);
	CALL(openat, AT_FDCWD, "/nosuch", O_RDWR|O_TMPFILE, 0600);
	CALL(mknod, "/nosuch/x", S_IFCHR|0644, 0x103);
	CALL(fcntl, 0, F_SETFL, O_RDONLY|O_APPEND|O_NONBLOCK|FASYNC);
	CALL(fcntl, 0, F_SETFL, O_RDONLY);
	CALL(fcntl, 0, F_GETFL);
	CALL(fcntl, 0, F_SETFD, FD_CLOEXEC);
	CALL(fcntl, 0, F_GETFD);
	CALL(fcntl, 0, F_SETOWN, -1);
	CALL(fcntl, 0, F_SETSIG, SIGUSR1);
	CALL(fcntl, 0, F_GETOWN_EX, NULL);
	CALL(fcntl, 0, F_DUPFD, 99999);
	CALL(fcntl, 0, F_ADD_SEALS, F_SEAL_GROW|F_SEAL_WRITE|F_SEAL_FUTURE_WRITE);
	CALL(fcntl, 0, F_GET_SEALS);
	CALL(lseek, -1, 0, SEEK_DATA);
	CALL(fallocate, -1, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 0);
	CALL(fadvise64, -1, 0, 0, POSIX_FADV_WILLNEED);
	CALL(sync_file_range, -1, 0, 0, SYNC_FILE_RANGE_WAIT_BEFORE|SYNC_FILE_RANGE_WRITE);
	CALL(flock, -1, LOCK_EX|LOCK_NB);
	CALL(fsetxattr, -1, "a", "b", 1, XATTR_CREATE);
	CALL(preadv2, -1, NULL, 0, 0, 0, RWF_HIPRI|RWF_DSYNC|RWF_SYNC|RWF_NOWAIT|RWF_APPEND);
	CALL(renameat2, AT_FDCWD, "/nosuch", AT_FDCWD, "/x", RENAME_NOREPLACE|RENAME_EXCHANGE);
	CALL(splice, -1, NULL, -1, NULL, 0, SPLICE_F_MOVE|SPLICE_F_NONBLOCK|SPLICE_F_MORE);
	CALL(statx, AT_FDCWD, "/nosuch", AT_STATX_FORCE_SYNC, STATX_BASIC_STATS, NULL);
	CALL(unlinkat, AT_FDCWD, "/nosuch", AT_REMOVEDIR);
	CALL(mount, "a", "/nosuch", "b", MS_RDONLY|MS_MANDLOCK|MS_BIND|MS_REC, NULL);
}

static void descriptors(void)
{
	CALL(close_range, 100000, 4294967295, CLOSE_RANGE_UNSHARE|CLOSE_RANGE_CLOEXEC);
	CALL(dup3, 9, 9, O_CLOEXEC);
	CALL(pipe2, NULL, O_NONBLOCK|O_CLOEXEC);
	CALL(epoll_create1, EPOLL_CLOEXEC|0x1);
	CALL(epoll_ctl, 9, EPOLL_CTL_DEL, 9, NULL);
	CALL(eventfd2, 1, EFD_SEMAPHORE|EFD_CLOEXEC|EFD_NONBLOCK|0x4);
	CALL(memfd_create, NULL, MFD_CLOEXEC|MFD_ALLOW_SEALING|MFD_NOEXEC_SEAL);
	CALL(socket, AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 77);
	CALL(setsockopt, -1, SOL_SOCKET, SO_SNDBUF, NULL, 4);
	CALL(recvmsg, -1, NULL, MSG_PEEK|MSG_DONTWAIT|MSG_CMSG_CLOEXEC);
	CALL(shutdown, -1, SHUT_RDWR);
}

static void ioctls(void)
{
	CALL(ioctl, -1, FIGETBSZ, NULL);
	CALL(ioctl, -1, BLKZEROOUT, NULL);
	CALL(ioctl, -1, BLKGETSIZE64, NULL);
	CALL(ioctl, -1, FIOASYNC, NULL);
	CALL(ioctl, -1, FIOCLEX);
	CALL(ioctl, -1, TCGETS2, NULL);
	CALL(ioctl, -1, TCFLSH, TCOFLUSH);
	CALL(ioctl, -1, TIOCSCTTY, 1);
	CALL(ioctl, -1, ASYNC_FAULT_ASK, NULL);
	CALL(ioctl, -1, GUP_FAST_BENCHMARK, NULL);
	CALL(ioctl, -1, PIN_LONGTERM_TEST_READ, NULL);
}

static void memory(void)
{
	CALL(mmap, NULL, 0, PROT_NONE, MAP_PRIVATE|MAP_ANONYMOUS|MAP_FIXED_NOREPLACE, -1, 0x0);
	CALL(mprotect, NULL, 1, PROT_READ|PROT_SEM);
	CALL(madvise, NULL, 0, MADV_GUARD_INSTALL);
	CALL(madvise, NULL, 0, MADV_POPULATE_WRITE);
	CALL(madvise, NULL, 0, 0x4d);
	CALL(mlock2, NULL, 0, MLOCK_ONFAULT|0x2);
	CALL(mlockall, MCL_CURRENT|MCL_FUTURE|MCL_ONFAULT|0x8);
	CALL(msync, NULL, 0, MS_SYNC|MS_ASYNC);
}

static void processes(void)
{
	CALL(kill, 99999999, SIGRTMIN);
	CALL(kill, 99999999, SIGRT_2);
	CALL(wait4, 99999999, NULL, WNOHANG|__WALL, NULL);
	CALL(waitid, P_PID, 99999999, NULL, WNOHANG|WEXITED|WSTOPPED, NULL);
	CALL(rt_sigprocmask, SIG_SETMASK, NULL, NULL, 8);
	CALL(futex, NULL, FUTEX_WAKE_PRIVATE, 0, NULL, NULL, 0x0);
	CALL(futex, NULL, FUTEX_WAIT_BITSET_PRIVATE|FUTEX_CLOCK_REALTIME, 0, NULL, NULL, 0x0);
	CALL(getrusage, RUSAGE_CHILDREN, NULL);
	CALL(prlimit64, 0, RLIMIT_STACK, NULL, NULL);
	CALL(getpriority, PRIO_PROCESS, 99999999);
	CALL(sched_setscheduler, 0, SCHED_OTHER, NULL);
	CALL(clock_nanosleep, CLOCK_MONOTONIC, TIMER_ABSTIME, NULL, NULL);
	CALL(getitimer, ITIMER_REAL, NULL);
	CALL(getrandom, NULL, 1, GRND_NONBLOCK|GRND_INSECURE);
	CALL(membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0x1, 0);
	CALL(syslog, SYSLOG_ACTION_SIZE_BUFFER, NULL, 0);
	CALL(umask, 022);
	CALL(personality, 0xffffffff);
	CALL(arch_prctl, ARCH_GET_FS, NULL);
	CALL(prctl, PR_SET_NAME, "another");
	CALL(prctl, PR_SET_PDEATHSIG, SIGKILL);
	CALL(prctl, PR_SET_DUMPABLE, SUID_DUMP_USER);
	CALL(prctl, PR_GET_DUMPABLE);
	CALL(prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	CALL(prctl, PR_GET_THP_DISABLE, 0, 0, 0, 0);
	CALL(prctl, PR_GET_MDWE, 0, 0, 0, 0);
	CALL(prctl, PR_SET_VMA, PR_SET_VMA_ANON_NAME, NULL, 4096, "heap");
}
/* clang-format on */

int main(void)
{
	files();
	descriptors();
	ioctls();
	memory();
	processes();
	return 0;
}
