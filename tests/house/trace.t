#!/bin/bash
# job: 2 slow
# The trace: what a run writes, what tools/trace makes of it, and what it says to bad input.
. tests/harness/tap.sh

file=$tmp/trace
boot --trace "$file" -- /tests/shootdown
is 'a-traced-run-ends-well' "$verdict" 'exit 0'
count=$(tools/trace --count "$file")
for event in fault cow alloc free map unmap entry flush ipi-send switch; do
	ok "there-are-$event-events" grep -Eq "^$event +[1-9]" <<<"$count"
done
number() { awk -v name="$1" '$1 == name { print $2 }' <<<"$count"; }
is 'every-fault-ends' "$(number fault-end)" "$(number fault)"
is 'every-shootdown-is-answered' "$(number ipi-done)" "$(number ipi-send)"
tools/trace "$file" >"$tmp/text"
ok 'a-fault-names-access-and-address' grep -Eq 'fault +(read|write|execute) at [0-9a-f]+$' \
	"$tmp/text"
ok 'an-entry-shows-before-and-after' grep -Eq 'pte of [0-9a-f]+: .* -> ' "$tmp/text"
ok 'a-copy-shows-both-frames' grep -Eq 'cow .*(copies|reuses) frame' "$tmp/text"
ok 'times-do-not-go-back' sort -s -n -k1,1 -c "$tmp/text"
ok 'a-shootdown-names-the-cycles-until-all-had-answered' grep \
	-Eq 'ipi-done +all have answered, after [1-9][0-9]* cycles, [01] IPIs?$' "$tmp/text"
ok 'a-flush-names-range-pages-and-CPUs' grep \
	-Eq 'flush +[0-9a-f]+-[0-9a-f]+, 1 page, other CPUs: 1$' "$tmp/text"
tools/trace --json "$tmp/json" "$file" >/dev/null
ok 'the-export-keeps-the-rules-of-viewers' python3 tests/house/trace_rules.py "$tmp/json"
python3 tests/house/trace_rules.py --make "$tmp/made"
tools/trace --json "$tmp/json" "$tmp/made" >/dev/null
ok 'so-it-does-where-tasks-are-switched-away-in-their-faults' python3 tests/house/trace_rules.py \
	"$tmp/json"
# name@CPU:start-end, in nanoseconds
drawn=$(python3 -c 'import json, sys
for e in json.load(open(sys.argv[1]))["traceEvents"]:
	if e["ph"] == "X":
		print("%s@%d:%.0f-%.0f" % (e["name"], e["tid"], e["ts"] * 1000,
			(e["ts"] + e["dur"]) * 1000))' "$tmp/json")
has 'a-fault-ends-where-its-task-is-switched-away' "$drawn" '^fault.* 1000@0:1200-1300$'
has 'and-goes-on-where-the-task-runs-next' "$drawn" '^fault.* 1000@1:1500-2100$'
has 'a-flush-has-a-length' "$drawn" '^flush 5000-6000@1:1700-2000$'
has 'its-shootdown-lies-in-it' "$drawn" '^shootdown to CPUs 2@1:1700-1900$'
has 'an-answer-ends-before-its-CPU-does-something-else' "$drawn" '^answers@2:1800-1801$'
has 'a-fault-that-does-not-end-lasts-to-the-end' "$drawn" '^fault.* 3000@2:1801-2300$'
tools/trace --only ipi-send --json "$tmp/json" "$tmp/made" >/dev/null
is 'an-export-has-only-what-is-chosen' "$(grep -o '"ph": "[^M]"' "$tmp/json")" '"ph": "X"'
ok 'only-chosen-events-are-shown' bash -c '! tools/trace --only cow "$1" | grep -qv " cow "' \
	- "$file"
boot --trace "$tmp/refused" -- /tests/munmap
count=$(tools/trace --count "$tmp/refused")
is 'faults-that-are-refused-end-too' "$(number fault-end)" "$(number fault)"
boot -- /bin/true
ok 'an-untraced-run-writes-no-trace' test "$verdict" = 'exit 0'
refused() { ! message=$("${@:2}" 2>&1) && grep -q "$1" <<<"$message"; }
ok 'a-missing-file-is-refused' refused 'No such file' tools/trace "$tmp/none"
ok 'an-empty-file-is-refused' refused 'no records' tools/trace /dev/null
head -c 4000 /dev/urandom >"$tmp/noise"
ok 'noise-is-refused' refused "none of this kernel's" tools/trace "$tmp/noise"
ok 'an-unknown-event-is-refused' refused 'there is no event' tools/trace --only nothing "$file"
ok 'a-file-that-cannot-be-written-is-named' refused '/nowhere/x: No such file' \
	tools/trace --json /nowhere/x "$file"
done_testing
