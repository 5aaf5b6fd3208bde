/*
 * The stack that a program starts with, from the top downward: its path, the strings of the
 * environment and of the arguments, 16 random bytes; then the auxiliary vector, the two lists of
 * pointers, argc. It is written through a page of ours, from high to low, before the new address
 * space runs anywhere.
 */
#include "kernel/base/string.h"
#include "kernel/dev/random.h"
#include "kernel/exec/exec.h"
#include "kernel/process/task.h"
#include "kernel/uapi/auxvec.h"
#include "kernel/uapi/errno.h"
#include "mm/mmap_lock.h"
#include "mm/overcommit.h"
#include "mm/slab.h"

#define MAX_STRING	(32 * PAGE_SIZE)	/* one argument with its NUL, as on Linux */
#define MIN_TOTAL	(128 * 1024ul)		/* for all, where the stack may be as large */
#define MAX_TOTAL	(6ul << 20)

struct stack_writer {
	struct mm_struct *mm;
	unsigned long sp;		/* what is above is written */
	unsigned long limit;		/* sp stays above */
	unsigned long page_addr;	/* which page `page` is; sp is in it or at its end */
	char *page;
	char *chunk;			/* for strings on their way: a page */
};

/* ---- writing downward ---- */

/* The stack mapping starts smaller than the largest list of arguments. */
static int grow_to(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma;
	int ret = 0;

	mmap_write_lock(mm);
	vma = vma_find(mm, addr);
	if (!vma || vma->vm_end != mm->start_stack) {
		ret = -ENOMEM;
	} else if (addr < vma->vm_start) {
		ret = vm_enough_memory(mm, (vma->vm_start - addr) >> PAGE_SHIFT);
		if (!ret)
			vma_set_bounds(vma, addr, vma->vm_end);
	}
	mmap_write_unlock(mm);
	return ret;
}

/* Puts what the page holds, from sp on, where it belongs. */
static int flush_page(struct stack_writer *w)
{
	size_t offset = w->sp - w->page_addr, n = PAGE_SIZE - offset;
	int ret = grow_to(w->mm, w->page_addr);

	if (ret)
		return ret;
	return mm_access(w->mm, w->sp, w->page + offset, n, true) == n ? 0 : -ENOMEM;
}

static int push(struct stack_writer *w, const void *data, size_t len)
{
	if (len > w->sp - w->limit)
		return -E2BIG;
	while (len) {
		size_t n = min(len, w->sp - w->page_addr);

		if (!n) {
			int ret = flush_page(w);

			if (ret)
				return ret;
			w->page_addr -= PAGE_SIZE;
			continue;
		}
		w->sp -= n;
		len -= n;
		memcpy(w->page + (w->sp - w->page_addr), (const char *)data + len, n);
	}
	return 0;
}

static int push_word(struct stack_writer *w, u64 word) { return push(w, &word, sizeof(word)); }

/* ---- strings ---- */

/* The length of a string of the caller's that is longer than a page, its NUL included. */
static long long_string_length(struct stack_writer *w, const char *src)
{
	size_t len = 0;
	long n;

	while ((n = strncpy_from_user(w->chunk, src + len, PAGE_SIZE)) == -ENAMETOOLONG) {
		len += PAGE_SIZE;
		if (len >= MAX_STRING)
			return -E2BIG;
	}
	return n < 0 ? n : (long)len + n + 1;
}

/*
 * Piece by piece from its end. Another thread may write to it meanwhile: it still ends with a NUL.
 */
static int push_long_string(struct stack_writer *w, const char *src)
{
	long len = long_string_length(w, src);
	int ret = len < 0 ? (int)len : push(w, "", 1);

	if (ret)
		return ret;
	for (len--; len && !ret;) {
		size_t n = min((size_t)len, PAGE_SIZE);

		len -= (long)n;
		if (copy_from_user(w->chunk, src + len, n))
			return -EFAULT;
		ret = push(w, w->chunk, n);
	}
	return ret;
}

static int push_string(struct stack_writer *w, const char *src, bool user)
{
	long len;

	if (!user)
		return push(w, src, strlen(src) + 1);
	len = strncpy_from_user(w->chunk, src, PAGE_SIZE);
	if (len == -ENAMETOOLONG)
		return push_long_string(w, src);
	return len < 0 ? (int)len : push(w, w->chunk, (size_t)len + 1);
}

/* ---- lists ---- */

/* Pointer number i of a list; -EFAULT. */
static int list_get(const struct string_list *list, size_t i, u64 *pointer)
{
	const u64 *at = (const u64 *)list->pointers + i;

	if (list->user)
		return copy_from_user(pointer, at, sizeof(*pointer)) ? -EFAULT : 0;
	*pointer = *at;
	return 0;
}

/* How many strings there are; -E2BIG: more than fit on any stack. */
static long list_count(const struct string_list *list)
{
	u64 pointer;

	if (!list->pointers)
		return 0;
	for (long n = 0; n < (long)(MAX_TOTAL / sizeof(u64)); n++) {
		int ret = list_get(list, (size_t)n, &pointer);

		if (ret)
			return ret;
		if (!pointer)
			return n;
		if (fatal_signal_pending())
			return -EINTR;
	}
	return -E2BIG;
}

/*
 * Copies the strings from number `first` on, the last one first; where each came to lie goes into
 * addrs.
 */
static int push_strings(struct stack_writer *w, const struct string_list *list, long first, long n,
			u64 *addrs)
{
	int ret = 0;

	while (!ret && n-- > first) {
		u64 pointer;

		ret = list_get(list, (size_t)n, &pointer);
		/* Another thread may have cut the list short. */
		if (!ret)
			ret = push_string(w, (const char *)pointer, list->user);
		addrs[n] = w->sp;
	}
	return ret;
}

/*
 * The arguments; a script's first one is replaced by its interpreter, that one's
 * argument, its path.
 */
static int push_arguments(struct stack_writer *w, const struct exec *exec,
			  const struct string_list *argv, long argc, u64 *addrs)
{
	unsigned int n = exec->nr_script_words;
	long first = n ? 1 : 0;
	int ret = push_strings(w, argv, first, argc, addrs + (n ? n - 1 : 0));

	for (unsigned int i = 0; !ret && i < n; i++) {
		ret = push_string(w, exec->script_words[i], false);
		addrs[n - 1 - i] = w->sp;
	}
	return ret;
}

/* ---- the whole ---- */

struct auxv { u64 type, value; };

static int push_auxv(struct stack_writer *w, const struct exec *exec, u64 random, u64 execfn)
{
	const struct ids uid = exec->uid, gid = exec->gid;
	const struct auxv auxv[] = {
		{ AT_MINSIGSTKSZ, thread_signal_frame_size() },
		{ AT_HWCAP, thread_hwcap() },
		{ AT_PAGESZ, PAGE_SIZE },
		{ AT_CLKTCK, 100 },
		{ AT_PHDR, exec->phdr_addr },
		{ AT_PHENT, sizeof(struct elf64_phdr) },
		{ AT_PHNUM, exec->phnum },
		{ AT_BASE, exec->interpreter_base },
		{ AT_FLAGS, 0 },
		{ AT_ENTRY, exec->program_entry },
		{ AT_UID, uid.real },
		{ AT_EUID, uid.effective },
		{ AT_GID, gid.real },
		{ AT_EGID, gid.effective },
		{ AT_SECURE, exec_is_setid(exec) },
		{ AT_RANDOM, random },
		{ AT_EXECFN, execfn },
		{ AT_PLATFORM, random + 16 },
		{ AT_NULL, 0 },
	};

	_Static_assert(sizeof(auxv) <= sizeof(exec->mm->auxv), "MM_AUXV_WORDS");
	memcpy(exec->mm->auxv, auxv, sizeof(auxv));
	return push(w, auxv, sizeof(auxv));
}

#define AUXV_WORDS	(2 * 19)

/* The platform's name and, below it, the random bytes. */
static int push_constants(struct stack_writer *w)
{
	u8 random[16];
	int ret = push(w, "x86_64", 7);

	random_bytes(random, sizeof(random));
	return ret ? ret : push(w, random, sizeof(random));
}

/* From the strings down to argc; the stack pointer at entry is a multiple of 16. */
static int push_vectors(struct stack_writer *w, const struct exec *exec, const u64 *addrs,
			long argc, long envc, u64 execfn)
{
	unsigned long words = AUXV_WORDS + (unsigned long)(argc + envc) + 3;
	static const char pad[16];
	u64 random;
	int ret = push_constants(w);

	random = w->sp;
	if (!ret)
		ret = push(w, pad, (w->sp - words * sizeof(u64)) % 16);
	if (!ret)
		ret = push_auxv(w, exec, random, execfn);
	if (!ret)
		ret = push_word(w, 0);
	if (!ret)
		ret = push(w, addrs + argc, (size_t)envc * sizeof(u64));
	if (!ret)
		ret = push_word(w, 0);
	if (!ret)
		ret = push(w, addrs, (size_t)argc * sizeof(u64));
	return ret ? ret : push_word(w, (u64)argc);
}

static int write_stack(struct stack_writer *w, struct exec *exec, const struct string_list *argv,
		       const struct string_list *envp, u64 *addrs, long argc, long envc)
{
	struct mm_struct *mm = w->mm;
	long words = argc + (exec->nr_script_words ? exec->nr_script_words - 1 : 0);
	u64 execfn;
	int ret = push_word(w, 0);

	if (!ret)
		ret = push(w, exec->path, strlen(exec->path) + 1);
	execfn = w->sp;
	mm->env_end = w->sp;
	if (!ret)
		ret = push_strings(w, envp, 0, envc, addrs + words);
	mm->env_start = mm->arg_end = w->sp;
	if (!ret)
		ret = push_arguments(w, exec, argv, argc, addrs);
	mm->arg_start = w->sp;
	if (!ret)
		ret = push_vectors(w, exec, addrs, words, envc, execfn);
	return ret ? ret : flush_page(w);
}

/* A quarter of the stack, or 128 KiB if that is more; but never more than the stack itself. */
static unsigned long total_limit(void)
{
	u64 stack = max(READ_ONCE(current_process()->rlimits[RLIMIT_STACK].rlim_cur), PAGE_SIZE);
	u64 total = min(stack / 4, MAX_TOTAL);

	total = max(total, MIN_TOTAL);
	return min(total, stack);
}

int exec_stack(struct exec *exec, const struct string_list *argv, const struct string_list *envp)
{
	struct stack_writer w = {
		.mm = exec->mm,
		.sp = exec->stack_top,
		.limit = exec->stack_top - total_limit(),
		.page_addr = exec->stack_top - PAGE_SIZE,
	};
	/* Without arguments a program has an empty name, as on Linux. */
	static const char *const no_name[] = { "", NULL };
	const struct string_list nameless = { .pointers = no_name };
	long argc = list_count(argv), envc = list_count(envp);
	size_t size;
	u64 *addrs;
	int ret;

	if (argc < 0 || envc < 0)
		return (int)(argc < 0 ? argc : envc);
	if (!argc) {
		argv = &nameless;
		argc = 1;
	}
	size = (size_t)(argc + envc + exec->nr_script_words) * sizeof(u64);
	if (size > total_limit())
		return -E2BIG;
	addrs = buffer_alloc(size);
	w.page = kzalloc(PAGE_SIZE, GFP_KERNEL);
	w.chunk = kmalloc(PAGE_SIZE, GFP_KERNEL);
	ret = addrs && w.page && w.chunk ? write_stack(&w, exec, argv, envp, addrs, argc, envc)
					 : -ENOMEM;
	kfree(w.chunk);
	kfree(w.page);
	if (addrs)
		buffer_free(addrs, size);
	exec->mm->start_stack = exec->sp = w.sp;
	return ret;
}
