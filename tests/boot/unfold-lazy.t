#!/bin/bash
# job: 2 slow
# The build in which CPUs learn of an unfolding by their faults, not by IPI: the
# same programs pass.
. tests/harness/tap.sh

ok 'the-variant-builds' make -j"$(nproc)" UNFOLD=lazy kernel build/sim-unfold-lazy/test_tlb
ok 'its-unit-tests-pass' build/sim-unfold-lazy/test_tlb
boot --kernel build/debug-unfold-lazy/pleat.elf -- /bin/runtests /tests/unfold \
	/tests/unfold_stress /tests/shootdown /tests/threads
is 'its-programs-pass' "$verdict" 'exit 0'
ok 'each-of-them-ran' test "$(grep -c '^# program' <<<"$out")" = 4
done_testing
