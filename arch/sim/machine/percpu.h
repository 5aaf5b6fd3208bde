/* Which CPU and task this is: the simulator knows, since it schedules them. */
#pragma once

struct task;

unsigned int this_cpu(void);
struct task *current_task(void);
