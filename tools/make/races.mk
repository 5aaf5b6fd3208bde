# The race explorer: mm/ and the simulator once more, with their data in sections of their own so that
# the state can be put back before each schedule. SAN=1 builds it with ASan and UBSan.

RACES_OUT   := $(OUT)/races$(if $(filter 1,$(SAN)),-asan)$(VARIANT)
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined
RACES_FLAGS := $(filter-out -O1 -fsanitize% -fno-sanitize%,$(SIM_FLAGS)) -fno-pie -fcf-protection=none \
	-fno-optimize-sibling-calls \
	$(if $(filter 1,$(SAN)),-O1 $(SANITIZE),-O2)

# What drives the schedules is no part of the state.
RACES_DRIVER := $(addprefix arch/sim/,deadlock.c fiber.c footprint.c panic.c replay.c schedule.c search.c \
	snapshot.c tasks.c watchdog.c) $(addprefix tests/races/,check.c main.c runner.c story.c)
RACES_STATE  := $(sort $(SIM_MM) $(SIM_BASE) $(wildcard arch/sim/*.c) $(wildcard tests/races/*.c))
RACES_STATE  := $(filter-out $(RACES_DRIVER) arch/sim/trace.c kernel/base/trace.c,$(RACES_STATE))
races_obj     = $(1:%.c=$(RACES_OUT)/obj/%.o)

$(call remember,$(RACES_OUT)/flags,$(HOSTCC) $(RACES_FLAGS))
$(call remember,$(RACES_OUT)/sources,$(RACES_DRIVER) $(RACES_STATE))

.PHONY: races races-build
races-build: $(RACES_OUT)/races

$(RACES_OUT)/obj/%.o: %.c $(RACES_OUT)/flags
	$(call say,RACECC,$<)
	$(Q)mkdir -p $(@D) && $(HOSTCC) $(RACES_FLAGS) -c $< -o $@ $(if $(filter $<,$(RACES_STATE)),&& \
		$(OBJCOPY) --rename-section .data=mm_data --rename-section .bss=mm_bss $@)

$(RACES_OUT)/races: $(call races_obj,$(RACES_DRIVER) $(RACES_STATE)) $(RACES_OUT)/sources
	$(call say,RACELD,$@)
	$(Q)$(HOSTCC) $(RACES_FLAGS) -no-pie -o $@ $(filter %.o,$^) -lpthread

# S=NAME one scenario, N=COUNT random schedules of each, REPLAY=SCHEDULE one schedule and its story.
races:
	@$(BUILD_FIRST) races-build 1>&2
	@OUT='$(RACES_OUT)' tests/races/run $(if $(S),-s "$(S)") $(if $(N),-n '$(N)') \
		$(if $(REPLAY),-r '$(REPLAY)') $(if $(FAST),-f) $(if $(CHECK),-c) $(if $(filter command% environment%,$(origin GDB)),-g)

-include $(patsubst %.o,%.d,$(call races_obj,$(RACES_DRIVER) $(RACES_STATE)))
