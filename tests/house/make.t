#!/bin/bash
# job: 0 fast
# The Makefile: its list of targets, and how it answers wrong values.
. tests/harness/tap.sh

ok 'bare-make-lists-targets-in-under-24-lines' test "$(make | wc -l)" -lt 24
for target in run test test-linux all iso doctor clean distclean; do
	has "bare-make-lists-$target" "$(make)" "^make $target\b"
done
has 'a-wrong-BUILD-is-named' "$(make BUILD=fast all 2>&1)" 'BUILD=fast: .*debug and release'
has 'a-bug-that-there-is-not-is-named' "$(make bugs B=nosuch 2>&1)" 'nosuch: there is no such bug'
has 'one-bug-is-listed' "$(make bugs B='writers-share')" '^writers-share '
is 'and-no-other' "$(make bugs B='writers-share' | grep -c '^[a-z-]*  ')" 1
# Machines are refused before anything is built or booted.
refused()
{
	local text status
	text=$(tools/pleat-run "${@:3}" -- /bin/true 2>&1 >/dev/null)
	status=$?
	is "$1-is-refused-with-status-125" $status 125
	has "$1-is-named" "$text" "$2"
}
refused 'a-number-of-CPUs-that-there-is-not' 'CPUS=9: .*1 to 8' --cpus 9
refused 'a-memory-size-that-is-none' 'MEM=lots: .*megabytes' --mem lots
refused 'a-number-of-levels-that-there-is-not' 'LEVELS=6: .*3, 4 or 5' --levels 6
refused 'a-boot-mode-that-there-is-not' 'BOOT=floppy: .*grub' --boot floppy
refused 'a-directory-that-is-not-there' 'IMG=/nowhere: no such directory' --img /nowhere
refused 'an-unknown-option' 'no option --fast' --fast
refused 'a-program-without-its-dashes' '/bin/cat: .*behind --' /bin/cat
has 'an-option-without-its-value-is-named' "$(tools/pleat-run --cpus 2>&1)" '--cpus needs a value'
for name in DISK IMG TRACE; do
	has "$name-lies-where-it-would-without-a-bug" \
		"$(make -n run BUG=put-twice $name=x 2>&1)" "$name='$PWD/x'"
done
done_testing
