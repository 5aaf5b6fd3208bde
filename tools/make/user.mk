# Programs: user/ is the C library's lower half, user/bin/ and tests/abi/ hold one program in each
# file.

U := $(OUT)/user

USER_LIB_SRC := $(sort $(wildcard user/*.c user/*.S))
USER_LIB_OBJ := $(addprefix $(U)/obj/,$(addsuffix .o,$(basename $(USER_LIB_SRC))))
CRT0         := $(filter %/crt0.o,$(USER_LIB_OBJ))

BIN_SRC  := $(sort $(wildcard user/bin/*.c))
TEST_SRC := $(sort $(wildcard tests/abi/*.c))
BIN      := $(BIN_SRC:user/bin/%.c=$(U)/bin/%)
TESTS    := $(TEST_SRC:tests/abi/%.c=$(U)/tests/%)
USER_OBJ := $(USER_LIB_OBJ) $(BIN_SRC:%.c=$(U)/obj/%.o) $(TEST_SRC:%.c=$(U)/obj/%.o)


# Files that tests read: each tests/abi/data/make_X.c runs on this machine and writes
# its own into tests/data.
DATA_SRC := $(sort $(wildcard tests/abi/data/make_*.c))
DATA     := $(DATA_SRC:tests/abi/data/make_%.c=$(U)/tests/data/.%)

$(call remember,$(U)/flags,$(CC) $(USER_FLAGS))
$(call remember,$(U)/sources,$(USER_LIB_SRC))

.PHONY: programs
.SECONDARY: $(USER_OBJ)
programs: $(BIN) $(TESTS) $(DATA)

build/newlib/.done:
	@CROSS_COMPILE='$(CROSS_COMPILE)' tools/build-newlib build/newlib 1>&2

$(U)/obj/%.o: %.c $(U)/flags | build/newlib/.done
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(USER_FLAGS) -c $< -o $@

$(U)/obj/%.o: %.S $(U)/flags | build/newlib/.done
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(USER_FLAGS) -D__ASSEMBLER__ -c $< -o $@

$(U)/libpleat.a: $(filter-out $(CRT0),$(USER_LIB_OBJ)) $(U)/sources
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(filter-out $(CRT0),$(USER_LIB_OBJ))

USER_LINK = $(CC) -nostdlib -static -Wl,-z,noexecstack -Wl,--build-id=none \
	$(CRT0) $(1) -Wl,--start-group $(U)/libpleat.a $(NEWLIB)/lib/libc.a -lgcc -Wl,--end-group

$(U)/bin/%: $(U)/obj/user/bin/%.o $(CRT0) $(U)/libpleat.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(call USER_LINK,$<) -o $@

$(U)/tests/%: $(U)/obj/tests/abi/%.o $(CRT0) $(U)/libpleat.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(call USER_LINK,$<) -o $@

$(U)/tests/data/.%: tests/abi/data/make_%.c
	$(call say,DATA,$<)
	$(Q)mkdir -p $(@D) && $(HOSTCC) $(WARNINGS) -o $(U)/make_$* $< && $(U)/make_$* $(@D) && \
		touch $@

-include $(USER_OBJ:.o=.d)
