/*
 * execve: the whole new address space is built first, while the caller could still go on. Then its
 * other threads end, and from there nothing can fail.
 */
#include "kernel/base/cmdline.h"
#include "kernel/base/file.h"
#include "kernel/base/string.h"
#include "kernel/exec/exec.h"
#include "kernel/fs/files.h"
#include "kernel/fs/namei.h"
#include "kernel/fs/permission.h"
#include "kernel/process/exit.h"
#include "kernel/dev/random.h"
#include "kernel/syscall.h"
#include "kernel/uapi/auxvec.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/personality.h"
#include "kernel/uapi/stat.h"
#include "mm/slab.h"

static bool randomize_layout = true;

bool exec_randomizes(void) { return randomize_layout; }

static const char *set_norandmaps(const char *value)
{
	randomize_layout = false;
	return value ? "it takes no value" : NULL;
}
BOOT_OPTION("norandmaps", "",
	    "programs, their stacks and mappings lie at the same addresses each time",
	    set_norandmaps);

static struct file *deny_writing(struct file *file)
{
	int ret = deny_write_access(file->inode);

	if (!ret)
		return file;
	file_put(file);
	return ERR_PTR(ret);
}

struct file *open_exec(int dirfd, const char *path, int flags)
{
	struct dentry *dentry = path_lookup(dirfd, path,
					    (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
						    (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0));
	struct file *file;

	if (IS_ERR(dentry))
		return (struct file *)dentry;
	if (is_link(dentry->inode))
		file = ERR_PTR(-ELOOP);
	else if (!is_regular(dentry->inode) || inode_permission(dentry->inode, MAY_EXEC))
		file = ERR_PTR(-EACCES);
	else
		file = dentry_open(dentry, O_RDONLY);
	path_put(dentry);
	return IS_ERR(file) ? file : deny_writing(file);
}

void exec_set_file(struct exec *exec, struct file *file)
{
	if (exec->file)
		exe_file_put(exec->file);
	exec->file = file;
	exec->secret = inode_permission(file->inode, MAY_READ) != 0;
}

/* ---- whose the program will be ---- */

/*
 * Is the working directory another process's, too? It could move it under a
 * program with privileges.
 */
static bool shares_fs(void)
{
	const struct fs_struct *fs = current_task()->fs;
	const struct task *task;
	int mine = 0;

	spin_lock(&tasks_lock);
	TAILQ_FOREACH(task, &current_process()->threads, thread_link)
		mine += task->fs == fs;
	spin_unlock(&tasks_lock);
	return fs && atomic_read(&fs->refcount) > mine;
}

/* The caller's users and groups, but for what the set-ID bits of the file say. */
static void choose_ids(struct exec *exec)
{
	const struct process *process = current_process();
	const struct inode *inode = exec->file->inode;
	u32 mode = READ_ONCE(inode->mode);

	exec->uid = process->cred.uid;
	exec->gid = process->cred.gid;
	if (process->no_new_privs || !(mode & S_ISUID || is_setgid(mode)) ||
	    (!capable() && shares_fs()))
		return;
	if (mode & S_ISUID)
		exec->uid.effective = inode->uid;
	if (is_setgid(mode))
		exec->gid.effective = inode->gid;
}

/* ---- the address space ---- */

/* Which parts of the layout are not where they always are. */
static void choose_random(struct exec *exec)
{
	exec->randomized =
		randomize_layout &&
		(exec_is_setid(exec) || !(current_process()->personality & ADDR_NO_RANDOMIZE));
	if (exec->randomized)
		random_bytes(&exec->random, sizeof(exec->random));
}

static int build_mm(struct exec *exec, const struct string_list *argv,
		    const struct string_list *envp)
{
	int ret;

	exec->mm = mm_alloc(mm_initial_levels());
	if (!exec->mm)
		return -ENOMEM;
	exe_file_get(exec->file);
	exec->mm->exe_file = exec->file;
	choose_random(exec);
	process_limits(current_process(), &exec->mm->limits);
	exec->mm->mdwe = mm_inherited_mdwe(current_task()->mm);
	ret = mm_setup_stack(exec->mm, &exec->random, &exec->stack_top);
	if (!ret)
		ret = elf_load(exec);
	if (!ret)
		ret = exec_stack(exec, argv, envp);
	return ret;
}

/* The tables that the program will have for itself, if the caller shares them. */
static int unshare_tables(struct exec *exec)
{
	struct process *process = current_process();

	exec->files = files_unshare(current_task()->files);
	if (!exec->files)
		return -ENOMEM;
	if (atomic_read(&process->sighand->refcount) > 1) {
		exec->sighand = sighand_create(process->sighand);
		if (!exec->sighand)
			return -ENOMEM;
	}
	return 0;
}

static void abandon(struct exec *exec)
{
	if (exec->mm)
		mmput(exec->mm);
	if (exec->files)
		files_put(exec->files);
	if (exec->sighand)
		sighand_put(exec->sighand);
}

/* ---- the point of no return ---- */

static void reset_signals(struct exec *exec)
{
	struct process *process = current_process();
	struct sighand *old = NULL;

	spin_lock(&tasks_lock);
	if (exec->sighand) {
		old = process->sighand;
		process->sighand = exec->sighand;
	}
	sighand_reset(process->sighand);
	posix_timers_end(process);
	if (exec_is_setid(exec)) {
		process->personality &= ~ADDR_NO_RANDOMIZE;
		current_task()->pdeath_signal = 0;
	}
	cred_exec(process, &exec->uid, &exec->gid, exec->secret);
	process->has_execed = true;
	process->randomized = exec->randomized;
	process->membarrier = 0;
	spin_unlock(&tasks_lock);
	if (old)
		sighand_put(old);
}

static void commit(struct exec *exec)
{
	struct task *task = current_task();
	struct files *old_files = task->files;
	const char *slash = strrchr(exec->path, '/');

	exit_user_words(task);
	task->clear_child_tid = NULL;
	task->robust_list = NULL;
	task->restart.fn = NULL;
	task->sigaltstack = (struct __kernel_sigaltstack){ .ss_flags = SS_DISABLE };
	switch_to_mm(exec->mm);
	vfork_finish(task);
	spin_lock(&tasks_lock);
	task->files = exec->files;
	spin_unlock(&tasks_lock);
	files_put(old_files);
	files_close_on_exec(task->files);
	reset_signals(exec);
	task_set_name(task, slash ? slash + 1 : exec->path);
	thread_exec(task_regs(task), exec->entry, exec->sp);
}

/*
 * Where the program will find itself that was found from a descriptor; kfree(). NULL: no memory.
 */
static char *path_from_fd(int dirfd, const char *path)
{
	const size_t size = strlen(path) + sizeof("/dev/fd/2147483647/");
	char *buf = kmalloc(size, GFP_KERNEL);

	if (buf)
		scnprintf(buf, size, *path ? "/dev/fd/%d/%s" : "/dev/fd/%d", dirfd, path);
	return buf;
}

static int exec_file(struct exec *exec, struct file *file, const struct string_list *argv,
		     const struct string_list *envp)
{
	int ret;

	exec_set_file(exec, file);
	ret = script_follow(exec);
	choose_ids(exec);
	if (!ret)
		ret = build_mm(exec, argv, envp);
	if (!ret)
		ret = kill_other_threads();
	/*
	 * Alone: what is still shared then, other processes have. There is no way back any more.
	 */
	if (!ret && (ret = unshare_tables(exec)))
		signal_end(SIGSEGV);
	if (ret)
		abandon(exec);
	else
		commit(exec);
	script_drop(exec);
	exe_file_put(exec->file);
	return ret;
}

static int do_exec(int dirfd, const char *path, const struct string_list *argv,
		   const struct string_list *envp, int flags)
{
	struct exec exec = { .path = path };
	char *from_fd = NULL;
	struct file *file;
	int ret;

	if (!cred_may_exec(current_process()))
		return -EAGAIN;
	file = open_exec(dirfd, path, flags);
	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	if (dirfd != AT_FDCWD && *path != '/') {
		exec.path = from_fd = path_from_fd(dirfd, path);
		exec.hidden = fd_cloexec(dirfd, false, false) == FD_CLOEXEC;
	}
	if (exec.path) {
		ret = exec_file(&exec, file, argv, envp);
	} else {
		exe_file_put(file);
		ret = -ENOMEM;
	}
	kfree(from_fd);
	return ret;
}

int kernel_exec(const char *path, const char *const argv[], const char *const envp[])
{
	const struct string_list args = { .pointers = argv }, env = { .pointers = envp };

	return do_exec(AT_FDCWD, path, &args, &env, 0);
}

static long user_exec(int dirfd, const char *user_path, const void *argv, const void *envp,
		      int flags)
{
	const struct string_list args = { .user = true, .pointers = argv };
	const struct string_list env = { .user = true, .pointers = envp };
	char *path = path_from_user(user_path);
	long ret;

	if (IS_ERR(path))
		return PTR_ERR(path);
	ret = do_exec(dirfd, path, &args, &env, flags);
	kfree(path);
	return ret;
}

SYSCALL_DEFINE3(execve, const char *, path, const void *, argv, const void *, envp)
{
	return user_exec(AT_FDCWD, path, argv, envp, 0);
}

SYSCALL_DEFINE5(execveat, int, dirfd, const char *, path, const void *, argv, const void *, envp,
		int, flags)
{
	return flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) ? -EINVAL :
	       user_exec(dirfd, path, argv, envp, flags);
}
