/*
 * User memory: what programs pass is checked to lie in the user half, then copied with faults
 * mended.
 */
#include "kernel/uapi/errno.h"
#include "kernel/base/string.h"
#include "machine/internal.h"

/* uaccess_copy.S */
size_t user_copy(void *dst, const void *src, size_t n);
size_t user_clear(void *dst, size_t n);
long user_strncpy(char *dst, const char *src, long max);
int user_get_u32(u32 *value, const u32 *src);
int user_cmpxchg_u32(u32 *addr, u32 *old, u32 value);

struct smap_site {
	unsigned long addr;
	unsigned long opens;	/* 1: STAC, 0: CLAC */
};
extern const struct smap_site smap_sites_start[], smap_sites_end[];	/* linker.ld */

/*
 * No sign bit in start, length or end: the range lies in the lower half, and nothing has wrapped.
 * What is not canonical there faults, and is mended like a page that is absent.
 */
static bool user_range(const void *p, size_t n)
{
	unsigned long addr = (unsigned long)p;

	return (long)(addr | n | (addr + n)) >= 0;
}

size_t copy_from_user(void *dst, const void *src, size_t n)
{
	return user_range(src, n) ? user_copy(dst, src, n) : n;
}

size_t copy_to_user(void *dst, const void *src, size_t n)
{
	return user_range(dst, n) ? user_copy(dst, src, n) : n;
}

size_t clear_user(void *dst, size_t n)
{
	return user_range(dst, n) ? user_clear(dst, n) : n;
}

/* A string that starts in the user half cannot leave it: beyond its end nothing is canonical. */
long strncpy_from_user(char *dst, const char *src, long max)
{
	return user_range(src, 0) ? user_strncpy(dst, src, max) : -EFAULT;
}

int get_user_u32(u32 *value, const u32 *src)
{
	return user_range(src, sizeof(*src)) ? user_get_u32(value, src) : -EFAULT;
}

int cmpxchg_user_u32(u32 *addr, u32 *old, u32 value)
{
	return user_range(addr, sizeof(*addr)) ? user_cmpxchg_u32(addr, old, value) : -EFAULT;
}

/* Per CPU is enough: the kernel is not preemptive, and who has disabled faults does not sleep. */
void pagefault_disable(void)
{
	this_percpu()->pagefault_disabled++;
	barrier();
}

void pagefault_enable(void)
{
	barrier();
	this_percpu()->pagefault_disabled--;
}

/*
 * With SMAP, the nops become clac and stac. The text is still writable, through the boot tables.
 */
void smap_patch(void)
{
	static const u8 clac[] = { 0x0f, 0x01, 0xca }, stac[] = { 0x0f, 0x01, 0xcb };
	const struct smap_site *site;

	if (!cpu_features.smap)
		return;
	for (site = smap_sites_start; site < smap_sites_end; site++)
		memcpy((void *)site->addr, site->opens ? stac : clac, sizeof(clac));
}
