/* events.h - select, poll, epoll and eventfd, as in linux.h. */
#ifndef USER_EVENTS_H
#define USER_EVENTS_H

#include "kernel/uapi/epoll.h"
#include "user/linux.h"

static inline long sys_epoll_create1(int flags) { return syscall1(__NR_epoll_create1, flags); }

static inline long sys_epoll_ctl(int epfd, int op, int fd, const struct epoll_event *event)
{
	return syscall4(__NR_epoll_ctl, epfd, op, fd, (long)event);
}

static inline long sys_epoll_wait(int epfd, struct epoll_event *events, int max, int timeout_ms)
{
	return syscall4(__NR_epoll_wait, epfd, (long)events, max, timeout_ms);
}

static inline long sys_epoll_pwait2(int epfd, struct epoll_event *events, int max,
				    const struct __kernel_timespec *timeout)
{
	return syscall6(__NR_epoll_pwait2, epfd, (long)events, max, (long)timeout, 0, 8);
}

/* EPOLL_CTL_ADD or _MOD with the descriptor as the data. */
static inline long epoll_set(int epfd, int op, int fd, unsigned int events)
{
	struct epoll_event event = { .events = events, .data = (__u64)fd };

	return sys_epoll_ctl(epfd, op, fd, &event);
}

static inline long sys_eventfd2(unsigned int count, int flags)
{
	return syscall2(__NR_eventfd2, count, flags);
}

static inline long sys_poll(struct pollfd *fds, unsigned int n, int timeout_ms)
{
	return syscall3(__NR_poll, (long)fds, n, timeout_ms);
}

#endif
