/*
 * The log, backtraces and panic. A panic ends the process with a status that tests/unit tells
 * apart from a failed check; a test that expects one runs its body in a forked child.
 */
#define _GNU_SOURCE
#include <execinfo.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "arch/sim/explore.h"
#include "arch/sim/sim.h"
#include "kernel/base/bug.h"

#define LOG_SIZE (64 * 1024)

static char log_text[LOG_SIZE];
static size_t log_len;

const char *sim_log(void) { return log_text; }

void sim_log_clear(void)
{
	log_len = 0;
	log_text[0] = '\0';
}

void vprintk(const char *fmt, va_list args)
{
	char line[512];
	size_t n = vscnprintf(line, sizeof(line), fmt, args);

	/*
	 * A schedule says in one line why it failed; what the kernel could live with fails it too.
	 */
	if (explore_running() && strncmp(line, "warning: ", 9) == 0)
		explore_fail(line);
	if (explore_running())
		return;
	fputs(line, stderr);
	if (log_len + n < LOG_SIZE) {
		memcpy(log_text + log_len, line, n + 1);
		log_len += n;
	}
}

void printk(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk(fmt, args);
	va_end(args);
}

/* ---- backtraces: by frame pointers, as on the real machine ---- */

extern const char __executable_start[];

/*
 * Saved addresses are offsets into the program, so that a run does not depend on where the host
 * has loaded it.
 */
static unsigned long load_address(void) { return (unsigned long)__executable_start; }

static unsigned long stack_top(void)
{
	static unsigned long top;
	pthread_attr_t attr;
	size_t size;
	void *low;

	if (!top && !pthread_getattr_np(pthread_self(), &attr)) {
		pthread_attr_getstack(&attr, &low, &size);
		pthread_attr_destroy(&attr);
		top = (unsigned long)low + size;
	}
	return top;
}

__attribute__((no_sanitize("address"))) unsigned int backtrace_save(unsigned long *trace,
								    unsigned int max)
{
	unsigned long *frame = __builtin_frame_address(0), top = stack_top();
	unsigned int n = 0;

	if (explore_running())
		return 0; /* nobody reads them, and there are many */
	while (n < max && (unsigned long)frame < top - 16 && IS_ALIGNED((unsigned long)frame, 8)) {
		unsigned long *up = (unsigned long *)frame[0];

		if (frame[1] < load_address() || frame[1] - load_address() > 1ul << 30)
			break;
		trace[n++] = frame[1] - load_address();
		if (up <= frame)
			break;
		frame = up;
	}
	return n;
}

/* Only sanitizers bring a symbolizer along. */
__attribute__((weak)) void __sanitizer_symbolize_pc(void *pc, const char *fmt, char *text,
						    size_t size);

/* One line for the function, and one for each that it was inlined into. */
static void print_location(unsigned long address)
{
	void *pc = (void *)(address - 1);
	char text[1024] = "", **names;

	if (__sanitizer_symbolize_pc) {
		__sanitizer_symbolize_pc(pc, "%f %s:%l", text, sizeof(text) - 1);
		for (const char *line = text; *line; line += strlen(line) + 1)
			printk("  %s\n", line);
		return;
	}
	names = backtrace_symbols(&pc, 1);
	printk("  %s\n", names ? names[0] : "?");
	free(names);
}

void backtrace_print(const unsigned long *trace, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		print_location(trace[i] + load_address());
}

void panic(const char *fmt, ...)
{
	static bool panicking;
	unsigned long trace[24];
	va_list args;

	if (explore_running()) {
		char text[400];

		va_start(args, fmt);
		vscnprintf(text, sizeof(text), fmt, args);
		va_end(args);
		explore_fail(text);
	}
	if (panicking)
		_exit(SIM_PANIC_STATUS);
	panicking = true;
	printk("panic: ");
	va_start(args, fmt);
	vprintk(fmt, args);
	va_end(args);
	printk("\n");
	backtrace_print(trace, backtrace_save(trace, ARRAY_SIZE(trace)));
	fflush(NULL);
	_exit(SIM_PANIC_STATUS);
}

void boot_stop(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk(fmt, args);
	va_end(args);
	printk("\n");
	fflush(NULL);
	_exit(SIM_PANIC_STATUS);
}
