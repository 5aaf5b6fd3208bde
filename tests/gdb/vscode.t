#!/bin/bash
# job: 2 slow
# VS Code's way in: the configurations of .vscode/launch.json, with what its debugger has gdb do,
# and the task and the container around them.
. tests/harness/tap.sh
. tests/gdb/lib.sh

# The n-th configuration on a machine of its own; sets all.
edit()
{
	start_machine --cpus 1 -- /bin/true
	all=$(timeout -k 2 $((limit + 10)) python3 tests/gdb/editor.py "$1" "$port" \
		"$PLEAT_OUT/debug/pleat.elf" 2>&1)
	printf '%s\n' "$all" >&2
	stop_machine
}

for n in 0 1; do
	edit $n
	is "$n-only-what-comes-too-early-fails" "$(grep -c '^[0-9]*^error' <<<"$all")" 1
	has "$n-and-says-so" "$all" '^[0-9]+\^error,msg="The kernel has not set up its memory yet'
	has "$n-it-stops-where-the-kernel-begins" "$all" \
		'^\*stopped,reason="breakpoint-hit".*func="kernel_main".*line="'
	has "$n-the-stack-has-files-and-lines" "$(shown '-stack-list-frames' 2)" \
		'func="user_fault",file="mm/fault.c".*func="page_fault",file="arch/'
	has "$n-variables-have-values" "$(shown '-var-create - * addr')" \
		'\^done,.*value="[0-9]+",type="unsigned long"'
	has "$n-the-debug-console-takes-commands" "$(shown '-interpreter-exec console "vmmap"')" \
		'vmmap of process 1 \(init\)'
	has "$n-a-step-is-a-step" "$(shown '-exec-step')" '^\*stopped,reason="end-stepping-range"'
	has "$n-it-goes-on-to-the-end" "$(shown '-exec-continue' 3)" '^=thread-exited'
done

cat >"$tmp/files.py" <<'END'
import json
launch = json.load(open('.vscode/launch.json'))['configurations'][0]
print('TASK ' + launch['preLaunchTask'])
for task in json.load(open('.vscode/tasks.json'))['tasks']:
	print('HAS ' + task['label'])
	print('END ' + task['problemMatcher']['background']['endsPattern'])
print('WELL ' + json.load(open('.devcontainer/devcontainer.json'))['name'])
END
files=$(python3 "$tmp/files.py" 2>&1)
is 'its-task-exists' "$(sed -n 's/^TASK //p' <<<"$files")" "$(sed -n 's/^HAS //p' <<<"$files")"
ok 'its-task-waits-for-the-ready-line' grep -qP "$(sed -n 's/^END //p' <<<"$files")" \
	<<<"READY gdb :$port"
has 'the-container-is-described' "$files" '^WELL Pleat$'
ok 'the-container-installs-what-setup-names' grep -q '^RUN .*/setup test' .devcontainer/Dockerfile
done_testing
