#!/bin/bash
# job: 1 slow
# The terminal does what a terminal of Linux does: each setting and character, reads that wait,
# sessions and groups, hang-ups, and settings, bytes and reads at random (tests/boot/terminal_*.c).
build=$(mktemp -d) || exit 1
trap 'rm -rf "$build"' EXIT
${CC:-gcc} -O1 -static -I. -o "$build/terminal_probe" \
	tests/boot/terminal_{probe,lines,reads,jobs}.c || exit 1
python3 tests/boot/discipline.py "$build/terminal_probe"
