/* As arch/x86_64/machine/entry_access.h says; here each is a scheduling point of the simulator. */
#pragma once
#include "kernel/base/once.h"

u64 entry_get(const u64 *slot);
void entry_set(u64 *slot, u64 value);
u64 entry_xchg(u64 *slot, u64 value);
bool entry_cmpxchg(u64 *slot, u64 *old, u64 value);
u64 entry_and(u64 *slot, u64 mask);
