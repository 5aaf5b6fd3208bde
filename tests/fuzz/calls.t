#!/bin/bash
# job: 2 slow
# Two minutes of random system calls, other ones each day; the seed of a failure is in its message.
. tests/harness/tap.sh

seed=${FUZZ_SEED:-$(($(date +%s) / 86400 * 100000))}
out=$(tests/fuzz/run calls "$seed" "${FUZZ_TIME:-120}" 2>&1)
status=$?
echo "$out" | tail -n 30 >&2
is "random-calls-from-seed-$seed-do-no-harm" "$status" 0
[ $status = 0 ] || echo "# $(tail -n 1 <<<"$out")"
has 'they-were-many' "$out" '^DONE [0-9]{2,} rounds'
done_testing
