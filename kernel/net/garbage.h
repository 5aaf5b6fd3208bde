/*
 * Sockets can travel in messages, and wait in a queue that only they lead to: nobody will ever
 * receive them, and their references keep each other. Such circles are looked for when a socket
 * or a table of descriptors goes.
 */
#pragma once
#include "kernel/net/unix.h"

/* The files wait in the queue of an end from now on, or no more. The lock of its pair is held. */
void files_in_flight(struct unix_files *files, struct unix_end *carrier);
void files_landed(struct unix_files *files);
/*
 * A look at a message brings references to its files, which wait on: not in the middle of a look
 * for garbage, which would have judged one of them by its references before, and could miss that
 * the file is now reached without any queue.
 */
void files_get_in_flight(struct unix_files *copy, const struct unix_files *files);
/* More files wait in queues than the process may have open. */
bool too_many_in_flight(void);
/* Drops what nobody can receive. Holds no lock; may sleep. */
void collect_garbage(void);
