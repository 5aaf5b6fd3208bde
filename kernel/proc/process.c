/*
 * Small files of /proc/PID: what the program was started with, what it has moved, what it is
 * doing.
 */
#include "kernel/base/string.h"
#include "kernel/base/symbols.h"
#include "kernel/process/oom.h"
#include "kernel/proc/look.h"
#include "kernel/uapi/auxvec.h"
#include "kernel/uapi/errno.h"
#include "kernel/process/usage.h"
#include "mm/buddy.h"

SHOW(show_auxv)
{
	struct mm_struct *mm = proc_mm(target->process);
	size_t words = 0;

	if (!mm)
		return 0;
	while (words + 2 < MM_AUXV_WORDS && mm->auxv[words] != AT_NULL)
		words += 2;
	text_put(text, (const char *)mm->auxv, (words + 2) * sizeof(mm->auxv[0]));
	mmput(mm);
	return 0;
}

SHOW(show_personality)
{
	text_printf(text, "%08x\n", READ_ONCE(target->process->personality));
	return 0;
}

/*
 * A process's own, and that of its children that it has waited for. Nothing dirty is ever cut off
 * a disk.
 */
SHOW(show_io)
{
	static const char *const names[] = { "rchar", "wchar", "syscr", "syscw", "read_bytes",
					     "write_bytes" };
	struct look look;
	int ret = look_at(&look, target);

	if (ret)
		return ret;
	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		u64 n = look.uses.n[USE_RCHAR + i] +
			(target->thread ? 0 : look.children_uses.n[USE_RCHAR + i]);

		text_printf(text, "%s: %llu\n", names[i], (unsigned long long)n);
	}
	text_printf(text, "cancelled_write_bytes: 0\n");
	return 0;
}

/* ---- memory's end ---- */

/* From 0 to 2000; 666 for one that has no memory and no wishes. */
SHOW(show_oom_score)
{
	const unsigned long total = frames_total();
	long badness = oom_badness(target->process, total);

	text_printf(text, "%ld\n",
		    badness == OOM_NEVER ? 0 : (1000 + badness * 1000 / (long)total) * 2 / 3);
	return 0;
}

SHOW(show_oom_score_adj)
{
	text_printf(text, "%d\n", READ_ONCE(target->process->oom_score_adj));
	return 0;
}

/* A number as C writes it, with a sign perhaps. */
static bool parse_int(const char *at, int *value)
{
	const bool negative = *at == '-';
	int base = 10, digit;

	at += *at == '-' || *at == '+';
	if (*at == '0' && (at[1] | 0x20) == 'x') {
		base = 16;
		at += 2;
	} else if (*at == '0') {
		base = 8;
	}
	if (!*at)
		return false;
	for (*value = 0; *at; at++) {
		digit = *at >= '0' && *at <= '9' ? *at - '0' : (*at | 0x20) - 'a' + 10;
		if (digit < 0 || digit >= base || *value > OOM_SCORE_ADJ_MAX)
			return false;
		*value = *value * base + digit;
	}
	*value = negative ? -*value : *value;
	return true;
}

#define LONGEST_NUMBER 12ul /* what is behind it is not looked at */

int write_oom_score_adj(const struct proc_target *target, char *text, size_t n)
{
	struct process *process = target->process;
	const bool root = capable();
	int adj, ret = 0;

	text[min(n, LONGEST_NUMBER)] = '\0';
	if (!parse_int(strip(text), &adj) || adj < OOM_SCORE_ADJ_MIN || adj > OOM_SCORE_ADJ_MAX)
		return -EINVAL;
	spin_lock(&tasks_lock);
	if (adj < process->oom_score_adj_min && !root)
		ret = -EACCES;
	else
		WRITE_ONCE(process->oom_score_adj, (short)adj);
	if (!ret && root)
		process->oom_score_adj_min = (short)adj;
	spin_unlock(&tasks_lock);
	return ret;
}

/* ---- what it waits for ---- */

/* The thread meant, with a reference; NULL: it has ended. */
static struct task *thread_of(const struct proc_target *target)
{
	struct task *task;

	spin_lock(&tasks_lock);
	task = target->thread ? target->task : TAILQ_FIRST(&target->process->threads);
	if (task)
		task_get(task);
	spin_unlock(&tasks_lock);
	return task;
}

struct sleep {
	struct pt_regs regs;
	unsigned long trace[8];
	unsigned int depth;
};

static void look_at_sleeper(const struct task *task, void *arg)
{
	struct sleep *sleep = arg;

	sleep->regs = *task_regs(task);
	sleep->depth = thread_backtrace(task, sleep->trace, ARRAY_SIZE(sleep->trace));
}

/* The ways to sleep: who goes them is what is asked for. */
static bool is_of_scheduler(const char *name)
{
	static const char *const names[] = { "reschedule", "schedule",	"schedule_until",
					     "mutex_lock", "down_read", "down_write" };

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
		if (!strcmp(name, names[i]))
			return true;
	}
	return false;
}

static const char *sleeps_in(const struct sleep *sleep)
{
	unsigned long offset;

	for (unsigned int i = 0; i < sleep->depth; i++) {
		const char *name = symbol_lookup(sleep->trace[i], &offset);

		if (name && !is_of_scheduler(name))
			return name;
	}
	return "0";
}

/* The kernel's function that it sleeps in; 0: it does not, or who looks may not know. */
SHOW(show_wchan)
{
	struct task *task = proc_may_access(target) ? thread_of(target) : NULL;
	struct sleep sleep;

	text_printf(text, "%s",
		    task && task_asleep(task, look_at_sleeper, &sleep) ? sleeps_in(&sleep) : "0");
	if (task)
		task_put(task);
	return 0;
}

/*
 * The call that it sleeps in, with its arguments, the stack pointer and the place that it was
 * made from.
 */
static void show_call(struct text *text, const struct pt_regs *regs)
{
	if ((long)regs->orig_ax < 0)
		text_printf(text, "-1 0x%lx 0x%lx\n", regs->sp, regs->ip);
	else
		text_printf(text, "%ld 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx\n",
			    (long)regs->orig_ax, regs->di, regs->si, regs->dx, regs->r10, regs->r8,
			    regs->r9, regs->sp, regs->ip);
}

SHOW(show_syscall)
{
	struct task *task = thread_of(target);
	struct sleep sleep = { .regs = { .orig_ax = NO_SYSCALL } };

	if (task == current_task())
		show_call(text, task_regs(task));
	else if (!task || task_asleep(task, look_at_sleeper, &sleep))
		show_call(text, &sleep.regs);
	else
		text_printf(text, "running\n");
	if (task)
		task_put(task);
	return 0;
}
