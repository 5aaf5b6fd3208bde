/*
 * The disk: a virtio-blk device (specification, chapter 5.2). Each slot of the queue is a chain of
 * three descriptors, header, data, status, that is set up once; a request takes a free slot or
 * waits its turn in order.
 */
#include "kernel/base/cmdline.h"
#include "kernel/base/spinlock.h"
#include "kernel/dev/block.h"
#include "kernel/dev/virtio.h"
#include "kernel/process/task.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"
#include "mm/buddy.h"
#include "mm/vmstat.h"

#define VIRTIO_BLOCK	2
#define VIRTIO_TRANSITIONAL_BLOCK 0x1001
#define F_READ_ONLY	BIT(5)
#define F_FLUSH		BIT(9)

/* What a header's type says. */
static const u32 request_type[] = { [BLOCK_READ] = 0, [BLOCK_WRITE] = 1, [BLOCK_FLUSH] = 4 };

struct request_header {
	u32 type, reserved;
	u64 sector;
};

#define MAX_SLOTS	64

/* What the device reads and writes of a request besides its data. */
struct slots {
	struct request_header header[MAX_SLOTS];
	u8 status[MAX_SLOTS];
};

TAILQ_HEAD(request_list, block_request);

static struct {
	struct virtio_device device;
	u64 features, sectors;

	spinlock_t lock;
	struct virtqueue queue;
	struct slots *slots;
	unsigned int nr_slots;
	u64 free;			/* slots, by bit */
	struct block_request *running[MAX_SLOTS];
	struct request_list waiting;	/* for a slot */
	struct request_list delayed;	/* ended, but disk_delay has not passed yet */
	unsigned long ended[3];		/* by operation */
} disk = { .lock = SPINLOCK_INIT(LOCK_WAIT_QUEUE) };

static long delay_ms, bad_sector = -1, worn_sector = -1;
static struct wait_queue delay_wait, disk_waiters;

static const char *set_delay(const char *value)
{
	return value && cmdline_number(value, 0, 600000, &delay_ms) ? NULL :
		"it is milliseconds, up to 600000";
}
BOOT_OPTION("disk_delay", "=MS", "the disk takes that much longer for each request", set_delay);

static const char *set_sector(const char *value, long *sector)
{
	return value && cmdline_number(value, 0, 1l << 50, sector) ? NULL :
		"it is a sector's number";
}
static const char *set_bad(const char *value) { return set_sector(value, &bad_sector); }
BOOT_OPTION("disk_bad", "=SECTOR", "the disk fails what concerns this sector", set_bad);
static const char *set_worn(const char *value) { return set_sector(value, &worn_sector); }
BOOT_OPTION("disk_worn", "=SECTOR", "the disk can read this sector, but not write it", set_worn);

u64 disk_sectors(void) { return disk.sectors; }
bool disk_read_only(void) { return disk.features & F_READ_ONLY; }
unsigned long disk_requests(enum block_op op) { return READ_ONCE(disk.ended[op]); }

/* ---- submitting; disk.lock held ---- */

static phys_addr_t phys_of(const void *p)
{
	return ((phys_addr_t)ptr_frame(p) << PAGE_SHIFT) + ((unsigned long)p & ~PAGE_MASK);
}

/* Descriptors 3 * slot and on; a flush has no data, and its chain leaves the middle one out. */
static void fill_slot(unsigned int slot, const struct block_request *rq)
{
	struct virtq_desc *desc = disk.queue.desc + 3 * slot;
	bool flush = rq->op == BLOCK_FLUSH;

	disk.slots->header[slot] = (struct request_header){
		.type = request_type[rq->op],
		.sector = flush ? 0 : rq->sector,
	};
	disk.slots->status[slot] = 0xff;
	desc[0].next = (u16)(3 * slot + (flush ? 2 : 1));
	desc[1].addr = rq->data;
	desc[1].len = rq->bytes;
	desc[1].flags = VIRTQ_DESC_NEXT | (rq->op == BLOCK_READ ? VIRTQ_DESC_WRITE : 0);
}

static void start_requests(void)
{
	struct block_request *rq;

	while (disk.free && (rq = TAILQ_FIRST(&disk.waiting))) {
		unsigned int slot = (unsigned int)__builtin_ctzll(disk.free);

		TAILQ_REMOVE(&disk.waiting, rq, link);
		disk.free &= disk.free - 1;
		disk.running[slot] = rq;
		fill_slot(slot, rq);
		virtqueue_submit(&disk.queue, (u16)(3 * slot));
	}
}

void disk_submit(struct block_request *rq)
{
	unsigned long flags;

	BUG_MSG(rq->op != BLOCK_FLUSH && (!rq->bytes || rq->bytes % SECTOR_SIZE ||
					  rq->sector + rq->bytes / SECTOR_SIZE > disk.sectors),
		"%u bytes at sector %llu of %llu", rq->bytes, (unsigned long long)rq->sector,
		(unsigned long long)disk.sectors);
	flags = spin_lock_irqsave(&disk.lock);
	if (rq->op != BLOCK_FLUSH)
		count_vm_events(rq->op == BLOCK_READ ? VM_EVENT_SECTORS_IN : VM_EVENT_SECTORS_OUT,
				rq->bytes / SECTOR_SIZE);
	TAILQ_INSERT_TAIL(&disk.waiting, rq, link);
	start_requests();
	spin_unlock_irqrestore(&disk.lock, flags);
}

/* ---- ending ---- */

static bool concerns(const struct block_request *rq, long sector)
{
	return (u64)sector - rq->sector < rq->bytes / SECTOR_SIZE;
}
static bool is_bad(const struct block_request *rq)
{
	return rq->op != BLOCK_FLUSH &&
	       (concerns(rq, bad_sector) || (rq->op == BLOCK_WRITE && concerns(rq, worn_sector)));
}

/* Takes what the device has ended; disk.lock held. */
static void collect(struct request_list *ended)
{
	int head;

	while ((head = virtqueue_take(&disk.queue)) >= 0) {
		unsigned int slot = (unsigned int)head / 3;
		struct block_request *rq = slot < disk.nr_slots ? disk.running[slot] : NULL;

		if (!rq) {
			pr_warn("the disk has ended a request that it never got");
			continue;
		}
		disk.running[slot] = NULL;
		disk.free |= 1ull << slot;
		disk.ended[rq->op]++;
		rq->error = READ_ONCE(disk.slots->status[slot]) || is_bad(rq) ? -EIO : 0;
		TAILQ_INSERT_TAIL(ended, rq, link);
	}
}

static void end_all(struct request_list *ended)
{
	struct block_request *rq;

	while ((rq = TAILQ_FIRST(ended))) {
		TAILQ_REMOVE(ended, rq, link);
		rq->done(rq);
	}
}

/* For a while longer they look as if the device still worked on them; disk.lock held. */
static void delay_all(struct request_list *ended)
{
	u64 due = clock_ns() + (u64)READ_ONCE(delay_ms) * 1000000;
	struct block_request *rq;

	TAILQ_FOREACH(rq, ended, link)
		rq->due = due;
	TAILQ_CONCAT(&disk.delayed, ended, link);
}

static void disk_interrupt(void *arg)
{
	struct request_list ended = TAILQ_HEAD_INITIALIZER(ended);
	bool delay = READ_ONCE(delay_ms);

	spin_lock(&disk.lock);
	collect(&ended);
	start_requests();
	if (delay)
		delay_all(&ended);
	spin_unlock(&disk.lock);
	if (delay)
		wake_up(&delay_wait);
	end_all(&ended);
}

/* ---- the option disk_delay ---- */

/* Moves those whose time has come; when the next one's does. */
static u64 take_due(struct request_list *due, u64 now)
{
	unsigned long flags = spin_lock_irqsave(&disk.lock);
	struct block_request *rq;
	u64 next = NO_DEADLINE;

	while ((rq = TAILQ_FIRST(&disk.delayed)) && (rq->due <= now || !READ_ONCE(delay_ms))) {
		TAILQ_REMOVE(&disk.delayed, rq, link);
		TAILQ_INSERT_TAIL(due, rq, link);
	}
	if (rq)
		next = rq->due;
	spin_unlock_irqrestore(&disk.lock, flags);
	return next;
}

/* The kernel's thread that ends delayed requests, in order. */
static void end_delayed(void *arg)
{
	struct request_list due = TAILQ_HEAD_INITIALIZER(due);
	struct waiter self = { .task = current_task() };
	unsigned long flags;
	u64 next;

	for (;;) {
		prepare_to_wait(&delay_wait, &self, false);
		next = take_due(&due, clock_ns());
		if (TAILQ_EMPTY(&due)) {
			schedule_until(next);
			continue;
		}
		finish_wait(&delay_wait, &self);
		flags = irq_save();
		end_all(&due);
		irq_restore(flags);
	}
}

void disk_hurry(void)
{
	WRITE_ONCE(delay_ms, 0);
	wake_up(&delay_wait);
}

static void start_delaying(void)
{
	struct task *task = kernel_thread("disk_delay", end_delayed, NULL);

	if (!task)
		boot_stop("There is not enough memory to delay the disk.");
	wake_task(task, false);
}

/* ---- waiting ---- */

/* The count is on a stack that is gone once it is 0; the queue stays. */
static void count_down(struct block_request *rq)
{
	atomic_dec((atomic_t *)rq->private);
	wake_up_all(&disk_waiters);
}

int disk_wait(struct block_request *rqs, unsigned int n)
{
	atomic_t left = ATOMIC_INIT((int)n);
	int error = 0;

	for (unsigned int i = 0; i < n; i++) {
		rqs[i].done = count_down;
		rqs[i].private = &left;
		disk_submit(&rqs[i]);
	}
	wait_event(&disk_waiters, !atomic_read(&left));
	for (unsigned int i = 0; i < n; i++)
		error = error ? error : rqs[i].error;
	return error;
}

/*
 * A device without the feature has no cache of its own; one that was not written to
 * since has nothing in it.
 */
int disk_flush(void)
{
	static unsigned long flushed;	/* writes that need no flush any more */
	const unsigned long writes = disk_requests(BLOCK_WRITE);
	struct block_request rq = { .op = BLOCK_FLUSH };
	int err;

	if (!(disk.features & F_FLUSH) || READ_ONCE(flushed) == writes)
		return 0;
	err = disk_wait(&rq, 1);
	if (!err)
		WRITE_ONCE(flushed, writes);
	return err;
}

/* ---- boot ---- */

static void init_slots(void)
{
	struct page *page = alloc_page(GFP_KERNEL | GFP_ZERO);

	if (!page)
		boot_stop("There is not enough memory for the disk.");
	disk.slots = page_address(page);
	disk.nr_slots = min(disk.queue.size / 3, (unsigned int)MAX_SLOTS);
	for (unsigned int slot = 0; slot < disk.nr_slots; slot++) {
		struct virtq_desc *desc = disk.queue.desc + 3 * slot;

		desc[0] = (struct virtq_desc){ .addr = phys_of(&disk.slots->header[slot]),
					       .len = sizeof(struct request_header),
					       .flags = VIRTQ_DESC_NEXT };
		desc[1].next = (u16)(3 * slot + 2);
		desc[2] = (struct virtq_desc){ .addr = phys_of(&disk.slots->status[slot]),
					       .len = 1, .flags = VIRTQ_DESC_WRITE };
		disk.free |= 1ull << slot;
	}
}

static const char *open_disk(const struct pci_function *fn)
{
	const char *wrong = virtio_open(&disk.device, fn, F_READ_ONLY | F_FLUSH, &disk.features);

	if (!wrong)
		wrong = virtqueue_open(&disk.device, &disk.queue, 0, disk_interrupt, NULL);
	if (wrong)
		return wrong;
	init_slots();
	disk.sectors = device_read32(disk.device.config) |
		       (u64)device_read32(disk.device.config + 4) << 32;
	virtio_start(&disk.device);
	return NULL;
}

void disk_init(void)
{
	const struct pci_function *fn = pci_find(VIRTIO_VENDOR, VIRTIO_MODERN(VIRTIO_BLOCK), 0);
	const char *wrong;

	if (!fn)
		fn = pci_find(VIRTIO_VENDOR, VIRTIO_TRANSITIONAL_BLOCK, 0);
	TAILQ_INIT(&disk.waiting);
	TAILQ_INIT(&disk.delayed);
	wait_queue_init(&delay_wait);
	wait_queue_init(&disk_waiters);
	if (!fn)
		return;
	wrong = open_disk(fn);
	if (wrong)
		boot_stop("The disk cannot be used: %s.", wrong);
	if (delay_ms)
		start_delaying();
	pr_info("disk: /dev/vda, %llu sectors of 512 bytes%s", (unsigned long long)disk.sectors,
		disk_read_only() ? ", read-only" : "");
}
