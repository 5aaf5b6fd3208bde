/* The interrupt flag of this CPU. */
#pragma once
#include "kernel/base/types.h"

#define IRQ_FLAG	(1ul << 9)	/* IF in RFLAGS */

static __always_inline bool irqs_disabled(void)
{
	unsigned long flags;

	__asm__ __volatile__("pushfq; popq %0" : "=rm"(flags));
	return !(flags & IRQ_FLAG);
}

static __always_inline void irq_disable(void) { __asm__ __volatile__("cli" : : : "memory"); }
static __always_inline void irq_enable(void) { __asm__ __volatile__("sti" : : : "memory"); }

static __always_inline unsigned long irq_save(void)
{
	unsigned long flags;

	__asm__ __volatile__("pushfq; popq %0; cli" : "=rm"(flags) : : "memory");
	return flags;
}

static __always_inline void irq_restore(unsigned long flags)
{
	if (flags & IRQ_FLAG)
		irq_enable();
}
