/*
 * The disk (/dev/vda), below the page cache: requests for whole sectors, which the device serves
 * in any order and ends by an interrupt.
 */
#pragma once
#include <sys/queue.h>
#include "kernel/base/types.h"

#define SECTOR_SHIFT	9
#define SECTOR_SIZE	(1u << SECTOR_SHIFT)

enum block_op { BLOCK_READ, BLOCK_WRITE, BLOCK_FLUSH };

struct block_request {
	enum block_op op;
	u64 sector;
	phys_addr_t data;		/* contiguous; not for BLOCK_FLUSH */
	u32 bytes;			/* whole sectors */
	/* Any context, interrupts off, any CPU; the request is the caller's again. */
	void (*done)(struct block_request *rq);
	void *private;			/* of the caller */
	int error;			/* when done: 0, -EIO */
	/* The disk's. */
	u64 due;
	TAILQ_ENTRY(block_request) link;
};

/* Is there a disk, how large is it, may it be written? */
u64 disk_sectors(void);
bool disk_read_only(void);
/* Starts a request within the disk's size. Does not sleep; interrupts may be off. */
void disk_submit(struct block_request *rq);
/*
 * The same for n of them, and waits: 0, or -EIO if one failed. Sleeps; done and private are used.
 */
int disk_wait(struct block_request *rqs, unsigned int n);
/* What has been written stays, whatever happens to the machine: 0 or -EIO. Sleeps. */
int disk_flush(void);
/* The end of the machine: disk_delay no longer holds. */
void disk_hurry(void);
/* Requests that the device has ended since boot. */
unsigned long disk_requests(enum block_op op);
/* Boot: finds the first virtio-blk device. Stops with one sentence if it cannot be used. */
void disk_init(void);
