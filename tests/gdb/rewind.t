#!/bin/bash
# job: 1 slow
# A recording runs again exactly, and gdb goes back in it.
. tests/harness/tap.sh
. tests/gdb/lib.sh

# record NAME ARGUMENTS: one run, kept in $tmp/NAME.
record()
{
	local name=$1
	shift
	timeout $limit tools/pleat-run --kernel "$PLEAT_OUT/debug/pleat.elf" \
		--initramfs "$PLEAT_OUT/initramfs.cpio" --cpus 1 --img "$tmp/img" \
		--log "$tmp/$name.log" --record "$tmp/$name" "$@" \
		2>"$tmp/err" </dev/null
}
again()
{
	timeout $limit tools/pleat-run --replay "$tmp/$1" --log "$tmp/$1.again" \
		2>"$tmp/err" </dev/null
}

first=$(record time -- /tests/time) second=$(again time)
is 'a-replay-prints-what-the-recording-did' "$second" "$first"
is 'down-to-the-times-in-the-log' "$(cat "$tmp/time.again")" "$(cat "$tmp/time.log")"
has 'it-is-not-empty' "$first" '^ok '
record two --cpus 2 -- /bin/true >/dev/null
has 'two-CPUs-cannot-be-recorded' "$(cat "$tmp/err")" 'only a machine with one CPU'
tools/pleat-run --replay "$tmp/nowhere" 2>"$tmp/err"
has 'a-recording-that-is-not-there-is-named' "$(cat "$tmp/err")" \
	'there is no recording in .*/nowhere: .make record'

record space -- /tests/space 3 >/dev/null
port='' kernel=$tmp/space/pleat.elf
run_gdb <<END
replay $tmp/space
rewind
user space
ubreak checkpoint if n == 5
continue
p counter
!there = run('rewind').split()[1]
rewind 1000
!print('back: %d' % (int(there) - int(run('rewind').split()[1])))
!run('rewind to ' + there)
!print('same place: %s' % (run('p counter') and gdb.selected_frame().name() == 'checkpoint'))
info breakpoints
last-write counter
p counter
bt
last-write counter
p counter
delete
rewind to 0
ubreak checkpoint if n == 4
continue
pgwalk private
last-write private[0]
bt
last-write counter
rewind 3000
rewind 99999999999
rewind to x y z
last-write 1 + 1
last-write \$rax
last-write nosuch
delete
rewind to 0
ubreak store
continue
!run('next'); run('next')
p private[0]
last-write private[0]
p private[0]
bt
last-write private[0]
bt
last-write vm_event_rows[0].count[0]
bt
END
has 'a-replay-starts-before-the-first-instruction' "$(shown rewind)" '^instruction 0 comes next$'
has 'a-replay-reaches-a-breakpoint' "$(shown continue)" 'checkpoint \(n=.*5\)'
has 'rewind-goes-back-by-a-number-of-instructions' "$all" '^back: 1000$'
has 'rewind-to-goes-forward-again' "$all" '^same place: True$'
has 'breakpoints-stay' "$(shown 'info breakpoints')" 'keep y .* in checkpoint'
has 'last-write-finds-the-store' "$(shown 'last-write counter')" \
	'^counter was last changed [0-9]+ instructions? ago'
has 'it-stops-behind-it' "$(shown 'p counter' 2)" '= 5$'
has 'in-the-function-that-wrote' "$(shown bt)" '^#0 .*(count|main) \('
has 'once-more-goes-further-back' "$(shown 'p counter' 3)" '= 4$'
has 'last-write-in-memory-that-was-copied-finds-the-program' "$(shown bt 2)" '^#0 +store \('
has 'a-store-right-before-is-found' "$(shown bt 3)" '^#0 +store \('
has 'then-the-copy-that-the-kernel-made' "$(shown bt 4)" '^#[0-9]+ .*handle_mm_fault \('
has 'before-the-start-there-is-nothing' "$(shown 'rewind 99999999999')" \
	'^error: The recording starts [0-9]+ instructions back'
has 'a-value-has-no-last-write' "$(shown 'last-write 1 + 1')" '^error: 1 \+ 1 has no address'
has 'a-register-has-no-last-write' "$(shown 'last-write $rax')" '^error: \$rax has no address'
has 'a-wrong-name-has-no-last-write' "$(shown 'last-write nosuch')" '^error: nosuch: No symbol'
has 'a-wrong-use-is-explained' "$(shown 'rewind to x y z')" '^error: Usage: rewind'
has 'last-write-works-on-the-kernels-data' "$(shown bt 5)" 'user_fault \('
done_testing
