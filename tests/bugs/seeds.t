#!/bin/bash
# job: 0 slow
# Seeded bugs that are races are found in QEMU by seeds (tests/seeds/bugs.tsv): some seed of
# the range makes the kernel with the bug fail, twice in the same way, and the kernel
# without the bug passes under all of them. (Without race points such a kernel passes too,
# mostly: by luck it may not.)
. tests/harness/tap.sh

# seeds OPTION...: sets text and status.
seeds() { text=$(tests/seeds/run --tsv "$tmp/tsv" "$@" 2>/dev/null); status=$?; }

while IFS=$'\t' read -r bug program first last <&3; do
	kernel=$(tools/bugs kernel "$bug") || { result 1 "$bug-builds"; continue; }
	seeds --kernel "$kernel" --bug "$bug" --first "$first" --n $((last - first + 1)) --stop 1 \
		"$program"
	is "$bug-is-found-by-a-seed" "$status" 1
	printf '%s\n' "$text" >&2
	seed=$(sed -n 's/^not ok - seed \([0-9]*\),.*/\1/p' <<<"$text" | head -n 1)
	has "$bug-has-one-command-that-runs-it-again" "$text" \
		"^ *again: +make run BUG=$bug SEED=$seed CMD=\"/tests/$program\"\$"
	has "$bug-has-one-command-for-gdb" "$text" \
		"^ *in gdb: +make gdb BUG=$bug SEED=$seed (TURN=[0-9]+ )?CMD=\"/tests/$program\"\$"
	failure=$(grep "^not ok - seed $seed," <<<"$text")
	seeds --kernel "$kernel" --first "${seed:-1}" --n 1 "$program"
	is "$bug-fails-again-in-the-same-way" "$(grep '^not ok' <<<"$text")" "$failure"
done 3< <(tail -n +2 tests/seeds/bugs.tsv)

mapfile -t programs < <(tail -n +2 tests/seeds/bugs.tsv | cut -f2 | sort -u)
last=$(tail -n +2 tests/seeds/bugs.tsv | cut -f4 | sort -n | tail -n 1)
seeds --n "$last" "${programs[@]}"
is 'without-a-bug-all-these-seeds-pass' "$status" 0
printf '%s\n' "$text" >&2
done_testing
