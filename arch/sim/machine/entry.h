/* The simulator's MMU walks x86-64's formats, so that what is tested is what runs. */
#pragma once
#include "arch/x86_64/machine/entry.h"
