/*
 * /proc and /sys: trees of files whose contents are computed when they are read. What there is, is
 * said in tables of struct proc_entry; proc.c makes inodes of them on demand, and keeps none.
 */
#pragma once
#include "kernel/fs/fs.h"
#include "kernel/proc/text.h"
#include "kernel/process/task.h"

/* Addresses that a link of map_files is named by, and what its mode says. */
struct proc_range {
	unsigned long start, end;
	u32 mode;
};

/*
 * Whose file it is: a process and one of its threads, with references; NULL outside of /proc/PID.
 */
struct proc_target {
	struct process *process;
	struct task *task;
	bool thread;			/* it is about the thread alone: below task/ */
	struct proc_range range;	/* below map_files */
};

struct proc_entry {
	const char *name;
	u32 mode;			/* S_IFMT and permissions */
	/* Is it there? The answer is the same from boot on. NULL: yes. */
	bool (*exists)(void);
	/* A file: writes its contents. 0 or -errno. May sleep; nothing is held. */
	int (*show)(struct text *text, const struct proc_target *target);
	/* Only for who may look at the process's memory. */
	bool guarded;
	/* What is written to it, at most a page, with a NUL behind. 0 or -errno. */
	int (*write)(const struct proc_target *target, char *text, size_t n);
	/* A file that is neither: proc_target_of() says whose. */
	const struct file_operations *fop;
	/* A symbolic link: its text (length, or -errno), or where it leads, with a path_get(). */
	long (*readlink)(const struct proc_target *target, int number, char *buf, size_t size);
	struct dentry *(*get_link)(const struct proc_target *target, int number);
	/* A directory: its entries, up to one without a name, */
	const struct proc_entry *entries;
	/*
	 * ... and numbered ones behind them: the first number from `from` on, or -1; and what each
	 * is. Its name is not used.
	 */
	int (*next)(const struct proc_target *target, int from);
	const struct proc_entry *numbered;
	/*
	 * ... or ones that are named by addresses: the first range that begins at `from` or above.
	 * 0; -ENOENT: there is none; or another error.
	 */
	int (*next_range)(const struct proc_target *target, unsigned long from,
			  struct proc_range *range);
	enum { NUMBER_PROCESS, NUMBER_THREAD, NUMBER_FILE } number_is;
};

#define PROC_FILE(name_, perm, show_)	{ .name = name_, .mode = S_IFREG | (perm), .show = show_ }
#define PROC_DIR(name_, entries_) \
	{ .name = name_, .mode = S_IFDIR | 0555, .entries = entries_ }

extern const struct proc_entry proc_root, sys_root;	/* root.c, sys.c */
extern const struct proc_entry pid_entry, tid_entry;	/* pid.c */
extern const struct proc_entry sysctl_entries[];	/* sysctl.c */

/* For files with operations of their own. */
const struct proc_target *proc_target_of(const struct file *file);
/*
 * For files about the address space that there was when they were opened: none, once that has been
 * left. -EACCES, -ESRCH. NULL, or a reference. Who opened it?
 */
int proc_mem_open(struct inode *inode, struct file *file);
struct mm_struct *proc_opened_mm(const struct file *file);
bool proc_opened_by_root(const struct file *file);
/* May the running process look at that one's memory? */
bool proc_may_access(const struct proc_target *target);
/* The path of what a link leads to, whose path_get() it takes over: its length, or -errno. */
long object_path(struct dentry *object, char *buf, size_t size);
/* The address space of a process, with a reference; NULL: it has none any more. */
struct mm_struct *proc_mm(const struct process *process);
/* A number in [lo, hi] that was written to a file, with or without a newline: 0, or -EINVAL. */
int proc_number(char *text, size_t n, long lo, long hi, long *value);
/* At boot: /proc and /sys can be mounted. */
void proc_init(void);

/* ---- shows, by the file that has them ---- */

#define SHOW(name) int name(struct text *text, const struct proc_target *target)
SHOW(show_meminfo); SHOW(show_vmstat); SHOW(show_buddyinfo); SHOW(show_zoneinfo);
SHOW(show_slabinfo);
SHOW(show_status); SHOW(show_pid_stat); SHOW(show_statm); SHOW(show_auxv); SHOW(show_io);
SHOW(show_oom_score); SHOW(show_oom_score_adj); SHOW(show_personality);
SHOW(show_syscall); SHOW(show_wchan);
SHOW(show_mounts); SHOW(show_mountinfo); SHOW(show_maps); SHOW(show_smaps);
SHOW(show_smaps_rollup);
int next_map_file(const struct proc_target *target, unsigned long from, struct proc_range *range);
extern const struct proc_entry map_file_entry;
int write_clear_refs(const struct proc_target *target, char *text, size_t n);
int write_oom_score_adj(const struct proc_target *target, char *text, size_t n);
/* Without blanks before and behind, in place. */
char *strip(char *text);
extern const struct file_operations mem_fops, pagemap_fops, kpagecount_fops, kpageflags_fops;
