/* Scheduling points: on the simulator every access to shared memory goes through sim_point(). */
#pragma once

#define smp_mb()	__asm__ __volatile__("" ::: "memory")
#define smp_rmb()	__asm__ __volatile__("" ::: "memory")
#define smp_wmb()	__asm__ __volatile__("" ::: "memory")

/* how is an enum access. */
void sim_point(const volatile void *obj, int how);
#define machine_point(obj, how)	sim_point((obj), (how))
