/*
 * A program's accesses: translated by this CPU's MMU; a fault goes to mm/ and the access is tried
 * again.
 */
#include "arch/sim/sim.h"
#include "kernel/base/string.h"
#include "mm/fault.h"
#include "arch/sim/explore.h"

#define MAX_FAULTS 64 /* for one access; more is a livelock */
#define SIGSEGV	   11

struct sim_signal sim_last_signal;

static int deliver(int signo, int code, const char *why)
{
	sim_last_signal.signo = signo;
	sim_last_signal.code = code;
	scnprintf(sim_last_signal.why, sizeof(sim_last_signal.why), "%s", why);
	return signo;
}

static void access_memory(phys_addr_t phys, enum sim_how how, u64 *value)
{
	u64 *memory = (u64 *)((u8 *)frame_ptr(phys >> PAGE_SHIFT) + (phys & ~PAGE_MASK));

	if (how == SIM_WRITE)
		WRITE_ONCE(*memory, *value);
	else
		*value = READ_ONCE(*memory);
}

int sim_user_access(unsigned long addr, enum sim_how how, u64 *value)
{
	unsigned int flags = FAULT_FLAG_USER | (how == SIM_WRITE ? FAULT_FLAG_WRITE : 0) |
			     (how == SIM_EXEC ? FAULT_FLAG_INSTRUCTION : 0);

	BUG_MSG(!IS_ALIGNED(addr, 8), "%#lx is not aligned", addr);
	if (explore_running())
		return hostile_access(addr, how, value);
	for (int i = 0; i < MAX_FAULTS; i++) {
		struct fault_result res = { 0 };
		phys_addr_t phys;
		unsigned int bits = sim_translate(addr, how, &phys);

		if (!bits) {
			access_memory(phys, how, value);
			return 0;
		}
		if (bits & SIM_FAULT_ADDRESS)
			return deliver(SIGSEGV, 0x80, "not a canonical address");
		user_fault(current_mm(), addr, flags, &res);
		if (res.signo) {
			char why[FAULT_EXPLAIN_MAX];

			fault_explain(&res, why, sizeof(why));
			return deliver(res.signo, res.code, why);
		}
	}
	panic("livelock: the access at %#lx faults for ever", addr);
}
