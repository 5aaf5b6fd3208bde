/*
 * Pipes, as the files of kernel/fs/ share them: a ring of parts of pages. Each part holds a
 * reference of its own, so that a page of the page cache or of a program can lie in a pipe, or in
 * several, without a copy: splice(), tee(), vmsplice().
 */
#pragma once
#include "kernel/fs/fs.h"

/* Bytes [offset, offset + len) of a page; len is never 0. */
struct pipe_buffer {
	struct page *page;		/* a reference */
	u16 offset, len;
	u32 flags;
};
#define PIPE_BUF_FLAG_GIFT	BIT(2)	/* the program has promised not to touch the page again */
#define PIPE_BUF_FLAG_PACKET	BIT(3)	/* a read gets no more than this part, and ends it */
#define PIPE_BUF_FLAG_CAN_MERGE	BIT(4)	/* a write may go on behind it, in the same page */
/* Ours: the page came from alloc_page() for a write and has never been anywhere but in pipes. */
#define PIPE_BUF_FLAG_OWN	BIT(8)

#define PIPE_SPARES	2

/*
 * A pipe lives as long as its open files: inode->pipe leads to it, under inode->lock. All is under
 * pipe->lock, which is held over copies to and from user memory, and over reads and writes
 * of the files that are spliced; who waits for the other end sleeps without it. Head and
 * tail count parts put in and taken out since the beginning; they, and the numbers of ends,
 * may be read without the lock.
 */
struct pipe {
	struct mutex lock;
	unsigned int head, tail;
	unsigned int ring_size;		/* parts; a power of two */
	struct pipe_buffer *ring;	/* part n: ring[n % ring_size] */
	struct page *spare[PIPE_SPARES];	/* emptied pages of its own, for the next writes */
	unsigned int readers, writers;	/* open files */
	unsigned int reader_opens, writer_opens;	/* ever: a FIFO's other end
							 * waits for a change */
	unsigned int files;		/* that hold the pipe; under the inode's lock */
	bool news;			/* something came where nothing was:
					 * readers must be told */
	bool polled;			/* ever: each write is an event then, not only the first */
	struct wait_queue read_wait, write_wait;
	struct async_list async_readers, async_writers;
};

static inline bool pipe_empty(const struct pipe *pipe)
{
	return READ_ONCE(pipe->head) == READ_ONCE(pipe->tail);
}
static inline unsigned int pipe_used(const struct pipe *pipe)
{
	return READ_ONCE(pipe->head) - READ_ONCE(pipe->tail);
}
static inline bool pipe_full(const struct pipe *pipe)
{
	return pipe_used(pipe) >= READ_ONCE(pipe->ring_size);
}
static inline struct pipe_buffer *pipe_buf(struct pipe *pipe, unsigned int n)
{
	return &pipe->ring[n & (pipe->ring_size - 1)];
}
static inline void *pipe_buf_address(const struct pipe_buffer *buf)
{
	return (char *)page_address(buf->page) + buf->offset;
}

extern const struct file_operations pipe_fops;
/* The pipe of a file; NULL: it is none. */
static inline struct pipe *get_pipe_info(const struct file *file)
{
	return file->ops == &pipe_fops ? file->private : NULL;
}

/* A pipe without files; NULL: no memory. And away with it, and all that is in it. */
struct pipe *pipe_alloc(void);
void pipe_free(struct pipe *pipe);
void pipe_cache_init(void);
/* A file of it is closed (fifo.c). */
void pipe_release(struct file *file);

/* ---- under pipe->lock ---- */

/* Puts a part in, whose reference is the pipe's from then on. There is room. */
void pipe_push(struct pipe *pipe, struct pipe_buffer buf);
/* n bytes of the oldest part are done with; its page goes with the last of them. */
void pipe_consume(struct pipe *pipe, size_t n);
/*
 * Until there is something to read, or nobody left who could write: 0. -EAGAIN instead of a sleep
 * with nonblock; -ERESTARTSYS for a signal. Sleeps without the lock.
 */
int pipe_wait_readable(struct pipe *pipe, bool nonblock);
/* The same for room: 0, -EPIPE (and the signal) if nobody is left who could read. */
int pipe_wait_writable(struct pipe *pipe, bool nonblock);
/* Unlocks the pipe, and wakes the readers for what came. event: something did. */
void pipe_unlock_added(struct pipe *pipe, bool event);
/* SIGPIPE and -EPIPE. */
int pipe_broken(void);

/* ---- without it ---- */

/*
 * Takes bytes out of the pipe, as read() does: how many, 0 at the end, or -errno as
 * pipe_wait_readable(), -EFAULT.
 */
long pipe_take(struct pipe *pipe, struct iov_iter *to, bool nonblock);
void pipe_wake_writers(struct pipe *pipe);

/* F_SETPIPE_SZ, F_GETPIPE_SZ: -EBADF for what is no pipe. */
long fcntl_pipe(struct file *file, int cmd, unsigned long arg);
/* F_ADD_SEALS, F_GET_SEALS: -EINVAL for what cannot be sealed. */
long fcntl_seals(struct file *file, int cmd, unsigned long arg);
