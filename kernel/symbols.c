/*
 * Names of functions. tools/mksyms makes the table from the first link of the kernel, and the
 * second link includes it; in the first these symbols are weak and have no address.
 */
#include "kernel/base/symbols.h"

#define __weak	__attribute__((weak))

extern const unsigned long ksyms_count __weak, ksyms_addr[] __weak;
extern const u32 ksyms_name[] __weak;
extern const char ksyms_text[] __weak;

const char *symbol_lookup(unsigned long addr, unsigned long *offset)
{
	unsigned long lo = 0, hi = &ksyms_count ? ksyms_count : 0;

	if (!hi || addr < ksyms_addr[0])
		return NULL;
	while (hi - lo > 1) {	/* ksyms_addr[lo] <= addr < ksyms_addr[hi] */
		unsigned long mid = lo + (hi - lo) / 2;

		if (ksyms_addr[mid] <= addr)
			lo = mid;
		else
			hi = mid;
	}
	if (lo == ksyms_count - 1)	/* text_end: what lies behind it is no function */
		return NULL;
	*offset = addr - ksyms_addr[lo];
	return ksyms_text + ksyms_name[lo];
}
