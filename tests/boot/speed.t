#!/bin/bash
# job: 1 slow
# How many instructions it takes from reset to the first instruction of /init, on one CPU.
. tests/harness/tap.sh

mkdir "$tmp/img"
${CC:-gcc} -nostdlib -static -o "$tmp/img/init" tests/boot/first-instruction.S || exit 1

# instructions MEM: prints the count.
instructions()
{
	boot --cpus 1 --mem "$1" --icount --img "$tmp/img" --build "$build" --cmd none
	printf '%s' "${out//[^0-9]/}"
}

for build in debug release; do
	normal=$(instructions 512M)
	echo "# $build: $normal instructions with 512 MiB"
	ok "$build-boots-512-MiB-in-60-million-instructions" test "${normal:-0}" -gt 0 \
		-a "${normal:-0}" -le 60000000
	again=$(instructions 512M)
	echo "# $build: $again instructions with 512 MiB again"
	# Polling loops that wait for a device leave a handful of instructions open.
	ok "$build-takes-the-same-number-of-instructions-again" \
		test $((again - normal)) -lt 10000 -a $((normal - again)) -lt 10000
	large=$(instructions 8G)
	echo "# $build: $large instructions with 8 GiB"
	ok "$build-boots-8-GiB-in-at-most-twice-as-many" test "${large:-0}" -gt 0 \
		-a "${large:-0}" -le $((2 * normal))
	small=$(instructions 32M)
	echo "# $build: $small instructions with 32 MiB"
	ok "$build-boots-with-32-MiB" test "${small:-0}" -gt 0
done
done_testing
