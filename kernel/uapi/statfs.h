/* statfs.h - statfs(2): what a file system is, and how full. */
#ifndef UAPI_STATFS_H
#define UAPI_STATFS_H

#include "kernel/uapi/types.h"

/* 120 bytes, as x86-64 programs expect. */
struct statfs64 {
	__s64 f_type;
	__s64 f_bsize;
	__u64 f_blocks;
	__u64 f_bfree;
	__u64 f_bavail;
	__u64 f_files;
	__u64 f_ffree;
	struct {
		int val[2];
	} f_fsid;
	__s64 f_namelen;
	__s64 f_frsize;
	__s64 f_flags;
	__s64 f_spare[4];
};

#define ST_RDONLY	0x0001
#define ST_VALID	0x0020

#define TMPFS_MAGIC	0x01021994
#define PROC_SUPER_MAGIC 0x9fa0
#define SYSFS_MAGIC	0x62656572
#define PIPEFS_MAGIC	0x50495045
#define SOCKFS_MAGIC	0x534f434b
#define BDEVFS_MAGIC	0x62646576
#define ANON_INODE_FS_MAGIC 0x09041934

#endif
