/*
 * numbers.h - the numbers for which newlib and Linux have the same name and different values.
 *
 * Each list is expanded twice, in linux_numbers.c with kernel/uapi/ and in newlib_numbers.c
 * with newlib's headers, into tables with the same order: entry i means the same in both.
 */
#ifndef USER_NUMBERS_H
#define USER_NUMBERS_H

/* clang-format off */
#define ERRNO_LIST(X)								\
	X(EPERM) X(ENOENT) X(ESRCH) X(EINTR) X(EIO) X(ENXIO) X(E2BIG)		\
	X(ENOEXEC) X(EBADF) X(ECHILD) X(EAGAIN) X(ENOMEM) X(EACCES) X(EFAULT)	\
	X(EBUSY) X(EEXIST) X(EXDEV) X(ENODEV) X(ENOTDIR) X(EISDIR) X(EINVAL)	\
	X(ENFILE) X(EMFILE) X(ENOTTY) X(ETXTBSY) X(EFBIG) X(ENOSPC) X(ESPIPE)	\
	X(EROFS) X(EMLINK) X(EPIPE) X(EDOM) X(ERANGE) X(EDEADLK)		\
	X(ENAMETOOLONG) X(ENOLCK) X(ENOSYS) X(ENOTEMPTY) X(ELOOP) X(ENOMSG)	\
	X(EIDRM) X(ENOSTR) X(ENODATA) X(ETIME) X(ENOSR) X(ENOLINK) X(EPROTO)	\
	X(EMULTIHOP) X(EBADMSG) X(EOVERFLOW) X(EILSEQ) X(ENOTSOCK)		\
	X(EDESTADDRREQ) X(EMSGSIZE) X(EPROTOTYPE) X(ENOPROTOOPT)		\
	X(EPROTONOSUPPORT) X(EOPNOTSUPP) X(EAFNOSUPPORT) X(EADDRINUSE)		\
	X(EADDRNOTAVAIL) X(ENETDOWN) X(ENETUNREACH) X(ENETRESET)		\
	X(ECONNABORTED) X(ECONNRESET) X(ENOBUFS) X(EISCONN) X(ENOTCONN)		\
	X(ETIMEDOUT) X(ECONNREFUSED) X(EHOSTUNREACH) X(EALREADY)		\
	X(EINPROGRESS) X(ESTALE) X(EDQUOT) X(ECANCELED) X(EOWNERDEAD)		\
	X(ENOTRECOVERABLE)

#define SIGNAL_LIST(X)								\
	X(SIGHUP) X(SIGINT) X(SIGQUIT) X(SIGILL) X(SIGTRAP) X(SIGABRT)		\
	X(SIGFPE) X(SIGKILL) X(SIGBUS) X(SIGSEGV) X(SIGSYS) X(SIGPIPE)		\
	X(SIGALRM) X(SIGTERM) X(SIGURG) X(SIGSTOP) X(SIGTSTP) X(SIGCONT)	\
	X(SIGCHLD) X(SIGTTIN) X(SIGTTOU) X(SIGIO) X(SIGXCPU) X(SIGXFSZ)		\
	X(SIGVTALRM) X(SIGPROF) X(SIGWINCH) X(SIGUSR1) X(SIGUSR2)

/* O_RDONLY, O_WRONLY and O_RDWR are 0, 1, 2 everywhere. */
#define OPEN_FLAG_LIST(X)							\
	X(O_APPEND) X(O_CREAT) X(O_TRUNC) X(O_EXCL) X(O_NONBLOCK) X(O_NOCTTY)	\
	X(O_CLOEXEC) X(O_NOFOLLOW) X(O_DIRECTORY)
/* clang-format on */

struct number_table {
	int count;
	const int *values;
};

extern const struct number_table linux_errnos, newlib_errnos;
extern const struct number_table linux_signals, newlib_signals;
extern const struct number_table linux_open_flags, newlib_open_flags;

/* The name of one of Linux's error numbers ("EINVAL"), "0" for 0, or "unknown". */
const char *linux_errno_name(int number);

#endif
