# The race explorer: mm/ and the simulator once more, with their data in sections of their own so
# that the state can be put back before each schedule. SAN=1 builds it with ASan and UBSan; TSAN=1
# so that plain accesses are seen as well, and data races found (arch/sim/tsan.c).

RACES_OUT   := $(OUT)/races$(if $(filter 1,$(SAN)),-asan)$(if $(filter 1,$(TSAN)),-tsan)$(VARIANT)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined
RACES_FLAGS := $(filter-out -O1 -fsanitize% -fno-sanitize%,$(SIM_FLAGS)) -fno-pie \
	-fcf-protection=none \
	-fno-optimize-sibling-calls \
	$(if $(filter 1,$(SAN)),-O1 $(SANITIZE),-O2)

# What drives the schedules is no part of the state.
RACES_DRIVER := $(addprefix arch/sim/,clocks.c datarace.c deadlock.c fiber.c footprint.c object.c \
	panic.c replay.c schedule.c search.c snapshot.c tasks.c tsan.c watchdog.c) \
	$(addprefix tests/races/,check.c main.c runner.c story.c where.c)
RACES_STATE  := $(sort $(SIM_MM) $(SIM_BASE) $(wildcard arch/sim/*.c) $(wildcard tests/races/*.c))
RACES_STATE  := $(filter-out $(RACES_DRIVER) arch/sim/trace.c kernel/base/trace.c,$(RACES_STATE))

# With TSAN=1: whose plain accesses are seen. The checkers' own say nothing about
# the kernel without them.
TSAN_FLAGS   := -fsanitize=thread -fno-builtin-memset -fno-builtin-memcpy -fno-builtin-memmove \
	-fno-builtin-memcmp \
	$(if $(findstring clang,$(HOSTCC)),-mllvm -tsan-distinguish-volatile=1 \
		-D__SANITIZE_THREAD__, \
		--param tsan-distinguish-volatile=1 --param tsan-instrument-func-entry-exit=0)
TSAN_SYMBOLS := $(foreach f,memset memcpy memmove memcmp,--redefine-sym $f=tsan_$f)
RACES_WATCHED := $(if $(filter 1,$(TSAN)), \
	$(filter-out mm/check.c mm/ledger.c tests/races/world.c $(RACES_DRIVER), \
	$(filter mm/% tests/races/%,$(RACES_STATE))))
races_obj     = $(1:%.c=$(RACES_OUT)/obj/%.o)

$(call remember,$(RACES_OUT)/flags,$(HOSTCC) $(RACES_FLAGS) \
	$(if $(RACES_WATCHED),$(TSAN_FLAGS) $(RACES_WATCHED)))
$(call remember,$(RACES_OUT)/sources,$(RACES_DRIVER) $(RACES_STATE))

.PHONY: races races-build
races-build: $(RACES_OUT)/races

$(RACES_OUT)/obj/%.o: %.c $(RACES_OUT)/flags
	$(call say,RACECC,$<)
	$(Q)mkdir -p $(@D) && $(HOSTCC) $(RACES_FLAGS) \
		$(if $(filter $<,$(RACES_WATCHED)),$(TSAN_FLAGS)) -c $< -o $@ \
		$(if $(filter $<,$(RACES_STATE)),&& $(OBJCOPY) --rename-section .data=mm_data \
		--rename-section .bss=mm_bss $@) \
		$(if $(filter $<,$(RACES_WATCHED)),&& $(OBJCOPY) $(TSAN_SYMBOLS) $@)

$(RACES_OUT)/races: $(call races_obj,$(RACES_DRIVER) $(RACES_STATE)) $(RACES_OUT)/sources
	$(call say,RACELD,$@)
	$(Q)$(HOSTCC) $(RACES_FLAGS) -no-pie -o $@ $(filter %.o,$^) -lpthread

# S=NAME one scenario, N=COUNT random schedules of each, REPLAY=SCHEDULE one
# schedule and its story.
races:
	@$(BUILD_FIRST) races-build 1>&2
	@OUT='$(RACES_OUT)' tests/races/run $(if $(S),-s "$(S)") $(if $(N),-n '$(N)') \
		$(if $(REPLAY),-r '$(REPLAY)') $(if $(FAST),-f) $(if $(CHECK),-c) \
		$(if $(filter command% environment%,$(origin GDB)),-g)

-include $(patsubst %.o,%.d,$(call races_obj,$(RACES_DRIVER) $(RACES_STATE)))
