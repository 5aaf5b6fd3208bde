/* What gcc calls where the oldest x86-64 has no instruction. libgcc's own uses the red zone. */
#include "kernel/base/types.h"

int __popcountdi2(unsigned long value);

/* Sums of 2, 4, 8 bits side by side; the product adds up the eight bytes in the highest one. */
int __popcountdi2(unsigned long value)
{
	value -= value >> 1 & 0x5555555555555555ul;
	value = (value & 0x3333333333333333ul) + (value >> 2 & 0x3333333333333333ul);
	value = (value + (value >> 4)) & 0x0f0f0f0f0f0f0f0ful;
	return (int)(value * 0x0101010101010101ul >> 56);
}
