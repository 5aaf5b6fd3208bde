/*
 * init - the first program. With a command in /etc/cmd it runs that, by the shell where it
 * takes one, and ends with its status. Otherwise it starts a shell on the terminal;
 * without one in the image it runs programs by name. It takes leave of every orphan. When
 * it ends, the machine goes off.
 *
 * Beside the shell it obeys SIGUSR1 (halt), SIGUSR2 (power off) and SIGTERM (reboot), which is how
 * BusyBox's halt, poweroff and reboot ask for it; a shell that was killed gets a successor.
 *
 * It is an ordinary program as well, and does the same on Linux, where it switches nothing off.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/uapi/termios.h"
#include "user/linux.h"
#include "user/numbers.h"
#include "user/programs.h"
#include "user/signals.h"
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

/* ---- the end of the machine, and the shell ---- */

enum { GRACE_MS = 1000 };	/* for programs that have something to finish */

#define ORDERS	(SIGNAL_BIT(SIGUSR1) | SIGNAL_BIT(SIGUSR2) | SIGNAL_BIT(SIGTERM))

/* Takes leave of who has ended; true if nobody is left. */
static bool reap_all(void)
{
	long ended;

	while ((ended = sys_wait4(-1, NULL, WNOHANG, NULL)) > 0)
		;
	return is_error(ended);
}

/* Everybody is asked to end, and then made to. Does not return. */
static void shut_down(int order)
{
	unsigned int how = order == SIGUSR1 ? LINUX_REBOOT_CMD_HALT :
			   order == SIGUSR2 ? LINUX_REBOOT_CMD_POWER_OFF :
					      LINUX_REBOOT_CMD_RESTART;

	sys_kill(-1, SIGTERM);
	sys_kill(-1, SIGCONT);
	for (int ms = 0; ms < GRACE_MS && !reap_all(); ms += 10)
		signal_wait(SIGNAL_BIT(SIGCHLD), NULL, 10);
	sys_kill(-1, SIGKILL);
	syscall0(__NR_sync);
	sys_reboot(how);
}

/* Only the first program of Pleat's own machine: a host must survive a mistaken signal. */
static bool rules_machine(void)
{
	return sys_getpid() == 1 && !is_error(sys_prctl(PR_PLEAT_LEVELS, 0, 0));
}

/* Until that child has ended; its status. Obeys orders meanwhile; they and SIGCHLD are blocked. */
static int attend(long pid)
{
	int status = 0;
	long ended, signo;

	for (;;) {
		while ((ended = sys_wait4(-1, &status, WNOHANG, NULL)) > 0) {
			if (ended == pid)
				return status;
		}
		if (is_error(ended))
			return 0;
		signo = signal_wait(ORDERS | SIGNAL_BIT(SIGCHLD), NULL, -1);
		if (signo > 0 && SIGNAL_BIT(signo) & ORDERS)
			shut_down((int)signo);
	}
}

/* In the child: a session of its own on the terminal, so that job control works. */
static void become_shell(void)
{
	static char *argv[] = { "-sh", NULL };
	static char *envp[] = { "HOME=/", "PATH=/sbin:/usr/sbin:/bin:/usr/bin:/tests",
				"TERM=linux", "PS1=pleat:\\w# ", NULL };
	long fd;

	signal_mask(SIG_SETMASK, 0);
	syscall0(__NR_setsid);
	fd = sys_open(TERMINAL, O_RDWR, 0);
	for (int i = 0; fd >= 0 && i < 3; i++)
		syscall2(__NR_dup2, fd, i);
	if (fd > 2)
		sys_close((int)fd);
	sys_execve(SHELL, argv, envp);
	sys_exit_group(127);
}

/* Shells, until one ends by itself: the person has had enough then. */
static void serve_shells(void)
{
	struct __kernel_termios settings;
	bool known = syscall3(__NR_ioctl, 0, TCGETS, (long)&settings) == 0;
	int status;

	signal_mask(SIG_BLOCK, SIGNAL_BIT(SIGCHLD) | (rules_machine() ? ORDERS : 0));
	do {
		long pid = sys_fork();

		if (pid == 0)
			become_shell();
		if (is_error(pid))
			return;
		status = attend(pid);
		/* Whoever was killed may have left the terminal in any state. */
		if (known)
			syscall3(__NR_ioctl, 0, TCSETSF, (long)&settings);
		if (WIFSIGNALED(status))
			printf("\nThe shell was killed by signal %d; here is another one.\n",
			       WTERMSIG(status));
		fflush(stdout);
	} while (WIFSIGNALED(status));
}

static void shell_on_terminal(void)
{

	printf("\nThis is Pleat, with BusyBox as its shell. Three things to try:\n"
	       "  tour                      a guided tour through this machine's page tables\n"
	       "  cat /proc/self/maps       what a program has mapped, and where\n"
	       "  ls /tests; cow            the test programs; each runs on Linux too\n"
	       "Leave with `exit` or `poweroff`; from outside, Ctrl-A X ends QEMU.\n\n");
	fflush(stdout);
	serve_shells();
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
