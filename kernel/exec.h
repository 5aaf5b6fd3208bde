/* A program that is being started: what the parts of exec hand to each other. */
#pragma once
#include "kernel/fs/inode.h"
#include "kernel/uapi/elf.h"
#include "mm/mm.h"

struct exec {
	const char *path;		/* as the caller gave it */
	struct inode *inode;
	struct mm_struct *mm;		/* the new one */
	struct files *files;
	struct sighand *sighand;	/* NULL: the old one is the process's own already */

	/* elf.c: where things lie in mm. */
	unsigned long entry;
	unsigned long phdr_addr;
	unsigned int phnum;

	/* exec_stack.c */
	unsigned long stack_top, sp;
};

/* Strings of an argument list: in the kernel's memory, or in the caller's. */
struct string_list {
	bool user;
	const void *pointers;		/* ends with NULL; user: NULL is an empty list */
};

/* Maps the file's segments into exec->mm. -ENOEXEC, -ENOMEM, ...: the caller drops the mm. */
int elf_load(struct exec *exec);
/*
 * Writes arguments, environment and auxiliary vector on the new stack. -E2BIG, -EFAULT, -ENOMEM.
 */
int exec_stack(struct exec *exec, const struct string_list *argv, const struct string_list *envp);

/* A buffer too large for kmalloc, perhaps. */
void *buffer_alloc(size_t size);
void buffer_free(void *buf, size_t size);
