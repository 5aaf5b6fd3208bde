/* epoll.h - epoll(7) and eventfd(2). */
#ifndef UAPI_EPOLL_H
#define UAPI_EPOLL_H

#include "kernel/uapi/types.h"

#define EPOLL_CLOEXEC	02000000
#define EPOLL_CTL_ADD	1
#define EPOLL_CTL_DEL	2
#define EPOLL_CTL_MOD	3

/* The events of poll.h, and: */
#define EPOLLEXCLUSIVE	(1u << 28)
#define EPOLLWAKEUP	(1u << 29)
#define EPOLLONESHOT	(1u << 30)
#define EPOLLET		(1u << 31)

struct epoll_event {
	__u32 events;
	__u64 data;
} __attribute__((packed));

#define EFD_SEMAPHORE	1
#define EFD_CLOEXEC	02000000
#define EFD_NONBLOCK	04000

#endif
