/* vmmap: see debug.h. The twin of tools/gdb/pleat/space.py. */
#include "kernel/debug/debug.h"
#include "kernel/base/string.h"
#include "kernel/fs/fs.h"
#include "kernel/panic.h"
#include "kernel/uapi/errno.h"
#include "mm/pgtable.h"

#define NAME_WIDTH 24
#define LETTERS	   3 /* of an entry: P or N, W, X; the rest changes while one looks */

/* ---- names ---- */

static void file_name(const struct vm_area_struct *vma, char *buf, size_t size)
{
	char path[PATH_MAX / 32];
	const char *found = ERR_PTR(-ENOENT);

	if (vma->vm_file && vma->vm_file->dentry)
		found = d_path(vma->vm_file->dentry, path, sizeof(path));
	if (IS_ERR(found))
		found = "file";
	if (vma->vm_pgoff)
		scnprintf(buf, size, "%s +%lx", found, vma->vm_pgoff << PAGE_SHIFT);
	else
		scnprintf(buf, size, "%s", found);
}

void debug_vma_name(const struct vm_area_struct *vma, char *buf, size_t size)
{
	const struct mm_struct *mm = vma->vm_mm;

	if (vma->vm_file)
		file_name(vma, buf, size);
	else if (vma->mapping)
		scnprintf(buf, size, "shared");
	else if (vma->vm_flags & VM_GROWSDOWN)
		scnprintf(buf, size, "stack");
	else if (vma->vm_start < mm->brk && vma->vm_end > mm->start_brk)
		scnprintf(buf, size, "heap");
	else
		scnprintf(buf, size, "anonymous");
}

/* ---- runs of present pages that look alike ---- */

struct run {
	unsigned long start, end;
	char letters[LETTERS + 1];
	const char *kind;
};

static void look_at(u64 entry, struct run *run)
{
	char letters[ENTRY_LETTERS];

	debug_entry_letters(entry, letters);
	run->letters[0] = letters[0];
	run->letters[1] = letters[1];
	run->letters[2] = letters[3];
	run->letters[3] = '\0';
	run->kind = debug_frame_kind(entry, entry_pfn(entry));
}

/* The next present page in [addr, end), as a run of one page; false: none is there. */
static bool next_page(const struct mm_struct *mm, unsigned long addr, unsigned long end,
		      struct run *run)
{
	while (addr < end) {
		struct table_walk w = table_walk(mm_fold(mm), addr);

		if (!w.lowest)
			return false;
		if (w.lowest == 1 && entry_present(w.entry[1])) {
			run->start = addr;
			run->end = addr + PAGE_SIZE;
			look_at(w.entry[1], run);
			return true;
		}
		addr = level_addr_end(w.lowest, addr, end);
	}
	return false;
}

static bool continues(const struct run *run, const struct run *page)
{
	return page->start == run->end && !strcmp(page->letters, run->letters) &&
	       page->kind == run->kind;
}

/* The first run in [addr, end). */
static bool next_run(const struct mm_struct *mm, unsigned long addr, unsigned long end,
		     struct run *run)
{
	struct run page;

	if (!next_page(mm, addr, end, run))
		return false;
	while (next_page(mm, run->end, end, &page) && continues(run, &page))
		run->end = page.end;
	return true;
}

/* ---- lines ---- */

static void print_run(const struct run *run, int digits)
{
	printk(" | %0*lx-%0*lx %7lu %s %s\n", digits, run->start, digits, run->end,
	       (run->end - run->start) >> PAGE_SHIFT, run->letters, run->kind);
}

/* Returns how many of its pages are present. */
static unsigned long print_vma(const struct vm_area_struct *vma, int digits)
{
	const struct mm_struct *mm = vma->vm_mm;
	unsigned long present = 0;
	char name[PATH_MAX / 32];
	struct run run = { .end = vma->vm_start };

	debug_vma_name(vma, name, sizeof(name));
	printk("%0*lx-%0*lx %c%c%c%c %-*s", digits, vma->vm_start, digits, vma->vm_end,
	       vma->vm_flags & VM_READ ? 'r' : '-', vma->vm_flags & VM_WRITE ? 'w' : '-',
	       vma->vm_flags & VM_EXEC ? 'x' : '-', vma->vm_flags & VM_SHARED ? 's' : 'p',
	       NAME_WIDTH, name);
	if (!next_run(mm, vma->vm_start, vma->vm_end, &run)) {
		printk(" | -\n");
		return 0;
	}
	do {
		if (present)
			printk("%*s", 2 * digits + 7 + NAME_WIDTH, "");
		print_run(&run, digits);
		present += (run.end - run.start) >> PAGE_SHIFT;
	} while (next_run(mm, run.end, vma->vm_end, &run));
	return present;
}

void debug_vmmap(const struct debug_space *space)
{
	const struct mm_struct *mm = space->mm;
	unsigned int levels = mm_levels(mm);
	int digits = levels == 3 ? 10 : levels == 4 ? 12 : 14;
	unsigned long present = 0;

	printk("vmmap of process %d (%s): %u levels, root frame %lx\n", space->pid, space->comm,
	       levels, fold_table(mm_fold(mm)));
	printk("%-*s perm %-*s | %-*s   pages     kind\n", 2 * digits + 1, "mapping", NAME_WIDTH,
	       "", 2 * digits + 1, "present");
	for (const struct vm_area_struct *vma = vma_first(mm); vma; vma = vma_next(vma))
		present += print_vma(vma, digits);
	printk("%u mappings of %lu pages, %lu present; %ld frames of page tables\n", mm->map_count,
	       mm->total_vm, present, atomic_long_read(&mm->table_frames));
}

bool debug_space_of(const struct process *process, struct debug_space *space)
{
	struct task *task;

	TAILQ_FOREACH(task, &process->threads, thread_link) {
		space->mm = task->mm;
		space->pid = process->pid;
		memcpy(space->comm, task->comm, sizeof(space->comm));
		if (space->mm)
			return true;
	}
	return false;
}

void debug_panic_report(const unsigned long *fault)
{
	const struct task *task = current_task();
	struct debug_space space = { 0 };

	if (task && task->mm)
		debug_space_of(task->process, &space);
	if (fault)
		debug_pgwalk(&space, *fault);
	if (space.mm)
		debug_vmmap(&space);
}
