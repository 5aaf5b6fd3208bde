#include "user/proc_text.h"
#include "user/linux.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT	(64 * 1024)

static char text[TEXT];

char *proc_read(const char *path)
{
	int fd = (int)sys_open(path, O_RDONLY, 0);
	long n, len = 0;

	while (fd >= 0 && (n = sys_read(fd, text + len, TEXT - 1 - (size_t)len)) > 0)
		len += n;
	if (fd >= 0)
		sys_close(fd);
	text[len] = '\0';
	return text;
}

static char *next_line(char *line)
{
	char *end = strchr(line, '\n');

	return end ? end + 1 : NULL;
}

/* Within the lines from there on, as far as `end`. */
static long field_in(char *line, const char *end, const char *name)
{
	size_t len = strlen(name);

	for (; line && (!end || line < end); line = next_line(line)) {
		if (strncmp(line, name, len) == 0 && (line[len] == ':' || line[len] == ' '))
			return atol(line + len + 1);
	}
	return -1;
}

long proc_field(const char *path, const char *name)
{
	return field_in(proc_read(path), NULL, name);
}

long proc_same_field(const char *name) { return field_in(text, NULL, name); }

long proc_word(const char *path, int n)
{
	char *at = proc_read(path);

	while (n-- && at)
		at = strpbrk(at, " \n") ? strpbrk(at, " \n") + 1 : NULL;
	return at ? atol(at) : -1;
}

static char *find_map(uintptr_t start)
{
	char key[32];
	char *line = text;

	snprintf(key, sizeof(key), "%08lx-", (unsigned long)start);
	while (line && strncmp(line, key, strlen(key)) != 0)
		line = next_line(line);
	return line;
}

char *proc_map(const char *path, uintptr_t start)
{
	proc_read(path);
	return find_map(start);
}

/* Where the mapping after that one begins: a line that starts with a small hexadecimal digit. */
static char *map_end(char *line)
{
	while ((line = next_line(line)) && *line &&
	       !(isdigit((unsigned char)*line) || islower((unsigned char)*line)))
		;
	return line;
}

long smaps_field(uintptr_t start, const char *name)
{
	char *line = proc_map("/proc/self/smaps", start);

	return line ? field_in(next_line(line), map_end(line), name) : -1;
}

bool smaps_flag(uintptr_t start, const char *flag)
{
	char *line = proc_map("/proc/self/smaps", start), key[8];

	if (line)
		line = strstr(line, "VmFlags:");
	if (!line)
		return false;
	*strchr(line, '\n') = '\0';
	snprintf(key, sizeof(key), " %s ", flag);
	return strstr(line, key);
}

uint64_t pagemap_entry(uintptr_t addr)
{
	int fd = (int)sys_open("/proc/self/pagemap", O_RDONLY, 0);
	uint64_t entry = 0;

	if (fd < 0)
		return 0;
	syscall4(__NR_pread64, fd, (long)&entry, sizeof(entry),
		 (long)(addr / PAGE_SIZE * sizeof(entry)));
	sys_close(fd);
	return entry;
}

int pages_present(uintptr_t addr, int pages)
{
	int present = 0;

	for (int i = 0; i < pages; i++)
		present += pagemap_entry(addr + (uintptr_t)i * PAGE_SIZE) >> 63;
	return present;
}

bool thread_sleeps(uint32_t tid)
{
	char path[64], *name_end;

	snprintf(path, sizeof(path), "/proc/self/task/%u/stat", tid);
	name_end = strrchr(proc_read(path), ')');
	return name_end && (name_end[2] == 'S' || name_end[2] == 'D');
}
