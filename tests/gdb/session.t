#!/bin/bash
# job: 2 slow
# A session as people have it: `make gdb`, a machine for an editor, and the console.
. tests/harness/tap.sh
. tests/gdb/lib.sh

cat >"$tmp/session.py" <<'END'
import gdb
gdb.execute('set confirm off')
gdb.execute('hbreak tty_read')
gdb.execute('continue')
gdb.execute('ps')
gdb.execute('delete')
gdb.execute('type good morning')
gdb.execute('hbreak tty_read')
gdb.execute('continue')
gdb.execute('type ^D')
gdb.execute('delete')
try:
	gdb.execute('continue')
except gdb.error:
	print('the machine is off')
END
options=(--kernel "$PLEAT_OUT/debug/pleat.elf" --initramfs "$PLEAT_OUT/initramfs.cpio")
TMPDIR=$tmp KERNEL=$PLEAT_OUT/debug/pleat.elf GDB_ARGS="-batch -x $tmp/session.py" timeout $limit \
	tools/gdb/start --gdb free \
	"${options[@]}" --cpus 2 --cmd /bin/cat >"$tmp/shown" 2>&1 </dev/null
session=$(<"$tmp/shown")
printf '%s\n' "$session" >&2
has 'the-ready-line-names-the-port' "$session" '^READY gdb :[0-9]+$'
has 'gdb-is-connected-before-the-first-instruction' "$session" '^0x0*fff0 in'
has 'both-CPUs-are-there' "$session" '^CPU [01] runs idle/[01]$'
has 'what-is-typed-reaches-the-program' "$session" '^good morning$'
has 'the-end-of-the-machine-ends-the-session' "$session" '^the machine is off$|exited normally'
is 'nothing-is-left-running' "$(grep -al "$tmp/pleat" /proc/[0-9]*/cmdline 2>/dev/null)" ''

# Two machines beside each other have two ports.
start_machine --cpus 1 -- /bin/true
one=$port first=$machine
machine=''
start_machine --cpus 1 -- /bin/true
ok 'two-machines-have-two-ports' test "$one" != "$port"
kill -TERM -- "-$first"
wait "$first" 2>/dev/null
has 'an-editor-finds-the-port-of-the-last-one' "$(cat "$PLEAT_GDB_PORT")" "^$port$"
port='' run_gdb <<<'connect'
has 'and-gdb-without-being-told' "$all" '^0x0*fff0 in '

stop_machine

# make's own targets.
has 'make-lists-gdb' "$(make)" '^make gdb '
has 'make-lists-record-and-replay' "$(make)" '^make record, make replay '
has 'make-replay-without-a-recording-says-so' "$(make replay RECORDING="$tmp/none" 2>&1)" \
	'there is no recording in'
has 'a-gdb-that-is-missing-is-named' "$(GDB=/nowhere/gdb tools/gdb/start 2>&1)" \
	'/nowhere/gdb is missing'
done_testing
