# The simulator: the same mm/ compiled for this machine's own Linux, with
# sanitizers, over arch/sim.

SIM_OUT := $(OUT)/sim$(VARIANT)

# kernel/base sources that need the real machine or the boot loader stay out.
SIM_BASE := $(filter-out $(addprefix kernel/base/,printk.c backtrace.c symbols.c \
	cmdline.c panic.c), \
	$(wildcard kernel/base/*.c))
SIM_SRC  := $(sort $(SIM_BASE) $(wildcard arch/sim/*.c)) \
	$(sort $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c)))
SIM_MM   := $(sort $(wildcard mm/*.c))
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
UNIT     := $(UNIT_SRC:tests/unit/%.c=$(SIM_OUT)/%)
sim_obj   = $(1:%.c=$(SIM_OUT)/obj/%.o)

$(call remember,$(SIM_OUT)/flags,$(HOSTCC) $(SIM_FLAGS))
$(call remember,$(SIM_OUT)/sources,$(SIM_SRC) $(SIM_MM))

.PHONY: unit
.SECONDARY: $(call sim_obj,$(UNIT_SRC))
unit: $(UNIT) $(SIM_OUT)/libmm.a

$(SIM_OUT)/obj/%.o: %.c $(SIM_OUT)/flags
	$(call say,SIMCC,$<)
	$(Q)mkdir -p $(@D) && $(HOSTCC) $(SIM_FLAGS) -c $< -o $@

$(SIM_OUT)/libmm.a: $(call sim_obj,$(SIM_MM)) $(SIM_OUT)/sources
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

$(SIM_OUT)/libsim.a: $(call sim_obj,$(SIM_SRC)) $(SIM_OUT)/sources
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcs $@ $(filter %.o,$^)

$(SIM_OUT)/test_%: $(SIM_OUT)/obj/tests/unit/test_%.o $(SIM_OUT)/libmm.a $(SIM_OUT)/libsim.a
	$(call say,SIMLD,$@)
	$(Q)$(HOSTCC) $(SIM_FLAGS) -o $@ $< -Wl,--start-group $(SIM_OUT)/libmm.a \
		$(SIM_OUT)/libsim.a -Wl,--end-group -lpthread

-include $(patsubst %.o,%.d,$(call sim_obj,$(SIM_SRC) $(SIM_MM) $(UNIT_SRC)))
