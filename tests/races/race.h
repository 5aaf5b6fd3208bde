/*
 * Scenarios of the race explorer: what two or three CPUs do at once, and what must hold
 * afterwards, whatever the order. docs/races.md explains how to write one.
 */
#pragma once
#include "arch/sim/sim.h"
#include "kernel/uapi/errno.h"
#include "kernel/uapi/mman.h"
#include "kernel/uapi/signal.h"
#include "mm/internal.h"
#include "tests/races/scenario.h"

#define RW   (PROT_READ | PROT_WRITE)
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)

#define RACE_CAT_(a, b) a##b
#define RACE_CAT(a, b)	RACE_CAT_(a, b)
/* RACE("name", "what it is about", .levels = 3, .setup = ..., .cpu = { ... }, .probe = ...); */
#define RACE(name_, about_, ...) \
	__attribute__((constructor)) static void RACE_CAT(race_add_, __LINE__)(void) \
	{ \
		static struct race race = { .name = name_, .about = about_, __VA_ARGS__ }; \
		race_register(&race); \
	}

/* The program that all CPUs run. */
extern struct mm_struct *race_mm;

/* Pages at a fixed address of race_mm, private and anonymous. */
void race_map(unsigned long addr, unsigned long pages);
/* The program's accesses, on this CPU: 0 or the signal. */
int race_write(unsigned long addr, u64 value);
int race_read(unsigned long addr, u64 *value);
/* The same, where it must succeed. */
void race_poke(unsigned long addr, u64 value);
u64 race_peek(unsigned long addr);
/*
 * One fault of such an access, without the access: that one would fault until it is lucky, so many
 * times that not all orders could be searched.
 */
int race_fault_write(unsigned long addr);
int race_fault_read(unsigned long addr);
/* The other half: the access, if a translation allows it now, and no fault. False: none does. */
bool race_try_write(unsigned long addr, u64 value);
bool race_try_read(unsigned long addr, u64 *value);
/* Where it must end in that signal. */
void race_expect_signal(unsigned long addr, int signo);

/* From now on the caller, in setup or probe, is CPU n and runs mm (NULL: a kernel thread). */
void race_run_on(unsigned int cpu, struct mm_struct *mm);
/*
 * In setup: the actor starts in that address space. Otherwise in the one that its CPU
 * runs at the end of setup.
 */
void race_task_runs(unsigned int task, struct mm_struct *mm);
/* Another address space, which ends with the scenario. */
void race_adopt(struct mm_struct *mm);
/* A CPU has let race_mm go by itself. */
void race_dropped(void);

/* Part of the final state: scenarios differ in how many of them there are. */
void race_outcome(u64 value);

#define RACE_CHECK(cond) \
	do { \
		if (!(cond)) \
			panic("%s:%d: expected: %s", __FILE__, __LINE__, #cond); \
	} while (0)
#define RACE_EQ(a, b) \
	do { \
		unsigned long _a = (unsigned long)(a), _b = (unsigned long)(b); \
		if (_a != _b) \
			panic("%s:%d: %s is %#lx, but %s is %#lx", __FILE__, __LINE__, #a, _a, \
			      #b, _b); \
	} while (0)
