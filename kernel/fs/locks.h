/* flock() and the advisory record locks of fcntl() (kernel/fs/locks.c). */
#pragma once
#include "kernel/fs/fs.h"

struct files;
struct flock64;

void locks_init(void);
/*
 * F_GETLK, F_SETLK, F_SETLKW, and their F_OFD_ forms, of the file of descriptor fd. May sleep.
 * -EBADF: also if another thread has closed fd meanwhile.
 */
long fcntl_lock(struct file *file, int fd, int cmd, struct flock64 *user);
/* A process closes a descriptor of the file: all its record locks on the inode go. */
void locks_remove_posix(struct file *file, const struct files *owner);
/* The last reference to the open file goes: flock() and F_OFD_ locks. Takes only a spin lock. */
void locks_remove_file(struct file *file);
/* The inode goes, and no lock is left. */
void file_locks_free(struct inode *inode);
