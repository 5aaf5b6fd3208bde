#!/bin/bash
# job: 3 slow
# O_DIRECT on the disk: tests/boot/direct.c in the machine, and what the file holds afterwards.
. tests/harness/tap.sh

disk=$tmp/disk
mkdir "$tmp/img"
${CC:-gcc} -O1 -static -o "$tmp/img/direct" tests/boot/direct.c || exit 1
for cpus in 1 2; do
	perl -e 'print pack("Q<", $_ * 8) for 0 .. (4 << 20) / 8 - 1' >"$disk"
	boot --cpus $cpus --disk "$disk" --img "$tmp/img" -- /direct
	is "$cpus-cpus-all-is-done" "$status" 0
	is "$cpus-cpus-nothing-fails" "$(grep -A 1 '^not ok' <<<"$out")" ''
	is "$cpus-cpus-nothing-is-left-out" "$(grep -c '^ok' <<<"$out")" 47
	is "$cpus-cpus-what-was-written-is-in-the-file" \
		"$(dd if="$disk" bs=512 skip=129 count=1 2>/dev/null)" "$(printf 'd%.0s' {1..512})"
done
done_testing
