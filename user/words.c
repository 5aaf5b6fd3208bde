/* words.c - files and commands as text. */
#include "user/words.h"

#include <stdbool.h>

#include "user/linux.h"

long write_all(int fd, const char *buf, size_t len)
{
	while (len > 0) {
		long n = sys_write(fd, buf, len);

		if (is_error(n))
			return n;
		buf += n;
		len -= (size_t)n;
	}
	return 0;
}

long read_file(const char *path, char *buf, size_t size)
{
	long fd = sys_open(path, O_RDONLY, 0);
	size_t used = 0;
	long n;

	if (is_error(fd))
		return fd;
	do {
		n = sys_read((int)fd, buf + used, size - 1 - used);
		if (!is_error(n))
			used += (size_t)n;
	} while (n > 0 && used < size - 1);
	sys_close((int)fd);
	buf[used] = '\0';
	return is_error(n) ? n : (long)used;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * Moves one word, without its quoting, to *to (which never overtakes *from) and ends it.
 * Returns false if a quote is left open.
 */
static bool take_word(char **from, char **to)
{
	char *in = *from, *out = *to;
	char quote = 0;

	for (; *in && (quote || !is_blank(*in)); in++) {
		if (*in == quote)
			quote = 0;
		else if (!quote && (*in == '\'' || *in == '"'))
			quote = *in;
		else if (*in == '\\' && quote != '\'' && in[1])
			*out++ = *++in;
		else
			*out++ = *in;
	}
	if (*in)
		in++;			/* the blank, before the zero may replace it */
	*out++ = '\0';
	*from = in;
	*to = out;
	return !quote;
}

int split_words(char *command, char *argv[], int max)
{
	char *out = command;
	int count = 0;

	for (;;) {
		while (is_blank(*command))
			command++;
		if (!*command)
			break;
		if (count == max - 1)
			return -1;
		argv[count++] = out;
		if (!take_word(&command, &out))
			return -1;
	}
	argv[count] = NULL;
	return count;
}
