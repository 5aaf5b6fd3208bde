/* /sys, as far as it is about memory. */
#include "kernel/proc/proc.h"

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

static const struct proc_entry kernel_entries[] = {
	PROC_DIR("mm", mm_entries),
	{ .name = NULL },
};

static const struct proc_entry entries[] = {
	PROC_DIR("kernel", kernel_entries),
	{ .name = NULL },
};

const struct proc_entry sys_root = PROC_DIR("/", entries);
