# Fuzzers: each directory of tests/fuzz/ with a main.c is one program, for Pleat and for Linux.
#	make fuzz SEED=n TIME=seconds ROUNDS=n		make soak TIME=seconds

FUZZ_DIRS  := $(patsubst tests/fuzz/%/main.c,%,$(wildcard tests/fuzz/*/main.c))
FUZZ_ROOT  := $(OUT)/fuzz-root
FUZZ_BIN   := $(FUZZ_DIRS:%=$(FUZZ_ROOT)/fuzz/%)
fuzz_src    = $(sort $(wildcard tests/fuzz/$(1)/*.c tests/fuzz/$(1)/*.S))
fuzz_obj    = $(addprefix $(U)/obj/,$(addsuffix .o,$(basename $(call fuzz_src,$(1)))))
FUZZ_OBJ   := $(foreach dir,$(FUZZ_DIRS),$(call fuzz_obj,$(dir)))

.SECONDARY: $(FUZZ_OBJ)
.PHONY: fuzz soak fuzz-build
fuzz-build: $(FUZZ_BIN)

.SECONDEXPANSION:
$(FUZZ_ROOT)/fuzz/%: $$(call fuzz_obj,$$*) $(CRT0) $(U)/libpleat.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(call USER_LINK,$(filter %.o,$(filter-out $(CRT0),$^))) -o $@

fuzz:
	@$(BUILD_FIRST) all fuzz-build 1>&2
	@tests/fuzz/run calls '$(SEED)' '$(TIME)' '$(ROUNDS)'

soak:
	@$(BUILD_FIRST) all fuzz-build 1>&2
	@$(BUILD_FIRST) BUILD=release kernel 1>&2
	@tests/fuzz/soak '$(TIME)'

-include $(FUZZ_OBJ:.o=.d)
