/* files.c - steps about files: names, descriptors, positions, contents. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/sequences/sequence.h"
#include "tests/fuzz/random.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/tap.h"

enum { DESCRIPTORS = 8, FIRST_FD = 20, MOST = 20000 };

static char buf[MOST];

static const char *name(struct sequence *s)
{
	static const char *const names[] = { "a", "b", "c", "d", "d/a", "d/b", "e", "e/a", "l",
					     "d/../a", "l/a", "./b", "d/", "a/x", "." };

	return random_of(&s->state, names);
}

/* Descriptors have numbers of the program's own choice: dup2 puts them there. */
static int slot(struct sequence *s)
{
	return FIRST_FD + (int)random_below(&s->state, DESCRIPTORS);
}

static void keep(struct sequence *s, long fd)
{
	int to = slot(s);

	if (is_error(fd)) {
		say(s, " = %ld", fd);
		return;
	}
	say(s, " = %ld in %d", sys_dup2((int)fd, to), to);
	sys_close((int)fd);
}

static long offset(struct sequence *s)
{
	static const long all[] = { 0, 1, 100, 4095, 4096, 5000, 8192, 12288, 15000 };

	return random_of(&s->state, all);
}

static void open_step(struct sequence *s)
{
	static const int more[] = { 0, O_CREAT, O_CREAT, O_CREAT | O_EXCL, O_TRUNC, O_APPEND,
				    O_CREAT | O_TRUNC, O_DIRECTORY, O_NOFOLLOW, O_PATH };
	const char *path = name(s);
	int flags = (int)random_below(&s->state, 3) | random_of(&s->state, more);

	say(s, " %s %#x", path, flags);
	keep(s, sys_open(path, flags, 0640));
}

static void create_step(struct sequence *s)
{
	const char *path = name(s);

	say(s, " %s", path);
	keep(s, sys_open(path, O_RDWR | O_CREAT, 0666));
}

static void memfd_step(struct sequence *s)
{
	keep(s, sys_memfd_create("m", (unsigned int)random_below(&s->state, 4)));
}

static void close_step(struct sequence *s)
{
	int fd = slot(s);

	say(s, " %d = %ld", fd, sys_close(fd));
}

static void dup_step(struct sequence *s)
{
	int from = slot(s), to = slot(s);

	say(s, " %d %d = %ld", from, to, sys_dup2(from, to));
}

static void write_some(struct sequence *s)
{
	int fd = slot(s), n = (int)random_below(&s->state, 6000);

	memset(buf, (int)random_below(&s->state, 256), (size_t)n);
	say(s, " %d %d = %ld", fd, n, sys_write(fd, buf, (size_t)n));
}

static void say_read(struct sequence *s, long n)
{
	unsigned int sum = 0;

	for (long i = 0; i < n; i++)
		sum = sum * 31 + (unsigned char)buf[i];
	say(s, " = %ld sum %08x", n, sum);
}

static void read_some(struct sequence *s)
{
	int fd = slot(s), n = (int)random_below(&s->state, 6000);

	say(s, " %d %d", fd, n);
	say_read(s, sys_read(fd, buf, (size_t)n));
}

static void pread_step(struct sequence *s)
{
	int fd = slot(s);
	long at = offset(s);

	say(s, " %d %ld", fd, at);
	say_read(s, sys_pread(fd, buf, MOST, at));
}

static void pwrite_step(struct sequence *s)
{
	int fd = slot(s);
	long at = offset(s);

	memset(buf, (int)random_below(&s->state, 256), 3000);
	say(s, " %d %ld = %ld", fd, at, sys_pwrite(fd, buf, 3000, at));
}

static void seek_step(struct sequence *s)
{
	int fd = slot(s), whence = (int)random_below(&s->state, 6);
	long at = offset(s) - (random_below(&s->state, 3) ? 0 : 5000);

	say(s, " %d %ld %d = %ld", fd, at, whence, sys_lseek(fd, at, whence));
}

static void resize_step(struct sequence *s)
{
	int fd = slot(s);
	long at = offset(s) - (random_below(&s->state, 8) ? 0 : 5000);

	say(s, " %d %ld = %ld", fd, at, sys_ftruncate(fd, at));
}

static void truncate_step(struct sequence *s)
{
	const char *path = name(s);
	long at = offset(s);

	say(s, " %s %ld = %ld", path, at, sys_truncate(path, at));
}

static void allocate_step(struct sequence *s)
{
	static const int modes[] = { 0, 1, 3, 2, 0x10, 0x11 };
	int fd = slot(s), mode = random_of(&s->state, modes);
	long at = offset(s), len = offset(s);

	say(s, " %d mode %d %ld %ld = %ld", fd, mode, at, len, sys_fallocate(fd, mode, at, len));
}

static void say_stat(struct sequence *s, long result, const struct __kernel_stat *st)
{
	say(s, " = %ld", result);
	if (result)
		return;
	say(s, " mode %o links %lu", st->st_mode, (unsigned long)st->st_nlink);
	if ((st->st_mode & S_IFMT) != S_IFDIR)
		say(s, " size %ld blocks %ld", (long)st->st_size, (long)st->st_blocks);
}

static void stat_step(struct sequence *s)
{
	struct __kernel_stat st;
	const char *path = name(s);

	say(s, " %s", path);
	say_stat(s, sys_stat(path, &st), &st);
}

static void lstat_step(struct sequence *s)
{
	struct __kernel_stat st;
	const char *path = name(s);

	say(s, " %s", path);
	say_stat(s, sys_lstat(path, &st), &st);
}

static void fstat_step(struct sequence *s)
{
	struct __kernel_stat st;
	int fd = slot(s);

	say(s, " %d", fd);
	say_stat(s, sys_fstat(fd, &st), &st);
}

/* Calls of one path. */
static void say_path(struct sequence *s, const char *path, long result)
{
	say(s, " %s = %ld", path, result);
}

static void mkdir_step(struct sequence *s)
{
	const char *path = name(s);

	say_path(s, path, sys_mkdir(path, 0750));
}
static void rmdir_step(struct sequence *s)
{
	const char *path = name(s);

	say_path(s, path, sys_rmdir(path));
}
static void unlink_step(struct sequence *s)
{
	const char *path = name(s);

	say_path(s, path, sys_unlink(path));
}
static void access_step(struct sequence *s)
{
	const char *path = name(s);

	say_path(s, path, sys_access(path, (int)random_below(&s->state, 2) * 4));
}
static void chmod_step(struct sequence *s)
{
	const char *path = name(s);

	say_path(s, path, sys_chmod(path, 0700 + (int)random_below(&s->state, 64)));
}

static void readlink_step(struct sequence *s)
{
	const char *path = name(s);
	long n = sys_readlink(path, buf, 1 + (long)random_below(&s->state, 10));

	say_path(s, path, n);
	say(s, " %.*s", n > 0 ? (int)n : 0, buf);
}

/* Of two. */
static void say_paths(struct sequence *s, const char *from, const char *to, long result)
{
	say(s, " %s %s = %ld", from, to, result);
}

static void link_step(struct sequence *s)
{
	const char *from = name(s), *to = name(s);

	say_paths(s, from, to, sys_link(from, to));
}
static void symlink_step(struct sequence *s)
{
	const char *from = name(s), *to = name(s);

	say_paths(s, from, to, sys_symlink(from, to));
}
static void rename_step(struct sequence *s)
{
	const char *from = name(s), *to = name(s);

	say_paths(s, from, to, sys_rename(from, to));
}
static void rename_flags(struct sequence *s)
{
	const char *from = name(s), *to = name(s);

	say_paths(s, from, to, sys_renameat2(from, to, (unsigned int)random_below(&s->state, 4)));
}

static void sendfile_step(struct sequence *s)
{
	int from = slot(s), to = slot(s);
	long at = offset(s);

	say(s, " %d %d = %ld", from, to, sys_sendfile(to, from, &at, 3000));
	say(s, " at %ld", at);
}

static void copy_step(struct sequence *s)
{
	int from = slot(s), to = slot(s);

	say(s, " %d %d = %ld", from, to, sys_copy_file_range(from, NULL, to, NULL, 3000, 0));
}

static void fcntl_step(struct sequence *s)
{
	int fd = slot(s), set = (int)random_below(&s->state, 2) * O_APPEND;

	say(s, " %d %#x = %ld", fd, set, sys_fcntl(fd, F_SETFL, set));
	say(s, " now %#lx", (unsigned long)sys_fcntl(fd, F_GETFL, 0));
}

/* The names in a directory, in an order that no kernel chooses. */
static void list_step(struct sequence *s)
{
	const char *path = random_below(&s->state, 2) ? "." : "d";
	int fd = (int)sys_open(path, O_RDONLY | O_DIRECTORY, 0), count = 0;
	unsigned long sum = 0;
	long n;

	while ((n = sys_getdents64(fd, buf, sizeof(buf))) > 0) {
		for (long at = 0; at < n;) {
			struct linux_dirent64 *entry = (void *)(buf + at);
			unsigned long one = entry->d_type;

			for (const char *c = entry->d_name; *c; c++)
				one = one * 31 + (unsigned char)*c;
			sum += one;
			count++;
			at += entry->d_reclen;
		}
	}
	sys_close(fd);
	say(s, " %s = %d names, sum %lx, then %ld", path, count, sum, n);
}

const struct step file_steps[] = {
	{ "open", open_step }, { "open", open_step }, { "create", create_step },
	{ "create", create_step }, { "memfd_create", memfd_step }, { "close", close_step },
	{ "dup2", dup_step }, { "write", write_some }, { "write", write_some },
	{ "read", read_some }, { "pread64", pread_step }, { "pwrite64", pwrite_step },
	{ "lseek", seek_step }, { "ftruncate", resize_step }, { "truncate", truncate_step },
	{ "fallocate", allocate_step }, { "stat", stat_step }, { "lstat", lstat_step },
	{ "fstat", fstat_step }, { "mkdir", mkdir_step }, { "mkdir", mkdir_step },
	{ "rmdir", rmdir_step }, { "unlink", unlink_step }, { "access", access_step },
	{ "chmod", chmod_step }, { "readlink", readlink_step }, { "link", link_step },
	{ "symlink", symlink_step }, { "rename", rename_step }, { "renameat2", rename_flags },
	{ "sendfile", sendfile_step }, { "copy_file_range", copy_step }, { "fcntl", fcntl_step },
	{ "getdents64", list_step },
};
const int nr_file_steps = sizeof(file_steps) / sizeof(file_steps[0]);

void files_begin(struct sequence *s)
{
	(void)s;
	sys_umask(022);
	for (int i = 0; i < DESCRIPTORS; i++)
		sys_close(FIRST_FD + i);
	sys_mkdir("d", 0755);
}

void files_end(struct sequence *s)
{
	list_step(s);
	say(s, "\n");
	for (int i = 0; i < DESCRIPTORS; i++)
		sys_close(FIRST_FD + i);
}
