#include "mm/vmstat.h"

struct vm_event_row vm_event_rows[NR_CPUS];

unsigned long vm_events(enum vm_event event)
{
	unsigned long sum = 0;

	for (unsigned int cpu = 0; cpu < NR_CPUS; cpu++)
		sum += vm_events_cpu(event, cpu);
	return sum;
}
