#include "kernel/net/unix.h"
#include "kernel/base/string.h"
#include "kernel/fs/files.h"
#include "kernel/fs/pipe.h"
#include "kernel/fs/poll.h"
#include "kernel/net/garbage.h"
#include "kernel/signal/signal.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/socket.h"
#include "kernel/uapi/statfs.h"
#include "kernel/uapi/termios.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"

#define IN_EVENTS	(POLLIN | POLLRDNORM)
#define OUT_EVENTS	(POLLOUT | POLLWRNORM | POLLWRBAND)
/* Of a stream a message is never larger than kmalloc() gives. */
#define STREAM_PIECE	(KMALLOC_MAX - sizeof(struct message))

static struct kmem_cache *pair_cache;
static struct super_block *sock_sb;

/* ---- messages ---- */

struct unix_files *unix_files_alloc(unsigned int nr)
{
	struct unix_files *files =
		kzalloc(sizeof(*files) + nr * sizeof(files->file[0]), GFP_KERNEL);

	if (files)
		files->nr = nr;
	return files;
}

struct unix_files *unix_files_copy(const struct unix_files *files)
{
	struct unix_files *copy = unix_files_alloc(files->nr);

	if (copy)
		files_get_in_flight(copy, files);
	return copy;
}

void unix_files_put(struct unix_files *files)
{
	if (!files)
		return;
	for (unsigned int i = 0; i < files->nr; i++) {
		if (files->file[i])
			file_put(files->file[i]);
	}
	kfree(files);
}

static size_t cost(const struct message *message)
{
	return ALIGN_UP(message->len, 64) + MESSAGE_COST;
}

static void free_message(struct message *message)
{
	unix_files_put(message->files);
	kvfree(message);
}

/*
 * A file that goes may be a socket with messages of its own, and so on, as deep as a program
 * likes: they join the list that the task is at.
 */
void free_messages(struct message_list *list)
{
	struct task *task = current_task();
	struct message *message;

	TAILQ_FOREACH(message, list, link) {
		if (message->files)
			files_landed(message->files);
	}
	if (task->dying_messages) {
		TAILQ_CONCAT(task->dying_messages, list, link);
		return;
	}
	task->dying_messages = list;
	while ((message = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, message, link);
		free_message(message);
	}
	task->dying_messages = NULL;
}

/* A message with the next n bytes of the program's; ERR_PTR(-ENOMEM, -EFAULT). */
static struct message *message_from(struct iov_iter *from, size_t n)
{
	struct message *message = kvmalloc(sizeof(*message) + n);

	if (!message)
		return ERR_PTR(-ENOMEM);
	*message = (struct message){ .len = n };
	if (copy_from_iter(message->data, n, from) == n)
		return message;
	kvfree(message);
	return ERR_PTR(-EFAULT);
}

/* ---- sending ---- */

static bool nonblocking(const struct file *file, unsigned int flags)
{
	return flags & MSG_DONTWAIT || READ_ONCE(file->flags) & O_NONBLOCK;
}

/* Why nothing can be sent any more: -errno; 0: it can. */
static long send_error(struct unix_end *end)
{
	bool datagram = end->pair->type == SOCK_DGRAM;

	if (READ_ONCE(end->shut) & SEND_SHUTDOWN)
		return -EPIPE;
	if (READ_ONCE(end->peer_gone))
		return !datagram ? -EPIPE : READ_ONCE(end->refused) ? -ENOTCONN : -ECONNREFUSED;
	return READ_ONCE(peer_of(end)->shut) & RCV_SHUTDOWN ? -EPIPE : 0;
}

static bool has_room(struct unix_end *end)
{
	return READ_ONCE(peer_of(end)->queued) < READ_ONCE(end->sndbuf);
}

/* A quarter full is where Linux tells writers to wait. */
static bool has_much_room(struct unix_end *end)
{
	return READ_ONCE(peer_of(end)->queued) * 4 <= READ_ONCE(end->sndbuf);
}

/* Takes the lock, once there is room; or does not, and returns -errno. */
static long lock_for_sending(struct file *file, struct unix_end *end, unsigned int flags)
{
	for (;;) {
		long ret;

		mutex_lock(&end->pair->lock);
		ret = send_error(end);
		if (!ret && has_room(end))
			return 0;
		if (ret == -ECONNREFUSED)
			end->refused = true;
		WRITE_ONCE(end->no_room, true);
		mutex_unlock(&end->pair->lock);
		if (!ret)
			ret = nonblocking(file, flags) ?
				      -EAGAIN : wait_event_interruptible(&end->wait,
							       has_room(end) || send_error(end));
		if (ret)
			return ret;
	}
}

/* Sends a message, with *files. 0 or -errno: then both are still the caller's. */
static long send_message(struct file *file, struct message *message, struct unix_files **files,
			 unsigned int flags)
{
	struct unix_end *end = file->private, *peer = peer_of(end);
	long ret = lock_for_sending(file, end, flags);

	if (ret)
		return ret;
	if (files && *files) {
		message->files = *files;
		*files = NULL;
		files_in_flight(message->files, peer);
	}
	TAILQ_INSERT_TAIL(&peer->incoming, message, link);
	WRITE_ONCE(peer->bytes, peer->bytes + message->len);
	WRITE_ONCE(peer->queued, peer->queued + cost(message));
	mutex_unlock(&end->pair->lock);
	wake_up_events(&peer->wait, IN_EVENTS);
	if (!READ_ONCE(peer->awaited))
		kill_async(&peer->async, POLL_IN);
	return 0;
}

/* The next n bytes as one message. */
static long send_piece(struct file *file, struct iov_iter *from, size_t n,
		       struct unix_files **files, unsigned int flags)
{
	struct message *message = message_from(from, n);
	long ret;

	if (IS_ERR(message))
		return PTR_ERR(message);
	ret = send_message(file, message, files, flags);
	if (ret)
		kvfree(message);
	return ret;
}

static long send_stream(struct file *file, struct iov_iter *from, struct unix_files **files,
			unsigned int flags)
{
	size_t all = from->left;
	long ret = send_error(file->private);

	while (!ret && from->left) {
		size_t before = from->left;

		ret = send_piece(file, from, min(before, STREAM_PIECE), files, flags);
		if (ret && before < all)
			return (long)(all - before);
	}
	return !ret ? (long)all : ret == -EPIPE && !(flags & MSG_NOSIGNAL) ? pipe_broken() : ret;
}

long unix_send(struct file *file, struct iov_iter *from, struct unix_files **files,
	       unsigned int flags)
{
	struct unix_end *end = file->private;
	size_t all = from->left;
	long ret;

	if (flags & MSG_OOB)
		return -EOPNOTSUPP;
	if (end->pair->type == SOCK_STREAM)
		return send_stream(file, from, files, flags);
	if (all > READ_ONCE(end->sndbuf) - 32)
		return -EMSGSIZE;
	ret = send_piece(file, from, all, files, flags);
	return ret ? ret : (long)all;
}

/* ---- receiving ---- */

/* There is something, or there will never be. */
static bool may_receive(struct unix_end *end)
{
	return READ_ONCE(end->queued) || READ_ONCE(end->shut) & RCV_SHUTDOWN ||
	       READ_ONCE(end->error);
}

/* A stream's reader hears of what comes by being woken, and by no signal besides. */
static long wait_to_receive(struct unix_end *end)
{
	long ret;

	WRITE_ONCE(end->awaited, end->pair->type == SOCK_STREAM);
	ret = wait_event_interruptible(&end->wait, may_receive(end));
	WRITE_ONCE(end->awaited, false);
	return ret;
}

/*
 * Takes the lock, once there is a message: 1. 0: there will be none, and -errno; without the lock
 * then.
 */
static long lock_for_receiving(struct file *file, struct unix_end *end, unsigned int flags)
{
	for (;;) {
		long ret;

		mutex_lock(&end->pair->lock);
		if (!TAILQ_EMPTY(&end->incoming))
			return 1;
		ret = -end->error;
		WRITE_ONCE(end->error, 0);
		if (!ret && end->shut & RCV_SHUTDOWN &&
		    (end->pair->type != SOCK_DGRAM || !nonblocking(file, flags))) {
			mutex_unlock(&end->pair->lock);
			return 0;
		}
		mutex_unlock(&end->pair->lock);
		if (!ret)
			ret = nonblocking(file, flags) ? -EAGAIN : wait_to_receive(end);
		if (ret)
			return ret;
	}
}

/* The message has been read: to `gone`, for the caller to free. */
static void take_message(struct unix_end *end, struct message *message, struct message_list *gone)
{
	TAILQ_REMOVE(&end->incoming, message, link);
	TAILQ_INSERT_TAIL(gone, message, link);
	WRITE_ONCE(end->queued, end->queued - cost(message));
}

/* What came with the message; for a look the same once more. 0 or -ENOMEM. */
static long take_files(struct message *message, struct unix_files **files, bool peek)
{
	if (!message->files || !files || *files)
		return 0;
	if (peek) {
		*files = unix_files_copy(message->files);
		return *files ? 0 : -ENOMEM;
	}
	files_landed(message->files);
	*files = message->files;
	message->files = NULL;
	return 0;
}

/*
 * Bytes of a stream's messages; what is done with goes to `gone`. A piece that a bad buffer cuts
 * short stays whole, with its files, as on Linux.
 */
static long take_bytes(struct unix_end *end, struct iov_iter *to, struct unix_files **files,
		       bool peek, struct message_list *gone)
{
	struct message *message = TAILQ_FIRST(&end->incoming), *next;
	size_t done = 0;

	for (; message && to->left; message = next) {
		size_t chunk = min(to->left, message->len - message->taken);
		bool brings = message->files;
		long ret;

		next = TAILQ_NEXT(message, link);
		if (copy_to_iter(message->data + message->taken, chunk, to) < chunk)
			ret = -EFAULT;
		else
			ret = take_files(message, files, peek);
		if (ret)
			return done ? (long)done : ret;
		done += chunk;
		if (!peek) {
			message->taken += chunk;
			WRITE_ONCE(end->bytes, end->bytes - chunk);
			if (message->taken == message->len)
				take_message(end, message, gone);
		}
		if (brings)
			break;
	}
	return (long)done;
}

/*
 * One message; what there is no room for is lost, and all of it, with its files, if a buffer is
 * bad.
 */
static long take_datagram(struct unix_end *end, struct iov_iter *to, struct unix_files **files,
			  unsigned int flags, u32 *out_flags, struct message_list *gone)
{
	struct message *message = TAILQ_FIRST(&end->incoming);
	size_t n = min(to->left, message->len);
	long ret;

	if (copy_to_iter(message->data, n, to) < n)
		ret = -EFAULT;
	else
		ret = take_files(message, files, flags & MSG_PEEK);
	if (!(flags & MSG_PEEK)) {
		WRITE_ONCE(end->bytes, end->bytes - message->len);
		take_message(end, message, gone);
	}
	if (ret)
		return ret;
	if (n < message->len)
		*out_flags |= MSG_TRUNC;
	return flags & MSG_TRUNC ? (long)message->len : (long)n;
}

/* There is room again for what the other end sends. */
static void tell_of_room(struct unix_end *end)
{
	wake_up_events(&end->wait, OUT_EVENTS);
	if (READ_ONCE(end->no_room) && has_much_room(end)) {
		WRITE_ONCE(end->no_room, false);
		kill_async(&end->async, POLL_OUT);
	}
}

static long receive_some(struct file *file, struct iov_iter *to, struct unix_files **files,
			 unsigned int flags, u32 *out_flags)
{
	struct message_list gone = TAILQ_HEAD_INITIALIZER(gone);
	struct unix_end *end = file->private;
	long ret = lock_for_receiving(file, end, flags);

	if (ret <= 0)
		return ret;
	ret = end->pair->type == SOCK_STREAM ?
		      take_bytes(end, to, files, flags & MSG_PEEK, &gone) :
		      take_datagram(end, to, files, flags, out_flags, &gone);
	mutex_unlock(&end->pair->lock);
	if (!TAILQ_EMPTY(&gone))
		tell_of_room(peer_of(end));
	free_messages(&gone);
	return ret;
}

long unix_receive(struct file *file, struct iov_iter *to, struct unix_files **files,
		  unsigned int flags, u32 *out_flags)
{
	bool stream = ((struct unix_end *)file->private)->pair->type == SOCK_STREAM;
	long done = 0, ret;

	if (flags & MSG_OOB)
		return stream ? -EINVAL : -EOPNOTSUPP;
	if (stream && !to->left)
		return 0;
	do {
		ret = receive_some(file, to, files, flags, out_flags);
		if (ret <= 0)
			return done ? done : ret;
		done += ret;
	} while (stream && to->left && flags & MSG_WAITALL && !(flags & MSG_PEEK) &&
		 !(files && *files));
	return done;
}

/* ---- ends as files ---- */

static long unix_read(struct file *file, struct iov_iter *to, u64 *pos)
{
	u32 out;

	return unix_receive(file, to, NULL, to->rwf & RWF_NOWAIT ? MSG_DONTWAIT : 0, &out);
}

static long unix_write(struct file *file, struct iov_iter *from, u64 *pos)
{
	return unix_send(file, from, NULL, from->rwf & RWF_NOWAIT ? MSG_DONTWAIT : 0);
}

static short unix_poll(struct file *file, struct poll_table *table)
{
	struct unix_end *end = file->private;
	unsigned int shut;
	short events = 0;

	poll_add(table, &end->wait);
	shut = READ_ONCE(end->shut);
	if (READ_ONCE(end->error))
		events |= POLLERR;
	if (shut == (RCV_SHUTDOWN | SEND_SHUTDOWN))
		events |= POLLHUP;
	if (shut & RCV_SHUTDOWN)
		events |= POLLRDHUP | IN_EVENTS;
	if (READ_ONCE(end->queued))
		events |= IN_EVENTS;
	if (has_much_room(end))
		events |= OUT_EVENTS;
	else
		WRITE_ONCE(end->no_room, true);
	return events;
}

/* The pair's lock is held. */
static void shut_end(struct unix_end *end, unsigned int what)
{
	WRITE_ONCE(end->shut, end->shut | what);
	wake_up_all(&end->wait);
}

/* The same from the other end. */
static void shut_peer(struct unix_end *peer, unsigned int what)
{
	shut_end(peer, what);
	if (what & RCV_SHUTDOWN)
		kill_async(&peer->async, what & SEND_SHUTDOWN ? POLL_HUP : POLL_IN);
}

/* What the other end sees of a shutdown. */
static unsigned int mirrored(unsigned int what)
{
	return (what & RCV_SHUTDOWN ? SEND_SHUTDOWN : 0) |
	       (what & SEND_SHUTDOWN ? RCV_SHUTDOWN : 0);
}

void unix_shutdown(struct unix_end *end, unsigned int what)
{
	mutex_lock(&end->pair->lock);
	shut_end(end, what);
	if (end->pair->type == SOCK_DGRAM)
		wake_up_all(&peer_of(end)->wait);
	else
		shut_peer(peer_of(end), mirrored(what));
	mutex_unlock(&end->pair->lock);
}

int unix_take_error(struct unix_end *end)
{
	int error;

	mutex_lock(&end->pair->lock);
	error = end->error;
	WRITE_ONCE(end->error, 0);
	mutex_unlock(&end->pair->lock);
	return error;
}

void unix_take_all(struct unix_end *end, struct message_list *gone)
{
	TAILQ_CONCAT(gone, &end->incoming, link);
	WRITE_ONCE(end->bytes, 0);
	WRITE_ONCE(end->queued, 0);
}

/* The file of the end is closed: the other one learns it, and what was not read is lost. */
static void close_end(struct unix_end *end, struct message_list *gone)
{
	struct unix_end *peer = peer_of(end);

	mutex_lock(&end->pair->lock);
	end->file = NULL;
	WRITE_ONCE(peer->peer_gone, true);
	if (end->pair->type != SOCK_DGRAM) {
		if (!TAILQ_EMPTY(&end->incoming))
			WRITE_ONCE(peer->error, ECONNRESET);
		shut_peer(peer, RCV_SHUTDOWN | SEND_SHUTDOWN);
	}
	unix_take_all(end, gone);
	wake_up_all(&peer->wait);
	mutex_unlock(&end->pair->lock);
}

static void unix_release(struct file *file)
{
	struct message_list gone = TAILQ_HEAD_INITIALIZER(gone);
	struct unix_end *end = file->private;

	close_end(end, &gone);
	free_messages(&gone);
	if (atomic_dec_and_test(&end->pair->files))
		kmem_cache_free(pair_cache, end->pair);
	collect_garbage();
}

static long unix_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct unix_end *end = file->private;
	struct message *first;
	int available;

	if (cmd != FIONREAD)
		return -ENOTTY;
	mutex_lock(&end->pair->lock);
	first = TAILQ_FIRST(&end->incoming);
	available = end->pair->type != SOCK_DGRAM ? (int)end->bytes : first ? (int)first->len : 0;
	mutex_unlock(&end->pair->lock);
	return copy_to_user((void *)arg, &available, sizeof(available)) ? -EFAULT : 0;
}

static void unix_async_lists(struct file *file, struct async_list *lists[2])
{
	lists[0] = &((struct unix_end *)file->private)->async;
}

static const char *unix_name(const struct file *file, char *buf, size_t size)
{
	scnprintf(buf, size, "socket:[%lu]", (unsigned long)file->inode->ino);
	return buf;
}

static const struct file_operations unix_fops = {
	.read_iter = unix_read,
	.write_iter = unix_write,
	.nowait = FMODE_READ | FMODE_WRITE,
	.poll = unix_poll,
	.ioctl = unix_ioctl,
	.async_lists = unix_async_lists,
	.release = unix_release,
	.name = unix_name,
};

struct unix_end *unix_end_of(const struct file *file)
{
	return file->ops == &unix_fops ? file->private : NULL;
}

/* ---- making a pair ---- */

static struct unix_pair *pair_alloc(int type)
{
	struct unix_pair *pair = kmem_cache_alloc(pair_cache, GFP_KERNEL | GFP_ZERO);

	if (!pair)
		return NULL;
	mutex_init(&pair->lock, LOCK_INODE);
	pair->type = type;
	for (unsigned int i = 0; i < ARRAY_SIZE(pair->end); i++) {
		pair->end[i].pair = pair;
		pair->end[i].sndbuf = pair->end[i].rcvbuf = DEFAULT_BUFFER;
		TAILQ_INIT(&pair->end[i].incoming);
		wait_queue_init(&pair->end[i].wait);
	}
	return pair;
}

/* The file of an end; the pair has one more. ERR_PTR(-ENOMEM). */
static struct file *end_open(struct unix_end *end, unsigned int flags)
{
	struct inode *inode = inode_alloc(sock_sb, S_IFSOCK | 0777);
	struct file *file;

	if (!inode)
		return ERR_PTR(-ENOMEM);
	file = anon_file(inode, &unix_fops, end, O_RDWR | flags);
	if (IS_ERR(file)) {
		inode_put(inode);
		return file;
	}
	end->file = file;
	atomic_inc(&end->pair->files);
	return file;
}

int unix_pair_open(struct file *ends[2], int type, unsigned int flags)
{
	struct unix_pair *pair = pair_alloc(type);

	if (!pair)
		return -ENOMEM;
	ends[0] = end_open(&pair->end[0], flags);
	if (IS_ERR(ends[0])) {
		kmem_cache_free(pair_cache, pair);
		return (int)PTR_ERR(ends[0]);
	}
	ends[1] = end_open(&pair->end[1], flags);
	if (!IS_ERR(ends[1]))
		return 0;
	file_put(ends[0]);
	return (int)PTR_ERR(ends[1]);
}

static struct file_system_type sockfs_type = {
	.name = "sockfs", .flags = FS_INTERNAL, .magic = SOCKFS_MAGIC,
};

void unix_init(void)
{
	pair_cache = kmem_cache_create("unix_pair", sizeof(struct unix_pair), 0);
	register_filesystem(&sockfs_type);
	sock_sb = kern_mount(&sockfs_type);
}
