/* /proc/PID: what is known of one process, or one of its threads. */
#include "kernel/proc/look.h"
#include "kernel/base/string.h"
#include "kernel/fs/files.h"
#include "kernel/fs/namei.h"
#include "kernel/uapi/errno.h"
#include "mm/slab.h"

/* ---- parts of its memory ---- */

static int show_range(struct text *text, struct mm_struct *mm, unsigned long start,
		      unsigned long end)
{
	char *chunk = kmalloc(PAGE_SIZE, GFP_KERNEL);

	while (chunk && start < end) {
		size_t n = mm_access(mm, start, chunk, min(end - start, PAGE_SIZE), false);

		if (!n)
			break;
		text_put(text, chunk, n);
		start += n;
	}
	text->no_memory |= !chunk;
	kfree(chunk);
	return 0;
}

static int show_memory_range(struct text *text, const struct proc_target *target, bool environment)
{
	struct mm_struct *mm = proc_mm(target->process);

	if (!mm)
		return 0;
	if (environment)
		show_range(text, mm, mm->env_start, mm->env_end);
	else
		show_range(text, mm, mm->arg_start, mm->arg_end);
	mmput(mm);
	return 0;
}

static SHOW(show_cmdline) { return show_memory_range(text, target, false); }
static SHOW(show_environ) { return show_memory_range(text, target, true); }

static SHOW(show_comm)
{
	struct look look;
	int ret = look_at(&look, target);

	if (!ret)
		text_printf(text, "%s\n", look.thread.comm);
	return ret;
}

static int write_comm(const struct proc_target *target, char *name, size_t n)
{
	if (n && name[n - 1] == '\n')
		name[n - 1] = '\0';
	if (target->process != current_process() || !target->task)
		return -EINVAL;
	task_set_name(target->task, name);
	return 0;
}

/* ---- limits ---- */

static void show_limit(struct text *text, const char *name, const struct rlimit64 *limit,
		       const char *unit)
{
	char soft[24] = "unlimited", hard[24] = "unlimited";

	if (limit->rlim_cur != RLIM64_INFINITY)
		scnprintf(soft, sizeof(soft), "%llu", (unsigned long long)limit->rlim_cur);
	if (limit->rlim_max != RLIM64_INFINITY)
		scnprintf(hard, sizeof(hard), "%llu", (unsigned long long)limit->rlim_max);
	text_printf(text, "%-25s %-20s %-20s ", name, soft, hard);
	text_printf(text, *unit ? "%-10s\n" : "%s\n", unit);
}

static SHOW(show_limits)
{
	static const struct { const char *name, *unit; } limits[RLIM_NLIMITS] = {
		{ "Max cpu time", "seconds" }, { "Max file size", "bytes" },
		{ "Max data size", "bytes" },
		{ "Max stack size", "bytes" }, { "Max core file size", "bytes" },
		{ "Max resident set", "bytes" }, { "Max processes", "processes" },
		{ "Max open files", "files" }, { "Max locked memory", "bytes" },
		{ "Max address space", "bytes" }, { "Max file locks", "locks" },
		{ "Max pending signals", "signals" }, { "Max msgqueue size", "bytes" },
		{ "Max nice priority", "" }, { "Max realtime priority", "" },
		{ "Max realtime timeout", "us" },
	};
	struct look look;
	int ret = look_at(&look, target);

	if (ret)
		return ret;
	text_printf(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit",
		    "Units");
	for (int i = 0; i < RLIM_NLIMITS; i++)
		show_limit(text, limits[i].name, &look.rlimits[i], limits[i].unit);
	return 0;
}

/* ---- links ---- */

static struct dentry *exe_link(const struct proc_target *target, int number)
{
	struct mm_struct *mm = proc_mm(target->process);
	struct dentry *dentry = ERR_PTR(-ENOENT);

	if (!mm)
		return dentry;
	if (mm->exe_file) {
		dentry = mm->exe_file->dentry;
		path_get(dentry);
	}
	mmput(mm);
	return dentry;
}

/* Without a reference to the structure, which an exec would take for another process's. */
static struct dentry *cwd_link(const struct proc_target *target, int number)
{
	struct dentry *dentry = ERR_PTR(-ENOENT);
	struct fs_struct *fs;

	spin_lock(&tasks_lock);
	fs = target->task ? target->task->fs : NULL;
	if (fs)
		dentry = get_cwd_of(fs);
	spin_unlock(&tasks_lock);
	return dentry;
}

static struct dentry *root_link(const struct proc_target *target, int number)
{
	path_get(root_dentry);
	return root_dentry;
}

/* ---- open files ---- */

/* The table of descriptors of the thread; NULL: it has none any more. tasks_lock held. */
static struct files *files_of(const struct proc_target *target)
{
	return target->task ? target->task->files : NULL;
}

static struct file *file_of(const struct proc_target *target, int number)
{
	struct file *file = NULL;

	spin_lock(&tasks_lock);
	if (files_of(target))
		file = files_lookup(files_of(target), number);
	spin_unlock(&tasks_lock);
	return file;
}

static int next_file(const struct proc_target *target, int from)
{
	int number = -1;

	spin_lock(&tasks_lock);
	if (files_of(target))
		number = files_next(files_of(target), from);
	spin_unlock(&tasks_lock);
	return number;
}

/* What a file is shown as: text in page, which holds PATH_MAX bytes, or elsewhere. ERR_PTR. */
static const char *file_text(const struct file *file, char *page)
{
	if (file->dentry)
		return d_path(file->dentry, page, PATH_MAX);
	return file->ops->name ? file->ops->name(file, page, PATH_MAX) : "anon_inode:";
}

/* A way to what has no name, such as a pipe: opening it again depends on what it is. */
static struct dentry *pseudo_dentry(const struct file *file)
{
	char *page = kmalloc(PATH_MAX, GFP_KERNEL);
	struct dentry *dentry = NULL;

	if (page) {
		const char *text = file_text(file, page); /* short: it has no path */

		dentry = d_alloc_pseudo(file->inode, text, strlen(text));
	}
	kfree(page);
	if (!dentry)
		return ERR_PTR(-ENOMEM);
	sb_get(dentry->sb);
	return dentry;
}

static struct dentry *fd_link(const struct proc_target *target, int number)
{
	struct file *file = file_of(target, number);
	struct dentry *dentry;

	if (!file)
		return ERR_PTR(-ENOENT);
	dentry = file->dentry;
	if (dentry)
		path_get(dentry);
	else
		dentry = pseudo_dentry(file);
	file_put(file);
	return dentry;
}

static long fd_text(const struct proc_target *target, int number, char *buf, size_t size)
{
	struct file *file = file_of(target, number);
	char *page = kmalloc(PATH_MAX, GFP_KERNEL);
	const char *path = ERR_PTR(-ENOENT);
	long len;

	if (file && page)
		path = file_text(file, page);
	len = !page ? -ENOMEM : IS_ERR(path) ? PTR_ERR(path) : (long)min(strlen(path), size);
	if (len > 0)
		memcpy(buf, path, (size_t)len);
	kfree(page);
	if (file)
		file_put(file);
	return len;
}

/* ---- threads ---- */

static int next_thread(const struct proc_target *target, int from)
{
	struct task *task;
	int found = -1;

	spin_lock(&tasks_lock);
	TAILQ_FOREACH(task, &target->process->threads, thread_link) {
		if (task->tid >= from && (found < 0 || task->tid < found))
			found = task->tid;
	}
	spin_unlock(&tasks_lock);
	return found;
}

/* ---- the tables ---- */

static const struct proc_entry fd_entry = {
	.name = "", .mode = S_IFLNK | 0700, .readlink = fd_text, .get_link = fd_link,
};

#define GUARDED_FILE(name_, perm, show_) \
	{ .name = name_, .mode = S_IFREG | (perm), .show = show_, .guarded = true }

#define ENTRIES_OF_BOTH \
	GUARDED_FILE("auxv", 0400, show_auxv), \
	{ .name = "clear_refs", .mode = S_IFREG | 0200, .write = write_clear_refs }, \
	PROC_FILE("cmdline", 0444, show_cmdline), \
	{ .name = "comm", .mode = S_IFREG | 0644, .show = show_comm, .write = write_comm }, \
	{ .name = "cwd", .mode = S_IFLNK | 0777, .get_link = cwd_link }, \
	GUARDED_FILE("environ", 0400, show_environ), \
	{ .name = "exe", .mode = S_IFLNK | 0777, .get_link = exe_link }, \
	{ .name = "fd", .mode = S_IFDIR | 0500, .next = next_file, .numbered = &fd_entry, \
	  .number_is = NUMBER_FILE }, \
	GUARDED_FILE("io", 0400, show_io), \
	PROC_FILE("limits", 0444, show_limits), \
	GUARDED_FILE("maps", 0444, show_maps), \
	{ .name = "mem", .mode = S_IFREG | 0600, .fop = &mem_fops }, \
	PROC_FILE("mountinfo", 0444, show_mountinfo), \
	PROC_FILE("mounts", 0444, show_mounts), \
	PROC_FILE("oom_score", 0444, show_oom_score), \
	{ .name = "oom_score_adj", .mode = S_IFREG | 0644, .show = show_oom_score_adj, \
	  .write = write_oom_score_adj }, \
	{ .name = "pagemap", .mode = S_IFREG | 0400, .fop = &pagemap_fops }, \
	GUARDED_FILE("personality", 0400, show_personality), \
	{ .name = "root", .mode = S_IFLNK | 0777, .get_link = root_link }, \
	GUARDED_FILE("smaps", 0444, show_smaps), \
	GUARDED_FILE("smaps_rollup", 0444, show_smaps_rollup), \
	PROC_FILE("stat", 0444, show_pid_stat), \
	PROC_FILE("statm", 0444, show_statm), \
	PROC_FILE("status", 0444, show_status), \
	GUARDED_FILE("syscall", 0400, show_syscall), \
	PROC_FILE("wchan", 0444, show_wchan)

static const struct proc_entry tid_entries[] = { ENTRIES_OF_BOTH, { .name = NULL } };
const struct proc_entry tid_entry = PROC_DIR("", tid_entries);

static const struct proc_entry pid_entries[] = {
	ENTRIES_OF_BOTH,
	{ .name = "map_files", .mode = S_IFDIR | 0500, .next_range = next_map_file,
	  .numbered = &map_file_entry },
	{ .name = "task", .mode = S_IFDIR | 0555, .next = next_thread, .numbered = &tid_entry,
	  .number_is = NUMBER_THREAD },
	{ .name = NULL },
};
const struct proc_entry pid_entry = PROC_DIR("", pid_entries);
