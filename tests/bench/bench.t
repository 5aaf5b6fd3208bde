#!/bin/bash
# job: 1 slow
# The benchmark itself: every row has a figure or a reason, the table is well-formed, a profile
# adds up to its row, a check notices a row that became worse, wrong values are refused.
. tests/harness/tap.sh

# What it writes lies beside links to what was built.
mkdir "$tmp/out"
for built in release release-rcu bench; do
	ln -s "$PWD/build/$built" "$tmp/out/$built"
done

# bench NAME=VALUE...: runs with these; sets out, err and status.
bench()
{
	env "${@/#/BENCH_}" tools/bench/run "$tmp/out" >"$tmp/stdout" 2>"$tmp/stderr" </dev/null
	status=$?
	out=$(<"$tmp/stdout") err=$(<"$tmp/stderr")
	printf -- '---- bench %s: status %s\n%s\n%s\n' "$*" "$status" "$out" "$err" >&2
}

bench LINUX=recorded
is 'it-ends-well' "$status" 0
table=$out tsv=$(<"$tmp/out/bench.tsv")
rows=$(grep -v '^#' tests/bench/rows.tsv | cut -f1,2)
is 'each-row-is-in-the-table' "$(sed -nE 's/^(\w+) +[0-9-][0-9.]* .*/\1/p' <<<"$table")" \
	"$(cut -f1 <<<"$rows")"
is 'each-row-is-in-bench.tsv' "$(tail -n +2 <<<"$tsv" | cut -f1,7)" "$rows"
is 'bench.tsv-names-its-columns' "$(head -n 1 <<<"$tsv")" \
	$'row\tpleat\tlinux\tratio\tfloor\tgoal\tmode'
number='([0-9]+\.?[0-9]*|-)'
pattern="^\w+	$number	$number	([0-9.]+|SKIP|NOISY|-)	$number	(([<>]=)?[0-9.]+|-)	(icount|mttcg)\$"
is 'bench.tsv-is-well-formed' "$(tail -n +2 <<<"$tsv" | grep -vE "$pattern")" ''
is 'a-row-without-a-figure-says-why' "$(grep -E '^\w+ +- ' <<<"$table" | grep -vE 'SKIP [a-z]')" ''
has 'figures-of-Linux-that-are-recorded-are-called-so' "$table" \
	'recorded in tests/bench/linux\.tsv'
has 'a-row-on-two-CPUs-is-skipped-without-Linux' "$table" \
	'^shoot_munmap_only_2thr .*SKIP no kernel of Linux'
has 'a-tick-is-an-instruction' "$tsv" '^calib_loop2000insn	200[0-9]\.0	'

# One that frees a table, and so takes part in a grace period there and in none here.
figure() { awk -F'\t' -v row="$1" '$1 == row { print int($2) }' <<<"$tsv"; }
ok 'a-row-of-the-other-build-is-measured-there' \
	test "$(figure mmap_touch_munmap_1p_rcu)" -gt "$(figure mmap_touch_munmap_1p)"

# The same figures, but for one that is made up.
tail -n +2 <<<"$tsv" |
	awk -F'\t' '$2 != "-" { print $1 "\t" ($1 == "null_syscall" ? $2 * 0.9 : $2) }' \
	>"$tmp/committed"
bench CHECK=1 COMMITTED="$tmp/committed"
is 'CHECK-fails-when-a-row-is-worse' "$status" 1
is 'CHECK-names-that-row-and-no-other' "$(grep -c WORSE <<<"$out") $(grep '^More' <<<"$out")" \
	"1 More than 5 % worse than $tmp/committed: null_syscall"

bench PROFILE=1 ROW=null_syscall
total=$(sed -nE 's/^null_syscall: ([0-9.]+) instr.*median is ([0-9.]+).*/\1 \2/p' <<<"$out")
sum=$(sed -n '/by function/,/by source line/p' <<<"$out" |
	awk '/%/ { sum += $1 } END { print sum }')
ok 'a-profile-adds-up-to-its-row' awk "BEGIN { split(\"$total\", t, \" \");
	exit !(t[1] > 0 && t[1] < 1.01 * t[2] && t[1] > 0.99 * t[2] &&
		$sum > 0.98 * t[1] && $sum < 1.02 * t[1]) }"
has 'a-profile-knows-functions-of-the-kernel' "$out" '% +sys_getpid$'
has 'a-profile-knows-functions-of-the-program' "$out" '% +mmbench: bench_null_syscall$'

# refused NAME PATTERN NAME=VALUE...
refused()
{
	bench "${@:3}"
	is "$1-is-refused" "$status" 2
	has "$1-is-named" "$err" "$2"
}
refused 'an-unknown-row' 'ROW=nothing: no such row' ROW=nothing
refused 'an-unknown-mode' 'MODE=fast: icount, mttcg or all' MODE=fast
refused 'a-switch-that-is-not-1' 'CHECK=yes: 1, or nothing' CHECK=yes
refused 'a-profile-of-no-row' 'PROFILE=1 needs ROW' PROFILE=1
refused 'a-profile-of-a-row-on-two-CPUs' 'two CPUs only' PROFILE=1 ROW=shoot_munmap_only_2thr
refused 'an-unknown-Linux' 'LINUX=old: run, recorded or record' LINUX=old
refused 'two-things-at-once' 'do not go together' CHECK=1 UPDATE=1
refused 'a-check-against-nothing' 'UPDATE=1. writes it' CHECK=1 COMMITTED=/nowhere
done_testing
