/*
 * membarrier(2): a full barrier on every CPU that runs a thread of the caller, so that its other
 * side needs none. An interrupt is one; the expedited forms must be asked for before their first
 * use, once for each program.
 */
#include "kernel/syscall.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/membarrier.h"

#define COMMANDS \
	(MEMBARRIER_CMD_GLOBAL | MEMBARRIER_CMD_GLOBAL_EXPEDITED | \
	 MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED | \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED | MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE | \
	 MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE | MEMBARRIER_CMD_GET_REGISTRATIONS)

/* The interrupt has done it, and IRET waits for all instructions before it. */
static void nothing(void *arg) {}

/* A CPU that switches to a thread of the caller after we have looked loads CR3: a barrier too. */
static void barrier_on_others(void)
{
	cpumask_t others = cpus_online() & ~cpumask_of(this_cpu());

	smp_mb();
	if (others) {
		ipi_send(others, nothing, NULL);
		ipi_wait();
	}
	smp_mb();
}

static long private_barrier(unsigned int registered)
{
	if (!(READ_ONCE(current_process()->membarrier) & registered))
		return -EPERM;
	barrier_on_others();
	return 0;
}

static long register_for(unsigned int commands)
{
	atomic_or_return_old(commands, &current_process()->membarrier);
	return 0;
}

SYSCALL_DEFINE3(membarrier, int, command, unsigned int, flags, int, cpu)
{
	if (flags)
		return -EINVAL;
	switch (command) {
	case MEMBARRIER_CMD_QUERY:
		return COMMANDS;
	case MEMBARRIER_CMD_GLOBAL:
	case MEMBARRIER_CMD_GLOBAL_EXPEDITED:
		barrier_on_others();
		return 0;
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED:
		return private_barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
	case MEMBARRIER_CMD_PRIVATE_EXPEDITED_SYNC_CORE:
		return private_barrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE);
	case MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED:
	case MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_SYNC_CORE:
		return register_for((unsigned int)command);
	case MEMBARRIER_CMD_GET_REGISTRATIONS:
		return (long)READ_ONCE(current_process()->membarrier);
	default:
		return -EINVAL;
	}
}
