/* tour - a guided tour through the program's own page tables. */
#include "user/tour.h"

int main(void)
{
	guided_tour();
	return 0;
}
