/* /proc/PID/stat and statm: a process or thread in numbers. */
#include "kernel/proc/look.h"
#include "kernel/time/time.h"
#include "kernel/uapi/auxvec.h"

#define TICKS(ns)     ((unsigned long long)(ns) / (NSEC_PER_SEC / 100)) /* AT_CLKTCK is 100 */
#define TTY_NUMBER    (4 << 8 | 64)					/* /dev/ttyS0 */

/* As in Linux; those of them that mean something here. */
#define PF_EXITING    0x00000004
#define PF_FORKNOEXEC 0x00000040
#define PF_RANDOMIZE  0x00400000

static unsigned int task_flags(const struct look *look)
{
	return (look->state == ZOMBIE ? PF_EXITING : 0) | (look->has_execed ? 0 : PF_FORKNOEXEC) |
	       (look->randomized ? PF_RANDOMIZE : 0);
}

/* From the number to the parent's doings; fields 1 to 17 of proc(5). */
static void show_family(struct text *text, const struct look *look)
{
	const u64 *own = look->uses.n, *children = look->children_uses.n;

	text_printf(text, "%d (%s) %c %d %d %d %d %d %u %llu %llu %llu %llu", look->tid,
		    look->thread.comm, look->state, look->ppid, look->pgid, look->sid,
		    look->tty_pgrp ? TTY_NUMBER : 0, look->tty_pgrp ? look->tty_pgrp : -1,
		    task_flags(look), (unsigned long long)own[USE_MINFLT],
		    (unsigned long long)children[USE_MINFLT], (unsigned long long)own[USE_MAJFLT],
		    (unsigned long long)children[USE_MAJFLT]);
	text_printf(text, " %llu %llu %llu %llu", TICKS(look->time.user), TICKS(look->time.system),
		    TICKS(look->children_time.user), TICKS(look->children_time.system));
}

static unsigned long rss(const struct mm_struct *mm)
{
	return mm_rss(mm, MM_ANONPAGES) + mm_rss(mm, MM_FILEPAGES) + mm_rss(mm, MM_SHMEMPAGES);
}

/* Fields 18 to 28: where things lie is told to those only who may look at the memory itself. */
static void show_size(struct text *text, const struct look *look, const struct mm_struct *mm)
{
	const bool told = mm && look->may_access;

	text_printf(text, " %d %d %u 0 %llu %lu %lu %llu", 20 + look->thread.nice,
		    look->thread.nice, look->threads, TICKS(look->start_ns),
		    mm ? mm->total_vm << PAGE_SHIFT : 0, mm ? rss(mm) : 0,
		    (unsigned long long)look->rlimits[RLIMIT_RSS].rlim_cur);
	text_printf(text, " %lu %lu %lu", told ? mm->start_code : !!mm, told ? mm->end_code : !!mm,
		    told ? mm->start_stack : 0);
}

static unsigned int old_set(u64 set) { return set & 0x7fffffff; }

/*
 * Fields 29 to 44. Registers are those of a process that dumps core; whether it sleeps stands for
 * where.
 */
static void show_schedule(struct text *text, const struct look *look)
{
	text_printf(text, " 0 0 %u %u %u %u", old_set(look->pending),
		    old_set(look->thread.blocked), old_set(look->ignored), old_set(look->caught));
	text_printf(text, " %d 0 0 %d %u 0 %u 0 0 0", look->may_access && look->state != RUNNING,
		    look->exit_signal, look->thread.cpu, look->thread.policy);
}

/* Fields 45 to 52. */
static void show_places(struct text *text, const struct look *look, const struct mm_struct *mm)
{
	if (mm && look->may_access)
		text_printf(text, " %lu %lu %lu %lu %lu %lu %lu", mm->start_data, mm->end_data,
			    mm->start_brk, mm->arg_start, mm->arg_end, mm->env_start, mm->env_end);
	else
		text_printf(text, " 0 0 0 0 0 0 0");
	text_printf(text, " %d\n", look->may_access ? look->exit_code : 0);
}

SHOW(show_pid_stat)
{
	struct mm_struct *mm;
	struct look look;
	int ret = look_at(&look, target);

	if (ret)
		return ret;
	mm = proc_mm(target->process);
	show_family(text, &look);
	show_size(text, &look, mm);
	show_schedule(text, &look);
	show_places(text, &look, mm);
	if (mm)
		mmput(mm);
	return 0;
}

SHOW(show_statm)
{
	struct mm_struct *mm = proc_mm(target->process);
	unsigned long file;

	if (!mm) {
		text_printf(text, "0 0 0 0 0 0 0\n");
		return 0;
	}
	file = mm_rss(mm, MM_FILEPAGES) + mm_rss(mm, MM_SHMEMPAGES);
	text_printf(text, "%lu %lu %lu %lu 0 %lu 0\n", mm->total_vm,
		    mm_rss(mm, MM_ANONPAGES) + file, file, text_pages(mm),
		    mm->data_vm + mm->stack_vm);
	mmput(mm);
	return 0;
}
