# Seeded bugs: labs/bugs/, docs/bugs.md.
#	make bugs [B=NAMES]	lists them	make bugs TEST=1 [B=NAMES]	catches them
#	make run BUG=NAME	and gdb, test, races, all: in build/bugs/NAME, the tree with
#				that bug

TEST ?=
B    ?=

ifeq ($(BUG),)

.PHONY: bugs
bugs:
ifeq ($(filter 1,$(TEST)),)
	@tools/bugs known $(B)
	@tools/bugs list $(B)
else
	@tools/bugs known $(B)
	@$(BUILD_FIRST) unit races-build 1>&2
	@$(BUILD_FIRST) TSAN=1 races-build 1>&2
	@tools/bugs test $(B)
endif

else

# Every goal is the copy's. Files that a goal is given, or is to write, lie where
# they would without BUG.
BUG_FILES := $(foreach v,DISK IMG RECORDING TRACE,$(if $($(v)),$(v)='$(abspath $($(v)))'))
BUG_GOALS := $(or $(MAKECMDGOALS),all)

.PHONY: $(BUG_GOALS) bug-tree
$(BUG_GOALS): bug-tree
	@$(MAKE) -C 'build/bugs/$(BUG)' $@ BUG= IN_BUG='$(BUG)' $(BUG_FILES)

bug-tree:
	@tools/bugs known '$(BUG)'
	@$(MAKE) -s BUG= build/newlib/.done 1>&2
	@tools/bugs tree '$(BUG)' >/dev/null

endif
