/*
 * efault_all.c - a bad pointer in each place of each call that takes one: -EFAULT, and nothing
 * half done. efault.c has more kinds of pointers, for fewer calls.
 */
#include "kernel/uapi/termios.h"
#include "user/events.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/signals.h"
#include "user/sockets.h"
#include "user/tap.h"

#include <string.h>

/*
 * A letter for each argument: * the bad pointer; f a file open for both, D a directory's
 * descriptor, d AT_FDCWD, s the path of a file, n a new path, l a symbolic link, x a program,
 * b a buffer of zeros, k 4096, c the size of clone_args, a SIGUSR1, p the own number, N
 * PR_SET_NAME, q and Q the ends of a pipe, F ARCH_GET_FS, I FIONBIO, G and H F_OFD_GETLK and
 * F_OFD_SETLK, o a socket, e an epoll set with something to tell, t a timer, v the length 16,
 * 0-9 that number.
 */
#define CALL(name, letters) { __NR_##name, #name, letters }

static const struct {
	long nr;
	const char *name, *letters;
} calls[] = {
	CALL(access, "*0"), CALL(chdir, "*"), CALL(chmod, "*0"), CALL(chown, "*00"),
	CALL(clock_getres, "1*"), CALL(clock_gettime, "1*"), CALL(clock_nanosleep, "10*0"),
	CALL(clone3, "*c"), CALL(copy_file_range, "f*f010"), CALL(copy_file_range, "f0f*10"),
	CALL(creat, "*0"), CALL(execve, "*00"), CALL(execve, "x*0"), CALL(execve, "x0*"),
	CALL(execveat, "d*000"), CALL(execveat, "dx*00"), CALL(execveat, "dx0*0"),
	CALL(faccessat, "d*0"), CALL(faccessat2, "d*00"), CALL(fchmodat, "d*0"),
	CALL(fchownat, "d*000"), CALL(fcntl, "f5*"), CALL(fcntl, "f6*"), CALL(fstat, "f*"),
	CALL(fstatfs, "f*"), CALL(futex, "*00000"), CALL(futex, "b00*00"),
	CALL(futimesat, "d*0"), CALL(futimesat, "ds*"), CALL(get_robust_list, "0*b"),
	CALL(get_robust_list, "0b*"), CALL(getcpu, "*00"), CALL(getcpu, "0*0"),
	CALL(getcwd, "*k"), CALL(getdents, "D*k"), CALL(getdents64, "D*k"),
	CALL(getitimer, "0*"), CALL(getrandom, "*80"), CALL(getrlimit, "0*"),
	CALL(getrusage, "0*"), CALL(gettimeofday, "*0"), CALL(gettimeofday, "0*"),
	CALL(lchown, "*00"), CALL(link, "*n"), CALL(link, "s*"), CALL(linkat, "d*dn0"),
	CALL(linkat, "dsd*0"), CALL(lstat, "*b"), CALL(lstat, "s*"), CALL(memfd_create, "*0"),
	CALL(mkdir, "*0"), CALL(mkdirat, "d*0"), CALL(mknod, "*00"), CALL(mknodat, "d*00"),
	CALL(mount, "*ss00"), CALL(mount, "s*s00"), CALL(mount, "ss*00"),
	CALL(nanosleep, "*0"), CALL(newfstatat, "d*b0"), CALL(newfstatat, "ds*0"),
	CALL(open, "*0"), CALL(openat, "d*0"), CALL(openat2, "ds*k"), CALL(pipe, "*"),
	CALL(pipe2, "*0"),
	CALL(poll, "*10"), CALL(ppoll, "*1008"), CALL(ppoll, "b0*08"), CALL(ppoll, "b0b*8"),
	CALL(prctl, "N*"), CALL(pread64, "f*80"), CALL(preadv, "f*100"),
	CALL(preadv2, "f*1000"), CALL(prlimit64, "07*0"), CALL(prlimit64, "070*"),
	CALL(pwrite64, "f*80"), CALL(pwritev, "f*100"), CALL(pwritev2, "f*1000"),
	CALL(read, "f*8"), CALL(readlink, "*b8"), CALL(readlink, "l*8"),
	CALL(readlinkat, "d*b8"), CALL(readlinkat, "dl*8"), CALL(readv, "f*1"),
	CALL(rename, "*n"), CALL(rename, "s*"), CALL(renameat, "d*dn"), CALL(renameat, "dsd*"),
	CALL(renameat2, "d*dn0"), CALL(renameat2, "dsd*0"), CALL(rmdir, "*"),
	CALL(rt_sigaction, "a*08"), CALL(rt_sigaction, "a0*8"), CALL(rt_sigpending, "*8"),
	CALL(rt_sigprocmask, "0*08"), CALL(rt_sigprocmask, "00*8"),
	CALL(rt_sigqueueinfo, "pa*"), CALL(rt_tgsigqueueinfo, "ppa*"),
	CALL(rt_sigsuspend, "*8"), CALL(rt_sigtimedwait, "*0b8"),
	CALL(rt_sigtimedwait, "b0*8"), CALL(sched_getaffinity, "0k*"),
	CALL(fgetxattr, "f*b8"), CALL(fremovexattr, "f*"), CALL(fsetxattr, "f*b10"),
	CALL(getxattr, "*sb8"), CALL(getxattr, "s*b8"), CALL(lgetxattr, "*sb8"),
	CALL(lgetxattr, "s*b8"), CALL(listxattr, "*b8"), CALL(llistxattr, "*b8"),
	CALL(lremovexattr, "*s"), CALL(lremovexattr, "s*"), CALL(lsetxattr, "*sb10"),
	CALL(lsetxattr, "s*b10"), CALL(removexattr, "*s"), CALL(removexattr, "s*"),
	CALL(sched_getattr, "0*k0"), CALL(sched_rr_get_interval, "0*"),
	CALL(sched_setattr, "0*0"), CALL(setxattr, "*sb10"), CALL(setxattr, "s*b10"),
	CALL(sched_getparam, "0*"), CALL(sched_setaffinity, "08*"), CALL(sendfile, "ff*1"),
	CALL(setitimer, "0*0"), CALL(setitimer, "00*"), CALL(setrlimit, "7*"),
	CALL(sigaltstack, "*0"), CALL(sigaltstack, "0*"), CALL(splice, "f*Q010"),
	CALL(splice, "q0f*10"), CALL(stat, "*b"), CALL(stat, "s*"),
	CALL(statfs, "*b"), CALL(statfs, "s*"), CALL(statx, "d*00b"), CALL(statx, "ds00*"),
	CALL(symlink, "*n"), CALL(symlink, "s*"), CALL(symlinkat, "*dn"),
	CALL(symlinkat, "sd*"), CALL(sysinfo, "*"), CALL(time, "*"), CALL(times, "*"),
	CALL(truncate, "*0"), CALL(umount2, "*0"), CALL(uname, "*"), CALL(unlink, "*"),
	CALL(unlinkat, "d*0"), CALL(utime, "*0"), CALL(utime, "s*"), CALL(utimes, "*0"),
	CALL(utimes, "s*"), CALL(utimensat, "d*00"), CALL(utimensat, "ds*0"),
	CALL(vmsplice, "Q*10"), CALL(write, "f*8"), CALL(writev, "f*1"),
	CALL(arch_prctl, "F*"), CALL(getresgid, "*bb"), CALL(getresgid, "b*b"),
	CALL(getresgid, "bb*"),
	CALL(getresuid, "*bb"), CALL(getresuid, "b*b"), CALL(getresuid, "bb*"), CALL(ioctl, "fI*"),
	CALL(mount, "sss0*"), CALL(pselect6, "1*0000"), CALL(pselect6, "10*000"),
	CALL(pselect6, "0000*0"),
	CALL(sched_setparam, "0*"), CALL(sched_setscheduler, "00*"), CALL(select, "1*000"),
	CALL(select, "10*00"), CALL(select, "0000*"), CALL(setgroups, "1*"),
	CALL(timer_create, "1*b"),
	CALL(timer_create, "10*"), CALL(timer_settime, "00*0"), CALL(waitid, "00*50"),
	CALL(timer_gettime, "t*"), CALL(timer_settime, "t0b*"),
	CALL(epoll_ctl, "e1Q*"), CALL(epoll_wait, "e*10"), CALL(epoll_pwait, "e*1008"),
	CALL(epoll_pwait, "eb10*8"), CALL(epoll_pwait2, "e*1b08"), CALL(epoll_pwait2, "eb1*08"),
	CALL(epoll_pwait2, "eb1b*8"), CALL(fcntl, "fG*"), CALL(fcntl, "fH*"),
	CALL(getpeername, "o*v"), CALL(getpeername, "ob*"), CALL(getsockname, "o*v"),
	CALL(getsockname, "ob*"), CALL(getsockopt, "o13*v"), CALL(getsockopt, "o13b*"),
	CALL(setsockopt, "o12*4"), CALL(socketpair, "110*"), CALL(sendto, "o*8000"),
	CALL(sendto, "ob80*8"), CALL(sendmsg, "o*0"), CALL(recvmsg, "o*0"), CALL(select, "100*0"),
	CALL(pselect6, "100*00"), CALL(pselect6, "10000*"), CALL(openat2, "d*bk"),
	CALL(process_vm_readv, "p*1b10"), CALL(process_vm_writev, "p*1b10"),
};

enum { NR_CALLS = sizeof(calls) / sizeof(calls[0]), KINDS = 5 };

static const char contents[] = "what the file holds";
static uintptr_t bads[KINDS];
static char *zeros;
static int file, directory, ends[2], sockets[2], epoll, timer;
static uint32_t length;

static long value(char letter, uintptr_t bad)
{
	switch (letter) {
	case '*': return (long)bad;
	case 'f': return file;
	case 'D': return directory;
	case 'q': return ends[0];
	case 'Q': return ends[1];
	case 'd': return AT_FDCWD;
	case 's': return P("file");
	case 'n': return P("new");
	case 'l': return P("link");
	case 'x': return P("/proc/self/exe");
	case 'b': return P(zeros);
	case 'k': return 4096;
	case 'c': return 88;
	case 'a': return SIGUSR1;
	case 'p': return sys_getpid();
	case 'N': return PR_SET_NAME;
	case 'F': return ARCH_GET_FS;
	case 'I': return FIONBIO;
	case 'G': return F_OFD_GETLK;
	case 'H': return F_OFD_SETLK;
	case 'o': return sockets[0];
	case 'e': return epoll;
	case 't': return timer;
	case 'v': length = 16; return P(&length);
	default: return letter - '0';
	}
}

static long call_with(size_t i, uintptr_t bad)
{
	long args[6] = { 0 };

	for (int n = 0; calls[i].letters[n]; n++)
		args[n] = value(calls[i].letters[n], bad);
	return syscall6(calls[i].nr, args[0], args[1], args[2], args[3], args[4], args[5]);
}

static void test_call(size_t i)
{
	int wrong = 0;

	for (int kind = 0; kind < KINDS; kind++) {
		long result = call_with(i, bads[kind]);

		if (result == -EFAULT)
			continue;
		note("%s (%s) with %#lx: %ld", calls[i].name, calls[i].letters,
		     (unsigned long)bads[kind], result);
		wrong++;
	}
	ok(wrong == 0, "efault-at-%s-%s", calls[i].name, calls[i].letters);
}

/* The signal is taken, though nobody learns what it said. */
static void test_taken_signal(void)
{
	const uint64_t set = SIGNAL_BIT(SIGUSR1);
	int wrong = 0;

	signal_mask(SIG_BLOCK, set);
	for (int kind = 0; kind < KINDS; kind++) {
		signal_self(SIGUSR1);
		wrong += signal_wait(set, (void *)bads[kind], 0) != -EFAULT || signal_waiting();
	}
	is(wrong, 0, "efault-at-rt_sigtimedwait-info");
}

static void prepare(void)
{
	char *mem = map_private(2 * PAGE_SIZE);

	zeros = map_private(PAGE_SIZE);
	sys_mprotect((uintptr_t)mem, PAGE_SIZE, PROT_NONE);
	unmap(mem + PAGE_SIZE, PAGE_SIZE);
	bads[0] = (uintptr_t)mem + 64;
	bads[1] = (uintptr_t)mem + PAGE_SIZE + 64;
	bads[2] = 0x7ffffffffff0;
	bads[3] = 0xffff800000000000;
	bads[4] = 0xffffffff80000000;
	file = make_file("file", contents);
	sys_lseek(file, 0, SEEK_SET);
	sys_symlink("file", "link");
	sys_pipe(ends);
	sys_socketpair(AF_UNIX, SOCK_STREAM, 0, sockets);
	epoll = (int)sys_epoll_create1(0);
	epoll_set(epoll, EPOLL_CTL_ADD, sockets[1], POLLOUT);
	syscall3(__NR_timer_create, CLOCK_MONOTONIC, 0, P(&timer));
	directory = (int)sys_open(".", O_RDONLY | O_DIRECTORY, 0);
}

/* What all the calls together have changed. */
static void test_nothing_done(int lowest)
{
	struct __kernel_stat st;

	is(sys_dup2(file, lowest), lowest, "no-descriptor-is-left");
	sys_close(lowest);
	is(sys_lseek(file, 0, SEEK_CUR), 0, "the-position-has-not-moved");
	ok(file_holds("file", contents), "the-file-is-as-it-was");
	is(sys_lstat("new", &st), -ENOENT, "no-name-was-made");
	is(links_of("file"), 1, "no-link-was-made");
	is(sys_wait4(-1, NULL, WNOHANG, NULL), -ECHILD, "no-process-was-made");
}

int main(void)
{
	int lowest;

	scratch_enter();
	prepare();
	lowest = (int)syscall1(__NR_dup, file);
	sys_close(lowest);
	tap_plan(NR_CALLS + 8);
	for (size_t i = 0; i < NR_CALLS; i++)
		test_call(i);
	test_taken_signal();
	is(syscall1(__NR_dup, file), lowest, "the-next-descriptor-is-the-same");
	sys_close(lowest);
	test_nothing_done(lowest);
	sys_close(directory);
	sys_close(file);
	scratch_leave();
	return tap_done();
}
