/* stat.h - stat(2) and the bits of a file's mode. */
#ifndef UAPI_STAT_H
#define UAPI_STAT_H

#include "kernel/uapi/types.h"

/* The same in every Unix: a C library may have defined them first. */
#ifndef S_IFMT
#define S_IFMT		0170000
#define S_IFSOCK	0140000
#define S_IFLNK		0120000
#define S_IFREG		0100000
#define S_IFBLK		0060000
#define S_IFDIR		0040000
#define S_IFCHR		0020000
#define S_IFIFO		0010000
#define S_ISUID		0004000
#define S_ISGID		0002000
#define S_ISVTX		0001000
#define S_IXGRP		0010
#endif

/* 144 bytes, as x86-64 programs expect. */
struct __kernel_stat {
	__u64 st_dev;
	__u64 st_ino;
	__u64 st_nlink;
	__u32 st_mode;
	__u32 st_uid;
	__u32 st_gid;
	__u32 pad0;
	__u64 st_rdev;
	__s64 st_size;
	__s64 st_blksize;
	__s64 st_blocks;		/* of 512 bytes */
	__u64 st_atime_sec;
	__u64 st_atime_nsec;
	__u64 st_mtime_sec;
	__u64 st_mtime_nsec;
	__u64 st_ctime_sec;
	__u64 st_ctime_nsec;
	__s64 unused[3];
};

#endif
