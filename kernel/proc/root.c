/* What lies at the top of /proc, but for memory: the system, its files, and the processes. */
#include "kernel/proc/proc.h"
#include "kernel/dev/async_fault.h"
#include "kernel/base/cpumask.h"
#include "kernel/console.h"
#include "kernel/dev/block.h"
#include "kernel/fs/blkdev.h"
#include "kernel/time/time.h"
#include "kernel/uapi/errno.h"
#include "kernel/process/usage.h"
#include "kernel/version.h"

/* ---- the system ---- */

static SHOW(show_version)
{
	text_printf(text, "Linux version %s (Pleat %s, %s build)\n", PLEAT_ABI_RELEASE,
		    PLEAT_VERSION, PLEAT_BUILD);
	return 0;
}

static SHOW(show_cmdline)
{
	text_printf(text, "%s\n", boot_info.cmdline);
	return 0;
}

static u64 idle_ns(void)
{
	u64 ns = 0;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		ns += cpus_online() & BIT(cpu) ? cpu_idle_ns(cpu) : 0;
	return ns;
}

static SHOW(show_uptime)
{
	u64 up = clock_ns() / 10000000, idle = idle_ns() / 10000000;

	text_printf(text, "%llu.%02llu %llu.%02llu\n", (unsigned long long)up / 100,
		    (unsigned long long)up % 100, (unsigned long long)idle / 100,
		    (unsigned long long)idle % 100);
	return 0;
}

struct count {
	unsigned int processes, running;
};

static void count_process(struct process *process, void *arg)
{
	struct count *count = arg;
	struct task *task;

	TAILQ_FOREACH(task, &process->threads, thread_link) {
		count->processes++;
		count->running += READ_ONCE(task->state) == TASK_RUNNING;
	}
}

static struct count count_tasks(void)
{
	struct count count = { 0 };

	spin_lock(&tasks_lock);
	process_for_each(count_process, &count);
	spin_unlock(&tasks_lock);
	return count;
}

static SHOW(show_loadavg)
{
	struct count count = count_tasks();

	for (int i = 0; i < NR_LOADS; i++) {
		unsigned long hundredths = (load_average(i) * 100 + LOAD_ONE / 2) / LOAD_ONE;

		text_printf(text, "%lu.%02lu ", hundredths / 100, hundredths % 100);
	}
	text_printf(text, "%u/%u %d\n", count.running, count.processes, pid_last());
	return 0;
}

static void show_cpu(struct text *text, const char *name, struct cpu_time busy, u64 idle)
{
	text_printf(text, "%s %llu 0 %llu %llu 0 0 0 0 0 0\n", name,
		    (unsigned long long)busy.user / 10000000,
		    (unsigned long long)busy.system / 10000000,
		    (unsigned long long)idle / 10000000);
}

static void look_at_cpus(struct cpu_time times[NR_CPUS], struct cpu_time *sum)
{
	unsigned int cpu;

	spin_lock(&tasks_lock);
	for_each_cpu(cpu, cpus_online()) {
		times[cpu] = cpu_busy_time(cpu);
		sum->user += times[cpu].user;
		sum->system += times[cpu].system;
	}
	spin_unlock(&tasks_lock);
}

static SHOW(show_stat)
{
	struct count count = count_tasks();
	struct cpu_time busy[NR_CPUS], sum = { 0 };
	unsigned int cpu;
	char name[8];

	look_at_cpus(busy, &sum);
	show_cpu(text, "cpu ", sum, idle_ns());
	for_each_cpu(cpu, cpus_online()) {
		scnprintf(name, sizeof(name), "cpu%u", cpu);
		show_cpu(text, name, busy[cpu], cpu_idle_ns(cpu));
	}
	text_printf(text,
		    "ctxt %lu\nbtime %llu\nprocesses %lu\nprocs_running %u\nprocs_blocked 0\n",
		    context_switches(), (unsigned long long)clock_boot_realtime(), forks_so_far(),
		    count.running);
	return 0;
}

static SHOW(show_cpuinfo)
{
	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++) {
		if (cpus_online() & BIT(cpu))
			text_printf(text,
				    "processor\t: %u\nmodel name\t: x86-64, page tables of up to %u levels\n\n",
				    cpu, hw_levels());
	}
	return 0;
}

/* ---- files ---- */

static void show_type(const struct file_system_type *type, void *arg)
{
	if (!(type->flags & FS_INTERNAL))
		text_printf(arg, "%s\t%s\n", type->flags & FS_REQUIRES_DEV ? "" : "nodev",
			    type->name);
}

static SHOW(show_filesystems)
{
	filesystem_for_each(show_type, text);
	return 0;
}

/* The devices that share a major number. */
static SHOW(show_misc)
{
	text_printf(text, "%3d async_fault\n", ASYNC_FAULT_MINOR);
	return 0;
}

static SHOW(show_partitions)
{
	text_printf(text, "major minor  #blocks  name\n\n");
	if (disk_sectors())
		text_printf(text, "%4d  %7d %10llu vda\n", VDA_MAJOR, VDA_MINOR,
			    (unsigned long long)disk_sectors() / 2);
	return 0;
}

static void show_mount(const struct super_block *sb, const char *path, void *arg)
{
	static const char special[] = " \t\n\\";

	text_escape(arg, sb->source, special);
	text_put(arg, " ", 1);
	text_escape(arg, path, special);
	text_printf(arg, " %s %s 0 0\n", sb->type->name, sb_readonly(sb) ? "ro" : "rw");
}

/* A mount's number is that of its device: each file system is mounted once. */
static void show_mount_info(const struct super_block *sb, const char *path, void *arg)
{
	static const char special[] = " \t\n\\";
	const char *access = sb_readonly(sb) ? "ro" : "rw";
	u32 above;

	spin_lock(&dcache_lock);
	above = sb->mountpoint ? sb->mountpoint->sb->dev : sb->dev;
	spin_unlock(&dcache_lock);
	text_printf(arg, "%u %u 0:%u / ", sb->dev, above, sb->dev);
	text_escape(arg, path, special);
	text_printf(arg, " %s,relatime - %s ", access, sb->type->name);
	text_escape(arg, sb->source, special);
	text_printf(arg, " %s\n", access);
}

SHOW(show_mountinfo)
{
	mount_for_each(show_mount_info, text);
	return 0;
}

SHOW(show_mounts)
{
	mount_for_each(show_mount, text);
	return 0;
}

/* ---- processes ---- */

static long self_text(const struct proc_target *target, int number, char *buf, size_t size)
{
	return (long)scnprintf(buf, size, "%d", current_process()->pid);
}

static long thread_self_text(const struct proc_target *target, int number, char *buf, size_t size)
{
	return (long)scnprintf(buf, size, "%d/task/%d", current_process()->pid,
			       current_task()->tid);
}

static long mounts_text(const struct proc_target *target, int number, char *buf, size_t size)
{
	return (long)scnprintf(buf, size, "self/mounts");
}

struct search {
	int from, found;
};

static void consider(struct process *process, void *arg)
{
	struct search *search = arg;

	if (process->pid >= search->from && (search->found < 0 || process->pid < search->found))
		search->found = process->pid;
}

static int next_process(const struct proc_target *target, int from)
{
	struct search search = { from, -1 };

	spin_lock(&tasks_lock);
	process_for_each(consider, &search);
	spin_unlock(&tasks_lock);
	return search.found;
}

static const struct proc_entry entries[] = {
	PROC_FILE("buddyinfo", 0444, show_buddyinfo),
	PROC_FILE("cmdline", 0444, show_cmdline),
	PROC_FILE("cpuinfo", 0444, show_cpuinfo),
	PROC_FILE("filesystems", 0444, show_filesystems),
	{ .name = "kpagecount", .mode = S_IFREG | 0400, .fop = &kpagecount_fops },
	{ .name = "kpageflags", .mode = S_IFREG | 0400, .fop = &kpageflags_fops },
	PROC_FILE("loadavg", 0444, show_loadavg),
	PROC_FILE("meminfo", 0444, show_meminfo),
	PROC_FILE("misc", 0444, show_misc),
	{ .name = "mounts", .mode = S_IFLNK | 0777, .readlink = mounts_text },
	PROC_FILE("partitions", 0444, show_partitions),
	{ .name = "self", .mode = S_IFLNK | 0777, .readlink = self_text },
	PROC_FILE("slabinfo", 0400, show_slabinfo),
	PROC_FILE("stat", 0444, show_stat),
	PROC_DIR("sys", sysctl_entries),
	{ .name = "thread-self", .mode = S_IFLNK | 0777, .readlink = thread_self_text },
	PROC_FILE("uptime", 0444, show_uptime),
	PROC_FILE("version", 0444, show_version),
	PROC_FILE("vmstat", 0444, show_vmstat),
	PROC_FILE("zoneinfo", 0444, show_zoneinfo),
	{ .name = NULL },
};

const struct proc_entry proc_root = {
	.name = "/",
	.mode = S_IFDIR | 0555,
	.entries = entries,
	.next = next_process,
	.numbered = &pid_entry,
	.number_is = NUMBER_PROCESS,
};
