/* /proc/PID: what is known of one process, or one of its threads. */
#include "kernel/proc/proc.h"
#include "kernel/base/string.h"
#include "kernel/fs/files.h"
#include "kernel/fs/namei.h"
#include "kernel/time/time.h"
#include "kernel/tty/tty.h"
#include "kernel/uapi/auxvec.h"
#include "kernel/uapi/errno.h"
#include "kernel/process/usage.h"
#include "mm/slab.h"

#define TICKS(ns)	((unsigned long long)(ns) / 10000000)	/* AT_CLKTCK is 100 */

/* ---- one look at a process, under tasks_lock ---- */

struct look {
	int pid, tid, ppid, pgid, sid;
	char comm[TASK_COMM_LEN];
	char state;
	unsigned int threads, fds, cpu;
	struct cpu_time time, children_time;
	u64 start_ns;
	u64 pending, shared_pending, blocked, ignored, caught;
	struct rlimit64 rlimits[RLIM_NLIMITS];
	struct cred cred;
	u64 allowed;
	unsigned long switches;
	int exit_signal, nice;
	int tty_pgrp;			/* of its terminal; 0: it has none */
};

static char state_letter(const struct process *process, const struct task *task)
{
	if (process->zombie || !task)
		return 'Z';
	if (task->stopped)
		return 'T';
	switch (READ_ONCE(task->state)) {
	case TASK_RUNNING: return 'R';
	case TASK_DEAD: return 'X';
	default: return 'S';
	}
}

static void look_at_signals(struct look *look, const struct process *process, const struct task *task)
{
	look->shared_pending = process->pending.set;
	if (task) {
		look->pending = task->pending.set;
		look->blocked = task->blocked;
	}
	for (int i = 0; process->sighand && i < _NSIG; i++) {
		u64 handler = process->sighand->action[i].handler;

		if (handler == SIG_IGN_ADDR)
			look->ignored |= 1ull << i;
		else if (handler != SIG_DFL_ADDR)
			look->caught |= 1ull << i;
	}
}

static void look_at(struct look *look, const struct proc_target *target)
{
	struct process *process = target->process;
	struct task *task = target->task;

	*look = (struct look){ .pid = process->pid };
	spin_lock(&tasks_lock);
	look->ppid = process->parent ? process->parent->pid : 0;
	look->pgid = process->pgid;
	look->sid = process->sid;
	look->state = state_letter(process, task);
	look->threads = process->nr_threads;
	look->start_ns = process->start_ns;
	look->children_time = process->children_time;
	look->time = process_cpu_time(process);
	look->exit_signal = process->exit_signal;
	look->cred = process->cred;
	memcpy(look->rlimits, process->rlimits, sizeof(look->rlimits));
	if (task) {
		look->tid = task->tid;
		look->cpu = task->cpu;
		look->nice = READ_ONCE(task->nice);
		look->allowed = task->affinity;
		look->switches = READ_ONCE(task->switches);
		memcpy(look->comm, task->comm, sizeof(look->comm));
	}
	look->tty_pgrp = process->has_tty ? console_tty.pgrp : 0;
	look_at_signals(look, process, task);
	spin_unlock(&tasks_lock);
}

/* ---- status, stat, statm ---- */

static unsigned long kb(unsigned long pages) { return pages << (PAGE_SHIFT - 10); }

static void show_memory(struct text *text, struct mm_struct *mm)
{
	unsigned long anon = mm_rss(mm, MM_ANONPAGES), file = mm_rss(mm, MM_FILEPAGES),
		      shmem = mm_rss(mm, MM_SHMEMPAGES);

	text_printf(text, "VmSize:\t%8lu kB\n", kb(mm->total_vm));
	text_printf(text, "VmLck:\t%8lu kB\n", kb(mm->locked_vm));
	text_printf(text, "VmHWM:\t%8lu kB\n", kb(mm_hiwater_rss(mm)));
	text_printf(text, "VmRSS:\t%8lu kB\n", kb(anon + file + shmem));
	text_printf(text, "RssAnon:\t%8lu kB\n", kb(anon));
	text_printf(text, "RssFile:\t%8lu kB\n", kb(file));
	text_printf(text, "RssShmem:\t%8lu kB\n", kb(shmem));
	text_printf(text, "VmData:\t%8lu kB\n", kb(mm->data_vm));
	text_printf(text, "VmExe:\t%8lu kB\n", (ALIGN_UP(mm->end_code, PAGE_SIZE) -
						ALIGN_DOWN(mm->start_code, PAGE_SIZE)) >> 10);
	text_printf(text, "VmPTE:\t%8lu kB\n", kb((unsigned long)atomic_long_read(&mm->table_frames)));
	text_printf(text, "VmSwap:\t%8lu kB\n", 0ul);
}

static const char *state_name(char letter)
{
	switch (letter) {
	case 'R': return "R (running)";
	case 'S': return "S (sleeping)";
	case 'T': return "T (stopped)";
	case 'Z': return "Z (zombie)";
	default: return "X (dead)";
	}
}

static void show_users(struct text *text, const struct cred *cred)
{
	const struct ids *u = &cred->uid, *g = &cred->gid;

	text_printf(text, "Uid:\t%u\t%u\t%u\t%u\n", u->real, u->effective, u->saved, u->fs);
	text_printf(text, "Gid:\t%u\t%u\t%u\t%u\n", g->real, g->effective, g->saved, g->fs);
	text_printf(text, "FDSize:\t%u\nGroups:\t", FIRST_FILES);
	for (unsigned int i = 0; i < cred->ngroups; i++)
		text_printf(text, "%u ", cred->groups[i]);
	text_printf(text, cred->ngroups ? "\n" : " \n");
}

static SHOW(show_status)
{
	struct mm_struct *mm = proc_mm(target->process);
	struct look look;

	look_at(&look, target);
	text_printf(text, "Name:\t%s\nState:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		    look.comm, state_name(look.state), look.pid, look.tid ? look.tid : look.pid, look.ppid);
	show_users(text, &look.cred);
	if (mm) {
		show_memory(text, mm);
		mmput(mm);
	}
	text_printf(text, "Threads:\t%u\n", look.threads);
	text_printf(text, "SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n",
		    (unsigned long long)look.pending, (unsigned long long)look.shared_pending,
		    (unsigned long long)look.blocked, (unsigned long long)look.ignored,
		    (unsigned long long)look.caught);
	text_printf(text, "Cpus_allowed:\t%llx\nvoluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t0\n",
		    (unsigned long long)look.allowed, look.switches);
	return 0;
}

#define TTY_NUMBER	(4 << 8 | 64)	/* /dev/ttyS0 */

static SHOW(show_stat)
{
	struct mm_struct *mm = proc_mm(target->process);
	unsigned long rss = 0;
	struct look look;

	look_at(&look, target);
	if (mm)
		rss = mm_rss(mm, MM_ANONPAGES) + mm_rss(mm, MM_FILEPAGES) + mm_rss(mm, MM_SHMEMPAGES);
	text_printf(text, "%d (%s) %c %d %d %d %d %d 0 0 0 0 0 %llu %llu %llu %llu %d %d %u 0 %llu %lu %lu %llu",
		    look.tid ? look.tid : look.pid, look.comm, look.state, look.ppid, look.pgid, look.sid,
		    look.tty_pgrp ? TTY_NUMBER : 0, look.tty_pgrp ? look.tty_pgrp : -1, TICKS(look.time.user),
		    TICKS(look.time.system), TICKS(look.children_time.user), TICKS(look.children_time.system),
		    20 + look.nice, look.nice, look.threads, TICKS(look.start_ns), mm ? mm->total_vm << PAGE_SHIFT : 0, rss,
		    (unsigned long long)look.rlimits[RLIMIT_AS].rlim_cur);
	text_printf(text, " %lu %lu %lu 0 0 %llu %llu %llu %llu 0 0 0 %d %u 0 0 0 0 0 %lu %lu %lu %lu %lu %lu %lu 0\n",
		    mm ? mm->start_code : 0, mm ? mm->end_code : 0, mm ? mm->start_stack : 0,
		    (unsigned long long)look.pending & 0x7fffffff,
		    (unsigned long long)look.blocked & 0x7fffffff,
		    (unsigned long long)look.ignored & 0x7fffffff,
		    (unsigned long long)look.caught & 0x7fffffff, look.exit_signal, look.cpu,
		    mm ? mm->start_data : 0, mm ? mm->end_data : 0, mm ? mm->start_brk : 0,
		    mm ? mm->arg_start : 0, mm ? mm->arg_end : 0, mm ? mm->env_start : 0,
		    mm ? mm->env_end : 0);
	if (mm)
		mmput(mm);
	return 0;
}

static SHOW(show_statm)
{
	struct mm_struct *mm = proc_mm(target->process);
	unsigned long file, anon;

	if (!mm) {
		text_printf(text, "0 0 0 0 0 0 0\n");
		return 0;
	}
	file = mm_rss(mm, MM_FILEPAGES) + mm_rss(mm, MM_SHMEMPAGES);
	anon = mm_rss(mm, MM_ANONPAGES);
	text_printf(text, "%lu %lu %lu %lu 0 %lu 0\n", mm->total_vm, anon + file, file,
		    (ALIGN_UP(mm->end_code, PAGE_SIZE) - ALIGN_DOWN(mm->start_code, PAGE_SIZE)) >> PAGE_SHIFT,
		    mm->data_vm);
	mmput(mm);
	return 0;
}

/* ---- parts of its memory ---- */

static int show_range(struct text *text, struct mm_struct *mm, unsigned long start, unsigned long end)
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

	look_at(&look, target);
	text_printf(text, "%s\n", look.comm);
	return 0;
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

static void show_limit(struct text *text, const char *name, const struct rlimit64 *limit, const char *unit)
{
	char soft[24] = "unlimited", hard[24] = "unlimited";

	if (limit->rlim_cur != RLIM64_INFINITY)
		scnprintf(soft, sizeof(soft), "%llu", (unsigned long long)limit->rlim_cur);
	if (limit->rlim_max != RLIM64_INFINITY)
		scnprintf(hard, sizeof(hard), "%llu", (unsigned long long)limit->rlim_max);
	text_printf(text, "%-25s %-20s %-20s %-10s\n", name, soft, hard, unit);
}

static SHOW(show_limits)
{
	static const struct { const char *name, *unit; } limits[RLIM_NLIMITS] = {
		{ "Max cpu time", "seconds" }, { "Max file size", "bytes" }, { "Max data size", "bytes" },
		{ "Max stack size", "bytes" }, { "Max core file size", "bytes" },
		{ "Max resident set", "bytes" }, { "Max processes", "processes" },
		{ "Max open files", "files" }, { "Max locked memory", "bytes" },
		{ "Max address space", "bytes" }, { "Max file locks", "locks" },
		{ "Max pending signals", "signals" }, { "Max msgqueue size", "bytes" },
		{ "Max nice priority", "" }, { "Max realtime priority", "" },
		{ "Max realtime timeout", "us" },
	};
	struct look look;

	look_at(&look, target);
	text_printf(text, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
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

static struct dentry *cwd_link(const struct proc_target *target, int number)
{
	struct fs_struct *fs = NULL;
	struct dentry *dentry;

	spin_lock(&tasks_lock);
	if (target->task && target->task->fs)
		fs = fs_get(target->task->fs);
	spin_unlock(&tasks_lock);
	if (!fs)
		return ERR_PTR(-ENOENT);
	spin_lock(&fs->lock);
	dentry = fs->cwd;
	path_get(dentry);
	spin_unlock(&fs->lock);
	fs_put(fs);
	return dentry;
}

static struct dentry *root_link(const struct proc_target *target, int number)
{
	path_get(root_dentry);
	return root_dentry;
}

/* ---- open files ---- */

/* The table of descriptors of a thread, with a reference; NULL. */
static struct files *files_of(const struct proc_target *target)
{
	struct files *files = NULL;

	spin_lock(&tasks_lock);
	if (target->task && target->task->files)
		files = files_get(target->task->files);
	spin_unlock(&tasks_lock);
	return files;
}

static struct file *file_of(const struct proc_target *target, int number)
{
	struct files *files = files_of(target);
	struct file *file = files ? files_lookup(files, number) : NULL;

	if (files)
		files_put(files);
	return file;
}

static int next_file(const struct proc_target *target, int from)
{
	struct files *files = files_of(target);
	int number = files ? files_next(files, from) : -1;

	if (files)
		files_put(files);
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
	{ .name = "clear_refs", .mode = S_IFREG | 0200, .write = write_clear_refs }, \
	PROC_FILE("cmdline", 0444, show_cmdline), \
	{ .name = "comm", .mode = S_IFREG | 0644, .show = show_comm, .write = write_comm }, \
	{ .name = "cwd", .mode = S_IFLNK | 0777, .get_link = cwd_link }, \
	GUARDED_FILE("environ", 0400, show_environ), \
	{ .name = "exe", .mode = S_IFLNK | 0777, .get_link = exe_link }, \
	{ .name = "fd", .mode = S_IFDIR | 0500, .next = next_file, .numbered = &fd_entry, \
	  .number_is = NUMBER_FILE }, \
	PROC_FILE("limits", 0444, show_limits), \
	GUARDED_FILE("maps", 0444, show_maps), \
	{ .name = "mem", .mode = S_IFREG | 0600, .fop = &mem_fops }, \
	PROC_FILE("mountinfo", 0444, show_mountinfo), \
	PROC_FILE("mounts", 0444, show_mounts), \
	{ .name = "pagemap", .mode = S_IFREG | 0400, .fop = &pagemap_fops }, \
	{ .name = "root", .mode = S_IFLNK | 0777, .get_link = root_link }, \
	GUARDED_FILE("smaps", 0444, show_smaps), \
	GUARDED_FILE("smaps_rollup", 0444, show_smaps_rollup), \
	PROC_FILE("stat", 0444, show_stat), \
	PROC_FILE("statm", 0444, show_statm), \
	PROC_FILE("status", 0444, show_status)

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
