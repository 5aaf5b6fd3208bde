/* Where a schedule failed, in words: what addr2line and nm know of this program. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "tests/races/runner.h"

/*
 * Function by function, from the place outwards; the place is what the calls before it return to.
 */
static void print_places(const char *what, const unsigned long *places, unsigned int nr)
{
	char command[512], line[160];
	size_t n = (size_t)snprintf(command, sizeof(command), "addr2line -i -f -s -e /proc/%d/exe",
				    getpid());
	FILE *pipe;

	for (unsigned int i = 0; i < nr && places[i]; i++)
		n += (size_t)snprintf(command + n, sizeof(command) - n, " %#lx", places[i] - 1);
	fflush(NULL);
	pipe = places[0] ? popen(command, "r") : NULL;
	if (!pipe)
		return;
	printf("# %s", what);
	while (fgets(line, sizeof(line), pipe)) {
		line[strcspn(line, "\n")] = '\0';
		printf(" %s", line);
	}
	printf("\n");
	pclose(pipe);
}

/* The variable that lies at addr. */
static void print_variable(unsigned long addr)
{
	char command[96], line[256], name[128], type;
	unsigned long start, size;
	FILE *pipe;

	snprintf(command, sizeof(command), "nm -S /proc/%d/exe", getpid());
	fflush(NULL);
	pipe = popen(command, "r");
	while (pipe && fgets(line, sizeof(line), pipe))
		if (sscanf(line, "%lx %lx %c %127s", &start, &size, &type, name) == 4 &&
		    addr - start < size)
			printf("# of %s, byte %lu\n", name, addr - start);
	if (pipe)
		pclose(pipe);
}

void print_where(const struct report *r)
{
	if (r->race.addr)
		print_variable(r->race.addr);
	print_places(r->race.addr ? "the later in" : "in", r->failed_in, FAILED_AT);
	if (r->race.addr && !r->race.earlier.pc)
		printf("# the earlier by the processor, for a program\n");
	else if (r->race.addr)
		print_places("the earlier in",
			     (unsigned long[]){ r->race.earlier.pc, r->race.earlier.caller }, 2);
}
