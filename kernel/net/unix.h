/*
 * Pairs of connected sockets (unix(7)): each end has a queue of messages, which the other one
 * fills. Of a stream the messages are pieces; of SEQPACKET and DGRAM, which differ in what the end
 * of the other means, they are what was sent, and what a read does not take of one is lost. Files
 * that travel with a message are received with its first byte, and no read goes on behind a
 * message that brings files.
 */
#pragma once
#include <sys/queue.h>
#include "kernel/fs/fs.h"
#include "kernel/fs/iov_iter.h"

#define DEFAULT_BUFFER	212992u	/* SO_SNDBUF, SO_RCVBUF */
#define MESSAGE_COST	704u	/* what Linux counts for a message besides its bytes */

struct unix_end;

/* Open files on their way. */
struct unix_files {
	LIST_ENTRY(unix_files) link;	/* garbage.c's, of those that wait in a queue */
	struct unix_end *carrier;	/* the end that may receive them */
	unsigned int nr;
	struct file *file[];		/* references; NULL: has been taken out */
};
/* -ENOMEM as NULL. */
struct unix_files *unix_files_alloc(unsigned int nr);
/* Another list of the same files. */
struct unix_files *unix_files_copy(const struct unix_files *files);
/* Puts the references too; NULL is fine. Holds no lock: files may be released. */
void unix_files_put(struct unix_files *files);

struct message {
	TAILQ_ENTRY(message) link;
	size_t len, taken;
	struct unix_files *files;	/* NULL: none, or they have been received */
	char data[];
};
TAILQ_HEAD(message_list, message);
/* Outside of the pair's lock: files of theirs may be released. */
void free_messages(struct message_list *list);

struct unix_pair;

/* One of two; under the pair's lock, and read without it to see whether to wait. */
struct unix_end {
	struct unix_pair *pair;
	struct file *file;		/* not counted; NULL: closed */
	struct message_list incoming;
	size_t bytes;			/* that wait in it */
	size_t queued;			/* what they cost the other end's send buffer */
	unsigned int shut;		/* RCV_SHUTDOWN, SEND_SHUTDOWN */
	unsigned int sndbuf, rcvbuf;
	int error;			/* SO_ERROR: for the next who asks */
	bool peer_gone, refused;	/* the other end was closed; a datagram has met that */
	bool no_room;			/* a sender has met a full queue: it shall hear of room */
	bool awaited;			/* a reader of a stream sleeps: it needs no signal */
	struct wait_queue wait;		/* for anything about this end to change */
	struct async_list async;

	/* garbage.c's, under its lock while it looks */
	int in_flight;			/* references to the file that wait in queues */
	bool alive;
	struct unix_end *next_garbage;
};

#define RCV_SHUTDOWN	1u
#define SEND_SHUTDOWN	2u

struct unix_pair {
	struct mutex lock;
	int type;			/* SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET */
	struct unix_end end[2];
	atomic_t files;			/* ends that are open */
};

static inline struct unix_end *peer_of(struct unix_end *end)
{
	return &end->pair->end[end == &end->pair->end[0]];
}

/* The end that a file is; NULL: it is no socket. */
struct unix_end *unix_end_of(const struct file *file);

/*
 * flags: MSG_DONTWAIT, MSG_NOSIGNAL. Bytes sent, or -errno if none were. *files go with the first
 * byte, and *files is NULL once they do; files may be NULL.
 */
long unix_send(struct file *file, struct iov_iter *from, struct unix_files **files,
	       unsigned int flags);
/*
 * flags: MSG_DONTWAIT, MSG_PEEK, MSG_WAITALL, MSG_TRUNC. What came with the bytes goes into
 * *files, which is the caller's then; NULL: it is dropped. MSG_TRUNC, MSG_EOR and so on into
 * *out_flags. Bytes, 0 at the end, or -errno.
 */
long unix_receive(struct file *file, struct iov_iter *to, struct unix_files **files,
		  unsigned int flags, u32 *out_flags);

/* Both ends of a new pair; flags: O_NONBLOCK. -ENOMEM leaves nothing behind. */
int unix_pair_open(struct file *ends[2], int type, unsigned int flags);
/* All that waits in the end's queue, into an empty list. The pair's lock is held. */
void unix_take_all(struct unix_end *end, struct message_list *gone);
/* what: RCV_SHUTDOWN, SEND_SHUTDOWN or both. */
void unix_shutdown(struct unix_end *end, unsigned int what);
/* Takes the error that waits. */
int unix_take_error(struct unix_end *end);
void unix_init(void);
