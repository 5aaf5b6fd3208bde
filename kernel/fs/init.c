/* Bringing the files up, in order. */
#include "kernel/dev/kmsg.h"
#include "kernel/fs/internal.h"
#include "kernel/fs/tmpfs.h"
#include "kernel/net/unix.h"
#include "kernel/proc/proc.h"

void vfs_init(void)
{
	dcache_init();
	inode_cache_init();
	files_init();
	rename_init();
	locks_init();
	chrdev_init();
	kmsg_init();
	tmpfs_init();
	pipe_init();
	memfd_init();
	eventfd_init();
	epoll_init();
	unix_init();
	proc_init();
}
