/*
 * What a TLB does when nobody flushes it: four small experiments, before there is a program, by
 * the boot option litmus=. An entry is changed in memory; with `flush` it is then flushed, and the
 * CPU that had it must see the change. With `forget` it is not: then hardware may go on with what
 * it had, and QEMU does, so that the experiment is known to be able to fail (docs/seeds.md).
 *
 * The accesses and the flush happen on the last CPU, the change on the first.
 */
#include "kernel/base/cmdline.h"
#include "kernel/base/string.h"
#include "machine/internal.h"
#include "mm/buddy.h"

#if CONFIG_DEBUG
#define AT	0x40201000ul	/* not the first entry of any table but the uppermost */

enum action { LOAD, UNLOAD, READ, WRITE, FLUSH, FLUSH_ALL };

/* What the last CPU is to do, and what came of it. */
struct request {
	enum action action;
	u64 value;
	bool refused;
};

static struct space {
	unsigned int cpu;
	struct page *tables[5];		/* of level 1, 2, ... */
	struct page *pages[2];
} space;
#endif

static const char *wanted;

static const char *set_litmus(const char *value)
{
	if (!CONFIG_DEBUG)
		return "only debug builds have it";
	if (!value || (strcmp(value, "flush") && strcmp(value, "forget")))
		return "it is flush or forget";
	wanted = value[1] == 'l' ? "flush" : "forget";
	return NULL;
}
BOOT_OPTION("litmus", "=HOW",
	    "changed entries with flush or without (forget): what does the TLB do?", set_litmus);

#if CONFIG_DEBUG
static u64 *table(unsigned int level) { return page_address(space.tables[level - 1]); }

/* The entry for AT. */
static u64 *slot(unsigned int level)
{
	return &table(level)[AT >> (PAGE_SHIFT + 9 * (level - 1)) & (PTRS_PER_TABLE - 1)];
}

static u64 *word(unsigned int page) { return page_address(space.pages[page]); }

static u64 maps(unsigned int page, u64 bits)
{
	return (u64)page_to_pfn(space.pages[page]) << PAGE_SHIFT | bits | _PAGE_PRESENT |
	       _PAGE_USER | _PAGE_ACCESSED | _PAGE_NX;
}

/* ---- the last CPU ---- */

/* With interrupts off, so that a fault is not handled: the copy just ends. */
static void act(void *arg)
{
	struct request *req = arg;

	switch (req->action) {
	case LOAD:
		root_load((unsigned long)page_to_pfn(space.tables[hw_levels() - 1]) << PAGE_SHIFT |
			  hw_levels());
		break;
	case UNLOAD:
		root_load(0);
		break;
	case READ:
		req->refused = copy_from_user(&req->value, (void *)AT, sizeof(req->value));
		break;
	case WRITE:
		req->refused = copy_to_user((void *)AT, &req->value, sizeof(req->value));
		break;
	case FLUSH:
		tlb_flush_local(AT, AT + PAGE_SIZE);
		break;
	case FLUSH_ALL:
		tlb_flush_local_all();
	}
}

static struct request tell(enum action action, u64 value)
{
	struct request req = { .action = action, .value = value };
	unsigned long flags;

	if (space.cpu != this_cpu()) {
		ipi_send(cpumask_of(space.cpu), act, &req);
		ipi_wait();
		return req;
	}
	flags = irq_save();
	act(&req);
	irq_restore(flags);
	return req;
}

static void flush(enum action how)
{
	if (!strcmp(wanted, "flush"))
		tell(how, 0);
}

/* ---- the experiments: each returns whether the last CPU has seen the change ---- */

static bool see_remap(void)
{
	*word(0) = 1;
	*word(1) = 2;
	entry_set(slot(1), maps(0, 0));
	BUG_ON(tell(READ, 0).value != 1);
	entry_set(slot(1), maps(1, 0));
	flush(FLUSH);
	return tell(READ, 0).value == 2;
}

static bool see_write_protect(void)
{
	entry_set(slot(1), maps(0, _PAGE_RW | _PAGE_DIRTY));
	BUG_ON(tell(WRITE, 1).refused);
	entry_and(slot(1), ~(u64)_PAGE_RW);
	flush(FLUSH);
	return tell(WRITE, 2).refused && *word(0) == 1;
}

static bool see_clean(void)
{
	entry_set(slot(1), maps(0, _PAGE_RW | _PAGE_DIRTY));
	BUG_ON(tell(WRITE, 1).refused);
	entry_and(slot(1), ~(u64)_PAGE_DIRTY);
	flush(FLUSH);
	BUG_ON(tell(WRITE, 2).refused);
	return entry_get(slot(1)) & _PAGE_DIRTY;
}

static bool see_table_free(void)
{
	*word(0) = 1;
	entry_set(slot(1), maps(0, 0));
	BUG_ON(tell(READ, 0).value != 1);
	entry_set(slot(2), 0);
	flush(FLUSH_ALL);
	page_zero(table(1));		/* it is somebody else's by now */
	return tell(READ, 0).refused;
}

static const struct {
	const char *name;
	bool (*sees_change)(void);
} experiments[] = {
	{ "another page", see_remap },
	{ "no right to write", see_write_protect },
	{ "the dirty bit cleared", see_clean },
	{ "a table taken away", see_table_free },
};

/* ---- the address space for it ---- */

static struct page *new_page(void)
{
	struct page *page = alloc_page(GFP_KERNEL | GFP_ZERO);

	if (!page)
		boot_stop("There is not enough memory for litmus=.");
	return page;
}

static void make_space(void)
{
	unsigned int level;

	space.cpu = (unsigned int)(63 - __builtin_clzl(cpus_online()));
	for (level = 1; level <= hw_levels(); level++)
		space.tables[level - 1] = new_page();
	for (level = 2; level <= hw_levels(); level++)
		*slot(level) = entry_make_table(page_to_pfn(space.tables[level - 2]));
	root_table_init(table(hw_levels()), hw_levels());
	space.pages[0] = new_page();
	space.pages[1] = new_page();
}

static void free_space(void)
{
	for (unsigned int level = 1; level <= hw_levels(); level++)
		free_page(space.tables[level - 1]);
	free_page(space.pages[0]);
	free_page(space.pages[1]);
}

void litmus_if_wanted(void)
{
	bool seen;

	if (!wanted)
		return;
	make_space();
	irq_enable();
	for (unsigned int i = 0; i < ARRAY_SIZE(experiments); i++) {
		tell(LOAD, 0);
		seen = experiments[i].sees_change();
		tell(UNLOAD, 0);
		pr_info("litmus, CPU %u, %s: %s is %s", space.cpu, wanted, experiments[i].name,
			seen ? "seen" : "not seen");
	}
	irq_disable();
	free_space();
}
#endif
