/*
 * The debug key: Ctrl-] on the console, then a line such as `vmmap 3`. The interrupt collects the
 * line; a kernel thread of its own answers in the log, since it may have to wait for locks.
 *
 * A person's terminal has the key always. Where a program reads the console byte for byte, only
 * with the boot option debugkey.
 */
#include "kernel/debug/debug.h"
#include "kernel/base/cmdline.h"
#include "kernel/base/string.h"
#include "kernel/console.h"
#include "kernel/panic.h"
#include "mm/mmap_lock.h"

#define DEBUG_KEY  0x1d /* Ctrl-] */
#define LINE_BYTES 64
#define MAX_WORDS  3

/* The interrupt fills line; `ready` hands it to the thread, which hands it back. */
static struct {
	bool collecting, ready;
	bool discard; /* the one before has not been fetched yet: this line is lost */
	unsigned int len;
	char line[LINE_BYTES];
	struct wait_queue wait;
} key;
static bool always_on;
static const char prompt[] = "\ndebug> ";

static const char *set_debugkey(const char *value)
{
	if (value)
		return "it takes no value";
	always_on = true;
	return NULL;
}
BOOT_OPTION("debugkey", "", "Ctrl-] is the debug key even where a program reads the console",
	    set_debugkey);

/* ---- the key, in the interrupt ---- */

static void collect(u8 byte)
{
	if (byte == '\r' || byte == '\n') {
		console_echo("\n", 1);
		key.collecting = false;
		if (key.discard)
			return;
		key.line[key.len] = '\0';
		WRITE_ONCE(key.ready, true);
		wake_up(&key.wait);
	} else if (key.discard) {
		return;
	} else if ((byte == 0x7f || byte == '\b') && key.len) {
		key.len--;
		console_echo("\b \b", 3);
	} else if (byte >= ' ' && byte < 0x7f && key.len < LINE_BYTES - 1) {
		key.line[key.len++] = (char)byte;
		console_echo(&key.line[key.len - 1], 1);
	}
}

bool debug_key(u8 byte)
{
	if (key.collecting) {
		collect(byte);
		return true;
	}
	if (byte != DEBUG_KEY || !(always_on || console_is_interactive()))
		return false;
	console_echo(prompt, strlen(prompt));
	key.discard = READ_ONCE(key.ready);
	key.len = 0;
	key.collecting = true;
	return true;
}

/* ---- what it can show: in the thread ---- */

static void take_newest(struct process *process, void *arg)
{
	struct process **newest = arg;
	struct debug_space space;

	if (debug_space_of(process, &space) &&
	    (!*newest || process->start_ns >= (*newest)->start_ns))
		*newest = process;
}

/*
 * The address space of process pid (0: the youngest that has one), with a reference; false, after
 * saying so, if there is none.
 */
static bool hold_space(int pid, struct debug_space *space)
{
	struct process *process = NULL;
	bool found;

	spin_lock(&tasks_lock);
	if (pid)
		process = process_find(pid);
	else
		process_for_each(take_newest, &process);
	found = process && debug_space_of(process, space);
	if (found)
		mmget(space->mm);
	spin_unlock(&tasks_lock);
	if (!found && pid)
		printk("debug: there is no process %d, or it has ended\n", pid);
	else if (!found)
		printk("debug: there is no process\n");
	return found;
}

/* What is at the other end of mmap_lock may wait for ever, which is when a person looks. */
static bool lock_space(struct debug_space *space)
{
	if (mmap_read_trylock(space->mm))
		return true;
	printk("debug: process %d is changing its mappings, or stuck at it: not now\n",
	       space->pid);
	mmput(space->mm);
	return false;
}

static void show_vmmap(int pid)
{
	struct debug_space space;

	if (!hold_space(pid, &space) || !lock_space(&space))
		return;
	debug_vmmap(&space);
	mmap_read_unlock(space.mm);
	mmput(space.mm);
}

static void show_pgwalk(unsigned long addr, int pid)
{
	struct debug_space space = { 0 };

	if ((long)addr < 0) {
		debug_pgwalk(&space, addr);
		return;
	}
	if (!hold_space(pid, &space) || !lock_space(&space))
		return;
	debug_pgwalk(&space, addr);
	mmap_read_unlock(space.mm);
	mmput(space.mm);
}

/* ---- the line ---- */

static const char usage[] =
	"debug: after Ctrl-] type `vmmap [PID]` or `pgwalk ADDRESS [PID]`, ADDRESS in hexadecimal, and Enter\n";

/* Hexadecimal, with 0x or without. */
static bool parse_address(const char *text, unsigned long *value)
{
	unsigned long v = 0;

	if (text[0] == '0' && text[1] == 'x')
		text += 2;
	if (!*text || strlen(text) > 16)
		return false;
	for (; *text; text++) {
		unsigned int digit = *text >= 'a' ? (unsigned int)(*text - 'a') + 10
						  : (unsigned int)(*text - '0');

		if (digit > 15 || (*text > '9' && *text < 'a'))
			return false;
		v = v << 4 | digit;
	}
	*value = v;
	return true;
}

static bool parse_pid(const char *text, int *pid)
{
	long n = 0;

	if (*text && !cmdline_number(text, 1, 1 << 30, &n))
		return false;
	*pid = (int)n;
	return true;
}

/* Cuts the line into words at its blanks; absent ones are empty. */
static void split(char *line, const char *words[MAX_WORDS])
{
	char *p = line;

	for (unsigned int i = 0; i < MAX_WORDS; i++) {
		while (*p == ' ')
			p++;
		words[i] = p;
		while (*p && *p != ' ')
			p++;
		if (*p)
			*p++ = '\0';
	}
}

static void run_line(char *line)
{
	const char *words[MAX_WORDS];
	unsigned long addr;
	int pid;

	split(line, words);
	if (!strcmp(words[0], "vmmap") && parse_pid(words[1], &pid))
		show_vmmap(pid);
	else if (!strcmp(words[0], "pgwalk") && parse_address(words[1], &addr) &&
		 parse_pid(words[2], &pid))
		show_pgwalk(addr, pid);
	else
		printk("%s", usage);
}

static void debug_thread(void *arg)
{
	char line[LINE_BYTES];

	for (;;) {
		wait_event(&key.wait, READ_ONCE(key.ready));
		memcpy(line, key.line, sizeof(line));
		smp_mb(); /* the copy is complete before the interrupt may write again */
		WRITE_ONCE(key.ready, false);
		run_line(line);
	}
}

void debug_console_init(void)
{
	struct task *task;

	wait_queue_init(&key.wait);
	task = kernel_thread("debug", debug_thread, NULL);
	if (!task)
		boot_stop("There is not enough memory to start.");
	wake_task(task, false);
}
