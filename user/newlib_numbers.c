/* newlib_numbers.c - newlib's half of the tables in numbers.h. */
#include "user/numbers.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#define VALUE(name)	name,
#define COUNT(array)	(int)(sizeof(array) / sizeof((array)[0]))

static const int errno_values[] = { ERRNO_LIST(VALUE) };
static const int signal_values[] = { SIGNAL_LIST(VALUE) };
static const int open_flag_values[] = { OPEN_FLAG_LIST(VALUE) };

const struct number_table newlib_errnos = { COUNT(errno_values), errno_values };
const struct number_table newlib_signals = { COUNT(signal_values), signal_values };
const struct number_table newlib_open_flags = { COUNT(open_flag_values), open_flag_values };
