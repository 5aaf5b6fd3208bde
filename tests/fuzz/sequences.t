#!/bin/bash
# job: 2 slow
# 400 random programs about memory and files, whose logs are the same here and on Pleat. Every
# difference would have to be explained; there is none.
. tests/harness/tap.sh

first=${FUZZ_SEED:-1} count=${FUZZ_COUNT:-400}
timeout 600 build/fuzz-root/fuzz/sequences "$first" "$count" >"$tmp/linux"
is 'they-run-here' $? 0
boot --cpus 2 --img build/fuzz-root --timeout 600 -- /fuzz/sequences "$first" "$count"
is 'they-run-on-pleat' "$verdict" 'exit 0'
seeds=$(diff "$tmp/linux" <(printf '%s\n' "$out") | sed -n 's/^[<>] \([0-9]*\) .*/\1/p' |
	sort -nu | head -n 5 | tr '\n' ' ')
is 'their-logs-are-the-same' "$seeds" ''
for seed in $seeds; do
	echo "# again, and shrunk: tests/fuzz/compare $seed"
done
is 'each-kind-of-step-is-made-50-times' \
	"$(sed -n 's/^kind //p' "$tmp/linux" |
		awk '{ n[$1] += $2 } END { for (k in n) if (n[k] < 50) print k }')" ''
ok 'there-are-more-than-30-kinds' \
	test "$(sed -n 's/^kind \([^ ]*\).*/\1/p' "$tmp/linux" | sort -u | wc -l)" -gt 30
done_testing
