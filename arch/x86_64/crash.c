/* Panics on purpose, to see one and to test what it shows: boot option crash=. */
#include "kernel/base/cmdline.h"
#include "kernel/base/string.h"
#include "machine/internal.h"

static void read_null(void)
{
	volatile int *p = NULL;

	__asm__ __volatile__("" : "+r"(p));	/* the compiler must not know */
	(void)*p;
}

/* Through the direct map, where it is read-only as well. */
static void write_text(void)
{
	*(volatile u8 *)phys_ptr(image_phys(text_start)) = 0;
}

static void call_data(void)
{
	static u8 ret = 0xc3;
	void (*fn)(void) = (void (*)(void))(unsigned long)&ret;

	__asm__ __volatile__("" : "+r"(fn));
	fn();
}

static void read_not_canonical(void)
{
	(void)*(volatile int *)0x8000000000000000ul;
}

/* Deeper than any stack; the array keeps the frames apart and the loop from being one. */
static __noinline int recurse(int depth)
{
	volatile u8 frame[256];

	frame[0] = (u8)depth;
	return depth > 1000000 ? frame[0] : recurse(depth + 1) + frame[0];
}

static void overflow_stack(void)
{
	recurse(0);
}

static void fail_check(void)
{
	BUG_MSG(hw_levels() >= 4, "%u levels, which is as it should be: asked for by crash=bug",
		hw_levels());
}

static const struct {
	const char *name;
	void (*fn)(void);
} crashes[] = {
	{ "null", read_null }, { "text", write_text }, { "data", call_data },
	{ "noncanonical", read_not_canonical }, { "stack", overflow_stack }, { "bug", fail_check },
};

static void (*wanted)(void);

static const char *set_crash(const char *value)
{
	for (unsigned int i = 0; value && i < ARRAY_SIZE(crashes); i++)
		if (!strcmp(value, crashes[i].name))
			wanted = crashes[i].fn;
	return wanted ? NULL : "the ways are null, text, data, noncanonical, stack, bug";
}
BOOT_OPTION("crash", "=HOW", "panic before /init: null, text, data, noncanonical, stack or bug",
	    set_crash);

void crash_if_wanted(void)
{
	if (!wanted)
		return;
	wanted();
	barrier();	/* no tail call: the backtrace shows who called */
}
