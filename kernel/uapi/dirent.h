/* dirent.h - what getdents64(2) fills its buffer with, one behind the other. */
#ifndef UAPI_DIRENT_H
#define UAPI_DIRENT_H

#include "kernel/uapi/types.h"

#define DT_UNKNOWN	0
#define DT_FIFO		1
#define DT_CHR		2
#define DT_DIR		4
#define DT_BLK		6
#define DT_REG		8
#define DT_LNK		10

struct linux_dirent64 {
	__u64 d_ino;
	__s64 d_off;
	__u16 d_reclen;			/* of the whole entry, padded to a multiple of 8 */
	__u8 d_type;
	char d_name[];
};

/* What getdents(2) fills its buffer with; the type is the last byte of an entry. */
struct linux_dirent {
	__u64 d_ino;
	__u64 d_off;
	__u16 d_reclen;
	char d_name[];
};

#endif
