/* Pipes and memfd, as other files of kernel/fs/ use them. */
#pragma once
#include "kernel/fs/fs.h"

/* F_SETPIPE_SZ, F_GETPIPE_SZ: -EBADF for what is no pipe. */
long fcntl_pipe(struct file *file, int cmd, unsigned long arg);
/* F_ADD_SEALS, F_GET_SEALS: -EINVAL for what cannot be sealed. */
long fcntl_seals(struct file *file, int cmd, unsigned long arg);
