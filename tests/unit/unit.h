/*
 * Unit tests on the simulator. A file holds cases,
 *
 *	TEST("what-holds-in-words")
 *	{
 *		sim_boot_frames(NULL);
 *		CHECK_EQ(frames_free(), frames_total());
 *	}
 *
 * and unit.c is the main program: each case runs in a child of its own, so that it starts from a
 * fresh machine and may panic; the results are TAP. `test_x NAME` runs one case, `-n NAME` in the
 * same process, for gdb, and `-l` lists them.
 */
#pragma once
#include <stdbool.h>
#include "arch/sim/sim.h"
#include "kernel/base/bug.h"

struct unit_case {
	const char *name;
	void (*run)(void);
	struct unit_case *next;
};

void unit_register(struct unit_case *test);

#define UNIT_CAT_(a, b) a##b
#define UNIT_CAT(a, b)	UNIT_CAT_(a, b)
#define TEST(name_)	UNIT_TEST(name_, __LINE__)
#define UNIT_TEST(name_, line) \
	static void UNIT_CAT(unit_run_, line)(void); \
	__attribute__((constructor)) static void UNIT_CAT(unit_add_, line)(void) \
	{ \
		static struct unit_case test = { .name = name_, \
						 .run = UNIT_CAT(unit_run_, line) }; \
		unit_register(&test); \
	} \
	static void UNIT_CAT(unit_run_, line)(void)

/* A failed check ends the case. */
void unit_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), noreturn));

#define CHECK(cond) \
	do { \
		if (!(cond)) \
			unit_fail(__FILE__, __LINE__, "expected: %s", #cond); \
	} while (0)

#define CHECK_EQ(a, b) \
	do { \
		unsigned long _a = (unsigned long)(a), _b = (unsigned long)(b); \
		if (_a != _b) \
			unit_fail(__FILE__, __LINE__, "%s is %#lx (%ld), but %s is %#lx (%ld)", \
				  #a, _a, (long)_a, #b, _b, (long)_b); \
	} while (0)

/* The log contains text. */
#define CHECK_LOGGED(text) \
	do { \
		if (!unit_logged(text)) \
			unit_fail(__FILE__, __LINE__, "the log does not say: %s", text); \
	} while (0)
bool unit_logged(const char *text);

/*
 * The statements end the process, by a panic or a sanitizer's report, and what they print contains
 * text. They run in a child: what they change is not seen here.
 */
#define EXPECT_DEATH(text, ...) \
	do { \
		if (unit_death_begin()) { \
			__VA_ARGS__; \
			unit_death_missing(); \
		} \
		unit_death_end(__FILE__, __LINE__, text); \
	} while (0)
bool unit_death_begin(void);
void unit_death_missing(void) __attribute__((noreturn));
void unit_death_end(const char *file, int line, const char *text);

/*
 * Runs op() with the 1st, 2nd, ... allocation failing until it no longer gets that far; op answers
 * whether it succeeded. After each failure the use of frames and objects must be what it was.
 * Returns how many failed.
 */
unsigned long unit_fail_each(bool (*op)(void), void (*undo)(void));
