/* signals.c - a store that faults, and a handler for SIGSEGV that mends it or skips it. */
#include "tests/bench/bench.h"

void signal_restorer(void);
void poke(char *page);
extern char poke_resume[];

static char *page;
static bool mend;

static void handle_segv(int signo, struct __kernel_siginfo *info,
			struct __kernel_ucontext *context)
{
	if (mend)
		sys_mprotect((uintptr_t)page, PAGE_SIZE, PROT_READ | PROT_WRITE);
	else
		context->uc_mcontext.rip = (uintptr_t)poke_resume;
}

static long set_handler(uintptr_t handler)
{
	struct __kernel_sigaction action = {
		.handler = handler,
		.flags = SA_SIGINFO | SA_RESTORER | SA_NODEFER,
		.restorer = (uintptr_t)signal_restorer,
	};

	return syscall4(__NR_rt_sigaction, SIGSEGV, (long)&action, 0, sizeof(action.mask));
}

static void protect(int prot) { sys_mprotect((uintptr_t)page, PAGE_SIZE, prot); }

/* A kernel that takes the handler and then kills the process all the same kills a child here. */
static bool handlers_work(void)
{
	long pid = sys_fork();

	if (pid == 0) {
		protect(PROT_NONE);
		poke(page);
		sys_exit_group(0);
	}
	return !is_error(pid) && wait_for(pid) == 0;
}

static void sample_mend(struct row *row)
{
	mend = true;
	for (u64 i = 0; i < row->ops; i++) {
		u64 start;

		protect(PROT_READ);
		start = ticks_now();
		poke(page);
		row_stop(row, start);
	}
	row_sample(row);
}

static void sample_skip(struct row *row)
{
	u64 start;

	mend = false;
	protect(PROT_NONE);
	start = ticks_now();
	for (u64 i = 0; i < row->ops; i++)
		poke(page);
	row_stop_sample(row, start);
	protect(PROT_READ | PROT_WRITE);
}

void bench_signals(void)
{
	struct row rows[] = { ROW("segv_mprotect_sigreturn", 200),
			      ROW("segv_roundtrip_only", 200) };
	long result;

	if (!rows_wanted(rows, ARRAY_SIZE(rows)))
		return;
	page = map_pages(1);
	touch(page, 1);
	result = set_handler((uintptr_t)handle_segv);
	if (result || !handlers_work()) {
		rows_skip(rows, ARRAY_SIZE(rows), "no handlers for signals", result);
	} else {
		for (unsigned int i = 0; i < sample_count(9); i++) {
			sample_mend(&rows[0]);
			sample_skip(&rows[1]);
		}
		rows_print(rows, ARRAY_SIZE(rows));
	}
	set_handler(SIG_DFL_ADDR);
	unmap_pages(page, 1);
}
