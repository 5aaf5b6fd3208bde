# Compilers, their flags, and the two helpers that every rule uses.

CROSS_COMPILE ?=
ifneq ($(filter default undefined,$(origin CC)),)
CC := $(CROSS_COMPILE)gcc
endif
LD      := $(CROSS_COMPILE)ld
AR      := $(CROSS_COMPILE)ar
NM      := $(CROSS_COMPILE)nm
OBJCOPY := $(CROSS_COMPILE)objcopy
HOSTCC  ?= $(if $(CROSS_COMPILE),gcc,$(CC))

WARNINGS := -Wall -Wextra -Wshadow -Wmissing-prototypes -Wstrict-prototypes -Wno-unused-parameter
ifeq ($(WERROR),1)
WARNINGS += -Werror
endif

# The compiler's own headers (stdarg.h, stddef.h, ...), which need no C library.
CC_INCLUDE := $(shell $(CC) -print-file-name=include 2>/dev/null)

# What all code for Pleat's machine shares, kernel and programs: fixed addresses, nothing of the
# host's defaults.
TARGET_FLAGS := -std=gnu11 -O2 -g -nostdinc -isystem $(CC_INCLUDE) -fno-pic -fno-pie \
	-fno-stack-protector \
	-fcf-protection=none -fno-common -U_FORTIFY_SOURCE $(WARNINGS) -MMD -MP

KERNEL_FLAGS := $(TARGET_FLAGS) -ffreestanding -I. -Iarch/x86_64 -Ithird_party/newlib \
	-D__PLEAT_KERNEL__ \
	-DCONFIG_DEBUG=$(if $(filter debug,$(BUILD)),1,0) $(VARIANT_FLAGS) -mcmodel=kernel \
	-mno-red-zone -mgeneral-regs-only \
	-fno-asynchronous-unwind-tables -fno-omit-frame-pointer -fno-strict-aliasing \
	-fno-delete-null-pointer-checks

NEWLIB := build/newlib/x86_64-elf
USER_FLAGS := $(TARGET_FLAGS) -isystem $(NEWLIB)/include -I. -U__linux__ -Ulinux -U__gnu_linux__ \
	-D__DYNAMIC_REENT__ -fno-omit-frame-pointer

SIM_FLAGS := -std=gnu11 -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer -DCONFIG_DEBUG=1 $(VARIANT_FLAGS) -I. -Iarch/sim \
	-Ithird_party/newlib $(WARNINGS) -MMD -MP

# $(call say,WHAT,FILE): the one line that a step shows; V=1 shows its commands as well.
Q   := $(if $(filter 1,$(V)),,@)
say  = @printf '  %-7s %s\n' '$(1)' '$(2)'

# $(call remember,FILE,TEXT): FILE changes exactly when TEXT does, so that what depends on it is
# built again with other flags or another list of sources.
define remember
$(shell mkdir -p $(dir $(1)); printf '%s\n' '$(subst ','\'',$(2))' | cmp -s - $(1) || \
	printf '%s\n' '$(subst ','\'',$(2))' >$(1))
endef
