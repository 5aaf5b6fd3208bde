# Looking inside: gdb on a stopped machine, recordings that run again, and the programs of
# tests/gdb.

GDB       ?= gdb
RECORDING ?= $(OUT)/record
PORT      ?= free

G := $(U)/gdb

GDB_SRC := $(sort $(wildcard tests/gdb/*.c))
GDB_OBJ := $(GDB_SRC:%.c=$(U)/obj/%.o)

.PHONY: gdb record replay gdb-programs
.SECONDARY: $(GDB_OBJ)
gdb-programs: $(GDB_SRC:tests/gdb/%.c=$(G)/%)

$(G)/%: $(U)/obj/tests/gdb/%.o $(CRT0) $(U)/libpleat.a
	$(call say,LD,$@)
	$(Q)mkdir -p $(@D) && $(call USER_LINK,$<) -o $@

# The machine as `run` takes it, for tools/pleat-run; direct boot, since gdb need not see GRUB.
MACHINE = --mem '$(MEM)' $(if $(LEVELS),--levels '$(LEVELS)') $(if $(IMG),--img '$(IMG)') \
	$(if $(DISK),--disk '$(DISK)') \
	$(if $(APPEND),--append '$(APPEND)') $(SEED_OPTION) $(if $(value CMD),--cmd "$$PLEAT_CMD")

gdb:
	@tools/setup test 1>&2
	@$(BUILD_FIRST) all 1>&2
	@GDB='$(GDB)' tools/gdb/start --build '$(BUILD)' --cpus '$(CPUS)' --gdb '$(PORT)' \
		$(MACHINE)

record:
	@tools/setup test 1>&2
	@$(BUILD_FIRST) all 1>&2
	@tools/pleat-run --build '$(BUILD)' --cpus 1 --record '$(RECORDING)' $(MACHINE)

replay:
	@tools/setup test 1>&2
	@GDB='$(GDB)' tools/gdb/start --replay '$(RECORDING)'

-include $(GDB_OBJ:.o=.d)
