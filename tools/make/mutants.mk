# Does a test notice when one flush, barrier, lock or re-check of mm/ is missing? docs/mutants.md.
# M=PATTERN tries some; what is known to be killed is not tried again unless FRESH=1. Code that
# only TABLE_FREE=rcu has is judged in that form.

MUT_OUT  := $(OUT)/mutants
# The slow files last: a mutant is mostly killed before them.
MUT_LAST := $(addprefix tests/unit/test_,sim.c buddy.c)
MUT_UNIT := $(filter-out $(MUT_LAST),$(UNIT_SRC)) $(MUT_LAST)
MUT_UNIT_OBJ := $(call sim_obj,$(SIM_MM) $(SIM_SRC) $(MUT_UNIT))
MUT_RACES_OBJ := $(call races_obj,$(RACES_DRIVER) $(RACES_STATE))

.PHONY: mutants mutants-build
mutants-build: $(MUT_UNIT_OBJ) $(MUT_RACES_OBJ)
	@mkdir -p $(MUT_OUT)
	@printf '%s\n' 'HOSTCC=$(HOSTCC)' 'OBJCOPY=$(OBJCOPY)' \
		'UNIT_FLAGS=$(SIM_FLAGS)' 'UNIT_ROOT=$(SIM_OUT)' 'UNIT_LINK=' \
		'UNIT_OBJECTS=$(MUT_UNIT_OBJ)' \
		'RACES_FLAGS=$(RACES_FLAGS)' 'RACES_ROOT=$(RACES_OUT)' 'RACES_LINK=-no-pie' \
		'RACES_OBJECTS=$(MUT_RACES_OBJ)' >$(MUT_OUT)/config$(VARIANT)

mutants:
	@tools/setup test
	@$(BUILD_FIRST) mutants-build 1>&2
	@$(BUILD_FIRST) TABLE_FREE=rcu mutants-build 1>&2
	@tests/mutants/run --out '$(MUT_OUT)' --config '$(MUT_OUT)/config' \
		--tsv '$(OUT)/mutants.tsv' \
		$(if $(M),--only '$(M)') $(if $(FRESH),--fresh)
