/* /proc/sys: what can be asked, and here and there be set. */
#include "kernel/proc/proc.h"
#include "kernel/exec/exec.h"
#include "kernel/base/cmdline.h"
#include "kernel/fs/blkdev.h"
#include "kernel/fs/tmpfs.h"
#include "kernel/uapi/errno.h"
#include "kernel/version.h"
#include "mm/mm.h"
#include "mm/overcommit.h"
#include "mm/pagecache.h"
#include "mm/vma.h"
#include "mm/vmstat.h"

#define CONSTANT(name, format, value) \
	static SHOW(name) { text_printf(text, format "\n", value); return 0; }

CONSTANT(show_mmap_min_addr, "%lu", MMAP_MIN_ADDR)
CONSTANT(show_max_map_count, "%d", MAX_MAP_COUNT)
CONSTANT(show_ostype, "%s", "Linux")
CONSTANT(show_osrelease, "%s", PLEAT_ABI_RELEASE)
CONSTANT(show_hostname, "%s", "pleat")
CONSTANT(show_pid_max, "%d", PID_MAX)

static SHOW(show_threads_max)
{
	text_printf(text, "%u\n", threads_max());
	return 0;
}

static SHOW(show_randomize)
{
	text_printf(text, "%d\n", exec_randomizes() ? 2 : 0);
	return 0;
}

/* 1: clean pages of files; 2: slabs; 3: both. */
static int write_drop_caches(const struct proc_target *target, char *value, size_t n)
{
	if (*value < '1' || *value > '4' || (value[1] && value[1] != '\n'))
		return -EINVAL;
	if (*value & 1) {
		tmpfs_drop_clean();
		blkdev_drop_clean();
		count_vm_event(VM_EVENT_DROP_PAGECACHE);
	}
	if (*value & 2)
		count_vm_event(VM_EVENT_DROP_SLAB);
	return 0;
}

/* ---- overcommit ---- */

int proc_number(char *text, size_t n, long lo, long hi, long *value)
{
	if (n && text[n - 1] == '\n')
		text[n - 1] = '\0';
	return cmdline_number(text, lo, hi, value) ? 0 : -EINVAL;
}

/* What is written to one of two takes the place of the other. */
#define SETTING(name, hi, other) \
	static SHOW(show_##name) \
	{ \
		text_printf(text, "%ld\n", READ_ONCE(overcommit.name)); \
		return 0; \
	} \
	static int write_##name(const struct proc_target *target, char *text, size_t n) \
	{ \
		return set(&overcommit.name, text, n, hi, other); \
	}

static int set(long *setting, char *text, size_t n, long hi, long *other)
{
	long value;
	int err = proc_number(text, n, 0, hi, &value);

	if (err)
		return err;
	if (other)
		WRITE_ONCE(*other, 0);
	WRITE_ONCE(*setting, value);
	return 0;
}

SETTING(memory, OVERCOMMIT_NEVER, NULL)
SETTING(ratio, 0x7fffffff, &overcommit.kbytes)
SETTING(kbytes, (long)(~0ul >> 1), &overcommit.ratio)
SETTING(admin_reserve_kbytes, (long)(~0ul >> 1), NULL)
SETTING(user_reserve_kbytes, (long)(~0ul >> 1), NULL)

static SHOW(show_min_free_kbytes)
{
	text_printf(text, "%lu\n", frame_stats().reserve << (PAGE_SHIFT - 10));
	return 0;
}

#define PROC_SETTING(name_, setting) \
	{ .name = name_, .mode = S_IFREG | 0644, .show = show_##setting, .write = write_##setting }

static const struct proc_entry vm_entries[] = {
	PROC_SETTING("admin_reserve_kbytes", admin_reserve_kbytes),
	{ .name = "drop_caches", .mode = S_IFREG | 0200, .write = write_drop_caches },
	PROC_FILE("max_map_count", 0444, show_max_map_count),
	PROC_FILE("min_free_kbytes", 0444, show_min_free_kbytes),
	PROC_FILE("mmap_min_addr", 0444, show_mmap_min_addr),
	PROC_SETTING("overcommit_kbytes", kbytes),
	PROC_SETTING("overcommit_memory", memory),
	PROC_SETTING("overcommit_ratio", ratio),
	PROC_SETTING("user_reserve_kbytes", user_reserve_kbytes),
	{ .name = NULL },
};

static const struct proc_entry kernel_entries[] = {
	PROC_FILE("hostname", 0444, show_hostname),
	PROC_FILE("osrelease", 0444, show_osrelease),
	PROC_FILE("ostype", 0444, show_ostype),
	PROC_FILE("pid_max", 0444, show_pid_max),
	PROC_FILE("randomize_va_space", 0444, show_randomize),
	PROC_FILE("threads-max", 0444, show_threads_max),
	{ .name = NULL },
};

const struct proc_entry sysctl_entries[] = {
	PROC_DIR("kernel", kernel_entries),
	PROC_DIR("vm", vm_entries),
	{ .name = NULL },
};
