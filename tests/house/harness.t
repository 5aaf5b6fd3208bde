#!/bin/bash
# job: 0 fast
# The harness cannot be fooled: results that are stale, cut off, too few or after a crash do not
# pass.
. tests/harness/tap.sh

# judged OPTION... VERDICT RUN <results: what tests/harness/normalise makes of them, its status
# last.
judged()
{
	cat >"$tmp/raw"
	local -a options=()
	[ "$1" != --list ] || { options=(--list); shift; }
	tests/harness/normalise "${options[@]}" "$tmp/raw" "$1" "$2"
	echo "status $?"
}

good=$'1..2 # run 5\nok 1 - a\nok 2 - b'
has 'good-results-pass' "$(judged 'exit 0' 5 <<<"$good")" '^status 0'
has 'an-end-without-leak-is-a-case-of-its-own' "$(judged 'exit 0' 5 <<<"$good")" \
	'^ok 3 - .*nothing leaked'
has 'console-noise-is-no-result' "$(judged 'exit 0' 5 <<<"noise"$'\n'"$good")" '^1..3'
has 'results-of-another-run-fail' "$(judged 'exit 0' 6 <<<"$good")" '^status 1'
has 'results-without-a-run-fail-in-a-machine' "$(judged 'exit 0' 5 <<<$'1..1\nok 1 - a')" \
	'^status 1'
has 'results-without-a-plan-fail' "$(judged 'exit 0' 5 <<<'ok 1 - a')" '^status 1'
has 'no-results-fail' "$(judged 'exit 0' 5 </dev/null)" '^status 1'
has 'too-few-results-fail' "$(judged 'exit 0' 5 <<<$'1..2 # run 5\nok 1 - a')" \
	'^not ok .*2 cases were planned, 1 ran'
has 'a-failed-case-fails' "$(judged 'exit 1' 5 <<<$'1..1 # run 5\nnot ok 1 - a')" '^status 1'
for verdict in panic triple-fault hang leak stopped error 'exit 139'; do
	has "good-results-before-${verdict// /-}-fail" "$(judged "$verdict" 5 <<<"$good")" \
		"^not ok .*$verdict"
done
has 'a-failing-status-on-this-machine-fails' "$(judged 'exit 1' - <<<$'1..1\nok 1 - a')" \
	'^status 1'
has 'a-skipped-case-passes' "$(judged 'exit 0' 5 <<<$'1..1 # run 5\nok 1 - a # SKIP why')" \
	'^status 0'
has 'a-program-that-skips-everything-passes' "$(judged 'exit 0' 5 <<<'1..0 # SKIP why')" \
	'^1..0 # SKIP why'
has 'a-program-that-skips-everything-and-crashes-fails' "$(judged panic 5 <<<'1..0 # SKIP why')" \
	'^status 1'
has 'giving-up-fails' "$(judged 'exit 1' 5 <<<$'1..2 # run 5\nok 1 - a\nBail out! no memory')" \
	'^not ok .*no memory'

list=$'# part\nok 1 - a: x\nnot ok - b: panic\n# part\nok 1 - c: x\n1..1 # run 5'
has 'a-list-goes-on-after-a-crash' "$(judged --list 'exit 0' 5 <<<"$list")" '^ok 3 - c: x'
is 'a-crash-in-a-list-is-one-failure' \
	"$(judged --list 'exit 0' 5 <<<"$list" | grep -c '^not ok')" 1
has 'a-list-that-never-ends-fails' "$(judged --list panic 5 <<<$'# part\nok 1 - a: x')" '^not ok'

mkdir "$tmp/results"
printf 'ok 1 - a\nok 2 - b # SKIP why\nnot ok 3 - c\n1..3\n' >"$tmp/results/one.tap"
summary=$(tests/harness/summary "$tmp/results" one two)
is 'the-summary-ends-with-the-counts' "$(tail -n 1 <<<"$summary")" '1 passed, 2 failed, 1 skipped'
has 'a-job-without-results-has-failed' "$summary" '^FAILED two'
has 'a-failure-names-its-case' "$summary" 'not ok - c'
has 'a-failure-ends-with-the-command-to-repeat-it' "$summary" 'again: make test T=one'
has 'a-skip-is-named-with-its-reason' "$summary" 'skipped +1: why'
done_testing
