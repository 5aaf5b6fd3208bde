/* /sys, as far as it is about memory and the disk. */
#include "kernel/dev/block.h"
#include "kernel/dev/gup_test.h"
#include "kernel/fs/blkdev.h"
#include "kernel/proc/proc.h"
#include "kernel/uapi/errno.h"

/* There are no huge pages: what Linux says where nothing is set up. */
static SHOW(show_never)
{
	text_printf(text, "always madvise [never]\n");
	return 0;
}

static SHOW(show_zero)
{
	text_printf(text, "0\n");
	return 0;
}

static const struct proc_entry thp_entries[] = {
	PROC_FILE("enabled", 0444, show_never),
	{ .name = NULL },
};

static const struct proc_entry huge_2m_entries[] = {
	PROC_FILE("free_hugepages", 0444, show_zero),
	PROC_FILE("nr_hugepages", 0444, show_zero),
	{ .name = NULL },
};

static const struct proc_entry huge_entries[] = {
	PROC_DIR("hugepages-2048kB", huge_2m_entries),
	{ .name = NULL },
};

static const struct proc_entry mm_entries[] = {
	PROC_DIR("hugepages", huge_entries),
	PROC_DIR("transparent_hugepage", thp_entries),
	{ .name = NULL },
};

static SHOW(show_flush_ceiling)
{
	text_printf(text, "%lu\n", READ_ONCE(tlb_flush_ceiling));
	return 0;
}

static int write_flush_ceiling(const struct proc_target *target, char *value, size_t n)
{
	long ceiling;

	int err = proc_number(value, n, 0, 0x7fffffff, &ceiling);

	if (!err)
		WRITE_ONCE(tlb_flush_ceiling, (unsigned long)ceiling);
	return err;
}

/* More pages than that are flushed as a whole. */
static const struct proc_entry x86_entries[] = {
	{ .name = "tlb_single_page_flush_ceiling", .mode = S_IFREG | 0600,
	  .show = show_flush_ceiling, .write = write_flush_ceiling },
	{ .name = NULL },
};

/* Linux mounts debugfs here; only root enters. */
static const struct proc_entry debug_entries[] = {
	{ .name = "gup_test", .mode = S_IFREG | 0600, .fop = &gup_test_fops },
	PROC_DIR("x86", x86_entries),
	{ .name = NULL },
};

static const struct proc_entry kernel_entries[] = {
	{ .name = "debug", .mode = S_IFDIR | 0700, .entries = debug_entries },
	PROC_DIR("mm", mm_entries),
	{ .name = NULL },
};

/* ---- the disk ---- */

static SHOW(show_dev)
{
	text_printf(text, "%u:%u\n", VDA_MAJOR, VDA_MINOR);
	return 0;
}

static SHOW(show_size)
{
	text_printf(text, "%llu\n", (unsigned long long)disk_sectors());
	return 0;
}

static SHOW(show_ro)
{
	text_printf(text, "%d\n", disk_read_only());
	return 0;
}

static SHOW(show_sector_size)
{
	text_printf(text, "%u\n", SECTOR_SIZE);
	return 0;
}

static bool has_disk(void) { return disk_sectors(); }

static const struct proc_entry queue_entries[] = {
	PROC_FILE("logical_block_size", 0444, show_sector_size),
	PROC_FILE("physical_block_size", 0444, show_sector_size),
	{ .name = NULL },
};

static const struct proc_entry vda_entries[] = {
	PROC_FILE("dev", 0444, show_dev),
	PROC_DIR("queue", queue_entries),
	PROC_FILE("ro", 0444, show_ro),
	PROC_FILE("size", 0444, show_size),
	{ .name = NULL },
};

static const struct proc_entry block_entries[] = {
	{ .name = "vda", .mode = S_IFDIR | 0555, .exists = has_disk, .entries = vda_entries },
	{ .name = NULL },
};

static const struct proc_entry entries[] = {
	PROC_DIR("block", block_entries),
	PROC_DIR("kernel", kernel_entries),
	{ .name = NULL },
};

const struct proc_entry sys_root = PROC_DIR("/", entries);
