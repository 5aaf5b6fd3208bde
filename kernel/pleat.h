/* prctl(2) operations of our own: kernel/uapi/pleat.h says what they do. */
#pragma once

/* -EINVAL for operations that are not ours. */
long pleat_prctl(int option, unsigned long arg2, unsigned long arg3);
