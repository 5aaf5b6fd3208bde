/* report.c - which rows are asked for, their samples, and the lines they print. */
#include "tests/bench/bench.h"

struct options options;

static char line[512];
static unsigned int length;

static void put_char(char c)
{
	if (length < sizeof(line))
		line[length++] = c;
}

static void put_text(const char *text)
{
	while (*text)
		put_char(*text++);
}

static void put_number(u64 value)
{
	char digits[24];
	unsigned int n = 0;

	do
		digits[n++] = (char)('0' + value % 10);
	while (value /= 10);
	while (n)
		put_char(digits[--n]);
}

static void put_tenths(u64 tenths)
{
	put_number(tenths / 10);
	put_char('.');
	put_char((char)('0' + tenths % 10));
}

/*
 * Lets the emulated serial line run dry, so that it does not disturb the next row. Reads the
 * counter seldom: a profiler works at each reading.
 */
static void let_output_drain(void)
{
	u64 start = ticks_now();

	while (ticks_now() - start < 2000000) {
		for (unsigned int i = 0; i < 2000; i++)
			__asm__ volatile("");
	}
}

static void end_line(void)
{
	unsigned int done = 0;

	put_char('\n');
	while (done < length) {
		long n = sys_write(1, line + done, length - done);

		if (n <= 0)
			break;
		done += (unsigned int)n;
	}
	length = 0;
	let_output_drain();
}

/* Is name an element of the list, whose elements have commas between them? */
static bool in_list(const char *name, const char *list)
{
	while (*list) {
		const char *n = name;

		while (*n && *n == *list)
			n++, list++;
		if (!*n && (!*list || *list == ','))
			return true;
		while (*list && *list++ != ',')
			;
	}
	return false;
}

bool row_wanted(const struct row *row)
{
	return !options.only || in_list(row->name, options.only);
}

bool rows_wanted(const struct row *rows, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		if (row_wanted(&rows[i]))
			return true;
	return false;
}

unsigned int sample_count(unsigned int usual)
{
	unsigned int n = options.samples ? options.samples : usual;

	return n < MAX_SAMPLES ? n : MAX_SAMPLES;
}

void profile_keep(void);

void row_add(struct row *row, u64 ticks)
{
	if (options.profile && same_text(row->name, options.profile))
		profile_keep();
	row->ticks += ticks;
}

void row_sample(struct row *row)
{
	if (row->count < MAX_SAMPLES)
		row->samples[row->count++] = row->ticks * 10 / row->ops;
	row->ticks = 0;
}

static void sort(u64 *values, unsigned int n)
{
	for (unsigned int i = 1; i < n; i++) {
		u64 value = values[i];
		unsigned int j = i;

		for (; j && values[j - 1] > value; j--)
			values[j] = values[j - 1];
		values[j] = value;
	}
}

static void row_print(struct row *row)
{
	if (!row_wanted(row) || !row->count)
		return;
	sort(row->samples, row->count);
	put_text(row->name);
	put_char('\t');
	put_tenths(row->samples[row->count / 2]);
	put_char('\t');
	put_number(row->ops);
	if (options.verbose) {
		put_char('\t');
		put_tenths(row->samples[0]);
		put_char('\t');
		put_tenths(row->samples[row->count - 1]);
	}
	end_line();
}

void rows_print(struct row *rows, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		row_print(&rows[i]);
}

void rows_skip(const struct row *rows, unsigned int n, const char *reason, long error)
{
	for (unsigned int i = 0; i < n; i++) {
		if (!row_wanted(&rows[i]))
			continue;
		put_text(rows[i].name);
		put_text("\tSKIP\t");
		put_text(reason);
		if (error < 0) {
			put_text(": errno ");
			put_number((u64)-error);
		}
		end_line();
	}
}

void print_note(const char *text, u64 a, const char *more, u64 b)
{
	put_text(text);
	put_number(a);
	put_text(more);
	put_number(b);
	end_line();
}
