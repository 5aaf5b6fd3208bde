/*
 * /dev/async_fault: a program asks for pages and does not wait (kernel/uapi/async_fault.h). What
 * is not there becomes a request, for which a thread of the kernel waits in the program's place;
 * when it is done, it becomes an answer in the file.
 *
 * A request keeps the structure of the address space (mmgrab), not the memory: the worker is a
 * user of it for one page at a time. It does not keep the file either. Who closes the file
 * takes back all that waits, and leaves to the worker the request that it has in hand, which
 * nobody is told of then.
 */
#include "kernel/dev/async_fault.h"
#include "kernel/fs/fs.h"
#include "kernel/fs/iov_iter.h"
#include "kernel/fs/poll.h"
#include "kernel/panic.h"
#include "kernel/process/task.h"
#include "kernel/uapi/async_fault.h"
#include "kernel/uapi/epoll.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/async_fault.h"
#include "mm/leak.h"
#include "mm/slab.h"

struct request {
	TAILQ_ENTRY(request) link;	/* in `queue`, or in its file's answers */
	struct async_file *file;	/* NULL: closed */
	struct mm_struct *mm;		/* mmgrab() */
	unsigned long addr, end;	/* pages that have not been seen yet */
	bool write;
	struct async_fault_answer answer;
};

TAILQ_HEAD(request_list, request);

/* An open file. */
struct async_file {
	struct request_list answers;
	unsigned int nr;		/* requests whose answers have not been read */
	struct wait_queue wait;		/* for answers, or for room */
};

/* Of all that follows, of all files, and of the list that a request is in. */
static spinlock_t lock = SPINLOCK_INIT(LOCK_TASKS);
static struct request_list queue = TAILQ_HEAD_INITIALIZER(queue);
static struct request *in_hand;		/* the worker's */
static struct wait_queue worker_wait;	/* the worker, for requests */
static bool orphan; /* and its file is closed; cleared by the worker, without the lock */
static struct wait_queue orphan_wait;	/* for that */
static struct kmem_cache *file_cache, *request_cache;

static bool any(const struct request_list *list) { return READ_ONCE(list->tqh_first); }

static void request_free(struct request *rq)
{
	mmdrop(rq->mm);
	kmem_cache_free(request_cache, rq);
}

static void free_all(struct request_list *list)
{
	struct request *rq;

	while ((rq = TAILQ_FIRST(list))) {
		TAILQ_REMOVE(list, rq, link);
		request_free(rq);
	}
}

/* ---- the worker ---- */

static struct request *take_request(void)
{
	struct request *rq;

	spin_lock(&lock);
	rq = TAILQ_FIRST(&queue);
	if (rq)
		TAILQ_REMOVE(&queue, rq, link);
	in_hand = rq;
	spin_unlock(&lock);
	return rq;
}

/* Page by page: the program may end or close the file between two. */
static int wait_for_pages(struct request *rq)
{
	int err = 0;

	for (; !err && rq->addr < rq->end && READ_ONCE(rq->file); rq->addr += PAGE_SIZE)
		err = async_fault_wait(rq->mm, rq->addr, rq->write);
	return err;
}

/* The file is told while it is sure to be open: release() takes the lock, too. */
static bool tell(struct request *rq, int result)
{
	bool open;

	spin_lock(&lock);
	in_hand = NULL;
	open = rq->file;
	if (open) {
		rq->answer.result = result;
		TAILQ_INSERT_TAIL(&rq->file->answers, rq, link);
		wake_up_events(&rq->file->wait, POLLIN);
	}
	spin_unlock(&lock);
	return open;
}

static void bury(struct request *rq)
{
	request_free(rq);
	WRITE_ONCE(orphan, false);
	wake_up_all(&orphan_wait);
}

static void work(void *arg)
{
	struct request *rq;

	for (;;) {
		wait_event(&worker_wait, any(&queue));
		rq = take_request();
		if (rq && !tell(rq, wait_for_pages(rq)))
			bury(rq);
	}
}

void async_fault_start_worker(void)
{
	struct task *task = kernel_thread("async_fault", work, NULL);

	if (!task)
		boot_stop("There is not enough memory for asynchronous faults.");
	wake_task(task, false);
}

void async_fault_drain(void) { wait_event(&orphan_wait, !READ_ONCE(orphan)); }

/* ---- asking ---- */

/* Until a page would have to be waited for: then -EAGAIN, and *addr is that page's. */
static int look(unsigned long *addr, unsigned long end, bool write)
{
	int err = 0;

	while (!err && *addr < end) {
		err = async_fault_try(current_mm(), *addr, write);
		if (!err)
			*addr += PAGE_SIZE;
	}
	return err;
}

static int enqueue(struct async_file *file, struct request *rq)
{
	bool room;

	spin_lock(&lock);
	room = file->nr < ASYNC_FAULT_MAX_REQUESTS;
	if (room) {
		WRITE_ONCE(file->nr, file->nr + 1);
		TAILQ_INSERT_TAIL(&queue, rq, link);
	}
	spin_unlock(&lock);
	if (!room)
		return -EAGAIN;
	wake_up(&worker_wait);
	return 1;
}

/* Somebody else has to wait, from addr on. */
static int leave_to_worker(struct async_file *file, const struct async_fault_request *ask,
			   unsigned long addr)
{
	struct request *rq = kmem_cache_alloc(request_cache, GFP_KERNEL);
	int ret;

	if (!rq)
		return -ENOMEM;
	mmgrab(current_mm());
	*rq = (struct request){
		.file = file, .mm = current_mm(), .addr = addr, .end = ask->addr + ask->len,
		.write = ask->flags & ASYNC_FAULT_WRITE, .answer.cookie = ask->cookie,
	};
	ret = enqueue(file, rq);
	if (ret < 0)
		request_free(rq);
	return ret;
}

static long async_fault_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct async_fault_request ask;
	unsigned long addr;
	int err;

	if (cmd != ASYNC_FAULT_ASK)
		return -ENOTTY;
	if (copy_from_user(&ask, (const void *)arg, sizeof(ask)))
		return -EFAULT;
	if (!ask.len || ask.len > ASYNC_FAULT_MAX_LEN || ask.flags & ~ASYNC_FAULT_WRITE ||
	    ask.zero)
		return -EINVAL;
	if (ask.addr > task_size_max() - ask.len)
		return -EFAULT;
	addr = ask.addr & PAGE_MASK;
	err = look(&addr, ask.addr + ask.len, ask.flags & ASYNC_FAULT_WRITE);
	return err == -EAGAIN ? leave_to_worker(file->private, &ask, addr) : err;
}

/* ---- answers ---- */

static struct request *take_answer(struct async_file *file)
{
	struct request *rq;

	spin_lock(&lock);
	rq = TAILQ_FIRST(&file->answers);
	if (rq)
		TAILQ_REMOVE(&file->answers, rq, link);
	spin_unlock(&lock);
	return rq;
}

/* The program has no place for it: it is the next one again. */
static void put_back(struct async_file *file, struct request *rq)
{
	spin_lock(&lock);
	TAILQ_INSERT_HEAD(&file->answers, rq, link);
	wake_up_events(&file->wait, POLLIN);
	spin_unlock(&lock);
}

static void answered(struct async_file *file, struct request *rq)
{
	spin_lock(&lock);
	WRITE_ONCE(file->nr, file->nr - 1);
	wake_up_events(&file->wait, POLLOUT);
	spin_unlock(&lock);
	request_free(rq);
}

/* All that there are and that fit: bytes, or -EFAULT. */
static long read_answers(struct async_file *file, struct iov_iter *to)
{
	const size_t size = sizeof(struct async_fault_answer);
	struct request *rq;
	long done = 0;

	while (to->left >= size && (rq = take_answer(file))) {
		if (copy_to_iter(&rq->answer, size, to) < size) {
			put_back(file, rq);
			return done ? done : -EFAULT;
		}
		answered(file, rq);
		done += (long)size;
	}
	return done;
}

static long async_fault_read(struct file *f, struct iov_iter *to, u64 *pos)
{
	struct async_file *file = f->private;
	long ret;

	if (to->left < sizeof(struct async_fault_answer))
		return -EINVAL;
	while (!(ret = read_answers(file, to))) {
		ret = READ_ONCE(f->flags) & O_NONBLOCK ? -EAGAIN :
		      wait_event_interruptible(&file->wait, any(&file->answers));
		if (ret)
			break;
	}
	return ret;
}

static short async_fault_poll(struct file *f, struct poll_table *table)
{
	struct async_file *file = f->private;

	poll_add(table, &file->wait);
	return (any(&file->answers) ? POLLIN | POLLRDNORM : 0) |
	       (READ_ONCE(file->nr) < ASYNC_FAULT_MAX_REQUESTS ? POLLOUT | POLLWRNORM : 0);
}

/* ---- the file ---- */

static int async_fault_open(struct inode *inode, struct file *f)
{
	struct async_file *file = kmem_cache_alloc(file_cache, GFP_KERNEL | GFP_ZERO);

	if (!file)
		return -ENOMEM;
	TAILQ_INIT(&file->answers);
	wait_queue_init(&file->wait);
	f->private = file;
	return 0;
}

/*
 * What waits for the worker, and what waits for the reader; not what the worker
 * has in hand. lock held.
 */
static void take_all(struct async_file *file, struct request_list *list)
{
	struct request *rq, *next;

	for (rq = TAILQ_FIRST(&queue); rq; rq = next) {
		next = TAILQ_NEXT(rq, link);
		if (rq->file == file) {
			TAILQ_REMOVE(&queue, rq, link);
			TAILQ_INSERT_TAIL(list, rq, link);
		}
	}
	TAILQ_CONCAT(list, &file->answers, link);
}

static void async_fault_release(struct file *f)
{
	struct request_list list = TAILQ_HEAD_INITIALIZER(list);
	struct async_file *file = f->private;

	spin_lock(&lock);
	take_all(file, &list);
	if (in_hand && in_hand->file == file) {
		WRITE_ONCE(in_hand->file, NULL);
		orphan = true;
	}
	spin_unlock(&lock);
	free_all(&list);
	kmem_cache_free(file_cache, file);
}

static const struct file_operations async_fault_fops = {
	.open = async_fault_open,
	.release = async_fault_release,
	.read_iter = async_fault_read,
	.poll = async_fault_poll,
	.ioctl = async_fault_ioctl,
};

void async_fault_init(void)
{
	wait_queue_init(&worker_wait);
	wait_queue_init(&orphan_wait);
	file_cache = kmem_cache_create("async_file", sizeof(struct async_file), 0);
	request_cache = kmem_cache_create("async_fault", sizeof(struct request), 0);
	register_chrdev(ASYNC_FAULT_MAJOR, ASYNC_FAULT_MINOR, &async_fault_fops);
	quiesce_register(async_fault_drain);
}
