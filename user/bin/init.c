/*
 * init - the first program. With a command in /etc/cmd it runs that and ends with its status.
 * Otherwise it gives the guided tour and then runs programs by name until its input ends. It
 * takes leave of every orphan. When it ends, the machine goes off.
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

int main(void)
{
	long length = read_file("/etc/cmd", command, sizeof(command));

	if (!is_error(length))
		return run_command();
	if (length != -ENOENT) {
		printf("init: /etc/cmd cannot be read: error %ld\n", -length);
		return 126;
	}
	guided_tour();
	prompt();
	return 0;
}
