/* Numbers with names, set by set: for tables.c alone. What a set is for says its name there. */
#pragma once
#include "kernel/strace/strace.h"
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
#include "kernel/uapi/pleat.h"
#include "kernel/uapi/prctl.h"
#include "kernel/uapi/random.h"
#include "kernel/uapi/reboot.h"
#include "kernel/uapi/resource.h"
#include "kernel/uapi/sched.h"
#include "kernel/uapi/signal.h"
#include "kernel/uapi/socket.h"
#include "kernel/uapi/stat.h"
#include "kernel/uapi/statx.h"
#include "kernel/uapi/syslog.h"
#include "kernel/uapi/termios.h"
#include "kernel/uapi/time.h"
#include "kernel/uapi/uio.h"
#include "kernel/uapi/wait.h"
#include "kernel/uapi/xattr.h"

/* clang-format off */
#define BITS(name)	{ name, name, #name }		/* all of its bits */
#define ONE(mask, name)	{ mask, name, #name }		/* a number within the flags */
#define IS(name)	{ ~0ull, (__u32)(name), #name }	/* the whole is that number */
#define END		{ 0, 0, NULL }

static const struct strace_flag prot[] = {
	IS(PROT_NONE), BITS(PROT_READ), BITS(PROT_WRITE), BITS(PROT_EXEC),
	BITS(PROT_SEM), BITS(PROT_GROWSDOWN), BITS(PROT_GROWSUP), END,
};
static const struct strace_flag mmap_flags[] = {
	ONE(MAP_TYPE, MAP_SHARED), ONE(MAP_TYPE, MAP_PRIVATE), ONE(MAP_TYPE, MAP_SHARED_VALIDATE),
	ONE(MAP_TYPE, MAP_DROPPABLE), BITS(MAP_FIXED), BITS(MAP_ANONYMOUS), BITS(MAP_32BIT),
	BITS(MAP_GROWSDOWN), BITS(MAP_DENYWRITE), BITS(MAP_EXECUTABLE), BITS(MAP_LOCKED),
	BITS(MAP_NORESERVE), BITS(MAP_POPULATE), BITS(MAP_NONBLOCK), BITS(MAP_STACK),
	BITS(MAP_HUGETLB), BITS(MAP_SYNC), BITS(MAP_FIXED_NOREPLACE),
	BITS(MAP_UNINITIALIZED), END,
};
static const struct strace_flag open_flags[] = {
	ONE(O_ACCMODE, O_RDONLY), ONE(O_ACCMODE, O_WRONLY), ONE(O_ACCMODE, O_RDWR),
	BITS(O_ACCMODE), BITS(O_CREAT), BITS(O_EXCL), BITS(O_NOCTTY), BITS(O_TRUNC),
	BITS(O_APPEND), BITS(O_NONBLOCK), BITS(O_SYNC), { O_SYNC, O_DSYNC, "O_DSYNC" },
	BITS(O_DIRECT), BITS(O_LARGEFILE),
	BITS(O_TMPFILE), { O_TMPFILE, O_DIRECTORY, "O_DIRECTORY" },
	BITS(O_NOFOLLOW), BITS(O_NOATIME), BITS(O_CLOEXEC), BITS(O_PATH),
	{ O_ASYNC, O_ASYNC, "FASYNC" }, END,
};
static const struct strace_flag at_flags[] = {
	BITS(AT_SYMLINK_NOFOLLOW), BITS(AT_REMOVEDIR), BITS(AT_SYMLINK_FOLLOW),
	BITS(AT_NO_AUTOMOUNT), BITS(AT_EMPTY_PATH), END,
};
static const struct strace_flag clone_flags[] = {
	BITS(CLONE_VM), BITS(CLONE_FS), BITS(CLONE_FILES), BITS(CLONE_SIGHAND), BITS(CLONE_PIDFD),
	BITS(CLONE_PTRACE), BITS(CLONE_VFORK), BITS(CLONE_PARENT), BITS(CLONE_THREAD),
	BITS(CLONE_NEWNS), BITS(CLONE_SYSVSEM), BITS(CLONE_SETTLS), BITS(CLONE_PARENT_SETTID),
	BITS(CLONE_CHILD_CLEARTID), BITS(CLONE_DETACHED), BITS(CLONE_UNTRACED),
	BITS(CLONE_CHILD_SETTID), BITS(CLONE_NEWCGROUP), BITS(CLONE_NEWUTS), BITS(CLONE_NEWIPC),
	BITS(CLONE_NEWUSER), BITS(CLONE_NEWPID), BITS(CLONE_NEWNET), BITS(CLONE_IO),
	ONE(CSIGNAL, SIGCHLD), END,
};
static const struct strace_flag advice[] = {
	IS(MADV_NORMAL), IS(MADV_RANDOM), IS(MADV_SEQUENTIAL),
	IS(MADV_WILLNEED), IS(MADV_DONTNEED), IS(MADV_FREE),
	IS(MADV_REMOVE), IS(MADV_DONTFORK), IS(MADV_DOFORK),
	IS(MADV_MERGEABLE), IS(MADV_UNMERGEABLE), IS(MADV_HUGEPAGE),
	IS(MADV_NOHUGEPAGE), IS(MADV_DONTDUMP), IS(MADV_DODUMP),
	IS(MADV_WIPEONFORK), IS(MADV_KEEPONFORK), IS(MADV_COLD),
	IS(MADV_PAGEOUT), IS(MADV_POPULATE_READ), IS(MADV_POPULATE_WRITE),
	IS(MADV_DONTNEED_LOCKED), IS(MADV_COLLAPSE), IS(MADV_HWPOISON),
	IS(MADV_SOFT_OFFLINE), IS(MADV_GUARD_INSTALL),
	IS(MADV_GUARD_REMOVE), END,
};
static const struct strace_flag msync_flags[] = {
	BITS(MS_SYNC), BITS(MS_ASYNC), BITS(MS_INVALIDATE), END,
};
static const struct strace_flag mount_flags[] = {
	BITS(MS_RDONLY), BITS(MS_NOSUID), BITS(MS_NODEV), BITS(MS_NOEXEC), BITS(MS_SYNCHRONOUS),
	BITS(MS_REMOUNT), BITS(MS_MANDLOCK), BITS(MS_DIRSYNC), BITS(MS_NOATIME),
	BITS(MS_NODIRATIME), BITS(MS_BIND), BITS(MS_MOVE), BITS(MS_REC), BITS(MS_SILENT),
	BITS(MS_UNBINDABLE), BITS(MS_PRIVATE), BITS(MS_SLAVE), BITS(MS_SHARED), BITS(MS_RELATIME),
	BITS(MS_STRICTATIME), END,
};
static const struct strace_flag umount_flags[] = {
	BITS(MNT_FORCE), BITS(MNT_DETACH), BITS(MNT_EXPIRE), BITS(UMOUNT_NOFOLLOW), END,
};
static const struct strace_flag wait_flags[] = {
	BITS(WNOHANG), BITS(WEXITED), BITS(WSTOPPED), BITS(WCONTINUED), BITS(WNOWAIT),
	BITS(__WCLONE), BITS(__WALL), BITS(__WNOTHREAD), END,
};
static const struct strace_flag whence[] = {
	IS(SEEK_SET), IS(SEEK_CUR), IS(SEEK_END), IS(SEEK_DATA), IS(SEEK_HOLE), END,
};
static const struct strace_flag fcntl_commands[] = {
	IS(F_DUPFD), IS(F_GETFD), IS(F_SETFD), IS(F_GETFL),
	IS(F_SETFL), IS(F_GETLK), IS(F_SETLK), IS(F_SETLKW),
	IS(F_SETOWN), IS(F_GETOWN), IS(F_SETSIG), IS(F_GETSIG),
	IS(F_SETOWN_EX), IS(F_GETOWN_EX),
	IS(F_OFD_GETLK), IS(F_OFD_SETLK), IS(F_OFD_SETLKW),
	IS(F_DUPFD_CLOEXEC), IS(F_SETPIPE_SZ), IS(F_GETPIPE_SZ),
	IS(F_ADD_SEALS), IS(F_GET_SEALS), END,
};
#define FUTEX(name) \
	ONE(0xff, FUTEX_##name), \
	{ 0xff, FUTEX_##name | FUTEX_PRIVATE_FLAG, "FUTEX_" #name "_PRIVATE" }
static const struct strace_flag futex_operations[] = {
	FUTEX(WAIT), FUTEX(WAKE), FUTEX(REQUEUE), FUTEX(CMP_REQUEUE), FUTEX(WAKE_OP),
	FUTEX(WAIT_BITSET), FUTEX(WAKE_BITSET), BITS(FUTEX_CLOCK_REALTIME), END,
};

static const struct strace_flag access_modes[] = {
	{ ~0ull, 0, "F_OK" }, { 4, 4, "R_OK" }, { 2, 2, "W_OK" }, { 1, 1, "X_OK" }, END,
};
static const struct strace_flag arch_prctl_options[] = {
	IS(ARCH_SET_GS), IS(ARCH_SET_FS), IS(ARCH_GET_FS), IS(ARCH_GET_GS), END,
};
static const struct strace_flag clocks[] = {
	IS(CLOCK_REALTIME), IS(CLOCK_MONOTONIC), IS(CLOCK_PROCESS_CPUTIME_ID),
	IS(CLOCK_THREAD_CPUTIME_ID), IS(CLOCK_MONOTONIC_RAW), IS(CLOCK_REALTIME_COARSE),
	IS(CLOCK_MONOTONIC_COARSE), IS(CLOCK_BOOTTIME), IS(CLOCK_TAI), END,
};
static const struct strace_flag timer_flags[] = { BITS(TIMER_ABSTIME), END };
static const struct strace_flag close_range_flags[] = {
	BITS(CLOSE_RANGE_UNSHARE), BITS(CLOSE_RANGE_CLOEXEC), END,
};
static const struct strace_flag new_fd_flags[] = {
	BITS(O_NONBLOCK), BITS(O_DIRECT), BITS(O_CLOEXEC), END,
};
static const struct strace_flag fd_flags[] = { BITS(FD_CLOEXEC), END };
static const struct strace_flag seals[] = {
	BITS(F_SEAL_SEAL), BITS(F_SEAL_SHRINK), BITS(F_SEAL_GROW), BITS(F_SEAL_WRITE),
	BITS(F_SEAL_FUTURE_WRITE), BITS(F_SEAL_EXEC), END,
};
static const struct strace_flag epoll_flags[] = { BITS(EPOLL_CLOEXEC), END };
static const struct strace_flag epoll_operations[] = {
	IS(EPOLL_CTL_ADD), IS(EPOLL_CTL_DEL), IS(EPOLL_CTL_MOD), END,
};
static const struct strace_flag eventfd_flags[] = {
	BITS(EFD_SEMAPHORE), BITS(EFD_CLOEXEC), BITS(EFD_NONBLOCK), END,
};
static const struct strace_flag faccessat_flags[] = {
	BITS(AT_SYMLINK_NOFOLLOW), BITS(AT_EACCESS), BITS(AT_EMPTY_PATH), END,
};
static const struct strace_flag file_advice[] = {
	IS(POSIX_FADV_NORMAL), IS(POSIX_FADV_RANDOM), IS(POSIX_FADV_SEQUENTIAL),
	IS(POSIX_FADV_WILLNEED), IS(POSIX_FADV_DONTNEED), IS(POSIX_FADV_NOREUSE), END,
};
static const struct strace_flag fallocate_modes[] = {
	BITS(FALLOC_FL_KEEP_SIZE), BITS(FALLOC_FL_PUNCH_HOLE), END,
};
static const struct strace_flag flock_operations[] = {
	BITS(LOCK_SH), BITS(LOCK_EX), BITS(LOCK_NB), BITS(LOCK_UN), END,
};
static const struct strace_flag xattr_flags[] = { BITS(XATTR_CREATE), BITS(XATTR_REPLACE), END };
static const struct strace_flag itimers[] = {
	IS(ITIMER_REAL), IS(ITIMER_VIRTUAL), IS(ITIMER_PROF), END,
};
static const struct strace_flag priorities[] = {
	IS(PRIO_PROCESS), IS(PRIO_PGRP), IS(PRIO_USER), END,
};
static const struct strace_flag getrandom_flags[] = {
	BITS(GRND_NONBLOCK), BITS(GRND_RANDOM), BITS(GRND_INSECURE), END,
};
static const struct strace_flag limits[] = {
	IS(RLIMIT_CPU), IS(RLIMIT_FSIZE), IS(RLIMIT_DATA), IS(RLIMIT_STACK), IS(RLIMIT_CORE),
	IS(RLIMIT_RSS), IS(RLIMIT_NPROC), IS(RLIMIT_NOFILE), IS(RLIMIT_MEMLOCK), IS(RLIMIT_AS),
	IS(RLIMIT_LOCKS), IS(RLIMIT_SIGPENDING), IS(RLIMIT_MSGQUEUE), IS(RLIMIT_NICE),
	IS(RLIMIT_RTPRIO), IS(RLIMIT_RTTIME), END,
};
static const struct strace_flag usages[] = {
	IS(RUSAGE_SELF), IS(RUSAGE_CHILDREN), IS(RUSAGE_THREAD), END,
};
static const struct strace_flag socket_levels[] = { IS(SOL_SOCKET), END };
static const struct strace_flag socket_options[] = {
	IS(SO_TYPE), IS(SO_ERROR), IS(SO_SNDBUF), IS(SO_RCVBUF), IS(SO_ACCEPTCONN),
	IS(SO_PROTOCOL), IS(SO_DOMAIN), END,
};
static const struct strace_flag families[] = { IS(AF_UNSPEC), IS(AF_UNIX), END };
static const struct strace_flag socket_types[] = {
	ONE(SOCK_TYPE_MASK, SOCK_STREAM), ONE(SOCK_TYPE_MASK, SOCK_DGRAM),
	ONE(SOCK_TYPE_MASK, SOCK_RAW), ONE(SOCK_TYPE_MASK, SOCK_SEQPACKET), BITS(SOCK_CLOEXEC),
	BITS(SOCK_NONBLOCK), END,
};
static const struct strace_flag shutdown_hows[] = {
	IS(SHUT_RD), IS(SHUT_WR), IS(SHUT_RDWR), END,
};
static const struct strace_flag message_flags[] = {
	BITS(MSG_OOB), BITS(MSG_PEEK), BITS(MSG_CTRUNC), BITS(MSG_TRUNC), BITS(MSG_DONTWAIT),
	BITS(MSG_EOR), BITS(MSG_WAITALL), BITS(MSG_NOSIGNAL), BITS(MSG_CMSG_CLOEXEC), END,
};
static const struct strace_flag ioctls[] = {
	IS(TCGETS), IS(TCSETS), IS(TCSETSW), IS(TCSETSF), IS(TCSBRK), IS(TCXONC), IS(TCFLSH),
	IS(TCGETS2), IS(TCSETS2), IS(TCSETSW2), IS(TCSETSF2), IS(TCSBRKP), IS(TIOCSCTTY),
	IS(TIOCNOTTY), IS(TIOCGPGRP), IS(TIOCSPGRP), IS(TIOCGSID), IS(TIOCOUTQ), IS(TIOCSTI),
	IS(TIOCGWINSZ), IS(TIOCSWINSZ), IS(TIOCGETD), IS(FIONREAD), IS(FIONBIO), IS(FIOASYNC),
	IS(FIONCLEX), IS(FIOCLEX), IS(FIGETBSZ), IS(BLKROGET), IS(BLKRRPART), IS(BLKGETSIZE),
	IS(BLKFLSBUF), IS(BLKRAGET), IS(BLKFRAGET), IS(BLKSECTGET), IS(BLKSSZGET), IS(BLKDISCARD),
	IS(BLKIOMIN), IS(BLKIOOPT), IS(BLKALIGNOFF), IS(BLKPBSZGET), IS(BLKDISCARDZEROES),
	IS(BLKSECDISCARD), IS(BLKZEROOUT), IS(BLKBSZGET), IS(BLKGETSIZE64), IS(ASYNC_FAULT_ASK),
	IS(GUP_FAST_BENCHMARK), IS(PIN_FAST_BENCHMARK), IS(PIN_LONGTERM_BENCHMARK),
	IS(GUP_BASIC_TEST), IS(PIN_BASIC_TEST), IS(DUMP_USER_PAGES_TEST),
	IS(PIN_LONGTERM_TEST_START), IS(PIN_LONGTERM_TEST_STOP), IS(PIN_LONGTERM_TEST_READ), END,
};
static const struct strace_flag membarrier_commands[] = {
	IS(MEMBARRIER_CMD_QUERY), BITS(MEMBARRIER_CMD_GLOBAL),
	BITS(MEMBARRIER_CMD_GLOBAL_EXPEDITED), BITS(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED),
	BITS(MEMBARRIER_CMD_PRIVATE_EXPEDITED), BITS(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED),
	BITS(MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE),
	BITS(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE),
	BITS(MEMBARRIER_CMD_GET_REGISTRATIONS), END,
};
static const struct strace_flag memfd_flags[] = {
	BITS(MFD_CLOEXEC), BITS(MFD_ALLOW_SEALING), BITS(MFD_HUGETLB), BITS(MFD_NOEXEC_SEAL),
	BITS(MFD_EXEC), END,
};
static const struct strace_flag file_types[] = {
	ONE(S_IFMT, S_IFREG), ONE(S_IFMT, S_IFSOCK), ONE(S_IFMT, S_IFBLK), ONE(S_IFMT, S_IFDIR),
	ONE(S_IFMT, S_IFCHR), ONE(S_IFMT, S_IFIFO), ONE(S_IFMT, S_IFLNK), END,
};
static const struct strace_flag mlock_flags[] = { BITS(MLOCK_ONFAULT), END };
static const struct strace_flag mlockall_flags[] = {
	BITS(MCL_CURRENT), BITS(MCL_FUTURE), BITS(MCL_ONFAULT), END,
};
static const struct strace_flag mremap_flags[] = {
	BITS(MREMAP_MAYMOVE), BITS(MREMAP_FIXED), BITS(MREMAP_DONTUNMAP), END,
};
static const struct strace_flag personalities[] = {
	ONE(0xff, PER_LINUX), BITS(ADDR_NO_RANDOMIZE), END,
};
static const struct strace_flag prctl_options[] = {
	IS(PR_SET_PDEATHSIG), IS(PR_GET_PDEATHSIG), IS(PR_GET_DUMPABLE), IS(PR_SET_DUMPABLE),
	IS(PR_GET_KEEPCAPS), IS(PR_GET_TIMING), IS(PR_SET_TIMING), IS(PR_SET_NAME),
	IS(PR_GET_NAME), IS(PR_GET_SECCOMP), IS(PR_CAPBSET_READ), IS(PR_GET_SECUREBITS),
	IS(PR_SET_TIMERSLACK), IS(PR_GET_TIMERSLACK), IS(PR_SET_CHILD_SUBREAPER),
	IS(PR_GET_CHILD_SUBREAPER), IS(PR_SET_NO_NEW_PRIVS), IS(PR_GET_NO_NEW_PRIVS),
	IS(PR_GET_TID_ADDRESS), IS(PR_SET_THP_DISABLE), IS(PR_GET_THP_DISABLE), IS(PR_SET_MDWE),
	IS(PR_GET_MDWE), IS(PR_SET_VMA), IS(PR_PLEAT_LEVELS), IS(PR_PLEAT_HW_LEVELS),
	IS(PR_PLEAT_FRAMES), IS(PR_PLEAT_OBJECTS), IS(PR_PLEAT_COUNTER), IS(PR_PLEAT_WALK),
	IS(PR_PLEAT_FAIL_NTH), IS(PR_PLEAT_LAZY_UNFOLD), END,
};
static const struct strace_flag mdwe_flags[] = {
	BITS(PR_MDWE_REFUSE_EXEC_GAIN), BITS(PR_MDWE_NO_INHERIT), END,
};
static const struct strace_flag vma_attributes[] = { IS(PR_SET_VMA_ANON_NAME), END };
static const struct strace_flag rwf_flags[] = {
	BITS(RWF_HIPRI), BITS(RWF_DSYNC), BITS(RWF_SYNC), BITS(RWF_NOWAIT), BITS(RWF_APPEND), END,
};
static const struct strace_flag reboot_magic[] = { IS(LINUX_REBOOT_MAGIC1), END };
static const struct strace_flag reboot_magic2[] = {
	IS(LINUX_REBOOT_MAGIC2), IS(LINUX_REBOOT_MAGIC2A), IS(LINUX_REBOOT_MAGIC2B),
	IS(LINUX_REBOOT_MAGIC2C), END,
};
static const struct strace_flag reboot_commands[] = {
	IS(LINUX_REBOOT_CMD_RESTART), IS(LINUX_REBOOT_CMD_HALT), IS(LINUX_REBOOT_CMD_RESTART2),
	IS(LINUX_REBOOT_CMD_CAD_ON), IS(LINUX_REBOOT_CMD_CAD_OFF), IS(LINUX_REBOOT_CMD_POWER_OFF),
	END,
};
static const struct strace_flag rename_flags[] = {
	BITS(RENAME_NOREPLACE), BITS(RENAME_EXCHANGE), BITS(RENAME_WHITEOUT), END,
};
static const struct strace_flag mask_changes[] = {
	IS(SIG_BLOCK), IS(SIG_UNBLOCK), IS(SIG_SETMASK), END,
};
static const struct strace_flag policies[] = {
	{ ~0ull, SCHED_NORMAL, "SCHED_OTHER" }, IS(SCHED_FIFO), IS(SCHED_RR), IS(SCHED_BATCH),
	IS(SCHED_IDLE), END,
};
static const struct strace_flag splice_flags[] = {
	BITS(SPLICE_F_MOVE), BITS(SPLICE_F_NONBLOCK), BITS(SPLICE_F_MORE), BITS(SPLICE_F_GIFT),
	END,
};
static const struct strace_flag statx_flags[] = {
	{ AT_STATX_SYNC_TYPE, 0, "AT_STATX_SYNC_AS_STAT" },
	{ AT_STATX_SYNC_TYPE, 0x2000, "AT_STATX_FORCE_SYNC" },
	{ AT_STATX_SYNC_TYPE, 0x4000, "AT_STATX_DONT_SYNC" }, BITS(AT_SYMLINK_NOFOLLOW),
	BITS(AT_NO_AUTOMOUNT), BITS(AT_EMPTY_PATH), END,
};
static const struct strace_flag statx_masks[] = {
	{ 0xfff, 0xfff, "STATX_ALL" }, { 0xfff, STATX_BASIC_STATS, "STATX_BASIC_STATS" }, END,
};
static const struct strace_flag file_range_flags[] = {
	BITS(SYNC_FILE_RANGE_WAIT_BEFORE), BITS(SYNC_FILE_RANGE_WRITE),
	BITS(SYNC_FILE_RANGE_WAIT_AFTER), END,
};
static const struct strace_flag syslog_actions[] = {
	IS(SYSLOG_ACTION_CLOSE), IS(SYSLOG_ACTION_OPEN), IS(SYSLOG_ACTION_READ),
	IS(SYSLOG_ACTION_READ_ALL), IS(SYSLOG_ACTION_READ_CLEAR), IS(SYSLOG_ACTION_CLEAR),
	IS(SYSLOG_ACTION_CONSOLE_OFF), IS(SYSLOG_ACTION_CONSOLE_ON),
	IS(SYSLOG_ACTION_CONSOLE_LEVEL), IS(SYSLOG_ACTION_SIZE_UNREAD),
	IS(SYSLOG_ACTION_SIZE_BUFFER), END,
};
static const struct strace_flag waited_for[] = { IS(P_ALL), IS(P_PID), IS(P_PGID), END };
static const struct strace_flag dumpable[] = {
	{ ~0ull, 0, "SUID_DUMP_DISABLE" }, { ~0ull, 1, "SUID_DUMP_USER" }, END,
};
static const struct strace_flag queues[] = { IS(TCIFLUSH), IS(TCOFLUSH), IS(TCIOFLUSH), END };
static const struct strace_flag flow[] = { IS(TCOOFF), IS(TCOON), IS(TCIOFF), IS(TCION), END };
/* clang-format on */
