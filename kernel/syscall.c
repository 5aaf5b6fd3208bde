/* The table of system calls, and the way from the entry code to them. */
#include "kernel/syscall.h"
#include "kernel/base/string.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/unistd.h"

#define CALL(name) [__NR_##name] = sys_##name,
static const syscall_fn calls[] = {
	SYSCALLS(CALL)
};

/* What is called: the same, unless somebody has come in between at boot. */
static syscall_fn table[] = {
	SYSCALLS(CALL)
};

static int check_zeroed_user(const char *user, size_t size)
{
	char bytes[64];

	for (size_t at = 0; at < size; at += sizeof(bytes)) {
		size_t n = min(size - at, sizeof(bytes));

		if (copy_from_user(bytes, user + at, n))
			return -EFAULT;
		for (size_t i = 0; i < n; i++) {
			if (bytes[i])
				return -E2BIG;
		}
	}
	return 0;
}

int copy_struct_from_user(void *dst, size_t known, const void *user, size_t size)
{
	int ret = size > known ? check_zeroed_user((const char *)user + known, size - known) : 0;

	memset(dst, 0, known);
	return !ret && copy_from_user(dst, user, min(size, known)) ? -EFAULT : ret;
}

/* Names each missing call once: enough to see what a program wants. */
static long not_implemented(struct pt_regs *regs)
{
	static unsigned long named[16];
	const struct task *task = current_task();
	unsigned long nr = regs->orig_ax;

	if (nr < sizeof(named) * 8) {
		if (atomic_or_return_old(1ul << (nr % 64), &named[nr / 64]) & 1ul << (nr % 64))
			return -ENOSYS;
	} else if (cpumask_test_and_set(0, &named[ARRAY_SIZE(named) - 1])) {
		return -ENOSYS;
	}
	pr_info("%s[%d]: there is no system call %ld", task->comm, task->tid, (long)nr);
	return -ENOSYS;
}

static syscall_fn missing = not_implemented;

syscall_fn syscall_fn_of(unsigned long nr)
{
	return nr < ARRAY_SIZE(calls) && calls[nr] ? calls[nr] : not_implemented;
}

void syscall_intercept(syscall_fn between)
{
	missing = between;
	for (size_t nr = 0; nr < ARRAY_SIZE(table); nr++) {
		if (table[nr])
			table[nr] = between;
	}
}

long do_syscall(struct pt_regs *regs)
{
	unsigned long nr = regs->orig_ax;
	syscall_fn fn = nr < ARRAY_SIZE(table) ? table[nr] : NULL;
	long ret = likely(fn) ? fn(regs) : missing(regs);

	/* A call that wants to be made again is so only if somebody looks on the way out. */
	DEBUG_BUG_ON(ret <= -ERESTARTSYS && ret >= -ERESTART_RESTARTBLOCK && !signal_pending() &&
		     regs->orig_ax != NO_SYSCALL);
	lockdep_assert_none_held();
	return ret;
}
