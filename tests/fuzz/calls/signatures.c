/*
 * signatures.c - what kinds of arguments each system call takes, a letter each:
 *
 *	p memory	v memory that begins with pointers	s path
 *	S file to execute	l length	n number	f descriptor
 *	d directory descriptor	F open flags	o mode
 *	K kind of node	N path to mount on
 *	i process	w process to wait for	g signal	t short time	c clock
 *	m address to map	k its length	P protection	M mapping flags	A advice
 *	C clone flags	u futex operation	r prctl operation	e fcntl command
 *	I ioctl request
 *	y type of file system	0-9 that number
 *
 * A number without a line gets arguments of any kind, so that a call which is new, or has no
 * business here, is made all the same.
 */
#include <stddef.h>

#include "tests/fuzz/calls/fuzz.h"
#include "user/linux.h"

#define CALL(name, letters) [__NR_##name] = letters

static const char *const signatures[NR_CALLS] = {
	CALL(access, "so"), CALL(alarm, "n"), CALL(arch_prctl, "np"), CALL(brk, "m"),
	CALL(chdir, "s"), CALL(chmod, "so"), CALL(chown, "snn"), CALL(clock_getres, "cp"),
	CALL(clock_gettime, "cp"), CALL(clock_nanosleep, "cntp"), CALL(clone, "Cpppp"),
	CALL(clone3, "vl"), CALL(close, "f"), CALL(close_range, "ffn"),
	CALL(copy_file_range, "fpfpln"), CALL(creat, "so"), CALL(dup, "f"), CALL(dup2, "ff"),
	CALL(dup3, "ffF"), CALL(execve, "Svv"), CALL(execveat, "dSvvn"), CALL(exit, "n"),
	CALL(exit_group, "n"), CALL(faccessat, "dso"), CALL(faccessat2, "dson"),
	CALL(fallocate, "fnll"), CALL(fchdir, "d"), CALL(fchmod, "fo"), CALL(fchmodat, "dso"),
	CALL(fchown, "fnn"), CALL(fchownat, "dsnnn"), CALL(fcntl, "fep"), CALL(fdatasync, "f"),
	CALL(flock, "fn"), CALL(fork, ""), CALL(fstat, "fp"), CALL(fstatfs, "fp"),
	CALL(fsync, "f"), CALL(ftruncate, "fl"), CALL(futex, "punttn"), CALL(futimesat, "dsp"),
	CALL(get_robust_list, "ipp"), CALL(getcpu, "pp"), CALL(getcwd, "pl"),
	CALL(getdents, "dpl"), CALL(getdents64, "dpl"), CALL(getegid, ""), CALL(geteuid, ""),
	CALL(getgid, ""), CALL(getitimer, "np"), CALL(getpgid, "i"), CALL(getpgrp, ""),
	CALL(getpid, ""), CALL(getppid, ""), CALL(getrandom, "pln"), CALL(getrlimit, "np"),
	CALL(getrusage, "np"), CALL(getsid, "i"), CALL(gettid, ""), CALL(gettimeofday, "pp"),
	CALL(getuid, ""), CALL(ioctl, "fIp"), CALL(kill, "ig"), CALL(lchown, "snn"),
	CALL(link, "ss"), CALL(linkat, "dsdsn"), CALL(lseek, "fln"), CALL(lstat, "sp"),
	CALL(madvise, "mkA"), CALL(membarrier, "nnn"), CALL(memfd_create, "sn"),
	CALL(mkdir, "so"), CALL(mkdirat, "dso"), CALL(mknod, "sKn"), CALL(mknodat, "dsKn"),
	CALL(mmap, "mkPMfk"), CALL(mount, "sNynp"), CALL(mprotect, "mkP"), CALL(msync, "mkn"),
	CALL(munmap, "mk"), CALL(nanosleep, "tp"), CALL(newfstatat, "dspn"), CALL(open, "sFo"),
	CALL(openat, "dsFo"), CALL(openat2, "dspn"), CALL(pause, ""), CALL(personality, "n"),
	CALL(pipe, "p"),
	CALL(pipe2, "pF"), CALL(poll, "pnn"), CALL(ppoll, "pntp8"), CALL(prctl, "rpppp"),
	CALL(pread64, "fpll"), CALL(preadv, "fvnl"), CALL(preadv2, "fvnlnn"),
	CALL(prlimit64, "inpp"), CALL(pwrite64, "fpll"), CALL(pwritev, "fvnl"),
	CALL(pwritev2, "fvnlnn"), CALL(read, "fpl"), CALL(readlink, "spl"),
	CALL(readlinkat, "dspl"), CALL(readv, "fvn"), CALL(rename, "ss"),
	CALL(renameat, "dsds"), CALL(renameat2, "dsdsn"), CALL(restart_syscall, ""),
	CALL(rmdir, "s"), CALL(rseq, "plnn"), CALL(rt_sigaction, "gpp8"),
	CALL(rt_sigpending, "pl"), CALL(rt_sigprocmask, "npp8"), CALL(rt_sigqueueinfo, "igp"),
	CALL(rt_sigreturn, ""), CALL(rt_sigsuspend, "p8"), CALL(rt_sigtimedwait, "ppt8"),
	CALL(rt_tgsigqueueinfo, "iigp"), CALL(sched_get_priority_max, "n"),
	CALL(sched_get_priority_min, "n"), CALL(sched_getaffinity, "ilp"),
	CALL(sched_getparam, "ip"), CALL(sched_getscheduler, "i"),
	CALL(sched_setaffinity, "ilp"), CALL(sched_yield, ""), CALL(sendfile, "ffpl"),
	CALL(set_robust_list, "pl"), CALL(set_tid_address, "p"), CALL(setitimer, "npp"),
	CALL(setpgid, "ii"), CALL(setrlimit, "np"), CALL(setsid, ""), CALL(sigaltstack, "pp"),
	CALL(stat, "sp"), CALL(statfs, "sp"), CALL(statx, "dsnnp"), CALL(symlink, "ss"),
	CALL(symlinkat, "sds"), CALL(sync, ""), CALL(syncfs, "f"), CALL(sysinfo, "p"),
	CALL(tgkill, "iig"), CALL(time, "p"), CALL(times, "p"), CALL(tkill, "ig"),
	CALL(truncate, "sl"), CALL(umask, "o"), CALL(umount2, "sn"), CALL(uname, "p"),
	CALL(unlink, "s"), CALL(unlinkat, "dsn"), CALL(utime, "sp"), CALL(utimensat, "dspn"),
	CALL(utimes, "sp"), CALL(vfork, ""), CALL(vhangup, ""), CALL(wait4, "wpnp"),
	CALL(waitid, "nwpnp"),
	CALL(write, "fpl"), CALL(writev, "fvn"),
	CALL(mremap, "mkknm"), CALL(mincore, "mkp"), CALL(mlock, "mk"), CALL(munlock, "mk"),
	CALL(mlock2, "mkn"), CALL(mlockall, "n"), CALL(munlockall, ""), CALL(userfaultfd, "F"),
	CALL(process_vm_readv, "ivnvnn"), CALL(process_vm_writev, "ivnvnn"),
	CALL(process_madvise, "fvnAn"), CALL(remap_file_pages, "mknkn"),
	CALL(pidfd_open, "in"), CALL(pidfd_send_signal, "fgpn"), CALL(pidfd_getfd, "ffn"),
	CALL(splice, "fpfpln"), CALL(vmsplice, "fvnn"), CALL(tee, "ffln"),
	CALL(select, "npppp"), CALL(pselect6, "nppptp"), CALL(eventfd, "n"),
	CALL(eventfd2, "nF"), CALL(epoll_create, "n"), CALL(epoll_create1, "F"),
	CALL(epoll_ctl, "fnfp"), CALL(epoll_wait, "fpnn"), CALL(epoll_pwait, "fpnnp8"),
	CALL(socketpair, "nnnp"), CALL(socket, "nnn"), CALL(sendto, "fplnpl"),
	CALL(recvfrom, "fplnpp"), CALL(epoll_pwait2, "fpnppl"), CALL(getsockname, "fpp"),
	CALL(getpeername, "fpp"), CALL(getsockopt, "fnnpp"), CALL(setsockopt, "fnnpl"),
	CALL(getpriority, "nn"), CALL(setpriority, "nnn"),
	CALL(sched_setparam, "ip"), CALL(sched_setscheduler, "inp"), CALL(syslog, "npl"),
	CALL(setuid, "n"), CALL(setgid, "n"), CALL(setreuid, "nn"), CALL(setregid, "nn"),
	CALL(setresuid, "nnn"), CALL(setresgid, "nnn"), CALL(setfsuid, "n"),
	CALL(setfsgid, "n"), CALL(getresuid, "ppp"), CALL(getresgid, "ppp"),
	CALL(getgroups, "np"), CALL(setgroups, "np"), CALL(timer_create, "cpp"),
	CALL(timer_settime, "nnpp"), CALL(timer_gettime, "np"), CALL(timer_getoverrun, "n"),
	CALL(timer_delete, "n"), CALL(sendmsg, "fvn"), CALL(recvmsg, "fvn"),
	CALL(shutdown, "fn"), CALL(timerfd_create, "cn"), CALL(timerfd_settime, "fnpp"),
	CALL(signalfd4, "fplF"), CALL(readahead, "fll"), CALL(fadvise64, "flln"),
	CALL(fgetxattr, "fspl"), CALL(flistxattr, "fpl"),
	CALL(fremovexattr, "fs"), CALL(fsetxattr, "fspln"), CALL(getxattr, "sspl"),
	CALL(lgetxattr, "sspl"), CALL(listxattr, "spl"), CALL(llistxattr, "spl"),
	CALL(lremovexattr, "ss"), CALL(lsetxattr, "sspln"),
	CALL(removexattr, "ss"), CALL(sched_getattr, "ipln"), CALL(sched_rr_get_interval, "ip"),
	CALL(sched_setattr, "ipn"), CALL(setxattr, "sspln"), CALL(sync_file_range, "fnln"),
};

/*
 * Left out: switching the machine off, what reaches processes of nobody's choice, and what takes
 * the one thing that is shared, the clock.
 */
static bool is_left_out(long nr)
{
	return nr == __NR_reboot || nr == __NR_kexec_load || nr == __NR_kexec_file_load ||
	       nr == __NR_settimeofday || nr == __NR_clock_settime || nr == __NR_setpriority ||
	       nr == __NR_ptrace || nr == __NR_chroot || nr == __NR_pivot_root ||
	       nr == __NR_vhangup;
}

const char *call_signature(long nr)
{
	if (is_left_out(nr))
		return NULL;
	return signatures[nr] ? signatures[nr] : "??????";
}

bool call_is_deadly(long nr)
{
	switch (nr) {
	case __NR_exit:
	case __NR_exit_group:
	case __NR_rt_sigreturn:
	case __NR_execve:
	case __NR_execveat:
	case __NR_kill:
	case __NR_tkill:
	case __NR_tgkill:
	case __NR_rt_sigqueueinfo:
	case __NR_rt_tgsigqueueinfo:
	case __NR_rt_sigsuspend:
	case __NR_pause:
	case __NR_rseq:
	case __NR_setrlimit:
	case __NR_prlimit64:
	case __NR_sigaltstack:
	case __NR_mlockall:
	case __NR_setuid:
	case __NR_setgid:
	case __NR_setreuid:
	case __NR_setregid:
	case __NR_setresuid:
	case __NR_setresgid:
	case __NR_setfsuid:
	case __NR_setfsgid:
	case __NR_setgroups:
	case __NR_timer_settime:
		return true;
	default:
		return false;
	}
}
