/* sockets.h - the calls on socket pairs, as in linux.h, and messages with files in them. */
#ifndef USER_SOCKETS_H
#define USER_SOCKETS_H

#include "kernel/uapi/socket.h"
#include "user/linux.h"

static inline long sys_socketpair(int family, int type, int protocol, int *fds)
{
	return syscall4(__NR_socketpair, family, type, protocol, (long)fds);
}

static inline long sys_send(int fd, const void *buf, size_t n, int flags)
{
	return syscall6(__NR_sendto, fd, (long)buf, (long)n, flags, 0, 0);
}

static inline long sys_recv(int fd, void *buf, size_t n, int flags)
{
	return syscall6(__NR_recvfrom, fd, (long)buf, (long)n, flags, 0, 0);
}

static inline long sys_sendmsg(int fd, const struct msghdr *msg, int flags)
{
	return syscall3(__NR_sendmsg, fd, (long)msg, flags);
}

static inline long sys_recvmsg(int fd, struct msghdr *msg, int flags)
{
	return syscall3(__NR_recvmsg, fd, (long)msg, flags);
}

static inline long sys_shutdown(int fd, int how) { return syscall2(__NR_shutdown, fd, how); }

/* One control message of descriptors. */
struct rights {
	struct cmsghdr header;
	int fd[SCM_MAX_FD + 1];
};

/* Sends n bytes with nr descriptors. */
static inline long send_files(int socket, const void *buf, size_t n, const int *fds,
			      unsigned int nr)
{
	struct rights rights = { .header = { CMSG_LEN(nr * sizeof(int)), SOL_SOCKET,
					     SCM_RIGHTS } };
	struct iovec iov = { (void *)buf, n };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &rights,
			      .msg_controllen = CMSG_LEN(nr * sizeof(int)) };

	for (unsigned int i = 0; i < nr; i++)
		rights.fd[i] = fds[i];
	return sys_sendmsg(socket, &msg, MSG_DONTWAIT);
}

/* Receives up to n bytes, and room for nr descriptors; how many came into *got, msg_flags too. */
static inline long receive_files(int socket, void *buf, size_t n, int *fds, unsigned int nr,
				 unsigned int *got, unsigned int *out_flags, int flags)
{
	struct iovec iov = { buf, n };
	struct rights rights;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &rights,
			      .msg_controllen = nr ? CMSG_LEN(nr * sizeof(int)) : 0 };
	long ret = sys_recvmsg(socket, &msg, flags | MSG_DONTWAIT);

	*got = 0;
	*out_flags = msg.msg_flags;
	if (ret < 0 || msg.msg_controllen < sizeof(struct cmsghdr))
		return ret;
	*got = (unsigned int)((rights.header.cmsg_len - sizeof(struct cmsghdr)) / sizeof(int));
	for (unsigned int i = 0; i < *got; i++)
		fds[i] = rights.fd[i];
	return ret;
}

#endif
