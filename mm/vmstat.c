/* The counters of vmstat.h, summed up over the CPUs. */
#include "mm/vmstat.h"

struct vm_event_row vm_event_rows[NR_CPUS];

unsigned long vm_events(enum vm_event event)
{
	unsigned long sum = 0;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		sum += vm_events_cpu(event, cpu);
	return sum;
}

struct vm_stat_row vm_stat_rows[NR_CPUS];

unsigned long vm_stat(enum vm_stat stat)
{
	long sum = 0;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		sum += READ_ONCE(vm_stat_rows[cpu].count[stat]);
	return sum > 0 ? (unsigned long)sum : 0;
}
