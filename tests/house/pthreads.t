#!/bin/bash
# job: 2 slow
# The programs of tests/threads, made by musl-gcc and by gcc with glibc, both static: what they
# print and how they end is the same here and on Pleat.
. tests/harness/tap.sh

mkdir -p "$tmp/img/t"
compile()
{
	"$1" -O2 -Wall -static -pthread -o "$tmp/img/t/$3" "tests/threads/$2.c"
}

for libc in musl glibc; do
	compiler=gcc
	[ $libc = glibc ] || compiler=musl-gcc
	for source in tests/threads/*.c; do
		name=$(basename "$source" .c)
		if ! command -v $compiler >/dev/null; then
			skip "$name-of-$libc-prints-the-same" "no $compiler on this machine"
			continue
		fi
		ok "$name-is-made-by-$libc" compile $compiler "$name" "$name.$libc"
		expected=$(timeout 300 "$tmp/img/t/$name.$libc") expected_status=$?
		boot --cpus 2 --img "$tmp/img" -- "/t/$name.$libc"
		is "$name-of-$libc-prints-the-same" "$out" "$expected"
		is "$name-of-$libc-ends-the-same" "$status" "$expected_status"
	done
done
done_testing
