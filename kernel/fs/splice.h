/*
 * Between files and pipes, by reference: between splice.c, sendfile.c and the
 * files that take part.
 */
#pragma once
#include "kernel/fs/pipe.h"

/*
 * Up to len bytes of the file at *pos, which moves on, into the pipe, as many as there is room
 * for; waits for room, unless nonblock. Bytes or -errno. Takes pipe->lock.
 */
long splice_file_to_pipe(struct file *in, u64 *pos, struct pipe *pipe, size_t len, bool nonblock);
