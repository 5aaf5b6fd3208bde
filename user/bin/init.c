/*
 * init - the first program. With a command in /etc/cmd it runs that, by the shell where it takes one,
 * and ends with its status. Otherwise it starts a shell on the terminal; without one in the image it
 * runs programs by name. It takes leave of every orphan. When it ends, the machine goes off.
 *
 * It is an ordinary program as well, and does the same on Linux.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "user/linux.h"
#include "user/programs.h"
#include "user/tour.h"
#include "user/words.h"

enum { COMMAND_MAX = 65536, WORDS_MAX = 1024, STATUS_BAD_COMMAND = 2 };

#define SHELL		"/bin/sh"
#define TERMINAL	"/dev/ttyS0"

static char command[COMMAND_MAX];
static char *words[WORDS_MAX];

/* The exit status of the command in the buffer; an empty one succeeds. */
static int run_command(void)
{
	int count = split_words(command, words, WORDS_MAX);

	if (count < 0) {
		fprintf(stderr, "init: a quote is left open, or there are too many words\n");
		return STATUS_BAD_COMMAND;
	}
	return count > 0 ? run_program(words) : 0;
}

static bool have_shell(void)
{
	struct __kernel_stat st;

	return !is_error(syscall2(__NR_stat, (long)SHELL, (long)&st));
}

/* More than words and quotes: what only a shell understands. */
static bool needs_shell(const char *line)
{
	char quote = 0;

	for (; *line; line++) {
		if (quote == '\'' ? *line == '\'' : *line == quote && quote)
			quote = 0;
		else if (!quote && (*line == '\'' || *line == '"'))
			quote = *line;
		else if (quote != '\'' && strchr(quote ? "$`" : "$`|&;<>()*?[]{}~#=!\n", *line))
			return true;
	}
	return false;
}

static int run_command_line(void)
{
	static char *shell[] = { SHELL, "-c", command, NULL };

	return needs_shell(command) && have_shell() ? run_program(shell) : run_command();
}

/* Reads one line, without its end, into the buffer. Returns false when the input has ended. */
static bool read_line(void)
{
	size_t used = 0;
	char c = 0;

	while (sys_read(0, &c, 1) == 1) {
		if (c == '\n' || c == '\r') {
			command[used] = '\0';
			return true;
		}
		if (used < COMMAND_MAX - 1)
			command[used++] = c;
	}
	command[used] = '\0';
	return used > 0;
}

static void print_programs(const char *directory)
{
	static struct program_list list;
	int column = 0;

	if (list_programs(directory, &list) != 0 || list.count == 0)
		return;
	printf("%s:", directory);
	for (int i = 0; i < list.count; i++) {
		if (column % 5 == 0 && i > 0)
			printf("\n%*s", (int)strlen(directory) + 1, "");
		column++;
		printf(" %-13s", list.names[i]);
	}
	printf("\n");
}

static void help(void)
{
	printf("Type the name of a program and its arguments; 'quotes' keep blanks.\n"
	       "help, tour, exit and poweroff are done right here.\n");
	print_programs("/bin");
	print_programs("/tests");
}

static void report(int status)
{
	if (status > 128)
		printf("(killed by signal %d)\n", status - 128);
	else if (status != 0)
		printf("(exit status %d)\n", status);
}

/* Returns when the input ends or somebody says so. */
static void prompt(void)
{
	printf("Type help for what there is.\n");
	for (;;) {
		printf("pleat> ");
		fflush(stdout);
		if (!read_line())
			break;
		if (strcmp(command, "exit") == 0 || strcmp(command, "poweroff") == 0)
			return;
		if (strcmp(command, "help") == 0)
			help();
		else if (strcmp(command, "tour") == 0)
			guided_tour();
		else
			report(run_command());
	}
	printf("\n");
}

/* In the child: a session of its own on the terminal, so that job control works. */
static void become_shell(void)
{
	static char *argv[] = { "-sh", NULL };
	static char *envp[] = { "HOME=/", "PATH=/bin:/tests", "TERM=linux", "PS1=pleat:\\w# ", NULL };
	long fd;

	syscall0(__NR_setsid);
	fd = sys_open(TERMINAL, O_RDWR, 0);
	for (int i = 0; fd >= 0 && i < 3; i++)
		syscall2(__NR_dup2, fd, i);
	if (fd > 2)
		sys_close((int)fd);
	sys_execve(SHELL, argv, envp);
	sys_exit_group(127);
}

static void shell_on_terminal(void)
{
	long pid;

	printf("\nThis is Pleat, with BusyBox as its shell. Three things to try:\n"
	       "  tour                      a guided tour through this machine's page tables\n"
	       "  cat /proc/self/maps       what a program has mapped, and where\n"
	       "  ls /tests; cow            the test programs; each runs on Linux too\n"
	       "Leave with `exit` or `poweroff`; from outside, Ctrl-A X ends QEMU.\n\n");
	fflush(stdout);
	pid = sys_fork();
	if (pid == 0)
		become_shell();
	if (pid > 0)
		wait_for_program(pid);
}

int main(void)
{
	long length = read_file("/etc/cmd", command, sizeof(command));

	if (!is_error(length))
		return run_command_line();
	if (length != -ENOENT) {
		printf("init: /etc/cmd cannot be read: error %ld\n", -length);
		return 126;
	}
	if (have_shell()) {
		shell_on_terminal();
		return 0;
	}
	guided_tour();
	prompt();
	return 0;
}
