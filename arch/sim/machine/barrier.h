/* Scheduling points: on the simulator every access to shared memory goes through sim_point(). */
#pragma once

/*
 * Where plain accesses are seen, barriers are too: BARRIER_READ, BARRIER_WRITE or
 * both, arch/sim/clocks.h.
 */
void sim_barrier(int which);
#ifdef __SANITIZE_THREAD__
#define machine_barrier(which) sim_barrier(which)
#else
#define machine_barrier(which) __asm__ __volatile__("" ::: "memory")
#endif
#define smp_mb()	machine_barrier(3)
#define smp_rmb()	machine_barrier(1)
#define smp_wmb()	machine_barrier(2)

/* how is an enum access. */
void sim_point(const volatile void *obj, int how);
#define machine_point(obj, how)	sim_point((obj), (how))
