/* files.c - files.h. */
#include "user/files.h"

#include <stdio.h>
#include <string.h>

#include "user/tap.h"

static char scratch[64];

/* ---- the directory ---- */

static bool enter(const char *parent)
{
	snprintf(scratch, sizeof(scratch), "%s/pleat-test-%ld", parent, sys_getpid());
	return sys_mkdir(scratch, 0700) == 0 && sys_chdir(scratch) == 0;
}

void scratch_enter(void)
{
	if (!enter("/dev/shm") && !enter("/tmp") && !enter(""))
		bail("no directory to make files in");
}

/* Removes what is in the current directory: a round as long as one finds something. */
static void remove_all(void)
{
	char buf[2048];
	long n;
	int fd = (int)sys_open(".", O_RDONLY | O_DIRECTORY, 0);

	while ((n = sys_getdents64(fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n;) {
			struct linux_dirent64 *entry = (void *)(buf + at);

			at += entry->d_reclen;
			if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, ".."))
				continue;
			if (sys_unlink(entry->d_name) != -EISDIR)
				continue;
			if (sys_chdir(entry->d_name) == 0) {
				remove_all();
				sys_chdir("..");
			}
			sys_rmdir(entry->d_name);
		}
	}
	sys_close(fd);
}

void scratch_leave(void)
{
	if (sys_chdir(scratch) != 0)
		return;
	remove_all();
	sys_chdir("/");
	if (sys_rmdir(scratch) != 0)
		note("%s is left behind", scratch);
}

/* ---- files ---- */

int make_file(const char *name, const char *contents)
{
	long fd = sys_open(name, O_RDWR | O_CREAT | O_TRUNC, 0644);
	long n = (long)strlen(contents);

	if (!is_error(fd) && sys_write((int)fd, contents, (size_t)n) != n)
		note("%s cannot be written", name);
	return is_error(fd) ? -1 : (int)fd;
}

void copy_self(const char *name, int mode)
{
	static char buf[16384];
	int from = (int)sys_open("/proc/self/exe", O_RDONLY, 0);
	int to = (int)sys_open(name, O_WRONLY | O_CREAT | O_TRUNC, mode);
	long n;

	while ((n = sys_read(from, buf, sizeof(buf))) > 0) {
		if (sys_write(to, buf, (size_t)n) != n)
			bail("the program cannot be copied");
	}
	sys_close(from);
	sys_close(to);
}

bool file_holds(const char *name, const char *contents)
{
	char buf[256];
	int fd = (int)sys_open(name, O_RDONLY, 0);
	long n = sys_read(fd, buf, sizeof(buf));

	sys_close(fd);
	return n == (long)strlen(contents) && !memcmp(buf, contents, (size_t)n);
}

static struct __kernel_stat stat_of(const char *path, long *err)
{
	struct __kernel_stat st = { 0 };

	*err = sys_lstat(path, &st);
	return st;
}

long ino_of(const char *path)
{
	long err;
	struct __kernel_stat st = stat_of(path, &err);

	return err ? err : (long)st.st_ino;
}

long links_of(const char *path)
{
	long err;
	struct __kernel_stat st = stat_of(path, &err);

	return err ? err : (long)st.st_nlink;
}

long size_of(const char *path)
{
	long err;
	struct __kernel_stat st = stat_of(path, &err);

	return err ? err : (long)st.st_size;
}
