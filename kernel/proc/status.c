/* /proc/PID/status: a process or thread in words, one a line, in Linux's order. */
#include "kernel/proc/look.h"

/* As in Linux: the rights that there are, and those that go with the user for files. */
#define CAP_LAST_CAP	    40
#define CAP_FULL_SET	    ((2ull << CAP_LAST_CAP) - 1)
#define CAP_CHOWN	    0
#define CAP_DAC_OVERRIDE    1
#define CAP_DAC_READ_SEARCH 2
#define CAP_FOWNER	    3
#define CAP_FSETID	    4
#define CAP_LINUX_IMMUTABLE 9
#define CAP_MKNOD	    27
#define CAP_MAC_OVERRIDE    32
#define CAP_FS_SET \
	(BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_FOWNER) | \
	 BIT(CAP_FSETID) | BIT(CAP_LINUX_IMMUTABLE) | BIT(CAP_MKNOD) | BIT(CAP_MAC_OVERRIDE))

static unsigned long kb(unsigned long pages) { return pages << (PAGE_SHIFT - 10); }

/* A name can hold anything; the line is one line. */
static void show_name(struct text *text, const char *name)
{
	text_printf(text, "Name:\t");
	for (; *name; name++) {
		if (*name == '\n')
			text_put(text, "\\n", 2);
		else if (*name == '\\')
			text_put(text, "\\\\", 2);
		else
			text_put(text, name, 1);
	}
	text_put(text, "\n", 1);
}

static const char *state_name(enum look_state state)
{
	switch (state) {
	case RUNNING: return "running";
	case SLEEPING: return "sleeping";
	case WAITING: return "disk sleep";
	case STOPPED: return "stopped";
	default: return "zombie";
	}
}

static void show_users(struct text *text, const struct look *look)
{
	const struct ids *u = &look->cred.uid, *g = &look->cred.gid;

	text_printf(text, "Uid:\t%u\t%u\t%u\t%u\n", u->real, u->effective, u->saved, u->fs);
	text_printf(text, "Gid:\t%u\t%u\t%u\t%u\n", g->real, g->effective, g->saved, g->fs);
	text_printf(text, "FDSize:\t%u\nGroups:\t", look->fds);
	for (unsigned int i = 0; i < look->cred.ngroups; i++)
		text_printf(text, "%u ", look->cred.groups[i]);
	text_printf(text, look->cred.ngroups ? "\n" : " \n");
}

/*
 * Nobody balances memory between nodes (Ngid), traces (TracerPid), or has numbers in another name
 * space (NS...).
 */
static void show_identity(struct text *text, const struct look *look)
{
	show_name(text, look->thread.comm);
	if (look->umask >= 0)
		text_printf(text, "Umask:\t%#04o\n", (unsigned int)look->umask);
	text_printf(text,
		    "State:\t%c (%s)\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t0\n",
		    look->state, state_name(look->state), look->pid, look->tid, look->ppid);
	show_users(text, look);
	text_printf(text, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\nKthread:\t0\n",
		    look->pid, look->tid, look->pgid, look->sid);
}

/* ---- memory ---- */

static void show_line(struct text *text, const char *name, unsigned long pages)
{
	text_printf(text, "%s:\t%8lu kB\n", name, kb(pages));
}

/* VmPin is what drivers would have charged; there is no swap, nor are there large pages. */
static void show_memory(struct text *text, struct mm_struct *mm)
{
	unsigned long anon = mm_rss(mm, MM_ANONPAGES), file = mm_rss(mm, MM_FILEPAGES),
		      shmem = mm_rss(mm, MM_SHMEMPAGES), exe = min(text_pages(mm), mm->exec_vm);

	show_line(text, "VmPeak", mm->hiwater_vm);
	show_line(text, "VmSize", mm->total_vm);
	show_line(text, "VmLck", mm->locked_vm);
	show_line(text, "VmPin", 0);
	show_line(text, "VmHWM", mm_hiwater_rss(mm));
	show_line(text, "VmRSS", anon + file + shmem);
	show_line(text, "RssAnon", anon);
	show_line(text, "RssFile", file);
	show_line(text, "RssShmem", shmem);
	show_line(text, "VmData", mm->data_vm);
	show_line(text, "VmStk", mm->stack_vm);
	show_line(text, "VmExe", exe);
	show_line(text, "VmLib", mm->exec_vm - exe);
	show_line(text, "VmPTE", (unsigned long)atomic_long_read(&mm->table_frames));
	show_line(text, "VmSwap", 0);
	show_line(text, "HugetlbPages", 0);
	text_printf(text, "CoreDumping:\t0\nTHP_enabled:\t0\nuntag_mask:\t0x%lx\n", ~0ul);
}

/* ---- signals and rights ---- */

static void show_set(struct text *text, const char *name, u64 set)
{
	text_printf(text, "%s:\t%016llx\n", name, (unsigned long long)set);
}

static void show_signals(struct text *text, const struct look *look)
{
	text_printf(text, "Threads:\t%u\nSigQ:\t%llu/%llu\n", look->threads,
		    (unsigned long long)look->queued,
		    (unsigned long long)look->rlimits[RLIMIT_SIGPENDING].rlim_cur);
	show_set(text, "SigPnd", look->pending);
	show_set(text, "ShdPnd", look->shared_pending);
	show_set(text, "SigBlk", look->thread.blocked);
	show_set(text, "SigIgn", look->ignored);
	show_set(text, "SigCgt", look->caught);
}

/* Those for files come and go with the user for files. */
static u64 effective(const struct ids *uid)
{
	u64 set = uid->effective ? 0 : CAP_FULL_SET & ~CAP_FS_SET;

	return uid->fs ? set : set | CAP_FS_SET;
}

/*
 * Rights are the user's: as Linux does without files that have any, root has all of them, and
 * keeps them while it can become root again.
 */
static void show_capabilities(struct text *text, const struct ids *uid)
{
	bool permitted = !uid->real || !uid->effective || !uid->saved;

	show_set(text, "CapInh", 0);
	show_set(text, "CapPrm", permitted ? CAP_FULL_SET : 0);
	show_set(text, "CapEff", permitted ? effective(uid) : 0);
	show_set(text, "CapBnd", CAP_FULL_SET);
	show_set(text, "CapAmb", 0);
}

/*
 * There are no filters of calls. Of speculation the kernel knows nothing, and
 * prctl(PR_GET_SPECULATION_CTRL) says so: Linux's words for such a machine.
 */
static void show_restrictions(struct text *text, const struct look *look)
{
	text_printf(text, "NoNewPrivs:\t%d\nSeccomp:\t0\nSeccomp_filters:\t0\n",
		    look->no_new_privs);
	text_printf(
		text,
		"Speculation_Store_Bypass:\tunknown\nSpeculationIndirectBranch:\tunsupported\n");
}

/* ---- where it runs ---- */

/*
 * As Linux prints a set of as many as there can be: 32 to a word, the first word as wide as need
 * be.
 */
static void show_mask(struct text *text, u64 mask, unsigned int bits)
{
	for (unsigned int word = (bits + 31) / 32; word--; bits = word * 32) {
		int digits = (int)(bits - word * 32 + 3) / 4;

		text_printf(text, "%0*x%s", digits, (u32)(mask >> word * 32), word ? "," : "\n");
	}
}

static void show_list(struct text *text, u64 mask)
{
	const char *comma = "";

	for (unsigned int first = 0, last; first < 64 && mask >> first; first = last + 1) {
		first += (unsigned int)__builtin_ctzll(mask >> first);
		for (last = first; last < 63 && mask >> (last + 1) & 1; last++)
			;
		text_printf(text, last > first ? "%s%u-%u" : "%s%u", comma, first, last);
		comma = ",";
	}
	text_put(text, "\n", 1);
}

static void show_cpus(struct text *text, const struct look *look)
{
	cpumask_t all = cpus_online(), allowed = look->thread.affinity & all;

	text_printf(text, "Cpus_allowed:\t");
	show_mask(text, allowed, 64 - (unsigned int)__builtin_clzll(all));
	text_printf(text, "Cpus_allowed_list:\t");
	show_list(text, allowed);
	text_printf(text, "Mems_allowed:\t1\nMems_allowed_list:\t0\n");
}

SHOW(show_status)
{
	struct mm_struct *mm;
	struct look look;
	int ret = look_at(&look, target);

	if (ret)
		return ret;
	show_identity(text, &look);
	mm = proc_mm(target->process);
	if (mm) {
		show_memory(text, mm);
		mmput(mm);
	}
	show_signals(text, &look);
	show_capabilities(text, &look.cred.uid);
	show_restrictions(text, &look);
	show_cpus(text, &look);
	text_printf(text, "voluntary_ctxt_switches:\t%llu\nnonvoluntary_ctxt_switches:\t%llu\n",
		    (unsigned long long)look.thread.nvcsw, (unsigned long long)look.thread.nivcsw);
	return 0;
}
