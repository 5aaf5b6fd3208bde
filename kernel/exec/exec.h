/* A program that is being started: what the parts of exec hand to each other. */
#pragma once
#include "kernel/fs/fs.h"
#include "kernel/process/cred.h"
#include "kernel/uapi/elf.h"
#include "mm/mm.h"

#define MAX_SCRIPTS	5	/* interpreters that are scripts again; one more is -ELOOP */
#define SCRIPT_LINE	256	/* bytes of a script that are looked at */

struct exec {
	const char *path;		/* as the caller gave it; from a descriptor:
					 * /dev/fd/N... */
	bool hidden;			/* that is close-on-exec: nobody could open the path */
	struct file *file;		/* what is loaded; counted */
	bool secret;			/* the caller may run, but not read it, or its PT_INTERP */
	struct mm_struct *mm;		/* the new one */
	struct files *files;
	struct ids uid, gid;		/* what the program will be; saved and fs follow */
	struct sighand *sighand;	/* NULL: the old one is the process's own already */
	struct mm_random random;	/* all 0: the layout is not randomised */
	bool randomized;

	/* script.c: what comes before the arguments, the last word first; and where it lies. */
	const char *script_words[2 * MAX_SCRIPTS + 3];
	unsigned int nr_script_words;
	char *script_lines[MAX_SCRIPTS + 1];

	/* elf.c: where things lie in mm. */
	unsigned long entry;		/* of the interpreter, if there is one */
	unsigned long program_entry;
	unsigned long interpreter_base;
	unsigned long phdr_addr;
	unsigned int phnum;

	/* stack.c */
	unsigned long stack_top, sp;
};

/* Will the program have other rights than who calls it? */
static inline bool exec_is_setid(const struct exec *exec)
{
	return exec->uid.effective != exec->uid.real || exec->gid.effective != exec->gid.real;
}

/* Strings of an argument list: in the kernel's memory, or in the caller's. */
struct string_list {
	bool user;
	const void *pointers;		/* ends with NULL; user: NULL is an empty list */
};

/*
 * Opens a regular file that the caller may run. flags: AT_EMPTY_PATH, AT_SYMLINK_NOFOLLOW.
 * Until exe_file_put() nobody can write to it. ERR_PTR(-ENOENT, -EACCES, -ETXTBSY, ...).
 */
struct file *open_exec(int dirfd, const char *path, int flags);
/*
 * What exec->file was is let go; takes the reference of the new one over. A script is no secret,
 * which its interpreter has to read.
 */
void exec_set_file(struct exec *exec, struct file *file);
/*
 * If exec->file is a script it becomes its interpreter, and script_words what to put before the
 * arguments. -ENOEXEC, -ELOOP, -ENOENT, ...
 */
int script_follow(struct exec *exec);
void script_drop(struct exec *exec);
/* Are layouts randomised? norandmaps says not. */
bool exec_randomizes(void);
/* Maps the file's segments into exec->mm. -ENOEXEC, -ENOMEM, ...: the caller drops the mm. */
int elf_load(struct exec *exec);
/*
 * Writes arguments, environment and auxiliary vector on the new stack. -E2BIG, -EFAULT, -ENOMEM.
 */
int exec_stack(struct exec *exec, const struct string_list *argv, const struct string_list *envp);

/* A buffer too large for kmalloc, perhaps. */
void *buffer_alloc(size_t size);
void buffer_free(void *buf, size_t size);
