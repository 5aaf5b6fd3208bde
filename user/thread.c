/*
 * thread.c - creating and joining threads, and their thread-local data.
 *
 * Thread-local data has the layout of the x86-64 ELF ABI: fs points at the control block, whose
 * first word is its own address, and the program's PT_TLS image lies directly below it.
 */
#include "user/thread.h"

#include <string.h>
#include <sys/reent.h>

#include "kernel/uapi/elf.h"
#include "user/linux.h"
#include "user/start.h"

#define STACK_SIZE	(16 * PAGE_SIZE)
#define GUARD_SIZE	PAGE_SIZE

struct control_block {
	struct control_block *self;
	struct _reent *reent;		/* the C library's state: errno above all */
	struct _reent own_reent;	/* not used by the first thread: newlib has a global one */
};

static const struct elf64_phdr *tls_header(void)
{
	const struct elf64_phdr *phdr = (const void *)auxv_value(AT_PHDR);
	uint64_t count = auxv_value(AT_PHNUM);

	for (uint64_t i = 0; i < count; i++) {
		if (phdr[i].p_type == PT_TLS)
			return &phdr[i];
	}
	return NULL;
}

/* The bytes that the thread-local image takes below the control block. */
static size_t tls_size(void)
{
	const struct elf64_phdr *tls = tls_header();
	size_t align;

	if (!tls)
		return 0;
	align = tls->p_align ? tls->p_align : 1;
	return (tls->p_memsz + align - 1) & ~(align - 1);
}

/* The control block at the end of a zeroed mapping, with the initial image below it. */
static struct control_block *control_block_init(uintptr_t mapping_end)
{
	const struct elf64_phdr *tls = tls_header();
	uintptr_t address = (mapping_end - sizeof(struct control_block)) & ~63UL;
	struct control_block *block = (struct control_block *)address;

	block->self = block;
	if (tls)
		memcpy((char *)block - tls_size(), (const void *)tls->p_vaddr, tls->p_filesz);
	return block;
}

/* Room for control block and image, in whole pages. */
static size_t control_size(void)
{
	size_t size = sizeof(struct control_block) + 64 + tls_size();

	return (size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
}

static uintptr_t map_zeroed(size_t size)
{
	long result =
		sys_mmap(0, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return is_error(result) ? 0 : (uintptr_t)result;
}

void thread_init_main(void)
{
	size_t size = control_size();
	uintptr_t mapping = map_zeroed(size);
	struct control_block *block;

	if (!mapping)
		sys_exit_group(127);
	block = control_block_init(mapping + size);
	block->reent = _GLOBAL_REENT;
	if (is_error(sys_arch_prctl(ARCH_SET_FS, (uintptr_t)block)))
		sys_exit_group(127);
}

static struct control_block *control_block_self(void)
{
	struct control_block *block;

	__asm__("mov %%fs:0, %0" : "=r"(block));
	return block;
}

/* newlib's question: whose errno, whose buffers? */
struct _reent *__getreent(void)
{
	return control_block_self()->reent;
}

/* All threads print through the first one's stdin, stdout and stderr, which have locks. */
static void reent_init(struct control_block *block)
{
	struct _reent *main_reent = _GLOBAL_REENT;

	_REENT_INIT_PTR_ZEROED(&block->own_reent);
	block->own_reent._stdin = main_reent->_stdin;
	block->own_reent._stdout = main_reent->_stdout;
	block->own_reent._stderr = main_reent->_stderr;
	block->own_reent.__sdidinit = 1;
	block->reent = &block->own_reent;
}

static int thread_main(void *arg)
{
	struct thread *thread = arg;
	struct _reent *reent = __getreent();

	thread->result = thread->entry(thread->arg);
	reent->__sdidinit = 0;		/* the streams are not this thread's to close */
	_reclaim_reent(reent);
	return 0;
}

int thread_create(struct thread *thread, thread_entry *entry, void *arg)
{
	size_t size = GUARD_SIZE + STACK_SIZE + control_size();
	uintptr_t mapping = map_zeroed(size);
	struct control_block *block;
	long tid;

	if (!mapping)
		return -ENOMEM;
	*thread = (struct thread){ .entry = entry, .arg = arg, .mapping = mapping,
				   .mapping_size = size };
	sys_mprotect(mapping, GUARD_SIZE, PROT_NONE);
	block = control_block_init(mapping + size);
	reent_init(block);
	tid = clone_call(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
			 CLONE_SYSVSEM | CLONE_SETTLS | CLONE_PARENT_SETTID | CLONE_CHILD_CLEARTID,
			 (void *)(mapping + GUARD_SIZE + STACK_SIZE), thread_main, thread,
			 &thread->tid, &thread->tid, block);
	if (!is_error(tid))
		return 0;
	sys_munmap(mapping, size);
	return (int)tid;
}

void *thread_join(struct thread *thread)
{
	word_wait(&thread->tid, 0);
	sys_munmap(thread->mapping, thread->mapping_size);
	return thread->result;
}
