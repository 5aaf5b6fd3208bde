/* The disk as a file: /dev/vda. kernel/fs/fs.h has the operations' name. */
#pragma once
#include "kernel/base/types.h"

/* Where Linux puts the first virtio disk. */
#define VDA_MAJOR	254
#define VDA_MINOR	0

/* At boot, behind disk_init() and before there are names. */
void blkdev_init(void);
/* Pages of it in the page cache. */
unsigned long blkdev_pages(void);
/* The disk has all that was written before. 0 or -EIO, or 0 if there is no disk. Sleeps. */
int blkdev_sync(void);
/* Its pages that nobody uses and nobody has written to since leave the cache. Does not sleep. */
void blkdev_drop_clean(void);
/* At the end, when no program is left and nothing is mapped: what could not be written is lost. */
void blkdev_discard_pages(void);
