/*
 * scripts.c - files that begin with #!: what their interpreter is given, which of them do
 * not run, and what a script is called that was found by a descriptor. The interpreter is
 * a copy of this program.
 */
#include "user/child.h"
#include "user/files.h"
#include "user/probe.h"
#include "user/start.h"
#include "user/tap.h"

#include <stdio.h>
#include <string.h>

static char shown[1024];

static void script(const char *name, const char *text)
{
	sys_unlink(name);
	sys_close(make_file(name, text));
	sys_chmod(name, 0755);
}

/* The interpreter: all its arguments, and what it is told that it was started as. */
static int show(int argc, char **argv)
{
	size_t n = 0;

	for (int i = 0; i < argc; i++)
		n += (size_t)snprintf(shown + n, sizeof(shown) - n, "<%s>", argv[i]);
	n += (size_t)snprintf(shown + n, sizeof(shown) - n, " as %s",
			      (char *)auxv_value(AT_EXECFN));
	sys_write(1, shown, n);
	return 0;
}

struct start {
	int dirfd, flags;
	const char *path;
	int out;
};

static int child_execs(void *arg)
{
	const struct start *s = arg;
	char *argv[] = { "zero", "one", "two words", NULL }, *envp[] = { NULL };

	syscall2(__NR_dup2, s->out, 1);
	return 100 +
	       (int)-syscall5(__NR_execveat, s->dirfd, P(s->path), P(argv), P(envp), s->flags);
}

/* What the interpreter says; NULL and *verdict if it does not start. */
static const char *run_at(int dirfd, const char *path, int flags, int *verdict)
{
	struct start s = { dirfd, flags, path, 0 };
	int fds[2];
	long n;

	sys_pipe(fds);
	s.out = fds[1];
	*verdict = child_verdict(child_run(child_execs, &s));
	sys_close(fds[1]);
	n = sys_read(fds[0], shown, sizeof(shown) - 1);
	sys_close(fds[0]);
	shown[n > 0 ? n : 0] = '\0';
	return shown;
}

static void runs(int dirfd, const char *path, int flags, const char *expected, const char *name)
{
	int verdict;
	const char *got = run_at(dirfd, path, flags, &verdict);

	ok(!verdict && !strcmp(got, expected), "%s", name);
	if (verdict || strcmp(got, expected))
		note("%d: %s, expected %s", verdict, got, expected);
}

static void fails(int dirfd, const char *path, int flags, int err, const char *name)
{
	int verdict;

	run_at(dirfd, path, flags, &verdict);
	is(verdict - 100, err, "%s", name);
}

#define ARGS "<one><two words>"

static void test_arguments(void)
{
	script("plain", "#!./show\nrest\n");
	runs(AT_FDCWD, "plain", 0, "<./show><plain>" ARGS " as plain",
	     "the-scripts-path-replaces-its-name");
	script("plain", "#! \t./show\t a  b \t\n");
	runs(AT_FDCWD, "plain", 0, "<./show><a  b><plain>" ARGS " as plain",
	     "one-argument-with-its-spaces");
	script("plain", "#!./show end");
	runs(AT_FDCWD, "plain", 0, "<./show><end><plain>" ARGS " as plain",
	     "without-an-end-of-line");
	script("inner", "#!./show in\n");
	script("outer", "#!./inner out\n");
	runs(AT_FDCWD, "outer", 0, "<./show><in><./inner><out><outer>" ARGS " as outer",
	     "a-script-of-a-script");
}

static void test_refused(void)
{
	char line[400] = "#!./show ";

	script("bad", "#!\n");
	fails(AT_FDCWD, "bad", 0, ENOEXEC, "nothing-behind-it");
	script("bad", "#!  \t \n");
	fails(AT_FDCWD, "bad", 0, ENOEXEC, "blanks-behind-it");
	script("bad", "#!/no/such\n");
	fails(AT_FDCWD, "bad", 0, ENOENT, "an-interpreter-that-is-missing");
	script("bad", "#!.\n");
	fails(AT_FDCWD, "bad", 0, EACCES, "a-directory");
	script("bad", "#!./bad\n");
	fails(AT_FDCWD, "bad", 0, ELOOP, "itself");
	memset(line + 2, 'x', 300);
	script("bad", line);
	fails(AT_FDCWD, "bad", 0, ENOEXEC, "a-path-that-is-too-long");
	memcpy(line, "#!./show ", 9);
	script("bad", line);
	is(strlen(run_at(AT_FDCWD, "bad", 0, &(int){ 0 })) > 200, 1,
	   "an-argument-that-is-too-long-is-cut");
	sys_chmod("bad", 0644);
	fails(AT_FDCWD, "bad", 0, EACCES, "without-permission");
}

/* Its name is one that the interpreter can open. */
static void test_descriptors(void)
{
	int dir, fd, hidden;
	char expected[200];

	script("plain", "#!./show\n");
	dir = (int)sys_open(".", O_RDONLY | O_DIRECTORY, 0);
	fd = (int)sys_open("plain", O_RDONLY, 0);
	snprintf(expected, sizeof(expected), "<./show></dev/fd/%d>%s as /dev/fd/%d", fd, ARGS, fd);
	runs(fd, "", AT_EMPTY_PATH, expected, "a-script-by-its-descriptor");
	snprintf(expected, sizeof(expected), "<./show></dev/fd/%d/plain>%s as /dev/fd/%d/plain",
		 dir, ARGS, dir);
	runs(dir, "plain", 0, expected, "a-script-by-its-directory");
	snprintf(expected, sizeof(expected), "<zero>%s as /dev/fd/%d/show", ARGS, dir);
	runs(dir, "show", 0, expected, "a-program-by-its-directory");
	hidden = (int)sys_fcntl(fd, F_DUPFD_CLOEXEC, 0);
	fails(hidden, "", AT_EMPTY_PATH, ENOENT, "a-script-whose-descriptor-will-be-closed");
	sys_close(hidden);
	hidden = (int)sys_fcntl(dir, F_DUPFD_CLOEXEC, 0);
	fails(hidden, "plain", 0, ENOENT, "or-its-directorys");
	snprintf(expected, sizeof(expected), "<zero>%s as /dev/fd/%d/show", ARGS, hidden);
	runs(hidden, "show", 0, expected, "a-program-is-not-hidden-by-that");
	fails(999, "", 0, ENOENT, "an-empty-path-comes-before-a-bad-descriptor");
	fails(999, "", AT_EMPTY_PATH, EBADF, "a-bad-descriptor");
	sys_close(hidden);
	sys_close(fd);
	sys_close(dir);
}

int main(int argc, char **argv)
{
	const char *name = strrchr(argv[0], '/');

	if (!strcmp(argv[0], "zero") || (name && !strcmp(name, "/show")))
		return show(argc, argv);
	scratch_enter();
	copy_self("show", 0755);
	test_arguments();
	test_refused();
	test_descriptors();
	scratch_leave();
	return tap_finish();
}
