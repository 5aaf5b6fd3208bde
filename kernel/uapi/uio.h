/* uio.h - readv(2) and writev(2). */
#ifndef UAPI_UIO_H
#define UAPI_UIO_H

#include "kernel/uapi/types.h"

struct iovec {
	void *iov_base;
	__u64 iov_len;
};

#define UIO_MAXIOV	1024

#endif
