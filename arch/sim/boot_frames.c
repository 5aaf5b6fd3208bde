/* Builds a machine and brings up the frame allocators on it, in the order of kernel/main.c. */
#include "arch/sim/sim.h"
#include "mm/buddy.h"
#include "mm/page_owner.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"

static struct sim_config with_defaults(const struct sim_config *wanted)
{
	struct sim_config config = wanted ? *wanted : (struct sim_config){ 0 };

	config.mib = config.mib ? config.mib : 32;
	config.first_pfn = config.first_pfn ? config.first_pfn : 0x100;
	config.cpus = config.cpus ? config.cpus : 1;
	config.hw_levels = config.hw_levels ? config.hw_levels : 4;
	if (!config.nr_regions) {
		config.nr_regions = 1;
		config.regions[0].start = config.first_pfn << PAGE_SHIFT;
		config.regions[0].end = config.regions[0].start + ((phys_addr_t)config.mib << 20);
	}
	return config;
}

void sim_boot_frames(const struct sim_config *wanted)
{
	struct sim_config config = with_defaults(wanted);

	arena_create(&config);
	cpus_create(&config);
	boot_mem_init(config.regions, config.nr_regions);
	kernel_tables_create();
	page_init();
	page_owner_init();
	boot_mem_release();
	slab_init();
	vmalloc_init();
}
