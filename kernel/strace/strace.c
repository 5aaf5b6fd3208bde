/*
 * The boot option `strace`: a line in the log for each system call of each program, as strace(1)
 * prints them. Each entry of the table of calls is exchanged for print_call(), so that without the
 * option nothing is different.
 */
#include "kernel/strace/strace.h"
#include "kernel/base/cmdline.h"
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/fcntl.h"
#include "kernel/uapi/signal.h"
#include "kernel/uapi/stat.h"
#include "kernel/uapi/unistd.h"

#define LINE   400
#define SHOWN  32 /* bytes of a buffer, as strace does */
#define STRING 160

static bool enabled;

static const char *set_strace(const char *value)
{
	enabled = true;
	return value ? "it takes no value" : NULL;
}
BOOT_OPTION("strace", "", "the log shows each system call of each program", set_strace);

struct line {
	char text[LINE];
	size_t len;
};

static void add(struct line *line, const char *format, ...) __printf(2, 3);
static void add(struct line *line, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	line->len += vscnprintf(line->text + line->len, LINE - line->len, format, args);
	va_end(args);
}

/* ---- arguments ---- */

static void add_char(struct line *line, u8 c)
{
	switch (c) {
	case '\n': add(line, "\\n"); break;
	case '\t': add(line, "\\t"); break;
	case '\r': add(line, "\\r"); break;
	case '"':
	case '\\': add(line, "\\%c", c); break;
	default:
		if (c >= ' ' && c < 0x7f)
			add(line, "%c", c);
		else
			add(line, "\\%o", c);
	}
}

static void add_bytes(struct line *line, const char *bytes, size_t n, bool more)
{
	add(line, "\"");
	for (size_t i = 0; i < n; i++)
		add_char(line, (u8)bytes[i]);
	add(line, more ? "\"..." : "\"");
}

static void add_string(struct line *line, unsigned long addr)
{
	char text[STRING];
	long len = strncpy_from_user(text, (const char *)addr, sizeof(text));

	if (len == -ENAMETOOLONG)
		add_bytes(line, text, sizeof(text), true);
	else if (len >= 0)
		add_bytes(line, text, (size_t)len, false);
	else if (addr)
		add(line, "0x%lx", addr);
	else
		add(line, "NULL");
}

static void add_buffer(struct line *line, unsigned long addr, unsigned long len)
{
	char bytes[SHOWN];
	size_t n = min(len, (unsigned long)SHOWN);

	if (copy_from_user(bytes, (const void *)addr, n))
		add(line, "0x%lx", addr);
	else
		add_bytes(line, bytes, n, len > n);
}

/* The names of the flags, joined by |; bits without a name as a number. */
static void add_flags(struct line *line, const struct strace_flag *flag, u64 value)
{
	const char *separator = "";
	u64 left;

	if ((u64)(s32)value == value)
		value = (u32)value; /* an int that was negative */
	left = value;
	for (; flag->name; flag++) {
		if ((value & flag->mask) != flag->value)
			continue;
		add(line, "%s%s", separator, flag->name);
		separator = "|";
		left &= ~flag->mask;
	}
	if (left)
		add(line, "%s0x%lx", separator, (unsigned long)left);
	else if (!*separator)
		add(line, "0");
}

static void add_pointer(struct line *line, unsigned long value)
{
	if (value)
		add(line, "0x%lx", value);
	else
		add(line, "NULL");
}

static void add_descriptor(struct line *line, int fd)
{
	if (fd == AT_FDCWD)
		add(line, "AT_FDCWD");
	else
		add(line, "%d", fd);
}

static void add_signal(struct line *line, int signo)
{
	const char *name = strace_signal(signo);

	if (name)
		add(line, "%s", name);
	else if (signo == SIGRTMIN)
		add(line, "SIGRTMIN");
	else if (signo > SIGRTMIN && signo <= _NSIG)
		add(line, "SIGRT_%d", signo - SIGRTMIN);
	else
		add(line, "%d", signo);
}

/* S_IFREG|0644 */
static void add_mode(struct line *line, const struct strace_flag *types, unsigned long mode)
{
	if (mode & S_IFMT) {
		add_flags(line, types, mode & S_IFMT);
		add(line, "|");
	}
	add(line, "0%02o", (unsigned int)mode & ~S_IFMT);
}

static void add_argument(struct line *line, char kind, unsigned long value, unsigned long next,
			 const struct strace_flag *names)
{
	switch (kind) {
	case '*': add_flags(line, names, value); break;
	case 'm': add_mode(line, names, value); break;
	case 'd': add(line, "%d", (int)value); break;
	case 'u': add(line, "%lu", value); break;
	case 'c':
	case 'o': add(line, "0%02o", (unsigned int)value); break;
	case 'p': add_pointer(line, value); break;
	case 's': add_string(line, value); break;
	case 'b': add_buffer(line, value, next); break;
	case 't': add_descriptor(line, (int)value); break;
	case 'S': add_signal(line, (int)value); break;
	default: add(line, "0x%lx", value);
	}
}

/* ---- calls ---- */

static const struct strace_format *format_of(unsigned long nr, const unsigned long *args)
{
	for (size_t i = 0; i < nr_strace_formats; i++) {
		const struct strace_format *format = &strace_formats[i];

		if (format->nr == nr &&
		    (!format->has_case || (u32)args[format->arg] == format->is))
			return format;
	}
	return NULL;
}

/* The names of what stands at letter i: each * and m has a set of its own. */
static const struct strace_flag *names_of(const struct strace_format *format, size_t i)
{
	const struct strace_flag *const *names = format->names;

	for (size_t before = 0; before < i; before++)
		names += format->format[before] == '*' || format->format[before] == 'm';
	return *names;
}

/* Where in the format the result's letter is, if there is one. */
static size_t result_at(const struct strace_format *format)
{
	size_t i = 0;

	while (format->format[i] && format->format[i] != ':')
		i++;
	return format->format[i] ? i + 1 : i;
}

/* A call on its way: what of it is in the line. */
struct call {
	const struct strace_format *format;
	unsigned long args[7];
	unsigned int shown; /* arguments */
	struct line line;
};

/* Does the call have that argument? open() has no mode where nothing is created. */
static bool has_argument(const struct call *call, unsigned int i)
{
	char kind = call->format->format[i];

	if (i >= 6 || !kind || kind == ':')
		return false;
	return kind != 'c' || call->args[i - 1] & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY));
}

/* Up to a buffer that is not filled yet; once it is, to the end. */
static void add_arguments(struct call *call, bool filled, long ret)
{
	for (; has_argument(call, call->shown); call->shown++) {
		unsigned int i = call->shown;
		char kind = call->format->format[i];

		if (kind == 'r' && !filled)
			return;
		add(&call->line, i ? ", " : "");
		if (kind == 'r' && ret >= 0)
			add_buffer(&call->line, call->args[i], (unsigned long)ret);
		else
			add_argument(&call->line, kind == 'r' ? 'p' : kind, call->args[i],
				     call->args[i + 1], names_of(call->format, i));
	}
}

/* A call that has no entry. */
static const struct strace_format unknown = { .format = "xxx" };

static void start_call(struct call *call, const struct pt_regs *regs)
{
	const struct task *task = current_task();

	*call = (struct call){
		.args = { regs->di, regs->si, regs->dx, regs->r10, regs->r8, regs->r9 },
	};
	call->format = format_of(regs->orig_ax, call->args) ?: &unknown;
	add(&call->line, "[%s %d] ", task->comm, task->tid);
	if (call->format->name)
		add(&call->line, "%s(", call->format->name);
	else
		add(&call->line, "syscall_%lu(", regs->orig_ax);
	add_arguments(call, false, 0);
}

/* What a signal has cut short, before it is decided whether the call is made again. */
static const char *restart_name(long ret)
{
	switch (ret) {
	case -ERESTARTSYS: return "ERESTARTSYS";
	case -ERESTARTNOINTR: return "ERESTARTNOINTR";
	case -ERESTARTNOHAND: return "ERESTARTNOHAND";
	case -ERESTART_RESTARTBLOCK: return "ERESTART_RESTARTBLOCK";
	default: return NULL;
	}
}

static void add_value(struct line *line, const struct strace_format *format, unsigned long value)
{
	size_t at = result_at(format);
	char kind = format->format[at];

	if (kind == '*') {
		add(line, "0x%lx (%s", value, format->format + at + 1);
		add_flags(line, names_of(format, at), value);
		add(line, ")");
	} else {
		add_argument(line, kind ?: 'd', value, 0, NULL);
	}
}

static void add_result(struct line *line, const struct strace_format *format, long ret)
{
	const char *error = IS_ERR_VALUE(ret) ? strace_errno((int)-ret) : NULL;

	add(line, " = ");
	if (restart_name(ret))
		add(line, "? %s", restart_name(ret));
	else if (error)
		add(line, "-1 %s", error);
	else
		add_value(line, format, (unsigned long)ret);
}

static bool returns_not(unsigned long nr)
{
	return nr == __NR_exit || nr == __NR_exit_group || nr == __NR_rt_sigreturn;
}

static long print_call(struct pt_regs *regs)
{
	unsigned long nr = regs->orig_ax;
	struct call call;
	long ret;

	start_call(&call, regs);
	if (returns_not(nr)) {
		pr_info("%s) = ?", call.line.text);
		return syscall_fn_of(nr)(regs);
	}
	ret = syscall_fn_of(nr)(regs);
	add_arguments(&call, true, ret);
	add(&call.line, ")");
	add_result(&call.line, call.format, ret);
	pr_info("%s", call.line.text);
	return ret;
}

void strace_init(void)
{
	if (enabled)
		syscall_intercept(print_call);
}
