/* uio.h - readv(2) and writev(2). */
#ifndef UAPI_UIO_H
#define UAPI_UIO_H

#include "kernel/uapi/types.h"

struct iovec {
	void *iov_base;
	__u64 iov_len;
};

#define UIO_MAXIOV	1024

#define RWF_HIPRI	0x01
#define RWF_DSYNC	0x02
#define RWF_SYNC	0x04
#define RWF_NOWAIT	0x08
#define RWF_APPEND	0x10

#endif
