/*
 * types.h - the fixed-size types of what kernel and programs share. Nothing here depends
 * on the kernel's headers or on a C library.
 */
#ifndef UAPI_TYPES_H
#define UAPI_TYPES_H

typedef signed char __s8;
typedef unsigned char __u8;
typedef short __s16;
typedef unsigned short __u16;
typedef int __s32;
typedef unsigned int __u32;
typedef long long __s64;
typedef unsigned long long __u64;

#endif
