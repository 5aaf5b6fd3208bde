/*
 * For assembly: sites that become clac and stac where the processor has SMAP, and the exception
 * table.
 */
#pragma once

.macro CLAC
771:	.byte	0x0f, 0x1f, 0x00		/* a nop of three bytes */
	.pushsection .smap_sites, "a"
	.quad	771b, 0
	.popsection
.endm

.macro STAC
771:	.byte	0x0f, 0x1f, 0x00
	.pushsection .smap_sites, "a"
	.quad	771b, 1
	.popsection
.endm

/* If the instruction at \from faults, go on at \to. */
.macro EXCEPTION from, to
	.pushsection .exception_table, "a"
	.quad	\from, \to
	.popsection
.endm
