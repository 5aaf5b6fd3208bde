/* socket.h - socketpair(2), sendmsg(2), recvmsg(2), as far as AF_UNIX needs it. */
#ifndef UAPI_SOCKET_H
#define UAPI_SOCKET_H

#include "kernel/uapi/types.h"
#include "kernel/uapi/uio.h"

#define AF_UNSPEC	0
#define AF_UNIX		1
#define AF_MAX		46
#define SOCK_STREAM	1
#define SOCK_DGRAM	2
#define SOCK_RAW	3
#define SOCK_SEQPACKET	5
#define SOCK_MAX	11
#define SOCK_TYPE_MASK	0xf
#define SOCK_CLOEXEC	02000000
#define SOCK_NONBLOCK	04000

#define SOL_SOCKET	1
#define SO_TYPE		3
#define SO_ERROR	4
#define SO_SNDBUF	7
#define SO_RCVBUF	8
#define SO_ACCEPTCONN	30
#define SO_PROTOCOL	38
#define SO_DOMAIN	39
#define SCM_RIGHTS	1
#define SCM_MAX_FD	253

#define MSG_OOB		0x01
#define MSG_PEEK	0x02
#define MSG_CTRUNC	0x08
#define MSG_TRUNC	0x20
#define MSG_DONTWAIT	0x40
#define MSG_EOR		0x80
#define MSG_WAITALL	0x100
#define MSG_NOSIGNAL	0x4000
#define MSG_CMSG_CLOEXEC 0x40000000

#define SHUT_RD		0
#define SHUT_WR		1
#define SHUT_RDWR	2

struct sockaddr {
	__u16 sa_family;
	char sa_data[14];
};

struct msghdr {
	void *msg_name;
	__s32 msg_namelen;
	struct iovec *msg_iov;
	__u64 msg_iovlen;
	void *msg_control;
	__u64 msg_controllen;
	__u32 msg_flags;
};

struct cmsghdr {
	__u64 cmsg_len;
	__s32 cmsg_level, cmsg_type;
};

#define CMSG_ALIGN(len)	(((len) + 7) & ~7ul)
#define CMSG_SPACE(len)	(sizeof(struct cmsghdr) + CMSG_ALIGN(len))
#define CMSG_LEN(len)	(sizeof(struct cmsghdr) + (len))

#endif
