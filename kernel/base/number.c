#include "kernel/base/cmdline.h"

bool cmdline_number(const char *value, long lo, long hi, long *out)
{
	long n = 0;

	if (!value || !*value)
		return false;
	for (; *value; value++) {
		if (*value < '0' || *value > '9' || n > (hi - (*value - '0')) / 10)
			return false;
		n = n * 10 + (*value - '0');
	}
	*out = n;
	return n >= lo && n <= hi;
}
