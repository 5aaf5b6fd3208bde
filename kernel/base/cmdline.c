/*
 * The boot command line: words, each an option or option=value. The whole line is read before
 * anything is complained about, so that the complaint goes where log= says.
 */
#include "kernel/base/cmdline.h"
#include "kernel/base/bug.h"
#include "kernel/base/string.h"

#define WORD_MAX	256

extern const struct boot_option boot_options_start[], boot_options_end[];	/* linker.ld */

static bool help_wanted;

static const char *set_help(const char *value)
{
	if (value)
		return "it takes no value";
	help_wanted = true;
	return NULL;
}
BOOT_OPTION("help", "", "list the options and stop", set_help);

static void print_help(void)
{
	const struct boot_option *opt;
	char left[32];

	printk("Options of the boot command line:\n");
	for (opt = boot_options_start; opt < boot_options_end; opt++) {
		scnprintf(left, sizeof(left), "%s%s", opt->name, opt->arg);
		printk("  %-20s %s\n", left, opt->help);
	}
}

static const struct boot_option *find_option(const char *name)
{
	const struct boot_option *opt;

	for (opt = boot_options_start; opt < boot_options_end; opt++)
		if (!strcmp(opt->name, name))
			return opt;
	return NULL;
}

/* Handles one word, which it takes apart; a complaint goes into error. */
static void parse_word(char *word, char *error, size_t size)
{
	char *value = strchr(word, '=');
	const struct boot_option *opt;
	const char *why;

	if (value)
		*value++ = '\0';
	opt = find_option(word);
	if (!opt) {
		scnprintf(error, size,
			  "The boot option \"%s\" is unknown; \"help\" lists those that exist.",
			  word);
		return;
	}
	why = opt->set(value);
	if (why)
		scnprintf(error, size, "The boot option \"%s%s%s\" is refused: %s.", word,
			  value ? "=" : "", value ? value : "", why);
}

/* Copies the next word of line; returns what follows it, or NULL at the end of the line. */
static const char *next_word(const char *line, char *word)
{
	size_t n = 0;

	while (*line == ' ')
		line++;
	if (!*line)
		return NULL;
	for (; *line && *line != ' '; line++)
		if (n < WORD_MAX - 1)
			word[n++] = *line;
	word[n] = '\0';
	return line;
}

void cmdline_parse(const char *line)
{
	char word[WORD_MAX], error[WORD_MAX + 128] = "", more[sizeof(error)];

	while ((line = next_word(line, word)))
		parse_word(word, error[0] ? more : error, sizeof(error));
	printk_start();
	if (help_wanted) {
		print_help();
		boot_stop("Nothing was started, because \"help\" was among the boot options.");
	}
	if (error[0])
		boot_stop("%s", error);
}
