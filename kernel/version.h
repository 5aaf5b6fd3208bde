/* What we are, and the release of Linux whose interface programs may expect. */
#pragma once

#define PLEAT_VERSION		"0.1"
#define PLEAT_ABI_RELEASE	"6.1.0-pleat"
#define PLEAT_BUILD		(CONFIG_DEBUG ? "debug" : "release")
