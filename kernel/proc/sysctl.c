/* /proc/sys: what can be asked, and here and there be set. */
#include "kernel/proc/proc.h"
#include "kernel/exec/exec.h"
#include "kernel/fs/tmpfs.h"
#include "kernel/uapi/errno.h"
#include "kernel/version.h"
#include "mm/pagecache.h"
#include "mm/vma.h"

#define CONSTANT(name, format, value) \
	static SHOW(name) { text_printf(text, format "\n", value); return 0; }

/* Heuristic overcommit, always: obviously_too_much() in mm/. */
CONSTANT(show_overcommit_memory, "%d", 0)
CONSTANT(show_mmap_min_addr, "%lu", 65536ul)
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
	if (*value & 1)
		tmpfs_drop_clean();
	return 0;
}

static const struct proc_entry vm_entries[] = {
	{ .name = "drop_caches", .mode = S_IFREG | 0200, .write = write_drop_caches },
	PROC_FILE("max_map_count", 0444, show_max_map_count),
	PROC_FILE("mmap_min_addr", 0444, show_mmap_min_addr),
	PROC_FILE("overcommit_memory", 0444, show_overcommit_memory),
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
