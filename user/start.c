/* start.c - from the kernel's initial stack to main(). */
#include "user/start.h"

#include <stdlib.h>

#include "user/linux.h"
#include "user/thread.h"

char **environ;

/*
 * newlib has these locks as well, and there they do nothing. This reference brings in
 * newlib_locks.c before the linker comes to look at newlib.
 */
extern struct __lock __lock___malloc_recursive_mutex;
static const void *const our_locks __attribute__((used)) = &__lock___malloc_recursive_mutex;

static uintptr_t stack_at_start;
static uint64_t *auxv;

static const uint64_t *auxv_find(uint64_t type)
{
	uint64_t *entry = auxv;

	while (entry[0] != AT_NULL && entry[0] != type)
		entry += 2;
	return entry[0] == type ? entry : NULL;
}

bool auxv_has(uint64_t type)
{
	return auxv_find(type) != NULL;
}

uint64_t auxv_value(uint64_t type)
{
	const uint64_t *entry = auxv_find(type);

	return entry ? entry[1] : 0;
}

uintptr_t initial_stack(void)
{
	return stack_at_start;
}

int main(int argc, char **argv, char **envp);

/* Called by crt0.S only. Thread-local data comes first: the C library's errno lies there. */
void __attribute__((noreturn)) program_start(uintptr_t *sp);

void program_start(uintptr_t *sp)
{
	int argc = (int)sp[0];
	char **argv = (char **)&sp[1];
	char **envp = argv + argc + 1;
	char **end = envp;

	while (*end)
		end++;
	stack_at_start = (uintptr_t)sp;
	environ = envp;
	auxv = (uint64_t *)(end + 1);
	thread_init_main();
	exit(main(argc, argv, envp));
}
