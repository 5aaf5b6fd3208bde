/* statx.h - statx(2). */
#ifndef UAPI_STATX_H
#define UAPI_STATX_H

#include "kernel/uapi/types.h"

struct statx_timestamp {
	__s64 tv_sec;
	__u32 tv_nsec;
	__s32 reserved;
};

struct statx {
	__u32 stx_mask;
	__u32 stx_blksize;
	__u64 stx_attributes;
	__u32 stx_nlink;
	__u32 stx_uid;
	__u32 stx_gid;
	__u16 stx_mode;
	__u16 spare0;
	__u64 stx_ino;
	__u64 stx_size;
	__u64 stx_blocks;
	__u64 stx_attributes_mask;
	struct statx_timestamp stx_atime;
	struct statx_timestamp stx_btime;
	struct statx_timestamp stx_ctime;
	struct statx_timestamp stx_mtime;
	__u32 stx_rdev_major;
	__u32 stx_rdev_minor;
	__u32 stx_dev_major;
	__u32 stx_dev_minor;
	__u64 spare2[14];
};

#define STATX_BASIC_STATS	0x7ffu
#define STATX__RESERVED		0x80000000u
#define AT_STATX_SYNC_TYPE	0x6000

#endif
