/*
 * Options of the boot command line. An option is declared where it is used:
 *
 *	BOOT_OPTION("levels", "=3|4|5", "page-table levels of new programs", set_levels);
 *
 * and lands in a linker section, from which `help` prints the list. An unknown option, or a value
 * that its setter refuses, stops the boot with one sentence.
 */
#pragma once
#include "kernel/base/types.h"

struct boot_option {
	const char *name;
	const char *arg;	/* how the value is shown in the list; "" for a switch */
	const char *help;
	/* value is NULL for a switch. Returns NULL, or why the value is refused. */
	const char *(*set)(const char *value);
};

#define BOOT_OPTION(name_, arg_, help_, set_) \
	static const struct boot_option __section(".boot_options") __attribute__((aligned(8))) \
		boot_option_##set_ = { name_, arg_, help_, set_ }

/*
 * Parses the whole line; stops the machine on `help` and on errors. Called once,
 * before memory is set up.
 */
void cmdline_parse(const char *line);
/* A decimal number in [lo, hi] into *out; false if it is anything else. */
bool cmdline_number(const char *value, long lo, long hi, long *out);
