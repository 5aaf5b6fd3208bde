/* child.c - forked children and how they end. */
#include "user/child.h"

#include <stddef.h>

#include "user/linux.h"
#include "user/tap.h"

/* A crash here is expected: no core files on the host. Pleat may not know the call: no matter. */
static void forbid_core(void)
{
	struct rlimit64 none = { 0, 0 };

	sys_prlimit64(0, RLIMIT_CORE, &none, NULL);
}

int child_start(child_main *main, void *arg)
{
	long pid = sys_fork();

	if (is_error(pid))
		bail("fork: %ld", pid);
	if (pid == 0) {
		forbid_core();
		sys_exit_group(main(arg));
	}
	return (int)pid;
}

int child_wait(int pid)
{
	int status = 0;
	long result = sys_wait4(pid, &status, 0, NULL);

	if (result != pid)
		bail("wait4 for %d: %ld", pid, result);
	return status;
}

int child_run(child_main *main, void *arg)
{
	return child_wait(child_start(main, arg));
}

int child_verdict(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

bool ok_child_exits(child_main *main, void *arg, int code, const char *name)
{
	return is(child_verdict(child_run(main, arg)), code, "%s", name);
}

bool ok_child_dies(child_main *main, void *arg, int signal, const char *name)
{
	return is(child_verdict(child_run(main, arg)), 128 + signal, "%s", name);
}

int child_reads(void *arg)
{
	(void)*(volatile char *)arg;
	return 0;
}

int child_writes(void *arg)
{
	*(volatile char *)arg = 1;
	return 0;
}
