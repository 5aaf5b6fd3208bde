/* tap.c - the Test Anything Protocol on standard output. */
#include "user/tap.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "user/linux.h"
#include "user/numbers.h"
#include "user/words.h"

#define LINE_SIZE	512

static int planned, done, failed;

/* One line, in one write as far as the receiver takes it. */
static void put_line(const char *line)
{
	write_all(1, line, strlen(line));
}

/* "ok 3 - name" and the end of the line; a name too long for it is cut. */
static void put_case(bool passed, const char *format, va_list args, const char *end)
{
	char line[LINE_SIZE], name[LINE_SIZE / 2];

	done++;
	if (!passed)
		failed++;
	vsnprintf(name, sizeof(name), format, args);
	snprintf(line, sizeof(line), "%s %d - %s%s\n", passed ? "ok" : "not ok", done, name, end);
	put_line(line);
}

void tap_plan(int cases)
{
	char line[LINE_SIZE], run[64];

	planned = cases;
	if (read_file("/etc/run", run, sizeof(run)) > 0)
		snprintf(line, sizeof(line), "1..%d # run %s\n", cases, run);
	else
		snprintf(line, sizeof(line), "1..%d\n", cases);
	put_line(line);
}

bool ok(bool passed, const char *name, ...)
{
	va_list args;

	va_start(args, name);
	put_case(passed, name, args, "");
	va_end(args);
	return passed;
}

static void note_value(const char *what, long value)
{
	if (is_error(value))
		note("%s %ld (%s)", what, value, linux_errno_name((int)-value));
	else
		note("%s %ld (0x%lx)", what, value, (unsigned long)value);
}

bool is(long got, long expected, const char *name, ...)
{
	bool passed = got == expected;
	va_list args;

	va_start(args, name);
	put_case(passed, name, args, "");
	va_end(args);
	if (!passed) {
		note_value("expected", expected);
		note_value("got", got);
	}
	return passed;
}

void skip(const char *reason, const char *name, ...)
{
	char end[LINE_SIZE / 4];
	va_list args;

	snprintf(end, sizeof(end), " # SKIP %s", reason);
	va_start(args, name);
	put_case(true, name, args, end);
	va_end(args);
}

void note(const char *format, ...)
{
	char line[LINE_SIZE] = "# ";
	va_list args;

	va_start(args, format);
	vsnprintf(line + 2, sizeof(line) - 3, format, args);
	va_end(args);
	strcat(line, "\n");
	put_line(line);
}

void bail(const char *format, ...)
{
	char line[LINE_SIZE] = "Bail out! ";
	size_t used = strlen(line);
	va_list args;

	va_start(args, format);
	vsnprintf(line + used, sizeof(line) - used - 1, format, args);
	va_end(args);
	strcat(line, "\n");
	put_line(line);
	sys_exit_group(1);
}

int tap_finish(void)
{
	tap_plan(done);
	return tap_done();
}

int tap_done(void)
{
	if (done != planned)
		note("planned %d cases, ran %d", planned, done);
	return done == planned && failed == 0 ? 0 : 1;
}
