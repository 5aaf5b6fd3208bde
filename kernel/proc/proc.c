/* The file systems proc and sysfs: from tables to inodes, names and open files. */
#include "kernel/proc/proc.h"
#include "kernel/base/string.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/statfs.h"
#include "mm/slab.h"

struct proc_inode {
	struct inode inode;
	const struct proc_entry *entry;
	struct proc_target target;
	int number;		/* of a numbered entry; -1 */
};

static struct kmem_cache *inode_cache;
static const struct inode_operations dir_operations, own_dir_operations, file_operations,
	text_link_operations, object_link_operations;
static const struct file_operations dir_fops, text_fops;

static struct proc_inode *proc_i(const struct inode *inode)
{
	return container_of(inode, struct proc_inode, inode);
}

/* ---- whose ---- */

static void target_get(struct proc_target *target)
{
	if (target->process)
		process_get(target->process);
	if (target->task)
		task_get(target->task);
}

static void target_put(struct proc_target *target)
{
	if (target->task)
		task_put(target->task);
	if (target->process)
		process_put(target->process);
}

/*
 * The process of that number and its first thread, or the thread and its process. tasks_lock held.
 */
static bool find_target(int number, bool thread, const struct process *of,
			struct proc_target *target)
{
	target->thread = thread;
	if (thread) {
		target->task = task_find(number);
		target->process = target->task ? target->task->process : NULL;
		return target->process == of && of;
	}
	target->process = process_find(number);
	target->task = target->process ? TAILQ_FIRST(&target->process->threads) : NULL;
	return target->process;
}

/* What a numbered entry of that directory is about. False: there is no such thing. */
static bool numbered_target(const struct proc_inode *dir, int number, struct proc_target *target)
{
	bool found;

	if (dir->entry->number_is == NUMBER_FILE) {
		*target = dir->target;
		target_get(target);
		return dir->entry->next(&dir->target, number) == number;
	}
	spin_lock(&tasks_lock);
	found = find_target(number, dir->entry->number_is == NUMBER_THREAD, dir->target.process,
			    target);
	if (found)
		target_get(target);
	spin_unlock(&tasks_lock);
	return found;
}

struct mm_struct *proc_mm(const struct process *process)
{
	struct mm_struct *mm = NULL;
	struct task *task;

	spin_lock(&tasks_lock);
	TAILQ_FOREACH(task, &process->threads, thread_link) {
		if (task->mm) {
			mm = task->mm;
			mmget(mm);
			break;
		}
	}
	spin_unlock(&tasks_lock);
	return mm;
}

/* ---- inodes ---- */

static void free_inode(struct inode *inode)
{
	target_put(&proc_i(inode)->target);
	kmem_cache_free(inode_cache, proc_i(inode));
}

static const struct super_operations super_operations = { .free_inode = free_inode };

static bool exists(const struct proc_entry *entry) { return !entry->exists || entry->exists(); }

/* Of a directory, without what is numbered: the links of its directories to it. */
static u32 count_links(const struct proc_entry *entries)
{
	u32 links = 2;

	for (; entries && entries->name; entries++)
		links += (entries->mode & S_IFMT) == S_IFDIR && exists(entries);
	return links;
}

static void set_operations(struct inode *inode, const struct proc_entry *entry)
{
	if (is_dir(inode)) {
		inode->op =
			entry->number_is == NUMBER_FILE ? &own_dir_operations : &dir_operations;
		inode->fop = &dir_fops;
		inode->nlink = count_links(entry->entries);
	} else if (is_link(inode)) {
		inode->op = entry->get_link ? &object_link_operations : &text_link_operations;
	} else {
		inode->op = &file_operations;
		inode->fop = entry->fop ? entry->fop : &text_fops;
	}
}

/*
 * Root's, or what is about a process, that process's: its directory always, the rest
 * if it may be looked at.
 */
static void set_owner(struct inode *inode, const struct process *process)
{
	inode->uid = inode->gid = 0;
	if (!process)
		return;
	spin_lock(&tasks_lock);
	if (inode->mode == (S_IFDIR | 0555) || (!process->undumpable && !process->zombie)) {
		inode->uid = process->cred.uid.effective;
		inode->gid = process->cred.gid.effective;
	}
	spin_unlock(&tasks_lock);
}

/* Its own open files are a process's own, also where the directory is root's. */
static bool is_own(const struct inode *inode)
{
	return proc_i(inode)->target.process == current_process();
}

/* Takes the target's references over. NULL: no memory. */
static struct inode *make_inode(struct super_block *sb, const struct proc_entry *entry,
				struct proc_target target, int number)
{
	struct proc_inode *proc = kmem_cache_alloc(inode_cache, GFP_KERNEL | GFP_ZERO);

	if (!proc) {
		target_put(&target);
		return NULL;
	}
	inode_init(&proc->inode, sb, entry->mode);
	proc->entry = entry;
	proc->target = target;
	proc->number = number;
	proc->inode.fleeting = target.process;
	set_owner(&proc->inode, target.process);
	set_operations(&proc->inode, entry);
	return &proc->inode;
}

/* ---- directories ---- */

static struct dentry *make_entry(struct dentry *parent, const char *name, size_t len,
				 const struct proc_entry *entry, struct proc_target target,
				 int number)
{
	struct inode *inode = make_inode(parent->sb, entry, target, number);
	struct dentry *dentry = inode ? d_alloc(parent, name, len) : NULL;

	if (dentry) {
		d_instantiate(dentry, inode);
		return dentry;
	}
	if (inode)
		inode_put(inode);
	return ERR_PTR(-ENOMEM);
}

static const struct proc_entry *find_entry(const struct proc_entry *entries, const char *name,
					   size_t len)
{
	for (; entries && entries->name; entries++) {
		if (strlen(entries->name) == len && !memcmp(entries->name, name, len) &&
		    exists(entries))
			return entries;
	}
	return NULL;
}

/* Hexadecimal digits from *at on, as they are printed: no leading zeroes. */
static bool parse_address(const char **at, const char *end, unsigned long *value)
{
	const char *first = *at;

	for (*value = 0; *at < end && *at - first < 16; ++*at) {
		char c = **at;

		if (c >= '0' && c <= '9')
			*value = *value << 4 | (unsigned long)(c - '0');
		else if (c >= 'a' && c <= 'f')
			*value = *value << 4 | (unsigned long)(c - 'a' + 10);
		else
			break;
	}
	return *at > first && (*first != '0' || *at == first + 1);
}

/* The link of that name, if just that range is there. */
static struct dentry *range_lookup(const struct proc_inode *dir, struct dentry *parent,
				   const char *name, size_t len)
{
	const char *at = name, *end = name + len;
	struct proc_target target = dir->target;
	unsigned long first, last;
	struct dentry *dentry;
	int ret;

	if (!parse_address(&at, end, &first) || at == end || *at++ != '-' ||
	    !parse_address(&at, end, &last) || at != end)
		return ERR_PTR(-ENOENT);
	ret = dir->entry->next_range(&dir->target, first, &target.range);
	if (ret || target.range.start != first || target.range.end != last)
		return ERR_PTR(ret ? ret : -ENOENT);
	target_get(&target);
	dentry = make_entry(parent, name, len, dir->entry->numbered, target, -1);
	if (!IS_ERR(dentry))
		dentry->inode->mode = target.range.mode;
	return dentry;
}

/* A number without leading zeroes; -1: something else. */
static int parse_number(const char *name, size_t len)
{
	long n = 0;

	if (!len || len > 9 || (len > 1 && *name == '0'))
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (name[i] < '0' || name[i] > '9')
			return -1;
		n = n * 10 + (name[i] - '0');
	}
	return (int)n;
}

static struct dentry *dir_lookup(struct inode *dir, struct dentry *parent, const char *name,
				 size_t len)
{
	struct proc_inode *proc = proc_i(dir);
	const struct proc_entry *entry = find_entry(proc->entry->entries, name, len);
	struct proc_target target = proc->target;
	int number = parse_number(name, len);

	if (entry) {
		target_get(&target);
		return make_entry(parent, name, len, entry, target, proc->number);
	}
	if (proc->entry->next_range)
		return range_lookup(proc, parent, name, len);
	if (!proc->entry->next || number < 0)
		return ERR_PTR(-ENOENT);
	if (!numbered_target(proc, number, &target)) {
		if (proc->entry->number_is == NUMBER_FILE)
			target_put(&target);
		return ERR_PTR(-ENOENT);
	}
	return make_entry(parent, name, len, proc->entry->numbered, target, number);
}

static bool emit(struct dir_context *ctx, const char *name, u32 mode, u64 ino)
{
	return dir_emit(ctx, name, strlen(name), ino, mode);
}

/* Positions: 0 and 1 the dots, then the table, then 256 + number. */
#define FIRST_NUMBER	256ull

static bool emit_table(struct dir_context *ctx, const struct proc_entry *entries)
{
	u64 i = 0;

	for (; entries && entries[i].name; i++) {
		if (ctx->pos > i + 2 || !exists(&entries[i]))
			continue;
		if (!emit(ctx, entries[i].name, entries[i].mode, i + 2))
			return false;
		ctx->pos = i + 3;
	}
	return true;
}

static void emit_numbered(struct dir_context *ctx, const struct proc_inode *dir)
{
	char name[12];
	int number;

	if (!dir->entry->next)
		return;
	ctx->pos = max(ctx->pos, FIRST_NUMBER);
	while ((number = dir->entry->next(&dir->target, (int)(ctx->pos - FIRST_NUMBER))) >= 0) {
		ctx->pos = FIRST_NUMBER + (u64)number;
		scnprintf(name, sizeof(name), "%d", number);
		if (!emit(ctx, name, dir->entry->numbered->mode, ctx->pos))
			return;
		ctx->pos++;
	}
}

/* The same with the page's number as the position. An error for all of it is told. */
static int emit_ranges(struct dir_context *ctx, const struct proc_inode *dir)
{
	struct proc_range range;
	char name[36];
	int ret;

	ctx->pos = max(ctx->pos, FIRST_NUMBER);
	for (;;) {
		ret = dir->entry->next_range(&dir->target, (ctx->pos - FIRST_NUMBER) << PAGE_SHIFT,
					     &range);
		if (ret)
			return ret == -ENOENT ? 0 : ret;
		ctx->pos = FIRST_NUMBER + (range.start >> PAGE_SHIFT);
		scnprintf(name, sizeof(name), "%lx-%lx", range.start, range.end);
		if (!emit(ctx, name, range.mode, ctx->pos))
			return 0;
		ctx->pos++;
	}
}

static int dir_iterate(struct file *file, struct dir_context *ctx)
{
	const struct proc_inode *dir = proc_i(file->inode);

	if (!dir_emit_dots(file, ctx) || !emit_table(ctx, dir->entry->entries))
		return 0;
	if (dir->entry->next_range)
		return emit_ranges(ctx, dir);
	emit_numbered(ctx, dir);
	return 0;
}

/* Processes and threads come and go. */
static void dir_getattr(struct inode *inode, struct __kernel_stat *st)
{
	const struct proc_inode *dir = proc_i(inode);

	if (!dir->entry->next)
		return;
	spin_lock(&tasks_lock);
	if (dir->entry->number_is == NUMBER_PROCESS)
		st->st_nlink += process_count();
	else if (dir->entry->number_is == NUMBER_THREAD)
		st->st_nlink += dir->target.process->nr_threads;
	spin_unlock(&tasks_lock);
}

static const struct inode_operations dir_operations = { .lookup = dir_lookup,
							.getattr = dir_getattr };
static const struct inode_operations own_dir_operations = { .lookup = dir_lookup,
							    .also_allowed = is_own };
static const struct inode_operations file_operations;

/* ---- links ---- */

static struct dentry *link_follow(struct dentry *dentry)
{
	const struct proc_inode *proc = proc_i(dentry->inode);

	if (!proc_may_access(&proc->target))
		return ERR_PTR(-EACCES);
	return proc->entry->get_link(&proc->target, proc->number);
}

long object_path(struct dentry *object, char *buf, size_t size)
{
	char *page, *path;
	long len;

	if (IS_ERR(object))
		return PTR_ERR(object);
	page = kmalloc(PATH_MAX, GFP_KERNEL);
	path = page ? d_path(object, page, PATH_MAX) : ERR_PTR(-ENOMEM);
	path_put(object);
	len = IS_ERR(path) ? PTR_ERR(path) : (long)min(strlen(path), size);
	if (len > 0)
		memcpy(buf, path, (size_t)len);
	kfree(page);
	return len;
}

static long link_read(struct dentry *dentry, char *buf, size_t size)
{
	const struct proc_inode *proc = proc_i(dentry->inode);

	if (proc->target.process && !proc_may_access(&proc->target))
		return -EACCES;
	if (proc->entry->readlink)
		return proc->entry->readlink(&proc->target, proc->number, buf, size);
	return object_path(link_follow(dentry), buf, size);
}

static const struct inode_operations text_link_operations = { .readlink = link_read };
static const struct inode_operations object_link_operations = {
	.readlink = link_read,
	.get_link = link_follow,
};

/* ---- files ---- */

const struct proc_target *proc_target_of(const struct file *file)
{
	return &proc_i(file->inode)->target;
}

static int text_open(struct inode *inode, struct file *file)
{
	const struct proc_inode *proc = proc_i(inode);

	return proc->entry->guarded && !proc_may_access(&proc->target) ? -EACCES : 0;
}

/*
 * The contents are made anew for each read from the beginning, and stay the same
 * for those behind it.
 */
static int make_text(struct file *file, bool anew)
{
	const struct proc_inode *proc = proc_i(file->inode);
	struct text *text = file->private;
	int ret;

	if (!text) {
		text = file->private = kzalloc(sizeof(*text), GFP_KERNEL);
		if (!text)
			return -ENOMEM;
		anew = true;
	}
	if (!anew)
		return 0;
	text_free(text);
	ret = proc->entry->show(text, &proc->target);
	return ret ? ret : text->no_memory ? -ENOMEM : 0;
}

static long text_read(struct file *file, void *buf, size_t n, u64 *pos)
{
	const struct text *text;
	int ret;

	if (!proc_i(file->inode)->entry->show)
		return -EINVAL;
	ret = make_text(file, !*pos);
	text = file->private;
	return ret ? ret : simple_read(buf, n, pos, text->buf, text->len);
}

static long text_write(struct file *file, const void *buf, size_t n, u64 *pos)
{
	const struct proc_inode *proc = proc_i(file->inode);
	char *copy;
	long ret;

	if (!proc->entry->write)
		return -EIO;
	if (n >= PAGE_SIZE)
		return -EINVAL;
	copy = kmalloc(n + 1, GFP_KERNEL);
	if (!copy)
		return -ENOMEM;
	ret = copy_from_user(copy, buf, n) ? -EFAULT : 0;
	copy[n] = '\0';
	if (!ret)
		ret = proc->entry->write(&proc->target, copy, n);
	kfree(copy);
	return ret ? ret : (long)n;
}

static void text_release(struct file *file)
{
	if (file->private)
		text_free(file->private);
	kfree(file->private);
}

static const struct file_operations text_fops = {
	.open = text_open,
	.read = text_read,
	.write = text_write,
	.llseek = no_seek_end_llseek,
	.release = text_release,
};

static const struct file_operations dir_fops = {
	.read = text_read,		/* never called: directories are not read */
	.iterate = dir_iterate,
};

/* ---- mounting ---- */

static int fill_super(struct super_block *sb, const struct proc_entry *entry)
{
	struct inode *inode;

	sb->ops = &super_operations;
	inode = make_inode(sb, entry, (struct proc_target){ .process = NULL }, -1);
	sb->root = inode ? d_make_root(inode) : NULL;
	return sb->root ? 0 : -ENOMEM;
}

static int proc_fill_super(struct super_block *sb, const char *data)
{
	return fill_super(sb, &proc_root);
}

static int sysfs_fill_super(struct super_block *sb, const char *data)
{
	return fill_super(sb, &sys_root);
}

void proc_init(void)
{
	static struct file_system_type proc = {
		.name = "proc", .magic = PROC_SUPER_MAGIC, .fill_super = proc_fill_super
	};
	static struct file_system_type sysfs = {
		.name = "sysfs", .magic = SYSFS_MAGIC, .fill_super = sysfs_fill_super
	};

	inode_cache = kmem_cache_create("proc_inode", sizeof(struct proc_inode), 0);
	register_filesystem(&sysfs);
	register_filesystem(&proc);
}
