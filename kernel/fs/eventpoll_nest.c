/*
 * Sets in sets: no circles, not too many in a row, and not too many ways from a file to the sets
 * that become ready with it. All that adds such a way is under one mutex; what takes one away need
 * not be.
 */
#include "kernel/fs/eventpoll.h"
#include "kernel/uapi/errno.h"

#define MAX_NESTS	4u	/* one set in another is 1 */

spinlock_t links_lock = SPINLOCK_INIT(LOCK_EPOLL_LINKS);

static struct mutex nesting_mutex;
static u64 walk;	/* counts the walks over nested sets, each of which visits a set once */

void epoll_nest_init(void) { mutex_init(&nesting_mutex, LOCK_EPOLL_NESTING); }

/*
 * Sets in a row below this one; more than MAX_NESTS for a circle that leads to `above`. There are
 * no circles yet, so a set's mutex is never wanted twice.
 */
static unsigned int depth_below(struct epoll *ep, const struct epoll *above, unsigned int level)
{
	struct epoll_item *item;
	unsigned int depth = 0;

	if (ep == above || level > MAX_NESTS)
		return MAX_NESTS + 1;
	if (ep->walk == walk)
		return ep->depth;
	mutex_lock_nested(&ep->mutex);
	RB_FOREACH(item, epoll_tree, &ep->items) {
		struct epoll *below = epoll_of(item->file);

		if (below)
			depth = max(depth, depth_below(below, above, level + 1) + 1);
	}
	mutex_unlock(&ep->mutex);
	ep->walk = walk;
	ep->depth = depth;
	return depth;
}

/* The same above it: the sets that it is in. links_lock held. */
static unsigned int depth_above(struct epoll *ep)
{
	const struct epoll_item *watcher;

	if (ep->walk == walk)
		return ep->depth;
	ep->walk = walk;
	ep->depth = 0;
	LIST_FOREACH(watcher, &ep->file->epoll_items, file_link)
		ep->depth = max(ep->depth, depth_above(watcher->ep) + 1);
	return ep->depth;
}

static long check_depth(struct epoll *ep, struct epoll *nested)
{
	unsigned int below, above;
	unsigned long flags;

	walk++;
	below = depth_below(nested, ep, 0);
	walk++;
	flags = spin_lock_irqsave(&links_lock);
	above = depth_above(ep);
	spin_unlock_irqrestore(&links_lock, flags);
	return below + 1 + above > MAX_NESTS ? -ELOOP : 0;
}

long epoll_nesting_lock(struct epoll *ep, struct epoll *nested)
{
	long ret = 0;

	mutex_lock(&nesting_mutex);
	if (nested)
		ret = check_depth(ep, nested);
	if (ret)
		mutex_unlock(&nesting_mutex);
	return ret;
}

void epoll_nesting_unlock(void) { mutex_unlock(&nesting_mutex); }

/* ---- ways ---- */

/* How many ways there may be over 1, 2, ... sets in sets; a file may be in any number of sets. */
static const unsigned int max_paths[MAX_NESTS] = { 500, 100, 50, 10 };

/* Counts the ways from the file to a set that is in none. links_lock held. */
static bool count_paths(const struct file *file, unsigned int nests, unsigned int *paths)
{
	const struct epoll_item *item;

	LIST_FOREACH(item, &file->epoll_items, file_link) {
		if (epoll_is_nested(item->ep)) {
			if (!count_paths(item->ep->file, nests + 1, paths))
				return false;
		} else if (nests && ++paths[nests - 1] > max_paths[nests - 1]) {
			return false;
		}
	}
	return true;
}

static bool file_paths_fit(const struct file *file)
{
	unsigned long flags = spin_lock_irqsave(&links_lock);
	unsigned int paths[MAX_NESTS] = { 0 };
	bool fit = count_paths(file, 0, paths);

	spin_unlock_irqrestore(&links_lock, flags);
	return fit;
}

/* Those of all files in the set, and of those in the sets in it. */
static bool set_paths_fit(struct epoll *ep)
{
	struct epoll_item *item;
	bool fit = true;

	if (ep->walk == walk)
		return true;
	ep->walk = walk;
	mutex_lock_nested(&ep->mutex);
	RB_FOREACH(item, epoll_tree, &ep->items) {
		struct epoll *below = epoll_of(item->file);

		fit = below ? set_paths_fit(below) : file_paths_fit(item->file);
		if (!fit)
			break;
	}
	mutex_unlock(&ep->mutex);
	return fit;
}

bool epoll_paths_fit(struct epoll_item *item)
{
	struct epoll *nested = epoll_of(item->file);

	if (!nested)
		return file_paths_fit(item->file);
	walk++;
	return set_paths_fit(nested);
}
