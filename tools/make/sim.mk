# The simulator: the same mm/ compiled for this machine's own Linux, with sanitizers, over arch/sim.

S := $(OUT)/sim$(VARIANT)

# kernel/base sources that need the real machine or the boot loader stay out.
SIM_BASE := $(filter-out $(addprefix kernel/base/,printk.c backtrace.c symbols.c cmdline.c panic.c), \
	$(wildcard kernel/base/*.c))
SIM_SRC  := $(sort $(SIM_BASE) $(wildcard arch/sim/*.c)) \
	$(sort $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
SIM_MM   := $(sort $(wildcard mm/*.c))
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
UNIT     := $(UNIT_SRC:tests/unit/%.c=$(S)/%)
sim_obj   = $(1:%.c=$(S)/obj/%.o)

$(call remember,$(S)/flags,$(HOSTCC) $(SIM_FLAGS))
$(call remember,$(S)/sources,$(SIM_SRC) $(SIM_MM))

.PHONY: unit
.SECONDARY: $(call sim_obj,$(UNIT_SRC))
unit: $(UNIT) $(S)/libmm.a

$(S)/obj/%.o: %.c $(S)/flags
	$(call say,SIMCC,$<)
	$(Q)mkdir -p $(@D) && $(HOSTCC) $(SIM_FLAGS) -c $< -o $@

$(S)/libmm.a: $(call sim_obj,$(SIM_MM)) $(S)/sources
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

$(S)/libsim.a: $(call sim_obj,$(SIM_SRC)) $(S)/sources
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

$(S)/test_%: $(S)/obj/tests/unit/test_%.o $(S)/libmm.a $(S)/libsim.a
	$(call say,SIMLD,$@)
	$(Q)$(HOSTCC) $(SIM_FLAGS) -o $@ $< -Wl,--start-group $(S)/libmm.a $(S)/libsim.a -Wl,--end-group -lpthread

-include $(patsubst %.o,%.d,$(call sim_obj,$(SIM_SRC) $(SIM_MM) $(UNIT_SRC)))
