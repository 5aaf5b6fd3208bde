#!/bin/bash
# job: 0 slow
# The tool of make mutants itself: it finds what it should delete, kills what is known to be wrong,
# and lets live what is known to be right.
. tests/harness/tap.sh

make -s mutants-build >&2 && make -s TABLE_FREE=rcu mutants-build >&2 || exit 1
tool() { tests/mutants/run --out "$tmp/out" --tsv "$tmp/mutants.tsv" "$@" >"$tmp/said" 2>&1; }
said() { grep -qE "$1" "$tmp/said"; }
mkdir "$tmp/out"

# Flushes and locks that stand alone in their line, counted another way. mm/selftest.c is a test.
count() { grep -hE "^	+($1)\(.*\);" $(ls mm/*.c | grep -v selftest) | wc -l; }
tool --list
is every-flush-is-found "$(grep -cE '^mm/[a-z_]+\.c:.*:flush:(flush_tlb|tlb_flush)' "$tmp/said")" \
	"$(count 'flush_tlb_range|flush_tlb_page|tlb_flush_local|tlb_flush_kernel|tlb_flush_mmu')"
is every-barrier-is-found "$(grep -cE '^mm/[a-z_]+\.c:.*:barrier:smp_[rw]?mb' "$tmp/said")" \
	"$(count 'smp_mb|smp_rmb|smp_wmb')"
# Those that return locked are judged where they are called.
for function in $(grep -hoE '\b(mmap|spin|folio)_[a-z_]*lock\(' mm/mprotect.c mm/mmap.c mm/zap.c |
	sort -u | grep -v un); do
	ok "mutants-of-${function%(}-are-found" grep -q ":lock:${function%(}" "$tmp/said"
done

dozen='mm/fault.c:lock_if_same:recheck:pte_same,mm/fault.c:anonymous_fault:lock:*,mm/fault.c:wp_*:lock:*'
dozen+=',mm/fault.c:wp_replace:flush:*,mm/fork.c:copy_mappings:flush:*,mm/mprotect.c:change_protection:flush:*'
dozen+=',mm/tlb.c:tlb_flush_mmu:flush:*,mm/zap.c:zap_pte_range:lock:*,mm/zap.c:zap_pte_range:flush:tlb_range'
dozen+=',mm/context.c:flush_here:flush:*,mm/context.c:flush_tlb_range:flush:*'
ok a-dozen-mutants-are-killed tool --fresh --stages 1 --only "$dozen"
ok and-named-with-their-test said \
	'killed +mm/fork.c:copy_mappings:flush:flush_tlb_range  races -f: [a-z]+-'
grep -v '^\[' "$tmp/said" >&2
ok what-is-known-is-not-tried-again tool --stages 1 --only "$dozen"
ok and-counted said ', ([0-9]+) chosen, \1 known'

equal=mm/fault.c:lock_if_same:recheck:pmd_same
is a-survivor-fails "$(tool --equivalent /dev/null --stages 1 --only $equal; echo $?)" 1
ok and-shows-its-text said '^\+.*!true'
ok and-how-to-try-it said 'by hand: git apply '
ok what-is-proved-equivalent-passes tool --stages 1 --only $equal

printf '%s\n	if (something else)\n	Because.\n' $equal >"$tmp/stale"
is a-proof-of-another-line-fails "$(tool --equivalent "$tmp/stale" --only $equal; echo $?)" 1
ok and-shows-the-line-of-today said "its line now reads: if"
printf 'mm/gone.c:f:lock:g\n	x\n	Because.\n' >"$tmp/stale"
is a-proof-of-nothing-fails "$(tool --equivalent "$tmp/stale" --only $equal; echo $?)" 1
done_testing
