/*
 * /dev/async_fault: page faults that nobody waits for. A program asks for memory that it will use
 * soon, goes on computing, and reads from the file when the memory is there. docs/async-fault.md.
 *
 * poll(): POLLIN if there is an answer to read, POLLOUT if one more may be asked.
 * read(): as many answers as fit, at least one, in the order in which the requests were done;
 * waits for the first, or -EAGAIN with O_NONBLOCK; -EINVAL for a buffer that is shorter than one.
 */
#pragma once
#include "kernel/uapi/ioctl.h"
#include "kernel/uapi/types.h"

#define ASYNC_FAULT_WRITE	1	/* flags: the memory will be written to */

#define ASYNC_FAULT_MAX_LEN	(1 << 20)	/* bytes of one request */
#define ASYNC_FAULT_MAX_REQUESTS	64	/* of an open file, from the call
						 * until the answer is read */

struct async_fault_request {
	__u64 addr;
	__u64 len;		/* bytes, not 0: all pages that they lie in */
	__u64 cookie;		/* comes back with the answer */
	__u32 flags;
	__u32 zero;
};

struct async_fault_answer {
	__u64 cookie;
	__s64 result;		/* 0: the memory was there a moment ago; or -errno, as below */
};

/*
 * Asks for memory of the caller. It never waits for a device:
 *	0		the memory is there; there will be no answer
 *	1		the request waits, and will be answered
 *	-EAGAIN		ASYNC_FAULT_MAX_REQUESTS are waiting, or answered and not read
 *	-EFAULT		no such memory, or the program may not use it so; or a bad structure
 *	-EINVAL		len, or flags or zero that are not 0
 *	-ENOMEM
 * A request that waits has the errors of its own: -EFAULT (what was mapped then is not
 * mapped any more, or the device cannot read it), -ENOMEM, -ESRCH (the program that asked
 * has ended, or called execve()).
 */
#define ASYNC_FAULT_ASK	_IOW('F', 1, struct async_fault_request)
