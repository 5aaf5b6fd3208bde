/* linux_numbers.c - Linux's half of the tables in numbers.h. */
#include "user/numbers.h"

#include "user/linux.h"

#define VALUE(name)	name,
#define NAME(name)	#name,
#define COUNT(array)	(int)(sizeof(array) / sizeof((array)[0]))

static const int errno_values[] = { ERRNO_LIST(VALUE) };
static const char *const errno_names[] = { ERRNO_LIST(NAME) };
static const int signal_values[] = { SIGNAL_LIST(VALUE) };
static const int open_flag_values[] = { OPEN_FLAG_LIST(VALUE) };

const struct number_table linux_errnos = { COUNT(errno_values), errno_values };
const struct number_table linux_signals = { COUNT(signal_values), signal_values };
const struct number_table linux_open_flags = { COUNT(open_flag_values), open_flag_values };

const char *linux_errno_name(int number)
{
	if (number == 0)
		return "0";
	for (int i = 0; i < COUNT(errno_values); i++) {
		if (errno_values[i] == number)
			return errno_names[i];
	}
	return "unknown";
}
