/* poweroff - switches the machine off. */
#include <stdio.h>

#include "user/linux.h"
#include "user/numbers.h"

int main(void)
{
	long result;

	/* Only Pleat's own machine: a test host must survive a mistaken `poweroff`. */
	if (is_error(sys_prctl(PR_PLEAT_LEVELS, 0, 0))) {
		fprintf(stderr, "poweroff: this is not Pleat: not switching it off\n");
		return 1;
	}
	result = sys_reboot(LINUX_REBOOT_CMD_POWER_OFF);
	fprintf(stderr, "poweroff: %s\n", linux_errno_name((int)-result));
	return 1;
}
