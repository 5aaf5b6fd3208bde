#!/bin/bash
# job: 1 slow
# What cannot be done gets one clear sentence: no machine, a kernel that is not there or has not
# come far enough, wrong arguments, unmapped addresses, a release build.
. tests/harness/tap.sh
. tests/gdb/lib.sh

# says NAME COMMAND PATTERN: the command failed, and its error matches.
says() { has "$1" "$(shown "$2" "${4:-1}")" "^error: $3"; }

port='' run_gdb <<'END'
ps
pgwalk 0
rewind 4
last-write x
type a
connect x
ubreak main
user nosuch
replay /nowhere
ubt
help vmmap
help pgwalk
END
says 'without-a-machine-ps-says-so' ps 'There is no machine: .make gdb'
says 'without-a-machine-pgwalk-says-so' 'pgwalk 0' 'There is no machine: .make gdb'
says 'without-a-recording-rewind-says-so' 'rewind 4' 'This is no recording: .make record'
says 'without-a-recording-last-write-says-so' 'last-write x' 'This is no recording: .make record'
says 'connect-takes-a-port' 'connect x' 'Usage: connect'
says 'ubreak-needs-a-program' 'ubreak main' 'Which program\?'
says 'user-names-what-is-not-there' 'user nosuch' 'There is no program nosuch'
says 'replay-names-what-is-not-there' 'replay /nowhere' 'There is no recording in /nowhere'
says 'ubt-needs-a-machine' ubt 'There is no machine'
has 'help-explains-vmmap' "$(shown 'help vmmap')" '^vmmap \[PID\]$'
has 'help-explains-the-letters' "$(shown 'help pgwalk')" 'P present'
for command in vmmap pgwalk page vma ps pt buddy slab faults tlb diff-pt pt-save user ubreak ubt \
	type rewind last-write replay connect; do
	echo "help $command"
done | port='' run_gdb
is 'every-command-has-a-help-text' "$(grep -c 'Undefined command\|not documented' <<<"$all")" 0

debug --cpus 1 -- /tests/space 3 <<'END'
ps
vmmap
page 5
buddy
pgwalk &mem_map
ubt
connect 1
hbreak page_init
continue
ps
pgwalk 0
slab
tlb
delete
hbreak start_init
continue
vmmap
ps
buddy
faults
pgwalk 0
pgwalk 0x8000000000000000
delete
user space
ubreak checkpoint
continue
continue
vmmap 77
vmmap abc
vmmap 1 2
pgwalk nosuch
pgwalk
pgwalk 1 2 3
pgwalk 0x8000000000000000
pgwalk 0x7fffffffffffff
pgwalk 0x8000000000
page none
page 0xffffffffffff
page &mem_map
page 0xfffffffffffff000
vma 0x30
pt nosuch
pt-save 5
pt-save
diff-pt a b
diff-pt 2 77
faults x
slab nosuch
ubreak nosuch
user
END
has 'connect-keeps-the-machine' "$(shown 'connect 1')" 'has a machine already'
says 'before-the-kernel-runs-ps-says-so' ps 'The kernel has not set up its memory yet'
says 'before-the-kernel-runs-vmmap-says-so' vmmap 'The kernel has not set up its memory yet'
says 'before-the-kernel-runs-page-says-so' 'page 5' 'The kernel has not set up its memory yet'
says 'before-the-kernel-runs-pgwalk-says-so' 'pgwalk &mem_map' \
	'The kernel has not set up its memory yet'
says 'half-initialised-ps-says-so' ps 'The kernel has not set up its memory yet' 2
says 'half-initialised-slab-says-so' slab 'The kernel has not set up its memory yet'
says 'half-initialised-tlb-says-so' tlb 'The kernel has not set up its memory yet'
says 'in-a-kernel-thread-vmmap-says-so' vmmap \
	'CPU 0 runs init in the kernel, which has no address space' 2
has 'before-the-first-program-ps-works' "$(shown ps 3)" '^\* +1 +1 '
has 'before-the-first-program-buddy-works' "$(shown buddy 2)" 'every list agrees'
has 'before-the-first-fault-there-is-none' "$(shown faults)" 'no page fault yet'
has 'without-a-process-pgwalk-shows-what-is-loaded' "$(shown 'pgwalk 0' 2)" \
	'^walk of 0000000000000000: 5 levels'
says 'a-process-that-is-not-there' 'vmmap 77' 'There is no process 77: see .ps'
says 'a-process-number-that-is-none' 'vmmap abc' 'abc is no process number'
says 'too-many-arguments' 'vmmap 1 2' 'Usage: vmmap \[PID\]'
says 'an-address-that-is-none' 'pgwalk nosuch' 'nosuch is no address: No symbol'
says 'too-few-arguments' 'pgwalk' 'Usage: pgwalk ADDRESS \[PID\]'
has 'a-non-canonical-address' "$(shown 'pgwalk 0x8000000000000000' 2)" \
	'not canonical on hardware of 5 levels'
has 'an-address-beyond-the-reach' "$(shown 'pgwalk 0x8000000000')" 'beyond the reach of 3 levels'
says 'a-page-that-is-absent' 'page none' 'No page is present at 0x7ff.* in process 2'
says 'a-page-beyond-the-reach' 'page 0xffffffffffff' 'No page is present at'
says 'the-last-page-of-all' 'page 0xfffffffffffff000' \
	'0xfffffffffffff000 is no address of the kernel'
says 'no-mapping' 'vma 0x30' \
	'Nothing is mapped at 0x30 in process 2 \(space\); the next mapping starts at 0x400000'
says 'a-moment-named-like-a-process' 'pt-save 5' '5 looks like a process number'
says 'a-moment-that-was-not-saved' 'diff-pt a b' 'Nothing was saved as a'
says 'a-cache-that-is-not-there' 'slab nosuch' 'There is no cache nosuch; there are '
says 'a-function-that-is-not-there' 'ubreak nosuch' 'space has no nosuch'

# The release kernel: with its own symbols it does without records, with others it
# is another kernel.
build=release debug --cpus 1 -- /bin/true <<'END'
hbreak user_fault
continue
continue
continue
faults
tlb
page $sp
vmmap
END
says 'a-release-build-keeps-no-faults' faults \
	'This is a release build, which keeps no record of faults'
has 'a-release-build-keeps-no-ledger' "$(shown tlb)" '^This is a release build'
has 'a-release-build-knows-no-owners' "$(shown 'page $sp')" 'only debug builds know'
has 'a-release-build-has-a-vmmap' "$(shown vmmap)" '^vmmap of process 1 \(init\): 3 levels'
debug --cpus 1 --kernel "$PLEAT_OUT/release/pleat.elf" -- /bin/true <<'END'
ps
END
says 'another-kernel-than-the-symbols' ps 'This machine does not run .*debug/pleat.elf \(yet\)'
done_testing
