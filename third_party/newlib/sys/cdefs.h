/* SPDX-License-Identifier: MIT */
/*
 * Not from newlib: the little that its queue.h and tree.h expect of <sys/cdefs.h>,
 * so that they compile unmodified both in the kernel, which has no C library at all,
 * and in the simulator, which has glibc's. There glibc's own <sys/cdefs.h> comes first,
 * because every glibc header that asks for it finds this file.
 */
#if defined(__has_include_next)
#if __has_include_next(<sys/cdefs.h>)
#include_next <sys/cdefs.h>
#endif
#endif

#ifndef _PLEAT_NEWLIB_CDEFS_H
#define _PLEAT_NEWLIB_CDEFS_H

#ifndef __unused
#define __unused __attribute__((__unused__))
#endif

#ifndef __containerof
#define __containerof(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - __builtin_offsetof(type, member)))
#endif

#endif
