# Pleat's one entry: `make` alone lists what it can do. The rules live in tools/make/, one file
# for each thing built.

BUILD ?= debug
CPUS  ?= 2
MEM   ?= 512M
BOOT  ?= $(if $(value CMD),direct,grub)
V     ?= 0
OUT   ?= build

# CMD belongs to the guest: `$`, quotes and spaces in it mean nothing to make. A simply expanded
# copy of its literal text reaches the recipe's environment; CMD itself would be expanded on its
# way there.
unexport CMD
export PLEAT_CMD := $(value CMD)

ifeq ($(filter $(BUILD),debug release),)
$(error BUILD=$(BUILD): there are two builds, debug and release)
endif

# How the other CPUs learn that an address space was unfolded: by IPI, or when they fault.
UNFOLD ?= ipi
ifeq ($(filter $(UNFOLD),ipi lazy),)
$(error UNFOLD=$(UNFOLD): it is ipi or lazy)
endif

# When page tables may be given back: after an IPI, or after a grace period (docs/table-free.md).
TABLE_FREE ?= ipi
ifeq ($(filter $(TABLE_FREE),ipi rcu),)
$(error TABLE_FREE=$(TABLE_FREE): it is ipi or rcu)
endif
VARIANT := $(if $(filter lazy,$(UNFOLD)),-unfold-lazy)$(if $(filter rcu,$(TABLE_FREE)),-rcu)
VARIANT_FLAGS := $(if $(filter lazy,$(UNFOLD)),-DCONFIG_UNFOLD_LAZY) \
	$(if $(filter rcu,$(TABLE_FREE)),-DCONFIG_TABLE_FREE_RCU)

MAKEFLAGS += --no-print-directory -rR
SHELL := /bin/bash
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Sub-makes that build before something runs: quiet about themselves, parallel unless told
# otherwise, and on standard error, since standard output belongs to the program that runs.
BUILD_FIRST = $(MAKE) $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

# BUG=NAME: everything that follows happens in the tree with that bug.
BUG ?=
include tools/make/bugs.mk
ifeq ($(BUG),)

include tools/make/labs.mk
include tools/make/flags.mk
include tools/make/kernel.mk
include tools/make/user.mk
include tools/make/fuzz.mk
include tools/make/image.mk
include tools/make/sim.mk
include tools/make/races.mk
include tools/make/seeds.mk
include tools/make/coverage.mk
include tools/make/mutants.mk
include tools/make/bench.mk
include tools/make/debug.mk

.PHONY: help all run test test-linux doctor docs format clean distclean
help:
	@printf '%s\n' \
	'make run               boot Pleat through GRUB in QEMU, to a shell; `tour` there is a tour' \
	'make run CMD="PROGRAM ARGUMENTS"   run one program; CMD reaches it literally' \
	'make test              every test; T=GLOB a part, FAST=1 what takes under a minute' \
	'make test-linux        the programs of tests/abi on this machine'"'"'s Linux' \
	'make all, make unit    kernel and initramfs; the simulator and its unit tests' \
	'make iso               build/pleat.iso, bootable by BIOS and UEFI' \
	'make races             every interleaving: S=NAME N=COUNT REPLAY=... GDB=1 SAN=1 TSAN=1 CHECK=1, docs/races.md' \
	'make seeds             races on the machine code, decided by a seed: N=50 SEED=FIRST CMD="..."; run and gdb take SEED=, docs/seeds.md' \
	'make coverage, make mutants   lines that tests reach, deletions that they notice: CHECK=1, M=PATTERN, docs/mutants.md' \
	'make models            the models of races and barriers, by spin: docs/models.md' \
	'make bench             beside Linux: MODE=icount|mttcg ROW=NAMES PROFILE=1 CHECK=1 UPDATE=1' \
	'make gdb               gdb on a stopped machine; GDB=none waits for an editor: docs/gdb.md' \
	'make record, make replay   run CMD again, exactly; gdb can go back in it' \
	'make doctor            check the tools that all this needs' \
	'make bugs              seeded bugs: TEST=1 [B=NAME] catches them; run, gdb, test and races take BUG=NAME: docs/bugs.md' \
	'make lab, make grade   export a lab, grade one: LAB=NAME DIR=PATH, docs/labs.md' \
	'make fuzz              random system calls: SEED=n TIME=seconds ROUNDS=n; make soak for hours: docs/fuzz.md' \
	'make docs, make format    docs/arch.md from the headers, docs/abi.md from the tests, clang-format over the sources' \
	'make clean             remove what was built, except newlib' \
	'make distclean         remove everything that was built' '' \
	'For run: CPUS=2 MEM=512M LEVELS=3|4|5 BOOT=grub|uefi|direct IMG=DIR DISK=FILE TRACE=FILE STRACE=1 APPEND="boot options"' \
	'For all: BUILD=debug|release UNFOLD=ipi|lazy TABLE_FREE=ipi|rcu CC=clang-14 CROSS_COMPILE=x86_64-linux-gnu- WERROR=1 V=1'

all: kernel initramfs
	@:

run:
	@tools/setup run 1>&2
	@$(BUILD_FIRST) all 1>&2
	@tools/pleat-run --build '$(BUILD)' --cpus '$(CPUS)' --mem '$(MEM)' --boot '$(BOOT)' \
		$(if $(LEVELS),--levels '$(LEVELS)') $(if $(IMG),--img '$(IMG)') \
		$(if $(DISK),--disk '$(DISK)') \
		$(if $(APPEND),--append '$(APPEND)') $(if $(TRACE),--trace '$(TRACE)') \
		$(if $(STRACE),--strace) $(SEED_OPTION) \
		$(if $(value CMD),--cmd "$$PLEAT_CMD")

# Tests of these rooms alone, as in T=abi/mmap, need none of the further builds.
SMALL_ROOMS   := abi linux unit
FURTHER_ROOMS := $(if $(T),$(filter-out $(addsuffix /%,$(SMALL_ROOMS)),$(T)),all)

test:
	@tools/setup test
	@$(BUILD_FIRST) all unit
	@$(if $(FURTHER_ROOMS),$(MAKE) test-builds)
	@T='$(T)' FAST='$(FAST)' tests/run

.PHONY: test-builds
test-builds:
	@$(BUILD_FIRST) races-build gdb-programs fuzz-build
	@$(BUILD_FIRST) SAN=1 races-build
	@$(BUILD_FIRST) TSAN=1 races-build
	@$(BUILD_FIRST) TABLE_FREE=rcu races-build kernel
	@$(BUILD_FIRST) BUILD=release bench-build
	@$(BUILD_FIRST) BUILD=release kernel
	@$(BUILD_FIRST) BUILD=release TABLE_FREE=rcu kernel

.PHONY: models
models:
	@tools/setup test
	@tests/models/models.t 2>/dev/null

test-linux:
	@tools/setup test
	@$(BUILD_FIRST) programs
	@T='linux/$(or $(T),*)' tests/run

doctor:
	@tools/setup doctor

docs: docs/arch.md docs/abi.md
	@tools/bugs docs

docs/arch.md: arch/interface.h $(wildcard kernel/base/*.h arch/*/machine/*.h) tools/gen-arch-doc
	$(call say,DOC,$@)
	$(Q)mkdir -p docs && tools/gen-arch-doc >$@

docs/abi.md: kernel/syscall.h $(wildcard tests/abi/*) $(wildcard tests/fuzz/*/*.c user/*.[ch]) \
	tools/gen-abi-doc
	$(call say,DOC,$@)
	$(Q)mkdir -p docs && tools/gen-abi-doc >$@

format:
	@find arch kernel mm user tests \( -name '*.c' -o -name '*.h' \) -print0 | xargs -0r \
		clang-format -i

clean:
	@[ ! -d build ] || find build -mindepth 1 -maxdepth 1 ! -name newlib -exec rm -rf {} +

distclean:
	@rm -rf build

endif
