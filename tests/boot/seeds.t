#!/bin/bash
# job: 0 fast
# A seed decides how two CPUs meet: the same seed makes the same run to the last instruction.
. tests/harness/tap.sh

# traced NAME SEED: a run's events with their times, which count instructions.
traced() { boot --seed "$2" --trace "$tmp/$1" --cmd '/tests/unfold_stress 4'; }
same() { cmp -s "$tmp/$1" "$tmp/$2"; }
order() { tools/trace "$1" | sed 's/.*us  //' | md5sum; }

traced first 1
is 'a-program-passes-under-a-seed' "$verdict" 'exit 0'
ok 'the-trace-has-events-of-both-CPUs' \
	test "$(tools/trace "$tmp/first" | grep -o 'CPU [01]' | sort -u | wc -l)" = 2
for again in second third; do
	traced $again 1
	ok "the-same-seed-makes-the-same-run-$again" same first $again
done
for seed in 0 2 3; do
	traced "seed-$seed" $seed
	is "seed-$seed-passes" "$verdict" 'exit 0'
	ok "seed-$seed-makes-another-run" \
		test "$(order "$tmp/first")" != "$(order "$tmp/seed-$seed")"
done

for n in 0 -1 five 1.5 99999999999; do
	text=$(tests/seeds/run --n "$n" 2>&1)
	is "N=$n-is-refused" $? 2
	has "N=$n-is-named" "$text" "^seeds: N=$n: a number of seeds, from 1"
done
text=$(tests/seeds/run --n 2 --first 2147483648 2>&1)
has 'a-range-beyond-the-last-seed-is-refused' "$text" 'the last seed is 2147483648'
text=$(make seeds N=2 SEED=7 CMD='true-is-not-there' 2>&1)
is 'a-program-that-fails-makes-make-seeds-fail' $? 2
has 'a-failing-seed-is-named' "$text" '^not ok - seed 7, /tests/true-is-not-there: '
has 'and-the-command-that-runs-it-again' "$text" \
	'^ *again: +make run SEED=7 CMD="/tests/true-is-not-there"$'
has 'and-the-command-for-gdb' "$text" \
	'^ *in gdb: +make gdb SEED=7 TURN=[0-9]+ CMD="/tests/true-is-not-there"$'
has 'totals-are-last' "$(tail -n 2 <<<"$text")" '^2 of 2 runs \(seeds 7 to 8\): 0 passed, 2 failed'

boot --seed 1x --cmd /bin/true
has 'a-seed-that-is-no-number-is-named' "$err" 'SEED=1x: a number from 0'
boot --seed 1 --cpus 1 --cmd /bin/true
has 'one-CPU-is-refused' "$err" 'with one CPU nothing can meet'
boot --seed 1 --build release --cmd /bin/true
has 'the-release-build-is-refused' "$err" 'only debug builds have race points'
boot --append seed=none --cmd /bin/true
has 'the-kernel-refuses-a-seed-that-is-no-number' "$out$log" \
	'The boot option "seed=none" is refused: it takes a number'
done_testing
