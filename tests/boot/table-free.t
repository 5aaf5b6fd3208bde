#!/bin/bash
# job: 2 slow
# The build in which page tables wait for a grace period, not for interrupts: the same programs pass, and none
# is interrupted for a table.
. tests/harness/tap.sh

waited() { sed -n 's/^#.*[^0-9]\([0-9]*\) tables waited for a grace period$/\1/p' <<<"$out"; }

units='test_tlb test_fault test_gup test_race test_table_free'
ok 'the-variant-builds' make TABLE_FREE=rcu kernel $(printf 'build/sim-rcu/%s ' $units)
for unit in $units; do
	ok "its-unit-tests-pass-${unit#test_}" "build/sim-rcu/$unit"
done
boot --kernel build/debug-rcu/pleat.elf -- /bin/runtests /tests/table_free /tests/gup_fold /tests/gup_test \
	/tests/shootdown /tests/threads /tests/unfold_stress /tests/cow /tests/exec
is 'its-programs-pass' "$verdict" 'exit 0'
ok 'each-of-them-ran' test "$(grep -c '^# program' <<<"$out")" = 8
ok 'tables-wait-for-a-grace-period' test "$(waited)" -ge 300
boot -- /tests/table_free
is 'the-default-passes-too' "$verdict" 'exit 0'
is 'and-there-no-table-waits' "$(waited)" 0
done_testing
