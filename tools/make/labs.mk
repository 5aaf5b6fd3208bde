# Labs: exporting a work tree, grading a submission.
#	make lab LAB=cow DIR=path		make grade LAB=cow [DIR=path] [OUT=path]
#
# Included first: for these goals OUT is where results go, not where things are built.

LAB ?=
DIR ?=
ifneq ($(filter lab grade,$(MAKECMDGOALS)),)
GRADE_OUT := $(if $(filter command% environment%,$(origin OUT)),$(OUT))
override OUT := build
endif

.PHONY: lab grade labs-check
lab:
	@tools/lab '$(LAB)' '$(DIR)'

grade:
	@tools/grade '$(LAB)' '$(DIR)' '$(GRADE_OUT)'

# Every wrong solution of every lab, and the reference; `make test` does a few.
labs-check:
	@tools/setup test
	@$(BUILD_FIRST) all
	@LABS_ALL=1 bash tests/labs/wrong.t
