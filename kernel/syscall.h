/*
 * System calls. SYSCALL_DEFINEn(name, type1, arg1, ...) { body } makes sys_name(), which takes its
 * arguments from the caller's registers. A call that needs all of them is a function
 * sys_name(struct pt_regs *regs) without the macro. The result is a value or -errno. All calls
 * stand in the list below; the numbers are in kernel/uapi/unistd.h.
 */
#pragma once
#include "kernel/process/task.h"

typedef long (*syscall_fn)(struct pt_regs *regs);

#define SYSCALLS(CALL) \
	CALL(access) \
	CALL(alarm) \
	CALL(arch_prctl) \
	CALL(brk) \
	CALL(chdir) \
	CALL(chmod) \
	CALL(chown) \
	CALL(clock_getres) \
	CALL(clock_gettime) \
	CALL(clock_nanosleep) \
	CALL(clone) \
	CALL(clone3) \
	CALL(close) \
	CALL(close_range) \
	CALL(copy_file_range) \
	CALL(creat) \
	CALL(dup) \
	CALL(dup2) \
	CALL(dup3) \
	CALL(epoll_create) \
	CALL(epoll_create1) \
	CALL(epoll_ctl) \
	CALL(epoll_pwait) \
	CALL(epoll_pwait2) \
	CALL(epoll_wait) \
	CALL(eventfd) \
	CALL(eventfd2) \
	CALL(execve) \
	CALL(execveat) \
	CALL(exit) \
	CALL(exit_group) \
	CALL(faccessat) \
	CALL(faccessat2) \
	CALL(fadvise64) \
	CALL(fallocate) \
	CALL(fchdir) \
	CALL(fchmod) \
	CALL(fchmodat) \
	CALL(fchown) \
	CALL(fchownat) \
	CALL(fcntl) \
	CALL(fdatasync) \
	CALL(fgetxattr) \
	CALL(flistxattr) \
	CALL(flock) \
	CALL(fork) \
	CALL(fremovexattr) \
	CALL(fsetxattr) \
	CALL(fstat) \
	CALL(fstatfs) \
	CALL(fsync) \
	CALL(ftruncate) \
	CALL(futex) \
	CALL(futimesat) \
	CALL(get_robust_list) \
	CALL(getcpu) \
	CALL(getcwd) \
	CALL(getdents) \
	CALL(getdents64) \
	CALL(getegid) \
	CALL(geteuid) \
	CALL(getgid) \
	CALL(getgroups) \
	CALL(getitimer) \
	CALL(getpeername) \
	CALL(getpgid) \
	CALL(getpgrp) \
	CALL(getpid) \
	CALL(getppid) \
	CALL(getpriority) \
	CALL(getrandom) \
	CALL(getresgid) \
	CALL(getresuid) \
	CALL(getrlimit) \
	CALL(getrusage) \
	CALL(getsid) \
	CALL(getsockname) \
	CALL(getsockopt) \
	CALL(gettid) \
	CALL(gettimeofday) \
	CALL(getuid) \
	CALL(getxattr) \
	CALL(ioctl) \
	CALL(kill) \
	CALL(lchown) \
	CALL(lgetxattr) \
	CALL(link) \
	CALL(linkat) \
	CALL(listxattr) \
	CALL(llistxattr) \
	CALL(lremovexattr) \
	CALL(lseek) \
	CALL(lsetxattr) \
	CALL(lstat) \
	CALL(madvise) \
	CALL(membarrier) \
	CALL(memfd_create) \
	CALL(mkdir) \
	CALL(mkdirat) \
	CALL(mknod) \
	CALL(mknodat) \
	CALL(mlock) \
	CALL(mlock2) \
	CALL(mlockall) \
	CALL(mmap) \
	CALL(mount) \
	CALL(mprotect) \
	CALL(msync) \
	CALL(munlock) \
	CALL(munlockall) \
	CALL(munmap) \
	CALL(nanosleep) \
	CALL(newfstatat) \
	CALL(open) \
	CALL(openat) \
	CALL(openat2) \
	CALL(pause) \
	CALL(personality) \
	CALL(pipe) \
	CALL(pipe2) \
	CALL(poll) \
	CALL(ppoll) \
	CALL(prctl) \
	CALL(pread64) \
	CALL(preadv) \
	CALL(preadv2) \
	CALL(prlimit64) \
	CALL(process_vm_readv) \
	CALL(process_vm_writev) \
	CALL(pselect6) \
	CALL(pwrite64) \
	CALL(pwritev) \
	CALL(pwritev2) \
	CALL(read) \
	CALL(readahead) \
	CALL(readlink) \
	CALL(readlinkat) \
	CALL(readv) \
	CALL(reboot) \
	CALL(recvfrom) \
	CALL(recvmsg) \
	CALL(removexattr) \
	CALL(rename) \
	CALL(renameat) \
	CALL(renameat2) \
	CALL(restart_syscall) \
	CALL(rmdir) \
	CALL(rseq) \
	CALL(rt_sigaction) \
	CALL(rt_sigpending) \
	CALL(rt_sigprocmask) \
	CALL(rt_sigqueueinfo) \
	CALL(rt_sigreturn) \
	CALL(rt_sigsuspend) \
	CALL(rt_sigtimedwait) \
	CALL(rt_tgsigqueueinfo) \
	CALL(sched_get_priority_max) \
	CALL(sched_get_priority_min) \
	CALL(sched_getaffinity) \
	CALL(sched_getattr) \
	CALL(sched_getparam) \
	CALL(sched_getscheduler) \
	CALL(sched_rr_get_interval) \
	CALL(sched_setaffinity) \
	CALL(sched_setattr) \
	CALL(sched_setparam) \
	CALL(sched_setscheduler) \
	CALL(sched_yield) \
	CALL(select) \
	CALL(sendfile) \
	CALL(sendmsg) \
	CALL(sendto) \
	CALL(set_robust_list) \
	CALL(set_tid_address) \
	CALL(setfsgid) \
	CALL(setfsuid) \
	CALL(setgid) \
	CALL(setgroups) \
	CALL(setitimer) \
	CALL(setpgid) \
	CALL(setpriority) \
	CALL(setregid) \
	CALL(setresgid) \
	CALL(setresuid) \
	CALL(setreuid) \
	CALL(setrlimit) \
	CALL(setsid) \
	CALL(setsockopt) \
	CALL(setuid) \
	CALL(setxattr) \
	CALL(shutdown) \
	CALL(sigaltstack) \
	CALL(socket) \
	CALL(socketpair) \
	CALL(splice) \
	CALL(stat) \
	CALL(statfs) \
	CALL(statx) \
	CALL(symlink) \
	CALL(symlinkat) \
	CALL(sync) \
	CALL(sync_file_range) \
	CALL(syncfs) \
	CALL(sysinfo) \
	CALL(syslog) \
	CALL(tee) \
	CALL(tgkill) \
	CALL(time) \
	CALL(timer_create) \
	CALL(timer_delete) \
	CALL(timer_getoverrun) \
	CALL(timer_gettime) \
	CALL(timer_settime) \
	CALL(times) \
	CALL(tkill) \
	CALL(truncate) \
	CALL(umask) \
	CALL(umount2) \
	CALL(uname) \
	CALL(unlink) \
	CALL(unlinkat) \
	CALL(utime) \
	CALL(utimensat) \
	CALL(utimes) \
	CALL(vfork) \
	CALL(vhangup) \
	CALL(vmsplice) \
	CALL(wait4) \
	CALL(waitid) \
	CALL(write) \
	CALL(writev)

/* The function of a call; of one that is not in the list, what answers -ENOSYS. */
syscall_fn syscall_fn_of(unsigned long nr);
/* Boot: from now on `between` is called for every call, and passes it on itself. */
void syscall_intercept(syscall_fn between);
/*
 * A structure that has grown over the years, whose size the program gives: what it does not have
 * is 0, and what we do not know of it has to be (-E2BIG). The caller has looked whether there may
 * be such a size. 0, -EFAULT, -E2BIG.
 */
int copy_struct_from_user(void *dst, size_t known, const void *user, size_t size);

/* kernel/syslog.c. Boot. */
void syslog_init(void);
/* kernel/strace/: intercepts, if the boot option says so. */
void strace_init(void);

#define SYSCALL_PROTOTYPE(name) long sys_##name(struct pt_regs *regs);
SYSCALLS(SYSCALL_PROTOTYPE)

#define __SYSCALL_DEFINE(name, params, ...) \
	static inline long do_sys_##name params; \
	long sys_##name(struct pt_regs *regs) { return do_sys_##name(__VA_ARGS__); } \
	static inline long do_sys_##name params

#define SYSCALL_DEFINE0(name) \
	long sys_##name(struct pt_regs *regs)
#define SYSCALL_DEFINE1(name, t1, a1) \
	__SYSCALL_DEFINE(name, (t1 a1), (t1)regs->di)
#define SYSCALL_DEFINE2(name, t1, a1, t2, a2) \
	__SYSCALL_DEFINE(name, (t1 a1, t2 a2), (t1)regs->di, (t2)regs->si)
#define SYSCALL_DEFINE3(name, t1, a1, t2, a2, t3, a3) \
	__SYSCALL_DEFINE(name, (t1 a1, t2 a2, t3 a3), (t1)regs->di, (t2)regs->si, (t3)regs->dx)
#define SYSCALL_DEFINE4(name, t1, a1, t2, a2, t3, a3, t4, a4) \
	__SYSCALL_DEFINE(name, (t1 a1, t2 a2, t3 a3, t4 a4), (t1)regs->di, (t2)regs->si, \
			 (t3)regs->dx, (t4)regs->r10)
#define SYSCALL_DEFINE5(name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5) \
	__SYSCALL_DEFINE(name, (t1 a1, t2 a2, t3 a3, t4 a4, t5 a5), (t1)regs->di, (t2)regs->si, \
			 (t3)regs->dx, (t4)regs->r10, (t5)regs->r8)
#define SYSCALL_DEFINE6(name, t1, a1, t2, a2, t3, a3, t4, a4, t5, a5, t6, a6) \
	__SYSCALL_DEFINE(name, (t1 a1, t2 a2, t3 a3, t4 a4, t5 a5, t6 a6), (t1)regs->di, \
			 (t2)regs->si, (t3)regs->dx, (t4)regs->r10, (t5)regs->r8, (t6)regs->r9)
