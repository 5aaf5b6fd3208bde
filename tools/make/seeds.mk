# Races on the machine code, decided by a seed: docs/seeds.md.
#	make seeds N=50 [SEED=FIRST] [CMD="PROGRAM ARGUMENTS"]	a program, or those of
#								tests/seeds/programs
#	make run SEED=N CMD="..."	and gdb: one of them again

# What `make run` and `make gdb` say to tools/pleat-run.
SEED_OPTION = $(if $(SEED),--seed '$(SEED)')$(if $(TURN), --turn '$(TURN)')

.PHONY: seeds
seeds:
	@tools/setup test 1>&2
	@$(BUILD_FIRST) all 1>&2
	@tests/seeds/run $(if $(N),--n '$(N)') $(if $(SEED),--first '$(SEED)') \
		$(if $(IN_BUG),--bug '$(IN_BUG)') \
		$(if $(value CMD),-- "$$PLEAT_CMD")
