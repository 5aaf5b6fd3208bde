/*
 * execve: the whole new address space is built first, while the caller could still go on. Then its
 * other threads end, and from there nothing can fail.
 */
#include "kernel/base/cmdline.h"
#include "kernel/base/file.h"
#include "kernel/base/string.h"
#include "kernel/exec/exec.h"
#include "kernel/fs/namei.h"
#include "kernel/exit.h"
#include "kernel/random.h"
#include "kernel/syscall.h"
#include "kernel/uapi/auxvec.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/personality.h"
#include "mm/slab.h"

static bool randomize_layout = true;

bool exec_randomizes(void) { return randomize_layout; }

static const char *set_norandmaps(const char *value)
{
	randomize_layout = false;
	return value ? "it takes no value" : NULL;
}
BOOT_OPTION("norandmaps", "", "programs, their stacks and mappings lie at the same addresses each time",
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
	struct dentry *dentry = path_lookup(dirfd, path, (flags & AT_SYMLINK_NOFOLLOW ? 0 : LOOKUP_FOLLOW) |
						     (flags & AT_EMPTY_PATH ? LOOKUP_EMPTY : 0));
	struct file *file;

	if (IS_ERR(dentry))
		return (struct file *)dentry;
	if (is_link(dentry->inode))
		file = ERR_PTR(-ELOOP);
	else if (!is_regular(dentry->inode) || !(dentry->inode->mode & 0111))
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
}

/* Which parts of the layout are not where they always are. */
static void choose_random(struct mm_random *random)
{
	if (randomize_layout && !(current_process()->personality & ADDR_NO_RANDOMIZE))
		random_bytes(random, sizeof(*random));
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
	choose_random(&exec->random);
	process_limits(current_process(), &exec->mm->limits);
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
	cred_exec(process);
	process->has_execed = true;
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

static int do_exec(int dirfd, const char *path, const struct string_list *argv,
		   const struct string_list *envp, int flags)
{
	struct exec exec = { .path = path };
	struct file *file = open_exec(dirfd, path, flags);
	int ret;

	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	exec_set_file(&exec, file);
	ret = script_follow(&exec);
	if (!ret)
		ret = build_mm(&exec, argv, envp);
	if (!ret)
		ret = kill_other_threads();
	/* Alone: what is still shared then, other processes have. There is no way back any more. */
	if (!ret && (ret = unshare_tables(&exec)))
		signal_end(SIGSEGV);
	if (ret)
		abandon(&exec);
	else
		commit(&exec);
	script_drop(&exec);
	exe_file_put(exec.file);
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
