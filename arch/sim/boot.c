/* Builds a machine with all of mm/ on it. */
#include "arch/sim/sim.h"
#include "mm/mm.h"
#include "mm/pagecache.h"

void sim_boot(const struct sim_config *config)
{
	sim_boot_frames(config);
	mm_init();
}
