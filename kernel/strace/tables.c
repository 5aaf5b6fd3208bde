#include "kernel/strace/strace.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/futex.h"
#include "kernel/uapi/mman.h"
#include "kernel/uapi/mount.h"
#include "kernel/uapi/sched.h"
#include "kernel/uapi/signal.h"
#include "kernel/uapi/unistd.h"
#include "kernel/uapi/wait.h"

/* ---- calls ---- */

/* clang-format off */
#define CALL(name, format)	{ __NR_##name, #name, format }
const struct strace_format strace_formats[] = {
	CALL(access, "so"),
	CALL(alarm, "u"),
	CALL(arch_prctl, "xp"),
	CALL(brk, "p:p"),
	CALL(chdir, "s"),
	CALL(chmod, "so"),
	CALL(chown, "sdd"),
	CALL(clock_getres, "dp"),
	CALL(clock_gettime, "dp"),
	CALL(clock_nanosleep, "dxpp"),
	CALL(clone, "Cpppx"),
	CALL(clone3, "pu"),
	CALL(close, "t"),
	CALL(close_range, "uux"),
	CALL(copy_file_range, "tptpux"),
	CALL(creat, "so"),
	CALL(dup, "t"),
	CALL(dup2, "tt"),
	CALL(dup3, "ttO"),
	CALL(epoll_create, "d"),
	CALL(epoll_create1, "O"),
	CALL(epoll_ctl, "tdtp"),
	CALL(epoll_pwait, "tpddpu"),
	CALL(epoll_pwait2, "tpdppu"),
	CALL(epoll_wait, "tpdd"),
	CALL(eventfd, "u"),
	CALL(eventfd2, "ux"),
	CALL(execve, "spp"),
	CALL(execveat, "tsppK"),
	CALL(exit, "d"),
	CALL(exit_group, "d"),
	CALL(faccessat, "tso"),
	CALL(faccessat2, "tsox"),
	CALL(fadvise64, "tddd"),
	CALL(fallocate, "txdd"),
	CALL(fchdir, "t"),
	CALL(fchmod, "to"),
	CALL(fchmodat, "tso"),
	CALL(fchown, "tdd"),
	CALL(fchownat, "tsddK"),
	CALL(fcntl, "tFx"),
	CALL(fdatasync, "t"),
	CALL(fgetxattr, "tsru"),
	CALL(flistxattr, "tru"),
	CALL(flock, "tx"),
	CALL(fork, ""),
	CALL(fremovexattr, "ts"),
	CALL(fsetxattr, "tsbux"),
	CALL(fstat, "tp"),
	CALL(fstatfs, "tp"),
	CALL(fsync, "t"),
	CALL(ftruncate, "tu"),
	CALL(futex, "pUuppx"),
	CALL(futimesat, "tsp"),
	CALL(get_robust_list, "dpp"),
	CALL(getcpu, "ppp"),
	CALL(getcwd, "ru"),
	CALL(getdents, "tpu"),
	CALL(getdents64, "tpu"),
	CALL(getegid, ""),
	CALL(geteuid, ""),
	CALL(getgid, ""),
	CALL(getgroups, "dp"),
	CALL(getitimer, "dp"),
	CALL(getpeername, "tpp"),
	CALL(getpgid, "d"),
	CALL(getpgrp, ""),
	CALL(getpid, ""),
	CALL(getppid, ""),
	CALL(getpriority, "dd"),
	CALL(getrandom, "pux"),
	CALL(getresgid, "ppp"),
	CALL(getresuid, "ppp"),
	CALL(getrlimit, "up"),
	CALL(getrusage, "dp"),
	CALL(getsid, "d"),
	CALL(getsockname, "tpp"),
	CALL(getsockopt, "tddpp"),
	CALL(gettid, ""),
	CALL(gettimeofday, "pp"),
	CALL(getuid, ""),
	CALL(getxattr, "ssru"),
	CALL(ioctl, "txp"),
	CALL(kill, "dS"),
	CALL(lchown, "sdd"),
	CALL(lgetxattr, "ssru"),
	CALL(link, "ss"),
	CALL(linkat, "tstsK"),
	CALL(listxattr, "sru"),
	CALL(llistxattr, "sru"),
	CALL(lremovexattr, "ss"),
	CALL(lseek, "tdH"),
	CALL(lsetxattr, "ssbux"),
	CALL(lstat, "sp"),
	CALL(madvise, "puA"),
	CALL(membarrier, "dxd"),
	CALL(memfd_create, "sx"),
	CALL(mkdir, "so"),
	CALL(mkdirat, "tso"),
	CALL(mknod, "sox"),
	CALL(mknodat, "tsox"),
	CALL(mlock, "pu"),
	CALL(mlock2, "pux"),
	CALL(mlockall, "x"),
	CALL(mmap, "puPMtx:p"),
	CALL(mount, "sssBp"),
	CALL(mprotect, "puP"),
	CALL(mremap, "puuxp:p"),
	CALL(msync, "puY"),
	CALL(munlock, "pu"),
	CALL(munlockall, ""),
	CALL(munmap, "pu"),
	CALL(nanosleep, "pp"),
	CALL(newfstatat, "tspK"),
	CALL(open, "sOo"),
	CALL(openat, "tsOo"),
	CALL(openat2, "tspu"),
	CALL(pause, ""),
	CALL(personality, "x"),
	CALL(pipe, "p"),
	CALL(pipe2, "pO"),
	CALL(poll, "pud"),
	CALL(ppoll, "puppu"),
	CALL(prctl, "xxxxx"),
	CALL(pread64, "truu"),
	CALL(preadv, "tpuu"),
	CALL(preadv2, "tpuddx"),
	CALL(prlimit64, "dupp"),
	CALL(process_vm_readv, "dpupux"),
	CALL(process_vm_writev, "dpupux"),
	CALL(pselect6, "dppppp"),
	CALL(pwrite64, "tbuu"),
	CALL(pwritev, "tpuu"),
	CALL(pwritev2, "tpuddx"),
	CALL(read, "tru"),
	CALL(readahead, "tdu"),
	CALL(readlink, "sru"),
	CALL(readlinkat, "tsru"),
	CALL(readv, "tpu"),
	CALL(reboot, "xxx"),
	CALL(recvfrom, "truxpp"),
	CALL(recvmsg, "tpx"),
	CALL(removexattr, "ss"),
	CALL(rename, "ss"),
	CALL(renameat, "tsts"),
	CALL(renameat2, "tstsx"),
	CALL(restart_syscall, ""),
	CALL(rmdir, "s"),
	CALL(rseq, "puxx"),
	CALL(rt_sigaction, "Sppu"),
	CALL(rt_sigpending, "pu"),
	CALL(rt_sigprocmask, "dppu"),
	CALL(rt_sigqueueinfo, "dSp"),
	CALL(rt_sigreturn, ""),
	CALL(rt_sigsuspend, "pu"),
	CALL(rt_sigtimedwait, "pppu"),
	CALL(rt_tgsigqueueinfo, "ddSp"),
	CALL(sched_get_priority_max, "d"),
	CALL(sched_get_priority_min, "d"),
	CALL(sched_getaffinity, "dup"),
	CALL(sched_getattr, "dpux"),
	CALL(sched_getparam, "dp"),
	CALL(sched_getscheduler, "d"),
	CALL(sched_rr_get_interval, "dp"),
	CALL(sched_setaffinity, "dup"),
	CALL(sched_setattr, "dpx"),
	CALL(sched_setparam, "dp"),
	CALL(sched_setscheduler, "ddp"),
	CALL(sched_yield, ""),
	CALL(select, "dpppp"),
	CALL(sendfile, "ttpu"),
	CALL(sendmsg, "tpx"),
	CALL(sendto, "tbuxpu"),
	CALL(set_robust_list, "pu"),
	CALL(set_tid_address, "p"),
	CALL(setgid, "u"),
	CALL(setgroups, "dp"),
	CALL(setitimer, "dpp"),
	CALL(setpgid, "dd"),
	CALL(setpriority, "ddd"),
	CALL(setregid, "dd"),
	CALL(setfsgid, "d"),
	CALL(setfsuid, "d"),
	CALL(setresgid, "ddd"),
	CALL(setresuid, "ddd"),
	CALL(setreuid, "dd"),
	CALL(setrlimit, "up"),
	CALL(setsid, ""),
	CALL(setsockopt, "tddpu"),
	CALL(setuid, "u"),
	CALL(setxattr, "ssbux"),
	CALL(shutdown, "td"),
	CALL(sigaltstack, "pp"),
	CALL(socket, "ddd"),
	CALL(socketpair, "dxdp"),
	CALL(splice, "tptpux"),
	CALL(stat, "sp"),
	CALL(statfs, "sp"),
	CALL(statx, "tsKxp"),
	CALL(symlink, "ss"),
	CALL(symlinkat, "sts"),
	CALL(sync, ""),
	CALL(sync_file_range, "tddx"),
	CALL(syncfs, "t"),
	CALL(sysinfo, "p"),
	CALL(syslog, "dpd"),
	CALL(tee, "ttux"),
	CALL(tgkill, "ddS"),
	CALL(time, "p"),
	CALL(timer_create, "dpp"),
	CALL(timer_delete, "d"),
	CALL(timer_getoverrun, "d"),
	CALL(timer_gettime, "dp"),
	CALL(timer_settime, "ddpp"),
	CALL(times, "p"),
	CALL(tkill, "dS"),
	CALL(truncate, "sd"),
	CALL(umask, "o"),
	CALL(umount2, "sE"),
	CALL(uname, "p"),
	CALL(unlink, "s"),
	CALL(unlinkat, "tsK"),
	CALL(utime, "sp"),
	CALL(utimensat, "tspK"),
	CALL(utimes, "sp"),
	CALL(vfork, ""),
	CALL(vhangup, ""),
	CALL(vmsplice, "tpux"),
	CALL(wait4, "dpWp"),
	CALL(waitid, "ddpWp"),
	CALL(write, "tbu"),
	CALL(writev, "tpu"),
};
const size_t nr_strace_formats = ARRAY_SIZE(strace_formats);

/* ---- numbers with names ---- */

#define N(name)	[name] = #name,

const char *strace_errno(int error)
{
	static const char *const names[] = {
		N(EPERM) N(ENOENT) N(ESRCH) N(EINTR) N(EIO) N(ENXIO) N(E2BIG) N(ENOEXEC) N(EBADF)
		N(ECHILD) N(EAGAIN) N(ENOMEM) N(EACCES) N(EFAULT) N(ENOTBLK) N(EBUSY) N(EEXIST)
		N(EXDEV) N(ENODEV) N(ENOTDIR) N(EISDIR) N(EINVAL) N(ENFILE) N(EMFILE) N(ENOTTY)
		N(ETXTBSY) N(EFBIG) N(ENOSPC) N(ESPIPE) N(EROFS) N(EMLINK) N(EPIPE) N(EDOM)
		N(ERANGE) N(EDEADLK) N(ENAMETOOLONG) N(ENOLCK) N(ENOSYS) N(ENOTEMPTY) N(ELOOP)
		N(ENOMSG) N(EIDRM) N(ECHRNG) N(EL2NSYNC) N(EL3HLT) N(EL3RST) N(ELNRNG) N(EUNATCH)
		N(ENOCSI) N(EL2HLT) N(EBADE) N(EBADR) N(EXFULL) N(ENOANO) N(EBADRQC) N(EBADSLT)
		N(EBFONT) N(ENOSTR) N(ENODATA) N(ETIME) N(ENOSR) N(ENONET) N(ENOPKG) N(EREMOTE)
		N(ENOLINK) N(EADV) N(ESRMNT) N(ECOMM) N(EPROTO) N(EMULTIHOP) N(EDOTDOT) N(EBADMSG)
		N(EOVERFLOW) N(ENOTUNIQ) N(EBADFD) N(EREMCHG) N(ELIBACC) N(ELIBBAD) N(ELIBSCN)
		N(ELIBMAX) N(ELIBEXEC) N(EILSEQ) N(ERESTART) N(ESTRPIPE) N(EUSERS) N(ENOTSOCK)
		N(EDESTADDRREQ) N(EMSGSIZE) N(EPROTOTYPE) N(ENOPROTOOPT) N(EPROTONOSUPPORT)
		N(ESOCKTNOSUPPORT) N(EOPNOTSUPP) N(EPFNOSUPPORT) N(EAFNOSUPPORT) N(EADDRINUSE)
		N(EADDRNOTAVAIL) N(ENETDOWN) N(ENETUNREACH) N(ENETRESET) N(ECONNABORTED)
		N(ECONNRESET) N(ENOBUFS) N(EISCONN) N(ENOTCONN) N(ESHUTDOWN) N(ETOOMANYREFS)
		N(ETIMEDOUT) N(ECONNREFUSED) N(EHOSTDOWN) N(EHOSTUNREACH) N(EALREADY)
		N(EINPROGRESS) N(ESTALE) N(EUCLEAN) N(ENOTNAM) N(ENAVAIL) N(EISNAM) N(EREMOTEIO)
		N(EDQUOT) N(ENOMEDIUM) N(EMEDIUMTYPE) N(ECANCELED) N(ENOKEY) N(EKEYEXPIRED)
		N(EKEYREVOKED) N(EKEYREJECTED) N(EOWNERDEAD) N(ENOTRECOVERABLE) N(ERFKILL)
		N(EHWPOISON)
	};

	return error > 0 && (size_t)error < ARRAY_SIZE(names) ? names[error] : NULL;
}

const char *strace_signal(int signo)
{
	static const char *const names[] = {
		N(SIGHUP) N(SIGINT) N(SIGQUIT) N(SIGILL) N(SIGTRAP) N(SIGABRT) N(SIGBUS) N(SIGFPE)
		N(SIGKILL) N(SIGUSR1) N(SIGSEGV) N(SIGUSR2) N(SIGPIPE) N(SIGALRM) N(SIGTERM)
		N(SIGSTKFLT) N(SIGCHLD) N(SIGCONT) N(SIGSTOP) N(SIGTSTP) N(SIGTTIN) N(SIGTTOU)
		N(SIGURG) N(SIGXCPU) N(SIGXFSZ) N(SIGVTALRM) N(SIGPROF) N(SIGWINCH) N(SIGIO)
		N(SIGPWR) N(SIGSYS)
	};

	return signo > 0 && (size_t)signo < ARRAY_SIZE(names) ? names[signo] : NULL;
}

/* ---- flags ---- */

#define BITS(name)	{ name, name, #name }		/* all of its bits */
#define ONE(mask, name)	{ mask, name, #name }		/* a number within the flags */
#define END		{ 0, 0, NULL }

static const struct strace_flag prot_flags[] = {
	ONE(~0ull, PROT_NONE), BITS(PROT_READ), BITS(PROT_WRITE), BITS(PROT_EXEC),
	BITS(PROT_GROWSDOWN), END,
};
static const struct strace_flag mmap_flags[] = {
	ONE(MAP_TYPE, MAP_SHARED), ONE(MAP_TYPE, MAP_PRIVATE), ONE(MAP_TYPE, MAP_SHARED_VALIDATE),
	ONE(MAP_TYPE, MAP_DROPPABLE), BITS(MAP_FIXED), BITS(MAP_ANONYMOUS), BITS(MAP_32BIT),
	BITS(MAP_GROWSDOWN), BITS(MAP_DENYWRITE), BITS(MAP_EXECUTABLE), BITS(MAP_LOCKED),
	BITS(MAP_NORESERVE), BITS(MAP_POPULATE), BITS(MAP_NONBLOCK), BITS(MAP_STACK),
	BITS(MAP_HUGETLB), BITS(MAP_FIXED_NOREPLACE), END,
};
static const struct strace_flag open_flags[] = {
	ONE(O_ACCMODE, O_RDONLY), ONE(O_ACCMODE, O_WRONLY), ONE(O_ACCMODE, O_RDWR), BITS(O_CREAT),
	BITS(O_EXCL), BITS(O_NOCTTY), BITS(O_TRUNC), BITS(O_APPEND), BITS(O_NONBLOCK),
	BITS(O_DSYNC), BITS(O_DIRECT), BITS(O_LARGEFILE), BITS(O_TMPFILE),
	{ O_TMPFILE, O_DIRECTORY, "O_DIRECTORY" }, BITS(O_NOFOLLOW), BITS(O_NOATIME),
	BITS(O_CLOEXEC), BITS(O_PATH), END,
};
static const struct strace_flag at_flags[] = {
	BITS(AT_SYMLINK_NOFOLLOW), BITS(AT_REMOVEDIR),
	BITS(AT_SYMLINK_FOLLOW), BITS(AT_NO_AUTOMOUNT), BITS(AT_EMPTY_PATH), END,
};
static const struct strace_flag clone_flags[] = {
	BITS(CLONE_VM), BITS(CLONE_FS), BITS(CLONE_FILES), BITS(CLONE_SIGHAND), BITS(CLONE_VFORK),
	BITS(CLONE_PARENT), BITS(CLONE_THREAD), BITS(CLONE_SETTLS), BITS(CLONE_PARENT_SETTID),
	BITS(CLONE_CHILD_CLEARTID), BITS(CLONE_CHILD_SETTID), BITS(CLONE_SYSVSEM),
	{ 0xff, SIGCHLD, "SIGCHLD" }, END,
};
static const struct strace_flag advice[] = {
	ONE(~0ull, MADV_NORMAL), ONE(~0ull, MADV_RANDOM), ONE(~0ull, MADV_SEQUENTIAL),
	ONE(~0ull, MADV_WILLNEED), ONE(~0ull, MADV_DONTNEED), ONE(~0ull, MADV_FREE),
	ONE(~0ull, MADV_REMOVE), ONE(~0ull, MADV_DONTFORK), ONE(~0ull, MADV_DOFORK),
	ONE(~0ull, MADV_MERGEABLE), ONE(~0ull, MADV_UNMERGEABLE), ONE(~0ull, MADV_HUGEPAGE),
	ONE(~0ull, MADV_NOHUGEPAGE), ONE(~0ull, MADV_DONTDUMP), ONE(~0ull, MADV_DODUMP),
	ONE(~0ull, MADV_WIPEONFORK), ONE(~0ull, MADV_KEEPONFORK), ONE(~0ull, MADV_COLD),
	ONE(~0ull, MADV_PAGEOUT), ONE(~0ull, MADV_POPULATE_READ), ONE(~0ull, MADV_POPULATE_WRITE),
	ONE(~0ull, MADV_DONTNEED_LOCKED), ONE(~0ull, MADV_COLLAPSE), ONE(~0ull, MADV_HWPOISON),
	ONE(~0ull, MADV_SOFT_OFFLINE), ONE(~0ull, MADV_GUARD_INSTALL),
	ONE(~0ull, MADV_GUARD_REMOVE), END,
};
static const struct strace_flag msync_flags[] = {
	BITS(MS_ASYNC), BITS(MS_INVALIDATE), BITS(MS_SYNC), END,
};
static const struct strace_flag mount_flags[] = {
	BITS(MS_RDONLY), BITS(MS_NOSUID), BITS(MS_NODEV), BITS(MS_NOEXEC), BITS(MS_SYNCHRONOUS),
	BITS(MS_REMOUNT), BITS(MS_NOATIME), BITS(MS_NODIRATIME), BITS(MS_BIND), BITS(MS_MOVE),
	BITS(MS_SILENT), BITS(MS_RELATIME), BITS(MS_STRICTATIME), END,
};
static const struct strace_flag umount_flags[] = {
	BITS(MNT_FORCE), BITS(MNT_DETACH), BITS(MNT_EXPIRE), BITS(UMOUNT_NOFOLLOW), END,
};
static const struct strace_flag wait_flags[] = {
	BITS(WNOHANG), BITS(WUNTRACED), BITS(WEXITED), BITS(WCONTINUED), BITS(WNOWAIT), END,
};
static const struct strace_flag whence[] = {
	ONE(~0ull, SEEK_SET), ONE(~0ull, SEEK_CUR), ONE(~0ull, SEEK_END), END,
};
static const struct strace_flag fcntl_commands[] = {
	ONE(~0ull, F_DUPFD), ONE(~0ull, F_GETFD), ONE(~0ull, F_SETFD), ONE(~0ull, F_GETFL),
	ONE(~0ull, F_SETFL), ONE(~0ull, F_GETLK), ONE(~0ull, F_SETLK), ONE(~0ull, F_SETLKW),
	ONE(~0ull, F_SETOWN), ONE(~0ull, F_GETOWN), ONE(~0ull, F_SETSIG), ONE(~0ull, F_GETSIG),
	ONE(~0ull, F_SETOWN_EX), ONE(~0ull, F_GETOWN_EX),
	ONE(~0ull, F_OFD_GETLK), ONE(~0ull, F_OFD_SETLK), ONE(~0ull, F_OFD_SETLKW),
	ONE(~0ull, F_DUPFD_CLOEXEC), ONE(~0ull, F_SETPIPE_SZ), ONE(~0ull, F_GETPIPE_SZ),
	ONE(~0ull, F_ADD_SEALS), ONE(~0ull, F_GET_SEALS), END,
};
static const struct strace_flag futex_operations[] = {
	ONE(0x7f, FUTEX_WAIT), ONE(0x7f, FUTEX_WAKE), ONE(0x7f, FUTEX_REQUEUE),
	ONE(0x7f, FUTEX_CMP_REQUEUE), ONE(0x7f, FUTEX_WAKE_OP), ONE(0x7f, FUTEX_WAIT_BITSET),
	ONE(0x7f, FUTEX_WAKE_BITSET), BITS(FUTEX_PRIVATE_FLAG), BITS(FUTEX_CLOCK_REALTIME), END,
};
/* clang-format on */

const struct strace_flag *strace_flags(char letter)
{
	switch (letter) {
	case 'P': return prot_flags;
	case 'M': return mmap_flags;
	case 'O': return open_flags;
	case 'K': return at_flags;
	case 'C': return clone_flags;
	case 'A': return advice;
	case 'Y': return msync_flags;
	case 'B': return mount_flags;
	case 'E': return umount_flags;
	case 'W': return wait_flags;
	case 'H': return whence;
	case 'F': return fcntl_commands;
	case 'U': return futex_operations;
	default: return NULL;
	}
}
