/*
 * Address spaces, as the system uses them.
 *
 * Lifetime: mm_users counts tasks and others who use it; the last mmput() makes every CPU let go
 * of it, unmaps all and frees every page and every table. mm_count counts who keeps the structure
 * alone, all users together as one: who may need the memory later, and does not mind if it is gone
 * by then. The last mmdrop() frees the structure.
 *
 * User addresses, lengths and flags in these calls are unchecked values from programs; results are
 * a value or -errno as Linux gives it. All of them may sleep and take mmap_lock themselves.
 */
#pragma once
#include "kernel/base/rwsem.h"
#include "kernel/base/cpumask.h"
#include "mm/vma.h"

enum mm_counter { MM_FILEPAGES, MM_ANONPAGES, MM_SHMEMPAGES, NR_MM_COUNTERS };

/*
 * Resource limits of its process, in bytes; ~0: none. Written under tasks_lock,
 * read with READ_ONCE.
 */
struct mm_limits {
	unsigned long as;		/* all mappings */
	unsigned long data, data_max;	/* private writable memory: the soft limit, the hard one */
	unsigned long stack;		/* the most a stack may grow to */
	unsigned long memlock;		/* what may be locked; none for a
					 * program with CAP_IPC_LOCK */
	bool admin;			/* may use what overcommit keeps for CAP_SYS_ADMIN */
};

/* mm/mmap_lock.h takes and gives it. */
struct mmap_lock {
	struct rwsem sem;	/* between writers; first, and their name for the lock checker */
	bool writer;		/* one is there, or waits for the last reader; written under sem */
	struct wait_queue no_readers;
};

/*
 * What every fault writes: each CPU has a cache line of its own, which the others seldom look at.
 */
struct mm_cpu {
	atomic_t readers;	/* of mmap_lock: came minus left, on this CPU */
	long rss[NR_MM_COUNTERS];	/* pages mapped minus unmapped; only this CPU changes it */
	unsigned long unmapped;		/* pages that it unmapped since it looked at hiwater_rss */
} __cacheline_aligned;

#define MM_AUXV_WORDS	(2 * 20)

struct mm_struct {
	/*
	 * The root word: physical address of the top table | number of levels (3, 4, 5). Read once
	 * with READ_ONCE; written only by mm_unfold() under the mmap lock held for writing.
	 */
	unsigned long root;
	cpumask_t cpumask;		/* CPUs whose loaded root reaches
					 * these tables, lazily or not */

	struct vma_tree vmas;		/* changed under mmap_lock held for writing */
	unsigned long id;		/* no other address space ever has it */
	unsigned int map_count;
	unsigned long total_vm;		/* pages of all mappings */
	unsigned long data_vm;		/* pages of private writable ones, the stack left out */
	unsigned long exec_vm;		/* pages of programs: executable and not writable */
	unsigned long stack_vm;		/* pages of what grows downward */
	unsigned long hiwater_vm;	/* the most that total_vm ever was */
	unsigned long locked_vm;	/* pages of those with VM_LOCKED */
	unsigned long def_flags;	/* mlockall: VM_LOCKED_MASK of mappings to come */
	unsigned int mdwe;		/* PR_MDWE_...; see mm_set_mdwe() */

	struct mmap_lock mmap_lock;

	/* Apart from what every fault reads. */
	spinlock_t page_table_lock __cacheline_aligned;	/* entries above the pte level */
	atomic_long_t table_frames;	/* frames used as page tables, the top one included */
	unsigned long hiwater_rss;	/* the most pages that were seen mapped;
					 * see mm_rss_goes() */

	unsigned long start_brk, brk;
	unsigned long start_code, end_code, start_data, end_data;
	unsigned long start_stack;	/* its upper end; for a program: where
					 * its stack pointer began */
	unsigned long arg_start, arg_end, env_start, env_end;
	unsigned long auxv[MM_AUXV_WORDS];	/* as the program was given it, AT_NULL and all */
	unsigned long mmap_base;	/* unhinted mappings go downward from here */
	struct mm_limits limits;

	unsigned long summed;		/* who adds up all address spaces has
					 * seen it; under a lock of the kernel's */
	struct file *exe_file;		/* the program, with an exe_file_get(); NULL: none */
	atomic_t mm_users, mm_count;

	struct mm_cpu cpu[NR_CPUS];
};

/* Pages mapped, of one kind. Exact while nobody maps or unmaps, and never negative. */
unsigned long mm_rss(const struct mm_struct *mm, enum mm_counter counter);
/* The kernel is not preemptive: between finding the CPU and the addition nobody else runs here. */
static inline void mm_rss_add(struct mm_struct *mm, enum mm_counter counter, long pages)
{
	mm->cpu[this_cpu()].rss[counter] += pages;
}
/*
 * The most pages of all kinds that were ever mapped. A peak that was over before anybody looked
 * may have been higher by RSS_BATCH pages for each CPU.
 */
unsigned long mm_hiwater_rss(const struct mm_struct *mm);
/* From now on: the most from here on. */
void mm_reset_hiwater_rss(struct mm_struct *mm);
/* Pages are about to be subtracted, so that the time before may have been the peak. */
void mm_rss_goes(struct mm_struct *mm, unsigned long pages);

/* ---- lifetime ---- */

/* Depth of new address spaces: 3, or what the boot option levels= says. */
unsigned int mm_initial_levels(void);
/* An empty address space with one user and that many levels (<= hw_levels()); NULL: no memory. */
struct mm_struct *mm_alloc(unsigned int levels);
static inline void mmget(struct mm_struct *mm) { atomic_inc(&mm->mm_users); }
/* For who only keeps the structure: becomes a user, unless the last one has gone. */
bool mmget_not_zero(struct mm_struct *mm);
/* The last one frees all memory: may sleep; no lock held, interrupts on. */
void mmput(struct mm_struct *mm);
/* Any context. */
static inline void mmgrab(struct mm_struct *mm) { atomic_inc(&mm->mm_count); }
/* May not be called with a lock held that kmem_cache_free() takes. */
void mmdrop(struct mm_struct *mm);
/* A copy of the caller's address space for fork: pages shared until written. ERR_PTR(-ENOMEM). */
struct mm_struct *mm_fork(struct mm_struct *parent);

/* ---- running it (mm/context.c) ---- */

/*
 * The scheduler switches this CPU to next; NULL is a kernel thread, which keeps what is
 * loaded, lazily. Interrupts off.
 */
void switch_mm(struct mm_struct *next);
/*
 * Gives the tree that many levels (not fewer than it has, not more than the hardware has).
 * mmap_lock held for writing. When it returns, every CPU that runs mm has the new root. 0 or
 * -ENOMEM (then nothing changed).
 */
int mm_unfold(struct mm_struct *mm, unsigned int levels);

/* ---- the calls ---- */

/*
 * source NULL, or its mapping: anonymous. pgoff is in pages. Takes the references that the mapping
 * needs. -EACCES, -EPERM where source may not be written to; otherwise as mmap(2).
 */
long mm_mmap(struct mm_struct *mm, unsigned long addr, unsigned long len, int prot, int flags,
	     const struct mmap_source *source, unsigned long pgoff);
long mm_munmap(struct mm_struct *mm, unsigned long addr, unsigned long len);
long mm_mprotect(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long prot);
/* Returns the break after the call, moved or not, as the system call does. */
long mm_brk(struct mm_struct *mm, unsigned long brk);
long mm_msync(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags);
long mm_madvise(struct mm_struct *mm, unsigned long addr, unsigned long len, int advice);
/* flags: MLOCK_ONFAULT; mm_mlockall: MCL_*, 0 to unlock all. */
long mm_mlock(struct mm_struct *mm, unsigned long addr, unsigned long len, int flags);
long mm_munlock(struct mm_struct *mm, unsigned long addr, unsigned long len);
long mm_mlockall(struct mm_struct *mm, int flags);
/* Pages that are there and locked. Takes mmap_lock; looks at every entry. */
unsigned long mm_mlocked_pages(struct mm_struct *mm);

/*
 * PR_SET_MDWE: from now on no mapping is writable and executable, and none becomes executable.
 * It cannot be changed: -EPERM. Takes mmap_lock.
 */
int mm_set_mdwe(struct mm_struct *mm, unsigned int mdwe);
/* fork and exec: what a new address space has of that one's (NULL: a thread's of the kernel). */
unsigned int mm_inherited_mdwe(const struct mm_struct *mm);
/* Is a mapping not to have these flags, which has those now? mmap_lock held. */
bool map_deny_write_exec(const struct mm_struct *mm, unsigned long now, unsigned long flags);

/*
 * Random words that exec hands down, for the parts of a layout that move; 0 leaves one where it
 * always is. Each is cut to what the reach of the tree has room for.
 */
struct mm_random { unsigned long stack, mmap, image, brk; };
/*
 * exec: chooses mmap_base, by mm->limits.stack; creates the stack mapping, and says where it ends.
 */
int mm_setup_stack(struct mm_struct *mm, const struct mm_random *random, unsigned long *top);
/* exec: the break starts behind `start`. */
void mm_setup_brk(struct mm_struct *mm, unsigned long start, unsigned long random);
/* Bytes, a multiple of a page, by which mappings of a program in mm may be moved. */
unsigned long mm_random_offset(const struct mm_struct *mm, unsigned long random);
/*
 * Copies between the kernel and mm, which need not be loaded (exec fills the new stack so):
 * faults pages in as the program's own access would. Returns the number of bytes copied, short
 * where one is not allowed.
 */
size_t mm_access(struct mm_struct *mm, unsigned long addr, void *buf, size_t len, bool write);

/* The same with FOLL_ flags (mm/gup.h). */
size_t access_remote_vm(struct mm_struct *mm, unsigned long addr, void *buf, size_t len,
			unsigned int foll);

/*
 * Forgets that pages were used (all, anonymous ones, those of files and shared memory), or what
 * was written to: /proc/PID/clear_refs, with Linux's numbers. Takes mmap_lock; may sleep.
 */
enum {
	CLEAR_REFS_ALL = 1, CLEAR_REFS_ANON, CLEAR_REFS_MAPPED, CLEAR_REFS_SOFT_DIRTY,
	CLEAR_REFS_MM_HIWATER_RSS
};
void mm_clear_refs(struct mm_struct *mm, int what);

/* Build option: CPUs learn of an unfolding when they fault, not by IPI. */
#ifdef CONFIG_UNFOLD_LAZY
#define UNFOLD_LAZY 1
#else
#define UNFOLD_LAZY 0
#endif

/* ---- layout ---- */

/* Nothing is mapped below without MAP_FIXED: hints are moved up. What vm.mmap_min_addr says. */
#define MMAP_MIN_ADDR	65536ul

/* End of the user addresses that a tree of that many levels reaches: 2^39, 2^47 or 2^56 bytes. */
static inline unsigned long levels_reach(unsigned int levels)
{
	return levels == 3 ? 1ul << 39 : levels == 4 ? 1ul << 47 : 1ul << 56;
}
/*
 * The highest address that the hardware lets a program map: the last page below
 * 2^47 and 2^56 is not.
 */
extern unsigned long user_end;	/* set by mm_init() */
static inline unsigned long task_size_max(void) { return user_end; }
/* Are all of these n bytes user addresses? Whether anything is there is another question. */
static inline bool access_ok(const void *addr, size_t n)
{
	return n <= task_size_max() && (unsigned long)addr <= task_size_max() - n;
}

static inline unsigned int mm_levels(const struct mm_struct *mm)
{
	return READ_ONCE(mm->root) & 7;
}

void mm_init(void);
