#!/bin/bash
# job: 1 slow
# vi, less and top on Pleat's terminal show what they show on Linux's.
. tests/harness/tap.sh

if [[ $(ldd /bin/busybox 2>&1) != *'not a dynamic'* ]]; then
	skip screens "busybox-static is not there"
	done_testing
fi
exec python3 tests/boot/screens.py
