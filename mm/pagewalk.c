/* A walk over the entries of a range, for who holds a lock that keeps the tables. */
#include "mm/pagewalk.h"

/*
 * The position of a walk: the slot at each level on the way from the top to where it is. Levels
 * are the tree's own, so that folded ones do not occur here.
 */
struct cursor {
	struct page_walk walk;
	unsigned long addr, end;
	unsigned int top, level;
	u64 *slot[6];			/* slot[level] leads to what maps addr at that level */
};

static void descend(struct cursor *c, u64 entry)
{
	c->level--;
	c->slot[c->level] = table_slot(entry_pfn(entry), c->addr, c->level);
}

/* Visits what the current slot says about [addr, next). */
static int visit(struct cursor *c, u64 entry, unsigned long next)
{
	struct page_walk *walk = &c->walk;

	if (entry_none(entry))
		return walk->ops->hole ? walk->ops->hole(walk, c->addr, next) : 0;
	BUG_MSG(!entry_table(entry) || c->level != 2,
		"address %lx: level %u has %016lx, neither none nor a table", c->addr, c->level,
		(unsigned long)entry);
	return walk->ops->pte_range(walk, (pmd_t *)c->slot[2], c->addr, next);
}

/*
 * One entry of the current level is behind us; addr is where the next one begins. Goes up through
 * every table that ends here, too, telling table_done.
 */
static void ascend(struct cursor *c, unsigned long visited)
{
	for (;;) {
		u64 *slot = c->slot[c->level];

		if (c->walk.ops->table_done && c->level >= 2 && entry_table(entry_get(slot)))
			c->walk.ops->table_done(&c->walk, slot, c->level, visited);
		if (c->level == c->top)
			break;
		if (c->addr < c->end && level_index(c->addr, c->level))
			break;
		c->level++;
	}
	c->slot[c->level]++;
}

int walk_page_range(struct mm_struct *mm, unsigned long start, unsigned long end,
		    const struct walk_ops *ops, void *private)
{
	struct cursor c = {
		.walk = { .mm = mm, .fold = mm_fold(mm), .ops = ops, .private = private },
		.addr = start,
	};
	unsigned long next;
	u64 entry;
	int ret;

	c.end = min(end, fold_reach(c.walk.fold));
	if (c.addr >= c.end)
		return 0;
	c.top = c.level = fold_levels(c.walk.fold);
	c.slot[c.top] = table_slot(fold_table(c.walk.fold), c.addr, c.top);
	while (c.addr < c.end) {
		entry = entry_get(c.slot[c.level]);
		if (c.level > 2 && entry_table(entry)) {
			descend(&c, entry);
			continue;
		}
		next = level_addr_end(c.level, c.addr, c.end);
		ret = visit(&c, entry, next);
		if (ret)
			return ret;
		start = c.addr;
		c.addr = next;
		ascend(&c, start);
	}
	return 0;
}
