/*
 * Scripts: a file that begins with #! and the path of an interpreter, which is run in its place
 * with the script's path as an argument (execve(2), "Interpreter scripts").
 */
#include "kernel/base/string.h"
#include "kernel/exec/exec.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "mm/slab.h"

static bool is_space(char c) { return c == ' ' || c == '\t'; }

/* Does the path end within the text? */
static bool path_is_whole(const char *at, const char *end)
{
	while (at < end && is_space(*at))
		at++;
	while (at < end && *at && !is_space(*at))
		at++;
	return at < end;
}

/*
 * Cuts the line where its text ends. One that is longer than what was read has its argument cut
 * off, as on Linux; if that would cut its path: -ENOEXEC.
 */
static int end_line(char *line, size_t len)
{
	char *end = memchr(line, '\n', len);

	if (!end) {
		bool longer = len == SCRIPT_LINE - 2;

		if (longer && !path_is_whole(line, line + len))
			return -ENOEXEC;
		end = line + (longer ? len - 1 : len);
	}
	while (end > line && is_space(end[-1]))
		end--;
	*end = '\0';
	return 0;
}

/* Splits "path argument with spaces": the two words, the second NULL if there is none. */
static char *split_line(char *line, char **argument)
{
	char *path, *at;

	while (is_space(*line))
		line++;
	path = at = line;
	while (*at && !is_space(*at))
		at++;
	*argument = NULL;
	if (*at) {
		*at++ = '\0';
		while (is_space(*at))
			at++;
		if (*at)
			*argument = at;
	}
	return path;
}

static int take_interpreter(struct exec *exec, char *path, char *argument)
{
	struct file *file;

	if (!*path)
		return -ENOEXEC;
	if (exec->hidden)
		return -ENOENT;
	file = open_exec(AT_FDCWD, path, 0);
	if (IS_ERR(file))
		return (int)PTR_ERR(file);
	if (!exec->nr_script_words)
		exec->script_words[exec->nr_script_words++] = exec->path;
	if (argument)
		exec->script_words[exec->nr_script_words++] = argument;
	exec->script_words[exec->nr_script_words++] = path;
	exec_set_file(exec, file);
	return 0;
}

/* One level: 1 if the file is a script and exec->file has become its interpreter. */
static int follow_once(struct exec *exec, unsigned int depth)
{
	char *line = kzalloc(SCRIPT_LINE + 1, GFP_KERNEL), *argument, *path;
	long len;
	int ret;

	if (!line)
		return -ENOMEM;
	len = filemap_read(exec->file->f_mapping, 0, line, SCRIPT_LINE);
	if (len < 2 || memcmp(line, "#!", 2)) {
		kfree(line);
		return len < 0 ? (int)len : 0;
	}
	exec->script_lines[depth] = line;
	ret = end_line(line + 2, (size_t)len - 2);
	if (ret)
		return ret;
	path = split_line(line + 2, &argument);
	ret = take_interpreter(exec, path, argument);
	return ret ? ret : 1;
}

int script_follow(struct exec *exec)
{
	int ret = 1;

	for (unsigned int depth = 0; ret == 1; depth++)
		ret = depth <= MAX_SCRIPTS ? follow_once(exec, depth) : -ELOOP;
	return ret;
}

void script_drop(struct exec *exec)
{
	for (unsigned int i = 0; i <= MAX_SCRIPTS; i++)
		kfree(exec->script_lines[i]);
}
