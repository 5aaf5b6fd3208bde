/* Execution domains: personality(2). */
#pragma once

#define PER_LINUX		0x0000u
#define ADDR_NO_RANDOMIZE	0x0040000u	/* the layout of the next program
						 * is the same each time */
#define PER_ASK			0xffffffffu	/* changes nothing */
