@@ after #include "mm/internal.h"
#include "mm/lab.h"
@@ replace mm_initial_levels
unsigned int mm_initial_levels(void)
{
	return lab_levels(initial_levels);
}
