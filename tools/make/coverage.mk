# Which lines of mm/ the unit tests, the failed allocations and the races reach, all
# on the simulator. One set of objects makes one program of all unit tests, and the
# races; only mm/ counts.

COV_OUT   := $(OUT)/coverage$(VARIANT)
COV_FLAGS := $(filter-out -O2,$(RACES_FLAGS) $(SANITIZE)) -O0
cov_obj    = $(1:%.c=$(COV_OUT)/obj/%.o)
COV_UNIT  := $(sort $(SIM_MM) $(SIM_SRC) $(UNIT_SRC))
COV_RACES := $(sort $(RACES_DRIVER) $(RACES_STATE))

.PHONY: coverage
coverage:
	@tools/setup coverage
	@$(BUILD_FIRST) $(COV_OUT)/unit $(COV_OUT)/races 1>&2
	@OUT='$(COV_OUT)' CHECK='$(CHECK)' tests/coverage/run

ifneq ($(filter $(COV_OUT)/%,$(MAKECMDGOALS)),)
$(call remember,$(COV_OUT)/flags,$(HOSTCC) $(COV_FLAGS))
$(call remember,$(COV_OUT)/sources,$(COV_UNIT) $(COV_RACES))
-include $(patsubst %.o,%.d,$(call cov_obj,$(sort $(COV_UNIT) $(COV_RACES))))
endif

# The counters must not be put back with the rest of the state: each variable has a section of its
# own, and those of gcov keep theirs.
$(COV_OUT)/obj/%.o: %.c $(COV_OUT)/flags
	$(call say,COVCC,$<)
	$(Q)mkdir -p $(@D) && $(HOSTCC) $(COV_FLAGS) -fdata-sections \
		$(if $(filter mm/%,$<),--coverage) -c $< -o $@ \
		$(if $(filter $<,$(RACES_STATE)),&& OBJCOPY='$(OBJCOPY)' tests/coverage/rename $@)

$(COV_OUT)/unit: $(call cov_obj,$(COV_UNIT)) $(COV_OUT)/sources
$(COV_OUT)/races: $(call cov_obj,$(COV_RACES)) $(COV_OUT)/sources
$(COV_OUT)/unit $(COV_OUT)/races: $(COV_OUT)/obj/tests/coverage/dump.o
	$(call say,COVLD,$@)
	$(Q)$(HOSTCC) $(COV_FLAGS) -no-pie --coverage -Wl,--wrap=_exit -o $@ $(filter %.o,$^) \
		-lpthread
