/*
 * execve: the whole new address space is built first, while the caller could still go on. Then its
 * other threads end, and from there nothing can fail.
 */
#include "kernel/base/string.h"
#include "kernel/exec.h"
#include "kernel/exit.h"
#include "kernel/syscall.h"
#include "kernel/uapi/auxvec.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/slab.h"

/* A regular file with an x bit: root needs no more. */
static int find_program(struct exec *exec, int dirfd)
{
	struct dentry *dentry = path_start(dirfd, exec->path);

	if (!IS_ERR(dentry))
		dentry = path_lookup(dentry, exec->path, true);
	if (IS_ERR(dentry))
		return (int)PTR_ERR(dentry);
	exec->inode = dentry->inode;
	return is_regular(exec->inode) && exec->inode->mode & 0111 ? 0 : -EACCES;
}

static int build_mm(struct exec *exec, const struct string_list *argv,
		    const struct string_list *envp)
{
	u64 stack_limit = READ_ONCE(current_process()->rlimits[RLIMIT_STACK].rlim_cur);
	int ret;

	exec->mm = mm_alloc(mm_initial_levels());
	if (!exec->mm)
		return -ENOMEM;
	ret = mm_setup_stack(exec->mm, stack_limit, &exec->stack_top);
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

static void switch_to_mm(struct mm_struct *mm)
{
	struct task *task = current_task();
	struct mm_struct *old = task->mm;
	unsigned long flags;

	spin_lock(&tasks_lock);		/* others find a task's mm, and take a reference, under it */
	flags = irq_save();
	task->mm = mm;
	switch_mm(mm);
	irq_restore(flags);
	spin_unlock(&tasks_lock);
	if (old)
		mmput(old);
}

/* Handlers are code of the old program; what is ignored stays so. */
static void reset_signals(struct exec *exec)
{
	struct process *process = current_process();
	struct sighand *old = NULL;

	spin_lock(&tasks_lock);
	if (exec->sighand) {
		old = process->sighand;
		process->sighand = exec->sighand;
	}
	for (int i = 0; i < _NSIG; i++) {
		struct __kernel_sigaction *action = &process->sighand->action[i];
		u64 handler = action->handler == SIG_IGN_ADDR ? SIG_IGN_ADDR : SIG_DFL_ADDR;

		*action = (struct __kernel_sigaction){ .handler = handler };
	}
	process->has_execed = true;
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
	task->sigaltstack = (struct __kernel_sigaltstack){ .ss_flags = SS_DISABLE };
	switch_to_mm(exec->mm);
	vfork_finish(task);
	task->files = exec->files;
	files_put(old_files);
	files_close_on_exec(task->files);
	reset_signals(exec);
	task_set_name(task, slash ? slash + 1 : exec->path);
	thread_exec(task_regs(task), exec->entry, exec->sp);
}

static int do_exec(int dirfd, const char *path, const struct string_list *argv,
		   const struct string_list *envp)
{
	struct exec exec = { .path = path };
	int ret = find_program(&exec, dirfd);

	if (ret)
		return ret;
	/* The file's pages stay while we read it; then its mappings hold them. */
	inode_mapping_get(exec.inode);
	ret = build_mm(&exec, argv, envp);
	if (!ret)
		ret = unshare_tables(&exec);
	if (!ret)
		ret = kill_other_threads();
	if (ret)
		abandon(&exec);
	else
		commit(&exec);
	mapping_put(&exec.inode->mapping);
	return ret;
}

int kernel_exec(const char *path, const char *const argv[], const char *const envp[])
{
	const struct string_list args = { .pointers = argv }, env = { .pointers = envp };

	return do_exec(AT_FDCWD, path, &args, &env);
}

static long user_exec(int dirfd, const char *user_path, const void *argv, const void *envp)
{
	const struct string_list args = { .user = true, .pointers = argv };
	const struct string_list env = { .user = true, .pointers = envp };
	char *path = path_from_user(user_path);
	long ret;

	if (IS_ERR(path))
		return PTR_ERR(path);
	ret = do_exec(dirfd, path, &args, &env);
	kfree(path);
	return ret;
}

SYSCALL_DEFINE3(execve, const char *, path, const void *, argv, const void *, envp)
{
	return user_exec(AT_FDCWD, path, argv, envp);
}

SYSCALL_DEFINE5(execveat, int, dirfd, const char *, path, const void *, argv, const void *, envp,
		int, flags)
{
	return flags ? -EINVAL : user_exec(dirfd, path, argv, envp);
}
