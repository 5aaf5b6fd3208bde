/*
 * Calls to other CPUs. A CPU has one call under way at most, described in its percpu data. A
 * target learns of it by a bit in call_senders, and clears its own bit in the sender's
 * call_waiting when it has run it:
 *
 *	sender					target, in an interrupt
 *	  call_fn, call_arg, call_waiting = mask
 *	  set own bit in target's call_senders	  senders = exchange(call_senders, 0)
 *	    (full barrier)			    (full barrier)
 *	  IPI, if no bit was set there		  run call_fn(call_arg) of each
 *	  wait for call_waiting == 0		  clear own bit in sender's call_waiting
 *
 * If a bit was set already, the target has not yet taken that set, and will find ours in it too.
 */
#include "machine/internal.h"

static cpumask_t online = 1;

cpumask_t cpus_online(void) { return READ_ONCE(online); }

void cpu_set_online(unsigned int cpu) { atomic_or_return_old(cpumask_of(cpu), &online); }

unsigned int ipi_send(cpumask_t mask, void (*fn)(void *arg), void *arg)
{
	struct percpu *self = this_percpu();
	unsigned int cpu, sent = 0;

	DEBUG_BUG_ON(mask & cpumask_of(self->cpu));
	DEBUG_BUG_ON(READ_ONCE(self->call_waiting));
	self->call_fn = fn;
	self->call_arg = arg;
	WRITE_ONCE(self->call_waiting, mask);
	for_each_cpu(cpu, mask) {
		if (!atomic_or_return_old(cpumask_of(self->cpu), &percpus[cpu].call_senders)) {
			lapic_send(percpus[cpu].apic_id, ICR_FIXED | VECTOR_CALL);
			sent++;
		}
	}
	return sent;
}

void ipi_wait(void)
{
	const struct percpu *self = this_percpu();

	DEBUG_BUG_ON(irqs_disabled());
	while (READ_ONCE(self->call_waiting))
		cpu_relax();
	smp_rmb();	/* what the targets did is seen by our caller */
}

void ipi_call_interrupt(void)
{
	struct percpu *self = this_percpu();
	cpumask_t senders = __atomic_exchange_n(&self->call_senders, 0, __ATOMIC_SEQ_CST);
	unsigned int cpu;

	for_each_cpu(cpu, senders) {
		struct percpu *sender = &percpus[cpu];

		sender->call_fn(sender->call_arg);
		atomic_and_return_old(~cpumask_of(self->cpu), &sender->call_waiting);
	}
}

void cpu_kick(unsigned int cpu)
{
	lapic_send(percpus[cpu].apic_id, ICR_FIXED | VECTOR_KICK);
}
