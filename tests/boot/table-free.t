#!/bin/bash
# job: 2 slow
# The build in which page tables wait for a grace period, not for interrupts: its unit tests
# pass, each table waits, and no CPU is interrupted for one. All programs of tests/abi in that
# build are the job rcu/all.
. tests/harness/tap.sh

waited() { sed -n 's/^#.*[^0-9]\([0-9]*\) tables waited for a grace period$/\1/p' <<<"$out"; }
interrupted()
{
	sed -n 's/^#.*[^0-9]\([0-9]*\) CPUs were interrupted for tables since boot$/\1/p' <<<"$out"
}

units='test_tlb test_fault test_gup test_gup_pin test_race test_table_free'
ok 'the-variant-builds' make TABLE_FREE=rcu kernel $(printf 'build/sim-rcu/%s ' $units)
for unit in $units; do
	ok "its-unit-tests-pass-${unit#test_}" "build/sim-rcu/$unit"
done
for cpus in 1 2 4; do
	boot --kernel build/debug-rcu/pleat.elf --cpus $cpus -- /tests/table_free
	is "the-program-passes-on-$cpus" "$verdict" 'exit 0'
	ok "each-table-waits-for-a-grace-period-on-$cpus" test "$(waited)" -ge 320
	is "no-CPU-is-interrupted-for-a-table-on-$cpus" "$(interrupted)" 0
done
boot -- /tests/table_free
is 'the-default-passes-too' "$verdict" 'exit 0'
is 'and-there-no-table-waits' "$(waited)" 0
is 'nor-is-a-CPU-interrupted-for-no-flush' "$(interrupted)" 0
done_testing
