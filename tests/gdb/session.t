#!/bin/bash
# job: 2 slow
# A session as people have it: `make gdb`, a machine for an editor, the console, and VS Code's way in.
. tests/harness/tap.sh
. tests/gdb/lib.sh

cat >"$tmp/session.py" <<'END'
import gdb
gdb.execute('set confirm off')
gdb.execute('hbreak tty_check_read')
gdb.execute('continue')
gdb.execute('ps')
gdb.execute('delete')
gdb.execute('type good morning')
gdb.execute('hbreak tty_check_read')
gdb.execute('continue')
gdb.execute('type ^D')
gdb.execute('delete')
try:
	gdb.execute('continue')
except gdb.error:
	print('the machine is off')
END
options=(--kernel "$PLEAT_OUT/debug/pleat.elf" --initramfs "$PLEAT_OUT/initramfs.cpio")
TMPDIR=$tmp KERNEL=$PLEAT_OUT/debug/pleat.elf GDB_ARGS="-batch -x $tmp/session.py" timeout $limit tools/gdb/start --gdb free \
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
has 'an-editor-finds-the-port-of-the-last-one' "$(cat build/gdb-port)" "^$port$"

# What VS Code sends, from its own configuration.
cat >"$tmp/mi.py" <<'END'
import json
launch = json.load(open('.vscode/launch.json'))['configurations'][0]
for command in launch['customLaunchSetupCommands']:
	print('MI ' + command['text'])
print('TASK ' + launch['preLaunchTask'])
for task in json.load(open('.vscode/tasks.json'))['tasks']:
	print('HAS ' + task['label'])
	print('END ' + task['problemMatcher']['background']['endsPattern'])
print('WELL ' + json.load(open('.devcontainer/devcontainer.json'))['name'])
END
editor=$(gdb --batch -nx -x "$tmp/mi.py" 2>&1)
is 'its-task-exists' "$(sed -n 's/^TASK //p' <<<"$editor")" "$(sed -n 's/^HAS //p' <<<"$editor")"
ok 'its-task-waits-for-the-ready-line' grep -qP "$(sed -n 's/^END //p' <<<"$editor")" <<<"READY gdb :$port"
has 'the-container-is-described' "$editor" '^WELL Pleat$'
ok 'the-container-installs-what-setup-names' grep -q '^RUN .*/setup test' .devcontainer/Dockerfile
mi=$({ sed -n 's/^MI //p' <<<"$editor" | sed "s#\${workspaceFolder}/build#$PLEAT_OUT#; s#\${workspaceFolder}#$PWD#"
	printf -- '-exec-continue\n-interpreter-exec console "info registers rip"\n-interpreter-exec console buddy\n-gdb-exit\n'
	} | timeout $limit gdb -q -nx --interpreter=mi2 2>&1)
printf '%s\n' "$mi" >&2
is 'no-command-of-it-fails' "$(grep -c '^\^error' <<<"$mi")" 1
has 'the-one-that-fails-says-that-it-is-too-early' "$mi" '^\^error,msg="The kernel has not set up its memory yet'
has 'the-editor-stops-in-kernel_main' "$mi" '^\*stopped,.*func="kernel_main"'
stop_machine

# make's own targets.
has 'make-lists-gdb' "$(make)" '^make gdb '
has 'make-lists-record-and-replay' "$(make)" '^make record, make replay '
has 'make-replay-without-a-recording-says-so' "$(make replay RECORDING="$tmp/none" 2>&1)" 'there is no recording in'
has 'a-gdb-that-is-missing-is-named' "$(GDB=/nowhere/gdb tools/gdb/start 2>&1)" '/nowhere/gdb is missing'
done_testing
