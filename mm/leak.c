/* Quiescing, and the report of what has not come back. */
#include "mm/leak.h"
#include "mm/page_owner.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"

#define MAX_QUIESCE 16

static void (*quiesce_fns[MAX_QUIESCE])(void);
static unsigned int nr_quiesce;
static u32 generation; /* written by leak_mark() while nothing else runs */

void quiesce_register(void (*fn)(void))
{
	BUG_MSG(nr_quiesce == MAX_QUIESCE, "more than %d functions", MAX_QUIESCE);
	quiesce_fns[nr_quiesce++] = fn;
}

/*
 * Each step may fill the lists that a later one empties: what was registered last, since it stands
 * on what was registered before; then areas, slabs, frames.
 */
struct mem_usage mem_quiesce(void)
{
	for (unsigned int i = nr_quiesce; i-- > 0;)
		quiesce_fns[i]();
	vmalloc_purge();
	slab_shrink();
	buddy_drain_all();
	return (struct mem_usage){
		/*
		 * What is broken and given back is not lost; what is broken and not
		 * given back may be.
		 */
		.frames = frames_total() - frames_free() - frames_retired() -
			  vmalloc_table_frames() - slab_frames(),
		.objects = slab_objects(),
	};
}

u32 leak_generation(void) { return READ_ONCE(generation); }

void leak_mark(void)
{
	WRITE_ONCE(generation, generation + 1);
	slab_mark();
}

void leak_report(const struct mem_usage *before, const struct mem_usage *now)
{
	if (now->frames <= before->frames && now->objects <= before->objects)
		return;
	printk("leak: %ld frames and %ld slab objects more than before\n",
	       (long)(now->frames - before->frames), (long)(now->objects - before->objects));
#if CONFIG_DEBUG
	if (now->frames > before->frames)
		page_owner_report(generation);
#endif
	slab_report();
}
